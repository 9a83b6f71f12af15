/**
 * A question put to named people, answered by one tap. Each answer is a ready-made command that the tap gives in the person's name, so that a
 * tap and a typed line go the same way. Answer ids are random and single-use; a question is answered once, in time, by somebody who was asked.
 */
import type { Decision, TickContext } from "./decision.ts";
import { decided, refuse } from "./decision.ts";
import type { Effect, Lane, To } from "./effect.ts";
import type { Entity } from "./entity.ts";
import type { Chance } from "./decision.ts";
import type { Instant, QuestionId, UserId } from "./ids.ts";
import type { Line, Message } from "./say.ts";

declare module "./say.ts" {
  interface Sayings {
    "question.expired": { minutes: number };
    "question.answered-already": Record<never, never>;
    "question.unknown-code": { code: string };
    "question.needs-tap": Record<never, never>;
    "question.withdrawn": Record<never, never>;
  }
}

/** A command with its parameters as they were read; run with `decide` anew on the state of the moment it is tapped. */
export interface Prepared {
  readonly command: string;
  /** JSON of the command's parameters after reading. */
  readonly params: Readonly<Record<string, unknown>>;
  /** The tap is the confirmation that a binding command asks for. */
  readonly confirmed: boolean;
}

/** One answer that a question offers. */
export interface Option {
  /** Random, single-use; the id of the poll's answer. */
  readonly id: string;
  /** Text of the button. */
  readonly label: Line;
  /** `undefined`: the answer is "no" and nothing is done but to end the question. */
  readonly does?: Prepared;
}

/** A question as it stands. */
export interface Question {
  readonly id: QuestionId;
  /** Who may answer; a vote of anybody else has no effect. */
  readonly asked: readonly UserId[];
  /** Where it stands: in the direct chat of each of those asked, or in a delivery's room. */
  readonly to: To;
  readonly lane: Lane;
  /** The bare line of the poll: it may ring and show on a lock screen. */
  readonly stub: Line;
  /** What is decided, in full; sent silently before the poll. */
  readonly details: Message;
  readonly options: readonly Option[];
  /** Typing works too where there are two answers: `yes CODE` taps the first, `no CODE` the second. Among more, "yes" would mean nothing. */
  readonly code: string;
  /** Digest of what is approved. */
  readonly digest?: string;
  readonly askedAt: Instant;
  readonly expires: Instant;
  /** What it is about, so that whatever settles the matter can withdraw it: "alert:A-7", "request:…", "delivery:CD-3:contact". */
  readonly about: string;
  readonly state: "open" | "answered" | "expired" | "withdrawn";
  readonly answer?: { readonly by: UserId; readonly option: string; readonly at: Instant };
}

/** What can happen to a question. */
export type QuestionEvent =
  | ({ readonly type: "question.asked"; readonly v: 1 } & Omit<Question, "state" | "answer">)
  | { readonly type: "question.answered"; readonly v: 1; readonly id: QuestionId; readonly by: UserId; readonly option: string; readonly at: Instant }
  | { readonly type: "question.expired"; readonly v: 1; readonly id: QuestionId; readonly at: Instant }
  | { readonly type: "question.withdrawn"; readonly v: 1; readonly id: QuestionId; readonly at: Instant }
  /** A vote of somebody not asked, a used or an expired answer: no effect, but on record. */
  | { readonly type: "question.vote-ignored"; readonly v: 1; readonly id: QuestionId; readonly by: UserId; readonly why: "not-asked" | "used" | "expired" | "withdrawn"; readonly at: Instant };

/** What a rule gives to have a question put; ids and code are drawn here. */
export interface Asking {
  readonly about: string;
  readonly asked: readonly UserId[];
  readonly to: To;
  readonly lane: Lane;
  readonly stub: Line;
  readonly details: Message;
  readonly options: readonly { readonly label: Line; readonly does?: Prepared }[];
  readonly digest?: string;
  readonly expires: Instant;
}

/** A question with its ids and its code drawn. */
export function ask(asking: Asking, ctx: { readonly now: Instant; readonly chance: Chance }): QuestionEvent {
  return {
    type: "question.asked", v: 1, id: ctx.chance.id() as QuestionId, code: ctx.chance.code(), askedAt: ctx.now, ...asking,
    options: asking.options.map((option) => ({ id: ctx.chance.id(), ...option })),
  };
}

/** Ends every open question about a matter that has been settled otherwise. */
export function withdraw(questions: ReadonlyMap<string, Question>, about: string, now: Instant): QuestionEvent[] {
  return [...questions.values()]
    .filter((question) => question.state === "open" && question.about === about)
    .map((question) => ({ type: "question.withdrawn", v: 1, id: question.id, at: now }));
}

/** Whether `yes CODE` and `no CODE` mean something: among more than two answers (which seal do you see?) they would be a guess. */
export function isYesOrNo(question: Pick<Question, "options">): boolean {
  return question.options.length === 2;
}

/** The option that a tap or `yes CODE` / `no CODE` means; undefined if it means none. */
export function optionOf(question: Question, answer: { readonly option: string } | { readonly word: "yes" | "no" }): Option | undefined {
  if ("option" in answer) return question.options.find((option) => option.id === answer.option);
  if (!isYesOrNo(question)) return undefined;
  return answer.word === "yes" ? question.options[0] : question.options[1];
}

/** One answer, in time, by somebody who was asked; all else is refused, and what came is on record with no effect. */
export function answer(question: Question, by: UserId, option: Option, now: Instant): { readonly decision: Decision; readonly counts: boolean } {
  const why = !question.asked.includes(by) ? "not-asked" as const
    : question.state === "answered" ? "used" as const
    : question.state === "withdrawn" ? "withdrawn" as const
    : question.state === "expired" || now >= question.expires ? "expired" as const
    : undefined;
  if (why === undefined) return { counts: true, decision: decided({ type: "question.answered", v: 1, id: question.id, by, option: option.id, at: now }) };
  return { counts: false, decision: decided({ type: "question.vote-ignored", v: 1, id: question.id, by, why, at: now }) };
}

/** What the person is told whose answer did not count; nobody who was not asked is told anything. */
export function whyIgnored(question: Question, why: "used" | "expired" | "withdrawn"): Decision {
  if (why === "used") return refuse("question.answered-already", {});
  if (why === "withdrawn") return refuse("question.withdrawn", {});
  return refuse("question.expired", { minutes: Math.max(1, Math.round((question.expires - question.askedAt) / 60_000)) });
}

/** Questions, in the chain of what they are about. */
export const questionEntity: Entity<"question", QuestionEvent> = {
  kind: "question",
  events: { "question.asked": [1], "question.answered": [1], "question.expired": [1], "question.withdrawn": [1], "question.vote-ignored": [1] },
  home: "decision",
  key: (event) => event.id,
  evolve(question, event) {
    if (event.type === "question.asked") {
      const { type: _type, v: _v, ...asked } = event;
      return { ...asked, state: "open" };
    }
    if (question === undefined) throw new Error(`${event.type} before question.asked`);
    switch (event.type) {
      case "question.answered": return { ...question, state: "answered", answer: { by: event.by, option: event.option, at: event.at } };
      // What an answer does may settle the matter for everybody: the question that was answered stays answered.
      case "question.expired": return question.state === "open" ? { ...question, state: "expired" } : question;
      case "question.withdrawn": return question.state === "open" ? { ...question, state: "withdrawn" } : question;
      case "question.vote-ignored": return question;
    }
  },
  effects(event, scope): Effect[] {
    const question = scope.state.question.get(event.id);
    if (question === undefined) return [];
    switch (event.type) {
      case "question.asked": return [{ effect: "ask", question: question.id, to: question.to, lane: question.lane }];
      case "question.answered": return [{ effect: "close", question: question.id }];
      case "question.expired": return question.state === "expired" ? [{ effect: "close", question: question.id }] : [];
      case "question.withdrawn": return question.state === "withdrawn" ? [{ effect: "close", question: question.id }] : [];
      case "question.vote-ignored": return [];
    }
  },
  nextWake: (question) => (question.state === "open" ? question.expires : undefined),
  tick: (question, ctx: TickContext) => decided({ type: "question.expired", v: 1, id: question.id, at: ctx.now }),
};
