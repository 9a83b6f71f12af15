/** One row of a chain as it is stored, and back. Byte layout: docs/journal-format.md. */
import { hash } from "node:crypto";
import type { ChainId, EventId, UserId } from "../domain/ids.ts";
import type { Noted, NewRow, Random, Restored, Row, SystemEvent } from "../ports.ts";
import { canonical } from "./canonical.ts";
import type { ChainKey } from "./chain-keys.ts";
import { commitment, SALT_BYTES } from "./commitment.ts";
import type { Header } from "./header.ts";
import { headerText, isHeader } from "./header.ts";
import { boundBytes, boundName, LIMITS } from "./limits.ts";
import { NONCE_BYTES, seal, sha256, unseal } from "./seal.ts";

/** A row as its bytes; the hash is over the other three. */
export interface StoredRow {
  /** Canonical JSON of the {@link Header}. */
  readonly header: Buffer;
  readonly commitment: Buffer;
  /** Sealed with the chain's key, bound to header and commitment. */
  readonly body: Buffer;
  readonly hash: Buffer;
}

const ROW = Buffer.from("relevo-row-1 sha-256\u0000");
const HASH_BYTES = 32;
/** Where the bytes are put together that a row's hash is over: taken anew for each of a million, it would be most of the work. */
const USUAL = Buffer.alloc(8_192);
const START = "relevo-chain-1 sha-256\u0000";
/** Names of an event's fields; so that no field of an event is ever taken for one of the journal's own, which begin with `$`. */
const FIELD_NAME = /^[A-Za-z][A-Za-z0-9]{0,63}$/;
const ACTOR = "$actor";

/** What the first row of a chain follows. */
export function chainStart(chain: ChainId): Buffer {
  return sha256(Buffer.from(START + chain));
}

/** Hash of a row. The body goes in by its own hash, so that a row can be proven to somebody who is not given its sealed body. */
export function rowHash(header: Uint8Array, committed: Uint8Array, body: Uint8Array): Buffer {
  return Buffer.from(rowHashHex(header, committed, body), "hex");
}

/** The same as its hex digits, which is how it stands in the header of the next row. */
export function rowHashHex(header: Uint8Array, committed: Uint8Array, body: Uint8Array): string {
  const committedAt = ROW.length + 4 + header.length;
  const bodyHashAt = committedAt + committed.length;
  const length = bodyHashAt + HASH_BYTES;
  const bytes = length <= USUAL.length ? USUAL : Buffer.allocUnsafe(length);
  bytes.set(ROW);
  bytes.writeUInt32BE(header.length, ROW.length);
  bytes.set(header, ROW.length + 4);
  bytes.set(committed, committedAt);
  // As text of single bytes, because a buffer that the system makes costs more than the hash of a few bytes.
  bytes.write(hash("sha256", body, "latin1"), bodyHashAt, HASH_BYTES, "latin1");
  return hash("sha256", bytes.subarray(0, length), "hex");
}

/** Makes the bytes of a row that follows `prev` as number `seq`. Throws if the event is no plain data or exceeds a bound. */
export function writeRow(row: NewRow, seq: number, prev: Buffer, key: ChainKey, random: Pick<Random, "bytes">): StoredRow {
  const { type, v, ...facts } = row.event;
  if (row.cause !== undefined) boundName(row.cause, "the id of a causing event");
  const header: Header = {
    format: 1,
    chain: row.chain,
    seq,
    prev: prev.toString("hex"),
    at: row.at,
    type,
    v,
    trust: row.trust,
    actor: row.actor === undefined ? undefined : key.pseudonym(row.actor),
    cause: row.cause,
  };
  // What could not be read again must not be written.
  if (!isHeader(header)) throw new TypeError(`the header of a row "${type}" is not one: instants and versions are whole numbers`);
  const text = headerText(header);
  boundBytes(text, LIMITS.headerBytes, "the header of a row");
  const values = fieldValues(facts, row.actor);
  // One draw for all: salts first, the nonce at the end.
  const drawn = random.bytes(values.length * SALT_BYTES + NONCE_BYTES);
  const committed = Buffer.from(commitment(values, drawn), "latin1");
  const headerBytes = Buffer.from(text);
  const body = seal(key.rows, drawn.subarray(-NONCE_BYTES), bodyOf(values, drawn.subarray(0, -NONCE_BYTES)), Buffer.concat([headerBytes, committed]));
  return { header: headerBytes, commitment: committed, body, hash: rowHash(headerBytes, committed, body) };
}

/** Opens a row and proves its content against the commitment; undefined if one of the two fails. */
export function openRow(stored: StoredRow, header: Header, key: ChainKey): Row | undefined {
  const plain = unseal(key.rows, stored.body, Buffer.concat([stored.header, stored.commitment]));
  if (plain === undefined) return undefined;
  const count = plain.readUInt16BE(0);
  const salts = plain.subarray(2, 2 + count * SALT_BYTES);
  const body = JSON.parse(plain.toString("utf8", 2 + count * SALT_BYTES)) as Readonly<Record<string, unknown>>;
  const values: [string, string][] = [];
  // The registry of known types has been asked before this; what was written under a type and version is of that type.
  const event: Record<string, unknown> = { type: header.type, v: header.v };
  for (const name of Object.keys(body)) {
    if (name !== ACTOR && !FIELD_NAME.test(name)) return undefined;
    values.push([name, canonical(body[name])]);
    if (name !== ACTOR) event[name] = body[name];
  }
  if (values.length !== count || commitment(values, salts) !== stored.commitment.toString("latin1")) return undefined;
  const row: { -readonly [K in keyof Row]: Row[K] } = { chain: header.chain, seq: header.seq, event: event as Row["event"], at: header.at as Row["at"], trust: header.trust };
  const actor = body[ACTOR];
  if (typeof actor === "string") row.actor = actor as UserId;
  if (header.cause !== undefined) row.cause = header.cause as EventId;
  return row;
}

/** Type of the row with which a chain goes on after a restore; clear in its header. */
export const RESTORED: Restored["type"] = "system.restored";
const NOTED: Noted["type"] = "system.noted";

/** Whether an event is the journal's own, which every build knows. */
export function isSystemEvent(type: string, v: number): boolean {
  return (type === NOTED || type === RESTORED) && v === 1;
}

/** Whether a row says something about the journal itself and nothing about any entity. */
export function isSystem(event: Row["event"]): event is SystemEvent {
  return event.type === NOTED || event.type === RESTORED;
}

/** Names and canonical values of what is committed to, in the order of the names. */
function fieldValues(facts: Readonly<Record<string, unknown>>, actor: UserId | undefined): (readonly [string, string])[] {
  const values: [string, string][] = [];
  for (const [name, value] of Object.entries(facts)) {
    if (!FIELD_NAME.test(name)) throw new TypeError("the name of an event's field may have only letters and digits");
    if (value !== undefined) values.push([name, canonical(value)]);
  }
  if (actor !== undefined) values.push([ACTOR, canonical(actor)]);
  if (values.length > LIMITS.fields) throw new RangeError(`an event has more than ${LIMITS.fields} fields`);
  return values.sort(([one], [other]) => (one < other ? -1 : 1));
}

function bodyOf(values: readonly (readonly [string, string])[], salts: Uint8Array): Buffer {
  const count = Buffer.allocUnsafe(2);
  count.writeUInt16BE(values.length);
  const text = `{${values.map(([name, value]) => `"${name}":${value}`).join(",")}}`;
  boundBytes(text, LIMITS.eventBytes, "an event");
  return Buffer.concat([count, salts, Buffer.from(text)]);
}
