import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { person } from "../src/chat/params.ts";
import { seconds } from "../src/domain/access-seconds.ts";
import { confirmPhoneBack, phoneBack as letBack } from "../src/domain/phone-lost.ts";

/** Lets a colleague back whose devices were cut off, with the consent of a second person. */
export const phoneBack = command({
  name: "phone back",
  params: z.object({ person: person() }),
  scope: "case",
  weight: "binding",
  rooms: ["workspace", "direct"],
  when: ["open", "expired"],
  needs: ["anyone"],
  audience: "room",
  examples: ["phone back @luis"],
  confirms: (scope, params, ctx) => confirmPhoneBack(scope, params.person, ctx),
  alsoNeeds: (scope, params, ctx) => seconds(scope, params.person, ctx),
  decide: (scope, params, ctx) => letBack(scope, params.person, ctx),
});
