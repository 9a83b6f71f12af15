/** A case: the isolated space of one joint investigation team, bound to a signed agreement. */
import type { Context, Decision, Refusal, TickContext } from "./decision.ts";
import { callSign, decided, refuse } from "./decision.ts";
import type { Effect } from "./effect.ts";
import { reply, tellPeople, tellRoom } from "./effect.ts";
import type { Entity } from "./entity.ts";
import type { CallSign, CaseId, Country, Instant, UserId, Zone } from "./ids.ts";
import { COORDINATION, LIAISON } from "./ids.ts";
import type { Language } from "./person.ts";
import type { Message } from "./say.ts";
import { line, list, message, nested, typed, when } from "./say.ts";
import type { Scope } from "./state.ts";
import { administrators, calledInCase, members, theCase } from "./state.ts";
import type { Windows } from "./windows.ts";

declare module "./say.ts" {
  interface Sayings {
    "case.opened": { codename: string; rooms: List };
    "case.opened-later": Record<never, never>;
    "case.expired": { codename: string; until: When };
    "case.expired-means": Record<never, never>;
    "case.over": { codename: string; until: When };
    "case.over-still": Record<never, never>;
    "case.closed": { codename: string; at: When; by: string; approvedBy: List };
    "case.closed-means": Record<never, never>;
    "case.tasks-left": { tasks: List };
    "case.closed-over": { codename: string; at: When };
    "case.ask-directly": { line: Typed };
    "case.keys-rotated": { codename: string };
    "case.keys-rotated-means": Record<never, never>;
  }
}

/**
 * `expired`: the agreement's period is over: nothing new may be shared, stops still count (design: an expired JIT blocks sharing). `closed`: two states
 * have ended it before that, to the same effect and for good.
 */
export type CaseState = "open" | "expired" | "closed";

/** Most tasks named where those that are still open are told of. */
const TASKS_NAMED = 12;

/** One joint investigation team's case. */
export interface Case {
  readonly id: CaseId;
  /** From the bot's own neutral list; the only word of the case that servers see. */
  readonly codename: string;
  readonly agreement: string;
  readonly states: readonly Country[];
  readonly from: Instant;
  readonly until: Instant;
  /** Zone in which the agreement's period and whatever is said to whole rooms is told. */
  readonly zone: Zone;
  /** Working language: of what is said to a whole room. */
  readonly language: Language;
  /** What the administrators confirmed, word for word the same for all. */
  readonly digest: string;
  readonly state: CaseState;
  /** When it was closed. */
  readonly closed?: Instant;
  /** When the last checkpoint of the case's chain fell due; the first is posted when the case opens. */
  readonly checkpointed: Instant;
}

/** What happens to a case as a whole. `case.opened` is the first row of its chain. */
export type CaseEvent =
  | {
      readonly type: "case.opened"; readonly v: 1; readonly case: CaseId; readonly codename: string; readonly agreement: string;
      readonly states: readonly Country[]; readonly from: Instant; readonly until: Instant; readonly zone: Zone; readonly language: Language;
      readonly digest: string; readonly at: Instant; readonly by: UserId; readonly confirmedBy: readonly UserId[];
    }
  | { readonly type: "case.expired"; readonly v: 1; readonly at: Instant }
  | { readonly type: "case.closed"; readonly v: 1; readonly at: Instant; readonly by: UserId; readonly approvedBy: readonly UserId[] }
  | { readonly type: "case.checkpoint-due"; readonly v: 1; readonly at: Instant }
  /** All rooms of the case go on with new keys. */
  | { readonly type: "case.keys-rotated"; readonly v: 1; readonly at: Instant; readonly by: CallSign };

/**
 * Whether new things may be shared in the case at a moment. The end of the agreement counts by itself: a command that comes before the tick that
 * records it is refused like one that comes after.
 */
export function isOpen(scope: Scope, now: Instant): boolean {
  const found = theCase(scope);
  return found.state === "open" && now < found.until;
}

/** Refuses what an agreement that has run out no longer covers, and says what still works. */
export function refuseOver(scope: Scope): Refusal {
  const { codename, until, zone, closed } = theCase(scope);
  const still = line("case.over-still", {});
  return closed === undefined ? refuse("case.over", { codename, until: when(until, zone) }, still) : refuse("case.closed-over", { codename, at: when(closed, zone) }, still);
}

/**
 * Whether an answer given where the author asked is read only by people who may see the whole case: their direct chat, or the coordination room.
 * In the liaison room, or among the circle of one delivery, others read it too.
 */
export function isAmongMembers(ctx: Context): boolean {
  return ctx.origin.room === "direct" || ctx.origin.slot === COORDINATION;
}

/** What is said instead in a room where not everybody may read the answer. */
export function askDirectly(command: string): Message {
  return message(line("case.ask-directly", { line: typed(command) }));
}

/** Has all rooms of the case go on with new keys: whoever holds only old ones reads no further. */
export function rotateKeys(ctx: Context): Decision {
  return decided({ type: "case.keys-rotated", v: 1, at: ctx.now, by: callSign(ctx) });
}

function evolve(found: Case | undefined, event: CaseEvent): Case {
  if (event.type === "case.opened") {
    if (found !== undefined) throw new Error("a case was opened twice");
    const { codename, agreement, states, from, until, zone, language, digest } = event;
    return { id: event.case, codename, agreement, states, from, until, zone, language, digest, state: "open", checkpointed: event.at };
  }
  if (found === undefined) throw new Error(`${event.type} before case.opened`);
  switch (event.type) {
    case "case.expired": return { ...found, state: "expired" };
    case "case.closed": return { ...found, state: "closed", closed: event.at };
    case "case.checkpoint-due": return { ...found, checkpointed: event.at };
    case "case.keys-rotated": return found;
  }
}

function effects(event: CaseEvent, scope: Scope): Effect[] {
  const { codename, until, zone, language } = theCase(scope);
  switch (event.type) {
    case "case.opened": {
      const rooms = list([nested(line("room.coordination", { codename }), language), nested(line("room.liaison", { codename }), language)]);
      return [
        tellPeople([event.by], message(line("case.opened", { codename, rooms }), line("case.opened-later", {}))),
        { effect: "board", slot: COORDINATION },
        { effect: "checkpoint" },
      ];
    }
    case "case.expired": {
      const news = message(line("case.expired", { codename, until: when(until, zone) }), line("case.expired-means", {}));
      return [
        tellPeople(administrators(scope).map((member) => member.user), news),
        tellRoom(COORDINATION, news),
        { effect: "board", slot: COORDINATION },
      ];
    }
    case "case.closed":
      return closedEffects(event, scope);
    case "case.checkpoint-due":
      return [{ effect: "checkpoint" }];
    case "case.keys-rotated":
      return [{ effect: "rotate", slots: "all" }, reply(message(line("case.keys-rotated", { codename }), line("case.keys-rotated-means", {})))];
  }
}

/** All who see a room of the case are told in it, auditors alone; the chain gets its last signed checkpoint of the living case. */
function closedEffects(event: Extract<CaseEvent, { type: "case.closed" }>, scope: Scope): Effect[] {
  const { codename, zone } = theCase(scope);
  const tasks = [...scope.state.task.values()].filter((task) => task.state !== "done").slice(0, TASKS_NAMED).map((task) => task.id);
  const told = [
    line("case.closed", { codename, at: when(event.at, zone), by: calledInCase(scope, event.by), approvedBy: list(event.approvedBy.map((user) => calledInCase(scope, user))) }),
    line("case.closed-means", {}),
  ] as const;
  const auditors = members(scope).filter((member) => member.role === "auditor").map((member) => member.user);
  return [
    tellRoom(COORDINATION, message(...told, tasks.length === 0 ? undefined : line("case.tasks-left", { tasks: list(tasks) }))),
    tellRoom(LIAISON, message(...told)),
    ...(auditors.length === 0 ? [] : [tellPeople(auditors, message(...told))]),
    { effect: "board", slot: COORDINATION },
    { effect: "checkpoint" },
  ];
}

function nextCheckpoint(found: Case, windows: Windows): Instant {
  return (found.checkpointed + windows.checkpointEvery) as Instant;
}

/** The case of a case chain. */
export const caseEntity: Entity<"case", CaseEvent> = {
  kind: "case",
  events: { "case.opened": [1], "case.expired": [1], "case.closed": [1], "case.checkpoint-due": [1], "case.keys-rotated": [1] },
  home: "decision",
  key: () => "case",
  evolve,
  effects,
  nextWake(found, windows) {
    const checkpoint = nextCheckpoint(found, windows);
    return found.state === "open" && found.until < checkpoint ? found.until : checkpoint;
  },
  // After downtime one checkpoint covers all that was missed: the next is counted from now.
  tick(found, ctx: TickContext) {
    const expired: CaseEvent[] = found.state === "open" && ctx.now >= found.until ? [{ type: "case.expired", v: 1, at: ctx.now }] : [];
    const due: CaseEvent[] = ctx.now >= nextCheckpoint(found, ctx.windows) ? [{ type: "case.checkpoint-due", v: 1, at: ctx.now }] : [];
    return decided(...expired, ...due);
  },
};
