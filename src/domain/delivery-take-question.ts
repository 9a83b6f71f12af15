/** The question that asks the takers which seal they see: the given number among look-alikes, so that the two readings stay independent. */
import type { TickContext } from "./decision.ts";
import type { Delivery, Seal } from "./delivery-types.ts";
import type { Country, DeliveryId, Instant, UserId } from "./ids.ts";
import type { QuestionEvent } from "./question.ts";
import { ask } from "./question.ts";
import { country, line, message, span, typed } from "./say.ts";
import type { Scope } from "./state.ts";
import { theCase } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "delivery.take-stub": { codename: string; delivery: string };
    "delivery.take-details": { delivery: string; from: Fact; to: Fact };
    "delivery.take-type": { example: Fact };
    "delivery.take-until-then": { from: Fact };
    "delivery.take-other": Record<never, never>;
    "delivery.correction-stub": { codename: string; delivery: string };
    "delivery.correction-details": { delivery: string; for: Fact };
    "delivery.correction-stands": Record<never, never>;
    "delivery.correction-misread": Record<never, never>;
  }
}

/** Who is asked to take the watch from whom, with which numbers, until when. */
export interface Takers {
  readonly choices: readonly Seal[];
  readonly from: Country;
  readonly to: Country;
  readonly takers: readonly UserId[];
  readonly expires: Instant;
}

/** What it is about, so that a reading, a stop or a new offer withdraws it. */
export function aboutTake(id: DeliveryId): string {
  return `delivery:${id}:take`;
}

/** One question to each person alone, the numbers in another order for each; the number stands in no stub and no details. */
export function askTakers(delivery: Delivery, { choices, from, to, takers, expires }: Takers, scope: Scope, ctx: TickContext): QuestionEvent[] {
  const { codename } = theCase(scope);
  const does = (params: Readonly<Record<string, unknown>>): { command: string; params: Readonly<Record<string, unknown>>; confirmed: boolean } =>
    ({ command: "cd take", params: { delivery: delivery.id, ...params }, confirmed: true });
  return takers.map((user) => ask({
    about: aboutTake(delivery.id), asked: [user], to: { to: "people", users: [user] }, lane: "live", expires,
    stub: line("delivery.take-stub", { codename, delivery: delivery.id }),
    details: message(
      line("delivery.take-details", { delivery: delivery.id, from: country(from), to: country(to) }),
      line("delivery.take-until-then", { from: country(from) }),
      line("delivery.take-type", { example: typed(`cd take ${delivery.id} …`) }),
    ),
    options: [
      ...ctx.chance.shuffle(choices).map((seal) => ({ label: line("text", { text: seal }), does: does({ seal }) })),
      { label: line("delivery.take-other", {}), does: does({ instead: "illegible" }) },
    ],
  }, ctx));
}

/** Lets the reader take back a slip with one tap until the reading is final; whether it equals the other one is told to nobody before that. */
export function askCorrection(delivery: Delivery, reader: UserId, final: Instant, scope: Scope, ctx: TickContext): QuestionEvent {
  return ask({
    about: aboutTake(delivery.id), asked: [reader], to: { to: "people", users: [reader] }, lane: "live", expires: final,
    stub: line("delivery.correction-stub", { codename: theCase(scope).codename, delivery: delivery.id }),
    details: message(line("delivery.correction-details", { delivery: delivery.id, for: span(final - ctx.now) })),
    options: [
      { label: line("delivery.correction-stands", {}) },
      { label: line("delivery.correction-misread", {}), does: { command: "cd take", params: { delivery: delivery.id, instead: "misread" }, confirmed: true } },
    ],
  }, ctx);
}
