/**
 * Fits tokens to a command's parameters. The first complete way counts, in the order of the types' own preference; what is left over, missing or
 * wrong is named. Nothing is ever dropped: each token ends in a parameter, or the command is refused.
 */
import { type Line, line } from "../domain/say.ts";
import { fold, shorten } from "./clean.ts";
import type { Command } from "./command.ts";
import { readingOf, type Meaning, type Reading, type Token, type World } from "./reading.ts";
import { retype } from "./tokens.ts";
import { keywordWords } from "./words.ts";

/** One parameter of a command, ready to be read. */
export interface Slot {
  readonly name: string;
  readonly reading: Reading<unknown>;
  readonly optional: boolean;
}
/** One way to read the whole: `label` says what sets it apart from the others. */
export interface Fitted {
  readonly params: Readonly<Record<string, unknown>>;
  readonly label?: Line;
}
/** Every way to read the tokens, or what is wrong with them. */
export type Fit =
  | { readonly ok: true; readonly readings: readonly Fitted[] }
  /** `slot`: the parameter it is about; `at`: how many tokens were understood before it. */
  | { readonly ok: false; readonly complaint: Line | "missing" | "not-understood" | "extra"; readonly slot?: Slot; readonly text: string };

/** Ways of one line that are offered; more are refused with the request to say it more exactly. */
export const MOST_READINGS = 4;
/** Steps of the search; a line that needs more is refused, not half read. */
const MOST_STEPS = 40_000;
const ECHO = 60;

const slots = new WeakMap<Command["params"], readonly Slot[]>();

/** The parameters of a command in the order typed. */
export function slotsOf({ params }: Pick<Command, "params">): readonly Slot[] {
  const known = slots.get(params) ?? Object.entries(params.shape).map(([name, schema]) => ({ name, ...readingOf(schema) }));
  slots.set(params, known);
  return known;
}

/** Tokens between two keywords, with the parameters that they must hold. */
interface Segment {
  readonly slots: readonly Slot[];
  readonly tokens: readonly Token[];
}
type Values = ReadonlyMap<string, readonly Meaning<unknown>[]>;
type Result = { readonly values: Values } | { readonly failure: Extract<Fit, { ok: false }> };

/** Reads the tokens that follow a command's name as its parameters. */
export function fit(command: Pick<Command, "params">, tokens: readonly Token[], world: World): Fit {
  const all = slotsOf(command);
  const cut = segments(all, tokens, world);
  if ("failure" in cut) return cut.failure;
  const values = new Map<string, readonly Meaning<unknown>[]>();
  for (const segment of cut.segments) {
    const result = fitSegment(segment, world);
    if ("failure" in result) return result.failure;
    for (const [name, meanings] of result.values) values.set(name, meanings);
  }
  for (const slot of all) {
    if (slot.reading.keyword === undefined || values.has(slot.name) || slot.optional) continue;
    const implied = slot.reading.implied?.(world);
    if (implied === undefined) return { ok: false, complaint: "missing", slot, text: "" };
    values.set(slot.name, [{ value: implied }]);
  }
  return combine(values, tokens);
}

/** Finds each keyword's place. A word that announces a parameter counts wherever it stands outside quotation marks and its value can follow. */
function segments(slots: readonly Slot[], tokens: readonly Token[], world: World): { readonly segments: readonly Segment[] } | { readonly failure: Extract<Fit, { ok: false }> } {
  const found: { readonly at: number; readonly slot: Slot; readonly words: 0 | 1 }[] = [];
  for (const slot of slots) {
    const words = slot.reading.keyword === undefined ? undefined : keywordWords(slot.reading.keyword);
    if (words === undefined) continue;
    const all = [...tokens.keys()].filter((at) => {
      const token = tokens[at];
      return token !== undefined && !token.quoted && words.has(fold(token.text).replace(/[:=]$/, ""));
    });
    const able = all.filter((at) => slot.reading.read(tokens.slice(at + 1), 0, world).length > 0);
    // "a" and "to" are also words of ordinary text: they count only with a value after them, where no longer word stands, and not in "a las 4".
    const strong = all.filter((at) => (tokens[at]?.text.length ?? 0) > 2);
    const strongAndAble = able.filter((at) => strong.includes(at));
    const weak = able.filter((at) => !isTimeOfDay(tokens, at));
    const places = [strongAndAble, weak, able, strong].find((each) => each.length > 0) ?? [];
    const [first, second] = places;
    if (first === undefined) {
      const person = thePerson(slot, tokens, world);
      if (person !== undefined) found.push({ at: person, slot, words: 0 });
      continue;
    }
    if (second !== undefined) return { failure: { ok: false, complaint: line("chat.keyword-twice", { word: tokens[second]?.text ?? "" }), slot, text: "" } };
    found.push({ at: first, slot, words: 1 });
  }
  found.sort((a, b) => a.at - b.at);
  const ends = [...found.map((each) => each.at), tokens.length];
  const cut: { slots: Slot[]; tokens: readonly Token[] }[] = [{ slots: [], tokens: tokens.slice(0, ends[0]) }];
  // Announced, it must be there: "until further notice" is not an until that was left out.
  for (const [index, { at, slot, words }] of found.entries()) cut.push({ slots: [{ ...slot, optional: false }], tokens: tokens.slice(at + words, ends[index + 1]) });
  // A parameter without a keyword belongs after the last keyword that is declared before it and was typed.
  let current = cut[0];
  for (const slot of slots) {
    if (slot.reading.keyword === undefined) current?.slots.push(slot);
    else current = cut.find((segment) => segment.slots[0]?.name === slot.name) ?? current;
  }
  return { segments: cut };
}

/** Whether the "a" or "to" at this place belongs to a time of day: "a las 4", "a la una". */
function isTimeOfDay(tokens: readonly Token[], at: number): boolean {
  return ["las", "la"].includes(fold(tokens[at + 1]?.text ?? ""));
}

/** Where the one person stands who is named without the word that announces them: "alert P1 @dakar the vessel …". */
function thePerson(slot: Slot, tokens: readonly Token[], world: World): number | undefined {
  if (slot.reading.kind !== "person" || slot.optional) return undefined;
  const [only, another] = [...tokens.keys()].filter((at) => slot.reading.read(tokens, at, world).length > 0);
  return another === undefined ? only : undefined;
}

/** Takes the way that got furthest as what is complained about. */
class Search {
  #steps = 0;
  #furthest = -1;
  failure: Extract<Fit, { ok: false }> | undefined;
  readonly segment: Segment;
  readonly world: World;
  constructor(segment: Segment, world: World) {
    this.segment = segment;
    this.world = world;
  }

  note(at: number, failure: Extract<Fit, { ok: false }>): void {
    if (at <= this.#furthest) return;
    this.#furthest = at;
    this.failure = failure;
  }

  /** Reads the slots from number `index` on, at token `at`. `complaint` is the first wrong value on the way. */
  follow(index: number, at: number, values: Values, complaint: Extract<Fit, { ok: false }> | undefined): Result | undefined {
    this.#steps += 1;
    if (this.#steps > MOST_STEPS) return { failure: { ok: false, complaint: line("chat.message-too-long", {}), text: "" } };
    const { slots, tokens } = this.segment;
    const slot = slots[index];
    if (slot === undefined) {
      if (at < tokens.length) {
        this.note(at, { ok: false, complaint: "extra", text: rest(tokens, at) });
        return undefined;
      }
      return complaint === undefined ? { values } : { failure: complaint };
    }
    // Text takes anything: where it may be left out, what follows it goes first ("1 19:12" is a time, not a note).
    const skipped = slot.optional && slot.reading.kind === "text" && at < tokens.length ? this.follow(index + 1, at, values, complaint) : undefined;
    if (skipped !== undefined) return skipped;
    for (const candidate of slot.reading.read(tokens, at, this.world)) {
      const wrong = "complaint" in candidate ? { ok: false as const, complaint: candidate.complaint, slot, text: rest(tokens, at) } : undefined;
      if (wrong !== undefined) this.note(at + 0.5, wrong);
      const read = "meanings" in candidate ? new Map([...values, [slot.name, candidate.meanings]]) : values;
      const result = this.follow(index + 1, candidate.next, read, complaint ?? wrong);
      if (result !== undefined) return result;
    }
    const implied = slot.reading.implied?.(this.world);
    if (implied !== undefined) {
      const meant = new Map([...values, [slot.name, [{ value: implied }]]]);
      // "ask 3 BE" where CD-3 is meant anyhow: the number is read as its own only if the rest fits in no other way.
      return this.follow(index + 1, at, meant, complaint) ?? (isNumberOf(tokens[at], implied) ? this.follow(index + 1, at + 1, meant, complaint) : undefined);
    }
    if (slot.optional) return this.follow(index + 1, at, values, complaint);
    const missing = at >= tokens.length;
    this.note(at + (missing ? 0.25 : 0), { ok: false, complaint: missing ? "missing" : "not-understood", slot, text: rest(tokens, at) });
    return undefined;
  }
}

/** Whether a word is the bare number of what is implied: `3` of `CD-3`. */
function isNumberOf(token: Token | undefined, implied: unknown): boolean {
  return token !== undefined && !token.quoted && typeof implied === "string" && /^[1-9]\d{0,5}$/.test(token.text) && implied.endsWith(`-${token.text}`);
}

function rest(tokens: readonly Token[], at: number): string {
  return shorten(retype(tokens.slice(at)), ECHO);
}

function fitSegment(segment: Segment, world: World): Result {
  const own = fitInOrder(segment, world);
  if ("values" in own) return own;
  // "… friday 18:00 @luis" is as good as "… @luis friday 18:00".
  const other = swapped(segment.slots);
  const result = other === undefined ? own : fitInOrder({ ...segment, slots: other }, world);
  return "values" in result ? result : own;
}

/** With the last two parameters the other way round, if both may be left out and neither is text, which would take anything. */
function swapped(slots: readonly Slot[]): readonly Slot[] | undefined {
  const [last, before] = slots.toReversed();
  const may = (slot: Slot | undefined): slot is Slot => slot !== undefined && slot.optional && slot.reading.kind !== "text" && slot.reading.kind !== "seal";
  return may(last) && may(before) ? [...slots.slice(0, -2), last, before] : undefined;
}

function fitInOrder(segment: Segment, world: World): Result {
  const search = new Search(segment, world);
  const result = search.follow(0, 0, new Map(), undefined);
  if (result === undefined) return { failure: search.failure ?? { ok: false, complaint: "extra", text: rest(segment.tokens, 0) } };
  if ("failure" in result) return result;
  return withoutText(segment, world) ?? swallowed(segment, result.values, world) ?? result;
}

/** "task add @luis", "task add friday 18:00": what may be left out is all there is, and no word of it is the text that must be there. */
function withoutText(segment: Segment, world: World): Result | undefined {
  const text = segment.slots.find((slot) => slot.reading.kind === "text" && !slot.optional);
  if (text === undefined || segment.tokens.some((token) => token.quoted)) return undefined;
  const isAll = (slot: Slot): boolean => slot.reading.read(segment.tokens, 0, world).some((each) => "meanings" in each && each.next === segment.tokens.length);
  return segment.slots.some((slot) => slot.optional && isAll(slot)) ? { failure: { ok: false, complaint: "missing", slot: text, text: "" } } : undefined;
}

/** Something that was meant as a parameter of its own but was taken for text: refused, never lost in silence. */
function swallowed(segment: Segment, values: Values, world: World): Result | undefined {
  const loose = segment.tokens.filter((token) => !token.quoted);
  for (const slot of segment.slots) {
    if (!slot.optional || values.has(slot.name) || slot.reading.keyword !== undefined) continue;
    const line = loose.length === 0 ? undefined : slot.reading.looksLike?.(loose, world);
    if (line !== undefined) return { failure: { ok: false, complaint: line, slot, text: "" } };
  }
  return undefined;
}

/** Every combination of meanings; more than {@link MOST_READINGS} cannot be asked with one tap. */
function combine(values: Values, tokens: readonly Token[]): Fit {
  let readings: readonly Fitted[] = [{ params: {} }];
  for (const [name, meanings] of values) {
    readings = readings.flatMap((before) => meanings.map((meaning) => {
      const label = meaning.label ?? before.label;
      return { params: { ...before.params, [name]: meaning.value }, ...(label === undefined ? {} : { label }) };
    }));
    if (readings.length > MOST_READINGS) return { ok: false, complaint: line("chat.too-many-readings", { text: rest(tokens, 0) }), text: "" };
  }
  return { ok: true, readings };
}
