/**
 * `npm run soak [-- --minutes 30 --people 20 --faults 1 --json FILE]`: twenty people type as fast as they are answered, on a real homeserver without rate
 * limits, through a line on which one request in a hundred goes wrong. Afterwards everything is counted: lost, doubled, in clear; and how the bot was meanwhile.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { startBot } from "../test/support/bot.ts";
import { EFFECT, readFrom } from "../test/support/counting.ts";
import { anything, openFaultLine, syncs } from "../test/support/fault-proxy.ts";
import { busy, cutAfterwards, cutBefore, cutInAnswer, doubledEvents, failing, gap, halfJson, late, staleAnswer, twice } from "../test/support/faults.ts";
import { newHuman, type Human } from "../test/support/human.ts";
import { seededRandom } from "../test/support/seeded-random.ts";
import type { Seen } from "../test/support/seen.ts";
import { freePort, startSynapse } from "../test/support/synapse.ts";
import { cpuMs, memoryMb } from "./process-figures.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" }, people: { type: "string", default: "20" }, faults: { type: "string", default: "1" },
    seed: { type: "string", default: "1" }, json: { type: "string" },
  },
});
const minutes = Number(values.minutes);
const MINUTE = 60_000;
const COORDINATION = "· coordination";
/** One command in so many is a task in the room of all, which everybody must read; the others are asked and answered alone. */
const TO_ALL_EVERY = 8;
/** How long after the end an answer may still come, and how long the waiting may take while the run lasts; milliseconds. */
const PATIENCE = 3 * MINUTE;
const ALL_THE_WHILE = 24 * 60 * MINUTE;
const SAMPLE = 10_000;

class NotSent extends Error {}

interface Sample {
  readonly minute: number;
  readonly resident: number;
  readonly heap: number;
  readonly delay: number;
  readonly commands: number;
}

const dir = mkdtempSync(path.join(tmpdir(), "relevo-soak-"));
const started = performance.now();
const say = (text: string): void => console.log(`${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s  ${text}`);
const figures = await soak().finally(() => rmSync(dir, { recursive: true, force: true }));
for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(32)}${String(Math.round(value * 1000) / 1000).padStart(12)}`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
process.exit(figures.lost + figures.doubled + figures.in_clear + figures.unreadable === 0 ? 0 : 1);

async function soak() {
  const synapse = await startSynapse({ dir: path.join(dir, "synapse"), fast: true });
  const line = await openFaultLine(synapse.url);
  const port = await freePort();
  const people: Human[] = [];
  const comes = async (number: number): Promise<Human> => newHuman(synapse, `person-${number}`, { joins: true });
  const [ana, luis] = [await comes(0), await comes(1)];
  const bot = await startBot({
    dir: path.join(dir, "bot"), synapse: { ...synapse, url: line.url }, zone: "Europe/Madrid", owners: [{ user: ana.userId, masterKey: await ana.masterKey() }],
    settings: { metrics: `127.0.0.1:${port}`, openPerPerson: 10_000 },
  });
  people.push(ana, luis);
  while (people.length < Number(values.people)) people.push(await comes(people.length));
  say(`${people.length} people, a homeserver and a bot`);
  const direct = await ana.direct(bot.userId);
  const until = new Date(Date.now() + 300 * 86_400_000).toISOString().slice(0, 10);
  await confirmed(ana, luis, direct, `jit open agreement "X 2026/9" states ES,PT until ${until} admins ${ana.userId} ES ${luis.userId} PT`);
  await ana.room(COORDINATION, PATIENCE);
  for (const [index, person] of people.slice(2).entries()) await insisting(() => confirmed(ana, luis, direct, `jit add ${person.userId} "Person ${index}" member PT`));
  const places: { readonly human: Human; readonly alone: string; readonly all: string }[] = [];
  for (const human of people) {
    const alone = await insisting(() => human.directFrom(bot.userId, PATIENCE));
    places.push({ human, alone, all: await insisting(() => human.room(COORDINATION, PATIENCE)) });
  }
  say("all are in the case; typing begins (SIGTERM ends it in good order)");

  const random = seededRandom(Number(values.seed));
  const chance = (percent: number) => () => random(10_000) < percent * 100;
  const percent = Number(values.faults);
  line.sometimes(anything, chance(percent / 2), [cutBefore, cutAfterwards, cutInAnswer, failing(502, "page"), failing(500), halfJson, busy({ body: 200 }), late(400), twice]);
  line.sometimes(syncs, chance(percent), [gap, doubledEvents, staleAnswer]);

  const waiting = new Set<string>();
  const toAll: string[] = [];
  const trips: number[] = [];
  let over = false;
  let commands = 0;
  let unsent = 0;
  const from = Date.now();
  const cpu = cpuMs(bot.pid);
  const asks = async (human: Human, room: string, text: string, answer: RegExp): Promise<Seen> => {
    const [mark, at, name] = [human.seen.length, performance.now(), `${human.name}: ${text}`];
    waiting.add(name);
    try {
      await human.say(room, text);
    } catch (error) {
      // A phone that could not send says so, and its owner types again: nothing was accepted.
      waiting.delete(name);
      unsent += 1;
      throw new NotSent(String(error));
    }
    const seen = await human.waitFor((each) => each.sender === bot.userId && each.room === room && each.replaces === undefined && answer.test(each.body), ALL_THE_WHILE, text, mark);
    waiting.delete(name);
    trips.push(performance.now() - at);
    commands += 1;
    return seen;
  };
  const typing = places.map(async (place, index) => {
    for (let turn = index; !over; turn += 1) {
      await types(place, index, turn).catch((error: unknown) => {
        if (!(error instanceof NotSent)) throw error;
      });
    }
  });
  async function types({ human, alone, all }: (typeof places)[number], index: number, turn: number): Promise<void> {
    if (turn % TO_ALL_EVERY !== 0) {
      await asks(human, alone, `me zone ${turn % 2 === 0 ? "Europe/Lisbon" : "Europe/Madrid"}`, /zone is/i);
      return;
    }
    const title = `Ring the port ${index}-${turn}`;
    const added = await asks(human, all, `!task add ${title}`, new RegExp(`^T-\\d+ ${title}(?!\\d)`));
    toAll.push(title);
    const [, task = ""] = /^(T-\d+)/.exec(added.body) ?? [];
    if (!over) await asks(human, all, `!task done ${task}`, new RegExp(`(?:^|\\s)${task} done \\(`));
  }
  const allTyping = Promise.all(typing);
  allTyping.catch((error: unknown) => say(String(error)));

  const samples: Sample[] = [];
  let isAskedToEnd = false;
  process.once("SIGTERM", () => { isAskedToEnd = true; });
  for (let next = from + SAMPLE; Date.now() < from + minutes * MINUTE && !isAskedToEnd; next += SAMPLE) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - Date.now())));
    if (!bot.running) throw new Error(`the bot ended; its output ends:\n${bot.output.slice(-2_000)}`);
    // A machine that is busy with something else may answer too late: that figure is missing then.
    const gauges = await scraped(port).catch(() => undefined);
    if (gauges === undefined) continue;
    samples.push({ minute: (Date.now() - from) / MINUTE, resident: memoryMb(bot.pid).now, heap: gauges("memory_bytes", "heap") / 2 ** 20, delay: gauges("event_loop_delay_p99_seconds") * 1000, commands });
    if (samples.length % 6 === 0) {
      const { resident, heap, delay } = samples.at(-1) as Sample;
      say(`${commands} commands answered, ${waiting.size} wait, ${resident.toFixed(0)} MB resident, ${heap.toFixed(0)} MB heap, event loop p99 ${delay.toFixed(0)} ms, ${faultsOf(line.played)} faults, load ${loadavg()[0]?.toFixed(1)}`);
    }
  }
  const lasted = (Date.now() - from) / 1000;
  over = true;
  const spent = cpuMs(bot.pid) - cpu;
  const inTime = commands;
  line.mend();
  const patience = new Promise<void>((resolve) => setTimeout(resolve, PATIENCE));
  await Promise.race([allTyping, patience]);
  const lost = new Set([...waiting].map((each) => `not answered: ${each}`));
  // What was said to all must have been read by all, once.
  const end = Date.now() + PATIENCE;
  for (const title of toAll) {
    const isIt = ({ body, sender }: Seen): boolean => sender === bot.userId && new RegExp(`^T-\\d+ ${title}(?!\\d)`).test(body);
    for (const human of people) await human.waitFor(isIt, Math.max(100, end - Date.now()), title).catch(() => lost.add(`${human.name} has not read: ${title}`));
  }
  const { doubled, clear, unreadable } = counted(bot.userId, people);
  for (const each of [...lost, ...doubled].slice(0, 20)) say(each);
  const half = samples.filter(({ minute }) => minute > lasted / 60 / 3);
  const result = {
    lost: lost.size, doubled: doubled.length, in_clear: clear, unreadable,
    minutes: lasted / 60, people: people.length, commands: inTime, commands_per_s: inTime / lasted, faults: faultsOf(line.played), requests_broken_percent: percent, not_sent_by_a_phone: unsent,
    round_trip_p50_ms: quantile(trips, 0.5), round_trip_p99_ms: quantile(trips, 0.99),
    memory_slope_mb_per_min: slope(half.map(({ minute, resident }) => [minute, resident])), heap_slope_mb_per_min: slope(half.map(({ minute, heap }) => [minute, heap])),
    memory_slope_kb_per_command: slope(half.map(({ commands: done, resident }) => [done, resident])) * 1024,
    memory_first_mb: samples[0]?.resident ?? Number.NaN, memory_last_mb: samples.at(-1)?.resident ?? Number.NaN, memory_peak_mb: memoryMb(bot.pid).peak,
    event_loop_p99_ms_median: quantile(samples.map(({ delay }) => delay), 0.5), event_loop_p99_ms_worst: Math.max(...samples.map(({ delay }) => delay)),
    cpu_ms_per_command: spent / inTime, load: loadavg()[1] ?? Number.NaN,
  };
  say(`faults: ${[...line.played].map(([name, times]) => `${times} × ${name}`).join(", ")}`);
  for (const human of people) human.stop();
  await bot.stop();
  await line.close();
  await synapse.stop();
  return result;
}

/** On a busy machine a phone's own patience may end first; its owner looks again. */
async function insisting<T>(act: () => Promise<T>, times = 5): Promise<T> {
  return times <= 1 ? act() : act().catch(() => insisting(act, times - 1));
}

async function confirmed(one: Human, other: Human, direct: string, text: string): Promise<void> {
  const marks = [one.seen.length, other.seen.length] as const;
  await one.say(direct, text);
  await one.vote({ question: /./, from: marks[0] }, /^Confirm/);
  await other.vote({ question: /./, from: marks[1] }, /^Approve/);
}

/** What the bot's own figures say now: by name, and by the value of a label if there is one. */
async function scraped(port: number): Promise<(name: string, label?: string) => number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(SAMPLE) })).text();
  return (name, label) => {
    const found = text.split("\n").find((row) => row.startsWith(`relevo_${name}`) && (label === undefined || row.includes(`"${label}"`)));
    return Number(found?.split(" ").at(-1) ?? Number.NaN);
  };
}

function counted(bot: string, people: readonly Human[]): { readonly doubled: string[]; readonly clear: number; readonly unreadable: number } {
  const events = new Map<string, string>();
  const doubled: string[] = [];
  let [clear, unreadable] = [0, 0];
  for (const person of people) {
    const readable = new Set(readFrom(bot, person).map(({ event }) => event));
    for (const seen of person.seen.filter(({ sender }) => sender === bot)) {
      if (!readable.has(seen.event)) unreadable += 1;
      if (!seen.encrypted) clear += 1;
    }
    for (const seen of readFrom(bot, person)) {
      const effect = String(seen.content[EFFECT]);
      const before = events.get(effect);
      if (before !== undefined && before !== seen.event) doubled.push(`${person.name} read one effect twice: ${seen.body.slice(0, 80)}`);
      events.set(effect, seen.event);
    }
  }
  return { doubled, clear, unreadable };
}

function faultsOf(played: ReadonlyMap<string, number>): number {
  return [...played.values()].reduce((sum, times) => sum + times, 0);
}
/** Of the straight line that lies nearest to the points. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (of: 0 | 1): number => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  return points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}
function quantile(of: readonly number[], part: number): number {
  return of.toSorted((one, other) => one - other)[Math.floor(of.length * part)] ?? Number.NaN;
}
