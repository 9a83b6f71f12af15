/** Where a comparison stands, read from the engine in one turn of it. */
import { createHash } from "node:crypto";
import * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import type { UserId } from "../domain/ids.ts";
import type { Comparison, ComparisonEnd } from "../ports.ts";
import { engineUser } from "./machine.ts";

/** Requests of one person that are looked at; a client has one. */
const MOST_REQUESTS = 20;

/** The name of a comparison here: the client's own may be anything. */
export function comparisonId(user: UserId, flow: string): string {
  return createHash("sha256").update(JSON.stringify([user, flow])).digest("hex").slice(0, 24);
}

/** Names of the requests of this person that wait for an answer. */
export function requestsOf(engine: olm.OlmMachine, user: UserId): readonly string[] {
  const id = engineUser(user);
  if (id === undefined) return [];
  return engine.getVerificationRequests(id)
    .filter((request) => !request.weStarted() && !request.isPassive() && request.phase() === olm.VerificationRequestPhase.Requested)
    .slice(0, MOST_REQUESTS)
    .map((request) => request.flowId);
}

/** The exchange of emoji, if it has begun. */
export function sasOf(engine: olm.OlmMachine, user: UserId, flow: string): olm.Sas | undefined {
  const found = engine.getVerification(new olm.UserId(user), flow);
  return found instanceof olm.Sas ? found : undefined;
}

/** `done`: both sides have confirmed; whether the identity is signed is another question. */
export function endOf(engine: olm.OlmMachine, user: UserId, flow: string): Exclude<ComparisonEnd, "verified"> | "done" | undefined {
  const sas = sasOf(engine, user, flow);
  if (sas !== undefined) {
    if (sas.isDone()) return "done";
    if (sas.isCancelled()) return whyCancelled(sas.cancelInfo());
    return sas.timedOut() ? "timeout" : undefined;
  }
  const request = engine.getVerificationRequest(new olm.UserId(user), flow);
  // The engine forgets what is over: cleared after a cancellation, or after the engine was opened anew.
  if (request === undefined) return "cancelled";
  if (request.isCancelled()) return whyCancelled(request.cancelInfo);
  return request.timedOut() ? "timeout" : undefined;
}

function whyCancelled(info: olm.CancelInfo | undefined): "mismatch" | "cancelled" | "timeout" {
  const code = info?.cancelCode();
  if (code === "m.mismatched_sas" || code === "m.mismatched_commitment" || code === "m.key_mismatch") return "mismatch";
  return code === "m.timeout" ? "timeout" : "cancelled";
}

/** What both sides are to see; undefined before the keys have been exchanged, or if the other client cannot show emoji. */
export function whatIsShown(sas: olm.Sas, id: string, user: UserId): Comparison | undefined {
  const emoji = sas.canBePresented() ? sas.emoji() : undefined;
  const decimals = sas.canBePresented() ? sas.decimals() : undefined;
  if (emoji === undefined || decimals === undefined) return undefined;
  return { id, user, device: sas.otherDeviceId.toString(), emoji: emoji.map(({ symbol, description }) => ({ symbol, description })), decimals: [...decimals] };
}
