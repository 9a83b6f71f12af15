/**
 * A few megabytes that are kept on the disk of the data folder, and let go of when it is full: to say that it is, the crypto store must be able to write.
 */
import { rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Name of the file inside the data folder; it holds zeros. */
export const RESERVE_FILE = "reserve";
/** Bytes; enough for thousands of answers. */
const RESERVE = 4 * 1_024 * 1_024;
/** With less than this free, in bytes, a start may not even come to its first write. */
const SCARCE = 1_024 * 1_024;

/** Makes the reserve unless it is there; without room for it there is none. */
export function keepReserve(folder: string): void {
  const file = join(folder, RESERVE_FILE);
  if (statSync(file, { throwIfNoEntry: false })?.size === RESERVE) return;
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
  try {
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize < SCARCE) spendReserve(folder);
  } catch {
    // A folder that is not there yet has a disk that is not full of it.
  }
}
