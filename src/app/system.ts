/** The one place that reads the system's clock, timers and randomness, and the only way to its log. */
import { createHash, randomBytes, randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import type { Instant } from "../domain/ids.ts";
import type { Clock, Random } from "../ports.ts";
import type { LogCode } from "./log-codes.ts";

/** The wall clock, and beside it milliseconds that never step back, to measure spans and to notice when the wall clock was set. */
export interface SystemClock extends Clock {
  /** Milliseconds since an arbitrary moment; unaffected by changes of the wall clock. */
  elapsed(): number;
}

/** A timer sleeps at most this long before it looks at the wall clock again: a clock set forward is noticed within that time. Milliseconds. */
const LONGEST_SLEEP = 15_000;

/** The clock of this machine; a timer is never early, and is late by at most {@link LONGEST_SLEEP} after the wall clock was set. */
export function systemClock(): SystemClock {
  return {
    now: () => Date.now() as Instant,
    elapsed: () => performance.now(),
    steady: {
      elapsed: () => performance.now(),
      sleep(ms, then) {
        const timer = setTimeout(then, ms);
        return () => clearTimeout(timer);
      },
    },
    wakeAt(at, then) {
      let timer: NodeJS.Timeout | undefined;
      const sleep = (): void => {
        const left = at - Date.now();
        timer = setTimeout(left <= 0 ? then : sleep, Math.min(Math.max(left, 0), LONGEST_SLEEP));
      };
      sleep();
      return () => clearTimeout(timer);
    },
  };
}

/** Version of Relevo, as its package names it. */
export function relevoVersion(): string {
  const about: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return typeof about === "object" && about !== null && "version" in about && typeof about.version === "string" ? about.version : "unknown";
}

/** What the process itself takes. */
export interface MachineFigures {
  /** Bytes. */
  readonly resident: number;
  readonly heap: number;
  /** How late the process comes to what is due: 99th percentile in milliseconds. */
  readonly loopDelay: number;
  readonly node: string;
}
/** Watches this process. */
export interface Machine {
  figures(): MachineFigures;
  /** Called once a minute: delays are counted over the last one to two of them. */
  turn(): void;
  stop(): void;
}
/** Granularity of the measured delay, in milliseconds; also what an idle process shows, so it is taken off. */
const LOOP_RESOLUTION = 20;

/** Watches this process from now on. */
export function systemMachine(): Machine {
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION });
  delay.enable();
  const p99 = (): number => Math.max(0, delay.percentile(99) / 1e6 - LOOP_RESOLUTION);
  let before = 0;
  return {
    figures() {
      const { rss, heapUsed } = process.memoryUsage();
      return { resident: rss, heap: heapUsed, loopDelay: Math.max(before, p99()), node: process.versions.node };
    },
    turn() {
      before = p99();
      delay.reset();
    },
    stop: () => void delay.disable(),
  };
}

/** RFC 4648 base 32 in lower case. */
const BASE_32 = "abcdefghijklmnopqrstuvwxyz234567";
/** Digits and capitals without 0 O 1 I L U, which are mistaken for one another when read out or written down. */
const CODE_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_LENGTH = 4;
const LARGEST_BYTES = 65_536;

/** Randomness of the operating system, fit for keys. */
export function systemRandom(): Random {
  return {
    id: () => base32(randomBytes(16)),
    code: () => Array.from({ length: CODE_LENGTH }, () => CODE_SIGNS.charAt(randomInt(CODE_SIGNS.length))).join(""),
    pick(items) {
      if (items.length === 0) throw new Error("nothing to pick from");
      return items[randomInt(items.length)] as (typeof items)[number];
    },
    shuffle<T>(items: readonly T[]): T[] {
      const left = [...items];
      const shuffled: T[] = [];
      while (left.length > 0) shuffled.push(...left.splice(randomInt(left.length), 1));
      return shuffled;
    },
    bytes(length) {
      if (!Number.isInteger(length) || length < 1 || length > LARGEST_BYTES) throw new Error(`between 1 and ${LARGEST_BYTES} random bytes, not ${length}`);
      return new Uint8Array(randomBytes(length));
    },
  };
}

/** Five bits a character, first bit first; the last character is filled up with zero bits. */
function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{1,5}/g) ?? []).map((five) => BASE_32.charAt(Number.parseInt(five.padEnd(5, "0"), 2))).join("");
}

/** All that can stand in a log line besides its code: figures and codes, never an id, a name, a text or a foreign error's message. */
export interface LogFacts {
  readonly count?: number;
  readonly of?: number;
  /** A span in milliseconds. */
  readonly ms?: number;
  readonly bytes?: number;
  readonly attempt?: number;
  /** HTTP status. */
  readonly status?: number;
  /** Matrix error code (`M_LIMIT_EXCEEDED`); what does not look like one is logged as `M_OTHER`. */
  readonly errcode?: string;
  readonly why?: LogCode | Lowercase<string>;
}
/** How much a line matters: `error` wants somebody to look at it, `warn` may. */
export type Level = "info" | "warn" | "error";

/** What may be written to the log. Every call is one line, written at once. */
export interface Log {
  info(code: LogCode, facts?: LogFacts): void;
  warn(code: LogCode, facts?: LogFacts): void;
  error(code: LogCode, facts?: LogFacts): void;
  /** A fault of the program: logs the places in its own source, never the message. Returns a short code that stands in the line, `B-3f9a1c`. */
  bug(code: LogCode, thrown: unknown): string;
}

const NUMBERS = ["count", "of", "ms", "bytes", "attempt", "status"] as const;
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** JSON lines to `write` (one line a call, without its line break). What is not on the list of fields is left out, whatever the caller passed. */
export function jsonLog(write: (line: string) => void, now: () => number): Log {
  const put = (level: Level, code: LogCode, rest: Readonly<Record<string, unknown>>): void => {
    const safe = /^[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*){1,4}$/.test(code) && code.length <= 64 ? code : "log.code-refused";
    write(JSON.stringify({ at: new Date(now()).toISOString(), level, code: safe, ...rest }));
  };
  return {
    info: (code, facts = {}) => put("info", code, allowed(facts)),
    warn: (code, facts = {}) => put("warn", code, allowed(facts)),
    error: (code, facts = {}) => put("error", code, allowed(facts)),
    bug(code, thrown) {
      const bug = bugCode(thrown);
      put("error", code, { bug, kind: kindOf(thrown), frames: ownFrames(thrown) });
      return bug;
    },
  };
}

/** The short code of a fault of the program, by its kind and its places in the source: the same fault has the same code, `B-3f9a1c`. */
export function bugCode(thrown: unknown): string {
  return `B-${createHash("sha256").update([kindOf(thrown), ...ownFrames(thrown)].join("\n")).digest("hex").slice(0, 6)}`;
}

/** The log of this process: JSON lines on standard error. */
export const log: Log = jsonLog((line) => process.stderr.write(`${line}\n`), Date.now);

function allowed(facts: LogFacts): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const name of NUMBERS) {
    const value = facts[name];
    if (typeof value === "number" && Number.isFinite(value)) kept[name] = value;
  }
  if (facts.errcode !== undefined) kept["errcode"] = /^[A-Z][A-Z0-9_]{1,47}$/.test(facts.errcode) ? facts.errcode : "M_OTHER";
  if (facts.why !== undefined && /^[a-z][a-z0-9.-]{0,47}$/.test(facts.why)) kept["why"] = facts.why;
  return kept;
}

/** The name of a built-in error; names that code made up may hold anything. */
function kindOf(thrown: unknown): string {
  const kinds = [TypeError, RangeError, ReferenceError, SyntaxError, URIError, EvalError, AggregateError];
  return kinds.find((kind) => thrown instanceof kind)?.name ?? (thrown instanceof Error ? "Error" : "not-an-error");
}

/** `src/app/queue.ts:120:7`: file, line and column of at most 12 frames inside this repository; no function names, no message. */
function ownFrames(thrown: unknown): string[] {
  const stack = thrown instanceof Error && typeof thrown.stack === "string" ? thrown.stack : "";
  return stack.split("\n").flatMap((line) => {
    const found = /^\s+at .*?((?:file:\/\/)?\/[^\s()]+|node:[a-z/_]+):(\d+):(\d+)\)?$/.exec(line);
    if (found === null) return [];
    const [, place = "", row, column] = found;
    const path = place.replace(/^file:\/\//, "");
    if (path.startsWith("node:")) return [`${path}:${row}:${column}`];
    return path.startsWith(ROOT) && /^[\w./@+-]+$/.test(path.slice(ROOT.length)) ? [`${path.slice(ROOT.length)}:${row}:${column}`] : [];
  }).slice(0, 12);
}
