/** Chance that a seed decides: the same seed and the same name give the same numbers, whatever else has been drawn. */
import type { Random } from "../../src/ports.ts";
import { seededRandom } from "../support/seeded-random.ts";

/** Draws for one purpose. */
export interface Dice {
  /** A whole number below the bound. */
  below(bound: number): number;
  /** True once in so many times, on average. */
  oneIn(times: number): boolean;
  of<T>(items: readonly T[]): T | undefined;
}

/** Dice that show the same for the same seed and name. */
export function dice(seed: number, name: number | string): Dice {
  const next = seededRandom(mixed(`${seed}/${name}`));
  return {
    below: next,
    oneIn: (times) => next(times) === 0,
    of: (items) => (items.length === 0 ? undefined : items[next(items.length)]),
  };
}

const SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";

/** What the app is given as chance; a run of the same seed gives the same ids and codes. */
export function seededChance(seed: number, life: number): Random {
  const next = seededRandom(mixed(`chance/${seed}/${life}`));
  const text = (signs: string, length: number): string => Array.from({ length }, () => signs.charAt(next(signs.length))).join("");
  return {
    id: () => text(LETTERS, 26),
    code: () => text(SIGNS, 4),
    pick(items) {
      if (items.length === 0) throw new Error("nothing to pick from");
      return items[next(items.length)] as (typeof items)[number];
    },
    shuffle<T>(items: readonly T[]): T[] {
      const left = [...items];
      const shuffled: T[] = [];
      while (left.length > 0) shuffled.push(...left.splice(next(left.length), 1));
      return shuffled;
    },
    bytes: (length) => Uint8Array.from({ length }, () => next(256)),
  };
}

/** FNV-1a. */
function mixed(text: string): number {
  let hash = 0x811c9dc5;
  for (const sign of text) hash = Math.imul(hash ^ sign.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}
