/** `relevo restore`: makes the data folder anew from a backup. */
import { createReadStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Settings } from "../app/settings.ts";
import { openBackup } from "../journal/backup.ts";
import { openJournal } from "../journal/journal.ts";
import { keysIn } from "../journal/keys.ts";
import { syncFolder } from "../journal/private-files.ts";
import { OperatorError } from "../operator-error.ts";
import type { Clock, Random } from "../ports.ts";
import { checked, madeAt } from "./backup.ts";
import { PASSPHRASE, readSecretFile } from "./secret-file.ts";

/**
 * Puts a backup in the place of a data folder that is empty or not there. The folder appears at once and whole, its journal checked and told in every
 * chain that it goes on from a copy; before that nothing is changed. Gives the lines to show.
 *
 * Throws an {@link OperatorError}: `restore.not-empty`, `backup.*`, `keys.wrong-passphrase`, and what the passphrase file throws.
 */
export async function restore(settings: Settings, file: string, clock: Clock, random: Random): Promise<readonly string[]> {
  const { data } = settings;
  await refuseUnlessEmpty(data);
  const passphrase = await readSecretFile(settings.secrets.passphraseFile, PASSPHRASE);
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true) throw new OperatorError("backup.file", `There is no backup ${file}, or it cannot be read.`, "Check its name and that you have the right.");
  const opened = await openBackup(file, createReadStream(file));
  const keys = keysIn(opened.header.root, passphrase, `the backup ${file}`);
  await mkdir(dirname(data), { recursive: true });
  // On the same disk, so that the last step is a rename.
  const staging = await mkdtemp(`${data}.restoring-`);
  const beside = join(staging, "data");
  try {
    const rows = await checked(beside, opened, keys, clock, random);
    const made = madeAt(opened);
    const journal = openJournal({ folder: beside, keys, clock, random, known: () => true, evolveVersion: "restore" });
    try {
      journal.goOnFromCopy(random.id(), made.at, clock.now());
    } finally {
      await journal.close();
    }
    if (existsSync(data)) await rmdir(data);
    await rename(beside, data);
    syncFolder(dirname(data));
    return [
      `Restored into ${data}: ${rows} rows, every chain whole, the state of ${made.text}.`,
      "At its next start the bot tells every case what it no longer knows, and asks again.",
    ];
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function refuseUnlessEmpty(data: string): Promise<void> {
  const names = await readdir(data).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw new OperatorError("restore.not-empty", `The data folder ${data} cannot be read.`, "Check data in the configuration, and that you have the right.");
  });
  if (names.length === 0) return;
  throw new OperatorError("restore.not-empty", `The data folder ${data} is not empty; nothing was changed.`,
    "If what is there is of no use any more, move the folder away, never delete it at once, and run the same command again. If only the device is to be made anew, run relevo recover without --backup.");
}
