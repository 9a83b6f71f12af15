import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { deliveryRef } from "../src/chat/params.ts";
import { goToConfirm, sayGo } from "../src/domain/delivery-go.ts";

/** Says that the goods may move; they do when two people of two countries have said so, one of them of the territory where they are. */
export const cdGo = command({
  name: "cd go",
  short: "go",
  params: z.object({ delivery: deliveryRef() }),
  scope: "case",
  weight: "binding",
  rooms: ["delivery", "direct"],
  when: ["open"],
  needs: ["administrator", "authority", "member"],
  audience: "room",
  examples: ["cd go CD-3"],
  confirms: (scope, { delivery }, ctx) => goToConfirm(scope, delivery, ctx),
  decide: (scope, { delivery }, ctx) => sayGo(scope, delivery, ctx),
});
