import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CODENAMES } from "../../config/codenames.ts";
import type { NewCase } from "../../src/domain/case-open.ts";
import {
  ADMINISTRATORS_MAX, AGREEMENT_MAX, PERIOD_MAX_YEARS, administratorsConsent, confirmCase, openCase, prepareCase,
} from "../../src/domain/case-open.ts";
import { freeCodenames } from "../../src/domain/codename.ts";
import type { Context, Decision } from "../../src/domain/decision.ts";
import type { CaseId, ChainId, MasterKey, RequestId, UserId } from "../../src/domain/ids.ts";
import { INSTALLATION } from "../../src/domain/ids.ts";
import type { Line } from "../../src/domain/say.ts";
import { theCase } from "../../src/domain/state.ts";
import { aCase, codes, country, keyOf, MADRID, user, World } from "./builders.ts";

const [ana, luis, olga] = [user("ana"), user("luis"), user("olga")];

const planned: NewCase = {
  agreement: "ES-CO-CV 2026/114",
  states: ["ES", "CO", "CV", "PT"].map(country),
  until: { year: 2027, month: 11, day: 20 },
  admins: [{ user: ana, country: country("ES") }, { user: luis, country: country("CO") }],
};

/** An installation whose owner is Olga; Ana and Luis have identities. */
function installation(): World {
  const world = new World();
  world.owners.add(olga);
  for (const who of [ana, luis, olga]) world.identities.set(who, keyOf(who));
  return world;
}
function prepared(world: World, plan: NewCase = planned, by: UserId = olga, words: readonly string[] = ["Albatross"]): ReturnType<typeof prepareCase<NewCase>> {
  return prepareCase(world.scope(), plan, words, world.context(by));
}
function fixed(world: World, plan: NewCase = planned): NewCase {
  const result = prepared(world, plan);
  assert.ok(result.ok);
  return result.params;
}
function opening(world: World, plan: NewCase, consents: readonly UserId[] = [ana, luis], by: UserId = olga): Decision {
  const approvals: Context["approvals"] = consents.map((each) => ({ by: each, at: world.now }));
  return world.decide(INSTALLATION, by, (scope, ctx) => openCase(scope, plan, ctx), { approvals });
}
function chainOf(decision: Decision): ChainId {
  assert.ok(decision.ok && decision.chain !== undefined);
  return decision.chain;
}
function refusedWith(result: ReturnType<typeof prepared>): readonly string[] {
  return result.ok ? [] : result.lines.map((each: Line) => each.code);
}

describe("opening a case", () => {
  it("makes a chain of its own with the case and its administrators as first members", () => {
    const world = installation();
    const chain = chainOf(opening(world, fixed(world)));
    const found = theCase(world.scope(chain));
    assert.deepEqual([found.codename, found.agreement, found.state], ["Albatross", "ES-CO-CV 2026/114", "open"]);
    assert.equal(found.id, chain);
    assert.deepEqual([...world.scope(chain).state.member.values()].map(({ callSign, user: who, role }) => [callSign, who, role]),
      [["ES-1", ana, "administrator"], ["CO-1", luis, "administrator"]]);
  });

  it("lasts until 23:59 of the last day, in the zone of the owner", () => {
    const world = installation();
    const { until, from } = theCase(world.scope(chainOf(opening(world, fixed(world)))));
    assert.equal(until, Date.UTC(2027, 10, 20, 22, 59), "Madrid is an hour ahead in November");
    assert.equal(from, world.now);
  });

  it("counts call signs by country in the order named", () => {
    const world = installation();
    const eva = user("eva");
    world.identities.set(eva, keyOf(eva));
    const plan = fixed(world, { ...planned, admins: [...planned.admins, { user: eva, country: country("ES") }] });
    const scope = world.scope(chainOf(opening(world, plan, [ana, luis, eva])));
    assert.deepEqual([...scope.state.member.keys()], ["ES-1", "CO-1", "ES-2"]);
  });

  it("pins the identities of those the installation does not know, and only theirs", () => {
    const world = installation();
    world.apply([{ type: "person.pinned", v: 1, user: luis, masterKey: keyOf(luis), language: "es", zone: MADRID }], INSTALLATION);
    assert.ok(opening(world, fixed(world)).ok);
    assert.equal(world.scope().people.get(ana)?.masterKey, keyOf(ana));
    assert.equal(world.scope().people.get(luis)?.language, "es", "his own choice stays");
    assert.equal(world.scope().people.get(olga), undefined);
  });

  it("does not make the owner a member", () => {
    const world = installation();
    const scope = world.scope(chainOf(opening(world, fixed(world))));
    assert.ok([...scope.state.member.values()].every((member) => member.user !== olga));
  });

  it("tells the owner and each administrator what is open and what they are called, and posts a checkpoint", () => {
    const world = installation();
    opening(world, fixed(world));
    assert.deepEqual(world.toldTo(olga).map((each) => each.code), ["case.opened", "case.opened-later"]);
    assert.match(JSON.stringify(world.toldTo(luis)), /CO-1/);
    assert.equal(world.toldTo(ana)[0]?.code, "roster.welcome");
    assert.ok(world.noted.some(({ effect }) => effect.effect === "checkpoint"));
    assert.ok(world.noted.some(({ effect }) => effect.effect === "board"));
  });

  it("needs the consent of every administrator named; the owner's own confirmation counts where they are one", () => {
    const world = installation();
    const plan = fixed(world);
    for (const consents of [[], [ana], [luis], [luis, olga]]) {
      const decision = opening(world, plan, consents);
      assert.deepEqual(codes(decision), ["case.not-confirmed"], String(consents));
    }
    world.owners.add(ana);
    assert.ok(opening(world, plan, [luis], ana).ok);
    assert.deepEqual(administratorsConsent(planned), [{ anyOf: [ana], count: 1 }, { anyOf: [luis], count: 1 }]);
  });

  it("is refused to anybody but an owner", () => {
    const world = installation();
    assert.deepEqual(refusedWith(prepared(world, planned, ana)), ["case.owners-only"]);
    assert.deepEqual(codes(opening(world, fixed(world), [ana, luis], ana)), ["case.owners-only"]);
  });

  it("never happens without its terms having been fixed before", () => {
    const world = installation();
    assert.throws(() => opening(world, planned));
    assert.throws(() => opening(world, { ...fixed(world), terms: { ...fixed(world).terms!, identities: [] } }));
  });
});

describe("a case that is refused", () => {
  const table: readonly [string, Partial<NewCase>, readonly string[]][] = [
    ["has administrators of one state only", { admins: [planned.admins[0]!] }, ["case.two-states"]],
    ["has two administrators of the same state", { admins: [planned.admins[0]!, { user: luis, country: country("ES") }] }, ["case.two-states"]],
    ["has no administrator", { admins: [] }, ["case.two-states"]],
    ["names an administrator twice", { admins: [...planned.admins, planned.admins[0]!] }, ["case.administrator-twice"]],
    ["has an administrator of a state that is not a party", { states: [country("ES"), country("CV")] }, ["case.administrator-not-party"]],
    ["has one state", { states: [country("ES")] }, ["case.states-few"]],
    ["has no state", { states: [] }, ["case.states-few"]],
    ["names a state twice", { states: ["ES", "CO", "ES"].map(country) }, ["case.state-twice"]],
    ["has no agreement", { agreement: " " }, ["case.agreement-length"]],
    ["has an overlong reference", { agreement: "x".repeat(AGREEMENT_MAX + 1) }, ["case.agreement-length"]],
    ["ended yesterday", { until: { year: 2026, month: 11, day: 22 } }, ["case.until-past", "case.period-line"]],
    ["lasts too long", { until: { year: 2026 + PERIOD_MAX_YEARS, month: 11, day: 24 } }, ["case.until-far", "case.period-line"]],
    ["ends on a day that does not exist", { until: { year: 2027, month: 6, day: 31 } }, ["case.no-such-day", "case.period-line"]],
    ["begins on a day that does not exist", { from: { year: 2026, month: 2, day: 29 } }, ["case.no-such-day", "case.period-line"]],
    ["begins tomorrow", { from: { year: 2026, month: 11, day: 24 } }, ["case.from-later"]],
  ];
  for (const [name, change, expected] of table) {
    it(`${name}, when it is typed and when it is decided`, () => {
      const world = installation();
      const plan = { ...planned, ...change };
      assert.deepEqual(refusedWith(prepared(world, plan)), expected);
      assert.deepEqual(codes(opening(world, { ...plan, terms: fixed(world).terms })), expected);
      assert.equal(world.events.length, 0);
    });
  }

  it("names more administrators or states than there may be", () => {
    const world = installation();
    const many = Array.from({ length: ADMINISTRATORS_MAX + 1 }, (_, index) => ({ user: user(`a${index}`), country: country("ES") }));
    assert.deepEqual(refusedWith(prepared(world, { ...planned, admins: many })), ["case.administrators-many"]);
    const states = Array.from({ length: 31 }, (_, index) => country(`${String.fromCharCode(65 + (index % 26))}${index < 26 ? "X" : "Y"}`));
    assert.deepEqual(refusedWith(prepared(world, { ...planned, states })), ["case.states-many"]);
  });

  it("may end today and on the last possible day", () => {
    const world = installation();
    assert.ok(prepared(world, { ...planned, until: { year: 2026, month: 11, day: 23 } }).ok);
    assert.ok(prepared(world, { ...planned, until: { year: 2026 + PERIOD_MAX_YEARS, month: 11, day: 23 } }).ok);
  });

  it("may have begun today or long ago", () => {
    const world = installation();
    const plan = fixed(world, { ...planned, from: { year: 2026, month: 11, day: 1 } });
    assert.equal(theCase(world.scope(chainOf(opening(world, plan)))).from, Date.UTC(2026, 9, 31, 23, 0));
  });

  it("has an administrator without an identity, or whose identity is not the one confirmed", () => {
    const world = installation();
    const plan = fixed(world);
    world.identities.set(luis, "Z".repeat(43) as MasterKey);
    assert.deepEqual(codes(opening(world, plan)), ["person.identity-changed"]);
    world.identities.delete(luis);
    assert.deepEqual(codes(opening(world, plan)), ["person.no-identity"]);
    assert.deepEqual(refusedWith(prepared(world)), ["person.no-identity"]);
    assert.equal(world.events.length, 0);
  });
});

describe("what is confirmed about a case", () => {
  it("is fixed before anybody is asked: codename, language, zone, identities", () => {
    const world = installation();
    assert.deepEqual(fixed(world).terms, {
      codename: "Albatross", language: "en", zone: MADRID,
      identities: [{ user: ana, masterKey: keyOf(ana) }, { user: luis, masterKey: keyOf(luis) }],
    });
  });

  it("shows all of it, with a fingerprint of each identity", () => {
    const world = installation();
    const { lines } = confirmCase(fixed(world));
    assert.deepEqual(lines.map((each) => each.code), [
      "case.confirm-codename", "case.confirm-agreement", "case.confirm-until", "case.confirm-administrators", "case.administrator",
      "case.administrator", "case.confirm-language", "case.confirm-all",
    ]);
    assert.match(JSON.stringify(lines[4]), /anaa naex ampl eAAA/);
    const dated = confirmCase(fixed(world, { ...planned, from: { year: 2026, month: 11, day: 1 } }));
    assert.equal(dated.lines[2]?.code, "case.confirm-period");
  });

  it("is on record with the digest that stood under it", () => {
    const world = installation();
    const approvals = [ana, luis].map((by) => ({ by, at: world.now }));
    const plan = fixed(world);
    const decision = world.decide(INSTALLATION, olga, (scope, ctx) => openCase(scope, plan, ctx), { approvals, agreed: "7F3Q-19KD" });
    assert.equal(theCase(world.scope(chainOf(decision))).digest, "7F3Q-19KD");
  });

  it("gives another digest for any other text", () => {
    const digest = (plan: NewCase): string => {
      const world = installation();
      return theCase(world.scope(chainOf(opening(world, fixed(world, plan))))).digest;
    };
    assert.notEqual(digest(planned), digest({ ...planned, agreement: "ES-CO-CV 2026/115" }));
    assert.equal(digest(planned), digest({ ...planned }));
  });
});

describe("codenames", () => {
  it("are at least 120, each one plain word, no two alike", () => {
    assert.ok(CODENAMES.length >= 120);
    assert.equal(new Set(CODENAMES.map((word) => word.toLowerCase())).size, CODENAMES.length);
    for (const word of CODENAMES) assert.match(word, /^[A-Z][a-z]{3,12}$/);
  });

  it("differ from each other by three letters or more", () => {
    for (const [index, word] of CODENAMES.entries()) {
      for (const other of CODENAMES.slice(index + 1)) assert.ok(distance(word.toLowerCase(), other.toLowerCase()) >= 3, `${word} and ${other}`);
    }
  });

  it("of a case are never given to another", () => {
    const world = installation();
    assert.ok(opening(world, fixed(world)).ok);
    assert.deepEqual(refusedWith(prepared(world)), ["case.codenames-gone"]);
    const next = prepared(world, planned, olga, ["Albatross", "Curlew"]);
    assert.ok(next.ok);
    assert.equal(next.params.terms?.codename, "Curlew");
  });

  it("promised to a case that still waits for consents are not promised again", () => {
    const world = installation();
    world.apply([{
      type: "request.made", v: 1, id: "r" as RequestId, author: olga, does: { command: "jit open", params: { ...fixed(world) }, confirmed: true },
      digest: "D", details: { lines: [] }, called: {}, codename: "Relevo", needs: [{ anyOf: [ana], count: 1 }], expires: world.now, at: world.now,
    }], INSTALLATION);
    assert.deepEqual(freeCodenames(world.scope(), ["Albatross", "Curlew"]), ["Curlew"]);
  });

  it("given to another case in the meantime are refused, and nothing is opened", () => {
    const world = installation();
    const plan = fixed(world);
    world.apply([{ type: "codename.taken", v: 1, codename: "Albatross", case: "other" as CaseId, at: world.now }], INSTALLATION);
    const before = world.events.length;
    assert.deepEqual(codes(opening(world, plan)), ["case.codename-taken"]);
    assert.equal(world.events.length, before);
  });

  it("stay with the installation, out of the case's own chain", () => {
    const story = aCase().open();
    assert.equal(story.scope.state.codename.size, 0);
  });
});

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, row[j]! + (letter === other ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
