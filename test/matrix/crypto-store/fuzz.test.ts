/** The store against fake-indexeddb: the same random transactions on both, every answer compared. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { IDBFactory as OracleFactory, IDBKeyRange as OracleKeyRange } from "fake-indexeddb";
import { openCryptoStore } from "../../../src/matrix/crypto-store/open.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const SEED = 20_261_124;
const TRANSACTIONS = 10_500;
const REOPEN_EVERY = 1_500;
const STORES = ["plain", "indexed", "unique"] as const;

type StoreName = (typeof STORES)[number];
type Range =
  | { readonly kind: "all" }
  | { readonly kind: "only"; readonly key: IDBValidKey }
  | { readonly kind: "lower" | "upper"; readonly key: IDBValidKey; readonly open: boolean }
  | { readonly kind: "bound"; readonly from: IDBValidKey; readonly to: IDBValidKey; readonly fromOpen: boolean; readonly toOpen: boolean };
type Step =
  | { readonly op: "put" | "add"; readonly store: StoreName; readonly key: IDBValidKey; readonly value: unknown; readonly forgive: boolean }
  | { readonly op: "get" | "getAll" | "getAllKeys" | "count"; readonly store: StoreName; readonly index: string | undefined; readonly range: Range; readonly limit: number | undefined }
  | { readonly op: "delete"; readonly store: StoreName; readonly range: Range }
  | { readonly op: "clear"; readonly store: StoreName }
  | { readonly op: "walk"; readonly store: StoreName; readonly index: string | undefined; readonly range: Range; readonly changeAt: number; readonly change: "update" | "delete"; readonly value: unknown };
interface Plan {
  readonly steps: readonly Step[];
  readonly end: "by-itself" | "commit" | "abort";
}
interface World {
  readonly factory: IDBFactory;
  readonly keyRange: typeof IDBKeyRange;
}

const random = seededRandom(SEED);
const pick = <T>(items: readonly T[]): T => items[random(items.length)] as T;

function someKey(): IDBValidKey {
  switch (random(9)) {
    case 0:
    case 1:
    case 2:
      return `k${random(25)}`;
    case 3:
      return random(40) - 20;
    case 4:
      return pick([0.1, -0, -1.5e-7, 1e300, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    case 5:
      return `${pick(["ü", "\u0000", "\uffff", "😀", "\ud800", ""])}${random(4)}`;
    case 6:
      return [`a${random(4)}`, random(4), ["x"]];
    case 7:
      return new Date(random(5) * 1_000 - 2_000);
    default:
      return new Uint8Array([random(3), random(3), random(256)]);
  }
}

function someValue(): unknown {
  const value: Record<string, unknown> = { n: random(10), a: `x${random(3)}`, b: random(3), u: random(60), text: "v".repeat(random(50)), bytes: new Uint8Array([random(256)]) };
  if (random(4) === 0) delete value["n"];
  if (random(8) === 0) value["n"] = pick([null, { deep: 1 }, Number.NaN, [1, "two"], true]);
  if (random(6) === 0) delete value["u"];
  if (random(6) === 0) value["in"] = { side: random(5) };
  return value;
}

function someRange(): Range {
  switch (random(5)) {
    case 0:
      return { kind: "all" };
    case 1:
      return { kind: "only", key: someKey() };
    case 2:
      return { kind: "lower", key: someKey(), open: random(2) === 0 };
    case 3:
      return { kind: "upper", key: someKey(), open: random(2) === 0 };
    default:
      return { kind: "bound", from: someKey(), to: someKey(), fromOpen: random(2) === 0, toOpen: random(2) === 0 };
  }
}

function someIndex(store: StoreName): string | undefined {
  if (store === "plain" || random(2) === 0) return undefined;
  return store === "indexed" ? pick(["n", "ab", "side"]) : "u";
}

function someStep(): Step {
  const store = pick(STORES);
  switch (random(14)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      return { op: random(4) === 0 ? "add" : "put", store, key: someKey(), value: someValue(), forgive: random(5) !== 0 };
    case 5:
    case 6:
      return { op: "get", store, index: someIndex(store), range: someRange(), limit: undefined };
    case 7:
      return { op: "getAll", store, index: someIndex(store), range: someRange(), limit: random(2) === 0 ? undefined : random(5) };
    case 8:
      return { op: "getAllKeys", store, index: someIndex(store), range: someRange(), limit: random(2) === 0 ? undefined : random(5) };
    case 9:
      return { op: "count", store, index: someIndex(store), range: someRange(), limit: undefined };
    case 10:
      return { op: "delete", store, range: someRange() };
    case 11:
      return random(8) === 0 ? { op: "clear", store } : { op: "delete", store, range: { kind: "only", key: someKey() } };
    default:
      return { op: "walk", store, index: someIndex(store), range: someRange(), changeAt: random(6), change: pick(["update", "delete"]), value: someValue() };
  }
}

function somePlan(): Plan {
  const steps = Array.from({ length: 1 + random(6) }, someStep);
  const end = random(12) === 0 ? "abort" : random(6) === 0 ? "commit" : "by-itself";
  return { steps, end };
}

function buildRange(range: Range, { keyRange }: World): IDBKeyRange | undefined {
  switch (range.kind) {
    case "all":
      return undefined;
    case "only":
      return keyRange.only(range.key);
    case "lower":
      return keyRange.lowerBound(range.key, range.open);
    case "upper":
      return keyRange.upperBound(range.key, range.open);
    case "bound":
      return keyRange.bound(range.from, range.to, range.fromOpen, range.toOpen);
  }
}

function answer(request: IDBRequest, forgive = true): Promise<unknown> {
  return new Promise((resolve) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = (event) => {
      if (forgive) event.preventDefault();
      resolve(`error ${request.error?.name}`);
    };
  });
}

function walk(step: Step & { op: "walk" }, source: IDBObjectStore | IDBIndex, range: IDBKeyRange | undefined): Promise<unknown> {
  return new Promise((resolve) => {
    const met: unknown[] = [];
    const request = source.openCursor(range);
    request.onerror = () => resolve(met);
    request.onsuccess = () => {
      const cursor = request.result;
      if (cursor === null || met.length > 8) return resolve(met);
      met.push([cursor.key, cursor.primaryKey, cursor.value]);
      if (met.length === step.changeAt) {
        const changed = step.change === "delete" ? cursor.delete() : cursor.update(step.value);
        changed.onerror = (event) => {
          met.push(`error ${changed.error?.name}`);
          event.preventDefault();
        };
      }
      cursor.continue();
    };
  });
}

async function take(step: Step, transaction: IDBTransaction, world: World): Promise<unknown> {
  try {
    const store = transaction.objectStore(step.store);
    switch (step.op) {
      case "put":
        return await answer(store.put(step.value, step.key), step.forgive);
      case "add":
        return await answer(store.add(step.value, step.key), step.forgive);
      case "clear":
        return await answer(store.clear());
      case "delete":
        return await answer(store.delete(buildRange(step.range, world) as IDBKeyRange));
      case "walk":
        return await walk(step, step.index === undefined ? store : store.index(step.index), buildRange(step.range, world));
      case "get":
        return await answer((step.index === undefined ? store : store.index(step.index)).get(buildRange(step.range, world) as IDBKeyRange));
      default: {
        const source = step.index === undefined ? store : store.index(step.index);
        const range = buildRange(step.range, world);
        return await answer(step.op === "count" ? source.count(range) : source[step.op](range, step.limit));
      }
    }
  } catch (error) {
    return `threw ${(error as Error).name}`;
  }
}

async function carryOut(plan: Plan, database: IDBDatabase, world: World): Promise<unknown> {
  const transaction = database.transaction([...STORES], "readwrite");
  const end = new Promise((resolve) => {
    transaction.oncomplete = () => resolve("complete");
    transaction.onabort = () => resolve("abort");
  });
  const answers = plan.steps.map((step) => take(step, transaction, world));
  if (plan.end === "abort") transaction.abort();
  if (plan.end === "commit" && !plan.steps.some(({ op }) => op === "walk")) transaction.commit();
  return { end: await end, answers: await Promise.all(answers) };
}

function openDatabase({ factory }: World): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open("fuzz", 2);
    request.onupgradeneeded = () => {
      const database = request.result;
      database.createObjectStore("plain");
      const indexed = database.createObjectStore("indexed");
      indexed.createIndex("n", "n");
      indexed.createIndex("ab", ["a", "b"]);
      indexed.createIndex("side", "in.side");
      database.createObjectStore("unique").createIndex("u", "u", { unique: true });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("open failed"));
  });
}

async function everything(database: IDBDatabase, world: World): Promise<unknown> {
  const step = (store: StoreName, op: "getAll" | "getAllKeys", index?: string): Step => ({ op, store, index, range: { kind: "all" }, limit: undefined });
  const steps = STORES.flatMap((store) => [step(store, "getAll"), step(store, "getAllKeys")]);
  steps.push(step("indexed", "getAllKeys", "n"), step("indexed", "getAllKeys", "ab"), step("indexed", "getAllKeys", "side"), step("unique", "getAllKeys", "u"));
  return carryOut({ steps, end: "by-itself" }, database, world);
}

/** Binary keys of both sides in one form, so that they compare by their bytes; -0 and 0 are one key, which either may return. */
function comparable(value: unknown): unknown {
  if (value === 0) return 0;
  if (value instanceof Date) return { date: value.getTime() };
  if (value instanceof ArrayBuffer) return { bytes: Buffer.from(value).toString("hex") };
  if (ArrayBuffer.isView(value)) return { bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex") };
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, comparable(item)]));
  return value;
}

describe("the crypto store against fake-indexeddb", () => {
  it(`answers ${TRANSACTIONS} random transactions alike, also after being closed and opened again`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "relevo-fuzz-"));
    const key = randomBytes(32);
    const fail = (error: Error): void => {
      throw error;
    };
    const openOwn = (): { store: ReturnType<typeof openCryptoStore>; world: World } => {
      const store = openCryptoStore({ file: join(folder, "crypto.db"), key, fatal: fail, durable: false });
      return { store, world: { factory: store.indexedDB as unknown as IDBFactory, keyRange: store.IDBKeyRange as unknown as typeof IDBKeyRange } };
    };
    const oracle: World = { factory: new OracleFactory(), keyRange: OracleKeyRange };
    const oracleDatabase = await openDatabase(oracle);
    let own = openOwn();
    let database = await openDatabase(own.world);
    const started = performance.now();
    let steps = 0;
    let aborted = 0;
    for (let number = 1; number <= TRANSACTIONS; number++) {
      const plan = somePlan();
      steps += plan.steps.length;
      const mine = comparable(await carryOut(plan, database, own.world));
      const theirs = comparable(await carryOut(plan, oracleDatabase, oracle));
      assert.deepEqual(mine, theirs, `transaction ${number} of seed ${SEED}: ${JSON.stringify(plan)}`);
      if ((mine as { end: string }).end === "abort") aborted++;
      if (number % REOPEN_EVERY === 0) {
        database.close();
        own.store.close();
        own = openOwn();
        database = await openDatabase(own.world);
        assert.deepEqual(comparable(await everything(database, own.world)), comparable(await everything(oracleDatabase, oracle)), `contents after transaction ${number} of seed ${SEED}`);
      }
    }
    assert.ok(aborted > TRANSACTIONS / 20, "aborts are among what is tried");
    t.diagnostic(`seed ${SEED}: ${TRANSACTIONS} transactions, ${steps} operations, ${aborted} aborted, 0 differences, ${Math.round(performance.now() - started)} ms`);
    database.close();
    own.store.close();
    rmSync(folder, { recursive: true });
  });
});
