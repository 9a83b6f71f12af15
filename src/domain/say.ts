/**
 * What the bot says, as codes and facts; the words stand in config/locales and are put in by chat/.
 *
 * Each domain file declares its own sayings by adding to {@link Sayings}, so that a new rule needs no line here:
 * ```ts
 * declare module "./say.ts" {
 *   interface Sayings { "task.added": { task: TaskId; title: string; owner: CallSign; due: When } }
 * }
 * ```
 */
import type { Country, Instant, Zone } from "./ids.ts";
import type { Language } from "./person.ts";

/** Code → the facts its text may use. A refusal's code is a saying like any other. */
/** Every code with the facts its text may use; each file of the domain adds its own. */
export interface Sayings {
  /** The text somebody typed as it is: only ever put into a message for people who may know it. */
  "text": { text: string };
}
/** A code that has a text in every language. */
export type Code = keyof Sayings;

/** A moment to be shown with weekday, date, time and place; `zone` is the owner's, the reader's is added if it differs. */
export interface When {
  readonly fact: "when";
  readonly at: Instant;
  readonly zone: Zone;
}
/** A length of time in milliseconds, shown as "2 h", "30 min". */
export interface Span {
  readonly fact: "span";
  readonly ms: number;
}
/** A country, shown by its name in the reader's language. */
export interface CountryName {
  readonly fact: "country";
  readonly code: Country;
}
/** Several facts, joined as the reader's language joins a list. */
export interface List {
  readonly fact: "list";
  readonly items: readonly Fact[];
}
/** A piece of text from the catalogue inside another. */
export interface Nested {
  readonly fact: "nested";
  readonly line: Line;
  /** Said in this language whatever the reader's: the name of a room stands as it was given. */
  readonly language?: Language;
}
/** What a person would type, `cd ask CD-3 BE`: shown as code, with the prefix of the room it is read in and in the reader's language. */
export interface Typed {
  readonly fact: "typed";
  readonly line: string;
}
/** Strings (call signs, ids, what people wrote) and numbers stand for themselves. */
export type Fact = string | number | When | Span | CountryName | List | Nested | Typed;

/** One line of a message. */
export type Line = { readonly [C in Code]: { readonly code: C; readonly facts: Sayings[C] } }[Code];
/** A message: the first line says what happened, the rest is detail. */
export interface Message {
  readonly lines: readonly Line[];
}

/** One line of a code and its facts. */
export function line<C extends Code>(code: C, facts: Sayings[C]): Line {
  return { code, facts } as Line;
}
/** A message of these lines; those that are undefined are left out. */
export function message(...lines: readonly (Line | undefined)[]): Message {
  return { lines: lines.filter((each) => each !== undefined) };
}
/** A moment, told in this zone. */
export function when(at: Instant, zone: Zone): When {
  return { fact: "when", at, zone };
}
/** A length of time in milliseconds. */
export function span(ms: number): Span {
  return { fact: "span", ms };
}
/** A country by its name. */
export function country(code: Country): CountryName {
  return { fact: "country", code };
}
/** Facts joined as a list. */
export function list(items: readonly Fact[]): List {
  return { fact: "list", items };
}
/** A line inside another; with a language, said in that and not in the reader's. */
export function nested(of: Line, language?: Language): Nested {
  return { fact: "nested", line: of, ...(language === undefined ? {} : { language }) };
}
/** What a person would type; without prefix and in English, both are put in for the reader. */
export function typed(text: string): Typed {
  return { fact: "typed", line: text };
}
