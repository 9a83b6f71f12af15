/**
 * What the app is given. Each port has a second implementation (the tests' or the simulation's), or is tested against one.
 * Everything that crosses a port is a value; nothing here knows of Matrix's wire format beyond event types and content.
 */
import type { Brand, ChainId, EventId, Instant, MasterKey, RoomId, UserId } from "./domain/ids.ts";
import type { Lane } from "./domain/effect.ts";
import type { DomainEvent } from "./domain/events.ts";
import type { Chance } from "./domain/decision.ts";
import type { Checkpoint, Verified } from "./domain/audit.ts";

/** The wall clock and its timers. */
export interface Clock {
  now(): Instant;
  /** Calls back once, not before `at`; the returned function cancels it. */
  wakeAt(at: Instant, then: () => void): () => void;
  /** Time that nobody can set, if the clock has it: milliseconds since some moment, and a sleep that is measured with them. */
  readonly steady?: { elapsed(): number; sleep(ms: number, then: () => void): () => void };
}
/** Chance of cryptographic strength. */
export type Random = Chance & { bytes(length: number): Uint8Array };

// ---------------------------------------------------------------- journal

/**
 * How surely the author of a row is known. `none`: a rule of time or the bot itself. `pinned-signed`: a signed device of the identity that is pinned;
 * `confirmed`: and somebody has made sure that this identity is theirs.
 */
export type Trust = "none" | "pinned-signed" | "confirmed";

/** A row of the journal before it has its number. */
export interface NewRow {
  readonly chain: ChainId;
  readonly event: DomainEvent | SystemEvent;
  readonly at: Instant;
  /** Who caused it; stored as a pseudonym in the clear header. */
  readonly actor?: UserId;
  /** The Matrix event that caused it. */
  readonly cause?: EventId;
  readonly trust: Trust;
}
/** What the installation records about itself: no entity changes by it. `what` is a code, `facts` hold no content of a case. */
export interface Noted {
  readonly type: "system.noted";
  readonly v: 1;
  readonly what: string;
  readonly facts: Readonly<Record<string, string | number | boolean>>;
}
/** From this row on the chain goes on from an older copy: what was written after that copy is lost. A type of its own, so that who verifies without any key sees it. */
export interface Restored {
  readonly type: "system.restored";
  readonly v: 1;
  /** Random, the same in all chains of one restore. */
  readonly epoch: string;
  /** When the copy was made. */
  readonly copied: Instant;
}
/** What the journal itself records. */
export type SystemEvent = Noted | Restored;
/** A row of the journal, verified as it was read. */
export interface Row extends NewRow {
  /** Counts from 1 in its chain. */
  readonly seq: number;
}

/** An event as sync delivered it, kept until it is dealt with. */
export interface NewInbox {
  readonly event: EventId;
  readonly room: RoomId;
  readonly sender: UserId;
  readonly received: Instant;
  /** It came after downtime or in a gap: harmless commands run marked so, contact does not count. */
  readonly late: boolean;
  /** The wire event, JSON; sealed at rest; dropped when done. */
  readonly wire: string;
  /** Where it stood in its room, if a gap is read there: which gap, and how far from the event after the gap (negative: inside). Read backwards, it is dealt with forwards. */
  readonly place?: { readonly gap: string; readonly at: number };
}
/** An event that waits to be dealt with. */
export interface Inbox extends NewInbox {
  readonly order: number;
}
/** `done` and `failed` were commands; `not-ours` leaves only the id and the hash of the ciphertext; `undecryptable` was tried until it was given up. */
export type InboxEnd = "done" | "failed" | "refused" | "not-ours" | "replayed" | "undecryptable";

/** A Megolm message is used once: same room, session and index under another event id is a replay. */
export interface Ratchet {
  readonly room: RoomId;
  readonly session: string;
  readonly index: number;
  readonly event: EventId;
  /** SHA-256 of the ciphertext. */
  readonly hash: string;
}

/** What is to be sent. The room is looked up when it is sent, because it may not exist yet. */
export interface NewOutbox {
  /** Effect id (hex): HMAC of the hash of its row and the number of the effect, or of what else makes it unique. Also the transaction id. */
  readonly id: string;
  readonly chain: ChainId;
  readonly lane: Lane;
  readonly created: Instant;
  readonly expires?: Instant;
  readonly supersedes?: string;
  /** JSON, sealed at rest with the chain's key; `app/outbox.ts` knows its shape. */
  readonly body: string;
}
/** A message on its way. */
export interface Outbox extends NewOutbox {
  readonly order: number;
  readonly state: "rendered" | "encrypted" | "sent";
  /** Set with `encrypted`: the only bytes that may be repeated under this transaction id. */
  readonly ciphertext?: string;
  readonly room?: RoomId;
  /** Device that made the first attempt, and when: a transaction id means nothing to another device or after a day. */
  readonly device?: string;
  readonly attempted?: Instant;
  readonly sent?: EventId;
}
/** The next state of a message on its way; none is ever skipped backwards. */
export type OutboxChange =
  /** `inPlace`: of bytes that somebody could read who is kept out since, and that have not arrived; only these may be replaced while the server knows the transaction. */
  | { readonly id: string; readonly to: "encrypted"; readonly ciphertext: string; readonly room: RoomId; readonly device: string; readonly attempted: Instant; readonly inPlace?: true }
  | { readonly id: string; readonly to: "sent"; readonly event: EventId }
  /** Taken out of the queue without having been sent: expired, superseded, its reader is no longer entitled, or there was nothing to send (`done`). */
  | { readonly id: string; readonly to: "dropped"; readonly why: "expired" | "superseded" | "not-entitled" | "impossible" | "done" }
  /** Taken out because the same goes to each of its readers alone, in the same transaction. */
  | { readonly id: string; readonly to: "dropped"; readonly why: "moved" };

/** One durable transaction: all of it or nothing. */
export interface Batch {
  readonly rows?: readonly NewRow[];
  readonly inbox?: readonly NewInbox[];
  readonly inboxEnds?: readonly { readonly event: EventId; readonly end: InboxEnd }[];
  readonly ratchets?: readonly Ratchet[];
  /** Effect ids are not known before the rows have their sequence: `of` names the row (index in `rows`) and the number of the effect. */
  readonly outbox?: readonly (NewOutbox | (Omit<NewOutbox, "id"> & { readonly of: { readonly row: number; readonly n: number } }))[];
  readonly outboxChanges?: readonly OutboxChange[];
  /** Small durable values: sync token, observed rooms, boards. `null` deletes. Sealed at rest with the installation's key. */
  readonly values?: Readonly<Record<string, string | null>>;
}
/** What a commit gave: numbers and ids. */
export interface Committed {
  readonly rows: readonly Row[];
  /** Ids of `batch.outbox`, in its order. */
  readonly outbox: readonly string[];
  /** Events of `batch.inbox` that had never been there; only these are to be dealt with. */
  readonly received: readonly EventId[];
}

/** The append-only journal with inbox, outbox and small values in the same transactions. */
export interface Journal {
  /** Rejects if nothing was written. A disk that is full or broken ends the process with an operator error instead. */
  commit(batch: Batch): Promise<Committed>;
  /** All rows of a chain after `afterSeq`, in order, verified as they are read. */
  read(chain: ChainId, afterSeq: number): AsyncIterable<Row>;
  chains(): Promise<readonly ChainId[]>;
  snapshot(chain: ChainId): Promise<{ readonly seq: number; readonly state: unknown } | undefined>;
  saveSnapshot(chain: ChainId, seq: number, evolveVersion: string, state: unknown): Promise<void>;
  /** Undealt-with inbox rows, oldest first. */
  inbox(): Promise<readonly Inbox[]>;
  /** Unsent outbox rows, in the order of their creation. */
  outbox(): Promise<readonly Outbox[]>;
  /** A row by its effect id, sent ones too (for a day). */
  outboxRow(id: string): Promise<Outbox | undefined>;
  /** The row that was sent as this event; only for a day. */
  outboxSentAs(event: EventId): Promise<Outbox | undefined>;
  value(key: string): Promise<string | undefined>;
  values(prefix: string): Promise<ReadonlyMap<string, string>>;
  ratchet(room: RoomId, session: string, index: number): Promise<Ratchet | undefined>;
  hasEvent(event: EventId): Promise<boolean>;
  checkpoint(chain: ChainId, at: Instant): Promise<Checkpoint>;
  verify(chain: ChainId, checkpoints: readonly Checkpoint[]): Promise<Verified>;
  close(): Promise<void>;
}

// ---------------------------------------------------------------- homeserver

/** A state event, or what a stripped or observed one is reduced to. */
export interface StateEvent {
  readonly type: string;
  readonly stateKey: string;
  readonly sender: UserId;
  readonly content: Readonly<Record<string, unknown>>;
}
/** An event of a room's timeline, its shape checked and its content not. */
export interface TimelineEvent {
  readonly event: EventId;
  readonly sender: UserId;
  readonly type: string;
  readonly stateKey?: string;
  /** Our transaction id, if this device sent it. */
  readonly transaction?: string;
  /** The whole wire event as it came. */
  readonly wire: Readonly<Record<string, unknown>>;
}
/** What one sync says of one room. */
export interface SyncedRoom {
  readonly room: RoomId;
  /** State before the timeline (all of it on a first sync), to be applied before the timeline's own; if it is `resolved`, the state after it. */
  readonly state: readonly StateEvent[];
  /** The server says how it has resolved the state (MSC4222): the timeline's own state is not to be applied. */
  readonly resolved?: boolean;
  readonly timeline: readonly TimelineEvent[];
  readonly limited: boolean;
  readonly prevBatch?: string;
}
/** One /sync answer after its shape has been checked; anything malformed in it is left out and counted. */
export interface Sync {
  readonly next: string;
  /** Goes to {@link Crypto.receive} before anything else is done. */
  readonly crypto: unknown;
  readonly joined: readonly SyncedRoom[];
  readonly invited: readonly { readonly room: RoomId; readonly state: readonly StateEvent[] }[];
  readonly left: readonly RoomId[];
  readonly malformed: number;
}
/** A room to be made, complete in one call. */
export interface RoomSpec {
  readonly version: string;
  readonly space: boolean;
  readonly name?: string;
  /** Our mark, in `m.room.create`; neutral: an invited person's client and the server see it. */
  readonly mark: string;
  /** The room that it takes the place of: clients show the two as one. */
  readonly replaces?: RoomId;
  readonly invite: readonly UserId[];
  readonly direct: boolean;
  readonly state: readonly { readonly type: string; readonly stateKey: string; readonly content: Readonly<Record<string, unknown>> }[];
  readonly power: Readonly<Record<string, unknown>>;
}
/** Thrown by the gateway: what the homeserver or the network said. `wait` milliseconds is its own wish. */
export interface GatewayFault extends Error {
  readonly kind: "rate-limited" | "unreachable" | "refused" | "token";
  readonly status?: number;
  readonly errcode?: string;
  readonly wait?: number;
  /** Of `unreachable`: what the network or TLS said, as a code (`ECONNREFUSED`, `CERT_HAS_EXPIRED`). */
  readonly network?: string;
  /** Of `token`: the homeserver says that the device is still there, and that a login for it goes on where it was. */
  readonly soft?: boolean;
}
/** Address of a file on a homeserver. */
export type Mxc = Brand<string, "Mxc">;
/** Key (base64url) and counter (base64, unpadded) of one encrypted file. */
export interface MediaKeys {
  readonly key: string;
  readonly iv: string;
}
/** What a message says of an encrypted file, in the specification's form (client-server API, "EncryptedFile"). */
export interface EncryptedFile {
  readonly v: "v2";
  readonly url: Mxc;
  readonly key: { readonly kty: "oct"; readonly alg: "A256CTR"; readonly ext: true; readonly key_ops: readonly string[]; readonly k: string };
  readonly iv: string;
  readonly hashes: { readonly sha256: string };
}
/** The homeserver; every call may throw a {@link GatewayFault}. */
export interface Gateway {
  readonly user: UserId;
  readonly device: string;
  sync(since: string | undefined, timeout: number): Promise<Sync>;
  /** Repeats with the same `transaction` are one event (for a day, on the same device). */
  send(room: RoomId, type: string, transaction: string, content: string): Promise<EventId>;
  setState(room: RoomId, type: string, stateKey: string, content: unknown): Promise<EventId>;
  createRoom(spec: RoomSpec): Promise<RoomId>;
  invite(room: RoomId, user: UserId): Promise<void>;
  remove(room: RoomId, user: UserId): Promise<void>;
  join(room: RoomId): Promise<void>;
  leave(room: RoomId): Promise<void>;
  redact(room: RoomId, event: EventId, transaction: string): Promise<EventId>;
  roomState(room: RoomId): Promise<readonly StateEvent[]>;
  /** Rooms the bot is in, with their create event: to find one made just before a crash. */
  joinedRooms(): Promise<readonly { readonly room: RoomId; readonly create: StateEvent }[]>;
  /** Backwards from `from` (empty: from the newest event); `end` is missing at the beginning of the room. */
  messages(room: RoomId, from: string, limit: number): Promise<{ readonly events: readonly TimelineEvent[]; readonly end?: string }>;
  /** An address for a file, before it is uploaded: kept with the message, it makes a repeated upload the same file. */
  reserve(): Promise<Mxc>;
  /** Puts an encrypted file there; that it is there already is success. */
  upload(to: Mxc, bytes: Uint8Array): Promise<void>;
  /** A file of at most `most` bytes, still encrypted; a longer one fails. */
  download(from: Mxc, most: number): Promise<Uint8Array>;
}

// ---------------------------------------------------------------- crypto

/** An event as its author wrote it. */
export interface Decrypted {
  readonly ok: true;
  readonly type: string;
  /** The content from inside the ciphertext; a relation from outside is never in it. */
  readonly content: Readonly<Record<string, unknown>>;
  readonly sender: UserId;
  readonly device: string;
  readonly session: string;
  readonly index: number;
  /** SHA-256 of the ciphertext, hex. */
  readonly hash: string;
}
/** An event that could not be opened, and why. */
export interface Undecryptable {
  readonly ok: false;
  /** `no-key` may still come; `unproven` decrypts but its device or sender is not what it claims; `malformed` never will. */
  readonly why: "no-key" | "withheld" | "unproven" | "malformed";
  readonly hash: string;
  /** With `unproven`: what it claims to say. For nothing but to recognise a stop whose author has to be asked for; never a command. */
  readonly claims?: Pick<Decrypted, "type" | "content" | "session" | "index">;
  /** With `unproven`: it was opened with a key from the backup, as after the loss of a device; nobody can prove any more who wrote it. */
  readonly imported?: boolean;
  /** With `withheld`: the sender's own code, `m.unverified` and so on (client-server API, "Reporting that decryption keys are withheld"). */
  readonly code?: string;
}
/** Asked at decision time, for the author of each command and each person a key would go to. */
export type Proof = "proven" | "identity-changed" | "not-pinned" | "device-unproven" | "unknown";
/** Somebody a key may go to, with the identity that is pinned for them. */
export interface Recipient {
  readonly user: UserId;
  readonly pinned: MasterKey;
  /** Belongs there and is kept out for now: gets no key, and is told so by a withheld code. */
  readonly keptOut?: true;
}
/** What encrypting gave, and who could not be given the key. */
export interface Encrypted {
  /** JSON of the content of m.room.encrypted. */
  readonly ciphertext: string;
  /** Left out of the key share, with the reason; the session was rotated if one of them had been in it. */
  readonly withheld: readonly { readonly user: UserId; readonly why: Proof | "kept-out" }[];
}
/** Seven emoji and three numbers that a person's client shows as well, unless somebody is in between. */
export interface Comparison {
  readonly id: string;
  readonly user: UserId;
  readonly device: string;
  /** As the specification names them, in English. */
  readonly emoji: readonly { readonly symbol: string; readonly description: string }[];
  readonly decimals: readonly number[];
}
/** How a comparison ended. `verified`: both sides confirmed, and the bot has signed that identity. */
export type ComparisonEnd = "verified" | "mismatch" | "cancelled" | "timeout";
/** Who is asked about verifications and told of them; called between two turns of the engine, and may not throw. */
export interface VerificationListener {
  /** The identity pinned for somebody; undefined for strangers, and for everybody whose verification is not wanted now. */
  pinned(user: UserId): MasterKey | undefined;
  /** Somebody has to say whether both sides show the same; the engine waits a minute, and five for the whole. */
  shown(comparison: Comparison): void;
  /** Of a comparison that was shown. */
  ended(comparison: Comparison, end: ComparisonEnd): void;
}
/** An event of `m.key.verification.*` in a room, in clear or decrypted: the only kind that is read in clear. */
export interface VerificationEvent {
  readonly event: EventId;
  readonly sender: UserId;
  readonly type: string;
  readonly content: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970, as the server claims. */
  readonly claimedTime: number;
}
/** Short authentication strings (SAS), started by people from their clients: between devices, or in their direct chat. */
export interface Verifications {
  /** Before this, and for whoever has no pin, every request is refused. */
  listen(listener: VerificationListener): void;
  /** Only from the sender's own direct chat: answers there are encrypted for that person alone. Never throws on what was made up. */
  hear(room: RoomId, event: VerificationEvent): Promise<void>;
  /** What a person has said of a comparison that was shown; false if it is over. */
  answer(id: string, matches: boolean): Promise<boolean>;
  /** Ends a comparison that was shown and that nobody can answer; the other side sees it cancelled, not differing. */
  cancel(id: string): Promise<void>;
}
/** End-to-end encryption: the engine, its store and its standing questions of trust. */
export interface Crypto {
  /**
   * Hands over what a sync carried for the machine; durable when it resolves. Never throws on what a server or a stranger made up.
   * Resolves with how many to-device messages were of no use: replayed, damaged or made up.
   */
  receive(crypto: unknown): Promise<number>;
  /** Sends what the machine has to send (keys, queries, claims, signatures), with bounded retries; failures are tried again later. */
  pump(): Promise<void>;
  decrypt(room: RoomId, wire: Readonly<Record<string, unknown>>): Promise<Decrypted | Undecryptable>;
  /** Shares the room's key with exactly these people's proven devices and encrypts, under one lock per room. */
  encrypt(room: RoomId, recipients: readonly Recipient[], type: string, content: Readonly<Record<string, unknown>>): Promise<Encrypted>;
  proof(user: UserId, device: string, pinned: MasterKey): Promise<Proof>;
  /** The master key the server shows for somebody, to be pinned by those who decide it. */
  masterKey(user: UserId): Promise<MasterKey | undefined>;
  /** Whether somebody is still who was pinned, whatever device they use; throws as {@link proof} does. */
  identity(user: UserId, pinned: MasterKey): Promise<Proof>;
  /** How many of somebody's devices their identity has signed, which alone are given keys, and how many others there are; undefined if nothing is known of them. */
  devices(user: UserId): Promise<{ readonly signed: number; readonly unsigned: number } | undefined>;
  /** People whose keys were reported changed since this was asked last. What came just before a crash is not told again: ask about everybody at the start. */
  changed(): readonly UserId[];
  /** Signs somebody's identity if it is exactly this one now: from then on the engine itself refuses another, both ways. May be repeated. False: it is another, or unknown. */
  vouch(user: UserId, masterKey: MasterKey): Promise<boolean>;
  /** Takes back what {@link vouch} did, so that a new identity that people have decided on can be pinned. False: the server does not show this one. */
  unvouch(user: UserId, masterKey: MasterKey): Promise<boolean>;
  /** The next message in the room is encrypted with a new key. */
  rotate(room: RoomId): Promise<void>;
  readonly verifications: Verifications;
  /**
   * How often the crypto store has been written; only rises. The journal notes it with what it commits: a store that counts less than its journal
   * is an older copy, would use keys twice, and is refused when the line is opened.
   */
  generation(): number;
  /** The journal has this count on record now. The store keeps it with the next message: a journal that says less at a later start is an older copy. */
  noted(generation: number): void;
  /** Own devices and identity still whole; false stops all sending. */
  healthy(): Promise<boolean>;
  close(): Promise<void>;
}
