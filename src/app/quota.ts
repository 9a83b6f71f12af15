/** Counts what each person asks for, and says once when it becomes too much; a stop, an acknowledgement and an answer are never too much. */
import type { Command } from "../chat/command.ts";
import type { UserId } from "../domain/ids.ts";
import { spend } from "../domain/quota.ts";
import type { Allowance } from "../domain/quota.ts";
import type { Clock } from "../ports.ts";

declare module "../domain/say.ts" {
  interface Sayings {
    "quota.too-fast": { most: number };
    "quota.not-read": { count: number };
    "quota.too-many-open": { most: number };
  }
}

/** People counted; beyond that all begin anew, which allows a few more. */
const MOST_PEOPLE = 10_000;
/** Takes note of an alert: what was asked for must always be possible to answer. */
const ANSWERS: ReadonlySet<string> = new Set(["alert ack", "alert decline", "alert take"]);

/** Allowances of all people. */
export class Quota {
  readonly #clock: Clock;
  readonly #perMinute: number;
  readonly #allowances = new Map<string, Allowance>();

  constructor(clock: Clock, perMinute: number) {
    this.#clock = clock;
    this.#perMinute = perMinute;
  }
  /**
   * One more message that is to be read as a command; `command` if it is one. `first`: the first that is not read, of which its author is told.
   * `missed`: how many were not read before this one, which is.
   */
  take(user: UserId, command: Command | undefined, late: boolean): { readonly isAllowed: boolean; readonly first: boolean; readonly missed: number } {
    if (command !== undefined && (command.weight === "stop" || ANSWERS.has(command.name))) return { isAllowed: true, first: false, missed: 0 };
    const key = `${late ? "late" : "live"} ${user}`;
    const before = this.#allowances.get(key);
    const { isAllowed, after } = spend(before, this.#perMinute, late, this.#clock.now());
    if (this.#allowances.size >= MOST_PEOPLE && before === undefined) this.#allowances.clear();
    this.#allowances.set(key, after);
    return { isAllowed, first: after.refused === 1, missed: isAllowed ? before?.refused ?? 0 : 0 };
  }
}
