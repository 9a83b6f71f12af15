/**
 * A binding command on its way: its author confirms it, then those whose consent it needs. Kept are only the parameters and their digest; when the
 * last consent is there the command is decided anew on the state of that moment.
 */
import type { Context, Decision, TickContext } from "./decision.ts";
import { decided, refuse } from "./decision.ts";
import type { Effect } from "./effect.ts";
import { reply, tellPeople } from "./effect.ts";
import type { Entity } from "./entity.ts";
import type { DomainEvent } from "./events.ts";
import type { Instant, RequestId, UserId } from "./ids.ts";
import type { Prepared, QuestionEvent } from "./question.ts";
import { ask, withdraw } from "./question.ts";
import type { Fact, Message } from "./say.ts";
import { line, list, message, typed } from "./say.ts";
import type { Scope } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    /** Bare questions of the poll: they may show on a lock screen. */
    "request.stub-own": { codename: string; code: string };
    "request.stub-other": { codename: string; code: string };
    "request.digest": { digest: string };
    "request.type-instead": { yes: Fact; no: Fact };
    "request.confirm": Record<never, never>;
    "request.not-correct": Record<never, never>;
    "request.approve": Record<never, never>;
    "request.refuse": Record<never, never>;
    "request.asked-others": { who: Fact };
    "request.still-waiting": { by: string; who: Fact };
    "request.refused-by": { who: string };
    "request.expired": Record<never, never>;
    "request.over": Record<never, never>;
  }
}

/** Somebody whose consent is needed: any `count` of `anyOf`, for one reason. */
export interface Need {
  readonly anyOf: readonly UserId[];
  readonly count: number;
}

/** A request as it stands. */
export interface Request {
  readonly id: RequestId;
  readonly author: UserId;
  readonly does: Prepared;
  readonly digest: string;
  /** What is agreed to, in full, the same for everybody who is asked. */
  readonly details: Message;
  /** How each person is called where this is said; in a case the call sign, before it the Matrix id. */
  readonly called: Readonly<Record<string, string>>;
  readonly codename: string;
  readonly needs: readonly Need[];
  readonly given: readonly { readonly by: UserId; readonly at: Instant }[];
  readonly expires: Instant;
  readonly state: "asking" | "granted" | "refused" | "expired";
}

/** What can happen to a request. */
export type RequestEvent =
  | { readonly type: "request.made"; readonly v: 1; readonly id: RequestId; readonly author: UserId; readonly does: Prepared; readonly digest: string; readonly details: Message; readonly called: Readonly<Record<string, string>>; readonly codename: string; readonly needs: readonly Need[]; readonly expires: Instant; readonly at: Instant }
  | { readonly type: "request.consented"; readonly v: 1; readonly id: RequestId; readonly by: UserId; readonly at: Instant }
  | { readonly type: "request.granted"; readonly v: 1; readonly id: RequestId; readonly at: Instant }
  | { readonly type: "request.refused"; readonly v: 1; readonly id: RequestId; readonly by: UserId; readonly at: Instant }
  | { readonly type: "request.expired"; readonly v: 1; readonly id: RequestId; readonly at: Instant };

/** Internal commands behind the buttons of those whose consent is asked; never typed. */
export const CONSENT = "request consent";
export const DISSENT = "request dissent";

/** What a person is asked to agree to, whoever they are. */
export interface Proposal {
  readonly does: Prepared;
  readonly details: Message;
  /** The case's codename, or the installation's own word; all that may show on a lock screen. */
  readonly codename: string;
}

/** Digest of exactly what is agreed to and in whose name: the same for its author and for everybody whose consent is asked. */
function digestOf({ does, codename }: Proposal, author: UserId, ctx: Pick<Context, "digest">): string {
  return ctx.digest({ command: does.command, params: does.params, author, codename });
}

/** The author's own confirmation: a question in their direct chat, in place of an earlier one about the same; the tap runs the command anew. */
export function confirmOwn(proposal: Proposal, scope: Scope, ctx: Context): QuestionEvent[] {
  const digest = digestOf(proposal, ctx.author.user, ctx);
  const question = ask({
    about: `confirm:${digest}`,
    asked: [ctx.author.user],
    to: { to: "people", users: [ctx.author.user] },
    lane: "live",
    stub: line("request.stub-own", { codename: proposal.codename, code: digest }),
    details: message(...proposal.details.lines, line("request.digest", { digest })),
    options: [
      { label: line("request.confirm", {}), does: { ...proposal.does, confirmed: true } },
      { label: line("request.not-correct", {}) },
    ],
    digest,
    expires: (ctx.now + ctx.windows.bindingAnswer) as Instant,
  }, ctx);
  return [...withdraw(scope.state.question, `confirm:${digest}`, ctx.now), question];
}

/** Asks everybody whose consent the confirmed command still needs; the author's own confirmation counts where they are among them. */
export function requestConsents(proposal: Proposal, needs: readonly Need[], called: Readonly<Record<string, string>>, ctx: Context): DomainEvent[] {
  const id = ctx.chance.id() as RequestId;
  const digest = digestOf(proposal, ctx.author.user, ctx);
  const expires = (ctx.now + ctx.windows.requestOpen) as Instant;
  const made: RequestEvent = {
    type: "request.made", v: 1, id, author: ctx.author.user, does: proposal.does, digest, details: proposal.details, called,
    codename: proposal.codename, needs, expires, at: ctx.now,
  };
  const questions = stillNeeded(needs, [ctx.author.user]).map((user) => ask({
    about: `request:${id}`,
    asked: [user],
    to: { to: "people", users: [user] },
    lane: "live",
    stub: line("request.stub-other", { codename: proposal.codename, code: digest }),
    details: message(...proposal.details.lines, line("request.digest", { digest })),
    options: [
      { label: line("request.approve", {}), does: { command: CONSENT, params: { request: id }, confirmed: true } },
      { label: line("request.refuse", {}), does: { command: DISSENT, params: { request: id }, confirmed: true } },
    ],
    digest,
    expires,
  }, ctx));
  const own: RequestEvent[] = needs.some((need) => need.anyOf.includes(ctx.author.user))
    ? [{ type: "request.consented", v: 1, id, by: ctx.author.user, at: ctx.now }] : [];
  return [made, ...own, ...questions];
}

/** Everybody who may still give a consent that is missing, each once. */
export function stillNeeded(needs: readonly Need[], given: readonly UserId[]): UserId[] {
  const open = needs.filter((need) => need.anyOf.filter((user) => given.includes(user)).length < need.count);
  return [...new Set(open.flatMap((need) => need.anyOf))].filter((user) => !given.includes(user));
}

/** Whether every need has the consents it needs. */
export function satisfied(request: Request): boolean {
  const given = request.given.map((each) => each.by);
  return request.needs.every((need) => need.anyOf.filter((user) => given.includes(user)).length >= need.count);
}

/** A consent of one of those asked. When it was the last, the app decides the command itself and adds {@link granted} or {@link dropped}. */
export function consent(request: Request | undefined, by: UserId, now: Instant): Decision {
  if (request === undefined || request.state !== "asking") return refuse("request.over", {});
  if (!request.needs.some((need) => need.anyOf.includes(by)) || request.given.some((each) => each.by === by)) return refuse("request.over", {});
  return decided({ type: "request.consented", v: 1, id: request.id, by, at: now });
}

/** A refusal of one of those asked: the request is over for everybody. */
export function dissent(request: Request | undefined, by: UserId, scope: Scope, now: Instant): Decision {
  if (request === undefined || request.state !== "asking") return refuse("request.over", {});
  return decided({ type: "request.refused", v: 1, id: request.id, by, at: now }, ...withdraw(scope.state.question, `request:${request.id}`, now));
}

/** The command was decided and took effect: nothing more is asked of anybody. */
export function granted(request: Request, scope: Scope, now: Instant): DomainEvent[] {
  return [{ type: "request.granted", v: 1, id: request.id, at: now }, ...withdraw(scope.state.question, `request:${request.id}`, now)];
}

/** All agreed, but the command is no longer possible on the state of this moment. */
export function dropped(request: Request, scope: Scope, now: Instant): DomainEvent[] {
  return [{ type: "request.expired", v: 1, id: request.id, at: now }, ...withdraw(scope.state.question, `request:${request.id}`, now)];
}

/** Requests, in the chain of what they are about. */
export const requestEntity: Entity<"request", RequestEvent> = {
  kind: "request",
  events: { "request.made": [1], "request.consented": [1], "request.granted": [1], "request.refused": [1], "request.expired": [1] },
  home: "decision",
  key: (event) => event.id,
  evolve(request, event) {
    if (event.type === "request.made") {
      const { type: _type, v: _v, at: _at, ...made } = event;
      return { ...made, given: [], state: "asking" };
    }
    if (request === undefined) throw new Error(`${event.type} before request.made`);
    switch (event.type) {
      case "request.consented": return { ...request, given: [...request.given, { by: event.by, at: event.at }] };
      case "request.granted": return { ...request, state: "granted" };
      case "request.refused": return { ...request, state: "refused" };
      case "request.expired": return { ...request, state: "expired" };
    }
  },
  effects(event, scope): Effect[] {
    const request = scope.state.request.get(event.id);
    if (request === undefined) return [];
    const waiting = list(stillNeeded(request.needs, request.given.map((each) => each.by)).map((user) => request.called[user] ?? user));
    switch (event.type) {
      case "request.made":
        return waiting.items.length > 0 ? [reply(message(line("request.asked-others", { who: waiting })))] : [];
      case "request.consented":
        return event.by !== request.author && waiting.items.length > 0 && !satisfied(request)
          ? [tellPeople([request.author], message(line("request.still-waiting", { by: request.called[event.by] ?? event.by, who: waiting })))] : [];
      case "request.refused":
        return [tellPeople([request.author], message(line("request.refused-by", { who: request.called[event.by] ?? event.by })))];
      case "request.expired":
        return [tellPeople([request.author], message(line("request.expired", {})))];
      case "request.granted":
        return [];
    }
  },
  nextWake: (request) => (request.state === "asking" ? request.expires : undefined),
  tick: (request, ctx: TickContext) => decided({ type: "request.expired", v: 1, id: request.id, at: ctx.now }),
};

/** The two lines under a question that say how to answer it by typing. */
export function typedAnswers(code: string): { readonly yes: Fact; readonly no: Fact } {
  return { yes: typed(`yes ${code}`), no: typed(`no ${code}`) };
}
