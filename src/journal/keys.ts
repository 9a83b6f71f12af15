/**
 * The keys of an installation: passphrase → root → one key for each purpose.
 *
 * The root is random and stands in `root.json`, sealed with a key that scrypt (RFC 7914) makes of the passphrase: so a wrong passphrase is told from a
 * damaged file before anything else is opened, and a passphrase can be changed without rewriting what it protects.
 */
import { createPrivateKey, createPublicKey, scryptSync } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { OperatorError } from "../operator-error.ts";
import type { Random } from "../ports.ts";
import { privateFolder, readPrivate, writePrivate } from "./private-files.ts";
import { bound, KEY_BYTES, mac, NONCE_BYTES, seal, subkey, unseal } from "./seal.ts";

/** Names inside the data folder. */
export const ROOT_FILE = "root.json";
export const JOURNAL_FILE = "journal.db";
export const CHAIN_KEYS_FOLDER = "chain-keys";

/** scrypt's cost as a power of two: 17 takes about half a second and 128 MiB (OWASP's advice), once at start. */
const USUAL_COST = 17;
const BLOCK = 8;
const HEADER_BYTES = 4_096;
const SALT_BYTES = 16;

const Header = z.strictObject({
  format: z.literal("relevo-root-1"),
  kdf: z.literal("scrypt"),
  // Bounded, so that a changed file cannot make the start take all memory.
  cost: z.int().min(10).max(20),
  salt: z.base64url().length(22),
  root: z.base64url().max(128),
});

/** The keys of one installation. Each is 32 bytes; none may be logged or stored. */
export interface Keys {
  /** Of the journal file as a whole. */
  readonly file: Buffer;
  /** Of the crypto store's file. */
  readonly cryptoStore: Buffer;
  /** Wraps each chain's data key. */
  readonly wrapping: Buffer;
  /** Of effect ids. */
  readonly effects: Buffer;
  /** Of the pseudonyms in clear headers. */
  readonly pseudonyms: Buffer;
  /** Ed25519, signs checkpoints. */
  readonly signing: KeyObject;
  /** Its public half, base64url (43 characters): anybody who verifies needs it. */
  readonly checkpointKey: string;
  /** A key for another purpose of the same installation (`room-mark`). */
  derive(purpose: string): Buffer;
}

/** What the keys are opened with. */
export interface OpenKeys {
  /** The data folder; made if it does not exist. */
  readonly folder: string;
  readonly passphrase: string;
  readonly random: Pick<Random, "bytes">;
  /** Power of two for a new root only; an existing one keeps what it was made with. */
  readonly cost?: number;
}

/**
 * Opens the keys of a data folder; the first time, makes them.
 *
 * Throws an {@link OperatorError}: `keys.missing` (there is data but no root file), `keys.damaged`, `keys.wrong-passphrase`, `journal.file-mode`.
 */
export function openKeys({ folder, passphrase, random, cost = USUAL_COST }: OpenKeys): Keys {
  privateFolder(folder);
  const file = join(folder, ROOT_FILE);
  const stored = readPrivate(file, HEADER_BYTES);
  if (stored !== undefined) return keysOf(openRoot(file, stored, passphrase));
  if (holdsData(folder)) {
    throw new OperatorError("keys.missing", `${folder} holds a journal, but the file with its keys, ${file}, is not there.`, `Restore ${file} from the backup: without it nothing can be read.`);
  }
  const root = Buffer.from(random.bytes(KEY_BYTES));
  const salt = Buffer.from(random.bytes(SALT_BYTES));
  const header: z.infer<typeof Header> = {
    format: "relevo-root-1",
    kdf: "scrypt",
    cost,
    salt: salt.toString("base64url"),
    root: seal(passphraseKey(passphrase, salt, cost), random.bytes(NONCE_BYTES), root, boundTo(cost)).toString("base64url"),
  };
  writePrivate(file, Buffer.from(`${JSON.stringify(header, null, 2)}\n`));
  return keysOf(root);
}

/**
 * Id of an effect that no journal row numbers: a board's from its id and revision, a reconciler step's from case, slot, step and attempt.
 * 128 bits, hex; the same parts always give the same id.
 */
export function effectId(keys: Pick<Keys, "effects">, ...parts: readonly (string | number)[]): string {
  return mac(keys.effects, ...parts).subarray(0, 16).toString("hex");
}

function openRoot(file: string, stored: Buffer, passphrase: string): Buffer {
  const header = Header.safeParse(parsed(stored));
  if (!header.success) throw new OperatorError("keys.damaged", `${file} is not a key file that Relevo wrote.`, `Restore ${file} from the backup.`);
  const { cost, salt, root } = header.data;
  const key = passphraseKey(passphrase, Buffer.from(salt, "base64url"), cost);
  const opened = unseal(key, Buffer.from(root, "base64url"), boundTo(cost));
  if (opened?.length !== KEY_BYTES) {
    throw new OperatorError(
      "keys.wrong-passphrase",
      `The passphrase does not open ${file}.`,
      `Put the passphrase that belongs to ${file} into the passphrase file named in the configuration; if it is the right one, restore ${file} from the backup.`,
    );
  }
  return opened;
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

function boundTo(cost: number): Buffer {
  return bound("relevo-root-1", "scrypt", cost, BLOCK);
}

function passphraseKey(passphrase: string, salt: Uint8Array, cost: number): Buffer {
  const n = 2 ** cost;
  // The same words typed on another keyboard may be composed differently.
  return scryptSync(passphrase.normalize("NFKC"), salt, KEY_BYTES, { N: n, r: BLOCK, p: 1, maxmem: 256 * n * BLOCK });
}

function keysOf(root: Buffer): Keys {
  const signing = ed25519(subkey(root, "checkpoint-signing/1"));
  return {
    file: subkey(root, "journal-file/1"),
    cryptoStore: subkey(root, "crypto-store/1"),
    wrapping: subkey(root, "key-wrapping/1"),
    effects: subkey(root, "effect-id/1"),
    pseudonyms: subkey(root, "pseudonym/1"),
    signing,
    checkpointKey: publicKeyText(signing),
    derive: (purpose) => subkey(root, `other/${purpose}`),
  };
}

/** PKCS #8 of an Ed25519 seed (RFC 8410, section 7): a fixed prefix and the 32 bytes. */
function ed25519(seed: Buffer): KeyObject {
  const prefix = Buffer.from("302e020100300506032b657004220420", "hex");
  return createPrivateKey({ key: Buffer.concat([prefix, seed]), format: "der", type: "pkcs8" });
}

function publicKeyText(key: KeyObject): string {
  const { x } = createPublicKey(key).export({ format: "jwk" });
  if (x === undefined) throw new Error("an Ed25519 key without its public half");
  return x;
}

function holdsData(folder: string): boolean {
  if (existsSync(join(folder, JOURNAL_FILE))) return true;
  const keys = join(folder, CHAIN_KEYS_FOLDER);
  return existsSync(keys) && readdirSync(keys).length > 0;
}
