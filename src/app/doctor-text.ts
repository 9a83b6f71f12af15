/** Checks as text for a terminal, and as values for other programs. */
import { sayIn } from "../chat/catalogue.ts";
import type { Check, CheckName, Verdict } from "../domain/doctor.ts";
import { byUrgency } from "../domain/doctor.ts";
import type { Instant, Zone } from "../domain/ids.ts";
import type { Language } from "../domain/person.ts";

/** For whom it is written. */
export interface TextReader {
  readonly language: Language;
  readonly zone: Zone;
  readonly now: Instant;
}
/** A check whose words have been put in. */
export interface WrittenCheck {
  readonly check: CheckName;
  readonly verdict: Verdict;
  readonly found: string;
  readonly cure?: string;
}

/** Each check with its words, the worst first. */
export function writtenChecks(checks: readonly Check[], { language, zone, now }: TextReader): readonly WrittenCheck[] {
  const reader = { language, zone, prefix: "", now };
  return byUrgency(checks).map(({ check, verdict, found, cure }) => ({ check, verdict, found: sayIn(found, reader), ...(cure === undefined ? {} : { cure: sayIn(cure, reader) }) }));
}

/** By shape, so that it can be told without colours. */
const MARKS: Readonly<Record<Verdict, string>> = { ok: "✓", attention: "▲", wrong: "✖" };

/** One line a check, and its cure below. */
export function checkText(checks: readonly WrittenCheck[]): readonly string[] {
  const width = Math.max(0, ...checks.map(({ check }) => check.length));
  return checks.flatMap(({ check, verdict, found, cure }) => [
    `${MARKS[verdict]} ${check.padEnd(width)}  ${found}`,
    ...(cure === undefined ? [] : [`${" ".repeat(width + 4)}→ ${cure}`]),
  ]);
}
