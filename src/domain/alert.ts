/**
 * Alerts to liaisons and others: raised by hand or by events, acknowledged by name. Nobody's silence is taken for anything but silence, and an alert
 * ends acknowledged or goes on asking.
 */
import { calledNow, isKeptOut } from "./access.ts";
import type { Acknowledgement, Alert, AlertEvent, Named, Priority } from "./alert-types.ts";
import { aboutAlert, askAgain, nextAsk, openQuestions, raiseAlert, unheard } from "./alert-asking.ts";
import { alertEffects } from "./alert-effects.ts";
import { isOpen as isCaseOpen, refuseOver } from "./case.ts";
import type { Context, Decision, Refusal } from "./decision.ts";
import { callSign, decided, refuse } from "./decision.ts";
import type { Entity } from "./entity.ts";
import type { AlertId, CallSign, Instant, UserId } from "./ids.ts";
import { withdraw } from "./question.ts";
import type { QuestionEvent } from "./question.ts";
import { line, list, message, typed, when } from "./say.ts";
import type { Scope } from "./state.ts";
import { administrators, memberCalled } from "./state.ts";

export type { Acknowledgement, Alert, AlertEvent, Cause, Named, Priority } from "./alert-types.ts";

declare module "./say.ts" {
  interface Sayings {
    "alert.not-yourself": { example: Fact };
    "alert.not-reachable": { who: string };
    "alert.kept-out": { who: Fact; line: Typed };
    "alert.unknown-person": { who: string };
    "alert.too-many": { max: number };
    "alert.unknown": Record<never, never>;
    "alert.yours": { alerts: Fact };
    "alert.none-yours": Record<never, never>;
    "alert.acknowledged-by-you": { number: string; at: Fact };
    "alert.declined-by-you": { number: string; ack: Fact };
    "alert.taken-already": { number: string; by: string; at: Fact };
    "alert.from": { by: string };
  }
}

/** Open alerts that people have raised by hand in one case; more are no longer read by anybody. */
export const MAX_OPEN_BY_HAND = 50;
/** Longest text of an alert, in characters: what is read on a phone at night. */
export const MAX_ALERT_TEXT = 1_000;

/** Raises an alert by hand to a named person; a P1 also asks the administrators, because no alert of that weight may hang on one person. */
export function raiseByHand(scope: Scope, of: { readonly priority: Priority; readonly to: CallSign; readonly text: string }, ctx: Context): Decision {
  if (!isCaseOpen(scope, ctx.now)) return refuseOver(scope);
  const person = memberCalled(scope, of.to);
  if (person === undefined) return refuse("alert.unknown-person", { who: of.to });
  if (person.role === "auditor") return refuse("alert.not-reachable", { who: of.to });
  const by: Named = { user: ctx.author.user, callSign: callSign(ctx) };
  if (person.user === by.user) return refuse("alert.not-yourself", { example: typed(`alert raise ${of.priority} to …`) });
  if (of.priority !== "P1" && isKeptOut(scope.people, person.user)) return refuse("alert.kept-out", { who: calledNow(scope, [person]), line: typed(`alert raise ${of.priority} to …`) });
  const open = [...scope.state.alert.values()].filter((alert) => alert.cause === "by-hand" && isOpen(alert));
  if (open.length >= MAX_OPEN_BY_HAND) return refuse("alert.too-many", { max: MAX_OPEN_BY_HAND });
  const watchers = administrators(scope).map((member) => member.user).filter((user) => user !== by.user);
  return decided(...raiseAlert(scope, ctx, {
    priority: of.priority, cause: "by-hand", by, to: of.priority === "P1" ? [person.user, ...watchers] : [person.user], watchers,
    details: message(line("alert.from", { by: by.callSign }), line("text", { text: of.text })),
  }));
}

/** Takes note of an alert by name. The first to do so stops the asking; a later one is kept too: it proves who knew and when. */
export function acknowledge(scope: Scope, id: AlertId, ctx: Context): Decision {
  const found = askedAlert(scope, id, ctx);
  if ("ok" in found) return found;
  const earlier = found.acknowledged.find((each) => each.user === ctx.author.user);
  if (earlier !== undefined) return refuse("alert.acknowledged-by-you", { number: id, at: when(earlier.at, zoneFor(ctx)) });
  const first = isOpen(found);
  return decided(
    { type: "alert.acknowledged", v: 1, id, at: ctx.now, by: { user: ctx.author.user, callSign: callSign(ctx) }, first },
    ...(first ? withdraw(scope.state.question, aboutAlert(id), ctx.now) : withdrawOf(scope, id, ctx.author.user, ctx.now)),
  );
}

/** Says that an alert is for somebody else; the others go on being asked. */
export function decline(scope: Scope, id: AlertId, ctx: Context): Decision {
  const found = askedAlert(scope, id, ctx);
  if ("ok" in found) return found;
  const taken = found.acknowledged[0];
  if (taken !== undefined) return refuse("alert.taken-already", { number: id, by: taken.callSign, at: when(taken.at, zoneFor(ctx)) });
  if (found.declined.includes(ctx.author.user)) return refuse("alert.declined-by-you", { number: id, ack: typed(`alert ack ${id}`) });
  const all = found.to.every((person) => person.user === ctx.author.user || found.declined.includes(person.user));
  return decided(
    { type: "alert.declined", v: 1, id, at: ctx.now, by: { user: ctx.author.user, callSign: callSign(ctx) }, all },
    ...withdrawOf(scope, id, ctx.author.user, ctx.now),
  );
}

/** Nobody has acknowledged it yet. */
export function isOpen(alert: Alert): boolean {
  return alert.acknowledged.length === 0;
}

/** The alert, if its author was asked; whoever was not learns nothing, not even whether it exists. */
function askedAlert(scope: Scope, id: AlertId, ctx: Context): Alert | Refusal {
  const mine = (alert: Alert): boolean => alert.to.some((person) => person.user === ctx.author.user);
  const found = scope.state.alert.get(id);
  if (found !== undefined && mine(found)) return found;
  const yours = [...scope.state.alert.values()].filter((alert) => mine(alert) && isOpen(alert)).slice(-12);
  return refuse("alert.unknown", {}, yours.length === 0 ? line("alert.none-yours", {}) : line("alert.yours", { alerts: list(yours.map((alert) => alert.id)) }));
}

function withdrawOf(scope: Scope, id: AlertId, user: UserId, now: Instant): QuestionEvent[] {
  return openQuestions(scope.state.question, id, user).map((question) => ({ type: "question.withdrawn", v: 1, id: question.id, at: now }));
}

function zoneFor(ctx: Context): Context["author"]["person"]["zone"] {
  return ctx.author.person.zone;
}

function evolve(alert: Alert | undefined, event: AlertEvent): Alert {
  if (event.type === "alert.raised") {
    const { type: _type, v: _v, at, ...raised } = event;
    return { ...raised, raised: at, rounds: 1, lastAsked: at, declined: [], overdue: false, acknowledged: [] };
  }
  if (alert === undefined) throw new Error(`${event.type} before alert.raised`);
  switch (event.type) {
    case "alert.asked-again": {
      const again = new Set(event.people.map((person) => person.user));
      const to = [...alert.to, ...event.people.filter((person) => !alert.to.some((each) => each.user === person.user))];
      return { ...alert, to, rounds: event.round, lastAsked: event.at, declined: alert.declined.filter((user) => !again.has(user)) };
    }
    case "alert.overdue": return { ...alert, overdue: true };
    case "alert.declined": return { ...alert, declined: [...alert.declined, event.by.user] };
    case "alert.acknowledged": {
      const taken: Acknowledgement = { ...event.by, at: event.at };
      return { ...alert, acknowledged: [...alert.acknowledged, taken] };
    }
  }
}

/** Alerts as the app keeps and wakes them: by when an answer is late, and when to ask again. */
export const alertEntity: Entity<"alert", AlertEvent> = {
  kind: "alert",
  events: { "alert.raised": [1], "alert.asked-again": [1], "alert.overdue": [1], "alert.acknowledged": [1], "alert.declined": [1] },
  home: "decision",
  key: (event) => event.id,
  evolve,
  effects: alertEffects,
  nextWake(alert, windows) {
    if (!isOpen(alert)) return undefined;
    const again = nextAsk(alert, windows);
    return alert.overdue ? again : Math.min(again, alert.answerBy) as Instant;
  },
  tick(alert, ctx, scope) {
    if (!alert.overdue && ctx.now >= alert.answerBy) {
      const silent = unheard(alert, ctx);
      return decided({ type: "alert.overdue", v: 1, id: alert.id, at: ctx.now, ...(silent.length === 0 ? {} : { unheard: silent }) });
    }
    return decided(...askAgain(alert, scope, ctx));
  },
};
