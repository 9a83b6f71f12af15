/** What a rule returns: events, or a refusal that tells a person what was understood, why not, and what to type. */
import type { CallSign, CaseId, ChainId, DeliveryId, Instant, MasterKey, Slot, UserId } from "./ids.ts";
import type { Code, Line, Sayings } from "./say.ts";
import { line } from "./say.ts";
import type { DomainEvent } from "./events.ts";
import type { Member } from "./roster.ts";
import type { Person } from "./person.ts";
import type { Windows } from "./windows.ts";

/** What happens, as events; the state changes by them alone. */
export interface Decided {
  readonly ok: true;
  readonly events: readonly DomainEvent[];
  /** The chain that the events belong to when it is not the one the command was given in (a case that is being opened). */
  readonly chain?: ChainId;
}
/** Nothing happens, and why. */
export interface Refusal {
  readonly ok: false;
  /** First line: why not; a second, if any, is what to type instead. */
  readonly lines: readonly Line[];
}
/** What every rule returns. */
export type Decision = Decided | Refusal;

/** A decision of these events. */
export function decided(...events: readonly DomainEvent[]): Decided {
  return { ok: true, events };
}
/** A refusal with its reason; further lines say what to type instead. */
export function refuse<C extends Code>(code: C, facts: Sayings[C], ...more: readonly Line[]): Refusal {
  return { ok: false, lines: [line(code, facts), ...more] };
}

/** Who acts. In a case `member` is set; an owner who is in no case has none. */
export interface Author {
  readonly user: UserId;
  readonly person: Person;
  readonly owner: boolean;
  readonly member?: Member;
}

/** Where a command was typed. */
export interface Origin {
  readonly room: "workspace" | "delivery" | "direct";
  readonly slot: Slot;
  /** In a delivery's room: that delivery, so that `stop` needs no number. */
  readonly delivery?: DeliveryId;
}

/** Randomness as the core sees it; every value is new. */
export interface Chance {
  /** 128 random bits as 26 characters of lower-case base 32. */
  id(): string;
  /** A code that can be typed and said: `7F3Q`, four characters without look-alikes (0 O 1 I L U). */
  code(): string;
  /** One of `items`; throws if there are none. */
  pick<T>(items: readonly T[]): T;
  /** The same items in a random order. */
  shuffle<T>(items: readonly T[]): T[];
}

/** When something proven was last heard of somebody, or since when the bot listens if nothing was. */
export interface LastHeard {
  readonly since: Instant;
  /** The same of anybody of their homeserver, where that is not the bot's own: whether it is away, or only the person silent. */
  readonly server?: { readonly name: string; readonly since: Instant };
}

/** Everything a rule may know besides the state: the moment, the author, chance, and the configured windows. */
export interface Context {
  readonly now: Instant;
  readonly author: Author;
  readonly origin: Origin;
  readonly chance: Chance;
  readonly windows: Windows;
  /** SHA-256 over canonical JSON, as base 32 grouped `7F3Q-19KD`: the digest a person compares. */
  readonly digest: (value: unknown) => string;
  /** Set when a request that needed others has all its consents: who gave them. */
  readonly approvals?: readonly { readonly by: UserId; readonly at: Instant }[];
  /** Digest that stood under the text to which all of them consented. */
  readonly agreed?: string;
  /** Master keys the server shows for the people named in the parameters; read just before the decision. A person without one is missing. */
  readonly identities?: ReadonlyMap<UserId, MasterKey>;
  /** When people were last heard; missing where nobody listens. */
  readonly lastHeard?: (user: UserId) => LastHeard;
}

/** A rule woken by time instead of by a person. */
export type TickContext = Omit<Context, "author" | "origin">;

/** The author's call sign; a rule of a case is only ever run for a member of it. */
export function callSign(ctx: Context): CallSign {
  if (ctx.author.member === undefined) throw new Error("a case rule was run for somebody who is not in the case");
  return ctx.author.member.callSign;
}

/** Id of the case that a new chain belongs to. */
export function newCaseId(chance: Chance): CaseId {
  return chance.id() as CaseId;
}
