/** Renews the time on the boards of moving deliveries, so that people see when the bot has gone silent. No row of the journal is written for it. */
import type { Instant } from "../domain/ids.ts";
import { deliverySlot } from "../domain/ids.ts";
import type { Clock, Journal, NewOutbox, Random } from "../ports.ts";
import type { Health } from "./health.ts";
import type { Body, OutboxSender } from "./outbox.ts";
import { LIVE_EVERY } from "./outbox.ts";
import type { Log } from "./system.ts";
import type { Placed, World } from "./world.ts";

/** How often it is looked whose time is too old; with {@link LIVE_EVERY} less than what a board promises. Milliseconds. */
const LOOK_EVERY = 5 * 60_000;
/** A bot that has not heard from the homeserver for so long hears nobody: then no board says that it is there. Milliseconds. */
const DEAF_AFTER = 2 * 60_000;

/** What it needs. */
export interface LiveBoardsParts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Pick<Random, "id">;
  readonly world: World;
  readonly outbox: OutboxSender;
  readonly health: Health;
  readonly log: Log;
}

/** Keeps the boards of what moves alive. */
export class LiveBoards {
  readonly #parts: LiveBoardsParts;
  #cancel: (() => void) | undefined;

  constructor(parts: LiveBoardsParts) {
    this.#parts = parts;
  }
  start(): void {
    const { clock, log } = this.#parts;
    this.#cancel = clock.wakeAt((clock.now() + LOOK_EVERY) as Instant, () => {
      this.start();
      void this.#renew().catch((fault: unknown) => void log.bug("boards.not-renewed", fault));
    });
  }
  stop(): void {
    this.#cancel?.();
  }
  async #renew(): Promise<void> {
    const { journal, clock, random, outbox, health } = this.#parts;
    const now = clock.now();
    if (now - (health.when("synced") ?? 0) > DEAF_AFTER) return;
    const rows: NewOutbox[] = [];
    for (const at of this.#moving()) {
      const place = await outbox.boardPlace(at, false);
      if (place === undefined || now - (place.live ?? 0) < LIVE_EVERY || outbox.boardWaits(at, false)) continue;
      const body: Body = { kind: "board", at, renews: true };
      rows.push({ id: random.id(), chain: at.chain, lane: "routine", created: now, body: JSON.stringify(body) });
    }
    if (rows.length === 0) return;
    await journal.commit({ outbox: rows });
    outbox.add(rows);
  }
  /** Only the delivery's own room: another board that is renewed while something moves would tell everybody there that something does. */
  #moving(): readonly Placed[] {
    const { world } = this.#parts;
    return world.cases.flatMap((chain) =>
      [...world.scope(chain).state.delivery.values()].filter((delivery) => delivery.state === "moving").map(({ id }): Placed => ({ chain, slot: deliverySlot(id) })));
  }
}
