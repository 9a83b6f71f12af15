import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { fixed } from "../src/chat/fixed.ts";
import { fingerprint, person } from "../src/chat/params.ts";
import type { MasterKey } from "../src/domain/ids.ts";
import { confirmConfirm, confirmInPerson, prepareConfirm } from "../src/domain/confirm-identity.ts";
import { memberCalled } from "../src/domain/state.ts";

/** Records that a confirmed administrator has compared somebody's identity with them; from then on the bot's own engine refuses another. */
export const jitConfirm = command({
  name: "jit confirm",
  params: z.object({
    person: person(),
    fingerprint: fingerprint().optional(),
    masterKey: fixed(z.custom<MasterKey>((value) => typeof value === "string" && value.length <= 64)).optional(),
  }),
  scope: "case",
  weight: "binding",
  rooms: ["workspace", "direct"],
  when: ["open", "expired"],
  needs: ["administrator"],
  audience: "author",
  examples: ["jit confirm @luis", "jit confirm @luis kR3x 8mQa Zt2L p0Vd"],
  identities: (scope, params) => [memberCalled(scope, params.person)?.user].filter((user) => user !== undefined),
  prepare: (scope, params, ctx) => prepareConfirm(scope, params, ctx),
  confirms: (scope, params) => confirmConfirm(scope, params),
  decide: (scope, params, ctx) => confirmInPerson(scope, params, ctx),
});
