import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { person, text } from "../src/chat/params.ts";
import { NOTE_MAX, phoneLost as cutOff } from "../src/domain/phone-lost.ts";

/** Cuts off all devices of a colleague at once, whoever reports it: what a thief reads meanwhile cannot be taken back, being cut off can. */
export const phoneLost = command({
  name: "phone lost",
  params: z.object({ person: person(), note: text({ max: NOTE_MAX }).optional() }),
  scope: "case",
  weight: "stop",
  rooms: ["workspace", "delivery", "direct"],
  when: ["open", "expired"],
  needs: ["anyone"],
  audience: "room",
  examples: ["phone lost @luis", "phone lost @luis stolen at the port"],
  decide: (scope, params, ctx) => cutOff(scope, params.person, params.note, ctx),
});
