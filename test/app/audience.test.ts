import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { ANA, LUIS } from "../domain/builders-core.ts";
import type { World } from "./harness.ts";
import { anOpenCase, draftDelivery } from "./harness.ts";

describe("what the app answers", () => {
  let world: World | undefined;
  afterEach(async () => {
    await world?.end();
    world = undefined;
  });

  it("stands in the direct chat when a code is typed in a room where others read", async () => {
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
    assert.equal(world.reads(ANA, opened.ana).filter((shown) => shown.body.startsWith("Spain has granted CD-1")).length, 1);
  });
  it("stands in the direct chat when somebody's client spoke in the space, which is not encrypted", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const space = world.server.after(0).find((each) => each.event.type === "m.space.child")?.room;
    assert.ok(space);
    await world.say(LUIS, space, "!task add ask the port");
    await world.clock.pass(3_000);
    assert.ok(world.reads(LUIS).some((shown) => shown.room !== space && shown.body.includes("T-1")));
    assert.deepEqual(await world.journal.outbox(), []);
  });
  it("tells nothing of one delivery in the room of another", async () => {
    const opened = await anOpenCase({}, "ES,CO,CV");
    world = opened.world;
    const first = await draftDelivery(opened);
    // The second delivery does not touch Colombia: Luis must not learn of it.
    await world.say(ANA, opened.ana, "cd new route Praia CV > Vigo ES mode clean seal 0774472 from tomorrow 04:00 Praia to 12 dec 20:00 Madrid");
    await world.clock.pass(3_000);
    const before = world.reads(LUIS, first).length;
    await world.say(ANA, first, "cd show CD-2");
    await world.say(ANA, first, "cd ask CD-2 ES");
    await world.say(ANA, first, "cd contact CD-2 well");
    await world.clock.pass(3_000);
    assert.deepEqual(world.reads(LUIS, first).slice(before).map((shown) => shown.body), []);
    assert.ok(world.reads(ANA, opened.ana).some((shown) => shown.body.includes("CD-2")));
  });
});
