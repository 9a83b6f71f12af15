import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "node:test";
import Database from "better-sqlite3-multiple-ciphers";
import { CommitCounter } from "../../bench/echo-commits.ts";

describe("the count of commits from outside", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "relevo-commits-"));
  after(() => rmSync(dir, { recursive: true, force: true }));

  it("is the number of transactions that changed something, also over checkpoints, in an encrypted file", () => {
    const file = path.join(dir, "counted.db");
    const db = new Database(file);
    db.pragma("cipher='chacha20'");
    db.pragma(`hexkey='${"ab".repeat(32)}'`);
    db.pragma("journal_mode=WAL");
    db.pragma("wal_autocheckpoint=100");
    db.exec("CREATE TABLE line (text TEXT)");
    const counter = new CommitCounter(file);
    const before = counter.look();
    const add = db.prepare("INSERT INTO line VALUES (?)");
    let commits = 0;
    for (let turn = 0; turn < 200; turn += 1) {
      // One to three transactions between two looks, of one to twenty rows each; rows of a page and more now and then.
      for (let each = 0; each <= turn % 3; each += 1) {
        db.transaction(() => {
          for (let row = 0; row <= turn % 20; row += 1) add.run("x".repeat(turn % 10 === 0 ? 6_000 : 40));
        })();
        commits += 1;
      }
      assert.equal(counter.look() - before, commits, `after turn ${turn}`);
    }
    db.prepare("SELECT count(*) FROM line").get();
    assert.equal(counter.look() - before, commits);
    db.close();
  });
});
