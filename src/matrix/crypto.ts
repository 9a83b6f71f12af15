import * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import type { MasterKey, RoomId, UserId } from "../domain/ids.ts";
import type { Crypto, Decrypted, Encrypted, Proof, Recipient, Undecryptable, Verifications } from "../ports.ts";
import { megolmHeader } from "./ciphertext.ts";
import { readCryptoSync } from "./crypto-sync.ts";
import type { Lineage } from "./crypto-store/lineage.ts";
import type { PoisonList } from "./crypto-store/poison.ts";
import { Decryption } from "./decrypting.ts";
import { Fault, isFault } from "./fault.ts";
import { Informed } from "./informed.ts";
import type { KeyBackup } from "./key-backup.ts";
import type { Machine } from "./machine.ts";
import { engineUser, engineUsers } from "./machine.ts";
import type { Outgoing } from "./outgoing.ts";
import { isPanic } from "./panic.ts";
import { Receiving } from "./receiving.ts";
import type { Log, Rest } from "./rest.ts";
import { SerialByName } from "./serial.ts";
import type { Pins, Shared } from "./sharing.ts";
import { share } from "./sharing.ts";
import { masterKeyOf } from "./standing.ts";
import type { StoreAge } from "./store-age.ts";
import { SasVerifications } from "./verification.ts";
import type { RoomSender } from "./verification.ts";
import { Vouching } from "./vouching.ts";
import { Withholding } from "./withholding.ts";
import type { LeftOut } from "./withholding.ts";

const MOST_RECIPIENTS = 1_000;
/** Bytes of JSON: what is longer becomes an event above the 65,536 bytes a server takes. Measured on Synapse. */
const LONGEST_CONTENT = 46_000;
/** Devices proven that are remembered; more than any case has. */
const MOST_PROVEN = 1_000;
/** People reported changed that are remembered until somebody asks; more than any case has. */
const MOST_CHANGED = 10_000;

/** What {@link OlmCrypto} is made of. */
export interface CryptoParts {
  readonly machine: Machine;
  readonly outgoing: Outgoing;
  readonly rest: Rest;
  readonly poison: PoisonList;
  readonly lineage: Lineage;
  /** Asked before each encryption; missing where the store lives no longer than the process. */
  readonly age?: Pick<StoreAge, "sure" | "tellNowAndThen">;
  /** Where room keys are kept beside the store; missing where nothing need be read again. */
  readonly backup?: Pick<KeyBackup, "grew" | "flush" | "restore" | "imported">;
  /** Brings an encrypted event of a verification to its room. */
  readonly toRoom: RoomSender;
  readonly log: Log;
}

/** End-to-end encryption as the rest of Relevo sees it. */
export class OlmCrypto implements Crypto {
  readonly verifications: Verifications;
  readonly #machine: Machine;
  readonly #outgoing: Outgoing;
  readonly #log: Log;
  readonly #receiving: Receiving;
  readonly #decryption: Decryption;
  readonly #informed: Informed;
  readonly #vouching: Vouching;
  readonly #sas: SasVerifications;
  readonly #withholding: Withholding;
  readonly #lineage: Lineage;
  readonly #age: CryptoParts["age"];
  readonly #backup: CryptoParts["backup"];
  readonly #rooms = new SerialByName();
  readonly #changed = new Set<UserId>();
  /** Devices that were proven, and after how much news; with any more they are looked at again. */
  readonly #proven = new Map<string, number>();
  /** Whether one's own standing was good, and after how much news. */
  #sound: number | undefined;
  #noted = 0;

  constructor({ machine, outgoing, rest, poison, lineage, age, backup, toRoom, log }: CryptoParts) {
    this.#backup = backup;
    this.#lineage = lineage;
    this.#age = age;
    this.#machine = machine;
    this.#receiving = new Receiving(machine, poison, outgoing);
    this.#outgoing = outgoing;
    this.#log = log;
    this.#decryption = new Decryption({ machine, outgoing, log, ...(backup === undefined ? {} : { backup }) });
    this.#informed = new Informed(machine, outgoing);
    this.#vouching = new Vouching(this.#informed, outgoing);
    this.#withholding = new Withholding(machine, rest, log);
    this.#sas = new SasVerifications({
      machine, outgoing, informed: this.#informed, vouching: this.#vouching, toRoom, log,
      encrypt: (room, recipient, type, content) => this.encrypt(room, [recipient], type, content),
    });
    this.verifications = this.#sas;
  }

  async receive(crypto: unknown): Promise<number> {
    const sync = readCryptoSync(crypto);
    const isNews = sync.events.length + sync.changed.length + sync.left.length + sync.malformed > 0;
    if (isNews) this.#outgoing.heard();
    const { refused, undecryptable, poisonous, panics } = await this.#receiving.take(sync).finally(() => {
      // What was looked up before the engine had taken it in is old now, too.
      if (isNews) this.#outgoing.heard();
    });
    if (sync.events.length > 0) this.#backup?.grew();
    this.#outgoing.reported(sync.changed);
    this.#noteChanged(sync.changed);
    this.#sas.noticed(sync.events);
    const malformed = sync.malformed + refused;
    if (malformed + undecryptable + poisonous > 0) this.#log("crypto.to-device-left-out", { malformed, undecryptable, poisonous });
    if (panics > 0) this.#log("crypto.engine-panicked", { panics });
    return malformed + undecryptable + poisonous;
  }

  async pump(): Promise<void> {
    await this.#outgoing.pumpIfStirred();
    await this.#withholding.flush();
    await this.#age?.tellNowAndThen();
    await this.#backup?.flush();
    await this.#sas.advance();
  }

  decrypt(room: RoomId, wire: Readonly<Record<string, unknown>>): Promise<Decrypted | Undecryptable> {
    return this.#decryption.open(room, wire);
  }

  async encrypt(room: RoomId, recipients: readonly Recipient[], type: string, content: Readonly<Record<string, unknown>>): Promise<Encrypted> {
    const json = JSON.stringify(content);
    if (Buffer.byteLength(json) > LONGEST_CONTENT) throw new Error(`an event of more than ${LONGEST_CONTENT} bytes cannot be sent encrypted`);
    const pins = new Map(recipients.map((recipient) => [recipient.user, recipient]));
    pins.delete(this.#machine.user);
    if (pins.size > MOST_RECIPIENTS) throw new Error(`a key goes to at most ${MOST_RECIPIENTS} people`);
    return this.#rooms.run(room, async () => this.#encrypt(room, pins, type, json)).catch((error: unknown) => {
      // The engine is open again; what was under way is as if it had not been begun, and is tried again.
      throw isPanic(error) ? new Fault("unreachable", { network: "engine_panic" }) : error;
    });
  }

  async #encrypt(room: RoomId, pins: Pins, type: string, json: string): Promise<Encrypted> {
    await this.#age?.sure();
    const shared = (claims: boolean): Promise<Shared> =>
      this.#informed.about(pins.keys(), (engine, standings, unknown) => share(engine, standings, room, pins, unknown, claims));
    const first = await shared(true);
    if (first.claim !== undefined) await this.#outgoing.send(first.claim);
    const { requests, leftOut } = first.claim === undefined ? first : await shared(false);
    for (const request of requests) await this.#handOver(request);
    const ciphertext = await this.#machine.run(async (engine) => {
      this.#lineage.hold();
      const encrypted = await engine.encryptRoomEvent(new olm.RoomId(room), type, json);
      const header = megolmHeader(JSON.parse(encrypted) as Record<string, unknown>);
      // Before anybody has it, and in the commit of the ratchet: what is sent and not on record would look as if another copy of the store had sent it.
      if (header !== undefined) this.#lineage.used(header.session, header.index, this.#noted);
      if (header?.index === 0) this.#backup?.grew();
      return encrypted;
    }, () => this.#lineage.settle());
    await this.#tell(room, ciphertext, leftOut);
    return { ciphertext, withheld: leftOut.map(({ user, why }) => ({ user, why })) };
  }

  /** A key that cannot be handed over stops the message; that somebody gets none can be told later. */
  async #handOver(request: olm.ToDeviceRequest): Promise<void> {
    await this.#outgoing.send(request).catch((error: unknown) => {
      if (!isFault(error) || request.event_type !== "m.room_key.withheld") throw error;
      this.#log("crypto.withheld-untold", { kind: error.kind });
    });
  }

  /** In the background: whoever gets the key need not wait for it. */
  async #tell(room: RoomId, ciphertext: string, leftOut: readonly LeftOut[]): Promise<void> {
    const header = leftOut.length === 0 ? undefined : megolmHeader(JSON.parse(ciphertext) as Record<string, unknown>);
    if (header === undefined) return;
    await this.#withholding.note(room, header.session, leftOut);
    void this.#withholding.flush();
  }

  /** Throws a gateway fault if keys are known to have changed and the new ones cannot be had: old knowledge proves nothing then. */
  async proof(user: UserId, device: string, pinned: MasterKey): Promise<Proof> {
    const [name, { news }] = [JSON.stringify([user, device, pinned]), this.#outgoing];
    if (this.#proven.get(name) === news) return "proven";
    const proof = await this.#informed.about([user], (_engine, standings) => standings.device(user, device, pinned));
    if (proof === "proven") {
      if (this.#proven.size >= MOST_PROVEN) this.#proven.clear();
      // News that came meanwhile make it old at once.
      this.#proven.set(name, news);
    } else this.#proven.delete(name);
    return proof;
  }

  async identity(user: UserId, pinned: MasterKey): Promise<Proof> {
    return this.#informed.about([user], (_engine, standings) => standings.identity(user, pinned));
  }

  async devices(user: UserId): Promise<{ readonly signed: number; readonly unsigned: number } | undefined> {
    return this.#informed.about([user], (_engine, standings) => standings.devices(user));
  }

  changed(): readonly UserId[] {
    const users = [...this.#changed];
    this.#changed.clear();
    return users;
  }

  vouch(user: UserId, masterKey: MasterKey): Promise<boolean> {
    return this.#vouching.vouch(user, masterKey);
  }

  async unvouch(user: UserId, masterKey: MasterKey): Promise<boolean> {
    return this.#vouching.unvouch(user, masterKey).finally(() => this.#outgoing.heard());
  }

  generation(): number {
    return this.#lineage.generation();
  }

  noted(generation: number): void {
    this.#noted = Math.max(this.#noted, generation);
  }

  /** Waits for a message that is being encrypted: between the key and the message the engine must have its session. */
  async rotate(room: RoomId): Promise<void> {
    await this.#rooms.run(room, () => this.#machine.run((engine) => engine.invalidateGroupSession(new olm.RoomId(room))));
  }

  /** Always asked anew, because it is rare and somebody is about to pin the answer. */
  async masterKey(user: UserId): Promise<MasterKey | undefined> {
    const id = engineUser(user);
    if (id === undefined) return undefined;
    await this.#machine.run((engine) => engine.updateTrackedUsers(engineUsers([user])));
    await this.#outgoing.queryAnew(id);
    return this.#informed.about([user], async (engine, _standings, pending) => {
      const identity = pending.has(user) ? undefined : await engine.getIdentity(new olm.UserId(user));
      return identity === undefined ? undefined : masterKeyOf(identity);
    });
  }

  async healthy(): Promise<boolean> {
    const { news } = this.#outgoing;
    if (this.#sound === news) return true;
    // News of one's own keys is asked for if there is any; without a homeserver, what is known has to do.
    await this.#outgoing.queries().catch((error: unknown) => {
      if (!isFault(error)) throw error;
    });
    const { news: known } = this.#outgoing;
    const isSound = await this.#machine.run(ownStanding);
    this.#sound = isSound ? known : undefined;
    return isSound;
  }

  async close(): Promise<void> {
    await this.#sas.close();
    await this.#machine.close();
  }

  /** Who comes when there is no place is found at the next question about them: nothing rests on this list alone. */
  #noteChanged(users: Iterable<string>): void {
    for (const user of users) if (this.#changed.size < MOST_CHANGED) this.#changed.add(user as UserId);
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
