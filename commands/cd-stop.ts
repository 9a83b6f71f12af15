import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { deliveryRef, text } from "../src/chat/params.ts";
import { MAX_REASON, stopDelivery } from "../src/domain/delivery-stop.ts";

/** Stops a delivery: one person of its circle, in any state of the delivery and of the case, without a question. */
export const cdStop = command({
  name: "cd stop",
  short: "stop",
  params: z.object({ delivery: deliveryRef(), reason: text({ max: MAX_REASON }).optional() }),
  scope: "case",
  weight: "stop",
  rooms: ["workspace", "delivery", "direct"],
  when: ["open", "expired"],
  needs: ["anyone"],
  audience: "room",
  examples: ["cd stop CD-3", "cd stop CD-3 we are burnt"],
  decide: (scope, { delivery, reason }, ctx) => stopDelivery(scope, delivery, reason, ctx),
});
