import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { TestContext } from "node:test";
import type { Checkpoint, Fault } from "../../src/domain/audit.ts";
import { INSTALLATION } from "../../src/domain/ids.ts";
import { ChainKeys } from "../../src/journal/chain-keys.ts";
import { isGenuine, signCheckpoint } from "../../src/journal/checkpoint.ts";
import type { Connection } from "../../src/journal/database.ts";
import { openDatabase } from "../../src/journal/database.ts";
import { SqliteJournal } from "../../src/journal/journal.ts";
import { JOURNAL_FILE } from "../../src/journal/keys.ts";
import { rowHash, writeRow } from "../../src/journal/row.ts";
import { seal, unseal } from "../../src/journal/seal.ts";
import { aRow, CASE, keysIn, newFolder, NOON, options, OTHER_CASE, random, rowsOf } from "./support/setting.ts";

interface Entry { id: number; chain: string; seq: number; header: Buffer; commitment: Buffer; body: Buffer; hash: Buffer }

/** A journal with some rows of one case, a checkpoint, and the hands of somebody who can write into its file. */
async function tampering(t: TestContext, rows = 4): Promise<{ journal: SqliteJournal; db: Connection; checkpoint: Checkpoint; folder: string }> {
  const folder = newFolder(t);
  const file = join(folder, JOURNAL_FILE);
  const db = openDatabase(file, keysIn(folder).file);
  t.after(() => db.close());
  const journal = new SqliteJournal(db, file, options(folder));
  await journal.commit({ rows: [aRow({ n: 0 }, OTHER_CASE), ...Array.from({ length: rows }, (_, n) => aRow({ n, title: "Get the waybill" }))] });
  return { journal, db, folder, checkpoint: await journal.checkpoint(CASE, NOON) };
}
const entries = (db: Connection): Entry[] => db.prepare<[string], Entry>("SELECT * FROM entry WHERE chain = ? ORDER BY seq").all(CASE);
const at = (seq: number, what: Fault["what"]): Fault => ({ chain: CASE, seq, what });
async function fault(journal: SqliteJournal, checkpoint?: Checkpoint): Promise<Fault | undefined> {
  const { ok, fault: found } = await journal.verify(CASE, checkpoint === undefined ? [] : [checkpoint]);
  assert.equal(ok, found === undefined);
  return found;
}

describe("verifying the journal", () => {
  it("finds a whole chain whole, and says what the last checkpoint does not cover", async (t) => {
    const { journal, checkpoint } = await tampering(t);
    assert.deepEqual(await journal.verify(CASE, [checkpoint]), { rows: 4, first: NOON, ok: true, notCovered: 0, lastCheckpoint: checkpoint });
    await journal.commit({ rows: [aRow(), aRow()] });
    const later = await journal.verify(CASE, [checkpoint]);
    assert.deepEqual([later.ok, later.rows, later.notCovered], [true, 6, 2]);
    const second = await journal.checkpoint(CASE, NOON);
    assert.deepEqual((await journal.verify(CASE, [second, checkpoint])).lastCheckpoint, second);
    assert.equal((await journal.verify(CASE, [])).notCovered, 6);
    assert.deepEqual(await journal.verify(INSTALLATION, []), { rows: 2, first: NOON, ok: true, notCovered: 2 });
  });

  it("notes the heads of the cases in the installation's chain", async (t) => {
    const { journal, checkpoint } = await tampering(t);
    const [row] = await rowsOf(journal, INSTALLATION);
    assert.deepEqual(row?.event, { type: "system.noted", v: 1, what: "checkpoint", facts: { ...checkpoint } });
    const own = await journal.checkpoint(INSTALLATION, NOON);
    assert.deepEqual([own.seq, (await journal.verify(INSTALLATION, [own])).notCovered], [1, 0]);
    await assert.rejects(journal.checkpoint("no-such-chain" as typeof CASE, NOON), RangeError);
  });

  it("finds every byte that was changed in any stored column, and names the row", async (t) => {
    const { journal, db, checkpoint } = await tampering(t, 2);
    const [, second] = entries(db);
    assert.ok(second);
    let flips = 0;
    for (const column of ["header", "commitment", "body", "hash"] as const) {
      const change = db.prepare<[Buffer, number]>(`UPDATE entry SET ${column} = ? WHERE id = ?`);
      for (let index = 0; index < second[column].length; index++) {
        const bytes = Buffer.from(second[column]);
        bytes.writeUInt8(bytes.readUInt8(index) ^ (1 << index % 8), index);
        change.run(bytes, second.id);
        const found = await fault(journal, checkpoint);
        assert.equal(found?.seq, 2, `${column}, byte ${index}`);
        assert.equal(found.chain, CASE);
        if (column !== "header") assert.equal(found.what, "hash");
        // Found also by whoever only reads: nothing is replayed that was not checked.
        if (index % 16 === 0) await assert.rejects(rowsOf(journal), { code: "journal.damaged", message: /row 2/ });
        flips += 1;
      }
      change.run(second[column], second.id);
    }
    assert.ok(flips > 400);
    assert.equal(await fault(journal, checkpoint), undefined);
  });

  it("finds rows that were removed, cut off, swapped, inserted, moved to another place or to another case", async (t) => {
    const { journal, db, folder, checkpoint } = await tampering(t);
    const [first, second, third] = entries(db);
    assert.ok(first && second && third);
    const copy = `INSERT INTO entry (chain, seq, header, commitment, body, hash) SELECT chain, 5, header, commitment, body, hash FROM entry WHERE chain = '${CASE}' AND seq = 2`;
    const cases: readonly [string, string, Fault][] = [
      ["removed", `DELETE FROM entry WHERE chain = '${CASE}' AND seq = 2`, at(2, "missing")],
      ["first removed", `DELETE FROM entry WHERE chain = '${CASE}' AND seq = 1`, at(1, "missing")],
      ["cut", `DELETE FROM entry WHERE chain = '${CASE}' AND seq > 2`, at(3, "missing")],
      ["all removed", `DELETE FROM entry WHERE chain = '${CASE}'`, at(1, "missing")],
      ["swapped", `UPDATE entry SET seq = 99 WHERE id = ${second.id}; UPDATE entry SET seq = 2 WHERE id = ${third.id}; UPDATE entry SET seq = 3 WHERE id = ${second.id}`, at(2, "link")],
      ["closed up", `DELETE FROM entry WHERE id = ${second.id}; UPDATE entry SET seq = 2 WHERE id = ${third.id}; UPDATE entry SET seq = 3 WHERE chain = '${CASE}' AND seq = 4`, at(2, "link")],
      ["moved", `UPDATE entry SET seq = 7 WHERE id = ${second.id}`, at(2, "missing")],
      ["given to another case", `UPDATE entry SET chain = '${OTHER_CASE}', seq = 2 WHERE id = ${second.id}`, at(2, "missing")],
      ["taken from another case", `DELETE FROM entry WHERE id = ${first.id}; UPDATE entry SET chain = '${CASE}' WHERE chain = '${OTHER_CASE}'`, at(1, "link")],
    ];
    for (const [what, sql, expected] of cases) {
      db.exec("SAVEPOINT tamper");
      db.exec(sql);
      assert.deepEqual(await fault(journal, checkpoint), expected, what);
      await assert.rejects(rowsOf(journal), { code: "journal.damaged", message: new RegExp(`row ${expected.seq}, ${expected.what}`) }, what);
      db.exec("ROLLBACK TO tamper; RELEASE tamper");
    }
    // What is put behind the end, where this process knows that nothing was written, is found at the next start.
    db.exec(copy);
    const again = new SqliteJournal(db, "journal.db", options(folder));
    assert.deepEqual((await again.verify(CASE, [checkpoint])).fault, at(5, "link"));
  });

  it("writes nothing more once a chain was found broken, by whoever looked, and goes on where only a checkpoint that it did not sign does not fit", async (t) => {
    for (const look of [(of: SqliteJournal) => of.verify(CASE, []), (of: SqliteJournal) => assert.rejects(rowsOf(of), { code: "journal.damaged" })]) {
      const { journal, db, checkpoint } = await tampering(t);
      assert.equal((await fault(journal, { ...checkpoint, seq: 99 }))?.what, "missing");
      assert.equal((await fault(journal, { ...checkpoint, head: "0".repeat(64) }))?.what, "checkpoint");
      await journal.commit({ rows: [aRow()] });
      db.exec(`UPDATE entry SET body = zeroblob(length(body)) WHERE chain = '${CASE}' AND seq = 2`);
      await journal.commit({ rows: [aRow()] });
      await look(journal);
      await assert.rejects(journal.commit({ rows: [aRow()] }), { code: "journal.damaged", message: /row 2, hash/ });
    }
  });

  it("writes nothing more once a chain is not the one that was signed", async (t) => {
    for (const [seq, what] of [[2, "checkpoint"], [99, "missing"]] as const) {
      const { journal, folder } = await tampering(t);
      const signed = signCheckpoint({ chain: CASE, seq, head: "1".repeat(64), at: NOON }, keysIn(folder).signing);
      assert.equal((await fault(journal, signed))?.what, what);
      await assert.rejects(journal.commit({ rows: [aRow()] }), { code: "journal.damaged", message: new RegExp(what) });
    }
  });

  it("refuses to start on rows of a chain that nobody began", async (t) => {
    const { db, folder } = await tampering(t);
    db.exec(`UPDATE entry SET chain = 'another' WHERE chain = '${OTHER_CASE}'`);
    assert.throws(() => new SqliteJournal(db, "journal.db", options(folder)), { code: "journal.damaged", message: /chain another/ });
  });

  it("finds a chain that was rewritten with right hashes by somebody who cannot sign", async (t) => {
    const { journal, db, checkpoint } = await tampering(t);
    rewrite(db, (header) => ({ ...header, at: NOON - 60_000 }));
    assert.deepEqual((await journal.verify(CASE, [checkpoint])).fault?.what, "commitment");
    const without = await journal.verify(CASE, []);
    assert.equal(without.fault?.what, "commitment");
  });

  it("finds content that is not what was committed to, even where all hashes are right", async (t) => {
    const { journal, db } = await tampering(t);
    const [first, second] = entries(db);
    assert.ok(first && second);
    db.prepare("UPDATE entry SET body = ?, hash = ? WHERE id = ?").run(first.body, rowHash(second.header, second.commitment, first.body), second.id);
    assert.deepEqual(await fault(journal), at(2, "commitment"));
  });

  it("finds other content sealed by somebody who has even the case's key, under the commitment that was signed", async (t) => {
    const { journal, db, folder } = await tampering(t);
    const [, second] = entries(db);
    const name = db.prepare<[string], { key_file: string }>("SELECT key_file FROM chain WHERE id = ?").get(CASE)?.key_file ?? "";
    assert.ok(second);
    const key = new ChainKeys(folder, keysIn(folder), random).open(CASE, name);
    const other = writeRow(aRow({ n: 1, title: "Get the other waybill" }), 2, Buffer.alloc(32), key, random);
    const plain = unseal(key.rows, other.body, Buffer.concat([other.header, other.commitment]));
    assert.ok(plain);
    const body = seal(key.rows, random.bytes(12), plain, Buffer.concat([second.header, second.commitment]));
    db.prepare("UPDATE entry SET body = ?, hash = ? WHERE id = ?").run(body, rowHash(second.header, second.commitment, body), second.id);
    assert.deepEqual(await fault(journal), at(2, "commitment"));
    await assert.rejects(rowsOf(journal), { code: "journal.damaged", message: /row 2, commitment/ });
  });

  it("takes no checkpoint that this installation did not sign", async (t) => {
    const { journal, checkpoint } = await tampering(t);
    const { signature: _signature, ...signed } = checkpoint;
    const forged = signCheckpoint(signed, keysIn(newFolder(t)).signing);
    assert.equal(isGenuine(checkpoint, journal.checkpointKey), true);
    for (const wrong of [forged, { ...checkpoint, head: "00".repeat(32) }, { ...checkpoint, at: (NOON + 1) as typeof NOON }, { ...checkpoint, signature: "" }]) {
      assert.deepEqual(await fault(journal, wrong), at(4, "checkpoint"));
      assert.equal(isGenuine(wrong, journal.checkpointKey), false);
    }
    assert.deepEqual(await fault(journal, { ...checkpoint, seq: 3 }), at(3, "checkpoint"));
    assert.deepEqual(await fault(journal, { ...checkpoint, seq: 0 }), at(0, "checkpoint"));
    assert.equal(await fault(journal, { ...forged, chain: OTHER_CASE }), undefined);
  });
});

/** Somebody with the file's key writes every row of the case anew, with hashes that fit. */
function rewrite(db: Connection, change: (header: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>): void {
  let prev: string | undefined;
  for (const { id, header, commitment, body } of entries(db)) {
    const read = JSON.parse(header.toString()) as Readonly<Record<string, unknown>>;
    const changed = Buffer.from(JSON.stringify(change({ ...read, ...(prev === undefined ? {} : { prev }) })));
    const hash = rowHash(changed, commitment, body);
    db.prepare("UPDATE entry SET header = ?, hash = ? WHERE id = ?").run(changed, hash, id);
    prev = hash.toString("hex");
  }
}
