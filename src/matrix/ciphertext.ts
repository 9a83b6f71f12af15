import { createHash } from "node:crypto";

/** What can be read from a Megolm message without its key, and is used to notice a replay. */
export interface MegolmHeader {
  readonly session: string;
  /** Position in the session's ratchet; a message that is shown twice has the same one. */
  readonly index: number;
}

const VERSION = 3;
const INDEX_TAG = 0x08;
const CIPHERTEXT_TAG = 0x12;
const HIGHEST_INDEX = 0xffff_ffff;

/**
 * Session and ratchet index of the content of an `m.room.encrypted` event, or `undefined` if it is none of Megolm's. Layout: version byte,
 * then tag 8 with the index as a variable-length number, then tag 0x12 (Olm's "megolm.md", "Message format"); message and signature cover
 * these bytes, so a server cannot change them.
 */
export function megolmHeader(content: Readonly<Record<string, unknown>>): MegolmHeader | undefined {
  const { algorithm, session_id: session, ciphertext } = content;
  if (algorithm !== "m.megolm.v1.aes-sha2" || typeof session !== "string" || session.length > 255 || typeof ciphertext !== "string") return undefined;
  const bytes = Buffer.from(ciphertext.slice(0, 32), "base64");
  if (bytes[0] !== VERSION || bytes[1] !== INDEX_TAG) return undefined;
  let index = 0;
  let at = 2;
  for (let weight = 1; ; weight *= 128, at++) {
    const byte = bytes[at];
    if (byte === undefined || at > 6) return undefined;
    index += (byte & 127) * weight;
    if ((byte & 128) === 0) break;
  }
  return index <= HIGHEST_INDEX && bytes[at + 1] === CIPHERTEXT_TAG ? { session, index } : undefined;
}

/** SHA-256 (hex) of the ciphertext of an `m.room.encrypted` event; of the whole content if there is no ciphertext. */
export function ciphertextHash(content: unknown): string {
  const ciphertext = typeof content === "object" && content !== null ? (content as Record<string, unknown>)["ciphertext"] : undefined;
  return createHash("sha256")
    .update(typeof ciphertext === "string" ? ciphertext : (JSON.stringify(content) ?? ""))
    .digest("hex");
}
