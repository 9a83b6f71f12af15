import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { fixed } from "../src/chat/fixed.ts";
import { wakeTest } from "../src/domain/wake-test.ts";

/** Rings its author's phone after a moment, to see whether it wakes them; the answer comes by a tap. */
export const meTest = command({
  name: "me test",
  params: z.object({ answer: fixed(z.enum(["heard", "silent"])).optional() }),
  scope: "person",
  weight: "harmless",
  rooms: ["direct"],
  when: [],
  needs: ["anyone"],
  audience: "author",
  neverLate: true,
  examples: ["me test"],
  decide: (scope, { answer }, ctx) => wakeTest(scope, answer, ctx),
});
