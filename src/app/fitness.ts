/** Which rooms are not fit for what is routine just now, and that people are told: once when it begins, once when it is over. */
import { tellPeople } from "../domain/effect.ts";
import type { Effect } from "../domain/effect.ts";
import type { Instant, UserId } from "../domain/ids.ts";
import { INSTALLATION, SPACE } from "../domain/ids.ts";
import type { Unfit } from "../domain/room-fitness.ts";
import { strangersIn, unfitness } from "../domain/room-fitness.ts";
import { leftAt } from "../domain/roster.ts";
import type { Line } from "../domain/say.ts";
import { line, list, message } from "../domain/say.ts";
import type { DesiredRoom, ObservedRoom } from "../domain/workspace.ts";
import { desiredRoom } from "../domain/workspace.ts";
import type { Clock, Gateway, Journal } from "../ports.ts";
import type { Alarms } from "./alarms.ts";
import type { Health } from "./health.ts";
import { key } from "./outbox.ts";
import { placeName } from "./room-news.ts";
import type { Rooms } from "./rooms.ts";
import type { Log } from "./system.ts";
import type { Turns } from "./turn.ts";
import type { Placed, World } from "./world.ts";
import type { Writer } from "./writer.ts";

const PREFIX = "unfit:";
/** Oftener than this in an hour a room is not said to be fit again: whoever comes and goes must not fill it with warnings. */
const WARNINGS_AN_HOUR = 3;
const HOUR = 3_600_000;
/** Whoever was removed from the case has left its rooms after this, or is a stranger there. Milliseconds. */
const WAY_OUT = 15_000;
/** Strangers named in one alarm. */
const MOST_NAMED = 5;

/** What it needs. */
export interface FitnessParts {
  readonly journal: Journal;
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly world: World;
  readonly rooms: Rooms;
  readonly writer: Writer;
  readonly turns: Turns;
  readonly alarms: Alarms;
  readonly health: Health;
  readonly log: Log;
  /** What was held back for a room may go there now. */
  fitAgain(at: Placed): void;
}

interface Found {
  readonly desired: DesiredRoom;
  readonly seen: ObservedRoom;
  readonly unfit: Unfit | undefined;
}

/** Watches the rooms of the cases. */
export class Fitness {
  readonly #parts: FitnessParts;
  /** What people have been told of a room, by place; durable. */
  readonly #told = new Map<string, Unfit>();
  readonly #warned = new Map<string, Instant[]>();
  readonly #busy = new Set<string>();
  readonly #timers = new Map<string, () => void>();
  #stopped = false;

  constructor(parts: FitnessParts) {
    this.#parts = parts;
  }
  async load(): Promise<void> {
    for (const [name, why] of await this.#parts.journal.values(PREFIX)) this.#told.set(name.slice(PREFIX.length), why as Unfit);
  }
  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#timers.values()) cancel();
  }
  /** Why what is routine is not said there now; until people have been told that it is over. */
  of(at: Placed): Unfit | undefined {
    return this.#now(at)?.unfit ?? this.#told.get(key(at));
  }
  lookAtAll(): void {
    for (const chain of this.#parts.world.cases) for (const { slot } of this.#parts.world.scope(chain).state.room.values()) this.look({ chain, slot });
  }
  /** Something about the room, or about who belongs there, may have changed. */
  look(at: Placed): void {
    const id = key(at);
    if (this.#stopped || at.chain === INSTALLATION || at.slot === SPACE || this.#busy.has(id)) return;
    const found = this.#now(at);
    const told = this.#told.get(id);
    if (found === undefined || found.unfit === told) return;
    if (found.unfit === undefined && this.#waits(at)) return;
    this.#busy.add(id);
    void this.#tell(at, found, told)
      .catch((fault: unknown) => void this.#parts.log.bug("fitness.failed", fault))
      .finally(() => {
        this.#busy.delete(id);
        if (this.#told.get(id) !== told) this.look(at);
      });
  }
  #now(at: Placed): Found | undefined {
    const { world, rooms, gateway } = this.#parts;
    if (at.chain === INSTALLATION || world.scope(at.chain).state.case.size === 0) return undefined;
    const room = world.room(at);
    const seen = room === undefined ? undefined : rooms.get(room);
    const desired = seen === undefined ? undefined : desiredRoom(world.scope(at.chain), at.slot);
    if (seen === undefined || desired === undefined) return undefined;
    const leaving = this.#leaving(at, seen);
    return { desired, seen, unfit: unfitness({ ...desired, people: [...desired.people, ...leaving] }, seen, gateway.user) };
  }
  /** People who have just been removed from the case, or are kept out of it, and are on their way out of the room: nobody has to be warned of them yet. */
  #leaving(at: Placed, seen: ObservedRoom): readonly UserId[] {
    const { world, clock } = this.#parts;
    const scope = world.scope(at.chain);
    const now = clock.now();
    const since = (user: UserId): number => {
      const person = world.people.get(user);
      return Math.max(leftAt(scope, user) ?? 0, person?.suspended?.since ?? 0, person?.cutOff?.since ?? 0);
    };
    const leaving = (Object.keys(seen.members) as UserId[]).filter((user) => seen.members[user] === "join" && now - since(user) < WAY_OUT);
    if (leaving.length > 0 && !this.#timers.has(key(at))) this.#later(at, (now + WAY_OUT) as Instant);
    return leaving;
  }
  #later(at: Placed, when: Instant): void {
    const id = key(at);
    this.#timers.get(id)?.();
    this.#timers.set(id, this.#parts.clock.wakeAt(when, () => {
      this.#timers.delete(id);
      this.look(at);
    }));
  }
  /** Whether it was unfit so often in this hour that it stays so until the hour is over. */
  #waits(at: Placed): boolean {
    const { clock } = this.#parts;
    const id = key(at);
    const recent = (this.#warned.get(id) ?? []).filter((each) => clock.now() - each < HOUR);
    const [first] = recent;
    if (first === undefined || recent.length < WARNINGS_AN_HOUR) return false;
    this.#later(at, (first + HOUR) as Instant);
    return true;
  }
  async #tell(at: Placed, { desired, seen, unfit }: Found, told: Unfit | undefined): Promise<void> {
    const { world, writer, turns, clock, gateway, alarms, health } = this.#parts;
    const id = key(at);
    const now = clock.now();
    const room = placeName(world.scope(at.chain), at);
    if (unfit !== undefined) health.count("rooms_unfit");
    await writer.do("P1", () => turns.commit({
      now, parts: [], trust: "none", values: { [`${PREFIX}${id}`]: unfit ?? null },
      notes: [{ chain: at.chain, what: unfit === undefined ? "room-fit" : "room-unfit", facts: { slot: at.slot, why: unfit ?? told ?? "" }, effects: this.#said(at, desired, unfit) }],
    }));
    if (unfit === undefined) this.#told.delete(id);
    else this.#told.set(id, unfit);
    if (unfit === undefined) return this.#parts.fitAgain(at);
    this.#warned.set(id, [...(this.#warned.get(id) ?? []).filter((each) => now - each < HOUR), now]);
    const who = strangersIn(desired, seen, gateway.user).slice(0, MOST_NAMED);
    alarms.give(at.chain, {
      what: "room-unfit-alarm", about: `${at.slot}/${unfit}/${who.join(" ")}`, facts: { slot: at.slot, why: unfit },
      lines: unfit === "stranger" ? [line("room.stranger-alarm", { room, who: list(who) }), line("room.stranger-cure", {})] : [line("room.downgraded-alarm", { room }), line("room.downgraded-cure", {})],
    });
  }
  /** A warning is said in the room itself, unless it is the encryption of the room that is in doubt. */
  #said(at: Placed, { people }: DesiredRoom, unfit: Unfit | undefined): readonly Effect[] {
    const say = (what: Line): Effect => ({
      effect: "say", to: { to: "room", slot: at.slot }, message: message(what), wakes: false, lane: "P1", supersedes: `fitness/${at.slot}`, anyway: true,
    });
    switch (unfit) {
      case "stranger": return [say(line("room.stranger", {}))];
      case "downgraded": return [tellPeople(people, message(line("room.downgraded", { room: placeName(this.#parts.world.scope(at.chain), at) })), "P1")];
      case undefined: return [say(line("room.fit-again", {}))];
    }
  }
}
