/** What is said during a hand-over: who offers, who has read, whether the readings agree; never a number. */
import { watchedLeg } from "./delivery-circle.ts";
import { zoneIn } from "./delivery-grants.ts";
import type { Delivery, DeliveryEvent } from "./delivery-types.ts";
import type { Effect } from "./effect.ts";
import { reply, tellPeople, tellRoom } from "./effect.ts";
import { deliverySlot } from "./ids.ts";
import type { Line } from "./say.ts";
import { country, line, message, span, typed, when } from "./say.ts";

declare module "./say.ts" {
  interface Sayings {
    "delivery.offered": { by: string; to: Fact };
    "delivery.offer-corrected": { by: string };
    "delivery.keeps-watch": { to: Fact; from: Fact };
    "delivery.taker-asked": { to: Fact; from: Fact };
    "delivery.offer-lapsed": { to: Fact; from: Fact; give: Fact };
    "delivery.seal-read": { by: string; after: Fact };
    "delivery.reading-withdrawn": { by: string };
    "delivery.watch-taken": { by: string };
    "delivery.watch-since": { country: Fact; at: Fact };
    "delivery.territory-since": { country: Fact; at: Fact };
    "delivery.seal-broken": { from: Fact };
    "delivery.seal-not-planned": Record<never, never>;
    "delivery.seal-differs": { giver: string; taker: string };
    "delivery.watch-stays": { country: Fact; give: Fact };
  }
}

/** The events of a hand-over. */
export type HandOverEvent = Extract<DeliveryEvent, {
  type: `delivery.${"offered" | "taker-asked" | "offer-lapsed" | "seal-read" | "reading-withdrawn" | "watch-taken" | "seal-differs"}`;
}>;

/** What is said because of an event of a hand-over. */
export function handOverSaid(event: HandOverEvent, delivery: Delivery): readonly Effect[] {
  const slot = deliverySlot(delivery.id);
  const both = (...lines: readonly (Line | undefined)[]): Effect[] => [reply(message(...lines)), tellRoom(slot, message(...lines))];
  switch (event.type) {
    case "delivery.offered": {
      const sides = { from: country(event.from), to: country(event.to) };
      return event.corrects
        ? both(line("delivery.offer-corrected", { by: event.by.callSign }), line("delivery.keeps-watch", sides))
        : both(line("delivery.offered", { by: event.by.callSign, to: sides.to }), line("delivery.keeps-watch", sides));
    }
    case "delivery.taker-asked": {
      const offer = delivery.movement?.offer;
      return offer === undefined ? [] : [tellRoom(slot, message(line("delivery.taker-asked", { to: country(offer.to), from: country(offer.from) })))];
    }
    case "delivery.offer-lapsed":
      return [tellRoom(slot, message(line("delivery.offer-lapsed", { to: country(event.to), from: country(event.from), give: typed(`cd give ${delivery.id} seal … intact`) })))];
    case "delivery.seal-read": {
      // A clock on a phone shows minutes: so short a time is told as a length.
      const left = span(event.final - event.at);
      // The reader gets the question whether it is right, which says all of this already.
      return [tellRoom(slot, message(line("delivery.seal-read", { by: event.by.callSign, after: left })))];
    }
    case "delivery.reading-withdrawn": return both(line("delivery.reading-withdrawn", { by: event.by.callSign }));
    case "delivery.watch-taken": {
      const leg = watchedLeg(delivery);
      const territory = delivery.movement?.territory ?? leg.country;
      return [tellRoom(slot, message(
        line("delivery.watch-taken", { by: event.by.callSign }),
        line("delivery.watch-since", { country: country(leg.country), at: when(event.at, leg.zone) }),
        line("delivery.territory-since", { country: country(territory), at: when(delivery.movement?.territorySince ?? event.at, zoneIn(delivery, territory)) }),
        event.condition === "broken" ? line("delivery.seal-broken", { from: country(event.from) }) : undefined,
        event.asPlanned ? undefined : line("delivery.seal-not-planned", {}),
        line("delivery.next-contact", { next: when(event.nextContact, leg.zone) }),
      )), tellPeople([event.giver.user, event.by.user], message(
        line("delivery.watch-taken", { by: event.by.callSign }), line("delivery.watch-since", { country: country(leg.country), at: when(event.at, leg.zone) }),
      ))];
    }
    case "delivery.seal-differs": {
      const told = message(
        line("delivery.seal-differs", { giver: event.given.by.callSign, taker: event.taken.by.callSign }),
        line("delivery.watch-stays", { country: country(event.watch), give: typed(`cd give ${delivery.id} seal … intact`) }),
      );
      // The two who read stand at the goods with the direct chat open, where they were asked.
      return [tellRoom(slot, told, "P1"), tellPeople([event.given.by.user, event.taken.by.user], told, "P1")];
    }
  }
}
