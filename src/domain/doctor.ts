/** What `doctor` says: each check by name, how it is, and its cure for somebody tired at 3 a.m.; the worst first. Facts hold nothing of a case. */
import type { Line, Message } from "./say.ts";
import { line, list, message, nested } from "./say.ts";

declare module "./say.ts" {
  interface Sayings {
    "doctor.all-well": { count: number };
    "doctor.summary": { wrong: number; attention: number };
    "doctor.wrong": { found: Nested };
    "doctor.attention": { found: Nested };
    "doctor.fine": { found: Nested };
    "doctor.cure": { cure: Nested };
    "doctor.well-too": { names: List };
    /** `check` is its name with `_` for `-`, as the catalogue can select by it. */
    "doctor.name": { check: string };
  }
}

/** Every check there is, and what it looks at. */
export const CHECKS = {
  "config": "The configuration and the secret files can be read.",
  "node": "The version of Node that runs Relevo.",
  "disk": "Room on the disk of the data folder.",
  "files": "Nobody but the bot's user can read the data folder and the secrets.",
  "recovery-key": "The recovery key has been taken away from this machine.",
  "server": "The homeserver can be reached and has what Relevo needs: versions, room version 12, authenticated media.",
  "clock": "This machine's clock against the homeserver's.",
  "token": "The access token belongs to the bot's account and to a device.",
  "signature": "The bot's device is signed by the bot's own identity, as others see it.",
  "recovery": "The identity lies in the account's secret storage, sealed with the recovery key.",
  "key-backup": "Room keys are backed up, so that old messages can be read after the loss of this machine.",
  "rate-limit": "The homeserver does not make the bot wait.",
  "running": "The bot runs, hears and answers.",
  "instance": "One process alone uses the data folder.",
  "rooms": "Rooms of cases are as they should be.",
  "power": "Power levels in every room are as they should be.",
  "outbox": "What was decided has been sent.",
  "undecryptable": "What was received can be read.",
  "crypto-store": "The crypto store is whole and opens; read while the bot is stopped.",
  "chain": "The journal's chains are unbroken.",
  "watch": "Somebody outside notices when the bot dies.",
} as const;
/** Name of a check. */
export type CheckName = keyof typeof CHECKS;
/** How it is. `unknown` of what could not be looked at is `attention`, never `ok`. */
export type Verdict = "ok" | "attention" | "wrong";

/** What looking at one thing gave. */
export interface Check {
  readonly check: CheckName;
  readonly verdict: Verdict;
  readonly found: Line;
  /** What to do; always there unless it is `ok`. */
  readonly cure?: Line;
}

/** Nothing to be done. */
export function fine(check: CheckName, found: Line): Check {
  return { check, verdict: "ok", found };
}
/** It should be looked at by day. */
export function attention(check: CheckName, found: Line, cure: Line): Check {
  return { check, verdict: "attention", found, cure };
}
/** It has to be mended now. */
export function wrong(check: CheckName, found: Line, cure: Line): Check {
  return { check, verdict: "wrong", found, cure };
}

const ORDER: readonly Verdict[] = ["wrong", "attention", "ok"];

/** The worst first; among equals in the order of looking. */
export function byUrgency(checks: readonly Check[]): readonly Check[] {
  return checks.toSorted((one, other) => ORDER.indexOf(one.verdict) - ORDER.indexOf(other.verdict));
}

/** In chat: what is not well with its cure, then the names of what is. */
export function tellChecks(checks: readonly Check[]): Message {
  const count = (verdict: Verdict): number => checks.filter((check) => check.verdict === verdict).length;
  const well = checks.filter((check) => check.verdict === "ok");
  const unwell = byUrgency(checks.filter((check) => check.verdict !== "ok"));
  if (unwell.length === 0) return message(line("doctor.all-well", { count: well.length }), wellLine(well));
  return message(line("doctor.summary", { wrong: count("wrong"), attention: count("attention") }), ...unwell.flatMap(checkLines), wellLine(well));
}

/** One check in full: what was found, marked by shape as well as by word, and its cure below. */
export function checkLines({ verdict, found, cure }: Check): Line[] {
  const code = verdict === "ok" ? "doctor.fine" : verdict === "attention" ? "doctor.attention" : "doctor.wrong";
  return [line(code, { found: nested(found) }), ...(cure === undefined ? [] : [line("doctor.cure", { cure: nested(cure) })])];
}

function wellLine(well: readonly Check[]): Line | undefined {
  const names = [...new Set(well.map((check) => check.check))];
  return names.length === 0 ? undefined : line("doctor.well-too", { names: list(names.map((check) => nested(line("doctor.name", { check: check.replaceAll("-", "_") })))) });
}
