/**
 * Controlled deliveries: goods that pass several countries under watch. This file puts the parts together: the entity, when it wants to be woken, and
 * what others need of it. The rules stand by concern in delivery-draft, -grants, -go, -hand-over, -contact and -stop.
 */
import { raiseAlert } from "./alert-asking.ts";
import type { Context, Decision, TickContext } from "./decision.ts";
import { decided } from "./decision.ts";
import { alarmed } from "./delivery-alarm.ts";
import { deliveryBoard } from "./delivery-board.ts";
import { asked, isRefusal } from "./delivery-circle.ts";
import { nextSilence, tickSilence } from "./delivery-contact.ts";
import { deliveryEffects } from "./delivery-effects.ts";
import { evolveDelivery } from "./delivery-evolve.ts";
import { lapseGo, nextLapse } from "./delivery-go.ts";
import { endGrant, nextGrantEnd } from "./delivery-grants.ts";
import { nextHandOver, tickHandOver } from "./delivery-hand-over.ts";
import type { Delivery, DeliveryEvent } from "./delivery-types.ts";
import type { Entity } from "./entity.ts";
import type { DeliveryId, Instant } from "./ids.ts";
import type { Message } from "./say.ts";
import { line, message, when } from "./say.ts";
import type { Scope } from "./state.ts";
import { theCase } from "./state.ts";
import type { Windows } from "./windows.ts";

export type { Delivery, DeliveryEvent } from "./delivery-types.ts";
export { circle } from "./delivery-circle.ts";
export { deliveryBoard, deliveryLine } from "./delivery-board.ts";

declare module "./say.ts" {
  interface Sayings {
    "delivery.alert-cover-ended": { delivery: string; until: Fact; leg: number };
  }
}

/** What a person of the circle sees of a delivery; to all others it does not exist. */
export function showDelivery(scope: Scope, id: DeliveryId, ctx: Context): Message {
  const found = asked(scope, id, ctx);
  return isRefusal(found) ? { lines: found.lines } : deliveryBoard(scope, id);
}

/** While goods move, the end of the agreement is not passed over in silence: the people on the route have to decide on their own ground. */
function endOfCover(delivery: Delivery, ctx: TickContext, scope: Scope): Decision | undefined {
  const { until, zone } = theCase(scope);
  const { movement, id } = delivery;
  if (delivery.state !== "moving" || movement === undefined || movement.uncovered || ctx.now < until) return undefined;
  return decided({ type: "delivery.cover-ended", v: 1, id, at: ctx.now, until }, ...raiseAlert(scope, ctx, alarmed(scope, delivery, "cover-ended", message(
    line("delivery.alert-cover-ended", { delivery: id, until: when(until, zone), leg: movement.leg + 1 }),
  ))));
}

/** The earliest of all that time alone can change; a stopped delivery waits for nothing. */
function nextWake(delivery: Delivery, windows: Windows, scope: Scope): Instant | undefined {
  const { movement } = delivery;
  if (delivery.state === "stopped") return undefined;
  const instants = [
    nextGrantEnd(delivery),
    nextLapse(delivery),
    ...(movement === undefined ? [] : [nextSilence(movement, windows), nextHandOver(movement), movement.uncovered ? undefined : theCase(scope).until]),
  ].filter((each) => each !== undefined);
  return instants.length === 0 ? undefined : (Math.min(...instants) as Instant);
}

/** One matter at a time, the gravest first: each raises at most one alert, and what else is due wakes it again at once. */
function tick(delivery: Delivery, ctx: TickContext, scope: Scope): Decision {
  if (delivery.state === "stopped") return decided();
  return endGrant(delivery, ctx, scope) ?? endOfCover(delivery, ctx, scope) ?? tickHandOver(delivery, ctx, scope) ?? tickSilence(delivery, ctx, scope)
    ?? lapseGo(delivery, ctx) ?? decided();
}

/** Deliveries as the app keeps and wakes them. */
export const deliveryEntity: Entity<"delivery", DeliveryEvent> = {
  kind: "delivery",
  events: {
    "delivery.drafted": [1], "delivery.grant-asked": [1], "delivery.granted": [1], "delivery.grant-ended": [1], "delivery.go-said": [1], "delivery.go-lapsed": [1],
    "delivery.gone": [1], "delivery.offered": [1], "delivery.taker-asked": [1], "delivery.offer-lapsed": [1], "delivery.seal-read": [1],
    "delivery.reading-withdrawn": [1], "delivery.watch-taken": [1], "delivery.seal-differs": [1], "delivery.contacted": [1], "delivery.contact-denied": [1],
    "delivery.contact-asked": [1], "delivery.no-contact": [1], "delivery.cover-ended": [1], "delivery.stopped": [1], "delivery.stop-repeated": [1],
  },
  home: "decision",
  key: (event) => event.id,
  evolve: evolveDelivery,
  effects: deliveryEffects,
  nextWake,
  tick,
};
