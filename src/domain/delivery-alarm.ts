/** Who is asked when something about a delivery may not wait: the liaisons and the administrators of the route, all at once. */
import type { Raising } from "./alert-asking.ts";
import type { Cause } from "./alert-types.ts";
import { administratorsOf, circle, usersOf } from "./delivery-circle.ts";
import type { Delivery } from "./delivery-types.ts";
import type { Instant, UserId } from "./ids.ts";
import type { Message } from "./say.ts";
import type { Scope } from "./state.ts";
import { members } from "./state.ts";

/** A P1 about a delivery. No alert hangs on one person: where fewer than two can be asked besides each other, the whole circle is. */
export function alarmed(scope: Scope, delivery: Delivery, cause: Cause, details: Message): Raising {
  const administrators = administratorsOf(scope, delivery);
  const first = new Set<UserId>([...liaisonsOf(scope), ...administrators]);
  const to = first.size >= 2 ? [...first] : [...new Set([...first, ...usersOf(circle(scope, delivery))])];
  return { priority: "P1", cause, delivery: delivery.id, to, watchers: administrators, details };
}

/** An alert of these causes raised after that moment that nobody has acknowledged: it goes on asking by itself, a second one about the same would only hide it. */
export function hasOpenAlert(scope: Scope, delivery: Delivery, since: Instant, ...causes: readonly Cause[]): boolean {
  return [...scope.state.alert.values()].some((alert) =>
    alert.delivery === delivery.id && causes.includes(alert.cause) && alert.acknowledged.length === 0 && alert.raised > since);
}

function liaisonsOf(scope: Scope): readonly UserId[] {
  return usersOf(members(scope).filter((member) => member.role === "liaison"));
}
