import { StoreDatabase } from "./database.ts";
import { encodeKey } from "./key.ts";
import { StoreOpenRequest } from "./request.ts";
import type { StoreTransaction, TransactionQueue } from "./transaction.ts";

/** `IDBFactory`: opens databases by name and version. An upgrade waits until every other connection to that name is closed. */
export class StoreFactory {
  readonly #queue: TransactionQueue;
  readonly #connections = new Map<string, Set<StoreDatabase>>();
  readonly #waiting: (() => void)[] = [];

  constructor(queue: TransactionQueue) {
    this.#queue = queue;
  }

  cmp(first: unknown, second: unknown): number {
    return Buffer.compare(encodeKey(first), encodeKey(second));
  }

  open(name: string, version?: number): StoreOpenRequest {
    if (version !== undefined && (!Number.isSafeInteger(version) || version < 1)) throw new TypeError("A version is a whole number from 1");
    const request = new StoreOpenRequest();
    setImmediate(() => this.#open(request, name, version));
    return request;
  }

  #open(request: StoreOpenRequest, name: string, asked: number | undefined): void {
    const current = this.#queue.tables.version(name);
    const version = asked ?? (current === 0 ? 1 : current);
    if (version < current) {
      request.fail(new DOMException("The stored version is newer than the one asked for", "VersionError"));
      return;
    }
    if (version === current) return request.succeed(this.#connect(name, version));
    if ((this.#connections.get(name)?.size ?? 0) > 0) {
      this.#waiting.push(() => this.#open(request, name, asked));
      return;
    }
    const database = this.#connect(name, version);
    const upgrade = (transaction: StoreTransaction): void => {
      this.#queue.tables.setVersion(name, version);
      request.upgrade(database, transaction, current, version);
    };
    database.startUpgrade(upgrade, (transaction) => this.#upgraded(request, database, transaction));
  }

  #upgraded(request: StoreOpenRequest, database: StoreDatabase, transaction: StoreTransaction): void {
    request.transaction = null;
    if (!transaction.aborted) return request.succeed(database);
    database.close();
    request.fail(new DOMException("The upgrade was aborted", "AbortError"));
  }

  #connect(name: string, version: number): StoreDatabase {
    const connections = this.#connections.get(name) ?? new Set();
    this.#connections.set(name, connections);
    const database = new StoreDatabase(this.#queue, name, version, (closed) => {
      connections.delete(closed);
      if (connections.size > 0) return;
      for (const then of this.#waiting.splice(0)) setImmediate(then);
    });
    connections.add(database);
    return database;
  }
}
