/**
 * The journal in memory, with the rules of the real one: a batch is durable as a whole or not at all, an event, an effect and a ratchet place count once.
 * test/sim/memory-journal.test.ts gives the same batches to both. What it holds outlives the app that wrote it; nothing is shared by reference.
 */
import type { Checkpoint, Verified } from "../../src/domain/audit.ts";
import type { ChainId, EventId, Instant, RoomId } from "../../src/domain/ids.ts";
import { INSTALLATION } from "../../src/domain/ids.ts";
import { JournalConflict } from "../../src/journal/errors.ts";
import type { Batch, Committed, Inbox, InboxEnd, Journal, NewOutbox, Outbox, OutboxChange, Ratchet, Row } from "../../src/ports.ts";

const DAY = 24 * 3_600_000;
const SWEEP_EVERY = 3_600_000;
const ATTEMPT_COUNTS = 12 * 3_600_000;

/** Something as it was written. It is read once, for all who ask, as what cannot be changed. */
export class Written<T> {
  readonly text: string;
  #read: T | undefined;
  constructor(of: T) {
    this.text = JSON.stringify(of);
  }
  get read(): T {
    return (this.#read ??= frozen(JSON.parse(this.text)) as T);
  }
}

/** All that is durable. Plain data, so that a run can begin from a copy of it; rows are as they would be read, and cannot be changed. */
export interface Durable {
  readonly rows: Map<ChainId, Written<Row>[]>;
  readonly inbox: Map<EventId, { readonly row: Inbox; readonly end?: InboxEnd }>;
  readonly outbox: Map<string, { readonly row: Outbox; readonly settled?: Instant }>;
  readonly ratchets: Map<string, Ratchet>;
  readonly values: Map<string, string>;
  readonly snapshots: Map<ChainId, { readonly seq: number; readonly evolve: string; readonly state: Written<unknown> }>;
  order: number;
}

/** Nothing yet. The installation's chain exists from the beginning. */
export function nothingDurable(): Durable {
  return { rows: new Map([[INSTALLATION, []]]), inbox: new Map(), outbox: new Map(), ratchets: new Map(), values: new Map(), snapshots: new Map(), order: 0 };
}

/** Another journal that goes on from here; rows never change and are shared. */
export function copiedJournal(of: Durable): Durable {
  return {
    rows: new Map([...of.rows].map(([chain, rows]) => [chain, [...rows]])), inbox: new Map(of.inbox), outbox: new Map(of.outbox), ratchets: new Map(of.ratchets),
    values: new Map(of.values), snapshots: new Map(of.snapshots), order: of.order,
  };
}

/** Who looks on, and what a planted bug changes. */
export interface Watching {
  /** Told of each commit, after it. */
  readonly seen?: (batch: Batch, committed: Committed) => void;
  /** Told of each snapshot; gives what is kept. */
  readonly snapshot?: (chain: ChainId, state: unknown) => unknown;
  /** What is written in place of a batch. */
  readonly changed?: (batch: Batch) => readonly Batch[];
}

/** A journal over what is durable. */
export class MemoryJournal implements Journal {
  readonly durable: Durable;
  readonly #now: () => Instant;
  readonly #evolve: string;
  readonly #watching: Watching;
  #nextSweep = 0;

  constructor(durable: Durable, now: () => Instant, evolve: string, watching: Watching = {}) {
    this.durable = durable;
    this.#now = now;
    this.#evolve = evolve;
    this.#watching = watching;
  }

  async commit(batch: Batch): Promise<Committed> {
    return this.write(batch);
  }
  /** The whole of a commit, in one go. */
  write(batch: Batch): Committed {
    const changed = this.#watching.changed?.(batch);
    if (changed === undefined) return this.#write(batch);
    const all = changed.map((each) => this.#write(each));
    return { rows: [], outbox: [], ...all.at(-1), received: all.flatMap(({ received }) => received) };
  }
  #write(batch: Batch): Committed {
    const { durable } = this;
    const now = this.#now();
    const lengths = new Map<ChainId, number>();
    const rows = (batch.rows ?? []).map((row): Row => {
      const seq = (lengths.get(row.chain) ?? durable.rows.get(row.chain)?.length ?? 0) + 1;
      lengths.set(row.chain, seq);
      return { ...row, seq };
    });
    const effects = (batch.outbox ?? []).map((effect) => this.#identified(effect, rows));
    this.#refuse(batch, effects);
    for (const row of rows) {
      const chain = durable.rows.get(row.chain) ?? [];
      chain.push(new Written(row));
      durable.rows.set(row.chain, chain);
    }
    for (const ratchet of batch.ratchets ?? []) durable.ratchets.set(place(ratchet), ratchet);
    const received = (batch.inbox ?? []).filter((event) => {
      if (durable.inbox.has(event.event)) return false;
      durable.inbox.set(event.event, { row: { ...event, order: (durable.order += 1) } });
      return true;
    }).map(({ event }) => event);
    for (const { event, end } of batch.inboxEnds ?? []) {
      const found = durable.inbox.get(event);
      if (found !== undefined) durable.inbox.set(event, { row: found.row, end });
    }
    const outbox = effects.map((row) => {
      durable.outbox.set(row.id, { row: { ...row, order: (durable.order += 1), state: "rendered" } });
      return row.id;
    });
    for (const change of batch.outboxChanges ?? []) this.#change(change, now);
    for (const [name, value] of Object.entries(batch.values ?? {})) {
      if (value === null) durable.values.delete(name);
      else durable.values.set(name, value);
    }
    this.#sweep(now);
    const committed = { rows, outbox, received };
    this.#watching.seen?.(batch, committed);
    return committed;
  }
  /** Looks before anything is written, as a transaction that is rolled back does. */
  #refuse(batch: Batch, effects: readonly NewOutbox[]): void {
    const { durable } = this;
    const ratchets = new Set<string>();
    for (const ratchet of batch.ratchets ?? []) {
      const before = durable.ratchets.get(place(ratchet));
      const same = before !== undefined && before.event === ratchet.event && before.hash === ratchet.hash;
      if ((before !== undefined && !same) || ratchets.has(place(ratchet))) throw new JournalConflict("ratchet", "a ratchet place was used before");
      ratchets.add(place(ratchet));
    }
    const added = new Set((batch.inbox ?? []).map(({ event }) => event));
    const ended = new Set<EventId>();
    for (const { event } of batch.inboxEnds ?? []) {
      const found = durable.inbox.get(event);
      if (ended.has(event) || (found === undefined ? !added.has(event) : found.end !== undefined)) throw new JournalConflict("inbox", `the event ${event} is not in the inbox or was dealt with before`);
      ended.add(event);
    }
    const decided = new Set<string>();
    for (const { id } of effects) {
      if (durable.outbox.has(id) || decided.has(id)) throw new JournalConflict("effect", `the effect ${id} is in the outbox already`);
      decided.add(id);
    }
    for (const change of batch.outboxChanges ?? []) {
      const found = durable.outbox.get(change.id)?.row;
      if (found === undefined && decided.has(change.id)) continue;
      if (found === undefined) throw new JournalConflict("outbox", `there is no outbox row ${change.id}`);
      if (found.state === "sent" && !(change.to === "sent" && change.event === found.sent)) throw new JournalConflict("outbox", `the outbox row ${change.id} was sent`);
      const again = change.to === "encrypted" && found.state === "encrypted" && found.device === change.device && found.room === change.room;
      if (again && change.inPlace !== true && change.attempted - (found.attempted ?? 0) < ATTEMPT_COUNTS) throw new JournalConflict("outbox", `the outbox row ${change.id} was encrypted a short time ago`);
    }
  }
  #change(change: OutboxChange, now: Instant): void {
    const { durable } = this;
    const found = durable.outbox.get(change.id);
    if (found === undefined || found.row.state === "sent") return;
    switch (change.to) {
      case "encrypted": {
        const { ciphertext, room, device, attempted } = change;
        durable.outbox.set(change.id, { row: { ...found.row, state: "encrypted", ciphertext, room, device, attempted } });
        return;
      }
      case "sent": durable.outbox.set(change.id, { row: { ...found.row, state: "sent", sent: change.event }, settled: now }); return;
      case "dropped": durable.outbox.delete(change.id);
    }
  }
  /** What was sent is forgotten after a day. */
  #sweep(now: Instant): void {
    if (now < this.#nextSweep) return;
    this.#nextSweep = now + SWEEP_EVERY;
    for (const [id, { settled }] of this.durable.outbox) if (settled !== undefined && settled < now - DAY) this.durable.outbox.delete(id);
  }
  #identified(effect: NonNullable<Batch["outbox"]>[number], rows: readonly Row[]): NewOutbox {
    if (!("of" in effect)) return effect;
    const { of, ...rest } = effect;
    const row = rows[of.row];
    if (row === undefined) throw new RangeError(`an effect names row ${of.row} of a batch with ${rows.length}`);
    return { ...rest, id: `${row.chain}.${row.seq}.${of.n}` };
  }

  async *read(chain: ChainId, afterSeq: number): AsyncGenerator<Row> {
    yield* this.rowsAfter(chain, afterSeq);
  }
  /** The same without waiting. */
  rowsAfter(chain: ChainId, afterSeq: number): readonly Row[] {
    return (this.durable.rows.get(chain) ?? []).slice(afterSeq).map((row) => row.read);
  }
  async chains(): Promise<readonly ChainId[]> {
    return [...this.durable.rows.keys()];
  }
  async snapshot(chain: ChainId): Promise<{ readonly seq: number; readonly state: unknown } | undefined> {
    const found = this.durable.snapshots.get(chain);
    return found === undefined || found.evolve !== this.#evolve ? undefined : { seq: found.seq, state: found.state.read };
  }
  async saveSnapshot(chain: ChainId, seq: number, evolve: string, state: unknown): Promise<void> {
    this.durable.snapshots.set(chain, { seq, evolve, state: new Written(this.#watching.snapshot?.(chain, state) ?? state) });
  }
  async inbox(): Promise<readonly Inbox[]> {
    return [...this.durable.inbox.values()].filter(({ end }) => end === undefined).map(({ row }) => row).toSorted((one, other) => one.order - other.order);
  }
  async outbox(): Promise<readonly Outbox[]> {
    return [...this.durable.outbox.values()].filter(({ row }) => row.state !== "sent").map(({ row }) => row).toSorted((one, other) => one.order - other.order);
  }
  async outboxRow(id: string): Promise<Outbox | undefined> {
    const found = this.durable.outbox.get(id);
    return found?.row;
  }
  async outboxSentAs(event: EventId): Promise<Outbox | undefined> {
    const found = [...this.durable.outbox.values()].find(({ row }) => row.sent === event);
    return found === undefined || (found.settled !== undefined && this.#now() - found.settled > DAY) ? undefined : found.row;
  }
  async value(key: string): Promise<string | undefined> {
    return this.durable.values.get(key);
  }
  async values(prefix: string): Promise<ReadonlyMap<string, string>> {
    return new Map([...this.durable.values].filter(([key]) => key.startsWith(prefix)));
  }
  async ratchet(room: RoomId, session: string, index: number): Promise<Ratchet | undefined> {
    return this.durable.ratchets.get(place({ room, session, index }));
  }
  async hasEvent(event: EventId): Promise<boolean> {
    return this.durable.inbox.has(event);
  }
  async checkpoint(chain: ChainId, at: Instant): Promise<Checkpoint> {
    const seq = this.durable.rows.get(chain)?.length ?? 0;
    const checkpoint: Checkpoint = { chain, seq, head: "", at, signature: "" };
    if (chain !== INSTALLATION) this.write({ rows: [{ chain: INSTALLATION, at, trust: "none", event: { type: "system.noted", v: 1, what: "checkpoint", facts: { chain, seq } } }] });
    return checkpoint;
  }
  async verify(chain: ChainId): Promise<Verified> {
    const rows = this.durable.rows.get(chain) ?? [];
    const [first] = rows;
    return { rows: rows.length, ok: true, notCovered: rows.length, ...(first === undefined ? {} : { first: first.read.at }) };
  }
  async close(): Promise<void> {}
}

function frozen(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  for (const each of Object.values(value)) frozen(each);
  return Object.freeze(value);
}
function place({ room, session, index }: Pick<Ratchet, "room" | "session" | "index">): string {
  return `${room}\n${session}\n${index}`;
}
