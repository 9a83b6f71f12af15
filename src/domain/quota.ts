/** How much one person may ask of the bot, so that nobody's client can use up everybody's: commands a minute, and things of theirs that are open. */
import type { DomainEvent } from "./events.ts";
import type { Instant, UserId } from "./ids.ts";
import { memberOf } from "./roster.ts";
import type { Scope } from "./state.ts";

const MINUTE = 60_000;
/** What came during a downtime comes at once: of late messages so many times as many. */
const LATE_TIMES = 10;

/** What somebody has left of their commands at a moment, and how many were not read since they had none left. */
export interface Allowance {
  readonly left: number;
  readonly at: Instant;
  readonly refused: number;
}

/** One more command: whether it may be read. What is left grows back steadily, a minute's worth in a minute. `perMinute`: as configured. */
export function spend(before: Allowance | undefined, perMinute: number, late: boolean, now: Instant): { readonly isAllowed: boolean; readonly after: Allowance } {
  const most = late ? perMinute * LATE_TIMES : perMinute;
  const left = before === undefined ? most : Math.min(most, before.left + (Math.max(0, now - before.at) / MINUTE) * perMinute);
  if (left >= 1) return { isAllowed: true, after: { left: left - 1, at: now, refused: 0 } };
  return { isAllowed: false, after: { left, at: now, refused: (before?.refused ?? 0) + 1 } };
}

/** Events by which something is opened that somebody has to close again. */
const OPENING: ReadonlySet<DomainEvent["type"]> = new Set<DomainEvent["type"]>(["task.added", "delivery.drafted", "alert.raised"]);

/** Whether what was decided opens something. */
export function opensSomething(events: readonly DomainEvent[]): boolean {
  return events.some((event) => OPENING.has(event.type));
}

/** Tasks, deliveries and alerts that this person has opened in a case and that are not over. */
export function openOf(scope: Scope, user: UserId): number {
  const callSign = memberOf(scope, user)?.callSign;
  const { task, delivery, alert } = scope.state;
  return [...task.values()].filter((each) => each.author === callSign && each.state !== "done").length
    + [...delivery.values()].filter((each) => each.by.user === user && each.state !== "stopped").length
    + [...alert.values()].filter((each) => each.by?.user === user && each.acknowledged.length === 0).length;
}
