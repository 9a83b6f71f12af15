/**
 * Polls, by the unstable names of MSC3381 only: they are what today's clients read, and matrix-js-sdk 43 throws on the stable form. A poll is sent
 * encrypted like any event; a vote counts by the sender and device that its decryption proves, never by anything in it.
 */
import type { Question } from "../domain/question.ts";
import { sayIn, type Reader } from "./catalogue.ts";
import { line } from "../domain/say.ts";
import type { Content } from "./write.ts";
import { shorten } from "./clean.ts";

/** Types of the three events. */
export const POLL_START = "org.matrix.msc3381.poll.start";
export const POLL_RESPONSE = "org.matrix.msc3381.poll.response";
export const POLL_END = "org.matrix.msc3381.poll.end";
const TEXT = "org.matrix.msc1767.text";
/** Element shows at most 340 characters of a question and of an answer; longer ones are cut here, where it can be seen. */
const LONGEST = 340;
/** Answers have random ids of 26 characters; anything much longer is not one of ours. */
const LONGEST_ID = 64;

/** An event to be encrypted. */
export interface PollEvent {
  readonly type: string;
  readonly content: Content;
}

/** The poll of a question: its bare line and its buttons. With numbered lines as text for clients without polls. */
export function pollStart(question: Pick<Question, "stub" | "options">, reader: Reader): PollEvent {
  const text = shorten(sayIn(question.stub, reader), LONGEST);
  const answers = question.options.map((option) => ({ id: option.id, [TEXT]: shorten(sayIn(option.label, reader), LONGEST) }));
  const fallback = [text, ...answers.map((answer, index) => `${index + 1}. ${String(answer[TEXT])}`)].join("\n");
  return {
    type: POLL_START,
    content: {
      [TEXT]: fallback, "m.mentions": {},
      [POLL_START]: { kind: "org.matrix.msc3381.poll.disclosed", max_selections: 1, question: { [TEXT]: text }, answers },
    },
  };
}

/** Ends a poll; who sends it adds the relation to the poll, whose event id is known only then. */
export function pollEnd(reader: Reader): PollEvent {
  return { type: POLL_END, content: { [TEXT]: sayIn(line("chat.poll-ended", {}), reader), [POLL_END]: {} } };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The answer that a vote chooses, or undefined if the event is no vote of exactly one. Ids of answers are random and belong to one question, so
 * the relation to a poll is not needed to know which.
 */
export function pollAnswer(type: string, content: Readonly<Record<string, unknown>>): string | undefined {
  const response = type === POLL_RESPONSE ? content[POLL_RESPONSE] : undefined;
  if (!isRecord(response)) return undefined;
  const answers: unknown = response["answers"];
  if (!Array.isArray(answers) || answers.length !== 1) return undefined;
  const [answer]: unknown[] = answers;
  return typeof answer === "string" && answer.length > 0 && answer.length <= LONGEST_ID ? answer : undefined;
}
