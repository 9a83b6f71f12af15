/**
 * Messages that cannot be dealt with yet: their key has not come, the homeserver gave no answer, or their room is being made. They stay in the inbox,
 * block nobody, and are tried again; whose message stays unreadable is told what to do, and what is given up in the end is on record.
 */
import type { Effect } from "../domain/effect.ts";
import type { EventId, Instant, UserId } from "../domain/ids.ts";
import { INSTALLATION } from "../domain/ids.ts";
import { line, message, when } from "../domain/say.ts";
import { rosterOf } from "../domain/workspace.ts";
import type { Clock, Inbox, Journal } from "../ports.ts";
import type { Alarms } from "./alarms.ts";
import type { Health } from "./health.ts";
import { directReader } from "./render.ts";
import type { Rooms } from "./rooms.ts";
import { present } from "./rooms.ts";
import type { Log } from "./system.ts";
import type { Turns } from "./turn.ts";
import type { World } from "./world.ts";
import type { Writer } from "./writer.ts";

declare module "../domain/say.ts" {
  interface Sayings {
    "late.unreadable": { who: string; count: number; since: When };
    "late.unreadable-cure": Record<never, never>;
    "late.unreadable-withheld": Record<never, never>;
    "late.waiting-full": { count: number };
  }
}

/** Most messages kept to be tried again. */
export const MOST_WAITING = 1_000;
/** Groups of one session tried after one sync. */
const TRIED_AT_ONCE = 100;
/** Tried again after this, then after twice that, and so on up to the longest; milliseconds. */
const FIRST_AGAIN = 5_000;
const LONGEST_AGAIN = 600_000;
/** The same person is told in the same room once in this time, in milliseconds. */
const TOLD_EVERY = 3_600_000;

/** Why it waits: for its key (which never came, or was refused us), for an answer of the homeserver, for its room. */
export type Reason = "no-key" | "withheld" | "server" | "room";

interface Kept {
  readonly row: Inbox;
  readonly why: Reason;
  /** Opened by the same key. */
  readonly group: string;
  readonly since: Instant;
  readonly tries: number;
  readonly next: Instant;
  readonly told: boolean;
}

/** What waiting needs. */
export interface WaitingParts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly world: World;
  readonly rooms: Rooms;
  readonly health: Health;
  readonly alarms: Alarms;
  readonly writer: Writer;
  readonly turns: Turns;
  readonly log: Log;
  readonly gateway: { readonly user: UserId };
  readonly prefix: string;
  /** Its author is told after so long, and it is given up after so long; milliseconds. */
  readonly unreadableTold: number;
  readonly unreadableKept: number;
}

/** Keeps what cannot be dealt with yet. */
export class Waiting {
  readonly #parts: WaitingParts;
  readonly #kept = new Map<EventId, Kept>();
  /** By person and room: when they were last told. */
  readonly #toldAt = new Map<string, Instant>();
  #startedAt = 0;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(parts: WaitingParts) {
    this.#parts = parts;
  }
  start(): void {
    this.#startedAt = this.#parts.clock.now();
  }
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }
  /** How many messages wait in the inbox, and how many of those for their key. */
  counts(): { readonly all: number; readonly undecryptable: number } {
    return { all: this.#kept.size, undecryptable: [...this.#kept.values()].filter(isKeyless).length };
  }
  /** Keeps one; where there is no place left, whoever has most loses the newest of theirs. */
  async add(row: Inbox, why: Reason): Promise<void> {
    const now = this.#parts.clock.now();
    const before = this.#kept.get(row.event);
    const tries = before === undefined ? 0 : before.tries + 1;
    const kept: Kept = {
      row, why, group: isKeyless({ why }) ? `${row.room} ${sessionOf(row)}` : row.event, since: before?.since ?? (Math.max(row.received, this.#startedAt) as Instant),
      tries, next: (isKeyless({ why }) ? now + Math.min(LONGEST_AGAIN, FIRST_AGAIN * 2 ** tries) : now) as Instant, told: before?.told ?? false,
    };
    if (isKeyless(kept) && (before === undefined || !isKeyless(before))) this.#parts.health.count("undecryptable");
    this.#kept.set(row.event, kept);
    if (this.#kept.size > MOST_WAITING) await this.#makePlace();
    this.#arm();
  }
  /** It could be opened. */
  opened(row: Inbox): void {
    const kept = this.#kept.get(row.event);
    if (kept === undefined) return;
    this.#kept.delete(row.event);
    if (isKeyless(kept)) this.#parts.health.count("late");
  }
  /** It is over without having been opened. */
  drop(row: Inbox): void {
    this.#kept.delete(row.event);
  }
  /**
   * Those to be tried now: of messages of one key only the oldest, because the others open with it or not at all. Keys that came with a sync may be
   * any of them.
   */
  due(keysCame: boolean): readonly Inbox[] {
    const now = this.#parts.clock.now();
    const groups = new Map<string, Kept>();
    for (const kept of this.#kept.values()) {
      if (kept.next > now && !(keysCame && isKeyless(kept))) continue;
      const first = groups.get(kept.group);
      if (first === undefined || kept.row.order < first.row.order) groups.set(kept.group, kept);
    }
    return [...groups.values()].toSorted((a, b) => a.tries - b.tries || a.since - b.since).slice(0, TRIED_AT_ONCE).map(({ row }) => row);
  }
  /** The others that wait for the key of one that has just been opened. */
  sameKey(row: Inbox): readonly Inbox[] {
    const group = `${row.room} ${sessionOf(row)}`;
    return [...this.#kept.values()].filter((kept) => kept.group === group).map((kept) => kept.row).toSorted((a, b) => a.order - b.order);
  }
  /** Whether it still waits. */
  has(row: Inbox): boolean {
    return this.#kept.has(row.event);
  }

  /** Whoever has most of the places loses the newest: a flood of one person takes nobody else's. */
  async #makePlace(): Promise<void> {
    const { alarms, log } = this.#parts;
    const byPerson = Map.groupBy(this.#kept.values(), (kept) => kept.row.sender);
    const most = [...byPerson.values()].toSorted((a, b) => b.length - a.length)[0]?.at(-1);
    if (most === undefined) return;
    log.error("inbox.full", { count: this.#kept.size });
    await this.#giveUp([most], "waiting-full");
    alarms.give(INSTALLATION, { what: "waiting-full", about: "inbox", lines: [line("late.waiting-full", { count: MOST_WAITING })] });
  }
  async #giveUp(all: readonly Kept[], what: string): Promise<void> {
    const { journal, clock } = this.#parts;
    for (const kept of all) this.#kept.delete(kept.row.event);
    const counted = new Map<string, number>();
    for (const { why } of all) counted.set(why, (counted.get(why) ?? 0) + 1);
    await journal.commit({
      rows: [...counted].map(([why, count]) => ({
        chain: INSTALLATION, at: clock.now(), trust: "none", event: { type: "system.noted", v: 1, what, facts: { why, count } },
      })),
      inboxEnds: all.map(({ row }) => ({ event: row.event, end: "undecryptable" })),
    });
  }
  /** Wakes when somebody has to be told, or something is given up. */
  #arm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#stopped) return;
    let soonest = Number.POSITIVE_INFINITY;
    for (const kept of this.#kept.values()) if (isKeyless(kept)) soonest = Math.min(soonest, this.#givenUpAt(kept), kept.told ? Number.POSITIVE_INFINITY : this.#toldFrom(kept));
    if (soonest === Number.POSITIVE_INFINITY) return;
    this.#cancel = this.#parts.clock.wakeAt(soonest as Instant, () => void this.#settle().catch((fault: unknown) => void this.#parts.log.bug("inbox.settle-failed", fault)));
  }
  #givenUpAt(kept: Kept): Instant {
    return (kept.row.received + this.#parts.unreadableKept) as Instant;
  }
  /** Right after a start keys may still be on their way: it takes longer then. */
  #toldFrom({ row, since }: Kept): Instant {
    const { unreadableTold } = this.#parts;
    const last = this.#toldAt.get(`${row.sender} ${row.room}`);
    return Math.max(since + unreadableTold, this.#startedAt + 2 * unreadableTold, last === undefined ? 0 : last + TOLD_EVERY) as Instant;
  }
  async #settle(): Promise<void> {
    if (this.#stopped) return;
    const now = this.#parts.clock.now();
    const keyless = [...this.#kept.values()].filter(isKeyless);
    const over = keyless.filter((kept) => this.#givenUpAt(kept) <= now);
    if (over.length > 0) await this.#giveUp(over, "undecryptable");
    const groups = Map.groupBy(keyless.filter((kept) => !kept.told && this.#kept.has(kept.row.event)), ({ row }) => `${row.sender} ${row.room}`);
    for (const [id, group] of groups) {
      if (!group.some((kept) => this.#toldFrom(kept) <= now)) continue;
      if (this.#toldAt.size >= MOST_WAITING) this.#toldAt.clear();
      this.#toldAt.set(id, now);
      for (const kept of group) this.#kept.set(kept.row.event, { ...kept, told: true });
      await this.#tell(group, now);
    }
    this.#arm();
  }
  /** Without content, in the sender's language; where others read who may not know, or the room is not encrypted, in their direct chat. */
  async #tell(group: readonly Kept[], now: Instant): Promise<void> {
    const { clock, world, rooms, writer, turns, health, gateway, prefix } = this.#parts;
    const [first] = group;
    const person = first === undefined ? undefined : world.people.get(first.row.sender);
    const at = first === undefined ? undefined : world.placed(first.row.room);
    if (first === undefined || person === undefined || at === undefined) return;
    health.count("undecryptable_told", group.length);
    const seen = rooms.get(first.row.room);
    const isDirect = at.chain === INSTALLATION;
    const isSafe = !isDirect && seen?.encryption !== undefined && present(seen, gateway.user).joined.every((user) => rosterOf(world.scope(at.chain), at.slot).includes(user));
    const who = isDirect ? person.user : world.member(at.chain, person.user)?.callSign ?? person.user;
    const since = when(Math.min(...group.map(({ row }) => row.received)) as Instant, person.zone);
    const said = message(
      line("late.unreadable", { who, count: group.length, since }),
      line(group.some(({ why }) => why === "withheld") ? "late.unreadable-withheld" : "late.unreadable-cure", {}),
    );
    const to: Extract<Effect, { effect: "say" }>["to"] = isSafe ? { to: "origin" } : { to: "people", users: [person.user] };
    const home = { at, reader: { ...directReader(person, now), prefix: isDirect ? "" : prefix } };
    await writer.do("live", () => turns.commit({
      now: clock.now(), parts: [], trust: "none", cause: first.row.event, ...(isSafe ? { home } : {}),
      notes: [{ chain: at.chain, what: "undecryptable-told", facts: { count: group.length }, effects: [{ effect: "say", to, message: said, wakes: false, lane: "live" }] }],
    }));
  }
}

function isKeyless({ why }: Pick<Kept, "why">): boolean {
  return why === "no-key" || why === "withheld";
}
/** The Megolm session that the message names; a claim, only to try together what opens together. */
function sessionOf(row: Inbox): string {
  const { content } = JSON.parse(row.wire) as { readonly content?: { readonly session_id?: unknown } };
  return typeof content?.session_id === "string" ? content.session_id.slice(0, 100) : row.event;
}
