import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { NewCase } from "../../src/domain/case-open.ts";
import { openCase, prepareCase } from "../../src/domain/case-open.ts";
import type { Decision } from "../../src/domain/decision.ts";
import type { CaseId, MasterKey, UserId } from "../../src/domain/ids.ts";
import { INSTALLATION } from "../../src/domain/ids.ts";
import { ROLES, addMember, memberOf, prepareMember } from "../../src/domain/roster.ts";
import { administrators, theCase } from "../../src/domain/state.ts";
import { DAY, World, country, keyOf, user } from "./builders.ts";

const NAMES = ["ana", "luis", "rita", "nuno", "olga"] as const;
const COUNTRIES = ["ES", "CO", "CV", "PT", "SN"] as const;
const WORDS = ["Albatross", "Curlew", "Egret"] as const;

const person = fc.constantFrom(...NAMES);
const state = fc.constantFrom(...COUNTRIES);
const people = fc.uniqueArray(person, { maxLength: 5 });

type Step =
  | { readonly do: "open"; readonly states: readonly string[]; readonly admins: readonly (readonly [string, string])[]; readonly consents: readonly string[]; readonly days: number }
  | { readonly do: "add"; readonly case: number; readonly by: string; readonly user: string; readonly role: (typeof ROLES)[number]; readonly country: string; readonly consents: readonly string[] }
  | { readonly do: "pass"; readonly days: number }
  | { readonly do: "forge"; readonly user: string; readonly key: "own" | "other" | "none" };

const opening: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("open" as const), states: fc.uniqueArray(state, { maxLength: 4 }),
  admins: fc.array(fc.tuple(person, state), { maxLength: 3 }), consents: people, days: fc.integer({ min: -1, max: 40 }),
});
/** Mostly what succeeds, so that there are cases to break. */
const sound: fc.Arbitrary<Step> = fc.constant({
  do: "open" as const, states: ["ES", "CO", "PT"], admins: [["ana", "ES"], ["luis", "CO"]] as const, consents: [...NAMES], days: 30,
});
const adding: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("add" as const), case: fc.integer({ min: 0, max: 2 }), by: person, user: person, role: fc.constantFrom(...ROLES),
  country: state, consents: people,
});
const joining: fc.Arbitrary<Step> = fc.record({
  do: fc.constant("add" as const), case: fc.integer({ min: 0, max: 1 }), by: fc.constantFrom("ana", "luis"), user: person,
  role: fc.constantFrom(...ROLES), country: fc.constantFrom("ES", "CO", "PT"), consents: fc.constant([...NAMES]),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  opening, sound, adding, joining,
  fc.record({ do: fc.constant("pass" as const), days: fc.integer({ min: 0, max: 12 }) }),
  fc.record({ do: fc.constant("forge" as const), user: person, key: fc.constantFrom("own" as const, "other" as const, "none" as const) }),
);

function take(world: World, cases: CaseId[], one: Step): void {
  switch (one.do) {
    case "open": {
      const decision = open(world, one);
      if (decision?.ok === true && decision.chain !== undefined) cases.push(decision.chain as CaseId);
      return;
    }
    case "add": {
      const id = cases[one.case];
      if (id !== undefined) add(world, id, one);
      return;
    }
    case "pass":
      world.pass(one.days * DAY);
      return;
    case "forge": {
      const who = user(one.user);
      if (one.key === "none") world.identities.delete(who);
      else world.identities.set(who, one.key === "own" ? keyOf(who) : ("Z".repeat(43) as MasterKey));
      return;
    }
  }
}

function consentsOf(world: World, names: readonly string[]): { by: UserId; at: typeof world.now }[] {
  return names.map((name) => ({ by: user(name), at: world.now }));
}

function open(world: World, one: Extract<Step, { do: "open" }>): Decision | undefined {
  const end = new Date(world.now + one.days * DAY);
  const plan: NewCase = {
    agreement: "2026/114", states: one.states.map(country),
    until: { year: end.getUTCFullYear(), month: end.getUTCMonth() + 1, day: end.getUTCDate() },
    admins: one.admins.map(([name, of]) => ({ user: user(name), country: country(of) })),
  };
  const prepared = prepareCase(world.scope(), plan, WORDS, world.context(user("olga")));
  if (!prepared.ok) return undefined;
  const approvals = consentsOf(world, one.consents);
  return world.decide(INSTALLATION, user("olga"), (scope, ctx) => openCase(scope, prepared.params, ctx), { approvals });
}

function add(world: World, id: CaseId, one: Extract<Step, { do: "add" }>): void {
  const plan = { user: user(one.user), name: one.user, role: one.role, country: country(one.country) };
  const prepared = prepareMember(world.scope(id), plan, world.context(user(one.by), id));
  if (!prepared.ok) return;
  const approvals = consentsOf(world, one.consents);
  world.decide(id, user(one.by), (scope, ctx) => addMember(scope, prepared.params, ctx), { approvals });
}

function checkCase(world: World, id: CaseId): void {
  const scope = world.scope(id);
  const { states } = theCase(scope);
  const members = [...scope.state.member.values()];
  assert.equal(new Set(members.map((member) => member.user)).size, members.length, "nobody is in a case twice");
  assert.ok(new Set(administrators(scope).map((member) => member.country)).size >= 2, "administrators of two states");
  for (const member of members) {
    assert.equal(member.callSign.slice(0, 2), member.country, "a call sign begins with its country");
    assert.ok(member.role === "liaison" || states.includes(member.country), "only liaisons come from elsewhere");
    assert.ok(scope.people.has(member.user), "everybody in a case has a pinned identity");
  }
}

describe("any sequence of cases being opened, people being added, time, and a server that shows false identities", () => {
  it("keeps every promise about cases and people", () => {
    let opened = 0;
    let joined = 0;
    fc.assert(fc.property(fc.array(step, { maxLength: 30, size: "max" }), (steps) => {
      const world = new World();
      world.owners.add(user("olga"));
      for (const name of NAMES) world.identities.set(user(name), keyOf(user(name)));
      const cases: CaseId[] = [];
      const pinned = new Map<UserId, MasterKey>();
      for (const one of steps) {
        const known = world.events.length;
        take(world, cases, one);
        for (const id of cases) checkCase(world, id);
        for (const { user: who, masterKey } of world.scope().people.values()) {
          assert.equal(pinned.get(who) ?? masterKey, masterKey, "a pinned identity never changes");
          pinned.set(who, masterKey);
        }
        for (const event of world.events.slice(known)) {
          if (event.type !== "member.added" || one.do !== "add") continue;
          joined += 1;
          const scope = world.scope(cases[one.case]);
          assert.ok(world.now < theCase(scope).until, "nobody is added after the agreement's end");
          assert.ok(event.approvedBy.some((who) => memberOf(scope, who)?.country !== memberOf(scope, event.by)?.country), "two states agreed");
        }
      }
      const names = cases.map((id) => theCase(world.scope(id)).codename);
      assert.equal(new Set(names).size, names.length, "a codename means one case");
      opened += cases.length;
    }), { numRuns: 200, seed: 20261123 });
    assert.ok(opened > 100 && joined > 100, `the property was tried on ${opened} cases and ${joined} people`);
  });
});
