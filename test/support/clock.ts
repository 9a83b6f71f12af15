/** A clock that only moves when a test moves it. */
import type { Instant } from "../../src/domain/ids.ts";
import type { Clock } from "../../src/ports.ts";

/** Wakes in the order of the instants waited for. */
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
  /** The earliest instant waited for until `end`. */
  next(end: Instant): Instant | undefined {
    const times = this.#wakes.map((wake) => wake.at).filter((at) => at <= end);
    return times.length === 0 ? undefined : (Math.min(...times) as Instant);
  }
  /** Wakes everybody whose time has come, in order. */
  fireDue(): void {
    for (;;) {
      const due = this.#wakes.filter((wake) => wake.at <= this.#now).toSorted((a, b) => a.at - b.at)[0];
      if (due === undefined) return;
      this.#wakes = this.#wakes.filter((wake) => wake !== due);
      due.then();
    }
  }
  /** Moves on to `at`, waking everybody on the way. */
  moveTo(at: Instant): void {
    for (let next = this.next(at); next !== undefined; next = this.next(at)) {
      if (next > this.#now) this.#now = next;
      this.fireDue();
    }
    if (at > this.#now) this.#now = at;
  }
}
