/** One seed from its beginning to rest; a seed gives the same run each time. */
import type { Beginning } from "./beginnings.ts";
import { dice } from "./chance.ts";
import { Coverage } from "./coverage.ts";
import { rest } from "./rest.ts";
import type { Planted } from "./scene.ts";
import { Scene } from "./scene.ts";
import { step } from "./steps.ts";

/** What is to be run. */
export interface Plan {
  readonly seed: number;
  readonly steps: number;
  readonly beginnings: readonly Beginning[];
  /** Steps left out, to find those that matter. */
  readonly without?: ReadonlySet<number>;
  readonly planted?: Planted;
  readonly withFaults?: boolean;
}
/** What came of it. */
export interface Outcome {
  readonly seed: number;
  /** What was broken; undefined: nothing. */
  readonly broken?: string;
  readonly steps: number;
  /** Number of the last step that was taken. */
  readonly last: number;
  readonly story: readonly { readonly number: number; readonly text: string }[];
  readonly coverage: Coverage;
  /** Every row and every message that came of it, in order: two runs of a seed have the same. */
  trace(): readonly string[];
}

/** Runs a seed. */
export async function run(plan: Plan): Promise<Outcome> {
  const { seed, steps, beginnings: all, without, planted, withFaults = true } = plan;
  const beginning = dice(seed, "beginning").of(all);
  if (beginning === undefined) throw new Error("there is nowhere to begin");
  // A run itself leaves the event loop no turn.
  await new Promise((resolve) => void setImmediate(resolve));
  const scene = new Scene(seed, beginning.kept, planted);
  const story = [{ number: -1, text: `It begins when ${beginning.name}.` }];
  await scene.start();
  let done = 0;
  let last = 0;
  for (let number = 0; number < steps && scene.broken === undefined; number += 1) {
    if (without?.has(number) === true) continue;
    last = number;
    done += 1;
    const at = scene.clock.now();
    const text = await step(scene, number, withFaults);
    if (text !== undefined) story.push({ number, text: `${new Date(at).toISOString().slice(5, 19).replace("T", " ")}  ${text}` });
  }
  const isEarly = scene.broken !== undefined;
  if (!isEarly) await rest(scene);
  scene.kill();
  const coverage = new Coverage();
  for (const [event, { command, state }] of scene.given) coverage.count(command, state, scene.truth.ends.get(event) === "done");
  const trace = (): string[] => [...[...scene.durable.rows.values()].flat().map((row) => row.text), ...scene.server.state.said.map(({ at, room, body }) => `${at} ${room} ${body}`)];
  return { seed, steps: done, trace, last: isEarly ? last : steps, story, coverage, ...(scene.broken === undefined ? {} : { broken: scene.broken }) };
}
