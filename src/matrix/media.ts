/**
 * Files beside messages: encrypted before they leave and checked before they are used (client-server API, "Sending encrypted attachments"), uploaded to
 * an address that is known before, so that a repeated upload is the same file, and fetched over the authenticated endpoints alone.
 */
import { createCipheriv, createDecipheriv, createHash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { EncryptedFile, MediaKeys, Mxc } from "../ports.ts";
import { Fault, isFault } from "./fault.ts";
import { path } from "./rest.ts";
import type { Rest } from "./rest.ts";

const KEY_BYTES = 32;
const IV_BYTES = 16;
/** The counter's half of the first block begins at zero, so that it never overflows into the other (the same section). */
const NONCE_BYTES = 8;
/** A file takes longer than a message; a megabyte on a bad line is there in this time, in milliseconds. */
const TIMEOUT = 120_000;

const base64 = (bytes: number) => z.string().max(64).regex(/^[A-Za-z0-9+/_-]*={0,2}$/).transform((text) => Buffer.from(text, "base64")).refine((read) => read.length === bytes);
/** Server name and media id, of signs that cannot leave their place in a path. */
export const mxc = z.string().max(512).regex(/^mxc:\/\/[A-Za-z0-9.:[\]-]{1,255}\/[A-Za-z0-9_-]{1,255}$/).transform((text) => text as Mxc);
const encryptedFile = z.object({
  v: z.literal("v2"),
  url: mxc,
  key: z.object({ kty: z.literal("oct"), alg: z.literal("A256CTR"), ext: z.literal(true), key_ops: z.array(z.string().max(20)).max(10).refine((ops) => ops.includes("decrypt")), k: base64(KEY_BYTES) }),
  iv: base64(IV_BYTES),
  hashes: z.object({ sha256: base64(32) }),
});
const created = z.object({ content_uri: mxc });

/** Key and counter for one file; never used for another. */
export function mediaKeys(random: (bytes: number) => Uint8Array): MediaKeys {
  return { key: Buffer.from(random(KEY_BYTES)).toString("base64url"), iv: Buffer.concat([random(NONCE_BYTES), Buffer.alloc(IV_BYTES - NONCE_BYTES)]).toString("base64").replace(/=+$/, "") };
}

/** The file as it leaves, and what its readers need; the same keys give the same bytes. */
export function encryptFile(bytes: Uint8Array, { key, iv }: MediaKeys, url: Mxc): { readonly bytes: Uint8Array; readonly file: EncryptedFile } {
  const cipher = createCipheriv("aes-256-ctr", Buffer.from(key, "base64url"), Buffer.from(iv, "base64"));
  const encrypted = Buffer.concat([cipher.update(bytes), cipher.final()]);
  const sha256 = createHash("sha256").update(encrypted).digest("base64").replace(/=+$/, "");
  return { bytes: encrypted, file: { v: "v2", url, key: { kty: "oct", alg: "A256CTR", ext: true, key_ops: ["encrypt", "decrypt"], k: key }, iv, hashes: { sha256 } } };
}

/** Where an attached file lies, if what a message says of it has the form of the specification. */
export function addressOf(file: unknown): Mxc | undefined {
  const read = encryptedFile.safeParse(file);
  return read.success ? read.data.url : undefined;
}

/** The file, if these bytes are the ones that its sender had hashed; undefined if not, or if what is said of it has another form. */
export function decryptFile(file: unknown, bytes: Uint8Array): Uint8Array | undefined {
  const read = encryptedFile.safeParse(file);
  if (!read.success) return undefined;
  const { key, iv, hashes } = read.data;
  if (!timingSafeEqual(createHash("sha256").update(bytes).digest(), hashes.sha256)) return undefined;
  const decipher = createDecipheriv("aes-256-ctr", key.k, iv);
  return Buffer.concat([decipher.update(bytes), decipher.final()]);
}

/** An address for a file that is still to be uploaded; the server keeps it for about a day. */
export async function reserve(rest: Rest): Promise<Mxc> {
  const read = created.safeParse(await rest.call({ method: "POST", path: "/_matrix/media/v1/create", body: {}, repeat: "idempotent" }));
  if (!read.success) throw new Fault("unreachable", { network: "unusable_answer" });
  return read.data.content_uri;
}

/** Puts a file at its address. That something is there already is success: only this account can have put it there. */
export async function upload(rest: Rest, to: Mxc, bytes: Uint8Array): Promise<void> {
  const { server, id } = partsOf(to);
  try {
    await rest.call({ method: "PUT", path: path`/_matrix/media/v3/upload/${server}/${id}`, body: bytes, timeout: TIMEOUT, repeat: "idempotent" });
  } catch (fault) {
    if (!isFault(fault) || fault.errcode !== "M_CANNOT_OVERWRITE_MEDIA") throw fault;
  }
}

/** At most `most` bytes; a longer file fails. From the own homeserver, which fetches what lies elsewhere; no other address is ever asked. */
export async function download(rest: Rest, from: Mxc, most: number): Promise<Uint8Array> {
  const { server, id } = partsOf(from);
  const answer = await rest.call({
    method: "GET", path: path`/_matrix/client/v1/media/download/${server}/${id}`, query: { timeout_ms: 20_000 }, answer: { bytes: most }, timeout: TIMEOUT, repeat: "idempotent",
  });
  if (!(answer instanceof Uint8Array)) throw new Fault("unreachable", { network: "unusable_answer" });
  return answer;
}

function partsOf(address: Mxc): { readonly server: string; readonly id: string } {
  const [server = "", id = ""] = address.slice("mxc://".length).split("/");
  return { server, id };
}
