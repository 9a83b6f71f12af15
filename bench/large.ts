/** What a journal of a million rows costs: starting with it, and verifying its export. Each is measured in a process of its own. */
import { cpSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dropSnapshots, makeLargeJournal } from "./large-journal.ts";
import { inOwnProcess } from "./own-process.ts";

const ROWS = 1_000_000;
/** Each is measured so often, turn by turn. */
const TURNS = 3;

interface Started {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly memory: number;
  readonly rows: number;
  readonly state: string;
}
interface Read {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly rows: number;
  readonly memory: number;
}

/** `start_*` and `audit_verify_*`, as far as they are wanted. */
export async function largeRows(wants: (group: "start" | "verify") => boolean, progress: (text: string) => void, rows = ROWS): Promise<Record<string, number>> {
  const dir = mkdtempSync(join(tmpdir(), "relevo-bench-large-"));
  try {
    const folder = join(dir, "data");
    const file = join(dir, "export.jsonl");
    progress(`writing a journal of ${rows} rows`);
    await makeLargeJournal(folder, rows, wants("verify") ? file : undefined);
    return { ...(wants("start") ? await startRows(folder, dir, progress) : {}), ...(wants("verify") ? await verifyRows(file, rows, progress) : {}) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function startRows(folder: string, dir: string, progress: (text: string) => void): Promise<Record<string, number>> {
  const started = async (name: string, prepare: (copy: string) => Promise<void>): Promise<Started> => {
    const copy = join(dir, name);
    cpSync(folder, copy, { recursive: true, preserveTimestamps: true });
    await prepare(copy);
    progress(`starting ${name.replaceAll("-", " ")}`);
    const figures = await inOwnProcess<Started>("./start-child.ts", [copy]);
    rmSync(copy, { recursive: true });
    return figures;
  };
  const snapshot = await started("with-a-snapshot", () => Promise.resolve());
  const none = await started("without-a-snapshot", dropSnapshots);
  return {
    start_with_snapshot_s: snapshot.seconds, start_without_snapshot_s: none.seconds, start_same_state: snapshot.state === none.state && snapshot.rows === none.rows ? 1 : 0,
    start_with_snapshot_cpu_s: snapshot.cpuSeconds, start_without_snapshot_cpu_s: none.cpuSeconds, start_rows: none.rows,
    start_with_snapshot_mb: snapshot.memory, start_without_snapshot_mb: none.memory,
  };
}

async function verifyRows(file: string, rows: number, progress: (text: string) => void): Promise<Record<string, number>> {
  const of = { "verify": [] as Read[], "hash-lines": [] as Read[], "hash": [] as Read[] };
  for (let turn = 0; turn < TURNS; turn += 1) {
    progress(`verifying the export, ${turn + 1} of ${TURNS}`);
    for (const what of ["hash-lines", "verify", "hash"] as const) of[what].push(await inOwnProcess<Read>("./verify-child.ts", [what, file]));
  }
  const best = (what: keyof typeof of, figure: "seconds" | "cpuSeconds"): number => Math.min(...of[what].map((each) => each[figure]));
  if (of.verify.some((each) => Math.abs(each.rows - rows) > 100)) throw new Error("the export does not have the rows that were written");
  return {
    audit_verify_ratio: best("verify", "seconds") / best("hash-lines", "seconds"),
    audit_verify_s: best("verify", "seconds"), audit_verify_cpu_s: best("verify", "cpuSeconds"), audit_verify_mb: Math.max(...of.verify.map(({ memory }) => memory)),
    audit_hash_rows_s: best("hash-lines", "seconds"), audit_hash_whole_s: best("hash", "seconds"), audit_export_mb: statSync(file).size / 2 ** 20,
  };
}
