/** The word that the goods may move: two people of different countries on the route, one of them of the territory where the goods are. */
import type { Context, Decision, Refusal, TickContext } from "./decision.ts";
import { decided, refuse } from "./decision.ts";
import { asked, circle, countriesOf, covered, inRoomOf, isRefusal, zoneOf } from "./delivery-circle.ts";
import { countriesLacking, lackOf, notStopped } from "./delivery-grants.ts";
import type { Delivery, DeliveryEvent, Go } from "./delivery-types.ts";
import type { Country, DeliveryId, Instant } from "./ids.ts";
import type { Line, Message } from "./say.ts";
import { country, line, list, message, nested, typed, when } from "./say.ts";
import type { Scope } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "delivery.go-lacks-grants": { delivery: string };
    "delivery.go-plan-over": { delivery: string; to: Fact };
    "delivery.go-needs-territory": { territory: Fact; said: Fact };
    "delivery.go-needs-another": { territory: Fact; others: Fact };
    "delivery.confirm-go": { delivery: string; digest: string; mode: string };
    "delivery.route": { route: Fact };
    "delivery.route-point": { place: string; country: Fact };
    "delivery.period": { from: Fact; to: Fact };
  }
}

/** A go counts this many times `windows.bindingAnswer`: long enough for the other side to be called, short enough not to be forgotten. */
export const GO_HOLDS = 6;

/** Says go for the plan as it stands; with the last one that is needed the goods may move, from that instant. */
export function sayGo(scope: Scope, id: DeliveryId, ctx: Context): Decision {
  const found = asked(scope, id, ctx);
  if (isRefusal(found)) return found;
  const { delivery, by } = found;
  const refusal = covered(scope, ctx) ?? notStopped(delivery) ?? notReady(delivery, ctx.now);
  if (refusal !== undefined) return refusal;
  const earlier = standingGoes(delivery, scope, ctx.now).filter((go) => go.by.user !== by.user);
  const go: Go = { by, at: ctx.now, lapses: (ctx.now + ctx.windows.bindingAnswer * GO_HOLDS) as Instant };
  const goes = [...earlier, go];
  const missing = missingGoes(delivery, goes);
  const said: DeliveryEvent = { type: "delivery.go-said", v: 1, id, at: ctx.now, by, inRoom: inRoomOf(id, ctx), lapses: go.lapses, missing };
  if (missing.length > 0) return decided(said);
  return decided(said, {
    type: "delivery.gone", v: 1, id, at: ctx.now, by: goes.map((each) => each.by), country: territoryOf(delivery),
    nextContact: (ctx.now + ctx.windows.contactEvery) as Instant,
  });
}

/** What a person who says go is asked to confirm: the plan, its grants and nothing else. */
export function goToConfirm(scope: Scope, id: DeliveryId, ctx: Context): Message {
  const found = asked(scope, id, ctx);
  if (isRefusal(found)) return { lines: found.lines };
  const { delivery } = found;
  return message(line("delivery.confirm-go", { delivery: id, digest: delivery.digest, mode: delivery.plan.mode }), ...planLines(delivery));
}

/** Route and period of a plan; the seal is in its digest and in no message. */
export function planLines(delivery: Delivery): readonly Line[] {
  const { legs, from, to } = delivery.plan;
  return [
    line("delivery.route", { route: list(legs.map((leg) => nested(line("delivery.route-point", { place: leg.place, country: country(leg.country) })))) }),
    line("delivery.period", { from: when(from.at, from.zone), to: when(to.at, to.zone) }),
  ];
}

/** Country where the goods are, whose own word a go always needs. */
export function territoryOf(delivery: Delivery): Country {
  const start = delivery.plan.legs[0];
  if (start === undefined) throw new Error("a delivery has no legs");
  return delivery.movement?.territory ?? start.country;
}

/** Goes that count now: not lapsed, and said by somebody who still is in the circle for the same country. */
export function standingGoes(delivery: Delivery, scope: Scope, now: Instant): readonly Go[] {
  const members = circle(scope, delivery);
  return delivery.goes.filter((go) => now < go.lapses && members.some((member) => member.user === go.by.user && member.country === go.by.country));
}

/**
 * Countries of which one more person has to say go; empty when the set is complete. Without the territory it is the territory; with it alone, any of
 * the others. A country is counted by its people, a person once.
 */
export function missingGoes(delivery: Delivery, goes: readonly Go[]): readonly Country[] {
  const said = new Set(goes.map((go) => go.by.country));
  const territory = territoryOf(delivery);
  if (!said.has(territory)) return [territory];
  const people = new Set(goes.map((go) => go.by.user));
  return said.size >= 2 && people.size >= 2 ? [] : countriesOf(delivery).filter((each) => !said.has(each));
}

/** What is still missing for a go, told after each one: "BR holds the goods and has not said go. CV has." */
export function missingLine(delivery: Delivery, missing: readonly Country[]): Line | undefined {
  const territory = territoryOf(delivery);
  const said = [...new Set(delivery.goes.map((go) => go.by.country))];
  if (missing.length === 0) return undefined;
  return missing.includes(territory)
    ? line("delivery.go-needs-territory", { territory: country(territory), said: list(said.map(country)) })
    : line("delivery.go-needs-another", { territory: country(territory), others: list(missing.map(country)) });
}

/** A go that nobody completed in time no longer counts; that is said, so that nobody waits for it. */
export function lapseGo(delivery: Delivery, ctx: TickContext): Decision | undefined {
  const lapsed = delivery.state === "authorising" ? delivery.goes.find((go) => go.lapses <= ctx.now) : undefined;
  return lapsed && decided({ type: "delivery.go-lapsed", v: 1, id: delivery.id, at: ctx.now, user: lapsed.by.user, callSign: lapsed.by.callSign });
}

/** The instant at which the next go lapses, if one stands. */
export function nextLapse(delivery: Delivery): Instant | undefined {
  return delivery.state !== "authorising" || delivery.goes.length === 0 ? undefined : (Math.min(...delivery.goes.map((go) => go.lapses)) as Instant);
}

function notReady(delivery: Delivery, now: Instant): Refusal | undefined {
  const { plan, id } = delivery;
  if (delivery.state === "moving") return refuse("delivery.moving-already", { delivery: id, stop: typed(`cd stop ${id}`) });
  const lacking = countriesLacking(delivery, now);
  if (lacking.length > 0) return refuse("delivery.go-lacks-grants", { delivery: id }, ...lacking.map((each) => lackOf(delivery, each, now)));
  if (plan.to.at <= now) return refuse("delivery.go-plan-over", { delivery: id, to: when(plan.to.at, zoneOf(delivery)) });
  return undefined;
}
