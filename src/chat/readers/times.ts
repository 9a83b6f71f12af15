/** Reading moments and days out of what was typed. */
import type { Instant, Zone } from "../../domain/ids.ts";
import { type Line, line, when } from "../../domain/say.ts";
import { type Day, formatDay } from "../../domain/time.ts";
import { shorten } from "../clean.ts";
import { LONGEST_DATE, readDay, readMoment, type Read } from "../dates.ts";
import type { Candidate, Reading, Token, World } from "../reading.ts";

interface Moment { readonly at: Instant; readonly zone: Zone }
const MOST_MEANINGS = 4;
const ECHO = 80;

/** All lengths from the longest: what could be read of a longer text is never lost to a shorter reading of its end. */
function candidates<T>(tokens: readonly Token[], from: number, read: (text: string) => Read<T>, label: (value: T) => Line): readonly Candidate<T>[] {
  const found: Candidate<T>[] = [];
  for (let next = Math.min(tokens.length, from + LONGEST_DATE.words); next > from; next -= 1) {
    const part = tokens.slice(from, next);
    // A date in quotation marks is a date only if the quotes hold nothing else.
    if (part.some((token) => token.user !== undefined || (token.quoted && part.length > 1))) continue;
    const text = part.map((token) => token.text).join(" ");
    const before = /^(?:before|antes del?)\s+(.+)$/i.exec(text)?.[1];
    // Whether the day itself still counts is not for us to say: a deadline is never guessed.
    if (before !== undefined && read(before).is === "read") found.push({ next, complaint: line("chat.before-when", { text: shorten(text, ECHO) }) });
    const of = read(text);
    if (of.is === "wrong") found.push({ next, complaint: of.complaint });
    if (of.is !== "read") continue;
    if (of.values.length > MOST_MEANINGS) found.push({ next, complaint: line("chat.too-many-readings", { text: shorten(text, ECHO) }) });
    else found.push({ next, meanings: of.values.map((value) => (of.values.length > 1 ? { value, label: label(value) } : { value })) });
  }
  return found;
}

/**
 * A date anywhere in a text that should have been read as one. `counts` says which readings matter: for a deadline also those that are wrong
 * ("31 june"); for the time of a contact only a time that can be used, because a note may well say "hoy" and must not cost the contact.
 */
function dateIn<T>(tokens: readonly Token[], read: (text: string) => Read<T>, counts: (of: Read<T>) => boolean): Line | undefined {
  for (let from = 0; from < tokens.length; from += 1) {
    const token = tokens[from];
    if (token === undefined || token.quoted || token.user !== undefined) continue;
    for (let next = Math.min(tokens.length, from + 4); next > from; next -= 1) {
      const text = tokens.slice(from, next).map((each) => each.text).join(" ");
      const of = read(text);
      // "1 19:12 by radio": a time of day at the head is meant as the time, also where it cannot be.
      if (from === 0 && of.is === "wrong" && /^\d{1,2}[:.h]\d{2}$/i.test(text)) return of.complaint;
      if (counts(of)) return line("chat.date-in-text", { text: shorten(text, ECHO) });
    }
  }
  return undefined;
}

function readingOfMoments(kind: string, sample: string, tense: "future" | "past" | "any", endOfDay: boolean): Reading<Moment> {
  const read = (world: World) => (text: string): Read<Moment> =>
    readMoment(text, { now: world.now, zone: world.zone, language: world.language, tense, endOfDay });
  return {
    kind, sample,
    read: (tokens, from, world) => candidates(tokens, from, read(world), (said) => line("chat.meaning-when", { when: when(said.at, said.zone) })),
    looksLike: (tokens, world) => dateIn(tokens, read(world), (of) => (tense === "past" ? of.is === "read" : of.is !== "none")),
  };
}

/** A deadline. */
export const dueReading: Reading<Moment> = readingOfMoments("due", "friday 18:00", "future", true);
/** A moment, past or future. */
export const momentReading: Reading<Moment> = readingOfMoments("moment", "2026-12-05 04:00", "any", false);
/** A moment that has been. */
export const pastReading: Reading<Moment> = readingOfMoments("past", "yesterday 11:40", "past", false);

/** A day of the calendar. */
export const dayReading: Reading<Day> = {
  kind: "day", sample: "2027-11-20",
  read: (tokens, from, world) => candidates(tokens, from, (text) => readDay(text, world), (day) => line("chat.meaning-day", { day: formatDay(day, world.language) })),
  looksLike: (tokens, world) => dateIn(tokens, (text) => readDay(text, world), (of) => of.is !== "none"),
};
