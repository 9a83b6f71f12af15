/**
 * The pulse: a small file in the data folder, written every half minute, from which `relevo doctor` knows how a running bot is, or how one that died
 * was last. Figures only: it lies in clear, so nothing of a case is in it.
 */
import { chmodSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { LANES } from "../domain/effect.ts";
import type { Lane } from "../domain/effect.ts";
import type { Instant } from "../domain/ids.ts";
import { NOT_READY } from "../domain/status.ts";
import type { NotReady } from "../domain/status.ts";
import type { InsideFacts } from "./doctor-inside.ts";
import type { LaneVitals, Vitals } from "./vitals.ts";

/** Name of the file in the data folder. */
export const PULSE_FILE = "pulse.json";
/** How often it is written; an older one than three of these is that of a bot that is dead or stuck. Milliseconds. */
export const PULSE_EVERY = 30_000;
/** A longer file was not written by Relevo. Bytes. */
const LARGEST = 16_384;

/** A pulse as it was read. */
export interface Pulse {
  readonly at: Instant;
  readonly pid: number;
  readonly version: string;
  readonly facts: InsideFacts;
}

const instant = z.int().min(0).transform((value) => value as Instant);
const count = z.int().min(0);
const lane = z.object({ count, oldest: instant.optional() });
const shape = z.object({
  format: z.literal("relevo-pulse-1"), at: instant, pid: count, version: z.string().max(40),
  vitals: z.object({
    now: instant, started: instant.optional(), synced: instant.optional(), isLive: z.boolean(),
    notReady: z.array(z.custom<NotReady>((value) => typeof value === "string" && Object.hasOwn(NOT_READY, value))).max(10),
    inboxWaiting: count, undecryptable: count, setAside: count, roomsUndone: count, timers: count,
    unsent: z.record(z.enum(LANES as readonly [Lane, ...Lane[]]), lane),
  }),
  powerUndone: count, waitsMet: count,
});

/** Writes the pulse beside the old one and puts it in its place, so that a reader sees a whole one. Throws what the file system throws. */
export function writePulse(folder: string, { at, pid, version, facts: { vitals, powerUndone, waitsMet } }: Pulse): void {
  const file = join(folder, PULSE_FILE);
  const unfinished = `${file}.new`;
  writeFileSync(unfinished, `${JSON.stringify({ format: "relevo-pulse-1", at, pid, version, vitals, powerUndone, waitsMet })}\n`, { mode: 0o600 });
  chmodSync(unfinished, 0o600);
  renameSync(unfinished, file);
}

/** The last pulse; undefined if there is none or it is not one. Never throws. */
export function readPulse(folder: string): Pulse | undefined {
  const file = join(folder, PULSE_FILE);
  try {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? LARGEST) >= LARGEST) return undefined;
    const read = shape.safeParse(JSON.parse(readFileSync(file, "utf8")));
    if (!read.success) return undefined;
    const { at, pid, version, vitals, powerUndone, waitsMet } = read.data;
    return { at, pid, version, facts: { vitals: vitalsFrom(vitals), powerUndone, waitsMet } };
  } catch {
    return undefined;
  }
}

function vitalsFrom({ started, synced, unsent, ...rest }: z.infer<typeof shape>["vitals"]): Vitals {
  const laneFrom = (of: Lane): LaneVitals => {
    const { count: rows, oldest } = unsent[of];
    return { count: rows, ...(oldest === undefined ? {} : { oldest }) };
  };
  return {
    ...rest, ...(started === undefined ? {} : { started }), ...(synced === undefined ? {} : { synced }),
    unsent: Object.fromEntries(LANES.map((each) => [each, laneFrom(each)])) as Record<Lane, LaneVitals>,
  };
}
