/** What is told after the journal has gone on from a copy: from when the bot's state is, what it no longer knows, what has to be said again. */
import { boardOf } from "./board.ts";
import { circle } from "./delivery-circle.ts";
import type { Effect } from "./effect.ts";
import { tellPeople, tellRoom } from "./effect.ts";
import type { Instant, Slot, UserId } from "./ids.ts";
import { COORDINATION } from "./ids.ts";
import { isYesOrNo } from "./question.ts";
import { typedAnswers } from "./request.ts";
import type { Line } from "./say.ts";
import { line, message, nested, when } from "./say.ts";
import type { Scope } from "./state.ts";
import { theCase } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "restored.title": { copied: When; restored: When };
    "restored.again": Record<never, never>;
    "restored.numbers": Record<never, never>;
    "restored.rooms": Record<never, never>;
    "restored.missing": { count: number; from: number; to: number; signed: When };
    "restored.missing-unknown": Record<never, never>;
    "restored.delivery": { delivery: string };
    "restored.question": { codename: string; stub: Nested };
    "restored.owner": { cases: number };
  }
}

/** From when the state is, and when it was put in place. */
export interface RestoredFrom {
  readonly copied: Instant;
  readonly restored: Instant;
}
/** Entries that a checkpoint in the room shows to be missing. */
export interface Missing {
  readonly from: number;
  readonly to: number;
  readonly signed: Instant;
}

/** What a case is told: its coordination room, the room of each delivery that is not over, and everybody who was being asked something. Boards show the state there is. */
export function tellRestored(scope: Scope, from: RestoredFrom, missing: Missing | undefined, now: Instant): readonly Effect[] {
  const { zone } = theCase(scope);
  const title = line("restored.title", { copied: when(from.copied, zone), restored: when(from.restored, zone) });
  const gap = missing === undefined ? line("restored.missing-unknown", {})
    : line("restored.missing", { count: missing.to - missing.from + 1, from: missing.from, to: missing.to, signed: when(missing.signed, zone) });
  const deliveries = [...scope.state.delivery.values()].filter((delivery) => delivery.state !== "stopped");
  const boards = [COORDINATION, ...deliveries.map(({ id }) => id as string as Slot)].filter((slot) => boardOf(scope, slot) !== undefined);
  return [
    tellRoom(COORDINATION, message(title, line("restored.again", {}), gap, line("restored.numbers", {}), line("restored.rooms", {}))),
    ...deliveries.flatMap((delivery) => [
      tellRoom(delivery.id as string as Slot, message(title, line("restored.delivery", { delivery: delivery.id })), "P1"),
      // Their room may be one that the bot no longer knows; their own chats it does.
      tellPeople(circle(scope, delivery).map(({ user }) => user), message(title, line("restored.delivery", { delivery: delivery.id })), "P1"),
    ]),
    ...askedAgain(scope, title, now),
    ...boards.map((slot): Effect => ({ effect: "board", slot })),
  ];
}

/** The poll of an open question stands where it was put, and its answer may be among what was lost. */
function askedAgain(scope: Scope, title: Line, now: Instant): readonly Effect[] {
  const { codename } = theCase(scope);
  return [...scope.state.question.values()].filter((question) => question.state === "open" && now < question.expires).map((question): Effect => ({
    effect: "say", to: question.to.to === "room" ? question.to : { to: "people", users: question.asked }, wakes: false, lane: question.lane, expires: question.expires,
    message: message(
      title, line("restored.question", { codename, stub: nested(question.stub) }),
      isYesOrNo(question) ? line("request.type-instead", typedAnswers(question.code)) : undefined,
    ),
  }));
}

/** What the owners are told, each alone; in the zone of each. */
export function tellOwnersRestored(scope: Scope, owners: readonly UserId[], from: RestoredFrom, cases: number): readonly Effect[] {
  return owners.flatMap((user) => {
    const zone = scope.people.get(user)?.zone;
    if (zone === undefined) return [];
    return [tellPeople([user], message(line("restored.title", { copied: when(from.copied, zone), restored: when(from.restored, zone) }), line("restored.owner", { cases })))];
  });
}
