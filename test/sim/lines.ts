/** What people type, made from the registry: each command with parameters that exist, that do not, and that are nonsense; a new one needs no line here. */
import type { Command } from "../../src/chat/command.ts";
import { FIXED } from "../../src/chat/fixed.ts";
import { slotsOf } from "../../src/chat/fit.ts";
import { keywordShown } from "../../src/chat/words.ts";
import type { UserId } from "../../src/domain/ids.ts";
import type { Scope } from "../../src/domain/state.ts";
import type { Dice } from "./chance.ts";
import { OUTSIDERS, PEOPLE, SECRET } from "./people.ts";

/** A line with what it is about, as far as that can be seen from outside. */
export interface Typed {
  readonly line: string;
  /** Id of the task, delivery or alert that it names. */
  readonly about?: string;
}

const MOMENTS = ["friday 18:00", "tomorrow 09:30 Bogotá", "16 dec 23:59", "2026-12-05 04:00", "in 20 minutes", "in 3 days", "yesterday 11:40", "24 nov 11:50", "5 dec 25:61", "03/04"];
const DAYS = ["2027-11-20", "2026-12-10", "2026-11-25", "20 nov 2027", "2026-02-30"];
const ROUTES = ["Cartagena CO > Vigo ES", "Cartagena CO > Praia CV > Vigo ES", "Praia CV > Lisboa PT", "Lisboa PT > Vigo ES", "Vigo ES > Cartagena CO"];
const ZONES = ["America/Bogota", "Madrid", "Atlantic/Cape_Verde", "Mars/Olympus"];
const COUNTRIES = ["ES", "CO", "PT", "CV", "Colombia", "BE", "XX"];
const TEXTS = [`call the port about ${SECRET}`, `${SECRET} radio ok`, SECRET, `"${SECRET} and 'more'"`, `${SECRET} https://x.example/?a=1 <b>`, `“${SECRET}” ñ 漢字`];

/** One line for a command, typed by somebody who sees this case (or none). */
export function lineFor(command: Command, scope: Scope | undefined, author: UserId, dice: Dice): Typed {
  if (dice.oneIn(6)) return fromExample(command, scope, dice);
  let about: string | undefined;
  const positional: string[] = [];
  const announced: string[] = [];
  for (const slot of slotsOf(command)) {
    if (slot.reading.kind === FIXED || (slot.optional && dice.oneIn(2)) || dice.oneIn(40)) continue;
    const value = dice.oneIn(40) ? "%&?" : valueOf(slot.reading, scope, author, dice);
    if (/^(?:T|CD|A)-\d+$/.test(value)) about ??= value;
    if (slot.reading.keyword === undefined) positional.push(value);
    else announced.push(`${keywordShown(slot.reading.keyword, "en")} ${value}`);
  }
  const extra = dice.oneIn(60) ? ["and more"] : [];
  return { line: [command.name, ...positional, ...announced, ...extra].join(" "), ...(about === undefined ? {} : { about }) };
}

/** The command's own example, with ids and people of this case in place of those in it. */
function fromExample(command: Command, scope: Scope | undefined, dice: Dice): Typed {
  let about: string | undefined;
  const line = (dice.of(command.examples) ?? command.name)
    .replace(/\bCD-\d+/g, () => (about ??= refOf("delivery", scope, dice)))
    .replace(/\bT-\d+/g, () => (about ??= refOf("task", scope, dice)))
    .replace(/\bA-\d+/g, () => (about ??= refOf("alert", scope, dice)))
    .replace(/@[a-z]+(?::[a-z.]+)?/g, () => dice.of(PEOPLE) ?? "")
    .replace(/\b[A-Z]{2}-\d+\b/g, (text) => (text === about ? text : callSignOf(scope, dice)))
    .replace(/"[^"]*"/g, `"${SECRET} 1/26"`);
  return { line, ...(about === undefined ? {} : { about }) };
}

function valueOf(reading: ReturnType<typeof slotsOf>[number]["reading"], scope: Scope | undefined, author: UserId, dice: Dice): string {
  if (reading.words !== undefined) return wordOf(reading.words, dice);
  switch (reading.kind) {
    case "task": case "delivery": case "alert": return refOf(reading.kind, scope, dice);
    case "person": return dice.oneIn(3) ? dice.of(PEOPLE) ?? "" : callSignOf(scope, dice);
    case "user": return dice.of(dice.oneIn(4) ? PEOPLE : OUTSIDERS) ?? "";
    case "users": return `${dice.of(PEOPLE) ?? ""} ${dice.of(PEOPLE) ?? ""}`;
    case "users-with-countries": return admins(author, dice);
    case "country": return dice.oneIn(2) ? countryOf(author) : dice.of(COUNTRIES) ?? "";
    case "countries": return dice.of(["ES,CO", "ES,CO,PT,CV", "ES,PT", "ES"]) ?? "";
    case "zone": return dice.of(ZONES) ?? "";
    case "due": case "moment": case "past": return dice.of(MOMENTS) ?? "";
    case "day": return dice.of(DAYS) ?? "";
    case "route": return dice.of(ROUTES) ?? "";
    case "seal": return sealOf(scope, dice);
    case "text": return dice.of(TEXTS) ?? "";
    case "quoted": return `"${SECRET} ${dice.below(9)}/26"`;
    default: return reading.sample;
  }
}

function wordOf(words: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>, dice: Dice): string {
  const byLanguage = dice.of(Object.values(words)) ?? {};
  return dice.of(dice.of(Object.values(byLanguage)) ?? []) ?? "";
}

/** Mostly one that there is. */
function refOf(kind: "task" | "delivery" | "alert", scope: Scope | undefined, dice: Dice): string {
  const ids = [...(scope?.state[kind].keys() ?? [])];
  const wrong = { task: "T-99", delivery: "CD-99", alert: "A-99" }[kind];
  if (ids.length === 0 || dice.oneIn(15)) return wrong;
  // The latest are talked about most.
  return (dice.oneIn(2) ? ids.at(-1) : dice.of(ids)) ?? wrong;
}
function callSignOf(scope: Scope | undefined, dice: Dice): string {
  return dice.oneIn(15) ? "ZZ-7" : dice.of([...(scope?.state.member.keys() ?? [])]) ?? "ES-1";
}
function sealOf(scope: Scope | undefined, dice: Dice): string {
  const known = [...(scope?.state.delivery.values() ?? [])].map((delivery) => delivery.plan.seal);
  return dice.oneIn(4) ? "0774417" : dice.of(known) ?? "0774471";
}
function admins(author: UserId, dice: Dice): string {
  const other = dice.of(PEOPLE.filter((user) => user !== author)) ?? "";
  return `${author} ${countryOf(author)} ${other} ${countryOf(other)}`;
}
function countryOf(user: string): string {
  return /:([a-z]{2})\./.exec(user)?.[1]?.toUpperCase() ?? "ES";
}
