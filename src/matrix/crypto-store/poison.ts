import type { Database } from "better-sqlite3-multiple-ciphers";

/** To-device events that the engine did not survive, by the hash of what they are: never handed to it again, also after a restart. */
export interface PoisonList {
  /** How often it was tried without an end being seen. */
  attempts(hash: string): number;
  /** Durable when it returns. */
  note(hash: string, attempts: number): void;
  forget(hash: string): void;
}

/** Tried this often without an end, or seen to end in a panic: it is left alone. One more than a power cut alone can explain. */
export const POISONOUS = 2;
/** Older ones are forgotten: the homeserver has long deleted those events. */
const MOST_REMEMBERED = 10_000;

/** The list as a table beside the engine's. */
export function poisonTable(sql: Database): PoisonList {
  sql.exec("CREATE TABLE IF NOT EXISTS poison (id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, attempts INTEGER NOT NULL)");
  const read = sql.prepare<[string], { attempts: number }>("SELECT attempts FROM poison WHERE hash = ?");
  const write = sql.prepare<[string, number]>("INSERT INTO poison (hash, attempts) VALUES (?, ?) ON CONFLICT (hash) DO UPDATE SET attempts = excluded.attempts");
  const trim = sql.prepare<[number]>("DELETE FROM poison WHERE id <= (SELECT max(id) FROM poison) - ?");
  const remove = sql.prepare<[string]>("DELETE FROM poison WHERE hash = ?");
  return {
    attempts: (hash) => read.get(hash)?.attempts ?? 0,
    note: (hash, attempts) => {
      write.run(hash, attempts);
      trim.run(MOST_REMEMBERED);
    },
    forget: (hash) => void remove.run(hash),
  };
}
