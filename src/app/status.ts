/** The facts of `status`, gathered from memory for one person: of cases only those that they administer. */
import type { ChainId, Instant, UserId } from "../domain/ids.ts";
import { serverOf } from "../domain/ids.ts";
import type { CaseStatus, StatusFacts } from "../domain/status.ts";
import { members } from "../domain/state.ts";
import type { UndoneRoom } from "./rooms-undone.ts";
import type { LaneVitals, Vitals } from "./vitals.ts";
import { unsentIn } from "./vitals.ts";
import type { World } from "./world.ts";

/** What gathering needs. */
export interface StatusParts {
  readonly world: World;
  readonly vitals: Vitals;
  undone(chains: readonly ChainId[]): readonly UndoneRoom[];
  /** The bot itself. */
  readonly bot: UserId;
  /** When anybody of a homeserver was last heard. */
  lastHeardOf(server: string): Instant | undefined;
}

/** Most homeservers named for one case. */
const MOST_SERVERS = 8;

/** How the bot is, as this person may know it. */
export function statusFor(user: UserId, { world, vitals, undone, bot, lastHeardOf }: StatusParts): StatusFacts {
  const { now, started, synced, notReady, inboxWaiting, undecryptable, unsent, setAside, roomsUndone } = vitals;
  const administered = casesAdministered(world, user);
  const rooms = undone(administered);
  const all = oldest(Object.values(unsent));
  const urgent = oldest([unsent.stop, unsent.P1]);
  return {
    now, notReady, inboxWaiting, undecryptable, setAside,
    ...(started === undefined ? {} : { started }), ...(synced === undefined ? {} : { synced }),
    unsent: unsentIn(vitals), ...(all.oldest === undefined ? {} : { unsentSince: all.oldest }),
    urgent: urgent.count, ...(urgent.oldest === undefined ? {} : { urgentSince: urgent.oldest }),
    undoneElsewhere: Math.max(0, roomsUndone - rooms.length),
    cases: administered.flatMap((chain): CaseStatus[] => {
      const { state } = world.scope(chain);
      const found = state.case.get("case");
      if (found === undefined) return [];
      const deliveries = [...state.delivery.values()];
      const servers = new Set(members(world.scope(chain)).map((member) => serverOf(member.user)).filter((name) => name !== serverOf(bot)));
      return [{
        codename: found.codename, checkpoint: found.checkpointed, language: found.language,
        moving: deliveries.filter((delivery) => delivery.state === "moving").length,
        waiting: deliveries.filter((delivery) => delivery.state === "authorising").length,
        undone: rooms.filter((room) => room.at.chain === chain).flatMap((room) => room.name ?? []),
        servers: [...servers].toSorted().slice(0, MOST_SERVERS).map((name) => ({ name, ...optionalHeard(lastHeardOf(name)) })),
      }];
    }),
  };
}

function optionalHeard(heard: Instant | undefined): { readonly heard?: Instant } {
  return heard === undefined ? {} : { heard };
}

/** Cases of which somebody is an administrator. */
export function casesAdministered(world: World, user: UserId): ChainId[] {
  return world.casesOf(user).filter((chain) => world.member(chain, user)?.role === "administrator");
}

function oldest(lanes: readonly LaneVitals[]): LaneVitals {
  return lanes.reduce((sum, lane) => {
    const first = sum.oldest === undefined || (lane.oldest !== undefined && lane.oldest < sum.oldest) ? lane.oldest : sum.oldest;
    return { count: sum.count + lane.count, ...(first === undefined ? {} : { oldest: first }) };
  }, { count: 0 });
}
