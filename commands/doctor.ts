import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { person } from "../src/chat/params.ts";

/** Every check of the bot with its cure; of a person: whether they can read, are there, and hear an alert. */
export const doctor = command({
  name: "doctor",
  params: z.object({ person: person().optional() }),
  scope: "person",
  weight: "read",
  rooms: ["workspace", "direct"],
  when: [],
  needs: ["owner", "administrator"],
  audience: "author",
  examples: ["doctor", "doctor @luis"],
  answer: (_scope, params, ctx, asked) => (params.person === undefined ? asked.doctor(ctx.author.user) : asked.doctorOf(ctx.author.user, params.person)),
});
