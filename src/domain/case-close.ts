/** Ending a case before its agreement does: a decision of two states, like its opening. */
import { isOpen, refuseOver } from "./case.ts";
import type { Context, Decision } from "./decision.ts";
import { decided, refuse } from "./decision.ts";
import { circle } from "./delivery.ts";
import type { DeliveryId } from "./ids.ts";
import type { Need } from "./request.ts";
import { secondAdministrators } from "./roster.ts";
import type { Message } from "./say.ts";
import { line, list, message, typed } from "./say.ts";
import type { Scope } from "./state.ts";
import { theCase } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "case.confirm-close": { codename: string; agreement: string };
    "case.confirm-close-means": Record<never, never>;
    "case.close-not-approved": Record<never, never>;
    "case.close-no-second": Record<never, never>;
    "case.close-moving": { deliveries: List };
    "case.close-moving-elsewhere": Record<never, never>;
    "case.close-stop": { line: Typed };
  }
}

/** What the author and the second administrator agree to. */
export function confirmClose(scope: Scope): Message {
  const { codename, agreement } = theCase(scope);
  return message(line("case.confirm-close", { codename, agreement }), line("case.confirm-close-means", {}));
}

/** One administrator of another state than the author's. */
export function closeNeeds(scope: Scope, ctx: Context): readonly Need[] {
  return secondAdministrators(scope, ctx);
}

/**
 * Closes the case: nothing new may be shared in it, as after the agreement's end. Not while goods are under watch, because whoever has the watch would
 * be left alone with it.
 */
export function closeCase(scope: Scope, ctx: Context): Decision {
  if (!isOpen(scope, ctx.now)) return refuseOver(scope);
  if (ctx.author.member?.role !== "administrator") return refuse("roster.administrators-only", {});
  const moving = [...scope.state.delivery.values()].filter((delivery) => delivery.state === "moving");
  const known: readonly DeliveryId[] = moving.filter((delivery) => circle(scope, delivery).some((member) => member.user === ctx.author.user)).map((delivery) => delivery.id);
  const [first] = known;
  // One of whose circle the author is not is not named, not even by its number.
  if (first !== undefined) return refuse("case.close-moving", { deliveries: list(known) }, line("case.close-stop", { line: typed(`cd stop ${first}`) }));
  if (moving.length > 0) return refuse("case.close-moving-elsewhere", {});
  const seconds = new Set(closeNeeds(scope, ctx).flatMap((need) => need.anyOf));
  if (seconds.size === 0) return refuse("case.close-no-second", {});
  const approvedBy = (ctx.approvals ?? []).map((approval) => approval.by).filter((user) => seconds.has(user));
  if (approvedBy.length === 0) return refuse("case.close-not-approved", {});
  return decided({ type: "case.closed", v: 1, at: ctx.now, by: ctx.author.user, approvedBy });
}
