import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { due, person, text } from "../src/chat/params.ts";
import { TITLE_MAX, addTask } from "../src/domain/task.ts";

/** Gives somebody a task, with or without a moment by which it is due. */
export const taskAdd = command({
  name: "task add",
  params: z.object({ title: text({ max: TITLE_MAX }), owner: person().optional(), due: due().optional() }),
  scope: "case",
  weight: "harmless",
  rooms: ["workspace", "direct"],
  when: ["open"],
  needs: ["administrator", "authority", "member"],
  audience: "room",
  examples: ["task add Get the air waybill from the carrier @luis friday 18:00 Bogotá", "task add Call the port"],
  decide: (scope, params, ctx) => addTask(scope, params, ctx),
});
