/** Secrets in the account's data, sealed with the recovery key: `m.secret_storage.v1.aes-hmac-sha2` (client-server API, "Secret storage"). */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { z } from "zod";

/** A secret as it lies on the homeserver; each field unpadded base64. */
export interface Sealed {
  readonly iv: string;
  readonly ciphertext: string;
  readonly mac: string;
}

const ALGORITHM = "m.secret_storage.v1.aes-hmac-sha2";
/** Length of the random part of a seal in bytes. */
export const IV_BYTES = 16;
const LONGEST_SECRET = 10_000;
const base64 = z.string().max(LONGEST_SECRET).regex(/^[A-Za-z0-9+/]*={0,2}$/);
/** The check of a {@link Sealed} that comes from a homeserver. */
export const sealedShape = z.object({ iv: base64, ciphertext: base64, mac: base64 });
const keyInfoShape = z.object({ algorithm: z.literal(ALGORITHM), iv: base64, mac: base64 });
/** What a key check encrypts: 32 zero bytes under an empty name. */
const CHECKED = Buffer.alloc(32);

/** `iv`: 16 random bytes. */
export function seal(key: Uint8Array, name: string, secret: string | Uint8Array, iv: Uint8Array): Sealed {
  const counter = Buffer.from(iv);
  counter[8] = (counter[8] ?? 0) & 0x7f; // bit 63 is clear, for implementations whose counter has 64 bits
  const { aes, mac } = derive(key, name);
  const cipher = createCipheriv("aes-256-ctr", aes, counter);
  const ciphertext = Buffer.concat([cipher.update(secret), cipher.final()]);
  return { iv: unpadded(counter), ciphertext: unpadded(ciphertext), mac: unpadded(authenticate(mac, ciphertext)) };
}

/** `undefined` if it was not sealed with this key under this name, or was changed since. */
export function unseal(key: Uint8Array, name: string, { iv, ciphertext, mac }: Sealed): string | undefined {
  const keys = derive(key, name);
  const bytes = Buffer.from(ciphertext, "base64");
  const counter = Buffer.from(iv, "base64");
  const claimed = Buffer.from(mac, "base64");
  const expected = authenticate(keys.mac, bytes);
  if (counter.length !== IV_BYTES || claimed.length !== expected.length || !timingSafeEqual(claimed, expected)) return undefined;
  const decipher = createDecipheriv("aes-256-ctr", keys.aes, counter);
  return Buffer.concat([decipher.update(bytes), decipher.final()]).toString();
}

/** Content of `m.secret_storage.key.…`: by it a key can be checked before it is used. */
export function keyInfo(key: Uint8Array, iv: Uint8Array): { readonly algorithm: string; readonly iv: string; readonly mac: string } {
  const check = seal(key, "", CHECKED, iv);
  return { algorithm: ALGORITHM, iv: check.iv, mac: check.mac };
}

/** Whether this is the key that {@link keyInfo} was made with; false for anything that is no key description. */
export function keyFits(key: Uint8Array, info: unknown): boolean {
  const read = keyInfoShape.safeParse(info);
  if (!read.success) return false;
  const iv = Buffer.from(read.data.iv, "base64");
  if (iv.length !== IV_BYTES) return false;
  return seal(key, "", CHECKED, iv).mac === read.data.mac.replace(/=+$/, "");
}

function derive(key: Uint8Array, name: string): { readonly aes: Buffer; readonly mac: Buffer } {
  const bytes = Buffer.from(hkdfSync("sha256", key, Buffer.alloc(32), name, 64));
  return { aes: bytes.subarray(0, 32), mac: bytes.subarray(32) };
}

function authenticate(key: Buffer, ciphertext: Buffer): Buffer {
  return createHmac("sha256", key).update(ciphertext).digest();
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
