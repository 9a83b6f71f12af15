/** What gets no answer and is put on record, seldom enough that nobody can fill the journal with it. */
import type { EventId, Instant, RoomId } from "../domain/ids.ts";
import { INSTALLATION } from "../domain/ids.ts";
import { JournalConflict } from "../journal/errors.ts";
import type { Batch, Clock, Inbox, InboxEnd, Journal, Ratchet } from "../ports.ts";

/** The same silence in the same room is put on record once in this time, in milliseconds. */
const NOTE_EVERY = 300_000;
/** Events that end in silence and become durable together, at most. */
const TOGETHER = 200;
/** Kinds of silence remembered; beyond that all are forgotten, which puts a few on record once more. */
const MOST_KINDS = 10_000;

interface Ended {
  readonly event: EventId;
  readonly end: InboxEnd;
  readonly ratchet: Ratchet | undefined;
}

/** Ends events without an answer. */
export class Silence {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #noted = new Map<string, Instant>();
  /** Ended and not durable yet. */
  #gathered: Ended[] = [];
  #gathering = 0;
  #stopped = false;

  constructor(journal: Journal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
  }
  /** No answer: to an outsider every answer tells something. What it was is on record, without its content. */
  async keep(row: Pick<Inbox, "event" | "room">, end: "not-ours" | "refused" | "replayed", what: string | undefined, ratchet: Ratchet | undefined): Promise<void> {
    if (what === undefined && this.#gathering > 0) {
      this.#gathered.push({ event: row.event, end, ratchet });
      return this.#gathered.length < TOGETHER ? undefined : this.#flush();
    }
    const now = this.#clock.now();
    const rows: Batch["rows"] = what !== undefined && this.mayNote(`${what}/${row.room}`, now)
      ? [{ chain: INSTALLATION, at: now, trust: "none", cause: row.event, event: { type: "system.noted", v: 1, what, facts: {} } }] : [];
    await this.#journal.commit({ rows, inboxEnds: [{ event: row.event, end }], ...(ratchet === undefined ? {} : { ratchets: [ratchet] }) });
  }
  /**
   * While many events are dealt with, those among them that end in silence become durable together. Until then they stand in the inbox as before: after a
   * crash they are looked at again, and are silent again.
   */
  async together(work: () => Promise<void>): Promise<void> {
    this.#gathering += 1;
    try {
      await work();
    } finally {
      this.#gathering -= 1;
      if (this.#gathering === 0) await this.#flush();
    }
  }
  /** The use of a Megolm message, durable or about to be. */
  async used(room: RoomId, session: string, index: number): Promise<Ratchet | undefined> {
    const gathered = this.#gathered.find(({ ratchet }) => ratchet?.session === session && ratchet.index === index && ratchet.room === room);
    return gathered?.ratchet ?? this.#journal.ratchet(room, session, index);
  }
  /** The journal is about to be closed: what is not durable yet stays in the inbox. */
  stop(): void {
    this.#stopped = true;
  }
  async #flush(): Promise<void> {
    const ended = this.#gathered;
    this.#gathered = [];
    if (this.#stopped || ended.length === 0) return;
    await this.#end(ended).catch(async (fault: unknown) => {
      if (!(fault instanceof JournalConflict)) throw fault;
      // One of them cannot end; the others can.
      for (const each of ended) await this.#end([each]);
    });
  }
  async #end(ended: readonly Ended[]): Promise<void> {
    await this.#journal.commit({ inboxEnds: ended.map(({ event, end }) => ({ event, end })), ratchets: ended.flatMap(({ ratchet }) => ratchet ?? []) });
  }
  /** Whether this may go on record now; asking counts as having put it there. */
  mayNote(what: string, now: Instant): boolean {
    const last = this.#noted.get(what);
    if (last !== undefined && now - last < NOTE_EVERY) return false;
    if (this.#noted.size > MOST_KINDS) this.#noted.clear();
    this.#noted.set(what, now);
    return true;
  }
  /** Something that no event of a person caused. */
  async note(what: string, facts: Readonly<Record<string, string | number | boolean>>): Promise<void> {
    await this.#journal.commit({ rows: [{ chain: INSTALLATION, at: this.#clock.now(), trust: "none", event: { type: "system.noted", v: 1, what, facts } }] });
  }
}
