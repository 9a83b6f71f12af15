/** One row of an export, from the bytes of its line and back: two lines never mean the same row. Layout: docs/journal-format.md, "Export". */
import type { Header } from "./header.ts";
import { plainHeaderQuoted, readHeader } from "./header.ts";
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
const BACKSLASH = 92;
/** Values of the hex digits, by their codes. */
const DIGITS = Uint8Array.from({ length: 256 }, (_, code) => Math.max(0, "0123456789abcdef".indexOf(String.fromCharCode(code))));
/** What is left over in the last letter is nought, and the filling is there. */
const ONE_WAY = { lastChunkHandling: "strict" } as const;
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
    return this.#plainRow(bytes, new Places(bytes, from, end)) ?? anyRow(bytes.toString("utf8", from, end));
  }

  /** Nearly each row; undefined says only that it must be read as JSON. */
  #plainRow(bytes: Buffer, places: Places): ExportedRow | undefined {
    if (!places.pass(BEFORE_HEADER)) return undefined;
    const headerAt = places.at;
    const read = plainHeaderQuoted(places);
    const headerEnd = places.at;
    if (read === undefined || !places.pass(BEFORE_COMMITMENT)) return undefined;
    const commitmentAt = places.at;
    places.taken(HEX_DIGIT, HEX, HEX);
    if (!places.pass(BEFORE_BODY)) return undefined;
    const body = places.any(places.left - AFTER_BODY);
    if (!places.pass(BEFORE_HASH)) return undefined;
    const hash = places.taken(HEX_DIGIT, HEX, HEX);
    if (!places.pass(AFTER_HASH) || places.left !== 0) return undefined;
    const bodyBytes = this.#bodyFrom(body);
    if (bodyBytes < 0) return undefined;
    this.#commitmentFrom(bytes, commitmentAt);
    return { read, header: this.#headerFrom(bytes, headerAt, headerEnd), commitment: this.#commitment, body: this.#body.subarray(0, bodyBytes), hash };
  }

  /** A plain header as it is outside a JSON string. */
  #headerFrom(bytes: Buffer, from: number, end: number): Buffer {
    const header = this.#header;
    let length = 0;
    for (let at = from; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte !== BACKSLASH) {
        header[length] = byte;
        length += 1;
      }
    }
    return header.subarray(0, length);
  }

  #commitmentFrom(bytes: Buffer, from: number): void {
    const commitment = this.#commitment;
    for (let index = 0; index < HEX / 2; index += 1) {
      const at = from + 2 * index;
      commitment[index] = ((DIGITS[bytes[at] ?? 0] ?? 0) << 4) | (DIGITS[bytes[at + 1] ?? 0] ?? 0);
    }
  }

  /** How many bytes a body has; less than none if its text is not the one that base64 gives. */
  #bodyFrom(text: string): number {
    try {
      const { written } = this.#body.setFromBase64(text, ONE_WAY);
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
