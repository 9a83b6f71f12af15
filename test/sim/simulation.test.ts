/** Many seeds, on every core: the promises hold whatever happens. Prints how fast it went and what was reached; a seed that fails is told as a story. */
import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { loadRegistry } from "../../src/chat/registry.ts";
import { beginnings } from "./beginnings.ts";
import { reported } from "./report.ts";
import { run } from "./run.ts";
import { inThreads } from "./seeds.ts";

const SEEDS = 1_000;
const STEPS = 200;
/** A slower machine runs as many seeds as it can in this time, in milliseconds, and says so. */
const WITHIN = 90_000;
/** Fewer than this prove nothing, however slow the machine is. */
const LEAST = 30;

describe("the simulation", () => {
  it(`keeps every promise in ${SEEDS} runs of ${STEPS} steps`, async (test) => {
    const ran = await inThreads({ first: 1, count: SEEDS, steps: STEPS, shrink: 20_000, within: WITHIN }, Math.min(2, availableParallelism()));
    const { lines, failures, seeds, reachedShare } = reported(ran, STEPS, await loadRegistry(fileURLToPath(new URL("../../commands/", import.meta.url))));
    for (const line of lines.filter((each) => !each.includes("·") || each.includes("NEVER"))) test.diagnostic(line);
    if (seeds < SEEDS) test.diagnostic(`this machine ran ${seeds} of ${SEEDS} seeds in ${WITHIN / 1000} s`);
    assert.equal(failures, 0, `${failures} seeds failed; their stories stand above`);
    assert.ok(seeds >= LEAST, `only ${seeds} seeds in ${WITHIN / 1000} s`);
    // Of fewer seeds less is reached.
    if (seeds === SEEDS) assert.ok(reachedShare >= 0.95, `only ${Math.round(100 * reachedShare)} % of the pairs of state and command were reached`);
  });
  it("takes the same seed the same way each time", async () => {
    const all = await beginnings();
    for (const seed of [3, 5, 8]) {
      const [one, other] = [await run({ seed, steps: STEPS, beginnings: all }), await run({ seed, steps: STEPS, beginnings: all })];
      assert.deepEqual(other.story, one.story);
      assert.deepEqual(other.trace(), one.trace());
      assert.ok(one.trace().length > 5);
    }
  });
});
