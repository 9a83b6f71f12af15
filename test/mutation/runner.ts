/**
 * Runs our tests for Stryker inside one process: files are loaded once, and for each mutant only the tests that reach it, the quickest first, until one
 * fails. Starting Node for every mutant would take a second each, and there are thousands.
 */
import { globSync } from "node:fs";
import { registerHooks } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Collected } from "./node-test.ts";
import { isTried } from "./sample.ts";

/** What Stryker's instrumented code reads and writes. */
interface Instrumented {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  mutantCoverage?: unknown;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
}
interface MutantRun {
  readonly activeMutant: { readonly id: string };
  readonly testFilter?: readonly string[];
  readonly hitLimit?: number;
  readonly mutantActivation: "runtime" | "static";
}

const shim = new URL("node-test.ts", import.meta.url).href;
registerHooks({ resolve: (name, context, next) => (name === "node:test" ? { url: shim, shortCircuit: true } : next(name, context)) });

const instrumented: Instrumented = ((globalThis as { __stryker__?: Instrumented }).__stryker__ ??= {});

class Runner {
  #tests: (Collected & { id: string; took: number })[] = [];
  #leave: () => Promise<void> = () => Promise.resolve();

  capabilities(): { reloadEnvironment: boolean } {
    return { reloadEnvironment: false };
  }
  async init(): Promise<void> {}

  async dryRun(): Promise<unknown> {
    await this.#load();
    const tests = [];
    for (const test of this.#tests) {
      instrumented.currentTestId = test.id;
      const from = performance.now();
      const failure = await attempt(test);
      test.took = performance.now() - from;
      if (process.env["MUTATION_TIMES"] !== undefined && test.took > 200) console.error(`${test.took.toFixed(0)} ms ${test.id}`);
      tests.push({ id: test.id, name: test.name, timeSpentMs: test.took, fileName: test.file, ...(failure === undefined ? { status: 0 } : { status: 1, failureMessage: failure }) });
    }
    instrumented.currentTestId = undefined;
    await this.#leave();
    return { status: "complete", tests, mutantCoverage: instrumented.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, mutantActivation }: MutantRun): Promise<unknown> {
    if (mutantActivation === "static") instrumented.activeMutant = activeMutant.id;
    if (!isTried(process.env["MUTATION_FILE"] ?? "", activeMutant.id, Number(process.env["MUTATION_SHARE"] ?? 1))) return { status: "error", errorMessage: "left out by chance" };
    await this.#load();
    instrumented.hitCount = hitLimit === undefined ? undefined : 0;
    instrumented.hitLimit = hitLimit;
    instrumented.activeMutant = activeMutant.id;
    const wanted = testFilter === undefined ? undefined : new Set(testFilter);
    let count = 0;
    try {
      for (const test of this.#tests) {
        if (wanted !== undefined && !wanted.has(test.id)) continue;
        count += 1;
        const failure = await attempt(test, Math.max(LEAST, TIMES * test.took));
        if (instrumented.hitLimit !== undefined && (instrumented.hitCount ?? 0) > instrumented.hitLimit) return { status: "timeout", reason: "the mutant was passed too often" };
        if (failure !== undefined) return { status: "killed", killedBy: [test.id], failureMessage: failure, nrOfTests: count };
      }
      return { status: "survived", nrOfTests: count };
    } finally {
      instrumented.activeMutant = undefined;
      await this.#leave().catch(() => undefined);
    }
  }

  async #load(): Promise<void> {
    if (this.#tests.length > 0) return;
    // A fixed seed: a mutant that a property kills by luck alone would be counted differently each time. And the first counterexample is enough.
    const fc = (await import("fast-check")).default;
    fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 20_261_124, endOnFailure: true });
    const { collected, collecting, leave } = await import("./node-test.ts");
    const files = (process.env["MUTATION_TESTS"] ?? "test/domain/**/*.test.ts").split(" ").flatMap((pattern) => globSync(pattern)).toSorted();
    for (const file of files) {
      collecting(file);
      await import(pathToFileURL(path.resolve(file)).href);
    }
    const took = new Map<string, number>(JSON.parse(process.env["MUTATION_TOOK"] ?? "[]") as [string, number][]);
    this.#tests = collected
      .map((test, index) => ({ ...test, id: `${test.file} ${test.name} ${index}`, took: took.get(test.name) ?? cost(test) }))
      .toSorted((one, other) => one.took - other.took);
    this.#leave = leave;
  }
}

/** Examples before properties, properties before whole apps: most mutants fall to an example. */
function cost({ file, name }: Collected): number {
  return /sim\/|mutation\//.test(file) ? 3 : /app\//.test(file) ? 2 : /propert|any sequence|every/i.test(`${file} ${name}`) ? 1 : 0;
}

/** A test that waits for what never comes is over after this at the latest, in milliseconds: the whole process need not be ended for it. */
const LEAST = 4_000;
const TIMES = 8;

async function attempt(test: Collected, within?: number): Promise<string | undefined> {
  const { promise: otherwise, reject } = Promise.withResolvers<never>();
  otherwise.catch(() => undefined);
  const timer = within === undefined ? undefined : setTimeout(() => reject(new Error("it does not end")), within);
  // What is thrown where nobody waits for it would end the process.
  process.on("uncaughtException", reject);
  try {
    await Promise.race([test.run(), otherwise]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, 300) : String(error);
  } finally {
    clearTimeout(timer);
    process.off("uncaughtException", reject);
  }
}

function make(): Runner {
  return new Runner();
}
make.inject = [] as const;

/** Read by Stryker. */
export const strykerPlugins = [{ kind: "TestRunner", name: "in-process", factory: make }];
