/** Which Megolm messages were used: the specification asks clients to keep track of the ratchet indices, against replay (end_to_end_encryption). */
import type { RoomId } from "../domain/ids.ts";
import type { Ratchet } from "../ports.ts";
import type { Connection } from "./database.ts";
import { JournalConflict } from "./errors.ts";
import { boundName } from "./limits.ts";

type Used = Pick<Ratchet, "event" | "hash">;

/** The table `ratchet`; call {@link add} inside a transaction. */
export class RatchetTable {
  readonly #sql;

  constructor(db: Connection) {
    this.#sql = {
      add: db.prepare<[string, string, number, string, string]>("INSERT INTO ratchet (room, session, place, event, hash) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"),
      one: db.prepare<[string, string, number], Used>("SELECT event, hash FROM ratchet WHERE room = ? AND session = ? AND place = ?"),
    };
  }

  /** Throws a {@link JournalConflict} if the place was used by another event or other bytes: whatever the batch does, it does for a replay. */
  add({ room, session, index, event, hash }: Ratchet): void {
    for (const [what, name] of [["a room id", room], ["a session id", session], ["an event id", event], ["a hash", hash]] as const) boundName(name, what);
    if (this.#sql.add.run(room, session, index, event, hash).changes === 1) return;
    const used = this.#sql.one.get(room, session, index);
    if (used?.event !== event || used.hash !== hash) throw new JournalConflict("ratchet", `the message ${event} repeats one that was used before`);
  }

  one(room: RoomId, session: string, index: number): Ratchet | undefined {
    const used = this.#sql.one.get(room, session, index);
    return used === undefined ? undefined : { room, session, index, event: used.event, hash: used.hash };
  }
}
