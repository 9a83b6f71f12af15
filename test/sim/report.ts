/** What came of many seeds, in words: the story of each that failed, what was reached, how fast. */
import type { Registry } from "../../src/chat/registry.ts";
import { Coverage } from "./coverage.ts";
import type { Ran } from "./seeds.ts";

/** Lines to print, and what they count. */
export interface Reported {
  readonly lines: readonly string[];
  readonly seeds: number;
  readonly failures: number;
  /** Of the pairs of command and state. */
  readonly reachedShare: number;
}

/** One report of what several threads ran. */
export function reported(all: readonly Ran[], steps: number, registry: Registry): Reported {
  const failures = all.flatMap((each) => each.failures).toSorted((a, b) => a.seed - b.seed);
  const lines = failures.flatMap(({ seed, broken, story }) => ["", `Seed ${seed}: ${broken}`, ...story.map((line) => `  ${line}`), `  again: npm run sim -- --seeds 1 --seed ${seed} --steps ${steps}`]);
  const coverage = new Coverage();
  for (const each of all) coverage.add(each.coverage);
  const table = coverage.table(registry);
  const seeds = all.reduce((sum, each) => sum + each.seeds, 0);
  const taken = all.reduce((sum, each) => sum + each.steps, 0);
  const seconds = Math.max(...all.map((each) => each.ms)) / 1000;
  const busy = all.reduce((sum, each) => sum + each.cpu, 0) / 1000;
  lines.push(
    "", "commands by the state of what they are about (tried/carried out):", ...table.lines.map((line) => `  ${line}`),
    `${table.reached} of ${table.all} pairs of state and command reached (${Math.round((100 * table.reached) / table.all)} %)`,
    `${taken} steps in ${seconds.toFixed(1)} s: ${Math.round(taken / seconds)} steps/s, ${(seeds / seconds).toFixed(1)} seeds/s${all.length > 1 ? ` in ${all.length} threads` : ""}; for each second of one core ${(seeds / busy).toFixed(1)} seeds`,
  );
  return { lines, seeds, failures: failures.length, reachedShare: table.reached / table.all };
}
