/**
 * Confirming that the identity pinned for somebody is theirs, by an administrator whose own identity is confirmed. The bot then signs it, so that the
 * crypto engine itself refuses another (design.md, Proven, at decision time).
 */
import { isKeptOut } from "./access.ts";
import type { Context, Decision, Refusal } from "./decision.ts";
import { decided, refuse } from "./decision.ts";
import type { CallSign, UserId } from "./ids.ts";
import type { Confirmed, Person } from "./person.ts";
import { confirming, fingerprint, identityOf, whyNotFingerprint } from "./person.ts";
import type { Member } from "./roster.ts";
import { memberOf } from "./roster.ts";
import type { Line, Message } from "./say.ts";
import { line, list, message, nested, typed } from "./say.ts";
import type { Scope } from "./state.ts";
import { administrators, memberCalled, theCase } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "identity.confirm": { codename: string; callSign: CallSign; name: string; user: UserId };
    "identity.confirm-fingerprint": { fingerprint: string };
    "identity.confirm-only-if": Record<never, never>;
    "identity.yourself": { line: Typed };
    "identity.already": { callSign: CallSign; state: Nested };
    "identity.not-in": { callSign: CallSign };
    "identity.you-first": Record<never, never>;
    "identity.needed": Record<never, never>;
    "identity.how-alone": { line: Typed };
    "identity.how": { who: List; line: Typed };
    "identity.state-open": Record<never, never>;
    "identity.state": { how: string };
    "identity.state-by": { how: string; by: CallSign };
  }
}

/** The least that must be known of whoever gives a command of some weight: a device signed by the pinned identity, or that identity confirmed, too. */
export type Minimum = "signed" | "confirmed";

/** Administrators of the case who can confirm somebody: their own identity is confirmed, they are not kept out, and nobody confirms themselves. */
export function confirmers(scope: Scope, user: UserId): readonly Member[] {
  return administrators(scope).filter((member) => member.user !== user && scope.people.get(member.user)?.confirmed !== undefined && !isKeptOut(scope.people, member.user));
}

/** How somebody whose identity is not confirmed comes to be; `scope` is a case of theirs, if there is one. */
export function howToBeConfirmed(user: UserId, scope: Scope | undefined): Line {
  const me = scope === undefined ? undefined : memberOf(scope, user);
  const who = scope === undefined ? [] : confirmers(scope, user).map((member) => member.callSign);
  const how = typed(`jit confirm ${me?.callSign ?? "PT-2"}`);
  return who.length === 0 ? line("identity.how-alone", { line: how }) : line("identity.how", { who: list(who), line: how });
}

/** Why somebody may not give a command that needs more than is known of them, and how that is mended. */
export function whyNotKnown(person: Person, minimum: Minimum, scope: Scope | undefined): readonly Line[] | undefined {
  if (minimum === "signed" || person.confirmed !== undefined) return undefined;
  return [line("identity.needed", {}), howToBeConfirmed(person.user, scope)];
}

/** How sure the identity of somebody in the case is. Who confirmed it is named only if they are in the case: others' cases are nobody's business. */
export function identityState(scope: Scope, confirmed: Confirmed | undefined): Line {
  if (confirmed === undefined) return line("identity.state-open", {});
  const by = confirmed.by === undefined ? undefined : memberOf(scope, confirmed.by)?.callSign;
  return by === undefined ? line("identity.state", { how: confirmed.how }) : line("identity.state-by", { how: confirmed.how, by });
}

/** Somebody of the case whose identity an administrator has compared with them; `fingerprint` is what they read out, if it was typed. */
export interface ComparedInPerson {
  readonly person: CallSign;
  readonly fingerprint?: string | undefined;
  readonly masterKey?: Person["masterKey"] | undefined;
}

/** Fixes the identity that is about to be confirmed; refuses what could not be. */
export function prepareConfirm<P extends ComparedInPerson>(scope: Scope, params: P, ctx: Context): { readonly ok: true; readonly params: P } | Refusal {
  const found = subject(scope, params, ctx);
  return found.ok ? { ok: true, params: { ...params, masterKey: found.person.masterKey } } : found;
}

/** What the administrator confirms. */
export function confirmConfirm(scope: Scope, { person, masterKey }: ComparedInPerson): Message {
  const member = memberCalled(scope, person);
  if (member === undefined || masterKey === undefined) throw new Error("an identity was put to be confirmed that had not been fixed");
  const { codename } = theCase(scope);
  return message(
    line("identity.confirm", { codename, callSign: person, name: member.name, user: member.user }),
    line("identity.confirm-fingerprint", { fingerprint: fingerprint(masterKey) }),
    line("identity.confirm-only-if", {}),
  );
}

/** Records that an administrator has compared the identity with the person. */
export function confirmInPerson(scope: Scope, params: ComparedInPerson, ctx: Context): Decision {
  const found = subject(scope, params, ctx);
  if (!found.ok) return found;
  const { person, member } = found;
  return decided(
    ...confirming(person.user, person.masterKey, "in-person", scope, { now: ctx.now, by: ctx.author.user }),
    { type: "member.confirmed", v: 1, callSign: member.callSign, how: "in-person", by: ctx.author.user, at: ctx.now },
  );
}

function subject(scope: Scope, { person: callSign, fingerprint: typedOne, masterKey }: ComparedInPerson, ctx: Context): { readonly ok: true; readonly person: Person; readonly member: Member } | Refusal {
  const { author } = ctx;
  if (author.member?.role !== "administrator") return refuse("roster.administrators-only", {});
  if (callSign === author.member.callSign) return refuse("identity.yourself", { line: typed(`jit confirm ${callSign}`) });
  // Whoever is not known to be who they say cannot say so of others.
  if (author.person.confirmed === undefined) return refuse("identity.you-first", {}, howToBeConfirmed(author.user, scope));
  const member = memberCalled(scope, callSign);
  const person = member === undefined ? undefined : scope.people.get(member.user);
  if (member === undefined || person === undefined) return refuse("identity.not-in", { callSign }, line("roster.see-people", { line: typed("jit show") }));
  if (person.confirmed !== undefined) return refuse("identity.already", { callSign, state: nested(identityState(scope, person.confirmed)) });
  const identity = identityOf(member.user, masterKey, scope, ctx);
  if (!identity.ok) return identity;
  const differs = whyNotFingerprint(callSign, typedOne, identity.masterKey);
  return differs ?? { ok: true, person, member };
}
