/** Child processes that cannot outlive the process that started them, whatever ends it. */
import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";

const alive = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

/**
 * The watcher's whole program: its standard input is a pipe whose other end only we hold, so the read ends when we die, also by SIGKILL.
 * It ignores the signals of a terminal, because it has to outlive us by a moment.
 */
const WATCH = 'trap "" INT TERM HUP; read -r _; kill -KILL "$1" 2>/dev/null';

/** How a child ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child on the leash. */
export interface Leashed {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** Asks it to end (SIGTERM) and insists (SIGKILL) after `patience` milliseconds. */
  stop(patience?: number): Promise<Ended>;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<Ended>;
}

/** Starts a child in its own process group, so that Ctrl-C reaches us alone and we stop things in the right order. Throws if it cannot start. */
export async function startLeashed(command: string, args: readonly string[], options: SpawnOptions): Promise<Leashed> {
  const child = spawn(command, args, { ...options, detached: true });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  if (child.pid === undefined) throw new Error(`${command} did not start`);
  const pid = child.pid;
  alive.add(child);
  const watcher = spawn("/bin/sh", ["-c", WATCH, "leash", String(pid)], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  watcher.on("error", () => child.kill("SIGKILL"));
  watcher.unref();
  // A pipe to a child is a socket that would keep this process running.
  if (watcher.stdin !== null && "unref" in watcher.stdin && typeof watcher.stdin.unref === "function") watcher.stdin.unref();
  const ended = new Promise<Ended>((resolve) => {
    child.once("exit", (code, signal) => {
      alive.delete(child);
      watcher.kill("SIGKILL");
      resolve({ code, signal });
    });
  });
  return {
    child, pid, ended,
    async stop(patience = 10_000) {
      if (alive.has(child)) child.kill("SIGTERM");
      const insist = setTimeout(() => child.kill("SIGKILL"), patience);
      const how = await ended;
      clearTimeout(insist);
      return how;
    },
    async kill() {
      if (alive.has(child)) child.kill("SIGKILL");
      return ended;
    },
  };
}
