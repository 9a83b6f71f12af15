/** Opening a case: bound to a signed agreement, with administrators of at least two states who have all confirmed the same text. */
import { freeCodenames } from "./codename.ts";
import type { CaseEvent } from "./case.ts";
import type { Context, Decision, Refusal } from "./decision.ts";
import { decided, newCaseId, refuse } from "./decision.ts";
import type { DomainEvent } from "./events.ts";
import type { CallSign, Country, Instant, MasterKey, UserId, Zone } from "./ids.ts";
import type { Language, PersonEvent } from "./person.ts";
import { confirming, fingerprint, identityOf, pinning, whyNotFingerprint } from "./person.ts";
import type { Need } from "./request.ts";
import type { Line, Message } from "./say.ts";
import { country as countryName, line, list, message, typed, when } from "./say.ts";
import type { Scope } from "./state.ts";
import type { Day } from "./time.ts";
import { addMonths, dayOf, endOfDay, isDay, startOfDay } from "./time.ts";

declare module "./say.ts" {
  interface Sayings {
    "case.confirm-codename": { codename: string };
    "case.confirm-agreement": { agreement: string; states: List };
    "case.confirm-until": { until: When };
    "case.confirm-period": { from: When; until: When };
    "case.confirm-administrators": { count: number };
    "case.administrator": { person: UserId; country: CountryName; fingerprint: string };
    "case.administrator-agreed": { person: UserId; country: CountryName; fingerprint: string };
    "case.confirm-language": { language: Language; zone: string };
    "case.confirm-all": Record<never, never>;
    "case.owners-only": Record<never, never>;
    "case.two-states": { line: Typed };
    "case.administrators-many": { max: number };
    "case.administrator-twice": { person: UserId };
    "case.administrator-not-party": { person: UserId; country: CountryName; states: List };
    "case.states-few": { line: Typed };
    "case.state-twice": { country: CountryName };
    "case.states-many": { max: number };
    "case.agreement-length": { max: number };
    "case.until-past": { until: When };
    "case.until-far": { until: When; years: number };
    "case.from-later": { from: When };
    "case.no-such-day": Record<never, never>;
    "case.period-line": { line: Typed };
    "case.codenames-gone": Record<never, never>;
    "case.codename-taken": { codename: string };
    "case.not-confirmed": { people: List };
  }
}

/** Longest reference of an agreement, in characters. */
export const AGREEMENT_MAX = 100;
/** Most states of one team. */
export const STATES_MAX = 30;
/** Most administrators named at the opening; more can be added. They are invited while the rooms are made, which holds ten at once. */
export const ADMINISTRATORS_MAX = 10;
/** Longest time a new agreement may still run, in years. Practice is 12 to 24 months, extended by consent; longer is a typing mistake. */
export const PERIOD_MAX_YEARS = 5;

/** A line that opens a case; shown where something of what was typed is missing or cannot be. */
const EXAMPLE = 'jit open agreement "ES-CO-CV 2026/114" states ES,CO until 2027-11-20 admins @ana:es.example ES @luis:co.example CO';

/** Somebody to administer the case for a state. */
export interface Administrator {
  readonly user: UserId;
  readonly country: Country;
  /** Of their identity, as the signed agreement has it: 16 characters or all 43. */
  readonly fingerprint?: string | undefined;
}

/** What is fixed before anybody is asked, so that all confirm the same text. */
export interface OpeningTerms {
  readonly codename: string;
  readonly language: Language;
  readonly zone: Zone;
  readonly identities: readonly { readonly user: UserId; readonly masterKey: MasterKey }[];
}

/** A case as its owner describes it; days are days in the zone of the terms. `terms` is missing only before {@link prepareCase}. */
export interface NewCase {
  readonly agreement: string;
  readonly states: readonly Country[];
  readonly from?: Day | undefined;
  readonly until: Day;
  readonly admins: readonly Administrator[];
  readonly terms?: OpeningTerms | undefined;
}

/**
 * Fixes codename, working language, zone and the administrators' identities; refuses what could not be opened. Language and zone are the owner's
 * own. `words` is the list of codenames.
 */
export function prepareCase<P extends NewCase>(
  scope: Scope, planned: P, words: readonly string[], ctx: Context,
): { readonly ok: true; readonly params: P } | Refusal {
  const { language, zone } = ctx.author.person;
  const refusal = whyNot(planned, zone, ctx);
  if (refusal !== undefined) return refusal;
  const identities: { user: UserId; masterKey: MasterKey }[] = [];
  for (const { user, fingerprint: typedOne } of planned.admins) {
    const identity = identityOf(user, undefined, scope, ctx);
    if (!identity.ok) return identity;
    const differs = whyNotFingerprint(user, typedOne, identity.masterKey);
    if (differs !== undefined) return differs;
    identities.push({ user, masterKey: identity.masterKey });
  }
  const free = freeCodenames(scope, words);
  if (free.length === 0) return refuse("case.codenames-gone", {});
  const terms: OpeningTerms = { codename: ctx.chance.pick(free), language, zone, identities };
  return { ok: true, params: { ...planned, terms } };
}

/** What the owner and every administrator confirm, word for word the same. */
export function confirmCase(planned: NewCase): Message {
  const { codename, language, zone, identities } = termsOf(planned);
  const until = when(endOfDay(planned.until, zone), zone);
  const people = planned.admins.map(({ user, country, fingerprint: typedOne }) => {
    const key = identities.find((identity) => identity.user === user)?.masterKey;
    return line(typedOne === undefined ? "case.administrator" : "case.administrator-agreed", {
      person: user, country: countryName(country), fingerprint: key === undefined ? "" : fingerprint(key),
    });
  });
  return message(
    line("case.confirm-codename", { codename }),
    line("case.confirm-agreement", { agreement: planned.agreement.trim(), states: list(planned.states.map(countryName)) }),
    planned.from === undefined
      ? line("case.confirm-until", { until })
      : line("case.confirm-period", { from: when(startOfDay(planned.from, zone), zone), until }),
    line("case.confirm-administrators", { count: people.length }),
    ...people,
    line("case.confirm-language", { language, zone }),
    line("case.confirm-all", {}),
  );
}

/** Every administrator named must confirm, the owner too if they are one of them. */
export function administratorsConsent(planned: NewCase): readonly Need[] {
  return planned.admins.map(({ user }) => ({ anyOf: [user], count: 1 }));
}

/**
 * Identities that the owner has typed from the signed agreement: confirmed as soon as the owner has confirmed the text, because an owner stands in the
 * configuration, and before the administrators are asked, because their consent binds.
 */
export function agreedAdministrators(scope: Scope, planned: NewCase, ctx: Context): readonly PersonEvent[] {
  const { identities } = termsOf(planned);
  return planned.admins.flatMap(({ user, fingerprint: typedOne }) => {
    const agreed = typedOne === undefined ? undefined : identityOf(user, identities.find((identity) => identity.user === user)?.masterKey, scope, ctx);
    if (agreed?.ok !== true || whyNotFingerprint(user, typedOne, agreed.masterKey) !== undefined) return [];
    return confirming(user, agreed.masterKey, "agreement", scope, { now: ctx.now, by: ctx.author.user });
  });
}

/**
 * Opens the case on a chain of its own: identities are pinned, the codename is taken for good, and each administrator becomes a member. An owner
 * who is not an administrator does not become one (Reg. (EU) 2023/969 art. 14: administrators are those the agreement names).
 */
export function openCase(scope: Scope, planned: NewCase, ctx: Context): Decision {
  const terms = termsOf(planned);
  const { codename, language, zone } = terms;
  const refusal = whyNot(planned, zone, ctx);
  if (refusal !== undefined) return refusal;
  if (scope.state.codename.has(codename)) return refuse("case.codename-taken", { codename });

  const given = new Set([ctx.author.user, ...(ctx.approvals ?? []).map((approval) => approval.by)]);
  const missing = planned.admins.filter(({ user }) => !given.has(user));
  if (missing.length > 0) return refuse("case.not-confirmed", { people: list(missing.map(({ user }) => user)) });

  const pinned: DomainEvent[] = [];
  for (const { user } of planned.admins) {
    const agreed = terms.identities.find((identity) => identity.user === user);
    if (agreed === undefined) throw new Error("a case was decided without the identities of its administrators having been fixed");
    const identity = identityOf(user, agreed.masterKey, scope, ctx);
    if (!identity.ok) return identity;
    pinned.push(...pinning(user, identity.masterKey, terms, scope));
  }

  const id = newCaseId(ctx.chance);
  const confirmedBy = planned.admins.map(({ user }) => user);
  const opened: CaseEvent = {
    type: "case.opened", v: 1, case: id, codename, agreement: planned.agreement.trim(), states: planned.states,
    from: planned.from === undefined ? ctx.now : startOfDay(planned.from, zone), until: endOfDay(planned.until, zone),
    zone, language, digest: ctx.agreed ?? ctx.digest(planned), at: ctx.now, by: ctx.author.user, confirmedBy,
  };
  const taken: DomainEvent = { type: "codename.taken", v: 1, codename, case: id, at: ctx.now };
  const members = firstMembers(planned.admins, ctx, confirmedBy);
  return { ...decided(...pinned, taken, opened, ...members), chain: id };
}

function firstMembers(admins: readonly Administrator[], ctx: Context, confirmedBy: readonly UserId[]): DomainEvent[] {
  const counts = new Map<Country, number>();
  return admins.map(({ user, country }) => {
    const number = (counts.get(country) ?? 0) + 1;
    counts.set(country, number);
    return {
      type: "member.added", v: 1, callSign: `${country}-${number}` as CallSign, user, name: localpart(user), country,
      role: "administrator", at: ctx.now, by: ctx.author.user, approvedBy: confirmedBy,
    };
  });
}

/** The name that the owner gave by naming the account; never the profile's, which its server may change at will. */
function localpart(user: UserId): string {
  return user.slice(1, user.indexOf(":"));
}

function termsOf(planned: NewCase): OpeningTerms {
  if (planned.terms === undefined) throw new Error("a case was decided without its terms having been fixed");
  return planned.terms;
}

function whyNot(planned: NewCase, zone: Zone, ctx: Context): Refusal | undefined {
  if (!ctx.author.owner) return refuse("case.owners-only", {});
  const length = [...planned.agreement.trim()].length;
  if (length === 0 || length > AGREEMENT_MAX) return refuse("case.agreement-length", { max: AGREEMENT_MAX });
  return whyNotStates(planned) ?? whyNotAdministrators(planned) ?? whyNotPeriod(planned, zone, ctx.now);
}

function whyNotStates({ states }: NewCase): Refusal | undefined {
  if (states.length < 2) return refuse("case.states-few", { line: typed(EXAMPLE) });
  if (states.length > STATES_MAX) return refuse("case.states-many", { max: STATES_MAX });
  const twice = states.find((state, index) => states.indexOf(state) !== index);
  return twice === undefined ? undefined : refuse("case.state-twice", { country: countryName(twice) });
}

function whyNotAdministrators({ admins, states }: NewCase): Refusal | undefined {
  if (admins.length > ADMINISTRATORS_MAX) return refuse("case.administrators-many", { max: ADMINISTRATORS_MAX });
  const users = admins.map(({ user }) => user);
  const twice = users.find((user, index) => users.indexOf(user) !== index);
  if (twice !== undefined) return refuse("case.administrator-twice", { person: twice });
  const stranger = admins.find(({ country }) => !states.includes(country));
  if (stranger !== undefined) {
    return refuse("case.administrator-not-party", {
      person: stranger.user, country: countryName(stranger.country), states: list(states.map(countryName)),
    });
  }
  if (new Set(admins.map(({ country }) => country)).size >= 2) return undefined;
  return refuse("case.two-states", { line: typed(EXAMPLE) });
}

function whyNotPeriod({ from, until }: NewCase, zone: Zone, now: Instant): Refusal | undefined {
  const how: Line = line("case.period-line", { line: typed(EXAMPLE) });
  if (!isDay(until) || (from !== undefined && !isDay(from))) return refuse("case.no-such-day", {}, how);
  const end = endOfDay(until, zone);
  if (end <= now) return refuse("case.until-past", { until: when(end, zone) }, how);
  if (end > latestEnd(now, zone)) return refuse("case.until-far", { until: when(end, zone), years: PERIOD_MAX_YEARS }, how);
  if (from === undefined) return undefined;
  // Before its first day the agreement covers nothing that would be shared here.
  const start = startOfDay(from, zone);
  return start > now ? refuse("case.from-later", { from: when(start, zone) }) : undefined;
}

/** The same day {@link PERIOD_MAX_YEARS} years on; the 1st of March for a 29th of February that year has not. */
function latestEnd(now: Instant, zone: Zone): Instant {
  const today = dayOf(now, zone);
  return endOfDay(addMonths(today, 12 * PERIOD_MAX_YEARS) ?? { year: today.year + PERIOD_MAX_YEARS, month: 3, day: 1 }, zone);
}
