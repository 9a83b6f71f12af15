/** Checkpoints: signed, and as one line of text that survives being copied on a phone. Byte layout: docs/journal-format.md, "Checkpoint". */
import { createPublicKey, sign, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { Checkpoint } from "../domain/audit.ts";
import type { ChainId, Instant } from "../domain/ids.ts";
import { CHAIN_NAME } from "./header.ts";
import { sha256 } from "./seal.ts";

/** What a person copies begins with this; the `1` is in no base 32 text, so that no part of another checkpoint is taken for a beginning. */
const MARK = "relevocp1";
const VERSION = 1;
const NUMBER_BYTES = 6;
const HEAD_BYTES = 32;
const SIGNATURE_BYTES = 64;
const CHECK_BYTES = 4;
/** Text read from a person or a file, characters. */
const MOST_TEXT = 4 * 1024 * 1024;
const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** Signs where a chain stands. */
export function signCheckpoint(at: Omit<Checkpoint, "signature">, key: KeyObject): Checkpoint {
  return { ...at, signature: sign(null, signedText(at), key).toString("base64url") };
}

/** Whether a checkpoint was signed by the installation with this public key (base64url). */
export function isGenuine(checkpoint: Checkpoint, checkpointKey: string): boolean {
  const signature = Buffer.from(checkpoint.signature, "base64url");
  if (signature.length !== SIGNATURE_BYTES || Buffer.from(checkpointKey, "base64url").length !== 32) return false;
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: checkpointKey }, format: "jwk" });
  return verify(null, signedText(checkpoint), key, signature);
}

/** One line, lower case and digits only (no dash or underline that a phone would turn into something else), with a check sum: about 240 characters. */
export function checkpointText({ chain, seq, head, at, signature }: Checkpoint): string {
  const name = Buffer.from(chain);
  const numbers = Buffer.alloc(2 * NUMBER_BYTES);
  numbers.writeUIntBE(seq, 0, NUMBER_BYTES);
  numbers.writeUIntBE(at, NUMBER_BYTES, NUMBER_BYTES);
  const content = Buffer.concat([Buffer.from([VERSION, name.length]), name, numbers, Buffer.from(head, "hex"), Buffer.from(signature, "base64url")]);
  return MARK + base32(Buffer.concat([content, checkSum(content)]));
}

/** The checkpoint in a text, whatever stands around it; undefined if there is none that is whole. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  return checkpointsIn(text).checkpoints[0];
}

/**
 * All checkpoints in a text copied from a room: blanks, line breaks, quotation marks and capitals that came in on the way do not matter.
 * `damaged` counts what begins like a checkpoint and is not whole.
 */
export function checkpointsIn(text: string): { readonly checkpoints: readonly Checkpoint[]; readonly damaged: number } {
  if (text.length > MOST_TEXT) throw new RangeError(`a text with checkpoints has more than ${MOST_TEXT} characters`);
  const [, ...found] = text.toLowerCase().replace(/[\s>\p{Cf}]/gu, "").split(MARK);
  const read = found.map(oneCheckpoint);
  const checkpoints = read.filter((each) => each !== undefined);
  return { checkpoints, damaged: read.length - checkpoints.length };
}

function oneCheckpoint(text: string): Checkpoint | undefined {
  const bytes = fromBase32(text);
  const [version, nameLength] = bytes;
  if (version !== VERSION || nameLength === undefined) return undefined;
  const headAt = 2 + nameLength + 2 * NUMBER_BYTES;
  const end = headAt + HEAD_BYTES + SIGNATURE_BYTES;
  if (bytes.length < end + CHECK_BYTES || !checkSum(bytes.subarray(0, end)).equals(bytes.subarray(end, end + CHECK_BYTES))) return undefined;
  const chain = bytes.toString("latin1", 2, 2 + nameLength);
  if (!CHAIN_NAME.test(chain)) return undefined;
  return {
    chain: chain as ChainId,
    seq: bytes.readUIntBE(2 + nameLength, NUMBER_BYTES),
    at: bytes.readUIntBE(2 + nameLength + NUMBER_BYTES, NUMBER_BYTES) as Instant,
    head: bytes.toString("hex", headAt, headAt + HEAD_BYTES),
    signature: bytes.toString("base64url", headAt + HEAD_BYTES, end),
  };
}

function signedText({ chain, seq, head, at }: Omit<Checkpoint, "signature">): Buffer {
  return Buffer.from(`relevo-checkpoint-1\n${chain}\n${seq}\n${head}\n${at}\n`);
}

function checkSum(content: Uint8Array): Buffer {
  return sha256(content).subarray(0, CHECK_BYTES);
}

/** RFC 4648 base 32 without padding, lower case. */
function base32(bytes: Uint8Array): string {
  let text = "";
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((held >> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET.charAt((held << (5 - bits)) & 31);
}

/** As far as the text is base 32, and no further than a checkpoint can be long. */
function fromBase32(text: string): Buffer {
  const bytes: number[] = [];
  let held = 0;
  let bits = 0;
  for (const letter of text.slice(0, 512)) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) break;
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push(held >> bits);
      held &= (1 << bits) - 1;
    }
  }
  return Buffer.from(bytes);
}
