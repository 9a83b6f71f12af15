/**
 * When a room of ours has been closed (a tombstone) or the bot is not in it any more: whether it goes on in the room that somebody made for that, or in
 * one of the bot's own. People go where a tombstone points, so what it points to is only followed if it was made by those who may decide that.
 */
import type { RoomId, UserId } from "./ids.ts";
import type { DesiredRoom, ObservedRoom } from "./workspace.ts";
import { mayKeep, outranking } from "./workspace.ts";

/** Why a room does not go on in the one that was made for it. */
export type WhyNot =
  /** The bot was put out of the room, or left by hand. */
  | "put-out"
  /** It was closed, and nothing said where it goes on. */
  | "no-successor"
  /** Who closed it, or made the other room, is neither the bot nor an administrator who belongs there. */
  | "not-theirs-to-make"
  /** The other room does not say that it goes on from this one. */
  | "not-its-successor"
  /** Nobody invited the bot there in time. */
  | "not-invited"
  /** Nobody gave the bot the power there that it needs. */
  | "no-power"
  /** Somebody stands above all others there for ever, and does not belong there (room version 12 on). */
  | "ruled-by-another";

/** What is to become of a closed room. */
export type Succession =
  | { readonly then: "adopt"; readonly room: RoomId }
  /** `invitation`: the bot is not in the other room; `power`: it may not change anything there. */
  | { readonly then: "wait"; readonly for: "invitation" | "power" }
  | { readonly then: "replace"; readonly why: WhyNot };

/** What is to become of a room that was closed; `successor` is the room that its tombstone names, if the bot is in it. */
export function succession(desired: DesiredRoom, room: ObservedRoom, successor: ObservedRoom | undefined, bot: UserId): Succession {
  const { closed } = room;
  if (closed?.successor === undefined) return { then: "replace", why: "no-successor" };
  const decide: readonly string[] = [bot, ...desired.administrators];
  if (!decide.includes(closed.by)) return { then: "replace", why: "not-theirs-to-make" };
  if (successor === undefined) return { then: "wait", for: "invitation" };
  if (successor.predecessor !== room.room) return { then: "replace", why: "not-its-successor" };
  if (successor.creator === undefined || !decide.includes(successor.creator) || !outranking(successor).every((user) => decide.includes(user))) {
    return { then: "replace", why: "not-theirs-to-make" };
  }
  return mayKeep(successor, bot) ? { then: "adopt", room: successor.room } : { then: "wait", for: "power" };
}

/** Whether somebody who does not belong there can never be taken out of the room. */
export function isRuledByAnother(desired: DesiredRoom, room: ObservedRoom, bot: UserId): boolean {
  return outranking(room).some((user) => user !== bot && !desired.people.includes(user as UserId));
}
