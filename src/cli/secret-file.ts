/** Reads secrets: from a regular file that nobody but its owner can read, or from standard input; never from the command line. */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import type { Readable } from "node:stream";
import type { Secrets, Settings } from "../app/settings.ts";
import { OperatorError } from "../operator-error.ts";

/** A kind of secret: how it is named to the operator, and how long it may be, in characters. */
export interface SecretKind {
  readonly name: string;
  readonly least: number;
  readonly most: number;
}
/** Of the bot's one device on the homeserver; those of the Matrix authentication service can be long. */
export const ACCESS_TOKEN: SecretKind = { name: "access token", least: 8, most: 4_096 };
/** Of the bot's account. */
export const PASSWORD: SecretKind = { name: "password", least: 1, most: 512 };
/** Of the journal and the crypto store; a shorter one could be guessed from a stolen file. */
export const PASSPHRASE: SecretKind = { name: "passphrase", least: 20, most: 512 };
/** Of the account's secret storage, 48 characters in groups of four. */
export const RECOVERY_KEY: SecretKind = { name: "recovery key", least: 40, most: 128 };

/**
 * The secret in a file, without the line break at its end.
 *
 * Throws an {@link OperatorError} `secret.missing`, `secret.unreadable`, `secret.not-a-file`, `secret.mode` (with the chmod line), `secret.empty`,
 * `secret.too-short`, `secret.too-long` or `secret.not-one-line`; never with any part of the secret.
 */
export async function readSecretFile(file: string, kind: SecretKind): Promise<string> {
  const handle = await openSecret(file, kind);
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw notAFile(file, kind);
    // Windows has no such bits: there the folder's access list has to do it (docs/threat-model.md).
    if (process.platform !== "win32" && (found.mode & 0o077) !== 0) {
      throw new OperatorError("secret.mode", `The ${kind.name} file ${file} can be read by other users of this machine.`, `Run: chmod 600 ${file}`);
    }
    const largest = kind.most * 4 + 2;
    const buffer = Buffer.alloc(largest + 1);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    const text = secretText(buffer.subarray(0, bytesRead), kind, file);
    buffer.fill(0);
    return text;
  } finally {
    await handle.close();
  }
}

/** The secret on standard input, read to its end under the same rules. */
export async function readSecretInput(input: Readable, kind: SecretKind): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk as Uint8Array | string);
    length += bytes.length;
    chunks.push(bytes);
    if (length > kind.most * 4 + 2) break;
  }
  return secretText(Buffer.concat(chunks), kind, "standard input");
}

/** All secrets that the settings name. A recovery key that has not been written yet is no mistake. */
export async function readSecrets({ secrets }: Settings): Promise<Secrets> {
  const accessToken = await readSecretFile(secrets.accessTokenFile, ACCESS_TOKEN);
  const passphrase = await readSecretFile(secrets.passphraseFile, PASSPHRASE);
  const password = secrets.passwordFile === undefined ? undefined : await readSecretFile(secrets.passwordFile, PASSWORD);
  const recoveryKey = await readSecretFile(secrets.recoveryKeyFile, RECOVERY_KEY).catch((error: unknown) => {
    if (error instanceof OperatorError && error.code === "secret.missing") return undefined;
    throw error;
  });
  return {
    accessToken,
    passphrase,
    ...(password === undefined ? {} : { password }),
    ...(recoveryKey === undefined ? {} : { recoveryKey }),
  };
}

async function openSecret(file: string, kind: SecretKind): Promise<FileHandle> {
  try {
    // Not through a symbolic link, and without waiting for the other end of a pipe.
    return await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") {
      throw new OperatorError("secret.missing", `There is no ${kind.name} file ${file}.`, `Write the ${kind.name} into it, then run: chmod 600 ${file}`);
    }
    if (code === "ELOOP" || code === "ENXIO" || code === "EISDIR") throw notAFile(file, kind);
    throw new OperatorError("secret.unreadable", `The ${kind.name} file ${file} cannot be read.`,
      `Give it to the user that runs the bot: chown USER ${file} && chmod 600 ${file}`);
  }
}

function notAFile(file: string, kind: SecretKind): OperatorError {
  return new OperatorError("secret.not-a-file", `The ${kind.name} file ${file} is not a regular file (a folder, link, pipe or device).`,
    "Name the file itself.");
}

function secretText(bytes: Uint8Array, kind: SecretKind, from: string): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, "");
  } catch {
    // A text that was cut at the bound may end in the middle of a character.
    throw bytes.length > kind.most * 4 ? tooLong(kind, from)
      : new OperatorError("secret.not-one-line", `The ${kind.name} in ${from} is not text in UTF-8.`, "Write it anew, as one line of text.");
  }
  const length = [...text].length;
  if (text.trim() === "") throw new OperatorError("secret.empty", `The ${kind.name} in ${from} is empty.`, `Write the ${kind.name} into it, as one line.`);
  if (length > kind.most) throw tooLong(kind, from);
  if (/\p{Cc}|\p{Zl}|\p{Zp}/u.test(text) || text.trim() !== text) {
    throw new OperatorError("secret.not-one-line", `The ${kind.name} in ${from} has more than one line, or blanks round it.`,
      `Write only the ${kind.name} into it, as one line.`);
  }
  if (length < kind.least) {
    throw new OperatorError("secret.too-short", `The ${kind.name} in ${from} has fewer than ${kind.least} characters.`, `Write the whole ${kind.name} into it.`);
  }
  return text;
}

function tooLong(kind: SecretKind, from: string): OperatorError {
  return new OperatorError("secret.too-long", `The ${kind.name} in ${from} has more than ${kind.most} characters.`, `Write only the ${kind.name} into it.`);
}
