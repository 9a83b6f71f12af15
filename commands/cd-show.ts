import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { deliveryRef } from "../src/chat/params.ts";
import { showDelivery } from "../src/domain/delivery.ts";

/** Shows where a delivery stands to somebody of its circle. */
export const cdShow = command({
  name: "cd show",
  short: "show",
  params: z.object({ delivery: deliveryRef() }),
  scope: "case",
  weight: "read",
  rooms: ["delivery", "direct"],
  when: ["open", "expired"],
  needs: ["administrator", "authority", "member"],
  audience: "room",
  examples: ["cd show CD-3"],
  answer: (scope, { delivery }, ctx) => showDelivery(scope, delivery, ctx),
});
