/** The pinned card of a delivery: whom to call when the bot is silent. It has to be readable while nobody can change it, so it says only what lasts. */
import { circleOf, countriesOf } from "./delivery-circle.ts";
import type { Delivery } from "./delivery-types.ts";
import type { Country, DeliveryId, Slot } from "./ids.ts";
import type { Member } from "./roster.ts";
import type { Fact, Line, Message } from "./say.ts";
import { country, line, list, message, nested, span } from "./say.ts";
import type { Scope } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "card.title": { delivery: string; after: Span };
    "card.watch": { country: CountryName; who: Fact };
    "card.begins": { country: CountryName; who: Fact };
    "card.next": { country: CountryName; who: Fact };
    "card.administrators": { who: Fact };
    "card.of": { callSign: string; country: CountryName };
    "card.nobody": Record<never, never>;
    "card.how": Record<never, never>;
    "card.no-numbers": Record<never, never>;
  }
}

/** A board of a moving delivery that is older than this says that the bot is silent, in milliseconds. */
export const SILENT_AFTER = 20 * 60_000;

/** The card of the room, or undefined for a room that is not a delivery's. */
export function cardOf(scope: Scope, slot: Slot): Message | undefined {
  const delivery = scope.state.delivery.get(slot as string as DeliveryId);
  if (delivery === undefined) return undefined;
  return message(
    line("card.title", { delivery: delivery.id, after: span(SILENT_AFTER) }),
    ...watchLines(scope, delivery),
    line("card.administrators", { who: people(countriesOf(delivery).flatMap((each) => circleOf(scope, delivery, each).filter((member) => member.role === "administrator"))) }),
    line("card.how", {}),
    line("card.no-numbers", {}),
  );
}

/** Who has the watch and who has it next; before it moves, with whom it begins. */
function watchLines(scope: Scope, delivery: Delivery): readonly Line[] {
  const at = delivery.movement?.leg ?? 0;
  const [now, next] = [delivery.plan.legs[at]?.country, delivery.plan.legs[at + 1]?.country];
  const facts = (of: Country) => ({ country: country(of), who: called(circleOf(scope, delivery, of)) });
  return [
    ...(now === undefined ? [] : [delivery.movement === undefined ? line("card.begins", facts(now)) : line("card.watch", facts(now))]),
    ...(next === undefined ? [] : [line("card.next", facts(next))]),
  ];
}

function called(of: readonly Member[]): Fact {
  return of.length === 0 ? nested(line("card.nobody", {})) : list(of.map((member) => member.callSign));
}
/** Call signs with their countries: of names and numbers the bot knows only the first, and servers would see neither. */
function people(of: readonly Member[]): Fact {
  if (of.length === 0) return nested(line("card.nobody", {}));
  return list(of.map((member) => nested(line("card.of", { callSign: member.callSign, country: country(member.country) }))));
}
