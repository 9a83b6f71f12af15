import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { deliveryRef, due, instantPast, keyword, text } from "../src/chat/params.ts";
import { MAX_PAPER, grantToConfirm, recordGrant } from "../src/domain/delivery-grants.ts";

/** Records the grant of the author's own country: on which paper, or given when by word of mouth, and until when. */
export const cdGranted = command({
  name: "cd granted",
  short: "granted",
  params: z.object({
    delivery: deliveryRef(),
    paper: keyword("paper", text({ max: MAX_PAPER })).optional(),
    oral: keyword("oral", instantPast()).optional(),
    until: keyword("until", due()).optional(),
  }),
  scope: "case",
  weight: "binding",
  rooms: ["delivery", "direct"],
  when: ["open"],
  needs: ["administrator", "authority"],
  audience: "room",
  examples: ["cd granted CD-3 paper despacho 123/26 until 16 dec 23:59", "cd granted CD-3 oral yesterday 11:40"],
  confirms: (scope, params, ctx) => grantToConfirm(scope, params, ctx),
  decide: (scope, params, ctx) => recordGrant(scope, params, ctx),
});
