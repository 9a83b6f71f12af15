/**
 * `npm run sim -- --seeds N [--seed S] [--steps K] [--workers W] [--minutes M]`: the whole bot against a model homeserver, N times, each time by
 * chance that a seed decides. The last line is `N passed, N failed`.
 */
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { fileURLToPath } from "node:url";
import { loadRegistry } from "../../src/chat/registry.ts";
import { Coverage } from "./coverage.ts";
import type { Ran, Seeds } from "./seeds.ts";
import { runSeeds } from "./seeds.ts";

const SHRINK = 20_000;
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" }, seed: { type: "string", default: "1" }, steps: { type: "string", default: "200" },
    workers: { type: "string", default: "1" }, minutes: { type: "string", default: "1000" },
  },
});
const [seeds, first, steps, workers, minutes] = [values.seeds, values.seed, values.steps, values.workers, values.minutes].map((text) => {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new RangeError(`"${text}" is not a whole number from 1`);
  return number;
}) as [number, number, number, number, number];

const parts = Array.from({ length: workers }, (_, index): Seeds => ({
  first: first + index, stride: workers, count: Math.ceil((seeds - index) / workers), steps, shrink: SHRINK, within: minutes * 60_000,
}));
const ran = workers === 1 && parts[0] !== undefined ? [await runSeeds(parts[0])] : await Promise.all(parts.map(inThread));
await report(ran);

function inThread(part: Seeds): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./seeds.ts", import.meta.url), { workerData: part });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

async function report(all: readonly Ran[]): Promise<void> {
  const failures = all.flatMap((each) => each.failures).toSorted((a, b) => a.seed - b.seed);
  for (const { seed, broken, story } of failures) {
    console.log(`\nSeed ${seed}: ${broken}`);
    for (const line of story) console.log(`  ${line}`);
    console.log(`  again: npm run sim -- --seeds 1 --seed ${seed} --steps ${steps}`);
  }
  const coverage = new Coverage();
  for (const each of all) coverage.add(each.coverage);
  const table = coverage.table(await loadRegistry(fileURLToPath(new URL("../../commands/", import.meta.url))));
  const count = all.reduce((sum, each) => sum + each.seeds, 0);
  const taken = all.reduce((sum, each) => sum + each.steps, 0);
  const seconds = Math.max(...all.map((each) => each.ms)) / 1000;
  console.log(`\ncommands by the state of what they are about (tried/carried out):`);
  for (const line of table.lines) console.log(`  ${line}`);
  console.log(`${table.reached} of ${table.all} pairs of state and command reached (${Math.round((100 * table.reached) / table.all)} %)`);
  console.log(`${taken} steps in ${seconds.toFixed(1)} s: ${Math.round(taken / seconds)} steps/s, ${(count / seconds).toFixed(1)} seeds/s${workers > 1 ? ` with ${workers} workers` : ""}`);
  console.log(`${count - failures.length} passed, ${failures.length} failed`);
  process.exitCode = failures.length > 0 || count === 0 ? 1 : 0;
}
