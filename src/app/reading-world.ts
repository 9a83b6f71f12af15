/** What reading may look up, from the state: the author's case, its people, and which numbers exist. */
import type { KnownCase, World as ReadingWorld } from "../chat/reading.ts";
import type { Alert } from "../domain/alert-types.ts";
import { circle } from "../domain/delivery.ts";
import type { Delivery } from "../domain/delivery-types.ts";
import type { ChainId, DeliveryId, Instant, UserId } from "../domain/ids.ts";
import type { Scope } from "../domain/state.ts";
import { members, theCase } from "../domain/state.ts";
import type { Acting } from "./deciding.ts";
import type { World } from "./world.ts";

/**
 * In a direct chat: the author's only case, or the one whose codename stands in the line. Where it stands first it is taken off ("Albatross task list",
 * "Albatross: stop"); before a number, reading takes it for what it is ("task done Albatross T-12").
 */
export function caseOf(world: World, user: UserId, text: string): { readonly chain?: ChainId; readonly rest?: string } {
  const cases = world.casesOf(user).map((id) => ({ id, codename: world.chain(id).view.case.get("case")?.codename.toLowerCase() ?? "" }));
  const words = text.trim().split(/\s+/u);
  const plain = words.slice(0, 50).map((word) => word.toLowerCase().replace(/[:,.!]+$/u, ""));
  const named = cases.filter(({ codename }) => plain.includes(codename));
  const [only] = named.length > 0 ? named : cases;
  if (only === undefined || (named.length === 0 && cases.length > 1) || named.length > 1) return {};
  const isFirst = plain[0] === only.codename && words.length > 1;
  return { chain: only.id, ...(isFirst ? { rest: words.slice(1).join(" ") } : {}) };
}

/** The only case in which the person has a delivery that is not over: a stop without a codename means that one. */
export function caseToStop(world: World, user: UserId): ChainId | undefined {
  const live = world.casesOf(user).filter((id) => {
    const scope = world.scope(id);
    return [...scope.state.delivery.values()].some((delivery) => delivery.state !== "stopped" && mayKnow(scope, delivery, user));
  });
  return live.length === 1 ? live[0] : undefined;
}

/** What a message of this person, at this place, may be read against. */
export function readingWorld(world: World, acting: Pick<Acting, "author" | "chain" | "origin">, now: Instant): ReadingWorld {
  const { language, zone } = acting.author.person;
  const scope = acting.chain === undefined ? undefined : world.scope(acting.chain);
  const delivery = acting.origin.delivery ?? (scope === undefined ? undefined : onlyLive(scope, acting.author.user));
  return {
    now, language, zone,
    ...(scope === undefined ? {} : { case: knownCase(scope, acting.author.user) }),
    ...(delivery === undefined ? {} : { delivery }),
  };
}

/** Of deliveries and alerts only those that the author may know of: "there is no CD-2" would tell an outsider that there is a CD-3. */
function knownCase(scope: Scope, user: UserId): KnownCase {
  const { id, codename } = theCase(scope);
  return {
    id, codename,
    members: members(scope),
    hasTask: (task) => scope.state.task.has(task),
    hasDelivery: (delivery) => mayKnow(scope, scope.state.delivery.get(delivery), user),
    deliveries: () => [...scope.state.delivery.values()].filter((delivery) => mayKnow(scope, delivery, user)).map(({ id }) => id),
    hasAlert: (alert) => knowsAlert(scope.state.alert.get(alert), user),
  };
}

/** The one delivery of the author's that is not over: in a direct chat its short forms need no number. */
function onlyLive(scope: Scope, user: UserId): DeliveryId | undefined {
  const live = [...scope.state.delivery.values()].filter((delivery) => delivery.state !== "stopped" && mayKnow(scope, delivery, user));
  return live.length === 1 ? live[0]?.id : undefined;
}

function mayKnow(scope: Scope, delivery: Delivery | undefined, user: UserId): boolean {
  return delivery !== undefined && circle(scope, delivery).some((member) => member.user === user);
}

function knowsAlert(alert: Alert | undefined, user: UserId): boolean {
  return alert !== undefined && (alert.by?.user === user || alert.watchers.includes(user) || alert.to.some((person) => person.user === user));
}
