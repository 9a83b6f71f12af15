import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { taskRef, text } from "../src/chat/params.ts";
import { NOTE_MAX, finishTask } from "../src/domain/task.ts";

/** Its owner or an administrator says that a task is done; also after the agreement's end. */
export const taskDone = command({
  name: "task done",
  params: z.object({ task: taskRef(), note: text({ max: NOTE_MAX }).optional() }),
  scope: "case",
  weight: "harmless",
  rooms: ["workspace", "delivery", "direct"],
  when: ["open", "expired"],
  needs: ["administrator", "authority", "member", "liaison"],
  audience: "room",
  examples: ["task done T-12", "task done T-12 copy received"],
  decide: (scope, { task, note }, ctx) => finishTask(scope, task, note, ctx),
});
