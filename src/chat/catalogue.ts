/** From codes and facts to text in a reader's language. The catalogues are checked against {@link Sayings} when the types are checked. */
import { IntlMessageFormat } from "intl-messageformat";
import * as en from "../../config/locales/en.ts";
import * as es from "../../config/locales/es.ts";
import type { CommandWords } from "../../config/locales/types.ts";
import type { Instant, Zone } from "../domain/ids.ts";
import { LANGUAGES, type Language } from "../domain/person.ts";
import type { Code, Fact, Line, Sayings } from "../domain/say.ts";
import { DAY, formatMoment, formatTime, HOUR, MINUTE, sameClock, dayOf, compareDays } from "../domain/time.ts";
import { fold, visible } from "./clean.ts";
import { countryName, placeOf } from "./places.ts";
import { answerShown, choiceShown, exampleShown, keywordShown } from "./words.ts";

/** Names of the placeholders at the top level of an ICU text; those inside the branches of a plural or select are left to the tests. */
type Skip<S extends string, Depth extends 1[]> =
  Depth extends [] ? S
    : S extends `${infer A}}${infer B}`
      ? A extends `${string}{${string}` ? (S extends `${string}{${infer C}` ? Skip<C, [...Depth, 1]> : "")
        : Skip<B, Depth extends [1, ...infer Rest extends 1[]] ? Rest : []>
      : "";
type Placeholders<S extends string> = S extends `${string}{${infer Inside}`
  ? Inside extends `${infer Head}}${infer After}`
    ? Head extends `${infer Name},${string}` ? Name | Placeholders<Skip<Inside, [1]>> : Head | Placeholders<After>
    : never
  : never;
type English = typeof en.sayings;
/** Codes without an English text, and codes whose text uses a fact that the saying does not have: both must be nobody. */
type Missing = Exclude<Code, keyof English>;
type Wrong = { [C in Code & keyof English]: Placeholders<English[C]> extends keyof Sayings[C] ? never : C }[Code & keyof English];
type MissingSpanish = Exclude<keyof English, keyof typeof es.sayings>;
type Nobody<T extends never> = T;
/** Fails to compile with the name of what is wrong. */
export type CatalogueIsWhole = [Nobody<Missing>, Nobody<Wrong>, Nobody<MissingSpanish>];

const SAYINGS: Readonly<Record<Language, Readonly<Record<string, string>>>> = { en: en.sayings, es: es.sayings };
const WORDS: Readonly<Record<Language, Readonly<Record<string, CommandWords>>>> = { en: en.words, es: es.words };
/** Day before month, 24 hours, and separators as the languages have them in Europe. */
const LOCALES: Readonly<Record<Language, string>> = { en: "en-GB", es: "es-ES" };

/** For whom a text is written. */
export interface Reader {
  readonly language: Language;
  readonly zone: Zone;
  /** What stands before a command where it is read: `!` in a workspace room, nothing in a direct chat. */
  readonly prefix: string;
  /** The year of a moment is left out if it is this year; without it the year is always shown. */
  readonly now?: Instant;
}

/** Text of a code in a language, as it stands in the catalogue; undefined if there is none. */
export function sayingText(code: string, language: Language): string | undefined {
  return Object.hasOwn(SAYINGS[language], code) ? SAYINGS[language][code] : undefined;
}
/** Words of a command in a language; undefined if the locale has none. */
export function commandWords(name: string, language: Language): CommandWords | undefined {
  return Object.hasOwn(WORDS[language], name) ? WORDS[language][name] : undefined;
}

/** Around what is to be typed, until it becomes code; facts can hold neither, because they are cleaned of control characters. */
export const TYPED_BEGIN = "\u0002";
export const TYPED_END = "\u0003";
const DEEPEST = 6;

/** A text of the catalogue, read once. Most have nothing but facts between words; a plural or a choice is left to the library. */
type Text = readonly (string | { readonly fact: string })[] | IntlMessageFormat;

const texts: Readonly<Record<Language, Map<string, Text>>> = { en: new Map(), es: new Map() };
const listFormats = new Map<Language, Intl.ListFormat>();

function textOf(code: string, language: Language): Text {
  const known = texts[language].get(code);
  if (known !== undefined) return known;
  const text = sayingText(code, language);
  if (text === undefined) throw new Error(`the ${language} catalogue has no text for ${code}`);
  const format = new IntlMessageFormat(text, LOCALES[language], undefined, { ignoreTag: true });
  const elements = format.getAst();
  const made: Text = elements.every((each) => isLiteral(each) || isArgument(each)) ? elements.map((each) => (isLiteral(each) ? each.value : { fact: (each as { readonly value: string }).value })) : format;
  texts[language].set(code, made);
  return made;
}
type Element = ReturnType<IntlMessageFormat["getAst"]>[number];
function isLiteral(element: Element): element is Extract<Element, { type: 0 }> {
  return element.type === 0;
}
function isArgument(element: Element): element is Extract<Element, { type: 1 }> {
  return element.type === 1;
}

/** A line with what is to be typed between {@link TYPED_BEGIN} and {@link TYPED_END}. */
export function sayMarked(line: Line, reader: Reader, depth = 0): string {
  if (depth > DEEPEST) throw new Error("sayings are nested too deep");
  const text = textOf(line.code, reader.language);
  const facts = line.facts as Readonly<Record<string, Fact>>;
  const fact = (name: string): string | number => {
    const found = facts[name];
    if (found === undefined) throw new Error(`${line.code} is said without its ${name}`);
    return shown(found, reader, depth);
  };
  if (text instanceof IntlMessageFormat) return String(text.format(Object.fromEntries(Object.keys(facts).map((name) => [name, fact(name)]))));
  let said = "";
  for (const each of text) said += typeof each === "string" ? each : fact(each.fact);
  return said;
}

/** A line as plain text. */
export function sayIn(line: Line, reader: Reader): string {
  return unmarked(sayMarked(line, reader));
}

/** Without the marks around what is to be typed. */
export function unmarked(text: string): string {
  return text.includes(TYPED_BEGIN) ? text.replaceAll(TYPED_BEGIN, "").replaceAll(TYPED_END, "") : text;
}

function shown(fact: Fact, reader: Reader, depth: number): string | number {
  if (typeof fact === "number") return fact;
  if (typeof fact === "string") return visible(fact);
  switch (fact.fact) {
    case "when": return whenShown(fact.at, fact.zone, reader);
    case "span": return spanShown(fact.ms, reader.language);
    case "country": return countryName(fact.code, reader.language);
    case "list": return listOf(fact.items.map((item) => String(shown(item, reader, depth + 1))), reader.language);
    case "nested": return sayMarked(fact.line, fact.language === undefined ? reader : { ...reader, language: fact.language }, depth + 1);
    case "typed": return `${TYPED_BEGIN}${typedFor(visible(fact.line), reader)}${TYPED_END}`;
  }
}

/** Joined as the language joins a list: `A, B and C`. */
export function listOf(items: readonly string[], language: Language): string {
  let format = listFormats.get(language);
  if (format === undefined) listFormats.set(language, format = new Intl.ListFormat(LOCALES[language], { type: "conjunction" }));
  return format.format(items);
}

/** `Fri 27 Nov 18:00 Bogotá`, and what the reader's own clock shows then, if it shows something else: `= Sat 28 Nov 00:00 Madrid`. */
export function whenShown(at: Instant, zone: Zone, reader: Reader): string {
  const { language, now } = reader;
  const year = now === undefined || dayOf(at, zone).year !== dayOf(now, zone).year;
  const own = `${formatMoment(at, zone, language, year)} ${placeOf(zone, language)}`;
  if (sameClock(at, zone, reader.zone)) return own;
  const sameDay = compareDays(dayOf(at, zone), dayOf(at, reader.zone)) === 0;
  const theirs = sameDay ? formatTime(at, reader.zone, language) : formatMoment(at, reader.zone, language, false);
  return `${own} = ${theirs} ${placeOf(reader.zone, language)}`;
}

/** `20 s`, `30 min`, `2 h`, `2 h 30 min`, `3 days`: never less than it is, in whole units. */
export function spanShown(ms: number, language: Language): string {
  const seconds = Math.ceil(Math.max(0, ms) / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes * MINUTE >= 3 * DAY) {
    const days = Math.ceil((minutes * MINUTE) / DAY);
    return new Intl.NumberFormat(LOCALES[language], { style: "unit", unit: "day", unitDisplay: "long" }).format(days);
  }
  const hours = Math.floor((minutes * MINUTE) / HOUR);
  const rest = minutes - hours * 60;
  return [...(hours > 0 ? [`${hours} h`] : []), ...(rest > 0 ? [`${rest} min`] : [])].join(" ");
}

/** What a person types, in the reader's language and with the prefix of the place: English command names become the reader's own. */
export function typedFor(text: string, reader: Reader): string {
  const words = text.split(" ");
  for (const first of [0, 1]) {
    for (let length = Math.min(4, words.length - first); length >= 1; length -= 1) {
      const own = inLanguage(words.slice(first, first + length), reader.language);
      if (own === undefined) continue;
      const after = words.slice(first + length).join(" ");
      // What follows "help" is a command again.
      const rest = words[first] === "help" && after !== "" ? typedFor(after, { ...reader, prefix: "" }) : afterName(words.slice(first, first + length).join(" "), after, reader.language);
      return `${reader.prefix}${[...words.slice(0, first), own, ...(rest === "" ? [] : [rest])].join(" ")}`;
    }
  }
  return `${reader.prefix}${text}`;
}

/**
 * What follows a command's name, in the reader's language: a whole example as the locale has it, else its keywords, roles and other choices word by
 * word. Only words that announce or fill a parameter of this very command are changed, and never within quotation marks.
 */
function afterName(name: string, after: string, language: Language): string {
  const whole = exampleShown(after, language);
  const params = commandWords(name, language)?.params;
  if (whole !== undefined || params === undefined || after === "") return whole ?? after;
  const passages = after.split(/("[^"]*")/);
  return passages.map((passage) => (passage.startsWith('"') ? passage
    : passage.split(" ").map((word) => (Object.hasOwn(params, word) ? keywordShown(word, language) : choiceShown(word, params, language))).join(" "))).join("");
}

function inLanguage(words: readonly string[], language: Language): string | undefined {
  const name = words.join(" ");
  const known = commandWords(name, language);
  if (known !== undefined) return known.typed[0];
  if (name === "yes" || name === "no") return answerShown(name, language);
  // A short form: "go", "stop". It stands under the command's full name, in each language.
  for (const [full, of] of Object.entries(WORDS.en)) {
    if (of.short?.[0] === name) return commandWords(full, language)?.short?.[0];
  }
  return undefined;
}

/** Every word for a command in all languages, folded: full names, and the short ones. */
export function typedForms(name: string): { readonly full: readonly string[]; readonly short: readonly string[] } {
  const all = LANGUAGES.map((language) => commandWords(name, language)).filter((words) => words !== undefined);
  return {
    full: [...new Set([fold(name), ...all.flatMap((words) => words.typed.map(fold))])],
    short: [...new Set(all.flatMap((words) => (words.short ?? []).map(fold)))],
  };
}
