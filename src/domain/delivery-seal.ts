/** Seal numbers: how they are compared, and the look-alikes among which a given one is hidden from whoever has to read it independently. */
import type { Chance } from "./decision.ts";
import type { Seal } from "./delivery-types.ts";

/** Longest number of a seal, in characters. */
export const MAX_SEAL = 32;
/** Numbers offered to the reader, the given one among them. */
export const CHOICES = 3;

/**
 * A number as it is compared: NFKC, upper case, only `[A-Z0-9-]`; undefined if nothing of it is left or it is too long. Letters and digits of other
 * scripts are nothing that stands on a seal: to leave out a Cyrillic letter that looks like an A would make another number of it, without a word.
 */
export function sealOf(text: string): Seal | undefined {
  const typed = text.normalize("NFKC").toUpperCase();
  if (/(?![A-Z0-9])[\p{L}\p{N}\p{M}]/u.test(typed)) return undefined;
  const cleaned = typed.replaceAll(/[^A-Z0-9-]/gu, "");
  return cleaned.length === 0 || cleaned.length > MAX_SEAL || !/[A-Z0-9]/.test(cleaned) ? undefined : (cleaned as Seal);
}

/** Two readings of the same seal. An illegible one is equal to nothing. */
export function sameSeal(one: Seal | undefined, other: Seal | undefined): boolean {
  return one !== undefined && other !== undefined && sealOf(one) === sealOf(other);
}

/**
 * Three numbers of the same length, the given one among them, that differ as misreadings do: two neighbours exchanged, or one sign taken for
 * another. They are sorted, so that their order says nothing; whoever shows them shuffles.
 */
export function lookAlikes(seal: Seal, chance: Chance): readonly Seal[] {
  const choices = new Set<Seal>([seal]);
  for (const candidate of [...chance.shuffle(exchanges(seal)), ...chance.shuffle(misreadings(seal))]) {
    if (choices.size >= CHOICES) break;
    choices.add(candidate);
  }
  return [...choices].toSorted();
}

function exchanges(seal: Seal): Seal[] {
  const found = new Set<string>();
  for (let index = 0; index + 1 < seal.length; index += 1) {
    found.add(seal.slice(0, index) + seal.charAt(index + 1) + seal.charAt(index) + seal.slice(index + 2));
  }
  found.delete(seal);
  return [...found].map((each) => each as Seal);
}

/** Signs that are taken for each other on a worn seal; every sign has at least two, so that there are always enough look-alikes. */
function misreadings(seal: Seal): Seal[] {
  return [...seal].flatMap((sign, index) =>
    [...(MISREAD[sign] ?? "")].map((other) => (seal.slice(0, index) + other + seal.slice(index + 1)) as Seal));
}

const MISREAD: Readonly<Record<string, string>> = {
  0: "86", 1: "74", 2: "73", 3: "85", 4: "19", 5: "63", 6: "58", 7: "12", 8: "30", 9: "46",
  A: "RH", B: "RD", C: "GO", D: "OB", E: "FB", F: "EP", G: "CO", H: "NK", I: "LT", J: "UI", K: "XH", L: "IT", M: "NW", N: "MH", O: "QD", P: "RF",
  Q: "OG", R: "PB", S: "BZ", T: "IY", U: "VO", V: "UY", W: "VM", X: "KY", Y: "VX", Z: "SX", "-": "",
};
