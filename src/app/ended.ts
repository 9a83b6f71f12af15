/**
 * Why the bot ended or went into safe mode: what a process that cannot go on leaves in its data folder, so that `relevo doctor` can say it when nobody has
 * the log at hand.
 */
import { chmodSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Instant } from "../domain/ids.ts";

/** Name of the file in the data folder. */
export const ENDED_FILE = "ended.json";
/** A longer file was not written by Relevo. Bytes. */
const LARGEST = 16_384;
/** Characters kept of each text. */
const LONGEST = 2_000;

/** What ended the process, or put it into safe mode, in the words that were shown at the terminal. Nothing of a case stands in them. */
export interface Ended {
  readonly at: Instant;
  /** Code of the operator error, or of the fault (`B-3f9a1c`). */
  readonly code: string;
  readonly what: string;
  readonly cure: string;
}

const text = z.string().max(LONGEST);
const shape = z.object({ format: z.literal("relevo-ended-1"), at: z.int().min(0).transform((value) => value as Instant), code: z.string().max(60), what: text, cure: text });

/** Leaves it, for the bot's own user alone. Never throws: a disk that is full is often the very reason. */
export function writeEnded(folder: string, { at, code, what, cure }: Ended): void {
  const file = join(folder, ENDED_FILE);
  const unfinished = `${file}.new`;
  try {
    writeFileSync(unfinished, `${JSON.stringify({ format: "relevo-ended-1", at, code, what: what.slice(0, LONGEST), cure: cure.slice(0, LONGEST) })}\n`, { mode: 0o600 });
    chmodSync(unfinished, 0o600);
    renameSync(unfinished, file);
  } catch {
    // The lines at the terminal, and in the log of the service, say the same.
  }
}

/** What the last process that could not go on has left; undefined if there is none. Never throws. */
export function readEnded(folder: string): Ended | undefined {
  const file = join(folder, ENDED_FILE);
  try {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? LARGEST) >= LARGEST) return undefined;
    const read = shape.safeParse(JSON.parse(readFileSync(file, "utf8")));
    return read.success ? { at: read.data.at, code: read.data.code, what: read.data.what, cure: read.data.cure } : undefined;
  } catch {
    return undefined;
  }
}
