/** The pinned board of a delivery's room, and its one line on another board. No seal stands on either. */
import { countriesOf, zoneOf } from "./delivery-circle.ts";
import { watchLine } from "./delivery-effects.ts";
import { isReady, zoneIn } from "./delivery-grants.ts";
import { planLines } from "./delivery-go.ts";
import type { Delivery } from "./delivery-types.ts";
import type { Country, DeliveryId } from "./ids.ts";
import type { Line, Message } from "./say.ts";
import { country, line, list, message, when } from "./say.ts";
import type { Scope } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "delivery.line": { delivery: string; state: string };
    "delivery.board": { delivery: string; state: string; mode: string; digest: string };
    "delivery.board-not-asked": { country: Fact };
    "delivery.board-asked": { country: Fact; at: Fact };
    "delivery.board-granted": { country: Fact; how: string };
    "delivery.board-granted-until": { country: Fact; how: string; until: Fact };
    "delivery.board-over": { country: Fact; until: Fact };
    "delivery.board-goes": { who: Fact };
    "delivery.board-territory": { country: Fact; since: Fact };
    "delivery.board-contact": { last: Fact };
    "delivery.board-offered": { by: string; to: Fact };
    "delivery.board-stopped": { by: string; at: Fact };
    "delivery.board-alert": { number: string; priority: string };
    "delivery.board-more": { count: number };
  }
}

/** Open alerts shown on a board; more do not fit a phone. */
export const MAX_ALERTS_SHOWN = 5;

/** Number and state, for a board whose readers all are in the circle: whoever puts it there has to make sure of that. */
export function deliveryLine(_scope: Scope, delivery: Delivery): Line {
  return line("delivery.line", { delivery: delivery.id, state: stateOf(delivery) });
}

/** What the room of a delivery needs at a glance: state, grants, who said go, watch and territory, last contact, alerts nobody has taken. */
export function deliveryBoard(scope: Scope, id: DeliveryId): Message {
  const delivery = scope.state.delivery.get(id);
  if (delivery === undefined) return message();
  const { plan, movement, stop, digest } = delivery;
  return message(
    line("delivery.board", { delivery: id, state: stateOf(delivery), mode: plan.mode, digest }),
    stop && line("delivery.board-stopped", { by: stop.by.callSign, at: when(stop.at, zoneOf(delivery)) }),
    ...planLines(delivery),
    ...countriesOf(delivery).map((each) => grantLine(delivery, each)),
    delivery.goes.length > 0 && movement === undefined ? line("delivery.board-goes", { who: list(delivery.goes.map((go) => go.by.callSign)) }) : undefined,
    ...(movement === undefined ? [] : [
      watchLine(delivery),
      line("delivery.board-territory", { country: country(movement.territory), since: when(movement.territorySince, zoneIn(delivery, movement.territory)) }),
      line("delivery.board-contact", { last: when(movement.contact.at, zoneOf(delivery)) }),
    ]),
    movement?.offer && line("delivery.board-offered", { by: movement.offer.given.by.callSign, to: country(movement.offer.to) }),
    ...alertLines(scope, id),
  );
}

/** The state as it is called: what is ready waits for go, what is authorising for grants. */
export function stateOf(delivery: Delivery): "authorising" | "ready" | "moving" | "stopped" {
  return delivery.state === "authorising" && isReady(delivery) ? "ready" : delivery.state;
}

function grantLine(delivery: Delivery, of: Country): Line {
  const grant = delivery.grants[of];
  const asked = delivery.asked[of];
  const zone = zoneIn(delivery, of);
  if (grant === undefined) {
    return asked === undefined ? line("delivery.board-not-asked", { country: country(of) }) : line("delivery.board-asked", { country: country(of), at: when(asked.at, zone) });
  }
  if (grant.over && grant.until !== undefined) return line("delivery.board-over", { country: country(of), until: when(grant.until, zone) });
  const how = grant.paper === undefined ? "oral" : "written";
  return grant.until === undefined
    ? line("delivery.board-granted", { country: country(of), how })
    : line("delivery.board-granted-until", { country: country(of), how, until: when(grant.until, zone) });
}

function alertLines(scope: Scope, id: DeliveryId): readonly Line[] {
  const open = [...scope.state.alert.values()].filter((alert) => alert.delivery === id && alert.acknowledged.length === 0);
  return [
    ...open.slice(0, MAX_ALERTS_SHOWN).map((alert) => line("delivery.board-alert", { number: alert.id, priority: alert.priority })),
    ...(open.length > MAX_ALERTS_SHOWN ? [line("delivery.board-more", { count: open.length - MAX_ALERTS_SHOWN })] : []),
  ];
}
