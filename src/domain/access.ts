/**
 * Who is kept out for now: somebody whose identity is not the pinned one any more (suspended), or whose phone is lost (cut off). It stands with the
 * person, for all cases at once; each case has it on record too, and what follows there follows from that. What they may hear of: nothing.
 */
import type { CallSign, Instant, MasterKey, UserId } from "./ids.ts";
import type { Person } from "./person.ts";
import type { Member } from "./roster.ts";
import type { Fact, List } from "./say.ts";
import { line, list, nested } from "./say.ts";
import type { Scope } from "./state.ts";
import { members } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "access.called-suspended": { callSign: string };
    "access.called-cut-off": { callSign: string };
    /** Said to whoever acted. */
    "access.not-told": { who: List };
    "access.author-kept-out": Record<never, never>;
  }
}

/** Since when, and which master key the server shows in place of the pinned one: perhaps the pinned one again. */
export interface Suspension {
  readonly since: Instant;
  readonly shown: MasterKey;
}
/** Since when; in the case where it was reported, also by whom. */
export interface CutOff {
  readonly since: Instant;
  readonly by?: CallSign;
}

/** What happens to a person's access, in the installation's chain. */
export type PersonAccessEvent =
  | { readonly type: "person.suspended"; readonly v: 1; readonly user: UserId; readonly shown: MasterKey; readonly at: Instant }
  /** While suspended: the server shows another identity than before, perhaps the pinned one again. */
  | { readonly type: "person.identity-seen"; readonly v: 1; readonly user: UserId; readonly shown: MasterKey; readonly at: Instant }
  /** Two people have read this identity in person; from now on it is the pinned one. */
  | { readonly type: "person.restored"; readonly v: 1; readonly user: UserId; readonly masterKey: MasterKey; readonly at: Instant }
  | { readonly type: "person.cut-off"; readonly v: 1; readonly user: UserId; readonly at: Instant }
  | { readonly type: "person.let-back"; readonly v: 1; readonly user: UserId; readonly at: Instant };

type OfMember<Type extends string, Facts> = { readonly type: `member.${Type}`; readonly v: 1; readonly callSign: CallSign; readonly at: Instant } & Facts;
/** The same in each case of theirs. `by` and those who agreed are missing where it was decided in another case. */
export type MemberAccessEvent =
  | OfMember<"suspended", { readonly since: Instant; readonly shown: MasterKey }>
  | OfMember<"identity-seen", { readonly shown: MasterKey; readonly isPinned: boolean }>
  | OfMember<"restored", { readonly by?: CallSign; readonly approvedBy: readonly CallSign[]; readonly masterKey: MasterKey }>
  | OfMember<"cut-off", { readonly since: Instant; readonly by?: CallSign; readonly note?: string }>
  | OfMember<"let-back", { readonly by?: CallSign; readonly approvedBy: readonly CallSign[] }>;

/** Why somebody is kept out; the identity is the graver matter. */
export type KeptOut = "suspended" | "cut-off";

/** Why this person is kept out for now; undefined for everybody else. */
export function keptOut(person: Pick<Person, "suspended" | "cutOff"> | undefined): KeptOut | undefined {
  return person?.suspended !== undefined ? "suspended" : person?.cutOff !== undefined ? "cut-off" : undefined;
}

/** Whether this user of the installation is kept out for now. */
export function isKeptOut(people: Scope["people"], user: UserId): boolean {
  return keptOut(people.get(user)) !== undefined;
}

/** Those of them to whom something can be sent. */
export function reachable(scope: Scope, users: readonly UserId[]): readonly UserId[] {
  return users.filter((user) => !isKeptOut(scope.people, user));
}

/** People as they are called, with a word at those who are kept out: nothing reaches them, and nobody may believe that it did. */
export function calledNow(scope: Scope, people: readonly { readonly user: UserId; readonly callSign: string }[]): List {
  return list(people.map(({ user, callSign }): Fact => {
    const why = keptOut(scope.people.get(user));
    if (why === undefined) return callSign;
    return nested(why === "suspended" ? line("access.called-suspended", { callSign }) : line("access.called-cut-off", { callSign }));
  }));
}

/**
 * What a case does not have on record yet of its people's access: it was decided in another case, by the bot itself, or before they came in. The
 * person's own state decides; doing this twice adds nothing.
 */
export function accessToRecord(scope: Scope, at: Instant): MemberAccessEvent[] {
  return members(scope).flatMap((member): MemberAccessEvent[] => {
    const person = scope.people.get(member.user);
    return person === undefined ? [] : [...suspensionToRecord(member, person, at), ...cutOffToRecord(member, person, at)];
  });
}

function suspensionToRecord({ callSign, suspended: known }: Member, { suspended, masterKey }: Person, at: Instant): MemberAccessEvent[] {
  if (suspended === undefined) return known === undefined ? [] : [{ type: "member.restored", v: 1, callSign, at, approvedBy: [], masterKey }];
  if (known === undefined) return [{ type: "member.suspended", v: 1, callSign, at, since: suspended.since, shown: suspended.shown }];
  return known.shown === suspended.shown ? [] : [{ type: "member.identity-seen", v: 1, callSign, at, shown: suspended.shown, isPinned: suspended.shown === masterKey }];
}

function cutOffToRecord({ callSign, cutOff: known }: Member, { cutOff }: Person, at: Instant): MemberAccessEvent[] {
  if ((cutOff === undefined) === (known === undefined)) return [];
  return cutOff === undefined ? [{ type: "member.let-back", v: 1, callSign, at, approvedBy: [] }] : [{ type: "member.cut-off", v: 1, callSign, at, since: cutOff.since }];
}

/** A person after an event about their access. */
export function evolvePersonAccess(person: Person, event: PersonAccessEvent): Person {
  switch (event.type) {
    case "person.suspended": return { ...person, suspended: { since: event.at, shown: event.shown } };
    case "person.identity-seen": return { ...person, suspended: { since: person.suspended?.since ?? event.at, shown: event.shown } };
    case "person.restored": {
      const { suspended: _over, confirmed, ...rest } = person;
      // What was confirmed was the identity from before.
      return { ...rest, masterKey: event.masterKey, ...(confirmed === undefined || event.masterKey !== person.masterKey ? {} : { confirmed }) };
    }
    case "person.cut-off": return { ...person, cutOff: { since: event.at } };
    case "person.let-back": {
      const { cutOff: _over, ...rest } = person;
      return rest;
    }
  }
}

/** A member after an event about their access. */
export function evolveMemberAccess(member: Member, event: MemberAccessEvent): Member {
  switch (event.type) {
    case "member.suspended": return { ...member, suspended: { since: event.since, shown: event.shown } };
    case "member.identity-seen": return { ...member, suspended: { since: member.suspended?.since ?? event.at, shown: event.shown } };
    case "member.restored": {
      const { suspended: _over, ...rest } = member;
      return rest;
    }
    case "member.cut-off": return { ...member, cutOff: { since: event.since, ...(event.by === undefined ? {} : { by: event.by }) } };
    case "member.let-back": {
      const { cutOff: _over, ...rest } = member;
      return rest;
    }
  }
}
