/** What gets no answer and is put on record, seldom enough that nobody can fill the journal with it. */
import type { Instant } from "../domain/ids.ts";
import { INSTALLATION } from "../domain/ids.ts";
import type { Batch, Clock, Inbox, Journal, Ratchet } from "../ports.ts";

/** The same silence in the same room is put on record once in this time, in milliseconds. */
const NOTE_EVERY = 300_000;
/** Kinds of silence remembered; beyond that all are forgotten, which puts a few on record once more. */
const MOST_KINDS = 10_000;

/** Ends events without an answer. */
export class Silence {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #noted = new Map<string, Instant>();

  constructor(journal: Journal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
  }
  /** No answer: to an outsider every answer tells something. What it was is on record, without its content. */
  async keep(row: Pick<Inbox, "event" | "room">, end: "not-ours" | "refused" | "replayed", what: string | undefined, ratchet: Ratchet | undefined): Promise<void> {
    const now = this.#clock.now();
    const rows: Batch["rows"] = what !== undefined && this.mayNote(`${what}/${row.room}`, now)
      ? [{ chain: INSTALLATION, at: now, trust: "none", cause: row.event, event: { type: "system.noted", v: 1, what, facts: {} } }] : [];
    await this.#journal.commit({ rows, inboxEnds: [{ event: row.event, end }], ...(ratchet === undefined ? {} : { ratchets: [ratchet] }) });
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
