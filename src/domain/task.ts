/** Tasks of a case: who does what until when; nobody forgets one because nobody was reminded. */
import { isOpen, refuseOver } from "./case.ts";
import type { Context, Decision, Refusal, TickContext } from "./decision.ts";
import { callSign, decided, refuse } from "./decision.ts";
import type { Entity } from "./entity.ts";
import type { CallSign, Instant, TaskId, Zone } from "./ids.ts";
import { line, list, typed, when } from "./say.ts";
import type { Scope } from "./state.ts";
import { administrators, memberCalled, theCase } from "./state.ts";
import { taskEffects } from "./task-effects.ts";
import { openTasks } from "./task-list.ts";
import { lastMissed, nextReminder } from "./task-reminders.ts";

declare module "./say.ts" {
  interface Sayings {
    "task.unknown": { task: TaskId };
    "task.see-list": { line: Typed };
    "task.not-yours": { task: TaskId; owner: CallSign };
    "task.not-yours-to-finish": { task: TaskId; owner: CallSign; administrators: List };
    "task.accepted-already": { task: TaskId };
    "task.done-already": { task: TaskId; by: CallSign; at: When };
    "task.finish-instead": { line: Typed };
    "task.title-length": { max: number };
    "task.note-length": { max: number };
    "task.shorter": { line: Typed };
    "task.due-past": { due: When };
    "task.due-far": { due: When; until: When };
    "task.due-line": { line: Typed };
    "task.owner-unknown": { owner: CallSign };
    "task.owner-auditor": { owner: CallSign };
    "task.owner-line": { line: Typed };
    "task.note-after-end": { codename: string };
    "task.too-many": { max: number };
    "task.finish-some": { line: Typed };
  }
}

/** Longest text of a task, in characters. */
export const TITLE_MAX = 200;
/** Longest note with which a task is finished, in characters. */
export const NOTE_MAX = 1000;
/** Most tasks of a case that are not done. */
export const OPEN_TASKS_MAX = 500;
/** How long after the end of the agreement a task may be due: court hearings and reports come after it. Milliseconds. */
export const AFTER_END_MAX = 366 * 24 * 3_600_000;

/** A promised moment with the zone in which it was said. */
export interface Due {
  readonly at: Instant;
  readonly zone: Zone;
}

interface TaskBase {
  readonly id: TaskId;
  readonly title: string;
  /** Who does it. */
  readonly owner: CallSign;
  /** Who gave it. */
  readonly author: CallSign;
  readonly added: Instant;
  readonly due?: Due;
  /** How long before it is due its owner is reminded, as it was promised when it was added; milliseconds, longest first. */
  readonly remindBefore: readonly number[];
  /** Reminders that were to come up to this moment have come, or were over when the task was added. */
  readonly remindedUpTo: Instant;
  /** Its moment has come and gone, and its owner was told. */
  readonly overdue: boolean;
}
/** A task: open until its owner says that they do it, done when its owner or an administrator says so. */
export type Task =
  | (TaskBase & { readonly state: "open" })
  | (TaskBase & { readonly state: "accepted"; readonly accepted: Instant })
  | (TaskBase & { readonly state: "done"; readonly done: Instant; readonly doneBy: CallSign; readonly note?: string });

/** Which reminder: ahead of time, at the time, or after it. */
export type ReminderKind = "before" | "due" | "overdue";

/** What happens to a task. Instants; `next` of a reminder is when another would follow, if any. */
export type TaskEvent =
  | {
      readonly type: "task.added"; readonly v: 1; readonly task: TaskId; readonly title: string; readonly owner: CallSign; readonly by: CallSign;
      readonly due?: Due; readonly remindBefore: readonly number[]; readonly at: Instant;
    }
  | { readonly type: "task.accepted"; readonly v: 1; readonly task: TaskId; readonly by: CallSign; readonly at: Instant }
  | { readonly type: "task.finished"; readonly v: 1; readonly task: TaskId; readonly by: CallSign; readonly note?: string; readonly at: Instant }
  | { readonly type: "task.reminded"; readonly v: 1; readonly task: TaskId; readonly kind: ReminderKind; readonly at: Instant; readonly next?: Instant };

/** A task as its author describes it; without `owner` it is the author's own. */
export interface NewTask {
  readonly title: string;
  readonly owner?: CallSign | undefined;
  readonly due?: Due | undefined;
}

/** Gives somebody a task, or oneself. */
export function addTask(scope: Scope, planned: NewTask, ctx: Context): Decision {
  if (!isOpen(scope, ctx.now)) return refuseOver(scope);
  const title = planned.title.trim();
  const by = callSign(ctx);
  const owner = planned.owner ?? by;
  const refusal = whyNotTitle(title) ?? whyNotOwner(scope, owner) ?? whyNotDue(scope, planned.due, ctx.now) ?? whyNotMore(scope);
  if (refusal !== undefined) return refusal;

  const { due } = planned;
  const remindBefore = due === undefined ? [] : ctx.windows.taskReminders.filter((ahead) => due.at - ahead > ctx.now).toSorted((a, b) => b - a);
  return decided({
    type: "task.added", v: 1, task: nextTaskId(scope), title, owner, by, ...(due === undefined ? {} : { due }), remindBefore, at: ctx.now,
  });
}

/** Its owner says that they do it. */
export function acceptTask(scope: Scope, id: TaskId, ctx: Context): Decision {
  if (!isOpen(scope, ctx.now)) return refuseOver(scope);
  const task = scope.state.task.get(id);
  if (task === undefined) return refuseUnknown(id);
  const by = callSign(ctx);
  if (task.state === "done") return refuseDone(task, scope);
  if (task.owner !== by) return refuse("task.not-yours", { task: id, owner: task.owner }, line("task.see-list", { line: typed("task list") }));
  if (task.state === "accepted") {
    return refuse("task.accepted-already", { task: id }, line("task.finish-instead", { line: typed(`task done ${id}`) }));
  }
  return decided({ type: "task.accepted", v: 1, task: id, by, at: ctx.now });
}

/**
 * Its owner or an administrator says that it is done, accepted before or not. It can be finished after the agreement's end, so that nobody goes on
 * being reminded; a note would be new content, which the agreement then no longer covers.
 */
export function finishTask(scope: Scope, id: TaskId, note: string | undefined, ctx: Context): Decision {
  const task = scope.state.task.get(id);
  if (task === undefined) return refuseUnknown(id);
  const by = callSign(ctx);
  if (task.state === "done") return refuseDone(task, scope);
  if (task.owner !== by && ctx.author.member?.role !== "administrator") return refuseNotYours(task, scope);
  const said = note?.trim() ?? "";
  if ([...said].length > NOTE_MAX) {
    return refuse("task.note-length", { max: NOTE_MAX }, line("task.shorter", { line: typed(`task done ${id}`) }));
  }
  if (said !== "" && !isOpen(scope, ctx.now)) {
    const { codename } = theCase(scope);
    return refuse("task.note-after-end", { codename }, line("task.finish-instead", { line: typed(`task done ${id}`) }));
  }
  return decided({ type: "task.finished", v: 1, task: id, by, ...(said === "" ? {} : { note: said }), at: ctx.now });
}

/** Tasks are never removed, so their count gives the next number. */
function nextTaskId(scope: Scope): TaskId {
  return `T-${scope.state.task.size + 1}` as TaskId;
}

function refuseUnknown(id: TaskId): Refusal {
  return refuse("task.unknown", { task: id }, line("task.see-list", { line: typed("task list") }));
}

function refuseDone(task: Extract<Task, { state: "done" }>, scope: Scope): Refusal {
  const { zone } = theCase(scope);
  return refuse(
    "task.done-already", { task: task.id, by: task.doneBy, at: when(task.done, zone) },
    line("task.see-list", { line: typed("task list") }),
  );
}

function refuseNotYours(task: Task, scope: Scope): Refusal {
  return refuse("task.not-yours-to-finish", {
    task: task.id, owner: task.owner, administrators: list(administrators(scope).map((member) => member.callSign)),
  });
}

function whyNotTitle(title: string): Refusal | undefined {
  const length = [...title].length;
  if (length > 0 && length <= TITLE_MAX) return undefined;
  return refuse("task.title-length", { max: TITLE_MAX }, line("task.shorter", { line: typed("task add Call the port friday 18:00") }));
}

function whyNotOwner(scope: Scope, owner: CallSign): Refusal | undefined {
  const member = memberCalled(scope, owner);
  const how = line("task.owner-line", { line: typed("jit show") });
  if (member === undefined) return refuse("task.owner-unknown", { owner }, how);
  // An auditor sees the log and no content; a task is content.
  return member.role === "auditor" ? refuse("task.owner-auditor", { owner }, how) : undefined;
}

function whyNotDue(scope: Scope, due: Due | undefined, now: Instant): Refusal | undefined {
  if (due === undefined) return undefined;
  const { until, zone } = theCase(scope);
  const how = line("task.due-line", { line: typed("task add Call the port friday 18:00") });
  if (due.at <= now) return refuse("task.due-past", { due: when(due.at, due.zone) }, how);
  if (due.at <= until + AFTER_END_MAX) return undefined;
  return refuse("task.due-far", { due: when(due.at, due.zone), until: when(until, zone) }, how);
}

function whyNotMore(scope: Scope): Refusal | undefined {
  if (openTasks(scope).length < OPEN_TASKS_MAX) return undefined;
  return refuse("task.too-many", { max: OPEN_TASKS_MAX }, line("task.finish-some", { line: typed("task list") }));
}

function evolve(task: Task | undefined, event: TaskEvent): Task {
  if (event.type === "task.added") {
    if (task !== undefined) throw new Error("a task's number was given twice");
    const { title, owner, due, remindBefore, at } = event;
    return {
      state: "open", id: event.task, title, owner, author: event.by, added: at, ...(due === undefined ? {} : { due }), remindBefore,
      remindedUpTo: at, overdue: false,
    };
  }
  if (task === undefined) throw new Error(`${event.type} before task.added`);
  switch (event.type) {
    case "task.accepted":
      return { ...task, state: "accepted", accepted: event.at };
    case "task.finished":
      return { ...task, state: "done", done: event.at, doneBy: event.by, ...(event.note === undefined ? {} : { note: event.note }) };
    case "task.reminded":
      return { ...task, remindedUpTo: event.at, overdue: event.kind !== "before" };
  }
}

/** The tasks of a case. Reminders go on after the agreement's end: a promise does not end with it. */
export const taskEntity: Entity<"task", TaskEvent> = {
  kind: "task",
  events: { "task.added": [1], "task.accepted": [1], "task.finished": [1], "task.reminded": [1] },
  home: "decision",
  key: (event) => event.task,
  evolve,
  effects: taskEffects,
  nextWake: (task, windows) => nextReminder(task, windows, task.remindedUpTo)?.at,
  tick(task, ctx: TickContext) {
    const missed = lastMissed(task, ctx.windows, ctx.now);
    if (missed === undefined) return decided();
    const next = nextReminder(task, ctx.windows, ctx.now)?.at;
    return decided({ type: "task.reminded", v: 1, task: task.id, kind: missed.kind, at: ctx.now, ...(next === undefined ? {} : { next }) });
  },
};
