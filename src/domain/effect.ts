/** What follows from an event outside the core: codes, facts and who may know them. Rendering and sending are somebody else's. */
import type { Instant, QuestionId, Slot, UserId } from "./ids.ts";
import type { Message } from "./say.ts";

/**
 * Who may know.
 * - `origin`: where the command was typed (its room, or the author's direct chat).
 * - `room`: the roster of that room of the case at the moment of sending.
 * - `people`: each in their own direct chat, never a subset of a room.
 */
export type To =
  | { readonly to: "origin" }
  | { readonly to: "room"; readonly slot: Slot }
  | { readonly to: "people"; readonly users: readonly UserId[] };

/** Order of sending: a week's reminders never go before a stop. */
export type Lane = "stop" | "P1" | "live" | "routine";
export const LANES: readonly Lane[] = ["stop", "P1", "live", "routine"];

/** A message. */
export interface Say {
  readonly effect: "say";
  readonly to: To;
  readonly message: Message;
  /** `true` only for stubs (alert, stop, contact question, binding question, reminder due): a bare m.text that mentions those in `mentions`. */
  readonly wakes: boolean;
  readonly mentions?: readonly UserId[];
  readonly lane: Lane;
  /** After this moment it is dropped instead of sent. */
  readonly expires?: Instant;
  /** A newer one with the same key makes an unsent older one worthless (reminders of one task). */
  readonly supersedes?: string;
  /** Said in the room even while what is routine is not: the warning itself. */
  readonly anyway?: boolean;
}
/** Puts a question: details as a notice, then the poll with its bare question, to each of those asked (or once to a room). */
export interface Ask {
  readonly effect: "ask";
  readonly question: QuestionId;
  readonly to: To;
  readonly lane: Lane;
}
/** Ends the poll of a question that is answered, expired or withdrawn. */
export interface CloseQuestion {
  readonly effect: "close";
  readonly question: QuestionId;
}
/** The board of a room no longer shows the state; a burst of changes is one edit. */
export interface DirtyBoard {
  readonly effect: "board";
  readonly slot: Slot;
  /** So does the card of a delivery that says whom to call when the bot is silent. */
  readonly card?: true;
}
/** Posts a signed checkpoint of the case's chain in its coordination room. */
export interface PostCheckpoint {
  readonly effect: "checkpoint";
}
/** The next message in each of these rooms of the case is encrypted with a new key; `all`: in every one. Before anything else that is said there. */
export interface RotateKeys {
  readonly effect: "rotate";
  readonly slots: readonly Slot[] | "all";
}
/** What follows from an event. */
export type Effect = Say | Ask | CloseQuestion | DirtyBoard | PostCheckpoint | RotateKeys;

/** An answer, silent, where the command was typed. */
export function reply(message: Message): Say {
  return { effect: "say", to: { to: "origin" }, message, wakes: false, lane: "live" };
}
/** A silent message to a room of the case. */
export function tellRoom(slot: Slot, message: Message, lane: Lane = "live"): Say {
  return { effect: "say", to: { to: "room", slot }, message, wakes: false, lane };
}
/** A silent message to each of these people in their direct chat. */
export function tellPeople(users: readonly UserId[], message: Message, lane: Lane = "live"): Say {
  return { effect: "say", to: { to: "people", users }, message, wakes: false, lane };
}
/** The bare line that wakes a phone. */
export function wake(to: To, mentions: readonly UserId[], message: Message, lane: Lane): Say {
  return { effect: "say", to, message, wakes: true, mentions, lane };
}
