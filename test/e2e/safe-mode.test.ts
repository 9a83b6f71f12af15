/** A bot whose journal alone is unfit stays and says so; what is said to it meanwhile is taken up when the journal is fit again. */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assertEachOnce, countExactly } from "../support/counting.ts";
import { openOperation, type Operation } from "./attacks-stage.ts";
import { chapters } from "./kill-story.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/relevo.js", import.meta.url));
const SAFE = /^relevo: SAFE MODE, .*\nTo do: /m;
const PAGE = 4_096;

describe("a bot that starts on a journal that it cannot use", () => {
  let op: Operation;
  let room: string;
  const step = chapters();

  before(async () => {
    op = await openOperation({ members: [] });
    room = await op.coordination("luis");
  });
  after(() => op?.close());

  const journal = (): string => path.join(op.bot.dir, "data", "journal.db");
  /** What a bad sector, or somebody, does: one byte in every page but the first is another. */
  function damages(): void {
    const bytes = readFileSync(journal());
    for (let at = PAGE + 200; at < bytes.length; at += PAGE) bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(journal(), bytes);
  }
  const added = (title: string): RegExp => new RegExp(`^T-\\d+ ${title}$`, "m");

  step("tells the owner, answers status, and carries out nothing", async () => {
    await op.asks("luis", room, "!task add Before", added("Before"));
    await op.bot.stop();
    copyFileSync(journal(), `${journal()}.whole`);
    damages();
    const damaged = readFileSync(journal());
    const from = { ana: op.person("ana").seen.length, luis: op.person("luis").seen.length };
    await op.bot.start(SAFE);
    await op.reads("ana", /^SAFE MODE since .*its file is damaged[^]*not even a stop[^]*not lost/, { from: from.ana });
    for (const asked of ["status", "doctor"]) await op.asks("ana", op.direct("ana"), asked, /^SAFE MODE since [^]*I could not read my journal at all/);
    await op.person("luis").say(room, "!task add Meanwhile");
    await op.asks("ana", op.direct("ana"), "stop we are burnt", /^YOUR STOP IS NOT TAKEN/);
    await op.asks("ana", op.direct("ana"), "status", /^SAFE MODE since /);
    assert.deepEqual(op.person("luis").seen.slice(from.luis).filter((seen) => seen.sender === op.bot.userId).map(({ body }) => body)
      // The board of before may reach her phone after the bot has stopped.
      .filter((body) => !/ · open until /.test(body)), []);
    assert.deepEqual(readFileSync(journal()), damaged, "nothing is written to it");
    assert.doesNotMatch(op.bot.output, /"bug":/);
  });

  step("says it once, however often it is started", async () => {
    await op.bot.kill();
    await op.bot.start(SAFE);
    await op.asks("ana", op.direct("ana"), "status", /^SAFE MODE since /);
    countExactly(op.bot.userId, [op.person("ana")], { body: /^SAFE MODE since [^]*I answer only/, as: "message" });
  });

  step("takes up, once and as late, what was said meanwhile, when the journal is whole again", async () => {
    assert.deepEqual(await op.bot.stop(), { code: 0, signal: null });
    copyFileSync(`${journal()}.whole`, journal());
    await op.bot.start();
    for (const name of ["ana", "luis"]) await op.reads(name, added("Meanwhile"), { room });
    await op.fence("luis", room);
    countExactly(op.bot.userId, [op.person("luis")], { body: added("Meanwhile"), room: "· coordination" });
  });

  step("does not go on with an older journal that was put back, and does with the newest", async () => {
    await op.bot.stop();
    copyFileSync(journal(), `${journal()}.newest`);
    const older = readFileSync(`${journal()}.whole`);
    writeFileSync(journal(), older);
    const from = op.person("ana").seen.length;
    await op.bot.start(SAFE);
    assert.match(op.bot.output, /\(journal\.older\)\nTo do: .*relevo recover/);
    await op.reads("ana", /^SAFE MODE since .*an older file was put in its place/, { from });
    assert.deepEqual(await op.bot.stop(), { code: 0, signal: null });
    assert.deepEqual(readFileSync(journal()).subarray(PAGE), older.subarray(PAGE));
    for (const rest of ["-wal", "-shm"]) if (existsSync(`${journal()}${rest}`)) assert.equal(statSync(`${journal()}${rest}`).size, 0);
    copyFileSync(`${journal()}.newest`, journal());
    await op.bot.start();
    await op.asks("luis", room, "!task add Afterwards", added("Afterwards"));
    assertEachOnce(op.bot.userId, ["ana", "luis"].map((name) => op.person(name)));
  });

  step("ends, and says why, when another process has its files, or the passphrase is another", async () => {
    await assert.rejects(runs(), (error: { readonly code?: number; readonly stderr?: string }) => error.code === 1 && /\(journal\.in-use\)\n(?:.*\n)?To do: /.test(error.stderr ?? ""));
    await op.asks("luis", room, "!task add Undisturbed", added("Undisturbed"));
    await op.bot.stop();
    const file = path.join(op.bot.dir, "secrets", "passphrase");
    const right = readFileSync(file, "utf8");
    rmSync(file);
    writeFileSync(file, "not the passphrase of this journal\n", { mode: 0o600 });
    await assert.rejects(runs(), (error: { readonly code?: number; readonly stderr?: string }) => error.code === 78 && /\(keys\.wrong-passphrase\)\n(?:.*\n)?To do: /.test(error.stderr ?? ""));
    writeFileSync(file, right, { mode: 0o600 });
    await op.bot.start();
    await op.fence("luis", room);
  });

  step("says so while it runs, when its disk is full, and goes on with everything when there is room", async (test) => {
    const data = path.join(op.bot.dir, "data");
    await op.bot.stop();
    const kept = `${data}.kept`;
    cpSync(data, kept, { recursive: true });
    if (!mounts(data)) {
      test.skip("only root can mount a small disk");
      return;
    }
    op.ends(async () => void execFileSync("umount", [data]));
    cpSync(kept, data, { recursive: true });
    execFileSync("chmod", ["700", data]);
    await op.bot.start();
    const filler = path.join(data, "filler");
    assert.throws(() => { for (;;) writeFileSync(filler, Buffer.alloc(65_536), { flag: "a" }); }, { code: "ENOSPC" });
    const from = { ana: op.person("ana").seen.length, luis: op.person("luis").seen.length };
    for (const name of ["ana", "luis"] as const) await op.reads(name, /^SAFE MODE since .*the disk is full/, { from: from[name], room: op.direct(name) });
    const titles = ["Full 1", "Full 2", "Full 3"];
    for (const title of titles) await op.person("luis").say(room, `!task add ${title}`);
    await op.asks("luis", op.direct("luis"), "status", /^SAFE MODE since [^]*people in charge have been told/);
    await op.bot.stop();
    rmSync(filler);
    await op.bot.start();
    for (const title of titles) {
      await op.reads("ana", added(title), { room });
      countExactly(op.bot.userId, [op.person("ana")], { body: added(title), room: "· coordination" });
    }
    assertEachOnce(op.bot.userId, ["ana", "luis"].map((name) => op.person(name)));
  });

  /** Puts a small disk there, where that is allowed. */
  function mounts(folder: string): boolean {
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  }
  function runs(): Promise<unknown> {
    return promisify(execFile)(process.execPath, [PROGRAM, "run", "--config", op.bot.config], { timeout: 60_000 });
  }
});
