/**
 * A changed identity: somebody whose server shows another master key than the pinned one is suspended until two people have read the new one in person.
 * It is what a thief with a password does, and also what people do who have lost all their devices; nothing but meeting them tells the two apart.
 */
import { seconds, secondsGiven } from "./access-seconds.ts";
import type { Context, Decision, Refusal } from "./decision.ts";
import { callSign, decided, refuse } from "./decision.ts";
import type { DomainEvent } from "./events.ts";
import type { CallSign, Instant, MasterKey, UserId } from "./ids.ts";
import type { Person } from "./person.ts";
import { confirming, fingerprint } from "./person.ts";
import type { Message } from "./say.ts";
import { line, message, typed } from "./say.ts";
import type { Scope } from "./state.ts";
import { memberCalled, theCase } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "access.not-suspended": { callSign: string };
    "access.restore-no-second": { callSign: string };
    "access.restore-no-identity": { callSign: string };
    "access.restore-changed": { callSign: string; line: Typed };
    "access.restore-not-approved": { line: Typed };
    "access.confirm-restore": { callSign: string; name: string; codename: string };
    "access.confirm-restore-key": { callSign: string; fingerprint: string };
    "access.confirm-restore-old": { callSign: string };
    "access.confirm-restore-compare": { callSign: string };
  }
}

/** What follows, if anything, from the master key that the server shows for somebody now. */
export function identityShown(person: Person, shown: MasterKey, at: Instant): readonly DomainEvent[] {
  const { user, masterKey, suspended } = person;
  if (suspended === undefined) return shown === masterKey ? [] : [{ type: "person.suspended", v: 1, user, shown, at }];
  // Also back to the pinned one: whoever could show another for a while can do it again.
  return suspended.shown === shown ? [] : [{ type: "person.identity-seen", v: 1, user, shown, at }];
}

/** What is restored: a member, with the identity that was fixed before anybody was asked. */
export interface Restoring {
  readonly person: CallSign;
  readonly masterKey?: MasterKey | undefined;
}

/** Fixes the identity that is agreed to. */
export function prepareRestore<P extends Restoring>(scope: Scope, of: P, ctx: Context): { readonly ok: true; readonly params: P } | Refusal {
  const refusal = whyNot(scope, of.person, ctx);
  if (refusal !== undefined) return refusal;
  const shown = shownFor(scope, of.person, ctx);
  return shown === undefined ? refuse("access.restore-no-identity", { callSign: of.person }) : { ok: true, params: { ...of, masterKey: shown } };
}

/** What both are asked to confirm: that they have met the person and compared. */
export function confirmRestore(scope: Scope, { person: target, masterKey }: Restoring): Message {
  const { codename } = theCase(scope);
  const member = memberCalled(scope, target);
  const pinned = member && scope.people.get(member.user)?.masterKey;
  return message(
    line("access.confirm-restore", { callSign: target, name: member?.name ?? "", codename }),
    masterKey === undefined ? undefined : line("access.confirm-restore-key", { callSign: target, fingerprint: fingerprint(masterKey) }),
    masterKey !== undefined && masterKey === pinned ? line("access.confirm-restore-old", { callSign: target }) : undefined,
    line("access.confirm-restore-compare", { callSign: target }),
  );
}

/** Pins the identity that two people have read in person, and lets its owner act and read again. */
export function restoreMember(scope: Scope, { person: target, masterKey }: Restoring, ctx: Context): Decision {
  const refusal = whyNot(scope, target, ctx);
  if (refusal !== undefined) return refusal;
  const member = memberCalled(scope, target);
  if (member === undefined || masterKey === undefined) throw new Error("a member was restored without an identity having been fixed");
  const again = typed(`jit restore ${target}`);
  if (shownFor(scope, target, ctx) !== masterKey) return refuse("access.restore-changed", { callSign: target, line: again });
  const approvedBy = secondsGiven(scope, target, ctx);
  if (approvedBy.length === 0) return refuse("access.restore-not-approved", { line: again });
  return decided(
    { type: "person.restored", v: 1, user: member.user, masterKey, at: ctx.now },
    { type: "member.restored", v: 1, callSign: target, at: ctx.now, by: callSign(ctx), approvedBy, masterKey },
    ...comparedInPerson(scope, member.user, target, masterKey, approvedBy, ctx),
  );
}

/** They have met the person; that confirms the identity if one of the two is confirmed: the word of somebody unknown proves nothing. */
function comparedInPerson(scope: Scope, user: UserId, target: CallSign, masterKey: MasterKey, approvedBy: readonly CallSign[], ctx: Context): readonly DomainEvent[] {
  const both = [ctx.author.user, ...approvedBy.flatMap((callSign) => memberCalled(scope, callSign)?.user ?? [])];
  const by = both.find((each) => scope.people.get(each)?.confirmed !== undefined);
  const confirmed = by === undefined ? [] : confirming(user, masterKey, "in-person", scope, { now: ctx.now, by });
  return by === undefined || confirmed.length === 0 ? [] : [...confirmed, { type: "member.confirmed", v: 1, callSign: target, how: "in-person", by, at: ctx.now }];
}

function whyNot(scope: Scope, target: CallSign, ctx: Context): Refusal | undefined {
  const member = memberCalled(scope, target);
  if (member === undefined) return refuse("roster.not-in", { callSign: target });
  if (scope.people.get(member.user)?.suspended === undefined) return refuse("access.not-suspended", { callSign: target });
  if (seconds(scope, target, ctx).every((need) => need.anyOf.length === 0)) return refuse("access.restore-no-second", { callSign: target });
  return undefined;
}

function shownFor(scope: Scope, target: CallSign, ctx: Context): MasterKey | undefined {
  const member = memberCalled(scope, target);
  return member && ctx.identities?.get(member.user);
}
