/** The figures as Prometheus reads them (text exposition format 0.0.4): fixed names, labels from closed lists, nothing of a case. */
import { LANES } from "../domain/effect.ts";
import { NOT_READY } from "../domain/status.ts";
import type { NotReady } from "../domain/status.ts";
import { COUNTERS } from "./health.ts";
import type { Counter } from "./health.ts";
import type { MachineFigures } from "./system.ts";
import type { Vitals } from "./vitals.ts";

/** Every figure that goes up and down, and what it means. Times are seconds, sizes bytes. */
export const GAUGES = {
  "ready": "1 if the bot hears what people say and can answer, else 0.",
  "not_ready": "1 for each reason why it cannot be relied on now. Label reason: starting, not-synced, not-sending, stopping, safe-mode.",
  "started_seconds": "When this process began to start, as seconds since 1970.",
  "sync_age_seconds": "Time since an answer of the homeserver was last dealt with; missing before the first.",
  "inbox_waiting": "Messages received and not dealt with, those without a key included.",
  "undecryptable_waiting": "Messages that wait for their key.",
  "unsent": "Messages decided and not sent. Label lane: stop, P1, live, routine.",
  "unsent_oldest_seconds": "How long the oldest of them has been waiting, by lane; missing where nothing waits.",
  "set_aside": "Unsent messages that fail by themselves, so that others go first.",
  "rooms_undone": "Rooms of cases that are not as they should be.",
  "timers": "Moments that are waited for.",
  "journal_bytes": "Size of the journal file with its write-ahead log.",
  "memory_bytes": "Memory of the process: label kind: resident, heap.",
  "event_loop_delay_p99_seconds": "How late the process comes to what is due, 99th percentile of the last one to two minutes.",
  "info": "Always 1. Labels version and node: what runs.",
} as const;
/** Name of a figure that goes up and down. */
export type Gauge = keyof typeof GAUGES;

/** All that the figures are made of. */
export interface Figures {
  readonly counts: Readonly<Record<Counter, number>>;
  readonly vitals: Vitals;
  readonly machine: MachineFigures;
  readonly journalBytes: number;
  readonly version: string;
}

interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The text that is answered to a scrape. */
export function metricsText(figures: Figures): string {
  const counters = Object.entries(figures.counts).flatMap(([name, value]) => family(`relevo_${name}_total`, "counter", COUNTERS[name as Counter], [{ value }]));
  const gauges = Object.entries(gaugeSamples(figures)).flatMap(([name, samples]) => family(`relevo_${name}`, "gauge", GAUGES[name as Gauge], samples));
  return `${[...counters, ...gauges].join("\n")}\n`;
}

function gaugeSamples({ vitals, machine, journalBytes, version }: Figures): Readonly<Record<Gauge, readonly Sample[]>> {
  const seconds = (since: number): number => Math.max(0, vitals.now - since) / 1_000;
  const perLane = LANES.map((lane) => ({ labels: { lane }, of: vitals.unsent[lane] }));
  return {
    "ready": [{ value: vitals.notReady.length === 0 ? 1 : 0 }],
    "not_ready": (Object.keys(NOT_READY) as NotReady[]).map((reason) => ({ labels: { reason }, value: vitals.notReady.includes(reason) ? 1 : 0 })),
    "started_seconds": vitals.started === undefined ? [] : [{ value: vitals.started / 1_000 }],
    "sync_age_seconds": vitals.synced === undefined ? [] : [{ value: seconds(vitals.synced) }],
    "inbox_waiting": [{ value: vitals.inboxWaiting }],
    "undecryptable_waiting": [{ value: vitals.undecryptable }],
    "unsent": perLane.map(({ labels, of }) => ({ labels, value: of.count })),
    "unsent_oldest_seconds": perLane.flatMap(({ labels, of }) => (of.oldest === undefined ? [] : [{ labels, value: seconds(of.oldest) }])),
    "set_aside": [{ value: vitals.setAside }],
    "rooms_undone": [{ value: vitals.roomsUndone }],
    "timers": [{ value: vitals.timers }],
    "journal_bytes": [{ value: journalBytes }],
    "memory_bytes": [{ labels: { kind: "resident" }, value: machine.resident }, { labels: { kind: "heap" }, value: machine.heap }],
    "event_loop_delay_p99_seconds": [{ value: machine.loopDelay / 1_000 }],
    "info": [{ labels: { version, node: machine.node }, value: 1 }],
  };
}

function family(name: string, type: "counter" | "gauge", help: string, samples: readonly Sample[]): string[] {
  return [
    `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(({ labels = {}, value }) => {
      const pairs = Object.entries(labels).map(([key, text]) => `${key}="${text.replaceAll(/["\\\n]/g, "")}"`);
      return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${Number.isFinite(value) ? value : "NaN"}`;
    }),
  ];
}
