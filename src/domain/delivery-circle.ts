/** The circle of a delivery: who may ever learn of it; all others get one and the same answer, whether it exists or not. */
import { isOpen, refuseOver } from "./case.ts";
import type { Context, Refusal } from "./decision.ts";
import { callSign, refuse } from "./decision.ts";
import type { Delivery, Doer, Leg } from "./delivery-types.ts";
import type { Country, DeliveryId, Instant, UserId } from "./ids.ts";
import type { Member } from "./roster.ts";
import { line, list, typed } from "./say.ts";
import type { Scope } from "./state.ts";
import { members } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "delivery.unknown": Record<never, never>;
    "delivery.yours": { deliveries: Fact };
    "delivery.none-yours": { example: Fact };
    "delivery.stopped-already": { delivery: string; by: string; at: Fact };
    "delivery.not-moving": { delivery: string; show: Fact };
    "delivery.moving-already": { delivery: string; stop: Fact };
  }
}

/** Countries of the route, each once, in the order of the legs. */
export function countriesOf(delivery: Pick<Delivery, "plan">): readonly Country[] {
  return [...new Set(delivery.plan.legs.map((leg) => leg.country))];
}

/** Members of the countries on the route, administrators among them; liaisons and auditors are not in it. */
export function circle(scope: Scope, delivery: Delivery): readonly Member[] {
  const countries = countriesOf(delivery);
  return members(scope).filter((member) =>
    countries.includes(member.country) && member.role !== "liaison" && member.role !== "auditor");
}

/** Those of the circle who act for one country. */
export function circleOf(scope: Scope, delivery: Delivery, country: Country): readonly Member[] {
  return circle(scope, delivery).filter((member) => member.country === country);
}

/** The Matrix users of these members, in their order. */
export function usersOf(members: readonly Member[]): readonly UserId[] {
  return members.map((member) => member.user);
}

/** Those who answer for an alert about the delivery: the administrators of the countries on the route. */
export function administratorsOf(scope: Scope, delivery: Delivery): readonly UserId[] {
  return usersOf(circle(scope, delivery).filter((member) => member.role === "administrator"));
}

/** The leg whose country has the watch. Throws when nothing moves: a rule has to look first. */
export function watchedLeg(delivery: Delivery): Leg {
  const leg = delivery.movement === undefined ? undefined : delivery.plan.legs[delivery.movement.leg];
  if (leg === undefined) throw new Error("a delivery that does not move has no watched leg");
  return leg;
}

/** The zone in which what happens now is told: of the watched leg, before the start of the first. */
export function zoneOf(delivery: Delivery): Leg["zone"] {
  return (delivery.plan.legs[delivery.movement?.leg ?? 0] ?? delivery.plan.from).zone;
}

/** The author as one of the circle, and the delivery; or the refusal that tells a stranger nothing. */
export function asked(scope: Scope, id: DeliveryId, ctx: Context): { readonly delivery: Delivery; readonly by: Doer } | Refusal {
  const delivery = scope.state.delivery.get(id);
  const member = delivery && circle(scope, delivery).find((each) => each.user === ctx.author.user);
  if (delivery !== undefined && member !== undefined) return { delivery, by: doer(member) };
  // In a room of the case others read, who may not even know how many deliveries there are.
  if (ctx.origin.room === "workspace") return refuse("delivery.unknown", {});
  const yours = [...scope.state.delivery.values()].filter((each) => circle(scope, each).some((one) => one.user === ctx.author.user));
  return refuse("delivery.unknown", {}, yours.length === 0
    ? line("delivery.none-yours", { example: typed("cd new") })
    : line("delivery.yours", { deliveries: list(yours.slice(-12).map((each) => each.id)) }));
}

/** Tells what {@link asked} and its like found from a refusal. */
export function isRefusal(of: object): of is Refusal {
  return "ok" in of && of.ok === false;
}

/** A member as the one who does something. */
export function doer(member: Member): Doer {
  return { user: member.user, callSign: member.callSign, country: member.country };
}

/** The author as a doer. */
export function doerOf(ctx: Context): Doer {
  callSign(ctx);
  const { member } = ctx.author;
  if (member === undefined) throw new Error("a case rule was run for somebody who is not in the case");
  return doer(member);
}

/** It was typed in the delivery's own room. */
export function inRoomOf(delivery: DeliveryId, ctx: Context): boolean {
  return ctx.origin.room === "delivery" && ctx.origin.delivery === delivery;
}

/** An agreement whose period is over covers nothing new (a stop still counts). */
export function covered(scope: Scope, ctx: { readonly now: Instant }): Refusal | undefined {
  return isOpen(scope, ctx.now) ? undefined : refuseOver(scope);
}
