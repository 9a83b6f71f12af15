/** A lost phone: cut off at once on the word of one colleague, because every minute counts; let back by two, because a thief could ask for it too. */
import { seconds, secondsGiven } from "./access-seconds.ts";
import type { Context, Decision } from "./decision.ts";
import { callSign, decided, refuse } from "./decision.ts";
import type { CallSign, Instant } from "./ids.ts";
import { memberOf } from "./roster.ts";
import { requestConsents } from "./request.ts";
import type { Message } from "./say.ts";
import { line, message, typed, when } from "./say.ts";
import type { Scope } from "./state.ts";
import { memberCalled, members, theCase } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "access.cut-off-already": { callSign: string; at: When };
    "access.back-line": { line: Typed };
    "access.cut-off-asked": { callSign: string };
    "access.confirm-cut-off": { callSign: string; by: string; codename: string };
    "access.cut-off-no-second": { callSign: string };
    "access.not-cut-off": { callSign: string };
    "access.confirm-back": { callSign: string; codename: string; since: When };
    "access.confirm-back-phone": { callSign: string };
    "access.back-not-approved": { line: Typed };
    "access.back-no-second": { callSign: string };
    "access.not-for-yourself": { callSign: string };
  }
}

/** Name of the command, as it is kept in a request. */
export const PHONE_LOST = "phone lost";
/** After one report of the same author another needs a second person for so long, in milliseconds: nobody empties a case alone. */
const ALONE_AGAIN = 3_600_000;
/** Longest note on how it was lost, in characters. */
export const NOTE_MAX = 500;

/** Cuts off all devices of a colleague, in all cases. */
export function phoneLost(scope: Scope, target: CallSign, note: string | undefined, ctx: Context): Decision {
  const member = memberCalled(scope, target);
  if (member === undefined) return refuse("roster.not-in", { callSign: target });
  const since = scope.people.get(member.user)?.cutOff?.since;
  const back = line("access.back-line", { line: typed(`phone back ${target}`) });
  if (since !== undefined) return refuse("access.cut-off-already", { callSign: target, at: when(since, ctx.author.person.zone) }, back);
  const by = callSign(ctx);
  if (reportedLately(scope, by, ctx.now) && secondsGiven(scope, target, ctx).length === 0) return askSecond(scope, target, note, ctx);
  return decided(
    { type: "person.cut-off", v: 1, user: member.user, at: ctx.now },
    { type: "member.cut-off", v: 1, callSign: target, at: ctx.now, since: ctx.now, by, ...(note === undefined ? {} : { note }) },
  );
}

function reportedLately(scope: Scope, by: CallSign, now: Instant): boolean {
  return members(scope).some((member) => member.cutOff?.by === by && now - member.cutOff.since < ALONE_AGAIN);
}

function askSecond(scope: Scope, target: CallSign, note: string | undefined, ctx: Context): Decision {
  const asked = [...scope.state.request.values()].some(({ state, does, expires }) =>
    state === "asking" && expires > ctx.now && does.command === PHONE_LOST && does.params["person"] === target);
  if (asked) return refuse("access.cut-off-asked", { callSign: target });
  const needs = seconds(scope, target, ctx);
  const users = needs.flatMap((need) => need.anyOf);
  if (users.length === 0) return refuse("access.cut-off-no-second", { callSign: target });
  const { codename } = theCase(scope);
  const params = { person: target, ...(note === undefined ? {} : { note }) };
  return decided(...requestConsents(
    { does: { command: PHONE_LOST, params, confirmed: true }, codename, details: message(line("access.confirm-cut-off", { callSign: target, by: callSign(ctx), codename })) },
    needs, Object.fromEntries(users.map((user) => [user, memberOf(scope, user)?.callSign ?? user])), ctx,
  ));
}

/** What is confirmed before somebody is let back, by whoever asks and by the second person. */
export function confirmPhoneBack(scope: Scope, target: CallSign, ctx: Context): Message {
  const { codename } = theCase(scope);
  const since = memberCalled(scope, target)?.cutOff?.since ?? ctx.now;
  return message(
    line("access.confirm-back", { callSign: target, codename, since: when(since, ctx.author.person.zone) }),
    line("access.confirm-back-phone", { callSign: target }),
  );
}

/** Lets somebody back whose devices were cut off. A second person has to agree: one who was deceived, or who is the thief's friend, is not enough. */
export function phoneBack(scope: Scope, target: CallSign, ctx: Context): Decision {
  const member = memberCalled(scope, target);
  if (member === undefined) return refuse("roster.not-in", { callSign: target });
  if (member.user === ctx.author.user) return refuse("access.not-for-yourself", { callSign: target });
  if (scope.people.get(member.user)?.cutOff === undefined) return refuse("access.not-cut-off", { callSign: target });
  if (seconds(scope, target, ctx).every((need) => need.anyOf.length === 0)) return refuse("access.back-no-second", { callSign: target });
  const approvedBy = secondsGiven(scope, target, ctx);
  if (approvedBy.length === 0) return refuse("access.back-not-approved", { line: typed(`phone back ${target}`) });
  return decided(
    { type: "person.let-back", v: 1, user: member.user, at: ctx.now },
    { type: "member.let-back", v: 1, callSign: target, at: ctx.now, by: callSign(ctx), approvedBy },
  );
}
