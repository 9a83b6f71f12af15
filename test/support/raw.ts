/** A user without encryption: the control who sends in clear, and the attacker who sends what no client would. */
import { randomBytes } from "node:crypto";
import type { Account, Synapse } from "./synapse.ts";

/** An answer of the homeserver, whatever its status. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Raw {
  readonly userId: string;
  readonly account: Account;
  /** Any request of the client-server API, `path` from `/v3` on, such as `/v3/sync`; never throws because of a status. */
  request(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Sends an event exactly as given, encrypted or not; returns its id. Throws if the server refuses it. */
  send(room: string, type: string, content: Readonly<Record<string, unknown>>): Promise<string>;
  /** A plain text message in clear. */
  sayInClear(room: string, text: string): Promise<string>;
  setState(room: string, type: string, stateKey: string, content: Readonly<Record<string, unknown>>): Promise<string>;
  createRoom(options: Readonly<Record<string, unknown>>): Promise<string>;
  join(room: string): Promise<void>;
  /** An event as it lies on the server: of an encrypted one, only the ciphertext. */
  event(room: string, event: string): Promise<Readonly<Record<string, unknown>>>;
  toDevice(type: string, messages: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Promise<void>;
}

/** Registers a user, or takes an account that exists (then it is the same device: the server in person would look like that). */
export async function newRaw(synapse: Synapse, nameOrAccount: string | Account): Promise<Raw> {
  const account = typeof nameOrAccount === "string" ? await synapse.register(nameOrAccount, randomBytes(8).toString("hex")) : nameOrAccount;

  async function request(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await fetch(`${synapse.url}/_matrix/client${path}`, {
      method,
      headers: { authorization: `Bearer ${account.access_token}`, "content-type": "application/json" },
      signal: AbortSignal.timeout(30_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: await answer.json() as Readonly<Record<string, unknown>> };
  }
  async function must(method: string, path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>> {
    const answer = await request(method, path, body);
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
  const at = encodeURIComponent;
  const raw: Raw = {
    account, request,
    userId: account.user_id,
    async send(room, type, content) {
      return String((await must("PUT", `/v3/rooms/${at(room)}/send/${at(type)}/${randomBytes(8).toString("hex")}`, content))["event_id"]);
    },
    sayInClear: (room, text) => raw.send(room, "m.room.message", { msgtype: "m.text", body: text }),
    async setState(room, type, stateKey, content) {
      return String((await must("PUT", `/v3/rooms/${at(room)}/state/${at(type)}/${at(stateKey)}`, content))["event_id"]);
    },
    async createRoom(options) {
      return String((await must("POST", "/v3/createRoom", options))["room_id"]);
    },
    async join(room) {
      await must("POST", `/v3/join/${at(room)}`, {});
    },
    event: (room, event) => must("GET", `/v3/rooms/${at(room)}/event/${at(event)}`),
    async toDevice(type, messages) {
      await must("PUT", `/v3/sendToDevice/${at(type)}/${randomBytes(8).toString("hex")}`, { messages });
    },
  };
  return raw;
}
