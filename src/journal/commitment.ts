/**
 * The commitment of a row: a hash over a salted hash of each field of its body. Whoever gets an extract is shown some fields with their salts and only
 * the hashes of the others: all of it can still be checked against the chain, and a hidden field cannot be guessed, because its 16 random bytes are
 * kept nowhere but in the sealed body. Byte layout: docs/journal-format.md, "Commitment".
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

const FIELD = Buffer.from("relevo-field-1\u0000");
const ROOT = Buffer.from("relevo-commitment-1\u0000");

/** Hash of one field: all that an extract shows of a field it hides. */
export function fieldHash({ name, value, salt }: Field): Buffer {
  const nameBytes = Buffer.byteLength(name);
  const bytes = Buffer.allocUnsafe(FIELD.length + SALT_BYTES + 4 + nameBytes + Buffer.byteLength(value));
  bytes.set(FIELD);
  bytes.set(salt, FIELD.length);
  const nameAt = bytes.writeUInt32BE(nameBytes, FIELD.length + SALT_BYTES);
  bytes.write(name, nameAt);
  bytes.write(value, nameAt + nameBytes);
  return sha256(bytes);
}

/** Commitment over the hashes of all fields, which stand in the order of their names. One level: a body has a few fields, so a deeper tree saves nothing. */
export function commitment(hashes: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.allocUnsafe(ROOT.length + 4 + hashes.reduce((sum, each) => sum + each.length, 0));
  bytes.set(ROOT);
  let at = bytes.writeUInt32BE(hashes.length, ROOT.length);
  for (const each of hashes) {
    bytes.set(each, at);
    at += each.length;
  }
  return sha256(bytes);
}
