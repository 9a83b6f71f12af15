import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { ANA, BOT, LUIS } from "../domain/builders-core.ts";
import type { World } from "./harness.ts";
import { EVA, anOpenCase, draftDelivery } from "./harness.ts";

/** What the gateway throws while the homeserver does not answer. */
function unreachable(): Error {
  return Object.assign(new Error("homeserver: unreachable"), { kind: "unreachable" });
}

describe("when something fails at a bad moment, the app", () => {
  let world: World | undefined;
  afterEach(async () => {
    await world?.end();
    world = undefined;
  });

  it("counts a stop although it could not be asked at once whose device said it", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const delivery = await draftDelivery(opened);
    const proof = world.crypto.proof.bind(world.crypto);
    world.crypto.proof = async () => { throw unreachable(); };
    await world.say(LUIS, delivery, "STOP");
    world.crypto.proof = proof;
    await world.say(LUIS, delivery, "we wait at the gate");
    await world.clock.pass(3_000);
    assert.equal(world.reads(ANA, delivery).filter((shown) => shown.body.startsWith("CD-1 STOPPED")).length, 1);
  });
  it("does not count as a contact what was said before the homeserver came back", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const delivery = await draftDelivery(opened);
    const sync = world.gateway.sync.bind(world.gateway);
    world.gateway.sync = async () => { throw unreachable(); };
    await world.say(ANA, delivery, "we wait at the gate");
    await world.say(LUIS, delivery, "1");
    await world.clock.pass(600_000);
    world.gateway.sync = sync;
    await world.clock.pass(60_000);
    await world.say(LUIS, delivery, "1");
    const said = world.reads(ANA, delivery).map((shown) => shown.body);
    assert.equal(said.filter((body) => body.startsWith("Arrived late")).length, 1);
    assert.equal(said.filter((body) => body.startsWith("CD-1 is not moving")).length, 1);
  });
  it("asks again who somebody is when the homeserver does not answer, and says so plainly when it never does", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const masterKey = world.crypto.masterKey.bind(world.crypto);
    let silent = 3;
    world.crypto.masterKey = async (user) => {
      if (user === EVA && (silent -= 1) >= 0) throw unreachable();
      return masterKey(user);
    };
    const [from, said] = [world.reads(ANA).length, `jit add ${EVA} "Eva" liaison BE`];
    await world.say(ANA, opened.ana, said);
    await world.clock.pass(30_000);
    const asked = world.reads(ANA).slice(from);
    assert.equal(asked.filter((shown) => shown.type.endsWith("poll.start")).length, 1, "asked, once the homeserver had answered");
    silent = 100;
    await world.say(ANA, opened.ana, said);
    await world.clock.pass(60_000);
    const refused = world.reads(ANA).slice(from + asked.length);
    assert.deepEqual(refused.map((shown) => shown.body.slice(0, 41)), ["Not done: the homeserver does not answer,"]);
    assert.ok((await world.notes()).includes("homeserver-silent"));
    assert.deepEqual(world.bugs, []);
  });
  it("takes a ciphertext once that comes in two events at the same time", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const masterKey = world.crypto.masterKey.bind(world.crypto);
    const both = Promise.withResolvers<void>();
    let asked = 0;
    world.crypto.masterKey = async (user) => {
      if (user === EVA && (asked += 1) === 2) both.resolve();
      if (user === EVA) await both.promise;
      return masterKey(user);
    };
    const wire = JSON.parse(world.server.seal(ANA, "PHONE", "m.room.message", { msgtype: "m.text", body: `jit add ${EVA} "Eva" liaison BE` }, [])) as Record<string, unknown>;
    world.server.add(opened.ana, ANA, "m.room.encrypted", wire);
    world.server.add(opened.ana, ANA, "m.room.encrypted", wire);
    await world.clock.pass(5_000);
    const polls = world.reads(ANA, opened.ana).filter((shown) => shown.type.endsWith("poll.start") && shown.body.includes("Confirm"));
    assert.equal(polls.length, 2, "one for the case, one for the person");
    assert.equal((await world.journal.inbox()).length, 0);
    assert.ok((await world.notes()).includes("replay-dropped"));
  });
  it("lets a stop pass a command that waits for another server", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const delivery = await draftDelivery(opened);
    world.crypto.masterKey = () => new Promise(() => undefined);
    world.server.add(opened.ana, ANA, "m.room.encrypted", JSON.parse(world.server.seal(ANA, "PHONE", "m.room.message", { msgtype: "m.text", body: `jit add ${EVA} "Eva" liaison BE` }, [])) as Record<string, unknown>);
    await world.say(LUIS, delivery, "STOP");
    await world.clock.pass(3_000);
    assert.equal(world.reads(ANA, delivery).filter((shown) => shown.body.startsWith("CD-1 STOPPED")).length, 1);
  });
  it("lets a stop pass a stranger's invitation that takes long to decline", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const delivery = await draftDelivery(opened);
    const stuck = Promise.withResolvers<void>();
    world.gateway.leave = () => stuck.promise;
    await world.direct(EVA);
    await world.say(LUIS, delivery, "STOP");
    await world.clock.pass(3_000);
    const stopped = world.reads(ANA, delivery).filter((shown) => shown.body.startsWith("CD-1 STOPPED"));
    stuck.resolve();
    assert.equal(stopped.length, 1);
  });
  it("accepts an invitation in the end that it could not accept at once", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const join = world.gateway.join.bind(world.gateway);
    world.gateway.join = async () => { throw unreachable(); };
    const room = await world.direct(LUIS);
    world.gateway.join = join;
    await world.say(ANA, opened.ana, "task list");
    assert.equal((world.server.membership(room, BOT) as { membership: string }).membership, "join");
  });
  it("accepts an invitation after a restart that came just before the end", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    world.gateway.join = async () => { throw unreachable(); };
    const room = await world.direct(LUIS);
    await world.stop();
    await world.start();
    await world.clock.pass(3_000);
    assert.equal((world.server.membership(room, BOT) as { membership: string }).membership, "join");
  });
  it("hears all other rooms although the server refuses to tell what it left out of one", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const sync = world.gateway.sync.bind(world.gateway);
    world.gateway.sync = async (since, timeout) => {
      const answer = await sync(since, timeout);
      return { ...answer, joined: answer.joined.map((room) => (room.room === opened.ana ? { ...room, limited: true, prevBatch: "before" } : room)) };
    };
    world.gateway.messages = async () => { throw Object.assign(new Error("homeserver: refused, status 403"), { kind: "refused", status: 403 }); };
    // The call that is under way is answered as ever; the next one is not.
    await world.say(ANA, opened.coordination, "hello");
    await world.say(ANA, opened.ana, "hello");
    await world.say(ANA, opened.coordination, "!task add Once tomorrow 18:00");
    assert.equal(world.reads(LUIS).filter((shown) => shown.body.startsWith("T-1 Once")).length, 1);
    assert.ok((await world.notes()).includes("gap-unreadable"));
  });
  it("signs a checkpoint once, however often it has to be sent", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const signed = async (): Promise<number> => (await world?.notes() ?? []).filter((what) => what === "checkpoint").length;
    const before = await signed();
    const encrypt = world.crypto.encrypt.bind(world.crypto);
    await world.clock.pass(23 * 3_600_000);
    world.crypto.encrypt = async () => { throw unreachable(); };
    await world.clock.pass(2 * 3_600_000);
    world.crypto.encrypt = encrypt;
    await world.clock.pass(60_000);
    assert.equal((await signed()) - before, 1);
  });
  it("makes a room although the server had no time for it at first", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const create = world.gateway.createRoom.bind(world.gateway);
    let busy = 5;
    world.gateway.createRoom = async (spec) => {
      busy -= 1;
      if (busy >= 0) throw Object.assign(new Error("homeserver: rate-limited"), { kind: "rate-limited", status: 429, wait: 30_000 });
      return create(spec);
    };
    await world.say(ANA, opened.ana, "cd new route Cartagena CO > Vigo ES mode clean seal 0774471 from tomorrow 04:00 Bogotá to 12 dec 20:00 Madrid");
    await world.clock.pass(600_000);
    assert.ok(world.room("· 1"));
  });

  it("lets the next message pass one that cannot be sent", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const encrypt = world.crypto.encrypt.bind(world.crypto);
    world.crypto.encrypt = async (room, to, type, content) => {
      if (String(content["body"]).startsWith("T-1 Never")) throw new Error("an event that cannot be sent encrypted");
      return encrypt(room, to, type, content);
    };
    await world.say(ANA, opened.coordination, "!task add Never tomorrow 18:00");
    await world.say(ANA, opened.coordination, "!task add Next tomorrow 18:00");
    await world.clock.pass(30_000);
    assert.equal(world.reads(LUIS).filter((shown) => shown.body.startsWith("T-2 Next")).length, 1);
    world.crypto.encrypt = encrypt;
    await world.clock.pass(600_000);
    assert.equal(world.reads(LUIS).filter((shown) => shown.body.startsWith("T-1 Never")).length, 1, "it is not given up");
  });
  it("hears what was said in a room that it died before binding", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    world.change({ commit: (batch) => { if ((batch.rows ?? []).some((row) => row.event.type === "room.bound")) throw new Error("the process dies here"); } });
    await world.say(ANA, opened.ana, "cd new route Cartagena CO > Vigo ES mode clean seal 0774471 from tomorrow 04:00 Bogotá to 12 dec 20:00 Madrid");
    await world.stop();
    const delivery = world.room("· 1");
    await world.join(LUIS);
    await world.say(LUIS, delivery, "STOP");
    await world.start();
    await world.clock.pass(5_000);
    await world.say(ANA, opened.coordination, "hello");
    await world.clock.pass(5_000);
    assert.equal(world.reads(ANA, opened.ana).filter((shown) => shown.body.startsWith("CD-1 STOPPED")).length, 1);
  });
});
