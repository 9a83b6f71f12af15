/** The wall clock as far as it can be believed: time in the journal never goes back, and a clock that somebody set moves no deadline unnoticed. */
import type { Instant } from "../domain/ids.ts";
import type { Clock } from "../ports.ts";

/** By so much the wall clock may differ from our own count without anything being made of it, in milliseconds: clocks are put right all the time. */
export const DRIFT = 60_000;
/** A step forward up to this is a machine that slept, or a line that was cut; a longer one is not believed, in milliseconds. */
export const LONGEST_STEP = 24 * 3_600_000;
/** The wall clock is looked at again after this at the latest, in milliseconds. */
const LONGEST_SLEEP = 15_000;

/** What is wrong with the wall clock: it stands before what is on record, or more than a day after our own count. */
export interface ClockTrouble {
  readonly what: "behind" | "far-ahead";
  readonly wall: Instant;
}

/** Time for everything in the bot. Where the clock it is given counts steadily too, the two are compared. */
export class SteadyClock implements Clock {
  readonly #clock: Clock;
  readonly #jumped: (ms: number) => void;
  #latest = 0 as Instant;
  #elapsed: number | undefined;
  #trouble: ClockTrouble | undefined;

  /** `jumped` is told of a step forward that is believed: it counts as a downtime. */
  constructor(clock: Clock, jumped: (ms: number) => void) {
    this.#clock = clock;
    this.#jumped = jumped;
  }
  now(): Instant {
    const wall = this.#clock.now();
    const elapsed = this.#clock.steady?.elapsed();
    if (elapsed === undefined || this.#elapsed === undefined) {
      this.#elapsed = elapsed;
      // Nothing to compare with yet, as after a start: how long the bot was away only the wall clock can say.
      this.notBefore(wall);
      return this.#latest;
    }
    const counted = Math.round(this.#latest + Math.max(0, elapsed - this.#elapsed)) as Instant;
    const ahead = wall - counted;
    this.#elapsed = elapsed;
    if (ahead < -DRIFT || ahead > LONGEST_STEP) {
      // It goes on by its own count: what is waited for comes when it would have come had nobody touched the clock.
      this.#trouble = { what: ahead < 0 ? "behind" : "far-ahead", wall };
      this.#latest = counted;
      return counted;
    }
    this.#trouble = undefined;
    this.notBefore(wall);
    if (ahead > DRIFT) this.#jumped(ahead);
    return this.#latest;
  }
  /** What is wrong with the wall clock, as of the last look. */
  get trouble(): ClockTrouble | undefined {
    return this.#trouble;
  }
  /** Something is on record with this time. */
  notBefore(at: Instant): void {
    if (at > this.#latest) this.#latest = at;
  }
  wakeAt(at: Instant, then: () => void): () => void {
    const { steady } = this.#clock;
    if (steady === undefined) return this.#clock.wakeAt(at, then);
    let cancel: () => void = () => undefined;
    const look = (): void => {
      const left = at - this.now();
      cancel = steady.sleep(Math.min(Math.max(left, 0), LONGEST_SLEEP), left <= 0 ? then : look);
    };
    look();
    return () => cancel();
  }
}
