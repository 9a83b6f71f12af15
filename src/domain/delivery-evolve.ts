/** How each event changes a delivery. It trusts the events: they were decided by the rules, and replaying them must not depend on today's rules. */
import type { Contact, Delivery, DeliveryEvent, Movement } from "./delivery-types.ts";

/** The delivery after an event. Throws only on events in an order that the rules never decide. */
export function evolveDelivery(delivery: Delivery | undefined, event: DeliveryEvent): Delivery {
  if (event.type === "delivery.drafted") {
    const { id, by, at, plan, digest } = event;
    return { id, by, drafted: at, plan, digest, asked: {}, grants: {}, goes: [], state: "authorising", lookAlikes: {} };
  }
  if (delivery === undefined) throw new Error(`${event.type} before delivery.drafted`);
  switch (event.type) {
    case "delivery.grant-asked":
      return { ...delivery, asked: { ...delivery.asked, [event.country]: { by: event.by.callSign, at: event.at } } };
    case "delivery.granted": {
      const grant = { ...event.grant, by: event.by, over: false };
      // A go was said for the grants of its moment: with other grants it is another go.
      return { ...delivery, grants: { ...delivery.grants, [event.grant.country]: grant }, goes: goesAfterGrants(delivery) };
    }
    case "delivery.grant-ended": {
      const grant = delivery.grants[event.country];
      const grants = grant === undefined ? delivery.grants : { ...delivery.grants, [event.country]: { ...grant, over: true } };
      return { ...delivery, grants, goes: goesAfterGrants(delivery) };
    }
    case "delivery.go-said": {
      const others = delivery.goes.filter((go) => go.by.user !== event.by.user);
      return { ...delivery, goes: [...others, { by: event.by, at: event.at, lapses: event.lapses }] };
    }
    case "delivery.go-lapsed":
      return { ...delivery, goes: delivery.goes.filter((go) => go.by.user !== event.user) };
    case "delivery.gone":
      return {
        ...delivery, state: "moving",
        movement: { leg: 0, since: event.at, territory: event.country, territorySince: event.at, contact: { at: event.at }, uncovered: false },
      };
    case "delivery.stopped": {
      const stop = { by: event.by, at: event.at, times: 1, ...(event.reason === undefined ? {} : { reason: event.reason }) };
      return { ...settled(delivery), state: "stopped", goes: [], stop };
    }
    case "delivery.stop-repeated":
      return delivery.stop === undefined ? delivery : { ...delivery, stop: { ...delivery.stop, times: delivery.stop.times + 1 } };
    default:
      return { ...delivery, ...moved(delivery, event) };
  }
}

type MovementEvent = Extract<DeliveryEvent, {
  type: `delivery.${"offered" | "taker-asked" | "offer-lapsed" | "seal-read" | "reading-withdrawn" | "watch-taken" | "seal-differs" | "contacted" | "contact-denied" | "contact-asked" | "no-contact" | "cover-ended"}`;
}>;

function moved(delivery: Delivery, event: MovementEvent): Partial<Delivery> {
  const { movement } = delivery;
  if (movement === undefined) throw new Error(`${event.type} before delivery.gone`);
  const { offer, ...withoutOffer } = movement;
  const { contact } = movement;
  switch (event.type) {
    case "delivery.offered": {
      const { from, to, condition, choices, askAgain, seal } = event;
      const given = { by: event.by, seal, at: event.at, final: event.final };
      const taken = event.corrects ? offer?.taken : undefined;
      return {
        movement: { ...movement, offer: { from, to, given, condition, choices, askAgain, asked: 1, ...(taken === undefined ? {} : { taken }) } },
        lookAlikes: { ...delivery.lookAlikes, [seal]: choices },
      };
    }
    case "delivery.taker-asked":
      return offer === undefined ? {} : { movement: { ...movement, offer: { ...offer, asked: offer.asked + 1, askAgain: event.askAgain } } };
    case "delivery.seal-read": {
      const taken = { by: event.by, at: event.at, final: event.final, ...(event.seal === undefined ? {} : { seal: event.seal }) };
      return offer === undefined ? {} : { movement: { ...movement, offer: { ...offer, taken } } };
    }
    case "delivery.reading-withdrawn": {
      if (offer === undefined) return {};
      const { taken: _taken, ...unread } = offer;
      return { movement: { ...movement, offer: { ...unread, askAgain: event.askAgain } } };
    }
    case "delivery.offer-lapsed": case "delivery.seal-differs":
      return { movement: withoutOffer };
    case "delivery.watch-taken": {
      const country = delivery.plan.legs[event.leg]?.country ?? movement.territory;
      const taken: Movement = {
        ...withoutOffer, leg: event.leg, since: event.at, territory: country,
        territorySince: country === movement.territory ? movement.territorySince : event.at,
        contact: { at: event.at, by: event.by.callSign },
      };
      return { movement: taken };
    }
    case "delivery.contacted":
      return { movement: { ...movement, contact: afterContact(contact, event) } };
    case "delivery.contact-asked":
      return { movement: { ...movement, contact: { ...contact, asked: { at: event.at, answerBy: event.answerBy } } } };
    case "delivery.no-contact": case "delivery.contact-denied": {
      const { asked: _asked, ...rest } = contact;
      return { movement: { ...movement, contact: { ...rest, alarmed: event.at } } };
    }
    case "delivery.cover-ended":
      return { movement: { ...movement, uncovered: true } };
  }
}

/** A contact told late about an earlier moment changes nothing when a later one is known. */
function afterContact(contact: Contact, event: Extract<DeliveryEvent, { type: "delivery.contacted" }>): Contact {
  return event.of < contact.at ? contact : { at: event.of, by: event.by.callSign };
}

function goesAfterGrants(delivery: Delivery): Delivery["goes"] {
  return delivery.state === "authorising" ? [] : delivery.goes;
}

/** Nothing is asked or offered any more; where the goods are and who follows them stays known. */
function settled(delivery: Delivery): Delivery {
  if (delivery.movement === undefined) return delivery;
  const { offer: _offer, contact: { asked: _asked, ...contact }, ...rest } = delivery.movement;
  return { ...delivery, movement: { ...rest, contact } };
}
