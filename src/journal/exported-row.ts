/** One row of an export, from the bytes of its line and back: two lines never mean the same row. Layout: docs/journal-format.md, "Export". */
import type { Header } from "./header.ts";
import { plainHeaderQuoted, plainHeaderText, readHeader } from "./header.ts";
import { LIMITS } from "./limits.ts";
import { HEX_DIGIT, Places } from "./places.ts";
import type { StoredRow } from "./row.ts";

/** A row as it is read from its line: with its header, if that is one; its hash stays what the line says, in hex. */
export type ExportedRow = Omit<StoredRow, "hash"> & { readonly read: Header | undefined; readonly hash: string };

/** One row as its line, without the line break; the only way in which it may be written. */
export function rowLine({ header, commitment, body, hash }: StoredRow): string {
  return JSON.stringify({ header: header.toString(), commitment: commitment.toString("hex"), body: body.toString("base64"), hash: hash.toString("hex") });
}

/** What stands before, between and after the four values of a row's line. */
const BEFORE_HEADER = Buffer.from('{"header":"');
const BEFORE_COMMITMENT = Buffer.from('","commitment":"');
const BEFORE_BODY = Buffer.from('","body":"');
const BEFORE_HASH = Buffer.from('","hash":"');
const AFTER_HASH = Buffer.from('"}');
/** Digits of the two hashes. */
const HEX = 64;
const AFTER_BODY = BEFORE_HASH.length + HEX + AFTER_HASH.length;

/** Reads rows one after another into the same memory each time: an export has a million lines, and to take memory for each would be most of the work. */
export class RowReader {
  readonly #header = Buffer.alloc(LIMITS.headerBytes);
  readonly #commitment = Buffer.alloc(HEX / 2);
  readonly #body: Buffer;

  /** `longest` is that of the longest line, bytes. */
  constructor(longest: number) {
    this.#body = Buffer.allocUnsafe(longest);
  }

  /** The row of the line between two places, if it is written in the one way in which rows are written; good until the next is read. */
  row(bytes: Buffer, from: number, end: number): ExportedRow | undefined {
    return this.#plainRow(new Places(bytes, from, end)) ?? anyRow(bytes.toString("utf8", from, end));
  }

  /** Nearly each row; undefined says only that it must be read as JSON. */
  #plainRow(places: Places): ExportedRow | undefined {
    if (!places.pass(BEFORE_HEADER)) return undefined;
    const read = plainHeaderQuoted(places);
    if (read === undefined || !places.pass(BEFORE_COMMITMENT)) return undefined;
    const commitment = places.taken(HEX_DIGIT, HEX, HEX);
    if (!places.pass(BEFORE_BODY)) return undefined;
    const body = places.any(places.left - AFTER_BODY);
    if (!places.pass(BEFORE_HASH)) return undefined;
    const hash = places.taken(HEX_DIGIT, HEX, HEX);
    if (!places.pass(AFTER_HASH) || places.left !== 0) return undefined;
    const bodyBytes = this.#bodyFrom(body);
    if (bodyBytes < 0) return undefined;
    this.#commitment.write(commitment, "hex");
    const header = this.#header.subarray(0, this.#header.write(plainHeaderText(read), "latin1"));
    return { read, header, commitment: this.#commitment, body: this.#body.subarray(0, bodyBytes), hash };
  }

  /** How many bytes a body has; less than none if its text is not the one that base64 gives. */
  #bodyFrom(text: string): number {
    try {
      const { written } = this.#body.setFromBase64(text, { lastChunkHandling: "strict" });
      // White space is passed over in base64, and is a second way of writing.
      return Math.ceil(written / 3) * 4 === text.length ? written : -1;
    } catch {
      return -1;
    }
  }
}

function anyRow(text: string): ExportedRow | undefined {
  const value = parsed(text);
  if (typeof value !== "object" || value === null) return undefined;
  const { header, commitment, body, hash } = value as Readonly<Record<string, unknown>>;
  if (typeof header !== "string" || typeof commitment !== "string" || typeof body !== "string" || typeof hash !== "string") return undefined;
  const row = { header: Buffer.from(header), commitment: Buffer.from(commitment, "hex"), body: Buffer.from(body, "base64"), hash: Buffer.from(hash, "hex") };
  if (commitment.length !== HEX || hash.length !== HEX || rowLine(row) !== text) return undefined;
  return { ...row, read: readHeader(row.header), hash };
}

/** The value of a JSON text, or undefined if it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
