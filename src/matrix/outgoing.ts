import * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import { Fault, isFault } from "./fault.ts";
import type { Machine } from "./machine.ts";
import { path } from "./rest.ts";
import type { Log, Rest } from "./rest.ts";
import { Serial } from "./serial.ts";

/** What the engine may want sent. */
export type OutgoingRequest =
  | olm.KeysUploadRequest
  | olm.KeysQueryRequest
  | olm.KeysClaimRequest
  | olm.ToDeviceRequest
  | olm.SignatureUploadRequest
  | olm.RoomMessageRequest
  | olm.KeysBackupRequest;

/** More rounds than this mean that each answer makes new requests; the rest waits for the next pump. */
const MOST_ROUNDS = 10;

/** Brings what the engine wants sent to the homeserver, and the answer back. */
export class Outgoing {
  readonly #machine: Machine;
  readonly #rest: Rest;
  readonly #log: Log;
  readonly #queries = new Serial();
  /** People about whom the server was asked and said nothing: not asked again by every message, only by the next pump. */
  readonly #unanswered = new Set<string>();
  /** Asked about in the queries under way. */
  readonly #asking = new Set<string>();
  #pumping: Promise<void> | undefined;
  #again = false;

  constructor(machine: Machine, rest: Rest, log: Log) {
    this.#machine = machine;
    this.#rest = rest;
    this.#log = log;
  }

  /** Sends all that waits. Failures are logged and wait for the next call; a call during another one makes that go on once more. */
  pump(): Promise<void> {
    if (this.#pumping !== undefined) {
      this.#again = true;
      return this.#pumping;
    }
    this.#pumping = this.#rounds().finally(() => {
      this.#pumping = undefined;
    });
    return this.#pumping;
  }

  /** Asks for the keys that the engine knows to be missing or changed; nothing, if there are none. Throws a {@link Fault}. */
  queries(): Promise<void> {
    // One at a time: the engine makes a new request of the same question as long as the first is not answered.
    return this.#queries.run(async () => {
      this.#asking.clear();
      for (const request of await this.#waiting()) {
        const news = askedAbout(request).filter((user) => !this.#unanswered.has(user));
        if (news.length === 0) continue;
        for (const user of news) this.#asking.add(user);
        await this.send(request);
      }
      if (this.#asking.size === 0) return;
      const left = new Set((await this.#waiting()).flatMap(askedAbout));
      for (const user of this.#asking) if (left.has(user)) this.#unanswered.add(user);
    });
  }

  /** Work that looks at what the engine wants to ask, while no question is under way: looking makes the engine forget the one before. */
  undisturbed<T>(work: () => Promise<T>): Promise<T> {
    return this.#queries.run(work);
  }

  /** News of these people has come: they are worth asking about again. */
  reported(users: Iterable<string>): void {
    for (const user of users) {
      this.#unanswered.delete(user);
      this.#asking.delete(user);
    }
  }

  /** Asks for somebody's keys whether or not anything is known to have changed. */
  queryAnew(user: olm.UserId): Promise<void> {
    return this.#queries.run(async () => {
      const request = await this.#machine.run(async (engine) => engine.queryKeysForUsers([user]));
      await this.send(request);
    });
  }

  /** One request to the server and its answer to the engine. Throws a {@link Fault}. */
  async send(request: OutgoingRequest): Promise<void> {
    const answer = await this.#deliver(request);
    const { id } = request;
    if (id === undefined) return;
    try {
      await this.#machine.run((engine) => engine.markRequestAsSent(id, request.type, JSON.stringify(answer)));
    } catch {
      throw new Fault("unreachable", { network: "unusable_answer" });
    }
  }

  async #rounds(): Promise<void> {
    this.#unanswered.clear();
    this.#again = true;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      if (this.#again) await this.#logged("KeysQuery", () => this.queries());
      this.#again = false;
      let sent = 0;
      for (const request of await this.undisturbed(() => this.#waiting())) {
        if (request.type === olm.RequestType.KeysQuery) continue;
        if (await this.#logged(olm.RequestType[request.type] ?? "", () => this.send(request))) sent++;
      }
      if (sent === 0 && !this.#again) return;
    }
    this.#log("crypto.pump-long", { rounds: MOST_ROUNDS });
  }

  /** Whether it went through; a failure waits for the next pump. */
  async #logged(type: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (!isFault(error)) throw error;
      this.#log("crypto.request-failed", { type, kind: error.kind, status: error.status ?? 0, errcode: error.errcode ?? "" });
      return false;
    }
  }

  async #waiting(): Promise<readonly OutgoingRequest[]> {
    const requests = (await this.#machine.run((engine) => engine.outgoingRequests())) as OutgoingRequest[];
    // Verification inside rooms is not answered, so the engine has nothing to say in rooms; if it had, it would have to be encrypted first.
    return requests.filter((request) => request.type !== olm.RequestType.RoomMessage && request.type !== olm.RequestType.KeysBackup);
  }

  #deliver(request: OutgoingRequest): Promise<unknown> {
    const { body } = request;
    switch (request.type) {
      case olm.RequestType.KeysUpload:
        return this.#rest.call({ method: "POST", path: "/_matrix/client/v3/keys/upload", body, repeat: "idempotent" });
      case olm.RequestType.KeysQuery:
        return this.#rest.call({ method: "POST", path: "/_matrix/client/v3/keys/query", body, repeat: "idempotent" });
      case olm.RequestType.KeysClaim:
        // A claim repeated uses up another one-time key of theirs, which is what such keys are for.
        return this.#rest.call({ method: "POST", path: "/_matrix/client/v3/keys/claim", body, repeat: "idempotent" });
      case olm.RequestType.SignatureUpload:
        return this.#rest.call({ method: "POST", path: "/_matrix/client/v3/keys/signatures/upload", body, repeat: "idempotent" });
      case olm.RequestType.ToDevice: {
        const { event_type: type, txn_id: transaction } = request as olm.ToDeviceRequest;
        return this.#rest.call({ method: "PUT", path: path`/_matrix/client/v3/sendToDevice/${type}/${transaction}`, body, repeat: "idempotent" });
      }
      default:
        throw new Error("a request of the crypto engine that is never sent");
    }
  }
}

/** Of whom a request wants to know the keys; empty for requests of other kinds. */
export function askedAbout(request: OutgoingRequest): string[] {
  if (request.type !== olm.RequestType.KeysQuery) return [];
  const body = JSON.parse(request.body) as { readonly device_keys?: Readonly<Record<string, unknown>> };
  return Object.keys(body.device_keys ?? {});
}
