import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import fc from "fast-check";
import { spend } from "../../src/domain/quota.ts";
import type { Allowance } from "../../src/domain/quota.ts";
import type { Instant } from "../../src/domain/ids.ts";
import { ANA, LUIS } from "../domain/builders-core.ts";
import { settled } from "../support/model.ts";
import { MODEL_SETTINGS } from "./model-settings.ts";
import type { Opened, World } from "./harness.ts";
import { anOpenCase, draftDelivery } from "./harness.ts";

describe("the allowance of a person", () => {
  it("is never more than a minute's worth at once and one for each share of a minute that has passed, whatever the rhythm", () => {
    fc.assert(fc.property(fc.array(fc.nat(20_000), { maxLength: 200 }), fc.integer({ min: 1, max: 60 }), (waits, perMinute) => {
      let allowance: Allowance | undefined;
      let now = 0;
      let read = 0;
      for (const wait of waits) {
        now += wait;
        const { isAllowed, after } = spend(allowance, perMinute, false, now as Instant);
        allowance = after;
        if (isAllowed) read += 1;
      }
      assert.ok(read <= perMinute + (now / 60_000) * perMinute + 1e-6);
      assert.ok(read >= Math.min(waits.length, perMinute));
    }));
  });
});

describe("somebody who sends too much", () => {
  let opened: Opened;
  let world: World;
  const most = MODEL_SETTINGS.commandsPerMinute;
  beforeEach(async () => {
    opened = await anOpenCase();
    world = opened.world;
    await world.clock.pass(120_000);
  });
  afterEach(async () => {
    await world.end();
  });
  const said = (text: string | RegExp): number => world.reads(LUIS).filter((shown) => (typeof text === "string" ? shown.body.includes(text) : text.test(shown.body))).length;

  it("is told once, is heard again after a pause, and told how many were not read; others are heard all the time, and so is a stop", async () => {
    const delivery = await draftDelivery(opened);
    await world.say(ANA, opened.ana, `alert raise P2 ${LUIS} the port calls`);
    for (let n = 0; n < most + 20; n += 1) await world.say(LUIS, opened.coordination, `!task add Number ${n}`);
    assert.equal(said("Too fast"), 1);
    assert.equal(said(/^T-\d+ Number/), most);
    await world.say(ANA, opened.coordination, "!task add Of somebody else");
    assert.equal(said("Of somebody else"), 1);
    await world.tap(LUIS, /acknowledge/i);
    assert.equal(world.reads(ANA).filter((shown) => /acknowledged/i.test(shown.body) && shown.body.includes("CO-1")).length > 0, true, "an answer was too much");
    await world.say(LUIS, delivery, "stop they saw us");
    assert.equal(world.reads(ANA, delivery).filter((shown) => shown.body.startsWith("CD-1 STOPPED")).length, 1);
    await world.clock.pass(60_000);
    await world.say(LUIS, opened.coordination, "!task add After the pause");
    assert.equal(said(/After the pause[^]*Your 20 messages before this were not read as commands/), 1);
    assert.ok((await world.notes()).includes("over-quota"));
    assert.equal((await world.journal.inbox()).length, 0);
  });
  it("can have only so many things open, and a stop still counts", async () => {
    const delivery = await draftDelivery(opened);
    for (let n = 0; n <= MODEL_SETTINGS.openPerPerson; n += 1) {
      world.server.add(opened.coordination, LUIS, "m.room.encrypted", JSON.parse(world.server.seal(LUIS, "PHONE", "m.room.message", { msgtype: "m.text", body: `!task add Number ${n}` }, [])) as Record<string, unknown>);
      if (n % (most - 1) !== 0) continue;
      // Heard first: what is on its way while a minute passes comes late.
      await settled();
      await world.clock.pass(61_000);
    }
    await world.clock.pass(61_000);
    assert.equal(said("things open in this case"), 1);
    await world.say(LUIS, opened.coordination, "!task done T-1");
    await world.say(LUIS, opened.coordination, "!task add One more");
    assert.equal(said(/^T-\d+ One more/), 1);
    await world.say(LUIS, delivery, "stop");
    assert.equal(world.reads(ANA, delivery).filter((shown) => shown.body.startsWith("CD-1 STOPPED")).length, 1);
  });
});
