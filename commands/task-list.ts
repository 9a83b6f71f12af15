import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { listTasks } from "../src/domain/task-list.ts";

/** Shows the open tasks of the case; to its author alone, because a liaison may read the room it was typed in. */
export const taskList = command({
  name: "task list",
  params: z.object({}),
  scope: "case",
  weight: "read",
  rooms: ["workspace", "direct"],
  when: ["open", "expired"],
  needs: ["administrator", "authority", "member"],
  audience: "author",
  examples: ["task list"],
  answer: (scope, _params, ctx) => listTasks(scope, ctx),
});
