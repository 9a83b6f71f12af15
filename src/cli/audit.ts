/** `relevo audit export` and `relevo audit verify`: the journal for whoever checks it, and the check, offline and without any content key. */
import { createReadStream } from "node:fs";
import { copyFile, cp, mkdtemp, open, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { keysOfJournal, whileHeld } from "./held-journal.ts";
import type { Settings } from "../app/settings.ts";
import type { Checkpoint, Verified } from "../domain/audit.ts";
import { isoUtc } from "../domain/time.ts";
import { checkpointsIn } from "../journal/checkpoint.ts";
import { exportLines } from "../journal/export.ts";
import { openJournal } from "../journal/journal.ts";
import type { Keys } from "../journal/keys.ts";
import { CHAIN_KEYS_FOLDER, JOURNAL_FILE } from "../journal/keys.ts";
import { verifyExport } from "../journal/verify-file.ts";
import type { FileFault, FileFaultKind, VerifiedExport } from "../journal/verify-file.ts";
import { OperatorError } from "../operator-error.ts";
import type { Clock, Random } from "../ports.ts";

/** Read at once: every piece makes the thread that reads and the one that verifies wait for one another. */
const PIECE_BYTES = 1024 * 1024;
/** From here on other threads are worth their beginning. */
const LARGE_BYTES = 32 * 1024 * 1024;
const MOST_THREADS = 3;
/** Checkpoints copied from a room, and the file they may come in: a few hundred bytes each. */
const LARGEST_CHECKPOINTS = 1024 * 1024;

/**
 * Writes all chains to a new file of mode 0600; gives the lines to show. While the bot runs, a copy of its journal is made beside that file and taken away.
 *
 * Throws an {@link OperatorError}: `audit.no-journal`, `audit.exists`, `audit.file`, and what the journal and the passphrase file throw.
 */
export async function exportAudit(settings: Settings, out: string, clock: Clock, random: Random): Promise<readonly string[]> {
  const keys = await keysOfJournal(settings, random);
  const folder = await mkdtemp(`${out}.copy-`).catch((error: unknown) => {
    throw cannotUse(out, "written", error);
  });
  try {
    await whileHeld(settings, keys, clock, random, () => copyInto(folder, settings.data));
    return await exportFrom(folder, out, keys, clock, random);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The journal's file and its keys, readable by their owner alone. */
async function copyInto(folder: string, data: string): Promise<void> {
  await cp(join(data, CHAIN_KEYS_FOLDER), join(folder, CHAIN_KEYS_FOLDER), { recursive: true });
  await copyFile(join(data, JOURNAL_FILE), join(folder, JOURNAL_FILE));
}

async function exportFrom(folder: string, out: string, keys: Keys, clock: Pick<Clock, "now">, random: Random): Promise<readonly string[]> {
  // Rows are copied, not understood: an event of a newer version is exported like any other.
  const journal = openJournal({ folder, keys, clock, random, known: () => true, evolveVersion: "export" });
  try {
    const rows = await writeNew(out, exportLines(journal));
    return [
      `Written: ${out}, ${rows} rows, readable by you alone. It holds no key that opens what the rows say.`,
      `Checkpoint key of this installation: ${journal.checkpointKey}`,
      `To verify: relevo audit verify ${out} --checkpoints FILE, with checkpoints copied from the coordination room.`,
    ];
  } finally {
    await journal.close();
  }
}

async function writeNew(out: string, lines: AsyncIterable<string>): Promise<number> {
  const handle = await open(out, "wx", 0o600).catch((error: unknown) => {
    if (codeOf(error) === "EEXIST") throw new OperatorError("audit.exists", `${out} is there already; nothing was written.`, "Name another file with --out FILE.");
    throw cannotUse(out, "written", error);
  });
  try {
    return await writeLines(handle, lines, out);
  } catch (error) {
    // Half an export would be found to be cut, long after the journal it came from has gone on.
    await rm(out, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/** Rows written: every line but the first and the last. */
async function writeLines(handle: FileHandle, lines: AsyncIterable<string>, out: string): Promise<number> {
  let count = 0;
  for await (const line of lines) {
    await handle.writeFile(line).catch((error: unknown) => {
      throw cannotUse(out, "written", error);
    });
    count += 1;
  }
  await handle.sync();
  return Math.max(0, count - 2);
}

/** What was typed after `audit verify`. */
export interface VerifyOptions {
  /** Text of checkpoints, as copied from the room. */
  readonly checkpoint?: readonly string[];
  /** A file that holds such texts, with anything round them. */
  readonly checkpoints?: string;
  /** The installation's checkpoint key, if it is known from elsewhere. */
  readonly key?: string;
}

/**
 * Verifies an export; gives the lines to show, and whether nothing was found wrong.
 *
 * Throws an {@link OperatorError}: `audit.file` (a file that cannot be read), `audit.checkpoint` (no whole checkpoint where one was given),
 * `audit.key` (not a key).
 */
export async function verifyAudit(file: string, options: VerifyOptions): Promise<{ readonly ok: boolean; readonly lines: readonly string[] }> {
  const checkpoints = await givenCheckpoints(options);
  if (options.key !== undefined && !/^[A-Za-z0-9_-]{43}$/.test(options.key)) {
    throw new OperatorError("audit.key", "What was given with --key is not a checkpoint key.", "Give the 43 characters that relevo audit export has shown.");
  }
  const verified = await verifyExport({
    file: bytesOf(file), checkpoints, ...(options.key === undefined ? {} : { checkpointKey: options.key }), ...(await isLarge(file) ? { threads: otherThreads() } : {}),
  });
  return { ok: verified.ok, lines: told(verified, checkpoints.length, options.key !== undefined) };
}

/** False also for one that cannot be read: that is told when it is. */
async function isLarge(file: string): Promise<boolean> {
  return await stat(file).then(({ size }) => size >= LARGE_BYTES, () => false);
}

/** Threads that verify beside this one; more than these would wait for the disk. */
export function otherThreads(): number {
  return Math.min(MOST_THREADS, availableParallelism() - 1);
}

async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: PIECE_BYTES })) yield chunk as Uint8Array;
  } catch (error) {
    throw cannotUse(file, "read", error);
  }
}

async function givenCheckpoints({ checkpoint = [], checkpoints }: VerifyOptions): Promise<readonly Checkpoint[]> {
  const texts = [...checkpoint, ...(checkpoints === undefined ? [] : [await checkpointText(checkpoints)])];
  if (texts.reduce((length, text) => length + text.length, 0) > LARGEST_CHECKPOINTS) throw tooMuch();
  return texts.flatMap((text) => {
    const found = checkpointsIn(text);
    if (found.damaged === 0 && found.checkpoints.length > 0) return found.checkpoints;
    throw new OperatorError("audit.checkpoint",
      found.damaged > 0 ? `${found.damaged} of the checkpoints given are not whole.` : "No checkpoint was found in what was given.",
      "Copy the whole message of the bot from the coordination room, from relevocp1 to its end.");
  });
}

async function checkpointText(file: string): Promise<string> {
  const handle = await open(file, "r").catch((error: unknown) => {
    throw cannotUse(file, "read", error);
  });
  try {
    const found = await handle.stat();
    if (found.size > LARGEST_CHECKPOINTS) throw tooMuch();
    return await handle.readFile("utf8");
  } catch (error) {
    throw error instanceof OperatorError ? error : cannotUse(file, "read", error);
  } finally {
    await handle.close();
  }
}

function tooMuch(): OperatorError {
  return new OperatorError("audit.checkpoint", `The checkpoints given have more than ${LARGEST_CHECKPOINTS} bytes.`, "Give only the bot's checkpoint messages, the last of each case.");
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" && /^E[A-Z0-9]+$/.test(error.code) ? error.code : "unknown";
}

function cannotUse(file: string, verb: "read" | "written", error: unknown): OperatorError {
  return new OperatorError("audit.file", `${file} cannot be ${verb} (${codeOf(error)}).`, "Check its name, its disk, and that you have the right.");
}

const FAULTS: Readonly<Record<FileFaultKind, string>> = {
  "hash": "was changed: its bytes are not those that were hashed",
  "link": "does not follow the row before it: something was changed, moved, added or taken out",
  "missing": "is missing",
  "commitment": "holds other content than the one committed to",
  "checkpoint": "is not what was signed in the checkpoint, or the checkpoint was not signed by this installation",
  "unreadable": "is not a row",
  "not-an-export": "is not the beginning of an export",
  "other-key": "names another installation's key than the one given",
  "cut": "is not the end of the file as it was written: lines are missing or were added",
  "too-large": "is larger than anything the journal writes",
};

function told(verified: VerifiedExport, given: number, keyGiven: boolean): string[] {
  const { ok, rows, chains, faults } = verified;
  const first = !ok ? `NOT WHOLE: ${faults.length} found wrong in ${rows} rows.`
    : given > 0 ? `Whole: ${rows} rows, ${chains.size === 1 ? "one chain" : `${chains.size} chains`}; nothing was changed, removed, reordered or added up to the checkpoints given.`
    : `Agrees with itself: ${rows} rows. No checkpoint was given, so it may have been cut or written anew as a whole.`;
  return [
    first,
    ...faults.map(faultLine),
    ...[...chains].map(([chain, about]) => chainLine(chain, about)),
    ...(verified.checkpointKey === undefined ? [] : [`Checkpoint key: ${verified.checkpointKey}${keyGiven ? "" : " (from the file itself; give the one you know with --key)"}`]),
    "This shows that nothing was changed since it was written; not that what people wrote was true.",
  ];
}

function faultLine({ line, what, chain, seq }: FileFault): string {
  return `line ${line}${chain === undefined ? "" : `, chain ${chain}, row ${seq}`}: ${FAULTS[what]}`;
}

function chainLine(chain: string, { rows, notCovered, lastCheckpoint }: Verified): string {
  const covered = lastCheckpoint === undefined ? "no checkpoint given"
    : `covered up to row ${lastCheckpoint.seq}, checkpoint of ${isoUtc(lastCheckpoint.at)}`;
  return `chain ${chain}: ${rows} rows, ${covered}, ${notCovered} not yet covered`;
}
