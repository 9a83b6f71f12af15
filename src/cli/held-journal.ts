/** The journal's files as they are at one moment, whether the bot runs or not. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { askToHold } from "../app/hold.ts";
import type { Settings } from "../app/settings.ts";
import { openJournal } from "../journal/journal.ts";
import type { Keys } from "../journal/keys.ts";
import { JOURNAL_FILE, openKeys } from "../journal/keys.ts";
import { OperatorError } from "../operator-error.ts";
import type { Clock, Random } from "../ports.ts";
import { PASSPHRASE, readSecretFile } from "./secret-file.ts";

/** The keys of an installation that has a journal. Throws `audit.no-journal`, and what passphrase file and key file throw. */
export async function keysOfJournal(settings: Pick<Settings, "data" | "secrets">, random: Random): Promise<Keys> {
  const file = join(settings.data, JOURNAL_FILE);
  // Opening would make a new journal, which is not what was asked for.
  const isThere = await stat(file).then((found) => found.isFile(), () => false);
  if (!isThere) throw new OperatorError("audit.no-journal", `There is no journal ${file}.`, "Check data in the configuration; the bot makes the journal at its first start.");
  const passphrase = await readSecretFile(settings.secrets.passphraseFile, PASSPHRASE);
  return openKeys({ folder: settings.data, passphrase, random });
}

/**
 * Does something with the files of a journal while they stay as they are: a bot that runs on them is asked for it and goes on working. Throws
 * `backup.interrupted` if they may have changed after all: then what was made of them is worth nothing.
 */
export async function whileHeld<T>(settings: Pick<Settings, "data">, keys: Keys, clock: Clock, random: Random, work: () => Promise<T>): Promise<T> {
  const held = await askToHold(settings.data, clock);
  if (held !== undefined) {
    const done = await work().catch(async (error: unknown) => {
      await held.done();
      throw error;
    });
    if (!(await held.done())) throw interrupted("stopped");
    return done;
  }
  // Opened to see that nobody else has it, and closed so that everything is in the one file. It is not kept open: closing another handle of the same
  // file in this process would take away SQLite's locks on it (POSIX), and with them the certainty of whoever starts a bot now.
  await openJournal({ folder: settings.data, keys, clock, random, known: () => true, evolveVersion: "copy" }).close();
  const before = await markOf(settings.data);
  const done = await work();
  if ((await markOf(settings.data)) !== before) throw interrupted("started");
  return done;
}

/** Changes whenever the journal's file does. */
async function markOf(data: string): Promise<string> {
  const { mtimeNs, size, ino } = await stat(join(data, JOURNAL_FILE), { bigint: true });
  return `${mtimeNs} ${size} ${ino}`;
}

function interrupted(how: "started" | "stopped"): OperatorError {
  return new OperatorError("backup.interrupted", `The bot was ${how} while its journal was being copied.`, "Run the same command again.");
}
