import type { StoreDatabase } from "./database.ts";
import type { StoreTransaction } from "./transaction.ts";

/** What a handler is called with: the few fields of a DOM event that are read. */
export class StoreEvent<T = unknown> {
  readonly type: string;
  readonly target: T;
  readonly oldVersion: number | undefined;
  readonly newVersion: number | undefined;
  defaultPrevented = false;

  constructor(type: string, target: T, versions?: { readonly old: number; readonly new: number }) {
    this.type = type;
    this.target = target;
    this.oldVersion = versions?.old;
    this.newVersion = versions?.new;
  }

  get currentTarget(): T {
    return this.target;
  }

  preventDefault(): void {
    this.defaultPrevented = true;
  }

  stopPropagation(): void {
    // Nothing but a request's own transaction ever hears of its error, and it must.
  }
}

/** An `on…` property. */
export type Handler = ((event: StoreEvent) => unknown) | null;

/** `IDBRequest`. Only the `on…` properties are offered: the engine uses nothing else. */
export class StoreRequest {
  readyState: "pending" | "done" = "pending";
  result: unknown = undefined;
  error: DOMException | null = null;
  source: object | null = null;
  transaction: StoreTransaction | null = null;
  onsuccess: Handler = null;
  onerror: Handler = null;

  succeed(result: unknown): void {
    this.readyState = "done";
    this.result = result;
    this.error = null;
    const event = new StoreEvent("success", this);
    this.onsuccess?.call(this, event);
  }

  /** Returns whether a handler took the error on itself, so that the transaction may go on. */
  fail(error: DOMException): boolean {
    this.readyState = "done";
    this.result = undefined;
    this.error = error;
    const event = new StoreEvent("error", this);
    this.onerror?.call(this, event);
    this.transaction?.onerror?.call(this.transaction, event);
    return event.defaultPrevented;
  }
}

/** `IDBOpenDBRequest`. */
export class StoreOpenRequest extends StoreRequest {
  onupgradeneeded: Handler = null;
  onblocked: Handler = null;

  upgrade(database: StoreDatabase, transaction: StoreTransaction, from: number, to: number): void {
    this.readyState = "done";
    this.result = database;
    this.transaction = transaction;
    const event = new StoreEvent("upgradeneeded", this, { old: from, new: to });
    this.onupgradeneeded?.call(this, event);
  }
}

/** `DOMStringList`: an array that also answers `contains` and `item`. */
export function nameList(names: Iterable<string>): readonly string[] {
  const list = [...names].sort();
  return Object.assign(list, {
    contains: (name: string): boolean => list.includes(name),
    item: (at: number): string | null => list[at] ?? null,
  });
}
