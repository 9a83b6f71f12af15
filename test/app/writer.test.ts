import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Instant } from "../../src/domain/ids.ts";
import type { Urgency } from "../../src/app/writer.ts";
import { Writer } from "../../src/app/writer.ts";
import { NOW } from "../domain/builders-core.ts";
import { HandClock } from "../support/clock.ts";

describe("the one writer", () => {
  it("takes a stop first, then P1, then what is said now, then what came late", async () => {
    const writer = new Writer(new HandClock(NOW));
    const done: Urgency[] = [];
    const say = (urgency: Urgency) => writer.do(urgency, async () => void done.push(urgency));
    await Promise.all([say("late"), say("live"), say("P1"), say("stop")]);
    assert.deepEqual(done, ["stop", "P1", "live", "late"]);
  });
  it("never has two jobs under way", async () => {
    const writer = new Writer(new HandClock(NOW));
    let under = 0;
    let most = 0;
    await Promise.all(Array.from({ length: 20 }, () => writer.do("live", async () => {
      under += 1;
      most = Math.max(most, under);
      await Promise.resolve();
      under -= 1;
    })));
    assert.equal(most, 1);
  });
  it("goes on after a job that throws, and tells only the one who gave it", async () => {
    const writer = new Writer(new HandClock(NOW));
    const bad = writer.do("live", () => Promise.reject(new Error("a bug")));
    const good = writer.do("live", () => Promise.resolve("done"));
    await assert.rejects(bad, /a bug/);
    assert.equal(await good, "done");
  });
  it("lets others have their turn when it has worked for longer than 25 ms, and not before", async () => {
    const clock = new HandClock(NOW);
    const writer = new Writer(clock);
    const done: number[] = [];
    const work = (number: number, ms: number) => writer.do("live", async () => {
      clock.moveTo((clock.now() + ms) as Instant);
      done.push(number);
    });
    for (const [number, ms] of [[1, 10], [2, 15], [3, 1], [4, 20], [5, 5]] as const) void work(number, ms);
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    // Exactly 25 ms are not too long; after the third there have been more.
    assert.deepEqual(done, [1, 2, 3]);
    clock.fireDue();
    await writer.idle();
    assert.deepEqual(done, [1, 2, 3, 4, 5]);
  });
  it("is idle only when the last job is over", async () => {
    const writer = new Writer(new HandClock(NOW));
    let over = false;
    void writer.do("late", async () => {
      await Promise.resolve();
      over = true;
    });
    await writer.idle();
    assert.equal(over, true);
  });
});
