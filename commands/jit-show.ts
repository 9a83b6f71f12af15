import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { showCase } from "../src/domain/case-show.ts";

/** Shows agreement, period, people and rooms of the case; to its author alone, because not every room may know all of it. */
export const jitShow = command({
  name: "jit show",
  params: z.object({}),
  scope: "case",
  weight: "read",
  rooms: ["workspace", "direct"],
  when: ["open", "expired"],
  needs: ["administrator", "authority", "member"],
  audience: "author",
  examples: ["jit show"],
  answer: (scope, _params, ctx) => showCase(scope, ctx),
});
