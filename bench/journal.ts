/**
 * What the journal costs above the bare file: rows per second with one commit a command (one row, one outbox row, one inbox event ended), against raw
 * inserts of the same bytes into the same tables and indices, with the same cipher and `synchronous=FULL`. Both take turns in one run, so that a busy
 * machine slows both.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChainId, EventId, Instant, RoomId, UserId } from "../src/domain/ids.ts";
import { openDatabase } from "../src/journal/database.ts";
import { openJournal } from "../src/journal/journal.ts";
import type { SqliteJournal } from "../src/journal/journal.ts";
import { openKeys } from "../src/journal/keys.ts";
import type { Batch, NewInbox } from "../src/ports.ts";

/** Commits a turn, and turns; the first turn of each warms up and does not count. */
const TURN = 25;
const TURNS = 130;
const CASE = "benchmarkcase" as ChainId;
const random = { bytes: (length: number): Uint8Array => randomBytes(length) };
const clock = { now: (): Instant => Date.now() as Instant };

/** Rows of the benchmark's table: `journal_append_ratio` (goal ≥ 0.7), and the two absolute figures in rows per second. */
export async function journalRows(): Promise<Record<string, number>> {
  const folder = mkdtempSync(join(tmpdir(), "relevo-bench-journal-"));
  try {
    const keys = openKeys({ folder, passphrase: "a passphrase for the benchmark", random });
    const journal = openJournal({ folder, keys, clock, random, known: (type, v) => type === "task.added" && v === 1, evolveVersion: "1" });
    await journal.commit({ inbox: Array.from({ length: TURN * TURNS }, (_, n) => inboxEvent(n)) });
    const raw = rawInserts(join(folder, "raw.db"), keys.file, TURN * TURNS);
    const seconds = { journal: [] as number[], raw: [] as number[] };
    const cpu = { journal: 0, raw: 0 };
    for (let turn = 0; turn < TURNS; turn++) {
      let spent = process.cpuUsage();
      seconds.journal.push(await timed(async () => {
        for (let n = turn * TURN; n < (turn + 1) * TURN; n++) await journal.commit(aCommand(n));
      }));
      cpu.journal += cpuSince(spent);
      spent = process.cpuUsage();
      seconds.raw.push(await timed(() => {
        for (let n = turn * TURN; n < (turn + 1) * TURN; n++) raw.command(n);
      }));
      cpu.raw += cpuSince(spent);
    }
    await compareSizes(journal, folder, keys.file, raw);
    await journal.close();
    raw.close();
    const perSecond = (turns: readonly number[]): number => TURN / median(turns.slice(1));
    // Turn by turn, and the median of that: a pause of the machine in one turn does not count for either.
    const ratios = seconds.journal.map((took, turn) => (seconds.raw[turn] ?? 0) / took).slice(1);
    const each = (microseconds: number): number => microseconds / (TURN * TURNS);
    return { journal_append_ratio: median(ratios), journal_cpu_us_per_commit: each(cpu.journal), raw_cpu_us_per_commit: each(cpu.raw), journal_rows_per_second: perSecond(seconds.journal), raw_rows_per_second: perSecond(seconds.raw) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function inboxEvent(n: number): NewInbox {
  const wire = JSON.stringify({ type: "m.room.encrypted", content: { algorithm: "m.megolm.v1.aes-sha2", ciphertext: "A".repeat(400), session_id: "s".repeat(43) } });
  return { event: `$${String(n).padStart(43, "0")}` as EventId, room: "!room:bench.example" as RoomId, sender: "@ana:es.example" as UserId, received: 1 as Instant, late: false, wire };
}

/** What a command such as `task add` makes: one event of usual size, one message to a room. */
function aCommand(n: number): Batch {
  const at = (1_795_521_600_000 + n) as Instant;
  return {
    rows: [{
      chain: CASE, at, actor: "@ana:es.example" as UserId, cause: inboxEvent(n).event, trust: "pinned-signed",
      event: { type: "task.added", v: 1, task: `T-${n}`, title: "Get the air waybill from the carrier", owner: "CO-1", by: "ES-1", due: { at: at + 86_400_000, zone: "America/Bogota" }, remindBefore: [86_400_000, 7_200_000], at } as never,
    }],
    outbox: [{ chain: CASE, lane: "live", created: at, body: JSON.stringify({ slot: "coordination", body: "T-12 Get the air waybill from the carrier\nCO-1, due Fri 27 Nov 18:00 Bogota".padEnd(600, ".") }), of: { row: 0, n: 0 } }],
    inboxEnds: [{ event: inboxEvent(n).event, end: "done" }],
  };
}

/** Bytes of each column, as they are in the journal's own file. */
const SIZES = { header: 288, body: 380, outbox: 662, inbox: 680 };

interface Raw {
  command(n: number): void;
  sizes(): readonly (number | null)[];
  close(): void;
}

/** The same statements as the journal's, with bytes made beforehand and nothing around them. */
function rawInserts(file: string, key: Uint8Array, commands: number): Raw {
  const db = openDatabase(file, key);
  const row = db.prepare("INSERT INTO entry (chain, seq, header, commitment, body, hash) VALUES (?, ?, ?, ?, ?, ?)");
  const outbox = db.prepare("INSERT INTO outbox (effect, chain, lane, created, expires, supersedes, state, body) VALUES (?, ?, ?, ?, ?, ?, 'rendered', ?)");
  const ended = db.prepare("UPDATE inbox SET ended = ?, sealed = NULL WHERE event = ? AND ended IS NULL");
  const waiting = db.prepare("INSERT INTO inbox (event, hash, sealed) VALUES (?, ?, ?)");
  db.transaction(() => {
    for (let n = 0; n < commands; n++) waiting.run(inboxEvent(n).event, randomBytes(32), randomBytes(SIZES.inbox));
  })();
  const bytes = { header: randomBytes(SIZES.header), commitment: randomBytes(32), body: randomBytes(SIZES.body), hash: randomBytes(32), outbox: randomBytes(SIZES.outbox) };
  const events = Array.from({ length: commands }, (_, n) => inboxEvent(n).event);
  const effects = Array.from({ length: commands }, () => randomBytes(16).toString("hex"));
  const command = db.transaction((n: number) => {
    row.run(CASE, n + 1, bytes.header, bytes.commitment, bytes.body, bytes.hash);
    outbox.run(effects[n], CASE, "live", 1_795_521_600_000 + n, null, null, bytes.outbox);
    ended.run("done", events[n]);
  });
  return { command: (n) => command.immediate(n), sizes: () => sizesIn(db), close: () => void db.close() };
}

type Db = ReturnType<typeof openDatabase>;
function sizesIn(db: Db): (number | null)[] {
  return db.prepare<[], (number | null)[]>(
    `SELECT (SELECT avg(length(header)) FROM entry), (SELECT avg(length(body)) FROM entry), (SELECT avg(length(hash)) FROM entry),
            (SELECT avg(length(body)) FROM outbox), (SELECT count(*) FROM entry), (SELECT count(*) FROM inbox WHERE ended IS NOT NULL)`,
  ).raw().all()[0] ?? [];
}

/** The comparison is worth nothing if the raw inserts write less: refuses to give figures if they differ by more than a twentieth. */
async function compareSizes(journal: SqliteJournal, folder: string, key: Uint8Array, raw: Raw): Promise<void> {
  await journal.close();
  const db = openDatabase(join(folder, "journal.db"), key);
  const own = sizesIn(db);
  db.close();
  for (const [index, size] of raw.sizes().entries()) {
    const other = own[index] ?? 0;
    if (Math.abs((size ?? 0) - other) > other / 20) throw new Error(`the raw inserts are not those of the journal: ${size} and ${other} (figure ${index})`);
  }
}

/** Microseconds. */
function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

async function timed(work: () => void | Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1000;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return ((sorted[Math.floor((sorted.length - 1) / 2)] ?? 0) + (sorted[Math.ceil((sorted.length - 1) / 2)] ?? 0)) / 2;
}
