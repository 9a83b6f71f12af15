/** Runs one check of `npm test` and says how it went. */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import path from "node:path";
import { run } from "node:test";
import { inspect } from "node:util";

export interface Outcome {
  readonly ok: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly note?: string;
  /** Files in which something failed, with how many of their tests passed and were left out. */
  readonly red?: readonly { readonly file: string; readonly passed: number; readonly skipped: number }[];
}

/** A program that says by its exit code whether all is well. A failure counts as one failed check, so that no red run ends with "0 failed". */
export async function runCommand(command: string, args: readonly string[]): Promise<Outcome> {
  const child = spawn(command, args, { stdio: "inherit" });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { ok: code === 0, passed: 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

/** How many files at once, and how long one test and all of them together may take, in milliseconds. */
export interface Bounds {
  readonly concurrency: number;
  readonly test: number;
  readonly all: number;
}

/**
 * Files of tests, each in its own process; what takes longer than its bound fails.
 * Prints a line for each file and everything about a failure. No file at all, or a file without tests, is a failure: nothing would be checked.
 */
export async function runTests(files: readonly string[], bounds: Bounds): Promise<Outcome> {
  if (files.length === 0) {
    console.log("  no tests were found");
    return { ok: false, passed: 0, failed: 1, skipped: 0, note: "no tests were found" };
  }
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  let filesDone = 0;
  const finished = new Set<string>();
  const red = new Map<string, { readonly file: string; readonly passed: number; readonly skipped: number }>();
  // A file fails as a whole when its process dies, or throws after its last test.
  const died = new Set<string>();
  const paths = files.map((file) => path.resolve(file));
  const stream = run({ files: paths, concurrency: Math.min(bounds.concurrency, availableParallelism()), timeout: bounds.test, signal: AbortSignal.timeout(bounds.all) });
  for await (const { type, data } of stream) {
    if (type === "test:fail" && data.details.type !== "suite") {
      const { name, file, line } = data;
      if (paths.includes(name)) died.add(name);
      console.log(`\n  ✖ ${name}  (${shown(file)}${line === undefined ? "" : `:${line}`})\n${indented(failure(data.details.error))}\n`);
    } else if (type === "test:stderr" && data.message.trim() !== "") {
      process.stderr.write(indented(data.message));
    } else if (type === "test:diagnostic" && data.level === "info" && data.nesting > 0) {
      console.log(`    ${data.message}`);
    } else if (type === "test:summary" && data.file !== undefined) {
      filesDone += 1;
      finished.add(data.file);
      const { counts, duration_ms: ms } = data;
      const empty = counts.tests === 0;
      const broken = counts.tests - counts.passed - counts.skipped - counts.todo;
      passed += counts.passed;
      skipped += counts.skipped + counts.todo;
      failed += empty ? 1 : broken;
      const good = broken === 0 && !empty;
      if (!good) red.set(data.file, { file: shown(data.file), passed: counts.passed, skipped: counts.skipped + counts.todo });
      console.log(`  ${good ? "✔" : "✖"} [${filesDone}/${files.length}] ${shown(data.file)}: ${empty ? "holds no tests, or ended early" : `${counts.tests} tests`}, ${(ms / 1000).toFixed(1)} s`);
    }
  }
  const lost = paths.filter((file) => died.has(file) || !finished.has(file));
  for (const file of lost) console.log(`  ✖ ${shown(file)}: did not end as it should`);
  failed += lost.length;
  for (const file of lost) if (!red.has(file)) red.set(file, { file: shown(file), passed: 0, skipped: 0 });
  return { ok: failed === 0, passed, failed, skipped, red: [...red.values()] };
}

/** Most files that are tried once more; where more have failed, the product is broken and not the moment. */
const MOST_AGAIN = 4;

/**
 * The same for tests that share a machine with others and have clocks of seconds: a file that failed is tried once more, alone, and said to have been. What fails
 * twice has failed.
 */
export async function runTestsTwice(files: readonly string[], bounds: Bounds): Promise<Outcome> {
  const first = await runTests(files, bounds);
  const red = first.red ?? [];
  if (first.ok || red.length === 0 || red.length > MOST_AGAIN) return first;
  const names = red.map(({ file }) => file).join(", ");
  console.log(`\n  once more, because of what failed: ${names}`);
  const again = await runTests(red.map(({ file }) => file), { ...bounds, concurrency: 1 });
  const before = (count: "passed" | "skipped"): number => first[count] - red.reduce((sum, each) => sum + each[count], 0);
  return {
    ok: again.ok, passed: before("passed") + again.passed, failed: again.failed, skipped: before("skipped") + again.skipped,
    note: `${again.ok ? "passed at the second attempt" : "failed at the second attempt too"}: ${names}`, ...(again.red === undefined ? {} : { red: again.red }),
  };
}

function shown(file: string | undefined): string {
  return file === undefined ? "?" : path.relative(process.cwd(), file);
}

function failure(error: unknown): string {
  // The runner wraps what a test threw.
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return typeof cause === "string" ? cause : inspect(cause, { depth: 4, breakLength: 140 });
}

function indented(text: string): string {
  return text.split("\n").map((line) => (line === "" ? line : `    ${line}`)).join("\n");
}
