/** What the simulation found: each as what happened to whom, on the model homeserver and the real journal. */
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import type { UserId } from "../../src/domain/ids.ts";
import { ANA, LUIS } from "../domain/builders-core.ts";
import type { Opened } from "./harness.ts";
import { anOpenCase, draftDelivery } from "./harness.ts";

const STRANGER = "@mallory:elsewhere.example" as UserId;

describe("what the simulation found", () => {
  const ends: (() => Promise<void>)[] = [];
  after(async () => {
    for (const end of ends) await end();
  });
  const opened = async (): Promise<Opened> => {
    const made = await anOpenCase();
    ends.push(() => made.world.end());
    return made;
  };

  it("lets go of a message whose room was given up while its key was on its way", async () => {
    const { world, ana } = await opened();
    const room = world.reads(LUIS).findLast((shown) => shown.readers.length === 1)?.room;
    assert.ok(room !== undefined);
    world.crypto.keyless.set(`${LUIS} PHONE`, "no-key");
    const event = await world.say(LUIS, room, "task list");
    // Somebody else is in Luis's direct chat: it cannot serve any more, and he gets another.
    world.server.add(room, STRANGER, "m.room.member", { membership: "join" }, STRANGER);
    for (let times = 0; times < 3; times += 1) {
      await world.clock.pass(20 * 60_000);
      await world.say(ANA, ana, "task list");
    }
    assert.deepEqual(world.bugs, []);
    assert.ok(!(await world.journal.inbox()).some((row) => row.event === event));
  });

  it("shows on the coordination room's board that a delivery has become ready", async () => {
    const { world, ana, coordination } = await opened();
    const made = await draftDelivery({ world, ana, coordination });
    assert.ok(made !== undefined);
    await world.say(ANA, ana, 'cd granted CD-1 paper "1/26"');
    await world.tap(ANA, /./);
    const own = world.reads(LUIS).findLast((shown) => shown.readers.length === 1)?.room;
    assert.ok(own !== undefined);
    await world.say(LUIS, own, 'cd granted CD-1 paper "2/26"');
    await world.tap(LUIS, /./);
    await world.clock.pass(5_000);
    const board = world.reads(ANA, coordination).at(-1)?.body ?? "";
    assert.match(board, /CD-1 · ready/);
  });
});
