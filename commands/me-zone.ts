import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { zone } from "../src/chat/params.ts";
import { setZone } from "../src/domain/person.ts";

/** Sets the zone in which its author's dates are read and shown. */
export const meZone = command({
  name: "me zone",
  params: z.object({ zone: zone() }),
  scope: "person",
  weight: "harmless",
  rooms: ["workspace", "direct"],
  when: [],
  needs: ["anyone"],
  audience: "author",
  examples: ["me zone America/Bogota"],
  decide: (_scope, params, ctx) => setZone(params.zone, ctx),
});
