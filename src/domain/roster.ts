/** Who is in a case, for which state, in which role, and by which call sign. */
import type { CutOff, MemberAccessEvent, Suspension } from "./access.ts";
import { reachable } from "./access.ts";
import type { Case } from "./case.ts";
import { isOpen, refuseOver } from "./case.ts";
import type { Context, Decision, Refusal } from "./decision.ts";
import { decided, refuse } from "./decision.ts";
import type { Effect } from "./effect.ts";
import { tellPeople, tellRoom } from "./effect.ts";
import type { DomainEvent } from "./events.ts";
import type { CallSign, Country, Instant, MasterKey, Slot, UserId } from "./ids.ts";
import { COORDINATION, LIAISON, deliverySlot } from "./ids.ts";
import type { ConfirmedHow, PersonEvent } from "./person.ts";
import { LANGUAGES, confirming, fingerprint, identityOf, pinning, whyNotFingerprint } from "./person.ts";
import type { Need } from "./request.ts";
import type { Line, Message } from "./say.ts";
import { country as countryName, line, list, message, nested, typed } from "./say.ts";
import type { Scope } from "./state.ts";
import { administrators, calledInCase, memberCalled, members, theCase } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "roster.confirm": { user: UserId; name: string; role: Role; country: CountryName; codename: string };
    "roster.confirm-identity": { fingerprint: string };
    "roster.added": { callSign: CallSign; name: string; role: Role; country: CountryName; by: string; approvedBy: List };
    "roster.identity-unconfirmed": { callSign: CallSign };
    "roster.identity-confirmed": { callSign: CallSign; how: string; by: string };
    "roster.confirm-agreed": Record<never, never>;
    "roster.welcome": { callSign: CallSign; codename: string; role: Role; country: CountryName };
    "roster.rooms": { rooms: List };
    "roster.no-rooms": Record<never, never>;
    "roster.earlier-unreadable": Record<never, never>;
    "roster.first-steps": { help: Typed; language: Typed; zone: Typed };
    "roster.administrators-only": Record<never, never>;
    "roster.already-in": { callSign: CallSign };
    "roster.not-party": { country: CountryName; states: List };
    "roster.only-liaison": { country: CountryName; line: Typed };
    "roster.no-second": Record<never, never>;
    "roster.not-approved": { line: Typed };
    "roster.name-length": { max: number };
    "roster.full": { max: number };
    "roster.confirm-removal": { callSign: CallSign; codename: string; name: string; role: Role; country: CountryName };
    "roster.removal-means": Record<never, never>;
    "roster.removed": { callSign: CallSign; by: string };
    "roster.removed-by-two": { callSign: CallSign; by: string; approvedBy: List };
    "roster.removed-means": { callSign: CallSign };
    "roster.tasks-left": { callSign: CallSign; tasks: List };
    "roster.you-were-removed": { codename: string };
    "roster.you-keep": Record<never, never>;
    "roster.not-in": { callSign: CallSign };
    "roster.see-people": { line: Typed };
    "roster.not-yourself": Record<never, never>;
    "roster.two-states-stay": { callSign: CallSign };
    "roster.removal-not-approved": { callSign: CallSign };
  }
}

/**
 * - administrator: the Regulation's space administrator (Reg. (EU) 2023/969 art. 14); may also grant for the own country.
 * - authority: prosecutor, judge or head of service who may authorise for the country.
 * - member: investigator. - liaison: receives alerts, sees the liaison room. - auditor: sees the log and no content.
 */
export type Role = "administrator" | "authority" | "member" | "liaison" | "auditor";
/** Every role there is. */
export const ROLES: readonly Role[] = ["administrator", "authority", "member", "liaison", "auditor"];

/** Most people a case may have: an encrypted message costs work for each of their devices. */
export const MEMBERS_MAX = 200;
/** Longest name of a person, in characters. */
export const NAME_MAX = 60;

/** Somebody of a case. */
export interface Member {
  readonly callSign: CallSign;
  readonly user: UserId;
  /** As given by the administrator who added them; never taken from a Matrix profile. */
  readonly name: string;
  readonly country: Country;
  readonly role: Role;
  readonly since: Instant;
  /** When they were removed; missing while they are in the case. Kept for the call sign, which is never given again. */
  readonly left?: Instant;
  /** As far as the case has it on record; what counts stands with the person. */
  readonly suspended?: Suspension;
  readonly cutOff?: CutOff;
}

/** Somebody became a member: when the case was opened (then `approvedBy` names themselves too), or added by two administrators. */
export type MemberAddedEvent = {
  readonly type: "member.added"; readonly v: 1; readonly callSign: CallSign; readonly user: UserId; readonly name: string;
  readonly country: Country; readonly role: Role; readonly at: Instant; readonly by: UserId; readonly approvedBy: readonly UserId[];
};
/** Somebody was removed: by one administrator, and if they administered the case themselves, approved by one of another state. */
export type MemberRemovedEvent = {
  readonly type: "member.removed"; readonly v: 1; readonly callSign: CallSign; readonly at: Instant; readonly by: UserId; readonly approvedBy: readonly UserId[];
};

/** Their identity was confirmed: that changes the person, for all cases, and is on record in the case in which it was done. */
export type MemberConfirmedEvent = { readonly type: "member.confirmed"; readonly v: 1; readonly callSign: CallSign; readonly how: ConfirmedHow; readonly by: UserId; readonly at: Instant };

/** What happens to a member: coming in, being confirmed, being kept out and let back, being removed. */
export type MemberEvent = MemberAddedEvent | MemberRemovedEvent | MemberConfirmedEvent | MemberAccessEvent;

/** Somebody as an administrator names them. `masterKey` is what was confirmed with the rest; it is fixed before anybody is asked. */
export interface NewMember {
  readonly user: UserId;
  readonly name: string;
  readonly role: Role;
  readonly country: Country;
  readonly masterKey?: MasterKey | undefined;
  /** Of their identity, as the signed agreement has it: 16 characters or all 43. */
  readonly fingerprint?: string | undefined;
}

/** Somebody to be removed, by call sign. */
export interface Removal {
  readonly member: CallSign;
}

/** The member of the case that a Matrix user is. */
export function memberOf(scope: Pick<Scope, "state">, user: UserId): Member | undefined {
  for (const member of scope.state.member.values()) if (member.user === user && member.left === undefined) return member;
  return undefined;
}

/** When somebody was removed who is not in the case now; undefined for all others. */
export function leftAt(scope: Scope, user: UserId): Instant | undefined {
  if (memberOf(scope, user) !== undefined) return undefined;
  return [...scope.state.member.values()].findLast((member) => member.user === user)?.left;
}

/** The next call sign of a country. Numbers are never used again. */
export function nextCallSign(scope: Scope, country: Country): CallSign {
  const numbers = [...scope.state.member.values()]
    .filter((member) => member.country === country)
    .map((member) => Number(member.callSign.slice(country.length + 1)));
  return `${country}-${Math.max(0, ...numbers) + 1}` as CallSign;
}

/** The workspace rooms that go with a role; a delivery's room goes with its circle instead. */
export function roomsOf(role: Role): readonly Slot[] {
  switch (role) {
    case "administrator": return [COORDINATION, LIAISON];
    case "authority": case "member": return [COORDINATION];
    case "liaison": return [LIAISON];
    case "auditor": return [];
  }
}

/** Those of whom one must approve a new member: the administrators of the other states. */
export function secondAdministrators(scope: Scope, ctx: Context): readonly Need[] {
  const others = administrators(scope).filter((member) => member.country !== ctx.author.member?.country);
  return [{ anyOf: reachable(scope, others.map((member) => member.user)), count: 1 }];
}

/** Fixes the identity that is confirmed with a new member; refuses what could not be approved anyway. */
export function prepareMember<P extends NewMember>(scope: Scope, person: P, ctx: Context): { readonly ok: true; readonly params: P } | Refusal {
  const refusal = whyNot(scope, person, ctx);
  if (refusal !== undefined) return refusal;
  const identity = identityOf(person.user, undefined, scope, ctx);
  if (!identity.ok) return identity;
  return whyNotFingerprint(person.user, person.fingerprint, identity.masterKey) ?? { ok: true, params: { ...person, masterKey: identity.masterKey } };
}

/** What the author and the second administrator agree to. */
export function confirmMember(scope: Scope, person: NewMember): Message {
  const { codename } = theCase(scope);
  const { user, name, role, masterKey } = person;
  return message(
    line("roster.confirm", { user, name, role, country: countryName(person.country), codename }),
    masterKey === undefined ? undefined : line("roster.confirm-identity", { fingerprint: fingerprint(masterKey) }),
    person.fingerprint === undefined ? undefined : line("roster.confirm-agreed", {}),
  );
}

/**
 * Takes somebody into the case, approved by an administrator of another state than the author's: adding a person is a decision of two states,
 * because it opens the case to everything that person's devices and service can see.
 */
export function addMember(scope: Scope, person: NewMember, ctx: Context): Decision {
  const refusal = whyNot(scope, person, ctx);
  if (refusal !== undefined) return refusal;
  if (person.masterKey === undefined) throw new Error("a member was decided without an identity having been fixed");
  const identity = identityOf(person.user, person.masterKey, scope, ctx);
  if (!identity.ok) return identity;
  const seconds = new Set(secondAdministrators(scope, ctx).flatMap((need) => need.anyOf));
  const approvedBy = (ctx.approvals ?? []).map((approval) => approval.by).filter((user) => seconds.has(user));
  if (approvedBy.length === 0) return refuse("roster.not-approved", { line: typed(typedLine(person, person.role)) });

  const { user, name, role, country } = person;
  const callSign = nextCallSign(scope, country);
  const added: MemberAddedEvent = {
    type: "member.added", v: 1, callSign, user, name: name.trim(), country, role,
    at: ctx.now, by: ctx.author.user, approvedBy,
  };
  const differs = whyNotFingerprint(user, person.fingerprint, identity.masterKey);
  if (differs !== undefined) return differs;
  return decided(...pinning(user, identity.masterKey, theCase(scope), scope), added, ...agreedIdentity(scope, person, identity.masterKey, callSign, [ctx.author.user, ...approvedBy], ctx));
}

/** A fingerprint from the agreement confirms the identity, if one of those who agreed to the text is confirmed: the word of somebody unknown proves nothing. */
function agreedIdentity(scope: Scope, { user, fingerprint: typed }: NewMember, masterKey: MasterKey, callSign: CallSign, agreed: readonly UserId[], ctx: Context): (PersonEvent | MemberEvent)[] {
  const by = typed === undefined ? undefined : agreed.find((each) => scope.people.get(each)?.confirmed !== undefined);
  const confirmed = by === undefined ? [] : confirming(user, masterKey, "agreement", scope, { now: ctx.now, by });
  return by === undefined || confirmed.length === 0 ? [] : [...confirmed, { type: "member.confirmed", v: 1, callSign, how: "agreement", by, at: ctx.now }];
}

function whyNot(scope: Scope, person: NewMember, ctx: Context): Refusal | undefined {
  const { states } = theCase(scope);
  const { country, role } = person;
  if (!isOpen(scope, ctx.now)) return refuseOver(scope);
  if (ctx.author.member?.role !== "administrator") return refuse("roster.administrators-only", {});
  const already = memberOf(scope, person.user);
  if (already !== undefined) return refuse("roster.already-in", { callSign: already.callSign });
  const length = [...person.name.trim()].length;
  if (length === 0 || length > NAME_MAX) return refuse("roster.name-length", { max: NAME_MAX });
  if (role !== "liaison" && !states.includes(country)) {
    return refuse(
      "roster.not-party", { country: countryName(country), states: list(states.map(countryName)) },
      line("roster.only-liaison", { country: countryName(country), line: typed(typedLine(person, "liaison")) }),
    );
  }
  if (members(scope).length >= MEMBERS_MAX) return refuse("roster.full", { max: MEMBERS_MAX });
  if (secondAdministrators(scope, ctx).every((need) => need.anyOf.length === 0)) return refuse("roster.no-second", {});
  return undefined;
}

/** Those of whom one must approve a removal: of somebody who administers the case, the administrators of the other states; of all others, nobody. */
export function removalNeeds(scope: Scope, { member: callSign }: Removal, ctx: Context): readonly Need[] {
  if (memberCalled(scope, callSign)?.role !== "administrator") return [];
  return secondAdministrators(scope, ctx).map(({ anyOf, count }) => ({ anyOf: anyOf.filter((user) => user !== memberCalled(scope, callSign)?.user), count }));
}

/** What the author, and for an administrator the second one, agree to. */
export function confirmRemoval(scope: Scope, { member: callSign }: Removal): Message {
  const member = memberCalled(scope, callSign);
  const { codename } = theCase(scope);
  return message(
    line("roster.confirm-removal", { callSign, codename, name: member?.name ?? "", role: member?.role ?? "member", country: countryName(member?.country ?? ("" as Country)) }),
    line("roster.removal-means", {}),
  );
}

/**
 * Takes somebody out of the case: no room, no key and no message of it reaches them from now on. One administrator is enough, because a person who must
 * go must go at once; an administrator is removed by two states, and those of two states always stay (Reg. (EU) 2023/969 art. 14).
 */
export function removeMember(scope: Scope, of: Removal, ctx: Context): Decision {
  if (ctx.author.member?.role !== "administrator") return refuse("roster.administrators-only", {});
  const member = memberCalled(scope, of.member);
  if (member === undefined) return refuse("roster.not-in", { callSign: of.member }, line("roster.see-people", { line: typed("jit show") }));
  if (member.user === ctx.author.user) return refuse("roster.not-yourself", {});
  const approved: UserId[] = [];
  if (member.role === "administrator") {
    const states = new Set(administrators(scope).filter((each) => each.user !== member.user).map((each) => each.country));
    if (states.size < 2) return refuse("roster.two-states-stay", { callSign: member.callSign });
    const seconds = new Set(removalNeeds(scope, of, ctx).flatMap((need) => need.anyOf));
    approved.push(...(ctx.approvals ?? []).map((approval) => approval.by).filter((user) => seconds.has(user)));
    if (approved.length === 0) return refuse("roster.removal-not-approved", { callSign: member.callSign });
  }
  const removed: MemberRemovedEvent = { type: "member.removed", v: 1, callSign: member.callSign, at: ctx.now, by: ctx.author.user, approvedBy: approved };
  // What only they were asked can no longer be answered by anybody.
  const asked = [...scope.state.question.values()].filter((question) => question.state === "open" && question.asked.every((user) => user === member.user));
  return decided(removed, ...asked.map((question): DomainEvent => ({ type: "question.withdrawn", v: 1, id: question.id, at: ctx.now })));
}

function typedLine(person: NewMember, role: Role): string {
  const fingerprint_ = person.fingerprint === undefined ? "" : ` ${person.fingerprint}`;
  return `jit add ${person.user} "${person.name.trim()}" ${role} ${person.country}${fingerprint_}`;
}

/** The rooms that somebody of this role sees, by the names they stand under. */
function roomLines(role: Role, { codename, language }: Pick<Case, "codename" | "language">): Line {
  const rooms = roomsOf(role).map((slot) =>
    nested(slot === LIAISON ? line("room.liaison", { codename }) : line("room.coordination", { codename }), language));
  return rooms.length === 0 ? line("roster.no-rooms", {}) : line("roster.rooms", { rooms: list(rooms) });
}

/** The person is told in their own chat, once and for all; the others see who is gone and what that person had promised. */
export function removedEffects(event: MemberRemovedEvent, scope: Scope): Effect[] {
  const { codename } = theCase(scope);
  const { callSign } = event;
  const gone = scope.state.member.get(callSign);
  const tasks = [...scope.state.task.values()].filter((task) => task.state !== "done" && task.owner === callSign).map((task) => task.id);
  const by = calledInCase(scope, event.by);
  const approvedBy = list(event.approvedBy.map((each) => calledInCase(scope, each)));
  const news = message(
    event.approvedBy.length === 0 ? line("roster.removed", { callSign, by }) : line("roster.removed-by-two", { callSign, by, approvedBy }),
    line("roster.removed-means", { callSign }),
    tasks.length === 0 ? undefined : line("roster.tasks-left", { callSign, tasks: list(tasks) }),
  );
  return [
    ...(gone === undefined ? [] : [tellPeople([gone.user], message(line("roster.you-were-removed", { codename }), line("roster.you-keep", {})))]),
    tellRoom(COORDINATION, news), tellPeople([event.by], news), { effect: "board", slot: COORDINATION }, ...cards(scope, gone?.country),
  ];
}

/** The cards that say whom to call, of deliveries through that country. */
function cards(scope: Scope, country: Country | undefined): readonly Effect[] {
  const through = [...scope.state.delivery.values()].filter((delivery) => delivery.state !== "stopped" && delivery.plan.legs.some((leg) => leg.country === country));
  return through.map((delivery): Effect => ({ effect: "board", slot: deliverySlot(delivery.id), card: true }));
}

/** What is said when somebody's identity has been confirmed. */
export function confirmedEffects({ callSign, how, by }: MemberConfirmedEvent, scope: Scope): Effect[] {
  const news = message(line("roster.identity-confirmed", { callSign, how, by: calledInCase(scope, by) }));
  return [tellRoom(COORDINATION, news), tellPeople([by], news)];
}

/** What is said when somebody comes in: to them, to the room, to whoever added them. */
export function addedEffects(event: MemberAddedEvent, scope: Scope): Effect[] {
  const { codename } = theCase(scope);
  const { callSign, name, role, user } = event;
  const country = countryName(event.country);
  const language = scope.people.get(user)?.language;
  const another = LANGUAGES.find((each) => each !== language) ?? "en";
  const welcome = tellPeople([user], message(
    line("roster.welcome", { callSign, codename, role, country }),
    roomLines(role, theCase(scope)),
    line("roster.earlier-unreadable", {}),
    line("roster.first-steps", { help: typed("help"), language: typed(`me lang ${another}`), zone: typed("me zone America/Bogota") }),
  ));
  // Which deliveries the board may show depends on who reads it.
  const board: Effect = { effect: "board", slot: COORDINATION };
  // Whoever confirmed the opening themselves came in with the case: nobody is there yet to be told.
  if (event.approvedBy.includes(user)) return [welcome, board];
  const approvedBy = list(event.approvedBy.map((each) => calledInCase(scope, each)));
  const news = message(
    line("roster.added", { callSign, name, role, country, by: calledInCase(scope, event.by), approvedBy }),
    scope.people.get(user)?.confirmed === undefined ? line("roster.identity-unconfirmed", { callSign }) : undefined,
  );
  return [tellRoom(COORDINATION, news), tellPeople([event.by], news), welcome, board, ...cards(scope, event.country)];
}
