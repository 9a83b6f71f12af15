/** How the bot is, in figures: what waits, since when it hears nothing, what is not as it should be. Without a name, an id or a word of a case. */
import type { Lane } from "../domain/effect.ts";
import { LANES } from "../domain/effect.ts";
import type { Instant } from "../domain/ids.ts";
import type { NotReady } from "../domain/status.ts";
import type { Health } from "./health.ts";

/** An answer to /sync comes at least every 30 s; after this many milliseconds without one, what people say is not heard. */
const SILENT_AFTER = 120_000;
/** The loop that asks for news comes round at least this often, in milliseconds, unless the homeserver made it wait. */
const STUCK_AFTER = 600_000;

/** What waits in one lane of the outbox. */
export interface LaneVitals {
  readonly count: number;
  /** When the oldest of it was decided. */
  readonly oldest?: Instant;
}

/** How the bot is at one moment. */
export interface Vitals {
  readonly now: Instant;
  readonly started?: Instant;
  /** When it last dealt with an answer of the homeserver. */
  readonly synced?: Instant;
  readonly notReady: readonly NotReady[];
  /** Whether the loop that asks for news still comes round. */
  readonly isLive: boolean;
  readonly inboxWaiting: number;
  readonly undecryptable: number;
  readonly unsent: Readonly<Record<Lane, LaneVitals>>;
  readonly setAside: number;
  readonly roomsUndone: number;
  readonly timers: number;
}

/** What the parts of the app tell of themselves. */
export interface Told {
  readonly now: Instant;
  readonly health: Pick<Health, "when">;
  readonly stopped: boolean;
  /** Its journal is unfit, and it does nothing but say so. */
  readonly safe: boolean;
  readonly inbox: { readonly all: number; readonly undecryptable: number };
  readonly outbox: readonly { readonly lane: Lane; readonly created: Instant; readonly setAside: boolean }[];
  readonly roomsUndone: number;
  readonly timers: number;
}

/** The vitals at this moment. */
export function vitalsOf({ now, health, stopped, safe, inbox, outbox, roomsUndone, timers }: Told): Vitals {
  const [started, synced, tried, waits, unsendable] = [health.when("started"), health.when("synced"), health.when("tried"), health.when("waits"), health.when("unsendable")];
  const notReady: NotReady[] = [
    ...(stopped ? ["stopping" as const] : []),
    ...(safe ? ["safe-mode" as const] : []),
    ...(synced === undefined ? ["starting" as const] : now - synced > SILENT_AFTER ? ["not-synced" as const] : []),
    ...(outbox.length > 0 && unsendable !== undefined && now - unsendable > SILENT_AFTER ? ["not-sending" as const] : []),
  ];
  const lane = (of: Lane): LaneVitals => {
    const rows = outbox.filter((row) => row.lane === of);
    if (rows.length === 0) return { count: 0 };
    return { count: rows.length, oldest: rows.reduce((oldest, row) => (row.created < oldest ? row.created : oldest), now) };
  };
  return {
    now, notReady,
    isLive: now - Math.max(tried ?? started ?? now, waits ?? 0) < STUCK_AFTER,
    ...(started === undefined ? {} : { started }), ...(synced === undefined ? {} : { synced }),
    inboxWaiting: inbox.all, undecryptable: inbox.undecryptable,
    unsent: Object.fromEntries(LANES.map((each) => [each, lane(each)])) as Record<Lane, LaneVitals>,
    setAside: outbox.filter((row) => row.setAside).length,
    roomsUndone, timers,
  };
}

/** How many messages have not gone out, in all lanes. */
export function unsentIn(vitals: Pick<Vitals, "unsent">): number {
  return Object.values(vitals.unsent).reduce((sum, each) => sum + each.count, 0);
}
