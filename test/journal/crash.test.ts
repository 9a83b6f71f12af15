import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { RoomId } from "../../src/domain/ids.ts";
import { openJournal } from "../../src/journal/journal.ts";
import { CASE, newFolder, options, OTHER_CASE, rowsOf } from "./support/setting.ts";

const CHILD = fileURLToPath(new URL("./support/crash-child.ts", import.meta.url));
const ROUNDS = 24;
const ROOM = "!room" as RoomId;

/** Runs the child until it has said `batches` more are durable, and kills it in the middle of what comes next; gives the last one it promised. */
async function killedAfter(folder: string, batches: number): Promise<number> {
  const child = spawn(process.execPath, [CHILD, folder], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  let seen = 0;
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (part: string) => {
    text += part;
    seen += part.split("\n").length - 1;
    if (seen >= batches) child.kill("SIGKILL");
  });
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  assert.equal(signal, "SIGKILL", `the child ended by itself with ${code}`);
  return Number(text.split("\n").at(-2));
}

describe("a process killed in the middle of its commits", () => {
  it("leaves every batch it promised whole, at most one more, and never a half one", { timeout: 110_000 }, async (t) => {
    const folder = newFolder(t);
    let beyondPromise = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const promised = await killedAfter(folder, 1 + ((round * 17) % 60));
      const journal = openJournal(options(folder));
      const batch = Number(await journal.value("batch"));
      assert.ok(batch === promised || batch === promised + 1, `round ${round}: batch ${promised} was promised, ${batch} is there`);
      if (batch > promised) beyondPromise += 1;
      const [rows, others] = [await rowsOf(journal, CASE), await rowsOf(journal, OTHER_CASE)];
      assert.deepEqual([rows.length, others.length], [batch, batch], `round ${round}`);
      for (const chain of [CASE, OTHER_CASE]) assert.equal((await journal.verify(chain, [])).ok, true);
      assert.deepEqual((await journal.inbox()).map(({ event }) => event), [`$${batch}`]);
      assert.deepEqual((await journal.outbox()).map(({ id }) => id), [`effect-${batch}`]);
      assert.ok((await journal.ratchet(ROOM, "s", batch)) !== undefined);
      assert.equal(await journal.ratchet(ROOM, "s", batch + 1), undefined);
      const snapshot = await journal.snapshot(CASE);
      if (snapshot !== undefined) assert.deepEqual(snapshot.state, { n: snapshot.seq });
      await journal.close();
    }
    t.diagnostic(`${ROUNDS} kills, ${beyondPromise} of them after a commit that was not promised yet`);
  });

  it("can be killed at its very first start, at each step of making its files", { timeout: 60_000 }, async (t) => {
    for (let changes = 1; changes <= 12; changes++) {
      const folder = newFolder(t);
      let seen = 0;
      const watcher = watch(folder, { recursive: true });
      const child = spawn(process.execPath, [CHILD, folder], { stdio: ["ignore", "ignore", "inherit"] });
      watcher.on("change", () => {
        seen += 1;
        if (seen >= changes) child.kill("SIGKILL");
      });
      await once(child, "close");
      watcher.close();
      const journal = openJournal(options(folder));
      assert.equal((await rowsOf(journal)).length, Number((await journal.value("batch")) ?? 0));
      await journal.close();
    }
  });
});
