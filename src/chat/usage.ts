/** How a command is typed: usage lines from its parameters. */
import type { Language } from "../domain/person.ts";
import { commandWords } from "./catalogue.ts";
import type { Command } from "./command.ts";
import { slotsOf, type Slot } from "./fit.ts";
import { FIXED } from "./fixed.ts";
import type { Token } from "./reading.ts";
import { retype } from "./tokens.ts";
import { keywordShown } from "./words.ts";

/** One parameter as it stands in a usage line: `until DAY`, in brackets if it may be left out. */
export function slotShown(command: Pick<Command, "name">, slot: Slot, language: Language): string {
  const name = commandWords(command.name, language)?.params[slot.name] ?? slot.name;
  const own = slot.reading.keyword === undefined ? `<${name}>` : `${keywordShown(slot.reading.keyword, language)} <${name}>`;
  return slot.optional ? `[${own}]` : own;
}

/**
 * What to type for a command, without prefix, beginning with its English name (write.ts puts the reader's own words there):
 * `task add <what is to be done> [<who>] <by when>`. With `typed`, what was typed already stands in it and the missing part follows.
 */
export function typingFor(command: Pick<Command, "name" | "params">, language: Language, of?: { readonly tokens: readonly Token[]; readonly missing: string }): string {
  const slots = slotsOf(command).filter((slot) => slot.reading.kind !== FIXED);
  if (of !== undefined && of.tokens.length > 0) {
    const missing = slots.find((slot) => slot.name === of.missing);
    return [command.name, retype(of.tokens), ...(missing === undefined ? [] : [slotShown(command, missing, language)])].join(" ");
  }
  return [command.name, ...slots.map((slot) => slotShown(command, slot, language))].join(" ");
}
