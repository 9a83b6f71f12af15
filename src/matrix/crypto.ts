import * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import type { MasterKey, RoomId, UserId } from "../domain/ids.ts";
import type { Crypto, Decrypted, Encrypted, Proof, Recipient, Undecryptable } from "../ports.ts";
import { ciphertextHash, megolmHeader } from "./ciphertext.ts";
import { readCryptoSync } from "./crypto-sync.ts";
import type { PoisonList } from "./crypto-store/poison.ts";
import { Fault, isFault } from "./fault.ts";
import type { Machine } from "./machine.ts";
import { engineUser, engineUsers } from "./machine.ts";
import { askedAbout } from "./outgoing.ts";
import type { Outgoing, OutgoingRequest } from "./outgoing.ts";
import { isPanic } from "./panic.ts";
import { Receiving, crossSigned } from "./receiving.ts";
import type { Log } from "./rest.ts";
import { SerialByName } from "./serial.ts";
import { isObject } from "./shapes.ts";
import { Standings, masterKeyOf } from "./standing.ts";

/** A sender's keys are asked for anew at most this often for one Megolm session: over federation, signatures may come late. */
const MOST_NEW_QUERIES = 3;
const MOST_SESSIONS_REMEMBERED = 5_000;
const MOST_RECIPIENTS = 1_000;
/** Bytes of JSON: what is longer becomes an event above the 65,536 bytes a server takes. Measured on Synapse. */
const LONGEST_CONTENT = 46_000;

type Attempt = { readonly event: olm.DecryptedRoomEvent } | { readonly why: Undecryptable["why"]; readonly queryMayHelp: boolean };

/** End-to-end encryption as the rest of Relevo sees it. */
export class OlmCrypto implements Crypto {
  readonly #machine: Machine;
  readonly #outgoing: Outgoing;
  readonly #log: Log;
  readonly #receiving: Receiving;
  readonly #rooms = new SerialByName();
  readonly #queriedAnew = new Map<string, number>();

  constructor(machine: Machine, outgoing: Outgoing, poison: PoisonList, log: Log) {
    this.#machine = machine;
    this.#receiving = new Receiving(machine, poison);
    this.#outgoing = outgoing;
    this.#log = log;
  }

  async receive(crypto: unknown): Promise<void> {
    const sync = readCryptoSync(crypto);
    const { refused, undecryptable, poisonous, panics } = await this.#receiving.take(sync);
    this.#outgoing.reported(sync.changed);
    const malformed = sync.malformed + refused;
    if (malformed + undecryptable + poisonous > 0) this.#log("crypto.to-device-left-out", { malformed, undecryptable, poisonous });
    if (panics > 0) this.#log("crypto.engine-panicked", { panics });
  }

  pump(): Promise<void> {
    return this.#outgoing.pump();
  }

  async decrypt(room: RoomId, wire: Readonly<Record<string, unknown>>): Promise<Decrypted | Undecryptable> {
    const hash = ciphertextHash(wire["content"]);
    try {
      return await this.#decrypt(room, wire, hash);
    } catch (error) {
      if (!isPanic(error)) throw error;
      this.#log("crypto.event-poisonous", {});
      return { ok: false, why: "malformed", hash };
    }
  }

  async #decrypt(room: RoomId, wire: Readonly<Record<string, unknown>>, hash: string): Promise<Decrypted | Undecryptable> {
    const content = isObject(wire["content"]) ? wire["content"] : {};
    const header = megolmHeader(content);
    const { sender, event_id: event } = wire;
    if (wire["type"] !== "m.room.encrypted" || header === undefined || typeof sender !== "string" || typeof event !== "string") {
      return { ok: false, why: "malformed", hash };
    }
    // Only what decrypting needs. The engine would merge a relation from outside into the content, and a server can put one there
    // (reference: live.md 6); a sender key outside is deprecated and proves nothing.
    const { algorithm, ciphertext } = content;
    const bare = { algorithm, ciphertext, session_id: header.session };
    const json = JSON.stringify({ type: "m.room.encrypted", room_id: room, event_id: event, sender, origin_server_ts: timestamp(wire), content: bare });
    let attempt = await this.#machine.run((engine) => tryDecrypt(engine, room, json));
    if ("why" in attempt && attempt.queryMayHelp && (await this.#queryAnew(sender, header.session))) {
      attempt = await this.#machine.run((engine) => tryDecrypt(engine, room, json));
    }
    if ("why" in attempt) {
      const claims = attempt.why === "unproven" ? await this.#machine.run((engine) => readClaims(engine, room, json)) : undefined;
      return { ok: false, why: attempt.why, hash, ...(claims === undefined ? {} : { claims: { ...claims, ...header } }) };
    }
    return readDecrypted(attempt.event, sender, { ...header, hash });
  }

  async encrypt(room: RoomId, recipients: readonly Recipient[], type: string, content: Readonly<Record<string, unknown>>): Promise<Encrypted> {
    const json = JSON.stringify(content);
    if (Buffer.byteLength(json) > LONGEST_CONTENT) throw new Error(`an event of more than ${LONGEST_CONTENT} bytes cannot be sent encrypted`);
    const pins = new Map(recipients.map(({ user, pinned }) => [user, pinned]));
    pins.delete(this.#machine.user);
    if (pins.size > MOST_RECIPIENTS) throw new Error(`a key goes to at most ${MOST_RECIPIENTS} people`);
    return this.#rooms.run(room, async () => this.#encrypt(room, pins, type, json)).catch((error: unknown) => {
      // The engine is open again; what was under way is as if it had not been begun, and is tried again.
      throw isPanic(error) ? new Fault("unreachable", { network: "engine_panic" }) : error;
    });
  }

  async #encrypt(room: RoomId, pins: ReadonlyMap<UserId, MasterKey>, type: string, json: string): Promise<Encrypted> {
    const claim = await this.#informed(pins.keys(), (engine, standings) => missingSessions(engine, standings, pins));
    if (claim !== undefined) await this.#outgoing.send(claim);
    const { requests, withheld } = await this.#informed(pins.keys(), (engine, standings) => share(engine, standings, room, pins));
    for (const request of requests) await this.#outgoing.send(request);
    const ciphertext = await this.#machine.run((engine) => engine.encryptRoomEvent(new olm.RoomId(room), type, json));
    return { ciphertext, withheld };
  }

  /** Throws a gateway fault if keys are known to have changed and the new ones cannot be had: old knowledge proves nothing then. */
  async proof(user: UserId, device: string, pinned: MasterKey): Promise<Proof> {
    return this.#informed([user], (_engine, standings) => standings.device(user, device, pinned));
  }

  /** Always asked anew, because it is rare and somebody is about to pin the answer. */
  async masterKey(user: UserId): Promise<MasterKey | undefined> {
    const id = engineUser(user);
    if (id === undefined) return undefined;
    await this.#machine.run((engine) => engine.updateTrackedUsers(engineUsers([user])));
    await this.#outgoing.queryAnew(id);
    return this.#informed([user], async (engine, _standings, pending) => {
      const identity = pending.has(user) ? undefined : await engine.getIdentity(new olm.UserId(user));
      return identity === undefined ? undefined : masterKeyOf(identity);
    });
  }

  async healthy(): Promise<boolean> {
    // News of one's own keys is asked for if there is any; without a homeserver, what is known has to do.
    await this.#outgoing.queries().catch((error: unknown) => {
      if (!isFault(error)) throw error;
    });
    return this.#machine.run(ownStanding);
  }

  close(): Promise<void> {
    return this.#machine.close();
  }

  /**
   * Work in one turn of the engine that knows these people's keys as the server last reported them. It asks only for those that are new
   * or reported changed, and once more for what was reported in between; who is unknown even then is in `pending`.
   */
  async #informed<T>(users: Iterable<string>, work: (engine: olm.OlmMachine, standings: Standings, pending: ReadonlySet<string>) => Promise<T>): Promise<T> {
    const people = [...users];
    await this.#machine.run((engine) => engine.updateTrackedUsers(engineUsers(people)));
    for (let last = false; ; last = true) {
      await this.#outgoing.queries();
      const done = await this.#outgoing.undisturbed(() => this.#machine.run(async (engine) => {
        const requests = (await engine.outgoingRequests()) as OutgoingRequest[];
        const pending = new Set(requests.flatMap(askedAbout));
        if (!last && people.some((user) => pending.has(user))) return undefined;
        const unknown = pending.union(this.#outgoing.unanswered);
        return { result: await work(engine, new Standings(engine, unknown), unknown) };
      }));
      if (done !== undefined) return done.result;
    }
  }

  /** Whether a query was made that may change the answer. */
  async #queryAnew(sender: string, session: string): Promise<boolean> {
    const id = engineUser(sender);
    const made = this.#queriedAnew.get(session) ?? 0;
    if (id === undefined || made >= MOST_NEW_QUERIES) return false;
    if (this.#queriedAnew.size >= MOST_SESSIONS_REMEMBERED) this.#queriedAnew.clear();
    this.#queriedAnew.set(session, made + 1);
    await this.#machine.run((engine) => engine.updateTrackedUsers(engineUsers([sender])));
    await this.#outgoing.queryAnew(id);
    return true;
  }
}

/** Own identity whole, its private keys here, and this device signed with them. */
export async function ownStanding(engine: olm.OlmMachine): Promise<boolean> {
  const status = await engine.crossSigningStatus();
  if (!status.hasMaster || !status.hasSelfSigning || !status.hasUserSigning) return false;
  const identity = await engine.getIdentity(engine.userId);
  const device = await engine.getDevice(engine.userId, engine.deviceId);
  return identity?.isVerified() === true && device?.isCrossSignedByOwner() === true;
}

/** Of people who may not have the key nothing is claimed. */
async function missingSessions(engine: olm.OlmMachine, standings: Standings, pins: ReadonlyMap<UserId, MasterKey>): Promise<olm.KeysClaimRequest | undefined> {
  const { entitled } = await sorted(standings, pins);
  return (await engine.getMissingSessions(engineUsers(entitled))) ?? undefined;
}

/**
 * Who may have the key, and the key to exactly them, in one turn of the engine: an identity that changes between the two would get it.
 * The engine rotates the session by itself when somebody who has had it is no longer among them.
 */
async function share(
  engine: olm.OlmMachine,
  standings: Standings,
  room: RoomId,
  pins: ReadonlyMap<UserId, MasterKey>,
): Promise<{ readonly requests: readonly olm.ToDeviceRequest[]; readonly withheld: Encrypted["withheld"] }> {
  const { entitled, withheld } = await sorted(standings, pins);
  const settings = new olm.EncryptionSettings();
  settings.sharingStrategy = olm.CollectStrategy.identityBasedStrategy();
  // Keeps other members' clients from passing the key on to people invited later (MSC4268).
  settings.historyVisibility = olm.HistoryVisibility.Joined;
  const requests = await engine.shareRoomKey(new olm.RoomId(room), engineUsers(entitled), settings);
  return { requests, withheld };
}

async function sorted(standings: Standings, pins: ReadonlyMap<UserId, MasterKey>): Promise<{ readonly entitled: UserId[]; readonly withheld: Encrypted["withheld"] }> {
  const entitled: UserId[] = [];
  const withheld: { readonly user: UserId; readonly why: Proof }[] = [];
  for (const [user, pinned] of pins) {
    const why = await standings.recipient(user, pinned);
    if (why === "proven") entitled.push(user);
    else withheld.push({ user, why });
  }
  return { entitled, withheld };
}

async function tryDecrypt(engine: olm.OlmMachine, room: RoomId, event: string): Promise<Attempt> {
  try {
    return { event: await engine.decryptRoomEvent(event, new olm.RoomId(room), crossSigned()) };
  } catch (error) {
    if (!(error instanceof olm.MegolmDecryptionError)) return { why: "malformed", queryMayHelp: false };
    if (error.withheldCode !== undefined) return { why: "withheld", queryMayHelp: false };
    switch (error.code) {
      case olm.DecryptionErrorCode.MissingRoomKey:
      case olm.DecryptionErrorCode.UnknownMessageIndex:
        return { why: "no-key", queryMayHelp: false };
      case olm.DecryptionErrorCode.UnknownSenderDevice:
      case olm.DecryptionErrorCode.UnsignedSenderDevice:
        return { why: "unproven", queryMayHelp: true };
      case olm.DecryptionErrorCode.SenderIdentityVerificationViolation:
      case olm.DecryptionErrorCode.MismatchedSender:
      case olm.DecryptionErrorCode.MismatchedIdentityKeys:
        return { why: "unproven", queryMayHelp: false };
      default:
        return { why: "malformed", queryMayHelp: false };
    }
  }
}

/** What a message of an unproven device says, if its key opens it. */
async function readClaims(engine: olm.OlmMachine, room: RoomId, event: string): Promise<{ readonly type: string; readonly content: Readonly<Record<string, unknown>> } | undefined> {
  const untrusted = new olm.DecryptionSettings(olm.TrustRequirement.Untrusted);
  const opened = await engine.decryptRoomEvent(event, new olm.RoomId(room), untrusted).catch((error: unknown) => {
    if (error instanceof olm.MegolmDecryptionError) return undefined;
    throw error;
  });
  const inside: unknown = opened === undefined ? undefined : JSON.parse(opened.event);
  return isObject(inside) && typeof inside["type"] === "string" && isObject(inside["content"]) ? { type: inside["type"], content: inside["content"] } : undefined;
}

function readDecrypted(event: olm.DecryptedRoomEvent, sender: string, facts: { session: string; index: number; hash: string }): Decrypted | Undecryptable {
  const device = event.senderDevice?.toString();
  // A key that somebody else passed on (MSC4268) does not prove who wrote what it opens.
  if (device === undefined || event.forwarder !== undefined || event.sender.toString() !== sender) return { ok: false, why: "unproven", hash: facts.hash };
  const inside: unknown = JSON.parse(event.event);
  if (!isObject(inside) || typeof inside["type"] !== "string" || !isObject(inside["content"])) return { ok: false, why: "malformed", hash: facts.hash };
  return { ok: true, type: inside["type"], content: inside["content"], sender: sender as UserId, device, ...facts };
}

/** The engine needs one, but nothing rests on it: a server can write what it likes there. */
function timestamp(wire: Readonly<Record<string, unknown>>): number {
  const { origin_server_ts: time } = wire;
  return typeof time === "number" && Number.isSafeInteger(time) && time >= 0 ? time : 0;
}
