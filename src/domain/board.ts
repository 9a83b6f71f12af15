/** What the pinned board of a room shows: the state of the case at a glance, the same for all who may read that room. */
import type { CaseState } from "./case.ts";
import { circle, deliveryBoard, deliveryLine } from "./delivery.ts";
import { SILENT_AFTER } from "./delivery-card.ts";
import { zoneOf } from "./delivery-circle.ts";
import type { DeliveryId, Instant, Slot } from "./ids.ts";
import { COORDINATION } from "./ids.ts";
import { roomsOf } from "./roster.ts";
import type { Line, Message } from "./say.ts";
import { line, message, when } from "./say.ts";
import type { Scope } from "./state.ts";
import { members, theCase } from "./state.ts";
import { openTasks, taskLines } from "./task-list.ts";

declare module "./say.ts" {
  interface Sayings {
    "board.case": { codename: string; state: CaseState; until: When };
    "board.tasks": { open: number };
    "board.no-tasks": Record<never, never>;
    "board.deliveries": { count: number };
    "board.live": { at: When };
    "board.live-until": { at: When; next: When };
  }
}

/** Most tasks on a board. */
export const BOARD_TASKS_MAX = 15;
/** Most deliveries on the board of the coordination room; the latest. */
export const BOARD_DELIVERIES_MAX = 10;

/** The board of a room, or undefined for a room that has none (the space, the liaison room, direct chats). */
export function boardOf(scope: Scope, slot: Slot): Message | undefined {
  const delivery = slot as string as DeliveryId;
  if (scope.state.delivery.has(delivery)) return deliveryBoard(scope, delivery);
  return slot === COORDINATION ? coordinationBoard(scope) : undefined;
}

/** Until when the bot was there, which every board says last: that of what moves also by when it says so again, so that people see when it is silent. */
export function liveLine(scope: Scope, slot: Slot, now: Instant): Line {
  const delivery = scope.state.delivery.get(slot as string as DeliveryId);
  const zone = delivery === undefined ? theCase(scope).zone : zoneOf(delivery);
  if (delivery?.state !== "moving") return line("board.live", { at: when(now, zone) });
  return line("board.live-until", { at: when(now, zone), next: when((now + SILENT_AFTER) as Instant, zone) });
}

function coordinationBoard(scope: Scope): Message {
  const { codename, state, until, zone } = theCase(scope);
  const open = openTasks(scope).length;
  return message(
    line("board.case", { codename, state, until: when(until, zone) }),
    open === 0 ? line("board.no-tasks", {}) : line("board.tasks", { open }),
    ...taskLines(scope, BOARD_TASKS_MAX),
    ...deliveryLines(scope),
  );
}

/**
 * Only deliveries of whose circle everybody in the room is: a delivery is not told to a state that is not on its route, not even that there is one.
 */
function deliveryLines(scope: Scope): readonly Line[] {
  const readers = members(scope).filter((member) => roomsOf(member.role).includes(COORDINATION));
  const shown = [...scope.state.delivery.values()].filter((delivery) => {
    const knowing = new Set(circle(scope, delivery).map((member) => member.user));
    return readers.every((reader) => knowing.has(reader.user));
  });
  if (shown.length === 0) return [];
  const latest = shown.slice(-BOARD_DELIVERIES_MAX).map((delivery) => deliveryLine(scope, delivery));
  return [line("board.deliveries", { count: shown.length }), ...latest];
}
