import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fuzz } from "./fuzzing.ts";

/** What must have been met at least once, or it was no test: each of these is another way through the app. */
const MET = ["malformed", "clear_ignored", "foreign", "late", "gaps", "commands_done", "commands_refused", "invitations_declined", "room_steps"] as const;

describe("mutated answers of a homeserver", () => {
  it("make nothing throw, hang or count as a fault of the program, and a command after them is answered", async () => {
    const { counts } = await fuzz({ answers: 400, seed: 26 });
    for (const name of MET) assert.ok((counts[name] ?? 0) > 0, `${name} was not met`);
    assert.equal(counts["commands_failed"], 0);
  });
});
