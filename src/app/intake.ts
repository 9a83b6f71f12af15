/**
 * From a sync to the writer. The order is always the same: to-device into the crypto machine, events into the inbox, then the token; what is in
 * the inbox is decrypted, proven, read, and handed to the one writer.
 */
import { POLL_RESPONSE } from "../chat/poll.ts";
import type { EventId, Instant, RoomId, UserId } from "../domain/ids.ts";
import { INSTALLATION, serverOf } from "../domain/ids.ts";
import type { ObservedRoom } from "../domain/workspace.ts";
import { Serial } from "../matrix/serial.ts";
import type { Batch, Inbox, NewInbox, NewRow, Sync, TimelineEvent } from "../ports.ts";
import type { Alarms } from "./alarms.ts";
import type { Gap } from "./catch-up.ts";
import { CatchUp } from "./catch-up.ts";
import { inOrder, rank } from "./catch-up-order.ts";
import type { HearingParts } from "./hearing.ts";
import { Hearing } from "./hearing.ts";
import { Invitations } from "./invitations.ts";
import { Lags } from "./lags.ts";
import { Waiting } from "./late-keys.ts";
import { Opening, isVerification } from "./opening.ts";
import type { Redactions } from "./redactions.ts";
import { ResolvedState } from "./resolved-state.ts";
import type { Rooms } from "./rooms.ts";
import type { Settings } from "./settings.ts";
import { Silence } from "./silence.ts";
import { Storms } from "./storms.ts";
import type { Turns } from "./turn.ts";

/** A token that brought nothing is made durable only after this: what it passes over is read again after a crash. */
const KEEP_TOKEN = 10_000;
/** Messages made durable in one transaction; a sync that brings more is stored in parts, its token with the last. */
const PART = 5_000;
/** From so many messages on, stops among them are looked for before any other is dealt with. */
const MANY = 20;
/** Messages handed over before those before them have been decided. */
const AHEAD = 200;
/** What a person would say or tap: in clear, anybody may have written it. Reactions, redactions and calls are in clear with every client. */
const CLEAR_WORDS: ReadonlySet<string> = new Set(["m.room.message", POLL_RESPONSE, "m.poll.response"]);

/** What taking in a sync needs. */
export interface IntakeParts extends Omit<HearingParts, "silence"> {
  readonly rooms: Rooms;
  readonly alarms: Alarms;
  readonly turns: Turns;
  readonly redactions: Redactions;
  readonly settings: Pick<Settings, "lateAfter" | "unreadableTold" | "unreadableKept" | "commandsPerMinute">;
  isOwner(user: UserId): boolean;
  /** Whether something that wakes people is just being sent. */
  isSayingUrgent(): boolean;
  /** Rooms of which a sync told something: what was held for them is tried again. Where it told their state, too, their steps have had their echo. */
  roomsSeen(rooms: readonly { readonly room: RoomId; readonly isState: boolean }[]): void;
  /** Somebody came into a room of ours: a board they can read is needed. */
  joined(room: RoomId, user: UserId): void;
  /** Somebody who was in a room of ours is not there any more. */
  departed(room: RoomId, user: UserId): void;
  /** Somebody's identity is not the pinned one as far as can be seen. */
  identityDoubtful(user: UserId): void;
  /** Makes a room a person's direct chat if it can be one; whether it is now. */
  adopt(room: RoomId, user: UserId): Promise<boolean>;
}

/** What a sync has brought, durable. */
interface Kept {
  readonly inbox: Received;
  /** Of its messages those that were not there before. */
  readonly received: Set<EventId>;
  readonly seen: ReturnType<Rooms["after"]>;
  /** The rooms it changed, as they were. */
  readonly before: ReadonlyMap<RoomId, ObservedRoom | undefined>;
  readonly removed: Readonly<Record<string, string>>;
  readonly invited: ReturnType<Invitations["fresh"]>;
}
/** Messages of a sync, what is put on record of it, and the gaps in it. */
interface Received {
  readonly fresh: NewInbox[];
  readonly rows: NewRow[];
  readonly gaps: Gap[];
}

/** Takes in syncs and hands what they say to the writer. */
export class Intake {
  readonly #parts: IntakeParts;
  readonly #silence: Silence;
  readonly #hearing: Hearing;
  readonly #invitations: Invitations;
  readonly #waiting: Waiting;
  readonly #opening: Opening;
  readonly #catchUp: CatchUp;
  /** Between what is computed from the rooms and their being put back nothing else may change them. */
  readonly #inTurnWithRooms = new Serial();
  readonly #resolved: ResolvedState;
  #backlog: Promise<void> = Promise.resolve();
  #since: string | undefined;
  #syncedAt: Instant | undefined;
  #first = true;
  /** When the token was last made durable. */
  #keptAt = 0;
  #stopped = false;
  #isNextLate = false;
  readonly #storms = new Storms();
  readonly #lags = new Lags();

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#silence = new Silence(parts.journal, parts.clock);
    this.#hearing = new Hearing({ ...parts, silence: this.#silence });
    this.#invitations = new Invitations({ ...parts, silence: this.#silence });
    this.#waiting = new Waiting({ ...parts, ...parts.settings });
    this.#opening = new Opening({ ...parts, silence: this.#silence, hearing: this.#hearing, waiting: this.#waiting });
    this.#catchUp = new CatchUp({ ...parts, urgent: (rows) => this.#opening.urgent(rows), take: (rows) => this.#take(rows, true) });
    this.#resolved = new ResolvedState({
      ...parts, serial: this.#inTurnWithRooms,
      changed: (before, now) => {
        this.#membersChanged(before, now);
        parts.roomsSeen([{ room: now.room, isState: true }]);
      },
    });
  }
  async load(): Promise<void> {
    this.#resolved.load();
    this.#opening.start();
    this.#waiting.start();
    this.#since = await this.#parts.journal.value("sync:token");
    await this.#catchUp.load();
    await this.#invitations.load();
    const at = await this.#parts.journal.value("sync:at");
    this.#syncedAt = at === undefined ? undefined : (Number(at) as Instant);
  }
  /** What is not yet dealt with stays in the inbox. */
  stop(): void {
    this.#stopped = true;
    this.#silence.stop();
    this.#hearing.stop();
    this.#opening.stop();
    this.#waiting.stop();
    this.#resolved.stop();
    this.#catchUp.stop();
    this.#invitations.stop();
  }
  /** The token of the last sync that was dealt with; undefined before the first. */
  get since(): string | undefined {
    return this.#since;
  }
  /** When the last sync before this process began was dealt with; undefined at the very first start. */
  get syncedAt(): Instant | undefined {
    return this.#syncedAt;
  }
  /** Time has passed that nobody noticed: the machine slept, or its clock was set. What the next sync brings may be old. */
  missedTime(): void {
    this.#isNextLate = true;
  }
  /** How many messages wait in the inbox, and how many of those for their key. */
  waiting(): { readonly all: number; readonly undecryptable: number } {
    return this.#waiting.counts();
  }
  /** Until when what time does in a case waits for what is still being read there; see {@link CatchUp.waitsUntil}. */
  waitsUntil(...of: Parameters<CatchUp["waitsUntil"]>): Instant | undefined {
    return this.#catchUp.waitsUntil(...of);
  }
  /** Begins with what an earlier run had received and not dealt with; the first sync is asked for meanwhile, and its messages come after these. */
  async backlog(): Promise<void> {
    const { clock, journal, settings, log } = this.#parts;
    const now = clock.now();
    const rows = (await journal.inbox()).map((row) => ({ ...row, late: row.late || now - row.received > settings.lateAfter }));
    this.#backlog = this.#take(inOrder(rows)).catch((fault: unknown) => void log.bug("inbox.backlog-failed", fault));
  }
  /** One sync, all of it durable when it resolves; what it brought has been handed to the writer. */
  async once(timeout: number): Promise<void> {
    const { gateway, crypto, clock, health } = this.#parts;
    const asked = clock.now();
    const sync = await gateway.sync(this.#since, this.#first ? 0 : timeout);
    const now = clock.now();
    const late = this.#isLate(asked, now, timeout);
    const useless = await crypto.receive(sync.crypto);
    if (useless > 0) health.count("to_device_useless", useless);
    const { inbox, received, seen, before, removed, invited } = await this.#inTurnWithRooms.run(() => this.#keep(sync, { now, late, useless }));
    if (sync.malformed > 0) health.count("malformed", sync.malformed);
    if (sync.malformed > 0) this.#parts.log.warn("sync.malformed", { count: sync.malformed });
    for (const room of seen.rooms) this.#membersChanged(before.get(room.room), room);
    if (!late) await this.#hearVerifications(sync);
    this.#parts.roomsSeen([
      ...sync.joined.map(({ room, state, timeline }) => ({ room, isState: state.length > 0 || timeline.some(({ stateKey }) => stateKey !== undefined) })),
      ...sync.left.map((room) => ({ room, isState: true })),
    ]);
    this.#resolved.saw(seen.rooms);
    this.#parts.redactions.add(removed);
    this.#invitations.add(invited);
    void this.#invitations.answer().catch((fault: unknown) => void this.#parts.log.bug("sync.invitation-failed", fault));
    this.#catchUp.run();
    await this.#backlog;
    // A gap that is read back beside this may have brought one of them first.
    await this.#take(inbox.fresh.filter(({ event }) => received.delete(event)).map((row, order): Inbox => ({ ...row, order })));
    await this.#retryWaiting(bringsKeys(sync.crypto));
  }
  /** Makes durable what a sync brings, then its token. */
  async #keep(sync: Sync, { now, late, useless }: { readonly now: Instant; readonly late: boolean; readonly useless: number }): Promise<Kept> {
    const { journal, clock, rooms } = this.#parts;
    const inbox = await this.#received(sync, now, late);
    if (useless > 0 && this.#silence.mayNote("to-device", now)) inbox.rows.push(noted("to-device-useless", now));
    const seen = rooms.after(sync.joined, sync.left);
    const removed: Record<string, string> = {};
    for (const { room, timeline } of sync.joined) Object.assign(removed, await this.#parts.redactions.found(room, timeline));
    const invited = this.#invitations.fresh(sync);
    const before = new Map(seen.rooms.map((room) => [room.room, rooms.get(room.room)]));
    for (const { room, timeline } of sync.joined) this.#catchUp.saw(room, timeline);
    for (const room of sync.left) this.#catchUp.left(room);
    // A sync that only echoes what the bot itself did need not be durable at once: read again after a crash it says nothing new.
    const received = new Set<EventId>();
    const keep = async (batch: Batch): Promise<void> => { for (const event of (await journal.commit(batch)).received) received.add(event); };
    const nothingNew = inbox.fresh.length === 0 && inbox.rows.length === 0 && inbox.gaps.length === 0 && invited.length === 0 && Object.keys(seen.values).length === 0 && Object.keys(removed).length === 0;
    if (!nothingNew || now - this.#keptAt >= KEEP_TOKEN) {
      const whole = inbox.fresh.length - (inbox.fresh.length % PART);
      for (let from = 0; from < whole; from += PART) await keep({ inbox: inbox.fresh.slice(from, from + PART) });
      await keep({
        inbox: inbox.fresh.slice(whole), rows: inbox.rows.map((row) => ({ ...row, at: clock.now() })),
        values: { ...seen.values, ...removed, ...this.#catchUp.values(inbox.gaps), ...this.#invitations.values(invited), "sync:token": sync.next, "sync:at": String(now) },
      });
      this.#keptAt = now;
      this.#catchUp.add(inbox.gaps);
    }
    this.#since = sync.next;
    this.#syncedAt = now;
    this.#first = false;
    this.#isNextLate = false;
    rooms.put(seen.rooms, seen.left);
    return { inbox, received, seen, before, removed, invited };
  }
  #membersChanged(before: ObservedRoom | undefined, { room, members }: ObservedRoom): void {
    for (const [user, is] of Object.entries(members)) {
      if (is === "join" && before?.members[user] !== "join") this.#parts.joined(room, user as UserId);
      if (is !== "join" && before?.members[user] === "join") this.#parts.departed(room, user as UserId);
    }
  }
  /** Nothing was heard for so long that what comes now may be old: after a downtime of ours, of the homeserver, or of the line between the two. */
  #isLate(asked: Instant, now: Instant, timeout: number): boolean {
    const { lateAfter } = this.#parts.settings;
    return this.#isNextLate || (this.#syncedAt !== undefined && (asked - this.#syncedAt > lateAfter || now - asked > timeout + lateAfter));
  }
  /** Somebody's homeserver was away, or the line between it and the bot's: what they said comes when it is back, in a sync like any other. */
  #wasOnItsWay({ sender, wire }: TimelineEvent, now: Instant): boolean {
    const { gateway, settings } = this.#parts;
    const server = serverOf(sender);
    return server !== serverOf(gateway.user) && this.#lags.isLate(server, wire["origin_server_ts"], now, settings.lateAfter);
  }
  /** Events to be looked at, those of live deliveries first; nothing twice. Plain text in an encrypted room is only counted. */
  async #received(sync: Sync, now: Instant, late: boolean): Promise<Received> {
    const { journal, gateway, world, rooms, health } = this.#parts;
    const fresh: NewInbox[] = [];
    const rows: NewRow[] = [];
    const gaps: Gap[] = [];
    const taken = new Set<EventId>();
    for (const synced of sync.joined.toSorted((a, b) => rank(world, a.room) - rank(world, b.room))) {
      const isGap = synced.limited && rooms.get(synced.room) !== undefined;
      const gap = isGap ? this.#catchUp.find(synced, now) : undefined;
      if (isGap) health.count("gaps");
      if (isGap && gap === undefined) rows.push(noted("gap-unreadable", now));
      if (gap !== undefined) gaps.push(gap);
      let unread = 0;
      for (const [at, event] of synced.timeline.entries()) {
        if (event.sender === gateway.user || event.stateKey !== undefined || taken.has(event.event)) continue;
        const { content } = event.wire as { readonly content?: Readonly<Record<string, unknown>> };
        if (event.type !== "m.room.encrypted" && isVerification(event.type, content ?? {})) continue;
        if (CLEAR_WORDS.has(event.type)) health.count("clear_ignored");
        if (CLEAR_WORDS.has(event.type) && this.#silence.mayNote(`clear/${synced.room}`, now)) rows.push({ ...noted("clear-ignored", now), cause: event.event });
        if (event.type !== "m.room.encrypted" && !CLEAR_WORDS.has(event.type)) unread += 1;
        if (event.type !== "m.room.encrypted" || (await journal.hasEvent(event.event))) continue;
        taken.add(event.event);
        const isLate = late || this.#wasOnItsWay(event, now);
        if (isLate) health.count("late");
        fresh.push({
          event: event.event, room: synced.room, sender: event.sender, received: now, late: isLate, wire: JSON.stringify(event.wire),
          ...(gap !== undefined && late ? { place: { gap: gap.id, at } } : {}),
        });
      }
      if (unread > 0) health.count("unread", unread);
      if (unread > 0 && this.#storms.isStorm(synced.room, unread, now)) rows.push(noted("storm", now));
    }
    return { fresh, rows, gaps };
  }
  /**
   * Comparing emoji is all that may be said in clear, because many clients do, and only in the person's own chat; it goes to the verifier alone, which
   * believes nothing of it but what people say they see.
   */
  async #hearVerifications(sync: Sync): Promise<void> {
    const { crypto, world, clock } = this.#parts;
    for (const { room, timeline } of sync.joined) {
      const placed = world.placed(room);
      if (placed?.chain !== INSTALLATION) continue;
      for (const { event, sender, type, stateKey, wire } of timeline) {
        const { content = {}, origin_server_ts: claimed } = wire as { readonly content?: Readonly<Record<string, unknown>>; readonly origin_server_ts?: unknown };
        if (stateKey !== undefined || placed.slot !== world.direct(sender).slot || type === "m.room.encrypted" || !isVerification(type, content)) continue;
        await crypto.verifications.hear(room, { event, sender, type, content, claimedTime: typeof claimed === "number" ? claimed : clock.now() });
      }
    }
  }
  /** Each in its turn, but of many the stops first; what comes late waits for the gap before it. `isOfGap`: the stops have been looked for, and they have waited. */
  async #take(rows: readonly Inbox[], isOfGap = false): Promise<void> {
    if (rows.length < MANY) return this.#inTurn(rows, isOfGap);
    const others = isOfGap ? rows : await this.#opening.urgent(rows);
    await this.#silence.together(() => this.#inTurn(others, isOfGap));
  }
  async #inTurn(rows: readonly Inbox[], isOfGap: boolean): Promise<void> {
    for (const [index, row] of rows.entries()) {
      if (this.#stopped) return;
      if (isOfGap || !(await this.#catchUp.hold(row))) await this.#opening.handle(row);
      // Late ones are decided after all others: without this they would pile up in memory.
      if (index % AHEAD === AHEAD - 1) await this.#parts.writer.do("late", () => Promise.resolve());
    }
  }
  async #retryWaiting(keysCame: boolean): Promise<void> {
    for (const row of this.#waiting.due(keysCame)) {
      const answered = await this.#opening.handle(this.#aged(row));
      // A server that does not answer now would not answer about the others either, and the next sync must not wait for that.
      if (!answered) return;
      if (this.#waiting.has(row)) continue;
      for (const other of this.#waiting.sameKey(row)) await this.#opening.handle(this.#aged(other));
    }
  }
  #aged(row: Inbox): Inbox {
    const { settings, clock } = this.#parts;
    return { ...row, late: row.late || clock.now() - row.received > settings.lateAfter };
  }
}

/** Something on record that the homeserver left out. */
function noted(what: string, now: Instant): NewRow {
  return { chain: INSTALLATION, at: now, trust: "none", event: { type: "system.noted", v: 1, what, facts: {} } };
}
/** Whether a sync brought anything for the engine: a room key may be among it. */
function bringsKeys(crypto: unknown): boolean {
  const toDevice = typeof crypto === "object" && crypto !== null && "to_device" in crypto ? crypto.to_device : undefined;
  return typeof toDevice === "object" && toDevice !== null && "events" in toDevice && Array.isArray(toDevice.events) && toDevice.events.length > 0;
}
