/** Answers about keys, without those entries that would make the engine panic. */
import { isObject } from "./shapes.ts";

const CURVES = /^(ed25519|curve25519):/;
/** 32 bytes, with or without padding. A key of 33 bytes has 44 characters too, and none of them is `=`. */
const KEY = /^(?:[A-Za-z0-9+/]{43}=?)$/;

/**
 * The answer to `/keys/query` with every device and cross-signing key left out that has an Ed25519 or Curve25519 key of another length
 * than 32 bytes. Anybody can publish one, and a homeserver passes it on.
 */
export function soundKeyAnswer(answer: unknown): unknown {
  if (!isObject(answer)) return answer;
  const sound: Record<string, unknown> = { ...answer };
  if (isObject(answer["device_keys"])) {
    sound["device_keys"] = mapped(answer["device_keys"], (devices) => (isObject(devices) ? kept(devices) : devices));
  }
  for (const use of ["master_keys", "self_signing_keys", "user_signing_keys"]) {
    const keys = answer[use];
    if (isObject(keys)) sound[use] = kept(keys);
  }
  return sound;
}

function kept(objects: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(objects).filter(([, value]) => hasSoundKeys(value)));
}

function hasSoundKeys(value: unknown): boolean {
  const keys = isObject(value) ? value["keys"] : undefined;
  if (!isObject(keys)) return true;
  return Object.entries(keys).every(([id, key]) => !CURVES.test(id) || (typeof key === "string" && KEY.test(key)));
}

function mapped(objects: Record<string, unknown>, change: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(objects).map(([name, value]) => [name, change(value)]));
}
