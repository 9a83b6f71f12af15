/** A few short runs of the simulation, as tests that mutants of queue, turn and outbox must not pass: `npm run mutate -- --files … --tests test/mutation/seeds.ts`. */
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import type { Beginning } from "../sim/beginnings.ts";
import { beginnings } from "../sim/beginnings.ts";
import { run } from "../sim/run.ts";

const SEEDS = 16;
const STEPS = 80;

describe("a short run keeps every promise", () => {
  let all: readonly Beginning[] = [];
  before(async () => { all = await beginnings(); });
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    it(`of seed ${seed}`, async () => {
      assert.equal((await run({ seed, steps: STEPS, beginnings: all })).broken, undefined);
    });
  }
});
