/** The part of a sync that is for the crypto engine: reduced to what the engine takes, whatever the server or a stranger put there. */
import { z } from "zod";
import { Sieve, isObject, isTame, userId } from "./shapes.ts";

/** What a sync carries for the engine, after the check. */
export interface CryptoSync {
  /** Each a JSON object of a to-device event. */
  readonly events: readonly string[];
  readonly changed: readonly string[];
  readonly left: readonly string[];
  readonly oneTimeKeys: ReadonlyMap<string, number>;
  /** Missing: the server did not say. */
  readonly unusedFallbackKeys: ReadonlySet<string> | undefined;
  readonly malformed: number;
}

const toDevice = z.object({ type: z.string().min(1).max(255), sender: userId, content: z.record(z.string(), z.unknown()) });
const algorithm = z.string().min(1).max(100);
/** A server that says it holds more does not change what is made. */
const MOST_KEYS = 1_000_000;

/** Never throws. */
export function readCryptoSync(value: unknown): CryptoSync {
  const fields = isObject(value) ? value : {};
  const sieve = new Sieve();
  const events = sieve.events(fields["to_device"], (event) => {
    if (!isTame(event)) return undefined;
    const read = toDevice.safeParse(event);
    return read.success ? JSON.stringify(read.data) : undefined;
  });
  const lists = isObject(fields["device_lists"]) ? fields["device_lists"] : {};
  const counts = sieve.entries(fields["device_one_time_keys_count"], algorithm).flatMap(([name, count]): [string, number][] => {
    if (Number.isSafeInteger(count) && Number(count) >= 0) return [[name, Math.min(Number(count), MOST_KEYS)]];
    sieve.malformed++;
    return [];
  });
  const fallback = fields["device_unused_fallback_key_types"];
  return {
    events,
    changed: sieve.list(lists["changed"], readUser),
    left: sieve.list(lists["left"], readUser),
    oneTimeKeys: new Map(counts),
    unusedFallbackKeys: Array.isArray(fallback) ? new Set(sieve.list(fallback, (name) => algorithm.safeParse(name).data)) : undefined,
    malformed: sieve.malformed,
  };
}

function readUser(value: unknown): string | undefined {
  return userId.safeParse(value).data;
}
