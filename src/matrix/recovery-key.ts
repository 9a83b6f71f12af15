/** The recovery key as text, and the file that holds it (Matrix specification, client-server API, "Cryptographic key representation"). */
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { OperatorError } from "../operator-error.ts";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const PREFIX = [0x8b, 0x01];
/** Length of a recovery key in bytes. */
export const RECOVERY_KEY_BYTES = 32;
const WHOLE_LENGTH = PREFIX.length + RECOVERY_KEY_BYTES + 1;
/** A file that is longer is not a recovery key. */
const LONGEST_FILE = 4_096;

/** Base58 of prefix, key and parity byte, in groups of four characters. */
export function encodeRecoveryKey(key: Uint8Array): string {
  const bytes = Buffer.from([...PREFIX, ...key, 0]);
  bytes[WHOLE_LENGTH - 1] = parity(bytes);
  let rest = BigInt(`0x${bytes.toString("hex")}`);
  let text = "";
  for (; rest > 0n; rest /= 58n) text = (ALPHABET[Number(rest % 58n)] ?? "") + text;
  return inGroups(text);
}

/** `undefined` if it is mistyped; spaces and line breaks do not matter. */
export function decodeRecoveryKey(text: string): Buffer | undefined {
  let number = 0n;
  const letters = text.replace(/\s/g, "");
  if (letters.length > 64) return undefined;
  for (const letter of letters) {
    const digit = ALPHABET.indexOf(letter);
    if (digit < 0) return undefined;
    number = number * 58n + BigInt(digit);
  }
  const bytes = Buffer.from(number.toString(16).padStart(2 * WHOLE_LENGTH, "0"), "hex");
  const whole = bytes.length === WHOLE_LENGTH && bytes[0] === PREFIX[0] && bytes[1] === PREFIX[1] && parity(bytes) === 0;
  return whole ? bytes.subarray(PREFIX.length, WHOLE_LENGTH - 1) : undefined;
}

/** `undefined` if there is no such file; throws an {@link OperatorError} if it holds something else. */
export function readRecoveryKeyFile(file: string): Buffer | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new OperatorError("recovery-key.unreadable", `The recovery key file ${file} cannot be read.`, "Make it readable for the account that Relevo runs as.");
  }
  const key = text.length > LONGEST_FILE ? undefined : decodeRecoveryKey(text);
  if (key === undefined) throw new OperatorError("recovery-key.mistyped", `The file ${file} does not hold a recovery key.`, "Copy the key again from where it is kept; spaces do not matter.");
  return key;
}

/** Written once, for its owner only, and on the disk before it is used; throws if the file exists. */
export function writeRecoveryKeyFile(file: string, key: Uint8Array): void {
  try {
    const handle = openSync(file, "wx", 0o600);
    try {
      writeSync(handle, `${encodeRecoveryKey(key)}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    const folder = openSync(dirname(file), "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch {
    throw new OperatorError("recovery-key.unwritable", `The recovery key file ${file} cannot be written.`, "Check that its folder exists and that Relevo may write there.");
  }
}

/** Letters in groups of four, as people read them to one another. */
export function inGroups(text: string): string {
  return text.replace(/.{4}(?=.)/g, "$& ");
}

function parity(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum ^ byte, 0);
}
