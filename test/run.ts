/** `npm test`: every check in order, a line for each, a table at the end, and `N passed, N failed` as the last line. */
import { existsSync } from "node:fs";
import { glob } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand, runTests, runTestsTwice, type Outcome } from "./support/check.ts";
import { findPython, synapsePython } from "./support/python.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
process.chdir(ROOT);

const files = (await Array.fromAsync(glob("test/**/*.test.ts"))).map((file): string => file.split(path.sep).join("/")).toSorted();
/** What needs a homeserver: the folder e2e, and elsewhere the files named after it. */
const onHomeserver = files.filter((file) => file.startsWith("test/e2e/") || file.endsWith("synapse.test.ts"));
const structure = ["test/structure.test.ts"];
/** It takes every core for itself. */
const simulated = ["test/sim/simulation.test.ts"];
const alone = files.filter((file) => !onHomeserver.includes(file) && !structure.includes(file) && !simulated.includes(file));

const steps: readonly { readonly name: string; readonly check: () => Promise<Outcome> }[] = [
  { name: "type check", check: () => runCommand(bin("tsc"), ["--noEmit"]) },
  { name: "lint", check: () => runCommand(bin("oxlint"), ["--type-aware", "--deny-warnings"]) },
  { name: "import rules", check: () => runTests(structure, { concurrency: 1, test: 60_000, all: 60_000 }) },
  { name: "unit and property tests", check: () => runTestsTwice(alone, { concurrency: 2, test: 240_000, all: 1_200_000 }) },
  { name: "simulation", check: () => runTests(simulated, { concurrency: 1, test: 240_000, all: 480_000 }) },
  { name: "end to end on Synapse", check: () => endToEnd() },
];

const results: { readonly name: string; readonly outcome: Outcome; readonly seconds: number }[] = [];
for (const [index, { name, check }] of steps.entries()) {
  console.log(`\n[${index + 1}/${steps.length}] ${name} …`);
  const from = performance.now();
  const outcome = await check();
  const seconds = (performance.now() - from) / 1000;
  results.push({ name, outcome, seconds });
  console.log(`[${index + 1}/${steps.length}] ${name}: ${state(outcome)}, ${seconds.toFixed(1)} s`);
}
report();

async function endToEnd(): Promise<Outcome> {
  const python = await findPython();
  if (!python.ok) {
    const required = process.env["RELEVO_REQUIRE_HOMESERVER"] === "1";
    console.log(`${required ? "FAILED" : "SKIPPED"}: ${onHomeserver.length} files of tests: ${python.reason}`);
    for (const file of onHomeserver) console.log(`  ${required ? "not run" : "skipped"} ${file}`);
    const count = onHomeserver.length;
    return { ok: !required, passed: 0, failed: required ? count : 0, skipped: required ? 0 : count, note: python.reason };
  }
  await synapsePython((text) => console.log(`  ${text}`));
  // Two at once: each has a homeserver and several clients, and clocks of seconds that a busy machine would upset, but most of its time it waits.
  return runTestsTwice(onHomeserver, { concurrency: 2, test: 300_000, all: 2_400_000 });
}

function bin(name: string): string {
  const file = path.join(ROOT, "node_modules", ".bin", name);
  if (!existsSync(file)) throw new Error(`${name} is missing; run: npm ci`);
  return file;
}

function state({ ok, passed, failed, skipped }: Outcome): string {
  const counts = passed + failed + skipped === 0 ? "" : ` (${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""})`;
  return `${ok ? "ok" : "FAILED"}${counts}`;
}

function report(): void {
  const width = Math.max(...results.map(({ name }) => name.length));
  console.log(`\n${"check".padEnd(width)}  result   passed  failed  skipped  seconds`);
  for (const { name, outcome: { ok, passed, failed, skipped, note }, seconds } of results) {
    const counts = [passed, failed, skipped].map((count, column) => String(count).padStart([6, 6, 7][column] ?? 6)).join("  ");
    console.log(`${name.padEnd(width)}  ${ok ? "ok    " : "FAILED"}  ${counts}  ${seconds.toFixed(1).padStart(7)}${note === undefined ? "" : `  ${note}`}`);
  }
  const sum = (count: "passed" | "failed" | "skipped") => results.reduce((all, { outcome }) => all + outcome[count], 0);
  process.exitCode = results.every(({ outcome }) => outcome.ok) ? 0 : 1;
  const skipped = sum("skipped");
  console.log(`\n${sum("passed")} passed, ${sum("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
}
