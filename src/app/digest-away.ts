/** After a downtime: one message to each person, once what was said meanwhile has been read and what fell due has been decided. */
import type { Effect } from "../domain/effect.ts";
import { tellPeople } from "../domain/effect.ts";
import { missedBy } from "../domain/away.ts";
import type { Instant } from "../domain/ids.ts";
import { INSTALLATION } from "../domain/ids.ts";
import type { Windows } from "../domain/windows.ts";
import type { Clock, Journal } from "../ports.ts";
import type { Log } from "./system.ts";
import type { Turns } from "./turn.ts";
import type { World } from "./world.ts";
import type { Writer } from "./writer.ts";

/** Kept until the digest has been given, so that one downtime that ends in a crash is not forgotten. */
const AWAY = "away:since";
/** A shorter downtime is none that people have to be told of: every alert and every reminder of its time comes by itself. Milliseconds. */
const SHORTEST = 300_000;
/** What fell due is given so long to be decided, in milliseconds. */
const SETTLING = 2_000;

/** What the digest needs. */
export interface DigestParts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly world: World;
  readonly writer: Writer;
  readonly turns: Turns;
  readonly windows: Windows;
  readonly log: Log;
  /** Whether something of what was said meanwhile is still being read. */
  isReading(): boolean;
}

/** Gives the digest of a downtime. */
export class DigestAway {
  readonly #parts: DigestParts;
  #since: Instant | undefined;
  #startedAt = 0 as Instant;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(parts: DigestParts) {
    this.#parts = parts;
  }
  /** `syncedAt`: when an earlier run was last awake. */
  async start(syncedAt: Instant | undefined): Promise<void> {
    const { journal, clock } = this.#parts;
    this.#startedAt = clock.now();
    const kept = await journal.value(AWAY);
    if (kept !== undefined) this.#since = Number(kept) as Instant;
    else if (syncedAt !== undefined && this.#startedAt - syncedAt > SHORTEST) {
      this.#since = syncedAt;
      await journal.commit({ values: { [AWAY]: String(syncedAt) } });
    }
  }
  /** The machine slept since then. */
  slept(since: Instant): void {
    if (this.#parts.clock.now() - since < SHORTEST) return;
    this.#since ??= since;
    this.#startedAt = this.#parts.clock.now();
    this.#cancel?.();
    this.soon();
  }
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }
  /** Whether what fell due at this moment did so while the bot was away: the digest tells of it. */
  covers(at: Instant): boolean {
    return this.#since !== undefined && at <= this.#startedAt;
  }
  /** The first sync has been dealt with. */
  soon(): void {
    if (this.#since === undefined || this.#stopped) return;
    const { clock, writer, log } = this.#parts;
    this.#cancel = clock.wakeAt((clock.now() + SETTLING) as Instant, () => {
      if (this.#parts.isReading()) this.soon();
      else void writer.do("late", () => this.#give()).catch((fault: unknown) => void log.bug("digest.failed", fault));
    });
  }
  async #give(): Promise<void> {
    const { clock, world, turns, windows } = this.#parts;
    if (this.#since === undefined || this.#stopped) return;
    const now = clock.now();
    const away = { from: this.#since, back: this.#startedAt, to: now };
    this.#since = undefined;
    const effects = [...world.people.keys()].flatMap((user): Effect[] => {
      const said = missedBy(world.casesOf(user).map((id) => world.scope(id)), user, away, windows);
      return said === undefined ? [] : [tellPeople([user], said)];
    });
    await turns.commit({
      now, parts: [], trust: "none", values: { [AWAY]: null },
      notes: [{ chain: INSTALLATION, what: "away", facts: { from: away.from, to: away.to, told: effects.length }, effects }],
    });
  }
}
