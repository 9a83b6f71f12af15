import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Draft } from "../../src/domain/delivery-draft.ts";
import { MAX_PLANNED } from "../../src/domain/delivery-draft.ts";
import { CHOICES, lookAlikes, sameSeal, sealOf } from "../../src/domain/delivery-seal.ts";
import type { Seal } from "../../src/domain/delivery-types.ts";
import type { Instant } from "../../src/domain/ids.ts";
import { rosterOf } from "../../src/domain/workspace.ts";
import { deliverySlot } from "../../src/domain/ids.ts";
import { DAY, HOUR, MADRID, START, boards, codes, countedChance } from "./builders.ts";
import { SEAL, aDelivery, done, draft, peopleOfARoute, points } from "./builders-delivery.ts";

function at(ms: number): Draft["from"] {
  return { at: (START + ms) as Instant, zone: MADRID };
}

describe("a new delivery", () => {
  it("has one leg for each country in the order of the route, and the author's country requests it", () => {
    const delivery = aDelivery().drafted().now;
    assert.deepEqual(delivery.plan.legs.map((leg) => `${leg.number} ${leg.country}`), ["1 BR", "2 CV", "3 BE"]);
    assert.equal(delivery.plan.requesting, "BR");
    assert.equal(delivery.state, "authorising");
  });
  it("is counted per case", () => {
    const story = peopleOfARoute();
    done(draft(story));
    done(draft(story));
    assert.deepEqual([...story.scope.state.delivery.keys()], ["CD-1", "CD-2"]);
  });
  it("has its own room, for the people of the countries on its route and nobody else", () => {
    const { story, id } = aDelivery().drafted();
    const people = rosterOf(story.scope, deliverySlot(id)).map((user) => [...story.scope.state.member.values()].find((member) => member.user === user)?.callSign);
    assert.deepEqual(new Set(people), new Set(["BE-1", "BE-2", "BR-1", "BR-2", "BR-3", "CV-1", "CV-2", "CV-3"]));
  });
  it("makes the boards of its room and of the coordination room show it", () => {
    const story = peopleOfARoute();
    done(draft(story));
    assert.deepEqual(boards(story.world).toSorted(), ["CD-1", "coordination"]);
  });
  it("repeats the seal to its author alone", () => {
    const story = peopleOfARoute();
    done(draft(story));
    const withSeal = story.world.said().filter((say) => JSON.stringify(say.message).includes(SEAL));
    assert.deepEqual(withSeal.map((say) => say.to), [{ to: "origin" }]);
  });

  const refused: readonly [string, Partial<Draft>, string][] = [
    ["a route of one country", { route: points("BR") }, "delivery.route-too-short"],
    ["an empty route", { route: [] }, "delivery.route-too-short"],
    ["a country twice in a row", { route: points("BR", "BR", "CV") }, "delivery.route-same-twice"],
    ["a route of thirteen points", { route: points(..."BR CV BE PT BR CV BE PT BR CV BE PT BR".split(" ")) }, "delivery.route-too-long"],
    ["a country that is not party to the agreement", { route: points("BR", "SN") }, "delivery.route-not-party"],
    ["a route without the author's country", { route: points("CV", "BE") }, "delivery.not-on-route"],
    ["a seal of which nothing can be read", { seal: "…" }, "delivery.seal-unreadable"],
    ["a seal that is too long", { seal: "1".repeat(33) }, "delivery.seal-unreadable"],
    ["an end before the start", { from: at(2 * DAY), to: at(DAY) }, "delivery.ends-before-start"],
    ["an end at the start", { from: at(DAY), to: at(DAY) }, "delivery.ends-before-start"],
    ["an end that is past", { from: at(-2 * HOUR), to: at(0) }, "delivery.ends-in-past"],
    ["a start before the agreement", { from: at(-1) }, "delivery.outside-jit"],
    ["an end after the agreement", { to: at(400 * DAY) }, "delivery.outside-jit"],
  ];
  for (const [what, more, code] of refused) {
    it(`is refused with ${what}`, () => {
      const story = peopleOfARoute();
      assert.equal(codes(draft(story, more))[0], code);
      assert.equal(story.scope.state.delivery.size, 0);
    });
  }
  it("is refused when it would be on the way for more than a year", () => {
    const story = peopleOfARoute(START + 800 * DAY);
    assert.equal(codes(draft(story, { from: at(HOUR), to: at(HOUR + MAX_PLANNED + 1) }))[0], "delivery.too-long");
    done(draft(story, { from: at(HOUR), to: at(HOUR + MAX_PLANNED) }));
  });
  it("is refused when the agreement is over, before and after that is on record", () => {
    const story = peopleOfARoute(START + DAY);
    story.world.now = (START + DAY) as Instant;
    assert.equal(codes(draft(story))[0], "case.over");
    story.world.tick();
    assert.equal(codes(draft(story))[0], "case.over");
  });
  it("may pass a country again that it has left", () => {
    done(draft(peopleOfARoute(), { route: points("BR", "CV", "BR") }));
  });
});

describe("the digest of a plan", () => {
  it("is different for two equal plans, so that nobody finds the seal from it by trying", () => {
    const story = peopleOfARoute();
    done(draft(story));
    done(draft(story));
    const [one, other] = [...story.scope.state.delivery.values()];
    assert.notEqual(one?.plan.salt, other?.plan.salt);
    assert.notEqual(one?.digest, other?.digest);
  });
});

describe("a seal", () => {
  it("is compared in compatible form, upper case, letters, digits and hyphens only", () => {
    assert.equal(sealOf(" ab-０１ 2\u200b/3 "), "AB-0123");
    assert.ok(sameSeal(sealOf("a 1"), sealOf("A1")));
    assert.ok(!sameSeal(sealOf("A1"), sealOf("A-1")));
  });
  it("is not read where letters of another script, marks or digits look like its own, and is the same with anything invisible in it", () => {
    for (const text of ["\u0410B-123", "AB-12\u0417", "A\u0301B-123", "AB-12\u0663", "AB-\u{1D7D9}\u0661"]) assert.equal(sealOf(text), undefined, text);
    for (const text of ["\u202eAB-123\u202c", "A\u200bB\u00ad-123", "\u2066AB-123\u2069", "\uff21\uff22-\uff11\uff12\uff13", "\u{1D400}B-123"]) assert.equal(sealOf(text), "AB-123", text);
  });
  it("is equal to no illegible reading, not even to another one", () => {
    assert.ok(!sameSeal(undefined, undefined));
    assert.ok(!sameSeal(sealOf("A1"), undefined));
  });
  for (const seal of ["0774471", "A", "1111111", "--7--", "AB12CD34", "Z".repeat(32)]) {
    it(`hides ${seal} among different numbers of the same length`, () => {
      const choices = lookAlikes(seal as Seal, countedChance());
      assert.equal(choices.length, CHOICES);
      assert.equal(new Set(choices).size, CHOICES);
      assert.ok(choices.includes(seal as Seal));
      for (const choice of choices) assert.equal(choice.length, seal.length);
    });
  }
});
