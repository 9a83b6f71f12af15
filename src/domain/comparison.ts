/**
 * Comparing emoji with the bot (SAS), as far as people have a part in it. The bot sees seven emoji and the person's app shows seven; that they are the same
 * is said by an administrator to whom the person reads out theirs, by voice or face to face. A bot that said so itself would prove nothing, and neither would
 * emoji that the bot wrote to the person: whoever is in between could have the person read those out.
 */
import type { Decision, TickContext } from "./decision.ts";
import { decided, refuse } from "./decision.ts";
import type { Effect } from "./effect.ts";
import { reply, tellPeople } from "./effect.ts";
import type { Entity } from "./entity.ts";
import type { DomainEvent } from "./events.ts";
import type { CallSign, ChainId, Instant, MasterKey, UserId } from "./ids.ts";
import type { Language } from "./person.ts";
import { confirming } from "./person.ts";
import { ask, withdraw } from "./question.ts";
import type { Line, Message } from "./say.ts";
import { line, list, message, nested } from "./say.ts";
import type { Scope } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "comparison.stub": { who: string };
    "comparison.stub-self": Record<never, never>;
    "comparison.ask": { who: string; user: UserId };
    "comparison.ask-self": Record<never, never>;
    "comparison.emoji": { symbol: string; name: Nested };
    "comparison.emoji-name": { name: string };
    "comparison.their-words": { words: List };
    "comparison.numbers": { numbers: string };
    "comparison.only-from-screen": Record<never, never>;
    "comparison.same": Record<never, never>;
    "comparison.different": Record<never, never>;
    "comparison.told-person": { who: List };
    "comparison.nobody": Record<never, never>;
    "comparison.over": Record<never, never>;
    "comparison.not-yours": Record<never, never>;
    "comparison.noted": { who: string };
    "comparison.verified": Record<never, never>;
    "comparison.mismatch": { who: string };
    "comparison.mismatch-means": Record<never, never>;
    "comparison.broken-off": { who: string; why: string };
    "comparison.again": Record<never, never>;
  }
}

/** Internal command behind the two buttons; never typed. */
export const COMPARED = "identity compared";
/** The engine gives up after five minutes by itself; this is for what it did not tell. */
const LASTS = 6 * 60_000;

/** How a comparison ended. `restart`: the bot was started anew, and nothing of it is left. */
export type ComparisonEnding = "verified" | "mismatch" | "cancelled" | "timeout" | "restart";

/** What the bot sees on its side. Emoji by the names of the specification in lower case, `light_bulb`. */
export interface Seen {
  readonly id: string;
  readonly user: UserId;
  readonly emoji: readonly { readonly symbol: string; readonly name: string }[];
  readonly decimals: readonly number[];
}
/** Who says whether both are the same: administrators of a case of the person, owners, or the person alone if their identity is confirmed already. */
export interface Witnesses {
  readonly asked: readonly UserId[];
  /** How those asked are called towards the person; a name of nobody for owners. */
  readonly called: readonly string[];
  /** The case in which they know each other, and how the person is called there. */
  readonly in?: { readonly chain: ChainId; readonly codename: string; readonly callSign: CallSign };
}

/** A comparison of one person with the bot. */
export interface PersonComparison {
  readonly id: string;
  readonly user: UserId;
  /** The identity that was pinned when it began: this one is confirmed, or none. */
  readonly masterKey: MasterKey;
  readonly asked: readonly UserId[];
  readonly in?: Witnesses["in"];
  readonly state: "shown" | "answered" | "over";
  readonly answer?: { readonly by: UserId; readonly matches: boolean };
  readonly expires: Instant;
}

/** What happens to a comparison. */
export type ComparisonEvent =
  | {
      readonly type: "comparison.shown"; readonly v: 1; readonly id: string; readonly user: UserId; readonly masterKey: MasterKey; readonly asked: readonly UserId[];
      readonly called: readonly string[]; readonly in?: Witnesses["in"]; readonly at: Instant; readonly expires: Instant;
    }
  | { readonly type: "comparison.answered"; readonly v: 1; readonly id: string; readonly by: UserId; readonly matches: boolean; readonly at: Instant }
  | { readonly type: "comparison.ended"; readonly v: 1; readonly id: string; readonly end: ComparisonEnding; readonly at: Instant };

/** Puts what the bot sees to the witnesses; the person is told whom to call. Of the emoji, nothing is told to the person. */
export function showComparison(seen: Seen, witnesses: Witnesses, scope: Scope, ctx: TickContext): DomainEvent[] {
  const { id, user } = seen;
  const person = scope.people.get(user);
  if (person === undefined) throw new Error("somebody unknown was let compare");
  const { asked, called } = witnesses;
  const expires = (ctx.now + LASTS) as Instant;
  const shown: ComparisonEvent = {
    type: "comparison.shown", v: 1, id, user, masterKey: person.masterKey, asked, called, ...(witnesses.in === undefined ? {} : { in: witnesses.in }), at: ctx.now, expires,
  };
  const isSelf = asked.includes(user);
  const who = nameOf({ user, ...(witnesses.in === undefined ? {} : { in: witnesses.in }) });
  const option = (label: Line, matches: boolean) => ({ label, does: { command: COMPARED, params: { comparison: id, matches }, confirmed: true } });
  return [shown, ask({
    about: about(id), asked, to: { to: "people", users: asked }, lane: "live", expires,
    stub: isSelf ? line("comparison.stub-self", {}) : line("comparison.stub", { who }),
    details: details(seen, isSelf ? line("comparison.ask-self", {}) : line("comparison.ask", { who, user }), theirWords(person.language, asked, scope)),
    options: [option(line("comparison.same", {}), true), option(line("comparison.different", {}), false)],
  }, ctx)];
}

/** The language whose words the person's app shows, if somebody who is asked reads another. */
function theirWords(language: Language, asked: readonly UserId[], scope: Scope): Language | undefined {
  return asked.some((user) => scope.people.get(user)?.language !== language) ? language : undefined;
}

function details({ emoji, decimals }: Seen, first: Line, theirs: Language | undefined): Message {
  const word = (name: string): Line => line("comparison.emoji-name", { name });
  return message(
    first,
    ...emoji.map(({ symbol, name }) => line("comparison.emoji", { symbol, name: nested(word(name)) })),
    theirs === undefined ? undefined : line("comparison.their-words", { words: list(emoji.map(({ name }) => nested(word(name), theirs))) }),
    line("comparison.numbers", { numbers: decimals.join(" ") }),
    line("comparison.only-from-screen", {}),
  );
}

function about(id: string): string {
  return `comparison:${id}`;
}
function nameOf({ user, in: case_ }: Pick<PersonComparison, "user" | "in">): string {
  return case_ === undefined ? user : `${case_.codename} ${case_.callSign}`;
}

/** What a witness says; `mayWitness`: they still are one at this moment. Nothing is confirmed by it yet: the person's app must say the same. */
export function compared(found: PersonComparison | undefined, by: UserId, matches: boolean, mayWitness: boolean, now: Instant): Decision {
  if (found === undefined || found.state !== "shown") return refuse("comparison.over", {});
  if (!mayWitness || !found.asked.includes(by)) return refuse("comparison.not-yours", {});
  return decided({ type: "comparison.answered", v: 1, id: found.id, by, matches, at: now });
}

/** Ends a comparison for everybody, once; only one that both sides have confirmed confirms the identity, in the name of the witness. */
export function endComparison(id: string, end: ComparisonEnding, scope: Scope, now: Instant): { readonly events: readonly DomainEvent[]; readonly confirmed?: { readonly chain: ChainId; readonly events: readonly DomainEvent[] } } {
  const found = scope.state.comparison.get(id);
  if (found === undefined || found.state === "over") return { events: [] };
  const { user, masterKey, answer } = found;
  const by = end === "verified" && answer?.matches === true && scope.people.get(user)?.masterKey === masterKey ? answer.by : undefined;
  const person = by === undefined ? [] : confirming(user, masterKey, "compared", scope, { now, by });
  const events: DomainEvent[] = [{ type: "comparison.ended", v: 1, id, end, at: now }, ...withdraw(scope.state.question, about(id), now), ...person];
  if (by === undefined || person.length === 0 || found.in === undefined) return { events };
  return { events, confirmed: { chain: found.in.chain, events: [{ type: "member.confirmed", v: 1, callSign: found.in.callSign, how: "compared", by, at: now }] } };
}

function effects(event: ComparisonEvent, scope: Scope): Effect[] {
  const found = scope.state.comparison.get(event.id);
  if (found === undefined) return [];
  const { user, asked } = found;
  const who = nameOf(found);
  switch (event.type) {
    case "comparison.shown":
      return asked.includes(user) ? [] : [tellPeople([user], message(line("comparison.told-person", { who: list(event.called) }), line("comparison.only-from-screen", {})))];
    case "comparison.answered":
      return event.matches ? [reply(message(line("comparison.noted", { who })))] : [];
    case "comparison.ended": {
      const everybody = [...new Set([user, ...asked])];
      if (event.end === "verified") return asked.includes(user) ? [tellPeople([user], message(line("comparison.verified", {})))] : [];
      if (event.end === "mismatch") return [tellPeople(everybody, message(line("comparison.mismatch", { who }), line("comparison.mismatch-means", {})))];
      return [tellPeople(everybody, message(line("comparison.broken-off", { who, why: event.end }), line("comparison.again", {})))];
    }
  }
}

function evolve(found: PersonComparison | undefined, event: ComparisonEvent): PersonComparison {
  if (event.type === "comparison.shown") {
    const { id, user, masterKey, asked, expires } = event;
    return { id, user, masterKey, asked, expires, state: "shown", ...(event.in === undefined ? {} : { in: event.in }) };
  }
  if (found === undefined) throw new Error(`${event.type} before comparison.shown`);
  return event.type === "comparison.answered" ? { ...found, state: "answered", answer: { by: event.by, matches: event.matches } } : { ...found, state: "over" };
}

/** Comparisons, in the installation's chain. */
export const comparisonEntity: Entity<"comparison", ComparisonEvent> = {
  kind: "comparison",
  events: { "comparison.shown": [1], "comparison.answered": [1], "comparison.ended": [1] },
  home: "installation",
  key: (event) => event.id,
  evolve,
  effects,
  nextWake: (found) => (found.state === "over" ? undefined : found.expires),
  tick: (found, ctx, scope) => decided(...endComparison(found.id, "timeout", scope, ctx.now).events),
};
