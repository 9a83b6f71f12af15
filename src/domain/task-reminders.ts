/** When a task's owner is reminded: before, at, and some times after it is due; each once, and what was missed comes as one. */
import type { Instant } from "./ids.ts";
import type { ReminderKind, Task } from "./task.ts";
import type { Windows } from "./windows.ts";

/** A reminder that is to come. */
export interface Reminder {
  readonly at: Instant;
  readonly kind: ReminderKind;
}

/** All reminders of a task, past ones too, in order; none for a task that is done or has no date. */
export function reminders(task: Task, windows: Windows): readonly Reminder[] {
  const { due } = task;
  if (due === undefined || task.state === "done") return [];
  const before = task.remindBefore.map((ahead): Reminder => ({ at: (due.at - ahead) as Instant, kind: "before" }));
  const after = Array.from({ length: windows.taskOverdueTimes }, (_, index): Reminder => ({
    at: (due.at + (index + 1) * windows.taskOverdueEvery) as Instant, kind: "overdue",
  }));
  return [...before, { at: due.at, kind: "due" }, ...after];
}

/** The first reminder after a moment. */
export function nextReminder(task: Task, windows: Windows, after: Instant): Reminder | undefined {
  return reminders(task, windows).find((reminder) => reminder.at > after);
}

/** The latest reminder that was to come by now and has not; it stands for all before it, because one message after downtime says what all would. */
export function lastMissed(task: Task, windows: Windows, now: Instant): Reminder | undefined {
  return reminders(task, windows).findLast((reminder) => reminder.at > task.remindedUpTo && reminder.at <= now);
}
