/**
 * The commitment of a row: the root of a tree over a salted hash of each field of its body. Whoever gets an extract is shown some fields with their
 * salts and only the hashes of the others: all of it can still be checked against the chain, and a hidden field cannot be guessed, because its 16
 * random bytes are kept nowhere but in the sealed body. Byte layout: docs/journal-format.md, "Commitment".
 */
import { sha256 } from "./seal.ts";

/** Random bytes of each field. */
export const SALT_BYTES = 16;

/** One field of a body: its name, canonical JSON of its value, and its salt. */
export interface Field {
  readonly name: string;
  readonly value: string;
  readonly salt: Uint8Array;
}

const LEAF = Buffer.from("\u0000relevo-field-1\u0000");
const NODE = Buffer.from([1]);
const ROOT = Buffer.from("\u0002relevo-commitment-1\u0000");
/** Root of a body without fields. */
const NOTHING = Buffer.alloc(32);

/** Hash of one field: all that an extract shows of a field it hides. */
export function fieldHash({ name, value, salt }: Field): Buffer {
  const named = Buffer.from(name);
  return sha256(Buffer.concat([LEAF, salt, u32(named.length), named, Buffer.from(value)]));
}

/** Commitment over the hashes of all fields, which stand in the order of their names. */
export function commitment(hashes: readonly Buffer[]): Buffer {
  return sha256(Buffer.concat([ROOT, u32(hashes.length), hashes.length === 0 ? NOTHING : treeRoot(hashes)]));
}

/** Shape of the tree as in RFC 6962, section 2.1: the left half is the largest power of two smaller than the whole. */
function treeRoot(hashes: readonly Buffer[]): Buffer {
  const [first] = hashes;
  if (first === undefined) return NOTHING;
  if (hashes.length === 1) return first;
  const half = 2 ** Math.floor(Math.log2(hashes.length - 1));
  return sha256(Buffer.concat([NODE, treeRoot(hashes.slice(0, half)), treeRoot(hashes.slice(half))]));
}

/** Four bytes, the highest first. */
export function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
