/**
 * What sync shows of the rooms: a claim of the server, kept durably because an incremental sync does not repeat it. Good enough to repair rooms
 * and to hold back a message; who gets a key never rests on it.
 */
import type { RoomId, UserId } from "../domain/ids.ts";
import type { Membership, ObservedRoom } from "../domain/workspace.ts";
import { MEGOLM } from "../domain/workspace.ts";
import { MARK } from "../matrix/room-creation.ts";
import type { StateEvent, SyncedRoom } from "../ports.ts";

/** Most people and children kept of one room; what lies beyond is not a room of ours. */
const MOST = 2_000;
/** Most entries read of a list in one state event. */
const MOST_LISTED = 100;
const MEMBERSHIPS: ReadonlySet<unknown> = new Set<Membership>(["join", "invite", "knock", "leave", "ban"]);

/** A room of which nothing has been seen yet: not encrypted, nobody in it. */
export function blankRoom(room: RoomId): ObservedRoom {
  return { room, version: "1", power: {}, members: {}, children: [], pinned: [] };
}

/** The room after one more state event; what has another shape than the specification's changes nothing. */
export function observe(seen: ObservedRoom, event: StateEvent): ObservedRoom {
  const { content } = event;
  const text = (value: unknown): string | undefined => (typeof value === "string" && value.length <= 1_024 ? value : undefined);
  const field = <K extends keyof ObservedRoom>(key: K, value: ObservedRoom[K] | undefined): ObservedRoom => {
    const { [key]: _before, ...rest } = seen;
    return (value === undefined ? rest : { ...rest, [key]: value }) as ObservedRoom;
  };
  switch (event.type) {
    case "m.room.create": {
      const mark = text(content[MARK]);
      const predecessor = text(record(content["predecessor"])["room_id"]);
      const also = texts(content["additional_creators"]);
      return {
        ...seen, creator: event.sender, version: text(content["room_version"]) ?? "1", ...(mark === undefined ? {} : { mark }),
        ...(predecessor === undefined ? {} : { predecessor }), ...(also.length === 0 ? {} : { alsoCreators: also }),
      };
    }
    case "m.room.encryption": {
      const algorithm = text(content["algorithm"]);
      if (seen.encryption !== MEGOLM) return field("encryption", algorithm);
      // Once encrypted, always encrypted: a later event without an algorithm, or with another, cannot take it back. It is remembered that it tried.
      return field("downgraded", algorithm === MEGOLM ? undefined : true);
    }
    case "m.room.tombstone": {
      const successor = text(content["replacement_room"]);
      return { ...seen, closed: { by: event.sender, ...(successor === undefined || !successor.startsWith("!") ? {} : { successor: successor as RoomId }) } };
    }
    // Without `allow` nobody is let in (Matrix specification, m.room.server_acl).
    case "m.room.server_acl": {
      const isOpen = texts(content["allow"]).includes("*") && texts(content["deny"]).length === 0 && content["allow_ip_literals"] !== false;
      return field("serversBarred", isOpen ? undefined : true);
    }
    case "m.room.name": return field("name", text(content["name"]));
    case "m.room.join_rules": return field("joinRule", text(content["join_rule"]));
    case "m.room.history_visibility": return field("history", text(content["history_visibility"]));
    case "m.room.guest_access": return field("guestAccess", text(content["guest_access"]));
    case "m.room.power_levels": return { ...seen, power: content };
    case "m.room.pinned_events": return { ...seen, pinned: texts(content["pinned"]) };
    case "m.room.member": {
      const membership = content["membership"];
      if (!MEMBERSHIPS.has(membership) || Object.keys(seen.members).length >= MOST) return seen;
      return { ...seen, members: { ...seen.members, [event.stateKey]: membership as Membership } };
    }
    case "m.space.child": {
      const others = seen.children.filter((child) => child !== event.stateKey);
      return { ...seen, children: Array.isArray(content["via"]) && others.length < MOST ? [...others, event.stateKey] : others };
    }
    default: return seen;
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string").slice(0, MOST_LISTED) : [];
}

/** State that a timeline event carries, if it is one. */
export function stateOfTimeline(event: SyncedRoom["timeline"][number]): StateEvent | undefined {
  const content = event.wire["content"];
  if (event.stateKey === undefined || typeof content !== "object" || content === null) return undefined;
  return { type: event.type, stateKey: event.stateKey, sender: event.sender, content: content as Record<string, unknown> };
}

/** A room by all of its state as the server has resolved it; undefined if that is not the state of a room. What has once been encrypted stays so. */
export function roomFrom(seen: ObservedRoom, state: readonly StateEvent[]): ObservedRoom | undefined {
  if (!state.some((event) => event.type === "m.room.create")) return undefined;
  return state.reduce(observe, { ...blankRoom(seen.room), ...(seen.encryption === undefined ? {} : { encryption: seen.encryption }) });
}

/** The rooms as they were last seen, kept in the journal's file. */
export class Rooms {
  readonly #seen = new Map<RoomId, ObservedRoom>();
  /** Rooms that the bot was in and is not any more, as far as this process has seen. */
  readonly #left = new Set<RoomId>();

  load(saved: ReadonlyMap<string, string>): void {
    for (const text of saved.values()) {
      const room = JSON.parse(text) as ObservedRoom;
      this.#seen.set(room.room, room);
    }
  }
  all(): Iterable<ObservedRoom> {
    return this.#seen.values();
  }
  get(room: RoomId): ObservedRoom | undefined {
    return this.#seen.get(room);
  }
  /** The rooms of one sync as they would be; they are put in only after the commit. */
  after(synced: readonly SyncedRoom[], left: readonly RoomId[]): { readonly values: Record<string, string | null>; readonly rooms: readonly ObservedRoom[]; readonly left: readonly RoomId[] } {
    const rooms: ObservedRoom[] = [];
    const values: Record<string, string | null> = {};
    for (const each of synced) {
      const before = this.#seen.get(each.room) ?? blankRoom(each.room);
      // Of a room that is known, what changes stands in the timeline; state beside it, where nothing was left out, is that of a branch.
      const isBranch = each.state.length > 0 && each.resolved !== true && !each.limited && this.#seen.has(each.room);
      let room = before;
      if (!isBranch) for (const event of each.state) room = observe(room, event);
      if (each.resolved !== true) for (const event of each.timeline) {
        const state = stateOfTimeline(event);
        if (state !== undefined) room = observe(room, state);
      }
      if (room === before && !isBranch && this.#seen.has(each.room)) continue;
      if (each.resolved !== true) room = { ...room, unresolved: isBranch || room.unresolved === "branch" ? "branch" : "changed" };
      rooms.push(room);
      values[`room:${each.room}`] = JSON.stringify(room);
    }
    for (const room of left) values[`room:${room}`] = null;
    return { values, rooms, left };
  }
  put(rooms: readonly ObservedRoom[], left: readonly RoomId[]): void {
    for (const room of rooms) {
      this.#seen.set(room.room, room);
      this.#left.delete(room.room);
    }
    if (this.#left.size > MOST) this.#left.clear();
    for (const room of left) {
      this.#seen.delete(room);
      this.#left.add(room);
    }
  }
  /** Whether the bot has been seen to leave it, or to be put out of it. */
  hasLeft(room: RoomId): boolean {
    return this.#left.has(room);
  }
}

/** People who are in the room or invited to it, without the bot. */
export function present(room: ObservedRoom, bot: UserId): { readonly joined: readonly UserId[]; readonly invited: readonly UserId[] } {
  const of = (membership: Membership): UserId[] =>
    Object.entries(room.members).filter(([user, is]) => is === membership && user !== bot).map(([user]) => user as UserId);
  return { joined: of("join"), invited: of("invite") };
}
