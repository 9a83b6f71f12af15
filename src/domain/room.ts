/** A room the bot keeps: of a case, or a person's direct chat. Only what cannot be read back from the server is kept here. */
import type { Entity } from "./entity.ts";
import type { Instant, RoomId, Slot } from "./ids.ts";

/** A room that stands in a slot. */
export interface Room {
  readonly slot: Slot;
  readonly room: RoomId;
  readonly since: Instant;
  /** Rooms that stood there before, the latest first: nothing is sent there any more, but a stop said there counts. */
  readonly before?: readonly RoomId[];
}

/** Most former rooms of one place that are remembered. */
const MOST_BEFORE = 20;

/** A room was made by the bot, adopted by its own mark, or is the direct chat that a person opened. A later one replaces an earlier. */
export type RoomEvent = { readonly type: "room.bound"; readonly v: 1; readonly slot: Slot; readonly room: RoomId; readonly at: Instant };

/** Rooms: of a case in its chain, direct chats in the installation's. */
export const roomEntity: Entity<"room", RoomEvent> = {
  kind: "room",
  events: { "room.bound": [1] },
  home: "decision",
  key: (event) => event.slot,
  evolve(room, event) {
    const before = room === undefined ? [] : [room.room, ...(room.before ?? [])].filter((each) => each !== event.room).slice(0, MOST_BEFORE);
    return { slot: event.slot, room: event.room, since: event.at, ...(before.length === 0 ? {} : { before }) };
  },
  effects: () => [],
};
