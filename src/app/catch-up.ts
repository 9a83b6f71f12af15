/**
 * What limited timelines left out: read back page by page to the last event seen, each page durable before the next is asked for, beside the sync, so
 * that nothing that is said now waits for what was said then. Rooms of live deliveries come first.
 */
import type { ChainId, EventId, Instant, RoomId } from "../domain/ids.ts";
import { INSTALLATION, directUser } from "../domain/ids.ts";
import { line, nested } from "../domain/say.ts";
import { desiredRoom } from "../domain/workspace.ts";
import type { Clock, Gateway, Inbox, Journal, NewInbox, SyncedRoom, TimelineEvent } from "../ports.ts";
import type { Alarms } from "./alarms.ts";
import { inOrder, rank } from "./catch-up-order.ts";
import type { Health } from "./health.ts";
import { faultOf } from "./outbox.ts";
import { pause } from "./pause.ts";
import type { Redactions } from "./redactions.ts";
import type { Log } from "./system.ts";
import type { World } from "./world.ts";

declare module "../domain/say.ts" {
  interface Sayings {
    "late.gap": { room: Fact };
  }
}

/** Events asked for at once. */
const PAGE = 100;
/** Most of one gap that is read back: pages, messages and their bytes; what lies beyond has to be asked for again. */
const MOST_PAGES = 500;
const MOST_EVENTS = 20_000;
const MOST_BYTES = 64 * 1024 * 1024;
/** Last events of a room remembered, to know where a gap ends though one of them has been redacted or reordered. */
const REMEMBERED = 20;
/** Timers wait for the rooms they depend on at most so long, in milliseconds. */
const LONGEST_WAIT = 60_000;
/** For what wakes people the next page waits at most so long, and is looked for this often; milliseconds. */
const LONGEST_YIELD = 2_000;
const YIELD_LOOK = 50;
/** A homeserver that does not answer is asked again after this, in milliseconds. */
const AGAIN = 2_000;
const GAP = "gap:";
const SEEN = "seen:";

/** One gap as it is kept between pages. */
export interface Gap {
  readonly room: RoomId;
  /** Names the gap; holds the moment it was found in, so that gaps of one room are read in their order. */
  readonly id: string;
  readonly found: Instant;
  /** Where the next page begins. */
  readonly from: string;
  /** Events that were known before the gap. */
  readonly until: readonly EventId[];
  readonly pages: number;
  readonly events: number;
  readonly bytes: number;
}

/** What catching up needs. */
export interface CatchUpParts {
  readonly journal: Journal;
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly world: World;
  readonly health: Health;
  readonly alarms: Alarms;
  readonly log: Log;
  readonly redactions: Redactions;
  /** Whether something that wakes people is just being sent. */
  isSayingUrgent(): boolean;
  /** Deals with those among them that say stop, at once; gives back the others. */
  urgent(rows: readonly Inbox[]): Promise<readonly Inbox[]>;
  /** Deals with them in this order, without asking again whether they wait for a gap; each is late. */
  take(rows: readonly Inbox[]): Promise<void>;
}

/** Reads gaps. */
export class CatchUp {
  readonly #parts: CatchUpParts;
  readonly #gaps = new Map<string, Gap>();
  /** Messages that wait until their gap has been read. */
  readonly #held = new Map<string, Inbox[]>();
  readonly #seen = new Map<RoomId, readonly EventId[]>();
  /** The same of rooms of which nothing has been asked since the start, as it is kept. */
  readonly #saved = new Map<RoomId, string>();
  readonly #unsaved = new Set<RoomId>();
  /** Gaps that have been read and whose messages are being dealt with. */
  readonly #taking = new Map<string, Gap>();
  /** The page after the one that is being dealt with, asked for meanwhile. */
  #ahead: { readonly gap: string; readonly from: string; readonly page: ReturnType<Gateway["messages"]> } | undefined;
  #startedAt = 0;
  #isRunning = false;
  #stopped = false;
  #found = 0;

  constructor(parts: CatchUpParts) {
    this.#parts = parts;
  }
  async load(): Promise<void> {
    const { journal, clock } = this.#parts;
    this.#startedAt = clock.now();
    for (const [name, text] of await journal.values(SEEN)) this.#saved.set(name.slice(SEEN.length) as RoomId, text);
    for (const text of (await journal.values(GAP)).values()) {
      const gap = JSON.parse(text) as Gap;
      this.#gaps.set(gap.id, gap);
    }
  }
  stop(): void {
    this.#stopped = true;
  }

  /** What a sync left out of a room, if it did and it is known where it begins. */
  find(synced: SyncedRoom, now: Instant): Gap | undefined {
    if (synced.prevBatch === undefined) return undefined;
    const id = `${now}.${(this.#found += 1)}/${synced.room}`;
    return { room: synced.room, id, found: now, from: synced.prevBatch, until: this.#seenIn(synced.room), pages: 0, events: 0, bytes: 0 };
  }
  /** Events that a sync showed; kept in memory until {@link values} are made durable with its token. */
  saw(room: RoomId, timeline: readonly TimelineEvent[]): void {
    if (timeline.length === 0) return;
    const ids = timeline.slice(-REMEMBERED).map((each) => each.event);
    this.#seen.set(room, [...this.#seenIn(room), ...ids].slice(-REMEMBERED));
    this.#unsaved.add(room);
  }
  /** A long-lived installation has many rooms, of which most are silent: at the start none of them is read. */
  #seenIn(room: RoomId): readonly EventId[] {
    const saved = this.#saved.get(room);
    if (saved === undefined) return this.#seen.get(room) ?? [];
    this.#saved.delete(room);
    const seen = JSON.parse(saved) as EventId[];
    this.#seen.set(room, seen);
    return seen;
  }
  /** The room is no longer ours: what is remembered of it goes. */
  left(room: RoomId): void {
    this.#seen.delete(room);
    this.#saved.delete(room);
    this.#unsaved.add(room);
  }
  /** What has to be durable in the same transaction as the sync token. */
  values(gaps: readonly Gap[]): Readonly<Record<string, string | null>> {
    const values: Record<string, string | null> = {};
    for (const room of this.#unsaved) {
      const seen = this.#seen.get(room);
      values[`${SEEN}${room}`] = seen === undefined ? null : JSON.stringify(seen);
    }
    for (const gap of gaps) values[`${GAP}${gap.id}`] = JSON.stringify(gap);
    return values;
  }
  /** They are durable now. */
  add(gaps: readonly Gap[]): void {
    this.#unsaved.clear();
    for (const gap of gaps) this.#gaps.set(gap.id, gap);
  }
  /** Whether a message waits for its gap; if so it is kept, and dealt with in its place. */
  async hold(row: Inbox): Promise<boolean> {
    const id = row.place?.gap;
    if (id === undefined || !row.late || !this.#isOpen(id)) return false;
    const [other] = await this.#parts.urgent([row]);
    if (other === undefined) return true;
    // The gap may have been dealt with meanwhile: then nobody comes for what is held, and its place is here.
    if (!this.#isOpen(id)) return false;
    this.#held.set(id, [...(this.#held.get(id) ?? []), other]);
    return true;
  }
  /** It is being read, or what it brought is being dealt with. */
  #isOpen(gap: string): boolean {
    return this.#gaps.has(gap) || this.#taking.has(gap);
  }
  /** Goes on reading, beside everything else. */
  run(): void {
    if (this.#stopped || this.#isRunning) return;
    this.#isRunning = true;
    void this.#run()
      .catch((fault: unknown) => void this.#parts.log.bug("catch-up.failed", fault))
      .finally(() => { this.#isRunning = false; });
  }
  /**
   * Until when something that time does in this case has to wait, because what was said in its rooms or in its people's direct chats is still being
   * read; undefined if nothing is. A moment that is past: it has waited long enough, and what it says is marked.
   */
  waitsUntil(chain: ChainId, delivery: string | undefined): Instant | undefined {
    const concerned = [...this.#gaps.values(), ...this.#taking.values()].filter((gap) => this.#concerns(gap, chain, delivery));
    if (concerned.length === 0) return undefined;
    return (Math.max(this.#startedAt, Math.min(...concerned.map((gap) => gap.found))) + LONGEST_WAIT) as Instant;
  }
  #concerns(gap: Gap, chain: ChainId, delivery: string | undefined): boolean {
    const { world } = this.#parts;
    const at = world.placed(gap.room);
    if (at === undefined) return false;
    if (at.chain === INSTALLATION) return chain === INSTALLATION || world.member(chain, directUser(at.slot)) !== undefined;
    return at.chain === chain && (delivery === undefined || at.slot === delivery);
  }

  async #run(): Promise<void> {
    for (let gap = this.#next(); gap !== undefined && !this.#stopped; gap = this.#next()) {
      try {
        await this.#page(gap);
      } catch (fault) {
        const found = faultOf(fault);
        if (this.#stopped) return;
        if (found === undefined) throw fault;
        if (found.kind === "refused") {
          this.#parts.log.error("sync.gap-unreadable");
          await this.#end(gap, "gap-unreadable");
          continue;
        }
        this.#parts.log.warn("sync.gap-waits", { why: found.kind });
        // The sync meets the same homeserver, and knows what to do when it is the token that is no longer good.
        await pause(this.#parts.clock, Math.max(AGAIN, found.wait ?? 0));
      }
    }
  }
  /** The one whose room matters most; of one room the oldest. */
  #next(): Gap | undefined {
    const { world } = this.#parts;
    return [...this.#gaps.values()].toSorted((a, b) => rank(world, a.room) - rank(world, b.room) || a.found - b.found)[0];
  }
  /** One page: what is new of it becomes durable together with where to go on. */
  async #page(gap: Gap): Promise<void> {
    const { journal, gateway, clock, health } = this.#parts;
    const ahead = this.#ahead?.gap === gap.id && this.#ahead.from === gap.from ? this.#ahead.page : undefined;
    this.#ahead = undefined;
    if (ahead === undefined) await this.#urgentFirst();
    const { events, end } = await (ahead ?? gateway.messages(gap.room, gap.from, PAGE));
    const oldest = events.findLastIndex((event) => gap.until.includes(event.event));
    const fresh: NewInbox[] = [];
    let known = oldest >= 0;
    let bytes = gap.bytes;
    for (const event of oldest >= 0 ? events.slice(0, oldest) : events) {
      if (event.sender === gateway.user || event.stateKey !== undefined || event.type !== "m.room.encrypted") continue;
      if (await journal.hasEvent(event.event)) {
        // Nothing is remembered of this room but what was said in it: there the gap ends.
        known ||= gap.until.length === 0;
        continue;
      }
      const wire = JSON.stringify(event.wire);
      bytes += wire.length;
      const at = -(gap.events + fresh.length + 1);
      fresh.push({ event: event.event, room: gap.room, sender: event.sender, received: gap.found, late: true, wire, place: { gap: gap.id, at } });
    }
    const next: Gap = { ...gap, from: end ?? "", pages: gap.pages + 1, events: gap.events + fresh.length, bytes };
    const isDone = known || end === undefined || events.length === 0;
    const isTooLong = !isDone && (next.pages >= MOST_PAGES || next.events >= MOST_EVENTS || bytes >= MOST_BYTES);
    const removed = await this.#parts.redactions.found(gap.room, oldest >= 0 ? events.slice(0, oldest) : events);
    const committed = await journal.commit({ inbox: fresh, values: { ...removed, [`${GAP}${gap.id}`]: JSON.stringify(next) } });
    // A page may hold an event twice, and a sync may have brought it meanwhile: it is dealt with by whoever received it first.
    const received = new Set(committed.received);
    const rows = fresh.filter(({ event }) => received.delete(event)).map((row, order): Inbox => ({ ...row, order }));
    this.#parts.redactions.add(removed);
    this.#gaps.set(gap.id, next);
    if (!isDone && !isTooLong && !this.#stopped && !this.#parts.isSayingUrgent()) {
      this.#ahead = { gap: gap.id, from: next.from, page: gateway.messages(gap.room, next.from, PAGE) };
      // If it fails, it fails where it is waited for.
      this.#ahead.page.catch(() => undefined);
    }
    if (rows.length > 0) health.count("late", rows.length);
    const others = await this.#parts.urgent(rows);
    this.#held.set(gap.id, [...(this.#held.get(gap.id) ?? []), ...others]);
    if (isDone) await this.#end(next, undefined);
    if (isTooLong) await this.#end(next, "gap-too-long");
    // Others have their turn between two pages.
    await pause(clock);
  }
  /** A homeserver that puts a page together lets others wait: what wakes people is not among them. */
  async #urgentFirst(): Promise<void> {
    const { clock, isSayingUrgent } = this.#parts;
    const until = clock.now() + LONGEST_YIELD;
    while (!this.#stopped && isSayingUrgent() && clock.now() < until) await pause(clock, YIELD_LOOK);
  }
  /** It has been read as far as it can be: what was held is dealt with in its order, and people are told if something is missing. */
  async #end(gap: Gap, why: "gap-unreadable" | "gap-too-long" | undefined): Promise<void> {
    const { journal, clock } = this.#parts;
    const rows: Parameters<Journal["commit"]>[0]["rows"] = why === undefined ? []
      : [{ chain: INSTALLATION, at: clock.now(), trust: "none", event: { type: "system.noted", v: 1, what: why, facts: { pages: gap.pages, events: gap.events } } }];
    await journal.commit({ rows, values: { [`${GAP}${gap.id}`]: null } });
    this.#taking.set(gap.id, gap);
    this.#gaps.delete(gap.id);
    if (why !== undefined) this.#alarm(gap, why);
    try {
      // What came with the gap may be opened only now: it stands after what the gap brought.
      for (let held = this.#held.get(gap.id); held !== undefined; held = this.#held.get(gap.id)) {
        this.#held.delete(gap.id);
        await this.#parts.take(inOrder(held));
      }
    } finally {
      this.#taking.delete(gap.id);
    }
  }
  #alarm(gap: Gap, what: string): void {
    const { alarms, world } = this.#parts;
    const at = world.placed(gap.room);
    if (at === undefined) return;
    const scope = world.scope(at.chain);
    const name = at.chain === INSTALLATION ? undefined : desiredRoom(scope, at.slot)?.name;
    const language = scope.state.case.get("case")?.language;
    const room = name === undefined ? nested(line("app.place-direct", {})) : nested(name, language);
    alarms.give(at.chain, { what, about: at.slot, lines: [line("late.gap", { room })] });
  }
}
