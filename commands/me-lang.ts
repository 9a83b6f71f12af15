import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { language } from "../src/chat/params.ts";
import { setLanguage } from "../src/domain/person.ts";

/** Sets the language in which the bot writes to its author. */
export const meLang = command({
  name: "me lang",
  params: z.object({ language: language() }),
  scope: "person",
  weight: "harmless",
  rooms: ["workspace", "direct"],
  when: [],
  needs: ["anyone"],
  audience: "author",
  examples: ["me lang es"],
  decide: (_scope, params, ctx) => setLanguage(params.language, ctx),
});
