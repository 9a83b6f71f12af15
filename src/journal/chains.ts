/** The chains of the journal: their rows, where each stands, and the keys to what they say. */
import type { ChainId } from "../domain/ids.ts";
import type { NewRow, Random, Row } from "../ports.ts";
import type { ChainKey, ChainKeys } from "./chain-keys.ts";
import type { Connection } from "./database.ts";
import { damaged, JournalConflict } from "./errors.ts";
import { CHAIN_NAME } from "./header.ts";
import type { StoredRow } from "./row.ts";
import { chainStart, writeRow } from "./row.ts";

/** Rows read at once: few enough that the event loop breathes. */
const PAGE = 100;

/** The last row of each chain. From one chain to the next through the index: GROUP BY would read all of it, which is long in a long journal. */
const HEADS = `
WITH RECURSIVE begun (chain) AS (
  SELECT min(chain) FROM entry
  UNION ALL
  SELECT (SELECT min(entry.chain) FROM entry WHERE entry.chain > begun.chain) FROM begun WHERE begun.chain IS NOT NULL
)
SELECT chain, (SELECT max(seq) FROM entry WHERE entry.chain = begun.chain) AS seq FROM begun WHERE chain IS NOT NULL`;

interface Place {
  readonly seq: number;
  readonly hash: Buffer;
}
interface ChainRecord {
  readonly id: ChainId;
  readonly key_file: string;
  readonly state: "live" | "erased";
}
/** A row as it is read: the lengths of its first three values, and the bytes of all four. */
interface PageRecord {
  readonly seq: number;
  readonly header: number;
  readonly commitment: number;
  readonly hash: number;
  readonly bytes: Buffer;
}
/** A row with the number under which it is stored, which need not be the one in its header. */
export type PagedRow = StoredRow & { readonly seq: number };

/** Rows being added in the transaction that is open; nothing of it counts before {@link Chains.settle}. */
export interface Appending {
  readonly places: Map<ChainId, Place>;
  readonly created: Map<ChainId, ChainKey>;
}

/** All chains of the journal file; call the methods that write inside a transaction. */
export class Chains {
  readonly #file: string;
  readonly #folder: ChainKeys;
  readonly #random: Pick<Random, "bytes">;
  readonly #keys = new Map<ChainId, ChainKey>();
  readonly #places = new Map<ChainId, Place>();
  readonly #erased = new Set<ChainId>();
  /** Keys on the disk whose chain has not been committed yet: used again when the batch is tried again. */
  readonly #prepared = new Map<ChainId, ChainKey>();
  readonly #sql;

  /** Opens the key of every chain. Throws an OperatorError if one is missing, or if the rows are not those of known chains. */
  constructor(db: Connection, file: string, folder: ChainKeys, random: Pick<Random, "bytes">) {
    this.#file = file;
    this.#folder = folder;
    this.#random = random;
    this.#sql = {
      addChain: db.prepare<[string, string]>("INSERT INTO chain (id, key_file, state) VALUES (?, ?, 'live')"),
      eraseChain: db.prepare<[string]>("UPDATE chain SET state = 'erased' WHERE id = ?"),
      add: db.prepare<[string, number, Buffer, Buffer, Buffer, Buffer]>("INSERT INTO entry (chain, seq, header, commitment, body, hash) VALUES (?, ?, ?, ?, ?, ?)"),
      // In one piece: four buffers for each of a million rows would cost more than to read them.
      page: db.prepare<[string, number, number], PageRecord>(
        `SELECT seq, length(header) AS header, length(commitment) AS commitment, length(hash) AS hash, CAST(header || commitment || hash || body AS BLOB) AS bytes
         FROM entry WHERE chain = ? AND seq > ? ORDER BY seq LIMIT ?`,
      ),
      hash: db.prepare<[string, number], { hash: Buffer }>("SELECT hash FROM entry WHERE chain = ? AND seq = ?"),
    };
    const heads = new Map(db.prepare<[], { chain: ChainId; seq: number }>(HEADS).all().map(({ chain, seq }) => [chain, seq]));
    for (const { id, key_file, state } of db.prepare<[], ChainRecord>("SELECT id, key_file, state FROM chain ORDER BY rowid").all()) {
      if (state === "erased") {
        this.#erased.add(id);
        // The process may have ended between the decision and the deed.
        folder.destroy(key_file);
      } else {
        this.#keys.set(id, folder.open(id, key_file));
      }
      const seq = heads.get(id) ?? 0;
      this.#places.set(id, { seq, hash: seq === 0 ? chainStart(id) : this.#hashAt(id, seq) });
      heads.delete(id);
    }
    const [stray] = heads;
    if (stray !== undefined) throw damaged(file, { chain: stray[0], seq: stray[1], what: "link" });
  }

  /** Chains whose content can be read, in the order in which they were begun. */
  live(): readonly ChainId[] {
    return [...this.#keys.keys()];
  }

  /** All chains, also those whose content was erased. */
  all(): readonly ChainId[] {
    return [...this.#places.keys()];
  }

  place(chain: ChainId): Place | undefined {
    return this.#places.get(chain);
  }

  /** The key of a chain; undefined if there is none or it was erased. */
  key(chain: ChainId): ChainKey | undefined {
    return this.#keys.get(chain);
  }

  begin(): Appending {
    return { places: new Map(), created: new Map() };
  }

  /** The row with its number, and its hash. */
  append(appending: Appending, row: NewRow): { readonly row: Row; readonly hash: Buffer } {
    const { chain } = row;
    const key = this.keyFor(appending, chain);
    const place = appending.places.get(chain) ?? this.#places.get(chain) ?? { seq: 0, hash: chainStart(chain) };
    const seq = place.seq + 1;
    const { header, commitment, body, hash } = writeRow(row, seq, place.hash, key, this.#random);
    this.#sql.add.run(chain, seq, header, commitment, body, hash);
    appending.places.set(chain, { seq, hash });
    return { row: { ...row, seq }, hash };
  }

  /** The key of a chain, which is begun if need be: its key is on the disk before anything is sealed with it. */
  keyFor(appending: Appending, chain: ChainId): ChainKey {
    const known = this.#keys.get(chain) ?? appending.created.get(chain);
    if (known !== undefined) return known;
    if (this.#erased.has(chain)) throw new JournalConflict("chain", `the content of chain ${chain} was erased; nothing can be added to it`);
    if (!CHAIN_NAME.test(chain)) throw new TypeError("a chain's name may have only letters, digits, - and _");
    const key = this.#prepared.get(chain) ?? this.#folder.create(chain);
    this.#prepared.set(chain, key);
    this.#sql.addChain.run(chain, key.file);
    appending.created.set(chain, key);
    return key;
  }

  /** The key of a chain that exists already or is begun in this transaction. */
  knownKey(appending: Appending, chain: ChainId): ChainKey {
    const key = this.#keys.get(chain) ?? appending.created.get(chain);
    if (key === undefined) throw new JournalConflict("chain", `there is no chain ${chain}, or its content was erased`);
    return key;
  }

  /** After the transaction is durable: what was added counts from now on. */
  settle({ places, created }: Appending): void {
    for (const [chain, key] of created) {
      this.#keys.set(chain, key);
      this.#prepared.delete(chain);
      if (!this.#places.has(chain)) this.#places.set(chain, { seq: 0, hash: chainStart(chain) });
    }
    for (const [chain, place] of places) this.#places.set(chain, place);
  }

  /** Marks a chain as erased, in the transaction that drops what else holds its content. */
  markErased(chain: ChainId): void {
    this.#sql.eraseChain.run(chain);
  }

  /** After that transaction is durable: destroys the key. */
  forget(chain: ChainId): void {
    const key = this.#keys.get(chain);
    this.#keys.delete(chain);
    this.#erased.add(chain);
    if (key !== undefined) this.#folder.destroy(key.file);
  }

  /** Hash of a row, undefined if there is no such row. */
  hashOf(chain: ChainId, seq: number): Buffer | undefined {
    return seq === 0 ? chainStart(chain) : this.#sql.hash.get(chain, seq)?.hash;
  }

  /** Stored rows after a number, in order, some at a time; `upTo` is the last one wanted. */
  *pages(chain: ChainId, afterSeq: number, upTo = Number.MAX_SAFE_INTEGER): Generator<readonly PagedRow[]> {
    for (let after = afterSeq; after < upTo; ) {
      const page = this.#sql.page.all(chain, after, Math.min(PAGE, upTo - after));
      const last = page.at(-1);
      if (last === undefined) return;
      yield page.map(pagedRow);
      after = last.seq;
    }
  }

  #hashAt(chain: ChainId, seq: number): Buffer {
    const hash = this.hashOf(chain, seq);
    if (hash === undefined) throw damaged(this.#file, { chain, seq, what: "missing" });
    return hash;
  }
}

function pagedRow({ seq, header, commitment, hash, bytes }: PageRecord): PagedRow {
  const hashAt = header + commitment;
  const bodyAt = hashAt + hash;
  return { seq, header: bytes.subarray(0, header), commitment: bytes.subarray(header, hashAt), hash: bytes.subarray(hashAt, bodyAt), body: bytes.subarray(bodyAt) };
}
