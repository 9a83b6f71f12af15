/** Help and the documentation of commands, both made from the command objects: there is no second place where a command is described. */
import { LANGUAGES, type Language } from "../domain/person.ts";
import { ROLES, type Role } from "../domain/roster.ts";
import { type Line, line, type Message, message, typed } from "../domain/say.ts";
import { allowed, type Asker } from "./allowed.ts";
import { commandWords, listOf, typedForms } from "./catalogue.ts";
import { fold, shorten } from "./clean.ts";
import type { Command } from "./command.ts";
import { slotsOf } from "./fit.ts";
import { FIXED } from "./fixed.ts";
import { nearestOf } from "./nearest.ts";
import { choiceOf, oneOf, typingFor } from "./usage.ts";
import { placeShown, roleShown } from "./words.ts";

/** So many commands are listed one below the other with what they do; more are listed by topic. */
const MOST_SUMMARIES = 9;
const MOST_GUESSES = 3;
const ECHO = 40;

/** A command's first word as shown in a language: what its topic is called. */
function topicOf(command: Command, language: Language): string {
  return shownName(command, language).split(" ")[0] ?? command.name;
}
/** A command as shown in a language. */
function shownName(command: Command, language: Language): string {
  return commandWords(command.name, language)?.typed[0] ?? command.name;
}

/** What this person may do here, in few lines: with summaries if they are few, else by topic. */
export function helpHere(commands: readonly Command[], asker: Asker, language: Language): Message {
  const possible = commands.filter((command) => allowed(command, asker).ok);
  if (possible.length === 0) return message(line("help.nothing", {}));
  const lines = possible.length <= MOST_SUMMARIES ? summaries(possible, language) : topics(possible, language);
  const first = possible.find((command) => command.name !== "help");
  return message(line("help.title", {}), ...lines, first && line("help.more", { line: typed(`help ${first.name}`) }));
}

function summaries(commands: readonly Command[], language: Language): readonly Line[] {
  return commands.map((command) => line("help.command", { line: typed(command.name), summary: commandWords(command.name, language)?.summary ?? "" }));
}

/** `task add · accept · done · list`: the first in full, of the others what differs. */
function topics(commands: readonly Command[], language: Language): readonly Line[] {
  const byTopic = Map.groupBy(commands, (command) => topicOf(command, language));
  return [...byTopic].map(([topic, [first, ...others]]) => line("help.topic", {
    line: typed(first?.name ?? topic),
    others: others.map((command) => ` · ${shownName(command, language).slice(topic.length + 1) || topic}`).join(""),
  }));
}

/** What is asked about: one command, or all of a topic; unknown words get a suggestion. */
export function helpAbout(commands: readonly Command[], asked: string, asker: Asker, language: Language): Message {
  const words = fold(asked).replace(/[.,:;!?]+$/, "");
  const exact = commands.find((command) => {
    const forms = typedForms(command.name);
    return forms.full.includes(words) || forms.short.includes(words) || command.short === words;
  });
  const topic = commands.filter((command) => typedForms(command.name).full.some((form) => form.split(" ")[0] === words && form !== words) && allowed(command, asker).ok);
  if (exact !== undefined && topic.length === 0) return helpForOne(exact, language);
  if (topic.length > 0) return message(line("help.title", {}), ...summaries(topic, language));
  const didYouMean = nearestOf(commands.flatMap((command) => typedForms(command.name).full.map((folded) => ({ folded, command }))), words.split(" "), MOST_GUESSES);
  return message(
    line("chat.unknown-command", { text: shorten(asked, ECHO) }),
    didYouMean.length === 0 ? undefined : line("chat.did-you-mean", { lines: oneOf(didYouMean.map((command) => `help ${command.name}`)) }),
  );
}

/** One command: how it is typed, what it does, who may, where, what else is said for it, an example. */
export function helpForOne(command: Command, language: Language): Message {
  const words = commandWords(command.name, language);
  const forms = [...(words?.typed.slice(1) ?? [])];
  const short = words?.short ?? [];
  return message(
    line("help.usage", { line: typed(typingFor(command, language)) }),
    line("text", { text: words?.summary ?? "" }),
    ...choices(command, language),
    line("help.weight", { weight: command.weight }),
    line("help.who", { who: listOf(command.needs.map((need) => roleShown(need, language)), language) }),
    line("help.where", { places: listOf(command.rooms.map((place) => placeShown(place, language)), language) }),
    forms.length === 0 ? undefined : line("help.also", { words: forms.join(", ") }),
    short.length === 0 ? undefined : line("help.short", { words: short.join(", ") }),
    ...command.examples.slice(0, 1).map((example) => line("chat.for-example", { line: typed(example) })),
  );
}

/** The words of each choice that a command has. */
function choices(command: Command, language: Language): readonly Line[] {
  return slotsOf(command).flatMap((slot) => choiceOf(command, slot, language) ?? []);
}

const cell = (text: string): string => text.replaceAll("|", "\\|");
const code = (text: string): string => `\`${text}\``;

/** Documentation of all commands in Markdown, for docs/commands.md: the permission table, then each command. Always the same for the same commands. */
export function commandDocs(commands: readonly Command[]): string {
  const sorted = [...commands].sort((a, b) => (a.name < b.name ? -1 : 1));
  return [
    "# Commands", "",
    "Made from the command objects in `commands/` and the words in `config/locales/` by `npm run docs`; a test compares. Do not edit.", "",
    "In workspace rooms a command starts with the prefix (`!` unless configured otherwise) or a mention of the bot; in direct chats and delivery rooms nothing is needed.",
    "`<…>` is filled in, `[…]` may be left out. Words of every language are understood, whatever a person's own.", "",
    "## Who may", "", ...permissionTable(sorted), "",
    ...sorted.flatMap(commandSection),
  ].join("\n");
}

function permissionTable(commands: readonly Command[]): readonly string[] {
  const columns: readonly (Role | "owner")[] = ["owner", ...ROLES];
  return [
    `| command | ${columns.join(" | ")} | where | weight |`,
    `|---|${columns.map(() => "---|").join("")}---|---|`,
    ...commands.map((command) => {
      const may = columns.map((role) => {
        const asker = (place: Command["rooms"][number]): Asker => ({ roles: role === "owner" ? [] : [role], owner: role === "owner", place, caseState: "open" });
        return command.rooms.some((place) => allowed({ ...command, when: ["open"] }, asker(place)).ok) ? "yes" : "";
      });
      return `| ${code(command.name)} | ${may.join(" | ")} | ${command.rooms.join(", ")} | ${command.weight} |`;
    }),
  ];
}

function commandSection(command: Command): readonly string[] {
  const english = commandWords(command.name, "en");
  const slots = slotsOf(command).filter((slot) => slot.reading.kind !== FIXED);
  const short = typedForms(command.name).short;
  return [
    `## ${command.name}`, "",
    `${sentence(english?.summary ?? "")}`, "",
    `- Type ${code(typingFor(command, "en"))}`,
    ...LANGUAGES.map((language) => `- ${language}: ${(commandWords(command.name, language)?.typed ?? []).map(code).join(", ")}`),
    ...(short.length === 0 ? [] : [`- short: ${short.map(code).join(", ")}`]),
    ...(command.when.length === 0 ? [] : [`- while the case is ${command.when.join(" or ")}`]),
    ...(command.alsoNeeds === undefined ? [] : ["- needs the consent of others"]),
    ...(command.neverLate === true ? ["- does not count when it arrives late"] : []),
    ...(slots.length === 0 ? [] : ["", "| parameter | read as | for example |", "|---|---|---|"]),
    ...slots.map((slot) => {
      const kind = [slot.reading.kind, ...(slot.reading.max === undefined ? [] : [`at most ${slot.reading.max} characters`]), ...(slot.optional ? ["may be left out"] : [])];
      const sample = slot.reading.words === undefined ? slot.reading.sample : Object.keys(slot.reading.words).join(", ");
      return `| ${slot.name} | ${kind.join(", ")} | ${code(cell([...(slot.reading.keyword === undefined ? [] : [slot.reading.keyword]), sample].join(" ")))} |`;
    }),
    "", ...command.examples.map((example) => `    ${example}`), "",
  ];
}

function sentence(text: string): string {
  return text === "" ? "" : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
