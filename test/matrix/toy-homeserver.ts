/** Keys, to-device messages and account data as a homeserver keeps them, over HTTP on the loopback: enough for crypto, without rooms. */
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Json = Record<string, unknown>;
export interface ToyRequest {
  readonly method: string;
  readonly path: string;
  readonly user: string;
  readonly device: string;
  readonly body: Json;
}
export interface ToyAnswer {
  readonly status: number;
  readonly body: unknown;
}

interface Device {
  keys?: Json;
  oneTime: Record<string, Json>;
  /** Every one-time key ever uploaded: the same id with another value shows a store that went back in time. */
  readonly issued: Record<string, unknown>;
  fallback: Record<string, Json>;
  queue: { readonly seq: number; readonly event: Json }[];
  readonly transactions: Set<string>;
}
interface Account {
  readonly devices: Map<string, Device>;
  readonly data: Map<string, Json>;
  /** Versions of the backup of room keys, with what each holds by "room session". */
  readonly backups: { readonly info: Json; readonly keys: Map<string, unknown> }[];
  signing?: Json;
}

export class ToyHomeserver {
  readonly accounts = new Map<string, Account>();
  /** What a real server would never see from a store that is whole. */
  readonly complaints: string[] = [];
  /** Answers in place of the server, if it returns something. */
  intercept: (request: ToyRequest) => ToyAnswer | undefined = () => undefined;
  /** Does what it is asked, but cuts the connection instead of answering, if it returns true. */
  swallow: (request: ToyRequest) => boolean = () => false;
  /** What a sync of somebody says of their rooms; the server itself has none. */
  rooms: (user: string) => Json = () => ({});
  /** Wanted before cross-signing keys are taken, if set. */
  password: string | undefined;
  readonly requests: ToyRequest[] = [];
  readonly #tokens = new Map<string, { readonly user: string; readonly device: string }>();
  readonly #changes: { readonly seq: number; readonly user: string }[] = [];
  #server: Server | undefined;
  #seq = 0;

  async start(): Promise<string> {
    const server = createServer((request, response) => void this.#serve(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  token(user: string, device: string): string {
    const token = `token-${user}-${device}`;
    this.#tokens.set(token, { user, device });
    this.#device(user, device);
    return token;
  }

  /** Puts a to-device event into somebody's queue, of any shape. */
  inject(user: string, device: string, event: Json): void {
    this.#device(user, device).queue.push({ seq: ++this.#seq, event });
  }

  /** As a logout does. */
  removeDevice(user: string, device: string): void {
    this.#account(user).devices.delete(device);
    this.#changed(user);
  }

  #account(user: string): Account {
    const account = this.accounts.get(user) ?? { devices: new Map(), data: new Map(), backups: [] };
    this.accounts.set(user, account);
    return account;
  }

  #device(user: string, name: string): Device {
    const { devices } = this.#account(user);
    const device = devices.get(name) ?? { oneTime: {}, issued: {}, fallback: {}, queue: [], transactions: new Set() };
    devices.set(name, device);
    return device;
  }

  #changed(user: string): void {
    this.#changes.push({ seq: ++this.#seq, user });
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString();
    const url = new URL(incoming.url ?? "/", "http://localhost");
    const session = this.#tokens.get((incoming.headers.authorization ?? "").replace("Bearer ", ""));
    const body = text === "" ? {} : (JSON.parse(text) as Json);
    const path = decodeURIComponent(url.pathname.replace("/_matrix/client/v3", ""));
    const request = { method: incoming.method ?? "", path, user: session?.user ?? "", device: session?.device ?? "", body };
    this.requests.push(request);
    const answer =
      this.intercept(request) ?? (session === undefined ? { status: 401, body: { errcode: "M_UNKNOWN_TOKEN" } } : this.#answer(request, Number(url.searchParams.get("since") ?? 0)));
    if (this.swallow(request)) return void incoming.socket.destroy();
    response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(answer.body));
  }

  #answer(request: ToyRequest, since: number): ToyAnswer {
    const { path, user, device, body, method } = request;
    const [, , , type = "", transaction = ""] = /^\/(sendToDevice)(\/)([^/]+)\/(.+)$/.exec(path) ?? [];
    if (type !== "") return ok(this.#send(user, this.#device(user, device), type, transaction, body));
    const data = /^\/user\/[^/]+\/account_data\/(.+)$/.exec(path)?.[1];
    if (data !== undefined) return this.#accountData(method, user, data, body);
    if (path.startsWith("/room_keys/")) return this.#backup(request);
    switch (path) {
      case "/account/whoami":
        return ok({ user_id: user, device_id: device });
      case "/keys/upload":
        return this.#upload(user, this.#device(user, device), body);
      case "/keys/query":
        return ok(this.#query(user, body));
      case "/keys/claim":
        return ok(this.#claim(body));
      case "/keys/signatures/upload":
        return ok(this.#signatures(body));
      case "/keys/device_signing/upload":
        return this.#signing(user, body);
      case "/sync":
        return ok({ ...this.#sync(this.#device(user, device), since), rooms: this.rooms(user) });
      default:
        return { status: 404, body: { errcode: "M_UNRECOGNIZED" } };
    }
  }

  /** Of the newest version alone, as a server serves clients that name it. */
  #backup({ path, method, user, body }: ToyRequest): ToyAnswer {
    const { backups } = this.#account(user);
    if (path === "/room_keys/version" && method === "POST") {
      backups.push({ info: body, keys: new Map() });
      return ok({ version: String(backups.length) });
    }
    const newest = backups.at(-1);
    if (newest === undefined) return { status: 404, body: { errcode: "M_NOT_FOUND" } };
    if (path === "/room_keys/version") return ok({ ...newest.info, version: String(backups.length), count: newest.keys.size });
    if (method === "GET") {
      const found = newest.keys.get(path.replace("/room_keys/keys/", "").replace("/", " "));
      return found === undefined ? { status: 404, body: { errcode: "M_NOT_FOUND" } } : ok(found);
    }
    for (const [room, { sessions }] of Object.entries(body["rooms"] as Record<string, { sessions: Json }>)) for (const [session, key] of Object.entries(sessions)) newest.keys.set(`${room} ${session}`, key);
    return ok({ etag: "1", count: newest.keys.size });
  }

  #accountData(method: string, user: string, type: string, body: Json): ToyAnswer {
    const { data } = this.#account(user);
    if (method === "PUT") data.set(type, body);
    const found = data.get(type);
    return found === undefined ? { status: 404, body: { errcode: "M_NOT_FOUND" } } : ok(method === "PUT" ? {} : found);
  }

  #upload(user: string, device: Device, body: Json): ToyAnswer {
    if (body["device_keys"] !== undefined) {
      device.keys = body["device_keys"] as Json;
      this.#changed(user);
    }
    for (const [id, key] of Object.entries((body["one_time_keys"] ?? {}) as Record<string, Json>)) {
      if (device.issued[id] !== undefined && device.issued[id] !== key["key"]) {
        this.complaints.push(`one-time key ${id} of ${user} already exists`);
        return { status: 400, body: { errcode: "M_UNKNOWN" } };
      }
      if (device.issued[id] === undefined) device.oneTime[id] = key;
      device.issued[id] = key["key"];
    }
    if (Object.keys((body["fallback_keys"] ?? {}) as Json).length > 0) device.fallback = body["fallback_keys"] as Record<string, Json>;
    return ok({ one_time_key_counts: { signed_curve25519: Object.keys(device.oneTime).length } });
  }

  #query(asker: string, body: Json): Json {
    const answer: Record<string, Json> = { device_keys: {}, master_keys: {}, self_signing_keys: {}, user_signing_keys: {}, failures: {} };
    for (const user of Object.keys(body["device_keys"] as Json)) {
      const account = this.accounts.get(user);
      if (account === undefined) continue;
      const known = [...account.devices].flatMap(([name, { keys }]) => (keys === undefined ? [] : [[name, keys] as const]));
      answer["device_keys"] = { ...answer["device_keys"], [user]: Object.fromEntries(known) };
      if (account.signing === undefined) continue;
      for (const use of user === asker ? ["master", "self_signing", "user_signing"] : ["master", "self_signing"]) {
        answer[`${use}_keys`] = { ...answer[`${use}_keys`], [user]: account.signing[`${use}_key`] };
      }
    }
    return answer;
  }

  #claim(body: Json): Json {
    const keys: Record<string, Json> = {};
    for (const [user, devices] of Object.entries(body["one_time_keys"] as Record<string, Json>)) {
      for (const name of Object.keys(devices)) {
        const device = this.accounts.get(user)?.devices.get(name);
        if (device === undefined) continue;
        const [id] = Object.keys(device.oneTime);
        const given = id === undefined ? device.fallback : { [id]: device.oneTime[id] };
        if (id !== undefined) delete device.oneTime[id];
        keys[user] = { ...keys[user], [name]: given };
      }
    }
    return { one_time_keys: keys, failures: {} };
  }

  #send(sender: string, from: Device, type: string, transaction: string, body: Json): Json {
    if (from.transactions.has(transaction)) return {};
    from.transactions.add(transaction);
    for (const [user, devices] of Object.entries(body["messages"] as Record<string, Record<string, Json>>)) {
      for (const [name, content] of Object.entries(devices)) {
        const names = name === "*" ? [...this.#account(user).devices.keys()] : [name];
        for (const each of names) this.inject(user, each, { type, sender, content });
      }
    }
    return {};
  }

  #signatures(body: Json): Json {
    for (const [user, objects] of Object.entries(body as Record<string, Record<string, Json>>)) {
      const account = this.#account(user);
      for (const [id, signed] of Object.entries(objects)) {
        const keys = Object.values((account.signing ?? {}) as Record<string, Json>);
        const target = account.devices.get(id)?.keys ?? keys.find((key) => Object.keys(key["keys"] as Json).some((name) => name.endsWith(`:${id}`)));
        if (target === undefined) continue;
        const signatures = (target["signatures"] ?? {}) as Record<string, Json>;
        for (const [signer, made] of Object.entries(signed["signatures"] as Record<string, Json>)) signatures[signer] = { ...signatures[signer], ...made };
        target["signatures"] = signatures;
      }
      this.#changed(user);
    }
    return { failures: {} };
  }

  #signing(user: string, body: Json): ToyAnswer {
    const { auth, ...keys } = body;
    if (this.password !== undefined && (auth as Json | undefined)?.["password"] !== this.password) {
      return { status: 401, body: { session: "uia", flows: [{ stages: ["m.login.password"] }], params: {} } };
    }
    this.#account(user).signing = keys;
    this.#changed(user);
    return ok({});
  }

  /** To-device messages up to the token that comes back are deleted, as a server does. */
  #sync(device: Device, since: number): Json {
    device.queue = device.queue.filter(({ seq }) => seq > since);
    const changed = [...new Set(this.#changes.filter(({ seq }) => seq > since).map(({ user }) => user))];
    return {
      next_batch: String(this.#seq),
      to_device: { events: device.queue.map(({ event }) => event) },
      device_lists: { changed, left: [] },
      device_one_time_keys_count: { signed_curve25519: Object.keys(device.oneTime).length },
      device_unused_fallback_key_types: Object.keys(device.fallback).length > 0 ? ["signed_curve25519"] : [],
    };
  }
}

function ok(body: unknown): ToyAnswer {
  return { status: 200, body };
}
