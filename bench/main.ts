/** `npm run bench`: what Relevo costs beyond the bare thing, as a table; `-- --json FILE` writes it too. Not a test: a row that falls short stays in it. */
import { writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem, type } from "node:os";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { findPython } from "../test/support/python.ts";
import { echoRows } from "./echo.ts";
import { journalRows } from "./journal.ts";

/** Rows with a goal; all others are absolute figures beside them. */
const GOALS: Readonly<Record<string, { readonly at: "most" | "least"; readonly goal: number; readonly says: string }>> = {
  commits_per_command: { at: "most", goal: 4, says: "durable commits of a command beyond the echo's, both files" },
  requests_per_command: { at: "most", goal: 1, says: "requests to the homeserver beyond the echo's" },
  round_trip_ratio_p50: { at: "most", goal: 1.15, says: "typed to answer read, against the echo" },
  journal_append_ratio: { at: "least", goal: 0.7, says: "journal rows per second, one commit a command, against raw inserts" },
};

const { values } = parseArgs({ options: { json: { type: "string" } } });
const python = await findPython();
if (!python.ok) {
  console.error(python.reason);
  process.exit(1);
}
const progress = (text: string): void => console.error(text);
const machine = aboutMachine();
const measured = { ...await echoRows(progress), ...await journalRows() };
const rows = Object.fromEntries(Object.entries(measured).map(([name, value]) => [name, Math.round(value * 1000) / 1000]));

console.log(`${"row".padEnd(28)}${"figure".padStart(10)}  goal`);
for (const [name, value] of Object.entries(rows)) {
  const goal = GOALS[name];
  const met = goal === undefined || (goal.at === "most" ? value <= goal.goal : value >= goal.goal);
  const told = goal === undefined ? "" : `${goal.at === "most" ? "≤" : "≥"} ${goal.goal}${met ? "" : "  FALLS SHORT"}  ${goal.says}`;
  console.log(`${name.padEnd(28)}${String(value).padStart(10)}  ${told}`);
}
console.log(`\n${machine.processors} × ${machine.processor}, ${machine.memory}, ${machine.system}, Node ${machine.node}; files on ${machine.fileSystem}, ${machine.sync}`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ rows, machine }, null, 2)}\n`);
// The people's clients keep timers of their own.
process.exit();

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
