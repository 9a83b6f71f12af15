/** Time that a run moves by hand. */
import type { Instant } from "../../src/domain/ids.ts";
import type { Clock } from "../../src/ports.ts";

interface Wake {
  readonly at: Instant;
  readonly then: () => void;
  readonly order: number;
}

/** What waits for no time at all is woken at once, though not before whoever asked has gone on. */
export class SimClock implements Clock {
  #now: Instant;
  readonly #wakes = new Set<Wake>();
  #order = 0;
  /** Wakes that come without time passing and have not come yet. */
  soon = 0;
  /** How many have come. */
  woken = 0;

  constructor(now: Instant) {
    this.#now = now;
  }
  now(): Instant {
    return this.#now;
  }
  wakeAt(at: Instant, then: () => void): () => void {
    const wake = { at, then, order: (this.#order += 1) };
    this.#wakes.add(wake);
    if (at <= this.#now) this.atOnce(() => this.#fire(wake));
    return () => void this.#wakes.delete(wake);
  }
  /** When everything that is under way has gone as far as it can. */
  atOnce(then: () => void): void {
    this.soon += 1;
    process.nextTick(() => {
      this.soon -= 1;
      this.woken += 1;
      then();
    });
  }
  #fire(wake: Wake): void {
    if (this.#wakes.delete(wake)) wake.then();
  }
  /** The earliest instant that anybody waits for. */
  next(): Instant | undefined {
    let soonest: Instant | undefined;
    for (const { at } of this.#wakes) if (soonest === undefined || at < soonest) soonest = at;
    return soonest;
  }
  /** Moves to an instant and wakes whoever waits for it, in order. */
  moveTo(at: Instant): void {
    if (at > this.#now) this.#now = at;
    const due = [...this.#wakes].filter((wake) => wake.at <= this.#now).toSorted((one, other) => one.at - other.at || one.order - other.order);
    for (const wake of due) this.#fire(wake);
  }
  /** Somebody sets the clock: nobody is woken by that, and those who wait go on waiting for the same hour. */
  set(at: Instant): void {
    this.#now = at;
  }
  /** Nobody waits any more: the process that did is gone. */
  forget(): void {
    this.#wakes.clear();
  }
}
