/**
 * Brings the rooms to what the state says they should be: one step a room at a time, the next only after the server has shown the last one.
 * Steps are computed from what is seen and are idempotent, so none is stored: after a crash the same difference gives the same step.
 */
import type { ChainId, EventId, Instant, RoomId, UserId } from "../domain/ids.ts";
import { INSTALLATION, SPACE, directSlot, directUser, serverOf } from "../domain/ids.ts";
import type { Line } from "../domain/say.ts";
import type { WhyNot } from "../domain/room-succession.ts";
import { isRuledByAnother, succession } from "../domain/room-succession.ts";
import { members } from "../domain/state.ts";
import type { Child, DesiredRoom, ObservedRoom, Step } from "../domain/workspace.ts";
import { MEGOLM, desiredRoom, directRoom, mayKeep, missingSteps, powerLevels, protectiveSteps, slotsOf, stateOf } from "../domain/workspace.ts";
import { MARK } from "../matrix/room-creation.ts";
import type { Clock, Gateway, RoomSpec } from "../ports.ts";
import type { Health } from "./health.ts";
import type { Log } from "./system.ts";
import { faultOf, key } from "./outbox.ts";
import type { Rooms } from "./rooms.ts";
import type { Placed, World } from "./world.ts";

/** Synapse's most invitations in one createRoom; more is a 400, not a 429. */
const MOST_INVITES = 10;
/** A step whose echo does not come is taken to have failed after this. */
const ECHO = 15_000;
/** What a sync shows in the second after it showed the room while a step was taken holds the echo. Milliseconds. */
const SOON = 1_000;
/** The same repair more often than this in an hour is not a repair: somebody or something undoes it. */
const REPAIRS_AN_HOUR = 3;
const HOUR = 3_600_000;
/** Longest time that a homeserver is taken to need for a room it was asked to make, and how often it is looked for meanwhile. Milliseconds. */
const MAKING = 60_000;
const LOOK_AGAIN = 2_000;
/** How long such a step keeps the next waiting, if not for its echo: a room that is taken over has been seen already, one that was made may have been. */
const WAITS: Readonly<Record<string, number>> = { wait: LOOK_AGAIN, create: LOOK_AGAIN, adopt: 0 };
/** How long a closed room waits until the bot can go on in the one that was made for it; then it opens one of its own. Milliseconds. */
export const SUCCESSOR_WAIT = 120_000;
/** Whoever upgrades a room invites people next: before the administrators are asked to, they have this time. Milliseconds. */
const UNASKED = 10_000;
const ROOM_VERSION = "12";

/** A room that has taken the place of another. `by`: who closed the other. */
export interface Replaced {
  readonly why: WhyNot | "adopted";
  readonly by?: UserId;
}

/** What reconciling needs. */
export interface ReconcilerParts {
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly world: World;
  readonly rooms: Rooms;
  readonly log: Log;
  /** Our mark for a room: an HMAC over its place and the room it replaces, under a key that never leaves the data folder. */
  mark(at: Placed, replaces: RoomId | undefined): string;
  /** When the making of a room for this place was begun, if it has not been heard of since; durable. */
  intended(at: Placed): Promise<Instant | undefined>;
  intend(at: Placed, since: Instant | null): Promise<void>;
  name(of: Line, chain: ChainId): string;
  /** Records that a slot has this room now; durable when it resolves. With `replaced`, people are told. */
  bind(at: Placed, room: RoomId, replaced?: Replaced): Promise<void>;
  /** Somebody has closed a room, and the bot cannot go on in the other one yet: the administrators can help. */
  closed(at: Placed, by: UserId, needs: "invitation" | "power"): void;
  /** The events that are pinned in this room: its card, if it has one, and its board. */
  pinned(at: Placed, room: RoomId): Promise<readonly EventId[]>;
  /** The same repair again and again: the administrators must look. `repair` names it exactly, with the person whom it is about; `step` is its kind. */
  alarm(at: Placed, repair: string, step: string): void;
  readonly health: Health;
  fatal(fault: unknown): void;
}

interface Underway {
  readonly step: string;
  readonly until: Instant;
}

/** Looks at rooms whenever something about them may have changed, and takes the next step. */
export class Reconciler {
  readonly #parts: ReconcilerParts;
  readonly #busy = new Map<string, Underway | "working">();
  readonly #repairs = new Map<string, Instant[]>();
  /** The step that was counted last, by place. */
  readonly #counted = new Map<string, string>();
  /** When it was last reported that a repair is undone again and again. */
  readonly #reported = new Map<string, Instant>();
  readonly #dirty = new Set<string>();
  /** Rooms that a sync has shown while a step was being taken there. */
  readonly #shown = new Set<string>();
  readonly #places = new Map<string, Placed>();
  /** Since when a closed room has been waiting. */
  readonly #closed = new Map<string, Instant>();
  #found: Promise<readonly { readonly room: RoomId; readonly mark: string }[]> | undefined;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }
  /** Looks at every room of every case and every direct chat. */
  lookAtAll(): void {
    for (const chain of this.#parts.world.cases) this.lookAtCase(chain);
    for (const user of this.#parts.world.people.keys()) this.look({ chain: INSTALLATION, slot: directSlot(user) });
  }
  lookAtCase(chain: ChainId): void {
    const scope = this.#parts.world.scope(chain);
    if (scope.state.case.size === 0) return;
    for (const slot of slotsOf(scope)) this.look({ chain, slot });
    for (const member of members(scope)) this.look({ chain: INSTALLATION, slot: directSlot(member.user) });
  }
  /** Looks at one room; its echo has come, or something needs it. */
  look(at: Placed): void {
    this.#places.set(key(at), at);
    this.#dirty.add(key(at));
    this.#run();
  }
  /** A sync showed this room: the outstanding step, if any, has had its echo. */
  seen(at: Placed): void {
    if (this.#busy.get(key(at)) === "working") this.#shown.add(key(at));
    else this.#busy.delete(key(at));
    this.look(at);
  }
  #run(): void {
    if (this.#stopped) return;
    const now = this.#parts.clock.now();
    let soonest = Number.POSITIVE_INFINITY;
    for (const id of [...this.#dirty]) {
      const busy = this.#busy.get(id);
      if (busy === "working") continue;
      if (busy !== undefined && busy.until > now) {
        soonest = Math.min(soonest, busy.until);
        continue;
      }
      const at = this.#places.get(id);
      this.#dirty.delete(id);
      if (at === undefined) continue;
      this.#busy.set(id, "working");
      void this.#work(at, id);
    }
    this.#cancel?.();
    this.#cancel = soonest === Number.POSITIVE_INFINITY ? undefined : this.#parts.clock.wakeAt(soonest as Instant, () => this.#run());
  }
  async #work(at: Placed, id: string): Promise<void> {
    let wait: Underway | undefined;
    this.#counted.delete(id);
    this.#shown.delete(id);
    try {
      const step = await this.#next(at);
      // The sync is often sooner than the answer to the step itself; whether what it showed was the echo is not known.
      const echo = this.#shown.has(id) ? SOON : ECHO;
      wait = step === undefined ? undefined : { step, until: (this.#parts.clock.now() + (WAITS[step] ?? echo)) as Instant };
    } catch (fault) {
      const gateway = faultOf(fault);
      if (gateway?.kind === "rate-limited") this.#parts.health.count("rate_limited");
      if (gateway?.kind === "token") this.#parts.fatal(fault);
      if (gateway === undefined) this.#parts.log.bug("rooms.step-failed", fault);
      else this.#parts.log.warn("rooms.step-failed", { why: gateway.kind, status: gateway.status ?? 0 });
      if (gateway?.kind === "rate-limited" || gateway?.kind === "unreachable") this.#notCounted(at);
      this.#found = undefined;
      wait = { step: "fault", until: (this.#parts.clock.now() + Math.max(2_000, gateway?.wait ?? 0)) as Instant };
    }
    if (wait === undefined) this.#busy.delete(id);
    else {
      this.#busy.set(id, wait);
      this.#dirty.add(id);
    }
    this.#run();
  }
  /** Takes one step; returns its name, or undefined when the room is as it should be. */
  async #next(at: Placed): Promise<string | undefined> {
    const desired = this.#desired(at);
    if (desired === undefined) return undefined;
    const room = this.#parts.world.room(at);
    const seen = room === undefined ? undefined : this.#parts.rooms.get(room);
    if (room === undefined) return this.#make(at, desired);
    if (desired.kind === "direct") return this.#direct(at, desired, room, seen);
    if (seen === undefined || seen.closed !== undefined || isRuledByAnother(desired, seen, this.#parts.gateway.user)) return this.#goOn(at, desired, room, seen);
    const name = desired.name && this.#parts.name(desired.name, at.chain);
    const steps = missingSteps(desired, name, seen, this.#parts.gateway.user, desired.kind === "space" ? this.#children(at.chain) : []);
    if (steps.length > 0 && !mayKeep(seen, this.#parts.gateway.user) && Object.keys(seen.power).length > 0) return this.#powerless(at);
    let undone = false;
    for (const step of steps) {
      const id = nameOf(step);
      if (this.#tooOften(at, id)) {
        this.#report(at, id, step.step === "state" ? step.type : step.step);
        undone = true;
        continue;
      }
      await this.#take(room, step);
      this.#parts.health.count("room_steps");
      return id;
    }
    return (await this.#pin(at, room, seen)) ?? (await this.#leadOver(at, room)) ?? (undone ? "too often" : undefined);
  }
  /** Whether a room that others have made, or that was made only in part, is not yet as it must be before what is routine is said there. */
  isPreparing(at: Placed): boolean {
    const room = this.#parts.world.room(at);
    const seen = room === undefined ? undefined : this.#parts.rooms.get(room);
    const desired = at.chain === INSTALLATION ? undefined : this.#desired(at);
    if (seen === undefined || desired === undefined) return false;
    const bot = this.#parts.gateway.user;
    const isWhole = seen.joinRule !== undefined && seen.history !== undefined && Object.keys(seen.power).length > 0;
    if (seen.creator === bot && isWhole) return false;
    // What somebody undoes again and again, or what the bot may not change, keeps nothing back for ever: keys go to the roster alone.
    return mayKeep(seen, bot) && protectiveSteps(desired, seen, bot).some((step) => this.#recent(at, nameOf(step)).length < REPAIRS_AN_HOUR);
  }
  #powerless(at: Placed): undefined {
    this.#report(at, "power", "power");
  }
  /**
   * The room was closed, the bot is not in it any more, or somebody rules it who does not belong there: it goes on in the room that was made for that,
   * or in one of the bot's own. What waits to be said goes there.
   */
  async #goOn(at: Placed, desired: DesiredRoom, room: RoomId, seen: ObservedRoom | undefined): Promise<string | undefined> {
    const { world, rooms, clock, gateway, health } = this.#parts;
    if (seen === undefined) {
      const since = world.scope(at.chain).state.room.get(at.slot)?.since ?? 0;
      // It may have been made just now, and the sync that shows it is on its way.
      if (!rooms.hasLeft(room) && (health.when("synced") ?? 0) - since <= MAKING) return "wait";
      return this.#make(at, desired, { why: "put-out" });
    }
    const { closed } = seen;
    if (closed === undefined) return this.#make(at, desired, { why: "ruled-by-another" });
    const other = closed.successor === undefined || closed.successor === room || world.placed(closed.successor) !== undefined ? undefined : rooms.get(closed.successor);
    const found = succession(desired, seen, other, gateway.user);
    if (found.then === "wait") {
      const since = this.#closed.get(key(at)) ?? clock.now();
      this.#closed.set(key(at), since);
      if (clock.now() - since >= UNASKED) this.#parts.closed(at, closed.by, found.for);
      if (clock.now() - since < SUCCESSOR_WAIT) return "wait";
    }
    this.#closed.delete(key(at));
    if (found.then === "adopt") {
      await this.#parts.bind(at, found.room, { why: "adopted", by: closed.by });
      return "adopt";
    }
    const why = found.then === "replace" ? found.why : found.for === "power" ? "no-power" : "not-invited";
    return this.#make(at, desired, { why, by: closed.by });
  }
  /** The room that stood there before points to this one, so that people's apps lead them over; the bot stays while people are there, for a stop. */
  async #leadOver(at: Placed, room: RoomId): Promise<string | undefined> {
    const { world, rooms, gateway } = this.#parts;
    const [old] = world.scope(at.chain).state.room.get(at.slot)?.before ?? [];
    const seen = old === undefined ? undefined : rooms.get(old);
    if (old === undefined || seen === undefined) return undefined;
    const isEmpty = !Object.entries(seen.members).some(([user, is]) => is === "join" && world.people.has(user as UserId));
    if (isEmpty && !this.#tooOften(at, `leave ${old}`)) {
      await gateway.leave(old);
      return `leave ${old}`;
    }
    if (seen.closed?.successor === room || !mayKeep(seen, gateway.user) || this.#tooOften(at, `close ${old}`)) return undefined;
    await gateway.setState(old, "m.room.tombstone", "", { body: "This room goes on in another one.", replacement_room: room });
    return `close ${old}`;
  }
  /** The board's place is the pinned message: the last one, so that a phone shows it; of a delivery the card is pinned before it. */
  async #pin(at: Placed, room: RoomId, seen: ObservedRoom): Promise<string | undefined> {
    const pinned = await this.#parts.pinned(at, room);
    if (pinned.length === 0 || JSON.stringify(seen.pinned) === JSON.stringify(pinned)) return undefined;
    if (this.#tooOften(at, `pin ${pinned.join(" ")}`)) return undefined;
    await this.#parts.gateway.setState(room, "m.room.pinned_events", "", { pinned });
    return "pin";
  }
  /** A direct chat is not ours to repair when the person made it: if it cannot be used, a new one is made. */
  async #direct(at: Placed, desired: DesiredRoom, room: RoomId, seen: ObservedRoom | undefined): Promise<string | undefined> {
    const user = desired.people[0];
    if (user === undefined) return undefined;
    if (seen === undefined) return this.#make(at, desired);
    const membership = seen.members[user];
    const others = Object.entries(seen.members).filter(([each, is]) => each !== user && each !== this.#parts.gateway.user && (is === "join" || is === "invite"));
    const isBroken = seen.encryption === undefined || seen.downgraded === true || seen.closed !== undefined;
    if (isBroken || others.length > 0 || membership === "ban") return this.#make(at, desired);
    if (membership !== "join" && membership !== "invite") {
      if (seen.creator !== this.#parts.gateway.user || this.#tooOften(at, "invite")) return this.#make(at, desired);
      await this.#parts.gateway.invite(room, user);
      return "invite";
    }
    return undefined;
  }
  async #take(room: RoomId, step: Step): Promise<void> {
    const { gateway } = this.#parts;
    switch (step.step) {
      case "state": await gateway.setState(room, step.type, step.stateKey, step.content); return;
      case "invite": await gateway.invite(room, step.user); return;
      case "remove": await gateway.remove(room, step.user); return;
    }
  }
  /** Adopts a room made just before a crash, known by its mark and maker; else makes one. */
  async #make(at: Placed, desired: DesiredRoom, replaced?: Replaced): Promise<string> {
    const { gateway, world, clock } = this.#parts;
    const before = world.room(at);
    const mark = this.#parts.mark(at, before);
    this.#found ??= gateway.joinedRooms().then((rooms) => rooms.flatMap(({ room, create }) => {
      const found = create.content[MARK];
      return create.sender === gateway.user && typeof found === "string" ? [{ room, mark: found }] : [];
    }));
    const found = await this.#found;
    // A sync may have shown the room meanwhile, and it was bound then: nothing is missing any more.
    if (world.room(at) !== before) return "bound";
    const made = found.find((each) => each.mark === mark && world.placed(each.room) === undefined && each.room !== before);
    if (made !== undefined) {
      await this.#parts.bind(at, made.room, replaced);
      await this.#parts.intend(at, null);
      return "adopt";
    }
    // A server may still be making what was asked of it before a crash or a time-out: it is looked for again before another is asked for.
    const since = await this.#parts.intended(at);
    if (since !== undefined && clock.now() - since < MAKING) {
      this.#found = undefined;
      return "wait";
    }
    if (this.#tooOften(at, "create")) {
      this.#report(at, "create", "create");
      return "too often";
    }
    const state = [...stateOf(desired)];
    const space = desired.kind === "room" ? world.room({ chain: at.chain, slot: SPACE }) : undefined;
    if (space !== undefined) state.push({ type: "m.space.parent", stateKey: space, content: { via: [serverOf(gateway.user)], canonical: true } });
    const spec: RoomSpec = {
      version: ROOM_VERSION, space: desired.kind === "space", mark, direct: desired.kind === "direct", state,
      invite: desired.people.slice(0, MOST_INVITES), power: powerLevels(desired, gateway.user, { version: ROOM_VERSION, creator: gateway.user }),
      ...(before === undefined || at.chain === INSTALLATION ? {} : { replaces: before }),
      ...(desired.name === undefined ? {} : { name: this.#parts.name(desired.name, at.chain) }),
    };
    // Forgotten before the call: whatever becomes of it, the next attempt looks for the mark first.
    this.#found = undefined;
    await this.#parts.intend(at, clock.now());
    let room: RoomId;
    try {
      room = await gateway.createRoom(spec);
    } catch (fault) {
      const kind = faultOf(fault)?.kind;
      // Refused is not made; of all else nothing is known.
      if (kind === "rate-limited" || kind === "refused") await this.#parts.intend(at, null);
      throw fault;
    }
    await this.#parts.bind(at, room, replaced);
    await this.#parts.intend(at, null);
    return "create";
  }
  #desired(at: Placed): DesiredRoom | undefined {
    if (at.chain === INSTALLATION) {
      const user = directUser(at.slot);
      return this.#parts.world.people.has(user) ? directRoom(user) : undefined;
    }
    return desiredRoom(this.#parts.world.scope(at.chain), at.slot);
  }
  #children(chain: ChainId): Child[] {
    const via = serverOf(this.#parts.gateway.user);
    return [...this.#parts.world.scope(chain).state.room.values()].filter((room) => room.slot !== SPACE).map((room) => ({ room: room.room, via }));
  }
  #recent(at: Placed, step: string): Instant[] {
    const now = this.#parts.clock.now();
    return (this.#repairs.get(`${key(at)} ${step}`) ?? []).filter((each) => now - each < HOUR);
  }
  #tooOften(at: Placed, step: string): boolean {
    const now = this.#parts.clock.now();
    const id = `${key(at)} ${step}`;
    const recent = this.#recent(at, step);
    // What is not done does not count: after an hour it is tried again.
    if (recent.length < REPAIRS_AN_HOUR) {
      this.#repairs.set(id, [...recent, now]);
      this.#counted.set(key(at), id);
    }
    return recent.length >= REPAIRS_AN_HOUR;
  }
  /** What the server was too busy for, or did not get, was no repair that somebody undid: it must not be put off for an hour. */
  #notCounted(at: Placed): void {
    const id = this.#counted.get(key(at));
    if (id !== undefined) this.#repairs.set(id, (this.#repairs.get(id) ?? []).slice(0, -1));
    this.#counted.delete(key(at));
  }
  /** Once in an hour: every message in the room has it looked at again, and a stranger who talks must not ring everybody's phone each time. */
  #report(at: Placed, repair: string, step: string): void {
    const now = this.#parts.clock.now();
    const id = `${key(at)} ${repair}`;
    const last = this.#reported.get(id);
    if (last !== undefined && now - last < HOUR) return;
    this.#reported.set(id, now);
    this.#parts.health.count("room_repairs_undone");
    this.#parts.alarm(at, repair, step);
  }
}

/** Whether a room can serve as somebody's direct chat: encrypted, and nobody there but the two. */
export function usableDirect(seen: ObservedRoom, user: UserId, bot: UserId): boolean {
  const there = Object.entries(seen.members).filter(([, is]) => is === "join" || is === "invite").map(([each]) => each);
  return seen.encryption === MEGOLM && seen.downgraded !== true && seen.closed === undefined && seen.members[user] === "join" && there.every((each) => each === user || each === bot);
}

function nameOf(step: Step): string {
  return step.step === "state" ? `state ${step.type} ${step.stateKey}` : `${step.step} ${step.user}`;
}
