/**
 * The rooms a case should have, and the next step from what is there to what should be. Workspaces are reconciled, not scripted: a crash, a member
 * who left by hand, a changed power level and a new delivery are all the same code.
 */
import { isKeptOut } from "./access.ts";
import { circle } from "./delivery.ts";
import type { RoomId, Slot, UserId } from "./ids.ts";
import { COORDINATION, LIAISON, SPACE, deliverySlot, directSlot } from "./ids.ts";
import type { Member } from "./roster.ts";
import type { Line } from "./say.ts";
import { line } from "./say.ts";
import type { Scope } from "./state.ts";
import { members, theCase } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "room.space": { codename: string };
    "room.coordination": { codename: string };
    "room.liaison": { codename: string };
    "room.delivery": { codename: string; number: string };
  }
}

/** Power that all of a room's state needs, and that the bot and the administrators have. */
const FULL_POWER = 100;

/** The only encryption algorithm that counts (Matrix specification, m.megolm.v1.aes-sha2). */
export const MEGOLM = "m.megolm.v1.aes-sha2";

/** A room as it should be. */
export interface DesiredRoom {
  readonly slot: Slot;
  /** `undefined` for a direct chat: it needs no name. Neutral: servers see it. */
  readonly name?: Line;
  readonly kind: "space" | "room" | "direct";
  /** Everybody who belongs there besides the bot. */
  readonly people: readonly UserId[];
  /** Those of them with power 100, so that people can move on without the bot. */
  readonly administrators: readonly UserId[];
  /** Workspace rooms: `joined`, nothing of before is readable; a direct chat: `invited`, so that what was said before it was opened arrives. */
  readonly history: "joined" | "invited";
}

/** Invite-only rooms of a case: the space, coordination, liaison, and one for each delivery. Whoever is kept out for now is in none of them. */
export function desiredRooms(scope: Scope): DesiredRoom[] {
  return slotsOf(scope).map((slot) => desired(scope, slot));
}
/** One of them; undefined if the case has no such room. */
export function desiredRoom(scope: Scope, slot: Slot): DesiredRoom | undefined {
  return isSlotOf(scope, slot) ? desired(scope, slot) : undefined;
}
/** Where each of them stands. */
export function slotsOf(scope: Scope): Slot[] {
  return [SPACE, COORDINATION, LIAISON, ...[...scope.state.delivery.values()].map((delivery) => deliverySlot(delivery.id))];
}
function isSlotOf({ state }: Scope, slot: Slot): boolean {
  return slot === SPACE || slot === COORDINATION || slot === LIAISON || state.delivery.has(slot);
}

/** Those who belong in a room of a case and are kept out of it for now. */
export function keptOutOf(scope: Scope, slot: Slot): readonly UserId[] {
  return isSlotOf(scope, slot) ? belonging(scope, slot).flatMap(({ user }) => (isKeptOut(scope.people, user) ? [user] : [])) : [];
}

function desired(scope: Scope, slot: Slot): DesiredRoom {
  const present = belonging(scope, slot).filter(({ user }) => !isKeptOut(scope.people, user));
  return {
    slot, kind: slot === SPACE ? "space" : "room", name: nameOf(theCase(scope).codename, slot), people: present.map(({ user }) => user),
    administrators: present.flatMap(({ user, role }) => (role === "administrator" ? [user] : [])), history: "joined",
  };
}
function nameOf(codename: string, slot: Slot): Line {
  switch (slot) {
    case SPACE: return line("room.space", { codename });
    case COORDINATION: return line("room.coordination", { codename });
    case LIAISON: return line("room.liaison", { codename });
    default: return line("room.delivery", { codename, number: slot.slice("CD-".length) });
  }
}
/** Everybody whose room it is, whether they are kept out or not. */
function belonging(scope: Scope, slot: Slot): readonly Member[] {
  switch (slot) {
    case SPACE: return members(scope).filter(({ role }) => role !== "auditor");
    case COORDINATION: return members(scope).filter(({ role }) => role === "administrator" || role === "authority" || role === "member");
    case LIAISON: return members(scope).filter(({ role }) => role === "administrator" || role === "liaison");
    default: {
      const delivery = scope.state.delivery.get(slot);
      return delivery === undefined ? [] : circle(scope, delivery);
    }
  }
}

/** The direct chat of a person with the bot. */
export function directRoom(user: UserId): DesiredRoom {
  return { slot: directSlot(user), kind: "direct", people: [user], administrators: [], history: "invited" };
}

/** Who is meant to be in a room of a case: the only people its key is ever shared with. */
export function rosterOf(scope: Scope, slot: Slot): readonly UserId[] {
  return desiredRoom(scope, slot)?.people ?? [];
}

/** A membership as the Matrix specification names them. */
export type Membership = "join" | "invite" | "knock" | "leave" | "ban";

/** A room as sync shows it: a claim of the server, good enough to repair by, never to act on. */
export interface ObservedRoom {
  readonly room: RoomId;
  readonly creator?: UserId;
  /** Others who count as creators (`additional_creators`, room version 12 on). */
  readonly alsoCreators?: readonly string[];
  /** The room that its create event says it goes on from. */
  readonly predecessor?: string;
  /** Somebody has closed the room; where it is to go on, if that is said. */
  readonly closed?: { readonly by: UserId; readonly successor?: RoomId };
  readonly mark?: string;
  readonly version: string;
  /** Algorithm of m.room.encryption; once it is the one that counts it stays so. Undefined = unknown or none: nothing is sent. */
  readonly encryption?: string;
  /** The state names another algorithm now, or none. */
  readonly downgraded?: boolean;
  /** m.room.server_acl keeps servers out. */
  readonly serversBarred?: boolean;
  readonly name?: string;
  readonly joinRule?: string;
  readonly history?: string;
  readonly guestAccess?: string;
  readonly power: Readonly<Record<string, unknown>>;
  readonly members: Readonly<Record<string, Membership>>;
  readonly children: readonly string[];
  readonly pinned: readonly string[];
  /** Its state has not been looked up since a sync showed some; `branch`: it showed some that may be older than what is known. */
  readonly unresolved?: "changed" | "branch";
}

/** One idempotent step towards a room as it should be. */
export type Step =
  | { readonly step: "state"; readonly type: string; readonly stateKey: string; readonly content: Readonly<Record<string, unknown>> }
  | { readonly step: "invite"; readonly user: UserId }
  | { readonly step: "remove"; readonly user: UserId };

/** Rooms from this version on have creators above all power levels, who must not be listed (MSC4289). */
export function creatorsOutrank(version: string): boolean {
  return Number.parseInt(version, 10) >= 12;
}

/** A room as far as its power levels depend on it. */
export type Ruled = Pick<ObservedRoom, "version" | "creator" | "alsoCreators">;

/** Those who stand above all power levels of the room, for ever; nobody in the older versions. */
export function outranking(room: Ruled): readonly string[] {
  return creatorsOutrank(room.version) ? [...(room.creator === undefined ? [] : [room.creator]), ...(room.alsoCreators ?? [])] : [];
}

/** Power levels of a room of ours: the bot and the administrators 100, all others 0 and free to write; everything else needs 100. */
export function powerLevels(desired: DesiredRoom, bot: UserId, room: Ruled): Readonly<Record<string, unknown>> {
  const creators = outranking(room);
  const users = Object.fromEntries([bot, ...desired.administrators].filter((user) => !creators.includes(user)).map((user) => [user, FULL_POWER]));
  return {
    users, users_default: 0, events_default: desired.kind === "space" ? FULL_POWER : 0, state_default: FULL_POWER,
    invite: FULL_POWER, kick: FULL_POWER, ban: FULL_POWER, redact: FULL_POWER, notifications: { room: FULL_POWER },
    events: Object.fromEntries([
      "m.room.encryption", "m.room.power_levels", "m.room.join_rules", "m.room.history_visibility", "m.room.server_acl", "m.room.tombstone",
      "m.room.pinned_events", "m.space.child", "m.space.parent",
    ].map((type) => [type, FULL_POWER])),
  };
}

/** Whether somebody has the power to keep the room as it should be: as much as anything in it needs. */
export function mayKeep(room: ObservedRoom, user: UserId): boolean {
  if (outranking(room).includes(user)) return true;
  const { users, users_default: usual, events, ...levels } = room.power;
  const of = (value: unknown): number => (typeof value === "number" ? value : 0);
  const own = of(typeof users === "object" && users !== null && user in users ? (users as Record<string, unknown>)[user] : usual);
  const needed = [...Object.values(levels), ...(typeof events === "object" && events !== null ? Object.values(events) : [])].map(of);
  return own >= FULL_POWER && needed.every((level) => level <= own);
}

/** State that a room of ours is made with and repaired to, the most protective first. */
export function stateOf(desired: DesiredRoom): readonly { readonly type: string; readonly stateKey: string; readonly content: Readonly<Record<string, unknown>> }[] {
  const encryption = { type: "m.room.encryption", stateKey: "", content: { algorithm: MEGOLM } };
  return [
    ...(desired.kind === "space" ? [] : [encryption]),
    { type: "m.room.history_visibility", stateKey: "", content: { history_visibility: desired.history } },
    { type: "m.room.guest_access", stateKey: "", content: { guest_access: "forbidden" } },
    { type: "m.room.join_rules", stateKey: "", content: { join_rule: "invite" } },
  ];
}

/** A room that hangs in the case's space. */
export interface Child {
  readonly room: RoomId;
  readonly via: string;
}

/**
 * The single steps that bring a room of ours to what it should be, the most urgent first; empty when nothing is missing. One is taken at a time. All
 * are named, because one that somebody undoes again and again must not keep the others from being taken.
 */
export function missingSteps(desired: DesiredRoom, name: string | undefined, observed: ObservedRoom, bot: UserId, children: readonly Child[]): readonly Step[] {
  const steps = protectiveSteps(desired, observed, bot);
  if (name !== undefined && observed.name !== name) steps.push(state("m.room.name", { name }));
  for (const user of desired.people) {
    const membership = observed.members[user];
    if (membership === undefined || membership === "leave" || membership === "knock") steps.push({ step: "invite", user });
  }
  if (desired.kind !== "space") return steps;
  for (const { room, via } of children) {
    if (!observed.children.includes(room)) steps.push({ step: "state", type: "m.space.child", stateKey: room, content: { via: [via] } });
  }
  // A room that was replaced, or one that somebody else hung there: people would take it for one of the case's.
  for (const room of observed.children) {
    if (!children.some((child) => child.room === room)) steps.push({ step: "state", type: "m.space.child", stateKey: room, content: {} });
  }
  return steps;
}

/** Those of them that keep out whoever does not belong there: before them nothing is said in a room that others have made. */
export function protectiveSteps(desired: DesiredRoom, observed: ObservedRoom, bot: UserId): Step[] {
  const steps: Step[] = [];
  if (desired.kind !== "space" && (observed.encryption !== MEGOLM || observed.downgraded === true)) steps.push(state("m.room.encryption", { algorithm: MEGOLM }));
  for (const [user, membership] of Object.entries(observed.members)) {
    const there = membership === "join" || membership === "invite" || membership === "knock";
    if (there && user !== bot && !desired.people.includes(user as UserId)) steps.push({ step: "remove", user: user as UserId });
  }
  if (observed.joinRule !== "invite") steps.push(state("m.room.join_rules", { join_rule: "invite" }));
  if (observed.history !== desired.history) steps.push(state("m.room.history_visibility", { history_visibility: desired.history }));
  if (observed.guestAccess !== "forbidden") steps.push(state("m.room.guest_access", { guest_access: "forbidden" }));
  const power = powerLevels(desired, bot, observed);
  if (!sameJson(power, observed.power)) steps.push(state("m.room.power_levels", power));
  if (observed.serversBarred === true) steps.push(state("m.room.server_acl", { allow: ["*"], deny: [], allow_ip_literals: true }));
  return steps;
}

function state(type: string, content: Readonly<Record<string, unknown>>): Step {
  return { step: "state", type, stateKey: "", content };
}

/** Every key of `wanted` is in `found` with an equal value, and for the maps of users and events none more. */
function sameJson(wanted: Readonly<Record<string, unknown>>, found: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(wanted).every(([key, value]) => {
    const other = found[key];
    if (typeof value !== "object" || value === null) return value === other;
    if (typeof other !== "object" || other === null) return false;
    const more = key === "users" && Object.keys(other).some((each) => !(each in value));
    return !more && sameJson(value as Record<string, unknown>, other as Record<string, unknown>);
  });
}
