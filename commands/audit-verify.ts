import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { tellVerified } from "../src/domain/audit.ts";

/** Checks the case's chain in the journal, and says what that proves and what it does not. */
export const auditVerify = command({
  name: "audit verify",
  params: z.object({}),
  scope: "case",
  weight: "read",
  rooms: ["workspace", "direct"],
  when: ["open", "expired"],
  needs: ["auditor", "administrator"],
  audience: "author",
  examples: ["audit verify"],
  answer: async (scope, _params, ctx, asked) => tellVerified(await asked.verify(scope.chain), ctx.author.person.zone),
});
