import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { choice, keyword, moment, route, seal } from "../src/chat/params.ts";
import { draftDelivery } from "../src/domain/delivery-draft.ts";

/** Drafts a controlled delivery; only in a direct chat, because the seal stands in it. */
export const cdNew = command({
  name: "cd new",
  params: z.object({
    route: keyword("route", route()),
    mode: keyword("mode", choice({
      clean: { en: ["clean"], es: ["limpia", "limpio"] },
      partial: { en: ["partial"], es: ["parcial"] },
      live: { en: ["live"], es: ["viva", "vivo"] },
    })),
    seal: keyword("seal", seal()),
    from: keyword("from", moment()),
    to: keyword("to", moment()),
  }),
  scope: "case",
  weight: "harmless",
  rooms: ["direct"],
  when: ["open"],
  needs: ["administrator", "authority", "member"],
  audience: "author",
  examples: ["cd new route Santos BR > Praia CV > Antwerp BE mode clean seal 0774471 from 5 dec 04:00 Santos to 12 dec 20:00 Praia"],
  decide: (scope, params, ctx) => draftDelivery(scope, params, ctx),
});
