/** The store of the crypto engine: the part of IndexedDB that the engine uses, over one encrypted SQLite file. */
import Database from "better-sqlite3-multiple-ciphers";
import { hkdfSync } from "node:crypto";
import { chmodSync, closeSync, openSync } from "node:fs";
import { OperatorError } from "../../operator-error.ts";
import type { Fatal } from "../fatal.ts";
import { StoreCursor, StoreCursorWithValue } from "./cursor.ts";
import { StoreDatabase } from "./database.ts";
import { StoreFactory } from "./factory.ts";
import type { Lineage } from "./lineage.ts";
import { StoreIndex, StoreObjectStore } from "./object-store.ts";
import { poisonTable } from "./poison.ts";
import type { PoisonList } from "./poison.ts";
import { StoreKeyRange } from "./range.ts";
import { StoreOpenRequest, StoreRequest } from "./request.ts";
import { TABLES_VERSION, Tables } from "./tables.ts";
import { StoreTransaction, TransactionQueue } from "./transaction.ts";

/** Name of the file inside the data folder. */
export const CRYPTO_STORE = "crypto-store.db";
/** Length of the file key in bytes. */
export const STORE_KEY_BYTES = 32;

/** The key of the file, and the key with which the engine seals values inside it once more; both from what `openLine` is given. */
export function storeKeyFor(key: Uint8Array, purpose: "file" | "values"): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", key, new Uint8Array(0), `relevo/crypto-store/${purpose}`, STORE_KEY_BYTES));
}

/** How long a process that is just ending may still hold the file, in milliseconds. */
const LOCK_PATIENCE = 1_000;

/** The open store. */
export interface CryptoStore {
  readonly indexedDB: StoreFactory;
  readonly IDBKeyRange: typeof StoreKeyRange;
  readonly poison: PoisonList;
  readonly lineage: Lineage;
  /** Durable commits since it was opened. */
  commits(): number;
  /** Only after everything that uses it is closed. */
  close(): void;
}

/**
 * Opens or makes the file, readable by its owner only. Throws an {@link OperatorError} if the key does not fit, another process has it
 * open, or a newer Relevo wrote it. `durable: false` is for tests of meaning, not of durability.
 */
export function openCryptoStore(options: { readonly file: string; readonly key: Uint8Array; readonly fatal: Fatal; readonly durable?: boolean }): CryptoStore {
  if (options.key.length !== STORE_KEY_BYTES) throw new Error(`the key of the crypto store has ${STORE_KEY_BYTES} bytes`);
  const sql = openFile(options.file, options.key, options.durable ?? true);
  const tables = tablesIn(sql, options.file);
  const queue = new TransactionQueue(tables, options.fatal);
  return {
    indexedDB: new StoreFactory(queue),
    IDBKeyRange: StoreKeyRange,
    poison: poisonTable(sql),
    lineage: { ...tables.lineage, hold: () => queue.hold(), settle: () => queue.settle() },
    commits: () => queue.commits,
    close: () => {
      queue.stop();
      sql.pragma("wal_checkpoint(TRUNCATE)");
      sql.close();
    },
  };
}

/** Reads the whole file, changing nothing in it, while no bot runs on it; `key` as `openLine` is given it. Throws an {@link OperatorError} that says why a bot could not. */
export function checkCryptoStore(file: string, key: Uint8Array): void {
  const sql = openFile(file, storeKeyFor(key, "file"), true);
  try {
    const found = sql.pragma("quick_check(1)", { simple: true });
    if (found !== "ok") throw damaged(file);
  } catch (error) {
    throw error instanceof OperatorError ? error : cannotOpen(file, error);
  } finally {
    sql.close();
  }
}

/**
 * Puts the store where the engine looks for a browser's: into the global names of this process. Belongs only into the bot's process; a
 * second client library in it would find the bot's keys there.
 */
export function installCryptoStore(store: CryptoStore): void {
  Object.assign(globalThis, {
    indexedDB: store.indexedDB,
    IDBFactory: StoreFactory,
    IDBDatabase: StoreDatabase,
    IDBTransaction: StoreTransaction,
    IDBObjectStore: StoreObjectStore,
    IDBIndex: StoreIndex,
    IDBCursor: StoreCursor,
    IDBCursorWithValue: StoreCursorWithValue,
    IDBKeyRange: StoreKeyRange,
    IDBRequest: StoreRequest,
    IDBOpenDBRequest: StoreOpenRequest,
  });
}

function openFile(file: string, key: Uint8Array, durable: boolean): Database.Database {
  let sql: Database.Database | undefined;
  try {
    closeSync(openSync(file, "a", 0o600)); // made by us, because SQLite would make it readable by all; its WAL takes the same mode
    chmodSync(file, 0o600);
    sql = new Database(file, { timeout: LOCK_PATIENCE });
    sql.pragma("cipher='chacha20'");
    sql.pragma(`hexkey='${Buffer.from(key).toString("hex")}'`);
    sql.pragma("locking_mode=EXCLUSIVE");
    sql.pragma("journal_mode=WAL");
    sql.pragma(`synchronous=${durable ? "FULL" : "OFF"}`);
    sql.pragma("secure_delete=ON");
    const version = Number(sql.pragma("user_version", { simple: true }));
    if (version > TABLES_VERSION) throw new OperatorError("crypto-store.newer", `The crypto store ${file} was written by a newer Relevo.`, "Start that version instead.");
    return sql;
  } catch (error) {
    sql?.close();
    throw error instanceof OperatorError ? error : cannotOpen(file, error);
  }
}

function tablesIn(sql: Database.Database, file: string): Tables {
  try {
    return new Tables(sql);
  } catch (error) {
    sql.close();
    throw cannotOpen(file, error);
  }
}

/** A page that was changed and a key that does not fit look the same. */
function damaged(file: string): OperatorError {
  return new OperatorError(
    "crypto-store.key",
    `The crypto store ${file} does not open with this key, or it is damaged. Nothing was sent and nothing is lost: the journal is another file.`,
    "Check that passphrase and data folder belong together. If they do, go on as a new device with the recovery key: relevo recover --config FILE --password-file FILE",
  );
}

function cannotOpen(file: string, error: unknown): OperatorError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT")) return damaged(file);
  if (code === "SQLITE_BUSY" || code === "SQLITE_LOCKED") {
    return new OperatorError("crypto-store.locked", `The crypto store ${file} is open in another process.`, "Stop the other Relevo first: two of them would use the same keys twice.");
  }
  // Tables that are none of any Relevo's.
  if (code === "SQLITE_ERROR") return damaged(file);
  return new OperatorError("crypto-store.open", `The crypto store ${file} cannot be opened (${code || "unknown reason"}).`, "Check that its folder exists and that Relevo may write there.");
}
