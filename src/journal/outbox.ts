/** What is to be sent, from the decision until the server has it: rendered → encrypted → sent. Bodies and ciphertexts are sealed with the chain's key. */
import type { ChainId, EventId, Instant, RoomId } from "../domain/ids.ts";
import type { Lane } from "../domain/effect.ts";
import type { NewOutbox, Outbox, OutboxChange, Random } from "../ports.ts";
import type { Connection } from "./database.ts";
import { JournalConflict } from "./errors.ts";
import { boundBytes, boundName, LIMITS } from "./limits.ts";
import { bound, NONCE_BYTES, seal, unseal } from "./seal.ts";

/** How long a sent row is kept, milliseconds: servers repeat an answer to a known transaction id for about as long. */
const SENT_KEPT = 24 * 60 * 60 * 1000;
/**
 * For so long after an attempt, milliseconds, the server surely knows its transaction id: until then nothing but the stored ciphertext is repeated,
 * unless somebody could read it who is kept out since.
 * Later, or from another device, the sender first looks whether the message has arrived, and may encrypt it anew if it has not.
 */
const ATTEMPT_COUNTS = 12 * 60 * 60 * 1000;
/** How often old ones are looked for, milliseconds. */
const SWEEP_EVERY = 60 * 60 * 1000;

interface OutboxRecord {
  readonly id: number;
  readonly effect: string;
  readonly chain: ChainId;
  readonly lane: Lane;
  readonly created: Instant;
  readonly expires: Instant | null;
  readonly supersedes: string | null;
  readonly state: Outbox["state"];
  readonly body: Buffer;
  readonly ciphertext: Buffer | null;
  readonly room: RoomId | null;
  readonly device: string | null;
  readonly attempted: Instant | null;
  readonly sent: EventId | null;
}
/** The key that opens what is sealed for a chain; undefined after its content was erased. */
export type OutboxKey = (chain: ChainId) => Uint8Array | undefined;

/** The table `outbox`; call the methods that write inside a transaction. */
export class OutboxTable {
  readonly #random: Pick<Random, "bytes">;
  readonly #sql;
  #nextSweep = 0;

  constructor(db: Connection, random: Pick<Random, "bytes">) {
    this.#random = random;
    const columns = "id, effect, chain, lane, created, expires, supersedes, state, body, ciphertext, room, device, attempted, sent";
    this.#sql = {
      add: db.prepare<[string, string, string, number, number | null, string | null, Buffer]>(
        "INSERT INTO outbox (effect, chain, lane, created, expires, supersedes, state, body) VALUES (?, ?, ?, ?, ?, ?, 'rendered', ?) ON CONFLICT (effect) DO NOTHING",
      ),
      encrypted: db.prepare<[Buffer, string, string, number, string]>(
        "UPDATE outbox SET state = 'encrypted', ciphertext = ?, room = ?, device = ?, attempted = ? WHERE effect = ?",
      ),
      sent: db.prepare<[string, number, string]>("UPDATE outbox SET state = 'sent', sent = ?, settled = ? WHERE effect = ?"),
      drop: db.prepare<[string]>("DELETE FROM outbox WHERE effect = ?"),
      dropChain: db.prepare<[string]>("DELETE FROM outbox WHERE chain = ?"),
      sweep: db.prepare<[number]>("DELETE FROM outbox WHERE settled IS NOT NULL AND settled < ?"),
      one: db.prepare<[string], OutboxRecord>(`SELECT ${columns} FROM outbox WHERE effect = ?`),
      sentAs: db.prepare<[string], OutboxRecord>(`SELECT ${columns} FROM outbox WHERE state = 'sent' AND sent = ?`),
      unsent: db.prepare<[], OutboxRecord>(`SELECT ${columns} FROM outbox WHERE state <> 'sent' ORDER BY id`),
    };
  }

  /** Throws a {@link JournalConflict} if the effect id exists: the same effect would be sent twice. */
  add(row: NewOutbox, key: Uint8Array): void {
    boundName(row.id, "an effect id");
    if (row.supersedes !== undefined) boundName(row.supersedes, "the key of what an outbox row supersedes");
    const body = this.#seal(key, "outbox-body", row.id, row.chain, row.body);
    const { changes } = this.#sql.add.run(row.id, row.chain, row.lane, row.created, row.expires ?? null, row.supersedes ?? null, body);
    if (changes !== 1) throw new JournalConflict("effect", `the effect ${row.id} is in the outbox already`);
  }

  change(change: OutboxChange, keys: OutboxKey, now: Instant): void {
    const found = this.#sql.one.get(change.id);
    if (found === undefined) throw new JournalConflict("outbox", `there is no outbox row ${change.id}`);
    if (found.state === "sent") {
      // Told twice that it was sent (the answer to a repeated request): nothing new.
      if (change.to === "sent" && change.event === found.sent) return;
      throw new JournalConflict("outbox", `the outbox row ${change.id} was sent and cannot become "${change.to}"`);
    }
    switch (change.to) {
      case "encrypted":
        this.#encrypted(change, found, keys);
        return;
      case "sent":
        boundName(change.event, "an event id");
        this.#sql.sent.run(change.event, now, change.id);
        return;
      case "dropped":
        this.#sql.drop.run(change.id);
    }
  }

  one(effect: string, keys: OutboxKey): Outbox | undefined {
    const found = this.#sql.one.get(effect);
    return found === undefined ? undefined : this.#opened(found, keys);
  }

  /** By the event as which it was sent; looked for among a day's rows, without an index, because that is seldom asked. */
  sentAs(event: EventId, keys: OutboxKey): Outbox | undefined {
    const found = this.#sql.sentAs.get(event);
    return found === undefined ? undefined : this.#opened(found, keys);
  }

  /** In the order of their creation. */
  unsent(keys: OutboxKey): Outbox[] {
    return this.#sql.unsent.all().map((record) => this.#opened(record, keys));
  }

  dropChain(chain: ChainId): void {
    this.#sql.dropChain.run(chain);
  }

  /** Removes what was sent more than a day ago; looks at most once an hour. */
  sweep(now: Instant): void {
    if (now < this.#nextSweep) return;
    this.#sql.sweep.run(now - SENT_KEPT);
    this.#nextSweep = now + SWEEP_EVERY;
  }

  #encrypted(change: Extract<OutboxChange, { to: "encrypted" }>, found: OutboxRecord, keys: OutboxKey): void {
    const again = found.state === "encrypted" && found.device === change.device && found.room === change.room;
    if (again && change.inPlace !== true && change.attempted - (found.attempted ?? 0) < ATTEMPT_COUNTS) {
      throw new JournalConflict("outbox", `the outbox row ${change.id} was encrypted a short time ago by this device for this room`);
    }
    boundName(change.room, "a room id");
    boundName(change.device, "a device id");
    const key = requireKey(keys, found.chain);
    const ciphertext = this.#seal(key, "outbox-ciphertext", change.id, found.chain, change.ciphertext);
    this.#sql.encrypted.run(ciphertext, change.room, change.device, change.attempted, change.id);
  }

  #seal(key: Uint8Array, purpose: string, effect: string, chain: ChainId, text: string): Buffer {
    boundBytes(text, LIMITS.outboxBytes, "the text of an outbox row");
    return seal(key, this.#random.bytes(NONCE_BYTES), Buffer.from(text), bound(purpose, effect, chain));
  }

  #opened(record: OutboxRecord, keys: OutboxKey): Outbox {
    const { effect, chain } = record;
    const key = requireKey(keys, chain);
    const open = (purpose: string, sealed: Buffer): string => {
      const plain = unseal(key, sealed, bound(purpose, effect, chain));
      if (plain === undefined) throw new Error(`the outbox row ${effect} cannot be opened with the key of its chain`);
      return plain.toString();
    };
    return {
      order: record.id,
      id: effect,
      chain,
      lane: record.lane,
      created: record.created,
      state: record.state,
      body: open("outbox-body", record.body),
      ...(record.expires === null ? {} : { expires: record.expires }),
      ...(record.supersedes === null ? {} : { supersedes: record.supersedes }),
      ...(record.ciphertext === null ? {} : { ciphertext: open("outbox-ciphertext", record.ciphertext) }),
      ...(record.room === null ? {} : { room: record.room }),
      ...(record.device === null ? {} : { device: record.device }),
      ...(record.attempted === null ? {} : { attempted: record.attempted }),
      ...(record.sent === null ? {} : { sent: record.sent }),
    };
  }
}

function requireKey(keys: OutboxKey, chain: ChainId): Uint8Array {
  const key = keys(chain);
  if (key === undefined) throw new JournalConflict("chain", `there is no key for what is sent for chain ${chain}`);
  return key;
}
