import { OperatorError } from "../../operator-error.ts";
import type { Fatal } from "../fatal.ts";
import type { StoreDatabase } from "./database.ts";
import { StoreObjectStore } from "./object-store.ts";
import type { Handler } from "./request.ts";
import { StoreEvent, StoreRequest, nameList } from "./request.ts";
import type { Tables } from "./tables.ts";

/** What a transaction may do. */
export type Mode = "readonly" | "readwrite" | "versionchange";

/** Runs transactions one after the other, in the order in which they were made; after a failed write, none any more. */
export class TransactionQueue {
  readonly tables: Tables;
  readonly #fatal: Fatal;
  readonly #waiting: StoreTransaction[] = [];
  #running: StoreTransaction | undefined;
  #broken = false;
  #commits = 0;
  /** The next commit waits for {@link settle}. */
  #held = false;
  /** A transaction is over whose commit waits. */
  #owed = false;

  constructor(tables: Tables, fatal: Fatal) {
    this.tables = tables;
    this.#fatal = fatal;
  }

  /** Durable commits so far. */
  get commits(): number {
    return this.#commits;
  }

  get broken(): boolean {
    return this.#broken;
  }

  /** Nothing runs any more; what is not committed is as if it had never been asked. */
  stop(): void {
    this.#broken = true;
  }

  add(transaction: StoreTransaction): void {
    this.#waiting.push(transaction);
    this.#next();
  }

  finished(transaction: StoreTransaction): void {
    if (this.#running !== transaction) return;
    this.#running = undefined;
    this.#next();
  }

  /**
   * The next transaction that ends is told so before it is on the disk: what is known only after it becomes durable in the same commit. Nothing that comes
   * of it may leave before {@link settle}, and only one piece of work may use the store until then.
   */
  hold(): void {
    this.#held = true;
  }

  /** Makes durable what waits, with what was written since; throws if that fails, and then the process is over. Nothing, if nothing waits. */
  settle(): void {
    this.#held = false;
    if (!this.#owed) return;
    this.#owed = false;
    if (!this.#commitNow()) throw new Error("the crypto store could not be written");
  }

  begin(): void {
    // A second one after the one that waits: the two stay two.
    if (this.#owed) {
      this.#owed = false;
      if (!this.#commitNow()) throw new Error("the crypto store could not be written");
    }
    this.tables.begin();
  }

  /** Returns whether it is on the disk, or waits for that; if not, the process is over and nobody who waits for it is told anything. */
  commit(): boolean {
    if (!this.#held) return this.#commitNow();
    this.#held = false;
    this.#owed = true;
    return true;
  }

  #commitNow(): boolean {
    try {
      this.tables.commit();
      this.#commits++;
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  /** Everything but a refused request (a `DOMException`) means that the disk or the file is not to be trusted. */
  fail(error: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    const code = error instanceof Error && "code" in error && typeof error.code === "string" && /^[A-Z_]{1,40}$/.test(error.code) ? ` (${error.code})` : "";
    this.#fatal(
      new OperatorError(
        "crypto-store.write-failed",
        `The crypto store could not be written${code}; nothing encrypted with what was lost has left.`,
        "Check free space and health of the disk that holds it, then start again.",
      ),
    );
  }

  #next(): void {
    if (this.#broken || this.#running !== undefined) return;
    this.#running = this.#waiting.shift();
    this.#running?.start();
  }
}

/** `IDBTransaction`: requests run in order, one a turn of the event loop; when none is left it commits by itself. */
export class StoreTransaction {
  readonly db: StoreDatabase;
  readonly mode: Mode;
  readonly durability = "strict";
  error: DOMException | null = null;
  oncomplete: Handler = null;
  onabort: Handler = null;
  onerror: Handler = null;

  readonly #queue: TransactionQueue;
  readonly #names: readonly string[];
  readonly #ended: (transaction: StoreTransaction) => void;
  readonly #requests: { readonly request: StoreRequest; readonly work: () => unknown }[] = [];
  #upgrade: (() => void) | undefined;
  #state: "open" | "committing" | "done" = "open";
  #begun = false;
  #aborted = false;

  /** `upgrade` runs first, inside the transaction; `ended` is told of the end, good or bad, after the handlers. */
  constructor(queue: TransactionQueue, db: StoreDatabase, names: readonly string[], mode: Mode, ended: (transaction: StoreTransaction) => void, upgrade?: () => void) {
    this.db = db;
    this.mode = mode;
    this.#queue = queue;
    this.#names = names;
    this.#ended = ended;
    this.#upgrade = upgrade;
    queue.add(this);
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  get objectStoreNames(): readonly string[] {
    return nameList(this.mode === "versionchange" ? this.#queue.tables.shapes(this.db.name).keys() : this.#names);
  }

  objectStore(name: string): StoreObjectStore {
    if (this.#state === "done") throw new DOMException("The transaction has finished", "InvalidStateError");
    const shape = this.#queue.tables.shapes(this.db.name).get(name);
    const inScope = this.mode === "versionchange" || this.#names.includes(name);
    if (shape === undefined || !inScope) throw new DOMException("No such object store in this transaction", "NotFoundError");
    return new StoreObjectStore(this, this.#queue.tables, shape);
  }

  /** No more requests are taken; those there are still run. */
  commit(): void {
    if (this.#state !== "open") throw new DOMException("The transaction is not open", "InvalidStateError");
    this.#state = "committing";
  }

  abort(): void {
    if (this.#state !== "open") throw new DOMException("The transaction is not open", "InvalidStateError");
    this.#abort(null);
  }

  /** Queues one piece of work; `again` is a cursor's request, which is answered once for each record. */
  request(source: object, work: () => unknown, again?: StoreRequest): StoreRequest {
    if (this.#state !== "open") throw new DOMException("The transaction has finished or is about to", "TransactionInactiveError");
    const request = again ?? new StoreRequest();
    request.source = source;
    request.transaction = this;
    request.readyState = "pending";
    this.#requests.push({ request, work });
    return request;
  }

  /** Called before the first change, so that a transaction that only reads costs no commit. */
  begin(): void {
    if (this.#begun) return;
    this.#queue.begin();
    this.#begun = true;
  }

  /** Called by the queue when it is this transaction's turn. */
  start(): void {
    this.#later(() => {
      const upgrade = this.#upgrade;
      if (upgrade === undefined) return this.#step();
      this.#upgrade = undefined;
      this.#guarded(() => {
        this.begin();
        upgrade();
      });
      this.#later(() => this.#step());
    });
  }

  #later(then: () => void): void {
    // One request a turn: a promise that the engine awaits has then had time to place the next request before the commit.
    setImmediate(() => {
      if (this.#state !== "done" && !this.#queue.broken) then();
    });
  }

  #step(): void {
    const next = this.#requests.shift();
    if (next === undefined) return this.#complete();
    const { request, work } = next;
    let outcome: { readonly result: unknown } | { readonly refused: DOMException };
    try {
      outcome = { result: work() };
    } catch (error) {
      if (!(error instanceof DOMException)) return this.#queue.fail(error);
      outcome = { refused: error };
    }
    this.#guarded(() => {
      if ("result" in outcome) return request.succeed(outcome.result);
      const taken = request.fail(outcome.refused);
      if (!taken && this.#state !== "done") this.#abort(outcome.refused);
    });
    this.#later(() => this.#step());
  }

  /** A handler that throws aborts the transaction (Indexed Database API 3.0, 5.9 "fire a success event"); the throw itself is not hidden. */
  #guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (this.#state !== "done") this.#abort(new DOMException("A handler failed", "AbortError"));
      throw error;
    }
  }

  #complete(): void {
    this.#state = "done";
    if (this.#begun && !this.#queue.commit()) return;
    try {
      this.oncomplete?.call(this, new StoreEvent("complete", this));
    } finally {
      this.#end();
    }
  }

  #abort(error: DOMException | null): void {
    this.#state = "done";
    this.#aborted = true;
    this.error = error;
    try {
      if (this.#begun) this.#queue.tables.rollback();
    } catch (failure) {
      return this.#queue.fail(failure);
    }
    if (this.mode === "versionchange") this.#queue.tables.forgetShapes(this.db.name);
    const abandoned = this.#requests.splice(0);
    setImmediate(() => {
      try {
        for (const { request } of abandoned) request.fail(new DOMException("The transaction was aborted", "AbortError"));
        this.onabort?.call(this, new StoreEvent("abort", this));
      } finally {
        this.#end();
      }
    });
  }

  #end(): void {
    this.#ended(this);
    this.#queue.finished(this);
  }
}
