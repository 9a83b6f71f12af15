/** What a member is shown of the case: agreement, states, period, people and the rooms that this member may be in. */
import { keptOut } from "./access.ts";
import type { CaseState } from "./case.ts";
import { askDirectly, isAmongMembers, isOpen } from "./case.ts";
import { identityState } from "./confirm-identity.ts";
import type { Context } from "./decision.ts";
import type { CallSign, Country } from "./ids.ts";
import { COORDINATION, LIAISON } from "./ids.ts";
import type { Member, Role } from "./roster.ts";
import type { Line, Message } from "./say.ts";
import { country as countryName, line, list, message, nested, when } from "./say.ts";
import type { Scope } from "./state.ts";
import { members, theCase } from "./state.ts";
import { desiredRooms } from "./workspace.ts";

declare module "./say.ts" {
  interface Sayings {
    "case.show": { codename: string; agreement: string; state: CaseState };
    "case.show-period": { from: When; until: When };
    "case.show-states": { states: List };
    "case.show-people": { country: CountryName; people: List };
    "case.show-person": { callSign: CallSign; role: Role; identity: Nested; out: "suspended" | "cut_off" | "no" };
    "case.show-rooms": { rooms: List };
  }
}

/** As the texts choose between them. */
const OUT = { "suspended": "suspended", "cut-off": "cut_off", "no": "no" } as const;

/** The case as its member who asks may know it. People stand by call sign; a room of which the member may not know is not named. */
export function showCase(scope: Scope, ctx: Context): Message {
  if (!isAmongMembers(ctx)) return askDirectly("jit show");
  const { codename, agreement, states, from, until, zone, state } = theCase(scope);
  const present = members(scope);
  const countries = [...new Set<Country>([...states, ...present.map((member) => member.country)])];
  return message(
    line("case.show", { codename, agreement, state: isOpen(scope, ctx.now) ? "open" : state === "closed" ? "closed" : "expired" }),
    line("case.show-states", { states: list(states.map(countryName)) }),
    line("case.show-period", { from: when(from, zone), until: when(until, zone) }),
    ...countries.map((country) => peopleOf(country, present, scope)),
    roomsLine(scope, ctx),
  );
}

function peopleOf(country: Country, present: readonly Member[], scope: Scope): Line | undefined {
  const people = present
    .filter((member) => member.country === country)
    .map(({ callSign, role, user }) => nested(line("case.show-person", { callSign, role, identity: nested(identityState(scope, scope.people.get(user)?.confirmed)), out: OUT[keptOut(scope.people.get(user)) ?? "no"] })));
  return people.length === 0 ? undefined : line("case.show-people", { country: countryName(country), people: list(people) });
}

function roomsLine(scope: Scope, ctx: Context): Line | undefined {
  // A delivery's room is named to its own people alone: in a room, others would learn that there is one.
  const names = desiredRooms(scope)
    .filter((room) => room.kind === "room" && room.people.includes(ctx.author.user))
    .filter((room) => ctx.origin.room === "direct" || room.slot === COORDINATION || room.slot === LIAISON)
    .flatMap((room) => (room.name === undefined ? [] : [nested(room.name, theCase(scope).language)]));
  return names.length === 0 ? undefined : line("case.show-rooms", { rooms: list(names) });
}
