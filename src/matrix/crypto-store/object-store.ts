import { StoreCursorWithValue } from "./cursor.ts";
import { decodeKey, encodeKey } from "./key.ts";
import { nameList, StoreRequest } from "./request.ts";
import { toRange } from "./range.ts";
import type { IndexShape, StoreShape, Tables } from "./tables.ts";
import { fromStored, toStored } from "./tables.ts";
import type { StoreTransaction } from "./transaction.ts";

/** What a store and an index have in common: reading. */
abstract class Source {
  readonly transaction: StoreTransaction;
  protected readonly tables: Tables;
  protected readonly store: StoreShape;
  protected readonly shape: IndexShape | undefined;

  constructor(transaction: StoreTransaction, tables: Tables, store: StoreShape, shape: IndexShape | undefined) {
    this.transaction = transaction;
    this.tables = tables;
    this.store = store;
    this.shape = shape;
  }

  abstract get objectStore(): StoreObjectStore;

  get(query: unknown): StoreRequest {
    const range = toRange(query);
    if (range === undefined) throw new DOMException("A key or range is needed", "DataError");
    return this.transaction.request(this, () => {
      const [first] = this.tables.values(this.store, this.shape, range, 1);
      return first === undefined ? undefined : fromStored(first);
    });
  }

  getAll(query?: unknown, count?: number): StoreRequest {
    const range = toRange(query);
    return this.transaction.request(this, () => this.tables.values(this.store, this.shape, range, count).map(fromStored));
  }

  getAllKeys(query?: unknown, count?: number): StoreRequest {
    const range = toRange(query);
    return this.transaction.request(this, () => this.tables.primaryKeys(this.store, this.shape, range, count).map(decodeKey));
  }

  count(query?: unknown): StoreRequest {
    const range = toRange(query);
    return this.transaction.request(this, () => this.tables.count(this.store, this.shape, range));
  }

  /** Forwards only, which is all the engine asks for. */
  openCursor(query?: unknown, direction: string = "next"): StoreRequest {
    if (direction !== "next") throw new DOMException("This store walks forwards only", "NotSupportedError");
    const range = toRange(query);
    const request = new StoreRequest();
    const cursor = new StoreCursorWithValue(this, request, (after) => this.tables.next(this.store, this.shape, range, after));
    return this.transaction.request(this, () => cursor.advance(), request);
  }
}

/** `IDBIndex`. */
export class StoreIndex extends Source {
  get name(): string {
    return this.shape?.name ?? "";
  }

  get keyPath(): string | readonly string[] {
    return this.shape?.keyPath ?? "";
  }

  get unique(): boolean {
    return this.shape?.unique ?? false;
  }

  override get objectStore(): StoreObjectStore {
    return new StoreObjectStore(this.transaction, this.tables, this.store);
  }
}

/** `IDBObjectStore`, with keys given by the caller (the engine has no store of another kind). */
export class StoreObjectStore extends Source {
  readonly keyPath = null;
  readonly autoIncrement = false;

  constructor(transaction: StoreTransaction, tables: Tables, store: StoreShape) {
    super(transaction, tables, store, undefined);
  }

  get name(): string {
    return this.store.name;
  }

  get indexNames(): readonly string[] {
    return nameList(this.store.indexes.keys());
  }

  override get objectStore(): StoreObjectStore {
    return this;
  }

  index(name: string): StoreIndex {
    const shape = this.store.indexes.get(name);
    if (shape === undefined) throw new DOMException("No such index", "NotFoundError");
    return new StoreIndex(this.transaction, this.tables, this.store, shape);
  }

  put(value: unknown, key: unknown): StoreRequest {
    return this.#write(value, key, true);
  }

  add(value: unknown, key: unknown): StoreRequest {
    return this.#write(value, key, false);
  }

  delete(query: unknown): StoreRequest {
    this.#refuseReadOnly();
    const range = toRange(query);
    if (range === undefined) throw new DOMException("A key or range is needed", "DataError");
    return this.transaction.request(this, () => this.#remove(range));
  }

  clear(): StoreRequest {
    this.#refuseReadOnly();
    return this.transaction.request(this, () => this.#remove(undefined));
  }

  createIndex(name: string, keyPath: string | readonly string[], options: { unique?: boolean; multiEntry?: boolean } = {}): StoreIndex {
    this.#refuseOutsideUpgrade();
    if (options.multiEntry === true) throw new DOMException("This store has no indexes with several entries a record", "NotSupportedError");
    if (this.store.indexes.has(name)) throw new DOMException("An index of that name exists", "ConstraintError");
    this.transaction.begin();
    const path = typeof keyPath === "string" ? keyPath : [...keyPath];
    const shape = this.tables.createIndex(this.store, name, path, options.unique === true);
    return new StoreIndex(this.transaction, this.tables, this.store, shape);
  }

  deleteIndex(name: string): void {
    this.#refuseOutsideUpgrade();
    const shape = this.store.indexes.get(name);
    if (shape === undefined) throw new DOMException("No such index", "NotFoundError");
    this.transaction.begin();
    this.tables.dropIndex(this.store, shape);
  }

  #write(value: unknown, key: unknown, overwrite: boolean): StoreRequest {
    this.#refuseReadOnly();
    const bytes = encodeKey(key);
    const stored = toStored(value);
    return this.transaction.request(this, () => {
      this.transaction.begin();
      this.tables.put(this.store, bytes, stored, overwrite);
      return decodeKey(bytes);
    });
  }

  #remove(range: ReturnType<typeof toRange>): undefined {
    this.transaction.begin();
    this.tables.delete(this.store, range);
    return undefined;
  }

  #refuseReadOnly(): void {
    if (this.transaction.mode === "readonly") throw new DOMException("The transaction only reads", "ReadOnlyError");
  }

  #refuseOutsideUpgrade(): void {
    if (this.transaction.mode !== "versionchange") throw new DOMException("Only an upgrade changes the schema", "InvalidStateError");
  }
}
