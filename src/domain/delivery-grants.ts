/** What each country of the route has authorised; every country does so in advance and keeps responsibility on its territory (Schengen Convention art. 73). */
import { raiseAlert } from "./alert-asking.ts";
import type { Context, Decision, TickContext } from "./decision.ts";
import { decided, refuse } from "./decision.ts";
import { alarmed } from "./delivery-alarm.ts";
import { asked, circleOf, countriesOf, covered, inRoomOf, isRefusal, usersOf, zoneOf } from "./delivery-circle.ts";
import type { Delivery, Grant, Planned } from "./delivery-types.ts";
import type { CallSign, Country, DeliveryId, Instant } from "./ids.ts";
import type { Fact, Line, Message } from "./say.ts";
import { country, line, list, message, typed, when } from "./say.ts";
import type { Scope } from "./state.ts";
import { theCase } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "delivery.country-not-on-route": { country: Fact; route: Fact };
    "delivery.requesting-asks": { requesting: Fact };
    "delivery.nobody-to-grant": { country: Fact; example: Fact };
    "delivery.granted-already": { country: Fact; paper: Fact };
    "delivery.not-yours-to-grant": { country: Fact };
    "delivery.grant-of-what": Record<never, never>;
    "delivery.grant-examples": { paper: Fact; oral: Fact };
    "delivery.grant-ends-in-past": { until: Fact };
    "delivery.grant-oral-in-future": { oral: Fact };
    "delivery.grant-oral-before-jit": { oral: Fact; from: Fact };
    "delivery.not-asked-yet": { country: Fact; ask: Fact };
    "delivery.asked-no-answer": { country: Fact; ask: Fact };
    "delivery.grant-over": { country: Fact; until: Fact; ask: Fact };
    "delivery.grant-other-plan": { country: Fact; ask: Fact };
    "delivery.grant-later": { country: Fact; from: Fact };
    "delivery.confirm-grant": { delivery: string; digest: string; country: Fact };
    "delivery.grant-paper": { paper: string };
    "delivery.grant-written": { paper: string };
    "delivery.grant-oral": { at: Fact };
    "delivery.grant-until": { until: Fact };
    "delivery.grant-open-ended": Record<never, never>;
    "delivery.alert-grant-ended": { delivery: string; country: Fact; until: Fact; leg: number };
  }
}

/** Longest name of a paper, in characters; the command's parameter refuses a longer one. */
export const MAX_PAPER = 120;

/** Asks a country of the route to authorise: everybody there who may is told, each alone, with a stub that rings. */
export function askCountry(scope: Scope, of: { readonly delivery: DeliveryId; readonly country: Country }, ctx: Context): Decision {
  const found = asked(scope, of.delivery, ctx);
  if (isRefusal(found)) return found;
  const { delivery, by } = found;
  const refusal = covered(scope, ctx) ?? notStopped(delivery);
  if (refusal !== undefined) return refusal;
  const countries = countriesOf(delivery);
  if (!countries.includes(of.country)) return refuse("delivery.country-not-on-route", { country: country(of.country), route: list(countries.map(country)) });
  if (by.country !== delivery.plan.requesting) return refuse("delivery.requesting-asks", { requesting: country(delivery.plan.requesting) });
  const grant = delivery.grants[of.country];
  if (grant !== undefined && isValid(grant, delivery, ctx.now)) return refuse("delivery.granted-already", { country: country(of.country), paper: paperOf(grant, delivery) });
  const people = usersOf(circleOf(scope, delivery, of.country).filter((member) => member.role === "authority" || member.role === "administrator"));
  if (people.length === 0) {
    return refuse("delivery.nobody-to-grant", { country: country(of.country), example: typed(`jit add @… "…" authority ${of.country}`) });
  }
  return decided({ type: "delivery.grant-asked", v: 1, id: delivery.id, at: ctx.now, by, inRoom: inRoomOf(delivery.id, ctx), country: of.country, people });
}

/** How a country's grant was given: on a paper, by word of mouth, or both. */
export interface Granting {
  readonly delivery: DeliveryId;
  readonly paper?: string | undefined;
  readonly oral?: Planned | undefined;
  readonly until?: Planned | undefined;
}

/** Records that the author's own country has granted; who says so, on which paper or when by word of mouth, from when and until when. */
export function recordGrant(scope: Scope, of: Granting, ctx: Context): Decision {
  const found = asked(scope, of.delivery, ctx);
  if (isRefusal(found)) return found;
  const { delivery, by } = found;
  const refusal = covered(scope, ctx) ?? notStopped(delivery);
  if (refusal !== undefined) return refusal;
  const role = ctx.author.member?.role;
  if (role !== "authority" && role !== "administrator") return refuse("delivery.not-yours-to-grant", { country: country(by.country) });
  if (of.paper === undefined && of.oral === undefined) {
    return refuse("delivery.grant-of-what", {}, line("delivery.grant-examples", {
      paper: typed(`cd granted ${delivery.id} paper …`), oral: typed(`cd granted ${delivery.id} oral …`),
    }));
  }
  const jit = theCase(scope);
  if (of.oral !== undefined && of.oral.at > ctx.now) return refuse("delivery.grant-oral-in-future", { oral: when(of.oral.at, of.oral.zone) });
  if (of.oral !== undefined && of.oral.at < jit.from) {
    return refuse("delivery.grant-oral-before-jit", { oral: when(of.oral.at, of.oral.zone), from: when(jit.from, jit.zone) });
  }
  if (of.until !== undefined && of.until.at <= ctx.now) return refuse("delivery.grant-ends-in-past", { until: when(of.until.at, of.until.zone) });
  return decided({
    type: "delivery.granted", v: 1, id: delivery.id, at: ctx.now, by, inRoom: inRoomOf(delivery.id, ctx), voids: voided(delivery),
    grant: {
      country: by.country, plan: delivery.digest, from: of.oral?.at ?? ctx.now, recorded: ctx.now,
      ...(of.paper === undefined ? {} : { paper: of.paper }),
      ...(of.oral === undefined ? {} : { oral: of.oral.at }),
      ...(of.until === undefined ? {} : { until: of.until.at }),
    },
  });
}

/** What the author of a grant is asked to confirm. */
export function grantToConfirm(scope: Scope, of: Granting, ctx: Context): Message {
  const delivery = scope.state.delivery.get(of.delivery);
  const own = ctx.author.member?.country;
  return message(
    delivery && own && line("delivery.confirm-grant", { delivery: delivery.id, digest: delivery.digest, country: country(own) }),
    of.paper === undefined ? undefined : line("delivery.grant-paper", { paper: of.paper }),
    of.oral === undefined ? undefined : line("delivery.grant-oral", { at: when(of.oral.at, of.oral.zone) }),
    of.until === undefined ? line("delivery.grant-open-ended", {}) : line("delivery.grant-until", { until: when(of.until.at, of.until.zone) }),
  );
}

/** A grant counts while its time runs, for the plan it was given for. */
export function isValid(grant: Grant, delivery: Delivery, now: Instant): boolean {
  return grant.plan === delivery.digest && !grant.over && grant.from <= now && (grant.until === undefined || now < grant.until);
}

/** Countries of the route without a grant that counts now; none = it may move so far as the grants go. */
export function countriesLacking(delivery: Delivery, now: Instant): readonly Country[] {
  return countriesOf(delivery).filter((each) => {
    const grant = delivery.grants[each];
    return grant === undefined || !isValid(grant, delivery, now);
  });
}

/** Every country has granted and no grant has run out on record; what counts at the moment of a go is {@link countriesLacking}. */
export function isReady(delivery: Delivery): boolean {
  return delivery.state === "authorising" && countriesOf(delivery).every((each) => {
    const grant = delivery.grants[each];
    return grant !== undefined && !grant.over && grant.plan === delivery.digest;
  });
}

/** Why a country's grant does not count, with what to type. */
export function lackOf(delivery: Delivery, each: Country, now: Instant): Line {
  const grant = delivery.grants[each];
  const facts = { country: country(each), ask: typed(`cd ask ${delivery.id} ${each}`) };
  if (grant === undefined) return delivery.asked[each] === undefined ? line("delivery.not-asked-yet", facts) : line("delivery.asked-no-answer", facts);
  if (grant.plan !== delivery.digest) return line("delivery.grant-other-plan", facts);
  if (grant.until !== undefined && (grant.over || grant.until <= now)) {
    return line("delivery.grant-over", { ...facts, until: when(grant.until, zoneIn(delivery, each)) });
  }
  return line("delivery.grant-later", { country: facts.country, from: when(grant.from, zoneIn(delivery, each)) });
}

/** The instant at which the next grant runs out, if one does. */
export function nextGrantEnd(delivery: Delivery): Instant | undefined {
  const ends = Object.values(delivery.grants).filter((grant) => !grant.over).flatMap((grant) => (grant.until === undefined ? [] : [grant.until]));
  return ends.length === 0 ? undefined : (Math.min(...ends) as Instant);
}

/** A grant has run out: on record at once, and while the goods move an alarm; never in silence (Belgium: within its time limits only). */
export function endGrant(delivery: Delivery, ctx: TickContext, scope: Scope): Decision | undefined {
  const ended = Object.values(delivery.grants).find((grant) => !grant.over && grant.until !== undefined && grant.until <= ctx.now);
  if (ended?.until === undefined) return undefined;
  const { country: of, until } = ended;
  const event = { type: "delivery.grant-ended", v: 1, id: delivery.id, at: ctx.now, country: of, until, voids: voided(delivery) } as const;
  if (delivery.movement === undefined || delivery.state !== "moving") return decided(event);
  return decided(event, ...raiseAlert(scope, ctx, alarmed(scope, delivery, "grant-ended", message(
    line("delivery.alert-grant-ended", { delivery: delivery.id, country: country(of), until: when(until, zoneIn(delivery, of)), leg: delivery.movement.leg + 1 }),
  ))));
}

/** The zone in which a country's own times are told: of its first point on the route. */
export function zoneIn(delivery: Delivery, of: Country): Planned["zone"] {
  return delivery.plan.legs.find((leg) => leg.country === of)?.zone ?? zoneOf(delivery);
}

function paperOf(grant: Grant, delivery: Delivery): Fact {
  if (grant.paper !== undefined) return grant.paper;
  return when(grant.oral ?? grant.recorded, zoneIn(delivery, grant.country));
}

/** Those whose go was said for other grants than there will be; once the goods move a go has done its work. */
function voided(delivery: Delivery): readonly CallSign[] {
  return delivery.state === "authorising" ? delivery.goes.map((go) => go.by.callSign) : [];
}

/** A stopped delivery takes nothing more. */
export function notStopped(delivery: Delivery): ReturnType<typeof refuse> | undefined {
  const { stop } = delivery;
  return stop === undefined ? undefined : refuse("delivery.stopped-already", { delivery: delivery.id, by: stop.by.callSign, at: when(stop.at, zoneOf(delivery)) });
}
