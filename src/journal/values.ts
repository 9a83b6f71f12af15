/** Small durable values by name (sync token, observed rooms, boards), sealed with the installation's key. */
import type { Random } from "../ports.ts";
import type { Connection } from "./database.ts";
import { boundBytes, boundName, LIMITS } from "./limits.ts";
import { bound, NONCE_BYTES, seal, unseal } from "./seal.ts";

interface ValueRecord {
  readonly key: string;
  readonly sealed: Buffer;
}

/** The table `value`; call {@link set} inside a transaction. */
export class ValueTable {
  readonly #random: Pick<Random, "bytes">;
  readonly #sql;

  constructor(db: Connection, random: Pick<Random, "bytes">) {
    this.#random = random;
    this.#sql = {
      set: db.prepare<[string, Buffer]>("INSERT INTO value (key, sealed) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET sealed = excluded.sealed"),
      remove: db.prepare<[string]>("DELETE FROM value WHERE key = ?"),
      one: db.prepare<[string], ValueRecord>("SELECT key, sealed FROM value WHERE key = ?"),
      // The first condition lets the index find where to begin, the second says what belongs.
      beginning: db.prepare<[{ prefix: string }], ValueRecord>(
        "SELECT key, sealed FROM value WHERE key >= :prefix AND key < :prefix || char(1114111) AND substr(key, 1, length(:prefix)) = :prefix ORDER BY key",
      ),
    };
  }

  /** `null` removes. */
  set(name: string, value: string | null, key: Uint8Array): void {
    boundName(name, "the name of a value");
    if (value === null) {
      this.#sql.remove.run(name);
      return;
    }
    boundBytes(value, LIMITS.valueBytes, "a value");
    this.#sql.set.run(name, seal(key, this.#random.bytes(NONCE_BYTES), Buffer.from(value), bound("value", name)));
  }

  one(name: string, key: Uint8Array): string | undefined {
    const found = this.#sql.one.get(name);
    return found === undefined ? undefined : opened(found, key);
  }

  beginningWith(prefix: string, key: Uint8Array): Map<string, string> {
    return new Map(this.#sql.beginning.all({ prefix }).map((record) => [record.key, opened(record, key)]));
  }
}

function opened({ key: name, sealed }: ValueRecord, key: Uint8Array): string {
  const plain = unseal(key, sealed, bound("value", name));
  if (plain === undefined) throw new Error("a stored value cannot be opened with the installation's key");
  return plain.toString();
}
