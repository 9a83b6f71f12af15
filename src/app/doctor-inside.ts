/** How a running bot is, judged: whether it hears, what has not gone out, what it cannot read, which rooms are not right, whether its journal holds. */
import type { Check } from "../domain/doctor.ts";
import { attention, fine, wrong } from "../domain/doctor.ts";
import type { Instant, Zone } from "../domain/ids.ts";
import type { Line } from "../domain/say.ts";
import { line, list, nested, span, when } from "../domain/say.ts";
import type { Language } from "../domain/person.ts";
import { waitsMet } from "./doctor-server.ts";
import type { Vitals } from "./vitals.ts";
import { unsentIn } from "./vitals.ts";

declare module "../domain/say.ts" {
  interface Sayings {
    "doctor.running": { since: When; synced: When };
    "doctor.running-deaf": { reason: string };
    "doctor.running-deaf-cure": Record<never, never>;
    "doctor.running-mute": Record<never, never>;
    "doctor.running-mute-cure": Record<never, never>;
    "doctor.running-stuck": Record<never, never>;
    "doctor.running-stuck-cure": Record<never, never>;
    "doctor.running-safe-mode": Record<never, never>;
    "doctor.running-safe-mode-cure": Record<never, never>;
    "doctor.outbox": { count: number };
    "doctor.outbox-waits": { count: number; urgent: number; waiting: Span };
    "doctor.outbox-waits-cure": Record<never, never>;
    "doctor.outbox-set-aside": { count: number };
    "doctor.outbox-set-aside-cure": Record<never, never>;
    "doctor.undecryptable": Record<never, never>;
    "doctor.undecryptable-some": { count: number };
    "doctor.undecryptable-cure": Record<never, never>;
    "doctor.rooms": Record<never, never>;
    "doctor.rooms-undone": { count: number };
    "doctor.rooms-named": { rooms: List };
    "doctor.rooms-cure": Record<never, never>;
    "doctor.power": Record<never, never>;
    "doctor.power-undone": { count: number };
    "doctor.power-named": { rooms: List };
    "doctor.power-cure": Record<never, never>;
    "doctor.chain": { rows: number };
    "doctor.chain-at-start": { since: When };
    "doctor.chain-broken": { count: number };
    "doctor.chain-broken-cure": Record<never, never>;
  }
}

/** What is known of a running bot; in a file it is without names. */
export interface InsideFacts {
  readonly vitals: Vitals;
  /** Of the rooms that are not as they should be, those whose power levels are not. */
  readonly powerUndone: number;
  /** Times the homeserver made the bot wait. */
  readonly waitsMet: number;
  /** Rows of the chains that were just read through, and how many chains did not hold; missing if that was not done now. */
  readonly chains?: { readonly rows: number; readonly broken: number };
  /** Names of rooms for those who may know them. */
  readonly named?: { readonly rooms: readonly NamedRoom[]; readonly power: readonly NamedRoom[] };
}
/** The name of a room, and the language in which it was given. */
export interface NamedRoom {
  readonly name: Line;
  readonly language: Language;
}

/** Waits that are told, in milliseconds: of stops and P1, and of all else. */
const URGENT_LONG = 5_000;
const LONG = 60_000;

/** All checks of a running bot. Times in this zone. */
export function insideChecks(facts: InsideFacts, zone: Zone): Check[] {
  const { vitals, named } = facts;
  return [
    runningCheck(vitals, zone), outboxCheck(vitals),
    vitals.undecryptable === 0 ? fine("undecryptable", line("doctor.undecryptable", {}))
      : attention("undecryptable", line("doctor.undecryptable-some", { count: vitals.undecryptable }), line("doctor.undecryptable-cure", {})),
    ...roomChecks(vitals.roomsUndone, facts.powerUndone, named),
    waitsMet(facts.waitsMet), chainCheck(facts, zone),
  ];
}

function runningCheck({ notReady, isLive, started, synced, now }: Vitals, zone: Zone): Check {
  if (notReady.includes("safe-mode")) return wrong("running", line("doctor.running-safe-mode", {}), line("doctor.running-safe-mode-cure", {}));
  if (!isLive) return wrong("running", line("doctor.running-stuck", {}), line("doctor.running-stuck-cure", {}));
  const [reason] = notReady;
  if (reason === "not-sending") return wrong("running", line("doctor.running-mute", {}), line("doctor.running-mute-cure", {}));
  if (reason !== undefined) return wrong("running", line("doctor.running-deaf", { reason: reason.replaceAll("-", "_") }), line("doctor.running-deaf-cure", {}));
  return fine("running", line("doctor.running", { since: when(started ?? now, zone), synced: when(synced ?? now, zone) }));
}

function outboxCheck(vitals: Vitals): Check {
  const { unsent, setAside, now } = vitals;
  const waiting = (since: Instant | undefined): number => (since === undefined ? 0 : now - since);
  const urgent = unsent.stop.count + unsent.P1.count;
  const urgentWaits = Math.max(waiting(unsent.stop.oldest), waiting(unsent.P1.oldest));
  const longest = Math.max(urgentWaits, waiting(unsent.live.oldest), waiting(unsent.routine.oldest));
  const waits = line("doctor.outbox-waits", { count: unsentIn(vitals), urgent, waiting: span(longest) });
  if (urgent > 0 && urgentWaits > URGENT_LONG) return wrong("outbox", waits, line("doctor.outbox-waits-cure", {}));
  if (setAside > 0) return attention("outbox", line("doctor.outbox-set-aside", { count: setAside }), line("doctor.outbox-set-aside-cure", {}));
  if (longest > LONG) return attention("outbox", waits, line("doctor.outbox-waits-cure", {}));
  return fine("outbox", line("doctor.outbox", { count: unsentIn(vitals) }));
}

function roomChecks(undone: number, power: number, named: InsideFacts["named"]): Check[] {
  const names = (of: readonly NamedRoom[]) => list(of.map(({ name, language }) => nested(name, language)));
  const others = undone - power;
  return [
    power === 0 ? fine("power", line("doctor.power", {}))
      : wrong("power", named === undefined || named.power.length < power ? line("doctor.power-undone", { count: power }) : line("doctor.power-named", { rooms: names(named.power) }), line("doctor.power-cure", {})),
    others === 0 ? fine("rooms", line("doctor.rooms", {}))
      : attention("rooms", named === undefined || named.rooms.length < others ? line("doctor.rooms-undone", { count: others }) : line("doctor.rooms-named", { rooms: names(named.rooms) }), line("doctor.rooms-cure", {})),
  ];
}

function chainCheck({ chains, vitals }: InsideFacts, zone: Zone): Check {
  // A break in what is read at the start stops the start.
  if (chains === undefined) return fine("chain", line("doctor.chain-at-start", { since: when(vitals.started ?? vitals.now, zone) }));
  return chainVerdict(chains);
}
/** What reading the chains through gave. */
export function chainVerdict({ rows, broken }: { readonly rows: number; readonly broken: number }): Check {
  if (broken === 0) return fine("chain", line("doctor.chain", { rows }));
  return wrong("chain", line("doctor.chain-broken", { count: broken }), line("doctor.chain-broken-cure", {}));
}
