/** The second person without whom nobody is let back. */
import { isKeptOut } from "./access.ts";
import type { Context } from "./decision.ts";
import type { CallSign } from "./ids.ts";
import type { Need } from "./request.ts";
import { memberOf } from "./roster.ts";
import type { Scope } from "./state.ts";
import { members } from "./state.ts";

/**
 * Of whom one must agree before somebody is let back: an administrator of another state than the author's, if the case has one who can act; else any
 * other administrator, else an authority, else any member. Without the last two, a case whose second administrator has lost a phone would be stuck.
 */
export function seconds(scope: Scope, target: CallSign, ctx: Context): readonly Need[] {
  const others = members(scope).filter((member) => member.callSign !== target && member.user !== ctx.author.user && !isKeptOut(scope.people, member.user));
  const country = memberOf(scope, ctx.author.user)?.country;
  const administrators = others.filter((member) => member.role === "administrator");
  const tiers = [
    administrators.filter((member) => member.country !== country), administrators,
    others.filter((member) => member.role === "authority"), others.filter((member) => member.role === "member"),
  ];
  return [{ anyOf: (tiers.find((tier) => tier.length > 0) ?? []).map((member) => member.user), count: 1 }];
}

/** Those who have agreed, of those who were needed; the author's own confirmation is not a second one. */
export function secondsGiven(scope: Scope, target: CallSign, ctx: Context): readonly CallSign[] {
  const needed = new Set(seconds(scope, target, ctx).flatMap((need) => need.anyOf));
  return (ctx.approvals ?? []).flatMap(({ by }) => (needed.has(by) ? memberOf(scope, by)?.callSign ?? [] : []));
}
