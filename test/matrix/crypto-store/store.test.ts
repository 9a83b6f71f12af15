import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import Database from "better-sqlite3-multiple-ciphers";
import fc from "fast-check";
import { decodeKey, encodeKey } from "../../../src/matrix/crypto-store/key.ts";
import { openCryptoStore } from "../../../src/matrix/crypto-store/open.ts";
import type { CryptoStore } from "../../../src/matrix/crypto-store/open.ts";
import type { OperatorError } from "../../../src/operator-error.ts";

const folder = mkdtempSync(join(tmpdir(), "relevo-store-"));
const KEY = new Uint8Array(32).fill(7);
let files = 0;
const newFile = (): string => join(folder, `store-${++files}.db`);
const neverFatal = (error: Error): void => {
  throw error;
};
after(() => rmSync(folder, { recursive: true }));

/** The store through the types of a browser, as the engine sees it. */
function idb(store: CryptoStore): IDBFactory {
  return store.indexedDB as unknown as IDBFactory;
}
function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("no error given"));
  });
}
async function openDatabase(store: CryptoStore, upgrade: (database: IDBDatabase) => void, version = 1): Promise<IDBDatabase> {
  const request = idb(store).open("d", version);
  request.onupgradeneeded = () => upgrade(request.result);
  return done(request);
}
function ended(transaction: IDBTransaction): Promise<"complete" | "abort"> {
  return new Promise((resolve) => {
    transaction.oncomplete = () => resolve("complete");
    transaction.onabort = () => resolve("abort");
  });
}
/** What a process finds that is started after the power was cut now. */
async function afterPowerCut(file: string): Promise<{ value: unknown; next: number | undefined; noted: number; generation: number }> {
  const copy = newFile();
  for (const part of ["", "-wal"]) copyFileSync(`${file}${part}`, `${copy}${part}`);
  const store = openCryptoStore({ file: copy, key: KEY, fatal: neverFatal });
  const database = await openDatabase(store, withStore);
  const value: unknown = await done(database.transaction(["s"]).objectStore("s").get("k"));
  const { lineage } = store;
  const found = { value, next: lineage.next("session"), noted: lineage.noted(), generation: lineage.generation() };
  database.close();
  store.close();
  return found;
}
const withStore = (database: IDBDatabase): void => void database.createObjectStore("s");

describe("the crypto store", () => {
  it("keeps what was written, over a restart", async () => {
    const file = newFile();
    const store = openCryptoStore({ file, key: KEY, fatal: neverFatal });
    const database = await openDatabase(store, withStore);
    const writing = database.transaction(["s"], "readwrite");
    writing.objectStore("s").put({ secret: new Uint8Array([1, 2, 3]) }, "k");
    assert.equal(await ended(writing), "complete");
    database.close();
    store.close();
    const again = openCryptoStore({ file, key: KEY, fatal: neverFatal });
    const reading = (await openDatabase(again, withStore)).transaction(["s"]);
    assert.deepEqual(await done(reading.objectStore("s").get("k")), { secret: new Uint8Array([1, 2, 3]) });
  });

  it("is a file for its owner only, WAL included, with nothing readable in it", async () => {
    const file = newFile();
    const store = openCryptoStore({ file, key: KEY, fatal: neverFatal });
    const database = await openDatabase(store, withStore);
    const writing = database.transaction(["s"], "readwrite");
    writing.objectStore("s").put("planted-secret-value", "planted-secret-key");
    await ended(writing);
    for (const each of [file, `${file}-wal`]) {
      assert.equal(statSync(each).mode & 0o777, 0o600);
      const bytes = readFileSync(each);
      assert.equal(bytes.includes("planted-secret"), false);
      assert.equal(bytes.includes("SQLite format"), false);
    }
    assert.throws(() => statSync(`${file}-shm`));
  });

  it("refuses another key with words for the operator", () => {
    const file = newFile();
    openCryptoStore({ file, key: KEY, fatal: neverFatal }).close();
    assert.throws(() => openCryptoStore({ file, key: new Uint8Array(32).fill(8), fatal: neverFatal }), { code: "crypto-store.key" });
    openCryptoStore({ file, key: KEY, fatal: neverFatal }).close();
  });

  it("refuses a damaged file instead of reading it", async () => {
    const file = newFile();
    const store = openCryptoStore({ file, key: KEY, fatal: neverFatal });
    (await openDatabase(store, withStore)).close();
    store.close();
    const bytes = readFileSync(file);
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    assert.throws(() => openCryptoStore({ file, key: KEY, fatal: neverFatal }), { code: "crypto-store.key" });
  });

  /** Changes the tables of a closed store. */
  function changeTables(file: string, change: string): void {
    const sql = new Database(file);
    sql.pragma("cipher='chacha20'");
    sql.pragma(`hexkey='${Buffer.from(KEY).toString("hex")}'`);
    sql.exec(change);
    sql.close();
  }

  it("goes on with a store from before it noted what the journal knows of it", () => {
    const file = newFile();
    const store = openCryptoStore({ file, key: KEY, fatal: neverFatal });
    store.lineage.begin();
    store.lineage.used("session", 4, 9);
    const generation = store.lineage.generation();
    store.close();
    changeTables(file, "ALTER TABLE lineage DROP COLUMN noted");
    const again = openCryptoStore({ file, key: KEY, fatal: neverFatal });
    assert.deepEqual([again.lineage.noted(), again.lineage.next("session"), again.lineage.generation()], [0, 5, generation]);
    again.lineage.used("session", 5, 11);
    assert.equal(again.lineage.noted(), 11);
    again.close();
  });

  it("refuses tables that no Relevo has made with words for the operator", () => {
    const file = newFile();
    openCryptoStore({ file, key: KEY, fatal: neverFatal }).close();
    changeTables(file, "ALTER TABLE lineage DROP COLUMN generation");
    assert.throws(() => openCryptoStore({ file, key: KEY, fatal: neverFatal }), { name: "OperatorError", code: "crypto-store.key" });
  });

  it("is refused to a second process", () => {
    const file = newFile();
    const store = openCryptoStore({ file, key: KEY, fatal: neverFatal });
    const program = `
      import { openCryptoStore } from ${JSON.stringify(new URL("../../../src/matrix/crypto-store/open.ts", import.meta.url).href)};
      try { openCryptoStore({ file: ${JSON.stringify(file)}, key: new Uint8Array(32).fill(7), fatal: () => undefined }); } catch (error) { console.log(error.code); }`;
    const other = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
    store.close();
    assert.equal(other.stdout.trim(), "crypto-store.locked");
  });

  it("refuses a file of a newer layout", () => {
    const file = newFile();
    openCryptoStore({ file, key: KEY, fatal: neverFatal }).close();
    const sql = new Database(file);
    sql.pragma("cipher='chacha20'");
    sql.pragma(`hexkey='${Buffer.from(KEY).toString("hex")}'`);
    sql.pragma("user_version = 99");
    sql.close();
    assert.throws(() => openCryptoStore({ file, key: KEY, fatal: neverFatal }), { code: "crypto-store.newer" });
  });

  it("names the folder that is missing", () => {
    assert.throws(() => openCryptoStore({ file: join(folder, "no", "such", "folder.db"), key: KEY, fatal: neverFatal }), { code: "crypto-store.open" });
  });

  it("ends the process instead of telling anybody that a failed commit is on the disk", async (t) => {
    const fatal: OperatorError[] = [];
    const store = openCryptoStore({ file: newFile(), key: KEY, fatal: (error) => void fatal.push(error) });
    const database = await openDatabase(store, withStore);
    t.mock.method(Database.prototype, "exec", function (this: InstanceType<typeof Database>, sql: string) {
      if (sql === "COMMIT") throw Object.assign(new Error("database or disk is full: /secret/path"), { code: "SQLITE_FULL" });
      return this.prepare(sql).run() as unknown as typeof this;
    });
    let told = false;
    const writing = database.transaction(["s"], "readwrite");
    writing.objectStore("s").put(1, "k");
    void ended(writing).then(() => (told = true));
    const waiting = database.transaction(["s"], "readwrite");
    waiting.objectStore("s").put(2, "k").onsuccess = () => (told = true);
    while (fatal.length === 0) await new Promise(setImmediate);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    assert.deepEqual([told, fatal.length, fatal[0]?.code], [false, 1, "crypto-store.write-failed"]);
    assert.match(fatal[0]?.message ?? "", /SQLITE_FULL/);
    assert.doesNotMatch(fatal[0]?.message ?? "", /secret/);
  });

  it("puts what was said into the commit of the ratchet with which it was said, and into none before", async () => {
    const file = newFile();
    const store = openCryptoStore({ file, key: KEY, fatal: neverFatal });
    const database = await openDatabase(store, withStore);
    const write = (value: number): Promise<"complete" | "abort"> => {
      const writing = database.transaction(["s"], "readwrite");
      writing.objectStore("s").put(value, "k");
      return ended(writing);
    };
    await write(1);
    const before = { commits: store.commits(), generation: store.lineage.generation() };
    store.lineage.hold();
    assert.equal(await write(2), "complete");
    store.lineage.used("session", 7, 3);
    assert.deepEqual(await afterPowerCut(file), { value: 1, next: undefined, noted: 0, generation: before.generation });
    store.lineage.settle();
    assert.equal(store.commits(), before.commits + 1);
    assert.deepEqual(await afterPowerCut(file), { value: 2, next: 8, noted: 3, generation: before.generation + 1 });
    // A second one in the same piece of work: the first is not held any more, and nothing is lost.
    store.lineage.hold();
    await write(3);
    await write(4);
    assert.deepEqual(await afterPowerCut(file), { value: 4, next: 8, noted: 3, generation: before.generation + 3 });
    store.lineage.used("session", 8, 3);
    store.lineage.settle();
    assert.equal((await afterPowerCut(file)).next, 9);
    // What held nothing settles nothing.
    store.lineage.settle();
    store.lineage.hold();
    store.lineage.settle();
    await write(5);
    assert.equal((await afterPowerCut(file)).value, 5);
  });

  it("ends the process, and lets nothing out, when what was held cannot be made durable", async (t) => {
    const fatal: OperatorError[] = [];
    const store = openCryptoStore({ file: newFile(), key: KEY, fatal: (error) => void fatal.push(error) });
    const database = await openDatabase(store, withStore);
    store.lineage.hold();
    const writing = database.transaction(["s"], "readwrite");
    writing.objectStore("s").put(1, "k");
    await ended(writing);
    t.mock.method(Database.prototype, "exec", () => {
      throw Object.assign(new Error("disk I/O error"), { code: "SQLITE_IOERR" });
    });
    assert.throws(() => store.lineage.settle());
    assert.deepEqual(fatal.map(({ code }) => code), ["crypto-store.write-failed"]);
  });

  it("costs no commit to read", async () => {
    const store = openCryptoStore({ file: newFile(), key: KEY, fatal: neverFatal });
    const database = await openDatabase(store, withStore);
    const commits = store.commits();
    const reading = database.transaction(["s"], "readwrite");
    reading.objectStore("s").getAll();
    await ended(reading);
    assert.equal(store.commits(), commits);
  });

  it("takes an upgrade back as a whole when it is aborted", async () => {
    const store = openCryptoStore({ file: newFile(), key: KEY, fatal: neverFatal });
    (await openDatabase(store, withStore)).close();
    const upgrading = idb(store).open("d", 2);
    upgrading.onupgradeneeded = () => {
      upgrading.result.createObjectStore("new");
      upgrading.result.deleteObjectStore("s");
      upgrading.transaction?.abort();
    };
    await assert.rejects(done(upgrading), { name: "AbortError" });
    const database = await done(idb(store).open("d"));
    assert.deepEqual([database.version, [...database.objectStoreNames]], [1, ["s"]]);
  });

  it("lets an upgrade wait until the other connections are closed", async () => {
    const store = openCryptoStore({ file: newFile(), key: KEY, fatal: neverFatal });
    const first = await openDatabase(store, withStore);
    const order: string[] = [];
    const second = openDatabase(store, () => void order.push("upgrade"), 2);
    const writing = first.transaction(["s"], "readwrite");
    writing.objectStore("s").put(1, "k");
    first.close();
    void ended(writing).then(() => order.push("write ended"));
    await second;
    assert.deepEqual(order, ["write ended", "upgrade"]);
  });

  it("says no to what it does not offer, instead of doing something else", async () => {
    const store = openCryptoStore({ file: newFile(), key: KEY, fatal: neverFatal });
    const database = await openDatabase(store, (upgraded) => {
      const made = upgraded.createObjectStore("s");
      assert.throws(() => upgraded.createObjectStore("t", { keyPath: "id" }), { name: "NotSupportedError" });
      assert.throws(() => upgraded.createObjectStore("t", { autoIncrement: true }), { name: "NotSupportedError" });
      assert.throws(() => made.createIndex("i", "i", { multiEntry: true }), { name: "NotSupportedError" });
      assert.throws(() => upgraded.createObjectStore("s"), { name: "ConstraintError" });
    });
    const reading = database.transaction(["s"]);
    const records = reading.objectStore("s");
    assert.throws(() => records.put(1, "k"), { name: "ReadOnlyError" });
    assert.throws(() => records.openCursor(null, "prev"), { name: "NotSupportedError" });
    assert.throws(() => records.get(undefined as never), { name: "DataError" });
    assert.throws(() => records.index("none"), { name: "NotFoundError" });
    assert.throws(() => database.transaction(["none"]), { name: "NotFoundError" });
    assert.throws(() => database.createObjectStore("later"), { name: "InvalidStateError" });
    await ended(reading);
    assert.throws(() => records.get("k"), { name: "TransactionInactiveError" });
    assert.throws(() => idb(store).open("d", 0.5), TypeError);
  });
});

describe("keys of the crypto store", () => {
  const key: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
    key: fc.oneof({ maxDepth: 3 }, fc.double({ noNaN: true }), fc.string({ unit: "binary" }), fc.date({ noInvalidDate: true }), fc.uint8Array({ minLength: 1 }), fc.array(tie("key"), { maxLength: 3 })),
  })).key;

  it("come back as they went in", () => {
    fc.assert(
      fc.property(key, (value) => {
        const bytes = encodeKey(value);
        assert.deepEqual(encodeKey(decodeKey(bytes)), bytes);
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });

  it("sort as bytes like IndexedDB sorts them", async () => {
    const { indexedDB } = await import("fake-indexeddb");
    fc.assert(
      fc.property(key, key, (one, other) => assert.equal(Buffer.compare(encodeKey(one), encodeKey(other)), indexedDB.cmp(one, other))),
      { seed: 2, numRuns: 5_000 },
    );
  });

  it("are refused if they are none", () => {
    const round: unknown[] = [];
    round.push(round);
    for (const value of [undefined, null, true, {}, Number.NaN, new Date(Number.NaN), [undefined], round, 1n]) {
      assert.throws(() => encodeKey(value), { name: "DataError" });
    }
  });
});
