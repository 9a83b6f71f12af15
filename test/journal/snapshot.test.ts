import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { openDatabase } from "../../src/journal/database.ts";
import { SqliteJournal } from "../../src/journal/journal.ts";
import { JOURNAL_FILE } from "../../src/journal/keys.ts";
import { aJournal, aRow, CASE, keysIn, newFolder, options, OTHER_CASE } from "./support/setting.ts";

describe("a snapshot", () => {
  it("comes back after a new start with the row it belongs to", async (t) => {
    const folder = newFolder(t);
    const first = aJournal(t, folder);
    await first.commit({ rows: [aRow(), aRow()] });
    assert.equal(await first.snapshot(CASE), undefined);
    await first.saveSnapshot(CASE, 1, "e1", { tasks: [["T-1", { title: "waybill" }]] });
    await first.close();
    assert.deepEqual(await aJournal(t, folder).snapshot(CASE), { seq: 1, state: { tasks: [["T-1", { title: "waybill" }]] } });
  });

  it("is the last one saved when several are saved at once", async (t) => {
    const journal = aJournal(t);
    await journal.commit({ rows: [aRow(), aRow(), aRow()] });
    await Promise.all([1, 2, 3].map((seq) => journal.saveSnapshot(CASE, seq, "e1", { seq })));
    assert.deepEqual(await journal.snapshot(CASE), { seq: 3, state: { seq: 3 } });
  });

  it("is dropped when another evolve made it", async (t) => {
    const folder = newFolder(t);
    const first = aJournal(t, folder);
    await first.commit({ rows: [aRow()] });
    await first.saveSnapshot(CASE, 1, "e1", {});
    await first.close();
    const second = aJournal(t, folder, { evolveVersion: "e2" });
    assert.equal(await second.snapshot(CASE), undefined);
    await second.close();
    assert.equal(await aJournal(t, folder).snapshot(CASE), undefined);
  });

  it("is dropped when it is damaged, moved to another chain, or of a row that is not the one in the chain", async (t) => {
    const folder = newFolder(t);
    const file = join(folder, JOURNAL_FILE);
    const db = openDatabase(file, keysIn(folder).file);
    t.after(() => db.close());
    const journal = new SqliteJournal(db, file, options(folder));
    await journal.commit({ rows: [aRow(), aRow(), aRow({}, OTHER_CASE), aRow({}, OTHER_CASE)] });
    const damages = [
      "UPDATE snapshot SET sealed = zeroblob(length(sealed))", "UPDATE snapshot SET sealed = x'00'", "UPDATE snapshot SET seq = 1",
      "UPDATE snapshot SET head = zeroblob(32)", "UPDATE snapshot SET evolve = 'e1 '", `UPDATE snapshot SET chain = '${OTHER_CASE}'`,
      `UPDATE entry SET hash = zeroblob(32) WHERE chain = '${CASE}' AND seq = 2`,
    ];
    for (const damage of damages) {
      await journal.saveSnapshot(CASE, 2, "e1", { n: 1 });
      assert.ok((await journal.snapshot(CASE)) !== undefined);
      db.exec(damage);
      for (const chain of [CASE, OTHER_CASE]) assert.equal(await journal.snapshot(chain), undefined, damage);
    }
  });

  it("is refused for a row that is not there, and for a state that JSON would change in silence", async (t) => {
    const journal = aJournal(t);
    await journal.commit({ rows: [aRow()] });
    await assert.rejects(journal.saveSnapshot(CASE, 2, "e1", {}), RangeError);
    await assert.rejects(journal.saveSnapshot(OTHER_CASE, 1, "e1", {}), RangeError);
    await assert.rejects(journal.saveSnapshot(CASE, 1, "e1", { tasks: new Map([["T-1", {}]]) }), /plain objects/);
    assert.equal(await journal.snapshot(CASE), undefined);
  });
});
