import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { choice, keyword, person, text } from "../src/chat/params.ts";
import { MAX_ALERT_TEXT, raiseByHand } from "../src/domain/alert.ts";

/** Alerts a person by name; a P1 also asks the administrators. */
export const alertRaise = command({
  name: "alert raise",
  params: z.object({
    priority: choice({ P1: { en: ["P1"], es: ["P1"] }, P2: { en: ["P2"], es: ["P2"] }, P3: { en: ["P3"], es: ["P3"] }, P4: { en: ["P4"], es: ["P4"] } }),
    to: keyword("to", person()),
    text: text({ max: MAX_ALERT_TEXT }),
  }),
  scope: "case",
  weight: "harmless",
  rooms: ["workspace", "direct"],
  when: ["open"],
  needs: ["administrator", "authority", "member"],
  audience: "room",
  examples: ["alert raise P2 to @dakar the vessel has changed its port of call"],
  decide: (scope, params, ctx) => raiseByHand(scope, params, ctx),
});
