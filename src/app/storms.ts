/** Notices when a room is filled with what is never read: reactions, unknown types, calls. Some of it is talk; very much of it is an attack. */
import type { Instant, RoomId } from "../domain/ids.ts";

/** So many in one room within this time (milliseconds) are a storm. */
const MANY = 200;
const WITHIN = 300_000;
/** Rooms counted; beyond that all begin anew. */
const MOST_ROOMS = 10_000;

/** Counts, room by room. */
export class Storms {
  readonly #rooms = new Map<RoomId, { readonly since: Instant; count: number }>();

  /** So many more in this room; whether it is with these that it has become a storm. */
  isStorm(room: RoomId, more: number, now: Instant): boolean {
    const found = this.#rooms.get(room);
    const counted = found === undefined || now - found.since >= WITHIN ? { since: now, count: 0 } : found;
    if (found === undefined && this.#rooms.size >= MOST_ROOMS) this.#rooms.clear();
    const before = counted.count;
    counted.count += more;
    this.#rooms.set(room, counted);
    return before < MANY && counted.count >= MANY;
  }
}
