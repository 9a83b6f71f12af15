/**
 * `npm run mutate [-- --files PATTERN --tests PATTERN --share S]`: changes the product in thousands of small ways and sees whether the tests notice. Not
 * part of `npm test`: it takes the better part of an hour. With a share from 0 to 1 only so many of a file's mutants are tried, chosen by chance, the same
 * ones each time. The report says which changes nobody noticed; docs/mutation.md lists those we let be, and why.
 */
import { spawnSync } from "node:child_process";
import { closeSync, copyFileSync, existsSync, globSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isTried } from "./sample.ts";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const OUT = path.join(ROOT, ".cache", "mutation");
/** Stryker is installed apart, so that nobody who runs or tests Relevo has to wait for it. */
const TOOL = path.join(OUT, "tool");

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "src/domain/**/*.ts,src/app/{writer,turn,outbox}.ts" },
    tests: { type: "string", default: "test/domain/**/*.test.ts,test/mutation/seeds.ts" },
    concurrency: { type: "string", default: "2" },
    force: { type: "boolean", default: false },
    share: { type: "string", default: "1" },
  },
});

if (!existsSync(path.join(TOOL, "node_modules", "@stryker-mutator"))) {
  mkdirSync(TOOL, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) copyFileSync(path.join(HERE, file), path.join(TOOL, file));
  must("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], TOOL, {});
}
// One file at a time: with only its own lines counted, the tests run several times faster than with all of the product's.
const files = patterns(values.files).flatMap((pattern) => globSync(pattern, { cwd: ROOT })).toSorted();
for (const [index, file] of files.entries()) {
  const folder = path.join(OUT, file.replaceAll("/", "-"));
  mkdirSync(folder, { recursive: true });
  const config = path.join(folder, "stryker.config.json");
  writeFileSync(config, JSON.stringify(configOf(file, folder), undefined, 2));
  must(process.execPath, [path.join(TOOL, "node_modules", "@stryker-mutator", "core", "bin", "stryker.js"), "run", config], ROOT, { MUTATION_TESTS: values.tests.split(",").join(" "), MUTATION_SHARE: values.share, MUTATION_FILE: file }, path.join(folder, "log.txt"));
  const { killed, survived, reached } = reading(file);
  console.log(`${index + 1}/${files.length} ${file}: ${killed} killed, ${survived} survived, ${reached} not reached`);
}
report();

function configOf(file: string, folder: string): unknown {
  return {
    testRunner: "in-process",
    plugins: [path.join(HERE, "runner.ts")],
    coverageAnalysis: "perTest",
    mutate: [file],
    ignorePatterns: [".cache"],
    tempDirName: path.join(".cache", "mutation", "sandbox"),
    concurrency: Number(values.concurrency),
    timeoutMS: 20_000,
    timeoutFactor: 4,
    dryRunTimeoutMinutes: 10,
    reporters: ["json"],
    jsonReporter: { fileName: path.join(folder, "report.json") },
    // What was left out once must not be taken for tried.
    incremental: Number(values.share) === 1,
    incrementalFile: path.join(folder, "incremental.json"),
    force: values.force,
    disableTypeChecks: false,
    // It would be rewritten for a copy elsewhere, with an API that TypeScript 7 no longer has; Node needs none to strip types.
    tsconfigFile: "none.json",
    allowConsoleColors: false,
  };
}

interface Mutant {
  readonly id: string;
  readonly status: string;
  readonly mutatorName: string;
  readonly replacement?: string;
  readonly location: { readonly start: { readonly line: number } };
}
interface Reading {
  readonly file: string;
  readonly killed: number;
  readonly survived: number;
  readonly reached: number;
  readonly mutants: readonly Mutant[];
}

function reading(file: string): Reading {
  const { files: found } = JSON.parse(readFileSync(path.join(OUT, file.replaceAll("/", "-"), "report.json"), "utf8")) as { files: Record<string, { mutants: Mutant[] }> };
  const mutants = (found[file]?.mutants ?? []).filter(({ id }) => isTried(file, id, Number(values.share)));
  const count = (...statuses: string[]): number => mutants.filter((mutant) => statuses.includes(mutant.status)).length;
  return { file, killed: count("Killed", "Timeout"), survived: count("Survived"), reached: count("NoCoverage"), mutants };
}

/** One line a file, the worst first; every survivor, with its place and what it was changed to, goes into a file. */
function report(): void {
  const rows = files.map(reading).filter(({ killed, survived, reached }) => killed + survived + reached > 0);
  const lines = rows.flatMap(({ file, mutants }) => mutants
    .filter((mutant) => mutant.status === "Survived" || mutant.status === "NoCoverage")
    .map((mutant) => `${file}:${mutant.location.start.line} ${mutant.status === "Survived" ? "survived" : "not reached"} ${mutant.mutatorName}: ${(mutant.replacement ?? "").replaceAll(/\s+/g, " ").slice(0, 100)}`));
  writeFileSync(path.join(OUT, "survivors.txt"), `${lines.join("\n")}\n`);
  const share = (killed: number, all: number): string => `${((100 * killed) / Math.max(1, all)).toFixed(1).padStart(5)} %`;
  const by = rows.toSorted((one, other) => one.killed / (one.killed + one.survived + one.reached) - other.killed / (other.killed + other.survived + other.reached));
  for (const { file, killed, survived, reached } of by) console.log(`${share(killed, killed + survived + reached)}  ${String(killed).padStart(4)} killed ${String(survived).padStart(4)} survived ${String(reached).padStart(4)} not reached  ${file}`);
  const sum = (key: "killed" | "survived" | "reached"): number => rows.reduce((all, row) => all + row[key], 0);
  console.log(`\n${share(sum("killed"), sum("killed") + sum("survived") + sum("reached"))} of ${sum("killed") + sum("survived") + sum("reached")} mutants killed; survivors: .cache/mutation/survivors.txt`);
}

/** Commas separate patterns, but not inside braces. */
function patterns(text: string): string[] {
  return text.split(/,(?![^{]*\})/);
}

/** Runs it to its end; what it says goes into a file if one is named. */
function must(command: string, args: readonly string[], cwd: string, env: Readonly<Record<string, string>>, log?: string): void {
  const out = log === undefined ? "inherit" : openSync(log, "w");
  const { status, error } = spawnSync(command, args, { cwd, stdio: ["ignore", out, out], env: { ...process.env, ...env } });
  if (typeof out === "number") closeSync(out);
  if (status !== 0) throw error ?? new Error(`${command} ended with ${String(status)}${log === undefined ? "" : `; see ${log}`}`);
}
