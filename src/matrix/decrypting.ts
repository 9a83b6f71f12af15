import * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import type { RoomId, UserId } from "../domain/ids.ts";
import type { Decrypted, Undecryptable } from "../ports.ts";
import { ciphertextHash, megolmHeader } from "./ciphertext.ts";
import { engineUser, engineUsers } from "./machine.ts";
import type { KeyBackup } from "./key-backup.ts";
import type { Machine } from "./machine.ts";
import type { Outgoing } from "./outgoing.ts";
import { isPanic } from "./panic.ts";
import { crossSigned } from "./receiving.ts";
import type { Log } from "./rest.ts";
import { isObject } from "./shapes.ts";

/** A sender's keys are asked for anew at most this often for one Megolm session: over federation, signatures may come late. */
const MOST_NEW_QUERIES = 3;
const MOST_SESSIONS_REMEMBERED = 5_000;
/** What a withheld code may look like; the specification's are all so. */
const CODE = /^[a-z0-9._]{1,64}$/i;

type Closed = { readonly why: Undecryptable["why"]; readonly queryMayHelp: boolean; readonly code?: string };
type Attempt = { readonly event: olm.DecryptedRoomEvent } | Closed;

/**
 * Opens what others have encrypted. Only a key that came straight from the author's own signed device proves who wrote it: what opens with a
 * forwarded, shared (MSC4268), imported or restored key is `unproven`, and what it says is a claim.
 */
export class Decryption {
  readonly #machine: Machine;
  readonly #outgoing: Outgoing;
  readonly #log: Log;
  readonly #backup: Pick<KeyBackup, "restore" | "imported"> | undefined;
  readonly #queriedAnew = new Map<string, number>();

  constructor({ machine, outgoing, log, backup }: { readonly machine: Machine; readonly outgoing: Outgoing; readonly log: Log; readonly backup?: Pick<KeyBackup, "restore" | "imported"> }) {
    this.#machine = machine;
    this.#outgoing = outgoing;
    this.#log = log;
    this.#backup = backup;
  }

  /** See {@link Crypto.decrypt}. */
  async open(room: RoomId, wire: Readonly<Record<string, unknown>>): Promise<Decrypted | Undecryptable> {
    const hash = ciphertextHash(wire["content"]);
    try {
      return await this.#open(room, wire, hash);
    } catch (error) {
      if (!isPanic(error)) throw error;
      this.#log("crypto.event-poisonous", {});
      return { ok: false, why: "malformed", hash };
    }
  }

  async #open(room: RoomId, wire: Readonly<Record<string, unknown>>, hash: string): Promise<Decrypted | Undecryptable> {
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
    if ("why" in attempt && attempt.why === "no-key" && (await this.#backup?.restore(room, header.session)) === true) {
      attempt = await this.#machine.run((engine) => tryDecrypt(engine, room, json));
    }
    if ("why" in attempt && attempt.queryMayHelp && (await this.#queryAnew(sender, header.session))) {
      attempt = await this.#machine.run((engine) => tryDecrypt(engine, room, json));
    }
    if ("why" in attempt) {
      const claims = attempt.why === "unproven" ? await this.#machine.run((engine) => readClaims(engine, room, json)) : undefined;
      const code = attempt.code === undefined ? {} : { code: attempt.code };
      const imported = attempt.why === "unproven" && this.#backup?.imported(room, header.session) === true ? { imported: true } : {};
      return { ok: false, why: attempt.why, hash, ...code, ...imported, ...(claims === undefined ? {} : { claims: { ...claims, ...header } }) };
    }
    return readDecrypted(attempt.event, sender, { ...header, hash });
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

async function tryDecrypt(engine: olm.OlmMachine, room: RoomId, event: string): Promise<Attempt> {
  try {
    return { event: await engine.decryptRoomEvent(event, new olm.RoomId(room), crossSigned()) };
  } catch (error) {
    if (!(error instanceof olm.MegolmDecryptionError)) return { why: "malformed", queryMayHelp: false };
    const { withheldCode: code } = error;
    if (code !== undefined) return { why: "withheld", queryMayHelp: false, ...(CODE.test(code) ? { code } : {}) };
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
