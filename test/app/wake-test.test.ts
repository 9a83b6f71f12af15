import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { UserId } from "../../src/domain/ids.ts";
import { ANA, LUIS, MINUTE } from "../domain/builders-core.ts";
import type { World } from "./harness.ts";
import { anOpenCase } from "./harness.ts";

describe("me test", () => {
  let world: World | undefined;
  afterEach(async () => {
    await world?.end();
    world = undefined;
  });
  const bodies = (user: UserId): string[] => world?.reads(user).map((shown) => shown.body) ?? [];

  it("rings the phone with a mention, takes the tap, and shows it to an administrator", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const luis = await world.direct(LUIS);
    await world.say(LUIS, luis, "me test");
    assert.match(bodies(LUIS).at(-1) ?? "", /^Lock your phone and put it down\. I ring in 30 s\./);
    const before = world.reads(LUIS).length;
    await world.clock.pass(31_000);
    const [stub] = world.reads(LUIS).slice(before).filter((shown) => shown.type === "m.room.message" && shown.content["msgtype"] === "m.text");
    assert.equal(stub?.body, "Relevo · test: does your phone ring?");
    assert.deepEqual(stub?.content["m.mentions"], { user_ids: [LUIS] });
    await world.clock.pass(9_000);
    await world.tap(LUIS, /^I heard it/);
    assert.equal(bodies(LUIS).filter((body) => /^Your phone rang, and you answered after \d+ s/.test(body)).length, 1);
    await world.say(ANA, opened.ana, "doctor CO-1");
    assert.match(bodies(ANA).at(-1) ?? "", /✓ Wake test Tue 24 Nov 13:\d\d Madrid: the phone rang, answered after \d+ seconds\./);
  });
  it("says after five minutes without an answer what to look at on each kind of phone, also after a restart", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    await world.say(ANA, opened.ana, "me test");
    await world.clock.pass(31_000);
    await world.stop();
    await world.start();
    await world.clock.pass(6 * MINUTE);
    assert.match(bodies(ANA).find((body) => body.startsWith("Not heard")) ?? "", /^Not heard: no answer within 5 min\.[^]*Android[^]*iPhone[^]*me test$/);
    await assert.doesNotReject(world.tap(ANA, /^I heard it/));
    assert.match(bodies(ANA).at(-1) ?? "", /^Came too late/);
    await world.say(LUIS, await world.direct(LUIS), "doctor ES-1");
    assert.match(bodies(LUIS).at(-1) ?? "", /✖ WRONG: Wake test .*NOT HEARD/);
  });
  it("takes 'it did not ring' for what it is", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    await world.say(ANA, opened.ana, "me test");
    await world.clock.pass(31_000);
    await world.tap(ANA, /^It did not ring/);
    assert.equal(bodies(ANA).filter((body) => body.startsWith("It arrived and did not ring.")).length, 1);
  });
});
