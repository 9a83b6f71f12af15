/** What a backup is made of in a data folder, and a data folder made of a backup. The crypto store is never in one: its ratchets must not be used twice. */
import { createWriteStream, readdirSync } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { ChainId } from "../domain/ids.ts";
import type { BackupFile, OpenedBackup } from "./backup.ts";
import type { Keys } from "./keys.ts";
import { CHAIN_KEYS_FOLDER, JOURNAL_FILE } from "./keys.ts";
import type { OpenJournal } from "./journal.ts";
import { openJournal } from "./journal.ts";
import { privateFolder, syncFolder } from "./private-files.ts";
import { writeRootFile } from "./root-file.ts";

/** Bytes read at once. */
const PIECE = 256 * 1024;

/** The files of a data folder whose journal is held: see `SqliteJournal.hold`. Keys come last, so that every chain of the journal has its own. */
export async function* filesIn(folder: string): AsyncGenerator<BackupFile> {
  yield* oneFile(folder, JOURNAL_FILE);
  for (const name of readdirSync(join(folder, CHAIN_KEYS_FOLDER)).toSorted()) {
    // What a process killed while making a key left behind belongs to no chain.
    if (name.endsWith(".key")) yield* oneFile(folder, `${CHAIN_KEYS_FOLDER}/${name}`);
  }
}

async function* oneFile(folder: string, name: string): AsyncGenerator<BackupFile> {
  const handle = await open(join(folder, name), "r");
  try {
    const { size } = await handle.stat();
    // Exactly what was there when it was opened.
    const content = size === 0 ? nothing() : handle.createReadStream({ start: 0, end: size - 1, highWaterMark: PIECE, autoClose: false });
    yield { name, bytes: size, content };
  } finally {
    await handle.close();
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // An empty file.
}

/** Makes a data folder of a backup; it must not be there yet. What it throws leaves a part of it behind. */
export async function unpack(folder: string, backup: OpenedBackup, keys: Keys): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  privateFolder(join(folder, CHAIN_KEYS_FOLDER));
  writeRootFile(folder, backup.header.root);
  for await (const { name, content } of backup.files(keys)) {
    await pipeline(content, createWriteStream(join(folder, name), { flags: "wx", mode: 0o600, flush: true }));
  }
  syncFolder(join(folder, CHAIN_KEYS_FOLDER));
  syncFolder(folder);
}

/** Rows of all chains of a journal that nobody else has open, and those chains that do not hold. */
export async function checkJournal(options: Omit<OpenJournal, "known" | "evolveVersion">): Promise<{ readonly rows: number; readonly chains: number; readonly broken: readonly ChainId[] }> {
  // Rows are checked, not understood: an event of a newer version counts like any other.
  const journal = openJournal({ ...options, known: () => true, evolveVersion: "check" });
  try {
    let rows = 0;
    const broken: ChainId[] = [];
    for (const chain of journal.allChains()) {
      const verified = await journal.verify(chain, []);
      rows += verified.rows;
      if (!verified.ok) broken.push(chain);
    }
    return { rows, chains: journal.allChains().length, broken };
  } finally {
    await journal.close();
  }
}

