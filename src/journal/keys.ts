/** The keys of an installation: passphrase → root, which is random (root-file.ts) → one key for each purpose. */
import { createPrivateKey, createPublicKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { OperatorError } from "../operator-error.ts";
import { FROM_BACKUP } from "./errors.ts";
import type { Random } from "../ports.ts";
import { privateFolder } from "./private-files.ts";
import type { Derived, RootFile, Work } from "./root-file.ts";
import { derive, openRoot, readRootFile, replaceRootFile, ROOT_FILE, sealRoot, USUAL_WORK, wrongPassphrase, writeRootFile } from "./root-file.ts";
import { KEY_BYTES, mac, subkey } from "./seal.ts";

/** Names inside the data folder. */
export const JOURNAL_FILE = "journal.db";
export const CHAIN_KEYS_FOLDER = "chain-keys";

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
  /** For a new root only, and for tests only: the power of two of a single pass. An existing root keeps what it was made with. */
  readonly cost?: number;
  /** What {@link deriveAhead} gave. */
  readonly derived?: Derived | undefined;
}

/** Begins with what takes longest of opening the keys, beside other work. Never throws: what is wrong is said when the keys are opened. */
export async function deriveAhead(folder: string, passphrase: string): Promise<Derived | undefined> {
  try {
    const stored = readRootFile(folder);
    return stored === undefined ? undefined : await derive(stored, passphrase);
  } catch {
    return undefined;
  }
}

/**
 * Opens the keys of a data folder; the first time, makes them.
 *
 * Throws an {@link OperatorError}: `keys.missing` (there is data but no root file), `keys.damaged`, `keys.wrong-passphrase`, `journal.file-mode`.
 */
export function openKeys({ folder, passphrase, random, cost, derived }: OpenKeys): Keys {
  privateFolder(folder);
  const file = join(folder, ROOT_FILE);
  const stored = readRootFile(folder);
  if (stored !== undefined) return keysIn(stored, passphrase, file, derived);
  if (holdsData(folder)) {
    throw new OperatorError("keys.missing", `${folder} holds a journal, but the file with its keys, ${file}, is not there.`, `If it was only moved, put it back: without it nothing can be read. If it is lost: ${FROM_BACKUP}`);
  }
  const root = Buffer.from(random.bytes(KEY_BYTES));
  writeRootFile(folder, sealRoot(root, passphrase, random, workOf(cost)));
  return keysOf(root);
}

/** The keys under a root file's root; `file` is only named. Throws an {@link OperatorError} `keys.wrong-passphrase`. */
export function keysIn(stored: RootFile, passphrase: string, file: string, derived?: Derived): Keys {
  const root = openRoot(stored, passphrase, derived);
  if (root === undefined) throw wrongPassphrase(file);
  return keysOf(root);
}

/**
 * Seals the root of a data folder under another passphrase; all other keys stay what they are. Done once it returns; after a crash before that, either
 * passphrase may be the one that fits. Called again with the new one already in place, it changes nothing. Throws `keys.missing`, `keys.wrong-passphrase`.
 */
export function changePassphrase({ folder, random, passphrase, next, cost }: OpenKeys & { readonly next: string }): "changed" | "was-changed" {
  const file = join(folder, ROOT_FILE);
  const stored = readRootFile(folder);
  if (stored === undefined) throw new OperatorError("keys.missing", `There is no key file ${file}.`, "Check data in the configuration; the bot makes its keys at its first start.");
  const root = openRoot(stored, passphrase);
  if (root === undefined) {
    if (openRoot(stored, next) !== undefined) return "was-changed";
    throw wrongPassphrase(file);
  }
  replaceRootFile(folder, sealRoot(root, next, random, workOf(cost)));
  return "changed";
}

/**
 * Id of an effect that no journal row numbers: a board's from its id and revision, a reconciler step's from case, slot, step and attempt.
 * 128 bits, hex; the same parts always give the same id.
 */
export function effectId(keys: Pick<Keys, "effects">, ...parts: readonly (string | number)[]): string {
  return mac(keys.effects, ...parts).subarray(0, 16).toString("hex");
}

function workOf(cost: number | undefined): Work {
  return cost === undefined ? USUAL_WORK : { cost, passes: 1 };
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
