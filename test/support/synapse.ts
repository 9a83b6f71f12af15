/** A real Synapse for tests and the demo, on a free port of the loopback, that ends with the process that started it. */
import { createHmac, randomBytes } from "node:crypto";
import { existsSync, closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { startLeashed, type Ended } from "./leash.ts";
import { synapsePython, type Progress } from "./python.ts";
import { databaseFile, homeserverConfig, logConfig, logFile, newSigningKey } from "./synapse-config.ts";

const READY_LIMIT = 180_000;

export interface SynapseOptions {
  /** Everything the server writes lies here; the same folder again is the same server, with its port, accounts and rooms. */
  readonly dir: string;
  /** Raises every rate limit. Left out, a user meets the limits of a server fresh from the package. */
  readonly fast?: boolean;
  readonly port?: number;
  /** Put over the configuration, key by key. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  /** Where else it listens, besides for clients on {@link port}. */
  readonly listeners?: readonly unknown[];
  readonly progress?: Progress;
}

/** An account as registering gives it: already logged in, so that no login is spent (default limit: 5 an address). */
export interface Account {
  readonly access_token: string;
  readonly device_id: string;
  readonly user_id: string;
  readonly password: string;
}

export interface Synapse {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly dir: string;
  readonly fast: boolean;
  readonly databaseFile: string;
  readonly logFile: string;
  register(user: string, password: string, admin?: boolean): Promise<Account>;
  /** Lifts every limit for one user: the one thing asked of the operator of a homeserver for the bot. */
  overrideRatelimit(userId: string): Promise<void>;
  /**
   * Shows one user the state as the server has resolved it (MSC4222). Without it a history that branches, because two events are made at the same moment, can
   * leave a client out of a room that its user is in, for good: a bug of sync that people's clients share and the bot has to live with.
   */
  showResolved(userId: string, shows?: boolean): Promise<void>;
  stop(): Promise<Ended>;
  kill(): Promise<Ended>;
}

/** Installs Synapse if need be, starts it and resolves when it answers. Throws with the end of its output if it does not. */
export async function startSynapse(options: SynapseOptions): Promise<Synapse> {
  const python = await synapsePython(options.progress);
  const dir = path.resolve(options.dir);
  const fast = options.fast ?? false;
  mkdirSync(dir, { recursive: true });
  const kept = keptFor(dir);
  const port = options.port ?? kept.port ?? await freePort();
  const secret = kept.secret ?? randomBytes(16).toString("hex");
  writeFileSync(path.join(dir, "kept.json"), JSON.stringify({ port, secret }), { mode: 0o600 });
  writeFileSync(path.join(dir, "homeserver.yaml"), homeserverConfig({ dir, port, secret, fast, overrides: options.overrides ?? {}, listeners: options.listeners ?? [] }), { mode: 0o600 });
  writeFileSync(path.join(dir, "log.yaml"), logConfig(dir));
  const keyFile = path.join(dir, "signing.key");
  if (!existsSync(keyFile)) writeFileSync(keyFile, newSigningKey(), { mode: 0o600 });

  const outFile = path.join(dir, "out.log");
  const out = openSync(outFile, "a");
  const server = await startLeashed(python, ["-m", "synapse.app.homeserver", "-c", path.join(dir, "homeserver.yaml")], { cwd: dir, stdio: ["ignore", out, out] });
  closeSync(out);
  const url = `http://127.0.0.1:${port}`;
  let ended: Ended | undefined;
  void server.ended.then((how) => { ended = how; });
  const until = Date.now() + READY_LIMIT;
  while (!await answers(url)) {
    if (ended !== undefined || Date.now() > until) {
      await server.kill();
      throw new Error(`Synapse did not start (${ended === undefined ? "no answer" : `ended with ${ended.code ?? ended.signal}`}); its output ends:\n${readFileSync(outFile, "utf8").slice(-2_000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  let admin: Promise<Account> | undefined;
  const registerHere = (user: string, password: string, isAdmin = false) => register(url, secret, user, password, isAdmin);
  const asAdmin = async (method: string, what: string, body: unknown): Promise<void> => {
    admin ??= registerHere(`operator-${randomBytes(3).toString("hex")}`, randomBytes(16).toString("hex"), true);
    const { access_token: token } = await admin;
    await call(`${url}/_synapse/admin/v1/${what}`, { method, body: JSON.stringify(body), headers: { authorization: `Bearer ${token}` } });
  };
  return {
    url, port, dir, fast,
    pid: server.pid,
    databaseFile: databaseFile(dir),
    logFile: logFile(dir),
    register: registerHere,
    // 0 and 0 mean no limit of any kind.
    overrideRatelimit: (userId) => asAdmin("POST", `users/${encodeURIComponent(userId)}/override_ratelimit`, { messages_per_second: 0, burst_count: 0 }),
    showResolved: (userId, shows = true) => asAdmin("PUT", `experimental_features/${encodeURIComponent(userId)}`, { features: { msc4222: shows } }),
    stop: () => server.stop(),
    kill: () => server.kill(),
  };
}

/** A port of the loopback that nobody listens on now. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => {
        if (typeof address === "object" && address !== null) resolve(address.port);
        else reject(new Error("no free port"));
      });
    });
  });
}

function keptFor(dir: string): { readonly port?: number; readonly secret?: string } {
  const file = path.join(dir, "kept.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) as { port: number; secret: string } : {};
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false; // Not listening yet.
  }
}

/** Registration by shared secret: works while registration is closed and is not rate limited (Synapse admin API, register). */
async function register(url: string, secret: string, username: string, password: string, admin: boolean): Promise<Account> {
  const endpoint = `${url}/_synapse/admin/v1/register`;
  const { nonce } = await call(endpoint, {}) as { nonce: string };
  const mac = createHmac("sha1", secret).update([nonce, username, password, admin ? "admin" : "notadmin"].join("\0")).digest("hex");
  const made = await call(endpoint, { method: "POST", body: JSON.stringify({ nonce, username, password, admin, mac }) }) as Omit<Account, "password">;
  return { ...made, password };
}

async function call(url: string, init: RequestInit): Promise<unknown> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(30_000) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${init.method ?? "GET"} ${new URL(url).pathname}: ${answer.status} ${text.slice(0, 300)}`);
  return JSON.parse(text);
}
