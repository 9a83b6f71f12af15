/** Runs many seeds, in this thread or as a worker of several. */
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";
import { beginnings } from "./beginnings.ts";
import type { Beginning } from "./beginnings.ts";
import { Coverage } from "./coverage.ts";
import type { Planted } from "./scene.ts";
import { run } from "./run.ts";
import { shrunk } from "./shrink.ts";

/** Which seeds: every `stride`-th from `first`, so many of them. */
export interface Seeds {
  readonly first: number;
  readonly count: number;
  readonly stride: number;
  readonly steps: number;
  /** Milliseconds for the shortening of one failing seed. */
  readonly shrink: number;
  /** No more seeds are begun after this, in milliseconds. */
  readonly within: number;
}
/** A seed that failed, as a story. */
export interface Failure {
  readonly seed: number;
  readonly broken: string;
  readonly story: readonly string[];
}
/** What came of many. */
export interface Ran {
  readonly seeds: number;
  readonly steps: number;
  readonly failures: readonly Failure[];
  readonly coverage: ReturnType<Coverage["pairs"]>;
  readonly ms: number;
  /** What the thread itself was busy for, in milliseconds: on a machine with other work less than the time that passed. */
  readonly cpu: number;
}

/** Most failing seeds that are shortened and told; further ones are only counted. */
const MOST_TOLD = 5;

/** Runs them one after the other. */
export async function runSeeds(seeds: Seeds, planted: Planted = {}, from?: readonly Beginning[]): Promise<Ran> {
  const all = from ?? (await beginnings());
  const begun = performance.now();
  const before = process.threadCpuUsage();
  const failures: Failure[] = [];
  const coverage = new Coverage();
  let [steps, ran] = [0, 0];
  for (let index = 0; index < seeds.count && performance.now() - begun < seeds.within; index += 1) {
    const plan = { seed: seeds.first + index * seeds.stride, steps: seeds.steps, beginnings: all, planted };
    const outcome = await run(plan);
    ran += 1;
    steps += outcome.steps;
    coverage.add(outcome.coverage.pairs());
    if (outcome.broken === undefined) continue;
    const told = failures.length < MOST_TOLD ? await shrunk(plan, outcome, seeds.shrink) : outcome;
    failures.push({ seed: plan.seed, broken: told.broken ?? outcome.broken, story: failures.length < MOST_TOLD ? told.story.map(({ text }) => text) : [] });
  }
  return { seeds: ran, steps, failures, coverage: coverage.pairs(), ms: performance.now() - begun, cpu: busy(process.threadCpuUsage(before)) };
}

function busy({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000;
}
/** Shares them out among so many threads. */
export async function inThreads(seeds: Omit<Seeds, "stride">, threads: number): Promise<readonly Ran[]> {
  if (threads === 1) return [await runSeeds({ ...seeds, stride: 1 })];
  return Promise.all(Array.from({ length: threads }, async (_, index): Promise<Ran> => {
    const part: Seeds = { ...seeds, first: seeds.first + index, stride: threads, count: Math.ceil((seeds.count - index) / threads) };
    const worker = new Worker(new URL("./seeds.ts", import.meta.url), { workerData: part });
    return new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
  }));
}

if (!isMainThread && parentPort !== null) parentPort.postMessage(await runSeeds(workerData as Seeds));
