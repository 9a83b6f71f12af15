/** Finds a Python that can run Synapse, and installs Synapse once into a git-ignored cache folder. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { execFile } from "node:child_process";
import Database from "better-sqlite3-multiple-ciphers";

const run = promisify(execFile);

/** The homeserver that tests and demo run against, exactly: another version may limit or answer differently. */
export const SYNAPSE_VERSION = "1.163.2";
const OLDEST = [3, 10] as const;
const CACHE = fileURLToPath(new URL("../../.cache/synapse/", import.meta.url));
const INSTALL_LIMIT = 10 * 60_000;

export type Python = { readonly ok: true; readonly command: string; readonly version: string } | { readonly ok: false; readonly reason: string };

/** Told what is going on, in a few words each, while something takes long. */
export type Progress = (text: string) => void;

/** The first Python on the path that is new enough and has venv; else one line that says what to install. `RELEVO_PYTHON` names another. */
export async function findPython(): Promise<Python> {
  const asked = process.env["RELEVO_PYTHON"];
  const names = asked === undefined ? ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python3.10", "python"] : [asked];
  const seen: string[] = [];
  for (const command of names) {
    const found = await probe(command);
    if (found === undefined) continue;
    if (found.usable) return { ok: true, command, version: found.version };
    seen.push(`${command} is ${found.version}${found.venv ? "" : " without venv"}`);
  }
  const what = seen.length === 0 ? "none was found" : seen.join(", ");
  return { ok: false, reason: `Python 3.10 or newer with venv is needed for the homeserver (${what}); install it, for example: apt install python3 python3-venv` };
}

async function probe(command: string): Promise<{ version: string; venv: boolean; usable: boolean } | undefined> {
  const program = "import sys\ntry:\n import venv, ensurepip; ok = 1\nexcept ImportError: ok = 0\nprint(sys.version_info[0], sys.version_info[1], ok)";
  try {
    const { stdout } = await run(command, ["-c", program], { timeout: 20_000 });
    const [major = 0, minor = 0, ok = 0] = stdout.trim().split(" ").map(Number);
    const newEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
    return { version: `${major}.${minor}`, venv: ok === 1, usable: newEnough && ok === 1 };
  } catch {
    return undefined; // Not on the path, or not a Python that runs.
  }
}

/**
 * The Python of a virtual environment that holds Synapse; made at the first call, which takes about half a minute and the network.
 * Throws with one line that says what to do. Safe when several processes call it at once, and after an installation that was cut.
 */
export async function synapsePython(progress: Progress = () => {}): Promise<string> {
  const home = path.join(CACHE, SYNAPSE_VERSION);
  const python = path.join(home, "bin", "python");
  const complete = path.join(home, "complete");
  if (existsSync(complete)) return python;
  const found = await findPython();
  if (!found.ok) throw new Error(found.reason);
  mkdirSync(CACHE, { recursive: true });
  const release = await takeLock(path.join(CACHE, "lock.sqlite"), progress);
  try {
    if (existsSync(complete)) return python;
    rmSync(home, { recursive: true, force: true }); // Whatever an installation that was cut has left.
    progress(`making a virtual environment with Python ${found.version}`);
    await command(found.command, ["-m", "venv", home], progress);
    progress(`installing Synapse ${SYNAPSE_VERSION} from PyPI (once, about 250 MB)`);
    await command(python, ["-m", "pip", "install", "--no-input", "--prefer-binary", "--disable-pip-version-check", `matrix-synapse==${SYNAPSE_VERSION}`], progress);
    await command(python, ["-c", "import synapse.app.homeserver"], progress);
    writeFileSync(complete, `matrix-synapse==${SYNAPSE_VERSION}\n`);
    return python;
  } finally {
    release();
  }
}

/** SQLite's file lock is given back by the system when its holder dies, so there are no stale locks to judge. */
async function takeLock(file: string, progress: Progress): Promise<() => void> {
  const db = new Database(file, { timeout: 0 });
  const until = Date.now() + INSTALL_LIMIT;
  for (let told = false; ; told = true) {
    try {
      db.exec("BEGIN EXCLUSIVE");
      return () => db.close();
    } catch (error) {
      const busy = error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY");
      if (!busy || Date.now() > until) {
        db.close();
        throw error;
      }
      if (!told) progress("waiting for another process that is installing Synapse");
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

/** Runs to its end; each line of pip that begins a step is told. On failure the last lines of its output are in the error. */
async function command(name: string, args: readonly string[], progress: Progress): Promise<void> {
  const child = spawn(name, args, { stdio: ["ignore", "pipe", "pipe"], timeout: INSTALL_LIMIT });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  let tail = "";
  const read = (chunk: Buffer) => {
    const text = chunk.toString();
    tail = (tail + text).slice(-2_000);
    const step = /(?:^|\n)(Collecting \S+|Installing collected packages)/.exec(text)?.[1];
    if (step !== undefined) progress(step.toLowerCase());
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    if (code !== 0) throw new Error(`Synapse could not be installed: ${path.basename(name)} ${args.slice(0, 3).join(" ")} ended with ${code ?? "a signal"}\n${tail.trim()}`);
  } finally {
    process.off("exit", kill);
  }
}
