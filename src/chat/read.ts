/** From the decrypted content of a message to a command with its parameters, or to what the person is told instead. Pure: no clock, no state. */
import type { DeliveryId, UserId } from "../domain/ids.ts";
import { type Line, line, typed } from "../domain/say.ts";
import { fold, shorten } from "./clean.ts";
import type { Command, Place } from "./command.ts";
import { fit, slotsOf, type Fit, type Fitted } from "./fit.ts";
import { nearest } from "./nearest.ts";
import { codeOf } from "./readers/texts.ts";
import type { Token, World } from "./reading.ts";
import type { Registry } from "./registry.ts";
import { retype, tokensOf, type TextFault } from "./tokens.ts";
import { choiceOf, oneOf, slotNamed, typingFor } from "./usage.ts";
import { answerWord } from "./words.ts";

/** Where a message stands, and what reading may know. */
export interface Here {
  readonly registry: Registry;
  readonly place: Place;
  /** What stands before a command in a workspace room. */
  readonly prefix: string;
  /** The bot itself: to be mentioned first is as good as the prefix. */
  readonly bot: UserId;
  readonly world: World;
  /**
   * Why this person may not give a command here, or undefined if they may: asked as soon as the command is known, so that a refusal to somebody
   * not entitled repeats nothing of what was typed and looks nothing up for them.
   */
  refusal?(command: Command): readonly Line[] | undefined;
}

/** Several sensible readings of one line, each complete; `label` says what sets it apart. */
export interface Ambiguous {
  readonly kind: "ambiguous";
  readonly command: Command;
  readonly readings: readonly { readonly params: Readonly<Record<string, unknown>>; readonly label: Line }[];
}
/** What a message comes to. */
export type Said =
  | { readonly kind: "command"; readonly command: Command; readonly params: Readonly<Record<string, unknown>> }
  | Ambiguous
  | { readonly kind: "refused"; readonly lines: readonly Line[]; readonly command?: Command }
  | { readonly kind: "unknown"; readonly lines: readonly Line[]; readonly didYouMean: readonly Command[] }
  /** `yes CODE`, `no CODE`. */
  | { readonly kind: "answer"; readonly word: "yes" | "no"; readonly code: string }
  /** A command that came as the edit of an earlier message: never carried out. */
  | { readonly kind: "edited" }
  /** Not for the bot. */
  | { readonly kind: "talk" };

const TALK = { kind: "talk" } as const;
const ECHO = 40;
const MOST_GUESSES = 3;
const MOST_DELIVERIES = 4;
/** A stop's own words may be cut to this, in characters, where they cannot be read otherwise. */
const STOP_REASON = 200;

/** Reads the content of an `m.room.message`, as decrypted: relations in it are those from inside the ciphertext. */
export function read(content: Readonly<Record<string, unknown>>, here: Here): Said {
  if (content["msgtype"] !== "m.text" || typeof content["body"] !== "string") return TALK;
  const edit = replacement(content);
  if (edit !== undefined) return readText(edit.body, edit.html, here).kind === "talk" ? TALK : { kind: "edited" };
  return readText(content["body"], htmlOf(content), here);
}

function htmlOf(content: Readonly<Record<string, unknown>>): string | undefined {
  const html = content["formatted_body"];
  return content["format"] === "org.matrix.custom.html" && typeof html === "string" ? html : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The new text, if the message replaces an earlier one. */
function replacement(content: Readonly<Record<string, unknown>>): { readonly body: string; readonly html: string | undefined } | undefined {
  const relation = content["m.relates_to"];
  const isEdit = (isRecord(relation) && relation["rel_type"] === "m.replace") || content["m.new_content"] !== undefined;
  if (!isEdit) return undefined;
  const inner = content["m.new_content"];
  if (isRecord(inner) && typeof inner["body"] === "string") return { body: inner["body"], html: htmlOf(inner) };
  return { body: String(content["body"]).replace(/^\s*\* ?/, ""), html: undefined };
}

/** What the bot was told: the tokens without prefix or mention; undefined if it was not told anything. */
function addressed(tokens: readonly Token[], here: Here): readonly Token[] | undefined {
  const [first, ...others] = tokens;
  if (first === undefined) return undefined;
  if (first.user === here.bot && !first.quoted) {
    const [next, ...after] = others;
    return next !== undefined && /^[,:;-]$/.test(next.text) ? after : others;
  }
  if (!first.quoted && here.prefix !== "" && first.text.startsWith(here.prefix)) {
    const rest = first.text.slice(here.prefix.length);
    // "!!!" and "!?" are what people write when they are excited.
    if (rest !== "" && !/[\p{L}\p{N}]/u.test(rest)) return here.place === "workspace" ? undefined : tokens;
    return rest === "" ? others : [{ ...first, text: rest }, ...others];
  }
  return here.place === "workspace" ? undefined : tokens;
}

/** The word as a command's name has it: folded, without what a sentence or Markdown puts around it ("STOP!", "**stop**"). */
function nameWord(token: Token): string {
  return token.quoted || token.user !== undefined ? "\u0000" : fold(token.text).replace(/^[\u00A1\u00BF*_~(]+|[.,:;!*_~)]+$/g, "");
}

interface Named {
  readonly command: Command;
  /** Words of its name, as typed. */
  readonly length: number;
}

/** The command that the first words name, the longest name first; short forms only where a delivery is at hand. */
function named(tokens: readonly Token[], here: Here): Named | undefined {
  const words = tokens.slice(0, Math.max(here.registry.longest, 1)).map(nameWord);
  for (let length = words.length; length >= 1; length -= 1) {
    const folded = words.slice(0, length).join(" ");
    const full = here.registry.typed(folded);
    const known = here.registry.short(folded);
    // The word for a stop is understood wherever the bot is addressed.
    const short = known?.weight === "stop" || shortAllowed(folded, here) ? known : undefined;
    const command = here.place === "delivery" ? short ?? full : full ?? short;
    if (command === undefined) continue;
    // In a delivery's room people talk: one word that means something only elsewhere is talk.
    if (here.place === "delivery" && length === 1 && !command.rooms.includes("delivery") && command !== short) return undefined;
    return { command, length };
  }
  return undefined;
}

function shortAllowed(folded: string, here: Here): boolean {
  if (here.place === "delivery") return true;
  return here.place === "direct" && here.world.case !== undefined && (here.world.delivery !== undefined || !/^\d+$/.test(folded));
}

function readText(body: string, html: string | undefined, here: Here): Said {
  const cut = tokensOf(body, html);
  if (!cut.ok) return unreadable(body, cut.fault, here);
  const tokens = addressed(cut.tokens, here);
  if (tokens === undefined || tokens.length === 0) return TALK;
  const answer = answered(tokens, here);
  if (answer !== undefined) return answer;
  const found = named(tokens, here);
  if (found === undefined) return here.place === "delivery" ? TALK : unknown(tokens, here);
  const refusal = here.refusal?.(found.command);
  if (refusal !== undefined) return { kind: "refused", lines: refusal, command: found.command };
  const second = found.command.weight === "stop" ? -1 : secondCommand(tokens, found.length, here);
  if (second !== -1) return { kind: "refused", lines: [line("chat.one-message-each", { text: shorten(retype(tokens.slice(second)), ECHO) })], command: found.command };
  return readCommand(found, tokens, here);
}

/** Where a second command begins, with its prefix, in a message that holds one already; -1 if none does. */
function secondCommand(tokens: readonly Token[], from: number, { prefix, ...here }: Here): number {
  if (prefix === "") return -1;
  return tokens.findIndex((token, at) => at >= from && !token.quoted && token.text.startsWith(prefix)
    && named([{ ...token, text: token.text.slice(prefix.length) }, ...tokens.slice(at + 1)], { ...here, prefix }) !== undefined);
}

/** A text that could not be cut into words is still a stop if it begins with one; else it is refused only where it was meant for the bot. */
function unreadable(body: string, fault: TextFault, here: Here): Said {
  const start = tokensOf(body.slice(0, 400).replace(/["'\u2018-\u201F\u00AB\u00BB]/g, " "));
  const tokens = start.ok ? addressed(start.tokens, here) : undefined;
  if (tokens === undefined || tokens.length === 0) return TALK;
  const found = named(tokens, here);
  if (found?.command.weight === "stop") {
    const refusal = here.refusal?.(found.command);
    return refusal === undefined ? readCommand(found, tokens, here) : { kind: "refused", lines: refusal, command: found.command };
  }
  if (here.place === "delivery" && found === undefined) return TALK;
  return { kind: "refused", lines: [line(fault === "open-quote" ? "chat.open-quote" : "chat.message-too-long", {})] };
}

function answered(tokens: readonly Token[], here: Here): Said | undefined {
  const [word, code] = tokens;
  const said = word === undefined || word.quoted ? undefined : answerWord(word.text.replace(/[.,:;!]+$/, ""));
  if (said === undefined) return undefined;
  const value = code === undefined ? undefined : codeOf(code.text.replace(/[.,:;!]+$/, ""));
  if (value !== undefined && tokens.length === 2) return { kind: "answer", word: said, code: value };
  // "no, not yet" in a delivery's room is talk; alone with the bot it is an answer that lacks its code.
  if (here.place === "delivery") return undefined;
  const how = typed(`${said} 7F3Q`);
  const [text] = tokens.length === 2 ? tokens.slice(1) : [];
  return { kind: "refused", lines: [text === undefined ? line("chat.answer-needs-code", { line: how }) : line("chat.no-code", { text: shorten(text.text, ECHO), line: how })] };
}

function unknown(tokens: readonly Token[], here: Here): Said {
  const words = tokens.slice(0, here.registry.longest).map((token) => fold(token.text));
  const near = nearest(here.registry, words, MOST_GUESSES).filter((command) => command.rooms.includes(here.place) && here.refusal?.(command) === undefined);
  const topic = topicNamed(words[0] ?? "", here);
  // "task" alone: help lists what can follow; of a longer line only what is close to it is offered.
  if (topic !== undefined && (words.length === 1 || near.length === 0)) {
    return { kind: "unknown", didYouMean: near, lines: [line("chat.unknown-command", { text: shorten(retype(tokens.slice(0, 3)), ECHO) }), line("help.more", { line: typed(`help ${topic}`) })] };
  }
  const didYouMean = near;
  const lines = [
    line("chat.unknown-command", { text: shorten(retype(tokens.slice(0, 3)), ECHO) }),
    ...(didYouMean.length > 0 ? [line("chat.did-you-mean", { lines: oneOf(didYouMean.map((command) => command.name)) })] : []),
    line("chat.see-help", { line: typed("help") }),
  ];
  return { kind: "unknown", didYouMean, lines };
}

/** The word as typed, if commands that this person may give begin with it: `task`, `tarea`. */
function topicNamed(word: string, here: Here): string | undefined {
  const begins = here.registry.forms.some(({ folded, command }) => folded !== word && folded.split(" ")[0] === word && here.refusal?.(command) === undefined);
  return begins ? word : undefined;
}

function readCommand(found: Named, tokens: readonly Token[], here: Here): Said {
  const { command } = found;
  const rest = tokens.slice(found.length);
  const own = fit(command, rest, here.world);
  const result = own.ok || command.weight !== "stop" ? own : stopAnyhow(command, rest, here.world) ?? own;
  if (!result.ok) return { kind: "refused", lines: complaints(result, found, rest, here), command };
  const [only, second] = result.readings;
  if (only === undefined) throw new Error("a fit without a reading");
  if (second !== undefined) {
    return { kind: "ambiguous", command, readings: result.readings.map((reading) => ({ params: checked(command, reading), label: reading.label ?? line("text", { text: "" }) })) };
  }
  return { kind: "command", command, params: checked(command, only) };
}

/** A stop counts whatever follows the word: what cannot be read becomes its text, cut, and if even that does not fit, it is left out. */
function stopAnyhow(command: Command, rest: readonly Token[], world: World): Fit | undefined {
  const text = (from: number): Token[] => {
    const said = shorten(rest.slice(from).map((token) => token.text).join(" "), STOP_REASON);
    return said === "" ? [] : [{ text: said, quoted: true }];
  };
  const attempts = [[...rest.slice(0, 1), ...text(1)], text(0), rest.slice(0, 1), []];
  return attempts.map((tokens) => fit(command, tokens, world)).find((result) => result.ok);
}

/** The parameters as the command's own schema accepts them: reading and schema disagree only by a mistake of ours. */
function checked(command: Command, reading: Fitted): Readonly<Record<string, unknown>> {
  const result = command.params.safeParse(reading.params);
  if (!result.success) throw new Error(`the parameters read for "${command.name}" do not fit its own schema`);
  return result.data;
}

/** What was understood, why not, and the line to type. */
function complaints(result: Extract<Fit, { ok: false }>, found: Named, rest: readonly Token[], here: Here): readonly Line[] {
  const { command } = found;
  const language = here.world.language;
  const what = result.slot === undefined ? command.name : slotNamed(command, result.slot, language);
  const isEnd = result.slot !== undefined && (result.slot.reading.keyword !== undefined || slotsOf(command)[0]?.name !== result.slot.name);
  const usage = typingFor(command, language, result.complaint === "missing" && result.slot !== undefined && isEnd ? { tokens: rest, missing: result.slot.name } : undefined);
  const which = result.slot?.reading.kind === "delivery" ? latestKnown(here.world).map((id) => `${command.name} ${id}`) : [];
  const isWhole = which.length > 0 && slotsOf(command).every((slot) => slot.optional || slot.reading.kind === "delivery");
  const how = isWhole ? [line("chat.type-one", { lines: oneOf(which) })] : [line("chat.type", { line: typed(usage) }), ...example(command)];
  const lines = (...first: readonly Line[]): readonly Line[] => [...first, ...how];
  switch (result.complaint) {
    case "missing": return lines(line("chat.missing", { what }));
    case "not-understood": {
      const words = result.slot === undefined ? undefined : choiceOf(command, result.slot, language);
      return lines(line("chat.not-understood", { what, text: result.text }), ...(words === undefined ? [] : [words]));
    }
    case "extra": return lines(line("chat.extra", { text: result.text }));
    default: return lines(withName(result.complaint, what));
  }
}

/** The latest deliveries that the author may know of, so that the line to type is whole: who means to stop one has no time to look for its number. */
function latestKnown({ case: known }: World): readonly DeliveryId[] {
  return known?.deliveries().slice(-MOST_DELIVERIES) ?? [];
}

/** Readers do not know what their parameter is called. */
function withName(complaint: Line, what: string): Line {
  return complaint.code === "chat.too-long" ? line("chat.too-long", { ...complaint.facts, what }) : complaint;
}

function example(command: Command): readonly Line[] {
  const [first] = command.examples;
  return first === undefined || first === command.name ? [] : [line("chat.for-example", { line: typed(first) })];
}
