/** Effects → what is to be sent: fixed in words at the moment it is decided, in the reader's language, addressed to a place. */
import { createHash } from "node:crypto";
import { pollEnd, pollStart } from "../chat/poll.ts";
import { noticeParts } from "../chat/parts.ts";
import type { Content, Reader } from "../chat/write.ts";
import { noticeContent, textContent, threaded } from "../chat/write.ts";
import { keptOut } from "../domain/access.ts";
import type { Ask, Effect, Lane, Say, To } from "../domain/effect.ts";
import type { ChainId, EventId, Instant, Slot, UserId } from "../domain/ids.ts";
import { COORDINATION, INSTALLATION, directSlot } from "../domain/ids.ts";
import type { Person } from "../domain/person.ts";
import type { Question } from "../domain/question.ts";
import { isYesOrNo } from "../domain/question.ts";
import { typedAnswers } from "../domain/request.ts";
import type { Line } from "../domain/say.ts";
import { line, message } from "../domain/say.ts";
import type { Scope } from "../domain/state.ts";
import { desiredRooms } from "../domain/workspace.ts";
import type { NewOutbox } from "../ports.ts";
import type { Body } from "./outbox.ts";
import { key } from "./outbox.ts";
import type { Placed } from "./world.ts";

/** Where a command was typed, so that its answer goes there. */
export interface Home {
  readonly at: Placed;
  /** In a workspace room answers stand in a thread of the command. */
  readonly thread?: EventId;
  readonly reader: Reader;
}

/** A line said at the end of every message of a turn; `stubs`: of those that wake a phone too. */
export interface Mark {
  readonly line: Line;
  readonly stubs: boolean;
}

/** What putting an effect into words needs: the state after the event, and where the command was typed. */
export interface Rendering {
  /** The chain of the event that the effect follows from: its key seals the message. */
  readonly chain: ChainId;
  readonly scope: Scope;
  readonly now: Instant;
  readonly prefix: string;
  readonly home?: Home;
  readonly mark?: Mark;
  boardWaits(at: Placed, isCard: boolean): boolean;
  /** Called for each person who should have been told and is kept out: nothing is made for them. */
  leftOut?(user: UserId): void;
  random(): string;
}

/** A row for the outbox; without an id it gets that of its effect. */
export type Rendered = Omit<NewOutbox, "id"> & { readonly id?: string };

/** A routine message that has not gone out after this is worth nothing any more, in milliseconds. */
const ROUTINE_LIFE = 3 * 86_400_000;

/** One effect as rows for the outbox: one for each place where it is to be read. */
export function render(effect: Effect, with_: Rendering): Rendered[] {
  switch (effect.effect) {
    case "say": return places(effect.to, with_).flatMap(({ at, reader, user }) => saying(effect, at, reader, user, with_));
    case "ask": return asking(effect, with_);
    case "close": return closing(effect.question, with_);
    case "board": {
      const at = { chain: with_.chain, slot: effect.slot };
      return [...(effect.card === true ? board(at, with_, true) : []), ...board(at, with_, false)];
    }
    case "rotate": return rotated(effect.slots, with_);
    case "checkpoint": {
      const at = { chain: with_.chain, slot: COORDINATION };
      return [row({ kind: "checkpoint", at, chain: with_.chain }, "routine", with_)];
    }
  }
}

/** One row for each room; it goes before all that waits to be said there. */
function rotated(slots: readonly Slot[] | "all", with_: Rendering): Rendered[] {
  const all = slots === "all" ? desiredRooms(with_.scope).filter((room) => room.kind === "room").map((room) => room.slot) : slots;
  return all.map((slot) => row({ kind: "rotate", at: { chain: with_.chain, slot } }, "stop", with_));
}

/** The row that has a board, or a card, posted or edited, unless one is waiting already. */
function board(at: Placed, with_: Rendering, isCard: boolean): Rendered[] {
  if (with_.boardWaits(at, isCard)) return [];
  return [{ ...row({ kind: "board", at, ...(isCard ? { of: "card" } : {}) }, "routine", with_), id: with_.random() }];
}

/** One message; a long one in parts, which are rows of their own and go in their order, or as a file. */
function saying(effect: Say, at: Placed, reader: Reader, user: UserId | undefined, with_: Rendering): Rendered[] {
  const { mark } = with_;
  const said = mark === undefined || (effect.wakes && !mark.stubs) ? effect.message : message(...effect.message.lines, mark.line);
  const thread = effect.to.to === "origin" ? with_.home?.thread : undefined;
  const inThread = (content: Content): Content => (thread === undefined ? content : threaded(content, thread));
  const type = "m.room.message";
  const whole = (body: Body): Rendered => ({
    ...row(body, effect.lane, with_),
    ...(effect.expires !== undefined ? { expires: effect.expires } : effect.lane === "routine" ? { expires: (with_.now + ROUTINE_LIFE) as Instant } : {}),
    ...(effect.supersedes === undefined ? {} : { supersedes: `${with_.chain}/${effect.supersedes}/${key(at)}` }),
  });
  const anyway = effect.anyway === true ? { anyway: true } : {};
  if (effect.wakes) return [whole({ kind: "event", at, type, content: inThread(textContent(said, reader, user === undefined ? effect.mentions : [user])) })];
  const long = noticeParts(said, reader);
  if (long.as === "file") return [whole({ kind: "file", at, type, content: inThread(long.content), text: long.text })];
  return long.contents.map((content) => whole({ kind: "event", at, type, content: inThread(content), ...anyway }));
}

function asking(effect: Ask, with_: Rendering): Rendered[] {
  const question = with_.scope.state.question.get(effect.question);
  if (question === undefined) return [];
  const asks = { chain: with_.chain, question: question.id };
  return places(effect.to, with_).flatMap(({ at, reader }) => {
    const typing: Line[] = isYesOrNo(question) ? [line("request.type-instead", typedAnswers(question.code))] : [];
    const details = message(...question.details.lines, with_.mark?.line, ...typing);
    const poll = pollStart(question, reader);
    return [
      ...(details.lines.length === 0 ? [] : [{ ...row({ kind: "event", at, type: "m.room.message", content: noticeContent(details, reader), asks }, effect.lane, with_), expires: question.expires }]),
      { ...row({ kind: "poll", at, type: poll.type, content: poll.content, asks }, effect.lane, with_), id: pollId(question, at), expires: question.expires },
    ];
  });
}

function closing(id: Question["id"], with_: Rendering): Rendered[] {
  const question = with_.scope.state.question.get(id);
  if (question === undefined) return [];
  const { leftOut: _nothingIsKeptFromThem, ...closes } = with_;
  return places(question.to, closes).map(({ at, reader }) => {
    const end = pollEnd(reader);
    return row({ kind: "close", at, poll: pollId(question, at), type: end.type, content: end.content }, "routine", with_);
  });
}

/** Known before the poll is sent, so that what ends the question can find it: a question's id is 128 random bits. */
function pollId(question: Question, at: Placed): string {
  return createHash("sha256").update(`relevo/poll/1\n${question.id}\n${key(at)}`).digest("hex");
}

function row(body: Body, lane: Lane, with_: Pick<Rendering, "chain" | "now">): Rendered {
  return { chain: with_.chain, lane, created: with_.now, body: JSON.stringify(body) };
}

interface Place {
  readonly at: Placed;
  readonly reader: Reader;
  readonly user?: UserId;
}

function places(to: To, with_: Rendering): Place[] {
  switch (to.to) {
    case "origin": return with_.home === undefined ? [] : [with_.home];
    case "people": return [...new Set(to.users)].flatMap((user) => {
      const person = with_.scope.people.get(user);
      if (keptOut(person) !== undefined) with_.leftOut?.(user);
      return person === undefined || keptOut(person) !== undefined ? [] : [{ at: { chain: INSTALLATION, slot: directSlot(user) }, reader: directReader(person, with_.now), user }];
    });
    case "room": return [{ at: { chain: with_.chain, slot: to.slot }, reader: roomReader(with_.scope, to.slot, with_.prefix, with_.now) }];
  }
}

/** A person in their direct chat: their own language and zone, no prefix. */
export function directReader(person: Person, now: Instant): Reader {
  return { language: person.language, zone: person.zone, prefix: "", now };
}
/** What is said to a whole room is in the case's working language, its times in the case's zone. */
export function roomReader(scope: Scope, slot: Slot, prefix: string, now: Instant): Reader {
  const found = scope.state.case.get("case");
  if (found === undefined) throw new Error("a room of no case");
  return { language: found.language, zone: found.zone, prefix: scope.state.delivery.has(slot) ? "" : prefix, now };
}
