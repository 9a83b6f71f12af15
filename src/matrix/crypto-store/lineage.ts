import type { Database } from "better-sqlite3-multiple-ciphers";

/**
 * By what a store can be told from an older copy of itself: it counts its own commits, inside each of them, and keeps for each of its outgoing
 * sessions how far it has been used. An older copy counts less, and does not know what was said after it was taken.
 */
export interface Lineage {
  /** Commits ever; rises with everything that the engine stores, and is on the disk when it is seen. */
  generation(): number;
  /** What the engine stores next becomes durable with {@link settle}, and {@link used} in the same commit: a message costs one. */
  hold(): void;
  /**
   * The session has encrypted with this place of its ratchet; `noted` is the count that the journal has on record by now. Durable when it returns, or,
   * after {@link hold}, with {@link settle}.
   */
  used(session: string, index: number, noted: number): void;
  /** Makes durable what was held; only then may anything that came of it leave. Throws if it cannot be, and then the process is over. */
  settle(): void;
  /** The highest count that the journal was known to have on record when something was last encrypted: a journal that says less is an older copy. */
  noted(): number;
  /** The place after the last one used; undefined if this store has never encrypted with that session. */
  next(session: string): number | undefined;
  /** Whether it has kept account from its very beginning; if not, it cannot know what it has not sent. */
  readonly complete: boolean;
  /** Whether it had encrypted anything when it was opened. */
  readonly wasUsed: boolean;
  /** Counts one: whoever opens an older copy again and again without beginning does not come up to the newer one. */
  begin(): void;
  /** It has been recognised as an older copy, and stays so whoever opens it. */
  condemn(): void;
  condemned(): boolean;
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS lineage (id INTEGER PRIMARY KEY CHECK (id = 1), generation INTEGER NOT NULL, complete INTEGER NOT NULL, condemned INTEGER NOT NULL DEFAULT 0, noted INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS sent (session TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
`;
/** Came later than the table: a store from before has nothing on record there. */
const ADDED = "ALTER TABLE lineage ADD COLUMN noted INTEGER NOT NULL DEFAULT 0";
/** Raises the count; run inside each transaction that writes. */
export const COUNT_COMMIT = "UPDATE lineage SET generation = generation + 1";

/** Reads and keeps it in the engine's own file, whose schema must exist. What is durable when is up to whoever runs the engine's transactions. */
export function lineageTable(sql: Database): Omit<Lineage, "hold" | "settle"> {
  const isNew = sql.prepare<[], { readonly n: number }>("SELECT count(*) AS n FROM databases").get()?.n === 0;
  sql.transaction(() => {
    sql.exec(SCHEMA);
    if (sql.prepare("SELECT 1 FROM pragma_table_info('lineage') WHERE name = 'noted'").get() === undefined) sql.exec(ADDED);
    sql.prepare("INSERT INTO lineage (id, generation, complete) VALUES (1, 0, ?) ON CONFLICT DO NOTHING").run(isNew ? 1 : 0);
  })();
  const read = sql.prepare<[], { readonly generation: number; readonly complete: number; readonly condemned: number; readonly noted: number }>("SELECT generation, complete, condemned, noted FROM lineage");
  const write = sql.prepare<[string, number]>("INSERT INTO sent VALUES (?, ?) ON CONFLICT DO UPDATE SET next = max(next, excluded.next)");
  const note = sql.prepare<[number]>("UPDATE lineage SET noted = max(noted, ?)");
  const use = sql.transaction((session: string, index: number, noted: number) => {
    write.run(session, index + 1);
    note.run(noted);
  });
  const next = sql.prepare<[string], { readonly next: number }>("SELECT next FROM sent WHERE session = ?");
  const wasUsed = sql.prepare("SELECT 1 FROM sent LIMIT 1").get() !== undefined;
  return {
    generation: () => read.get()?.generation ?? 0,
    used: (session, index, noted) => use(session, index, noted),
    noted: () => read.get()?.noted ?? 0,
    next: (session) => next.get(session)?.next,
    complete: read.get()?.complete === 1,
    wasUsed,
    begin: () => void sql.exec(COUNT_COMMIT),
    condemn: () => void sql.exec("UPDATE lineage SET condemned = 1"),
    condemned: () => read.get()?.condemned !== 0,
  };
}
