/** Raising an alert and asking for it to be acknowledged: all at once, again and again, each person alone. */
import { isKeptOut } from "./access.ts";
import type { TickContext } from "./decision.ts";
import type { Alert, AlertEvent, Cause, Named, Priority, Unheard } from "./alert-types.ts";
import type { Lane } from "./effect.ts";
import type { DomainEvent } from "./events.ts";
import type { AlertId, DeliveryId, Instant, UserId } from "./ids.ts";
import type { Question } from "./question.ts";
import { ask } from "./question.ts";
import type { Message } from "./say.ts";
import { line, when } from "./say.ts";
import type { Scope } from "./state.ts";
import { members, theCase } from "./state.ts";
import type { Windows } from "./windows.ts";

declare module "./say.ts" {
  interface Sayings {
    "alert.stub": { codename: string; number: string; priority: string; by: Fact };
    "alert.acknowledge": Record<never, never>;
    "alert.not-for-me": Record<never, never>;
  }
}

/** What a rule gives to have an alert raised. */
export interface Raising {
  readonly priority: Priority;
  readonly cause: Cause;
  readonly delivery?: DeliveryId;
  readonly by?: Named;
  readonly to: readonly UserId[];
  readonly watchers: readonly UserId[];
  readonly details: Message;
}

/** Alerts are counted per case; one number is never given twice. */
export function nextAlertId(scope: Scope): AlertId {
  let highest = 0;
  for (const alert of scope.state.alert.values()) highest = Math.max(highest, Number(alert.id.slice("A-".length)));
  return `A-${highest + 1}` as AlertId;
}

/**
 * Raises an alert and asks everybody named, all at once. Of one decision at most one alert can be raised, because its number comes from the state.
 * People who are no longer in the case are left out; throws if nobody is left: a rule has to name somebody who is there.
 */
export function raiseAlert(scope: Scope, ctx: TickContext, raising: Raising): DomainEvent[] {
  const to = named(scope, raising.to);
  if (to.length === 0) throw new Error("an alert was raised to nobody");
  const { answer } = ctx.windows.alerts[raising.priority];
  const { to: _to, watchers, ...facts } = raising;
  const raised: AlertEvent & { type: "alert.raised" } = {
    type: "alert.raised", v: 1, id: nextAlertId(scope), at: ctx.now, ...facts, to, watchers: [...new Set(watchers)], answerBy: (ctx.now + answer) as Instant,
  };
  return [raised, ...to.map((person) => askOne(raised, person, scope, ctx))];
}

/** The question to one person; it stands for one round and is put anew when it has run out, so that an answer never outlives its asking for long. */
export function askOne(alert: Pick<Alert, "id" | "priority" | "details" | "answerBy">, person: Named, scope: Scope, ctx: TickContext): DomainEvent {
  const does = (command: string): { command: string; params: { alert: AlertId }; confirmed: boolean } => ({ command, params: { alert: alert.id }, confirmed: true });
  const { repeat, times } = ctx.windows.alerts[alert.priority];
  return ask({
    about: aboutAlert(alert.id), asked: [person.user], to: { to: "people", users: [person.user] }, lane: laneOf(alert.priority),
    stub: stubOf(alert, person.user, scope), details: alert.details, expires: (ctx.now + repeat * (Math.max(1, times) + 1)) as Instant,
    options: [
      { label: line("alert.acknowledge", {}), does: does("alert ack") },
      { label: line("alert.not-for-me", {}), does: does("alert decline") },
    ],
  }, ctx);
}

/** The bare line that may ring: codename, number, priority, and by when, in the person's own zone. Nothing of what it is about. */
export function stubOf(alert: Pick<Alert, "id" | "priority" | "answerBy">, user: UserId, scope: Scope): ReturnType<typeof line> {
  const { codename, zone } = theCase(scope);
  return line("alert.stub", { codename, number: alert.id, priority: alert.priority, by: when(alert.answerBy, scope.people.get(user)?.zone ?? zone) });
}

/** What its questions are about, so that whoever takes it withdraws them all. */
export function aboutAlert(id: AlertId): string {
  return `alert:${id}`;
}

/** The order in which what is said about an alert is sent. */
export function laneOf(priority: Priority): Lane {
  return priority === "P1" ? "P1" : "live";
}

/** Those of the case, with their call signs, each once. */
export function named(scope: Scope, users: readonly UserId[]): Named[] {
  const wanted = new Set(users);
  return members(scope).filter((member) => wanted.has(member.user)).map(({ user, callSign }) => ({ user, callSign }));
}

/**
 * When those who have not answered are asked again. The first `times` repeats come every `repeat`; after that P1 goes on at the same rate, the others
 * at `times` × `repeat`: an alert ends acknowledged or goes on asking.
 */
export function nextAsk(alert: Alert, windows: Windows): Instant {
  const { repeat, times } = windows.alerts[alert.priority];
  const slower = alert.rounds > times && alert.priority !== "P1" ? Math.max(1, times) : 1;
  return (alert.lastAsked + repeat * slower) as Instant;
}

/** Who is asked next: those who have not said that it is not for them; when all have, or nothing reaches the others, everybody again and the watchers too. */
export function stillAsked(alert: Alert, scope: Scope): Named[] {
  const left = alert.to.filter((person) => !alert.declined.includes(person.user)).map((person) => person.user);
  const present = named(scope, left);
  return present.some((person) => !isKeptOut(scope.people, person.user)) ? present : named(scope, [...alert.to.map((person) => person.user), ...alert.watchers]);
}

/** Those asked of whom nothing was heard since: that a message was sent does not say that it has reached anybody. */
export function unheard(alert: Alert, ctx: TickContext): Unheard[] {
  const { lastHeard } = ctx;
  if (lastHeard === undefined) return [];
  return alert.to.filter((person) => !alert.declined.includes(person.user)).flatMap(({ user, callSign }) => {
    const { since, server } = lastHeard(user);
    if (since >= alert.raised) return [];
    return [{ callSign, since, ...(server === undefined || server.since >= alert.raised ? {} : { server }) }];
  });
}

/**
 * Asks again: the stub to all who are still asked, and a new question in place of one that would not stand until they are asked the next time (after
 * downtime the rounds no longer fall where the questions were made to end).
 */
export function askAgain(alert: Alert, scope: Scope, ctx: TickContext): DomainEvent[] {
  const people = stillAsked(alert, scope);
  const round = alert.rounds + 1;
  const again: AlertEvent = { type: "alert.asked-again", v: 1, id: alert.id, at: ctx.now, round, people };
  const next = nextAsk({ ...alert, rounds: round, lastAsked: ctx.now }, ctx.windows);
  return [again, ...people.flatMap((person) => {
    const open = openQuestions(scope.state.question, alert.id, person.user);
    if (open.some((question) => question.expires > next)) return [];
    return [...open.map((question) => ({ type: "question.withdrawn", v: 1, id: question.id, at: ctx.now } as const)), askOne(alert, person, scope, ctx)];
  })];
}

/** The questions about an alert that still stand for somebody. */
export function openQuestions(questions: ReadonlyMap<string, Question>, id: AlertId, user: UserId): Question[] {
  return [...questions.values()].filter((question) => question.state === "open" && question.about === aboutAlert(id) && question.asked.includes(user));
}
