/**
 * Whether a person is still who the journal says. The engine's own requirement ("signed by its owner") does not pin an identity: whoever
 * has a person's password, or the server, can replace it, and the engine follows.
 */
import * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import type { MasterKey } from "../domain/ids.ts";
import type { Proof } from "../ports.ts";
import { engineUser } from "./machine.ts";

/** The public master key in an identity as the engine gives it (JSON of a `CrossSigningKey`). */
export function masterKeyOf(identity: { readonly masterKey: string }): MasterKey | undefined {
  const parsed: unknown = JSON.parse(identity.masterKey);
  const keys: unknown = typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>)["keys"] : undefined;
  const [key]: unknown[] = typeof keys === "object" && keys !== null ? Object.values(keys) : [];
  return typeof key === "string" && /^[A-Za-z0-9+/]{43}$/.test(key) ? (key as MasterKey) : undefined;
}

/**
 * Answers about people, asked inside one turn of the engine. `pending`: those whose keys are reported changed and not known yet. `proven` holds what was
 * found proven and is so still; what is not proven is looked at each time.
 */
export class Standings {
  readonly #engine: olm.OlmMachine;
  readonly #pending: ReadonlySet<string>;
  readonly #proven: Set<string>;

  constructor(engine: olm.OlmMachine, pending: ReadonlySet<string>, proven = new Set<string>()) {
    this.#engine = engine;
    this.#pending = pending;
    this.#proven = proven;
  }

  async #remembered(of: readonly string[], look: () => Promise<Proof>): Promise<Proof> {
    const name = JSON.stringify(of);
    if (this.#proven.has(name)) return "proven";
    const found = await look();
    if (found === "proven") this.#proven.add(name);
    return found;
  }

  /** Of the person alone, before any device is looked at. */
  identity(user: string, pinned: MasterKey): Promise<Proof> {
    return this.#remembered(["identity", user, pinned], () => this.#identity(user, pinned));
  }

  async #identity(user: string, pinned: MasterKey): Promise<Proof> {
    const id = engineUser(user);
    // The engine would wait a second for the answer that is not coming, and then tell what it knew before.
    if (id === undefined || this.#pending.has(user)) return "unknown";
    const identity = await this.#engine.getIdentity(id);
    if (identity === undefined) return "unknown";
    const current = masterKeyOf(identity);
    if (identity instanceof olm.OwnUserIdentity) return current === pinned && identity.isVerified() ? "proven" : "identity-changed";
    if (identity.hasVerificationViolation()) return "identity-changed";
    // The engine pins the first identity it meets; what counts is the one that people have pinned, in the journal.
    if (current !== pinned) return identity.identityNeedsUserApproval() ? "identity-changed" : "not-pinned";
    return "proven";
  }

  /** Of one device of that person: it must be signed by that identity and not be gone. */
  async device(user: string, device: string, pinned: MasterKey): Promise<Proof> {
    const identity = await this.identity(user, pinned);
    const id = engineUser(user);
    if (identity !== "proven" || id === undefined) return identity;
    const found = await this.#engine.getDevice(id, new olm.DeviceId(device));
    return found !== undefined && isProven(found) ? "proven" : "device-unproven";
  }

  /** Of a person to whom a key would go: the identity, and at least one device that may have it. */
  recipient(user: string, pinned: MasterKey): Promise<Proof> {
    return this.#remembered(["recipient", user, pinned], () => this.#recipient(user, pinned));
  }

  async #recipient(user: string, pinned: MasterKey): Promise<Proof> {
    const identity = await this.identity(user, pinned);
    const id = engineUser(user);
    if (identity !== "proven" || id === undefined) return identity;
    const devices = (await this.#engine.getUserDevices(id)).devices();
    return devices.some(isProven) ? "proven" : "device-unproven";
  }

  /** How many devices the identity has signed, and how many it has not; undefined if their keys are not known. */
  async devices(user: string): Promise<{ readonly signed: number; readonly unsigned: number } | undefined> {
    const id = engineUser(user);
    if (id === undefined || this.#pending.has(user)) return undefined;
    const devices = (await this.#engine.getUserDevices(id)).devices().filter((device) => !device.isDeleted());
    const signed = devices.filter(isProven).length;
    return { signed, unsigned: devices.length - signed };
  }
}

function isProven(device: olm.Device): boolean {
  return !device.isDeleted() && device.isCrossSignedByOwner();
}
