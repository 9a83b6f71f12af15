/** Events as sync delivered them, each once, kept sealed until they are dealt with; then only the id and the hash of the ciphertext stay. */
import type { EventId, Instant, RoomId, UserId } from "../domain/ids.ts";
import type { Inbox, InboxEnd, NewInbox, Random } from "../ports.ts";
import type { Connection } from "./database.ts";
import { JournalConflict } from "./errors.ts";
import { boundBytes, boundName, LIMITS } from "./limits.ts";
import { bound, NONCE_BYTES, seal, sha256, unseal } from "./seal.ts";

interface Kept {
  readonly room: RoomId;
  readonly sender: UserId;
  readonly received: Instant;
  readonly late: boolean;
  readonly wire: string;
}
interface InboxRecord {
  readonly id: number;
  readonly event: EventId;
  readonly sealed: Buffer;
}

/** The table `inbox`; call the methods that write inside a transaction. */
export class InboxTable {
  readonly #random: Pick<Random, "bytes">;
  readonly #sql;

  constructor(db: Connection, random: Pick<Random, "bytes">) {
    this.#random = random;
    this.#sql = {
      // Sync may deliver an event again: the first time counts.
      add: db.prepare<[string, Buffer, Buffer]>("INSERT INTO inbox (event, hash, sealed) VALUES (?, ?, ?) ON CONFLICT (event) DO NOTHING"),
      end: db.prepare<[string, string]>("UPDATE inbox SET ended = ?, sealed = NULL WHERE event = ? AND ended IS NULL"),
      open: db.prepare<[], InboxRecord>("SELECT id, event, sealed FROM inbox WHERE ended IS NULL ORDER BY id"),
      has: db.prepare<[string], { id: number }>("SELECT id FROM inbox WHERE event = ?"),
    };
  }

  /** False if it had been there before. */
  add({ event, ...kept }: NewInbox, key: Uint8Array): boolean {
    boundName(event, "an event id");
    boundBytes(kept.wire, LIMITS.wireBytes, "a wire event");
    const sealed = seal(key, this.#random.bytes(NONCE_BYTES), Buffer.from(JSON.stringify(kept)), bound("inbox", event));
    return this.#sql.add.run(event, ciphertextHash(kept.wire), sealed).changes === 1;
  }

  /** Throws a {@link JournalConflict} if the event is not there or was dealt with before: what it asked for would count twice. */
  end(event: EventId, how: InboxEnd): void {
    if (this.#sql.end.run(how, event).changes !== 1) throw new JournalConflict("inbox", `the event ${event} is not in the inbox or was dealt with before`);
  }

  has(event: EventId): boolean {
    return this.#sql.has.get(event) !== undefined;
  }

  /** What is not dealt with yet, oldest first. */
  open(key: Uint8Array): Inbox[] {
    return this.#sql.open.all().map(({ id, event, sealed }) => {
      const plain = unseal(key, sealed, bound("inbox", event));
      if (plain === undefined) throw new Error(`the inbox row ${id} cannot be opened with the installation's key`);
      return { order: id, event, ...(JSON.parse(plain.toString()) as Kept) };
    });
  }
}

/** SHA-256 of a wire event's `content.ciphertext` as UTF-8; of the whole wire text for anything else. */
export function ciphertextHash(wire: string): Buffer {
  let event: unknown;
  try {
    event = JSON.parse(wire);
  } catch {
    event = undefined;
  }
  const content = property(event, "content");
  const ciphertext = property(content, "ciphertext");
  return sha256(Buffer.from(typeof ciphertext === "string" ? ciphertext : wire));
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}
