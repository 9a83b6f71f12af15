import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { person } from "../src/chat/params.ts";
import { confirmRemoval, removalNeeds, removeMember } from "../src/domain/roster.ts";

/** Takes somebody out of the case, with the consent of another state if they administer it. */
export const jitRemove = command({
  name: "jit remove",
  params: z.object({ member: person() }),
  scope: "case",
  weight: "binding",
  rooms: ["workspace", "direct"],
  when: ["open", "expired"],
  needs: ["administrator"],
  audience: "author",
  examples: ["jit remove @luis"],
  confirms: (scope, params) => confirmRemoval(scope, params),
  alsoNeeds: (scope, params, ctx) => removalNeeds(scope, params, ctx),
  decide: (scope, params, ctx) => removeMember(scope, params, ctx),
});
