/** What is said when something happens to a task. */
import type { Effect, Say } from "./effect.ts";
import { reply, tellPeople, wake } from "./effect.ts";
import type { CallSign, TaskId, UserId } from "./ids.ts";
import { COORDINATION } from "./ids.ts";
import type { Line } from "./say.ts";
import { line, list, message, span, typed, when } from "./say.ts";
import type { Scope } from "./state.ts";
import { administrators, memberCalled, theCase } from "./state.ts";
import type { Due, ReminderKind, Task, TaskEvent } from "./task.ts";
import { openTasks } from "./task-list.ts";

declare module "./say.ts" {
  interface Sayings {
    "task.added": { task: TaskId; title: string };
    "task.owner": { owner: CallSign };
    "task.due": { owner: CallSign; due: When };
    "task.reminders": { before: List };
    "task.reminder-at-due": Record<never, never>;
    "task.given": { codename: string; task: TaskId; title: string; by: CallSign };
    "task.given-due": { due: When };
    "task.accept-with": { accept: Typed; done: Typed };
    "task.accepted": { codename: string; task: TaskId; by: CallSign };
    "task.done-with": { line: Typed };
    "task.finished": { codename: string; task: TaskId; by: CallSign; note: "yes" | "no" };
    "task.note": { note: string };
    "task.remaining": { open: number };
    "task.remaining-next": { open: number; task: TaskId; due: When };
    "task.reminder-stub": { codename: string; task: TaskId; kind: ReminderKind; due: When };
    "task.reminder": { task: TaskId; title: string; kind: ReminderKind; due: When };
    "task.still-open": { codename: string; task: TaskId; owner: CallSign; due: When };
  }
}

/** Effects of a task's event; `scope` is the state after it. */
export function taskEffects(event: TaskEvent, scope: Scope): readonly Effect[] {
  const task = scope.state.task.get(event.task);
  if (task === undefined) throw new Error("a task's event left no task");
  const board: Effect = { effect: "board", slot: COORDINATION };
  switch (event.type) {
    case "task.added": return [...sayAdded(task, scope), board];
    case "task.accepted": return [...sayAccepted(task, scope), board];
    case "task.finished": return [...sayFinished(task, event, scope), board];
    case "task.reminded": return [...sayReminded(task, event, scope), ...(event.kind === "before" ? [] : [board])];
  }
}

function sayAdded(task: Task, scope: Scope): Say[] {
  const { codename } = theCase(scope);
  const { id, title, owner, author, due } = task;
  const echo = reply(message(
    line("task.added", { task: id, title }),
    due === undefined ? line("task.owner", { owner }) : line("task.due", { owner, due: whenDue(due) }),
    remindersLine(task),
  ));
  if (owner === author) return [echo];
  const given = message(
    line("task.given", { codename, task: id, title, by: author }),
    due === undefined ? undefined : line("task.given-due", { due: whenDue(due) }),
    line("task.accept-with", { accept: typed(`task accept ${id}`), done: typed(`task done ${id}`) }),
  );
  return [echo, tellPeople(users(scope, [owner]), given)];
}

function remindersLine(task: Task): Line | undefined {
  if (task.due === undefined) return undefined;
  if (task.remindBefore.length === 0) return line("task.reminder-at-due", {});
  return line("task.reminders", { before: list(task.remindBefore.map(span)) });
}

function sayAccepted(task: Task, scope: Scope): Say[] {
  const { codename } = theCase(scope);
  const accepted = line("task.accepted", { codename, task: task.id, by: task.owner });
  const others = [task.author].filter((one) => one !== task.owner);
  return [
    reply(message(accepted, line("task.done-with", { line: typed(`task done ${task.id}`) }))),
    ...(others.length === 0 ? [] : [tellPeople(users(scope, others), message(accepted))]),
  ];
}

function sayFinished(task: Task, event: Extract<TaskEvent, { type: "task.finished" }>, scope: Scope): Say[] {
  const { codename } = theCase(scope);
  const { by, note } = event;
  const finished = line("task.finished", { codename, task: task.id, by, note: note === undefined ? "no" : "yes" });
  // The note goes to those it is for; in the room where it was typed everybody has read it already.
  const others = [...new Set([task.owner, task.author])].filter((one) => one !== by);
  const told = message(finished, note === undefined ? undefined : line("task.note", { note }));
  return [
    // It takes the place of a reminder that has not left yet.
    { ...reply(message(finished, remainingLine(scope))), supersedes: reminderKey(scope, task, "stub") },
    ...(others.length === 0 ? [] : [tellPeople(users(scope, others), told)]),
  ];
}

function remainingLine(scope: Scope): Line {
  const open = openTasks(scope);
  const next = open[0];
  if (next?.due === undefined) return line("task.remaining", { open: open.length });
  return line("task.remaining-next", { open: open.length, task: next.id, due: whenDue(next.due) });
}

/** The stub that wakes the owner, what it is about in silence, and from the moment it is due on a word to who gave the task. */
function sayReminded(task: Task, event: Extract<TaskEvent, { type: "task.reminded" }>, scope: Scope): Say[] {
  if (task.due === undefined) throw new Error("a task without a date was reminded of");
  const { codename } = theCase(scope);
  const { id, title, owner, author } = task;
  const { kind } = event;
  const due = whenDue(task.due);
  // A promise does not go with who made it: whoever gave the task is reminded, or those who administer the case.
  const [of] = [users(scope, [owner]), users(scope, [author]), administrators(scope).map((member) => member.user)].filter((each) => each.length > 0);
  const to = of ?? [];
  const until = event.next === undefined ? {} : { expires: event.next };
  const stub: Say = {
    ...wake({ to: "people", users: to }, to, message(line("task.reminder-stub", { codename, task: id, kind, due })), "routine"),
    supersedes: reminderKey(scope, task, "stub"), ...until,
  };
  const detail: Say = {
    ...tellPeople(to, message(line("task.reminder", { task: id, title, kind, due }), line("task.done-with", { line: typed(`task done ${id}`) })), "routine"),
    supersedes: reminderKey(scope, task, "detail"), ...until,
  };
  if (kind === "before" || author === owner) return [stub, detail];
  const still: Say = {
    ...tellPeople(users(scope, [author]), message(line("task.still-open", { codename, task: id, owner, due })), "routine"),
    supersedes: reminderKey(scope, task, "author"), ...until,
  };
  return [stub, detail, still];
}

/** Unsent messages of one kind about one task: of several only the newest is worth sending. */
function reminderKey(scope: Scope, task: Task, part: "stub" | "detail" | "author"): string {
  return `${scope.chain} ${task.id} reminder ${part}`;
}

function whenDue(due: Due): ReturnType<typeof when> {
  return when(due.at, due.zone);
}

/** Matrix users of those still in the case. */
function users(scope: Scope, of: readonly CallSign[]): readonly UserId[] {
  return of.flatMap((one) => memberCalled(scope, one)?.user ?? []);
}
