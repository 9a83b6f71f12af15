import type { UserId } from "../domain/ids.ts";
import type { RoomSpec } from "../ports.ts";
import { isObject } from "./shapes.ts";

/** Field of `m.room.create` that holds our mark. */
export const MARK = "eu.relevo.mark";

/** More people than this in one call are refused as a whole by Synapse (400, not 429). */
export const MOST_INVITED = 10;

/** Room versions in which the creator stands in the power levels like anybody else; from 12 on it must not (MSC4289). */
const CREATOR_IN_POWER_LEVELS = new Set(["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]);
const POWER_OF_CREATOR = 100;

/** The body of `createRoom`. Throws, as a bug, for a room that people would talk in without encryption, or too many invitations. */
export function creationBody(spec: RoomSpec, creator: UserId): Record<string, unknown> {
  if (!spec.space && !spec.state.some(({ type, stateKey }) => type === "m.room.encryption" && stateKey === "")) {
    throw new Error("a room is never made without encryption");
  }
  if (spec.invite.length > MOST_INVITED) throw new Error(`at most ${MOST_INVITED} people are invited with a new room`);
  return {
    room_version: spec.version,
    preset: "private_chat",
    visibility: "private",
    is_direct: spec.direct,
    invite: spec.invite,
    ...(spec.name === undefined ? {} : { name: spec.name }),
    creation_content: { [MARK]: spec.mark, ...(spec.space ? { type: "m.space" } : {}), ...(spec.replaces === undefined ? {} : { predecessor: { room_id: spec.replaces } }) },
    power_level_content_override: powerLevels(spec, creator),
    initial_state: spec.state.map(({ type, stateKey, content }) => ({ type, state_key: stateKey, content })),
  };
}

/** The levels asked for, with the creator in or out as the room version demands; the wrong one is a 400 either way. */
export function powerLevels({ version, power }: Pick<RoomSpec, "version" | "power">, creator: UserId): Record<string, unknown> {
  const users = isObject(power["users"]) ? power["users"] : {};
  const { [creator]: own, ...others } = users;
  if (!CREATOR_IN_POWER_LEVELS.has(version)) return { ...power, users: others };
  return { ...power, users: { ...others, [creator]: own ?? POWER_OF_CREATOR } };
}
