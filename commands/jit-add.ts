import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { fixed } from "../src/chat/fixed.ts";
import { country, fingerprint, role, text, userId } from "../src/chat/params.ts";
import type { MasterKey } from "../src/domain/ids.ts";
import { NAME_MAX, addMember, confirmMember, prepareMember, secondAdministrators } from "../src/domain/roster.ts";

/** Takes somebody into the case, with the consent of an administrator of another state. */
export const jitAdd = command({
  name: "jit add",
  params: z.object({
    user: userId(),
    name: text({ max: NAME_MAX }),
    role: role(),
    country: country(),
    fingerprint: fingerprint().optional(),
    masterKey: fixed(z.custom<MasterKey>((value) => typeof value === "string" && value.length <= 64)).optional(),
  }),
  scope: "case",
  weight: "binding",
  rooms: ["workspace", "direct"],
  when: ["open"],
  needs: ["administrator"],
  audience: "room",
  examples: ['jit add @nuno:pj.example "Nuno P." member PT', 'jit add @nuno:pj.example "Nuno P." member PT kR3x 8mQa Zt2L p0Vd'],
  prepare: (scope, params, ctx) => prepareMember(scope, params, ctx),
  confirms: (scope, params) => confirmMember(scope, params),
  alsoNeeds: (scope, _params, ctx) => secondAdministrators(scope, ctx),
  decide: (scope, params, ctx) => addMember(scope, params, ctx),
});
