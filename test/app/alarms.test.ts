import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { RoomId, UserId } from "../../src/domain/ids.ts";
import { ANA, LUIS } from "../domain/builders-core.ts";
import { anOpenCase, type Opened, type World } from "./harness.ts";

const EVE = "@eve:x.example" as UserId;
const CARLA = "@carla:x.example" as UserId;

let opened: Opened | undefined;

describe("a room whose repairs are undone", () => {
  afterEach(() => opened?.world.end());

  it("is reported to each administrator once for each person who comes in again and again", async () => {
    const { world, coordination } = (opened = await anOpenCase());
    for (const [count, who] of [EVE, CARLA].entries()) {
      await comesInAgain(world, coordination, who, 6);
      for (const admin of [ANA, LUIS]) assert.equal(reports(world, admin), count + 1, `${admin} after ${who}`);
    }
    assert.equal((await world.notes()).filter((what) => what === "repair-undone").length, 2);
    // The same person once more within the hour is nothing new.
    await comesInAgain(world, coordination, EVE, 3);
    assert.equal(reports(world, LUIS), 2);
  });
});

async function comesInAgain(world: World, room: RoomId, who: UserId, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    world.server.add(room, who, "m.room.member", { membership: "join" }, who);
    await world.clock.pass(2_000);
  }
}
function reports(world: World, who: UserId): number {
  return world.reads(who).filter(({ body }) => /undoes a repair again and again/.test(body)).length;
}
