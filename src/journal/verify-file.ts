/** Verifies an exported journal offline: no content key, no data folder, only the file and the checkpoints that somebody copied from the room. */
import { z } from "zod";
import type { Checkpoint, Fault, Verified } from "../domain/audit.ts";
import type { ChainId } from "../domain/ids.ts";
import { ChainCheck } from "./chain-check.ts";
import { ALGORITHMS, EXPORT_FORMAT } from "./export.ts";
import { ExportHelpers } from "./export-helpers.ts";
import type { Run } from "./export-runs.ts";
import type { ExportedRow } from "./exported-row.ts";
import { parsed, RowReader } from "./exported-row.ts";

/** Longest line, bytes: the largest row with room to spare. */
const LINE_BYTES = 1024 * 1024;
const MOST_LINES = 1_000_000_000;
const MOST_CHAINS = 100_000;
const MOST_FAULTS = 1_000;

const First = z.strictObject({ relevo: z.literal(EXPORT_FORMAT), algorithms: z.literal(ALGORITHMS), checkpointKey: z.base64url().length(43) });
const End = z.strictObject({ end: z.literal(true), rows: z.int().min(0) });

/** What is verified against what. */
export interface VerifyExport {
  /** The file's bytes, as a stream gives them. */
  readonly file: AsyncIterable<Uint8Array>;
  /** Copied from the rooms; what is in the file itself proves nothing. */
  readonly checkpoints: readonly Checkpoint[];
  /** Ed25519 public key of the installation (base64url), if it is known from elsewhere; else the file's own is taken and {@link VerifiedExport} shows it. */
  readonly checkpointKey?: string;
  /** Threads besides this one; none unless it is said. They cost some time to begin with, and find nothing else. The file gives each piece in memory of its own then. */
  readonly threads?: number;
}

/** Something wrong with a place in the file; `chain` and `seq` are missing if the line is not even a row. Lines count from 1. */
export type FileFault = { readonly line: number; readonly what: FileFaultKind } & Partial<Pick<Fault, "chain" | "seq">>;
/** Besides what can be wrong with a row: `not-an-export` (the first line), `other-key` (not the key that was expected), `cut` (the last line is missing or counts otherwise), `too-large`. */
export type FileFaultKind = Fault["what"] | "not-an-export" | "other-key" | "cut" | "too-large";

/** What was found. */
export interface VerifiedExport {
  /** Nothing was found wrong; see `chains` for what is not yet covered by a checkpoint. */
  readonly ok: boolean;
  readonly rows: number;
  /** The public key that the checkpoints were checked with. */
  readonly checkpointKey?: string;
  readonly chains: ReadonlyMap<ChainId, Verified>;
  /** In the order of the file, then what is missing at the end of each chain; at most 1,000. */
  readonly faults: readonly FileFault[];
}

/** Reads the file once, in a stream. Never throws for what is in it; a file that cannot be read rejects with the stream's own error. */
export async function verifyExport(given: VerifyExport): Promise<VerifiedExport> {
  const reading = new ExportReading(given);
  if (given.threads === undefined) {
    await readAlone(given.file, reading);
    return reading.finish();
  }
  const helpers = new ExportHelpers(given.threads, LINE_BYTES);
  try {
    await readTogether(given.file, reading, helpers);
  } finally {
    await helpers.end();
  }
  return reading.finish();
}

async function readAlone(file: VerifyExport["file"], reading: ExportReading): Promise<void> {
  for await (const chunk of file) if (!reading.piece(chunk)) return;
  reading.rest();
}

/** Pieces are looked at beside one another and taken in their order. */
async function readTogether(file: VerifyExport["file"], reading: ExportReading, helpers: ExportHelpers): Promise<void> {
  const asked: { readonly piece: Buffer; readonly runs: Promise<readonly Run[] | undefined> }[] = [];
  const take = async (most: number): Promise<boolean> => {
    while (asked.length > most) {
      const next = asked.shift();
      const runs = await next?.runs;
      if (next !== undefined && !(runs === undefined ? reading.piece(next.piece) : reading.runs(next.piece, runs))) return false;
    }
    return true;
  };
  let begun: Buffer = Buffer.alloc(0);
  for await (const chunk of file) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const first = bytes.indexOf(10) + 1;
    const end = bytes.lastIndexOf(10) + 1;
    // The line that began in the chunk before is not worth a thread.
    if (first > 0) asked.push({ piece: Buffer.concat([begun, bytes.subarray(0, first)]), runs: Promise.resolve(undefined) });
    if (end > first) asked.push({ piece: bytes.subarray(first, end), runs: helpers.runs(bytes.subarray(first, end)) });
    begun = Buffer.concat([...(first > 0 ? [] : [begun]), bytes.subarray(end)]);
    const isTooLong = begun.length > LINE_BYTES;
    if (!await take(isTooLong ? 0 : helpers.most)) return;
    if (isTooLong) break;
  }
  if (await take(0) && reading.piece(begun)) reading.rest();
}

class ExportReading {
  readonly #given: VerifyExport;
  readonly #checks = new Map<ChainId, ChainCheck>();
  readonly #faults: FileFault[] = [];
  readonly #reader = new RowReader(LINE_BYTES);
  readonly #lines = new Lines();
  #checkpointKey: string | undefined;
  /** The row before this one: a line that cannot be read is counted to the same chain. */
  #last: { readonly chain: ChainId; readonly seq: number } | undefined;
  #rows = 0;
  /** Number of the last line. */
  #line = 0;
  #ended = false;

  constructor(given: VerifyExport) {
    this.#given = given;
  }

  /** Takes the lines that end in some bytes; false if reading on makes no sense. */
  piece(bytes: Uint8Array): boolean {
    return this.#lines.of(bytes, this.#take);
  }

  /** Takes what stands after the last line break. */
  rest(): void {
    this.#lines.rest(this.#take);
  }

  /** Takes whole lines of which it is known already what runs of rows they are. */
  runs(piece: Buffer, runs: readonly Run[]): boolean {
    return runs.every((run) => this.#run(run) || this.piece(piece.subarray(run.from, run.end)));
  }

  #run(run: Run): boolean {
    const mayBe = this.#checkpointKey !== undefined && !this.#ended && (this.#checks.has(run.chain) || this.#checks.size < MOST_CHAINS);
    const rows = run.last - run.first + 1;
    if (!mayBe || this.#lines.number + rows > MOST_LINES || !this.#check(run.chain).run(run)) return false;
    this.#line = this.#lines.pass(rows);
    this.#rows += rows;
    this.#last = { chain: run.chain, seq: run.last };
    return true;
  }

  readonly #take: TakeLine = (number, bytes, from, end) => this.#taken(number, bytes, from, end);

  /** Takes one line; false if reading on makes no sense. */
  #taken(number: number, bytes: Buffer | undefined, from: number, end: number): boolean {
    this.#line = number;
    if (bytes === undefined || number > MOST_LINES) {
      this.#fault({ line: number, what: "too-large", ...this.#next() });
      return false;
    }
    if (this.#checkpointKey === undefined) return this.#first(number, parsed(bytes.toString("utf8", from, end)));
    if (this.#ended) {
      this.#fault({ line: number, what: "unreadable" });
      return false;
    }
    const stored = this.#reader.row(bytes, from, end);
    if (stored !== undefined) {
      this.#rows += 1;
      return this.#row(number, stored);
    }
    const last = End.safeParse(parsed(bytes.toString("utf8", from, end)));
    if (last.success) {
      this.#ended = true;
      if (last.data.rows !== this.#rows) this.#fault({ line: number, what: "cut" });
      return true;
    }
    this.#rows += 1;
    return this.#row(number, undefined);
  }

  finish(): VerifiedExport {
    const chains = new Map<ChainId, Verified>();
    if (this.#checkpointKey !== undefined) {
      // A chain that was signed and is not in the file at all was taken out of it.
      for (const { chain } of this.#given.checkpoints) this.#check(chain);
      for (const [chain, check] of this.#checks) {
        const before = check.faults.length;
        chains.set(chain, check.finish());
        for (const fault of check.faults.slice(before)) this.#fault({ line: this.#line, ...fault });
      }
      if (!this.#ended) this.#fault({ line: this.#line, what: "cut" });
    } else if (this.#faults.length === 0) {
      this.#fault({ line: 1, what: "not-an-export" });
    }
    return {
      ok: this.#faults.length === 0,
      rows: this.#rows,
      chains,
      faults: this.#faults,
      ...(this.#checkpointKey === undefined ? {} : { checkpointKey: this.#checkpointKey }),
    };
  }

  #first(number: number, value: unknown): boolean {
    const first = First.safeParse(value);
    if (!first.success) {
      this.#fault({ line: number, what: "not-an-export" });
      return false;
    }
    const { checkpointKey } = first.data;
    this.#checkpointKey = this.#given.checkpointKey ?? checkpointKey;
    if (this.#checkpointKey !== checkpointKey) this.#fault({ line: number, what: "other-key" });
    return true;
  }

  #row(number: number, stored: ExportedRow | undefined): boolean {
    const header = stored?.read;
    if (stored === undefined || header === undefined) {
      this.#fault({ line: number, what: "unreadable", ...this.#next() });
      const next = this.#next();
      // The place is taken, so that the rows after it are not all called missing.
      if (next !== undefined && stored !== undefined) this.#check(next.chain).row(stored, stored.hash, next.seq);
      this.#last = next;
      return true;
    }
    if (!this.#checks.has(header.chain) && this.#checks.size >= MOST_CHAINS) {
      this.#fault({ line: number, what: "too-large", chain: header.chain, seq: header.seq });
      return false;
    }
    const check = this.#check(header.chain);
    const before = check.faults.length;
    check.row(stored, stored.hash, undefined, header);
    for (const fault of check.faults.slice(before)) this.#fault({ line: number, ...fault });
    this.#last = { chain: header.chain, seq: header.seq };
    return true;
  }

  #next(): Pick<Fault, "chain" | "seq"> | undefined {
    return this.#last === undefined ? undefined : { chain: this.#last.chain, seq: this.#last.seq + 1 };
  }

  #check(chain: ChainId): ChainCheck {
    const known = this.#checks.get(chain);
    if (known !== undefined) return known;
    const check = new ChainCheck({ chain, checkpoints: this.#given.checkpoints, checkpointKey: this.#checkpointKey ?? "" });
    this.#checks.set(chain, check);
    return check;
  }

  #fault(fault: FileFault): void {
    if (this.#faults.length < MOST_FAULTS) this.#faults.push(fault);
  }
}

/** Takes a line by its place in some bytes, which are undefined for one that is too long; false if it wants no more. */
type TakeLine = (number: number, bytes: Buffer | undefined, from: number, end: number) => boolean;

/** Lines with their numbers from 1, put together from the pieces of a stream. */
class Lines {
  #number = 0;
  #parts: Uint8Array[] = [];
  #length = 0;

  /** Gives each line that ends in this piece to `take`, until that says that it wants no more, as it must after one that is too long. */
  of(chunk: Uint8Array, take: TakeLine): boolean {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      this.#number += 1;
      if (this.#length + end - from > LINE_BYTES) return take(this.#number, undefined, 0, 0);
      const begun = this.#length === 0 ? undefined : Buffer.concat([...this.#parts, bytes.subarray(from, end)]);
      this.#parts = [];
      this.#length = 0;
      const goesOn = begun === undefined ? take(this.#number, bytes, from, end) : take(this.#number, begun, 0, begun.length);
      if (!goesOn) return false;
      from = end + 1;
    }
    if (from === bytes.length) return true;
    // A copy, since a stream may use its buffer again.
    this.#parts.push(Uint8Array.from(bytes.subarray(from)));
    this.#length += bytes.length - from;
    return this.#length <= LINE_BYTES || take(this.#number + 1, undefined, 0, 0);
  }

  /** Number of the last line. */
  get number(): number {
    return this.#number;
  }

  /** Counts lines that were taken otherwise; gives the number of the last. */
  pass(lines: number): number {
    this.#number += lines;
    return this.#number;
  }

  /** Gives what stands after the last line break. */
  rest(take: TakeLine): void {
    const bytes = Buffer.concat(this.#parts);
    if (bytes.length > 0) take(this.#number + 1, bytes, 0, bytes.length);
  }
}
