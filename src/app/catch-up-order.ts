/** In which order what was missed is read and dealt with; pure. */
import type { RoomId } from "../domain/ids.ts";
import { INSTALLATION } from "../domain/ids.ts";
import type { Inbox } from "../ports.ts";
import type { World } from "./world.ts";

/** 0: the room of a delivery that moves; then of one that may still move, the case's own rooms, direct chats, rooms that are not ours. */
export function rank(world: World, room: RoomId): number {
  const at = world.placed(room);
  if (at === undefined) return 5;
  if (at.chain === INSTALLATION) return 4;
  switch (world.scope(at.chain).state.delivery.get(at.slot)?.state) {
    case "moving": return 0;
    case "authorising": return 1;
    case "stopped": return 3;
    case undefined: return 2;
  }
}

/** As they stood in their rooms: what a gap brought backwards stands before the event after it, and otherwise what came first goes first. */
export function inOrder(rows: readonly Inbox[]): readonly Inbox[] {
  const first = new Map<string, number>();
  for (const { place, order } of rows) if (place !== undefined) first.set(place.gap, Math.min(order, first.get(place.gap) ?? Number.POSITIVE_INFINITY));
  const group = (row: Inbox): number => (row.place === undefined ? row.order : first.get(row.place.gap) ?? row.order);
  return rows.toSorted((a, b) => {
    const one = group(a) - group(b);
    if (one !== 0) return one;
    return a.place !== undefined && b.place !== undefined && a.place.gap === b.place.gap ? a.place.at - b.place.at : a.order - b.order;
  });
}
