/** The tasks of a case as they are shown: those that are not done, the most urgent first. */
import { askDirectly, isAmongMembers } from "./case.ts";
import type { Context } from "./decision.ts";
import type { CallSign, TaskId } from "./ids.ts";
import type { Line, Message } from "./say.ts";
import { line, message, typed, when } from "./say.ts";
import type { Scope } from "./state.ts";
import { theCase } from "./state.ts";
import type { Task } from "./task.ts";

declare module "./say.ts" {
  interface Sayings {
    "task.line": { task: TaskId; title: string; owner: CallSign; due: When; state: "open" | "accepted" | "overdue" };
    "task.line-no-due": { task: TaskId; title: string; owner: CallSign; state: "open" | "accepted" };
    "task.list": { codename: string; open: number };
    "task.list-empty": { codename: string; line: Typed };
    "task.more": { more: number };
  }
}

/** Most tasks in one answer; more would not be read on a phone. */
export const LIST_MAX = 30;
/** Longest text of a task in a line of a list, in characters; the whole stands in what was said when it was added. */
const LINE_TITLE_MAX = 80;

/** Tasks that are not done, by when they are due; those without a date last, in the order they were added. */
export function openTasks(scope: Scope): readonly Task[] {
  const due = (task: Task): number => task.due?.at ?? Number.POSITIVE_INFINITY;
  return [...scope.state.task.values()]
    .filter((task) => task.state !== "done")
    .toSorted((a, b) => (due(a) === due(b) ? a.added - b.added : due(a) - due(b)));
}

/** At most `max` lines of open tasks, and how many more there are. */
export function taskLines(scope: Scope, max: number): readonly Line[] {
  const open = openTasks(scope);
  const more = open.length - max;
  return [...open.slice(0, max).map(taskLine), ...(more > 0 ? [line("task.more", { more })] : [])];
}

/** All open tasks of the case, where everybody who reads the answer may know them. */
export function listTasks(scope: Scope, ctx: Context): Message {
  if (!isAmongMembers(ctx)) return askDirectly("task list");
  const { codename } = theCase(scope);
  const open = openTasks(scope).length;
  if (open === 0) return message(line("task.list-empty", { codename, line: typed("task add Call the port friday 18:00") }));
  return message(line("task.list", { codename, open }), ...taskLines(scope, LIST_MAX));
}

function taskLine(task: Task): Line {
  const { id, owner, due } = task;
  const title = shortened(task.title);
  const state = task.state === "accepted" ? "accepted" : "open";
  if (due === undefined) return line("task.line-no-due", { task: id, title, owner, state });
  return line("task.line", { task: id, title, owner, due: when(due.at, due.zone), state: task.overdue ? "overdue" : state });
}

function shortened(title: string): string {
  const characters = [...title];
  return characters.length <= LINE_TITLE_MAX ? title : `${characters.slice(0, LINE_TITLE_MAX - 1).join("").trimEnd()}…`;
}
