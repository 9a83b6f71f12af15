/** How a command is typed: usage lines from its parameters. */
import type { Language } from "../domain/person.ts";
import { type Fact, type Line, line, nested, typed } from "../domain/say.ts";
import { commandWords } from "./catalogue.ts";
import { fold } from "./clean.ts";
import type { Command } from "./command.ts";
import { slotsOf, type Slot } from "./fit.ts";
import { FIXED } from "./fixed.ts";
import type { Token } from "./reading.ts";
import { retype } from "./tokens.ts";
import { keywordShown, keywordWords } from "./words.ts";

/** Lines of which one may be typed: `a or b or c`. Empty for none. */
export function oneOf(lines: readonly string[]): Fact {
  const [last, ...before] = lines.map((each) => typed(each)).toReversed();
  return before.reduce<Fact>((second, first) => nested(line("chat.or", { first, second })), last ?? "");
}

/** One parameter as it stands in a usage line: `until DAY`, in brackets if it may be left out. */
export function slotShown(command: Pick<Command, "name">, slot: Slot, language: Language): string {
  const name = commandWords(command.name, language)?.params[slot.name] ?? slot.name;
  const own = slot.reading.keyword === undefined ? `<${name}>` : `${keywordShown(slot.reading.keyword, language)} <${name}>`;
  return slot.optional ? `[${own}]` : own;
}

/** Whether the word that announces a parameter stands among what was typed. */
function isTyped(slot: Slot, tokens: readonly Token[]): boolean {
  const words = slot.reading.keyword === undefined ? undefined : keywordWords(slot.reading.keyword);
  return tokens.some((token) => !token.quoted && words?.has(fold(token.text)) === true);
}

/** What a parameter is called when it is missing or wrong, with the word that announces it: `states ES,CO`. */
export function slotNamed(command: Pick<Command, "name">, slot: Slot, language: Language): string {
  const name = commandWords(command.name, language)?.params[slot.name] ?? slot.name;
  return slot.reading.keyword === undefined ? name : `${keywordShown(slot.reading.keyword, language)} <${name}>`;
}

/** The words of a parameter that is one of a few: `role: administrator, authority, member`; undefined for any other. */
export function choiceOf(command: Pick<Command, "name">, slot: Slot, language: Language): Line | undefined {
  if (slot.reading.words === undefined) return undefined;
  const words = Object.values(slot.reading.words).map((byLanguage) => byLanguage[language].find((word) => /^\D/.test(word)) ?? byLanguage[language][0] ?? "").join(", ");
  return line("help.choice", { what: commandWords(command.name, language)?.params[slot.name] ?? slot.name, words });
}

/**
 * What to type for a command, without prefix, beginning with its English name (write.ts puts the reader's own words there):
 * `task add <what is to be done> [<who>] <by when>`. With `of`, what was typed already stands in it and all that is missing follows.
 */
export function typingFor(command: Pick<Command, "name" | "params">, language: Language, of?: { readonly tokens: readonly Token[]; readonly missing: string }): string {
  const slots = slotsOf(command).filter((slot) => slot.reading.kind !== FIXED);
  if (of !== undefined && of.tokens.length > 0) {
    const from = slots.findIndex((slot) => slot.name === of.missing);
    const open = slots.slice(from).filter((slot, index) => index === 0 || (!slot.optional && slot.reading.keyword !== undefined && !isTyped(slot, of.tokens)));
    return [command.name, retype(of.tokens), ...open.map((slot) => slotShown(command, slot, language))].join(" ");
  }
  return [command.name, ...slots.map((slot) => slotShown(command, slot, language))].join(" ");
}
