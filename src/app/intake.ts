/**
 * From a sync to the writer. The order is always the same: to-device into the crypto machine, events into the inbox, then the token; what is in
 * the inbox is decrypted, proven, read, and handed to the one writer.
 */
import type { Command } from "../chat/command.ts";
import type { Registry } from "../chat/registry.ts";
import type { Said } from "../chat/read.ts";
import { read } from "../chat/read.ts";
import { POLL_RESPONSE, pollAnswer } from "../chat/poll.ts";
import type { Author, Context, Origin } from "../domain/decision.ts";
import type { ChainId, EventId, Instant, RoomId, UserId } from "../domain/ids.ts";
import { INSTALLATION } from "../domain/ids.ts";
import { CONSENT } from "../domain/request.ts";
import { optionOf } from "../domain/question.ts";
import { circle } from "../domain/delivery.ts";
import { line } from "../domain/say.ts";
import { JournalConflict } from "../journal/errors.ts";
import type { Batch, Clock, Crypto, Decrypted, Gateway, Inbox, Journal, NewInbox, NewRow, Proof, Ratchet, Sync, SyncedRoom, TimelineEvent, Undecryptable } from "../ports.ts";
import type { Acting } from "./deciding.ts";
import type { Flow } from "./flow.ts";
import { identitiesOf, usersIn } from "./identities.ts";
import { questionAmong } from "./ambiguous.ts";
import { faultOf } from "./outbox.ts";
import type { Home } from "./render.ts";
import { directReader } from "./render.ts";
import type { Rooms } from "./rooms.ts";
import type { Log } from "./system.ts";
import type { Placed, World } from "./world.ts";
import type { Urgency, Writer } from "./writer.ts";
import { postedCheckpoints } from "./posted-checkpoints.ts";
import { caseOf, readingWorld } from "./reading-world.ts";

/** One page of a gap, and at most so many pages. */
const PAGE = 100;
const MOST_PAGES = 50;
/** Most invitations kept, and how many are answered after one sync. */
const MOST_INVITATIONS = 1_000;
const INVITATIONS_AT_ONCE = 20;
/** How long what is said in a room of the bot's own waits for the room to be bound, in milliseconds; a bound one that was replaced is no room of ours. */
const BEING_MADE = 600_000;
/** An invitation that does not say who sent it is a stranger's. */
const NOBODY = "";
/** Most undecryptable events kept to be tried again. */
const MOST_WAITING = 1_000;
/** A token that brought nothing is made durable only after this: what it passes over is read again after a crash. */
const KEEP_TOKEN = 10_000;
/** The same silence in the same room is put on record once in this time, so that nobody can fill the journal. */
const NOTE_EVERY = 300_000;
/** What a person would say or tap: in clear, anybody may have written it. Reactions, redactions and calls are in clear with every client. */
const CLEAR_WORDS: ReadonlySet<string> = new Set(["m.room.message", POLL_RESPONSE, "m.poll.response"]);

/** What taking in a sync needs. */
export interface IntakeParts {
  readonly journal: Journal;
  readonly crypto: Crypto;
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly world: World;
  readonly rooms: Rooms;
  readonly writer: Writer;
  readonly flow: Flow;
  readonly registry: Registry;
  readonly log: Log;
  readonly prefix: string;
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
  readonly #noted = new Map<string, Instant>();
  /** Rooms that the bot has been invited to, and by whom. */
  readonly #invitations = new Map<RoomId, string>();
  #inviting = false;
  #startedAt = 0;
  #since: string | undefined;
  #syncedAt: Instant | undefined;
  #first = true;
  /** When the token was last made durable. */
  #keptAt = 0;
  #stopped = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }
  async load(): Promise<void> {
    this.#startedAt = this.#parts.clock.now();
    this.#since = await this.#parts.journal.value("sync:token");
    for (const [key, by] of await this.#parts.journal.values("invitation:")) this.#invitations.set(key.slice("invitation:".length) as RoomId, by);
    const at = await this.#parts.journal.value("sync:at");
    this.#syncedAt = at === undefined ? undefined : (Number(at) as Instant);
  }
  /** What is not yet dealt with stays in the inbox. */
  stop(): void {
    this.#stopped = true;
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
    const invited = this.#newInvitations(sync);
    const invitations = Object.fromEntries(invited.map(({ room, by }) => [`invitation:${room}`, by]));
    const before = new Map(seen.rooms.map((room) => [room.room, rooms.get(room.room)]));
    // A sync that only echoes what the bot itself did need not be durable at once: read again after a crash it says nothing new.
    const nothingNew = inbox.fresh.length === 0 && inbox.rows.length === 0 && invited.length === 0 && Object.keys(seen.values).length === 0;
    if (!nothingNew || now - this.#keptAt >= KEEP_TOKEN) {
      await journal.commit({ inbox: inbox.fresh, rows: inbox.rows, values: { ...seen.values, ...invitations, "sync:token": sync.next, "sync:at": String(now) } });
      this.#keptAt = now;
    }
    this.#since = sync.next;
    this.#syncedAt = now;
    this.#first = false;
    rooms.put(seen.rooms, seen.left);
    if (sync.malformed > 0) this.#parts.log.warn("sync.malformed", { count: sync.malformed });
    for (const room of seen.rooms) {
      const old = before.get(room.room);
      for (const [user, is] of Object.entries(room.members)) {
        if (is === "join" && old?.members[user] !== "join") this.#parts.joined(room.room, user as UserId);
      }
    }
    this.#parts.roomsSeen([...sync.joined.map((room) => room.room), ...sync.left]);
    for (const { room, by } of invited) this.#invitations.set(room, by);
    void this.#seeToInvitations().catch((fault: unknown) => void this.#parts.log.bug("sync.invitation-failed", fault));
    for (const row of await this.#asInbox(inbox.fresh)) await this.#handle(row);
    await this.#retryWaiting();
  }
  /** Nothing was heard for so long that what comes now may be old: after a downtime of ours, of the homeserver, or of the line between the two. */
  #isLate(asked: Instant, now: Instant, timeout: number): boolean {
    const { lateAfter } = this.#parts;
    return this.#syncedAt !== undefined && (asked - this.#syncedAt > lateAfter || now - asked > timeout + lateAfter);
  }
  async #asInbox(fresh: readonly NewInbox[]): Promise<readonly Inbox[]> {
    return fresh.map((each, order) => ({ ...each, order }));
  }
  /** Events to be looked at, those of a gap first; nothing twice. Plain text in an encrypted room is only counted. */
  async #received(sync: Sync, now: Instant, late: boolean): Promise<{ readonly fresh: NewInbox[]; readonly rows: NewRow[] }> {
    const fresh: NewInbox[] = [];
    const rows: NewRow[] = [];
    const taken = new Set<EventId>();
    for (const synced of sync.joined) {
      const gap = synced.limited && this.#parts.rooms.get(synced.room) !== undefined ? await this.#gap(synced) : [];
      if (gap === "unreadable") rows.push({ chain: INSTALLATION, at: now, trust: "none", event: { type: "system.noted", v: 1, what: "gap-unreadable", facts: {} } });
      for (const [events, isLate] of [[gap === "unreadable" ? [] : gap, true], [synced.timeline, late]] as const) {
        for (const event of events) {
          if (event.sender === this.#parts.gateway.user || event.stateKey !== undefined || taken.has(event.event)) continue;
          if (CLEAR_WORDS.has(event.type) && this.#mayNote(`clear/${synced.room}`, now)) {
            rows.push({ chain: INSTALLATION, at: now, trust: "none", event: { type: "system.noted", v: 1, what: "clear-ignored", facts: {} }, cause: event.event });
          }
          if (event.type !== "m.room.encrypted" || (await this.#parts.journal.hasEvent(event.event))) continue;
          taken.add(event.event);
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
  /** Rooms that the bot is invited to, with who says so; more than can be kept are not answered. */
  #newInvitations(sync: Sync): readonly { readonly room: RoomId; readonly by: string }[] {
    const { gateway, log } = this.#parts;
    const all = sync.invited.map(({ room, state }) => ({ room, by: state.find((event) => event.type === "m.room.member" && event.stateKey === gateway.user)?.sender ?? NOBODY }));
    const kept = all.slice(0, Math.max(0, MOST_INVITATIONS - this.#invitations.size));
    if (kept.length < all.length) log.warn("sync.invitations-left-out", { count: all.length - kept.length });
    return kept;
  }
  /**
   * Somebody in a roster, or an owner, may open a direct chat with the bot; nobody else may bring it anywhere. Beside the sync, because an invitation
   * from a slow or dead server takes minutes to decline, and anybody can send many. What fails is tried again after the next sync.
   */
  async #seeToInvitations(): Promise<void> {
    if (this.#inviting) return;
    this.#inviting = true;
    try {
      const known = (by: string): boolean => this.#parts.world.people.has(by as UserId);
      const waiting = [...this.#invitations].toSorted(([, a], [, b]) => Number(known(b)) - Number(known(a)));
      for (const [room, by] of waiting.slice(0, INVITATIONS_AT_ONCE)) {
        if (this.#stopped) return;
        // One that fails goes to the end: it must not hold up the others either.
        this.#invitations.delete(room);
        if (await this.#answered(room, known(by))) await this.#parts.journal.commit({ values: { [`invitation:${room}`]: null } });
        else this.#invitations.set(room, by);
      }
    } finally {
      this.#inviting = false;
    }
  }
  /** Whether the invitation is settled; false if the server could not be asked now. */
  async #answered(room: RoomId, isKnown: boolean): Promise<boolean> {
    const { gateway, clock, log } = this.#parts;
    try {
      await (isKnown ? gateway.join(room) : gateway.leave(room));
    } catch (fault) {
      const found = faultOf(fault);
      if (found === undefined) throw fault;
      log.warn("sync.invitation-failed", { why: found.kind });
      return found.kind === "refused";
    }
    if (!isKnown && this.#mayNote("invitation", clock.now())) await this.#note("invitation-declined", {});
    return true;
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
  async #look(row: Inbox): Promise<void> {
    const { crypto, journal, world } = this.#parts;
    const placed = world.placed(row.room) ?? (await this.#adoptDirect(row));
    if (placed === undefined && this.#isBeingMade(row)) return this.#wait(row);
    const opened = await crypto.decrypt(row.room, JSON.parse(row.wire) as Record<string, unknown>);
    if (!opened.ok) return this.#closed(row, opened, placed);
    const ratchet: Ratchet = { room: row.room, session: opened.session, index: opened.index, event: row.event, hash: opened.hash };
    const used = await journal.ratchet(row.room, opened.session, opened.index);
    if (used !== undefined && (used.event !== row.event || used.hash !== opened.hash)) {
      return this.#silence(row, "replayed", "replay-dropped", undefined);
    }
    const person = world.people.get(opened.sender);
    if (placed === undefined || person === undefined || opened.sender !== row.sender) return this.#silence(row, "not-ours", undefined, ratchet);
    if (placed.chain === INSTALLATION && placed.slot !== world.direct(opened.sender).slot) return this.#silence(row, "not-ours", "foreign-command", ratchet);
    if (placed.chain !== INSTALLATION && world.member(placed.chain, opened.sender) === undefined) return this.#silence(row, "not-ours", "foreign-command", ratchet);
    const acting = this.#acting(row, opened, placed, { user: opened.sender, person, owner: this.#parts.isOwner(opened.sender) }, ratchet);
    const proof = await crypto.proof(opened.sender, opened.device, person.masterKey);
    if (proof !== "proven") return this.#notProven(row, opened, acting, proof);
    await this.#said(row, opened, acting);
  }
  /** It moves nothing and gets no answer; but if it says stop, everybody on the route is asked who can confirm it. */
  async #notProven(row: Inbox, opened: Decrypted, acting: Acting, proof: Proof): Promise<void> {
    const said = opened.type === "m.room.message" ? this.#read(opened, acting) : undefined;
    const { chain } = acting;
    if (chain === undefined || said?.kind !== "command" || said.command.weight !== "stop" || !this.#mayNote(`unproven-stop/${row.room}`, this.#parts.clock.now())) {
      return this.#silence(row, "refused", `sender-${proof}`, acting.ratchet);
    }
    return this.#parts.writer.do("stop", () => this.#parts.flow.unprovenStop({ ...acting, chain }, proof, this.#circles(acting)));
  }
  #read(opened: Decrypted, acting: Acting): Said {
    const { registry, prefix, gateway, world, clock, flow } = this.#parts;
    const text = typeof opened.content["body"] === "string" ? opened.content["body"] : "";
    const rest = acting.origin.room === "direct" ? caseOf(world, acting.author.user, text).rest : undefined;
    const content = rest === undefined ? opened.content : { ...opened.content, body: rest, formatted_body: undefined };
    return read(content, {
      registry, place: acting.origin.room, prefix, bot: gateway.user,
      world: readingWorld(world, acting, clock.now()), refusal: (command) => flow.refusal(command, acting),
    });
  }
  async #closed(row: Inbox, opened: Undecryptable, placed: Placed | undefined): Promise<void> {
    if (placed === undefined) return this.#silence(row, "not-ours", undefined, undefined);
    switch (opened.why) {
      case "malformed": return this.#silence(row, "refused", "malformed", undefined);
      case "unproven": return this.#unproven(row);
      case "no-key": case "withheld":
        // It blocks nobody and stays in the inbox; it is tried again whenever keys come, and then it is late.
        this.#wait(row);
    }
  }
  /** On record; and the person in whose name it came is told in their direct chat, which only their own signed devices can read. */
  async #unproven(row: Inbox): Promise<void> {
    const now = this.#parts.clock.now();
    if (!this.#parts.world.people.has(row.sender) || !this.#mayNote(`unproven/${row.sender}`, now)) return this.#silence(row, "refused", undefined, undefined);
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

  /** Who speaks, from where, about which case. */
  #acting(row: Inbox, opened: Decrypted, placed: Placed, who: Omit<Author, "member">, ratchet: Ratchet): Acting {
    const { world, clock, prefix } = this.#parts;
    const isDirect = placed.chain === INSTALLATION;
    const delivery = isDirect ? undefined : world.scope(placed.chain).state.delivery.get(placed.slot);
    const place = isDirect ? "direct" : delivery === undefined ? "workspace" : "delivery";
    const text = typeof opened.content["body"] === "string" ? opened.content["body"] : "";
    const { chain } = isDirect ? caseOf(world, who.user, text) : { chain: placed.chain };
    const member = chain === undefined ? undefined : world.member(chain, who.user);
    const origin: Origin = { room: place, slot: placed.slot, ...(delivery === undefined ? {} : { delivery: delivery.id }) };
    const home: Home = {
      at: placed, reader: { ...directReader(who.person, clock.now()), prefix: place === "workspace" ? prefix : "" },
      ...(place === "workspace" ? { thread: threadOf(opened.content) ?? row.event } : {}),
    };
    return { author: member === undefined ? who : { ...who, member }, ...(chain === undefined ? {} : { chain }), origin, home, late: row.late, cause: row.event, ratchet };
  }
  async #said(row: Inbox, opened: Decrypted, acting: Acting): Promise<void> {
    const { world, flow } = this.#parts;
    const { ratchet } = acting;
    const vote = pollAnswer(opened.type, opened.content);
    if (vote !== undefined) {
      const found = world.questionOfOption(vote);
      const option = found && optionOf(found.question, { option: vote });
      if (found === undefined || option === undefined) return this.#silence(row, "not-ours", undefined, ratchet);
      return this.#answer(found, option, acting);
    }
    if (opened.type !== "m.room.message") return this.#silence(row, "not-ours", undefined, ratchet);
    const said = this.#read(opened, acting);
    switch (said.kind) {
      case "talk": return this.#silence(row, "not-ours", undefined, ratchet);
      case "edited": return this.#job("live", acting, undefined, () => flow.refuse(acting, "edited", [line("app.edited", {})]));
      case "unknown": return this.#job("live", acting, undefined, () => flow.refuse(acting, "unknown-command", said.lines));
      case "refused": return this.#job("live", acting, undefined, () => flow.refuse(acting, "not-understood", said.lines));
      case "answer": {
        const found = world.questionOfCode(said.code, acting.author.user);
        const option = found && optionOf(found.question, { word: said.word });
        if (found === undefined) return this.#job("live", acting, undefined, () => flow.refuse(acting, "unknown-code", [line("question.unknown-code", { code: said.code })]));
        if (option === undefined) return this.#job("live", acting, undefined, () => flow.refuse(acting, "needs-tap", [line("question.needs-tap", {})]));
        return this.#answer(found, option, acting);
      }
      case "ambiguous": return this.#job("live", acting, said.command, () => flow.ask(acting, acting.chain ?? INSTALLATION, questionAmong(said, acting, world, flow.questionContext())));
      case "command": {
        const { command, params } = said;
        if (command.decide === undefined) {
          // Beside the queue and beside the sync: a long chain to be verified holds up nobody.
          void flow.read(command, params, acting, this.#asked()).catch((fault: unknown) => this.#failed(fault, acting, command));
          return;
        }
        const urgency: Urgency = command.weight === "stop" ? "stop" : row.late ? "late" : "live";
        // Only what binds can pin an identity; nothing else waits for the homeserver.
        const named = command.weight === "binding" ? usersIn(params) : [];
        return this.#knowing(named, urgency, acting, command, (identities) => flow.command(command, params, acting, identities));
      }
    }
  }
  async #answer(found: NonNullable<ReturnType<World["questionOfOption"]>>, option: NonNullable<ReturnType<typeof optionOf>>, acting: Acting): Promise<void> {
    const { world, flow, registry } = this.#parts;
    const does = option.does;
    const params = does?.command === CONSENT ? world.scope(found.chain).state.request.get(String(does.params["request"]))?.does.params : does?.params;
    const command = does === undefined ? undefined : registry.named(does.command);
    const named = command === undefined || command.weight === "binding" ? usersIn(params) : [];
    return this.#knowing(named, command?.weight === "stop" ? "stop" : "live", acting, command, (identities) => flow.answer(found, option, acting, identities));
  }
  /** Asks who these people are, then hands the job to the writer. Beside the sync: the server of one of them may take long, and a stop must not wait for it. */
  async #knowing(users: readonly UserId[], urgency: Urgency, acting: Acting, command: Command | undefined, job: (identities: Context["identities"]) => Promise<void>): Promise<void> {
    if (users.length === 0) return this.#job(urgency, acting, command, () => job(undefined));
    void identitiesOf(users, this.#parts.crypto)
      .then((identities) => this.#parts.writer.do(urgency, () => job(identities)))
      .catch((fault: unknown) => this.#failed(fault, acting, command));
  }
  /** Hands it to the writer; the sync goes on meanwhile. */
  #job(urgency: Urgency, acting: Acting, command: Command | undefined, job: () => Promise<void>): Promise<void> {
    void this.#parts.writer.do(urgency, job).catch((fault: unknown) => this.#failed(fault, acting, command));
    return Promise.resolve();
  }
  async #failed(fault: unknown, acting: Acting, command: Command | undefined): Promise<void> {
    if (this.#stopped) return;
    if (fault instanceof JournalConflict && fault.kind === "ratchet") {
      // The same ciphertext came in two events at once, and the other one was decided first.
      await this.#silence({ event: acting.cause, room: acting.ratchet.room }, "replayed", "replay-dropped", undefined);
      return;
    }
    this.#parts.log.bug("command.failed", fault);
    const people = this.#circles(acting);
    await this.#parts.writer.do("stop", () => this.#parts.flow.failed(acting, command, people)).catch((again: unknown) => void this.#parts.log.bug("command.failed-twice", again));
  }
  /** Everybody whom a stop given here may concern: of the room's delivery, or of every delivery that is not over. */
  #circles(acting: Acting): readonly UserId[] {
    if (acting.chain === undefined) return [];
    const scope = this.#parts.world.scope(acting.chain);
    const concerned = [...scope.state.delivery.values()].filter((delivery) => acting.origin.delivery === undefined ? delivery.state !== "stopped" : delivery.id === acting.origin.delivery);
    return [...new Set(concerned.flatMap((delivery) => circle(scope, delivery).map((member) => member.user)))];
  }
  #asked(): { verify: (chain: ChainId) => ReturnType<Journal["verify"]>; commands: readonly Command[] } {
    const verify = async (chain: ChainId): ReturnType<Journal["verify"]> => this.#parts.journal.verify(chain, await postedCheckpoints(chain, this.#parts));
    return { verify, commands: this.#parts.registry.commands };
  }
  /** No answer: to an outsider every answer tells something. What it was is on record, without its content. */
  async #silence(row: Pick<Inbox, "event" | "room">, end: "not-ours" | "refused" | "replayed", what: string | undefined, ratchet: Ratchet | undefined): Promise<void> {
    const now = this.#parts.clock.now();
    const rows: Batch["rows"] = what !== undefined && this.#mayNote(`${what}/${row.room}`, now)
      ? [{ chain: INSTALLATION, at: now, trust: "none", cause: row.event, event: { type: "system.noted", v: 1, what, facts: {} } }] : [];
    await this.#parts.journal.commit({ rows, inboxEnds: [{ event: row.event, end }], ...(ratchet === undefined ? {} : { ratchets: [ratchet] }) });
  }
  #mayNote(what: string, now: Instant): boolean {
    const last = this.#noted.get(what);
    if (last !== undefined && now - last < NOTE_EVERY) return false;
    if (this.#noted.size > 10_000) this.#noted.clear();
    this.#noted.set(what, now);
    return true;
  }
  async #note(what: string, facts: Readonly<Record<string, string | number | boolean>>): Promise<void> {
    await this.#parts.journal.commit({ rows: [{ chain: INSTALLATION, at: this.#parts.clock.now(), trust: "none", event: { type: "system.noted", v: 1, what, facts } }] });
  }
}

/** The thread a message stands in; its relation is the one from inside the ciphertext. */
function threadOf(content: Readonly<Record<string, unknown>>): EventId | undefined {
  const relation = content["m.relates_to"];
  if (typeof relation !== "object" || relation === null) return undefined;
  const { rel_type: type, event_id: event } = relation as Record<string, unknown>;
  return type === "m.thread" && typeof event === "string" ? (event as EventId) : undefined;
}
