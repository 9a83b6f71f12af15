/**
 * Sends what was decided: rendered → encrypted (the ciphertext is stored before the first attempt) → sent. Per room one at a time, by lane; a
 * message goes out encrypted and to entitled people only, or it waits here.
 */
import { createHash } from "node:crypto";
import { keptOut } from "../domain/access.ts";
import type { Lane } from "../domain/effect.ts";
import { LANES } from "../domain/effect.ts";
import type { ChainId, EventId, Instant, QuestionId, RoomId, UserId } from "../domain/ids.ts";
import { INSTALLATION, directUser, serverOf } from "../domain/ids.ts";
import type { Unfit } from "../domain/room-fitness.ts";
import { leftAt } from "../domain/roster.ts";
import type { ObservedRoom } from "../domain/workspace.ts";
import { MEGOLM, keptOutOf, rosterOf } from "../domain/workspace.ts";
import { CRYPTO_AGE_VALUE } from "../journal/journal.ts";
import type { Batch, Clock, Crypto, Gateway, Journal, NewOutbox, Outbox, OutboxChange, Random, Recipient } from "../ports.ts";
import { mediaValue, withFile } from "./attachments.ts";
import { Failing } from "./failing.ts";
import { LONGEST_CONTENT, faultOf, tooLarge } from "./gateway-fault.ts";
import type { Health } from "./health.ts";
import type { Log } from "./system.ts";
import type { Rooms } from "./rooms.ts";
import { present } from "./rooms.ts";
import type { Placed, World } from "./world.ts";

type Content = Readonly<Record<string, unknown>>;
interface Asks {
  readonly chain: ChainId;
  readonly question: QuestionId;
}

/** What an outbox row holds; sealed at rest with the key of its case. */
export type Body =
  /** `asks`: it belongs to a question and is worth nothing once that is settled. `anyway`: said also where what is routine is not said just now. */
  | { readonly kind: "event"; readonly at: Placed; readonly type: string; readonly content: Content; readonly asks?: Asks; readonly anyway?: boolean }
  /** An answer too long for messages: its text goes as an encrypted file. */
  | { readonly kind: "file"; readonly at: Placed; readonly type: string; readonly content: Content; readonly text: string }
  /** The poll of a question; its event id is kept until the question is closed. `of`: it takes the place of this one, which was removed. */
  | { readonly kind: "poll"; readonly at: Placed; readonly type: string; readonly content: Content; readonly asks: Asks; readonly of?: string }
  | { readonly kind: "close"; readonly at: Placed; readonly poll: string; readonly type: string; readonly content: Content }
  /** Rendered when it is sent: a burst of changes is one edit. `renews`: also if it shows nothing else than the time until which the bot was there. */
  | { readonly kind: "board"; readonly at: Placed; readonly of?: "card"; readonly renews?: true }
  /** Nothing is said: what is said next there is encrypted with a new key. */
  | { readonly kind: "rotate"; readonly at: Placed }
  | { readonly kind: "checkpoint"; readonly at: Placed; readonly chain: ChainId };

/** Where the board of a room stands, and who could read it then. */
export interface BoardPlace {
  readonly room: RoomId;
  readonly event: EventId;
  readonly readers: readonly UserId[];
  readonly shown: string;
  /** The event that shows it now: the latest edit. */
  readonly latest?: EventId;
  /** The time that it shows as the last at which the bot was there. */
  readonly live?: Instant;
}

/** What a board under way will be once it is sent; kept with its ciphertext, because that cannot be asked. */
interface BoardUnderWay {
  /** The event it edits; a fresh board has none. */
  readonly edits?: EventId;
  readonly readers: readonly UserId[];
  readonly shown: string;
  readonly live?: Instant;
}

/** The key inside the plaintext by which a bot finds its own message again. */
export const EFFECT_KEY = "eu.relevo.effect";
/** How long a burst of changes to a board is collected, in milliseconds. */
const BOARD_DELAY = 1_000;
/** Synapse forgets a transaction id after a day; before that the same bytes may simply be sent again. */
const TRANSACTION_LIFE = 20 * 3_600_000;
/** Own messages looked through for one that may already have been sent. */
const LOOK_BACK = 5_000;
const MOST_ROOMS_AT_ONCE = 6;
/** While what wakes people is being sent, nothing else begins to be; for so long at most, in milliseconds. */
const LONGEST_ALONE = 2_000;
/** A failure that could not even be put on record; milliseconds. */
const NOT_PUT_ASIDE = 30_000;
/**
 * How long what cannot be sent yet waits before it is looked at again, in milliseconds: longer each time in a row, because nearly all that could change
 * it has it looked at at once. `hold`: the room is missing, not encrypted, or nobody is there. `unreadable`: everybody's key was withheld (a device not
 * signed yet, an identity changed). `asked`: the same where somebody's keys have just been asked for.
 */
const WAITS = {
  hold: [2_000, 4_000, 8_000, 15_000, 30_000],
  unreadable: [10_000, 20_000, 30_000],
  asked: [500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000],
} as const;

export { faultOf } from "./gateway-fault.ts";

/** The time that a moving delivery's board shows as the last at which the bot was there is renewed after this, in milliseconds. */
export const LIVE_EVERY = 15 * 60_000;
/** A room that is not as it must be is looked at again after this, in milliseconds; a change of it is seen sooner. */
const NOT_NOW = 2_000;

/** What sending needs. */
export interface OutboxParts {
  readonly journal: Journal;
  readonly crypto: Crypto;
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly world: World;
  readonly rooms: Rooms;
  readonly log: Log;
  readonly random: Pick<Random, "bytes">;
  /** Content of a room's board now; undefined when there is none. */
  board(at: Placed, isCard: boolean): { readonly content: Content; readonly shown: string } | undefined;
  edit(content: Content, of: EventId): Content;
  checkpoint(chain: ChainId): Promise<Content>;
  /** Something about a room has to be looked at (it is missing, unencrypted, or nobody is there). */
  needsRoom(at: Placed): void;
  /** Why what is routine is not said there now. */
  unfit(at: Placed): Unfit | undefined;
  /** Whether a room that others made is not yet as it must be. */
  isPreparing(at: Placed): boolean;
  /** The heading of what was meant for a room and goes to one of its people alone. */
  heading(at: Placed, user: UserId): { readonly body: string; readonly html: string };
  /** A message for this place could not be sent, and is tried again later or, if `gaveUp`, no more: people have to know. `of` is whose message it is. */
  undeliverable(of: ChainId, at: Placed, gaveUp: boolean): void;
  /** A turn that is not durable yet leaves it to this board to show what it changes. */
  isReliedOn(at: Placed, isCard: boolean): boolean;
  readonly health: Health;
  /** A key was withheld from somebody because of who they are, or because none of their devices is signed. */
  doubtful(user: UserId): void;
  /** Whether one of this age may have been sent by a bot that was lost since: the journal goes on from an older copy. */
  maySent(created: Instant): boolean;
  fatal(fault: unknown): void;
}

/** `retry`: the whole place waits; `aside`: this message waits, others of its place go on. Milliseconds. */
type Settled = "done" | keyof typeof WAITS | { readonly retry: number } | { readonly aside: number };

/** A row with its body read once. */
interface Pending {
  readonly row: Outbox;
  readonly body: Body;
  readonly at: string;
}

/** Sends the rows of the outbox, per place in order of lane and age. */
export class OutboxSender {
  readonly #parts: OutboxParts;
  readonly #pending: Pending[] = [];
  readonly #busy = new Set<string>();
  /** Since when what wakes people is being sent, by place. */
  readonly #urgent = new Map<string, Instant>();
  /** Rows that fail by themselves are set aside: one bad message must not hold up a stop. */
  readonly #failing = new Failing();
  readonly #notBefore = new Map<string, Instant>();
  /** How often in a row what waits in a place could not be sent yet, by place. */
  readonly #waited = new Map<string, number>();
  /** Until when a message waits for its room to be as it must be. */
  readonly #aside = new Map<string, Instant>();
  /** Checkpoints that have been signed and not sent yet, by row. */
  readonly #signed = new Map<string, Content>();
  /** Boards that somebody has removed: an edit of one may be on its way. */
  readonly #removedBoards = new Set<EventId>();
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }
  async load(): Promise<void> {
    this.#pending.push(...(await this.#parts.journal.outbox()).map(pending));
  }
  /** Rows that a commit has made durable. */
  add(rows: readonly NewOutbox[]): void {
    for (const row of rows) this.#pending.push(pending({ ...row, order: Number.MAX_SAFE_INTEGER, state: "rendered" }));
    this.pump();
  }
  /** What waits to be sent: of each row its lane, how long it has been waiting for, and whether others go first because it fails by itself. */
  waiting(): readonly { readonly lane: Lane; readonly created: Instant; readonly setAside: boolean }[] {
    return this.#pending.map(({ row }) => ({ lane: row.lane, created: row.created, setAside: this.#failing.asideUntil(row.id) !== undefined }));
  }
  /** Whether something that wakes people is on its way to the homeserver, or waits for the message before it in the same place. */
  isSayingUrgent(): boolean {
    return this.#pending.some(({ row, at }) => isUrgent(row) && this.#busy.has(at));
  }
  /** Whether a board, or the card, of this room is already waiting to be sent. */
  boardWaits(at: Placed, isCard: boolean): boolean {
    return this.#pending.some(({ row, body, at: there }) => body.kind === "board" && (body.of === "card") === isCard && row.state === "rendered" && there === key(at) && !this.#busy.has(there));
  }
  /** Somebody has removed this board; to be said in the same instant in which that is committed. */
  boardRemoved(event: EventId): void {
    this.#removedBoards.add(event);
  }
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }
  /** Tries every room that has something to send and is not busy. */
  pump(): void {
    if (this.#stopped) return;
    const now = this.#parts.clock.now();
    const heads = new Map<string, Pending>();
    let soonest = Number.POSITIVE_INFINITY;
    for (const each of this.#pending) {
      if (this.#busy.has(each.at)) continue;
      if (each.body.kind === "board" && this.#parts.isReliedOn(each.body.at, each.body.of === "card")) continue;
      const setAside = Math.max(this.#failing.asideUntil(each.row.id) ?? 0, this.#aside.get(each.row.id) ?? 0);
      if (setAside > now) {
        soonest = Math.min(soonest, setAside);
        continue;
      }
      const head = heads.get(each.at);
      if (head === undefined || before(each.row, head.row)) heads.set(each.at, each);
    }
    for (const each of [...heads.values()].toSorted((a, b) => (before(a.row, b.row) ? -1 : 1))) {
      if (this.#busy.size >= MOST_ROOMS_AT_ONCE) break;
      const alone = isUrgent(each.row) ? 0 : Math.max(0, ...this.#urgent.values().map((since) => since + LONGEST_ALONE));
      const from = Math.max(this.#notBefore.get(each.at) ?? 0, each.body.kind === "board" ? each.row.created + BOARD_DELAY : 0, alone);
      if (from > now) {
        soonest = Math.min(soonest, from);
        continue;
      }
      this.#busy.add(each.at);
      if (isUrgent(each.row)) this.#urgent.set(each.at, now);
      void this.#attempt(each);
    }
    this.#cancel?.();
    this.#cancel = soonest === Number.POSITIVE_INFINITY ? undefined : this.#parts.clock.wakeAt(soonest as Instant, () => this.pump());
  }
  async #attempt({ row, body, at }: Pending): Promise<void> {
    let settled: Settled;
    try {
      settled = await this.#send(row, body);
    } catch (fault) {
      settled = await this.#afterFault(row, body.at, fault).catch((again: unknown): Settled => {
        this.#parts.log.bug("outbox.not-put-aside", again);
        return { retry: NOT_PUT_ASIDE };
      });
    }
    this.#busy.delete(at);
    this.#urgent.delete(at);
    if (settled === "done") {
      this.#failing.passed(at);
      this.#letGo(at);
    } else if (typeof settled === "object" && "aside" in settled) this.#aside.set(row.id, (this.#parts.clock.now() + settled.aside) as Instant);
    else this.#notBefore.set(at, (this.#parts.clock.now() + (typeof settled === "string" ? this.#wait(at, WAITS[settled]) : settled.retry)) as Instant);
    this.pump();
  }
  #wait(at: string, waits: readonly number[]): number {
    const before = this.#waited.get(at) ?? 0;
    this.#waited.set(at, before + 1);
    return waits[before] ?? waits.at(-1) ?? 0;
  }
  #letGo(at: string): void {
    this.#notBefore.delete(at);
    this.#waited.delete(at);
  }
  /** Who may know has changed in a chain: what could not be sent to its places yet is looked at at once. */
  reconsider(chain: ChainId): void {
    for (const { at, body } of this.#pending) if (body.at.chain === chain && this.#waited.has(at)) this.#letGo(at);
    this.pump();
  }
  /** Something changed for this room (a sync, a key, a join): what was held is tried at once. */
  nudge(at?: Placed): void {
    if (at === undefined) {
      this.#notBefore.clear();
      this.#waited.clear();
      this.#aside.clear();
    } else {
      this.#letGo(key(at));
      for (const each of this.#pending) if (each.at === key(at)) this.#aside.delete(each.row.id);
    }
    this.#failing.changed(this.#pending.filter((each) => at === undefined || each.at === key(at)).map(({ row }) => row.id));
    this.pump();
  }
  async #send(row: Outbox, body: Body): Promise<Settled> {
    const { world, rooms, clock, journal, gateway } = this.#parts;
    if (row.expires !== undefined && clock.now() >= row.expires) return this.#drop(row, "expired");
    if (row.supersedes !== undefined && this.#pending.some(({ row: other }) => other.id !== row.id && other.supersedes === row.supersedes && other.created > row.created)) {
      return this.#drop(row, "superseded");
    }
    if ("asks" in body && body.asks !== undefined && row.state === "rendered" && world.chain(body.asks.chain).view.question.get(body.asks.question)?.state !== "open") {
      return this.#drop(row, "superseded");
    }
    const room = world.room(body.at);
    if (body.kind === "rotate") return this.#rotate(row, room);
    const seen = room === undefined ? undefined : rooms.get(room);
    if (room === undefined || seen === undefined || seen.encryption !== MEGOLM) {
      this.#parts.needsRoom(body.at);
      return "hold";
    }
    const elsewhere = await this.#notHere(row, body, seen);
    if (elsewhere !== undefined) return elsewhere;
    const readers = this.#readers(body.at, seen);
    if (readers === "nobody-yet") {
      this.#parts.needsRoom(body.at);
      return "hold";
    }
    if (readers === "not-entitled" || this.#wasRemoved(row, body.at)) return this.#drop(row, "not-entitled");
    const inPlace = row.state === "encrypted" && row.room === room && this.#isReadableByKeptOut(row, body.at);
    if (row.state === "encrypted" && row.room === room) {
      const sent = inPlace ? await this.#findSent(room, row.id) : await this.#repeat(row);
      if (sent !== undefined) return this.#done(row, body, room, sent);
    }
    if (row.state === "rendered" && this.#parts.maySent(row.created)) {
      const sent = await this.#findSent(room, row.id);
      if (sent !== undefined) return this.#done(row, body, room, sent);
    }
    const made = await this.#content(row, body, room, readers);
    if (made === undefined) return this.#drop(row, "superseded");
    // The room was replaced while this was being made: nobody may be in the old one any more.
    if (world.room(body.at) !== room) return { retry: 0 };
    const holders = (): readonly UserId[] => (body.at.chain === INSTALLATION ? readers : rosterOf(world.scope(body.at.chain), body.at.slot));
    const recipients: Recipient[] = [...holders(), ...this.#keptOut(body.at)].flatMap((user) => {
      const person = world.people.get(user);
      return person === undefined ? [] : [{ user, pinned: person.masterKey, ...(keptOut(person) === undefined ? {} : { keptOut: true as const }) }];
    });
    const { ciphertext, withheld } = await this.#parts.crypto.encrypt(room, recipients, made.type, { ...made.content, [EFFECT_KEY]: row.id });
    // Cut off or taken out while the keys were on their way: what nobody has seen yet is made anew, without them.
    if (recipients.some((each) => each.keptOut !== true && (keptOut(world.people.get(each.user)) !== undefined || !holders().includes(each.user)))) {
      await this.#parts.crypto.rotate(room);
      return { retry: 0 };
    }
    const without = withheld.filter(({ user }) => readers.includes(user));
    for (const { user, why } of withheld) if (why === "identity-changed" || why === "not-pinned" || why === "device-unproven") this.#parts.doubtful(user);
    if (without.length > 0) this.#parts.health.count("withheld", without.length);
    if (without.length > 0) this.#parts.log.warn("outbox.key-withheld", { count: without.length, of: readers.length, why: without[0]?.why ?? "unknown" });
    // What nobody could read is not sent: it waits until somebody can. Of whom nothing is known yet, the server is asked at once.
    if (without.length === readers.length) {
      if (!without.some(({ why }) => why === "unknown")) return "unreadable";
      await this.#parts.crypto.pump();
      return "asked";
    }
    if (Buffer.byteLength(ciphertext) > LONGEST_CONTENT) throw tooLarge();
    const change: OutboxChange = { id: row.id, to: "encrypted", ciphertext, room, device: gateway.device, attempted: clock.now(), ...(inPlace ? { inPlace } : {}) };
    const generation = this.#parts.crypto.generation();
    await journal.commit({
      outboxChanges: [change],
      values: { [CRYPTO_AGE_VALUE]: JSON.stringify({ device: gateway.device, generation }), ...(made.board === undefined ? {} : { [`sending:${row.id}`]: JSON.stringify(made.board) }) },
    });
    this.#parts.crypto.noted(generation);
    const encrypted: Outbox = { ...row, state: "encrypted", ciphertext, room, device: gateway.device, attempted: clock.now() };
    this.#pending.splice(this.#pending.findIndex((each) => each.row.id === row.id), 1, { row: encrypted, body, at: key(body.at) });
    const event = await this.#put(room, row.id, ciphertext);
    return this.#done(encrypted, body, room, event);
  }
  async #rotate(row: Outbox, room: RoomId | undefined): Promise<Settled> {
    const { crypto, journal } = this.#parts;
    if (room !== undefined) await crypto.rotate(room);
    await journal.commit({ outboxChanges: [{ id: row.id, to: "dropped", why: "done" }] });
    this.#remove(row);
    return "done";
  }
  #keptOut(at: Placed): readonly UserId[] {
    return at.chain === INSTALLATION ? [] : keptOutOf(this.#parts.world.scope(at.chain), at.slot);
  }
  /**
   * Encrypted when somebody could read it who has been kept out since. It may have arrived; if not, it is encrypted anew under the same transaction id,
   * so that the server still takes only one of the two.
   */
  #isReadableByKeptOut({ attempted }: Outbox, at: Placed): boolean {
    const { people } = this.#parts.world;
    return attempted !== undefined && this.#keptOut(at).some((user) => {
      const { suspended, cutOff } = people.get(user) ?? {};
      return [suspended, cutOff].some((bar) => bar !== undefined && bar.since >= attempted);
    });
  }
  /**
   * Whether the room may take this message now. A stop is said wherever people are; what is routine is not said where somebody listens who must not,
   * or where the encryption is in doubt: it goes to each of its readers alone. What is under way already goes on.
   */
  async #notHere(row: Outbox, body: Body, seen: ObservedRoom): Promise<Settled | undefined> {
    if (seen.downgraded === true && body.at.chain === INSTALLATION) {
      this.#parts.needsRoom(body.at);
      return { aside: NOT_NOW };
    }
    if (body.at.chain === INSTALLATION || row.state !== "rendered") return undefined;
    const unfit = this.#parts.unfit(body.at);
    const isSaid = body.kind === "event" || body.kind === "file" || body.kind === "poll";
    if (unfit !== undefined && isSaid && row.lane !== "stop" && !(body.kind === "event" && body.anyway === true)) return this.#divert(row, body);
    if (unfit === "downgraded" || (seen.closed !== undefined && row.lane !== "stop") || (!isUrgent(row) && this.#parts.isPreparing(body.at))) {
      this.#parts.needsRoom(body.at);
      return { aside: NOT_NOW };
    }
    return undefined;
  }
  /** The same to each of its readers in their direct chat, in one transaction. */
  async #divert(row: Outbox, body: Extract<Body, { readonly content: Content }>): Promise<Settled> {
    const { world, journal } = this.#parts;
    const users = rosterOf(world.scope(body.at.chain), body.at.slot).filter((user) => world.people.has(user));
    const { supersedes, expires } = row;
    const copies = users.map((user): NewOutbox & { readonly at: Placed } => {
      const at = world.direct(user);
      return {
        id: derived("moved", row.id, user), chain: row.chain, lane: row.lane, created: row.created, at,
        body: JSON.stringify({ ...body, at, content: body.kind === "poll" ? body.content : alone(body.content, this.#parts.heading(body.at, user)) }),
        ...(expires === undefined ? {} : { expires }), ...(supersedes === undefined ? {} : { supersedes: derived("moved", supersedes, user) }),
      };
    });
    await journal.commit({
      outbox: copies.map(({ at: _at, ...copy }) => copy), outboxChanges: [{ id: row.id, to: "dropped", why: "moved" }],
      ...(body.kind === "poll" ? { values: { [copiesValue(row.id)]: JSON.stringify(copies.map(({ id, at }) => ({ poll: id, at }))) } } : {}),
    });
    this.#parts.health.count("moved_to_direct_chats");
    this.#remove(row);
    this.add(copies);
    return "done";
  }
  /** A question that went to people's direct chats ends there. */
  async #closeCopies(row: Outbox, body: Extract<Body, { readonly kind: "close" }>): Promise<void> {
    const { journal } = this.#parts;
    const text = await journal.value(copiesValue(body.poll));
    if (text === undefined) return;
    const copies = (JSON.parse(text) as { readonly poll: string; readonly at: Placed }[]).map(({ poll, at }): NewOutbox => ({
      id: derived("moved-close", row.id, poll), chain: row.chain, lane: row.lane, created: row.created, body: JSON.stringify({ ...body, at, poll }),
    }));
    await journal.commit({ outbox: copies, values: { [copiesValue(body.poll)]: null } });
    this.add(copies);
  }
  /**
   * Sends the stored bytes again, or finds that they have arrived. Undefined: they never did, and another device encrypted them, whose bytes this one
   * cannot send as its own; only then is the message encrypted anew.
   */
  async #repeat(row: Outbox): Promise<EventId | undefined> {
    const { gateway, clock } = this.#parts;
    if (row.ciphertext === undefined || row.room === undefined || row.attempted === undefined) return undefined;
    const isOurs = row.device === gateway.device;
    const remembered = isOurs && clock.now() - row.attempted < TRANSACTION_LIFE;
    const found = remembered ? undefined : await this.#findSent(row.room, row.id);
    if (found !== undefined || !isOurs) return found;
    return this.#put(row.room, row.id, row.ciphertext);
  }
  /**
   * A server takes no thread that begins at an event with a relation of its own: an edit, or one to which somebody on the way put a relation. What
   * stands outside the ciphertext is left out then, or the message would hold up its room for good; the ciphertext is the same.
   */
  async #put(room: RoomId, id: string, ciphertext: string): Promise<EventId> {
    const { gateway, log } = this.#parts;
    try {
      return await gateway.send(room, "m.room.encrypted", id, ciphertext);
    } catch (fault) {
      const alone = faultOf(fault)?.status === 400 ? outOfThread(ciphertext) : undefined;
      if (alone === undefined) throw fault;
      log.warn("outbox.thread-refused");
      return gateway.send(room, "m.room.encrypted", id, alone);
    }
  }
  /** Looks for an own message with this effect id; on another device, or after a day, a transaction id says nothing. */
  async #findSent(room: RoomId, effect: string): Promise<EventId | undefined> {
    const { gateway, crypto } = this.#parts;
    let from = "";
    for (let looked = 0; looked < LOOK_BACK;) {
      const { events, end } = await gateway.messages(room, from, 100);
      for (const event of events) {
        if (event.sender !== gateway.user || event.type !== "m.room.encrypted") continue;
        if (event.transaction === effect) return event.event;
        const read = await crypto.decrypt(room, event.wire);
        // Of an older device: from the key backup, proven by nobody. To find what was sent that is enough.
        const content = read.ok ? read.content : read.claims?.content;
        if (content?.[EFFECT_KEY] === effect) return event.event;
      }
      looked += events.length;
      if (end === undefined || events.length === 0) return undefined;
      from = end;
    }
    return undefined;
  }
  async #content(row: Outbox, body: Body, room: RoomId, readers: readonly UserId[]): Promise<{ readonly type: string; readonly content: Content; readonly board?: BoardUnderWay } | undefined> {
    switch (body.kind) {
      case "event": case "poll": return body;
      case "rotate": return undefined;
      case "file": return { type: body.type, content: await withFile(this.#parts, row.id, body.content, body.text) };
      case "checkpoint": {
        // Each one that is signed is on record: an attempt that fails sends the same again, not another.
        const content = this.#signed.get(row.id) ?? (await this.#parts.checkpoint(body.chain));
        this.#signed.set(row.id, content);
        return { type: "m.room.message", content };
      }
      case "close": {
        await this.#closeCopies(row, body);
        const poll = await this.#parts.journal.value(`poll:${body.poll}`);
        if (poll === undefined) return undefined;
        return { type: body.type, content: { ...body.content, "m.relates_to": { rel_type: "m.reference", event_id: poll } } };
      }
      case "board": {
        const board = this.#parts.board(body.at, body.of === "card");
        if (board === undefined) return undefined;
        const place = await this.boardPlace(body.at, body.of === "card");
        const edits = place !== undefined && place.room === room && readers.every((user) => place.readers.includes(user)) ? place.event : undefined;
        const now = this.#parts.clock.now();
        const isFresh = body.renews !== true || now - (place?.live ?? 0) < LIVE_EVERY;
        if (edits !== undefined && place?.shown === board.shown && isFresh) return undefined;
        return {
          type: "m.room.message", content: edits === undefined ? board.content : this.#parts.edit(board.content, edits),
          board: { readers, shown: board.shown, live: now, ...(edits === undefined ? {} : { edits }) },
        };
      }
    }
  }
  async boardPlace(at: Placed, isCard: boolean): Promise<BoardPlace | undefined> {
    const text = await this.#parts.journal.value(boardValue(at, isCard));
    return text === undefined ? undefined : (JSON.parse(text) as BoardPlace);
  }
  async #done(row: Outbox, body: Body, room: RoomId, event: EventId): Promise<Settled> {
    const { journal } = this.#parts;
    const values: Record<string, string | null> = {};
    if (body.kind === "poll") values[`poll:${body.of ?? row.id}`] = event;
    if (body.kind === "file") values[mediaValue(row.id)] = null;
    if (body.kind === "close") values[`poll:${body.poll}`] = null;
    if (body.kind === "board") {
      const under = await journal.value(`sending:${row.id}`);
      if (under !== undefined) {
        const { edits, readers, shown, live } = JSON.parse(under) as BoardUnderWay;
        const stands: BoardPlace = { room, event: edits ?? event, readers, shown, latest: event, ...(live === undefined ? {} : { live }) };
        values[`sending:${row.id}`] = null;
        // If what it edits was removed while it was on its way, a fresh board takes its place: this one must not.
        const isCurrent = edits === undefined || (await this.boardPlace(body.at, body.of === "card"))?.event === edits;
        if (isCurrent && (edits === undefined || !this.#removedBoards.has(edits))) values[boardValue(body.at, body.of === "card")] = JSON.stringify(stands);
      }
    }
    await journal.commit({ outboxChanges: [{ id: row.id, to: "sent", event }], values });
    this.#parts.health.count("sent");
    this.#parts.health.clear("unsendable");
    this.#failing.sent(key(body.at), this.#parts.clock.now());
    this.#remove(row);
    // A fresh board has to be pinned, which is a step of the room like any other.
    if (body.kind === "board") this.#parts.needsRoom(body.at);
    return "done";
  }
  async #drop(row: Outbox, why: "expired" | "superseded" | "not-entitled" | "impossible"): Promise<Settled> {
    const rows: Batch["rows"] = why === "superseded" || why === "expired" ? []
      : [{ chain: row.chain, at: this.#parts.clock.now(), trust: "none", event: { type: "system.noted", v: 1, what: "message-dropped", facts: { why } } }];
    await this.#parts.journal.commit({ rows, outboxChanges: [{ id: row.id, to: "dropped", why }] });
    this.#remove(row);
    return "done";
  }
  #remove(row: Outbox): void {
    const index = this.#pending.findIndex((each) => each.row.id === row.id);
    if (index >= 0) this.#pending.splice(index, 1);
    this.#signed.delete(row.id);
    this.#aside.delete(row.id);
    this.#failing.gone(row.id);
  }
  async #afterFault(row: Outbox, place: Placed, fault: unknown): Promise<Settled> {
    const { clock, health, log } = this.#parts;
    const gateway = faultOf(fault);
    health.count("send_failed");
    if (gateway?.kind === "rate-limited") health.count("rate_limited");
    // What is refused may be one message's own fault; what is not taken at all is the line's.
    if ((gateway?.kind === "unreachable" || gateway?.kind === "rate-limited") && health.when("unsendable") === undefined) health.mark("unsendable", clock.now());
    if (gateway === undefined) log.bug("outbox.send-failed", fault);
    else log.warn("outbox.send-failed", { why: gateway.kind, ...(gateway.status === undefined ? {} : { status: gateway.status }) });
    if (gateway?.kind === "token") this.#parts.fatal(fault);
    if (gateway?.kind === "refused") this.#parts.needsRoom(place);
    const verdict = this.#failing.after(row, key(place), gateway, clock.now());
    switch (verdict.then) {
      case "retry": return { retry: verdict.after };
      case "set-aside":
        log.error("outbox.set-aside", { ms: verdict.until - clock.now() });
        if (verdict.tell) this.#parts.undeliverable(row.chain, place, false);
        return { retry: 0 };
      case "give-up": {
        health.count("undeliverable");
        const note = { type: "system.noted" as const, v: 1 as const, what: "message-undeliverable", facts: { why: verdict.why, lane: row.lane } };
        await this.#parts.journal.commit({
          rows: [{ chain: row.chain, at: clock.now(), trust: "none", event: note }],
          outboxChanges: [{ id: row.id, to: "dropped", why: "impossible" }], values: { [mediaValue(row.id)]: null },
        });
        this.#remove(row);
        this.#parts.undeliverable(row.chain, place, true);
        return "done";
      }
    }
  }
  /** It is of a case from which its reader was removed after it had been decided. */
  #wasRemoved(row: Outbox, at: Placed): boolean {
    if (at.chain !== INSTALLATION || row.chain === INSTALLATION) return false;
    const left = leftAt(this.#parts.world.scope(row.chain), directUser(at.slot));
    return left !== undefined && row.created < left;
  }
  /**
   * Entitled people who are there. In a workspace room only who has joined gets what is sent; a direct chat keeps what was said since the invitation,
   * but only for somebody of our own homeserver: another one gets nothing of before the join unless it is scrolled back to, and rings for none of it.
   * The key goes to the whole roster all the same: whoever is just coming in can read at once, and who is added later cannot read what was before.
   */
  #readers(at: Placed, seen: ObservedRoom): readonly UserId[] | "nobody-yet" | "not-entitled" {
    const { joined, invited } = present(seen, this.#parts.gateway.user);
    if (at.chain === INSTALLATION) {
      const user = directUser(at.slot);
      const person = this.#parts.world.people.get(user);
      if (person === undefined || keptOut(person) !== undefined) return "not-entitled";
      const isOurs = serverOf(user) === serverOf(this.#parts.gateway.user);
      if (![...joined, ...(isOurs ? invited : [])].includes(user) || joined.length + invited.length > 1) return "nobody-yet";
      return [user];
    }
    const roster = rosterOf(this.#parts.world.scope(at.chain), at.slot);
    const readers = joined.filter((user) => roster.includes(user));
    return readers.length === 0 ? "nobody-yet" : readers;
  }
}

/** What was meant for a room, said to one person alone: under the room's name, and in no thread of the room's. A line that rings names the case itself. */
function alone(content: Content, heading: { readonly body: string; readonly html: string }): Content {
  const { "m.relates_to": _relation, ...rest } = content;
  if (rest["msgtype"] !== "m.notice") return rest;
  return { ...rest, body: `${heading.body}\n${String(rest["body"])}`, formatted_body: `${heading.html}<br>${String(rest["formatted_body"])}` };
}
function copiesValue(poll: string): string {
  return `copies:${poll}`;
}
/** An id that follows from others: what is decided twice because of a crash is the same row. */
function derived(...of: readonly string[]): string {
  return createHash("sha256").update(`relevo/${of.join("\n")}`).digest("hex");
}

/** The wire content of a message without the thread it stands in; undefined if it stands in none. */
function outOfThread(ciphertext: string): string | undefined {
  const { "m.relates_to": relation, ...alone } = JSON.parse(ciphertext) as { readonly "m.relates_to"?: { readonly rel_type?: unknown } };
  return relation?.rel_type === "m.thread" ? JSON.stringify(alone) : undefined;
}

/** Under which small value it is kept where the board of a room stands, or its card. */
export function boardValue(at: Placed, isCard: boolean): string {
  return `${isCard ? "card" : "board"}:${key(at)}`;
}
/** A place as one string, for look-ups. */
export function key(at: Placed): string {
  return `${at.chain}/${at.slot}`;
}
function pending(row: Outbox): Pending {
  const body = JSON.parse(row.body) as Body;
  return { row, body, at: key(body.at) };
}
/** Whether it wakes people. */
function isUrgent({ lane }: Pick<Outbox, "lane">): boolean {
  return lane === "stop" || lane === "P1";
}
function before(a: Outbox, b: Outbox): boolean {
  const lanes = LANES.indexOf(a.lane as Lane) - LANES.indexOf(b.lane as Lane);
  return lanes !== 0 ? lanes < 0 : a.created !== b.created ? a.created < b.created : a.order < b.order;
}
