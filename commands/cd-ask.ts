import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { country, deliveryRef } from "../src/chat/params.ts";
import { askCountry } from "../src/domain/delivery-grants.ts";

/** Asks a country on the route to grant; its authorities and administrators are told, each alone. */
export const cdAsk = command({
  name: "cd ask",
  params: z.object({ delivery: deliveryRef(), country: country() }),
  scope: "case",
  weight: "harmless",
  rooms: ["delivery", "direct"],
  when: ["open"],
  needs: ["administrator", "authority", "member"],
  audience: "room",
  examples: ["cd ask CD-3 BE"],
  decide: (scope, params, ctx) => askCountry(scope, params, ctx),
});
