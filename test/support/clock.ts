/** A clock that only moves when a test moves it. */
import type { Instant } from "../../src/domain/ids.ts";
import type { Clock } from "../../src/ports.ts";

export class HandClock implements Clock {
  #now: Instant;
  #wakes: { readonly at: Instant; readonly then: () => void }[] = [];

  constructor(now: Instant) {
    this.#now = now;
  }
  now(): Instant {
    return this.#now;
  }
  wakeAt(at: Instant, then: () => void): () => void {
    const wake = { at, then };
    this.#wakes.push(wake);
    return () => {
      this.#wakes = this.#wakes.filter((each) => each !== wake);
    };
  }
  /** Moves on to `at`, waking everybody on the way in order. */
  moveTo(at: Instant): void {
    for (;;) {
      const next = this.#wakes.filter((wake) => wake.at <= at).toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#wakes = this.#wakes.filter((wake) => wake !== next);
      if (next.at > this.#now) this.#now = next.at;
      next.then();
    }
    this.#now = at;
  }
}
