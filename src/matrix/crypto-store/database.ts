import { nameList } from "./request.ts";
import type { Handler } from "./request.ts";
import { StoreObjectStore } from "./object-store.ts";
import type { Mode, TransactionQueue } from "./transaction.ts";
import { StoreTransaction } from "./transaction.ts";

/** `IDBDatabase`: a connection; closed once its last transaction has ended. */
export class StoreDatabase {
  readonly name: string;
  readonly version: number;
  onversionchange: Handler = null;
  onclose: Handler = null;
  onabort: Handler = null;
  onerror: Handler = null;

  readonly #queue: TransactionQueue;
  readonly #closed: (database: StoreDatabase) => void;
  #running = 0;
  #closing = false;
  #upgrade: StoreTransaction | undefined;

  constructor(queue: TransactionQueue, name: string, version: number, closed: (database: StoreDatabase) => void) {
    this.name = name;
    this.version = version;
    this.#queue = queue;
    this.#closed = closed;
  }

  get objectStoreNames(): readonly string[] {
    return nameList(this.#queue.tables.shapes(this.name).keys());
  }

  transaction(names: string | Iterable<string>, mode: Mode = "readonly"): StoreTransaction {
    if (this.#closing) throw new DOMException("The connection is closing", "InvalidStateError");
    if (mode !== "readonly" && mode !== "readwrite") throw new TypeError("Unknown transaction mode");
    const scope = typeof names === "string" ? [names] : [...names];
    if (scope.length === 0) throw new DOMException("A transaction needs object stores", "InvalidAccessError");
    const shapes = this.#queue.tables.shapes(this.name);
    if (scope.some((name) => !shapes.has(name))) throw new DOMException("No such object store", "NotFoundError");
    this.#running++;
    return new StoreTransaction(this.#queue, this, scope, mode, () => this.#ended());
  }

  /** Starts the one transaction that may change the schema; `ended` is told when it is over. */
  startUpgrade(upgrade: (transaction: StoreTransaction) => void, ended: (transaction: StoreTransaction) => void): void {
    this.#running++;
    const transaction: StoreTransaction = new StoreTransaction(
      this.#queue,
      this,
      [],
      "versionchange",
      (over) => {
        this.#upgrade = undefined;
        ended(over);
        this.#ended();
      },
      () => upgrade(transaction),
    );
    this.#upgrade = transaction;
  }

  createObjectStore(name: string, options?: { keyPath?: unknown; autoIncrement?: boolean } | null): StoreObjectStore {
    const upgrade = this.#insideUpgrade();
    if ((options?.keyPath ?? null) !== null || options?.autoIncrement === true) {
      throw new DOMException("This store takes its keys from the caller only", "NotSupportedError");
    }
    if (this.#queue.tables.shapes(this.name).has(name)) throw new DOMException("An object store of that name exists", "ConstraintError");
    upgrade.begin();
    return new StoreObjectStore(upgrade, this.#queue.tables, this.#queue.tables.createStore(this.name, name));
  }

  deleteObjectStore(name: string): void {
    const upgrade = this.#insideUpgrade();
    const shape = this.#queue.tables.shapes(this.name).get(name);
    if (shape === undefined) throw new DOMException("No such object store", "NotFoundError");
    upgrade.begin();
    this.#queue.tables.dropStore(this.name, shape);
  }

  close(): void {
    this.#closing = true;
    if (this.#running === 0) this.#closed(this);
  }

  #insideUpgrade(): StoreTransaction {
    if (this.#upgrade === undefined) throw new DOMException("Only an upgrade changes the schema", "InvalidStateError");
    return this.#upgrade;
  }

  #ended(): void {
    this.#running--;
    if (this.#closing && this.#running === 0) this.#closed(this);
  }
}
