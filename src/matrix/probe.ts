/** What the homeserver says of itself and of the bot's account, asked once and without changing anything: for `relevo doctor` and `relevo init`. */
import { createPublicKey, verify } from "node:crypto";
import canonicalize from "canonicalize";
import { z } from "zod";
import type { Instant } from "../domain/ids.ts";
import type { Clock } from "../ports.ts";
import { path } from "./rest.ts";

/** What is asked with. */
export interface ProbeOptions {
  /** Base address, `https://matrix.example.org`. */
  readonly homeserver: string;
  readonly user: string;
  /** Without it only what anybody may ask is asked. */
  readonly token?: string;
  readonly clock: Clock;
}

/** Whose the access token is: the account's, another one's, nobody's; `no-device`: of the account, but of no device of it. */
export type TokenOf = "account" | "other" | "refused" | "no-device" | "unknown";
/** What the homeserver shows others of the bot's device. */
export type DeviceShown = "signed" | "unsigned" | "no-identity" | "missing" | "unknown";

/** What was found; what could not be asked is missing. */
export interface Probed {
  /** Why nothing could be asked at all: a code of the network (`ECONNREFUSED`), an HTTP status, or `not-matrix`. */
  readonly unreachable?: string;
  /** Milliseconds of one small request. */
  readonly took?: number;
  /** The homeserver's own clock against ours in milliseconds, positive if it is ahead; its header tells whole seconds. */
  readonly skew?: number;
  /** Versions of the specification, as advertised. */
  readonly versions?: readonly string[];
  readonly features?: readonly string[];
  /** Name and version of the software, where it tells. */
  readonly software?: string;
  /** Room versions that it calls stable. */
  readonly roomVersions?: readonly string[];
  readonly token?: TokenOf;
  readonly device?: DeviceShown;
  readonly hasSecretStorage?: boolean;
  readonly hasKeyBackup?: boolean;
}

/** Longest answer read, in bytes, and longest time for one, in milliseconds. */
const LONGEST_ANSWER = 1024 * 1024;
const LONGEST_CALL = 10_000;

const versionsShape = z.object({ versions: z.array(z.string().max(40)).max(200), unstable_features: z.record(z.string(), z.boolean()).optional() });
const whoAmI = z.object({ user_id: z.string(), device_id: z.string().max(255).optional() });
const capabilities = z.object({ capabilities: z.object({ "m.room_versions": z.object({ available: z.record(z.string(), z.string()) }) }) });
const software = z.object({ server: z.object({ name: z.string().max(60), version: z.string().max(100) }) });
const signedKeys = z.looseObject({ keys: z.record(z.string(), z.string()), signatures: z.record(z.string(), z.record(z.string(), z.string())).optional() });
const shown = z.object({
  device_keys: z.record(z.string(), z.record(z.string(), signedKeys)),
  master_keys: z.record(z.string(), signedKeys).optional(),
  self_signing_keys: z.record(z.string(), signedKeys).optional(),
});
type Signed = z.infer<typeof signedKeys>;

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly date: number | undefined;
  readonly from: Instant;
  readonly until: Instant;
}

/** Asks all there is to ask; never throws. Takes at most some seconds for each question where the homeserver is slow. */
export async function probe(options: ProbeOptions): Promise<Probed> {
  // Without the token: Synapse answers 401 even here to one that it does not know, and would seem not to be there.
  const first = await ask({ ...options, token: undefined }, "GET", "/_matrix/client/versions");
  if (typeof first === "string") return { unreachable: first };
  const read = versionsShape.safeParse(first.body);
  if (!read.success) return { unreachable: first.status === 200 ? "not-matrix" : String(first.status) };
  const half = (first.until - first.from) / 2;
  const open: Probed = {
    took: first.until - first.from, versions: read.data.versions,
    features: Object.entries(read.data.unstable_features ?? {}).filter(([, on]) => on).map(([name]) => name),
    // The header is cut to the second: the middle of that second is the best guess.
    ...(first.date === undefined ? {} : { skew: Math.round(first.date + 500 - (first.from + half)) }),
    ...(await softwareOf(options)),
  };
  return options.token === undefined ? open : { ...open, ...(await account(options)) };
}

async function softwareOf(options: ProbeOptions): Promise<Pick<Probed, "software">> {
  // Where the way for other homeservers is another address, this says nothing.
  const answer = await ask({ ...options, token: undefined }, "GET", "/_matrix/federation/v1/version");
  const read = software.safeParse(typeof answer === "string" ? undefined : answer.body);
  return read.success ? { software: `${read.data.server.name} ${read.data.server.version}` } : {};
}

async function account(options: ProbeOptions): Promise<Partial<Probed>> {
  const { user } = options;
  const who = await ask(options, "GET", "/_matrix/client/v3/account/whoami");
  if (typeof who === "string") return { token: "unknown" };
  if (who.status === 401) return { token: "refused" };
  const read = whoAmI.safeParse(who.body);
  if (who.status !== 200 || !read.success) return { token: "unknown" };
  if (read.data.user_id !== user) return { token: "other" };
  const { device_id: device } = read.data;
  if (device === undefined) return { token: "no-device" };
  const [can, keys, storage, backup] = await Promise.all([
    ask(options, "GET", "/_matrix/client/v3/capabilities"),
    ask(options, "POST", "/_matrix/client/v3/keys/query", { device_keys: { [user]: [] } }),
    ask(options, "GET", path`/_matrix/client/v3/user/${user}/account_data/m.secret_storage.default_key`),
    ask(options, "GET", "/_matrix/client/v3/room_keys/version"),
  ]);
  const versions = capabilities.safeParse(typeof can === "string" ? undefined : can.body);
  return {
    token: "account", device: typeof keys === "string" || keys.status !== 200 ? "unknown" : deviceShown(keys.body, user, device),
    ...(versions.success ? { roomVersions: Object.entries(versions.data.capabilities["m.room_versions"].available).filter(([, how]) => how === "stable").map(([version]) => version) } : {}),
    ...isThere("hasSecretStorage", storage), ...isThere("hasKeyBackup", backup),
  };
}

/** A 404 is an answer: there is none. Anything else that is not a success says nothing. */
function isThere<K extends "hasSecretStorage" | "hasKeyBackup">(name: K, answer: Answer | string): Partial<Record<K, boolean>> {
  if (typeof answer === "string" || (answer.status !== 200 && answer.status !== 404)) return {};
  return { [name]: answer.status === 200 } as Partial<Record<K, boolean>>;
}

/** Whether the device is signed by the self-signing key, and that by the master key: what the clients of others look at. */
export function deviceShown(answer: unknown, user: string, device: string): DeviceShown {
  const read = shown.safeParse(answer);
  if (!read.success) return "unknown";
  const found = read.data.device_keys[user]?.[device];
  const [master, selfSigning] = [read.data.master_keys?.[user], read.data.self_signing_keys?.[user]];
  if (found === undefined) return "missing";
  if (master === undefined || selfSigning === undefined) return "no-identity";
  return isSignedBy(selfSigning, user, onlyKey(master)) && isSignedBy(found, user, onlyKey(selfSigning)) ? "signed" : "unsigned";
}

function onlyKey(of: Signed): string | undefined {
  const keys = Object.values(of.keys);
  return keys.length === 1 ? keys[0] : undefined;
}

/** Ed25519 over canonical JSON without signatures (Matrix specification, appendices, "Signing JSON"). */
function isSignedBy(of: Signed, user: string, key: string | undefined): boolean {
  const signature = key === undefined ? undefined : of.signatures?.[user]?.[`ed25519:${key}`];
  if (key === undefined || signature === undefined || !/^[A-Za-z0-9+/]{43}$/.test(key)) return false;
  const { signatures: _signatures, unsigned: _unsigned, ...content } = of;
  const text = canonicalize(content);
  if (text === undefined) return false;
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(key, "base64").toString("base64url") }, format: "jwk" });
  return verify(null, Buffer.from(text), publicKey, Buffer.from(signature, "base64"));
}

/** One attempt: a doctor wants to see the fault that a repetition would hide. A string says why there was no answer. */
async function ask(options: Omit<ProbeOptions, "token"> & { readonly token?: string | undefined }, method: "GET" | "POST" | "PUT", where: string, body?: unknown): Promise<Answer | string> {
  const { homeserver, token, clock } = options;
  const late = new AbortController();
  const cancel = clock.wakeAt((clock.now() + LONGEST_CALL) as Instant, () => late.abort());
  const from = clock.now();
  try {
    const answer = await fetch(new URL(where, homeserver), {
      method, redirect: "error", signal: late.signal,
      headers: { accept: "application/json", ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const until = clock.now();
    const date = Date.parse(answer.headers.get("date") ?? "");
    return { status: answer.status, body: await bounded(answer), date: Number.isNaN(date) ? undefined : date, from, until };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : cause instanceof Error ? cause.name : "unknown";
    return late.signal.aborted ? "timeout" : /^[A-Za-z_]{1,60}$/.test(code) ? code : "unknown";
  } finally {
    cancel();
  }
}

async function bounded(answer: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body ?? []) {
    length += chunk.byteLength;
    if (length > LONGEST_ANSWER) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}

/** Small events sent at most to see whether the homeserver makes the account wait: Synapse's default lets ten through at once. */
const MOST_TRIED = 14;
const made = z.object({ room_id: z.string().max(300) });

/**
 * Whether the account is held back by a rate limit, seen by trying: makes an empty room for the bot alone, writes a few small state events, leaves it.
 * `unknown` if that could not be done.
 */
export async function measureRateLimit(options: ProbeOptions): Promise<"lifted" | "limited" | "unknown"> {
  const room = await ask(options, "POST", "/_matrix/client/v3/createRoom", { preset: "private_chat", creation_content: { "m.federate": false } });
  if (typeof room !== "string" && room.status === 429) return "limited";
  const id = made.safeParse(typeof room === "string" ? undefined : room.body);
  if (!id.success) return "unknown";
  let result: "lifted" | "limited" | "unknown" = "lifted";
  for (let n = 0; n < MOST_TRIED && result === "lifted"; n += 1) {
    const answer = await ask(options, "PUT", path`/_matrix/client/v3/rooms/${id.data.room_id}/state/eu.relevo.probe/${String(n)}`, { n });
    if (typeof answer === "string" || (answer.status !== 200 && answer.status !== 429)) result = "unknown";
    else if (answer.status === 429) result = "limited";
  }
  await ask(options, "POST", path`/_matrix/client/v3/rooms/${id.data.room_id}/leave`, {});
  await ask(options, "POST", path`/_matrix/client/v3/rooms/${id.data.room_id}/forget`, {});
  return result;
}
