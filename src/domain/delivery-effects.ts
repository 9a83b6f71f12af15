/** What is said because of what happened to a delivery, and to whom. A seal's number is said to nobody but the one who typed it. */
import { calledNow, isKeptOut, reachable } from "./access.ts";
import { circle, usersOf, watchedLeg, zoneOf } from "./delivery-circle.ts";
import { askedForContact } from "./delivery-contact.ts";
import { isReady, zoneIn } from "./delivery-grants.ts";
import { missingLine, planLines } from "./delivery-go.ts";
import { handOverSaid } from "./delivery-hand-over-effects.ts";
import type { Delivery, DeliveryEvent } from "./delivery-types.ts";
import type { Effect, Lane } from "./effect.ts";
import { reply, tellPeople, tellRoom, wake } from "./effect.ts";
import { COORDINATION, deliverySlot } from "./ids.ts";
import type { Line, Message } from "./say.ts";
import { country, line, list, message, span, typed, when } from "./say.ts";
import type { Scope } from "./state.ts";
import { theCase } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "delivery.drafted": { delivery: string; mode: string; digest: string };
    "delivery.drafted-by": { delivery: string; by: string; mode: string; digest: string };
    "delivery.seal-noted": { seal: string };
    "delivery.ask-next": { ask: Fact };
    "delivery.grant-stub": { codename: string; delivery: string };
    "delivery.grant-asked-you": { delivery: string; digest: string; requesting: Fact; country: Fact; by: string; mode: string };
    "delivery.grant-how": { granted: Fact };
    "delivery.grant-asked": { country: Fact; people: number };
    "delivery.granted": { country: Fact; by: string; delivery: string; digest: string };
    "delivery.grant-before-end": { until: Fact; to: Fact };
    "delivery.goes-void": { who: Fact };
    "delivery.all-granted": { go: Fact };
    "delivery.grant-ended": { country: Fact; until: Fact; ask: Fact };
    "delivery.go-said": { by: string; country: Fact; digest: string };
    "delivery.go-holds": { until: Fact };
    "delivery.go-lapsed": { by: string; delivery: string };
    "delivery.gone": { delivery: string; at: Fact; by: Fact };
    "delivery.watch-at": { country: Fact; leg: number; place: string };
    "delivery.next-contact": { next: Fact };
    "delivery.contact": { at: Fact; by: string; next: Fact };
    "delivery.contact-what": { what: string };
    "delivery.contact-kept": { at: Fact; by: string };
    "delivery.contact-denied": { by: string; leg: number };
    "delivery.no-contact": { leg: number; for: Fact; last: Fact };
    "delivery.cover-ended": { delivery: string; until: Fact };
    "delivery.stop-stub": { codename: string; delivery: string };
    "delivery.stopped": { delivery: string; at: Fact; by: string };
    "delivery.stop-sent": { people: number };
    "delivery.stop-again": { delivery: string; by: string; at: Fact; again: string };
  }
}

/** Other boards show a delivery's state alone; with a grant it becomes ready, and without one it is not any more. */
const CHANGES_STATE: ReadonlySet<DeliveryEvent["type"]> = new Set<DeliveryEvent["type"]>([
  "delivery.drafted", "delivery.granted", "delivery.grant-ended", "delivery.gone", "delivery.stopped",
]);

/** Whom to call changes with who has the watch. */
const CHANGES_CARD: ReadonlySet<DeliveryEvent["type"]> = new Set<DeliveryEvent["type"]>(["delivery.drafted", "delivery.gone", "delivery.watch-taken"]);

/** All that follows from an event of a delivery: what is said, the boards, and a checkpoint at go and stop. */
export function deliveryEffects(event: DeliveryEvent, scope: Scope): readonly Effect[] {
  const delivery = scope.state.delivery.get(event.id);
  if (delivery === undefined) return [];
  const slot = deliverySlot(delivery.id);
  const shown = CHANGES_STATE.has(event.type);
  return [
    ...said(event, delivery, scope),
    { effect: "board", slot, ...(CHANGES_CARD.has(event.type) ? { card: true } : {}) },
    ...(shown ? [{ effect: "board", slot: COORDINATION } as const] : []),
    ...(event.type === "delivery.gone" || event.type === "delivery.stopped" ? [{ effect: "checkpoint" } as const] : []),
  ];
}

function said(event: DeliveryEvent, delivery: Delivery, scope: Scope): readonly Effect[] {
  const { id, digest, plan } = delivery;
  const slot = deliverySlot(id);
  const at = when(event.at, zoneOf(delivery));
  switch (event.type) {
    case "delivery.drafted": {
      const ask = delivery.plan.legs.map((leg) => leg.country).find((each) => delivery.asked[each] === undefined);
      return [
        reply(message(
          line("delivery.drafted", { delivery: id, mode: plan.mode, digest }), ...planLines(delivery), line("delivery.seal-noted", { seal: plan.seal }),
          ask && line("delivery.ask-next", { ask: typed(`cd ask ${id} ${ask}`) }),
        )),
        tellRoom(slot, message(line("delivery.drafted-by", { delivery: id, by: event.by.callSign, mode: plan.mode, digest }), ...planLines(delivery))),
      ];
    }
    case "delivery.grant-asked": {
      const facts = { delivery: id, digest, requesting: country(plan.requesting), country: country(event.country), by: event.by.callSign, mode: plan.mode };
      return [
        wake({ to: "people", users: event.people }, event.people, message(line("delivery.grant-stub", { codename: theCase(scope).codename, delivery: id })), "live"),
        tellPeople(event.people, message(
          line("delivery.grant-asked-you", facts), ...planLines(delivery), line("delivery.grant-how", { granted: typed(`cd granted ${id} paper …`) }),
        )),
        ...toAll(event, delivery, [line("delivery.grant-asked", { country: country(event.country), people: reachable(scope, event.people).length })]),
      ];
    }
    case "delivery.granted": {
      const { paper, oral, until } = event.grant;
      const zone = zoneIn(delivery, event.grant.country);
      return toAll(event, delivery, [
        line("delivery.granted", { country: country(event.grant.country), by: event.by.callSign, delivery: id, digest }),
        paper === undefined ? undefined : line("delivery.grant-written", { paper }),
        oral === undefined ? undefined : line("delivery.grant-oral", { at: when(oral, zone) }),
        until === undefined ? line("delivery.grant-open-ended", {}) : line("delivery.grant-until", { until: when(until, zone) }),
        until !== undefined && until < plan.to.at ? line("delivery.grant-before-end", { until: when(until, zone), to: when(plan.to.at, plan.to.zone) }) : undefined,
        voidsLine(event.voids),
        isReady(delivery) ? line("delivery.all-granted", { go: typed(`cd go ${id}`) }) : undefined,
      ]);
    }
    case "delivery.grant-ended":
      return [tellRoom(slot, message(
        line("delivery.grant-ended", { country: country(event.country), until: when(event.until, zoneIn(delivery, event.country)), ask: typed(`cd ask ${id} ${event.country}`) }),
        voidsLine(event.voids),
      ), delivery.state === "moving" ? "P1" : "live")];
    case "delivery.go-said":
      return toAll(event, delivery, [
        line("delivery.go-said", { by: event.by.callSign, country: country(event.by.country), digest }),
        missingLine(delivery, event.missing),
        event.missing.length === 0 ? undefined : line("delivery.go-holds", { until: when(event.lapses, zoneIn(delivery, event.by.country)) }),
      ]);
    case "delivery.go-lapsed":
      return [tellRoom(slot, message(line("delivery.go-lapsed", { by: event.callSign, delivery: id })))];
    case "delivery.gone":
      return [tellRoom(slot, message(
        line("delivery.gone", { delivery: id, at, by: list(event.by.map((each) => each.callSign)) }), watchLine(delivery),
        line("delivery.next-contact", { next: when(event.nextContact, zoneOf(delivery)) }),
      ))];
    case "delivery.contacted": return contacted(event, delivery);
    case "delivery.contact-denied":
      return toAll(event, delivery, [line("delivery.contact-denied", { by: event.by.callSign, leg: watchedLeg(delivery).number })], "P1");
    case "delivery.contact-asked":
      // The question itself follows; this is the line that rings.
      return [wake({ to: "room", slot }, askedForContact(delivery, scope), message(line("delivery.contact-stub", { codename: theCase(scope).codename, delivery: id })), "P1")];
    case "delivery.no-contact":
      return [tellRoom(slot, message(line("delivery.no-contact", { leg: event.leg, for: span(event.at - event.last), last: when(event.last, zoneOf(delivery)) })), "P1")];
    case "delivery.cover-ended":
      return [tellRoom(slot, message(line("delivery.cover-ended", { delivery: id, until: when(event.until, theCase(scope).zone) })), "P1")];
    case "delivery.stopped": return stopped(event, delivery, scope);
    case "delivery.stop-repeated": {
      const first = delivery.stop;
      return bothWays(event, delivery, scope, message(
        line("delivery.stop-again", { delivery: id, by: first?.by.callSign ?? "", at: when(first?.at ?? event.at, zoneOf(delivery)), again: event.by.callSign }),
        event.reason === undefined ? undefined : line("delivery.reason", { reason: event.reason }),
      ));
    }
    default: return handOverSaid(event, delivery);
  }
}

/** To the delivery's room, and to the author where they wrote elsewhere: in the room the one message is the answer too. */
export function toAll(event: { readonly inRoom: boolean }, delivery: Delivery, lines: readonly (Line | undefined)[], lane: Lane = "live"): Effect[] {
  const told = message(...lines);
  return [tellRoom(deliverySlot(delivery.id), told, lane), ...(event.inRoom ? [] : [{ ...reply(told), lane }])];
}

function contacted(event: Extract<DeliveryEvent, { type: "delivery.contacted" }>, delivery: Delivery): readonly Effect[] {
  const zone = zoneOf(delivery);
  const at = when(event.of, zone);
  const next = event.next === undefined
    ? line("delivery.contact-kept", { at, by: event.by.callSign })
    : line("delivery.contact", { at, by: event.by.callSign, next: when(event.next, zone) });
  // The note is what somebody typed in that room already; from elsewhere the room gets to read it here.
  return toAll(event, delivery, [
    next,
    event.what === "well" ? undefined : line("delivery.contact-what", { what: event.what }),
    event.note === undefined || event.inRoom ? undefined : line("text", { text: event.note }),
  ]);
}

/** A stop goes both ways, into the room and to each one's direct chat, and it rings. */
function stopped(event: Extract<DeliveryEvent, { type: "delivery.stopped" }>, delivery: Delivery, scope: Scope): readonly Effect[] {
  const everybody = usersOf(circle(scope, delivery));
  const others = everybody.filter((user) => user !== event.by.user);
  const untold = circle(scope, delivery).filter((member) => isKeptOut(scope.people, member.user));
  const slot = deliverySlot(delivery.id);
  const stub = message(line("delivery.stop-stub", { codename: theCase(scope).codename, delivery: delivery.id }));
  const details = message(
    line("delivery.stopped", { delivery: delivery.id, at: when(event.at, zoneOf(delivery)), by: event.by.callSign }),
    event.reason === undefined ? undefined : line("delivery.reason", { reason: event.reason }),
    line("delivery.stop-sent", { people: reachable(scope, everybody).length }),
    untold.length === 0 ? undefined : line("access.not-told", { who: calledNow(scope, untold) }),
  );
  return [
    wake({ to: "room", slot }, everybody, stub, "stop"),
    tellRoom(slot, details, "stop"),
    ...(others.length === 0 ? [] : [wake({ to: "people", users: others }, others, stub, "stop"), tellPeople(others, details, "stop")]),
    ...(event.inRoom ? [] : [tellPeople([event.by.user], details, "stop")]),
  ];
}

/** What follows a stop goes the same ways: into the room and to each one alone; to its author where they wrote elsewhere than there. */
function bothWays(event: Extract<DeliveryEvent, { type: "delivery.stop-repeated" }>, delivery: Delivery, scope: Scope, told: Message): Effect[] {
  const alone = usersOf(circle(scope, delivery)).filter((user) => user !== event.by.user || !event.inRoom);
  return [tellRoom(deliverySlot(delivery.id), told, "stop"), ...(alone.length === 0 ? [] : [tellPeople(alone, told, "stop")])];
}

/** Who has the watch, on which leg. */
export function watchLine(delivery: Delivery): Line {
  const leg = watchedLeg(delivery);
  return line("delivery.watch-at", { country: country(leg.country), leg: leg.number, place: leg.place });
}

function voidsLine(voids: readonly string[]): Line | undefined {
  return voids.length === 0 ? undefined : line("delivery.goes-void", { who: list(voids) });
}
