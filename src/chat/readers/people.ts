/** Reading people: members of the case, and Matrix users who need not be in it. */
import type { CallSign, Country, UserId } from "../../domain/ids.ts";
import { type Line, line } from "../../domain/say.ts";
import { fold, shorten, upper } from "../clean.ts";
import { countryNamed } from "../places.ts";
import type { KnownMember, Reading, Token, World } from "../reading.ts";
import { fingerprintAt } from "./texts.ts";

const bare = (text: string): string => text.replace(/[,;:.]+$/, "");
/** How much of a word is repeated in a complaint. */
const ECHO = 60;

/** Members whom a token may mean; undefined if it is not written like a person at all. */
function membersMeant(token: Token, world: World): readonly KnownMember[] | undefined {
  if (token.quoted) return undefined;
  const members = world.case?.members ?? [];
  if (token.user !== undefined) return members.filter((member) => member.user === token.user);
  const text = bare(token.text);
  if (/^@[^:\s]+$/.test(text)) {
    const name = fold(text.slice(1));
    const byCallSign = members.filter((member) => fold(member.callSign) === name);
    return byCallSign.length > 0 ? byCallSign : members.filter((member) => fold(member.user.slice(1, member.user.indexOf(":"))) === name);
  }
  const sign = /^([A-Z]{2})-?([1-9]\d{0,5})$/.exec(upper(text));
  if (sign === null) return undefined;
  const found = members.filter((member) => member.callSign === `${sign[1]}-${sign[2]}`);
  // "CD-3" and "A4-2" look like a call sign too: without an "@" only one that exists counts, or one of a country that is in the case.
  if (found.length > 0) return found;
  return text.includes("-") && members.some((member) => member.callSign.startsWith(`${sign[1]}-`)) ? [] : undefined;
}

function unknownPerson(token: Token): Line {
  return line("chat.unknown-person", { text: shorten(bare(token.text), ECHO) });
}

/** A member of the case. */
export const personReading: Reading<CallSign> = {
  kind: "person", sample: "@ana",
  read(tokens, from, world) {
    const token = tokens[from];
    const meant = token === undefined ? undefined : membersMeant(token, world);
    if (token === undefined || meant === undefined) return [];
    const [first, second] = meant;
    if (first === undefined) return [{ next: from + 1, complaint: unknownPerson(token) }];
    if (second !== undefined) {
      const who = meant.slice(0, 4).map((member) => `${member.callSign} (${member.user})`).join(", ");
      return [{ next: from + 1, complaint: line("chat.ambiguous-person", { text: shorten(bare(token.text), ECHO), who }) }];
    }
    return [{ next: from + 1, meanings: [{ value: first.callSign }] }];
  },
  looksLike(tokens, world) {
    const found = tokens.find((token) => token.user !== undefined || (!token.quoted && /^@[^\s@]/.test(token.text)));
    if (found === undefined) return undefined;
    return membersMeant(found, world)?.length === 0 ? unknownPerson(found) : line("chat.no-person", { text: shorten(found.text, ECHO) });
  },
};

/** The user a token names, what is wrong with it, or undefined if it is not written like a user at all. */
function user(token: Token | undefined): UserId | Line | undefined {
  if (token === undefined || token.quoted) return undefined;
  if (token.user !== undefined) return token.user;
  if (/^@/.test(token.text)) return line("chat.whole-user", { text: shorten(bare(token.text), ECHO) });
  return undefined;
}

/** Any Matrix user. */
export const userReading: Reading<UserId> = {
  kind: "user", sample: "@ana:example.org",
  read(tokens, from) {
    const found = user(tokens[from]);
    if (found === undefined) return [];
    if (typeof found !== "string") return [{ next: from + 1, complaint: found }];
    return [{ next: from + 1, meanings: [{ value: found }] }];
  },
};

const MOST = 20;
const JOINERS = new Set([",", ";", "and", "y", "e", "&", "+"]);

/** Splits `@a:x,@b:y` typed without a space into people. */
function spread(token: Token): readonly Token[] {
  if (token.quoted || token.user !== undefined || !token.text.includes(",")) return [token];
  return token.text.split(",").filter((part) => part !== "").map((part) => {
    const whole = /^@[^:\s"<>]*:[A-Za-z0-9.\-[\]:]+$/.test(part);
    return whole ? { text: part, quoted: false, user: part as UserId } : { text: part, quoted: false };
  });
}

/** One or more Matrix users: as many as follow each other. */
export const usersReading: Reading<readonly UserId[]> = {
  kind: "users", sample: "@ana:example.org @luis:example.net",
  read(tokens, from) {
    const users: UserId[] = [];
    let next = from;
    for (let at = from; at < tokens.length; at += 1) {
      const token = tokens[at];
      if (token === undefined) break;
      if (users.length > 0 && JOINERS.has(fold(token.text))) continue;
      const parts = spread(token).map(user);
      if (parts.some((part) => part === undefined)) break;
      for (const part of parts) {
        if (part === undefined) continue;
        if (typeof part !== "string") return [{ next: at + 1, complaint: part }];
        if (users.includes(part)) return [{ next: at + 1, complaint: line("chat.person-twice", { text: part }) }];
        users.push(part);
      }
      next = at + 1;
      if (users.length > MOST) return [{ next, complaint: line("chat.too-long", { what: "", max: MOST, length: users.length }) }];
    }
    return users.length === 0 ? [] : [{ next, meanings: [{ value: users }] }];
  },
};

/** One or more Matrix users with their countries, the country before or after each, the same way for all; a fingerprint may follow the two. */
export const userCountriesReading: Reading<readonly { readonly user: UserId; readonly country: Country; readonly fingerprint?: string }[]> = {
  kind: "users-with-countries", sample: "@ana:example.org ES @luis:example.net CO",
  read(tokens, from) {
    const found: { user: UserId; country: Country; fingerprint?: string }[] = [];
    const parts = tokens.slice(from).flatMap((token, index) => spread(token).map((part) => ({ part, next: from + index + 1 })));
    let next = from;
    for (let at = 0; at < parts.length;) {
      const one = parts[at];
      if (one === undefined) break;
      if (found.length > 0 && JOINERS.has(fold(one.part.text))) { at += 1; continue; }
      const other = parts[at + 1];
      const [who, country] = one.part.user === undefined && !one.part.text.startsWith("@")
        ? [user(other?.part), countryOf(one.part)] : [user(one.part), countryOf(other?.part)];
      if (who === undefined) break;
      const after = other?.next ?? one.next;
      if (typeof who !== "string") return [{ next: after, complaint: who }];
      if (country === undefined) return [{ next: after, complaint: line("chat.user-without-country", { text: who }) }];
      if (found.some((each) => each.user === who)) return [{ next: after, complaint: line("chat.person-twice", { text: who }) }];
      const identity = fingerprintAt(parts.map(({ part }) => part), at + 2);
      found.push({ user: who, country, ...(identity === undefined ? {} : { fingerprint: identity.value }) });
      at = identity?.next ?? at + 2;
      next = parts[at - 1]?.next ?? after;
      if (found.length > MOST) return [{ next, complaint: line("chat.too-long", { what: "", max: MOST, length: found.length }) }];
    }
    return found.length === 0 ? [] : [{ next, meanings: [{ value: found }] }];
  },
};

function countryOf(token: Token | undefined): Country | undefined {
  if (token === undefined || token.quoted) return undefined;
  return countryNamed(token.text.replace(/^\(|[),;.]+$/g, ""));
}
