/** The short digest by which people make sure that they confirm the same. */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";

const SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** SHA-256 over canonical JSON (RFC 8785), its first 40 bits in Crockford's base 32 as `7F3Q-19KD`: short enough to be compared aloud. */
export function digest(value: unknown): string {
  const bytes = createHash("sha256").update(`relevo/digest/1\n${canonicalize(value) ?? ""}`).digest();
  let bits = bytes.readUIntBE(0, 5);
  let text = "";
  for (let i = 0; i < 8; i += 1) {
    text = SIGNS.charAt(bits % 32) + text;
    bits = Math.floor(bits / 32);
  }
  return `${text.slice(0, 4)}-${text.slice(4)}`;
}
