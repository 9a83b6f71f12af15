import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { closeCase, closeNeeds, confirmClose } from "../src/domain/case-close.ts";

/** Ends the case before its agreement does, with the consent of an administrator of another state. */
export const jitClose = command({
  name: "jit close",
  params: z.object({}),
  scope: "case",
  weight: "binding",
  rooms: ["workspace", "direct"],
  when: ["open"],
  needs: ["administrator"],
  audience: "author",
  examples: ["jit close"],
  confirms: (scope) => confirmClose(scope),
  alsoNeeds: (scope, _params, ctx) => closeNeeds(scope, ctx),
  decide: (scope, _params, ctx) => closeCase(scope, ctx),
});
