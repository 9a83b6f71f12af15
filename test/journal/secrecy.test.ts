import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { EventId, RoomId } from "../../src/domain/ids.ts";
import { INSTALLATION } from "../../src/domain/ids.ts";
import { openDatabase } from "../../src/journal/database.ts";
import { exportLines } from "../../src/journal/export.ts";
import { JOURNAL_FILE } from "../../src/journal/keys.ts";
import { filesUnder, findPlanted } from "../support/planted.ts";
import { aJournal, all, anInbox, anOutbox, ANA, aRow, CASE, keysIn, newFolder, NOON, OTHER_CASE, PASSPHRASE, rowsOf } from "./support/setting.ts";

const PLANTED = ["Praia das Conchas", "contraseña-ñandú", "waybill 0774471"];
const text = PLANTED.join(" / ");

describe("what is planted in the journal", () => {
  it("stands in no file in any form, while it runs and after it is closed", async (t) => {
    const folder = newFolder(t);
    const journal = aJournal(t, folder);
    await journal.commit({
      rows: [aRow({ title: text })], inbox: [anInbox("$a", JSON.stringify({ body: text }))], outbox: [anOutbox("e1", CASE, text)], values: { [`board:${PLANTED[0] ?? ""}`]: text },
      outboxChanges: [{ id: "e1", to: "encrypted", ciphertext: text, room: "!r" as RoomId, device: "DEV", attempted: NOON }], inboxEnds: [{ event: "$a" as EventId, end: "done" }],
    });
    await journal.saveSnapshot(CASE, 1, "e1", { text });
    const secrets = [...PLANTED, ANA, PASSPHRASE, CASE];
    assert.ok(existsSync(join(folder, "journal.db-wal")));
    assert.deepEqual(findPlanted(filesUnder(folder), secrets), []);
    await journal.close();
    assert.deepEqual(findPlanted(filesUnder(folder), secrets), []);
    // The search itself can find: the same words in clear are found.
    writeFileSync(join(folder, "control"), text);
    assert.equal(new Set(findPlanted(filesUnder(folder), PLANTED).map(({ secret }) => secret)).size, PLANTED.length);
  });

  it("is in files of mode 0600 while it runs", (t) => {
    const folder = newFolder(t);
    aJournal(t, folder);
    const files = readdirSync(folder).filter((name) => name.startsWith("journal"));
    assert.deepEqual(files.toSorted(), ["journal.db", "journal.db-wal"]);
    for (const file of files) assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600);
  });
});

describe("erasing a case", () => {
  it("takes away what it says and leaves a chain that can still be verified, also after a new start", async (t) => {
    const folder = newFolder(t);
    const journal = aJournal(t, folder);
    await journal.commit({ rows: [aRow({ title: text }), aRow(), aRow({}, OTHER_CASE)], outbox: [anOutbox("e1", CASE, text), anOutbox("e2", OTHER_CASE)] });
    await journal.saveSnapshot(CASE, 2, "e1", { text });
    const checkpoint = await journal.checkpoint(CASE, NOON);
    const keyFiles = filesUnder(join(folder, "chain-keys")).length;
    await journal.erase(CASE, NOON);
    assert.equal(filesUnder(join(folder, "chain-keys")).length, keyFiles - 1);
    await journal.close();

    const db = openDatabase(join(folder, JOURNAL_FILE), keysIn(folder).file);
    const left = db.prepare("SELECT (SELECT count(*) FROM snapshot) AS snapshots, (SELECT count(*) FROM outbox) AS outbox, (SELECT count(*) FROM entry WHERE chain = ?) AS rows").get(CASE);
    db.close();
    assert.deepEqual({ ...(left as object) }, { snapshots: 0, outbox: 1, rows: 2 });

    const again = aJournal(t, folder);
    assert.deepEqual(await again.chains(), [INSTALLATION, OTHER_CASE]);
    await assert.rejects(all(again.read(CASE, 0)), { kind: "chain" });
    await assert.rejects(again.commit({ rows: [aRow()] }), { kind: "chain" });
    assert.equal(await again.snapshot(CASE), undefined);
    assert.deepEqual((await again.outbox()).map(({ id }) => id), ["e2"]);
    assert.deepEqual(await again.verify(CASE, [checkpoint]), { rows: 2, first: NOON, ok: true, notCovered: 0, lastCheckpoint: checkpoint });
    assert.equal((await Array.fromAsync(exportLines(again, [CASE]))).length, 4);
    const note = (await rowsOf(again, INSTALLATION)).at(-1)?.event;
    assert.deepEqual(note, { type: "system.noted", v: 1, what: "chain-erased", facts: { chain: CASE, seq: 2, head: checkpoint.head } });
    await assert.rejects(again.erase(CASE, NOON), RangeError);
    await assert.rejects(again.erase(INSTALLATION, NOON), RangeError);
  });
});
