/** The encrypted SQLite file: how it is opened and what stands in it. */
import Database from "better-sqlite3-multiple-ciphers";
import { closeSync, existsSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { OperatorError } from "../operator-error.ts";
import { FROM_BACKUP, translated } from "./errors.ts";
import { refuseIfShared, syncFolder, systemCode } from "./private-files.ts";

/** An open journal file. */
export type Connection = Database.Database;

/** Version of the tables; a change of it comes with the code that brings an older file up. */
const FORMAT = "1";

const TABLES = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE chain (
  id TEXT PRIMARY KEY,
  key_file TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('live', 'erased'))
) STRICT;

CREATE TABLE entry (
  id INTEGER PRIMARY KEY,
  chain TEXT NOT NULL,
  seq INTEGER NOT NULL,
  header BLOB NOT NULL,
  commitment BLOB NOT NULL,
  body BLOB NOT NULL,
  hash BLOB NOT NULL,
  UNIQUE (chain, seq)
) STRICT;

CREATE TABLE inbox (
  id INTEGER PRIMARY KEY,
  event TEXT NOT NULL UNIQUE,
  hash BLOB NOT NULL,
  ended TEXT,
  sealed BLOB
) STRICT;
CREATE INDEX inbox_open ON inbox (id) WHERE ended IS NULL;

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,
  effect TEXT NOT NULL UNIQUE,
  chain TEXT NOT NULL,
  lane TEXT NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER,
  supersedes TEXT,
  state TEXT NOT NULL CHECK (state IN ('rendered', 'encrypted', 'sent')),
  body BLOB NOT NULL,
  ciphertext BLOB,
  room TEXT,
  device TEXT,
  attempted INTEGER,
  sent TEXT,
  settled INTEGER
) STRICT;
CREATE INDEX outbox_unsent ON outbox (id) WHERE state <> 'sent';
CREATE INDEX outbox_settled ON outbox (settled) WHERE settled IS NOT NULL;

CREATE TABLE ratchet (
  room TEXT NOT NULL,
  session TEXT NOT NULL,
  place INTEGER NOT NULL,
  event TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (room, session, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE value (key TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE snapshot (
  chain TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  head BLOB NOT NULL,
  evolve TEXT NOT NULL,
  sealed BLOB NOT NULL
) STRICT;
`;

/**
 * Opens the journal file, or makes it with mode 0600 if `mayBeNew`; nobody else can open it until it is closed.
 * Throws an {@link OperatorError}: `journal.missing`, `journal.wrong-key`, `journal.in-use`, `journal.damaged`, `journal.file-mode`, `journal.format`,
 * `journal.disk-broken`.
 */
export function openDatabase(file: string, key: Uint8Array, mayBeNew = true): Connection {
  const fresh = !existsSync(file);
  if (fresh && !mayBeNew) throw missing(file);
  // SQLite gives its other files the mode of this one.
  if (fresh) makeEmpty(file);
  for (const each of [file, `${file}-wal`]) refuseIfShared(each);
  let db: Connection | undefined;
  try {
    db = new Database(file, { timeout: 0 });
    configure(db, key);
    db.transaction(prepareTables).exclusive(db, file, mayBeNew);
    if (fresh) syncFolder(dirname(file));
    return db;
  } catch (error) {
    db?.close();
    throw translated(error, file);
  }
}

function makeEmpty(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    throw new OperatorError("journal.disk-broken", `The journal ${file} cannot be made (${systemCode(error) ?? "unknown"}).`, `Check the disk, and that the user who runs Relevo owns the folder of ${file}.`);
  }
}

function configure(db: Connection, key: Uint8Array): void {
  db.pragma("cipher='chacha20'");
  db.pragma(`hexkey='${Buffer.from(key).toString("hex")}'`);
  // Before WAL, so that there is no shared-memory file and no second process.
  db.pragma("locking_mode=EXCLUSIVE");
  db.pragma("journal_mode=WAL");
  db.pragma("synchronous=FULL");
  db.pragma("secure_delete=ON");
  db.pragma("temp_store=MEMORY");
  db.pragma("cell_size_check=ON");
  db.pragma("trusted_schema=OFF");
}

function missing(file: string): OperatorError {
  return new OperatorError("journal.missing", `There are keys of cases, but the journal ${file} is not there or empty.`, `If it was only moved, put it back. If it is lost: ${FROM_BACKUP} To begin anew on purpose, use an empty data folder.`);
}

function prepareTables(db: Connection, file: string, mayBeNew: boolean): void {
  const tables = db.prepare<[], { n: number }>("SELECT count(*) AS n FROM sqlite_schema").get();
  if (tables?.n === 0) {
    // A process killed while making the file leaves it empty, but then no key was made yet.
    if (!mayBeNew) throw missing(file);
    db.exec(TABLES);
    db.prepare("INSERT INTO meta (key, value) VALUES ('format', ?)").run(FORMAT);
    return;
  }
  const format = db.prepare<[], { value: string }>("SELECT value FROM meta WHERE key = 'format'").get();
  if (format?.value !== FORMAT) {
    throw new OperatorError("journal.format", `The journal ${file} has the format ${format?.value ?? "(none)"}; this version of Relevo reads ${FORMAT}.`, "Start the version of Relevo that wrote it, or a newer one.");
  }
}
