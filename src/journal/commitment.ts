/**
 * The commitment of a row: a hash over a salted hash of each field of its body. Whoever gets an extract is shown some fields with their salts and only
 * the hashes of the others: all of it can still be checked against the chain, and a hidden field cannot be guessed, because its 16 random bytes are
 * kept nowhere but in the sealed body. Byte layout: docs/journal-format.md, "Commitment".
 */
import { hash } from "node:crypto";

/** Random bytes of each field. */
export const SALT_BYTES = 16;

const FIELD = Buffer.from("relevo-field-1\u0000");
const ROOT = Buffer.from("relevo-commitment-1\u0000");
const HASH_BYTES = 32;
/** UTF-8 bytes of a UTF-16 code unit, at most. */
const WIDEST = 3;
/**
 * Where the bytes are put together that a hash is over, and the hashes of the fields: taken anew for each of some million fields that are proven at a start,
 * it would be most of the work.
 */
let field = begunWith(FIELD, 8_192);
let root = begunWith(ROOT, 4_096);

/** Commitment to these fields, which stand in the order of their names; the salts stand one after another. A hash of their hashes: one level, a body has a few. */
export function commitment(fields: readonly (readonly [name: string, value: string])[], salts: Uint8Array): string {
  const length = ROOT.length + 4 + fields.length * HASH_BYTES;
  if (length > root.length) root = begunWith(ROOT, length);
  root.writeUInt32BE(fields.length, ROOT.length);
  let index = 0;
  for (const [name, value] of fields) {
    root.write(fieldHash(name, value, salts.subarray(index * SALT_BYTES, (index + 1) * SALT_BYTES)), ROOT.length + 4 + index * HASH_BYTES, HASH_BYTES, "latin1");
    index += 1;
  }
  return hash("sha256", root.subarray(0, length), "latin1");
}

/** Hash of one field, by its name and the canonical JSON of its value: all that an extract shows of a field it hides. Its bytes, each as one character. */
function fieldHash(name: string, value: string, salt: Uint8Array): string {
  const nameAt = FIELD.length + SALT_BYTES + 4;
  const most = nameAt + WIDEST * (name.length + value.length);
  if (most > field.length) field = begunWith(FIELD, most);
  field.set(salt, FIELD.length);
  const nameBytes = field.write(name, nameAt);
  field.writeUInt32BE(nameBytes, FIELD.length + SALT_BYTES);
  const valueBytes = field.write(value, nameAt + nameBytes);
  return hash("sha256", field.subarray(0, nameAt + nameBytes + valueBytes), "latin1");
}

function begunWith(beginning: Buffer, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.set(beginning);
  return bytes;
}
