/** What another process has taken so far, as the system tells: processor time and memory. */
import { readdirSync, readFileSync } from "node:fs";

/** Processor time of all threads of a process, in milliseconds; not a number where the system does not tell (only Linux does, to the nanosecond). */
export function cpuMs(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const spent = threads.map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]));
    return spent.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e6;
  } catch {
    return Number.NaN;
  }
}

/** Most memory that a process has had at once (`VmHWM`) and what it has now (`VmRSS`), in megabytes of 2^20 bytes. */
export function memoryMb(pid: number | "self"): { readonly peak: number; readonly now: number } {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? Number.NaN);
    return { peak: kilobytes("VmHWM") / 1024, now: kilobytes("VmRSS") / 1024 };
  } catch {
    return { peak: Number.NaN, now: Number.NaN };
  }
}
