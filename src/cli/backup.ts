/** `relevo backup`: an encrypted copy of journal and keys, made while the bot runs. */
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Settings } from "../app/settings.ts";
import type { Instant } from "../domain/ids.ts";
import { isoUtc } from "../domain/time.ts";
import type { OpenedBackup } from "../journal/backup.ts";
import { backupBytes, openBackup } from "../journal/backup.ts";
import { checkJournal, filesIn, unpack } from "../journal/backup-files.ts";
import type { Keys } from "../journal/keys.ts";
import { readRootFile } from "../journal/root-file.ts";
import { OperatorError } from "../operator-error.ts";
import type { Clock, Random } from "../ports.ts";
import { keysOfJournal, whileHeld } from "./held-journal.ts";

/** What making a backup needs of the world. */
export interface BackupHost {
  readonly clock: Clock;
  readonly random: Random;
  /** Relevo's version, to be told to whoever restores it. */
  readonly version: string;
}

/**
 * Writes a backup to a new file of mode 0600 and reads it back; with `check`, restores it beside and checks every row. Gives the lines to show.
 *
 * Throws an {@link OperatorError}: `backup.exists`, `backup.file`, `backup.not-restorable`, and what {@link whileHeld} throws; then there is no file.
 */
export async function backup(settings: Settings, out: string, check: boolean, { clock, random, version }: BackupHost): Promise<readonly string[]> {
  const keys = await keysOfJournal(settings, random);
  const at = clock.now();
  const handle = await open(out, "wx", 0o600).catch((error: unknown) => {
    if (codeOf(error) === "EEXIST") throw new OperatorError("backup.exists", `${out} is there already; nothing was written.`, "Name another file: a backup never takes the place of an older one.");
    throw cannotUse(out, error);
  });
  try {
    const bytes = await whileHeld(settings, keys, clock, random, async () => {
      const root = readRootFile(settings.data);
      if (root === undefined) throw new OperatorError("keys.missing", "The key file has gone away while the backup was made.", "Look at the data folder before anything else.");
      let written = 0;
      for await (const piece of backupBytes({ at, version, root, keys, random, files: filesIn(settings.data) })) {
        await handle.writeFile(piece).catch((error: unknown) => {
          throw cannotUse(out, error);
        });
        written += piece.length;
      }
      return written;
    });
    await handle.sync();
    const rows = await readBack(out, keys, check, clock, random);
    return [
      `Written: ${out}, ${bytes} bytes, the state of ${isoUtc(at)}; readable by you alone.`,
      rows === undefined ? "Read back whole. With --check it is restored beside and every row is checked as well." : `Restored beside and checked: ${rows} rows, every chain whole.`,
      "It opens with the passphrase. Keep it away from this machine, and passphrase and recovery key away from it: all three together are the installation.",
      "To use it on a new machine: relevo recover --config FILE --backup FILE",
    ];
  } catch (error) {
    await rm(out, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/** Reads a backup to its end, or makes a data folder of it beside and checks that; rows found, if so. */
async function readBack(file: string, keys: Keys, check: boolean, clock: Clock, random: Random): Promise<number | undefined> {
  const opened = await openBackup(file, createReadStream(file));
  if (!check) {
    for await (const { content } of opened.files(keys)) for await (const _piece of content) void _piece;
    return undefined;
  }
  const folder = await mkdtemp(`${file}.check-`);
  try {
    return await checked(join(folder, "data"), opened, keys, clock, random);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Unpacks a backup into a new folder and checks all its chains; gives the rows found. Throws an {@link OperatorError} `backup.not-restorable`. */
export async function checked(folder: string, opened: OpenedBackup, keys: Keys, clock: Clock, random: Random): Promise<number> {
  await unpack(folder, opened, keys);
  const { rows, broken } = await checkJournal({ folder, keys, clock, random });
  if (broken.length === 0) return rows;
  throw new OperatorError("backup.not-restorable", `The backup opens, but ${broken.length} of its chains do not hold: the journal it was made of was damaged or changed.`,
    "Keep the journal as it is, use an older backup, and have relevo audit verify tell what is wrong.");
}

/** When a backup was made, in words. */
export function madeAt({ header }: OpenedBackup): { readonly at: Instant; readonly text: string } {
  const at = header.at as Instant;
  return { at, text: `${isoUtc(at)} by Relevo ${header.version}` };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" && /^E[A-Z0-9]+$/.test(error.code) ? error.code : "unknown";
}

function cannotUse(file: string, error: unknown): OperatorError {
  return new OperatorError("backup.file", `${file} cannot be written (${codeOf(error)}).`, "Check its name, its disk, and that you have the right.");
}
