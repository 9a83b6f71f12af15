/** The journal on one encrypted SQLite file: rows, inbox, outbox and small values change in one transaction or not at all. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { scheduler } from "node:timers/promises";
import type { Checkpoint, Fault, Verified } from "../domain/audit.ts";
import type { ChainId, EventId, Instant, RoomId } from "../domain/ids.ts";
import { INSTALLATION } from "../domain/ids.ts";
import { OperatorError } from "../operator-error.ts";
import type { Batch, Clock, Committed, Inbox, Journal, NewOutbox, NewRow, Outbox, Random, Ratchet, Row } from "../ports.ts";
import { ChainCheck } from "./chain-check.ts";
import type { ChainKey } from "./chain-keys.ts";
import { ChainKeys } from "./chain-keys.ts";
import type { Appending, PagedRow } from "./chains.ts";
import { Chains } from "./chains.ts";
import { signCheckpoint } from "./checkpoint.ts";
import type { Connection } from "./database.ts";
import { openDatabase } from "./database.ts";
import { drawnAhead } from "./drawn.ts";
import { damaged, JournalConflict, translated, unknownEvent } from "./errors.ts";
import { InboxTable } from "./inbox.ts";
import type { Keys } from "./keys.ts";
import { CHAIN_KEYS_FOLDER, effectId, JOURNAL_FILE } from "./keys.ts";
import { boundBatch } from "./limits.ts";
import { OutboxTable } from "./outbox.ts";
import { RatchetTable } from "./ratchets.ts";
import { isSystemEvent, openRow } from "./row.ts";
import { SnapshotTable } from "./snapshot.ts";
import { ValueTable } from "./values.ts";

/** Pages of the write-ahead log after which it is brought into the file; SQLite's own default. */
const CHECKPOINT_PAGES = 1_000;

/** Name of the small value that says from which copy the journal goes on, until everybody has been told: JSON of epoch and the two instants. */
export const RESTORED_VALUE = "restored";

/** Name of the small value that holds the id of the device on which the bot last ran. */
export const DEVICE_VALUE = "device";

/** Name of the small value that says how far the crypto store had come when something was last encrypted: JSON of device and count. */
export const CRYPTO_AGE_VALUE = "crypto-age";

/** What a journal is opened with. */
export interface OpenJournal {
  /** The data folder: holds `journal.db`, `root.json` and the folder `chain-keys`. */
  readonly folder: string;
  readonly keys: Keys;
  readonly clock: Pick<Clock, "now">;
  readonly random: Pick<Random, "bytes">;
  /** Whether this build can read an event; the journal's own (`system.noted`) need not be in it. */
  readonly known: (type: string, v: number) => boolean;
  /** Version of `evolve`: a snapshot made by another one is dropped. */
  readonly evolveVersion: string;
  /** Called when the disk is full or fails, or the file turns out to be damaged, besides the rejection of that call: nothing is written from then on. */
  readonly fatal?: (error: OperatorError) => void;
}

/** Opens the journal of a data folder, or makes it. Throws an {@link OperatorError} that names the cure. */
export function openJournal(open: OpenJournal): SqliteJournal {
  const file = join(open.folder, JOURNAL_FILE);
  const keyFolder = join(open.folder, CHAIN_KEYS_FOLDER);
  const hasKeys = existsSync(keyFolder) && readdirSync(keyFolder).length > 0;
  const db = openDatabase(file, open.keys.file, !hasKeys);
  try {
    return new SqliteJournal(db, file, open);
  } catch (error) {
    db.close();
    throw translated(error, file);
  }
}

/** The {@link Journal} of an installation. Besides the port it erases cases and gives the stored bytes for an export. */
export class SqliteJournal implements Journal {
  /** Ed25519 public key that checkpoints are checked with, base64url. */
  readonly checkpointKey: string;
  readonly #db: Connection;
  readonly #inTransaction: <T>(work: () => T) => T;
  readonly #file: string;
  readonly #keys: Keys;
  readonly #clock: Pick<Clock, "now">;
  readonly #known: OpenJournal["known"];
  readonly #evolveVersion: string;
  readonly #fatal: NonNullable<OpenJournal["fatal"]>;
  readonly #chains: Chains;
  readonly #inbox: InboxTable;
  readonly #outbox: OutboxTable;
  readonly #ratchets: RatchetTable;
  readonly #values: ValueTable;
  readonly #snapshots: SnapshotTable;
  readonly #installation: ChainKey;
  /** Set when the disk failed in the middle: what is durable is known only after a new start. */
  #broken: OperatorError | undefined;

  /** Takes over an open database; {@link openJournal} is the usual way in. */
  constructor(db: Connection, file: string, { folder, keys, clock, random: source, known, evolveVersion, fatal }: OpenJournal) {
    const random = drawnAhead(source);
    this.checkpointKey = keys.checkpointKey;
    this.#db = db;
    const transaction = db.transaction((work: () => unknown) => work());
    this.#inTransaction = <T>(work: () => T) => transaction.immediate(work) as T;
    this.#file = file;
    this.#keys = keys;
    this.#clock = clock;
    this.#known = (type, v) => isSystemEvent(type, v) || known(type, v);
    this.#evolveVersion = evolveVersion;
    this.#fatal = fatal ?? (() => undefined);
    this.#chains = new Chains(db, file, new ChainKeys(folder, keys, source), random);
    this.#inbox = new InboxTable(db, random);
    this.#outbox = new OutboxTable(db, random);
    this.#ratchets = new RatchetTable(db);
    this.#values = new ValueTable(db, random);
    this.#snapshots = new SnapshotTable(db, random);
    this.#installation = this.#chains.key(INSTALLATION) ?? this.#write((appending) => this.#chains.keyFor(appending, INSTALLATION));
  }

  /** One durable transaction. Rejects with a {@link JournalConflict}, an OperatorError (disk) or a bug's error; then nothing was written. */
  async commit(batch: Batch): Promise<Committed> {
    this.#checkBatch(batch);
    return this.#write((appending) => this.#apply(batch, appending));
  }

  async *read(chain: ChainId, afterSeq: number): AsyncGenerator<Row> {
    const place = this.#chains.place(chain);
    if (place === undefined) return;
    const key = this.#chains.key(chain);
    if (key === undefined) throw new JournalConflict("chain", `the content of chain ${chain} was erased`);
    const hash = this.#chains.hashOf(chain, afterSeq);
    if (hash === undefined) throw new RangeError(`chain ${chain} has no row ${afterSeq}`);
    const check = new ChainCheck({ chain, checkpoints: [], checkpointKey: this.checkpointKey, after: { seq: afterSeq, hash } });
    for await (const page of this.#pages(chain, afterSeq, place.seq)) for (const stored of page) yield this.#opened(stored, check, key);
    const { fault } = check.finish(place.seq);
    if (fault !== undefined) throw this.#damaged(fault);
  }

  /** Chains whose content can be read: the installation's first, then the cases in the order of their opening. */
  async chains(): Promise<readonly ChainId[]> {
    return this.#chains.live();
  }

  async snapshot(chain: ChainId): Promise<{ readonly seq: number; readonly state: unknown } | undefined> {
    const key = this.#chains.key(chain);
    if (key === undefined) return undefined;
    const found = await this.#snapshots.read(chain, key.snapshot);
    if (found === undefined) return undefined;
    if (found.evolve !== this.#evolveVersion || this.#chains.hashOf(chain, found.seq)?.toString("hex") !== found.head) {
      this.#write(() => this.#snapshots.drop(chain));
      return undefined;
    }
    return { seq: found.seq, state: found.state };
  }

  /** `state` is plain JSON (a Map is refused, it would come back empty). */
  async saveSnapshot(chain: ChainId, seq: number, evolveVersion: string, state: unknown): Promise<void> {
    this.#refuseIfBroken();
    const key = this.#chains.key(chain);
    const head = this.#chains.hashOf(chain, seq);
    if (key === undefined || head === undefined) throw new RangeError(`chain ${chain} has no row ${seq} to keep a snapshot of`);
    try {
      await this.#snapshots.write(chain, key.snapshot, { seq, head: head.toString("hex"), evolve: evolveVersion, state });
    } catch (error) {
      throw this.#failed(error);
    }
  }

  async inbox(): Promise<readonly Inbox[]> {
    return this.#reading(() => this.#inbox.open(this.#installation.inbox));
  }

  async outbox(): Promise<readonly Outbox[]> {
    return this.#reading(() => this.#outbox.unsent((chain) => this.#chains.key(chain)?.outbox));
  }

  async outboxRow(id: string): Promise<Outbox | undefined> {
    return this.#reading(() => this.#outbox.one(id, (chain) => this.#chains.key(chain)?.outbox));
  }

  async outboxSentAs(event: EventId): Promise<Outbox | undefined> {
    return this.#reading(() => this.#outbox.sentAs(event, (chain) => this.#chains.key(chain)?.outbox));
  }

  async value(key: string): Promise<string | undefined> {
    return this.#reading(() => this.#values.one(key, this.#installation.values));
  }

  async values(prefix: string): Promise<ReadonlyMap<string, string>> {
    return this.#reading(() => this.#values.beginningWith(prefix, this.#installation.values));
  }

  async ratchet(room: RoomId, session: string, index: number): Promise<Ratchet | undefined> {
    return this.#reading(() => this.#ratchets.one(room, session, index));
  }

  async hasEvent(event: EventId): Promise<boolean> {
    return this.#reading(() => this.#inbox.has(event));
  }

  /** Signs where a chain stands; a case's head is also noted in the installation's chain, so that a whole case cannot disappear unseen. */
  async checkpoint(chain: ChainId, at: Instant): Promise<Checkpoint> {
    const place = this.#chains.place(chain);
    if (place === undefined || place.seq === 0) throw new RangeError(`chain ${chain} has no row to sign`);
    const checkpoint = signCheckpoint({ chain, seq: place.seq, head: place.hash.toString("hex"), at }, this.#keys.signing);
    if (chain !== INSTALLATION) await this.commit({ rows: [note(at, "checkpoint", { ...checkpoint })] });
    return checkpoint;
  }

  /**
   * Checks all rows of a chain against one another, their content, and the checkpoints given. Nothing is written any more once the chain is found broken in
   * itself or is not what this installation signed; a checkpoint that it did not sign does not stop the bot, because what stands in a room may be anybody's.
   */
  async verify(chain: ChainId, checkpoints: readonly Checkpoint[]): Promise<Verified> {
    const check = new ChainCheck({ chain, checkpoints, checkpointKey: this.checkpointKey });
    const last = this.#chains.place(chain)?.seq ?? 0;
    const key = this.#chains.key(chain);
    for await (const page of this.#pages(chain, 0, last)) {
      for (const stored of page) {
        const header = check.row(stored, stored.hash.toString("hex"), stored.seq);
        if (header !== undefined && key !== undefined && openRow(stored, header, key) === undefined) check.fault(stored.seq, "commitment");
      }
    }
    const broken = check.broken(last);
    if (broken !== undefined) this.#damaged(broken);
    return check.finish(last);
  }

  /**
   * Erases what a case says: its data key, its snapshot and its outbox go; the chain stays and can still be verified. Cannot be undone.
   * What members' devices and backups hold is not touched.
   */
  async erase(chain: ChainId, at: Instant): Promise<void> {
    const place = this.#chains.place(chain);
    if (chain === INSTALLATION || place === undefined || this.#chains.key(chain) === undefined) throw new RangeError(`chain ${chain} has no content that can be erased`);
    this.#write((appending) => {
      this.#chains.append(appending, note(at, "chain-erased", { chain, seq: place.seq, head: place.hash.toString("hex") }));
      this.#snapshots.drop(chain);
      this.#outbox.dropChain(chain);
      this.#chains.markErased(chain);
    });
    this.#chains.forget(chain);
  }

  /**
   * Puts on record, in every chain that can still be written to, that the journal goes on from a copy made at `copied`. From now on nothing that is made
   * with {@link epoch} is mistaken for what a lost row had caused.
   */
  goOnFromCopy(epoch: string, copied: Instant, at: Instant): void {
    this.#write((appending) => {
      for (const chain of this.#chains.live()) {
        this.#chains.append(appending, { chain, at, trust: "none", event: { type: "system.restored", v: 1, epoch, copied } });
        this.#snapshots.drop(chain);
      }
      this.#db.prepare("INSERT INTO meta (key, value) VALUES ('epoch', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value").run(epoch);
      this.#values.set(RESTORED_VALUE, JSON.stringify({ epoch, copied, at }), this.#installation.values);
    });
  }

  /** Random, new at each restore; empty if there was none. */
  get epoch(): string {
    const found = this.#db.prepare<[], { value: string }>("SELECT value FROM meta WHERE key = 'epoch'").get();
    return found?.value ?? "";
  }

  /**
   * Brings everything into the one file, which then stays as it is until the returned function is called: whoever copies it meanwhile has the whole
   * journal of this moment. What is committed meanwhile stands in the write-ahead log alone, which grows: not for longer than a copy takes.
   */
  hold(): () => void {
    this.#refuseIfBroken();
    try {
      const [done] = this.#db.pragma("wal_checkpoint(TRUNCATE)") as readonly { readonly busy: number }[];
      if (done?.busy !== 0) throw new Error("the journal could not be brought into one file");
      this.#db.pragma("wal_autocheckpoint=0");
    } catch (error) {
      throw this.#failed(error);
    }
    let held = true;
    return () => {
      if (held && this.#db.open) this.#db.pragma(`wal_autocheckpoint=${CHECKPOINT_PAGES}`);
      held = false;
    };
  }

  /** All chains, also erased ones, for the export. */
  allChains(): readonly ChainId[] {
    return this.#chains.all();
  }

  /** The stored bytes of a chain's rows as they are now, for the export. */
  async *storedRows(chain: ChainId): AsyncGenerator<PagedRow> {
    for await (const page of this.#pages(chain, 0, this.#chains.place(chain)?.seq ?? 0)) yield* page;
  }

  /** Writes nothing more, for a reason that was found elsewhere; whoever opened the journal is told as of any other. */
  giveUp(why: OperatorError): void {
    if (this.#broken !== undefined) return;
    this.#broken = why;
    this.#fatal(why);
  }

  async close(): Promise<void> {
    if (this.#db.open) this.#db.close();
  }

  /** Rows in pages; between two of them the event loop may do other work. */
  async *#pages(chain: ChainId, afterSeq: number, upTo: number): AsyncGenerator<readonly PagedRow[]> {
    try {
      for (const page of this.#chains.pages(chain, afterSeq, upTo)) {
        yield page;
        await scheduler.yield();
      }
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #opened(stored: PagedRow, check: ChainCheck, key: ChainKey): Row {
    const header = check.row(stored, stored.hash.toString("hex"), stored.seq);
    const [fault] = check.faults;
    if (fault !== undefined) throw this.#damaged(fault);
    if (header === undefined) throw new Error("a row without a header and without a fault");
    if (!this.#known(header.type, header.v)) throw unknownEvent(header.type, header.v, header.chain, header.seq);
    const row = openRow(stored, header, key);
    if (row === undefined) throw this.#damaged({ chain: header.chain, seq: header.seq, what: "commitment" });
    return row;
  }

  /** The journal does not hold together: from now on nothing is written to it, so that nothing rests on what somebody changed. */
  #damaged(fault: Fault): OperatorError {
    const why = damaged(this.#file, fault);
    this.giveUp(why);
    return why;
  }

  #checkBatch(batch: Batch): void {
    for (const name of ["rows", "inbox", "inboxEnds", "ratchets", "outbox", "outboxChanges"] as const) boundBatch(batch[name], name);
    boundBatch(Object.keys(batch.values ?? {}), "values");
    for (const { event } of batch.rows ?? []) {
      if (!this.#known(event.type, event.v)) throw new TypeError(`an event is not in the registry: "${event.type}" version ${event.v}`);
    }
  }

  #apply(batch: Batch, appending: Appending): Committed {
    const now = this.#clock.now();
    const rows = (batch.rows ?? []).map((row) => this.#chains.append(appending, row));
    for (const ratchet of batch.ratchets ?? []) this.#ratchets.add(ratchet);
    const received = (batch.inbox ?? []).filter((each) => this.#inbox.add(each, this.#installation.inbox)).map(({ event }) => event);
    for (const { event, end } of batch.inboxEnds ?? []) this.#inbox.end(event, end);
    const outboxKey = (chain: ChainId): Buffer => this.#chains.knownKey(appending, chain).outbox;
    const outbox = (batch.outbox ?? []).map((effect) => {
      const row = "of" in effect ? this.#identified(effect, rows) : effect;
      this.#outbox.add(row, outboxKey(row.chain));
      return row.id;
    });
    for (const change of batch.outboxChanges ?? []) this.#outbox.change(change, outboxKey, now);
    for (const [name, value] of Object.entries(batch.values ?? {})) this.#values.set(name, value, this.#installation.values);
    this.#outbox.sweep(now);
    return { rows: rows.map(({ row }) => row), outbox, received };
  }

  /**
   * By the hash of the row, not by its number: after a restore the same number is given to another row, and its message must never be taken for the one
   * that the lost row has caused.
   */
  #identified({ of, ...effect }: Extract<NonNullable<Batch["outbox"]>[number], { of: unknown }>, rows: readonly { readonly hash: Buffer }[]): NewOutbox {
    const row = rows[of.row];
    if (row === undefined) throw new RangeError(`an effect names row ${of.row} of a batch with ${rows.length}`);
    return { ...effect, id: effectId(this.#keys, row.hash.toString("hex"), of.n) };
  }

  /** Runs one transaction at once: nobody else's work can come between, so that a failed batch concerns its caller alone. */
  #write<T>(work: (appending: Appending) => T): T {
    this.#refuseIfBroken();
    const appending = this.#chains.begin();
    let result: T;
    try {
      result = this.#inTransaction(() => work(appending));
    } catch (error) {
      throw this.#failed(error);
    }
    this.#chains.settle(appending);
    return result;
  }

  #reading<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Also of what was read: nothing is written any more to a file that cannot be read. */
  #failed(error: unknown): unknown {
    const told = translated(error, this.#file);
    if (told instanceof OperatorError) {
      // What is durable is known only after a new start; and a disk that was full once may be again in the middle of what belongs together.
      this.#broken = told;
      this.#fatal(told);
    }
    return told;
  }

  #refuseIfBroken(): void {
    if (this.#broken !== undefined) throw this.#broken;
  }
}

function note(at: Instant, what: string, facts: Readonly<Record<string, string | number>>): NewRow {
  return { chain: INSTALLATION, at, trust: "none", event: { type: "system.noted", v: 1, what, facts } };
}
