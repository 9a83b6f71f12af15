/** Somebody with a signed device on the toy homeserver: the product's own crypto, in memory. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EventId, MasterKey, RoomId, UserId } from "../../src/domain/ids.ts";
import type { Lineage } from "../../src/matrix/crypto-store/lineage.ts";
import type { PoisonList } from "../../src/matrix/crypto-store/poison.ts";
import { OlmCrypto } from "../../src/matrix/crypto.ts";
import { ensureIdentity } from "../../src/matrix/identity.ts";
import type { IdentityParts } from "../../src/matrix/identity.ts";
import { Machine } from "../../src/matrix/machine.ts";
import { Outgoing } from "../../src/matrix/outgoing.ts";
import { Rest } from "../../src/matrix/rest.ts";
import { MatrixGateway } from "../../src/matrix/gateway.ts";
import type { RoomSender } from "../../src/matrix/verification.ts";
import type { Recipient } from "../../src/ports.ts";
import type { ToyHomeserver } from "./toy-homeserver.ts";

export const random = { bytes: (length: number): Uint8Array => new Uint8Array(randomBytes(length)) };
export const silent = (): void => undefined;

export interface ParticipantOptions {
  readonly homeserver: ToyHomeserver;
  readonly url: string;
  readonly user: string;
  readonly device: string;
  /** Default true. */
  readonly signed?: boolean;
  readonly recoveryKeyFile?: string;
  readonly password?: string;
}

export class Participant {
  readonly user: UserId;
  readonly device: string;
  readonly crypto: OlmCrypto;
  readonly machine: Machine;
  readonly gateway: MatrixGateway;
  readonly rest: Rest;
  readonly logged: { readonly code: string; readonly facts: Readonly<Record<string, unknown>> }[];
  #since: string | undefined;
  #events = 0;

  private constructor(machine: Machine, crypto: OlmCrypto, gateway: MatrixGateway, rest: Rest, logged: Participant["logged"]) {
    this.user = machine.user;
    this.device = machine.device;
    this.machine = machine;
    this.crypto = crypto;
    this.gateway = gateway;
    this.rest = rest;
    this.logged = logged;
  }

  static async join(options: ParticipantOptions): Promise<Participant> {
    const { homeserver, url, device } = options;
    const user = options.user as UserId;
    const logged: { code: string; facts: Readonly<Record<string, unknown>> }[] = [];
    const log = (code: string, facts: Readonly<Record<string, unknown>>): void => void logged.push({ code, facts });
    const rest = new Rest({ homeserver: url, token: homeserver.token(user, device), log, pause: async () => undefined });
    const machine = await Machine.open(user, device, "memory", (error) => {
      throw error;
    });
    const outgoing = new Outgoing(machine, rest, log);
    if (options.signed ?? true) {
      const folder = mkdtempSync(join(tmpdir(), "relevo-matrix-"));
      const recoveryKeyFile = options.recoveryKeyFile ?? join(folder, "recovery-key");
      const parts: IdentityParts = { machine, outgoing, rest, random, log, recoveryKeyFile, ...(options.password === undefined ? {} : { password: options.password }) };
      try {
        await ensureIdentity(parts);
      } finally {
        rmSync(folder, { recursive: true });
      }
    } else {
      await outgoing.pump();
    }
    const gateway = new MatrixGateway(rest, user, device, random);
    const toRoom: RoomSender = async (room, transaction, ciphertext) => void (await gateway.send(room, "m.room.encrypted", transaction, ciphertext));
    return new Participant(machine, new OlmCrypto({ machine, outgoing, rest, poison: noPoison(), lineage: noLineage(), toRoom, log }), gateway, rest, logged);
  }

  /** One sync, handed to the crypto, and what it has to send. */
  async sync(): Promise<void> {
    const { crypto, next } = await this.gateway.sync(this.#since, 0);
    await this.crypto.receive(crypto);
    this.#since = next;
    await this.crypto.pump();
  }

  async masterKey(): Promise<MasterKey> {
    const key = await this.crypto.masterKey(this.user);
    if (key === undefined) throw new Error(`${this.user} has no identity`);
    return key;
  }

  async asRecipient(): Promise<Recipient> {
    return { user: this.user, pinned: await this.masterKey() };
  }

  /** An encrypted event as the server would show it. */
  async says(room: RoomId, recipients: readonly Recipient[], content: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    const { ciphertext } = await this.crypto.encrypt(room, recipients, "m.room.message", content);
    return this.wire(ciphertext);
  }

  wire(ciphertext: string): Record<string, unknown> {
    const event = `$${this.device}-${++this.#events}` as EventId;
    return { type: "m.room.encrypted", event_id: event, sender: this.user, origin_server_ts: 1_700_000_000_000, content: JSON.parse(ciphertext) as unknown };
  }
}

/** A phone has its own. */
function noLineage(): Lineage {
  const sent = new Map<string, number>();
  return { generation: () => sent.size, used: (session, index) => void sent.set(session, index + 1), next: (session) => sent.get(session), noted: () => 0, hold: () => undefined, settle: () => undefined, complete: true, wasUsed: false, begin: () => undefined, condemn: () => undefined, condemned: () => false };
}

/** In memory, like everything else of theirs. */
function noPoison(): PoisonList {
  const list = new Map<string, number>();
  return { attempts: (hash) => list.get(hash) ?? 0, note: (hash, attempts) => void list.set(hash, attempts), forget: (hash) => void list.delete(hash) };
}
