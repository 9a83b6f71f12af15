/** Counts the commits of an SQLite file from outside, in its write-ahead log, so that the process that writes needs no switch for it. */
import { existsSync, readFileSync } from "node:fs";

// SQLite file format, section 4.1: a header of 32 bytes, then frames of 24 bytes and a page. The last frame of a commit carries the size of the
// database in pages, all others 0; frames count only if their salts are those of the header.
const HEADER = 32;
const FRAME = 24;

/**
 * Adds up the commits of one file from its making on. A checkpoint lets SQLite write over the log from its beginning, with other salts: what the
 * last look had not seen yet is then still there behind the new frames, unless these have reached it; so look often.
 */
export class CommitCounter {
  readonly #file: string;
  #salts = "";
  #frames = 0;
  #commits = 0;

  constructor(database: string) {
    this.#file = `${database}-wal`;
  }

  /** Commits so far. */
  look(): number {
    if (!existsSync(this.#file)) return this.#commits;
    const log = readFileSync(this.#file);
    if (log.length < HEADER) return this.#commits;
    const frame = FRAME + log.readUInt32BE(8);
    const current = log.subarray(16, 24).toString("hex");
    if (current !== this.#salts) {
      this.#commits += countFrom(log, frame, this.#salts, this.#frames).commits;
      this.#salts = current;
      this.#frames = 0;
    }
    const news = countFrom(log, frame, current, this.#frames);
    this.#frames = news.next;
    this.#commits += news.commits;
    return this.#commits;
  }
}

/** Commit frames with these salts from a frame on; a frame of other salts before any is skipped, one after them ends the count. */
function countFrom(log: Buffer, frame: number, salts: string, from: number): { readonly commits: number; readonly next: number } {
  let commits = 0;
  let next = from;
  for (let index = from; HEADER + (index + 1) * frame <= log.length; index += 1) {
    const at = HEADER + index * frame;
    if (log.subarray(at + 8, at + 16).toString("hex") !== salts) {
      if (next > from) break;
      continue;
    }
    if (log.readUInt32BE(at + 4) !== 0) commits += 1;
    next = index + 1;
  }
  return { commits, next };
}
