/**
 * From a sync to the writer. The order is always the same: to-device into the crypto machine, events into the inbox, then the token; what is in
 * the inbox is decrypted, proven, read, and handed to the one writer.
 */
import { POLL_RESPONSE } from "../chat/poll.ts";
import type { EventId, Instant, RoomId, UserId } from "../domain/ids.ts";
import { INSTALLATION } from "../domain/ids.ts";
import type { Inbox, NewInbox, NewRow, Ratchet, Sync, SyncedRoom, TimelineEvent, Undecryptable } from "../ports.ts";
import type { Alarms } from "./alarms.ts";
import type { Health } from "./health.ts";
import type { HearingParts } from "./hearing.ts";
import { Hearing } from "./hearing.ts";
import { Invitations } from "./invitations.ts";
import { faultOf } from "./outbox.ts";
import type { Rooms } from "./rooms.ts";
import { Silence } from "./silence.ts";
import type { Placed } from "./world.ts";

/** One page of a gap, and at most so many pages. */
const PAGE = 100;
const MOST_PAGES = 50;
/** How long what is said in a room of the bot's own waits for the room to be bound, in milliseconds; a bound one that was replaced is no room of ours. */
const BEING_MADE = 600_000;
/** Most undecryptable events kept to be tried again. */
const MOST_WAITING = 1_000;
/** A token that brought nothing is made durable only after this: what it passes over is read again after a crash. */
const KEEP_TOKEN = 10_000;
/** What a person would say or tap: in clear, anybody may have written it. Reactions, redactions and calls are in clear with every client. */
const CLEAR_WORDS: ReadonlySet<string> = new Set(["m.room.message", POLL_RESPONSE, "m.poll.response"]);

/** What taking in a sync needs. */
export interface IntakeParts extends Omit<HearingParts, "silence"> {
  readonly rooms: Rooms;
  readonly health: Health;
  readonly alarms: Alarms;
  readonly lateAfter: number;
  isOwner(user: UserId): boolean;
  /** Rooms that a sync changed: their steps have had their echo, and what was held for them is tried again. */
  roomsSeen(rooms: readonly RoomId[]): void;
  /** Somebody came into a room of ours: a board they can read is needed. */
  joined(room: RoomId, user: UserId): void;
  /** Makes a room a person's direct chat if it can be one; whether it is now. */
  adopt(room: RoomId, user: UserId): Promise<boolean>;
}

/** Takes in syncs and hands what they say to the writer. */
export class Intake {
  readonly #parts: IntakeParts;
  readonly #waiting = new Map<EventId, Inbox>();
  /** Those of them that wait for their key; counted once each. */
  readonly #undecryptable = new Set<EventId>();
  readonly #silence: Silence;
  readonly #hearing: Hearing;
  readonly #invitations: Invitations;
  #startedAt = 0;
  #since: string | undefined;
  #syncedAt: Instant | undefined;
  #first = true;
  /** When the token was last made durable. */
  #keptAt = 0;
  #stopped = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#silence = new Silence(parts.journal, parts.clock);
    this.#hearing = new Hearing({ ...parts, silence: this.#silence });
    this.#invitations = new Invitations({ ...parts, silence: this.#silence });
  }
  async load(): Promise<void> {
    this.#startedAt = this.#parts.clock.now();
    this.#since = await this.#parts.journal.value("sync:token");
    await this.#invitations.load();
    const at = await this.#parts.journal.value("sync:at");
    this.#syncedAt = at === undefined ? undefined : (Number(at) as Instant);
  }
  /** What is not yet dealt with stays in the inbox. */
  stop(): void {
    this.#stopped = true;
    this.#hearing.stop();
    this.#invitations.stop();
  }
  /** What an earlier run had received and not dealt with. */
  async backlog(): Promise<void> {
    const { clock, journal, lateAfter } = this.#parts;
    const now = clock.now();
    for (const row of await journal.inbox()) await this.#handle({ ...row, late: row.late || now - row.received > lateAfter });
  }
  /** One sync, all of it durable when it resolves; what it brought has been handed to the writer. */
  async once(timeout: number): Promise<void> {
    const { gateway, crypto, journal, clock, rooms } = this.#parts;
    const asked = clock.now();
    const sync = await gateway.sync(this.#since, this.#first ? 0 : timeout);
    const now = clock.now();
    const late = this.#isLate(asked, now, timeout);
    await crypto.receive(sync.crypto);
    const inbox = await this.#received(sync, now, late);
    const seen = rooms.after(sync.joined, sync.left);
    const invited = this.#invitations.fresh(sync);
    const before = new Map(seen.rooms.map((room) => [room.room, rooms.get(room.room)]));
    // A sync that only echoes what the bot itself did need not be durable at once: read again after a crash it says nothing new.
    const nothingNew = inbox.fresh.length === 0 && inbox.rows.length === 0 && invited.length === 0 && Object.keys(seen.values).length === 0;
    if (!nothingNew || now - this.#keptAt >= KEEP_TOKEN) {
      await journal.commit({ inbox: inbox.fresh, rows: inbox.rows, values: { ...seen.values, ...this.#invitations.values(invited), "sync:token": sync.next, "sync:at": String(now) } });
      this.#keptAt = now;
    }
    this.#since = sync.next;
    this.#syncedAt = now;
    this.#first = false;
    rooms.put(seen.rooms, seen.left);
    if (sync.malformed > 0) this.#parts.health.count("malformed", sync.malformed);
    if (sync.malformed > 0) this.#parts.log.warn("sync.malformed", { count: sync.malformed });
    for (const room of seen.rooms) {
      const old = before.get(room.room);
      for (const [user, is] of Object.entries(room.members)) {
        if (is === "join" && old?.members[user] !== "join") this.#parts.joined(room.room, user as UserId);
      }
    }
    this.#parts.roomsSeen([...sync.joined.map((room) => room.room), ...sync.left]);
    this.#invitations.add(invited);
    void this.#invitations.answer().catch((fault: unknown) => void this.#parts.log.bug("sync.invitation-failed", fault));
    for (const [order, row] of inbox.fresh.entries()) await this.#handle({ ...row, order });
    await this.#retryWaiting();
  }
  /** Nothing was heard for so long that what comes now may be old: after a downtime of ours, of the homeserver, or of the line between the two. */
  #isLate(asked: Instant, now: Instant, timeout: number): boolean {
    const { lateAfter } = this.#parts;
    return this.#syncedAt !== undefined && (asked - this.#syncedAt > lateAfter || now - asked > timeout + lateAfter);
  }
  /** Events to be looked at, those of a gap first; nothing twice. Plain text in an encrypted room is only counted. */
  async #received(sync: Sync, now: Instant, late: boolean): Promise<{ readonly fresh: NewInbox[]; readonly rows: NewRow[] }> {
    const fresh: NewInbox[] = [];
    const rows: NewRow[] = [];
    const taken = new Set<EventId>();
    for (const synced of sync.joined) {
      const gap = synced.limited && this.#parts.rooms.get(synced.room) !== undefined ? await this.#gap(synced) : [];
      if (synced.limited && this.#parts.rooms.get(synced.room) !== undefined) this.#parts.health.count("gaps");
      if (gap === "unreadable") rows.push({ chain: INSTALLATION, at: now, trust: "none", event: { type: "system.noted", v: 1, what: "gap-unreadable", facts: {} } });
      for (const [events, isLate] of [[gap === "unreadable" ? [] : gap, true], [synced.timeline, late]] as const) {
        for (const event of events) {
          if (event.sender === this.#parts.gateway.user || event.stateKey !== undefined || taken.has(event.event)) continue;
          if (CLEAR_WORDS.has(event.type)) this.#parts.health.count("clear_ignored");
          if (CLEAR_WORDS.has(event.type) && this.#silence.mayNote(`clear/${synced.room}`, now)) {
            rows.push({ chain: INSTALLATION, at: now, trust: "none", event: { type: "system.noted", v: 1, what: "clear-ignored", facts: {} }, cause: event.event });
          }
          if (event.type !== "m.room.encrypted" || (await this.#parts.journal.hasEvent(event.event))) continue;
          taken.add(event.event);
          if (isLate) this.#parts.health.count("late");
          fresh.push({ event: event.event, room: synced.room, sender: event.sender, received: now, late: isLate, wire: JSON.stringify(event.wire) });
        }
      }
    }
    return { fresh, rows };
  }
  /** What a limited timeline left out. One room of which the homeserver refuses to tell must not keep the bot from hearing all others: that is put on record. */
  async #gap(synced: SyncedRoom): Promise<readonly TimelineEvent[] | "unreadable"> {
    try {
      return await this.#pagesBack(synced);
    } catch (fault) {
      if (faultOf(fault)?.kind !== "refused") throw fault;
      this.#parts.log.error("sync.gap-unreadable");
      return "unreadable";
    }
  }
  /** Events before those that came, oldest first, to the last one that is known. */
  async #pagesBack(synced: SyncedRoom): Promise<readonly TimelineEvent[]> {
    const found: TimelineEvent[] = [];
    let from = synced.prevBatch;
    for (let page = 0; page < MOST_PAGES && from !== undefined; page += 1) {
      const { events, end } = await this.#parts.gateway.messages(synced.room, from, PAGE);
      for (const event of events) {
        if (event.type === "m.room.encrypted" && (await this.#parts.journal.hasEvent(event.event))) return found.toReversed();
        found.push(event);
      }
      from = events.length === 0 ? undefined : end;
    }
    if (from !== undefined) this.#parts.log.error("sync.gap-too-long", { count: found.length });
    return found.toReversed();
  }
  async #retryWaiting(): Promise<void> {
    for (const row of [...this.#waiting.values()]) {
      this.#waiting.delete(row.event);
      const { lateAfter, clock } = this.#parts;
      const answered = await this.#handle({ ...row, late: row.late || clock.now() - row.received > lateAfter });
      // A server that does not answer now would not answer about the others either, and the next sync must not wait for that.
      if (!answered) return;
    }
  }
  /** Decrypts, proves, reads; never throws: what cannot be handled is kept or put on record. False: the homeserver had to be asked and did not answer. */
  async #handle(row: Inbox): Promise<boolean> {
    if (this.#stopped) return false;
    try {
      await this.#look(row);
      return true;
    } catch (fault) {
      if (this.#stopped) return false;
      const gateway = faultOf(fault);
      if (gateway !== undefined) {
        // The homeserver had to be asked whose keys these are and gave no answer. Nothing has failed yet, and what waits may be a stop.
        this.#parts.log.warn("inbox.waits", { why: gateway.kind });
        this.#wait(row);
        return false;
      }
      this.#parts.log.bug("inbox.failed", fault);
      // One event that cannot even be put aside must not cost those that came with it.
      await this.#parts.journal.commit({ inboxEnds: [{ event: row.event, end: "failed" }] }).catch((again: unknown) => void this.#parts.log.bug("inbox.failed-twice", again));
      return true;
    }
  }
  /** It stays in the inbox, and is looked at again after each sync. */
  #wait(row: Inbox): void {
    if (this.#waiting.size < MOST_WAITING) this.#waiting.set(row.event, row);
  }
  #waitForKey(row: Inbox): void {
    this.#wait(row);
    if (!this.#waiting.has(row.event) || this.#undecryptable.has(row.event)) return;
    this.#undecryptable.add(row.event);
    this.#parts.health.count("undecryptable");
  }
  /** How many messages wait in the inbox, and how many of those for their key. */
  waiting(): { readonly all: number; readonly undecryptable: number } {
    return { all: this.#waiting.size, undecryptable: this.#undecryptable.size };
  }
  /** Whether it was said by somebody who has a place in that room. */
  #belongs(placed: Placed | undefined, sender: UserId, claimed: UserId): boolean {
    const { world } = this.#parts;
    if (placed === undefined || !world.people.has(sender) || sender !== claimed) return false;
    return placed.chain === INSTALLATION ? placed.slot === world.direct(sender).slot : world.member(placed.chain, sender) !== undefined;
  }
  async #look(row: Inbox): Promise<void> {
    const { crypto, journal, world } = this.#parts;
    const placed = world.placed(row.room) ?? (await this.#adoptDirect(row));
    if (placed === undefined && this.#isBeingMade(row)) return this.#wait(row);
    const opened = await crypto.decrypt(row.room, JSON.parse(row.wire) as Record<string, unknown>);
    if (!opened.ok) return this.#closed(row, opened, placed);
    if (this.#undecryptable.delete(row.event)) this.#parts.health.count("late");
    const ratchet: Ratchet = { room: row.room, session: opened.session, index: opened.index, event: row.event, hash: opened.hash };
    const used = await journal.ratchet(row.room, opened.session, opened.index);
    if (used !== undefined && (used.event !== row.event || used.hash !== opened.hash)) {
      this.#parts.health.count("replayed");
      return this.#silence.keep(row, "replayed", "replay-dropped", undefined);
    }
    const person = world.people.get(opened.sender);
    if (!this.#belongs(placed, opened.sender, row.sender)) this.#parts.health.count("foreign");
    if (placed === undefined || person === undefined || opened.sender !== row.sender) return this.#silence.keep(row, "not-ours", undefined, ratchet);
    if (placed.chain === INSTALLATION && placed.slot !== world.direct(opened.sender).slot) return this.#silence.keep(row, "not-ours", "foreign-command", ratchet);
    if (placed.chain !== INSTALLATION && world.member(placed.chain, opened.sender) === undefined) return this.#silence.keep(row, "not-ours", "foreign-command", ratchet);
    const acting = this.#hearing.acting(row, opened, placed, { user: opened.sender, person, owner: this.#parts.isOwner(opened.sender) }, ratchet);
    const proof = await crypto.proof(opened.sender, opened.device, person.masterKey);
    if (proof !== "proven") this.#parts.health.count("unproven");
    else this.#parts.health.heard(opened.sender, this.#parts.clock.now());
    if (proof !== "proven") return this.#hearing.notProven(row, opened, acting, proof);
    await this.#hearing.hear(row, opened, acting);
  }
  async #closed(row: Inbox, opened: Undecryptable, placed: Placed | undefined): Promise<void> {
    if (placed === undefined) return this.#silence.keep(row, "not-ours", undefined, undefined);
    switch (opened.why) {
      case "malformed": return this.#silence.keep(row, "refused", "malformed", undefined);
      case "unproven": return this.#unproven(row, opened, placed);
      case "no-key": case "withheld":
        // It blocks nobody and stays in the inbox; it is tried again whenever keys come, and then it is late. A stranger's place is nobody's.
        if (this.#parts.world.people.has(row.sender)) this.#waitForKey(row);
        else return this.#silence.keep(row, "not-ours", undefined, undefined);
    }
  }
  /** On record; and the person in whose name it came is told in their direct chat, which only their own signed devices can read. */
  async #unproven(row: Inbox, { claims, hash }: Undecryptable, placed: Placed): Promise<void> {
    const now = this.#parts.clock.now();
    this.#parts.health.count("unproven");
    const person = this.#parts.world.people.get(row.sender);
    if (claims !== undefined && person !== undefined && placed.chain !== INSTALLATION && this.#parts.world.member(placed.chain, row.sender) !== undefined) {
      // No command, whoever wrote it; but if it says stop, those whom it would concern must be able to ask.
      const ratchet: Ratchet = { room: row.room, session: claims.session, index: claims.index, event: row.event, hash };
      const acting = this.#hearing.acting(row, claims, placed, { user: row.sender, person, owner: this.#parts.isOwner(row.sender) }, ratchet);
      if (await this.#hearing.saysStop(row, claims, acting, "device-unproven")) return;
    }
    if (!this.#parts.world.people.has(row.sender) || !this.#silence.mayNote(`unproven/${row.sender}`, now)) return this.#silence.keep(row, "refused", undefined, undefined);
    await this.#parts.writer.do("live", () => this.#parts.flow.tellUnproven(row.sender, row.event));
  }
  /**
   * A room that the bot has made and not bound yet: the bot died in between, or the server's answer is on its way, and people are in it already.
   * What they say there waits. That it is the bot's own is a claim of the server, by which nothing but time can be lost.
   */
  #isBeingMade(row: Inbox): boolean {
    const { rooms, gateway, clock } = this.#parts;
    const seen = rooms.get(row.room);
    return seen?.creator === gateway.user && seen.mark !== undefined && clock.now() - Math.max(row.received, this.#startedAt) < BEING_MADE;
  }
  /** A direct chat that a person opened becomes theirs with their first message in it, if only the two are there. */
  async #adoptDirect(row: Inbox): Promise<Placed | undefined> {
    const { world, rooms } = this.#parts;
    const seen = rooms.get(row.room);
    if (seen === undefined || !world.people.has(row.sender)) return undefined;
    return (await this.#parts.adopt(row.room, row.sender)) ? world.direct(row.sender) : undefined;
  }
}
