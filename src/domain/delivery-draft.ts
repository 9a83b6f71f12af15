/** A new delivery: its plan, checked so far as a plan can be, fixed by a digest that every grant and every go refers to. */
import type { Context, Decision } from "./decision.ts";
import { decided, refuse } from "./decision.ts";
import { covered, doerOf } from "./delivery-circle.ts";
import type { Mode, Planned, Plan, Point } from "./delivery-types.ts";
import { sealOf } from "./delivery-seal.ts";
import type { DeliveryId } from "./ids.ts";
import { country, line, list, span, typed, when } from "./say.ts";
import type { Scope } from "./state.ts";
import { theCase } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "delivery.route-too-short": Record<never, never>;
    "delivery.route-too-long": { points: number; max: number };
    "delivery.route-same-twice": { country: Fact };
    "delivery.route-not-party": { countries: Fact; parties: Fact };
    "delivery.not-on-route": { country: Fact };
    "delivery.seal-unreadable": { example: Fact };
    "delivery.ends-before-start": { from: Fact; to: Fact };
    "delivery.ends-in-past": { to: Fact };
    "delivery.outside-jit": { from: Fact; until: Fact };
    "delivery.too-long": { max: Fact };
    "delivery.too-many": { max: number };
    "delivery.new-example": { example: Fact };
  }
}

/** Points of a route: what a phone shows and a person can oversee. */
export const MAX_POINTS = 12;
/** Deliveries of one case, ended ones included; a JIT that needs more is a mistake or an attack. */
export const MAX_DELIVERIES = 500;
/** Longest time on the way that a plan may name, in milliseconds: a year, the usual length of an agreement. */
export const MAX_PLANNED = 366 * 24 * 3_600_000;

/** What a person types to have a delivery drafted. */
export interface Draft {
  readonly route: readonly Point[];
  readonly mode: Mode;
  readonly seal: string;
  readonly from: Planned;
  readonly to: Planned;
}

/** Drafts a delivery: one leg for each point of the route, in its order; the author's country is the one that requests it. */
export function draftDelivery(scope: Scope, draft: Draft, ctx: Context): Decision {
  const by = doerOf(ctx);
  const jit = theCase(scope);
  const { route, from, to } = draft;
  const over = covered(scope, ctx);
  if (over !== undefined) return over;
  if (route.length > MAX_POINTS) return refuse("delivery.route-too-long", { points: route.length, max: MAX_POINTS });
  const repeated = route.find((point, index) => index > 0 && route[index - 1]?.country === point.country);
  if (repeated !== undefined) return refuse("delivery.route-same-twice", { country: country(repeated.country) });
  if (route.length < 2) return refuse("delivery.route-too-short", {}, line("delivery.new-example", { example: EXAMPLE }));
  const strangers = [...new Set(route.map((point) => point.country))].filter((each) => !jit.states.includes(each));
  if (strangers.length > 0) {
    return refuse("delivery.route-not-party", { countries: list(strangers.map(country)), parties: list(jit.states.map(country)) });
  }
  if (!route.some((point) => point.country === by.country)) return refuse("delivery.not-on-route", { country: country(by.country) });
  const seal = sealOf(draft.seal);
  if (seal === undefined) return refuse("delivery.seal-unreadable", { example: typed("seal 0774471") });
  const shown = { from: when(from.at, from.zone), to: when(to.at, to.zone) };
  if (from.at >= to.at) return refuse("delivery.ends-before-start", shown);
  if (to.at <= ctx.now) return refuse("delivery.ends-in-past", { to: shown.to });
  if (from.at < jit.from || to.at > jit.until) {
    return refuse("delivery.outside-jit", { from: when(jit.from, jit.zone), until: when(jit.until, jit.zone) });
  }
  if (to.at - from.at > MAX_PLANNED) return refuse("delivery.too-long", { max: span(MAX_PLANNED) });
  if (scope.state.delivery.size >= MAX_DELIVERIES) return refuse("delivery.too-many", { max: MAX_DELIVERIES });
  const plan: Plan = {
    legs: route.map((point, index) => ({ ...point, number: index + 1 })), mode: draft.mode, seal, from, to, requesting: by.country, salt: ctx.chance.id(),
  };
  const id = nextDeliveryId(scope);
  return decided({ type: "delivery.drafted", v: 1, id, at: ctx.now, by, plan, digest: ctx.digest({ delivery: id, plan }) });
}

const EXAMPLE = typed("cd new route Santos BR > Praia CV mode clean seal 0774471 from 5 dec 04:00 Santos to 12 dec 20:00 Praia");

function nextDeliveryId(scope: Scope): DeliveryId {
  let highest = 0;
  for (const delivery of scope.state.delivery.values()) highest = Math.max(highest, Number(delivery.id.slice("CD-".length)));
  return `CD-${highest + 1}` as DeliveryId;
}
