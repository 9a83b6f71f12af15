/** Rooms that people change, close, upgrade and put the bot out of, on a real homeserver; and that people can go on without the bot. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { MEGOLM } from "../../src/domain/workspace.ts";
import type { Raw } from "../support/raw.ts";
import { PATIENCE, openOperation, type Operation } from "./attacks-stage.ts";

type Content = Readonly<Record<string, unknown>>;
const at = encodeURIComponent;

describe("a room that people change", () => {
  let op: Operation;
  let luis: Raw;
  let ana: Raw;
  let room: string;
  let tasks = 0;

  before(async () => {
    op = await openOperation({ members: [{ name: "tiago", role: "member", country: "PT" }], strangers: ["eve"] });
    [luis, ana] = await Promise.all([op.raw("luis"), op.raw("ana")]);
    room = await op.coordination("tiago");
  });
  after(() => op?.close());

  const stateOf = async (of: string, type: string, key = ""): Promise<Content> => (await luis.request("GET", `/v3/rooms/${at(of)}/state/${type}/${at(key)}`)).body;
  /** Tiago adds a task in the room and reads the answer there, encrypted. */
  async function works(where: string): Promise<void> {
    tasks += 1;
    const from = op.person("tiago").seen.length;
    await op.person("tiago").say(where, `!task add Watch quay ${tasks}`);
    await op.reads("tiago", new RegExp(`^T-${tasks} `), { from, room: where });
  }
  /** Waits until the bot has taken a room over: everybody is in it and it is as it must be. */
  async function isTakenOver(made: string): Promise<void> {
    await op.until(async () => (await stateOf(made, "m.room.history_visibility"))["history_visibility"] === "joined" && (await stateOf(made, "m.room.join_rules"))["join_rule"] === "invite", "the room is put right");
    assert.equal((await stateOf(made, "m.room.encryption"))["algorithm"], MEGOLM);
    for (const name of ["ana", "tiago"]) await op.until(() => op.person(name).rooms().some(({ id, membership }) => id === made && membership === "join"), `${name} is brought over`);
    await op.until(async () => /open until/.test(await op.person("tiago").board(made) ?? ""), "there is a board that a member can read");
    await works(made);
    room = made;
  }
  async function upgrade(by: Raw, version: string, more: Content = {}): Promise<string> {
    const { status, body } = await by.request("POST", `/v3/rooms/${at(room)}/upgrade`, { new_version: version, ...more });
    assert.equal(status, 200, JSON.stringify(body));
    return String(body["replacement_room"]);
  }
  const invite = async (by: Raw, to: string, ...users: readonly string[]): Promise<void> => {
    for (const user of users) assert.equal((await by.request("POST", `/v3/rooms/${at(to)}/invite`, { user_id: user })).status, 200);
  };

  it("gets its power levels, its name and its rules back", async () => {
    const before = await stateOf(room, "m.room.power_levels");
    await luis.setState(room, "m.room.power_levels", "", { ...before, users_default: 50, users: { ...before["users"] as Content, [op.person("tiago").userId]: 100 } });
    await luis.setState(room, "m.room.name", "", { name: "Operation Snow" });
    await luis.setState(room, "m.room.server_acl", "", { allow: ["localhost"], deny: [] });
    await op.until(async () => {
      const { users, users_default: usual } = await stateOf(room, "m.room.power_levels");
      return usual === 0 && isDeepStrictEqual(users, before["users"]);
    }, "power levels are as before");
    await op.until(async () => / · coordination$/.test(String((await stateOf(room, "m.room.name"))["name"])), "so is the name");
    await op.until(async () => JSON.stringify((await stateOf(room, "m.room.server_acl"))["allow"]) === '["*"]', "no server is kept out");
    await works(room);
  });

  it("is told nothing while its state names another encryption, and goes on when the right one is set again", async () => {
    const from = { ana: op.person("ana").seen.length, tiago: op.person("tiago").seen.length };
    await luis.setState(room, "m.room.encryption", "", { algorithm: "m.none" });
    await op.reads("ana", /Somebody has changed the encryption of .* coordination/, { from: from.ana });
    await op.reads("tiago", /WRITE NOTHING in .* coordination/, { from: from.tiago });
    await op.until(async () => (await stateOf(room, "m.room.encryption"))["algorithm"] === MEGOLM, "the bot sets it again");
    await op.reads("tiago", /All is well here again/, { from: from.tiago, room });
    await works(room);
  });

  it("gets a message of the bot's back that an administrator removed, and the board too", async () => {
    const from = { ana: op.person("ana").seen.length, tiago: op.person("tiago").seen.length };
    tasks += 1;
    const answer = await op.asks("tiago", room, "!task add Follow the van", new RegExp(`^T-${tasks} Follow the van`));
    assert.equal(answer.room, room);
    await op.person("luis").redact(room, answer.event);
    const again = await op.person("tiago").waitFor((seen) => seen.sender === op.bot.userId && seen.body === answer.body && seen.event !== answer.event, PATIENCE, "the same again", from.tiago);
    assert.equal(again.encrypted, true);
    await op.reads("ana", /has removed a message of mine from .* coordination/, { from: from.ana });
    const board = (await stateOf(room, "m.room.pinned_events"))["pinned"] as readonly string[];
    await op.person("luis").redact(room, board.at(-1) ?? "");
    await op.until(async () => ((await stateOf(room, "m.room.pinned_events"))["pinned"] as readonly string[]).at(-1) !== board.at(-1), "another board is pinned");
    await op.until(async () => /open until/.test(await op.person("tiago").board(room) ?? ""), "it can be read");
  });

  it("warns of somebody who does not belong there, takes them out, and says when all is well again", async () => {
    const from = { ana: op.person("ana").seen.length, tiago: op.person("tiago").seen.length };
    await invite(luis, room, op.person("eve").userId);
    await op.reads("tiago", /DO NOT WRITE HERE NOW/, { from: from.tiago, room });
    await op.reads("ana", /does not belong there: @eve:localhost/, { from: from.ana });
    await op.reads("tiago", /All is well here again/, { from: from.tiago, room });
    assert.equal((await stateOf(room, "m.room.member", op.person("eve").userId))["membership"], "leave");
    assert.deepEqual(op.person("eve").seen.filter((seen) => seen.sender === op.bot.userId && seen.unreadable === undefined), []);
  });

  it("is followed from version 12 to 11 once the bot has the power that it needs there, and in the old one nothing counts but a stop", async () => {
    const old = room;
    const made = await upgrade(luis, "11");
    await invite(luis, made, op.bot.userId);
    // In version 12 the bot is above all levels and not listed, so the copy gives it none.
    const power = await stateOf(made, "m.room.power_levels");
    await luis.setState(made, "m.room.power_levels", "", { ...power, users: { ...power["users"] as Content, [op.bot.userId]: 100 } });
    await isTakenOver(made);
    await op.asks("ana", old, "!task list", /Not done: .* goes on in another room/);
  });

  it("is not used for what is routine while somebody is in it whom the bot cannot put out, but a stop is said there", async () => {
    const from = { ana: op.person("ana").seen.length, tiago: op.person("tiago").seen.length };
    const { users, ...power } = await stateOf(room, "m.room.power_levels");
    await luis.setState(room, "m.room.power_levels", "", { ...power, users: { ...users as Content, [op.person("eve").userId]: 100 } });
    await invite(luis, room, op.person("eve").userId);
    await op.reads("tiago", /DO NOT WRITE HERE NOW/, { from: from.tiago, room });
    // That she is there the administrators have been told within the hour; that the bot cannot change it they have not.
    await op.reads("ana", /undoes a repair again and again \(remove\)/, { from: from.ana });
    tasks += 1;
    await op.person("tiago").say(room, `!task add Watch quay ${tasks}`);
    const alone = await op.reads("tiago", new RegExp(`^For .* coordination:\\s+T-${tasks} `), { from: from.tiago });
    assert.equal(alone.room, op.direct("tiago"));
    // Whatever the hour has seen, it is over for a bot that was started anew.
    await op.bot.stop();
    // Of two who stand equally high neither can take the other's power: she gives it back herself.
    await (await op.raw("eve")).setState(room, "m.room.power_levels", "", { ...power, users });
    await op.person("eve").client.leave(room);
    await op.bot.start();
    await op.reads("tiago", /All is well here again/, { from: from.tiago, room });
    await works(room);
    const theirs = op.person("eve").seen.filter((seen) => seen.sender === op.bot.userId && seen.unreadable === undefined);
    assert.deepEqual(theirs, [], "she could read nothing");
  });

  it("is followed from version 11 to 12 without anybody's help but an invitation", async () => {
    const made = await upgrade(ana, "12");
    await invite(ana, made, op.bot.userId);
    await isTakenOver(made);
    const { users } = await stateOf(made, "m.room.power_levels");
    assert.deepEqual(Object.keys(users as Content).toSorted(), [op.person("luis").userId, op.bot.userId].toSorted(), "its creator outranks everybody and is not listed");
  });

  it("that the bot did not make is replaced when the bot is put out of it", async () => {
    const from = op.person("tiago").seen.length;
    const known = new Set(op.person("tiago").rooms().map(({ id }) => id));
    assert.equal((await ana.request("POST", `/v3/rooms/${at(room)}/kick`, { user_id: op.bot.userId })).status, 200);
    await op.reads("tiago", /I was put out of .* coordination/, { from });
    const fresh = () => op.person("tiago").rooms().find(({ id, name, membership }) => !known.has(id) && / · coordination$/.test(name) && membership === "join");
    await op.until(() => fresh() !== undefined, "Tiago is in the new room");
    await isTakenOver(fresh()?.id ?? "");
  });

  it("is not followed to a room of somebody who may not decide that: the bot opens its own, and the old one points there", async () => {
    const eve = await op.raw("eve");
    const trap = await eve.createRoom({ preset: "private_chat", creation_content: { predecessor: { room_id: room, event_id: "$x" } }, invite: [op.bot.userId, op.person("tiago").userId] });
    const from = op.person("ana").seen.length;
    const old = room;
    await luis.setState(room, "m.room.tombstone", "", { body: "", replacement_room: trap });
    await op.reads("ana", /was closed by PT-1.*Invite me into the room|Invite me into the room in which it is to go on/, { from });
    assert.notEqual((await eve.request("GET", `/v3/rooms/${at(trap)}/state/m.room.member/${at(op.bot.userId)}`)).body["membership"], "join");
    // He points elsewhere instead: to a room that says nothing of being its successor.
    const other = await luis.createRoom({ preset: "private_chat", invite: [op.bot.userId] });
    await luis.setState(room, "m.room.tombstone", "", { body: "", replacement_room: other });
    await op.reads("ana", /is not one that goes on from it: do not go there/, { from });
    await op.until(async () => ![trap, other].includes(String((await stateOf(old, "m.room.tombstone"))["replacement_room"])), "the old room points to the bot's");
    const own = String((await stateOf(old, "m.room.tombstone"))["replacement_room"]);
    await op.until(() => op.person("luis").rooms().some(({ id, membership }) => id === own && membership === "join"), "Luís is in it");
    await isTakenOver(own);
  });

  it("can be led on by an administrator of another state while the bot is down, and the bot follows when it is back", async () => {
    await op.bot.stop();
    const eve = op.person("eve").userId;
    await luis.setState(room, "m.room.name", "", { name: "Without the bot" });
    const made = await upgrade(luis, "12", { additional_creators: [op.bot.userId] });
    await invite(luis, made, op.person("ana").userId, op.person("tiago").userId, eve, op.bot.userId);
    await op.until(() => ["ana", "tiago"].every((name) => op.person(name).rooms().some(({ id, membership }) => id === made && membership === "join")), "people are in it");
    await op.person("luis").say(made, "We go on here");
    await op.person("tiago").waitFor((seen) => seen.room === made && seen.encrypted && seen.body === "We go on here", PATIENCE, "what Luís says without the bot");
    await op.bot.start();
    await isTakenOver(made);
    await op.until(async () => (await stateOf(made, "m.room.member", eve))["membership"] === "leave", "who does not belong there is taken out");
    assert.match(String((await stateOf(made, "m.room.name"))["name"]), / · coordination$/);
  });
});
