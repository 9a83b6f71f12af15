/** What the pinned board of a room shows: the state of the case at a glance, the same for all who may read that room. */
import type { CaseState } from "./case.ts";
import { deliveryBoard, deliveryLine } from "./delivery.ts";
import type { DeliveryId, Slot } from "./ids.ts";
import { COORDINATION } from "./ids.ts";
import type { Line, Message } from "./say.ts";
import { line, message, when } from "./say.ts";
import type { Scope } from "./state.ts";
import { theCase } from "./state.ts";
import { openTasks, taskLines } from "./task-list.ts";

declare module "./say.ts" {
  interface Sayings {
    "board.case": { codename: string; state: CaseState; until: When };
    "board.tasks": { open: number };
    "board.no-tasks": Record<never, never>;
    "board.deliveries": { count: number };
  }
}

/** Most tasks on a board. */
export const BOARD_TASKS_MAX = 15;

/** The board of a room, or undefined for a room that has none (the space, the liaison room, direct chats). */
export function boardOf(scope: Scope, slot: Slot): Message | undefined {
  const delivery = slot as string as DeliveryId;
  if (scope.state.delivery.has(delivery)) return deliveryBoard(scope, delivery);
  return slot === COORDINATION ? coordinationBoard(scope) : undefined;
}

function coordinationBoard(scope: Scope): Message {
  const { codename, state, until, zone } = theCase(scope);
  const open = openTasks(scope).length;
  const deliveries = [...scope.state.delivery.values()];
  return message(
    line("board.case", { codename, state, until: when(until, zone) }),
    open === 0 ? line("board.no-tasks", {}) : line("board.tasks", { open }),
    ...taskLines(scope, BOARD_TASKS_MAX),
    ...deliveryLines(scope, deliveries),
  );
}

function deliveryLines(scope: Scope, deliveries: readonly Parameters<typeof deliveryLine>[1][]): readonly Line[] {
  if (deliveries.length === 0) return [];
  return [line("board.deliveries", { count: deliveries.length }), ...deliveries.map((delivery) => deliveryLine(scope, delivery))];
}
