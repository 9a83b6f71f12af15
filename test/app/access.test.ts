/** Who is kept out for now, on the whole app: a changed identity, a lost phone, and how people come back. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { MasterKey, RoomId, UserId } from "../../src/domain/ids.ts";
import { ANA, LUIS, NUNO } from "../domain/builders-core.ts";
import { masterKeyOf, settled } from "../support/model.ts";
import type { Opened, World } from "./harness.ts";
import { EVA, anOpenCase, draftDelivery, openCase } from "./harness.ts";

const NEW_KEY = "N".repeat(43) as MasterKey;
const OTHER_KEY = "O".repeat(43) as MasterKey;

describe("somebody who is kept out for now", () => {
  let world: World | undefined;
  afterEach(async () => {
    await world?.end();
    world = undefined;
  });
  /** A case with Nuno as member of Spain (ES-2) and Eva as authority of Colombia (CO-2); Nuno has a direct chat and is in the coordination room. */
  async function withNuno(): Promise<Opened & { readonly nuno: RoomId }> {
    const all = await anOpenCase();
    world = all.world;
    await add(all.world, all.ana, `${NUNO} "Nuno" member ES`);
    await add(all.world, all.ana, `${EVA} "Eva" authority CO`);
    return { ...all, nuno: all.world.reads(NUNO).find((shown) => /^You are ES-2/.test(shown.body))!.room };
  }
  async function add(of: World, ana: RoomId, line: string): Promise<void> {
    await of.say(ANA, ana, `jit add ${line}`);
    await of.tap(ANA, /^Confirm/);
    await of.clock.pass(2_000);
    await of.tap(LUIS, /^Approve/);
    await of.clock.pass(3_000);
    for (const user of [NUNO, EVA]) await of.join(user);
    await of.clock.pass(5_000);
  }
  /** The server shows another identity, and the engine reports it with the next sync. */
  async function changes(of: World, user: UserId, shown: MasterKey, room: RoomId): Promise<void> {
    of.crypto.shown.set(user, shown);
    of.crypto.reported.add(user);
    await of.say(LUIS, room, "a message like any other");
    await of.clock.pass(3_000);
  }
  const readsFrom = (of: World, user: UserId, from: number): string[] => of.reads(user).slice(from).map((shown) => shown.body);
  const membership = (of: World, room: RoomId, user: UserId): unknown => (of.server.membership(room, user) as { membership?: string } | undefined)?.membership;
  async function events(of: World): Promise<string[]> {
    const found: string[] = [];
    for (const chain of await of.journal.chains()) for await (const row of of.journal.read(chain, 0)) found.push(row.event.type);
    return found;
  }

  it("because their identity changed: suspended in all cases, their administrators are rung, their rooms go on without them and with new keys", async () => {
    const { world, ana, coordination, nuno } = await withNuno();
    await openCase(world, ana, "ES-CO 2/26");
    const [marks, nunos] = [world.reads(ANA).length, world.reads(NUNO).length];
    await changes(world, NUNO, NEW_KEY, coordination);
    const said = readsFrom(world, ANA, marks);
    assert.ok(said.some((body) => /· ES-2: identity changed/.test(body)), "the stub");
    assert.ok(said.some((body) => body.includes("ES-2 is suspended") && body.includes("NNNN NNNN NNNN NNNN") && body.includes("jit restore ES-2")));
    assert.equal(membership(world, coordination, NUNO), "leave");
    assert.ok(world.crypto.rotated.includes(coordination));
    assert.deepEqual((await events(world)).filter((type) => /suspended/.test(type)), ["person.suspended", "member.suspended"]);
    await world.say(NUNO, nuno, "task list");
    await world.say(ANA, coordination, "!task add Watch the quay");
    await world.clock.pass(3_000);
    assert.deepEqual(readsFrom(world, NUNO, nunos), [], "nothing reaches them");
    assert.deepEqual((await world.journal.outbox()).length, 0, "and nothing waits for them");
  });

  it("is restored by two who have read the new identity in person, and reads and commands again", async () => {
    const { world, ana, coordination, nuno } = await withNuno();
    await changes(world, NUNO, NEW_KEY, coordination);
    await world.say(ANA, ana, "jit restore ES-2");
    const asked = world.reads(ANA).findLast((shown) => shown.body.includes("restore ES-2"));
    assert.match(asked?.body ?? "", /NNNN NNNN NNNN NNNN/);
    await world.tap(ANA, /^Confirm/);
    await world.say(NUNO, nuno, "task list");
    assert.ok(!(await events(world)).includes("person.restored"), "one is not enough");
    await world.tap(LUIS, /^Approve/);
    await world.clock.pass(3_000);
    await world.join(NUNO);
    await world.clock.pass(3_000);
    assert.equal(membership(world, coordination, NUNO), "join");
    assert.ok(world.reads(NUNO).some((shown) => /you are back. Two colleagues/.test(shown.body)));
    const from = world.reads(NUNO).length;
    await world.say(NUNO, nuno, "task list");
    assert.equal(readsFrom(world, NUNO, from).length, 1);
  });

  it("stays so when the pinned identity comes back, of which the administrators are told", async () => {
    const { world, ana, coordination, nuno } = await withNuno();
    await changes(world, NUNO, NEW_KEY, coordination);
    const from = world.reads(ANA).length;
    await changes(world, NUNO, masterKeyOf(NUNO), coordination);
    assert.ok(readsFrom(world, ANA, from).some((body) => /shows the pinned identity again/.test(body)));
    const nunos = world.reads(NUNO).length;
    await world.say(NUNO, nuno, "task list");
    assert.deepEqual(readsFrom(world, NUNO, nunos), []);
    await world.say(ANA, ana, "jit restore ES-2");
    await world.tap(ANA, /^Confirm/);
    await world.tap(LUIS, /^Approve/);
    await world.clock.pass(3_000);
    await world.say(NUNO, nuno, "task list");
    assert.ok(readsFrom(world, NUNO, nunos).some((body) => /open task/.test(body)));
  });

  it("is not restored with an identity that changed between the question and the consent", async () => {
    const { world, ana, coordination } = await withNuno();
    await changes(world, NUNO, NEW_KEY, coordination);
    await world.say(ANA, ana, "jit restore ES-2");
    await world.tap(ANA, /^Confirm/);
    world.crypto.shown.set(NUNO, OTHER_KEY);
    await world.tap(LUIS, /^Approve/);
    await world.clock.pass(2_000);
    assert.ok(world.reads(ANA).some((shown) => /shows another identity for ES-2 than the one that was agreed to/.test(shown.body)));
    assert.ok(!(await events(world)).includes("person.restored"));
  });

  it("is an owner, restored by two with another identity than the configuration has: a restart does not undo it", async () => {
    const { world, ana, coordination } = await withNuno();
    await changes(world, ANA, NEW_KEY, coordination);
    await world.say(LUIS, coordination, "!jit restore ES-1");
    await world.tap(LUIS, /^Confirm/);
    await world.clock.pass(2_000);
    await world.tap(EVA, /^Approve/);
    await world.clock.pass(3_000);
    await world.stop();
    await world.start();
    await world.clock.pass(3_000);
    const from = world.reads(ANA).length;
    await world.say(ANA, ana, "task list");
    assert.equal(readsFrom(world, ANA, from).length, 1);
  });

  it("is found at the start if the change came while the bot was away", async () => {
    const { world } = await withNuno();
    await world.stop();
    world.crypto.shown.set(NUNO, NEW_KEY);
    await world.start();
    await world.clock.pass(3_000);
    assert.ok((await events(world)).includes("member.suspended"));
  });

  it("because a colleague says that their phone is lost: at once, without a question, and all concerned are told what it does not do", async () => {
    const { world, coordination, nuno } = await withNuno();
    const [lost, anas] = [world.reads(NUNO).length, world.reads(ANA).length];
    await world.say(LUIS, coordination, "!phone lost ES-2 stolen at the port");
    await world.clock.pass(3_000);
    assert.ok(readsFrom(world, LUIS, 0).some((body) => /ES-2 is cut off/.test(body) && /What is on the phone stays on it/.test(body)));
    assert.ok(readsFrom(world, ANA, anas).some((body) => /ES-2 is cut off\. Read/.test(body)), "the stub");
    assert.equal(membership(world, coordination, NUNO), "leave");
    assert.ok(world.crypto.rotated.includes(coordination));
    await world.say(NUNO, nuno, "task list");
    await world.say(ANA, coordination, "!task add Move the boat");
    await world.clock.pass(3_000);
    assert.deepEqual(readsFrom(world, NUNO, lost), []);
    assert.ok((await world.notes()).includes("sender-cut-off"));
    assert.equal(world.app.health.counts().kept_out, 1);
  });

  it("comes back with two: one asks, another consents, neither of them the one cut off", async () => {
    const { world, coordination, nuno } = await withNuno();
    await world.say(LUIS, coordination, "!phone lost ES-2");
    await world.clock.pass(3_000);
    await world.say(EVA, coordination, "!phone back ES-2");
    await world.tap(EVA, /^Confirm/);
    await world.clock.pass(2_000);
    assert.ok(!(await events(world)).includes("person.let-back"));
    await world.tap(ANA, /^Approve/);
    await world.clock.pass(3_000);
    await world.join(NUNO);
    await world.clock.pass(3_000);
    assert.ok(world.reads(NUNO).some((shown) => /you are back\.\nWhat was sent meanwhile did not reach you/.test(shown.body)));
    const from = world.reads(NUNO).length;
    await world.say(NUNO, nuno, "task list");
    assert.equal(readsFrom(world, NUNO, from).length, 1);
  });

  it("is cut off a second time by the same person within the hour only with a second one", async () => {
    const { world, coordination } = await withNuno();
    await world.say(LUIS, coordination, "!phone lost ES-2");
    await world.say(LUIS, coordination, "!phone lost CO-2");
    await world.clock.pass(2_000);
    assert.deepEqual((await events(world)).filter((type) => type === "person.cut-off").length, 1);
    await world.say(LUIS, coordination, "!phone lost CO-2");
    await world.clock.pass(2_000);
    assert.ok(world.reads(LUIS).some((shown) => /CO-2: a second person has been asked already/.test(shown.body)));
    await world.tap(ANA, /^Approve/);
    await world.clock.pass(2_000);
    assert.deepEqual((await events(world)).filter((type) => type === "person.cut-off").length, 2);
  });

  it("is named to whoever would have reached them, and an alert to them alone is not raised", async () => {
    const { world, ana, coordination } = await withNuno();
    await world.say(LUIS, coordination, "!phone lost ES-2");
    await world.clock.pass(3_000);
    const from = world.reads(ANA).length;
    await world.say(ANA, ana, "alert raise P2 to ES-2 call me");
    assert.ok(readsFrom(world, ANA, from).some((body) => /nothing reaches ES-2 \(cut off\)/.test(body)));
    await world.say(ANA, ana, "alert raise P1 to ES-2 call me");
    await world.clock.pass(2_000);
    assert.ok(readsFrom(world, ANA, from).some((body) => /^Not sent to ES-2 \(cut off\)/m.test(body)));
  });

  it("moves nothing with a stop, but alarms the route as an unproven one does", async () => {
    const { world, ana, coordination, nuno } = await withNuno();
    await draftDelivery({ world, ana, coordination });
    await world.join(NUNO);
    await world.say(LUIS, coordination, "!phone lost ES-2");
    await world.clock.pass(3_000);
    const from = world.reads(LUIS).length;
    await world.say(NUNO, nuno, "stop");
    await world.clock.pass(2_000);
    assert.ok(readsFrom(world, LUIS, from).some((body) => /STOP, not proven whose/.test(body)));
    assert.ok(!(await events(world)).includes("delivery.stopped"));
  });

  it("reads nothing that was encrypted before and had not arrived", async () => {
    const { world, coordination } = await withNuno();
    const send = world.gateway.send.bind(world.gateway);
    let down = true;
    world.gateway.send = async (...call) => {
      if (down) throw Object.assign(new Error("homeserver: unreachable"), { kind: "unreachable" });
      return send(...call);
    };
    await world.say(ANA, coordination, "!task add Follow the lorry");
    await world.clock.pass(2_000);
    await world.say(LUIS, coordination, "!phone lost ES-2");
    await settled();
    down = false;
    await world.clock.pass(3 * 3_600_000);
    const about = world.server.shown().filter((shown) => shown.body.startsWith("T-1 Follow the lorry"));
    assert.equal(about.length, 1);
    assert.deepEqual(about.flatMap((shown) => shown.readers).filter((user) => user === NUNO), []);
  });

  it("has left a room: the next message there is encrypted with a new key", async () => {
    const { world, coordination } = await withNuno();
    world.server.add(coordination, NUNO, "m.room.member", { membership: "leave" }, NUNO);
    await world.clock.pass(3_000);
    assert.deepEqual(world.crypto.rotated, [coordination]);
  });

  it("goes on with new keys in every room on command, which says what that does not do", async () => {
    const { world, ana, coordination } = await withNuno();
    await world.say(ANA, ana, "jit rotate");
    await world.clock.pass(1_000);
    assert.ok(world.crypto.rotated.includes(coordination) && world.crypto.rotated.includes(world.room("liaison")));
    assert.ok(world.reads(ANA).some((shown) => /What was read stays read; nobody is removed/.test(shown.body)));
    assert.deepEqual(await world.journal.outbox(), []);
  });

  it("has devices that nobody signed: they are told once, alone, and if none is signed their room is", async () => {
    const { world, coordination } = await withNuno();
    world.crypto.unsigned.add(`${NUNO} OLD`);
    for (let again = 0; again < 2; again += 1) {
      world.crypto.reported.add(NUNO);
      await world.say(LUIS, coordination, "something");
      await world.clock.pass(2_000);
    }
    assert.equal(world.reads(NUNO).filter((shown) => /One of your devices is not signed by you/.test(shown.body)).length, 1);
    world.crypto.devices = async () => ({ signed: 0, unsigned: 1 });
    world.crypto.reported.add(NUNO);
    await world.say(LUIS, coordination, "something");
    await world.clock.pass(2_000);
    assert.equal(world.reads(LUIS, coordination).filter((shown) => /ES-2 can read nothing that is written here/.test(shown.body)).length, 1);
  });
});
