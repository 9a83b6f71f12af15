import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { RoomId, UserId } from "../../src/domain/ids.ts";
import { ANA, LUIS } from "../domain/builders-core.ts";
import { settled } from "../support/model.ts";
import type { Opened, World } from "./harness.ts";
import { EVA, anOpenCase, draftDelivery } from "./harness.ts";

const MINUTE = 60_000;

describe("a message that cannot be read", () => {
  let opened: Opened;
  let world: World;
  beforeEach(async () => {
    opened = await anOpenCase();
    world = opened.world;
    await world.clock.pass(10 * MINUTE);
  });
  afterEach(async () => {
    await world.end();
  });
  const told = (user: UserId, room?: RoomId): string[] => world.reads(user, room).map((shown) => shown.body).filter((body) => body.includes("I cannot read"));

  it("is kept, and carried out late when its key comes", async () => {
    world.crypto.keyless.set(`${LUIS} PHONE`, "no-key");
    await world.say(LUIS, opened.coordination, "!task add Get the waybill tomorrow 18:00");
    await world.say(ANA, opened.coordination, "!task add Call the port tomorrow 18:00");
    assert.equal(world.reads(ANA).filter((shown) => shown.body.startsWith("T-1 Call the port")).length, 1, "it held up others");
    world.crypto.keyless.clear();
    await world.clock.pass(5 * MINUTE);
    await world.say(ANA, opened.coordination, "we talk");
    assert.equal(world.reads(LUIS).filter((shown) => shown.body.startsWith("T-2 Get the waybill") && shown.body.includes("arrived")).length, 1);
    assert.equal((await world.journal.inbox()).length, 0);
  });
  it("has its sender told in the room what to do, once for several, and not again within the hour", async () => {
    world.crypto.keyless.set(`${LUIS} PHONE`, "no-key");
    for (const text of ["one", "two", "three"]) await world.say(LUIS, opened.coordination, `!task add ${text}`);
    await world.clock.pass(MINUTE);
    assert.equal(told(LUIS).length, 0, "its key may still come");
    await world.clock.pass(2 * MINUTE);
    assert.deepEqual(told(LUIS, opened.coordination).length, 1);
    assert.match(told(LUIS)[0] ?? "", /^CO-1: I cannot read 3 messages of yours \(since Tue 24 Nov .*\)\. Nothing in them has counted, a stop neither\.\nOpen the app/);
    await world.say(LUIS, opened.coordination, "!task add four");
    await world.clock.pass(30 * MINUTE);
    assert.equal(told(LUIS).length, 1);
    await world.clock.pass(40 * MINUTE);
    assert.equal(told(LUIS).length, 2);
  });
  it("whose key is refused is explained so", async () => {
    world.crypto.keyless.set(`${LUIS} NEW`, "withheld");
    await world.say(LUIS, opened.coordination, "!task list", "NEW");
    await world.clock.pass(3 * MINUTE);
    assert.match(told(LUIS)[0] ?? "", /Your app refuses me the key/);
  });
  it("is spoken of in the direct chat where somebody is in the room who may not know", async () => {
    world.server.add(opened.coordination, EVA, "m.room.member", { membership: "join" }, EVA);
    world.gateway.remove = async () => undefined;
    world.crypto.keyless.set(`${LUIS} PHONE`, "no-key");
    await world.say(LUIS, opened.coordination, "!task list");
    await world.clock.pass(3 * MINUTE);
    assert.deepEqual([told(LUIS, opened.coordination).length, told(LUIS).length], [0, 1]);
  });
  it("of one person takes no place from another's stop, however many there are, and the owners are told", async () => {
    const delivery = await draftDelivery(opened);
    world.crypto.keyless.set(`${LUIS} PHONE`, "no-key");
    world.crypto.keyless.set(`${ANA} PHONE`, "no-key");
    await world.say(ANA, delivery, "stop they saw us");
    for (let n = 0; n < 1_050; n += 1) {
      world.server.add(opened.coordination, LUIS, "m.room.encrypted", JSON.parse(world.server.seal(LUIS, "PHONE", "m.room.message", { msgtype: "m.text", body: "!task list" }, [])) as Record<string, unknown>);
    }
    await settled();
    await world.clock.pass(1_000);
    assert.ok((await world.journal.inbox()).length <= 1_000);
    assert.ok((await world.notes()).includes("waiting-full"));
    world.crypto.keyless.delete(`${ANA} PHONE`);
    await world.clock.pass(15 * MINUTE);
    for (let n = 0; n < 12; n += 1) {
      world.server.add(opened.coordination, EVA, "m.room.topic", { topic: `${n}` }, "");
      await world.clock.pass(1_000);
    }
    assert.equal(world.reads(LUIS, delivery).filter((shown) => shown.body.startsWith("CD-1 STOPPED")).length, 1);
    assert.ok(world.reads(ANA).some((shown) => shown.body.startsWith("More than 1,000 messages wait")));
  });
  it("is given up on record after a week, and not before", async () => {
    world.crypto.keyless.set(`${LUIS} PHONE`, "no-key");
    await world.say(LUIS, opened.coordination, "!task list");
    await world.clock.pass(6 * 24 * 60 * MINUTE);
    assert.equal((await world.journal.inbox()).length, 1);
    await world.clock.pass(2 * 24 * 60 * MINUTE);
    assert.equal((await world.journal.inbox()).length, 0);
    assert.ok((await world.notes()).includes("undecryptable"));
  });
});
