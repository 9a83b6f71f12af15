/** What is said because of an alert: the stub that rings, and who has acknowledged, to those who answer for it. */
import { calledNow } from "./access.ts";
import { laneOf, stubOf } from "./alert-asking.ts";
import type { Alert, AlertEvent, Named } from "./alert-types.ts";
import type { Effect } from "./effect.ts";
import { reply, tellPeople } from "./effect.ts";
import type { UserId } from "./ids.ts";
import { deliverySlot } from "./ids.ts";
import type { Line } from "./say.ts";
import { line, message, span, when } from "./say.ts";
import type { Scope } from "./state.ts";
import { theCase } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "alert.raised": { number: string; priority: string; who: Fact; by: Fact };
    "alert.asked-again": { number: string; round: number; who: Fact };
    "alert.nobody-yet": { number: string; priority: string; after: Fact; rounds: number };
    "alert.not-yet": { who: Fact };
    "alert.unheard": { who: string; at: Fact };
    "alert.unheard-server": { who: string; at: Fact; server: string; then: Fact };
    "alert.goes-on": Record<never, never>;
    "alert.acknowledged": { number: string; by: string; at: Fact };
    "alert.acknowledged-too": { number: string; by: string; at: Fact };
    "alert.you-acknowledged": { number: string; at: Fact };
    "alert.you-declined": { number: string };
    "alert.declined": { number: string; by: string };
    "alert.all-declined": { number: string };
  }
}

/** Most people of whom one message says that nothing was heard. */
const MOST_UNHEARD = 8;

/** All that follows from an event of an alert: what is said, and the board of the delivery it is about. */
export function alertEffects(event: AlertEvent, scope: Scope): readonly Effect[] {
  const alert = scope.state.alert.get(event.id);
  if (alert === undefined) return [];
  return [...said(event, alert, scope), ...(alert.delivery === undefined ? [] : [{ effect: "board", slot: deliverySlot(alert.delivery) } as const])];
}

function said(event: AlertEvent, alert: Alert, scope: Scope): readonly Effect[] {
  const { zone } = theCase(scope);
  const lane = laneOf(alert.priority);
  const number = alert.id;
  const at = when(event.at, zone);
  switch (event.type) {
    case "alert.raised": {
      const raised = line("alert.raised", { number, priority: event.priority, who: calledNow(scope, event.to), by: when(event.answerBy, zone) });
      return [
        ...stubs(alert, event.to, scope),
        ...(event.by === undefined ? [] : [reply(message(raised))]),
        // What somebody wrote by hand goes to those named and to nobody else; the watchers see that it is on its way.
        ...tell(without(alert.watchers, [...event.to, ...(event.by === undefined ? [] : [event.by])]),
          [raised, ...(event.cause === "by-hand" ? [] : event.details.lines)], lane),
      ];
    }
    case "alert.asked-again":
      return [
        ...stubs(alert, event.people, scope),
        ...tell(without(informed(alert), event.people), [line("alert.asked-again", { number, round: event.round, who: calledNow(scope, event.people) })], "routine"),
      ];
    case "alert.overdue":
      return tell(informed(alert), [
        line("alert.nobody-yet", { number, priority: alert.priority, after: span(event.at - alert.raised), rounds: alert.rounds }),
        line("alert.not-yet", { who: calledNow(scope, alert.to) }),
        ...(event.unheard ?? []).slice(0, MOST_UNHEARD).map(({ callSign, since, server }) => (server === undefined
          ? line("alert.unheard", { who: callSign, at: when(since, zone) })
          : line("alert.unheard-server", { who: callSign, at: when(since, zone), server: server.name, then: when(server.since, zone) }))),
        line("alert.goes-on", {}),
      ], lane);
    case "alert.acknowledged": {
      const others = without([...informed(alert), ...alert.to.map((person) => person.user)], [event.by]);
      const code = event.first ? "alert.acknowledged" : "alert.acknowledged-too";
      return [
        reply(message(line("alert.you-acknowledged", { number, at }))),
        ...tell(event.first ? others : without(informed(alert), [event.by]), [line(code, { number, by: event.by.callSign, at })], lane),
      ];
    }
    case "alert.declined":
      return [
        reply(message(line("alert.you-declined", { number }))),
        ...tell(without(informed(alert), [event.by]), [
          line("alert.declined", { number, by: event.by.callSign }),
          ...(event.all ? [line("alert.all-declined", { number })] : []),
        ], lane),
      ];
  }
}

/** One for each person, because each is told the time of their own place; a newer one makes an unsent older one worthless. */
function stubs(alert: Alert, people: readonly Named[], scope: Scope): Effect[] {
  return people.map(({ user }) => ({
    effect: "say", to: { to: "people", users: [user] }, message: message(stubOf(alert, user, scope)), wakes: true, mentions: [user], lane: laneOf(alert.priority),
    supersedes: `alert:${alert.id}:${user}`,
  }));
}

/** Those who see who has acknowledged: the watchers and whoever raised it. */
function informed(alert: Alert): readonly UserId[] {
  return [...new Set([...alert.watchers, ...(alert.by === undefined ? [] : [alert.by.user])])];
}

function without(users: readonly UserId[], people: readonly Named[]): readonly UserId[] {
  return [...new Set(users)].filter((user) => !people.some((person) => person.user === user));
}

function tell(users: readonly UserId[], lines: readonly Line[], lane: ReturnType<typeof laneOf> | "routine"): Effect[] {
  return users.length === 0 ? [] : [tellPeople(users, message(...lines), lane)];
}
