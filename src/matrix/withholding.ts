/**
 * People who are left out of a key altogether learn it from their own client (client-server API, "Reporting that decryption keys are withheld").
 * The engine tells only those devices that it leaves out itself, of people who get the key on others.
 */
import { createHash } from "node:crypto";
import type * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import type { RoomId, UserId } from "../domain/ids.ts";
import type { Proof } from "../ports.ts";
import { isFault } from "./fault.ts";
import { engineUser } from "./machine.ts";
import type { Machine } from "./machine.ts";
import { path } from "./rest.ts";
import type { Log, Rest } from "./rest.ts";
import { Serial } from "./serial.ts";

/** Somebody left out, with the devices that would wait for the key. */
export interface LeftOut {
  readonly user: UserId;
  readonly devices: readonly string[];
  readonly why: Proof | "kept-out";
}

const MOST_DEVICES = 100;
const MOST_WAITING = 1_000;
const MOST_REMEMBERED = 10_000;

/** Asked in the turn of the engine in which they are left out. */
export async function devicesOf(engine: olm.OlmMachine, user: UserId): Promise<readonly string[]> {
  const id = engineUser(user);
  const devices = id === undefined ? [] : (await engine.getUserDevices(id)).devices();
  return devices.filter((device) => !device.isDeleted()).slice(0, MOST_DEVICES).map((device) => device.deviceId.toString());
}

/** Tells clients that they get no key, once a session and person. */
export class Withholding {
  readonly #machine: Machine;
  readonly #rest: Rest;
  readonly #log: Log;
  readonly #serial = new Serial();
  readonly #told = new Set<string>();
  #waiting: { readonly user: UserId; readonly transaction: string; readonly content: Readonly<Record<string, string>>; readonly devices: readonly string[] }[] = [];

  constructor(machine: Machine, rest: Rest, log: Log) {
    this.#machine = machine;
    this.#rest = rest;
    this.#log = log;
  }

  /** Of a message just encrypted with this session; nothing is sent before {@link flush}. */
  async note(room: RoomId, session: string, leftOut: readonly LeftOut[]): Promise<void> {
    const untold = leftOut.filter(({ user, devices }) => devices.length > 0 && !this.#told.has(`${session} ${user}`));
    if (untold.length === 0) return;
    const senderKey = await this.#machine.run(async (engine) => engine.identityKeys.curve25519.toBase64());
    for (const { user, devices, why } of untold) {
      if (this.#waiting.length >= MOST_WAITING) return;
      if (this.#told.size >= MOST_REMEMBERED) this.#told.clear();
      this.#told.add(`${session} ${user}`);
      const code = why === "device-unproven" || why === "unknown" ? "m.unverified" : "m.unauthorised";
      const transaction = createHash("sha256").update(JSON.stringify([session, user, code])).digest("hex").slice(0, 32);
      const content = { algorithm: "m.megolm.v1.aes-sha2", room_id: room, session_id: session, sender_key: senderKey, code, reason: why === "kept-out" ? KEPT_OUT : REASONS[code] };
      this.#waiting.push({ user, transaction, content, devices });
    }
  }

  /** Sends what waits; what fails is dropped and logged, because nothing else rests on it. */
  flush(): Promise<void> {
    return this.#serial.run(async () => {
      const all = this.#waiting;
      this.#waiting = [];
      for (const { user, transaction, content, devices } of all) {
        const body = { messages: { [user]: Object.fromEntries(devices.map((device) => [device, content])) } };
        await this.#rest.call({ method: "PUT", path: path`/_matrix/client/v3/sendToDevice/${"m.room_key.withheld"}/${transaction}`, body, repeat: "idempotent" }).catch((error: unknown) => {
          if (!isFault(error)) throw error;
          this.#log("crypto.withheld-untold", { kind: error.kind });
        });
      }
    });
  }
}

const KEPT_OUT = "Access has been taken away for now.";

/** English, as the specification's are; clients show their own words for the code. */
const REASONS = {
  "m.unverified": "The identity of this device could not be verified.",
  "m.unauthorised": "This is not the identity that was agreed for this person.",
} as const;
