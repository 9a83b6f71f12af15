/**
 * Dates in words, English and Spanish. The grammar consumes the whole text or does not understand it; what has two sensible readings comes back
 * with both. It never takes a part of a text for the whole ("pasado mañana" is not "mañana"), and never moves a time that a clock does not show.
 */
import type { Instant, Zone } from "../domain/ids.ts";
import type { Language } from "../domain/person.ts";
import { type Line, line, when } from "../domain/say.ts";
import { addDays, addMonths, compareDays, dayOf, formatDay, isDay, MINUTE, place, wallTime, weekday, type Day, type WallTime } from "../domain/time.ts";
import { fold } from "./clean.ts";
import { dateWords, piecesAt, type Clock, type Named, type Piece } from "./dates-pieces.ts";
import type { Period } from "./dates-words.ts";
import { placeOf } from "./places.ts";

/** When and where somebody writes, and which moments make sense. */
export interface DateContext {
  readonly now: Instant;
  readonly zone: Zone;
  readonly language: Language;
  /** `future`: a deadline. `past`: something that has been. `any`: both. */
  readonly tense: "future" | "past" | "any";
  /** A day without a time means 23:59 of that day; otherwise the time is asked for. */
  readonly endOfDay: boolean;
}
/** A moment with the zone in which it was said. */
export interface Said {
  readonly at: Instant;
  readonly zone: Zone;
}
/** `none`: not a date. `wrong`: a date, but not one that can be used. More than one value: ask which. */
export type Read<T> = { readonly is: "none" } | { readonly is: "wrong"; readonly complaint: Line } | { readonly is: "read"; readonly values: readonly T[] };

/** Longest date in words and characters; longer text is not looked at. */
export const LONGEST_DATE = { words: 14, characters: 120 };
/** A day of the year that went by so recently was hardly meant for next year. */
const JUST_PAST_DAYS = 60;
const NONE = { is: "none" } as const;

/** What one way of cutting the text into pieces says, before it is known what day it is. */
interface Cutting {
  days?: Extract<Piece, { is: "days" }>;
  months?: Extract<Piece, { is: "months" }>;
  weekday?: Extract<Piece, { is: "weekday" }>;
  dates?: Extract<Piece, { is: "dates" }>;
  "month-day"?: Extract<Piece, { is: "month-day" }>;
  clock?: Extract<Piece, { is: "clock" }>;
  noon?: Extract<Piece, { is: "noon" }>;
  midnight?: Extract<Piece, { is: "midnight" }>;
  now?: Extract<Piece, { is: "now" }>;
  period?: Extract<Piece, { is: "period" }>;
  span?: Extract<Piece, { is: "span" }>;
  zone?: Extract<Piece, { is: "zone" }>;
  "working-days"?: Extract<Piece, { is: "working-days" }>;
}

/** Every way to cut all words into pieces, none of a kind twice. */
function cuttings(words: readonly string[]): Cutting[] {
  const found: Cutting[] = [];
  const memo = new Map<number, readonly Piece[]>();
  const follow = (at: number, said: Cutting): void => {
    if (at === words.length) { found.push(said); return; }
    let pieces = memo.get(at);
    if (pieces === undefined) memo.set(at, pieces = piecesAt(words, at));
    for (const piece of pieces) if (said[piece.is] === undefined) follow(piece.next, { ...said, [piece.is]: piece });
  };
  follow(0, {});
  return found.filter(sensible);
}

/** Whether the pieces of one cutting make one date together. */
function sensible(said: Cutting): boolean {
  const days = [said.days, said.months, said["month-day"], said["working-days"], said.now, said.span].filter((piece) => piece !== undefined).length;
  const dated = said.dates === undefined ? 0 : 1;
  const named = said.weekday === undefined ? 0 : 1;
  const clocks = [said.clock, said.noon, said.midnight].filter((piece) => piece !== undefined).length;
  if (days + dated > 1 || clocks > 1) return false;
  // A weekday may stand beside a date ("fri 27 nov", "el viernes 27"), which it then has to fit.
  if (named === 1 && days === 1 && said["month-day"] === undefined) return false;
  if (named === 1 && said.weekday?.which !== "plain" && dated + days > 0) return false;
  if ((said.now !== undefined || said.span !== undefined) && (clocks > 0 || said.period !== undefined)) return false;
  if (said.period !== undefined && said.days?.period !== undefined) return false;
  if (said.period !== undefined && (said.noon !== undefined || said.midnight !== undefined)) return false;
  if (days + dated + named + clocks === 0) return false;
  return said.weekday?.weak !== true || dated + clocks > 0 || said["month-day"] !== undefined;
}

type Days = { readonly days: readonly Day[] } | { readonly complaint: Line };

/** Days of a date that may lack its year: the next one, but also the last where it went by so recently that it may be meant. */
function daysOf(named: Named, today: Day, tense: DateContext["tense"]): readonly Day[] {
  if (named.year !== undefined) return isDay({ year: named.year, month: named.month, day: named.day }) ? [{ year: named.year, month: named.month, day: named.day }] : [];
  const years = [-1, 0, 1].map((plus) => ({ ...named, year: today.year + plus })).filter(isDay);
  const last = years.filter((each) => compareDays(each, today) <= 0).at(-1);
  const next = years.find((each) => compareDays(each, today) >= 0);
  // The nearer one on the wrong side of today comes first: it is what was said, and it is refused rather than moved by a year.
  if (tense === "past") return last === undefined ? [] : next !== undefined && recent(next, today, -1) ? [next, last] : [last];
  if (next === undefined) return [];
  return last !== undefined && compareDays(last, next) !== 0 && recent(last, today, 1) ? [last, next] : [next];
}

/** Whether a day lies within {@link JUST_PAST_DAYS} on the other side of today. */
function recent(day: Day | undefined, today: Day, direction: 1 | -1): boolean {
  if (day === undefined || compareDays(day, today) === 0) return false;
  return compareDays(addDays(day, direction * JUST_PAST_DAYS), today) * direction >= 0 && compareDays(day, today) * direction < 0;
}

/** The days that a weekday may mean; on that very weekday, today and the one in a week. */
function weekdays(piece: Extract<Piece, { is: "weekday" }>, today: Day, tense: DateContext["tense"]): readonly Day[] {
  const ahead = (piece.weekday - weekday(today) + 7) % 7;
  const monday = addDays(today, 1 - weekday(today));
  const inNextWeek = addDays(monday, 7 + piece.weekday - 1);
  const coming = addDays(today, ahead === 0 ? 7 : ahead);
  switch (piece.which) {
    case "plain":
      if (tense === "past") return ahead === 0 ? [today, addDays(today, -7)] : [addDays(today, ahead - 7)];
      return ahead === 0 ? [today, coming] : [coming];
    case "this":
      return ahead === 0 ? [today, coming] : [coming];
    // "next friday" said on a Monday is this week's to some and next week's to others; said on a Saturday it is only one.
    case "next": return compareDays(coming, inNextWeek) < 0 ? [coming, inNextWeek] : [coming];
    case "in-next-week": return [inNextWeek];
    case "week-after": return ahead === 0 ? [coming, addDays(coming, 7)] : [addDays(coming, 7)];
    case "last": return [addDays(today, ahead === 0 ? -7 : ahead - 7)];
  }
}

function monthDays(day: number, today: Day, tense: DateContext["tense"]): readonly Day[] {
  const found: Day[] = [];
  for (let plus = tense === "past" ? -3 : 0; plus <= 3; plus += 1) {
    const first = addMonths({ ...today, day: 1 }, plus);
    if (first !== undefined && isDay({ ...first, day })) found.push({ ...first, day });
  }
  if (tense === "past") return found.filter((each) => compareDays(each, today) <= 0).slice(-1);
  const ahead = found.filter((each) => compareDays(each, today) >= 0);
  const [first, second] = ahead;
  if (first !== undefined && second !== undefined && compareDays(first, today) === 0) return [first, second];
  return first === undefined ? [] : [first];
}

function resolveDays(said: Cutting, today: Day, text: string, context: DateContext): Days {
  const noSuchDay = (): Days => ({ complaint: line("chat.no-such-day", { text }) });
  const dates = said.dates?.dates.flatMap((named) => daysOf(named, today, context.tense));
  if (dates !== undefined) {
    if (dates.length === 0) return noSuchDay();
    return fitting(said, dates, text, context);
  }
  if (said["month-day"] !== undefined) {
    const days = monthDays(said["month-day"].day, today, context.tense);
    return days.length === 0 ? noSuchDay() : fitting(said, days, text, context);
  }
  if (said.weekday !== undefined) return { days: weekdays(said.weekday, today, context.tense) };
  if (said.months !== undefined) {
    const moved = addMonths(today, said.months.count);
    return moved === undefined ? noSuchDay() : { days: [moved] };
  }
  return { days: (said.days?.counts ?? [0]).map((count) => addDays(today, count)).filter(isDay) };
}

/** Dates whose weekday was said as well must fall on it. */
function fitting(said: Cutting, days: readonly Day[], text: string, context: DateContext): Days {
  const wanted = said.weekday?.weekday;
  if (wanted === undefined) return { days };
  const fit = days.filter((day) => weekday(day) === wanted);
  const [first] = days;
  if (fit.length > 0 || first === undefined) return { days: fit };
  return { complaint: line("chat.weekday-differs", { text, day: formatDay(first, context.language) }) };
}

/** A time of day; `plus` days later for midnight at the end of a day. */
interface OfDay { readonly hour: number; readonly minute: number; readonly plus: number }

/** Hours said without morning or evening that are as often the one as the other. */
const UNSURE_UNTIL = 7;

function timesOf(said: Cutting): readonly OfDay[] | "none" | "wrong" {
  const period = said.period?.period ?? said.days?.period;
  if (said.noon !== undefined) return [{ hour: 12, minute: 0, plus: 0 }];
  if (said.midnight !== undefined) return [{ hour: 0, minute: 0, plus: 0 }, { hour: 0, minute: 0, plus: 1 }];
  if (said.clock === undefined) return "none";
  return hours(said.clock.clock, period);
}

function hours(clock: Clock, period: Period | undefined): readonly OfDay[] | "wrong" {
  const { hour, minute, style } = clock;
  const at = (of: number, plus = 0): OfDay => ({ hour: of, minute, plus });
  if (minute > 59 || hour > 24 || (hour === 24 && minute > 0)) return "wrong";
  if (hour === 24) return period === undefined ? [at(0, 1)] : "wrong";
  if (period !== undefined) return ofPeriod(clock, period).map((of) => at(of));
  if (style === "bare" && hour >= 1 && hour <= UNSURE_UNTIL) return [at(hour), at(hour + 12)];
  return [at(hour)];
}

/** The hours that a part of the day allows; none if the two contradict each other, both if it is midnight or noon that is meant. */
function ofPeriod({ hour, style }: Clock, period: Period): readonly number[] {
  const exact = style === "12" || hour > 12 || hour === 0;
  switch (period) {
    case "morning": return hour < 12 ? [hour] : [];
    case "early": return hour <= 6 ? [hour] : [];
    case "afternoon": return exact ? (hour >= 12 && hour <= 20 ? [hour] : []) : hour === 12 ? [12] : hour <= 8 ? [hour + 12] : [];
    case "evening": return exact ? (hour >= 17 ? [hour] : []) : hour >= 5 && hour < 12 ? [hour + 12] : [];
  }
}

const pad = (of: number): string => String(of).padStart(2, "0");

/** Wall times of one cutting in one zone, or why there is none. */
function wallTimes(said: Cutting, zone: Zone, text: string, context: DateContext): { readonly walls: readonly WallTime[] } | { readonly complaint: Line } {
  const now = wallTime(context.now, zone);
  const today: Day = { year: now.year, month: now.month, day: now.day };
  const days = resolveDays(said, today, text, context);
  if ("complaint" in days) return days;
  const times = timesOf(said);
  if (times === "wrong" || (times !== "none" && times.length === 0)) return { complaint: line("chat.no-such-time", { text }) };
  const period = said.period ?? said.days?.period;
  if (times === "none" && (!context.endOfDay || period !== undefined)) return { complaint: line("chat.time-needed", { text }) };
  const of = times === "none" ? [{ hour: 23, minute: 59, plus: 0 }] : times;
  // Midnight without a day is the one that comes next.
  const dayless = said.midnight !== undefined && [said.days, said.dates, said.weekday, said.months, said["month-day"]].every((piece) => piece === undefined);
  const used = dayless ? of.slice(context.tense === "past" ? 0 : 1).slice(0, 1) : of;
  return { walls: days.days.flatMap((day) => used.map(({ hour, minute, plus }) => ({ ...addDays(day, plus), hour, minute }))).filter(isDay) };
}

function inTense(at: Instant, context: DateContext): boolean {
  return context.tense === "any" || (context.tense === "future" ? at > context.now : at <= context.now);
}

/** The moments that one cutting says. */
function momentsOf(said: Cutting, text: string, context: DateContext): readonly (Said | Line)[] {
  if (said["working-days"] !== undefined) return [line("chat.working-days", { text })];
  const zones = said.zone?.zones ?? [context.zone];
  return zones.flatMap((zone): readonly (Said | Line)[] => {
    if (said.now !== undefined) return [{ at: context.now, zone }];
    if (said.span !== undefined) {
      // Up to the next whole minute ahead, down to the last one behind: never more time than was said to have passed.
      const exact = context.now + said.span.ms;
      return [{ at: (said.span.ms > 0 ? Math.ceil(exact / MINUTE) : Math.floor(exact / MINUTE)) * MINUTE as Instant, zone }];
    }
    const found = wallTimes(said, zone, text, context);
    if ("complaint" in found) return [found.complaint];
    const placed = found.walls.map((wall): Said | Line => {
      const at = place(wall, zone);
      if (at.is === "instant") return { at: at.at, zone };
      const code = at.is === "gap" ? "chat.time-skipped" as const : "chat.time-twice" as const;
      return line(code, { text: `${pad(wall.hour)}:${pad(wall.minute)}`, place: placeOf(zone, context.language) });
    });
    return withinTense(said, placed, context);
  });
}

/** Leaves out readings that the tense excludes, where others of the same day remain; never moves to another day because a time has passed. */
function withinTense(said: Cutting, placed: readonly (Said | Line)[], context: DateContext): readonly (Said | Line)[] {
  const sensibleOnes = placed.filter((one) => "code" in one || inTense(one.at, context));
  if (sensibleOnes.length === 0) return placed;
  const [first] = placed;
  // "friday 09:00" said on a Friday at ten: this one is past, and only the person knows whether the next is meant.
  const passedToday = said.weekday !== undefined && first !== undefined && !("code" in first) && !inTense(first.at, context)
    && placed.length > 1 && said.dates === undefined;
  if (passedToday && sameDay(first, context)) {
    const today = placed.filter((one) => !("code" in one) && sameDay(one, context));
    if (today.every((one) => !("code" in one) && !inTense(one.at, context))) return today;
  }
  // The same for "2 nov" three weeks after it.
  if (said.dates !== undefined && first !== undefined && !("code" in first) && !inTense(first.at, context) && said.dates.dates.length === 1) return [first];
  return sensibleOnes;
}

function sameDay(said: Said, context: DateContext): boolean {
  return compareDays(dayOf(said.at, said.zone), dayOf(context.now, said.zone)) === 0;
}

function isLine(one: Said | Line): one is Line {
  return "code" in one;
}
function isSaid(one: Said | Line): one is Said {
  return !isLine(one);
}

/** A moment in words. Text that is too long is no date. */
export function readMoment(text: string, context: DateContext): Read<Said> {
  const words = wordsOf(text);
  if (words === undefined) return NONE;
  // "now" is no deadline: it is a word of the text.
  const all = cuttings(words).filter((said) => said.now === undefined || context.tense !== "future").flatMap((said) => momentsOf(said, text, context));
  const moments = unique(all.filter(isSaid), (one) => `${one.at} ${one.zone}`);
  const usable = moments.filter((one) => inTense(one.at, context));
  if (usable.length > 0) return { is: "read", values: usable };
  const [past] = moments;
  if (past !== undefined) return { is: "wrong", complaint: line(context.tense === "past" ? "chat.in-future" : "chat.in-past", { when: when(past.at, past.zone) }) };
  const complaint = all.find(isLine);
  return complaint === undefined ? NONE : { is: "wrong", complaint };
}

/** A day in words, without a time. */
export function readDay(text: string, context: Pick<DateContext, "now" | "zone" | "language">): Read<Day> {
  const words = wordsOf(text);
  if (words === undefined) return NONE;
  const whole: DateContext = { ...context, tense: "any", endOfDay: true };
  const today = dayOf(context.now, context.zone);
  const dayOnly = cuttings(words).filter((said) => [said.clock, said.noon, said.midnight, said.now, said.span, said.period, said.zone, said.days?.period]
    .every((piece) => piece === undefined));
  const found = dayOnly.map((said): Days => said["working-days"] === undefined ? resolveDays(said, today, text, whole) : { complaint: line("chat.working-days", { text }) });
  const days = unique(found.flatMap((each) => ("days" in each ? each.days : [])), (day) => `${day.year}-${day.month}-${day.day}`);
  if (days.length > 0) return { is: "read", values: days };
  for (const each of found) if ("complaint" in each) return { is: "wrong", complaint: each.complaint };
  return NONE;
}

function wordsOf(text: string): readonly string[] | undefined {
  if (text.length > LONGEST_DATE.characters) return undefined;
  const words = dateWords(fold(text));
  return words.length === 0 || words.length > LONGEST_DATE.words ? undefined : words;
}

function unique<T>(values: readonly T[], key: (value: T) => string): readonly T[] {
  return [...new Map(values.map((value) => [key(value), value])).values()];
}
