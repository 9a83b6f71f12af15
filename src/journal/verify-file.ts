/** Verifies an exported journal offline: no content key, no data folder, only the file and the checkpoints that somebody copied from the room. */
import { z } from "zod";
import type { Checkpoint, Fault, Verified } from "../domain/audit.ts";
import type { ChainId } from "../domain/ids.ts";
import { ChainCheck } from "./chain-check.ts";
import { ALGORITHMS, EXPORT_FORMAT } from "./export.ts";
import { LIMITS } from "./limits.ts";
import type { StoredRow } from "./row.ts";
import { readHeader } from "./row.ts";

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
  const lines = new Lines();
  for await (const chunk of given.file) {
    for (const { number, text } of lines.of(chunk)) if (!reading.line(number, text)) return reading.finish();
  }
  for (const { number, text } of lines.rest()) reading.line(number, text);
  return reading.finish();
}

class ExportReading {
  readonly #given: VerifyExport;
  readonly #checks = new Map<ChainId, ChainCheck>();
  readonly #faults: FileFault[] = [];
  #checkpointKey: string | undefined;
  /** The row before this one: a line that cannot be read is counted to the same chain. */
  #last: { readonly chain: ChainId; readonly seq: number } | undefined;
  #rows = 0;
  #lines = 0;
  #ended = false;

  constructor(given: VerifyExport) {
    this.#given = given;
  }

  /** Takes one line; false if reading on makes no sense. */
  line(number: number, text: string | undefined): boolean {
    this.#lines = number;
    if (text === undefined || number > MOST_LINES) {
      this.#fault({ line: number, what: "too-large", ...this.#next() });
      return false;
    }
    if (this.#checkpointKey === undefined) return this.#first(number, parsed(text));
    if (this.#ended) {
      this.#fault({ line: number, what: "unreadable" });
      return false;
    }
    const stored = storedRow(text);
    if (stored !== undefined) {
      this.#rows += 1;
      return this.#row(number, stored);
    }
    const end = End.safeParse(parsed(text));
    if (end.success) {
      this.#ended = true;
      if (end.data.rows !== this.#rows) this.#fault({ line: number, what: "cut" });
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
        for (const fault of check.faults.slice(before)) this.#fault({ line: this.#lines, ...fault });
      }
      if (!this.#ended) this.#fault({ line: this.#lines, what: "cut" });
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

  #row(number: number, stored: StoredRow | undefined): boolean {
    const header = stored === undefined ? undefined : readHeader(stored.header);
    if (stored === undefined || header === undefined) {
      this.#fault({ line: number, what: "unreadable", ...this.#next() });
      const next = this.#next();
      // The place is taken, so that the rows after it are not all called missing.
      if (next !== undefined && stored !== undefined) this.#check(next.chain).row(stored, next.seq);
      this.#last = next;
      return true;
    }
    if (!this.#checks.has(header.chain) && this.#checks.size >= MOST_CHAINS) {
      this.#fault({ line: number, what: "too-large", chain: header.chain, seq: header.seq });
      return false;
    }
    const check = this.#check(header.chain);
    const before = check.faults.length;
    check.row(stored, undefined, header);
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

/** What stands between the four values of a row's line, and how long the two hashes are in hex. */
const [BEFORE_HEADER, BEFORE_COMMITMENT, BEFORE_BODY, BEFORE_HASH, AFTER_HASH] = ['{"header":', ',"commitment":"', '","body":"', '","hash":"', '"}'] as const;
const HEX = 64;
const HEX_32 = /^[0-9a-f]{64}$/;

/**
 * The row of a line, if it is written in the one way in which rows are written: two texts never mean the same. By its places and not as JSON, because an
 * export has a million lines; an escaped header cannot hold what stands between the values.
 */
function storedRow(text: string): StoredRow | undefined {
  const headerEnd = text.indexOf(BEFORE_COMMITMENT, BEFORE_HEADER.length);
  const commitmentAt = headerEnd + BEFORE_COMMITMENT.length;
  const bodyAt = commitmentAt + HEX + BEFORE_BODY.length;
  const hashAt = text.length - AFTER_HASH.length - HEX;
  const bodyEnd = hashAt - BEFORE_HASH.length;
  const isSo = headerEnd > 0 && bodyEnd >= bodyAt && text.startsWith(BEFORE_HEADER) && text.startsWith(BEFORE_BODY, commitmentAt + HEX)
    && text.startsWith(BEFORE_HASH, bodyEnd) && text.endsWith(AFTER_HASH);
  if (!isSo) return undefined;
  const [quoted, commitment, body, hash] = [text.slice(BEFORE_HEADER.length, headerEnd), text.slice(commitmentAt, commitmentAt + HEX), text.slice(bodyAt, bodyEnd), text.slice(hashAt, hashAt + HEX)];
  const header = parsed(quoted);
  if (typeof header !== "string" || header.length > LIMITS.headerBytes || JSON.stringify(header) !== quoted || !HEX_32.test(commitment) || !HEX_32.test(hash)) return undefined;
  const sealed = Buffer.from(body, "base64");
  if (sealed.toString("base64") !== body) return undefined;
  return { header: Buffer.from(header), commitment: Buffer.from(commitment, "hex"), body: sealed, hash: Buffer.from(hash, "hex") };
}

interface NumberedLine {
  readonly number: number;
  /** Undefined for one that is too long; then no other follows. */
  readonly text: string | undefined;
}

/** Lines with their numbers from 1, put together from the pieces of a stream. */
class Lines {
  #number = 0;
  #parts: Uint8Array[] = [];
  #length = 0;

  *of(chunk: Uint8Array): Generator<NumberedLine> {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      const isLong = this.#length + end - from > LINE_BYTES;
      this.#number += 1;
      if (isLong) return yield { number: this.#number, text: undefined };
      const text = this.#parts.length === 0 ? bytes.toString("utf8", from, end) : Buffer.concat([...this.#parts, bytes.subarray(from, end)]).toString();
      this.#parts = [];
      this.#length = 0;
      from = end + 1;
      yield { number: this.#number, text };
    }
    if (from === bytes.length) return;
    // A copy, since a stream may use its buffer again.
    this.#parts.push(Uint8Array.from(bytes.subarray(from)));
    this.#length += bytes.length - from;
    if (this.#length > LINE_BYTES) yield { number: this.#number + 1, text: undefined };
  }

  /** What stands after the last line break. */
  *rest(): Generator<NumberedLine> {
    if (this.#length > 0) yield { number: this.#number + 1, text: Buffer.concat(this.#parts).toString() };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
