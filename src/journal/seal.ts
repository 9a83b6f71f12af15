/** Sealing: authenticated encryption bound to what stands in clear beside it, and the keys made from other keys. */
import { createCipheriv, createDecipheriv, createHmac, hash, hkdfSync } from "node:crypto";

const CIPHER = "chacha20-poly1305";
/** Bytes of a key. */
export const KEY_BYTES = 32;
/** Bytes of the random nonce in front of each sealed value; 96 random bits are good for 2^32 values under one key. */
export const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** nonce ‖ ciphertext ‖ tag (RFC 8439). `bound` is authenticated and not stored; `nonce` must be new for every value. */
export function seal(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array, bound: Uint8Array): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(bound, { plaintextLength: plain.length });
  const body = cipher.update(plain);
  cipher.final();
  return Buffer.concat([nonce, body, cipher.getAuthTag()]);
}

/** The plain value, or undefined if key, bytes or what they are bound to is not the same as when it was sealed. */
export function unseal(key: Uint8Array, sealed: Uint8Array, bound: Uint8Array): Buffer | undefined {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const end = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(bound, { plaintextLength: end - NONCE_BYTES });
  decipher.setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(NONCE_BYTES, end));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return plain;
}

/**
 * What a sealed value is bound to, without ambiguity: a purpose and what stands in clear beside it. Text goes in as the database gives it back, which
 * keeps no half of a surrogate pair: an event id made up by a server must not make a row that can never be opened again.
 */
export function bound(purpose: string, ...parts: readonly (string | number)[]): Buffer {
  return Buffer.from(JSON.stringify([purpose, ...parts.map((part) => (typeof part === "string" ? part.toWellFormed() : part))]));
}

/** A key for one purpose (HKDF-SHA-256, RFC 5869); different purposes give independent keys. */
export function subkey(key: Uint8Array, purpose: string, salt: Uint8Array = new Uint8Array(0)): Buffer {
  return Buffer.from(hkdfSync("sha256", key, salt, `relevo/${purpose}`, KEY_BYTES));
}

/** SHA-256. By way of a string, because a buffer that the system makes costs more than the hash of a few bytes. */
export function sha256(bytes: Uint8Array): Buffer {
  return Buffer.from(hash("sha256", bytes, "latin1"), "latin1");
}

/** HMAC-SHA-256 over a list without ambiguity. */
export function mac(key: Uint8Array, ...parts: readonly (string | number)[]): Buffer {
  return createHmac("sha256", key).update(JSON.stringify(parts)).digest();
}
