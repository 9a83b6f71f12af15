/** What reading may look up, from the state: the author's case, its people, and which numbers exist. */
import type { KnownCase, World as ReadingWorld } from "../chat/reading.ts";
import type { Alert } from "../domain/alert-types.ts";
import { circle } from "../domain/delivery.ts";
import type { Delivery } from "../domain/delivery-types.ts";
import type { ChainId, DeliveryId, Instant, UserId } from "../domain/ids.ts";
import type { Scope } from "../domain/state.ts";
import { theCase } from "../domain/state.ts";
import type { Acting } from "./deciding.ts";
import type { World } from "./world.ts";

/** In a direct chat: the author's only case, or the one whose codename comes first in the line, which is then taken off. */
export function caseOf(world: World, user: UserId, text: string): { readonly chain?: ChainId; readonly rest?: string } {
  const cases = world.casesOf(user);
  const [first = "", ...others] = text.trim().split(/\s+/u);
  const named = cases.find((id) => world.chain(id).view.case.get("case")?.codename.toLowerCase() === first.toLowerCase());
  if (named !== undefined) return { chain: named, ...(others.length > 0 ? { rest: others.join(" ") } : {}) };
  const [only] = cases;
  return cases.length === 1 && only !== undefined ? { chain: only } : {};
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
    members: [...scope.state.member.values()],
    hasTask: (task) => scope.state.task.has(task),
    hasDelivery: (delivery) => mayKnow(scope, scope.state.delivery.get(delivery), user),
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
