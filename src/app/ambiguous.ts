/** Two readings of one line are a question, never a guess: each answer is the command in full. */
import type { Ambiguous } from "../chat/read.ts";
import type { TickContext } from "../domain/decision.ts";
import type { Instant } from "../domain/ids.ts";
import { INSTALLATION } from "../domain/ids.ts";
import type { QuestionEvent } from "../domain/question.ts";
import { ask } from "../domain/question.ts";
import { line, message } from "../domain/say.ts";
import type { Acting } from "./deciding.ts";
import type { World } from "./world.ts";

/** The question that offers every reading of a line as a button, and one for none of them. */
export function questionAmong(said: Ambiguous, acting: Acting, world: World, ctx: TickContext): QuestionEvent[] {
  const chain = acting.chain ?? INSTALLATION;
  const codename = world.chain(chain).view.case.get("case")?.codename ?? "Relevo";
  return [ask({
    about: `ambiguous:${acting.cause}`,
    asked: [acting.author.user],
    to: { to: "people", users: [acting.author.user] },
    lane: "live",
    stub: line("app.ambiguous-stub", { codename }),
    details: message(line("app.ambiguous", {})),
    options: [
      ...said.readings.map((reading) => ({ label: reading.label, does: { command: said.command.name, params: reading.params, confirmed: false } })),
      { label: line("app.none-of-these", {}) },
    ],
    expires: (ctx.now + ctx.windows.bindingAnswer) as Instant,
  }, ctx)];
}
