/** What is in the inbox: opened, its author proven, handed to hearing; what cannot be opened yet waits, what is not for the bot ends without an answer. */
import { keptOut } from "../domain/access.ts";
import type { EventId } from "../domain/ids.ts";
import { INSTALLATION } from "../domain/ids.ts";
import { leftAt } from "../domain/roster.ts";
import { JournalConflict } from "../journal/errors.ts";
import type { Decrypted, Inbox, Ratchet, Undecryptable } from "../ports.ts";
import type { Acting } from "./deciding.ts";
import type { Hearing, HearingParts } from "./hearing.ts";
import type { Waiting } from "./late-keys.ts";
import { faultOf } from "./outbox.ts";
import type { Rooms } from "./rooms.ts";
import type { Placed } from "./world.ts";

/** How long what is said in a room of the bot's own waits for the room to be bound, in milliseconds; a bound one that was replaced is no room of ours. */
const BEING_MADE = 600_000;
/** Opened messages kept until it is their turn. */
const MOST_OPENED = 20_000;

/** What opening needs. */
export interface OpeningParts extends HearingParts {
  readonly rooms: Rooms;
  readonly hearing: Hearing;
  readonly waiting: Waiting;
  isOwner(user: Inbox["sender"]): boolean;
  /** Makes a room a person's direct chat if it can be one; whether it is now. */
  adopt(room: Inbox["room"], user: Inbox["sender"]): Promise<boolean>;
  /** Somebody's identity is not the pinned one as far as can be seen: it has to be looked at. */
  identityDoubtful(user: Inbox["sender"]): void;
}

/** Opens and proves. */
export class Opening {
  readonly #parts: OpeningParts;
  /** Opened while looking for a stop among many, so that nothing is opened twice. */
  readonly #opened = new Map<EventId, Decrypted>();
  #startedAt = 0;
  #stopped = false;

  constructor(parts: OpeningParts) {
    this.#parts = parts;
  }
  start(): void {
    this.#startedAt = this.#parts.clock.now();
  }
  stop(): void {
    this.#stopped = true;
  }
  /** Decrypts, proves, reads; never throws: what cannot be handled is kept or put on record. False: the homeserver had to be asked and did not answer. */
  async handle(row: Inbox): Promise<boolean> {
    if (this.#stopped) return false;
    try {
      await this.#look(row).catch((fault: unknown) => this.#cameTwice(row, fault));
      return true;
    } catch (fault) {
      if (this.#stopped) return false;
      const gateway = faultOf(fault);
      if (gateway !== undefined) {
        // The homeserver had to be asked whose keys these are and gave no answer. Nothing has failed yet, and what waits may be a stop.
        this.#parts.log.warn("inbox.waits", { why: gateway.kind });
        await this.#parts.waiting.add(row, "server");
        return false;
      }
      this.#parts.log.bug("inbox.failed", fault);
      this.#parts.waiting.drop(row);
      // One event that cannot even be put aside must not cost those that came with it.
      await this.#parts.journal.commit({ inboxEnds: [{ event: row.event, end: "failed" }] }).catch((again: unknown) => void this.#parts.log.bug("inbox.failed-twice", again));
      return true;
    }
  }
  /** The same ciphertext came in two events at once, and the other one was dealt with first. */
  async #cameTwice(row: Inbox, fault: unknown): Promise<void> {
    if (!(fault instanceof JournalConflict) || fault.kind !== "ratchet") throw fault;
    this.#parts.health.count("replayed");
    await this.#parts.silence.keep(row, "replayed", "replay-dropped", undefined);
  }
  /** Deals with those among them that say stop; gives back the others, opened as far as they can be. */
  async urgent(rows: readonly Inbox[]): Promise<readonly Inbox[]> {
    const others: Inbox[] = [];
    for (const row of rows) if (this.#stopped || !(await this.#isStop(row)) || !(await this.handle(row))) others.push(row);
    return others;
  }
  async #isStop(row: Inbox): Promise<boolean> {
    const { crypto, world, hearing, log } = this.#parts;
    const placed = world.placed(row.room) ?? world.formerly(row.room);
    const person = world.people.get(row.sender);
    if (placed === undefined || person === undefined) return false;
    try {
      const opened = this.#opened.get(row.event) ?? (await crypto.decrypt(row.room, JSON.parse(row.wire) as Record<string, unknown>));
      if (!opened.ok) return false;
      if (this.#opened.size < MOST_OPENED) this.#opened.set(row.event, opened);
      return hearing.isStop(opened, this.#acting(row, opened, placed, person));
    } catch (fault) {
      if (faultOf(fault) === undefined) log.bug("inbox.failed", fault);
      return false;
    }
  }
  #acting(row: Inbox, opened: Decrypted, placed: Placed, person: Acting["author"]["person"]): Acting {
    const ratchet: Ratchet = { room: row.room, session: opened.session, index: opened.index, event: row.event, hash: opened.hash };
    return this.#parts.hearing.acting(row, opened, placed, { user: row.sender, person, owner: this.#parts.isOwner(row.sender) }, ratchet);
  }
  async #look(row: Inbox): Promise<void> {
    const { crypto, world, hearing, silence, health } = this.#parts;
    const placed = world.placed(row.room) ?? world.formerly(row.room) ?? (await this.#adoptDirect(row));
    if (placed === undefined && this.#isBeingMade(row)) return this.#parts.waiting.add(row, "room");
    const before = this.#opened.get(row.event);
    this.#opened.delete(row.event);
    const opened = before ?? (await crypto.decrypt(row.room, JSON.parse(row.wire) as Record<string, unknown>));
    if (!opened.ok) return this.#closed(row, opened, placed);
    this.#parts.waiting.opened(row);
    const ratchet: Ratchet = { room: row.room, session: opened.session, index: opened.index, event: row.event, hash: opened.hash };
    const used = await silence.used(row.room, opened.session, opened.index);
    if (used !== undefined && (used.event !== row.event || used.hash !== opened.hash)) {
      health.count("replayed");
      return silence.keep(row, "replayed", "replay-dropped", undefined);
    }
    const person = world.people.get(opened.sender);
    if (!this.#belongs(placed, opened.sender, row.sender)) health.count("foreign");
    // The place stays free: a copy that somebody sends as their own, and that comes first, must not use up the message itself.
    if (opened.sender !== row.sender) return silence.keep(row, "not-ours", "sender-swapped", undefined);
    if (placed !== undefined && person === undefined) return silence.keep(row, "not-ours", "stranger-command", ratchet);
    if (placed === undefined || person === undefined) return silence.keep(row, "not-ours", undefined, ratchet);
    if (placed.chain === INSTALLATION && placed.slot !== world.direct(opened.sender).slot) return silence.keep(row, "not-ours", "foreign-command", ratchet);
    if (placed.chain !== INSTALLATION && world.member(placed.chain, opened.sender) === undefined) {
      // Held back until its author had been removed? When it was said only the server claims; but of a stop those on the route are told.
      const isFormer = leftAt(world.scope(placed.chain), opened.sender) !== undefined;
      if (isFormer && (await hearing.saysStop(row, opened, this.#acting(row, opened, placed, person), "removed"))) return;
      return silence.keep(row, "not-ours", "foreign-command", ratchet);
    }
    const acting = this.#acting(row, opened, placed, person);
    const proof = await crypto.proof(opened.sender, opened.device, person.masterKey);
    if (proof !== "proven") health.count("unproven");
    else if (keptOut(world.people.get(opened.sender)) !== undefined) health.count("kept_out");
    else health.heard(opened.sender, this.#parts.clock.now());
    if (proof === "identity-changed" || proof === "not-pinned") this.#parts.identityDoubtful(opened.sender);
    const why = proof === "proven" ? keptOut(world.people.get(opened.sender)) : proof;
    if (why !== undefined) return hearing.notProven(row, opened, acting, why);
    if (await this.#verifies(row, opened, placed, ratchet)) return;
    await hearing.hear(row, opened, acting);
  }
  /** What a client writes to compare emoji in the person's own chat goes to the verifier alone; of old it is nothing any more. */
  async #verifies(row: Inbox, { type, content, sender }: Decrypted, placed: Placed, ratchet: Ratchet): Promise<boolean> {
    if (!isVerification(type, content)) return false;
    if (placed.chain === INSTALLATION && !row.late) {
      const { origin_server_ts: claimed } = JSON.parse(row.wire) as { readonly origin_server_ts?: unknown };
      await this.#parts.crypto.verifications.hear(row.room, { event: row.event, sender, type, content, claimedTime: typeof claimed === "number" ? claimed : row.received });
    }
    await this.#parts.silence.keep(row, "not-ours", undefined, ratchet);
    return true;
  }
  /** Whether it was said by somebody who has a place in that room. */
  #belongs(placed: Placed | undefined, sender: Inbox["sender"], claimed: Inbox["sender"]): boolean {
    const { world } = this.#parts;
    if (placed === undefined || !world.people.has(sender) || sender !== claimed) return false;
    return placed.chain === INSTALLATION ? placed.slot === world.direct(sender).slot : world.member(placed.chain, sender) !== undefined;
  }
  async #closed(row: Inbox, opened: Undecryptable, placed: Placed | undefined): Promise<void> {
    const { silence, waiting } = this.#parts;
    const waits = (opened.why === "no-key" || opened.why === "withheld") && this.#belongs(placed, row.sender, row.sender);
    // Its room may have been replaced, or its author taken out, while it waited.
    if (!waits) waiting.drop(row);
    if (placed === undefined) return silence.keep(row, "not-ours", undefined, undefined);
    switch (opened.why) {
      case "malformed":
        this.#parts.health.count("malformed");
        return silence.keep(row, "refused", "malformed", undefined);
      case "unproven": return this.#unproven(row, opened, placed);
      case "no-key": case "withheld":
        // It blocks nobody and stays in the inbox; it is tried again when keys come, and then it is late. A stranger's place is nobody's.
        if (waits) return waiting.add(row, opened.why);
        return silence.keep(row, "not-ours", undefined, undefined);
    }
  }
  /** On record; and the person in whose name it came is told in their direct chat, which only their own signed devices can read. */
  async #unproven(row: Inbox, { claims, hash, imported = false }: Undecryptable, placed: Placed): Promise<void> {
    const { clock, health, world, hearing, silence, writer, flow } = this.#parts;
    const now = clock.now();
    health.count("unproven");
    this.#parts.waiting.opened(row);
    const person = world.people.get(row.sender);
    const isTheirs = placed.chain === INSTALLATION ? imported && placed.slot === world.direct(row.sender).slot : world.member(placed.chain, row.sender) !== undefined;
    if (claims !== undefined && person !== undefined && isTheirs) {
      // No command, whoever wrote it; but if it says stop, those whom it would concern must be able to ask.
      const ratchet: Ratchet = { room: row.room, session: claims.session, index: claims.index, event: row.event, hash };
      const acting = hearing.acting(row, claims, placed, { user: row.sender, person, owner: this.#parts.isOwner(row.sender) }, ratchet);
      if (await hearing.saysStop(row, claims, acting, "device-unproven")) return;
      // After the loss of a device all of them are unproven; what people said to one another need not be said again.
      if (imported && !hearing.isMeant(claims, acting)) return silence.keep(row, "not-ours", undefined, undefined);
    }
    if (!world.people.has(row.sender) || !silence.mayNote(`unproven/${row.sender}`, now)) return silence.keep(row, "refused", undefined, undefined);
    await writer.do("live", () => flow.tellUnproven(row.sender, row.event, imported));
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

/** Whether it belongs to a verification (client-server API, "Key verification framework"). */
export function isVerification(type: string, content: Readonly<Record<string, unknown>>): boolean {
  return type.startsWith("m.key.verification.") || (type === "m.room.message" && content["msgtype"] === "m.key.verification.request");
}
