/** Which mutants are tried where trying all would take too long. */
import { createHash } from "node:crypto";

/** Chosen by chance, the same ones each time: so many of a file's, from 0 (none) to 1 (all). */
export function isTried(file: string, mutant: string, share: number): boolean {
  return share >= 1 || createHash("sha256").update(`${file}\n${mutant}`).digest().readUInt32BE() / 2 ** 32 < share;
}
