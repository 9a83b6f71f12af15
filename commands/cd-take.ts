import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { choice, deliveryRef, seal } from "../src/chat/params.ts";
import { take, takeToConfirm } from "../src/domain/delivery-hand-over.ts";

/** Takes the watch with the seal as the taker reads it; the words come before the number, because a seal may look like any word. */
export const cdTake = command({
  name: "cd take",
  short: "take",
  params: z.object({
    delivery: deliveryRef(),
    instead: choice({ illegible: { en: ["illegible", "other"], es: ["ilegible", "otro"] }, misread: { en: ["misread"], es: ["leí mal"] } }).optional(),
    seal: seal().optional(),
  }),
  scope: "case",
  weight: "binding",
  rooms: ["direct"],
  when: ["open"],
  needs: ["administrator", "authority", "member"],
  audience: "author",
  examples: ["cd take CD-3 0774471", "cd take CD-3 illegible"],
  confirms: (scope, params) => takeToConfirm(scope, params),
  decide: (scope, params, ctx) => take(scope, params, ctx),
});
