import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { choice, deliveryRef, keyword, seal } from "../src/chat/params.ts";
import { give, giveToConfirm } from "../src/domain/delivery-hand-over.ts";

/** Offers the watch to the next leg with the seal as the giver reads it; only in a direct chat, because the taker must not see the number. */
export const cdGive = command({
  name: "cd give",
  short: "give",
  params: z.object({
    delivery: deliveryRef(),
    seal: keyword("seal", seal()),
    condition: choice({ intact: { en: ["intact"], es: ["intacto"] }, broken: { en: ["broken"], es: ["roto"] } }),
  }),
  scope: "case",
  weight: "binding",
  rooms: ["direct"],
  when: ["open"],
  needs: ["administrator", "authority", "member"],
  audience: "author",
  examples: ["cd give CD-3 seal 0774471 intact"],
  confirms: (scope, params) => giveToConfirm(scope, params),
  decide: (scope, params, ctx) => give(scope, params, ctx),
});
