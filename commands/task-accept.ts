import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { taskRef } from "../src/chat/params.ts";
import { acceptTask } from "../src/domain/task.ts";

/** Its owner says that they do a task. */
export const taskAccept = command({
  name: "task accept",
  params: z.object({ task: taskRef() }),
  scope: "case",
  weight: "harmless",
  rooms: ["workspace", "direct"],
  when: ["open"],
  needs: ["administrator", "authority", "member", "liaison"],
  audience: "room",
  examples: ["task accept T-12"],
  decide: (scope, { task }, ctx) => acceptTask(scope, task, ctx),
});
