/** What people are told when something happens to a room: it was closed, replaced, cannot be put right, or a message of the bot's was removed from it. */
import type { Effect } from "../domain/effect.ts";
import { tellPeople } from "../domain/effect.ts";
import type { UserId } from "../domain/ids.ts";
import { INSTALLATION, directUser } from "../domain/ids.ts";
import type { WhyNot } from "../domain/room-succession.ts";
import { memberOf } from "../domain/roster.ts";
import type { Fact, Line } from "../domain/say.ts";
import { line, message, nested, span } from "../domain/say.ts";
import type { Scope } from "../domain/state.ts";
import { calledInCase } from "../domain/state.ts";
import { desiredRoom } from "../domain/workspace.ts";
import type { Replaced } from "./reconciler.ts";
import { SUCCESSOR_WAIT } from "./reconciler.ts";
import type { Placed } from "./world.ts";

declare module "../domain/say.ts" {
  interface Sayings {
    "room.stranger": Record<never, never>;
    "room.stranger-alarm": { room: Fact; who: List };
    "room.stranger-cure": Record<never, never>;
    "room.downgraded": { room: Fact };
    "room.downgraded-alarm": { room: Fact };
    "room.downgraded-cure": Record<never, never>;
    "room.fit-again": Record<never, never>;
    "room.for": { room: Fact };
    "room.closed-uninvited": { room: Fact; who: string; wait: Span };
    "room.closed-powerless": { room: Fact; who: string; wait: Span };
    "room.moved-on": { room: Fact; who: string };
    "room.put-out": { room: Fact };
    "room.ruled": { room: Fact };
    "room.replaced": { room: Fact; who: string; why: string };
    "room.replaced-go": Record<never, never>;
    "room.former": { room: Fact };
    "room.powerless": { room: Fact };
    "room.repair-cure": Record<never, never>;
    "room.message-removed": { room: Fact; who: string };
    "room.message-again": Record<never, never>;
    "room.message-too-often": Record<never, never>;
    "room.message-yours": Record<never, never>;
  }
}

/** Reasons as the texts call them; all others are `other`. */
const WORDS: Readonly<Partial<Record<WhyNot, string>>> = { "not-invited": "uninvited", "no-power": "powerless", "no-successor": "nowhere", "not-its-successor": "unrelated" };

/** A room by the name under which people see it; a person's direct chat by what it is. */
export function placeName(scope: Scope, at: Placed): Fact {
  if (at.chain === INSTALLATION) return nested(line("app.place-direct-of", { who: directUser(at.slot) }));
  const name = desiredRoom(scope, at.slot)?.name;
  return name === undefined ? at.slot : nested(name, scope.state.case.get("case")?.language);
}

/** That the administrators can help the bot into the room in which a closed one is to go on. */
export function closedLine(scope: Scope, at: Placed, by: UserId, needs: "invitation" | "power"): Line {
  const facts = { room: placeName(scope, at), who: calledInCase(scope, by), wait: span(SUCCESSOR_WAIT) };
  return needs === "invitation" ? line("room.closed-uninvited", facts) : line("room.closed-powerless", facts);
}

/** Everybody who belongs in a room is told alone that another has taken its place: in the old one they might not be reached. */
export function replacedEffects(scope: Scope, at: Placed, replaced: Replaced): readonly Effect[] {
  const people = desiredRoom(scope, at.slot)?.people ?? [];
  return [tellPeople(people, message(...replacedLines(scope, at, replaced)))];
}

function replacedLines(scope: Scope, at: Placed, { why, by }: Replaced): readonly Line[] {
  const room = placeName(scope, at);
  const who = by === undefined ? "?" : calledInCase(scope, by);
  if (why === "adopted") return [line("room.moved-on", { room, who })];
  const go = line("room.replaced-go", {});
  if (why === "put-out") return [line("room.put-out", { room }), go];
  if (why === "ruled-by-another") return [line("room.ruled", { room }), go];
  return [line("room.replaced", { room, who, why: WORDS[why] ?? "other" }), go];
}

/** That somebody has removed a message of the bot's from a room, and what the bot did about it. */
export function removedLines(scope: Scope, at: Placed, by: UserId, then: "again" | "too-often"): readonly Line[] {
  const who = memberOf(scope, by)?.callSign ?? by;
  return [line("room.message-removed", { room: placeName(scope, at), who }), then === "again" ? line("room.message-again", {}) : line("room.message-too-often", {})];
}
