/** All commands, read from their folder at start and checked once: whatever is wrong with one is found before anybody types. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { LANGUAGES } from "../domain/person.ts";
import { commandWords, typedForms } from "./catalogue.ts";
import type { Command } from "./command.ts";
import { FIXED } from "./fixed.ts";
import { readingOf } from "./reading.ts";
import { keywordWords } from "./words.ts";

/** The commands of an installation. */
export interface Registry {
  readonly commands: readonly Command[];
  /** A command by its English name. */
  named(name: string): Command | undefined;
  /** The command whose full name these folded words are, in any language. */
  typed(folded: string): Command | undefined;
  /** The command that a short form stands for where a delivery is at hand. */
  short(folded: string): Command | undefined;
  /** All folded words that are understood, for "did you mean". */
  readonly forms: readonly { readonly folded: string; readonly command: Command }[];
  /** Most words that any command's name has. */
  readonly longest: number;
}

/** A command that breaks the rules for commands: a mistake in the product, found at start. */
export class CommandMistake extends Error {
  constructor(command: string, mistake: string) {
    super(`command "${command}": ${mistake}`);
    this.name = "CommandMistake";
  }
}

/** Whether something exported by a file in commands/ is a command. */
export function isCommand(value: unknown): value is Command {
  if (typeof value !== "object" || value === null) return false;
  const { name, params, rooms, needs, weight } = value as Partial<Record<keyof Command, unknown>>;
  return typeof name === "string" && params instanceof z.ZodObject && Array.isArray(rooms) && Array.isArray(needs) && typeof weight === "string";
}

/** Reads every `.ts` file of a folder and makes a registry of the commands they export. Rejects with {@link CommandMistake}. */
export async function loadRegistry(folder: string): Promise<Registry> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".ts")).sort();
  const found: unknown[] = [];
  for (const file of files) {
    const exported = Object.values((await import(pathToFileURL(join(folder, file)).href)) as Record<string, unknown>);
    found.push(...exported.filter(isCommand));
  }
  return makeRegistry(found);
}

/** A registry of these commands, each checked. Throws {@link CommandMistake}. */
export function makeRegistry(of: readonly unknown[]): Registry {
  const commands = of.filter(isCommand).sort((a, b) => (a.name < b.name ? -1 : 1));
  const byName = new Map<string, Command>();
  const full = new Map<string, Command>();
  const short = new Map<string, Command>();
  for (const command of commands) {
    if (byName.has(command.name)) throw new CommandMistake(command.name, "the name is used twice");
    byName.set(command.name, command);
    check(command);
    const forms = typedForms(command.name);
    for (const form of forms.full) put(full, form, command);
    for (const form of [...forms.short, ...(command.short === undefined ? [] : [command.short])]) put(short, form, command);
  }
  return {
    commands,
    named: (name) => byName.get(name),
    typed: (folded) => full.get(folded),
    short: (folded) => short.get(folded),
    forms: [...full].map(([folded, command]) => ({ folded, command })),
    longest: Math.max(0, ...[...full.keys(), ...short.keys()].map((form) => form.split(" ").length)),
  };
}

function put(forms: Map<string, Command>, form: string, command: Command): void {
  const other = forms.get(form);
  if (other !== undefined && other !== command) throw new CommandMistake(command.name, `"${form}" also means "${other.name}"`);
  forms.set(form, command);
}

function check(command: Command): void {
  const fail = (mistake: string): never => { throw new CommandMistake(command.name, mistake); };
  if (!/^[a-z]+(?:[ -][a-z]+)*$/.test(command.name)) fail("the name is lower-case English words");
  if (command.rooms.length === 0 || command.needs.length === 0) fail("it says neither where nor who");
  if (command.examples.length === 0) fail("it has no example");
  if (command.weight === "read" ? command.answer === undefined || command.decide !== undefined : command.decide === undefined || command.answer !== undefined) {
    fail("a read has an answer, every other command a decision");
  }
  if (command.weight === "binding" && command.confirms === undefined) fail("what binds must say what is confirmed");
  if (command.weight !== "binding" && command.alsoNeeds !== undefined) fail("only what binds can need others");
  if (command.scope === "case" && command.when.length === 0) fail("a command of a case says in which states it makes sense");
  const keywords = new Map<string, string>();
  for (const [name, schema] of Object.entries(command.params.shape)) {
    const { reading, optional } = readingOf(schema);
    if (reading.kind === FIXED && !optional) fail(`${name} is never typed, so it must be optional`);
    if (reading.keyword === undefined) continue;
    const words = keywordWords(reading.keyword) ?? fail(`the keyword "${reading.keyword}" stands in no config/locales/*/common.ts`);
    for (const word of words) {
      const other = keywords.get(word);
      if (other !== undefined && other !== name) fail(`the word "${word}" announces both ${other} and ${name}`);
      keywords.set(word, name);
    }
  }
  for (const language of LANGUAGES) {
    const words = commandWords(command.name, language);
    if (words === undefined) { fail(`config/locales/${language} has no words for it`); continue; }
    for (const [name, schema] of Object.entries(command.params.shape)) {
      if (readingOf(schema).reading.kind !== FIXED && (words.params[name] ?? "") === "") fail(`config/locales/${language} does not name its parameter ${name}`);
    }
  }
}
