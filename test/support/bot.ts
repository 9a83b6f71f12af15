/** The bot as its operator runs it: an own process with a configuration file, killed and started at will. */
import { randomBytes } from "node:crypto";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parseDocument } from "yaml";
import { startLeashed, type Ended, type Leashed } from "./leash.ts";
import { filesUnder } from "./planted.ts";
import type { Account, Synapse } from "./synapse.ts";

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL("../../bin/relevo.js", import.meta.url));
const READY_LIMIT = 120_000;

export interface BotOwner {
  readonly user: string;
  readonly masterKey: string;
}

export interface BotOptions {
  /** Configuration, secrets, data and output lie here. */
  readonly dir: string;
  readonly synapse: Synapse;
  readonly owners: readonly BotOwner[];
  /** Default: registers `relevo` and lifts its rate limits, as asked of every operator. */
  readonly account?: Account;
  readonly language?: string;
  readonly zone?: string;
  /** The `windows` of the configuration, as written there (`contactEvery: 6s`). */
  readonly windows?: Readonly<Record<string, unknown>>;
  /** Other keys of the configuration that differ from what `relevo init` writes. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Node's arguments before the program, such as an `--import` that wraps a port; for tests of crashes. */
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Bot {
  readonly userId: string;
  readonly account: Account;
  readonly dir: string;
  readonly config: string;
  /** Everything it has written to its output so far, over all its lives. */
  readonly output: string;
  readonly running: boolean;
  readonly pid: number;
  /** Starts it again after {@link kill} or {@link stop}; resolves when it is ready, or when its output says something else. */
  start(says?: RegExp): Promise<void>;
  /** SIGTERM: it ends in good order. */
  stop(): Promise<Ended>;
  /** SIGKILL: as a power cut would. */
  kill(): Promise<Ended>;
  /** Resolves when it ends by itself. */
  ended(): Promise<Ended>;
  /** All files it has written, with its output. */
  files(): readonly string[];
}

/** Writes the bot's folder and starts it; resolves when it says that it is ready. */
export async function startBot(options: BotOptions): Promise<Bot> {
  const bot = await prepareBot(options);
  await bot.start();
  return bot;
}

/** Writes the bot's folder without starting it. */
export async function prepareBot(options: BotOptions): Promise<Bot> {
  const { synapse } = options;
  const dir = path.resolve(options.dir);
  const account = options.account ?? await registerBot(synapse);
  const config = await writeFolder(dir, options, account);
  const outputFile = path.join(dir, "output.log");
  let output = "";
  let life: Leashed | undefined;
  let over = true;

  async function start(says?: RegExp): Promise<void> {
    if (!over) throw new Error("the bot runs already");
    const child = await startLeashed(process.execPath, [...options.nodeArgs ?? [], PROGRAM, "run", "--config", config], {
      cwd: dir,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...options.env },
    });
    life = child;
    over = false;
    const from = output.length;
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`the bot ${why}; its output ends:\n${output.slice(from).slice(-3_000)}`));
      const timer = setTimeout(() => {
        void child.kill();
        fail(`was not ready within ${READY_LIMIT / 1000} s`);
      }, READY_LIMIT);
      let spoken = "";
      const take = (chunk: Buffer, isStdout: boolean) => {
        output += chunk.toString();
        writeFileSync(outputFile, chunk, { flag: "a" });
        if (!isStdout && says === undefined) return;
        spoken += chunk.toString();
        if ((says ?? /^ready$/m).test(spoken)) {
          clearTimeout(timer);
          resolve();
        }
      };
      child.child.stdout?.on("data", (chunk: Buffer) => take(chunk, true));
      child.child.stderr?.on("data", (chunk: Buffer) => take(chunk, false));
      void child.ended.then((how) => {
        if (life === child) over = true;
        clearTimeout(timer);
        fail(`ended with ${how.code ?? how.signal} before it was ready`);
      });
    });
  }
  function current(): Leashed {
    if (life === undefined) throw new Error("the bot has not been started");
    return life;
  }

  return {
    userId: account.user_id,
    account, dir, config, start,
    get output() { return output; },
    get running() { return !over; },
    get pid() { return current().pid; },
    stop: () => current().stop(15_000),
    kill: () => current().kill(),
    ended: () => current().ended,
    files: () => filesUnder(dir),
  };
}

async function registerBot(synapse: Synapse): Promise<Account> {
  const account = await synapse.register("relevo", randomBytes(16).toString("hex"));
  await synapse.overrideRatelimit(account.user_id);
  return account;
}

/** Tests type without taking breath; what the bot does about that has tests of its own. */
const FASTER_THAN_PEOPLE = 100_000;

/** What an operator does: `relevo init`, then the few settings that differ. Returns the configuration's path; an existing one stays as it is. */
async function writeFolder(dir: string, options: BotOptions, account: Account): Promise<string> {
  const config = path.join(dir, "relevo.yaml");
  if (existsSync(config)) return config;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const token = path.join(dir, "token");
  writeFileSync(token, `${account.access_token}\n`, { mode: 0o600 });
  await run(process.execPath, [
    PROGRAM, "init", "--config", config, "--homeserver", options.synapse.url, "--user", account.user_id, "--access-token-file", token,
    ...options.owners.flatMap(({ user, masterKey }) => ["--owner", `${user}=${masterKey}`]),
    ...(options.language === undefined ? [] : ["--language", options.language]),
    ...(options.zone === undefined ? [] : ["--zone", options.zone]),
  ], { cwd: dir, timeout: 120_000 });
  rmSync(token);
  const document = parseDocument(readFileSync(config, "utf8"));
  for (const [keys, value] of leaves({ commandsPerMinute: FASTER_THAN_PEOPLE, ...options.settings, ...(options.windows === undefined ? {} : { windows: options.windows }) })) document.setIn(keys, value);
  writeFileSync(config, String(document), { mode: 0o600 });
  return config;
}

/** Every value with the path of keys that leads to it. */
function leaves(settings: Readonly<Record<string, unknown>>, before: readonly string[] = []): [readonly string[], unknown][] {
  return Object.entries(settings).flatMap(([key, value]) => {
    const keys = [...before, key];
    const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
    return isMap ? leaves(value as Readonly<Record<string, unknown>>, keys) : [[keys, value]];
  });
}
