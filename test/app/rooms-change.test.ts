/** What becomes of rooms that people, or a server, change under the bot: on the model homeserver and the real journal. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { RoomId, UserId } from "../../src/domain/ids.ts";
import type { ObservedRoom } from "../../src/domain/workspace.ts";
import { MEGOLM } from "../../src/domain/workspace.ts";
import type { StateEvent } from "../../src/ports.ts";
import { ANA, BOT, LUIS } from "../domain/builders-core.ts";
import type { ModelGateway, Shown } from "../support/model.ts";
import { settled } from "../support/model.ts";
import type { Opened, World } from "./harness.ts";
import { anOpenCase, draftDelivery } from "./harness.ts";

const STRANGER = "@mallory:elsewhere.example" as UserId;
const NAME = "coordination";
type Content = Readonly<Record<string, unknown>>;

const ends: (() => Promise<void>)[] = [];
after(async () => {
  for (const end of ends) await end();
});
async function opened(): Promise<Opened> {
  const made = await anOpenCase();
  ends.push(() => made.world.end());
  return made;
}
/** The latest state of a room. */
function stateOf(world: World, room: RoomId, type: string, stateKey = ""): Content | undefined {
  return world.server.after(0).findLast((each) => each.room === room && each.event.type === type && each.event.stateKey === stateKey)?.event.wire["content"] as Content | undefined;
}
function set(world: World, room: RoomId, by: UserId, type: string, content: Content, stateKey = ""): void {
  world.server.add(room, by, type, content, stateKey);
}
/** As the upgrade of a homeserver does it: another room with the same power, that nobody is in yet but who made it. */
function upgrade(world: World, room: RoomId, by: UserId, changes: { readonly version?: string; readonly power?: Content; readonly replaces?: RoomId; readonly invite?: readonly UserId[] } = {}): RoomId {
  const power = { ...stateOf(world, room, "m.room.power_levels"), users: { [BOT]: 100, [ANA]: 100, [LUIS]: 100 } };
  const { [by]: _creator, ...users } = power.users as Record<string, number>;
  const isNew = (changes.version ?? "12") === "12";
  const made = world.server.createRoom(by, { mark: "", replaces: room, invite: [BOT, ANA, LUIS].filter((user) => user !== by), state: [], power: { ...power, users: isNew ? users : power.users }, ...changes });
  set(world, room, by, "m.room.tombstone", { body: "", replacement_room: made });
  return made;
}
const bodies = (shown: readonly Shown[]): string => shown.map((each) => each.body).join("\n");
async function pass(world: World, ms = 5_000): Promise<void> {
  await settled();
  await world.clock.pass(ms);
}
function pinnedIn(world: World, room: RoomId): string {
  const { pinned } = stateOf(world, room, "m.room.pinned_events") as { readonly pinned: readonly string[] };
  return pinned.at(-1) ?? "";
}

const MINUTE = 60_000;
/** Ana and Luis say go for a delivery that is granted; its room. */
async function moving(scene: Opened): Promise<RoomId> {
  const { world, ana } = scene;
  const room = await draftDelivery(scene);
  const luis = world.reads(LUIS).findLast((shown) => shown.readers.length === 1)?.room ?? ana;
  for (const [user, own] of [[ANA, ana], [LUIS, luis]] as const) {
    await world.say(user, own, `cd granted CD-1 paper "${user}/26"`);
    await world.tap(user, /^Confirm/);
  }
  for (const [user, own] of [[ANA, ana], [LUIS, luis]] as const) {
    await world.say(user, own, "cd go CD-1");
    await world.tap(user, /^Confirm/);
  }
  await pass(world);
  return room;
}

describe("a room that somebody closed", () => {
  for (const version of ["11", "12"]) {
    it(`goes on in the successor that an administrator made in version ${version}, once it is encrypted and people are brought over`, async () => {
      const { world, ana, coordination } = await opened();
      const from = world.server.length;
      const made = upgrade(world, coordination, LUIS, { version, invite: [BOT] });
      await pass(world);
      await world.join(ANA);
      await pass(world);
      const sent = world.server.after(from).filter((each) => each.room === made && each.event.sender === BOT);
      const types = sent.map((each) => each.event.type);
      assert.deepEqual(stateOf(world, made, "m.room.encryption"), { algorithm: MEGOLM });
      assert.ok(types.indexOf("m.room.encryption") < types.indexOf("m.room.encrypted"), types.join(" "));
      assert.ok(types.indexOf("m.room.history_visibility") < types.indexOf("m.room.encrypted"), types.join(" "));
      assert.equal((world.server.membership(made, ANA) as Content)["membership"], "join");
      const { users } = stateOf(world, made, "m.room.power_levels") as { users: Content };
      assert.deepEqual(users, version === "12" ? { [BOT]: 100, [ANA]: 100 } : { [BOT]: 100, [ANA]: 100, [LUIS]: 100 });
      assert.match(bodies(world.reads(ANA, made)), /open until/, "a fresh board");
      await world.say(ANA, made, "!task add Watch the quay");
      await pass(world);
      assert.match(bodies(world.reads(ANA, made)), /T-1/);
      assert.match(bodies(world.reads(ANA, ana)), /goes on in the new room that CO-1 has opened/);
      assert.deepEqual(world.server.after(from).filter((each) => each.room === coordination && each.event.type === "m.room.encrypted" && each.event.sender === BOT), []);
      assert.deepEqual(world.bugs, []);
    });
  }
  it("does not go on where a stranger says: the bot opens a room of its own, which the old one points to, and tells people", async () => {
    const { world, ana, coordination } = await opened();
    const made = upgrade(world, coordination, STRANGER, { invite: [BOT] });
    await pass(world);
    const own = world.room(NAME);
    assert.notEqual(own, coordination);
    assert.notEqual(own, made);
    assert.equal((stateOf(world, coordination, "m.room.tombstone"))?.["replacement_room"], own);
    assert.match(bodies(world.reads(ANA, ana)), /was closed by @mallory:elsewhere.example\. The room it points to was opened by somebody who may not decide that: do not go there/);
  });
  it("does not go on in a room that an administrator points to and that does not say that it goes on from it", async () => {
    const { world, ana, coordination } = await opened();
    const made = upgrade(world, coordination, LUIS, { replaces: "!other" as RoomId, invite: [BOT] });
    await pass(world);
    assert.notEqual(world.room(NAME), made);
    assert.match(bodies(world.reads(ANA, ana)), /is not one that goes on from it/);
  });
  it("waits two minutes to be invited, tells the administrators, and then goes on in a room of its own", async () => {
    const { world, ana, coordination } = await opened();
    upgrade(world, coordination, LUIS, { invite: [] });
    await pass(world, 15_000);
    assert.match(bodies(world.reads(ANA, ana)), /Invite me into the room in which it is to go on, within 2 min/);
    assert.equal(world.room(NAME), coordination);
    await world.say(ANA, ana, "task add Watch the quay");
    await pass(world, 130_000);
    const own = world.room(NAME);
    assert.notEqual(own, coordination);
    await world.join(ANA);
    await pass(world);
    assert.match(bodies(world.reads(ANA, own)), /Watch the quay/, "what waited is said in the new one, or stands on its board");
  });
  it("is taken up as soon as the bot is given the power that it needs there", async () => {
    const { world, ana, coordination } = await opened();
    const made = upgrade(world, coordination, LUIS, { power: { ...stateOf(world, coordination, "m.room.power_levels"), users: { [ANA]: 100 } }, invite: [BOT, ANA] });
    await pass(world, 15_000);
    assert.match(bodies(world.reads(ANA, ana)), /give me power 100/);
    set(world, made, LUIS, "m.room.power_levels", { ...stateOf(world, coordination, "m.room.power_levels"), users: { [ANA]: 100, [BOT]: 100 } });
    await pass(world);
    assert.match(bodies(world.reads(ANA, ana)), /goes on in the new room that CO-1 has opened/);
    assert.equal(world.room(NAME), made);
    assert.deepEqual(stateOf(world, made, "m.room.encryption"), { algorithm: MEGOLM });
  });
  it("is where a stop still counts while people are there, and nothing else", async () => {
    const scene = await opened();
    const { world, ana } = scene;
    const room = await draftDelivery(scene);
    upgrade(world, room, LUIS, { invite: [BOT] });
    await pass(world);
    await world.say(ANA, room, "cd show CD-1");
    await pass(world);
    assert.match(bodies(world.reads(ANA, ana)), /Not done: .* goes on in another room/);
    await world.say(ANA, room, "stop burned");
    await pass(world);
    assert.match(bodies(world.reads(LUIS)), /CD-1 .*stopped|STOP/i);
    assert.match(bodies(world.reads(ANA, ana)), /CD-1 .*stopped|STOP/i);
    assert.deepEqual(world.bugs, []);
  });
  it("is remembered as a former one after a restart that has no snapshot of it", async () => {
    const scene = await opened();
    const { world } = scene;
    const room = await draftDelivery(scene);
    upgrade(world, room, LUIS, { invite: [BOT] });
    await pass(world);
    await world.stop();
    await world.start();
    await pass(world);
    await world.say(ANA, room, "stop");
    await pass(world);
    assert.match(bodies(world.reads(LUIS)), /STOP/);
  });
});

describe("the bot put out of a room", () => {
  for (const membership of ["leave", "ban"]) {
    it(`opens another one (${membership}), tells people, and says there what waited`, async () => {
      const { world, ana, coordination } = await opened();
      set(world, coordination, LUIS, "m.room.member", { membership }, BOT);
      await world.say(ANA, ana, "task add Watch the quay");
      await pass(world);
      const own = world.room(NAME);
      assert.notEqual(own, coordination);
      assert.match(bodies(world.reads(LUIS)), /I was put out of .*coordination/);
      await world.join(LUIS);
      await pass(world);
      assert.match(bodies(world.reads(LUIS, own)), /Watch the quay/);
      assert.deepEqual(world.bugs, []);
    });
  }
  it("does not go on for ever: after three rooms in an hour the administrators have to look", async () => {
    const { world, ana } = await opened();
    for (let times = 0; times < 6; times += 1) {
      set(world, world.room(NAME), LUIS, "m.room.member", { membership: "leave" }, BOT);
      await pass(world, 20_000);
    }
    const rooms = world.server.after(0).filter((each) => each.event.type === "m.room.name" && String((each.event.wire["content"] as { name: string }).name).endsWith(NAME));
    assert.equal(new Set(rooms.map((each) => each.room)).size, 3);
    assert.match(bodies(world.reads(ANA, ana)), /undoes a repair again and again \(create\)/);
  });
});

describe("state that somebody changes", () => {
  for (const [type, content, wanted] of [
    ["m.room.power_levels", { users: { [STRANGER]: 100 }, users_default: 50 }, undefined],
    ["m.room.join_rules", { join_rule: "public" }, { join_rule: "invite" }],
    ["m.room.history_visibility", { history_visibility: "world_readable" }, { history_visibility: "joined" }],
    ["m.room.guest_access", { guest_access: "can_join" }, { guest_access: "forbidden" }],
    ["m.room.server_acl", { deny: ["co.example"], allow: ["*"] }, { allow: ["*"], deny: [], allow_ip_literals: true }],
    ["m.room.name", { name: "Operation Snow" }, undefined],
    ["m.room.encryption", { algorithm: "none" }, { algorithm: MEGOLM }],
  ] as const) {
    it(`is put right three times an hour, then the administrators are told what they can do: ${type}`, async () => {
      const { world, ana, coordination } = await opened();
      // The bot must be able to see that it has lost no power: a change of power levels by somebody else keeps its own.
      const changed = type === "m.room.power_levels" ? { ...stateOf(world, coordination, type), ...content } : content;
      const before = stateOf(world, coordination, type);
      for (let times = 0; times < 5; times += 1) {
        set(world, coordination, LUIS, type, changed);
        await pass(world, 20_000);
      }
      const repairs = world.server.after(0).filter((each) => each.room === coordination && each.event.type === type && each.event.sender === BOT);
      assert.equal(repairs.length, 3 + (before === undefined ? 0 : 1));
      assert.deepEqual(repairs.at(-1)?.event.wire["content"], wanted ?? before);
      const told = bodies(world.reads(ANA, ana));
      assert.ok(told.includes(`undoes a repair again and again (${type})`), told);
      assert.match(told, /take their power away/);
    });
  }
});

describe("several things changed at once", () => {
  it("are put right one after the other within seconds, although the server shows each before it has answered", async () => {
    const { world, coordination } = await opened();
    const put = world.gateway.setState.bind(world.gateway);
    world.gateway.setState = async (...args) => {
      const event = await put(...args);
      await settled();
      return event;
    };
    const before = stateOf(world, coordination, "m.room.name");
    for (const [type, content] of [["m.room.join_rules", { join_rule: "public" }], ["m.room.guest_access", { guest_access: "can_join" }], ["m.room.name", { name: "Operation Snow" }]] as const) set(world, coordination, LUIS, type, content);
    for (let second = 0; second < 10; second += 1) {
      await settled();
      await pass(world, 1_000);
    }
    assert.deepEqual(stateOf(world, coordination, "m.room.join_rules"), { join_rule: "invite" });
    assert.deepEqual(stateOf(world, coordination, "m.room.guest_access"), { guest_access: "forbidden" });
    assert.deepEqual(stateOf(world, coordination, "m.room.name"), before);
  });
});

describe("a room whose encryption somebody changed", () => {
  it("is told nothing; what is for it goes to each one alone until it is as it was", async () => {
    const { world, ana, coordination } = await opened();
    world.gateway.setState = async (room, type, key, content) => {
      if (type === "m.room.encryption") throw Object.assign(new Error("homeserver: refused, status 403"), { kind: "refused", status: 403 });
      return world.server.add(room, BOT, type, content as Content, key);
    };
    const from = world.server.length;
    set(world, coordination, LUIS, "m.room.encryption", { algorithm: "m.none" });
    await pass(world);
    await world.say(LUIS, coordination, "!task add Watch the quay");
    await pass(world);
    assert.deepEqual(world.server.after(from).filter((each) => each.room === coordination && each.event.sender === BOT && each.event.type === "m.room.encrypted"), []);
    assert.match(bodies(world.reads(ANA, ana)), /WRITE NOTHING in .* now/);
    assert.match(bodies(world.reads(ANA, ana)), /For .* coordination:\nT-1/);
    assert.match(bodies(world.reads(ANA, ana)), /Somebody has changed the encryption/);
    set(world, coordination, LUIS, "m.room.encryption", { algorithm: MEGOLM });
    await pass(world);
    const after_ = bodies(world.reads(ANA, coordination));
    assert.match(after_, /All is well here again/);
    assert.match(after_, /1 open task/, "the board that waited");
  });
});

describe("somebody in a room who does not belong there", () => {
  const isOut = (world: World): void => { world.gateway.remove = async () => { throw Object.assign(new Error("homeserver: refused, status 403"), { kind: "refused", status: 403 }); }; };

  it("gets no key; the room is warned once, the administrators told, and what is routine goes to direct chats", async () => {
    const { world, ana, coordination } = await opened();
    isOut(world);
    set(world, coordination, LUIS, "m.room.member", { membership: "join" }, STRANGER);
    await pass(world);
    await world.say(LUIS, coordination, "!task add Watch the quay");
    await pass(world);
    const inRoom = world.reads(ANA, coordination);
    assert.equal(inRoom.filter((shown) => /DO NOT WRITE HERE NOW/.test(shown.body)).length, 1);
    assert.deepEqual(inRoom.filter((shown) => /^T-1 /.test(shown.body)), []);
    for (const user of [ANA, LUIS]) assert.equal(world.reads(user).filter((shown) => /^For .* coordination:\nT-1 /.test(shown.body) && shown.room !== coordination).length, 1);
    for (const user of [ANA, LUIS]) assert.match(bodies(world.reads(user)), /somebody who does not belong there: @mallory:elsewhere\.example/);
    assert.deepEqual(world.reads(STRANGER), []);
    assert.ok(world.reads(ANA, ana).length > 0);
  });
  it("does not keep a stop, nor what follows it, from the room or from anybody", async () => {
    const scene = await opened();
    const { world } = scene;
    const room = await draftDelivery(scene);
    isOut(world);
    set(world, room, LUIS, "m.room.member", { membership: "join" }, STRANGER);
    await pass(world);
    await world.say(LUIS, room, "stop");
    await pass(world);
    await world.say(LUIS, room, "stop");
    await pass(world);
    for (const there of [true, false]) {
      const read = bodies(world.reads(ANA).filter((shown) => (shown.room === room) === there));
      assert.match(read, /CD-1 .*STOPPED/i, there ? "in the room" : "alone");
      assert.match(read, /stopped already/, there ? "in the room" : "alone");
    }
  });
  it("is taken out, and then the room is said to be fit again, and told what is routine", async () => {
    const { world, coordination } = await opened();
    set(world, coordination, LUIS, "m.room.member", { membership: "join" }, STRANGER);
    await pass(world);
    assert.equal((world.server.membership(coordination, STRANGER) as Content)["membership"], "leave");
    await world.say(LUIS, coordination, "!task add Watch the quay");
    await pass(world);
    const read = bodies(world.reads(ANA, coordination));
    assert.match(read, /DO NOT WRITE HERE NOW[^]*All is well here again[^]*T-1 /);
  });
  it("is not forgotten over a restart: the room is not warned twice, and is told when it is over", async () => {
    const { world, coordination } = await opened();
    isOut(world);
    set(world, coordination, LUIS, "m.room.member", { membership: "join" }, STRANGER);
    await pass(world);
    await world.stop();
    set(world, coordination, LUIS, "m.room.member", { membership: "leave" }, STRANGER);
    await world.start();
    await pass(world);
    const read = world.reads(ANA, coordination).map((shown) => shown.body);
    assert.equal(read.filter((body) => /DO NOT WRITE/.test(body)).length, 1);
    assert.equal(read.filter((body) => /All is well here again/.test(body)).length, 1);
  });
  it("who comes and goes does not fill the room with warnings", async () => {
    const { world, coordination } = await opened();
    for (let times = 0; times < 8; times += 1) {
      set(world, coordination, LUIS, "m.room.member", { membership: "join" }, STRANGER);
      await pass(world, 10_000);
      set(world, coordination, LUIS, "m.room.member", { membership: "leave" }, STRANGER);
      await pass(world, 10_000);
    }
    assert.ok(world.reads(ANA, coordination).filter((shown) => /DO NOT WRITE/.test(shown.body)).length <= 3);
    await pass(world, 3_700_000);
    assert.match(world.reads(ANA, coordination).filter((shown) => /DO NOT WRITE|All is well/.test(shown.body)).at(-1)?.body ?? "", /All is well/);
  });
  it("leaves a question put to the room answerable where each is asked alone, and it ends there", async () => {
    const scene = await opened();
    const { world } = scene;
    const room = await moving(scene);
    isOut(world);
    set(world, room, LUIS, "m.room.member", { membership: "join" }, STRANGER);
    await pass(world);
    await world.clock.pass(31 * MINUTE);
    await pass(world);
    const polls = (user: UserId): readonly Shown[] => world.reads(user).filter((shown) => shown.type.endsWith("poll.start") && /who has contact/.test(shown.body));
    for (const user of [ANA, LUIS]) {
      assert.equal(polls(user).length, 1, user);
      assert.notEqual(polls(user)[0]?.room, room);
    }
    await world.tap(LUIS, /^I have contact/);
    await pass(world);
    assert.match(bodies(world.reads(ANA)), /For .* · 1:\n✓ .*, CO-1\. Next/);
    for (const user of [ANA, LUIS]) {
      const poll = polls(user)[0];
      const ends = world.reads(user).filter((shown) => shown.type.endsWith("poll.end") && (shown.content["m.relates_to"] as Content | undefined)?.["event_id"] === poll?.event);
      assert.equal(ends.length, 1, user);
    }
    assert.deepEqual(world.bugs, []);
  });
});

describe("a room that was made only in part before the server died", () => {
  it("is encrypted, closed to others and given its powers before anybody is invited or anything said", async () => {
    const world = (await opened()).world;
    const { createRoom } = world.gateway;
    world.gateway.createRoom = async (spec) => {
      const room = world.server.createRoom(BOT, { ...spec, power: {}, state: [], invite: [] });
      world.gateway.createRoom = createRoom.bind(world.gateway);
      throw Object.assign(new Error(`the line is cut after ${room}`), { kind: "unreachable" });
    };
    const from = world.server.length;
    const ana = world.reads(ANA).at(0)?.room;
    assert.ok(ana !== undefined);
    await world.say(ANA, ana, "cd new route Cartagena CO > Vigo ES mode clean seal 0774471 from tomorrow 04:00 Bogotá to 12 dec 20:00 Madrid");
    await pass(world, 10_000);
    const half = world.server.after(from).find((each) => each.event.type === "m.room.create")?.room;
    assert.ok(half !== undefined);
    await world.join(ANA);
    await world.join(LUIS);
    await pass(world, 70_000);
    await world.join(ANA);
    await pass(world, 10_000);
    assert.equal(world.server.after(from).filter((each) => each.event.type === "m.room.create").length, 1, "no second room");
    const done = world.server.after(from).filter((each) => each.room === half && each.event.sender === BOT).map((each) => (each.event.type === "m.room.member" ? `member ${String((each.event.wire["content"] as Content)["membership"])}` : each.event.type));
    const at = (what: string): number => done.indexOf(what, 4);
    assert.ok(at("m.room.encryption") > 0 && at("m.room.encryption") < at("m.room.history_visibility"), done.join(" "));
    assert.ok(at("m.room.history_visibility") < done.indexOf("member invite") && done.indexOf("m.room.power_levels", 3) < done.indexOf("member invite"), done.join(" "));
    assert.ok(done.indexOf("member invite") < done.indexOf("m.room.encrypted"), done.join(" "));
  });
});

describe("a room whose history has branched", () => {
  const memberEvent = (user: UserId, membership: string): StateEvent => ({ type: "m.room.member", stateKey: user, sender: user, content: { membership } });

  it("warns nobody of a stranger whom only the state of a branch shows", async () => {
    const { world, coordination } = await opened();
    const from = world.server.length;
    world.server.branches.set(coordination, [memberEvent(STRANGER, "join")]);
    await world.say(LUIS, coordination, "!task add Watch the quay");
    await pass(world);
    assert.doesNotMatch(bodies(world.reads(ANA)), /DO NOT WRITE/);
    assert.match(bodies(world.reads(ANA, coordination)), /T-1/);
    assert.deepEqual(world.server.after(from).filter((each) => each.event.stateKey === STRANGER), []);
    assert.deepEqual(world.bugs, []);
  });
  it("warns of one who is there, whatever a branch shows", async () => {
    const { world, coordination } = await opened();
    world.gateway.remove = async () => { throw Object.assign(new Error("refused"), { kind: "refused", status: 403 }); };
    set(world, coordination, STRANGER, "m.room.member", { membership: "join" }, STRANGER);
    world.server.branches.set(coordination, [memberEvent(STRANGER, "leave")]);
    await pass(world);
    assert.match(bodies(world.reads(ANA)), /DO NOT WRITE/);
    await world.say(LUIS, coordination, "!task add Watch the quay");
    await pass(world);
    assert.deepEqual(world.reads(ANA, coordination).filter((shown) => /^T-1 /.test(shown.body)), []);
  });
  it("gets its name back although the timeline shows that it has it, because the server resolved it otherwise", async () => {
    const { world, coordination } = await opened();
    const name = stateOf(world, coordination, "m.room.name");
    const { setState } = world.gateway;
    world.gateway.setState = async (...of) => {
      const event = await setState.apply(world.gateway, of);
      if (of[1] === "m.room.name") {
        world.server.lost.add(event);
        world.gateway.setState = setState;
      }
      return event;
    };
    set(world, coordination, LUIS, "m.room.name", { name: "Operation Snow" });
    await pass(world);
    await pass(world);
    const resolved = await world.gateway.roomState(coordination);
    assert.deepEqual(resolved.findLast((each) => each.type === "m.room.name")?.content, name);
    assert.equal(world.server.after(0).filter((each) => each.room === coordination && each.event.type === "m.room.name" && each.event.sender === BOT).length, 3, "made with it, set again, and again because that was lost");
  });
  it("is looked up after the next start if the bot was stopped before it could be", async () => {
    const { world, coordination } = await opened();
    const lost = (gateway: ModelGateway): void => { gateway.roomState = async () => { throw Object.assign(new Error("away"), { kind: "unreachable" }); }; };
    lost(world.gateway);
    world.server.lost.add(world.server.add(coordination, LUIS, "m.room.member", { membership: "leave" }, LUIS));
    await pass(world);
    await world.stop();
    await world.start();
    await pass(world);
    const seen = JSON.parse((await world.journal.value(`room:${coordination}`)) ?? "{}") as ObservedRoom;
    assert.equal(seen.members[LUIS], "invite", "he has not come in yet, and has not left");
    assert.equal(seen.unresolved, undefined);
  });
});

describe("a message of the bot's that somebody else removes", () => {
  const remove = async (world: World, room: RoomId, by: UserId, event: string): Promise<void> => {
    world.server.add(room, by, "m.room.redaction", { redacts: event });
    await pass(world);
  };
  const posted = (world: World, room: RoomId, text: RegExp): readonly Shown[] => world.reads(ANA, room).filter((shown) => text.test(shown.body) && shown.content["m.new_content"] === undefined);

  it("is posted again as it was, and the administrators are told by whom", async () => {
    const { world, ana, coordination } = await opened();
    await world.say(LUIS, coordination, "!task add Watch the quay");
    await pass(world);
    const [first] = posted(world, coordination, /^T-1 /);
    assert.ok(first !== undefined);
    await remove(world, coordination, LUIS, first.event);
    const again = posted(world, coordination, /^T-1 /);
    assert.equal(again.length, 2);
    assert.equal(again[1]?.body, first.body);
    assert.match(bodies(world.reads(ANA, ana)), /CO-1 has removed a message of mine from .*coordination\.\nI have posted it again/);
    assert.ok((await world.notes()).includes("message-removed"));
    assert.deepEqual(world.bugs, []);
  });
  it("is posted again three times, and then not any more", async () => {
    const { world, ana, coordination } = await opened();
    await world.say(LUIS, coordination, "!task add Watch the quay");
    await pass(world);
    for (let times = 0; times < 6; times += 1) {
      const last = posted(world, coordination, /^T-1 /).at(-1);
      if (last !== undefined) await remove(world, coordination, LUIS, last.event);
    }
    assert.equal(posted(world, coordination, /^T-1 /).length, 4);
    assert.match(bodies(world.reads(ANA, ana)), /removed again and again/);
  });
  it("is posted anew and pinned if it is a board, or the latest edit of one", async () => {
    const { world, coordination } = await opened();
    for (const which of ["the board", "its edit"]) {
      await world.say(LUIS, coordination, `!task add Watch ${which}`);
      await pass(world);
      const shown = world.reads(ANA, coordination).filter((each) => /open until/.test(each.body));
      const target = which === "the board" ? pinnedIn(world, coordination) : shown.at(-1)?.event ?? "";
      await remove(world, coordination, LUIS, target);
      const pinned = pinnedIn(world, coordination);
      assert.notEqual(pinned, target);
      assert.match(world.reads(ANA, coordination).find((each) => each.event === pinned)?.body ?? "", new RegExp(`Watch ${which}`));
    }
  });
  it("is posted anew if it is a board of which an edit was on its way", async () => {
    const { world, coordination } = await opened();
    const target = pinnedIn(world, coordination);
    const { send } = world.gateway;
    const edit = Promise.withResolvers<void>();
    world.gateway.send = async (...of) => {
      const sent = await send.apply(world.gateway, of);
      if (of[0] === coordination && /open until/.test(world.server.shown().at(-1)?.body ?? "")) await edit.promise;
      return sent;
    };
    await world.say(LUIS, coordination, "!task add Watch the quay");
    await pass(world);
    assert.equal(world.reads(ANA, coordination).filter((shown) => shown.content["m.new_content"] !== undefined).length, 1, "the edit has arrived, and the bot does not know it yet");
    await remove(world, coordination, LUIS, target);
    world.gateway.send = send;
    edit.resolve();
    await pass(world);
    const pinned = pinnedIn(world, coordination);
    assert.notEqual(pinned, target);
    assert.match(world.reads(ANA, coordination).find((each) => each.event === pinned)?.body ?? "", /Watch the quay/);
    assert.deepEqual(world.bugs, []);
  });
  it("is neither forgotten nor doubled if the bot dies before it has posted it again", async () => {
    const { world, coordination } = await opened();
    await world.say(LUIS, coordination, "!task add Watch the quay");
    await pass(world);
    const [first] = posted(world, coordination, /^T-1 /);
    let dies = true;
    world.change({ commit: (batch) => {
      if (dies && batch.rows?.some((row) => row.event.type === "system.noted" && row.event.what === "message-removed") === true) throw new Error("the disk is full");
    } });
    await remove(world, coordination, LUIS, first?.event ?? "");
    assert.equal(posted(world, coordination, /^T-1 /).length, 1);
    dies = false;
    for (let times = 0; times < 2; times += 1) {
      await world.stop();
      await world.start();
      await pass(world);
    }
    assert.equal(posted(world, coordination, /^T-1 /).length, 2);
  });
  it("is posted again also if the server did not show that it was removed until it was asked", async () => {
    const { world, coordination } = await opened();
    await world.say(LUIS, coordination, "!task add Watch the quay");
    await pass(world);
    const [first] = posted(world, coordination, /^T-1 /);
    await world.stop();
    world.server.add(coordination, LUIS, "m.room.redaction", { redacts: first?.event });
    for (let times = 0; times < 4; times += 1) await world.say(LUIS, coordination, "talk");
    await world.start({ gateway: (gateway) => { gateway.timelineLimit = 2; } });
    await pass(world);
    assert.equal(posted(world, coordination, /^T-1 /).length, 2);
  });
  it("is left removed in somebody's own direct chat if it was in their name, and they are told", async () => {
    const { world } = await opened();
    const own = world.reads(LUIS).find((shown) => /^You are CO-1 in/.test(shown.body));
    assert.ok(own !== undefined);
    await remove(world, own.room, LUIS, own.event);
    assert.equal(world.reads(LUIS, own.room).filter((shown) => shown.body === own.body).length, 1);
    assert.match(bodies(world.reads(LUIS, own.room)), /removed from this chat in your name/);
    await remove(world, own.room, STRANGER, own.event);
    assert.equal(world.reads(LUIS, own.room).filter((shown) => shown.body === own.body).length, 2, "somebody else's is not");
  });
});

describe("the board and the card of a delivery", () => {
  const board = (world: World, room: RoomId): string => world.reads(ANA, room).filter((shown) => /CD-1 · /.test(shown.body) && !/IF I AM SILENT/.test(shown.body)).at(-1)?.body ?? "";

  it("are both pinned, the board last, and say until when the bot was there and whom to call", async () => {
    const scene = await opened();
    const { world } = scene;
    const room = await moving(scene);
    const { pinned } = stateOf(world, room, "m.room.pinned_events") as { readonly pinned: readonly string[] };
    const read = pinned.map((event) => world.reads(LUIS, room).find((shown) => shown.event === event)?.body ?? "");
    assert.equal(read.length, 2);
    assert.match(read[0] ?? "", /IF I AM SILENT/);
    assert.match(read[1] ?? "", /live /);
    assert.match(board(world, room), /MOVING[^]*\nlive .*again by/);
  });
  it("show a new time every quarter of an hour while it moves, without a row of the journal for it", async () => {
    const scene = await opened();
    const { world } = scene;
    const room = await moving(scene);
    const rows = async (): Promise<number> => {
      let count = 0;
      for (const chain of await world.journal.chains()) for await (const row of world.journal.read(chain, 0)) if (row.event.type === "system.noted" && row.event.what !== "heads") count += 1;
      return count;
    };
    const [before, first] = [await rows(), board(world, room)];
    const count = (): number => world.reads(ANA, room).filter((shown) => /live .*again by/.test(shown.body)).length;
    const seen = count();
    for (let minute = 0; minute < 20; minute += 1) {
      await world.clock.pass(MINUTE);
      // A homeserver answers within half a minute even if nothing has happened; this one, when something has.
      await world.say(LUIS, room, "we see it");
    }
    await pass(world);
    const second = board(world, room);
    assert.notEqual(second.split("\n").at(-1), first.split("\n").at(-1));
    assert.ok(count() - seen <= 2, `${count() - seen} edits in a quarter of an hour`);
    assert.equal(await rows(), before);
  });
  it("show no new time when nothing moves, or when the bot hears nobody", async () => {
    const scene = await opened();
    const { world } = scene;
    const drafted = await draftDelivery(scene);
    const shown = world.reads(ANA, drafted).length;
    await world.clock.pass(60 * MINUTE);
    assert.equal(world.reads(ANA, drafted).length, shown);
    const other = await opened();
    const room = await moving(other);
    const before = board(other.world, room);
    await other.world.clock.pass(25 * MINUTE);
    assert.equal(board(other.world, room), before);
  });
});
