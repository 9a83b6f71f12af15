/**
 * Comparing emoji with people (SAS): they start it from their client, the bot shows what it sees to whoever listens, and a person answers. The
 * engine does the cryptography; here is who may begin, how many at once, and what came of it.
 */
import * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import type { MasterKey, RoomId, UserId } from "../domain/ids.ts";
import type { Comparison, ComparisonEnd, Encrypted, Recipient, VerificationEvent, VerificationListener, Verifications } from "../ports.ts";
import { isFault } from "./fault.ts";
import type { Informed } from "./informed.ts";
import { engineUser } from "./machine.ts";
import type { Machine } from "./machine.ts";
import type { Outgoing, OutgoingRequest } from "./outgoing.ts";
import { isPanic } from "./panic.ts";
import type { Log } from "./rest.ts";
import { Serial } from "./serial.ts";
import { isObject } from "./shapes.ts";
import { comparisonId, endOf, requestsOf, sasOf, whatIsShown } from "./verification-steps.ts";
import type { Vouching } from "./vouching.ts";

/** Comparisons at once; more are refused. Of one person the engine takes one: a second request ends both. */
const MOST_OPEN = 10;
/** People whose requests are looked at in one go. */
const MOST_NOTICED = 100;
const KIND = "m.key.verification.";

/** Brings an encrypted event to a room; the same `transaction` twice is one event. Throws a gateway fault. */
export type RoomSender = (room: RoomId, transaction: string, ciphertext: string) => Promise<void>;

/** What verification needs. */
export interface VerificationParts {
  readonly machine: Machine;
  readonly outgoing: Outgoing;
  readonly informed: Informed;
  readonly vouching: Vouching;
  readonly toRoom: RoomSender;
  readonly encrypt: (room: RoomId, recipient: Recipient, type: string, content: Readonly<Record<string, unknown>>) => Promise<Encrypted>;
  readonly log: Log;
}

interface Open {
  readonly user: UserId;
  readonly flow: string;
  readonly pinned: MasterKey;
  /** Set once it has been shown. */
  shown?: Comparison;
  /** What could not be sent yet, in order. */
  readonly unsent: OutgoingRequest[];
}

/** The bot's side of all comparisons. Lost with the process, as they are in any client: people start again. */
export class SasVerifications implements Verifications {
  readonly #parts: VerificationParts;
  readonly #serial = new Serial();
  readonly #open = new Map<string, Open>();
  readonly #noticed = new Set<UserId>();
  #listener: VerificationListener | undefined;
  #closed = false;

  constructor(parts: VerificationParts) {
    this.#parts = parts;
  }

  listen(listener: VerificationListener): void {
    this.#listener = listener;
  }

  /** To-device events, which the engine has had: whoever wrote to verify is looked at with the next {@link advance}. */
  noticed(events: readonly string[]): void {
    for (const json of events) {
      const { type, sender } = JSON.parse(json) as { readonly type: string; readonly sender: UserId };
      if (type.startsWith(KIND) && this.#noticed.size < MOST_NOTICED) this.#noticed.add(sender);
    }
  }

  async hear(room: RoomId, { event, sender, type, content, claimedTime }: VerificationEvent): Promise<void> {
    const { machine, log } = this.#parts;
    const isRequest = type === "m.room.message" && content["msgtype"] === `${KIND}request`;
    if (this.#closed || sender === machine.user || !(isRequest || type.startsWith(KIND)) || this.#listener?.pinned(sender) === undefined) return;
    const json = JSON.stringify({ type, event_id: event, sender, origin_server_ts: claimedTime, room_id: room, content });
    try {
      await machine.run((engine) => engine.receiveVerificationEvent(json, new olm.RoomId(room)));
    } catch (error) {
      // The engine does not take everything that people's clients send, and survives most of it.
      log("crypto.verification-malformed", { panicked: isPanic(error) });
      return;
    }
    this.#noticed.add(sender);
    // Not awaited: it speaks with the server, and whoever hears has other events to deal with.
    void this.advance();
  }

  answer(id: string, matches: boolean): Promise<boolean> {
    return this.#serial.run(async () => {
      const open = this.#open.get(id);
      if (open?.shown === undefined) return false;
      // What was compared must still be what people pinned.
      const confirmed = matches && (await this.#isStill(open));
      const replies = await this.#parts.machine.run(async (engine) => {
        const sas = sasOf(engine, open.user, open.flow);
        if (sas === undefined || sas.isCancelled() || sas.timedOut()) return undefined;
        if (confirmed) return (await sas.confirm()) as OutgoingRequest[];
        const reply = sas.cancelWithCode("m.mismatched_sas") as OutgoingRequest | undefined;
        return reply === undefined ? [] : [reply];
      });
      if (replies === undefined) {
        await this.#step(open);
        return false;
      }
      open.unsent.push(...replies);
      await this.#flush(open);
      if (!confirmed) this.#end(id, open, "mismatch");
      return true;
    });
  }

  cancel(id: string): Promise<void> {
    return this.#serial.run(async () => {
      const open = this.#open.get(id);
      if (open !== undefined) await this.#cancel(open);
    });
  }

  /** Takes every comparison as far as it goes now. Never throws: what fails is tried again with the next call. */
  advance(): Promise<void> {
    if (this.#closed || (this.#noticed.size === 0 && this.#open.size === 0)) return Promise.resolve();
    return this.#serial.run(() => this.#advance()).catch((error: unknown) => {
      if (this.#closed) return;
      if (!isFault(error) && !isPanic(error)) throw error;
      this.#parts.log("crypto.verification-waits", { panicked: isPanic(error) });
    });
  }

  /** After the step that is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#serial.run(async () => undefined);
  }

  async #advance(): Promise<void> {
    const { machine, outgoing } = this.#parts;
    const people = new Set([...this.#noticed, ...[...this.#open.values()].map(({ user }) => user)]);
    this.#noticed.clear();
    for (const user of people) {
      const begun = await machine.run(async (engine) => requestsOf(engine, user));
      for (const flow of begun) await this.#consider(user, flow);
    }
    for (const open of [...this.#open.values()]) await this.#step(open);
    await this.#sendToRooms();
    await outgoing.pump();
  }

  /** Somebody asks to begin. */
  async #consider(user: UserId, flow: string): Promise<void> {
    const { machine, log } = this.#parts;
    const id = comparisonId(user, flow);
    if (this.#open.has(id)) return;
    const pinned = this.#listener?.pinned(user);
    const wanted = pinned !== undefined && this.#open.size < MOST_OPEN && (await this.#isStill({ user, pinned }));
    const open: Open = { user, flow, pinned: pinned ?? ("" as MasterKey), unsent: [] };
    const reply = await machine.run(async (engine) => {
      const request = engineUser(user) === undefined ? undefined : engine.getVerificationRequest(new olm.UserId(user), flow);
      return (wanted ? request?.acceptWithMethods([olm.VerificationMethod.SasV1]) : request?.cancel()) as OutgoingRequest | undefined;
    });
    if (reply !== undefined) open.unsent.push(reply);
    if (wanted && reply !== undefined) this.#open.set(id, open);
    log("crypto.verification-asked", { accepted: wanted });
    await this.#flush(open);
  }

  async #step(open: Open): Promise<void> {
    const { machine, outgoing, vouching } = this.#parts;
    const { user, flow, pinned } = open;
    const id = comparisonId(user, flow);
    await this.#flush(open);
    const seen = await machine.run(async (engine) => {
      const end = endOf(engine, user, flow);
      const sas = sasOf(engine, user, flow);
      if (end !== undefined || sas === undefined) return { end };
      const reply = sas.weStarted() || sas.hasBeenAccepted() ? undefined : (sas.accept() as OutgoingRequest | undefined);
      return { end, reply, shown: whatIsShown(sas, id, user) };
    });
    if (seen.reply !== undefined) {
      open.unsent.push(seen.reply);
      await this.#flush(open);
    }
    if (seen.end === "done") {
      // The signature goes out with what the engine wants sent; only when the server shows it is the identity vouched for.
      const id_ = engineUser(user);
      await outgoing.pump();
      if (id_ !== undefined) await outgoing.queryAnew(id_);
      return this.#end(id, open, (await vouching.isVouched(user, pinned)) ? "verified" : "cancelled");
    }
    if (seen.end !== undefined) return this.#end(id, open, seen.end);
    if (seen.shown === undefined || open.shown !== undefined) return;
    if (!(await this.#isStill(open))) return this.#cancel(open);
    open.shown = seen.shown;
    this.#listener?.shown(seen.shown);
  }

  /** Whether the person is who the journal says, and the journal still says so. */
  async #isStill({ user, pinned }: Pick<Open, "user" | "pinned">): Promise<boolean> {
    if (this.#listener?.pinned(user) !== pinned) return false;
    return (await this.#parts.informed.about([user], (_engine, standings) => standings.identity(user, pinned))) === "proven";
  }

  async #cancel(open: Open): Promise<void> {
    const reply = await this.#parts.machine.run(async (engine) => {
      const sas = sasOf(engine, open.user, open.flow);
      return (sas === undefined ? engine.getVerificationRequest(new olm.UserId(open.user), open.flow)?.cancel() : sas.cancel()) as OutgoingRequest | undefined;
    });
    if (reply !== undefined) open.unsent.push(reply);
    this.#end(comparisonId(open.user, open.flow), open, "cancelled");
    await this.#flush(open);
  }

  #end(id: string, open: Open, end: ComparisonEnd): void {
    if (!this.#open.delete(id)) return;
    this.#parts.log("crypto.verification-ended", { end });
    if (open.shown !== undefined) this.#listener?.ended(open.shown, end);
  }

  async #flush({ user, pinned, unsent }: Open): Promise<void> {
    for (let next = unsent[0]; next !== undefined; next = unsent[0]) {
      await this.#send(next, { user, pinned });
      unsent.shift();
    }
  }

  /** What the engine says in rooms by itself, in the chats of those who compare; to anybody else it says nothing. */
  async #sendToRooms(): Promise<void> {
    for (const request of await this.#parts.outgoing.forRooms()) {
      const relates: unknown = (JSON.parse(request.body) as Record<string, unknown>)["m.relates_to"];
      const flow = isObject(relates) ? relates["event_id"] : undefined;
      const open = [...this.#open.values()].find((each) => each.flow === flow);
      if (open !== undefined) await this.#send(request, open);
      else await this.#parts.outgoing.settled(request);
    }
  }

  async #send(request: OutgoingRequest, to: { readonly user: UserId; readonly pinned: MasterKey }): Promise<void> {
    const { outgoing, encrypt, toRoom } = this.#parts;
    if (request.type !== olm.RequestType.RoomMessage) return outgoing.send(request);
    const { room_id: room, txn_id: transaction, event_type: type, body } = request as olm.RoomMessageRequest;
    // Encrypted, as all that the bot says: clients take it so, and the server learns nothing of it.
    const { ciphertext } = await encrypt(room as RoomId, { user: to.user, pinned: to.pinned }, type, JSON.parse(body) as Record<string, unknown>);
    await toRoom(room as RoomId, transaction, ciphertext);
    await outgoing.settled(request);
  }
}
