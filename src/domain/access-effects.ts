/** What is said when somebody is kept out or let back, and to whom; keys of their rooms are renewed each time. */
import type { MemberAccessEvent } from "./access.ts";
import { isKeptOut, reachable } from "./access.ts";
import { circle } from "./delivery-circle.ts";
import type { Effect } from "./effect.ts";
import { reply, tellPeople, tellRoom, wake } from "./effect.ts";
import type { CallSign, Slot, UserId } from "./ids.ts";
import { deliverySlot } from "./ids.ts";
import { fingerprint } from "./person.ts";
import type { Member } from "./roster.ts";
import { roomsOf } from "./roster.ts";
import type { Line, Message } from "./say.ts";
import { line, list, message, typed, when } from "./say.ts";
import type { Scope } from "./state.ts";
import { administrators, memberCalled, members, theCase } from "./state.ts";
import { rosterOf } from "./workspace.ts";

declare module "./say.ts" {
  interface Sayings {
    "access.stub-suspended": { codename: string; callSign: string };
    "access.stub-cut-off": { codename: string; callSign: string };
    "access.suspended": { callSign: string; since: When };
    "access.suspended-means": { callSign: string };
    "access.suspended-shown": { fingerprint: string };
    "access.suspended-cure": { callSign: string; line: Typed };
    "access.suspended-room": { callSign: string };
    "access.identity-back": { callSign: string };
    "access.identity-other": { callSign: string; fingerprint: string };
    "access.still-suspended": { callSign: string; line: Typed };
    "access.restored": { callSign: string; fingerprint: string };
    "access.restored-by": { by: string; approvedBy: List };
    "access.restored-you": { codename: string };
    "access.cut-off": { callSign: string; since: When };
    "access.cut-off-by": { by: string };
    "access.cut-off-note": { note: string };
    "access.cut-off-means": { callSign: string };
    "access.cut-off-stays": { callSign: string };
    "access.cut-off-cure": { callSign: string; line: Typed };
    "access.let-back": { callSign: string };
    "access.let-back-you": { codename: string };
    "access.still-kept-out": { callSign: string };
    "access.missed": Record<never, never>;
  }
}

/** All that follows in a case from what happened to a member's access. */
export function accessEffects(event: MemberAccessEvent, scope: Scope): readonly Effect[] {
  const member = memberCalled(scope, event.callSign);
  if (member === undefined) return [];
  return [...said(event, member, scope), ...(event.type === "member.identity-seen" ? [] : roomsRenewed(member, scope))];
}

/** New keys first; who may read a board has changed too, so that whoever is back gets one they can read. */
function roomsRenewed(member: Member, scope: Scope): readonly Effect[] {
  return [{ effect: "rotate", slots: roomsOfMember(scope, member) }, ...withReaders(scope, member).map((slot): Effect => ({ effect: "board", slot }))];
}

function said(event: MemberAccessEvent, member: Member, scope: Scope): readonly Effect[] {
  const { codename, zone } = theCase(scope);
  const { callSign, user } = member;
  switch (event.type) {
    case "member.suspended": {
      const what = line("access.suspended", { callSign, since: when(event.since, zone) });
      const means = line("access.suspended-means", { callSign });
      return [
        ...alarm(scope, user, line("access.stub-suspended", { codename, callSign }), message(
          what, means, line("access.suspended-shown", { fingerprint: fingerprint(event.shown) }),
          line("access.suspended-cure", { callSign, line: typed(`jit restore ${callSign}`) }),
        )),
        ...toRooms(scope, member, message(what, line("access.suspended-room", { callSign }))),
      ];
    }
    case "member.identity-seen":
      return alarm(scope, user, line("access.stub-suspended", { codename, callSign }), message(
        event.isPinned ? line("access.identity-back", { callSign }) : line("access.identity-other", { callSign, fingerprint: fingerprint(event.shown) }),
        line("access.still-suspended", { callSign, line: typed(`jit restore ${callSign}`) }),
      ));
    case "member.restored": {
      const news = message(line("access.restored", { callSign, fingerprint: fingerprint(event.masterKey) }), ...byWhom(event), stillOut(scope, member));
      return [...toRooms(scope, member, news), ...toConcerned(scope, user, event, news), ...welcomeBack(scope, user, line("access.restored-you", { codename }))];
    }
    case "member.cut-off": {
      const lines = [
        line("access.cut-off", { callSign, since: when(event.since, zone) }),
        event.by === undefined ? undefined : line("access.cut-off-by", { by: event.by }),
        event.note === undefined ? undefined : line("access.cut-off-note", { note: event.note }),
        line("access.cut-off-means", { callSign }), line("access.cut-off-stays", { callSign }),
      ];
      const cure = line("access.cut-off-cure", { callSign, line: typed(`phone back ${callSign}`) });
      return [
        ...(event.by === undefined ? [] : [reply(message(...lines, cure))]),
        ...alarm(scope, user, line("access.stub-cut-off", { codename, callSign }), message(...lines, cure)),
        ...toRooms(scope, member, message(...lines)),
      ];
    }
    case "member.let-back": {
      const news = message(line("access.let-back", { callSign }), ...byWhom(event), stillOut(scope, member));
      return [...toRooms(scope, member, news), ...toConcerned(scope, user, event, news), ...welcomeBack(scope, user, line("access.let-back-you", { codename }))];
    }
  }
}

function byWhom({ by, approvedBy }: { readonly by?: string; readonly approvedBy: readonly string[] }): readonly Line[] {
  return by === undefined ? [] : [line("access.restored-by", { by, approvedBy: list(approvedBy) })];
}

/** One of two bars is gone: people must not believe that both are. */
function stillOut(scope: Scope, { user, callSign }: Member): Line | undefined {
  return isKeptOut(scope.people, user) ? line("access.still-kept-out", { callSign }) : undefined;
}

/** What was said meanwhile was not kept for them: they are told to look. */
function welcomeBack(scope: Scope, user: UserId, first: Line): readonly Effect[] {
  return isKeptOut(scope.people, user) ? [] : [tellPeople([user], message(first, line("access.missed", {})))];
}

/** The administrators who can act, except whom it is about; everybody else of the case where there is none. */
function inCharge(scope: Scope, about: UserId): readonly UserId[] {
  const of = (members: readonly Member[]): readonly UserId[] => reachable(scope, members.map((member) => member.user)).filter((user) => user !== about);
  const [first, all] = [of(administrators(scope)), of(members(scope))];
  return first.length > 0 ? first : all;
}

function alarm(scope: Scope, about: UserId, stub: Line, details: Message): readonly Effect[] {
  const users = inCharge(scope, about);
  return users.length === 0 ? [] : [wake({ to: "people", users }, users, message(stub), "P1"), tellPeople(users, details, "P1")];
}

/** Whoever asked and agreed hears of it alone too: they may be in none of the rooms. */
function toConcerned(scope: Scope, about: UserId, { by, approvedBy }: { readonly by?: string; readonly approvedBy: readonly string[] }, news: Message): readonly Effect[] {
  const deciders = [...(by === undefined ? [] : [by]), ...approvedBy].flatMap((callSign) => memberCalled(scope, callSign as CallSign)?.user ?? []);
  return [tellPeople([...new Set([...inCharge(scope, about), ...deciders])], news)];
}

function toRooms(scope: Scope, member: Member, news: Message): readonly Effect[] {
  return withReaders(scope, member).map((slot) => tellRoom(slot, news, "P1"));
}

/** A message for a room in which nobody is left would wait for ever. */
function withReaders(scope: Scope, member: Member): readonly Slot[] {
  return roomsOfMember(scope, member).filter((slot) => rosterOf(scope, slot).length > 0);
}

/** The rooms of the case that go with somebody, were they not kept out. */
function roomsOfMember(scope: Scope, member: Member): readonly Slot[] {
  const deliveries = [...scope.state.delivery.values()].filter((delivery) => circle(scope, delivery).some((each) => each.user === member.user));
  return [...roomsOf(member.role), ...deliveries.map((delivery) => deliverySlot(delivery.id))];
}
