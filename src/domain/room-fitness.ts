/** Whether what is routine may be said in a room now, or somebody listens there who must not. */
import type { UserId } from "./ids.ts";
import type { DesiredRoom, ObservedRoom } from "./workspace.ts";

/**
 * - `stranger`: somebody is in it who does not belong there. The bot gives them no key, but the apps of those who answer there may.
 * - `downgraded`: its state names another encryption than the one that counts, so who comes in now may write in clear.
 */
export type Unfit = "stranger" | "downgraded";

/** People who are in the room and do not belong there; a claim of the server, forged or real: either way nobody should write there. */
export function strangersIn(desired: DesiredRoom, seen: ObservedRoom, bot: UserId): readonly string[] {
  return Object.entries(seen.members).filter(([user, is]) => is === "join" && user !== bot && !desired.people.includes(user as UserId)).map(([user]) => user);
}

/** Why a room is not fit for what is routine; undefined if it is. */
export function unfitness(desired: DesiredRoom, seen: ObservedRoom, bot: UserId): Unfit | undefined {
  if (seen.downgraded === true) return "downgraded";
  return strangersIn(desired, seen, bot).length > 0 ? "stranger" : undefined;
}
