import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { rotateKeys } from "../src/domain/case.ts";

/** Has all rooms of the case go on with new keys. */
export const jitRotate = command({
  name: "jit rotate",
  params: z.object({}),
  scope: "case",
  weight: "harmless",
  rooms: ["workspace", "direct"],
  when: ["open", "expired"],
  needs: ["administrator"],
  audience: "room",
  examples: ["jit rotate"],
  decide: (_scope, _params, ctx) => rotateKeys(ctx),
});
