/** The machine that the bot runs on: Node, disk, who can read its files, and whether the recovery key has left. Reads no file's content. */
import { readdirSync, statSync, statfsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Check } from "../domain/doctor.ts";
import { attention, fine, wrong } from "../domain/doctor.ts";
import { line } from "../domain/say.ts";
import type { Settings } from "./settings.ts";

declare module "../domain/say.ts" {
  interface Sayings {
    "doctor.node": { version: string };
    "doctor.node-old": { version: string; needed: number };
    "doctor.node-old-cure": Record<never, never>;
    "doctor.disk": { megabytes: number };
    "doctor.disk-little": { megabytes: number; folder: string };
    "doctor.disk-little-cure": Record<never, never>;
    "doctor.disk-unknown": { folder: string };
    "doctor.disk-unknown-cure": Record<never, never>;
    "doctor.files": Record<never, never>;
    "doctor.files-open": { count: number };
    "doctor.files-open-cure": { line: string };
    "doctor.recovery-key-gone": Record<never, never>;
    "doctor.recovery-key-here": { file: string };
    "doctor.recovery-key-here-cure": { file: string };
    "doctor.watch": Record<never, never>;
    "doctor.watch-none": Record<never, never>;
    "doctor.watch-none-cure": Record<never, never>;
  }
}

/** Major version of Node that Relevo is made for. */
const NODE = 26;
const MEGABYTE = 1024 * 1024;
/** Below this the disk should be looked at; below this the journal may be full before somebody has. Megabytes. */
const LITTLE = 2_048;
const TOO_LITTLE = 200;
/** Files of a data folder looked at; more are not the bot's. */
const MOST_FILES = 5_000;
/** Files named in one line to be typed. */
const MOST_NAMED = 5;

/** What of the settings this needs. */
export type MachineSettings = Pick<Settings, "data" | "secrets" | "metrics" | "deadManUrl">;

/** All checks of the machine. `node` is the version that runs. */
export function machineChecks(settings: MachineSettings, node: string): Check[] {
  return [nodeCheck(node), diskCheck(settings.data), filesCheck(settings), recoveryKeyCheck(settings.secrets.recoveryKeyFile), watchCheck(settings)];
}

function nodeCheck(version: string): Check {
  if (Number(version.split(".")[0]) >= NODE) return fine("node", line("doctor.node", { version }));
  return wrong("node", line("doctor.node-old", { version, needed: NODE }), line("doctor.node-old-cure", {}));
}

function diskCheck(folder: string): Check {
  const free = freeSpace(folder);
  if (free === undefined) return wrong("disk", line("doctor.disk-unknown", { folder }), line("doctor.disk-unknown-cure", {}));
  return diskVerdict(free, folder);
}
/** What so many free bytes mean. */
export function diskVerdict(free: number, folder: string): Check {
  const megabytes = Math.floor(free / MEGABYTE);
  const little = line("doctor.disk-little", { megabytes, folder });
  if (megabytes < TOO_LITTLE) return wrong("disk", little, line("doctor.disk-little-cure", {}));
  if (megabytes < LITTLE) return attention("disk", little, line("doctor.disk-little-cure", {}));
  return fine("disk", line("doctor.disk", { megabytes }));
}

/** Before the first start there is no data folder: then that of the folder it will be made in. */
function freeSpace(folder: string): number | undefined {
  for (let at = folder; ; at = dirname(at)) {
    try {
      const { bavail, bsize } = statfsSync(at);
      return bavail * bsize;
    } catch {
      if (dirname(at) === at) return undefined;
    }
  }
}

/** Windows has no such bits: there the access list of the folder has to do it. */
function filesCheck({ data, secrets }: MachineSettings): Check {
  if (process.platform === "win32") return fine("files", line("doctor.files", {}));
  const files = [data, ...inside(data), ...[secrets.accessTokenFile, secrets.passphraseFile, secrets.recoveryKeyFile, secrets.passwordFile].filter((file) => file !== undefined)];
  const open = files.filter((file) => ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0);
  if (open.length === 0) return fine("files", line("doctor.files", {}));
  return wrong("files", line("doctor.files-open", { count: open.length }), line("doctor.files-open-cure", { line: `chmod go= ${open.slice(0, MOST_NAMED).map(quoted).join(" ")}` }));
}

function inside(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" }).slice(0, MOST_FILES).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function quoted(file: string): string {
  return /^[\w@%+=:,./-]+$/.test(file) ? file : `'${file.replaceAll("'", String.raw`'\''`)}'`;
}

function recoveryKeyCheck(file: string): Check {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) return fine("recovery-key", line("doctor.recovery-key-gone", {}));
  return attention("recovery-key", line("doctor.recovery-key-here", { file }), line("doctor.recovery-key-here-cure", { file: quoted(file) }));
}

function watchCheck({ metrics, deadManUrl }: Pick<Settings, "metrics" | "deadManUrl">): Check {
  if (metrics !== "off" || deadManUrl !== undefined) return fine("watch", line("doctor.watch", {}));
  return attention("watch", line("doctor.watch-none", {}), line("doctor.watch-none-cure", {}));
}
