/** The records, indexes and schema of the store as rows of SQLite. Knows nothing of requests and events. */
import type { Database, Statement } from "better-sqlite3-multiple-ciphers";
import { deserialize, serialize } from "node:v8";
import { encodeIndexKey } from "./key.ts";
import { COUNT_COMMIT, lineageTable } from "./lineage.ts";
import type { StoreKeyRange } from "./range.ts";
import { rangeCondition } from "./range.ts";

/** An index of an object store. */
export interface IndexShape {
  readonly id: number;
  readonly name: string;
  readonly keyPath: string | readonly string[];
  readonly unique: boolean;
}
/** An object store and its indexes. */
export interface StoreShape {
  readonly id: number;
  readonly name: string;
  readonly indexes: Map<string, IndexShape>;
}
/** A record met on the way through a store (`key` = `primary`) or one of its indexes. */
export interface Found {
  readonly key: Buffer;
  readonly primary: Buffer;
  readonly value: Buffer;
}

/** Layout of the tables; a file with a higher number was written by a newer Relevo. */
export const TABLES_VERSION = 1;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS databases (name TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stores (id INTEGER PRIMARY KEY AUTOINCREMENT, database TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (database, name));
CREATE TABLE IF NOT EXISTS indexes (
  id INTEGER PRIMARY KEY AUTOINCREMENT, store INTEGER NOT NULL, name TEXT NOT NULL, key_path TEXT NOT NULL, is_unique INTEGER NOT NULL, UNIQUE (store, name));
CREATE TABLE IF NOT EXISTS records (store INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (store, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS entries ("index" INTEGER NOT NULL, key BLOB NOT NULL, primary_key BLOB NOT NULL, PRIMARY KEY ("index", key, primary_key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entries_by_record ON entries ("index", primary_key);
PRAGMA user_version = ${TABLES_VERSION};
`;

/** One SQLite file with any number of databases in it. Whoever calls it opens and ends the transactions. */
export class Tables {
  readonly lineage: ReturnType<typeof lineageTable>;
  readonly #sql: Database;
  readonly #statements = new Map<string, Statement<unknown[]>>();
  readonly #shapes = new Map<string, Map<string, StoreShape>>();

  constructor(sql: Database) {
    this.#sql = sql;
    sql.exec(SCHEMA);
    this.lineage = lineageTable(sql);
  }

  begin(): void {
    this.#sql.exec("BEGIN IMMEDIATE");
  }

  /** When it returns, what was written is on the disk (`synchronous=FULL`). */
  commit(): void {
    this.#sql.exec(COUNT_COMMIT);
    this.#sql.exec("COMMIT");
  }

  rollback(): void {
    if (this.#sql.inTransaction) this.#sql.exec("ROLLBACK");
  }

  close(): void {
    this.#sql.close();
  }

  // ---- schema

  /** 0 if there is no such database. */
  version(database: string): number {
    const row = this.#get("SELECT version FROM databases WHERE name = ?", database);
    return row === undefined ? 0 : Number(row["version"]);
  }

  setVersion(database: string, version: number): void {
    this.#run("INSERT INTO databases VALUES (?, ?) ON CONFLICT DO UPDATE SET version = excluded.version", database, version);
  }

  shapes(database: string): Map<string, StoreShape> {
    const known = this.#shapes.get(database);
    if (known !== undefined) return known;
    const shapes = new Map<string, StoreShape>();
    for (const row of this.#all("SELECT id, name FROM stores WHERE database = ?", database)) {
      const shape = { id: Number(row["id"]), name: String(row["name"]), indexes: this.#indexesOf(Number(row["id"])) };
      shapes.set(shape.name, shape);
    }
    this.#shapes.set(database, shapes);
    return shapes;
  }

  /** After an aborted upgrade what was remembered of the schema is no longer true. */
  forgetShapes(database: string): void {
    this.#shapes.delete(database);
  }

  createStore(database: string, name: string): StoreShape {
    const id = Number(this.#run("INSERT INTO stores (database, name) VALUES (?, ?)", database, name).lastInsertRowid);
    const shape: StoreShape = { id, name, indexes: new Map() };
    this.shapes(database).set(name, shape);
    return shape;
  }

  dropStore(database: string, store: StoreShape): void {
    for (const index of store.indexes.values()) this.#run('DELETE FROM entries WHERE "index" = ?', index.id);
    this.#run("DELETE FROM indexes WHERE store = ?", store.id);
    this.#run("DELETE FROM records WHERE store = ?", store.id);
    this.#run("DELETE FROM stores WHERE id = ?", store.id);
    this.shapes(database).delete(store.name);
  }

  /** Throws a `ConstraintError` if the index is unique and what is stored already is not. */
  createIndex(store: StoreShape, name: string, keyPath: string | readonly string[], unique: boolean): IndexShape {
    const id = Number(
      this.#run("INSERT INTO indexes (store, name, key_path, is_unique) VALUES (?, ?, ?, ?)", store.id, name, JSON.stringify(keyPath), unique ? 1 : 0)
        .lastInsertRowid,
    );
    const index: IndexShape = { id, name, keyPath, unique };
    for (const row of this.#all("SELECT key, value FROM records WHERE store = ?", store.id)) {
      const primary = row["key"] as Buffer;
      const key = indexKey(index, deserialize(row["value"] as Buffer));
      if (key === undefined) continue;
      this.#refuseDuplicate(index, key, primary);
      this.#run("INSERT INTO entries VALUES (?, ?, ?)", id, key, primary);
    }
    store.indexes.set(name, index);
    return index;
  }

  dropIndex(store: StoreShape, index: IndexShape): void {
    this.#run('DELETE FROM entries WHERE "index" = ?', index.id);
    this.#run("DELETE FROM indexes WHERE id = ?", index.id);
    store.indexes.delete(index.name);
  }

  // ---- records

  /** Throws a `ConstraintError` before anything is changed: a refused write must leave the old record and its index entries whole. */
  put(store: StoreShape, key: Buffer, value: Buffer, overwrite: boolean): void {
    if (!overwrite && this.#get("SELECT 1 FROM records WHERE store = ? AND key = ?", store.id, key) !== undefined) throw constraint("The key already exists");
    const entries: { readonly index: IndexShape; readonly key: Buffer }[] = [];
    if (store.indexes.size > 0) {
      const content: unknown = deserialize(value);
      for (const index of store.indexes.values()) {
        const entry = indexKey(index, content);
        if (entry === undefined) continue;
        this.#refuseDuplicate(index, entry, key);
        entries.push({ index, key: entry });
      }
    }
    this.#dropEntries(store, key);
    for (const entry of entries) this.#run("INSERT INTO entries VALUES (?, ?, ?)", entry.index.id, entry.key, key);
    this.#run("INSERT INTO records VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", store.id, key, value);
  }

  delete(store: StoreShape, range: StoreKeyRange | undefined): void {
    const { sql, params } = rangeCondition(range, "key");
    if (store.indexes.size > 0) {
      for (const row of this.#all(`SELECT key FROM records WHERE store = ?${sql}`, store.id, ...params)) this.#dropEntries(store, row["key"] as Buffer);
    }
    this.#run(`DELETE FROM records WHERE store = ?${sql}`, store.id, ...params);
  }

  count(store: StoreShape, index: IndexShape | undefined, range: StoreKeyRange | undefined): number {
    const { sql, params } = rangeCondition(range, "key");
    const row =
      index === undefined
        ? this.#get(`SELECT count(*) AS n FROM records WHERE store = ?${sql}`, store.id, ...params)
        : this.#get(`SELECT count(*) AS n FROM entries WHERE "index" = ?${sql}`, index.id, ...params);
    return Number(row?.["n"] ?? 0);
  }

  /** In the order of the keys (of the index, then of the records); `limit` 0 or missing means all. */
  values(store: StoreShape, index: IndexShape | undefined, range: StoreKeyRange | undefined, limit?: number): Buffer[] {
    const rows =
      index === undefined
        ? this.#inStore(store, "value", range, limit)
        : this.#inIndex(store, index, "records.value AS value", range, limit);
    return rows.map((row) => row["value"] as Buffer);
  }

  /** Keys of the records, not of the index. */
  primaryKeys(store: StoreShape, index: IndexShape | undefined, range: StoreKeyRange | undefined, limit?: number): Buffer[] {
    if (index === undefined) return this.#inStore(store, "key", range, limit).map((row) => row["key"] as Buffer);
    const { sql, params } = rangeCondition(range, "key");
    const rows = this.#all(`SELECT primary_key FROM entries WHERE "index" = ?${sql} ORDER BY key, primary_key${limited(limit)}`, index.id, ...params);
    return rows.map((row) => row["primary_key"] as Buffer);
  }

  /** The next record after `after`, which is a place and need not exist any more. */
  next(store: StoreShape, index: IndexShape | undefined, range: StoreKeyRange | undefined, after: Found | undefined): Found | undefined {
    if (index === undefined) {
      const { sql, params } = rangeCondition(range, "key");
      const [more, place] = after === undefined ? ["", []] : [" AND key > ?", [after.key]];
      const row = this.#get(`SELECT key, value FROM records WHERE store = ?${sql}${more} ORDER BY key LIMIT 1`, store.id, ...params, ...place);
      return row === undefined ? undefined : { key: row["key"] as Buffer, primary: row["key"] as Buffer, value: row["value"] as Buffer };
    }
    const { sql, params } = rangeCondition(range, "entries.key");
    const [more, place] = after === undefined ? ["", []] : [" AND (entries.key, entries.primary_key) > (?, ?)", [after.key, after.primary]];
    const row = this.#get(
      `SELECT entries.key AS key, entries.primary_key AS primary_key, records.value AS value FROM entries JOIN records ON records.store = ? AND records.key = entries.primary_key WHERE entries."index" = ?${sql}${more} ORDER BY entries.key, entries.primary_key LIMIT 1`,
      store.id,
      index.id,
      ...params,
      ...place,
    );
    return row === undefined ? undefined : { key: row["key"] as Buffer, primary: row["primary_key"] as Buffer, value: row["value"] as Buffer };
  }

  #inStore(store: StoreShape, column: "key" | "value", range: StoreKeyRange | undefined, limit?: number): Record<string, unknown>[] {
    const { sql, params } = rangeCondition(range, "key");
    return this.#all(`SELECT ${column} FROM records WHERE store = ?${sql} ORDER BY key${limited(limit)}`, store.id, ...params);
  }

  #inIndex(store: StoreShape, index: IndexShape, columns: string, range: StoreKeyRange | undefined, limit?: number): Record<string, unknown>[] {
    const { sql, params } = rangeCondition(range, "entries.key");
    return this.#all(
      `SELECT ${columns} FROM entries JOIN records ON records.store = ? AND records.key = entries.primary_key WHERE entries."index" = ?${sql} ORDER BY entries.key, entries.primary_key${limited(limit)}`,
      store.id,
      index.id,
      ...params,
    );
  }

  #indexesOf(store: number): Map<string, IndexShape> {
    const rows = this.#all("SELECT id, name, key_path, is_unique FROM indexes WHERE store = ?", store);
    return new Map(
      rows.map((row) => {
        const keyPath = JSON.parse(String(row["key_path"])) as string | readonly string[];
        const index: IndexShape = { id: Number(row["id"]), name: String(row["name"]), keyPath, unique: row["is_unique"] === 1 };
        return [index.name, index];
      }),
    );
  }

  #refuseDuplicate(index: IndexShape, key: Buffer, primary: Buffer): void {
    if (!index.unique) return;
    const other = this.#get('SELECT 1 FROM entries WHERE "index" = ? AND key = ? AND primary_key <> ? LIMIT 1', index.id, key, primary);
    if (other !== undefined) throw constraint("A unique index holds this key already");
  }

  #dropEntries(store: StoreShape, primary: Buffer): void {
    for (const index of store.indexes.values()) this.#run('DELETE FROM entries WHERE "index" = ? AND primary_key = ?', index.id, primary);
  }

  // ---- statements, prepared once

  #prepared(sql: string): Statement<unknown[]> {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#sql.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #run(sql: string, ...params: unknown[]): { lastInsertRowid: number | bigint } {
    return this.#prepared(sql).run(...params);
  }

  #get(sql: string, ...params: unknown[]): Record<string, unknown> | undefined {
    return this.#prepared(sql).get(...params) as Record<string, unknown> | undefined;
  }

  #all(sql: string, ...params: unknown[]): Record<string, unknown>[] {
    return this.#prepared(sql).all(...params) as Record<string, unknown>[];
  }
}

/** A value as it is stored: a structured clone, taken at once so that later changes by the caller do not matter. */
export function toStored(value: unknown): Buffer {
  return serialize(value);
}

/** Reads what {@link toStored} wrote. */
export function fromStored(bytes: Buffer): unknown {
  return deserialize(bytes);
}

function constraint(message: string): DOMException {
  return new DOMException(message, "ConstraintError");
}

/** Only whole positive numbers ever reach the statement's text; few different ones occur, so that the statements prepared stay few. */
function limited(limit: number | undefined): string {
  return limit === undefined || limit === 0 ? "" : ` LIMIT ${Math.trunc(limit)}`;
}

/** The key of a value in an index, or `undefined` if it has none there. */
function indexKey(index: IndexShape, value: unknown): Buffer | undefined {
  const { keyPath } = index;
  if (typeof keyPath === "string") return encodeIndexKey(follow(value, keyPath));
  return encodeIndexKey(keyPath.map((path) => follow(value, path)));
}

function follow(value: unknown, path: string): unknown {
  if (path === "") return value;
  let place = value;
  for (const step of path.split(".")) {
    if (typeof place !== "object" || place === null) return undefined;
    place = Object.hasOwn(place, step) ? (place as Record<string, unknown>)[step] : undefined;
  }
  return place;
}
