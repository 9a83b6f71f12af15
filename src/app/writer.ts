/** The one writer: all decisions pass here, one at a time, stop commands and P1 first, then what is said now, then what came late. */
import type { Clock } from "../ports.ts";
import { pause } from "./pause.ts";

/** Which job goes first. */
export const ORDER = ["stop", "P1", "live", "late"] as const;
/** How urgent a job is. */
export type Urgency = (typeof ORDER)[number];

/** Work before the event loop is given a breath, in milliseconds. */
const BREATH = 25;

/** A queue of jobs of which one runs at a time. */
export class Writer {
  readonly #queues: Readonly<Record<Urgency, (() => Promise<void>)[]>> = { stop: [], P1: [], live: [], late: [] };
  readonly #clock: Clock;
  #running: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }
  /** Resolves with the job's result; a job that throws rejects here and stops nothing else. */
  do<T>(urgency: Urgency, job: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#queues[urgency].push(() => job().then(resolve, reject));
    this.#running ??= this.#run();
    return promise;
  }
  /** Resolves when nothing is waiting or under way. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }
  async #run(): Promise<void> {
    // Starts after the caller's turn, so that jobs submitted together are ordered by urgency.
    await Promise.resolve();
    let since = this.#clock.now();
    for (let job = this.#next(); job !== undefined; job = this.#next()) {
      await job();
      if (this.#clock.now() - since > BREATH) {
        await pause(this.#clock);
        since = this.#clock.now();
      }
    }
    this.#running = undefined;
  }
  #next(): (() => Promise<void>) | undefined {
    for (const urgency of ORDER) {
      const job = this.#queues[urgency].shift();
      if (job !== undefined) return job;
    }
    return undefined;
  }
}
