/** A person as the installation knows them: the pinned identity, language and zone. Shared by all cases. */
import type { CutOff, PersonAccessEvent, Suspension } from "./access.ts";
import { evolvePersonAccess } from "./access.ts";
import type { Context, Decision, Refusal } from "./decision.ts";
import { decided, refuse } from "./decision.ts";
import type { Effect } from "./effect.ts";
import { reply, tellPeople } from "./effect.ts";
import type { Entity } from "./entity.ts";
import type { Instant, MasterKey, UserId, Zone } from "./ids.ts";
import { line, message, typed, when } from "./say.ts";
import type { Scope } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "person.language-set": { language: Language };
    /** `now` is the moment of the change in the new zone, so that a wrong choice is seen at once. */
    "person.zone-set": { zone: string; now: When };
    "person.language-already": { language: Language };
    "person.zone-already": { zone: string };
    "person.other-language": { line: Typed };
    "person.other-zone": { line: Typed };
    /** `person` is a Matrix id: they have no call sign yet, or the administrators must see which account is meant. */
    "person.no-identity": { person: string };
    "person.identity-changed": { person: string };
    "person.fingerprint-differs": { person: string; typed: string; shown: string };
    "person.confirmed": { how: string };
    "person.confirmed-means": Record<never, never>;
  }
}

/** Languages shipped; a person's own choice decides replies and direct chats. */
export type Language = "en" | "es";
/** Every language shipped, the first being the one of last resort. */
export const LANGUAGES: readonly Language[] = ["en", "es"];

/**
 * How somebody came to be sure that an identity is that person's: its fingerprint stands in the configuration, or was typed from the signed agreement;
 * the emoji of a comparison with the bot were read back; or an administrator compared the fingerprint with the person.
 */
export type ConfirmedHow = "config" | "agreement" | "compared" | "in-person";
/** That a pinned identity is confirmed: how, when, and by whom; for `config` the operator, who is nobody here. */
export interface Confirmed {
  readonly how: ConfirmedHow;
  readonly by?: UserId;
  readonly at: Instant;
}

/** Somebody whose identity is pinned. */
export interface Person {
  readonly user: UserId;
  /** Only a device signed by this identity may command or be given keys; a different one is refused until restored. */
  readonly masterKey: MasterKey;
  readonly language: Language;
  readonly zone: Zone;
  /** Missing as long as nobody has made sure that the pinned identity is theirs. */
  readonly confirmed?: Confirmed;
  /** Set while the server shows another identity, or has shown one, and nobody has settled it. */
  readonly suspended?: Suspension;
  /** Set while their phone is lost. */
  readonly cutOff?: CutOff;
}

/** What happens to a person: being pinned (once, until restored), that identity being confirmed, being kept out and let back, and what they choose for themselves. */
export type PersonEvent =
  | PersonAccessEvent
  | { readonly type: "person.pinned"; readonly v: 1; readonly user: UserId; readonly masterKey: MasterKey; readonly language: Language; readonly zone: Zone }
  | { readonly type: "person.confirmed"; readonly v: 1; readonly user: UserId; readonly masterKey: MasterKey; readonly how: ConfirmedHow; readonly by?: UserId; readonly at: Instant }
  | { readonly type: "person.language-set"; readonly v: 1; readonly user: UserId; readonly language: Language; readonly at: Instant }
  | { readonly type: "person.zone-set"; readonly v: 1; readonly user: UserId; readonly zone: Zone; readonly at: Instant };

/**
 * A master key as people compare it: its first 16 base64 characters (96 bits) in groups of four. Too short to be a proof by itself, long enough
 * that nobody makes a second key with the same beginning.
 */
export function fingerprint(key: MasterKey): string {
  return key.slice(0, 16).match(/.{1,4}/g)?.join(" ") ?? "";
}

/** Whether a fingerprint, 16 characters or all 43 without spaces, names this key. */
export function isFingerprintOf(typed: string, key: MasterKey): boolean {
  return (typed.length === 16 || typed.length === key.length) && key.startsWith(typed);
}

/** Refuses an identity whose fingerprint is not the one that was typed; both are told, so that a slip is seen. */
export function whyNotFingerprint(person: string, typed: string | undefined, shown: MasterKey): Refusal | undefined {
  if (typed === undefined || isFingerprintOf(typed, shown)) return undefined;
  return refuse("person.fingerprint-differs", { person, typed: fingerprint(typed as MasterKey), shown: fingerprint(shown) });
}

/** The identity under which somebody would be taken into a case, or why not. */
export type Identity = { readonly ok: true; readonly masterKey: MasterKey } | Refusal;

/**
 * The master key the server shows for somebody, if it may be relied on: there must be one, it must be the one pinned before, and the one that was
 * `agreed` to when the matter was put to people. The server is not trusted: a key that changes in between is refused, not taken over.
 */
export function identityOf(user: UserId, agreed: MasterKey | undefined, scope: Scope, ctx: Context): Identity {
  const shown = ctx.identities?.get(user);
  if (shown === undefined) return refuse("person.no-identity", { person: user });
  const pinned = scope.people.get(user)?.masterKey;
  const differs = (pinned !== undefined && pinned !== shown) || (agreed !== undefined && agreed !== shown);
  return differs ? refuse("person.identity-changed", { person: user }) : { ok: true, masterKey: shown };
}

/** Pins the identity of somebody the installation does not know yet; nothing for somebody it knows. */
export function pinning(user: UserId, masterKey: MasterKey, first: { readonly language: Language; readonly zone: Zone }, scope: Scope): PersonEvent[] {
  if (scope.people.has(user)) return [];
  return [{ type: "person.pinned", v: 1, user, masterKey, language: first.language, zone: first.zone }];
}

/** That this identity is confirmed; nothing if it is already. */
export function confirming(user: UserId, masterKey: MasterKey, how: ConfirmedHow, scope: Scope, ctx: Pick<Context, "now"> & { readonly by?: UserId }): PersonEvent[] {
  const before = scope.people.get(user);
  if (before?.masterKey === masterKey && before.confirmed !== undefined) return [];
  return [{ type: "person.confirmed", v: 1, user, masterKey, how, ...(ctx.by === undefined ? {} : { by: ctx.by }), at: ctx.now }];
}

/** Sets the language in which the bot writes to the author. */
export function setLanguage(language: Language, ctx: Context): Decision {
  const { person } = ctx.author;
  if (person.language === language) {
    const other = LANGUAGES.find((each) => each !== language) ?? language;
    return refuse("person.language-already", { language }, line("person.other-language", { line: typed(`me lang ${other}`) }));
  }
  return decided({ type: "person.language-set", v: 1, user: person.user, language, at: ctx.now });
}

/** Sets the zone in which the author's dates are read and shown. The name has been checked where it was read. */
export function setZone(zone: Zone, ctx: Context): Decision {
  const { person } = ctx.author;
  if (person.zone === zone) {
    return refuse("person.zone-already", { zone }, line("person.other-zone", { line: typed("me zone America/Bogota") }));
  }
  return decided({ type: "person.zone-set", v: 1, user: person.user, zone, at: ctx.now });
}

function effects(event: PersonEvent): Effect[] {
  switch (event.type) {
    case "person.pinned":
      return [];
    case "person.confirmed":
      // What stands in the configuration is no news for whoever wrote it.
      return event.how === "config" ? [] : [tellPeople([event.user], message(line("person.confirmed", { how: event.how }), line("person.confirmed-means", {})))];
    case "person.language-set":
      return [reply(message(line("person.language-set", { language: event.language })))];
    case "person.zone-set":
      return [reply(message(line("person.zone-set", { zone: event.zone, now: when(event.at, event.zone) })))];
    // Told in each of their cases, by what is on record there.
    case "person.suspended": case "person.identity-seen": case "person.restored": case "person.cut-off": case "person.let-back":
      return [];
  }
}

/** People in the installation's chain. */
export const personEntity: Entity<"person", PersonEvent> = {
  kind: "person",
  events: {
    "person.pinned": [1], "person.confirmed": [1], "person.language-set": [1], "person.zone-set": [1],
    "person.suspended": [1], "person.identity-seen": [1], "person.restored": [1], "person.cut-off": [1], "person.let-back": [1],
  },
  home: "installation",
  key: (event) => event.user,
  evolve(person, event) {
    if (event.type === "person.pinned") {
      // A lost phone stays lost, whichever identity is pinned anew.
      return { user: event.user, masterKey: event.masterKey, language: event.language, zone: event.zone, ...(person?.cutOff === undefined ? {} : { cutOff: person.cutOff }) };
    }
    if (person === undefined) throw new Error(`${event.type} before person.pinned`);
    if (event.type === "person.confirmed") {
      if (event.masterKey !== person.masterKey) throw new Error("another identity was confirmed than the pinned one");
      return { ...person, confirmed: { how: event.how, at: event.at, ...(event.by === undefined ? {} : { by: event.by }) } };
    }
    if (event.type === "person.language-set") return { ...person, language: event.language };
    return event.type === "person.zone-set" ? { ...person, zone: event.zone } : evolvePersonAccess(person, event);
  },
  effects: (event) => effects(event),
};
