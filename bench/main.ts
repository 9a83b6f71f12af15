/**
 * `npm run bench`: what Relevo costs beyond the bare thing, as a table; `-- --json FILE` writes it too, `-- --only NAME` measures one row (or one group of
 * rows) alone; `--world FOLDER` keeps the ten thousand messages of the catch-up for the next time, `--messages`, `--keys` and `--rows` try out smaller
 * sizes. Not a test: a row that falls short stays in it.
 */
import { writeFileSync } from "node:fs";
import { cpus, loadavg, release, tmpdir, totalmem, type } from "node:os";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { findPython } from "../test/support/python.ts";
import { catchUpRows } from "./catch-up.ts";
import { echoRows } from "./echo.ts";
import { journalRows } from "./journal.ts";
import { largeRows } from "./large.ts";
import { roomKeyRows } from "./room-keys.ts";

type Group = "echo" | "journal" | "catch-up" | "room-keys" | "start" | "verify";
const ON_HOMESERVER: readonly Group[] = ["echo", "catch-up", "room-keys"];

/** Rows with a goal; all others are absolute figures beside them. */
const GOALS: Readonly<Record<string, { readonly group: Group; readonly at: "most" | "least"; readonly goal: number; readonly says: string }>> = {
  commits_per_command: { group: "echo", at: "most", goal: 4, says: "durable commits of a command beyond the echo's, both files" },
  requests_per_command: { group: "echo", at: "most", goal: 1, says: "requests to the homeserver beyond the echo's" },
  round_trip_ratio_p50: { group: "echo", at: "most", goal: 1.15, says: "typed to answer read, against the echo" },
  cpu_ms_per_command: { group: "echo", at: "most", goal: 3, says: "processor time beyond the echo's, median" },
  journal_append_ratio: { group: "journal", at: "least", goal: 0.7, says: "journal rows per second, one commit a command, against raw inserts" },
  catch_up_10000_ratio: { group: "catch-up", at: "least", goal: 0.8, says: "10,000 messages typed while it was away, dealt with, against decrypting them and nothing else" },
  catch_up_peak_mb: { group: "catch-up", at: "most", goal: 350, says: "its memory at most" },
  p1_during_catch_up_s: { group: "catch-up", at: "most", goal: 2, says: "a P1 decided before it was killed: from its start until all of it has left" },
  start_50000_room_keys_s: { group: "room-keys", at: "most", goal: 2, says: "start with 50,000 room keys until it is ready" },
  start_50000_room_keys_mb: { group: "room-keys", at: "most", goal: 200, says: "its memory at most" },
  start_with_snapshot_s: { group: "start", at: "most", goal: 10, says: "start with 1,000,000 rows, of which the snapshots lack 10,000" },
  start_without_snapshot_s: { group: "start", at: "most", goal: 60, says: "the same without any snapshot" },
  start_same_state: { group: "start", at: "least", goal: 1, says: "1: both come to the same state, by its SHA-256" },
  audit_verify_ratio: { group: "verify", at: "most", goal: 1.5, says: "an export of 1,000,000 rows verified, against reading it and SHA-256 of each row" },
};

const { values } = parseArgs({
  options: { json: { type: "string" }, only: { type: "string", multiple: true }, world: { type: "string" }, messages: { type: "string" }, keys: { type: "string" }, rows: { type: "string" } },
});
/** Smaller than the goals are for, to try something out: the table says so. */
const sizes = { messages: count(values.messages), keys: count(values.keys), rows: count(values.rows) };
const only = values.only?.map((name) => GOALS[name]?.group ?? name);
const wants = (group: Group): boolean => only === undefined || only.includes(group);
const unknown = only?.find((name) => !Object.values(GOALS).some(({ group }) => group === name));
if (unknown !== undefined) {
  console.error(`There is no row "${unknown}". Rows: ${Object.keys(GOALS).join(", ")}. Groups: ${[...new Set(Object.values(GOALS).map(({ group }) => group))].join(", ")}.`);
  process.exit(1);
}
const python = await findPython();
if (!python.ok && ON_HOMESERVER.some(wants)) {
  console.error(python.reason);
  process.exit(1);
}
const progress = (text: string): void => console.error(text);
const machine = aboutMachine();
const before = loadavg()[0] ?? 0;
const measured = {
  ...(wants("echo") ? await echoRows(progress) : {}),
  ...(wants("journal") ? await journalRows() : {}),
  ...(wants("catch-up") ? await catchUpRows(progress, values.world, sizes.messages) : {}),
  ...(wants("room-keys") ? await roomKeyRows(progress, sizes.keys) : {}),
  ...(wants("start") || wants("verify") ? await largeRows(wants, progress, sizes.rows) : {}),
};
const rows = Object.fromEntries(Object.entries(measured).map(([name, value]) => [name, Math.round(value * 1000) / 1000]));

console.log(`${"row".padEnd(30)}${"figure".padStart(12)}  goal`);
for (const [name, value] of Object.entries(rows)) {
  const goal = GOALS[name];
  const met = goal === undefined || (goal.at === "most" ? value <= goal.goal : value >= goal.goal);
  const told = goal === undefined ? "" : `${goal.at === "most" ? "≤" : "≥"} ${goal.goal}  ${met ? "met" : "FALLS SHORT"}  ${goal.says}`;
  console.log(`${name.padEnd(30)}${String(value).padStart(12)}  ${told}`);
}
for (const [what, size] of Object.entries(sizes)) if (size !== undefined) console.log(`measured with ${size} ${what} only`);
console.log(`\n${machine.processors} × ${machine.processor}, ${machine.memory}, ${machine.system}, Node ${machine.node}; files on ${machine.fileSystem}, ${machine.sync}`);
console.log(`load of the machine: ${before.toFixed(1)} before, ${(loadavg()[0] ?? 0).toFixed(1)} after (processes that want to run, ${machine.processors} can)`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ rows, machine, load: { before, after: loadavg()[0] } }, null, 2)}\n`);
// The people's clients keep timers of their own.
process.exit();

function count(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function aboutMachine(): Readonly<Record<"processor" | "memory" | "system" | "node" | "fileSystem" | "sync", string> & { processors: number }> {
  const all = cpus();
  return {
    processors: all.length,
    processor: all[0]?.model.trim() ?? "unknown",
    memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
    system: `${type()} ${release()}`,
    node: process.versions.node,
    fileSystem: fileSystemOf(tmpdir()),
    sync: `SQLite WAL, synchronous=FULL, by ${process.platform === "linux" ? "fdatasync" : "fsync"}`,
  };
}

/** Type of the file system that a folder lies on, where the system tells. */
function fileSystemOf(folder: string): string {
  if (process.platform !== "linux") return "unknown";
  const mounts = readFileSync("/proc/mounts", "utf8").split("\n").map((line) => line.split(" "))
    .filter(([, at = ""]) => at === "/" || folder === at || folder.startsWith(`${at}/`));
  return mounts.toSorted(([, one = ""], [, other = ""]) => other.length - one.length)[0]?.[2] ?? "unknown";
}
