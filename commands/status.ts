import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { tellStatus } from "../src/domain/status.ts";

/** How the bot is, on one screen, what is wrong first. */
export const status = command({
  name: "status",
  params: z.object({}),
  scope: "person",
  weight: "read",
  rooms: ["workspace", "direct"],
  when: [],
  needs: ["owner", "administrator"],
  audience: "author",
  examples: ["status"],
  answer: (_scope, _params, ctx, asked) => tellStatus(asked.status(ctx.author.user), ctx.author.person.zone),
});
