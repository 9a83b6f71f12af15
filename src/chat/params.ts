/**
 * The types of parameter that commands are made of. Each is a zod schema of the value that a rule receives (so that a stored command can be
 * checked again) and carries how to read it from what people type. All may be `.optional()`.
 *
 * ```ts
 * params: z.object({ title: text({ max: 200 }), owner: person().optional(), due: due() })
 * ```
 */
import { z } from "zod";
import type { AlertId, CallSign, Country, DeliveryId, Instant, TaskId, UserId, Zone } from "../domain/ids.ts";
import { LANGUAGES, type Language } from "../domain/person.ts";
import { ROLES, type Role } from "../domain/roster.ts";
import { parameter, readingOf, type Reading } from "./reading.ts";
import { choiceReading, languageReading, roleReading } from "./readers/choices.ts";
import { alertReading, deliveryReading, taskReading } from "./readers/refs.ts";
import { countriesReading, countryReading, routeReading, zoneReading } from "./readers/places.ts";
import { personReading, userCountriesReading, userReading, usersReading } from "./readers/people.ts";
import { codeReading, fingerprintReading, quotedReading, sealReading, textReading } from "./readers/texts.ts";
import { dayReading, dueReading, momentReading, pastReading } from "./readers/times.ts";

/** A moment, with the zone in which it was said. */
export interface Moment {
  readonly at: Instant;
  readonly zone: Zone;
}
/** A day of the calendar, in no zone. */
export interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}
/** A point of a route. */
export interface RoutePoint {
  readonly place: string;
  readonly country: Country;
  readonly zone: Zone;
}
/** A Matrix user with the country they act for. */
export interface UserCountry {
  readonly user: UserId;
  readonly country: Country;
  /** Of their identity: 16 characters or all 43. */
  readonly fingerprint?: string | undefined;
}

const instant = z.custom<Instant>((value) => Number.isSafeInteger(value));
const zoneName = z.custom<Zone>((value) => typeof value === "string" && value.length <= 64 && /^[A-Za-z]/.test(value));
const countryCode = z.custom<Country>((value) => typeof value === "string" && /^[A-Z]{2}$/.test(value));
const userName = z.custom<UserId>((value) => typeof value === "string" && value.length <= 255 && /^@[^:\s]*:\S+$/.test(value));
const fingerprintValue = z.string().regex(/^[A-Za-z0-9+/]{16}(?:[A-Za-z0-9+/]{27})?$/);
const momentValue = (): z.ZodType<Moment> => z.object({ at: instant, zone: zoneName });
const matching = <T>(pattern: RegExp): z.ZodType<T> => z.custom<T>((value) => typeof value === "string" && pattern.test(value));

/** What people write, from one word up to where the next parameter can start, or all that stands in quotation marks; `max` characters. */
export function text(of: { readonly max?: number } = {}): z.ZodType<string> {
  const max = of.max ?? 500;
  return parameter(z.string().min(1).max(max), textReading(max));
}
/** A text that must stand in quotation marks; `max` characters. */
export function quoted(of: { readonly max?: number } = {}): z.ZodType<string> {
  const max = of.max ?? 200;
  return parameter(z.string().min(1).max(max), quotedReading(max));
}
/** A task of the case: `T-12`, `t12` or `12`. */
export function taskRef(): z.ZodType<TaskId> {
  return parameter(matching<TaskId>(/^T-[1-9]\d{0,5}$/), taskReading);
}
/** A delivery of the case: `CD-3`, `cd3` or `3`; in a delivery's room the one of the room if none is named. */
export function deliveryRef(): z.ZodType<DeliveryId> {
  return parameter(matching<DeliveryId>(/^CD-[1-9]\d{0,5}$/), deliveryReading);
}
/** An alert of the case: `A-7`, `a7` or `7`. */
export function alertRef(): z.ZodType<AlertId> {
  return parameter(matching<AlertId>(/^A-[1-9]\d{0,5}$/), alertReading);
}
/** A member of the case, by pill, matrix.to link, `@user:server`, `@user` or call sign; gives the call sign. */
export function person(): z.ZodType<CallSign> {
  return parameter(matching<CallSign>(/^[A-Z]{2}-[1-9]\d{0,5}$/), personReading);
}
/** Any Matrix user, also one who is not in the case: pill, matrix.to link or `@user:server`. */
export function userId(): z.ZodType<UserId> {
  return parameter(z.custom<UserId>((value) => userName.safeParse(value).success), userReading);
}
/** One or more Matrix users, with or without commas between them; at most 20, none twice. */
export function userIds(): z.ZodType<readonly UserId[]> {
  return parameter(z.array(userName).min(1).max(20).readonly(), usersReading);
}
/**
 * One or more Matrix users, each with the country they act for: `@ana:es.example ES @luis:co.example CO` (either order), and the fingerprint of their
 * identity after it if the agreement has one; at most 20, none twice.
 */
export function userCountries(): z.ZodType<readonly UserCountry[]> {
  return parameter(z.array(z.object({ user: userName, country: countryCode, fingerprint: fingerprintValue.optional() })).min(1).max(20).readonly(), userCountriesReading);
}
/** A country by its code or its name in any language shipped. */
export function country(): z.ZodType<Country> {
  return parameter(z.custom<Country>((value) => countryCode.safeParse(value).success), countryReading);
}
/** One or more countries: `ES,CO,CV` or `Spain, Colombia`; at most 30, none twice. */
export function countries(): z.ZodType<readonly Country[]> {
  return parameter(z.array(countryCode).min(1).max(30).readonly(), countriesReading);
}
/** A role in a case, in the words of any language shipped. */
export function role(): z.ZodType<Role> {
  return parameter(z.custom<Role>((value) => ROLES.some((known) => known === value)), roleReading);
}
/** A language shipped, by code or name. */
export function language(): z.ZodType<Language> {
  return parameter(z.custom<Language>((value) => LANGUAGES.some((known) => known === value)), languageReading);
}
/** A time zone: IANA name, or a city. */
export function zone(): z.ZodType<Zone> {
  return parameter(z.custom<Zone>((value) => zoneName.safeParse(value).success), zoneReading);
}
/** A moment in the future, in words; a date without a time is 23:59 of that day. */
export function due(): z.ZodType<Moment> {
  return parameter(momentValue(), dueReading);
}
/** A moment, past or future, in words: `5 dec 04:00 Santos`; a date without a time is refused. */
export function moment(): z.ZodType<Moment> {
  return parameter(momentValue(), momentReading);
}
/** A moment that has been: `2 dec 11:40`. */
export function instantPast(): z.ZodType<Moment> {
  return parameter(momentValue(), pastReading);
}
/** A day of the calendar, in words. */
export function day(): z.ZodType<Day> {
  return parameter(z.object({ year: z.int().min(1970).max(2200), month: z.int().min(1).max(12), day: z.int().min(1).max(31) }), dayReading);
}
/** The points of a route in order: `Santos BR > Praia CV > Antwerp BE`; 2 to 12. */
export function route(): z.ZodType<readonly RoutePoint[]> {
  const point = z.object({ place: z.string().min(1).max(60), country: countryCode, zone: zoneName });
  return parameter(z.array(point).min(2).max(12).readonly(), routeReading);
}
/**
 * One of a few words; the value is the key.
 * ```ts
 * choice({ clean: { en: ["clean"], es: ["limpia", "limpio"] }, live: { en: ["live"], es: ["viva"] } })
 * ```
 */
export function choice<const K extends string>(words: Readonly<Record<K, Readonly<Record<Language, readonly string[]>>>>): z.ZodType<K> {
  const keys = Object.keys(words);
  return parameter(z.custom<K>((value) => typeof value === "string" && keys.includes(value)), choiceReading(words));
}
/** Number of a seal: compared as NFKC `[A-Z0-9-]`, at most 32 characters. */
export function seal(): z.ZodType<string> {
  return parameter(z.string().regex(/^[A-Z0-9-]{1,32}$/), sealReading);
}
/** The fingerprint of an identity as the bot shows it (16 characters), or the whole key (43), in groups or in one piece. */
export function fingerprint(): z.ZodType<string> {
  return parameter(fingerprintValue, fingerprintReading);
}
/** The code under a question: `7F3Q`. */
export function code(): z.ZodType<string> {
  return parameter(z.string().regex(/^[0-9A-Z]{4}$/), codeReading);
}
/**
 * A parameter whose value follows a word, wherever it stands: `until 2027-11-20`. The words of each language stand under this name in
 * `keywords` of config/locales/<language>/common.ts.
 */
export function keyword<T>(name: string, of: z.ZodType<T>): z.ZodType<T> {
  const { reading } = readingOf(of);
  return parameter(of.clone(), { ...(reading as Reading<T>), keyword: name });
}
