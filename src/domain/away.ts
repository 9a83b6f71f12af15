/** What happened while the bot was away and concerns one person: told once, the worst first, in place of every single reminder. */
import { aboutAlert } from "./alert-asking.ts";
import { circle } from "./delivery-circle.ts";
import type { AlertId, CallSign, DeliveryId, Instant, TaskId, UserId } from "./ids.ts";
import { memberOf } from "./roster.ts";
import type { Line, Message } from "./say.ts";
import { line, message, nested, typed, when } from "./say.ts";
import type { Scope } from "./state.ts";
import { theCase } from "./state.ts";
import type { Windows } from "./windows.ts";

declare module "./say.ts" {
  interface Sayings {
    "away.title": { from: When; to: When };
    "away.stopped": { codename: string; delivery: DeliveryId; by: CallSign; at: When };
    "away.alert": { codename: string; alert: AlertId; since: When; line: Typed };
    "away.no-contact": { codename: string; delivery: DeliveryId; last: When };
    "away.question": { codename: string; stub: Nested; at: When };
    "away.task": { codename: string; task: TaskId; title: string; owner: CallSign; due: When };
    "away.more": { count: number };
  }
}

/** Most lines of one digest; of the rest only the number is told. */
export const MOST_LINES = 30;

/** The time in which the bot was away, until it was back; what came to pass until it is told, at `to`, belongs to it. */
export interface Away {
  readonly from: Instant;
  readonly back: Instant;
  readonly to: Instant;
}

/** Whether something came to pass in that time. */
function during({ from, to }: Away, at: Instant): boolean {
  return at > from && at <= to;
}

/** One person's part of one case: stops, alerts that nobody has acknowledged, silence on a leg, questions that ran out, tasks that fell due. */
function missedIn(scope: Scope, user: UserId, away: Away, windows: Windows): readonly Line[][] {
  const member = memberOf(scope, user);
  if (member === undefined || member.role === "auditor") return [];
  const { codename, zone } = theCase(scope);
  const { delivery, alert, question, task } = scope.state;
  // A question that belongs to an alert ran out with it; the alert itself is told of.
  const ofAlerts = new Set([...alert.values()].map((each) => aboutAlert(each.id)));
  const own = [...delivery.values()].filter((each) => circle(scope, each).some((one) => one.user === user));
  return [
    own.flatMap(({ id, stop }) => (stop === undefined || !during(away, stop.at) ? [] : [line("away.stopped", { codename, delivery: id, by: stop.by.callSign, at: when(stop.at, zone) })])),
    [...alert.values()]
      .filter((each) => each.priority === "P1" && each.acknowledged.length === 0 && (each.watchers.includes(user) || each.to.some((one) => one.user === user)))
      .map((each) => line("away.alert", { codename, alert: each.id, since: when(each.raised, zone), line: typed(`alert ack ${each.id}`) })),
    own.flatMap(({ id, state, movement }) => {
      const last = movement?.contact.at;
      return state === "moving" && last !== undefined && away.to - last > windows.contactEvery ? [line("away.no-contact", { codename, delivery: id, last: when(last, zone) })] : [];
    }),
    [...question.values()]
      .filter((each) => each.state === "expired" && during(away, each.expires) && each.asked.includes(user) && !ofAlerts.has(each.about))
      .map((each) => line("away.question", { codename, stub: nested(each.stub), at: when(each.expires, zone) })),
    [...task.values()].flatMap(({ id, title, owner, author, due, state }) =>
      due !== undefined && state !== "done" && during(away, due.at) && [owner, author].includes(member.callSign)
        ? [line("away.task", { codename, task: id, title, owner, due: when(due.at, due.zone) })] : []),
  ];
}

/** One person's digest over all their cases; undefined if nothing concerns them. */
export function missedBy(cases: readonly Scope[], user: UserId, away: Away, windows: Windows): Message | undefined {
  const parts = cases.map((scope) => missedIn(scope, user, away, windows));
  const worst = Math.max(0, ...parts.map((kinds) => kinds.length));
  // By kind first and by case after that: a stop in any of them stands before a task in another.
  const all = Array.from({ length: worst }, (_, kind) => parts.flatMap((kinds) => kinds[kind] ?? [])).flat();
  const [zone] = cases.map((scope) => theCase(scope).zone);
  if (all.length === 0 || zone === undefined) return undefined;
  const title = line("away.title", { from: when(away.from, zone), to: when(away.back, zone) });
  const rest = all.length > MOST_LINES ? line("away.more", { count: all.length - MOST_LINES }) : undefined;
  return message(title, ...all.slice(0, MOST_LINES), rest);
}
