import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { alertRef } from "../src/chat/params.ts";
import { acknowledge } from "../src/domain/alert.ts";

/** Acknowledges an alert by name; the first to do so stops the asking. */
export const alertAck = command({
  name: "alert ack",
  params: z.object({ alert: alertRef() }),
  scope: "case",
  weight: "harmless",
  rooms: ["workspace", "direct"],
  when: ["open", "expired"],
  needs: ["anyone"],
  audience: "author",
  examples: ["alert ack A-7"],
  decide: (scope, { alert }, ctx) => acknowledge(scope, alert, ctx),
});
