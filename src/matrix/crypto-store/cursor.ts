import { decodeKey } from "./key.ts";
import type { Key } from "./key.ts";
import type { StoreObjectStore } from "./object-store.ts";
import type { StoreRequest } from "./request.ts";
import type { Found } from "./tables.ts";
import { fromStored } from "./tables.ts";
import type { StoreTransaction } from "./transaction.ts";

interface Walked {
  readonly transaction: StoreTransaction;
  readonly objectStore: StoreObjectStore;
}

/** `IDBCursor`: reads one record at a time, so that changes made on the way are seen. */
export class StoreCursor {
  readonly source: Walked;
  readonly request: StoreRequest;
  readonly direction = "next";
  key: Key | undefined;
  primaryKey: Key | undefined;
  value: unknown = undefined;

  readonly #next: (after: Found | undefined) => Found | undefined;
  #place: Found | undefined;

  constructor(source: Walked, request: StoreRequest, next: (after: Found | undefined) => Found | undefined) {
    this.source = source;
    this.request = request;
    this.#next = next;
  }

  /** Moves to the next record; `null` after the last. */
  advance(): this | null {
    const found = this.#next(this.#place);
    if (found === undefined) return null;
    this.#place = found;
    this.key = decodeKey(found.key);
    this.primaryKey = decodeKey(found.primary);
    this.value = fromStored(found.value);
    return this;
  }

  continue(key?: unknown): void {
    if (key !== undefined) throw new DOMException("This cursor does not jump", "NotSupportedError");
    this.source.transaction.request(this.source, () => this.advance(), this.request);
  }

  update(value: unknown): StoreRequest {
    return this.source.objectStore.put(value, this.primaryKey);
  }

  delete(): StoreRequest {
    return this.source.objectStore.delete(this.primaryKey);
  }
}

/** `IDBCursorWithValue`. */
export class StoreCursorWithValue extends StoreCursor {}
