/** From a run that fails to the few steps that matter: whatever can be left out while it still fails in the same way is left out. */
import type { Outcome, Plan } from "./run.ts";
import { run } from "./run.ts";

/** How it failed, without the ids that differ from run to run. */
export function manner(broken: string): string {
  return broken.replace(/[0-9a-f]{16,}|[a-z2-7]{26}|\$e\d+|!r\d+|"[^"]*"|\b[A-Z]{1,2}-\d+\b|@[a-z]+:[a-z.]+|\d+/g, "…").slice(0, 80);
}

/** Leaves out steps, in ever smaller parts, for at most so many milliseconds. */
export async function shrunk(plan: Plan, failed: Outcome, atMost: number): Promise<Outcome> {
  const until = performance.now() + atMost;
  let best = failed;
  let kept = Array.from({ length: Math.min(failed.last + 1, plan.steps) }, (_, number) => number);
  const wanted = manner(failed.broken ?? "");
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < kept.length && performance.now() < until;) {
      const fewer = [...kept.slice(0, from), ...kept.slice(from + size)];
      const outcome = await run({ ...plan, without: all(plan.steps, fewer) });
      if (outcome.broken !== undefined && manner(outcome.broken) === wanted) {
        kept = fewer;
        best = outcome;
      } else from += size;
    }
  }
  return best;
}
function all(steps: number, kept: readonly number[]): ReadonlySet<number> {
  const without = new Set(Array.from({ length: steps }, (_, number) => number));
  for (const number of kept) without.delete(number);
  return without;
}
