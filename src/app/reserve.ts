/**
 * A few megabytes that are kept on the disk of the data folder, and let go of when it is full: to say that it is, the crypto store must be able to write.
 */
import { rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Instant } from "../domain/ids.ts";
import { OperatorError } from "../operator-error.ts";
import type { Clock } from "../ports.ts";

/** Name of the file inside the data folder; it holds zeros. */
export const RESERVE_FILE = "reserve";
/** Bytes; enough for thousands of answers. */
const RESERVE = 4 * 1_024 * 1_024;
/** With less than this free, in bytes, the disk counts as full: the crypto store must not be the one to find out. */
const SCARCE = 1_024 * 1_024;
/** The disk is looked at this often, in milliseconds. */
const LOOK_EVERY = 5_000;

/** Makes the reserve unless it is there; where there is not plenty of room, there is none. */
export function keepReserve(folder: string): void {
  const file = join(folder, RESERVE_FILE);
  if (statSync(file, { throwIfNoEntry: false })?.size === RESERVE || free(folder) < 2 * RESERVE) return;
  try {
    writeFileSync(file, Buffer.alloc(RESERVE), { mode: 0o600, flush: true });
  } catch {
    spendReserve(folder);
  }
}

/** Lets go of the reserve. */
export function spendReserve(folder: string): void {
  rmSync(join(folder, RESERVE_FILE), { force: true });
}

/** Lets go of the reserve if the disk is as good as full. */
export function spendReserveIfScarce(folder: string): void {
  if (free(folder) < SCARCE) spendReserve(folder);
}

/** Calls once when the disk of the data folder is as good as full; the returned function ends the watch. */
export function watchDisk(folder: string, clock: Clock, full: (why: OperatorError) => void): () => void {
  let cancel: () => void = () => undefined;
  const look = (): void => {
    if (free(folder) < SCARCE) {
      return full(new OperatorError("journal.disk-full", `Hardly any room is left on the disk of ${folder}; nothing more is written to the journal.`, `Free space on the disk of ${folder}, then start Relevo again.`));
    }
    cancel = clock.wakeAt((clock.now() + LOOK_EVERY) as Instant, look);
  };
  cancel = clock.wakeAt((clock.now() + LOOK_EVERY) as Instant, look);
  return () => cancel();
}

/** Bytes that may be written; of a folder that cannot be asked, as many as one likes: whoever writes there will be told. */
function free(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
