import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { fixed } from "../src/chat/fixed.ts";
import { person } from "../src/chat/params.ts";
import { seconds } from "../src/domain/access-seconds.ts";
import type { MasterKey } from "../src/domain/ids.ts";
import { memberCalled } from "../src/domain/state.ts";
import { confirmRestore, prepareRestore, restoreMember } from "../src/domain/suspension.ts";

/** Lets somebody back whose identity has changed, once two people have read the new one in person; it is pinned then. */
export const jitRestore = command({
  name: "jit restore",
  params: z.object({ person: person(), masterKey: fixed(z.custom<MasterKey>((value) => typeof value === "string" && value.length <= 64)).optional() }),
  scope: "case",
  weight: "binding",
  rooms: ["workspace", "direct"],
  when: ["open", "expired"],
  needs: ["administrator"],
  audience: "room",
  examples: ["jit restore @luis"],
  identities: (scope, params) => [memberCalled(scope, params.person)?.user].filter((user) => user !== undefined),
  prepare: (scope, params, ctx) => prepareRestore(scope, params, ctx),
  confirms: (scope, params) => confirmRestore(scope, params),
  alsoNeeds: (scope, params, ctx) => seconds(scope, params.person, ctx),
  decide: (scope, params, ctx) => restoreMember(scope, params, ctx),
});
