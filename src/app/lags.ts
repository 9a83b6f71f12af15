/**
 * Which messages of other homeservers have been on their way for long. The sync through which they come says nothing of that; the time that their
 * server put on them does. It is a claim and its clock may be wrong, so what counts is how much later a message is than others of that server.
 */
import type { Instant } from "../domain/ids.ts";

/** A server all of whose messages seem late for so long (milliseconds), and so many, has a clock that is behind. */
const WRONG_FOR = 600_000;
const WRONG_COUNT = 5;
/** Homeservers remembered; beyond that all begin anew. */
const MOST = 10_000;

interface Lag {
  /** Least time that anything of this server took lately, by its own clock and ours; never below zero. Milliseconds. */
  readonly usual: number;
  /** Seemingly late ones, with none in time between them. */
  readonly late?: { readonly since: Instant; readonly count: number; readonly least: number };
}

/** Remembers, server by server. */
export class Lags {
  readonly #servers = new Map<string, Lag>();

  /** One more event of that server. `sent`: when it was sent by its clock, or anything else. Whether it took more than `most` milliseconds longer than is usual. */
  isLate(server: string, sent: unknown, now: Instant, most: number): boolean {
    if (typeof sent !== "number" || !(sent > 0)) return false;
    const lag = Math.max(0, now - sent);
    const before = this.#servers.get(server) ?? { usual: 0 };
    if (lag - before.usual <= most) {
      this.#put(server, { usual: Math.min(before.usual, lag) });
      return false;
    }
    const { since = now, count = 0, least = lag } = before.late ?? {};
    const late = { since, count: count + 1, least: Math.min(least, lag) };
    const isClock = now - late.since >= WRONG_FOR && late.count >= WRONG_COUNT;
    this.#put(server, isClock ? { usual: late.least } : { usual: before.usual, late });
    return !isClock;
  }
  #put(server: string, lag: Lag): void {
    if (this.#servers.size >= MOST && !this.#servers.has(server)) this.#servers.clear();
    this.#servers.set(server, lag);
  }
}
