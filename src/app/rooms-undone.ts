/** Which rooms of the cases are not as they should be, as sync shows them: what the reconciler still has to do, or cannot. */
import type { ChainId, RoomId, UserId } from "../domain/ids.ts";
import { SPACE } from "../domain/ids.ts";
import type { Line } from "../domain/say.ts";
import { desiredRooms, missingSteps } from "../domain/workspace.ts";
import type { Rooms } from "./rooms.ts";
import type { Placed, World } from "./world.ts";

/** A room that is not as it should be. */
export interface UndoneRoom {
  readonly at: Placed;
  /** The name it should have; for people who may be in it. */
  readonly name?: Line;
  /** `absent`: there is none, or the bot is not in it; else types of state, `invite`, `remove`. Never a person. */
  readonly missing: readonly string[];
}

/** What looking needs. */
export interface UndoneParts {
  readonly world: World;
  readonly rooms: Rooms;
  readonly bot: UserId;
  name(of: Line, chain: ChainId): string;
}

/** All of one case, or of all cases. */
export function undoneRooms({ world, rooms, bot, name }: UndoneParts, chains: readonly ChainId[] = world.cases): UndoneRoom[] {
  const via = bot.slice(bot.indexOf(":") + 1);
  return chains.flatMap((chain) => {
    const scope = world.scope(chain);
    if (scope.state.case.size === 0) return [];
    const bound: { readonly room: RoomId; readonly via: string }[] = [...scope.state.room.values()].filter((room) => room.slot !== SPACE).map(({ room }) => ({ room, via }));
    return desiredRooms(scope).flatMap((desired) => {
      const at: Placed = { chain, slot: desired.slot };
      const room = world.room(at);
      const seen = room === undefined ? undefined : rooms.get(room);
      const missing = seen === undefined ? ["absent"]
        : missingSteps(desired, desired.name && name(desired.name, chain), seen, bot, desired.kind === "space" ? bound : [])
          .map((step) => (step.step === "state" ? step.type : step.step));
      return missing.length === 0 ? [] : [{ at, missing: [...new Set(missing)], ...(desired.name === undefined ? {} : { name: desired.name }) }];
    });
  });
}
