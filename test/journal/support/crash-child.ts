/**
 * Commits batches as fast as it can until it is killed, and says after each one that it is durable. Started by crash.test.ts with the data folder.
 * Batch n is one row in each of two cases, one inbox event taken and the one before it dealt with, one effect, and the value `batch`.
 */
import type { EventId } from "../../../src/domain/ids.ts";
import { openJournal } from "../../../src/journal/journal.ts";
import { aRow, anInbox, anOutbox, CASE, options, OTHER_CASE } from "./setting.ts";

const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: crash-child.ts FOLDER");
const journal = openJournal(options(folder));
let n = Number((await journal.value("batch")) ?? 0);
for (;;) {
  n += 1;
  await journal.commit({
    rows: [aRow({ n, filler: "x".repeat(n % 3_000) }), aRow({ n }, OTHER_CASE)],
    inbox: [anInbox(`$${n}`)],
    ...(n > 1 ? { inboxEnds: [{ event: `$${n - 1}` as EventId, end: "done" as const }] } : {}),
    outbox: [anOutbox(`effect-${n}`, n % 2 === 0 ? CASE : OTHER_CASE)],
    ...(n > 1 ? { outboxChanges: [{ id: `effect-${n - 1}`, to: "sent" as const, event: `$sent${n - 1}` as EventId }] } : {}),
    ratchets: [{ room: anInbox().room, session: "s", index: n, event: `$${n}` as EventId, hash: "aa" }],
    values: { batch: String(n) },
  });
  // Written at once: process.stdout may keep lines back, and then the test would ask for less than was promised.
  process.stdout.write(`${n}\n`);
  if (n % 50 === 0) await journal.saveSnapshot(CASE, n, "e1", { n });
  if (n % 7 === 0) await new Promise((done) => setImmediate(done));
}
