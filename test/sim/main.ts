/**
 * `npm run sim -- --seeds N [--seed S] [--steps K] [--workers W] [--minutes M]`: the whole bot against a model homeserver, N times, each time by
 * chance that a seed decides. The last line is `N passed, N failed`.
 */
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { loadRegistry } from "../../src/chat/registry.ts";
import { reported } from "./report.ts";
import { inThreads } from "./seeds.ts";

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

const registry = await loadRegistry(fileURLToPath(new URL("../../commands/", import.meta.url)));
const ran = await inThreads({ first, count: seeds, steps, shrink: SHRINK, within: minutes * 60_000 }, workers);
const { lines, seeds: count, failures } = reported(ran, steps, registry);
for (const line of lines) console.log(line);
console.log(`${count - failures} passed, ${failures} failed`);
process.exitCode = failures > 0 || count === 0 ? 1 : 0;
