/** What a command costs beyond a bare encrypted echo: commits, requests, processor and time, both bots in one run, turn by turn. */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { startBot } from "../test/support/bot.ts";
import { newHuman, type Human } from "../test/support/human.ts";
import { startLeashed, type Leashed } from "../test/support/leash.ts";
import { startSynapse, type Synapse } from "../test/support/synapse.ts";
import { CommitCounter } from "./echo-commits.ts";
import { cpuMs } from "./process-figures.ts";

const ECHO = fileURLToPath(new URL("./echo-bot.ts", import.meta.url));
/** Turns that only warm up, and turns that count. */
const WARM = 10;
const TURNS = 60;
/** A bot is at rest when neither its files nor the server's log have changed for this long, in milliseconds. */
const REST = 600;
/** After an answer has been read a bot still makes things durable; its processor time is read so much later, in milliseconds. */
const AFTERWARDS = 150;

/** One of the two under measurement. */
interface Side {
  readonly user: string;
  readonly pid: number;
  readonly counters: readonly CommitCounter[];
  /** Sends number `n` and waits for its answer; returns milliseconds. */
  turn(n: number): Promise<number>;
}

/** Rows of the benchmark's table; the senders' limits are raised, all else is as installed. */
export async function echoRows(progress: (text: string) => void): Promise<Record<string, number>> {
  const dir = mkdtempSync(path.join(tmpdir(), "relevo-bench-"));
  const closing: (() => unknown)[] = [];
  try {
    progress("starting a homeserver, two people, Relevo and the echo bot");
    const synapse = await startSynapse({ dir: path.join(dir, "synapse"), fast: true, progress });
    closing.push(() => synapse.stop());
    const ana = await newHuman(synapse, "ana");
    closing.push(() => ana.stop());
    const relevo = await relevoSide(synapse, ana, path.join(dir, "relevo"), closing);
    const echo = await echoSide(synapse, ana, path.join(dir, "echo"), closing);
    return await compare(relevo, echo, synapse, progress);
  } finally {
    for (const end of closing.toReversed()) await end();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function compare(relevo: Side, echo: Side, synapse: Synapse, progress: (text: string) => void): Promise<Record<string, number>> {
  const times = { relevo: [] as number[], echo: [] as number[] };
  const cpu = { relevo: [] as number[], echo: [] as number[] };
  const play = async (from: number, turns: number): Promise<void> => {
    for (let n = from; n < from + turns; n += 1) {
      // Who begins changes, so that neither always meets the other's echo of work.
      const order = n % 2 === 0 ? [relevo, echo] : [echo, relevo];
      for (const side of order) {
        const name = side === relevo ? "relevo" : "echo";
        const spent = cpuMs(side.pid);
        times[name].push(await side.turn(n));
        await new Promise((resolve) => setTimeout(resolve, AFTERWARDS));
        cpu[name].push(cpuMs(side.pid) - spent);
      }
      commitsOf(relevo);
      commitsOf(echo);
    }
  };
  progress(`${WARM} turns to warm up`);
  await play(0, WARM);
  await atRest([relevo, echo], synapse);
  for (const list of [times.relevo, times.echo, cpu.relevo, cpu.echo]) list.length = 0;
  const before = { relevo: figures(relevo, synapse), echo: figures(echo, synapse) };
  progress(`${TURNS} turns of each`);
  await play(WARM, TURNS);
  await atRest([relevo, echo], synapse);
  const after = { relevo: figures(relevo, synapse), echo: figures(echo, synapse) };
  const each = (side: "relevo" | "echo", what: "commits" | "requests"): number => (after[side][what] - before[side][what]) / TURNS;
  return {
    commits_per_command: each("relevo", "commits") - each("echo", "commits"),
    requests_per_command: each("relevo", "requests") - each("echo", "requests"),
    round_trip_ratio_p50: median(times.relevo) / median(times.echo),
    cpu_ms_per_command: median(cpu.relevo) - median(cpu.echo),
    relevo_commits: each("relevo", "commits"), echo_commits: each("echo", "commits"),
    relevo_requests: each("relevo", "requests"), echo_requests: each("echo", "requests"),
    relevo_round_trip_p50_ms: median(times.relevo), echo_round_trip_p50_ms: median(times.echo),
    relevo_cpu_ms_p50: median(cpu.relevo), echo_cpu_ms_p50: median(cpu.echo),
    relevo_round_trip_p95_ms: quantile(times.relevo, 0.95), echo_round_trip_p95_ms: quantile(times.echo, 0.95),
  };
}

async function relevoSide(synapse: Synapse, ana: Human, dir: string, closing: (() => unknown)[]): Promise<Side> {
  const bot = await startBot({ dir, synapse, owners: [{ user: ana.userId, masterKey: await ana.masterKey() }] });
  closing.push(() => bot.stop());
  const room = await ana.direct(bot.userId);
  const data = path.join(dir, "data");
  const databases = readdirSync(data).filter((file) => file.endsWith("-wal")).map((file) => path.join(data, file.slice(0, -"-wal".length)));
  if (databases.length !== 2) throw new Error(`expected journal and crypto store in ${data}, found ${databases.length} open databases`);
  return {
    user: bot.userId,
    pid: bot.pid,
    counters: databases.map((file) => new CommitCounter(file)),
    // A harmless command that changes something: one row, one answer.
    turn: (n) => roundTrip(ana, room, bot.userId, `me zone ${n % 2 === 0 ? "Europe/Lisbon" : "Europe/Madrid"}`),
  };
}

async function echoSide(synapse: Synapse, ana: Human, dir: string, closing: (() => unknown)[]): Promise<Side> {
  mkdirSync(dir, { recursive: true });
  const account = await synapse.register("echo", randomBytes(12).toString("hex"));
  const file = path.join(dir, "store.db");
  const bot = await startLeashed(process.execPath, [ECHO, synapse.url, account.access_token, account.user_id, account.device_id, file], { stdio: ["ignore", "pipe", "inherit"] });
  closing.push(() => bot.stop());
  await firstLine(bot);
  const room = await ana.direct(account.user_id);
  return {
    user: account.user_id,
    pid: bot.pid,
    counters: [new CommitCounter(file)],
    turn: (n) => roundTrip(ana, room, account.user_id, `me zone ${n % 2 === 0 ? "Europe/Lisbon" : "Europe/Madrid"}`),
  };
}

/** From the moment the text is typed to the moment the answer is decrypted on the sender's device. */
async function roundTrip(ana: Human, room: string, bot: string, text: string): Promise<number> {
  const mark = ana.seen.length;
  const from = performance.now();
  await ana.say(room, text);
  await ana.waitFor((seen) => seen.room === room && seen.sender === bot && seen.unreadable === undefined, 60_000, `the answer of ${bot}`, mark);
  return performance.now() - from;
}

function figures(side: Side, synapse: Synapse): { readonly commits: number; readonly requests: number } {
  return { commits: commitsOf(side), requests: requestsOf(side.user, synapse) };
}

function commitsOf({ counters }: Side): number {
  return counters.reduce((sum, counter) => sum + counter.look(), 0);
}

/** Requests of a user, counted by the homeserver in its own log. */
function requestsOf(user: string, synapse: Synapse): number {
  return readFileSync(synapse.logFile, "utf8").split(`{${user}} Processed request`).length - 1;
}

async function atRest(sides: readonly Side[], synapse: Synapse): Promise<void> {
  const look = () => JSON.stringify(sides.map((side) => figures(side, synapse)));
  for (let tries = 0, last = look(); tries < 60; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, REST));
    const now = look();
    if (now === last) return;
    last = now;
  }
  throw new Error("the bots did not come to rest");
}

async function firstLine(bot: Leashed): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    bot.child.stdout?.once("data", () => resolve());
    void bot.ended.then(({ code }) => reject(new Error(`the echo bot ended with ${code}`)));
  });
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
function quantile(values: readonly number[], part: number): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length * part)] ?? Number.NaN;
}
