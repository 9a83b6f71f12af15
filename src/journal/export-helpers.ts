/** Threads that look at pieces of an export beside the one that follows the chains. What they find is no more than a saving: all else is done without them. */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { RowReader } from "./exported-row.ts";
import type { Run } from "./export-runs.ts";
import { runsOf } from "./export-runs.ts";

type Found = readonly Run[] | undefined;
/** So many pieces wait for a thread at most: one that it is at, and one that it goes on with. */
const AT_ONCE = 2;
const AHEAD = 8;

/** Some threads; {@link end} them. */
export class ExportHelpers {
  readonly #helpers: readonly Helper[];
  readonly #reader: RowReader;

  /** `longest` is that of the longest line, bytes. */
  constructor(threads: number, longest: number) {
    this.#helpers = Array.from({ length: threads }, () => new Helper(longest));
    this.#reader = new RowReader(longest);
  }

  /** Pieces that may have been asked for and not been taken yet; so many for each thread that none waits for another. */
  get most(): number {
    return this.#helpers.length * AHEAD + 1;
  }

  /** The runs of a piece, found by a thread that has time, else by this one. */
  runs(piece: Buffer): Promise<Found> {
    const free = this.#helpers.find(({ waiting }) => waiting < AT_ONCE);
    return free === undefined ? Promise.resolve(runsOf(piece, this.#reader)) : free.runs(piece);
  }

  async end(): Promise<void> {
    await Promise.all(this.#helpers.map((helper) => helper.end()));
  }
}

class Helper {
  readonly #worker: Worker;
  readonly #asked: ((found: Found) => void)[] = [];
  #isOver = false;

  constructor(longest: number) {
    this.#worker = new Worker(new URL(import.meta.url), { workerData: { exportLine: longest } });
    this.#worker.on("message", (found: Found) => this.#asked.shift()?.(found));
    // Whatever became of it: what it was asked is looked at line by line.
    for (const event of ["error", "exit"] as const) this.#worker.on(event, () => this.#over());
  }

  get waiting(): number {
    return this.#isOver ? Number.POSITIVE_INFINITY : this.#asked.length;
  }

  runs(piece: Buffer): Promise<Found> {
    const asked = Promise.withResolvers<Found>();
    this.#asked.push(asked.resolve);
    const copy = new Uint8Array(piece);
    this.#worker.postMessage(copy, [copy.buffer]);
    return asked.promise;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #over(): void {
    this.#isOver = true;
    for (const tell of this.#asked.splice(0)) tell(undefined);
  }
}

/** The other side, in a thread of its own. */
if (!isMainThread && typeof (workerData as { exportLine?: unknown } | null)?.exportLine === "number") {
  const reader = new RowReader((workerData as { readonly exportLine: number }).exportLine);
  parentPort?.on("message", (piece: Uint8Array) => parentPort?.postMessage(runsOf(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength), reader)));
}
