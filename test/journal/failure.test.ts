import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { EventId } from "../../src/domain/ids.ts";
import { openDatabase } from "../../src/journal/database.ts";
import { translated } from "../../src/journal/errors.ts";
import { openJournal, SqliteJournal } from "../../src/journal/journal.ts";
import { OperatorError } from "../../src/operator-error.ts";
import { JOURNAL_FILE } from "../../src/journal/keys.ts";
import { aRow, anInbox, anOutbox, CASE, keysIn, newFolder, options, OTHER_CASE, rowsOf } from "./support/setting.ts";

describe("a full disk", () => {
  it("refuses the batch with the cure, changes nothing, and refuses all others until it is opened anew with room on the disk", async (t) => {
    const folder = newFolder(t);
    const file = join(folder, JOURNAL_FILE);
    const db = openDatabase(file, keysIn(folder).file);
    t.after(() => db.close());
    const ends: string[] = [];
    const journal = new SqliteJournal(db, file, { ...options(folder), fatal: ({ code }) => void ends.push(code) });
    await journal.commit({ rows: [aRow({ n: 1 })], inbox: [anInbox("$a"), anInbox("$b")], values: { since: "s1" } });
    const pages = db.pragma("page_count", { simple: true });
    db.pragma(`max_page_count=${Number(pages) + 3}`);
    const large = { rows: [aRow({ n: 2, text: "x".repeat(100_000) }), aRow({}, OTHER_CASE)], inboxEnds: [{ event: "$a" as EventId, end: "done" as const }], outbox: [anOutbox("e1")], values: { since: "s2" } };
    for (let times = 0; times < 3; times++) {
      await assert.rejects(journal.commit(large), (error: Error) => {
        assert.deepEqual([error.name, "code" in error && error.code], ["OperatorError", "journal.disk-full"]);
        assert.ok(!error.message.includes("xxx"));
        return true;
      });
    }
    // Whoever opened the journal is told, and writes nothing more.
    assert.deepEqual(ends, ["journal.disk-full"]);
    // What would still fit is not written either: half of what belongs together would be there.
    await assert.rejects(journal.commit({ values: { since: "s3" } }), { code: "journal.disk-full" });
    assert.equal((await rowsOf(journal)).length, 1);
    assert.deepEqual((await journal.inbox()).map(({ event }) => event), ["$a", "$b"]);
    assert.deepEqual([await journal.value("since"), await journal.outbox()], ["s1", []]);
    await journal.close();
    const again = openJournal(options(folder));
    assert.deepEqual((await again.commit(large)).rows.map(({ seq }) => seq), [2, 1]);
    assert.equal((await again.verify(CASE, [])).ok, true);
    await again.close();
  });

  it("found by somebody else is taken for its own: nothing more is written, and it is told once", async (t) => {
    const folder = newFolder(t);
    const ends: string[] = [];
    const journal = openJournal({ ...options(folder), fatal: ({ code }) => void ends.push(code) });
    t.after(() => journal.close());
    await journal.commit({ rows: [aRow()] });
    for (let times = 0; times < 2; times++) journal.giveUp(new OperatorError("journal.disk-full", "what", "cure"));
    await assert.rejects(journal.commit({ rows: [aRow()] }), { code: "journal.disk-full" });
    assert.deepEqual(ends, ["journal.disk-full"]);
    assert.equal((await rowsOf(journal)).length, 1);
  });

  it("refuses a snapshot the same way", async (t) => {
    const folder = newFolder(t);
    const file = join(folder, JOURNAL_FILE);
    const db = openDatabase(file, keysIn(folder).file);
    t.after(() => db.close());
    const journal = new SqliteJournal(db, file, options(folder));
    await journal.commit({ rows: [aRow()] });
    db.pragma(`max_page_count=${Number(db.pragma("page_count", { simple: true }))}`);
    await assert.rejects(journal.saveSnapshot(CASE, 1, "e1", { text: "x".repeat(100_000) }), { code: "journal.disk-full" });
    assert.equal(await journal.snapshot(CASE), undefined);
  });
});

describe("the journal file", () => {
  it("is encrypted, synchronous to the disk, one process's own, and overwrites what it deletes", (t) => {
    const folder = newFolder(t);
    const db = openDatabase(join(folder, JOURNAL_FILE), keysIn(folder).file);
    t.after(() => db.close());
    const pragmas = ["cipher", "synchronous", "journal_mode", "locking_mode", "secure_delete", "temp_store"].map((name) => db.pragma(name, { simple: true }));
    assert.deepEqual(pragmas, ["chacha20", 2, "wal", "exclusive", 1, 2]);
  });
});

describe("a failing disk", () => {
  it("is told by what the operator can do; anything else stays a bug", () => {
    const fault = (code: string): Error => Object.assign(new Error("text of SQLite"), { name: "SqliteError", code });
    const codes = ["SQLITE_FULL", "SQLITE_IOERR_FSYNC", "SQLITE_CORRUPT_VTAB", "SQLITE_BUSY", "SQLITE_NOTADB", "SQLITE_READONLY"].map((code) => translated(fault(code), "journal.db"));
    assert.deepEqual(codes.map((error) => (error as { code: string }).code), ["journal.disk-full", "journal.disk-broken", "journal.damaged", "journal.in-use", "journal.wrong-key", "journal.disk-broken"]);
    const bug = fault("SQLITE_CONSTRAINT_UNIQUE");
    assert.equal(translated(bug, "journal.db"), bug);
  });

  it("stops all later writing once it failed in the middle, because what is durable is not known", async (t) => {
    const folder = newFolder(t);
    const file = join(folder, JOURNAL_FILE);
    const db = openDatabase(file, keysIn(folder).file);
    t.after(() => db.close());
    const journal = new SqliteJournal(db, file, options(folder));
    await journal.commit({ rows: [aRow()] });
    db.pragma("query_only=ON");
    await assert.rejects(journal.commit({ rows: [aRow()] }), { code: "journal.disk-broken" });
    db.pragma("query_only=OFF");
    await assert.rejects(journal.commit({ rows: [aRow()] }), { code: "journal.disk-broken" });
    await assert.rejects(journal.saveSnapshot(CASE, 1, "e1", {}), { code: "journal.disk-broken" });
  });
});

describe("a journal that was closed", () => {
  it("refuses work, can be closed again, and opens anew", async (t) => {
    const folder = newFolder(t);
    const journal = openJournal(options(folder));
    await journal.close();
    await journal.close();
    await assert.rejects(journal.commit({ rows: [aRow()] }), /not open/);
    await openJournal(options(folder)).close();
  });
});
