/** A short run of `npm run kills`, which kills 500 times. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { playRandomKills } from "./random-kills.ts";

describe("a bot that is killed at random instants while people type", () => {
  it("loses nothing, doubles nothing and says nothing in clear", async () => {
    const { commands } = await playRandomKills({ kills: 8, people: 4, seed: 20_261_124 });
    assert.ok(commands >= 8, `only ${commands} commands were answered`);
  });
});
