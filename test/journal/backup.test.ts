import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { TestContext } from "node:test";
import fc from "fast-check";
import type { EventId, Instant } from "../../src/domain/ids.ts";
import { backupBytes, openBackup } from "../../src/journal/backup.ts";
import { checkJournal, filesIn, unpack } from "../../src/journal/backup-files.ts";
import { openJournal } from "../../src/journal/journal.ts";
import type { SqliteJournal } from "../../src/journal/journal.ts";
import { keysIn as keysUnder } from "../../src/journal/keys.ts";
import { readRootFile } from "../../src/journal/root-file.ts";
import { aJournal, anInbox, anOutbox, aRow, CASE, keysIn, newFolder, NOON, options, OTHER_CASE, PASSPHRASE, random, rowsOf } from "./support/setting.ts";

const LATER = (NOON + 3_600_000) as Instant;

async function backupOf(folder: string, during: () => Promise<void> = async () => undefined, journal?: SqliteJournal): Promise<Buffer> {
  const letGo = journal?.hold();
  const root = readRootFile(folder);
  assert.ok(root !== undefined);
  const pieces: Buffer[] = [];
  for await (const piece of backupBytes({ at: NOON, version: "0.1.0", root, keys: keysIn(folder), random, files: filesIn(folder) })) {
    pieces.push(piece);
    await during();
  }
  letGo?.();
  return Buffer.concat(pieces);
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

/** Opens a backup with nothing but the passphrase, into a new folder. */
async function restored(t: TestContext, backup: Buffer, piece = 65_536): Promise<string> {
  const folder = join(newFolder(t), "data");
  const opened = await openBackup("backup", inPieces(backup, piece));
  await unpack(folder, opened, keysUnder(opened.header.root, PASSPHRASE, "backup"));
  return folder;
}

describe("a backup", () => {
  it("made while the journal goes on being written holds exactly what was durable when it began, and is opened with the passphrase alone", async (t) => {
    const folder = newFolder(t);
    const journal = aJournal(t, folder);
    await journal.commit({ rows: [aRow({ n: 1 }), aRow({ text: "x".repeat(200_000) }, OTHER_CASE)], inbox: [anInbox("$a")], outbox: [anOutbox("e1")], values: { since: "s1" } });
    let n = 1;
    const backup = await backupOf(folder, async () => {
      n += 1;
      await journal.commit({ rows: [aRow({ n, text: "y".repeat(50_000) })], inboxEnds: n === 2 ? [{ event: "$a" as EventId, end: "done" }] : [], values: { since: `s${n}` } });
    }, journal);
    assert.ok(n > 2, "nothing was written meanwhile");
    await journal.commit({ rows: [aRow({ n: n + 1 })] });
    assert.equal((await journal.verify(CASE, [])).ok, true);

    const again = await restored(t, backup);
    assert.deepEqual(await checkJournal({ ...options(again) }), { rows: 2, chains: 3, broken: [] });
    const copy = aJournal(t, again);
    assert.deepEqual((await rowsOf(copy)).map(({ event }) => (event as unknown as { n: number }).n), [1]);
    assert.deepEqual([(await copy.inbox()).length, (await copy.outbox()).map(({ id }) => id), await copy.value("since")], [1, ["e1"], "s1"]);
  });

  it("holds nothing that was planted in the journal, and no crypto store", async (t) => {
    const folder = newFolder(t);
    const journal = aJournal(t, folder);
    await journal.commit({ rows: [aRow({ text: "PLANTED-WORD" })], values: { planted: "PLANTED-WORD" } });
    writeFileSync(join(folder, "crypto-store.db"), "PLANTED-RATCHET", { mode: 0o600 });
    const backup = await backupOf(folder, undefined, journal);
    for (const word of ["PLANTED", "installation", CASE]) assert.equal(backup.includes(word), false, word);
    const again = await restored(t, backup);
    assert.throws(() => readFileSync(join(again, "crypto-store.db")), { code: "ENOENT" });
  });

  it("is refused whole when any byte of it was changed, when it was cut anywhere, and when something was added", async (t) => {
    const folder = newFolder(t);
    await aJournal(t, folder).close();
    const backup = await backupOf(folder);
    const refused = async (bytes: Buffer): Promise<void> => {
      await assert.rejects(restored(t, bytes), (error: Error & { code?: string }) => {
        assert.equal(error.name, "OperatorError", String(error));
        assert.match(error.code ?? "", /^(backup\.damaged|backup\.not-one|keys\.wrong-passphrase)$/);
        return true;
      });
    };
    await fc.assert(fc.asyncProperty(fc.nat(backup.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
      const changed = Buffer.from(backup);
      changed[at] = (changed[at] ?? 0) ^ by;
      await refused(changed);
    }), { numRuns: 60 });
    await fc.assert(fc.asyncProperty(fc.nat(backup.length - 1), async (length) => refused(backup.subarray(0, length))), { numRuns: 40 });
    await refused(Buffer.concat([backup, Buffer.from([0])]));
    await restored(t, backup, 7_919);
  });

  it("does not open with another passphrase", async (t) => {
    const folder = newFolder(t);
    await aJournal(t, folder).close();
    const opened = await openBackup("backup", inPieces(await backupOf(folder), 100_000));
    assert.throws(() => keysUnder(opened.header.root, "another passphrase altogether", "backup"), { code: "keys.wrong-passphrase" });
  });
});

describe("a journal that goes on from a backup", () => {
  it("says so in every chain, and gives no effect the id that a lost row had given", async (t) => {
    const folder = newFolder(t);
    const journal = aJournal(t, folder);
    await journal.commit({ rows: [aRow({ n: 1 })] });
    const backup = await backupOf(folder, undefined, journal);
    const sent = async (of: SqliteJournal): Promise<string | undefined> => (await of.commit({ rows: [aRow({ n: 2 })], outbox: [{ chain: CASE, lane: "live", created: NOON, body: "{}", of: { row: 0, n: 0 } }] })).outbox[0];
    const lost = await sent(journal);
    const ids = new Set([lost]);
    for (const epoch of ["first", "second"]) {
      const again = await restored(t, backup);
      const copy = openJournal(options(again));
      assert.equal(copy.epoch, "");
      copy.goOnFromCopy(epoch, NOON, LATER);
      assert.equal(copy.epoch, epoch);
      assert.deepEqual((await rowsOf(copy)).at(-1), { chain: CASE, seq: 2, at: LATER, trust: "none", event: { type: "system.restored", v: 1, epoch, copied: NOON } });
      ids.add(await sent(copy));
      await copy.close();
      assert.equal(aJournal(t, again).epoch, epoch);
    }
    assert.equal(ids.size, 3);
  });

  it("names the rows that a checkpoint shows to be lost, and calls nothing tampered with", async (t) => {
    const folder = newFolder(t);
    const journal = aJournal(t, folder);
    await journal.commit({ rows: [aRow({ n: 1 })] });
    const before = await journal.checkpoint(CASE, NOON);
    const backup = await backupOf(folder, undefined, journal);
    await journal.commit({ rows: [aRow({ n: 2 }), aRow({ n: 3 })] });
    const lost = await journal.checkpoint(CASE, (NOON + 1) as Instant);
    const again = await restored(t, backup);
    // Before the restore is on record it is a chain that was cut.
    const cut = aJournal(t, again);
    assert.deepEqual((await cut.verify(CASE, [before, lost])).fault, { chain: CASE, seq: 2, what: "missing" });
    await cut.close();
    const copy = aJournal(t, again);
    copy.goOnFromCopy("epoch", NOON, LATER);
    for (let n = 0; n < 3; n++) {
      const { ok, lost: told, lastCheckpoint } = await copy.verify(CASE, [before, lost]);
      assert.deepEqual([ok, told, lastCheckpoint], [true, [{ from: 2, to: 3, signed: lost.at, restored: LATER }], before]);
      await copy.commit({ rows: [aRow({ n: 10 + n })] });
    }
  });

  it("does not pass a rewrite for a restore: what was signed after it, or by nobody here, stays a fault", async (t) => {
    const journal = aJournal(t);
    await journal.commit({ rows: [aRow({ n: 1 })] });
    journal.goOnFromCopy("epoch", NOON, LATER);
    await journal.commit({ rows: [aRow({ n: 3 })] });
    const after = await journal.checkpoint(CASE, (LATER + 1) as Instant);
    assert.deepEqual((await journal.verify(CASE, [{ ...after, head: "0".repeat(64) }])).fault, { chain: CASE, seq: 3, what: "checkpoint" });
    assert.deepEqual((await journal.verify(CASE, [{ ...after, at: NOON }])).fault, { chain: CASE, seq: 3, what: "checkpoint" });
    assert.deepEqual((await journal.verify(CASE, [{ ...after, seq: 9, at: NOON }])).fault, { chain: CASE, seq: 4, what: "missing" });
  });
});

describe("a held journal", () => {
  it("keeps what is written meanwhile through a crash", async (t) => {
    const folder = newFolder(t);
    const journal = aJournal(t, folder);
    await journal.commit({ rows: [aRow({ n: 1 })] });
    journal.hold();
    const size = readFileSync(join(folder, "journal.db")).length;
    for (let n = 0; n < 50; n++) await journal.commit({ rows: [aRow({ n, text: "z".repeat(100_000) })] });
    assert.equal(readFileSync(join(folder, "journal.db")).length, size, "the file has changed while it was held");
    // As the files are when the process is killed.
    const crashed = newFolder(t);
    for (const name of ["journal.db", "journal.db-wal", "root.json"]) writeFileSync(join(crashed, name), readFileSync(join(folder, name)), { mode: 0o600 });
    cpSync(join(folder, "chain-keys"), join(crashed, "chain-keys"), { recursive: true });
    assert.equal((await rowsOf(aJournal(t, crashed))).length, 51);
  });
});
