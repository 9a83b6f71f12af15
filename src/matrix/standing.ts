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

/** Of the person alone, before any device is looked at. Call it inside the engine's turn in which the answer is used. */
export async function identityStanding(engine: olm.OlmMachine, user: string, pinned: MasterKey): Promise<Proof> {
  const id = engineUser(user);
  const identity = id === undefined ? undefined : await engine.getIdentity(id);
  if (identity === undefined) return "unknown";
  const current = masterKeyOf(identity);
  if (identity instanceof olm.OwnUserIdentity) return current === pinned && identity.isVerified() ? "proven" : "identity-changed";
  if (identity.hasVerificationViolation()) return "identity-changed";
  if (current !== pinned) return identity.identityNeedsUserApproval() ? "identity-changed" : "not-pinned";
  // The engine pins the first identity it meets. People have decided otherwise, in the journal, and the journal rules.
  if (identity.identityNeedsUserApproval()) await identity.pinCurrentMasterKey();
  return "proven";
}

/** Of one device of that person: it must be signed by that identity and not be gone. */
export async function deviceStanding(engine: olm.OlmMachine, user: string, device: string, pinned: MasterKey): Promise<Proof> {
  const identity = await identityStanding(engine, user, pinned);
  if (identity !== "proven") return identity;
  const id = engineUser(user);
  const found = id === undefined ? undefined : await engine.getDevice(id, new olm.DeviceId(device));
  return found !== undefined && !found.isDeleted() && found.isCrossSignedByOwner() ? "proven" : "device-unproven";
}

/** Of a person to whom a key would go: the identity, and at least one device that may have it. */
export async function recipientStanding(engine: olm.OlmMachine, user: string, pinned: MasterKey): Promise<Proof> {
  const identity = await identityStanding(engine, user, pinned);
  if (identity !== "proven") return identity;
  const id = engineUser(user);
  const devices = id === undefined ? [] : (await engine.getUserDevices(id)).devices();
  return devices.some((device) => !device.isDeleted() && device.isCrossSignedByOwner()) ? "proven" : "device-unproven";
}
