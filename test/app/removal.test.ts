import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { UserId } from "../../src/domain/ids.ts";
import { ANA, LUIS } from "../domain/builders-core.ts";
import type { Opened, World } from "./harness.ts";
import { EVA, anOpenCase, draftDelivery } from "./harness.ts";

/** Eva is added for Colombia, and comes into her rooms. */
async function withEva({ world, ana }: Opened): Promise<void> {
  await world.say(ANA, ana, `jit add ${EVA} "Eva" member CO`);
  await world.tap(ANA, /^Confirm/);
  await world.clock.pass(3_000);
  await world.tap(LUIS, /^Approve/);
  await world.clock.pass(3_000);
  await world.join(EVA);
  await world.clock.pass(3_000);
}
const bodies = (world: World, user: UserId): string[] => world.reads(user).map((shown) => shown.body);

describe("somebody who is removed", () => {
  let world: World | undefined;
  afterEach(async () => {
    await world?.end();
    world = undefined;
  });

  it("is put out of the rooms, told so once, and reads nothing that is said afterwards", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    await withEva(opened);
    await world.say(ANA, opened.coordination, "!task add Before Eva went");
    await world.clock.pass(3_000);
    assert.ok(bodies(world, EVA).some((body) => body.includes("Before Eva went")));
    await world.say(ANA, opened.ana, "jit remove CO-2");
    await world.tap(ANA, /^Confirm/);
    await world.clock.pass(5_000);
    await world.say(ANA, opened.coordination, "!task add After Eva went");
    await world.clock.pass(5_000);
    assert.equal(bodies(world, EVA).filter((body) => body.startsWith("You are no longer in ")).length, 1);
    assert.equal(bodies(world, EVA).some((body) => body.includes("After Eva went")), false);
    assert.equal((world.server.membership(opened.coordination, EVA) as { membership?: string }).membership, "leave");
    assert.equal(bodies(world, LUIS).filter((body) => body.startsWith("CO-2 is no longer in the case. Removed by ES-1.")).length, 1);
  });
  it("can do nothing more in the case, and is told nothing of it", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    await withEva(opened);
    await world.say(ANA, opened.ana, "jit remove CO-2");
    await world.tap(ANA, /^Confirm/);
    await world.clock.pass(5_000);
    const direct = world.reads(EVA).at(-1)?.room;
    assert.ok(direct);
    await world.say(EVA, direct, "task list");
    await world.clock.pass(3_000);
    assert.match(bodies(world, EVA).at(-1) ?? "", /^Not done: you are in no open case\./);
  });
  it("stops nothing with a stop that comes only then, but the route is told that one was said, once", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    await withEva(opened);
    const delivery = await draftDelivery(opened);
    await world.say(ANA, opened.ana, "jit remove CO-2");
    await world.tap(ANA, /^Confirm/);
    await world.clock.pass(5_000);
    await world.say(EVA, delivery, "we wait at the gate");
    await world.say(EVA, delivery, "stop");
    await world.say(EVA, delivery, "stop they saw us");
    await world.clock.pass(3_000);
    for (const user of [ANA, LUIS]) assert.equal(bodies(world, user).filter((body) => /CD-1 · STOP, not proven whose\. Who can confirm\?/.test(body)).length, 1);
    assert.equal(bodies(world, ANA).some((body) => body.startsWith("CD-1 STOPPED")), false);
    assert.equal(bodies(world, EVA).some((body) => body.includes("STOP")), false);
    assert.deepEqual(world.bugs, []);
  });
  it("gets nothing of the case that had been decided and could not be sent yet", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    await withEva(opened);
    const direct = world.reads(EVA).find((shown) => shown.body.startsWith("You are CO-2"))?.room;
    assert.ok(direct);
    const send = world.gateway.send.bind(world.gateway);
    let held = true;
    world.gateway.send = async (room, ...rest) => {
      if (held && room === direct) throw Object.assign(new Error("homeserver: unreachable"), { kind: "unreachable" });
      return send(room, ...rest);
    };
    await world.say(ANA, opened.ana, "task add Call Eva @CO-2 tomorrow 10:00 Bogotá");
    await world.say(ANA, opened.ana, "task add Another one for Eva CO-2 tomorrow 11:00 Bogotá");
    await world.clock.pass(1_000);
    await world.say(ANA, opened.ana, "jit remove CO-2");
    await world.tap(ANA, /^Confirm/);
    await world.clock.pass(2_000);
    held = false;
    await world.clock.pass(700_000);
    assert.equal(world.reads(EVA, direct).some((shown) => /Call Eva|Another one/.test(shown.body)), false);
    assert.equal(bodies(world, EVA).filter((body) => body.startsWith("You are no longer in ")).length, 1);
  });
});
