import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { alertRef } from "../src/chat/params.ts";
import { decline } from "../src/domain/alert.ts";

/** Says that an alert is for somebody else; the others go on being asked. */
export const alertDecline = command({
  name: "alert decline",
  params: z.object({ alert: alertRef() }),
  scope: "case",
  weight: "harmless",
  rooms: ["workspace", "direct"],
  when: ["open", "expired"],
  needs: ["anyone"],
  audience: "author",
  examples: ["alert decline A-7"],
  decide: (scope, { alert }, ctx) => decline(scope, alert, ctx),
});
