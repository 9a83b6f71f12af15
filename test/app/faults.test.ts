import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { ANA, LUIS } from "../domain/builders-core.ts";
import type { World } from "./harness.ts";
import { anOpenCase, draftDelivery } from "./harness.ts";

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
});
