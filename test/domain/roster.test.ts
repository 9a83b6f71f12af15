import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Context } from "../../src/domain/decision.ts";
import type { MasterKey, UserId } from "../../src/domain/ids.ts";
import { COORDINATION, LIAISON } from "../../src/domain/ids.ts";
import type { NewMember } from "../../src/domain/roster.ts";
import { memberEntity } from "../../src/domain/member.ts";
import {
  MEMBERS_MAX, NAME_MAX, ROLES, addMember, confirmMember, memberOf, nextCallSign, prepareMember, roomsOf, secondAdministrators,
} from "../../src/domain/roster.ts";
import { rosterOf } from "../../src/domain/workspace.ts";
import type { Story } from "./builders.ts";
import { aCase, boards, codes, country, keyOf, sign, user } from "./builders.ts";

const nuno: NewMember = { user: user("nuno"), name: "Nuno P.", role: "member", country: country("PT"), masterKey: keyOf(user("nuno")) };

/** Nuno has an identity; `approved` gave their consent. */
function adding(story: Story, person: NewMember = nuno, approved: readonly UserId[] = [user("luis")], by = "ES-1"): ReturnType<typeof addMember> {
  story.world.identities.set(user("nuno"), keyOf(user("nuno")));
  const approvals: Context["approvals"] = approved.map((each) => ({ by: each, at: story.world.now }));
  return story.as(by, (scope, ctx) => addMember(scope, person, ctx), { approvals });
}

describe("adding a person", () => {
  it("makes them a member with the next call sign of their country, and pins their identity", () => {
    const story = aCase().with("PT", "authority").open();
    assert.ok(adding(story).ok);
    const member = memberOf(story.scope, user("nuno"));
    assert.deepEqual([member?.callSign, member?.name, member?.role], ["PT-2", "Nuno P.", "member"]);
    assert.equal(story.scope.people.get(user("nuno"))?.masterKey, keyOf(user("nuno")));
  });

  it("keeps the settings of a person whom the installation knows from another case", () => {
    const story = aCase().open();
    aCase().with("PT", "member", "nuno").open(story.world);
    const decision = adding(story);
    assert.ok(decision.ok);
    assert.deepEqual(decision.events.map((event) => event.type), ["member.added"]);
  });

  it("needs the consent of an administrator of another state than the author's", () => {
    const story = aCase().with("ES", "administrator", "eva").with("PT", "authority").open();
    assert.deepEqual(codes(adding(story, nuno, [])), ["roster.not-approved"]);
    assert.deepEqual(codes(adding(story, nuno, [user("ana")])), ["roster.not-approved"], "not their own");
    assert.deepEqual(codes(adding(story, nuno, [user("eva")])), ["roster.not-approved"], "not one of the same state");
    assert.deepEqual(codes(adding(story, nuno, [user("pt1")])), ["roster.not-approved"], "not one who is no administrator");
    assert.ok(adding(story, nuno, [user("eva"), user("luis")]).ok);
    const added = story.world.events.findLast((event) => event.type === "member.added");
    assert.deepEqual(added?.approvedBy, [user("luis")]);
  });

  it("asks any one administrator of the other states", () => {
    const story = aCase().with("ES", "administrator", "eva").with("CV", "administrator", "rita").with("CO", "member").open();
    const needs = secondAdministrators(story.scope, story.world.context(user("ana"), story.id));
    assert.deepEqual(needs, [{ anyOf: [user("luis"), user("rita")], count: 1 }]);
  });

  it("is refused to anybody but an administrator", () => {
    const story = aCase().with("PT", "authority").open();
    assert.deepEqual(codes(adding(story, nuno, [user("luis")], "PT-1")), ["roster.administrators-only"]);
  });

  it("is refused for a person who is in already, by whatever role", () => {
    const story = aCase().open();
    const again = { ...nuno, user: user("luis"), role: "liaison" as const };
    const decision = adding(story, again);
    assert.deepEqual(codes(decision), ["roster.already-in"]);
    assert.match(JSON.stringify(decision), /CO-1/);
  });

  it("is refused for a country that is not a party, except as a liaison", () => {
    const story = aCase().open();
    const senegal = { ...nuno, country: country("SN") };
    for (const role of ROLES.filter((each) => each !== "liaison")) {
      const decision = adding(story, { ...senegal, role });
      assert.deepEqual(codes(decision), ["roster.not-party", "roster.only-liaison"], role);
      const instead = decision.ok ? undefined : decision.lines[1]?.facts;
      assert.deepEqual(instead, {
        country: { fact: "country", code: "SN" }, line: { fact: "typed", line: 'jit add @nuno:nuno.example "Nuno P." liaison SN' },
      });
    }
    assert.ok(adding(story, { ...senegal, role: "liaison" }).ok);
    assert.equal(memberOf(story.scope, user("nuno"))?.callSign, "SN-1");
  });

  it("is refused with an empty or overlong name", () => {
    const story = aCase().open();
    assert.deepEqual(codes(adding(story, { ...nuno, name: "  " })), ["roster.name-length"]);
    assert.deepEqual(codes(adding(story, { ...nuno, name: "x".repeat(NAME_MAX + 1) })), ["roster.name-length"]);
    assert.ok(adding(story, { ...nuno, name: "ñ".repeat(NAME_MAX) }).ok);
  });

  it("is refused when the agreement is over, also before that was recorded", () => {
    const story = aCase().open();
    story.world.now = story.scope.state.case.get("case")!.until;
    assert.deepEqual(codes(adding(story)), ["case.over", "case.over-still"]);
    story.world.tick();
    assert.deepEqual(codes(adding(story)), ["case.over", "case.over-still"]);
  });

  it("is refused when the case is full", () => {
    let builder = aCase();
    for (let count = 2; count < MEMBERS_MAX; count += 1) builder = builder.with("PT", "member");
    assert.deepEqual(codes(adding(builder.open())), ["roster.full"]);
  });

  it("is refused when there is no administrator of another state left to approve", () => {
    const story = aCase().open();
    const first = story.scope.state.member.get("CO-1")!;
    story.world.chain(story.id).put([{ kind: "member", key: "CO-1", entity: { ...first, role: "member" } }]);
    assert.deepEqual(codes(adding(story)), ["roster.no-second"]);
  });

  it("is refused when their identity is missing or not the one that was confirmed", () => {
    const story = aCase().open();
    assert.deepEqual(codes(adding(story, { ...nuno, masterKey: "Z".repeat(43) as MasterKey })), ["person.identity-changed"]);
    story.world.identities.delete(user("nuno"));
    const approvals = [{ by: user("luis"), at: story.world.now }];
    assert.deepEqual(codes(story.as("ES-1", (scope, ctx) => addMember(scope, nuno, ctx), { approvals })), ["person.no-identity"]);
  });

  it("never happens without an identity having been fixed before", () => {
    const story = aCase().open();
    assert.throws(() => adding(story, { ...nuno, masterKey: undefined }));
  });
});

describe("what is confirmed about a new person", () => {
  const typed: NewMember = { ...nuno, masterKey: undefined };

  it("holds the identity, fixed before anybody is asked", () => {
    const story = aCase().open();
    story.world.identities.set(user("nuno"), keyOf(user("nuno")));
    const prepared = prepareMember(story.scope, typed, story.world.context(user("ana"), story.id));
    assert.ok(prepared.ok);
    assert.equal(prepared.params.masterKey, keyOf(user("nuno")));
    const text = confirmMember(story.scope, prepared.params).lines;
    assert.deepEqual(text.map((each) => each.code), ["roster.confirm", "roster.confirm-identity"]);
    assert.deepEqual(text[1]?.facts, { fingerprint: "nuno nuno exam pleA" });
  });

  it("is not even asked when it could not be approved", () => {
    const story = aCase().open();
    const ctx = story.world.context(user("ana"), story.id);
    const noIdentity = prepareMember(story.scope, typed, ctx);
    assert.ok(!noIdentity.ok && noIdentity.lines[0]?.code === "person.no-identity");
    const notParty = prepareMember(story.scope, { ...typed, country: country("SN") }, ctx);
    assert.ok(!notParty.ok && notParty.lines[0]?.code === "roster.not-party");
  });
});

describe("a new person", () => {
  it("is told in their direct chat what they are called, where, and which rooms are theirs; the room is told too", () => {
    const story = aCase().open();
    adding(story);
    const told = story.world.toldTo(user("nuno"));
    assert.deepEqual(told.map((each) => each.code), ["roster.welcome", "roster.rooms", "roster.earlier-unreadable", "roster.first-steps"]);
    assert.match(JSON.stringify(told), /PT-1.*Albatross/);
    const room = story.world.said().find((say) => say.to.to === "room");
    assert.deepEqual(room?.to, { to: "room", slot: COORDINATION });
    assert.match(JSON.stringify(room?.message), /CO-1/, "who approved");
    assert.deepEqual(boards(story.world), [COORDINATION]);
  });

  it("wakes nobody's phone", () => {
    const story = aCase().open();
    adding(story);
    assert.ok(story.world.said().every((say) => !say.wakes));
  });

  it("who is an auditor is told that they have no room", () => {
    const story = aCase().open();
    adding(story, { ...nuno, role: "auditor" });
    assert.ok(story.world.toldTo(user("nuno")).some((each) => each.code === "roster.no-rooms"));
  });

  it("of each role is promised exactly the rooms that the workspace gives that role", () => {
    for (const role of ROLES) {
      const story = aCase().with("PT", role, "nuno").open();
      const given = [COORDINATION, LIAISON].filter((slot) => rosterOf(story.scope, slot).includes(user("nuno")));
      assert.deepEqual([...roomsOf(role)], given, role);
    }
  });
});

describe("call signs", () => {
  it("count by country and are never given twice", () => {
    const story = aCase().with("PT", "member").with("PT", "member").open();
    assert.equal(nextCallSign(story.scope, country("PT")), "PT-3");
    assert.equal(nextCallSign(story.scope, country("CV")), "CV-1");
    const event = story.world.events.findLast((each) => each.type === "member.added");
    assert.ok(event !== undefined);
    assert.throws(() => memberEntity.evolve(story.scope.state.member.get(sign("PT-2")), event));
  });

  it("count people, not letters: ten follows nine", () => {
    let builder = aCase();
    for (let count = 0; count < 10; count += 1) builder = builder.with("PT", "member");
    assert.equal(nextCallSign(builder.open().scope, country("PT")), "PT-11");
  });
});
