/**
 * The wake test: a person locks their phone, the bot rings it as an alert would, and the person says whether they heard it. Only that shows
 * that a stop will reach them at night; that a message was sent shows nothing.
 */
import type { Context, Decision, TickContext } from "./decision.ts";
import { decided, refuse } from "./decision.ts";
import type { Effect } from "./effect.ts";
import { reply, tellPeople, wake } from "./effect.ts";
import type { Entity } from "./entity.ts";
import type { Instant, UserId } from "./ids.ts";
import { ask } from "./question.ts";
import type { Line } from "./say.ts";
import { line, message, span, typed } from "./say.ts";
import type { Scope } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "wake-test.asked": { wait: Span };
    "wake-test.asked-how": Record<never, never>;
    "wake-test.running": { wait: Span };
    "wake-test.over": { line: Typed };
    "wake-test.stub": Record<never, never>;
    "wake-test.question": Record<never, never>;
    "wake-test.heard-it": Record<never, never>;
    "wake-test.did-not-ring": Record<never, never>;
    "wake-test.heard": { after: Span };
    "wake-test.missed": { wait: Span };
    "wake-test.silent": Record<never, never>;
    "wake-test.hint-chat": Record<never, never>;
    "wake-test.hint-android": Record<never, never>;
    "wake-test.hint-ios": Record<never, never>;
    "wake-test.hint-desktop": Record<never, never>;
    "wake-test.again": { line: Typed };
    "wake-test.cancelled": { line: Typed };
  }
}

/** What the person says of the ringing. */
export type WakeAnswer = "heard" | "silent";

/** The test of one person, and what the last one that came to its end showed. */
export interface WakeTest {
  readonly user: UserId;
  /** waiting: it will ring at `until`. ringing: it has rung at `since`, an answer counts before `until`. over: nothing is under way. */
  readonly state: "waiting" | "ringing" | "over";
  readonly since: Instant;
  readonly until: Instant;
  /** `after`: milliseconds from the ringing to the answer, or to the moment at which none was waited for any longer. */
  readonly last?: { readonly rung: Instant; readonly heard: boolean; readonly after: number };
}

type Of<Type extends string, Facts> = { readonly type: `wake-test.${Type}`; readonly v: 1; readonly user: UserId; readonly at: Instant } & Facts;
/** What happens to a wake test. */
export type WakeTestEvent =
  | Of<"asked", { readonly ringAt: Instant }>
  | Of<"rung", { readonly until: Instant }>
  | Of<"heard", { readonly after: number }>
  /** `silent`: the person saw it and heard nothing. */
  | Of<"missed", { readonly after: number; readonly why: "silent" | "no-answer" }>
  /** The bot was not there when it should have rung: it shows nothing of the phone. */
  | Of<"cancelled", Record<never, never>>;

const COMMAND = "me test";
const AGAIN = typed(COMMAND);

/** Starts the author's test, or takes their answer to the one that rings. */
export function wakeTest(scope: Scope, answer: WakeAnswer | undefined, ctx: Context): Decision {
  const { user } = ctx.author;
  const test = scope.state.wakeTest.get(user);
  const isUnderWay = test !== undefined && test.state !== "over";
  if (answer === undefined) {
    if (isUnderWay) return refuse("wake-test.running", { wait: span(Math.max(1_000, test.until - ctx.now)) });
    return decided({ type: "wake-test.asked", v: 1, user, at: ctx.now, ringAt: (ctx.now + ctx.windows.wakeTestWait) as Instant });
  }
  if (test?.state !== "ringing" || ctx.now >= test.until) return refuse("wake-test.over", { line: AGAIN });
  const after = ctx.now - test.since;
  return decided(answer === "heard" ? { type: "wake-test.heard", v: 1, user, at: ctx.now, after } : { type: "wake-test.missed", v: 1, user, at: ctx.now, after, why: "silent" });
}

/** Its time has come: it rings, or the answer is not waited for any longer. */
function tick(test: WakeTest, ctx: TickContext): Decision {
  const { user } = test;
  if (test.state === "ringing") return decided({ type: "wake-test.missed", v: 1, user, at: ctx.now, after: ctx.now - test.since, why: "no-answer" });
  // After a downtime the person has long taken the phone up again.
  if (ctx.now - test.until >= ctx.windows.wakeTestAnswer) return decided({ type: "wake-test.cancelled", v: 1, user, at: ctx.now });
  const until = (ctx.now + ctx.windows.wakeTestAnswer) as Instant;
  const option = (label: Line, answer: WakeAnswer) => ({ label, does: { command: COMMAND, params: { answer }, confirmed: true } });
  return decided({ type: "wake-test.rung", v: 1, user, at: ctx.now, until }, ask({
    about: `wake-test:${user}`, asked: [user], to: { to: "people", users: [user] }, lane: "live",
    stub: line("wake-test.question", {}), details: message(), expires: until,
    options: [option(line("wake-test.heard-it", {}), "heard"), option(line("wake-test.did-not-ring", {}), "silent")],
  }, ctx));
}

/** What can be done about a phone that did not ring: most often it is one of these. */
const HINTS: readonly Line[] = [
  line("wake-test.hint-chat", {}), line("wake-test.hint-android", {}), line("wake-test.hint-ios", {}), line("wake-test.hint-desktop", {}), line("wake-test.again", { line: AGAIN }),
];

function effects(event: WakeTestEvent): Effect[] {
  const { user } = event;
  switch (event.type) {
    case "wake-test.asked": return [reply(message(line("wake-test.asked", { wait: span(event.ringAt - event.at) }), line("wake-test.asked-how", {})))];
    case "wake-test.rung": return [wake({ to: "people", users: [user] }, [user], message(line("wake-test.stub", {})), "live")];
    case "wake-test.heard": return [tellPeople([user], message(line("wake-test.heard", { after: span(event.after) })))];
    case "wake-test.missed": return [tellPeople([user], message(event.why === "silent" ? line("wake-test.silent", {}) : line("wake-test.missed", { wait: span(event.after) }), ...HINTS))];
    case "wake-test.cancelled": return [tellPeople([user], message(line("wake-test.cancelled", { line: AGAIN })))];
  }
}

function evolve(test: WakeTest | undefined, event: WakeTestEvent): WakeTest {
  const { user, at } = event;
  const last = test?.last === undefined ? {} : { last: test.last };
  switch (event.type) {
    case "wake-test.asked": return { user, state: "waiting", since: at, until: event.ringAt, ...last };
    case "wake-test.rung": return { user, state: "ringing", since: at, until: event.until, ...last };
    case "wake-test.cancelled": return { user, state: "over", since: at, until: at, ...last };
    case "wake-test.heard": case "wake-test.missed": {
      if (test === undefined) throw new Error(`${event.type} before wake-test.asked`);
      return { user, state: "over", since: test.since, until: at, last: { rung: test.since, heard: event.type === "wake-test.heard", after: event.after } };
    }
  }
}

/** Wake tests of people, in the installation's chain. */
export const wakeTestEntity: Entity<"wakeTest", WakeTestEvent> = {
  kind: "wakeTest",
  events: { "wake-test.asked": [1], "wake-test.rung": [1], "wake-test.heard": [1], "wake-test.missed": [1], "wake-test.cancelled": [1] },
  home: "installation",
  key: (event) => event.user,
  evolve,
  effects: (event) => effects(event),
  nextWake: (test) => (test.state === "over" ? undefined : test.until),
  tick,
};
