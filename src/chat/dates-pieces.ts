/** The pieces that a date is put together from: which of them could begin at a word, without knowing what day it is. */
import type { Zone } from "../domain/ids.ts";
import { MINUTE } from "../domain/time.ts";
import * as vocabulary from "./dates-words.ts";
import type { Period, Unit } from "./dates-words.ts";
import { zonesNamed } from "./places.ts";

/** Which of the days with one name. */
export type Which = "plain" | "this" | "next" | "in-next-week" | "week-after" | "last";
/** A day and month, with the year if it was said. */
export interface Named {
  readonly year?: number;
  readonly month: number;
  readonly day: number;
}
/** An hour as said: `bare` ones may be of a twelve-hour clock. */
export interface Clock {
  readonly hour: number;
  readonly minute: number;
  readonly style: "24" | "12" | "bare";
}

/** One piece of a date, and the word after it. */
export type Piece = { readonly next: number } & (
  | { readonly is: "days"; readonly counts: readonly number[]; readonly period?: Period }
  | { readonly is: "months"; readonly count: number }
  | { readonly is: "weekday"; readonly weekday: number; readonly which: Which; readonly weak: boolean }
  | { readonly is: "dates"; readonly dates: readonly Named[] }
  | { readonly is: "month-day"; readonly day: number }
  | { readonly is: "clock"; readonly clock: Clock }
  | { readonly is: "noon" } | { readonly is: "midnight" } | { readonly is: "now" }
  | { readonly is: "period"; readonly period: Period }
  | { readonly is: "span"; readonly ms: number }
  | { readonly is: "zone"; readonly zones: readonly Zone[] }
  | { readonly is: "working-days" }
);
/** A piece without its place in the text. */
type Bare<P = Piece> = P extends Piece ? Omit<P, "next"> : never;

const LONGEST_PHRASE = 6;

function phrase(words: readonly string[], from: number, length: number): string {
  return words.slice(from, from + length).join(" ");
}

/** Every length at which the words from `from` are in `known`, with 0 if `optional`. */
function lengths(words: readonly string[], from: number, known: ReadonlySet<string>, optional = false): number[] {
  const found = optional ? [0] : [];
  for (let length = 1; length <= Math.min(LONGEST_PHRASE, words.length - from); length += 1) {
    if (known.has(phrase(words, from, length))) found.push(length);
  }
  return found;
}

function lookup<T>(words: readonly string[], from: number, known: Readonly<Record<string, T>>): { readonly value: T; readonly next: number }[] {
  const found: { value: T; next: number }[] = [];
  for (let length = 1; length <= Math.min(LONGEST_PHRASE, words.length - from); length += 1) {
    const key = phrase(words, from, length);
    const value = Object.hasOwn(known, key) ? known[key] : undefined;
    if (value !== undefined) found.push({ value, next: from + length });
  }
  return found;
}

function count(word: string | undefined): number | undefined {
  if (word === undefined) return undefined;
  if (/^\d{1,4}$/.test(word)) return Number(word);
  return Object.hasOwn(vocabulary.NUMBERS, word) ? vocabulary.NUMBERS[word] : undefined;
}

/** `5`, `5th`, `1o`, `first`, `primero` as a day of the month. */
function monthDay(word: string | undefined): number | undefined {
  if (word === undefined) return undefined;
  const digits = /^(\d{1,2})(?:st|nd|rd|th|o|er|ro|a)?\.?$/.exec(word)?.[1];
  const day = digits === undefined ? (Object.hasOwn(vocabulary.ORDINALS, word) ? vocabulary.ORDINALS[word] : undefined) : Number(digits);
  return day !== undefined && day >= 1 && day <= 31 ? day : undefined;
}

/** {@link monthDay} in digits: "the second" is too much like ordinary text. */
function digitsDay(word: string | undefined): number | undefined {
  return word !== undefined && /^\d/.test(word) ? monthDay(word) : undefined;
}

function yearOf(word: string | undefined): number | undefined {
  return word !== undefined && /^(?:19|20|21)\d\d$/.test(word) ? Number(word) : undefined;
}
const month = (word: string | undefined): number | undefined =>
  word !== undefined && Object.hasOwn(vocabulary.MONTHS, word.replace(/\.$/, "")) ? vocabulary.MONTHS[word.replace(/\.$/, "")] : undefined;

/** `03/04`, `3/4/2027`, `3-4-27`: which is the month differs between countries, so both are kept. A dotted `3.4.2027` is day first everywhere. */
function numericDates(word: string): readonly Named[] | undefined {
  const iso = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(word);
  if (iso !== null) return [{ year: Number(iso[1]), month: Number(iso[2]), day: Number(iso[3]) }];
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})?$/.exec(word);
  if (dotted !== null) return [{ ...(dotted[3] === undefined ? {} : { year: Number(dotted[3]) }), day: Number(dotted[1]), month: Number(dotted[2]) }];
  const found = /^(\d{1,2})([/-])(\d{1,2})(?:\2(\d{4}|\d{2}))?$/.exec(word);
  if (found === null || (found[2] === "-" && found[4] === undefined)) return undefined;
  const [a, b] = [Number(found[1]), Number(found[3])];
  const year = found[4] === undefined ? {} : { year: found[4].length === 2 ? 2000 + Number(found[4]) : Number(found[4]) };
  const dayFirst = { ...year, day: a, month: b };
  const monthFirst = { ...year, day: b, month: a };
  if (a > 12) return [dayFirst];
  if (b > 12) return [monthFirst];
  return a === b ? [dayFirst] : [dayFirst, monthFirst];
}

function datePieces(words: readonly string[], at: number): Piece[] {
  const found: Piece[] = [];
  const [word, second] = [words[at], words[at + 1]];
  if (word === undefined) return found;
  const numeric = numericDates(word);
  if (numeric !== undefined) found.push({ is: "dates", dates: numeric, next: at + 1 });
  const addNamed = (day: number, of: number, next: number): void => {
    found.push({ is: "dates", dates: [{ month: of, day }], next });
    for (const skip of [0, 1]) {
      if (skip === 1 && words[next] !== "de" && words[next] !== "del" && words[next] !== "of") continue;
      const year = yearOf(words[next + skip]);
      if (year !== undefined) found.push({ is: "dates", dates: [{ year, month: of, day }], next: next + skip + 1 });
    }
  };
  const day = monthDay(word);
  if (day !== undefined) {
    const skip = second === "de" || second === "of" ? 1 : 0;
    const of = month(words[at + 1 + skip]);
    if (of !== undefined) addNamed(day, of, at + 2 + skip);
  }
  const named = month(word);
  const after = monthDay(second === "the" ? words[at + 2] : second);
  if (named !== undefined && after !== undefined) addNamed(after, named, at + (second === "the" ? 3 : 2));
  return found;
}

function weekdayPieces(words: readonly string[], at: number): Piece[] {
  const found: Piece[] = [];
  const starts: [Which, number][] = [
    ["plain", 0], ...lengths(words, at, vocabulary.THIS).map((length): [Which, number] => ["this", length]),
    ...lengths(words, at, vocabulary.NEXT).map((length): [Which, number] => ["next", length]),
    ...lengths(words, at, vocabulary.LAST).map((length): [Which, number] => ["last", length]),
  ];
  for (const [which, skip] of starts) {
    const name = (words[at + skip] ?? "").replace(/\.$/, "");
    const known = Object.hasOwn(vocabulary.WEEKDAYS, name) ? vocabulary.WEEKDAYS[name] : undefined;
    if (known === undefined) continue;
    const next = at + skip + 1;
    const add = (meant: Which, end: number): void => {
      found.push({ is: "weekday", weekday: known.weekday, which: meant, weak: known.weak === true && meant === "plain", next: end });
    };
    add(which, next);
    if (which !== "plain") continue;
    for (const length of lengths(words, next, vocabulary.NEXT_AFTER)) add("next", next + length);
    for (const length of lengths(words, next, vocabulary.NEXT_WEEK)) add("in-next-week", next + length);
    for (const length of lengths(words, next, vocabulary.LAST_AFTER)) add("last", next + length);
    if (words[next] === "week" && known.spanish !== true) add("week-after", next + 1);
  }
  for (const length of lengths(words, at, vocabulary.NEXT_WEEK)) {
    const skip = words[at + length] === "on" || words[at + length] === "el" ? 1 : 0;
    const name = words[at + length + skip] ?? "";
    const known = Object.hasOwn(vocabulary.WEEKDAYS, name) ? vocabulary.WEEKDAYS[name] : undefined;
    if (known !== undefined) found.push({ is: "weekday", weekday: known.weekday, which: "in-next-week", weak: false, next: at + length + skip + 1 });
  }
  return found;
}

/** `18:00`, `9:30pm`, `18h30`, `9 a.m.`, `1830h`, `at 9`, `a las nueve y media`. */
function clockPieces(words: readonly string[], at: number): Piece[] {
  const found: Piece[] = [];
  const add = (hour: number, minute: number, style: Clock["style"], next: number): void => {
    found.push({ is: "clock", clock: { hour, minute, style }, next });
    // "9 pm", "las nueve y media p.m."
    const half = words[next];
    if (style !== "12" && (half === "am" || half === "pm")) found.push({ is: "clock", clock: twelve(hour, minute, half), next: next + 1 });
  };
  for (const lead of lengths(words, at, vocabulary.TIME_LEADS, true)) {
    const leading = phrase(words, at, lead);
    const certain = vocabulary.HOUR_LEADS.has(leading);
    const first = at + lead;
    const word = words[first];
    if (word === undefined) continue;
    const digits = /^(\d{1,2})(?:[:h](\d{2}))(h|hs|hrs)?$/.exec(word);
    const short = /^(\d{1,2})h(?:s|rs)?$/.exec(word);
    const military = /^(\d{2})(\d{2})(h|hrs)?$/.exec(word);
    const dotted = /^(\d{1,2})\.(\d{2})h?$/.exec(word);
    const half = /^(\d{1,2})(?:[:.](\d{2}))?(am|pm)$/.exec(word);
    const unit = words[first + 1];
    const suffixed = unit === "h" || unit === "hrs" || unit === "hours" || unit === "horas" || unit === "hs";
    if (digits !== null) add(Number(digits[1]), Number(digits[2]), "24", first + (suffixed && digits[3] === undefined ? 2 : 1));
    if (short !== null) add(Number(short[1]), 0, "24", first + 1);
    if (military !== null && (certain || military[3] !== undefined || suffixed)) add(Number(military[1]), Number(military[2]), "24", first + (suffixed ? 2 : 1));
    // "18.10" may be a day and a month: only what no month can be, or what a lead announces.
    if (dotted !== null && (certain || Number(dotted[2]) > 12)) add(Number(dotted[1]), Number(dotted[2]), "24", first + 1);
    if (half !== null) found.push({ is: "clock", clock: twelve(Number(half[1]), Number(half[2] ?? 0), half[3] === "am" ? "am" : "pm"), next: first + 1 });
    const bare = hourOf(word, leading);
    if (bare !== undefined) {
      if (suffixed && lead >= 0 && /^\d/.test(word)) add(bare, 0, "24", first + 2);
      if (unit === "am" || unit === "pm") found.push({ is: "clock", clock: twelve(bare, 0, unit), next: first + 2 });
      if (certain) {
        add(bare, 0, "bare", first + 1);
        if (unit === "o'clock") add(bare, 0, "bare", first + 2);
        if (unit === "en" && words[first + 2] === "punto") add(bare, 0, "bare", first + 3);
      }
      if (unit === "y" || unit === "menos") {
        const part = words[first + 2] === "media" && unit === "y" ? 30 : words[first + 2] === "cuarto" ? 15 : count(words[first + 2]);
        if (part !== undefined && part > 0 && part < 60 && certain) {
          if (unit === "y") add(bare, part, "bare", first + 3);
          else add((bare + 23) % 24, 60 - part, "bare", first + 3);
        }
      } else if (certain && bare >= 13) {
        // Already added above: an hour over twelve needs nothing more.
      } else if (lead === 0 && /^\d{1,2}$/.test(word) && isPeriod(words, first + 1)) add(bare, 0, "bare", first + 1);
    }
    const past = /^(half|quarter)$/.exec(word)?.[1];
    const of = hourOf(words[first + 2], "at");
    if (past !== undefined && of !== undefined && (words[first + 1] === "past" || (words[first + 1] === "to" && past === "quarter"))) {
      if (words[first + 1] === "past") add(of, past === "half" ? 30 : 15, "bare", first + 3);
      else add((of + 23) % 24, 45, "bare", first + 3);
    }
  }
  return found;
}

function isPeriod(words: readonly string[], at: number): boolean {
  return lookup(words, at, vocabulary.PERIODS).length > 0;
}

/** Hours as digits or words; "at once" is no hour although Spanish counts so. */
function hourOf(word: string | undefined, lead: string): number | undefined {
  if (word === undefined || word === "a" || word === "an" || word === "un" || (lead === "at" && word === "once")) return undefined;
  const hour = count(word);
  return hour !== undefined && hour <= 24 && (/^\d{1,2}$/.test(word) || hour <= 12) ? hour : undefined;
}

/** Twelve-hour clock; an hour that it does not have becomes one that no clock has, so that it is refused by name. */
function twelve(hour: number, minute: number, half: "am" | "pm"): Clock {
  if (hour < 1 || hour > 12) return { hour: 99, minute, style: "12" };
  return { hour: (hour % 12) + (half === "pm" ? 12 : 0), minute, style: "12" };
}

const MINUTES: Readonly<Record<Unit, number>> = { minute: 1, hour: 60, day: 1440, week: 10_080, month: 0 };
const LONGEST_COUNT = 3000;

/** "in 2 hours", "dentro de 3 días", "2 weeks from now", "hace 20 minutos". */
function spanPieces(words: readonly string[], at: number): Piece[] {
  const found: Piece[] = [];
  const quantity = (from: number): { readonly minutes?: number; readonly amount?: number; readonly unit?: Unit; readonly spanish: boolean; readonly next: number; readonly working: boolean }[] => {
    const phrases = lookup(words, from, vocabulary.SPAN_PHRASES).map(({ value, next }) => ({ minutes: value, spanish: false, next, working: false }));
    const joined = /^(\d{1,4})(min|h|hrs?|d)$/.exec(words[from] ?? "");
    const amount = joined === null ? count(words[from]) : Number(joined[1]);
    const unitAt = joined === null ? from + 1 : from;
    const isWorking = joined === null && (vocabulary.WORKING.has(words[unitAt] ?? "") || vocabulary.WORKING.has(words[unitAt + 1] ?? ""));
    const word = joined?.[2] ?? words[vocabulary.WORKING.has(words[unitAt] ?? "") ? unitAt + 1 : unitAt] ?? "";
    const unit = Object.hasOwn(vocabulary.UNITS, word) ? vocabulary.UNITS[word] : undefined;
    if (amount === undefined || amount > LONGEST_COUNT || unit === undefined) return phrases;
    const next = unitAt + 1 + (isWorking ? 1 : 0);
    return [...phrases, { amount, unit: unit.unit, spanish: unit.spanish === true, next, working: isWorking }];
  };
  const add = (of: ReturnType<typeof quantity>[number], sign: 1 | -1, next: number): void => {
    if (of.working) found.push({ is: "working-days", next });
    else if (of.minutes !== undefined) found.push({ is: "span", ms: sign * of.minutes * MINUTE, next });
    else if (of.amount === undefined || of.unit === undefined) return;
    else if (of.unit === "month") found.push({ is: "months", count: sign * of.amount, next });
    else if (of.unit === "day" || of.unit === "week") {
      const days = sign * of.amount * (of.unit === "week" ? 7 : 1);
      // In Spanish "ocho días" and "quince días" are also one and two weeks.
      const counts = of.spanish && (of.amount === 8 || of.amount === 15) ? [days, days - sign] : [days];
      found.push({ is: "days", counts, next });
    } else found.push({ is: "span", ms: sign * of.amount * MINUTES[of.unit] * MINUTE, next });
  };
  for (const lead of lengths(words, at, vocabulary.AHEAD)) for (const of of quantity(at + lead)) add(of, 1, of.next);
  for (const lead of lengths(words, at, vocabulary.AGO_BEFORE)) for (const of of quantity(at + lead)) add(of, -1, of.next);
  for (const of of quantity(at)) {
    for (const length of lengths(words, of.next, vocabulary.FROM_NOW)) add(of, 1, of.next + length);
    for (const length of lengths(words, of.next, vocabulary.AGO)) add(of, -1, of.next + length);
  }
  return found;
}

/** A place or zone that ends the text; "Bogotá time", "hora de Madrid", "(Praia)". */
function zonePieces(words: readonly string[], at: number): Piece[] {
  const found: Piece[] = [];
  for (const lead of lengths(words, at, vocabulary.ZONE_LEADS, true)) {
    for (const end of [0, 1, 2]) {
      const last = words.length - end;
      if (end > 0 && !vocabulary.ZONE_ENDS.has(phrase(words, last, end))) continue;
      const name = words.slice(at + lead, last).join(" ");
      const zones = name === "" || name.length > 64 ? [] : zonesNamed(name);
      if (zones.length > 0) found.push({ is: "zone", zones, next: words.length });
    }
  }
  return found;
}

/** "viernes 27" is a day of the month in Spanish; in English "friday 9" may be an hour, so only "friday 27th" is one. */
function afterWeekday(words: readonly string[], at: number): boolean {
  const before = words[at - 1]?.replace(/\.$/, "") ?? "";
  const weekday = Object.hasOwn(vocabulary.WEEKDAYS, before) ? vocabulary.WEEKDAYS[before] : undefined;
  return weekday?.spanish === true || (weekday !== undefined && /^\d{1,2}(?:st|nd|rd|th)$/.test(words[at] ?? ""));
}

/** Every piece that could begin at the word `at`. */
export function piecesAt(words: readonly string[], at: number): readonly Piece[] {
  const found: Piece[] = [];
  const single = (known: ReadonlySet<string>, piece: Bare): void => {
    for (const length of lengths(words, at, known)) found.push({ ...piece, next: at + length } as Piece);
  };
  for (const lead of lengths(words, at, vocabulary.DAY_LEADS, true)) {
    const from = at + lead;
    for (const { value, next } of lookup(words, from, vocabulary.DAY_PHRASES)) found.push({ is: "days", counts: [value], next });
    found.push(...datePieces(words, from), ...weekdayPieces(words, from));
    const day = lead > 0 || afterWeekday(words, at) ? digitsDay(words[from]) : undefined;
    if (day !== undefined && (lead === 0 || /(?:the|el|dia)$/.test(phrase(words, at, lead)))) found.push({ is: "month-day", day, next: from + 1 });
  }
  for (const { value, next } of lookup(words, at, vocabulary.DAY_PERIODS)) found.push({ is: "days", counts: [value.days], period: value.period, next });
  for (const { value, next } of lookup(words, at, vocabulary.PERIODS)) found.push({ is: "period", period: value, next });
  for (const lead of lengths(words, at, vocabulary.TIME_LEADS, true)) {
    for (const length of lengths(words, at + lead, vocabulary.NOON)) found.push({ is: "noon", next: at + lead + length });
    for (const length of lengths(words, at + lead, vocabulary.MIDNIGHT)) found.push({ is: "midnight", next: at + lead + length });
  }
  single(vocabulary.NOW, { is: "now" });
  found.push(...clockPieces(words, at), ...spanPieces(words, at), ...zonePieces(words, at));
  return found;
}

/** Words as the grammar wants them: folded, commas and brackets gone, "a. m." one word. */
export function dateWords(text: string): readonly string[] {
  return text.replace(/\b(\d{4}-\d{2}-\d{2})t(?=\d)/g, "$1 ").replace(/\b(\d{2}:\d{2})(?::\d{2})?z\b/g, "$1 utc").replace(/([ap])\s?\.\s?m\b\.?/g, "$1m").replace(/[,;()]/g, " ").replace(/[!?]+$/, "").split(/\s+/).filter((word) => word !== "")
    .map((word) => word.replace(/^(\d{1,2}\.\d{1,2}\.)$|^(.+?)\.$/, (whole, dotted: string | undefined, rest: string | undefined) => dotted ?? rest ?? whole));
}
