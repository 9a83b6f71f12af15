import * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import { Fault, isFault } from "./fault.ts";
import { soundKeyAnswer } from "./key-shapes.ts";
import { engineUsers } from "./machine.ts";
import type { Machine } from "./machine.ts";
import { path } from "./rest.ts";
import type { Log, Rest } from "./rest.ts";
import { Serial } from "./serial.ts";
import { isObject } from "./shapes.ts";

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

/** So many syncs pass at most without a look into an engine that nothing has happened to: some of what it wants comes with time alone. */
const MOST_PASSED = 10;

/** So many pumps, that is, syncs, pass at most before somebody whose server is silent is asked about again. */
const MOST_PATIENCE = 64;

/** Brings what the engine wants sent to the homeserver, and the answer back. */
export class Outgoing {
  readonly #machine: Machine;
  readonly #rest: Rest;
  readonly #log: Log;
  readonly #queries = new Serial();
  /** People about whom the homeserver, or their own, said nothing when asked last. */
  readonly #unanswered = new Set<string>();
  /** Those of them who are worth asking about again. */
  readonly #askAgain = new Set<string>();
  /** Pumps until all of them are asked about again, and how many it was last time. */
  #patience = { left: 1, whole: 1 };
  #pumping: Promise<void> | undefined;
  #again = false;
  #news = 0;
  /** Rises with all that may make the engine want something sent. */
  #stirred = 0;
  /** What that was when there was nothing to send. */
  #quietAt: number | undefined;
  #passed = 0;

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

  /**
   * Asks for the keys that the engine knows to be missing or changed; nothing, if there are none. Nobody is asked about again for every
   * message while their server is silent. Throws a {@link Fault}.
   */
  queries(): Promise<void> {
    // One at a time: the engine makes a new request of the same question as long as the first is not answered.
    return this.#queries.run(async () => {
      const again = new Set(this.#askAgain);
      this.#askAgain.clear();
      for (const request of await this.#waiting()) {
        const asked = askedAbout(request);
        if (!asked.some((user) => !this.#unanswered.has(user) || again.has(user))) continue;
        await this.send(request);
        for (const user of asked) again.delete(user);
      }
      // The engine itself does not ask a server that has just failed.
      const left = engineUsers(again);
      if (left.length > 0) await this.send(await this.#machine.run(async (engine) => engine.queryKeysForUsers(left)));
    });
  }

  /**
   * Rises whenever the engine is told, or tells the homeserver, anything about people's keys and signatures, before and after: while it stands still, what
   * is known of people stays true.
   */
  get news(): number {
    return this.#news;
  }

  /** A sync that may bring such news is about to be handed to the engine, or has just been. */
  heard(): void {
    this.#news += 1;
    this.#stirred += 1;
  }

  /** The engine was told something else by which it may want something sent. */
  stir(): void {
    this.#stirred += 1;
  }

  /** As {@link pump}, but the engine is looked into only if anything has happened since it wanted nothing, and once in a while. */
  async pumpIfStirred(): Promise<void> {
    const isQuiet = this.#quietAt === this.#stirred && this.#unanswered.size === 0 && this.#askAgain.size === 0;
    if (isQuiet && ++this.#passed < MOST_PASSED) return;
    this.#passed = 0;
    await this.pump();
  }

  /** Whose keys were asked for without an answer: what the engine knows of them may be old. */
  get unanswered(): ReadonlySet<string> {
    return this.#unanswered;
  }

  /** Work that looks at what the engine wants to ask, while no question is under way: looking makes the engine forget the one before. */
  undisturbed<T>(work: () => Promise<T>): Promise<T> {
    return this.#queries.run(work);
  }

  /** News of these people has come: they are worth asking about again. */
  reported(users: Iterable<string>): void {
    for (const user of users) if (this.#unanswered.has(user)) this.#askAgain.add(user);
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
    const isNews = request.type === olm.RequestType.KeysQuery || request.type === olm.RequestType.SignatureUpload || request.type === olm.RequestType.KeysUpload;
    if (isNews) this.#news += 1;
    this.#stirred += 1;
    const raw = await this.#deliver(request);
    const answer = request.type === olm.RequestType.KeysQuery ? soundKeyAnswer(raw) : raw;
    this.#noteAnswer(askedAbout(request), answer);
    const { id } = request;
    if (id === undefined) return;
    try {
      await this.#machine.run((engine) => engine.markRequestAsSent(id, request.type, JSON.stringify(answer)));
    } catch {
      throw new Fault("unreachable", { network: "unusable_answer" });
    } finally {
      if (isNews) this.#news += 1;
    }
  }

  async #rounds(): Promise<void> {
    this.#remindOfUnanswered();
    this.#again = true;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const isAsked = this.#again;
      this.#again = false;
      const stirred = this.#stirred;
      // Nearly always there is nothing to send, and one look tells.
      let waiting = await this.undisturbed(() => this.#waiting());
      if (waiting.length === 0) this.#quietAt = stirred;
      if (isAsked && (this.#askAgain.size > 0 || waiting.some(({ type }) => type === olm.RequestType.KeysQuery))) {
        await this.#logged("KeysQuery", () => this.queries());
        waiting = await this.undisturbed(() => this.#waiting());
      }
      let sent = 0;
      for (const request of waiting) {
        if (request.type === olm.RequestType.KeysQuery) continue;
        if (await this.#logged(olm.RequestType[request.type] ?? "", () => this.send(request))) sent++;
      }
      if (sent === 0 && !this.#again) return;
    }
    this.#log("crypto.pump-long", { rounds: MOST_ROUNDS });
  }

  #noteAnswer(asked: readonly string[], answer: unknown): void {
    const keys = isObject(answer) ? answer["device_keys"] : undefined;
    for (const user of asked) {
      if (isObject(keys) && Object.hasOwn(keys, user)) this.#unanswered.delete(user);
      else this.#unanswered.add(user);
    }
  }

  /** With every silence twice as many pumps pass: a server that is down for a day is not asked with every sync. */
  #remindOfUnanswered(): void {
    if (this.#unanswered.size === 0) {
      this.#patience = { left: 1, whole: 1 };
      return;
    }
    if (--this.#patience.left > 0) return;
    const whole = Math.min(2 * this.#patience.whole, MOST_PATIENCE);
    this.#patience = { left: whole, whole };
    for (const user of this.#unanswered) this.#askAgain.add(user);
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

  /** What the engine wants said in rooms, which is verification alone; whoever sends it encrypts it first, then calls {@link settled}. */
  async forRooms(): Promise<readonly olm.RoomMessageRequest[]> {
    const requests = await this.undisturbed(() => this.#machine.run((engine) => engine.outgoingRequests()));
    return (requests as OutgoingRequest[]).filter((request): request is olm.RoomMessageRequest => request.type === olm.RequestType.RoomMessage);
  }

  /** The engine need not want this one sent any more. */
  async settled({ id }: olm.RoomMessageRequest | OutgoingRequest): Promise<void> {
    if (id !== undefined) await this.#machine.run((engine) => engine.markRequestAsSent(id, olm.RequestType.RoomMessage, '{"event_id":"$sent"}'));
  }

  async #waiting(): Promise<readonly OutgoingRequest[]> {
    const requests = (await this.#machine.run((engine) => engine.outgoingRequests())) as OutgoingRequest[];
    // What is for rooms has to be encrypted first, and the backup has a rhythm of its own.
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
      case olm.RequestType.KeysBackup:
        return this.#rest.call({ method: "PUT", path: "/_matrix/client/v3/room_keys/keys", query: { version: (request as olm.KeysBackupRequest).version }, body, repeat: "idempotent" });
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
