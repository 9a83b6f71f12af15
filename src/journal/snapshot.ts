/** The state of a chain as it was at a row, so that a start need not replay everything. Never trusted further than it matches: else it is dropped. */
import type { Adapter } from "lowdb";
import { Low } from "lowdb";
import type { ChainId } from "../domain/ids.ts";
import type { Random } from "../ports.ts";
import { requirePlain } from "./canonical.ts";
import type { Connection } from "./database.ts";
import { boundBytes, boundName, LIMITS } from "./limits.ts";
import { bound, NONCE_BYTES, seal, unseal } from "./seal.ts";

/** What is kept of a chain. */
export interface Snapshot {
  readonly seq: number;
  /** Hash of the row `seq`, hex. */
  readonly head: string;
  /** Version of `evolve` that made the state. */
  readonly evolve: string;
  /** Plain JSON. */
  readonly state: unknown;
}
interface SnapshotRecord {
  readonly seq: number;
  readonly head: Buffer;
  readonly evolve: string;
  readonly sealed: Buffer;
}

/** The table `snapshot`: one sealed row for each chain. */
export class SnapshotTable {
  readonly #random: Pick<Random, "bytes">;
  readonly #sql;
  /** Writes follow one another: two at once through lowdb would not say which of them stays. */
  #writing: Promise<void> = Promise.resolve();

  constructor(db: Connection, random: Pick<Random, "bytes">) {
    this.#random = random;
    this.#sql = {
      one: db.prepare<[string], SnapshotRecord>("SELECT seq, head, evolve, sealed FROM snapshot WHERE chain = ?"),
      save: db.prepare<[string, number, Buffer, string, Buffer]>(
        `INSERT INTO snapshot (chain, seq, head, evolve, sealed) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (chain) DO UPDATE SET seq = excluded.seq, head = excluded.head, evolve = excluded.evolve, sealed = excluded.sealed`,
      ),
      drop: db.prepare<[string]>("DELETE FROM snapshot WHERE chain = ?"),
    };
  }

  async read(chain: ChainId, key: Uint8Array): Promise<Snapshot | undefined> {
    const low = new Low<Snapshot | null>(this.#adapter(chain, key), null);
    await low.read();
    return low.data ?? undefined;
  }

  async write(chain: ChainId, key: Uint8Array, snapshot: Snapshot): Promise<void> {
    boundName(snapshot.evolve, "the version of evolve");
    requirePlain(snapshot.state, { nodes: LIMITS.snapshotNodes, depth: LIMITS.depth });
    await new Low<Snapshot | null>(this.#adapter(chain, key), snapshot).write();
  }

  drop(chain: ChainId): void {
    this.#sql.drop.run(chain);
  }

  #adapter(chain: ChainId, key: Uint8Array): Adapter<Snapshot | null> {
    return {
      read: async () => {
        await this.#writing;
        return this.#load(chain, key);
      },
      write: (snapshot) => {
        const written = this.#writing.then(() => this.#save(chain, key, snapshot));
        this.#writing = written.catch(() => undefined);
        return written;
      },
    };
  }

  #load(chain: ChainId, key: Uint8Array): Snapshot | null {
    const record = this.#sql.one.get(chain);
    if (record === undefined) return null;
    const { seq, evolve } = record;
    const head = record.head.toString("hex");
    const plain = unseal(key, record.sealed, boundTo(chain, { seq, head, evolve }));
    if (plain === undefined) {
      this.drop(chain);
      return null;
    }
    return { seq, head, evolve, state: JSON.parse(plain.toString()) as unknown };
  }

  #save(chain: ChainId, key: Uint8Array, snapshot: Snapshot | null): void {
    if (snapshot === null) return;
    const text = JSON.stringify(snapshot.state);
    boundBytes(text, LIMITS.snapshotBytes, "a snapshot");
    const sealed = seal(key, this.#random.bytes(NONCE_BYTES), Buffer.from(text), boundTo(chain, snapshot));
    this.#sql.save.run(chain, snapshot.seq, Buffer.from(snapshot.head, "hex"), snapshot.evolve, sealed);
  }
}

function boundTo(chain: ChainId, { seq, head, evolve }: Omit<Snapshot, "state">): Buffer {
  return bound("snapshot", chain, seq, head, evolve);
}
