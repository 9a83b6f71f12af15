/** Tells people in charge that something is wrong which no rule of a case knows of: a room undone, a gap, a stranger, an identity that changed. */
import type { ChainId, Instant, UserId } from "../domain/ids.ts";
import { administrators } from "../domain/state.ts";
import { INSTALLATION } from "../domain/ids.ts";
import type { Line } from "../domain/say.ts";
import { message } from "../domain/say.ts";
import type { Clock } from "../ports.ts";
import type { Health } from "./health.ts";
import type { Log } from "./system.ts";
import type { Turns } from "./turn.ts";
import type { World } from "./world.ts";
import type { Writer } from "./writer.ts";

/** The same alarm about the same thing is given once in this time, in milliseconds. */
const ALARM_EVERY = 3_600_000;
/** Alarms remembered; beyond that all are forgotten, which repeats a few. */
const MOST_REMEMBERED = 10_000;

/** What alarms need. */
export interface AlarmParts {
  readonly writer: Writer;
  readonly turns: Turns;
  readonly world: World;
  readonly clock: Clock;
  readonly health: Health;
  readonly log: Log;
  readonly owners: readonly UserId[];
}
/** One alarm. */
export interface Alarm {
  /** Code under which it is on record; no content of a case. */
  readonly what: string;
  /** What it is about, so that the same is not said again within the hour: a slot, a person, a step. */
  readonly about: string;
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
  readonly lines: readonly Line[];
  /** Rings; for what a person must act on at once. */
  readonly wakes?: boolean;
}

/** Gives alarms to the people in charge of a case, or of the installation. */
export class Alarms {
  readonly #parts: AlarmParts;
  readonly #given = new Map<string, Instant>();

  constructor(parts: AlarmParts) {
    this.#parts = parts;
  }
  /** To the administrators of a case, each alone; for the installation, to its owners. Never waits and never throws: who calls has other work. */
  give(chain: ChainId, alarm: Alarm): void {
    const { clock, world, owners } = this.#parts;
    const now = clock.now();
    const id = `${chain}\n${alarm.what}\n${alarm.about}`;
    const last = this.#given.get(id);
    if (last !== undefined && now - last < ALARM_EVERY) return;
    if (this.#given.size >= MOST_REMEMBERED) this.#given.clear();
    this.#given.set(id, now);
    const users = chain === INSTALLATION ? owners : administrators(world.scope(chain)).map((member) => member.user);
    this.#tell(chain, alarm, users, now);
  }
  #tell(chain: ChainId, { what, about, facts = {}, lines, wakes = false }: Alarm, users: readonly UserId[], now: Instant): void {
    const { writer, turns, health, log } = this.#parts;
    health.count("alarms");
    void writer.do("live", () => turns.commit({
      now, parts: [], trust: "none",
      notes: [{
        chain, what, facts,
        effects: [{
          effect: "say", to: { to: "people", users }, message: message(...lines), wakes, lane: "live", supersedes: `${what}/${about}`,
          ...(wakes ? { mentions: users } : {}),
        }],
      }],
    })).catch((fault: unknown) => void log.bug("alarms.failed", fault));
  }
}
