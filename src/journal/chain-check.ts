/** Checks a chain row by row: the same rules for the live journal, for reading and for an exported file. No content key is needed. */
import type { Checkpoint, Fault, FaultKind, Lost, Verified } from "../domain/audit.ts";
import type { ChainId, Instant } from "../domain/ids.ts";
import { isGenuine } from "./checkpoint.ts";
import type { Run } from "./export-runs.ts";
import type { Header } from "./header.ts";
import { readHeader } from "./header.ts";
import type { StoredRow } from "./row.ts";
import { chainStart, RESTORED, rowHashHex } from "./row.ts";

/** Faults named for one chain; more are counted by nobody, the chain is broken anyway. */
const MOST_FAULTS = 100;

/** What a chain is checked against. */
export interface ChainCheckStart {
  readonly chain: ChainId;
  /** Given from outside, never taken from what is being checked; those of other chains are passed over. */
  readonly checkpoints: readonly Checkpoint[];
  /** Ed25519 public key of the installation, base64url. */
  readonly checkpointKey: string;
  /** Where to begin, if not at the first row: number and hash of a row that is trusted. */
  readonly after?: { readonly seq: number; readonly hash: Buffer };
}

/** The checking of one chain: give it the rows in order, then {@link finish}. */
export class ChainCheck {
  readonly #chain: ChainId;
  readonly #checkpointKey: string;
  readonly #bySeq: ReadonlyMap<number, readonly Checkpoint[]>;
  readonly #own: readonly Checkpoint[];
  readonly #faults: Fault[] = [];
  /** Those of them that show another history than the one that was signed. */
  readonly #against = new Set<Fault>();
  #seq: number;
  /** Hash of the row before, hex. */
  #prev: string;
  #rows = 0;
  #first: Instant | undefined;
  #lastCheckpoint: Checkpoint | undefined;
  /** Restores on record: the row with which the chain went on, and what is known to be lost by it. */
  readonly #restores: { readonly seq: number; readonly at: Instant; lost: Lost | undefined }[] = [];

  constructor({ chain, checkpoints, checkpointKey, after }: ChainCheckStart) {
    const own = checkpoints.filter((checkpoint) => checkpoint.chain === chain);
    this.#chain = chain;
    this.#checkpointKey = checkpointKey;
    this.#bySeq = Map.groupBy(own, (checkpoint) => checkpoint.seq);
    this.#own = own;
    this.#seq = after?.seq ?? 0;
    this.#prev = (after?.hash ?? chainStart(chain)).toString("hex");
    for (const checkpoint of own) if (checkpoint.seq < 1) this.fault(checkpoint.seq, "checkpoint");
  }

  /** What was found wrong, in the order in which it was found. */
  get faults(): readonly Fault[] {
    return this.#faults;
  }

  /** Records a fault that the caller found in a row. */
  fault(seq: number, what: FaultKind): void {
    if (this.#faults.length < MOST_FAULTS) this.#faults.push({ chain: this.#chain, seq, what });
  }

  /**
   * Checks the next row; `saidHash` is its hash as it is stored, in hex; `place` is where it stood, if its place is known apart from its header; `read`
   * is that header, if it has been read already. Gives its header if the row is whole and in its place; after a fault it goes on with the next row, so that
   * each broken place is named.
   */
  row(stored: Omit<StoredRow, "hash">, saidHash: string, place?: number, read?: Header): Header | undefined {
    this.#rows += 1;
    const expected = this.#seq + 1;
    const header = read ?? readHeader(stored.header);
    if (header === undefined) {
      this.fault(place ?? expected, "unreadable");
      this.#goOn(place ?? expected, saidHash);
      return undefined;
    }
    if (header.chain !== this.#chain || (place !== undefined && place !== header.seq) || header.seq < expected) {
      this.fault(place ?? header.seq, "link");
      if (place !== undefined) this.#goOn(place, saidHash);
      return undefined;
    }
    this.#first ??= header.at as Instant;
    const before = this.#faults.length;
    if (header.seq > expected) this.fault(expected, "missing");
    else if (header.prev !== this.#prev) this.fault(header.seq, "link");
    const hash = rowHashHex(stored.header, stored.commitment, stored.body);
    if (hash !== saidHash) this.fault(header.seq, "hash");
    if (header.type === RESTORED) this.#restores.push({ seq: header.seq, at: header.at as Instant, lost: undefined });
    this.#compare(header.seq, hash);
    this.#goOn(header.seq, saidHash);
    return this.#faults.length === before ? header : undefined;
  }

  /** Takes rows that follow one another and were found whole elsewhere; false, with nothing taken, if each of them must be given to {@link row}. */
  run({ first, prev, at, last, hash }: Run): boolean {
    const follows = first === this.#seq + 1 && prev === this.#prev;
    if (!follows || this.#own.some(({ seq }) => seq >= first && seq <= last)) return false;
    this.#rows += last - first + 1;
    this.#first ??= at as Instant;
    this.#goOn(last, hash);
    return true;
  }

  /**
   * What is wrong with the chain in itself, or against what this installation signed, and not only against a checkpoint that anybody may have made up; to be
   * asked before {@link finish}, with the same number.
   */
  broken(atLeast = 0): Fault | undefined {
    const found = this.#faults.find((fault) => fault.what !== "checkpoint" || this.#against.has(fault));
    if (found !== undefined) return found;
    const isCut = atLeast > this.#seq || this.#beyond().some((checkpoint) => isGenuine(checkpoint, this.#checkpointKey));
    return isCut ? { chain: this.#chain, seq: this.#seq + 1, what: "missing" } : undefined;
  }

  /** The result; `atLeast` is the number of the last row known to exist, if that is known. */
  finish(atLeast = 0): Verified {
    if (this.#beyond().length > 0 || atLeast > this.#seq) this.fault(this.#seq + 1, "missing");
    const lost = this.#restores.map((restore) => restore.lost).filter((each) => each !== undefined);
    const [fault] = this.#faults;
    const covered = this.#lastCheckpoint?.seq ?? 0;
    return {
      rows: this.#rows,
      ok: fault === undefined,
      notCovered: Math.max(0, this.#seq - covered),
      ...(this.#first === undefined ? {} : { first: this.#first }),
      ...(fault === undefined ? {} : { fault }),
      ...(this.#lastCheckpoint === undefined ? {} : { lastCheckpoint: this.#lastCheckpoint }),
      ...(lost.length === 0 ? {} : { lost }),
    };
  }

  /** Checkpoints behind the end: somebody signed a row that is not there any more. */
  #beyond(): readonly Checkpoint[] {
    return this.#own.filter((checkpoint) => checkpoint.seq > this.#seq && !this.#isLost(checkpoint));
  }

  /**
   * Whether what a checkpoint signed was lost in a restore that is on record: the chain went on from an older copy at or before that row, after the
   * signing. Somebody with all keys could pretend that; then the restore stands in the log with its time, for everybody who knows that there was none.
   */
  #isLost(checkpoint: Checkpoint): boolean {
    const restore = this.#restores.find(({ seq, at }) => seq <= checkpoint.seq && at >= checkpoint.at);
    if (restore === undefined || !isGenuine(checkpoint, this.#checkpointKey)) return false;
    if (checkpoint.seq >= (restore.lost?.to ?? 0)) restore.lost = { from: restore.seq, to: checkpoint.seq, signed: checkpoint.at, restored: restore.at };
    return true;
  }

  #compare(seq: number, head: string): void {
    for (const checkpoint of this.#bySeq.get(seq) ?? []) {
      const genuine = isGenuine(checkpoint, this.#checkpointKey);
      if (genuine && checkpoint.head === head) this.#lastCheckpoint = checkpoint;
      else if (!this.#isLost(checkpoint)) {
        this.fault(seq, "checkpoint");
        const fault = this.#faults.at(-1);
        if (genuine && fault !== undefined) this.#against.add(fault);
      }
    }
  }

  #goOn(seq: number, hash: string): void {
    this.#seq = seq;
    this.#prev = hash;
  }
}
