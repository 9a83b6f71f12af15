import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { ANA, LUIS } from "../domain/builders-core.ts";
import { settled } from "../support/model.ts";
import type { World } from "./harness.ts";
import { EVA, anOpenCase, draftDelivery } from "./harness.ts";
import type { UserId } from "../../src/domain/ids.ts";

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

  it("1b alert by hand, keys cannot be asked", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const masterKey = world.crypto.masterKey.bind(world.crypto);
    world.crypto.masterKey = async () => { throw unreachable(); };
    await world.say(ANA, opened.ana, `jit add ${EVA} "Eva" liaison BE`);
    world.crypto.masterKey = masterKey;
    await world.clock.pass(3_000);
    assert.match(world.reads(ANA).at(-1)?.body ?? "", /could not/);
  });
  it("2 answers a code typed in a workspace room only in the direct chat", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    await draftDelivery(opened);
    await world.say(ANA, opened.ana, "cd granted CD-1 paper auto 1/26");
    await world.clock.pass(3_000);
    const code = /yes ([0-9A-Z]{4})/.exec(world.reads(ANA).findLast((shown) => /yes [0-9A-Z]{4}/.test(shown.body))?.body ?? "")?.[1];
    assert.ok(code);
    const before = world.reads(ANA, opened.coordination).length;
    await world.say(ANA, opened.coordination, `!yes ${code}`);
    await world.clock.pass(3_000);
    assert.deepEqual(world.reads(ANA, opened.coordination).slice(before).map((shown) => shown.body), []);
  });
  it("4 does not count as contact what came out of an outage", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const delivery = await draftDelivery(opened);
    const sync = world.gateway.sync.bind(world.gateway);
    world.gateway.sync = async () => { throw unreachable(); };
    await world.say(ANA, delivery, "we wait at the gate");
    await world.clock.pass(5_000);
    await world.say(LUIS, delivery, "1");
    await world.clock.pass(600_000);
    world.gateway.sync = sync;
    await world.clock.pass(60_000);
    assert.equal(world.reads(ANA, delivery).filter((shown) => shown.body.startsWith("Arrived late")).length, 1);
  });
  it("6 stop not delayed by a stranger's invitation that the server takes long to decline", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const delivery = await draftDelivery(opened);
    world.gateway.leave = async () => new Promise(() => undefined);
    void world.direct(EVA);
    await settled();
    await world.say(LUIS, delivery, "STOP");
    await world.clock.pass(3_000);
    assert.equal(world.reads(ANA, delivery).filter((shown) => shown.body.startsWith("CD-1 STOPPED")).length, 1);
  });
  it("6b invitation whose join failed is accepted later", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const join = world.gateway.join.bind(world.gateway);
    world.gateway.join = async () => { throw unreachable(); };
    const room = await world.direct(LUIS);
    world.gateway.join = join;
    await world.say(ANA, opened.ana, "task list");
    await world.clock.pass(60_000);
    assert.equal((world.server.membership(room, "@relevo:bot.example" as UserId) as { membership?: string } | undefined)?.membership ?? "?", "join");
  });
  it("8 replay at once ends", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const wire = JSON.parse(world.server.seal(ANA, "PHONE", "m.room.message", { msgtype: "m.text", body: "!task add Once tomorrow 18:00" }, [])) as Record<string, unknown>;
    world.server.add(opened.coordination, ANA, "m.room.encrypted", wire);
    world.server.add(opened.coordination, ANA, "m.room.encrypted", wire);
    await world.clock.pass(5_000);
    assert.equal((await world.journal.inbox()).length, 0);
    assert.ok((await world.notes()).includes("replay-dropped"));
  });
  it("9 a room whose gap cannot be read does not stop the sync", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const sync = world.gateway.sync.bind(world.gateway);
    world.gateway.sync = async (since, timeout) => {
      const answer = await sync(since, timeout);
      return { ...answer, joined: answer.joined.map((room) => ({ ...room, limited: true, prevBatch: "x" })) };
    };
    world.gateway.messages = async () => { throw Object.assign(new Error("homeserver: refused"), { kind: "refused", status: 403 }); };
    await world.say(ANA, opened.ana, "task list");
    await world.clock.pass(60_000);
    await world.say(ANA, opened.coordination, "!task add Once tomorrow 18:00");
    await world.clock.pass(60_000);
    assert.equal(world.reads(LUIS).filter((shown) => shown.body.startsWith("T-1 Once")).length, 1);
  });
  it("10 checkpoint rows", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const before = (await world.notes()).filter((what) => what === "checkpoint").length;
    const encrypt = world.crypto.encrypt.bind(world.crypto);
    world.crypto.encrypt = async () => { throw unreachable(); };
    await world.clock.pass(25 * 3_600_000);
    world.crypto.encrypt = encrypt;
    await world.clock.pass(60_000);
    const after = (await world.notes()).filter((what) => what === "checkpoint").length;
    assert.equal(after - before, 1);
  });
});
