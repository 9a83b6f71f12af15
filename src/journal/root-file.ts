/**
 * The file that holds the root of all keys, sealed with a key that scrypt (RFC 7914) makes of the passphrase: a wrong passphrase is told from a damaged
 * file before anything else is opened, and the passphrase can be changed without rewriting what it protects.
 */
import { scrypt, scryptSync } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ScryptOptions } from "node:crypto";
import { z } from "zod";
import { OperatorError } from "../operator-error.ts";
import { FROM_BACKUP } from "./errors.ts";
import type { Random } from "../ports.ts";
import { readPrivate, replacePrivate, writePrivate } from "./private-files.ts";
import { bound, KEY_BYTES, NONCE_BYTES, seal, unseal } from "./seal.ts";

/** Its name inside the data folder. */
export const ROOT_FILE = "root.json";
/** Its most bytes. */
export const ROOT_FILE_BYTES = 4_096;

/** How much work scrypt makes of a passphrase: its N as a power of two, which is also its memory (2^15: 32 MiB), and how often it is done (its p). */
export interface Work {
  readonly cost: number;
  readonly passes: number;
}
/** One of the settings that OWASP's cheat sheet on password storage holds for equally strong; about a third of a second, once at start. */
export const USUAL_WORK: Work = { cost: 15, passes: 3 };
const BLOCK = 8;
const SALT_BYTES = 16;

/** What stands in it. */
export const RootFile = z.strictObject({
  format: z.literal("relevo-root-1"),
  kdf: z.literal("scrypt"),
  // Bounded, so that a changed file cannot make the start take all memory.
  cost: z.int().min(10).max(20),
  /** Missing: once. */
  passes: z.int().min(2).max(16).optional(),
  salt: z.base64url().length(22),
  root: z.base64url().max(128),
});
/** What stands in it. */
export type RootFile = z.infer<typeof RootFile>;

/** The file of a folder; undefined if there is none. Throws an {@link OperatorError} `keys.damaged` or `journal.file-mode`. */
export function readRootFile(folder: string): RootFile | undefined {
  const file = join(folder, ROOT_FILE);
  const stored = readPrivate(file, ROOT_FILE_BYTES);
  if (stored === undefined) return undefined;
  const read = RootFile.safeParse(parsed(stored));
  if (!read.success) throw new OperatorError("keys.damaged", `${file} is not a key file that Relevo wrote.`, FROM_BACKUP);
  return read.data;
}

/** Writes it where there is none. */
export function writeRootFile(folder: string, content: RootFile): void {
  writePrivate(join(folder, ROOT_FILE), bytesOf(content));
}

/** Puts another one in its place: after a crash in the middle the old one is there, or the new one. */
export function replaceRootFile(folder: string, content: RootFile): void {
  replacePrivate(join(folder, ROOT_FILE), bytesOf(content));
}

/** Seals a root under a passphrase. */
export function sealRoot(root: Uint8Array, passphrase: string, random: Pick<Random, "bytes">, work: Work = USUAL_WORK): RootFile {
  const salt = Buffer.from(random.bytes(SALT_BYTES));
  return {
    format: "relevo-root-1",
    kdf: "scrypt",
    cost: work.cost,
    ...(work.passes === 1 ? {} : { passes: work.passes }),
    salt: salt.toString("base64url"),
    root: seal(passphraseKey(passphrase, salt, work), random.bytes(NONCE_BYTES), root, boundTo(work)).toString("base64url"),
  };
}

/** What scrypt made of a passphrase for one root file; good for no other. */
export interface Derived extends Work {
  readonly passphrase: string;
  readonly salt: string;
  readonly key: Buffer;
}

/** Lets scrypt work in a thread of its own. */
export async function derive({ cost, passes = 1, salt }: RootFile, passphrase: string): Promise<Derived> {
  const [words, bytes, length, options] = scryptArguments(passphrase, Buffer.from(salt, "base64url"), { cost, passes });
  return { cost, passes, salt, passphrase, key: (await scryptBeside(words, bytes, length, options)) as Buffer };
}
const scryptBeside = promisify<string, Uint8Array, number, ScryptOptions, unknown>(scrypt);

/** The root, or undefined if this is not its passphrase (or the file was changed with care, which cannot be told apart). */
export function openRoot({ cost, passes = 1, salt, root }: RootFile, passphrase: string, derived?: Derived): Buffer | undefined {
  const work = { cost, passes };
  const isFor = derived?.salt === salt && derived.cost === cost && derived.passes === passes && derived.passphrase === passphrase;
  const key = isFor ? derived.key : passphraseKey(passphrase, Buffer.from(salt, "base64url"), work);
  const opened = unseal(key, Buffer.from(root, "base64url"), boundTo(work));
  return opened?.length === KEY_BYTES ? opened : undefined;
}

/** What is told of a passphrase that does not fit. `file` is only named. */
export function wrongPassphrase(file: string): OperatorError {
  return new OperatorError(
    "keys.wrong-passphrase",
    `The passphrase does not open ${file}.`,
    `Put the passphrase that belongs to ${file} into the passphrase file named in the configuration; if it is the right one, the file was changed. ${FROM_BACKUP}`,
  );
}

function bytesOf(content: RootFile): Buffer {
  return Buffer.from(`${JSON.stringify(content, null, 2)}\n`);
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

function boundTo({ cost, passes }: Work): Buffer {
  return bound("relevo-root-1", "scrypt", cost, BLOCK, ...(passes === 1 ? [] : [passes]));
}

function passphraseKey(passphrase: string, salt: Uint8Array, work: Work): Buffer {
  return scryptSync(...scryptArguments(passphrase, salt, work));
}

function scryptArguments(passphrase: string, salt: Uint8Array, { cost, passes }: Work): readonly [string, Uint8Array, number, ScryptOptions] {
  const n = 2 ** cost;
  // The same words typed on another keyboard may be composed differently.
  return [passphrase.normalize("NFKC"), salt, KEY_BYTES, { N: n, r: BLOCK, p: passes, maxmem: 256 * n * BLOCK }];
}
