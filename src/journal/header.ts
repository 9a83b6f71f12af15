/** What stands in clear in front of each row, and the one text of it. Layout: docs/journal-format.md, "Row". */
import type { ChainId } from "../domain/ids.ts";
import type { Trust } from "../ports.ts";
import { LIMITS } from "./limits.ts";
import { HEX_DIGIT, NAME_LETTER, Places, PLAIN } from "./places.ts";

/** What stands in clear in front of each row. */
export interface Header {
  readonly format: 1;
  readonly chain: ChainId;
  /** Counts from 1. */
  readonly seq: number;
  /** Hash of the row before it, hex; of the first row, `chainStart`. */
  readonly prev: string;
  /** Milliseconds since 1970, UTC. */
  readonly at: number;
  readonly type: string;
  readonly v: number;
  readonly trust: Trust;
  /** Pseudonym of who caused it, 32 hex digits; the same person has another one in each chain. */
  readonly actor?: string | undefined;
  /** The Matrix event that caused it. */
  readonly cause?: string | undefined;
}

/** A chain's name: letters, digits, `-` and `_`, so that it can stand in a file, a checkpoint and an export. */
export const CHAIN_NAME = /^[A-Za-z0-9_-]{1,64}$/;
const HASH = /^[0-9a-f]{64}$/;
const TRUSTS: ReadonlySet<unknown> = new Set<Trust>(["none", "pinned-signed", "confirmed"]);
const PSEUDONYM = /^[0-9a-f]{32}$/;
/** What each field of a header may be, in the order of canonical JSON. */
const HEADER: Readonly<Record<keyof Header, (value: unknown) => boolean>> = {
  actor: (value) => value === undefined || (typeof value === "string" && PSEUDONYM.test(value)),
  at: Number.isSafeInteger,
  cause: (value) => value === undefined || isName(value),
  chain: (value) => typeof value === "string" && CHAIN_NAME.test(value),
  format: (value) => value === 1,
  prev: (value) => typeof value === "string" && HASH.test(value),
  seq: (value) => isCount(value) && value >= 1,
  trust: (value) => TRUSTS.has(value),
  type: isName,
  v: isCount,
};
const HEADER_FIELDS = Object.entries(HEADER);

/** The header of stored bytes, or undefined if they are not one: its text must be the canonical one, so that it cannot be read in two ways. */
export function readHeader(bytes: Buffer): Header | undefined {
  if (bytes.length > LIMITS.headerBytes) return undefined;
  const places = new Places(bytes, 0, bytes.length);
  const plain = plainHeader(places, AS_IT_IS);
  return plain !== undefined && places.left === 0 ? plain : anyHeader(bytes.toString());
}

/** The header that stands here inside a JSON string, if it is one in which nothing is escaped but its quotation marks; undefined for any other. */
export function plainHeaderQuoted(places: Places): Header | undefined {
  return plainHeader(places, QUOTED);
}

/** Whether a value is a header that can be written. */
export function isHeader(value: unknown): value is Header {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  return HEADER_FIELDS.every(([name, may]) => may(Object.hasOwn(fields, name) ? fields[name] : undefined)) && Object.keys(fields).every((name) => Object.hasOwn(HEADER, name));
}

/** Canonical JSON of a header. */
export function headerText({ actor, at, cause, chain, format, prev, seq, trust, type, v }: Header): string {
  const first = `${actor === undefined ? "" : `"actor":"${actor}",`}"at":${at},${cause === undefined ? "" : `"cause":${JSON.stringify(cause)},`}`;
  return `{${first}"chain":"${chain}","format":${format},"prev":"${prev}","seq":${seq},"trust":"${trust}","type":${JSON.stringify(type)},"v":${v}}`;
}

function anyHeader(text: string): Header | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isHeader(value) && headerText(value) === text ? value : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
function isName(value: unknown): boolean {
  return typeof value === "string" && value.length > 0 && value.length <= LIMITS.nameLength && value.isWellFormed();
}

/** What stands between the values of a header that is read by its places. */
class Between {
  readonly openActor: Uint8Array;
  readonly openAt: Uint8Array;
  readonly nextAt: Uint8Array;
  readonly nextCause: Uint8Array;
  readonly openChain: Uint8Array;
  readonly nextChain: Uint8Array;
  readonly nextPrev: Uint8Array;
  readonly nextSeq: Uint8Array;
  readonly nextTrust: Uint8Array;
  readonly nextType: Uint8Array;
  readonly nextV: Uint8Array;
  readonly close: Uint8Array;

  constructor(written: (text: string) => string) {
    const bytes = (text: string): Uint8Array => Buffer.from(written(text));
    [this.openActor, this.openAt, this.nextAt] = [bytes('{"actor":"'), bytes('{"at":'), bytes('","at":')];
    [this.nextCause, this.openChain, this.nextChain] = [bytes(',"cause":"'), bytes(',"chain":"'), bytes('","chain":"')];
    [this.nextPrev, this.nextSeq, this.nextTrust] = [bytes('","format":1,"prev":"'), bytes('","seq":'), bytes(',"trust":"')];
    [this.nextType, this.nextV, this.close] = [bytes('","type":"'), bytes('","v":'), bytes("}")];
  }
}
const AS_IT_IS = new Between((text) => text);
const QUOTED = new Between((text) => text.replaceAll('"', '\\"'));

/**
 * A header in which nothing is escaped, which is nearly each, if one stands here; undefined says only that it must be read as JSON: nothing is a header
 * here and not there.
 */
function plainHeader(places: Places, between: Between): Header | undefined {
  const hasActor = places.pass(between.openActor);
  const actor = hasActor ? places.taken(HEX_DIGIT, 32, 32) : undefined;
  if (!places.pass(hasActor ? between.nextAt : between.openAt)) return undefined;
  const at = places.whole();
  const hasCause = places.pass(between.nextCause);
  const cause = hasCause ? places.taken(PLAIN, 1, LIMITS.nameLength) : undefined;
  if (!places.pass(hasCause ? between.nextChain : between.openChain)) return undefined;
  const chain = places.taken(NAME_LETTER, 1, 64);
  if (!places.pass(between.nextPrev)) return undefined;
  const prev = places.taken(HEX_DIGIT, 64, 64);
  if (!places.pass(between.nextSeq)) return undefined;
  const seq = places.whole();
  if (!places.pass(between.nextTrust)) return undefined;
  const trust = places.taken(PLAIN, 1, LIMITS.nameLength);
  if (!places.pass(between.nextType)) return undefined;
  const type = places.taken(PLAIN, 1, LIMITS.nameLength);
  if (!places.pass(between.nextV)) return undefined;
  const v = places.whole();
  if (!places.pass(between.close) || seq < 1 || v < 0 || !TRUSTS.has(trust)) return undefined;
  return { actor, at, cause, chain: chain as ChainId, format: 1, prev, seq, trust: trust as Trust, type, v };
}
