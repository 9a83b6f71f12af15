/** After a start on a journal that was restored: everybody is told once, when the rooms have been seen. */
import { z } from "zod";
import type { ChainId, Instant, UserId } from "../domain/ids.ts";
import { INSTALLATION } from "../domain/ids.ts";
import type { Missing, RestoredFrom } from "../domain/restored.ts";
import { tellOwnersRestored, tellRestored } from "../domain/restored.ts";
import { DEVICE_VALUE, RESTORED_VALUE } from "../journal/journal.ts";
import type { Clock, Crypto, Gateway, Journal } from "../ports.ts";
import { postedCheckpoints } from "./posted-checkpoints.ts";
import type { Log } from "./system.ts";
import type { Note, Turns } from "./turn.ts";
import type { World } from "./world.ts";
import type { Writer } from "./writer.ts";

const restoredShape = z.object({ epoch: z.string(), copied: z.int(), at: z.int() });

/** What telling needs. */
export interface RecoveryParts {
  readonly journal: Journal;
  readonly gateway: Gateway;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly world: World;
  readonly writer: Writer;
  readonly turns: Turns;
  readonly log: Log;
  readonly owners: readonly UserId[];
}

/** Knows whether the journal was restored and nobody has been told of it yet. */
export class Recovery {
  readonly #parts: RecoveryParts;
  /** With which row each chain goes on. */
  readonly #rows = new Map<ChainId, number>();
  #from: RestoredFrom | undefined;
  #told = false;

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }
  /** A row says that its chain goes on from a copy. */
  goesOn(chain: ChainId, seq: number): void {
    this.#rows.set(chain, seq);
  }
  /** Also notes on which device the bot runs: a new one is on record. */
  async load(): Promise<void> {
    const { journal, gateway, clock } = this.#parts;
    const value = await journal.value(RESTORED_VALUE);
    const read = value === undefined ? undefined : restoredShape.parse(JSON.parse(value));
    this.#from = read === undefined ? undefined : { copied: read.copied as Instant, restored: read.at as Instant };
    const before = await journal.value(DEVICE_VALUE);
    if (before === gateway.device) return;
    const rows = before === undefined ? [] : [{ chain: INSTALLATION, at: clock.now(), trust: "none", event: { type: "system.noted", v: 1, what: "device-changed", facts: {} } } as const];
    await journal.commit({ rows, values: { [DEVICE_VALUE]: gateway.device } });
  }
  /** Whether a message may have been sent by what was lost, so that it has to be looked for before it is sent. */
  maySent(created: Instant): boolean {
    return this.#from !== undefined && created <= this.#from.restored;
  }
  /** Tells all cases and the owners, in one turn: after a crash it is told as a whole, or not yet. */
  async tell(): Promise<void> {
    const { world, writer, turns, clock, owners } = this.#parts;
    const from = this.#from;
    if (from === undefined || this.#told) return;
    const missing = new Map<ChainId, Missing>();
    for (const chain of world.cases) {
      const found = await this.#missing(chain);
      if (found !== undefined) missing.set(chain, found);
    }
    await writer.do("live", async () => {
      const now = clock.now();
      const notes: Note[] = world.cases.filter((chain) => world.scope(chain).state.case.size > 0).map((chain) => ({
        chain, what: "restored-told", facts: { copied: from.copied }, effects: tellRestored(world.scope(chain), from, missing.get(chain), now),
      }));
      notes.push({ chain: INSTALLATION, what: "restored-told", facts: { copied: from.copied, cases: notes.length }, effects: tellOwnersRestored(world.scope(INSTALLATION), owners, from, notes.length) });
      await turns.commit({ now, parts: [], trust: "none", notes, values: { [RESTORED_VALUE]: null } });
    });
    this.#told = true;
  }
  /** What the newest checkpoint in the coordination room shows to be missing; undefined if it cannot be read or shows nothing. */
  async #missing(chain: ChainId): Promise<Missing | undefined> {
    const from = this.#rows.get(chain);
    if (from === undefined) return undefined;
    const posted = await postedCheckpoints(chain, this.#parts).catch((fault: unknown) => {
      this.#parts.log.bug("recovery.checkpoints-unread", fault);
      return [];
    });
    const newest = posted.filter(({ seq }) => seq >= from).toSorted((a, b) => b.seq - a.seq)[0];
    return newest === undefined ? undefined : { from, to: newest.seq, signed: newest.at };
  }
}
