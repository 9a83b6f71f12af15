import assert from "node:assert/strict";
import { chmodSync, readdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { TestContext } from "node:test";
import { OperatorError } from "../../src/operator-error.ts";
import { openDatabase } from "../../src/journal/database.ts";
import { changePassphrase, deriveAhead, effectId, openKeys } from "../../src/journal/keys.ts";
import { openJournal } from "../../src/journal/journal.ts";
import { filesUnder } from "../support/planted.ts";
import { aJournal, aRow, CASE, CHEAP, keysIn, newFolder, options, PASSPHRASE, random, rowsOf } from "./support/setting.ts";

/** A data folder with a journal of one case in it, closed. */
async function closedJournal(t: TestContext): Promise<string> {
  const folder = newFolder(t);
  const journal = aJournal(t, folder);
  await journal.commit({ rows: [aRow({ title: "waybill" })] });
  await journal.close();
  return folder;
}
/** What the operator is told when the data folder is opened. */
function told(folder: string, passphrase = PASSPHRASE): OperatorError {
  try {
    const open = { ...options(folder), keys: openKeys({ folder, passphrase, random, cost: CHEAP }) };
    void openJournal(open).close();
  } catch (error) {
    if (error instanceof OperatorError) {
      assert.ok(error.cure.length > 10);
      for (const text of [error.message, error.cure]) assert.ok(!text.includes(passphrase) && !text.includes("waybill"));
      return error;
    }
    throw error;
  }
  throw new Error("it opened");
}
const withRoot = (folder: string, change: (root: Record<string, unknown>) => object): void => {
  const file = join(folder, "root.json");
  writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>)));
};

describe("the keys of an installation", () => {
  it("are the same at every start, and different in every installation and for every purpose", (t) => {
    const folder = newFolder(t);
    const [first, again, other] = [keysIn(folder), keysIn(folder), keysIn(newFolder(t))];
    assert.deepEqual([again.file, again.checkpointKey, again.derive("room-mark")], [first.file, first.checkpointKey, first.derive("room-mark")]);
    const all = [first, other].flatMap((keys) => [keys.file, keys.cryptoStore, keys.wrapping, keys.effects, keys.pseudonyms, keys.derive("a"), keys.derive("b")].map((key) => key.toString("hex")));
    assert.equal(new Set(all).size, 14);
    assert.match(first.checkpointKey, /^[A-Za-z0-9_-]{43}$/);
  });

  it("give effects ids that nobody without them can make, and that never run together", (t) => {
    const [keys, other] = [keysIn(newFolder(t)), keysIn(newFolder(t))];
    assert.equal(effectId(keys, "board", 7), effectId(keys, "board", 7));
    assert.equal(new Set([effectId(keys, "a", "bc"), effectId(keys, "ab", "c"), effectId(keys, "abc"), effectId(keys, 1), effectId(keys, "1"), effectId(other, "abc")]).size, 6);
  });

  it("accept the passphrase however its letters are composed", (t) => {
    const folder = newFolder(t);
    const made = openKeys({ folder, passphrase: "contrase\u00f1a de prueba larga", random, cost: CHEAP });
    assert.deepEqual(openKeys({ folder, passphrase: "contrasen\u0303a de prueba larga", random }).file, made.file);
  });

  it("are sealed with OWASP's work for a passphrase, and opened with the work they were sealed with", (t) => {
    const folder = newFolder(t);
    const made = openKeys({ folder, passphrase: PASSPHRASE, random });
    const root = (): Readonly<Record<string, unknown>> => JSON.parse(readFileSync(join(folder, "root.json"), "utf8")) as Record<string, unknown>;
    assert.deepEqual([root()["cost"], root()["passes"]], [15, 3]);
    assert.deepEqual(openKeys({ folder, passphrase: PASSPHRASE, random }).file, made.file);
    // Made before there was more than one pass.
    changePassphrase({ folder, passphrase: PASSPHRASE, random, next: "the passphrase of before", cost: 11 });
    assert.deepEqual([root()["cost"], "passes" in root()], [11, false]);
    assert.deepEqual(openKeys({ folder, passphrase: "the passphrase of before", random }).file, made.file);
    changePassphrase({ folder, passphrase: "the passphrase of before", random, next: PASSPHRASE });
    withRoot(folder, (sealed) => ({ ...sealed, passes: 2 }));
    assert.throws(() => openKeys({ folder, passphrase: PASSPHRASE, random }), { code: "keys.wrong-passphrase" });
    withRoot(folder, (sealed) => ({ ...sealed, passes: 1_000_000 }));
    assert.throws(() => openKeys({ folder, passphrase: PASSPHRASE, random }), { code: "keys.damaged" });
  });

  it("open with what was derived ahead, if it was for them, and without it if not", async (t) => {
    const folder = newFolder(t);
    const open = { folder, passphrase: PASSPHRASE, random, cost: CHEAP };
    assert.equal(await deriveAhead(folder, PASSPHRASE), undefined);
    const made = openKeys(open);
    const derived = await deriveAhead(folder, PASSPHRASE);
    assert.ok(derived !== undefined);
    assert.deepEqual(openKeys({ ...open, derived }).file, made.file);
    // It is what the keys are opened with.
    assert.throws(() => openKeys({ ...open, derived: { ...derived, key: Buffer.alloc(32) } }), { code: "keys.wrong-passphrase" });
    // For another passphrase, another folder, or before the passphrase was changed it is nothing.
    assert.throws(() => openKeys({ ...open, passphrase: "another passphrase altogether", derived }), { code: "keys.wrong-passphrase" });
    const other = { ...open, folder: newFolder(t) };
    assert.deepEqual(openKeys(other).file, openKeys({ ...other, derived }).file);
    changePassphrase({ ...open, next: "the next passphrase, longer" });
    assert.deepEqual(openKeys({ ...open, passphrase: "the next passphrase, longer", derived }).file, made.file);
    writeFileSync(join(folder, "root.json"), "{");
    assert.equal(await deriveAhead(folder, PASSPHRASE), undefined);
  });

  it("are refused with the cure when the passphrase is wrong", async (t) => {
    assert.equal(told(await closedJournal(t), "another passphrase altogether").code, "keys.wrong-passphrase");
  });

  it("are refused with the cure when their file is gone, cut, changed, or asks for more memory than is sane", async (t) => {
    const cases: readonly [string, (folder: string) => void][] = [
      ["keys.missing", (folder) => rmSync(join(folder, "root.json"))],
      ["keys.damaged", (folder) => truncateSync(join(folder, "root.json"), 20)],
      ["keys.damaged", (folder) => withRoot(folder, (root) => ({ ...root, more: 1 }))],
      ["keys.damaged", (folder) => withRoot(folder, (root) => ({ ...root, cost: 40 }))],
      ["keys.wrong-passphrase", (folder) => withRoot(folder, (root) => ({ ...root, cost: CHEAP + 1 }))],
      ["journal.file-unreadable", (folder) => writeFileSync(join(folder, "root.json"), "x".repeat(10_000))],
    ];
    for (const [code, damage] of cases) {
      const folder = await closedJournal(t);
      damage(folder);
      assert.equal(told(folder).code, code);
    }
  });

  it("stand in files that only their owner may read, or are refused with the line to type", async (t) => {
    const folder = await closedJournal(t);
    const files = filesUnder(folder);
    assert.deepEqual(files.map((file) => statSync(file).mode & 0o777), files.map(() => 0o600));
    for (const file of files) {
      chmodSync(file, 0o640);
      const { code, cure } = told(folder);
      assert.deepEqual([code, cure], ["journal.file-mode", `Run: chmod 600 ${file}`]);
      chmodSync(file, 0o600);
    }
    for (const each of [folder, join(folder, "chain-keys")]) {
      chmodSync(each, 0o755);
      assert.deepEqual([told(folder).code, told(folder).cure], ["journal.file-mode", `Run: chmod 700 ${each}`]);
      chmodSync(each, 0o700);
    }
  });
});

describe("the key of a case", () => {
  it("is named with the file to be restored when it is missing or is not this case's", async (t) => {
    const folder = await closedJournal(t);
    const [one, other] = readdirSync(join(folder, "chain-keys")).map((name) => join(folder, "chain-keys", name));
    assert.ok(one !== undefined && other !== undefined);
    renameSync(one, `${folder}/kept`);
    const missing = told(folder);
    assert.equal(missing.code, "keys.chain-missing");
    assert.ok(missing.message.includes(one));
    writeFileSync(one, readFileSync(other), { mode: 0o600 });
    assert.equal(told(folder).code, "keys.chain-damaged");
    renameSync(`${folder}/kept`, one);
    assert.equal((await rowsOf(aJournal(t, folder))).length, 1);
  });

  it("has a file whose name and content do not tell the case", async (t) => {
    const folder = await closedJournal(t);
    for (const file of filesUnder(join(folder, "chain-keys"))) {
      assert.match(file, /\/[0-9a-f]{32}\.key$/);
      assert.ok(!readFileSync(file).includes(CASE));
    }
  });
});

describe("the journal file", () => {
  it("is refused with the cure when it is gone, damaged, of another key, in use, or of a newer format", async (t) => {
    const gone = await closedJournal(t);
    rmSync(join(gone, "journal.db"));
    assert.equal(told(gone).code, "journal.missing");
    writeFileSync(join(gone, "journal.db"), "", { mode: 0o600 });
    assert.equal(told(gone).code, "journal.missing");

    const damaged = await closedJournal(t);
    const bytes = readFileSync(join(damaged, "journal.db"));
    bytes.writeUInt8(bytes.readUInt8(6_000) ^ 1, 6_000);
    writeFileSync(join(damaged, "journal.db"), bytes);
    assert.equal(told(damaged).code, "journal.damaged");

    const [one, other] = [await closedJournal(t), await closedJournal(t)];
    writeFileSync(join(one, "journal.db"), readFileSync(join(other, "journal.db")));
    assert.equal(told(one).code, "journal.wrong-key");

    const newer = await closedJournal(t);
    const db = openDatabase(join(newer, "journal.db"), keysIn(newer).file);
    db.exec("UPDATE meta SET value = '2'");
    db.close();
    assert.equal(told(newer).code, "journal.format");

    const folder = newFolder(t);
    aJournal(t, folder);
    assert.equal(told(folder).code, "journal.in-use");
  });
});
