/** An Olm message made without the engine, so that what is inside can be anything (Olm specification, "Message authentication and encryption"). */
import { createCipheriv, createHmac, createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync } from "node:crypto";
import type { KeyObject } from "node:crypto";

const PKCS8_X25519 = Buffer.from("302e020100300506032b656e04220420", "hex");
const SPKI_X25519 = Buffer.from("302a300506032b656e032100", "hex");

interface Pair {
  readonly secret: KeyObject;
  readonly public: Buffer;
}

/** A Curve25519 key pair, from 32 bytes or new. */
export function curvePair(seed?: Buffer): Pair {
  const secret = seed === undefined ? generateKeyPairSync("x25519").privateKey : createPrivateKey({ key: Buffer.concat([PKCS8_X25519, seed]), format: "der", type: "pkcs8" });
  return { secret, public: createPublicKey(secret).export({ format: "der", type: "spki" }).subarray(-32) };
}

/** Body of a pre-key message (type 0) to the device whose identity key and one-time key are given, as unpadded base64. */
export function olmMessage(plaintext: string, from: Pair, identityKey: string, oneTimeKey: string): string {
  const theirIdentity = publicKey(identityKey);
  const theirOneTime = publicKey(oneTimeKey);
  const base = curvePair();
  const ratchet = curvePair();
  const shared = Buffer.concat([agree(from, theirOneTime), agree(base, theirIdentity), agree(base, theirOneTime)]);
  const chain = Buffer.from(hkdfSync("sha256", shared, Buffer.alloc(0), "OLM_ROOT", 64)).subarray(32);
  const messageKey = createHmac("sha256", chain).update(Buffer.of(1)).digest();
  const keys = Buffer.from(hkdfSync("sha256", messageKey, Buffer.alloc(0), "OLM_KEYS", 80));
  const cipher = createCipheriv("aes-256-cbc", keys.subarray(0, 32), keys.subarray(64, 80));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  const inner = Buffer.concat([Buffer.of(3), field(0x0a, ratchet.public), Buffer.of(0x10, 0), field(0x22, ciphertext)]);
  const mac = createHmac("sha256", keys.subarray(32, 64)).update(inner).digest().subarray(0, 8);
  const whole = Buffer.concat([Buffer.of(3), field(0x0a, Buffer.from(oneTimeKey, "base64")), field(0x12, base.public), field(0x1a, from.public), field(0x22, Buffer.concat([inner, mac]))]);
  return unpadded(whole);
}

export function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

function publicKey(base64: string): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_X25519, Buffer.from(base64, "base64")]), format: "der", type: "spki" });
}

function agree(mine: Pair, theirs: KeyObject): Buffer {
  return diffieHellman({ privateKey: mine.secret, publicKey: theirs });
}

function field(tag: number, bytes: Buffer): Buffer {
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    if (rest < 128) {
      length.push(rest);
      break;
    }
    length.push((rest & 127) | 128);
  }
  return Buffer.concat([Buffer.of(tag), Buffer.from(length), bytes]);
}
