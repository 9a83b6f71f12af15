/** What watches a running bot from beside it: the figures that can be asked for, and a call every minute that shows it is alive. */
import { statSync } from "node:fs";
import { join } from "node:path";
import type { Instant } from "../domain/ids.ts";
import { JOURNAL_FILE } from "../journal/keys.ts";
import type { Clock } from "../ports.ts";
import { deadManCall } from "./dead-man.ts";
import type { InsideFacts } from "./doctor-inside.ts";
import type { Health } from "./health.ts";
import { serveMetrics } from "./metrics-server.ts";
import type { Report } from "./metrics-server.ts";
import { metricsText } from "./metrics.ts";
import { PULSE_EVERY, writePulse } from "./pulse.ts";
import type { Settings } from "./settings.ts";
import type { Log, Machine } from "./system.ts";
import type { Vitals } from "./vitals.ts";

/** Every minute: the call, and the next span over which delays are counted; every half minute the pulse. Milliseconds. */
const BEAT = 60_000;

/** What watching needs. */
export interface OperationsParts {
  readonly settings: Pick<Settings, "metrics" | "deadManUrl" | "data">;
  readonly clock: Clock;
  readonly log: Log;
  readonly machine: Machine;
  readonly version: string;
  readonly health: Health;
  vitals(): Vitals;
  /** The same with what `relevo doctor` reads from the pulse. */
  inside(): InsideFacts;
}
/** What watches. */
export interface Operations {
  /** Port that figures are asked for on, if they can be. */
  readonly port: number | undefined;
  /** Writes the pulse now: what it says has changed. */
  look(): void;
  stop(): Promise<void>;
}

/**
 * Begins to watch. A port that cannot be had is reported and not fatal: that nobody can look at the figures is no reason for nobody to hear a stop.
 */
export async function startOperations(parts: OperationsParts): Promise<Operations> {
  const { settings, clock, log, machine } = parts;
  const serving = settings.metrics === "off" ? undefined : await serveMetrics(settings.metrics, answers(parts)).catch((fault: unknown) => {
    log.error("metrics.not-listening", { why: codeOf(fault) });
    return undefined;
  });
  let [cancel, beats] = [(): void => undefined, 0];
  let calling: Promise<void> = Promise.resolve();
  const ending = new AbortController();
  const beat = (): void => {
    cancel = clock.wakeAt((clock.now() + PULSE_EVERY) as Instant, beat);
    pulse(parts);
    beats += 1;
    if ((beats * PULSE_EVERY) % BEAT !== 0) return;
    machine.turn();
    calling = calling.then(() => call(parts, ending.signal));
  };
  pulse(parts);
  cancel = clock.wakeAt((clock.now() + PULSE_EVERY) as Instant, beat);
  return {
    port: serving?.port,
    look: () => pulse(parts),
    async stop() {
      cancel();
      ending.abort();
      machine.stop();
      // The last one says that it was stopped, and not that it died.
      pulse(parts);
      await calling;
      await serving?.close();
    },
  };
}

/** A disk that is full must not end a bot that can still hear: that the pulse is missing is seen by who looks. */
function pulse({ settings, clock, log, version, inside }: OperationsParts): void {
  try {
    writePulse(settings.data, { at: clock.now(), pid: process.pid, version, facts: inside() });
  } catch (fault) {
    log.warn("pulse.not-written", { why: codeOf(fault) });
  }
}

/** Calls only while the bot is of use: whoever watches for the calls hears of a bot that is up and deaf, too. */
async function call({ settings, clock, health, vitals }: OperationsParts, ended: AbortSignal): Promise<void> {
  const { isLive, notReady } = vitals();
  if (settings.deadManUrl === undefined || ended.aborted || !isLive || notReady.length > 0) return;
  health.count((await deadManCall(settings.deadManUrl, clock, ended)) ? "dead_man_calls" : "dead_man_failed");
}

function answers({ settings, machine, version, health, vitals }: OperationsParts): { metrics(): string; live(): Report; ready(): Report } {
  return {
    metrics: () => metricsText({ counts: health.counts(), vitals: vitals(), machine: machine.figures(), journalBytes: journalBytes(settings.data), version }),
    live: () => (vitals().isLive ? { ok: true, reasons: [] } : { ok: false, reasons: ["stuck"] }),
    ready() {
      const { notReady } = vitals();
      return { ok: notReady.length === 0, reasons: notReady };
    },
  };
}

/** Bytes of the journal with its write-ahead log; what is not there has none. */
export function journalBytes(folder: string): number {
  return [JOURNAL_FILE, `${JOURNAL_FILE}-wal`].reduce((sum, file) => sum + (statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0), 0);
}

function codeOf(fault: unknown): Lowercase<string> {
  const code = fault instanceof Error && "code" in fault && typeof fault.code === "string" ? fault.code : "unknown";
  return code.toLowerCase() as Lowercase<string>;
}
