/**
 * Moments, days and zones: the only importer of Temporal. Everything that could be guessed wrong is a value here: a wall time that does not
 * exist or exists twice, a day that no calendar has, a zone that nobody knows.
 */
import type { Instant, Zone } from "./ids.ts";
import type { Language } from "./person.ts";

/** A day of the Gregorian calendar, in no zone; month and day count from 1. */
export interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}
/** What a clock on the wall shows. */
export interface WallTime extends Day {
  readonly hour: number;
  readonly minute: number;
}

/**
 * A wall time put into a zone. Daylight saving makes some not exist (`gap`: the moments an hour apart that were meant) and some happen twice.
 */
export type Placed =
  | { readonly is: "instant"; readonly at: Instant }
  | { readonly is: "gap"; readonly before: Instant; readonly after: Instant }
  | { readonly is: "twice"; readonly first: Instant; readonly second: Instant };

/** Milliseconds of a minute. */
export const MINUTE = 60_000;
/** Milliseconds of an hour. */
export const HOUR = 60 * MINUTE;
/** Milliseconds of 24 hours; a day of the calendar may be 23 or 25 ({@link addDays}). */
export const DAY = 24 * HOUR;

/** Years that the grammar and the formats are made for. */
const FIRST_YEAR = 1970;
const LAST_YEAR = 2200;

/** The IANA name with its proper capitals, or undefined if there is no such zone. Bare offsets (`+02:00`) are no zones: they know no seasons. */
export function zoneNamed(name: string): Zone | undefined {
  if (name.length > 64 || !/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(name)) return undefined;
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId as Zone;
  } catch {
    return undefined;
  }
}

/** Whether the calendar has this day, within the years 1970 to 2200. */
export function isDay(day: Day): boolean {
  if (day.year < FIRST_YEAR || day.year > LAST_YEAR) return false;
  try {
    Temporal.PlainDate.from({ ...day }, { overflow: "reject" });
    return true;
  } catch {
    return false;
  }
}

/** The moment at which clocks in `zone` show this. The wall time must be one ({@link isDay}, hour 0–23, minute 0–59), else it throws. */
export function place(wall: WallTime, zone: Zone): Placed {
  const plain = Temporal.PlainDateTime.from({ ...wall }, { overflow: "reject" });
  const earlier = plain.toZonedDateTime(zone, { disambiguation: "earlier" });
  const later = plain.toZonedDateTime(zone, { disambiguation: "later" });
  const [first, second] = [earlier.epochMilliseconds as Instant, later.epochMilliseconds as Instant];
  if (first === second) return { is: "instant", at: first };
  // "reject" throws the same error for both: only the clock shown by the two candidates tells them apart.
  return earlier.toPlainDateTime().equals(plain) ? { is: "twice", first, second } : { is: "gap", before: first, after: second };
}

/** Boards and lists say the same moments again with each change: so many of them are remembered, then all are worked out anew. */
const MOST_REMEMBERED = 5_000;

/** What a moment is in each zone (and language), worked out once. */
class Remembered<T> {
  readonly #known = new Map<string, Map<Instant, T>>();
  #size = 0;

  at(at: Instant, where: string, work: () => T): T {
    const before = this.#known.get(where)?.get(at);
    if (before !== undefined) return before;
    if (this.#size >= MOST_REMEMBERED) {
      this.#known.clear();
      this.#size = 0;
    }
    const found = work();
    const moments = this.#known.get(where) ?? new Map<Instant, T>();
    this.#known.set(where, moments.set(at, found));
    this.#size += 1;
    return found;
  }
}
const wallTimes = new Remembered<WallTime>();

/** What clocks in `zone` show at a moment. */
export function wallTime(at: Instant, zone: Zone): WallTime {
  return wallTimes.at(at, zone, () => {
    const { year, month, day, hour, minute } = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
    return { year, month, day, hour, minute };
  });
}

/** The day in `zone` at a moment. */
export function dayOf(at: Instant, zone: Zone): Day {
  const { year, month, day } = wallTime(at, zone);
  return { year, month, day };
}

/** Monday 1 … Sunday 7. */
export function weekday(day: Day): number {
  return Temporal.PlainDate.from({ ...day }).dayOfWeek;
}

/** So many days later (or earlier, if negative). */
export function addDays(day: Day, days: number): Day {
  const { year, month, day: of } = Temporal.PlainDate.from({ ...day }).add({ days });
  return { year, month, day: of };
}

/** So many months later; the 31st of a month that has none is refused as undefined, not moved. */
export function addMonths(day: Day, months: number): Day | undefined {
  const { year, month } = Temporal.PlainYearMonth.from({ year: day.year, month: day.month }).add({ months });
  const moved = { year, month, day: day.day };
  return isDay(moved) ? moved : undefined;
}

/** Negative if `a` is before `b`, 0 if they are the same day. */
export function compareDays(a: Day, b: Day): number {
  return a.year - b.year || a.month - b.month || a.day - b.day;
}

/** First moment of a day in a zone; 00:00, or what follows where that hour is skipped. */
export function startOfDay(day: Day, zone: Zone): Instant {
  return Temporal.PlainDate.from({ ...day }).toZonedDateTime({ timeZone: zone }).epochMilliseconds as Instant;
}

/** The last minute of a day in a zone: 23:59, as clocks there show it (the later one where it happens twice). */
export function endOfDay(day: Day, zone: Zone): Instant {
  const placed = place({ ...day, hour: 23, minute: 59 }, zone);
  if (placed.is === "instant") return placed.at;
  return placed.is === "twice" ? placed.second : placed.before;
}

/** Whether two zones show the same clock at a moment. */
export function sameClock(at: Instant, a: Zone, b: Zone): boolean {
  if (a === b) return true;
  const [one, other] = [wallTime(at, a), wallTime(at, b)];
  // Zones differ by whole minutes at the least, and by less than a month.
  return one.minute === other.minute && one.hour === other.hour && one.day === other.day;
}

/** British English puts the day before the month, as the field does. */
const LOCALES: Readonly<Record<Language, string>> = { en: "en-GB", es: "es-ES" };
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(language: Language, zone: string): Intl.DateTimeFormat {
  const key = `${language} ${zone}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(LOCALES[language], {
      timeZone: zone, weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    });
    formats.set(key, format);
  }
  return format;
}

type Parts = Partial<Readonly<Record<Intl.DateTimeFormatPartTypes, string>>>;
const shownParts: Readonly<Record<Language, Remembered<Parts>>> = { en: new Remembered(), es: new Remembered() };

function partsOf(at: Instant, zone: string, language: Language): (type: Intl.DateTimeFormatPartTypes) => string {
  const parts = shownParts[language].at(at, zone, (): Parts =>
    Object.fromEntries(formatOf(language, zone).formatToParts(at).map(({ type, value }) => [type, value.replace(/[.,]/g, "")])));
  return (type) => parts[type] ?? "";
}

/** `Fri 27 Nov 18:00` in a zone; with the year if asked: `Fri 27 Nov 2026 18:00`. The caller adds the place. */
export function formatMoment(at: Instant, zone: Zone, language: Language, withYear: boolean): string {
  const part = partsOf(at, zone, language);
  const date = [part("weekday"), part("day"), part("month"), ...(withYear ? [part("year")] : [])].join(" ");
  return `${date} ${part("hour")}:${part("minute")}`;
}

/** `18:00` in a zone. */
export function formatTime(at: Instant, zone: Zone, language: Language): string {
  const part = partsOf(at, zone, language);
  return `${part("hour")}:${part("minute")}`;
}

/** `Sat 3 Apr 2027`: a day of the calendar, in no zone. */
export function formatDay(day: Day, language: Language): string {
  const part = partsOf(startOfDay(day, "UTC" as Zone), "UTC", language);
  return [part("weekday"), part("day"), part("month"), part("year")].join(" ");
}

/** ISO 8601 in UTC, `2026-11-27T23:00:00.000Z`: for exports, never for people. */
export function isoUtc(at: Instant): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toString({ fractionalSecondDigits: 3 });
}
