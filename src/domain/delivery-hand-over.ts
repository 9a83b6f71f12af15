/**
 * The watch passes from one leg to the next only when both sides have read the seal independently and the same (Naples II art. 22: the requested
 * authority takes over at an agreed point, so that surveillance is never interrupted).
 *
 * A reading may be corrected for `windows.sealCorrection`; then it is final. The two are compared only when the second is final, by the tick, so that
 * the watch never moves on a reading that is then corrected. Before that nobody is told whether they are equal: else a reader could try until they are.
 */
import type { Context, Decision, Refusal, TickContext } from "./decision.ts";
import { decided, refuse } from "./decision.ts";
import { raiseAlert } from "./alert-asking.ts";
import type { Cause } from "./alert-types.ts";
import { alarmed } from "./delivery-alarm.ts";
import { asked, circleOf, covered, isRefusal, usersOf, watchedLeg, zoneOf } from "./delivery-circle.ts";
import { notStopped } from "./delivery-grants.ts";
import { lookAlikes, sameSeal, sealOf } from "./delivery-seal.ts";
import { aboutTake, askCorrection, askTakers } from "./delivery-take-question.ts";
import type { Condition, Delivery, Doer, Leg, Movement, Offer } from "./delivery-types.ts";
import type { DomainEvent } from "./events.ts";
import type { DeliveryId, Instant } from "./ids.ts";
import { withdraw } from "./question.ts";
import type { Line, Message } from "./say.ts";
import { country, line, message, typed, when } from "./say.ts";
import type { Scope } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "delivery.not-watch-holder": { watch: Fact; yours: Fact };
    "delivery.last-leg": { country: Fact };
    "delivery.nobody-to-take": { country: Fact; example: Fact };
    "delivery.offered-already": { by: string; to: Fact; at: Fact };
    "delivery.reading-final": { at: Fact };
    "delivery.nothing-offered": { watch: Fact; example: Fact };
    "delivery.not-next-leg": { next: Fact; yours: Fact };
    "delivery.giver-takes-not": Record<never, never>;
    "delivery.being-read": { by: string };
    "delivery.type-reading": { example: Fact; illegible: Fact };
    "delivery.nothing-to-correct": { example: Fact };
    "delivery.confirm-give": { delivery: string; to: Fact; seal: string; condition: string };
    "delivery.confirm-take": { delivery: string; from: Fact; seal: string };
    "delivery.confirm-misread": { delivery: string };
    "delivery.confirm-illegible": { delivery: string; from: Fact };
    "delivery.alert-seal-differs": { delivery: string; giver: string; taker: string; watch: Fact };
    "delivery.alert-seal-not-planned": { delivery: string; watch: Fact };
    "delivery.alert-seal-broken": { delivery: string; watch: Fact };
  }
}

/** An offer is put to the takers this often, every `windows.bindingAnswer`; then it lapses and has to be given anew: a seal read long ago proves nothing. */
export const OFFER_ASKED = 3;

/** What the giver says: the seal as read, and whether it is whole. */
export interface Giving {
  readonly delivery: DeliveryId;
  readonly seal: string;
  readonly condition: Condition;
}

/** Offers the watch to the next leg's country with the seal as the giver reads it. Until it is taken the giver's country keeps the watch. */
export function give(scope: Scope, of: Giving, ctx: Context): Decision {
  const found = moving(scope, of.delivery, ctx);
  if (isRefusal(found)) return found;
  const { delivery, movement, by } = found;
  const leg = watchedLeg(delivery);
  const next = delivery.plan.legs[movement.leg + 1];
  if (by.country !== leg.country) return refuse("delivery.not-watch-holder", { watch: country(leg.country), yours: country(by.country) });
  if (next === undefined) return refuse("delivery.last-leg", { country: country(leg.country) });
  const seal = sealOf(of.seal);
  if (seal === undefined) return refuse("delivery.seal-unreadable", { example: typed(`cd give ${delivery.id} seal 0774471 intact`) });
  const standing = correctable(delivery, movement, by, ctx.now);
  if (isRefusal(standing)) return standing;
  const takers = usersOf(circleOf(scope, delivery, next.country));
  if (takers.length === 0) return refuse("delivery.nobody-to-take", { country: country(next.country), example: typed(`jit add @… "…" member ${next.country}`) });
  const choices = delivery.lookAlikes[seal] ?? lookAlikes(seal, ctx.chance);
  const askAgain = (ctx.now + ctx.windows.bindingAnswer) as Instant;
  const first = standing.offer;
  return decided(
    {
      type: "delivery.offered", v: 1, id: delivery.id, at: ctx.now, by, from: leg.country, to: next.country, seal, condition: of.condition, choices, askAgain,
      final: first?.given.final ?? ((ctx.now + ctx.windows.sealCorrection) as Instant), corrects: first !== undefined,
    },
    // A taker who has read already has read independently: nothing is asked of them again.
    ...(first === undefined || first.taken !== undefined ? [] : withdraw(scope.state.question, aboutTake(delivery.id), ctx.now)),
    ...(first?.taken === undefined ? askTakers(delivery, { choices, from: leg.country, to: next.country, takers, expires: askAgain }, scope, ctx) : []),
  );
}

/** What the taker says: the seal as read, or why there is no number. */
export interface Taking {
  readonly delivery: DeliveryId;
  readonly seal?: string | undefined;
  /** illegible: what stands on the seal is none of the numbers offered, or cannot be read. misread: the reading just given is taken back. */
  readonly instead?: "illegible" | "misread" | undefined;
}

/** Records what the taker reads on the seal. The watch moves when that reading is final and equal to the giver's: see {@link settleReadings}. */
export function take(scope: Scope, of: Taking, ctx: Context): Decision {
  const found = moving(scope, of.delivery, ctx);
  if (isRefusal(found)) return found;
  const { delivery, movement, by } = found;
  const refusal = mayTake(delivery, movement, by, ctx.now);
  if (refusal !== undefined) return refusal;
  const { offer } = movement;
  if (offer === undefined) throw new Error("an offer was checked and is not there");
  if (of.instead === "misread") return takeBack(scope, delivery, offer, by, ctx);
  const seal = of.seal === undefined ? undefined : sealOf(of.seal);
  if (seal === undefined && of.instead === undefined) return howToRead(delivery);
  const first = offer.taken;
  const final = first?.final ?? ((ctx.now + ctx.windows.sealCorrection) as Instant);
  return decided(
    { type: "delivery.seal-read", v: 1, id: delivery.id, at: ctx.now, by, ...(seal === undefined ? {} : { seal }), final, corrects: first !== undefined },
    ...withdraw(scope.state.question, aboutTake(delivery.id), ctx.now),
    askCorrection(delivery, by.user, final, scope, ctx),
  );
}

/** What a giver is asked to confirm. */
export function giveToConfirm(scope: Scope, of: Giving): Message {
  const delivery = scope.state.delivery.get(of.delivery);
  const next = delivery && delivery.movement && delivery.plan.legs[delivery.movement.leg + 1];
  return message(delivery && next && line("delivery.confirm-give", { delivery: delivery.id, to: country(next.country), seal: sealOf(of.seal) ?? "", condition: of.condition }));
}

/** What a taker is asked to confirm: their own reading, never the giver's. */
export function takeToConfirm(scope: Scope, of: Taking): Message {
  const delivery = scope.state.delivery.get(of.delivery);
  const from = delivery?.movement === undefined ? undefined : watchedLeg(delivery).country;
  if (delivery === undefined || from === undefined) return message();
  if (of.instead === "misread") return message(line("delivery.confirm-misread", { delivery: delivery.id }));
  return message(of.seal === undefined
    ? line("delivery.confirm-illegible", { delivery: delivery.id, from: country(from) })
    : line("delivery.confirm-take", { delivery: delivery.id, from: country(from), seal: sealOf(of.seal) ?? "" }));
}

/** The instant at which the hand-over next changes by time alone. */
export function nextHandOver(movement: Movement): Instant | undefined {
  const { offer } = movement;
  if (offer === undefined) return undefined;
  return offer.taken === undefined ? offer.askAgain : (Math.max(offer.taken.final, offer.given.final) as Instant);
}

/** What time alone does to a hand-over: readings become final, or the takers are asked once more, or the offer lapses. */
export function tickHandOver(delivery: Delivery, ctx: TickContext, scope: Scope): Decision | undefined {
  const { movement } = delivery;
  const offer = movement?.offer;
  if (movement === undefined || offer === undefined) return undefined;
  const at = nextHandOver(movement);
  if (at === undefined || at > ctx.now) return undefined;
  if (offer.taken !== undefined) return decided(...settleReadings(delivery, movement, offer, offer.taken.by, ctx, scope));
  const base = { v: 1, id: delivery.id, at: ctx.now } as const;
  const closed = withdraw(scope.state.question, aboutTake(delivery.id), ctx.now);
  const takers = usersOf(circleOf(scope, delivery, offer.to));
  if (offer.asked >= OFFER_ASKED || takers.length === 0) return decided({ type: "delivery.offer-lapsed", ...base, from: offer.from, to: offer.to }, ...closed);
  const askAgain = (ctx.now + ctx.windows.bindingAnswer) as Instant;
  return decided({ type: "delivery.taker-asked", ...base, askAgain }, ...closed, ...askTakers(delivery, { ...offer, takers, expires: askAgain }, scope, ctx));
}

/**
 * Compares the two final readings: equal moves the watch, unequal raises the alarm and leaves it with the giver. Until a border passed can be reported
 * by itself, the territory moves with the watch.
 */
function settleReadings(delivery: Delivery, movement: Movement, offer: Offer, taker: Doer, ctx: TickContext, scope: Scope): DomainEvent[] {
  const base = { v: 1, id: delivery.id, at: ctx.now } as const;
  const raise = (cause: Cause, ...lines: readonly (Line | undefined)[]): DomainEvent[] => raiseAlert(scope, ctx, alarmed(scope, delivery, cause, message(...lines)));
  const { given, taken } = offer;
  if (taken === undefined) return [];
  if (!sameSeal(given.seal, taken.seal)) {
    const said = { delivery: delivery.id, giver: given.by.callSign, taker: taker.callSign, watch: country(offer.from) };
    return [{ type: "delivery.seal-differs", ...base, given, taken, watch: offer.from }, ...raise("seal-differs", line("delivery.alert-seal-differs", said))];
  }
  const asPlanned = sameSeal(given.seal, delivery.plan.seal);
  const said = { delivery: delivery.id, watch: country(offer.to) };
  const broken = offer.condition === "broken" ? line("delivery.alert-seal-broken", said) : undefined;
  const strange = asPlanned ? undefined : line("delivery.alert-seal-not-planned", said);
  return [
    {
      type: "delivery.watch-taken", ...base, by: taker, giver: given.by, from: offer.from, leg: movement.leg + 1, asPlanned, condition: offer.condition,
      nextContact: (ctx.now + ctx.windows.contactEvery) as Instant,
    },
    ...(broken ?? strange ? raise(broken === undefined ? "seal-not-planned" : "seal-broken", broken, strange) : []),
  ];
}

/** The same giver may correct the number for a short while; anybody else finds the offer made. */
function correctable(delivery: Delivery, { offer }: Movement, by: Doer, now: Instant): { readonly offer?: Offer } | Refusal {
  if (offer === undefined) return {};
  const { given } = offer;
  if (given.by.user === by.user && now < given.final) return { offer };
  return refuse("delivery.offered-already", { by: given.by.callSign, to: country(offer.to), at: when(given.at, zoneOf(delivery)) });
}

function mayTake(delivery: Delivery, movement: Movement, by: Doer, now: Instant): Refusal | undefined {
  const { offer } = movement;
  const leg = watchedLeg(delivery);
  const next: Leg | undefined = delivery.plan.legs[movement.leg + 1];
  if (next === undefined) return refuse("delivery.last-leg", { country: country(leg.country) });
  if (by.country !== next.country) return refuse("delivery.not-next-leg", { next: country(next.country), yours: country(by.country) });
  if (offer === undefined) return refuse("delivery.nothing-offered", { watch: country(leg.country), example: typed(`cd give ${delivery.id} seal … intact`) });
  if (offer.given.by.user === by.user) return refuse("delivery.giver-takes-not", {});
  const { taken } = offer;
  if (taken === undefined) return undefined;
  if (now >= taken.final) return refuse("delivery.reading-final", { at: when(taken.final, zoneOf(delivery)) });
  return taken.by.user === by.user ? undefined : refuse("delivery.being-read", { by: taken.by.callSign });
}

/** The reader found the own mistake in time: the number is forgotten, and the takers are asked as before. */
function takeBack(scope: Scope, delivery: Delivery, offer: Offer, by: Doer, ctx: Context): Decision {
  if (offer.taken === undefined) return refuse("delivery.nothing-to-correct", { example: typed(`cd take ${delivery.id} …`) });
  const askAgain = (ctx.now + ctx.windows.bindingAnswer) as Instant;
  const takers = usersOf(circleOf(scope, delivery, offer.to));
  return decided(
    { type: "delivery.reading-withdrawn", v: 1, id: delivery.id, at: ctx.now, by, askAgain },
    ...withdraw(scope.state.question, aboutTake(delivery.id), ctx.now),
    ...askTakers(delivery, { ...offer, takers, expires: askAgain }, scope, ctx),
  );
}

function howToRead(delivery: Delivery): Refusal {
  return refuse("delivery.type-reading", { example: typed(`cd take ${delivery.id} 0774471`), illegible: typed(`cd take ${delivery.id} illegible`) });
}

function moving(scope: Scope, id: DeliveryId, ctx: Context): { readonly delivery: Delivery; readonly movement: Movement; readonly by: Doer } | Refusal {
  const found = asked(scope, id, ctx);
  if (isRefusal(found)) return found;
  const { delivery, by } = found;
  const refusal = covered(scope, ctx) ?? notStopped(delivery);
  if (refusal !== undefined) return refusal;
  if (delivery.movement === undefined) return refuse("delivery.not-moving", { delivery: id, show: typed(`cd show ${id}`) });
  return { delivery, movement: delivery.movement, by };
}

