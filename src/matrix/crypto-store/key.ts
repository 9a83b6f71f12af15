/**
 * Keys of the store as bytes whose order is the order of IndexedDB: numbers before dates before strings before binary before arrays
 * (Indexed Database API 3.0, section 2.4 "Keys").
 */

const NUMBER = 0x10;
const DATE = 0x20;
const STRING = 0x30;
const BINARY = 0x40;
const ARRAY = 0x50;
/** Ends a string, binary or array; no byte inside one is ever 0, so a shorter one sorts before a longer one that begins alike. */
const END = 0;
/** Deeper arrays are refused; also what stops an array that contains itself. */
const DEEPEST = 32;

/** A key as the store gives it back. */
export type Key = number | string | Date | ArrayBuffer | readonly Key[];

/** Throws a `DataError` for anything that is not a key. */
export function encodeKey(key: unknown): Buffer {
  const bytes: number[] = [];
  encode(key, bytes, 0);
  return Buffer.from(bytes);
}

/** The bytes of a key, or `undefined` for what is not one: such a value is left out of an index. */
export function encodeIndexKey(key: unknown): Buffer | undefined {
  try {
    return encodeKey(key);
  } catch {
    return undefined;
  }
}

/** Reads what {@link encodeKey} wrote. */
export function decodeKey(bytes: Uint8Array): Key {
  return new Reader(bytes).key();
}

function encode(key: unknown, out: number[], depth: number): void {
  if (typeof key === "number" && !Number.isNaN(key)) {
    out.push(NUMBER);
    encodeNumber(key, out);
  } else if (key instanceof Date && !Number.isNaN(key.getTime())) {
    out.push(DATE);
    encodeNumber(key.getTime(), out);
  } else if (typeof key === "string") {
    out.push(STRING);
    encodeString(key, out);
  } else if (key instanceof ArrayBuffer || ArrayBuffer.isView(key)) {
    out.push(BINARY);
    encodeBinary(key, out);
  } else if (Array.isArray(key) && depth < DEEPEST) {
    out.push(ARRAY);
    for (const part of key) encode(part, out, depth + 1);
    out.push(END);
  } else {
    throw new DOMException("The value is not a valid key", "DataError");
  }
}

/** IEEE 754, big-endian; negative numbers are inverted and the sign of the others set, so that bytes sort like numbers. */
function encodeNumber(value: number, out: number[]): void {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value === 0 ? 0 : value); // -0 and 0 are one key
  const flip = ((bytes[0] ?? 0) & 0x80) === 0 ? 0 : 0xff;
  bytes.forEach((byte, at) => out.push(at === 0 && flip === 0 ? byte ^ 0x80 : byte ^ flip));
}

/** Order is that of UTF-16 code units, so each unit (plus 1, to keep 0 free) is written alone in the manner of UTF-8; surrogates are not joined. */
function encodeString(value: string, out: number[]): void {
  for (let at = 0; at < value.length; at++) {
    const unit = value.charCodeAt(at) + 1;
    if (unit < 0x80) out.push(unit);
    else if (unit < 0x800) out.push(0xc0 | (unit >> 6), 0x80 | (unit & 63));
    else if (unit < 0x10000) out.push(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 63), 0x80 | (unit & 63));
    else out.push(0xf0, 0x90, 0x80, 0x80);
  }
  out.push(END);
}

/** Bytes 0 and 1 are written as 1 followed by themselves plus 1. */
function encodeBinary(value: ArrayBuffer | ArrayBufferView, out: number[]): void {
  const bytes = value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  for (const byte of bytes) {
    if (byte < 2) out.push(1, byte + 1);
    else out.push(byte);
  }
  out.push(END);
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  key(): Key {
    switch (this.#take()) {
      case NUMBER:
        return this.#number();
      case DATE:
        return new Date(this.#number());
      case STRING:
        return this.#string();
      case BINARY:
        return this.#binary();
      case ARRAY:
        return this.#array();
      default:
        throw new Error("a key in the crypto store is damaged");
    }
  }

  #take(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new Error("a key in the crypto store is cut short");
    return byte;
  }

  #number(): number {
    const bytes = Buffer.alloc(8);
    const first = this.#take();
    const flip = (first & 0x80) === 0 ? 0xff : 0;
    bytes[0] = flip === 0 ? first ^ 0x80 : first ^ flip;
    for (let at = 1; at < 8; at++) bytes[at] = this.#take() ^ flip;
    return bytes.readDoubleBE();
  }

  #string(): string {
    let text = "";
    for (let byte = this.#take(); byte !== END; byte = this.#take()) {
      let unit = byte;
      if (byte >= 0xf0) {
        unit = 0x10000;
        this.#at += 3;
      } else if (byte >= 0xe0) {
        unit = ((byte & 15) << 12) | ((this.#take() & 63) << 6) | (this.#take() & 63);
      } else if (byte >= 0xc0) {
        unit = ((byte & 31) << 6) | (this.#take() & 63);
      }
      text += String.fromCharCode(unit - 1);
    }
    return text;
  }

  #binary(): ArrayBuffer {
    const bytes: number[] = [];
    for (let byte = this.#take(); byte !== END; byte = this.#take()) bytes.push(byte === 1 ? this.#take() - 1 : byte);
    return new Uint8Array(bytes).buffer;
  }

  #array(): Key[] {
    const parts: Key[] = [];
    while (this.#bytes[this.#at] !== END) parts.push(this.key());
    this.#at++;
    return parts;
  }
}
