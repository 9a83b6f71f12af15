import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { accessToRecord, isKeptOut, keptOut } from "../../src/domain/access.ts";
import { seconds } from "../../src/domain/access-seconds.ts";
import type { MasterKey, UserId } from "../../src/domain/ids.ts";
import { COORDINATION } from "../../src/domain/ids.ts";
import { phoneBack, phoneLost } from "../../src/domain/phone-lost.ts";
import { secondAdministrators } from "../../src/domain/roster.ts";
import { identityShown, prepareRestore, restoreMember } from "../../src/domain/suspension.ts";
import { desiredRooms, keptOutOf, rosterOf } from "../../src/domain/workspace.ts";
import type { Story } from "./builders.ts";
import { HOUR, aCase, codes, sign, user } from "./builders.ts";

const NEW = "N".repeat(43) as MasterKey;
const OTHER = "O".repeat(43) as MasterKey;

function lost(story: Story, who: string, by = "CO-1"): ReturnType<typeof phoneLost> {
  return story.as(by, (scope, ctx) => phoneLost(scope, sign(who), undefined, ctx));
}
function back(story: Story, who: string, approved: readonly string[], by = "ES-1"): ReturnType<typeof phoneBack> {
  return story.as(by, (scope, ctx) => phoneBack(scope, sign(who), ctx), { approvals: approved.map((each) => ({ by: user(each), at: story.world.now })) });
}
/** The server shows another identity for somebody: what follows is decided and put on record in the case. */
function shows(story: Story, who: UserId, shown: MasterKey): readonly string[] {
  const person = story.scope.people.get(who);
  assert.ok(person !== undefined);
  const events = identityShown(person, shown, story.world.now);
  story.world.apply(events, story.id);
  const recorded = accessToRecord(story.scope, story.world.now);
  story.world.apply(recorded, story.id);
  return [...events, ...recorded].map((event) => event.type);
}
const restoring = (story: Story, masterKey: MasterKey, approved: readonly string[], shown = masterKey, by = "ES-1"): ReturnType<typeof restoreMember> =>
  story.as(by, (scope, ctx) => restoreMember(scope, { person: sign("PT-1"), masterKey }, ctx), {
    approvals: approved.map((each) => ({ by: user(each), at: story.world.now })), identities: new Map([[user("nuno"), shown]]),
  });

describe("a lost phone", () => {
  it("puts its owner out of every room of the case, and back into all of them when it is found", () => {
    const story = aCase().with("PT", "authority", "nuno").open();
    assert.ok(lost(story, "PT-1").ok);
    for (const room of desiredRooms(story.scope)) assert.equal(room.people.includes(user("nuno")), false, room.slot);
    assert.deepEqual(keptOutOf(story.scope, COORDINATION), [user("nuno")]);
    assert.ok(back(story, "PT-1", ["luis"]).ok);
    assert.ok(rosterOf(story.scope, COORDINATION).includes(user("nuno")));
  });

  it("may be reported by its owner too, from another one, and by whoever is in the case in any role", () => {
    const story = aCase().with("PT", "authority", "nuno").with("SN", "liaison", "dakar").open();
    assert.ok(lost(story, "PT-1", "PT-1").ok);
    assert.ok(lost(story, "ES-1", "SN-1").ok);
  });

  it("that is reported twice is cut off once", () => {
    const story = aCase().with("PT", "authority", "nuno").open();
    assert.ok(lost(story, "PT-1").ok);
    assert.deepEqual(codes(lost(story, "PT-1", "ES-1")), ["access.cut-off-already", "access.back-line"]);
  });

  it("needs a second person if its reporter has reported another within the hour, and not after it", () => {
    const story = aCase().with("PT", "authority", "nuno").with("PT", "member", "rita").open();
    assert.ok(lost(story, "PT-1").ok);
    assert.ok(lost(story, "PT-2").ok, "it is asked");
    assert.equal(isKeptOut(story.scope.people, user("rita")), false);
    story.world.pass(HOUR);
    assert.ok(lost(story, "PT-2").ok);
    assert.equal(isKeptOut(story.scope.people, user("rita")), true);
  });

  it("comes back with a second person only, who is neither its owner nor whoever asks", () => {
    const story = aCase().with("PT", "authority", "nuno").open();
    assert.ok(lost(story, "PT-1").ok);
    assert.deepEqual(codes(back(story, "PT-1", [])), ["access.back-not-approved"]);
    assert.deepEqual(codes(back(story, "PT-1", ["ana", "nuno"])), ["access.back-not-approved"]);
    assert.deepEqual(codes(back(story, "PT-1", ["luis"], "PT-1")), ["access.not-for-yourself"]);
  });
});

describe("the second person", () => {
  it("is an administrator of another state, else another administrator, else an authority, else a member; never one who is kept out", () => {
    const story = aCase().with("ES", "administrator", "eva").with("PT", "authority", "nuno").with("PT", "member", "rita").open();
    const asked = (target: string): readonly UserId[] => seconds(story.scope, sign(target), story.world.context(user("ana"), story.id)).flatMap((need) => need.anyOf);
    assert.deepEqual(asked("PT-2"), [user("luis")]);
    assert.deepEqual(asked("CO-1"), [user("eva")]);
    assert.ok(lost(story, "CO-1", "PT-1").ok);
    assert.deepEqual(secondAdministrators(story.scope, story.world.context(user("ana"), story.id)), [{ anyOf: [], count: 1 }]);
    assert.ok(lost(story, "ES-2", "PT-2").ok);
    assert.deepEqual(asked("CO-1"), [user("nuno")]);
    story.world.pass(HOUR);
    assert.ok(lost(story, "PT-1", "ES-1").ok);
    assert.deepEqual(asked("CO-1"), [user("rita")]);
  });
});

describe("a changed identity", () => {
  it("suspends once, and is on record in the case once", () => {
    const story = aCase().with("PT", "authority", "nuno").open();
    assert.deepEqual(shows(story, user("nuno"), NEW), ["person.suspended", "member.suspended"]);
    assert.deepEqual(shows(story, user("nuno"), NEW), []);
    assert.equal(rosterOf(story.scope, COORDINATION).includes(user("nuno")), false);
  });

  it("that changes again, or back, is told and changes nothing", () => {
    const story = aCase().with("PT", "authority", "nuno").open();
    const pinned = story.scope.people.get(user("nuno"))?.masterKey;
    assert.ok(pinned !== undefined);
    shows(story, user("nuno"), NEW);
    assert.deepEqual(shows(story, user("nuno"), OTHER), ["person.identity-seen", "member.identity-seen"]);
    assert.deepEqual(shows(story, user("nuno"), pinned), ["person.identity-seen", "member.identity-seen"]);
    assert.equal(keptOut(story.scope.people.get(user("nuno"))), "suspended");
  });

  it("is pinned when two have agreed to exactly the one that is still shown", () => {
    const story = aCase().with("PT", "authority", "nuno").open();
    shows(story, user("nuno"), NEW);
    const prepared = prepareRestore(story.scope, { person: sign("PT-1") }, story.world.context(user("ana"), story.id, { identities: new Map([[user("nuno"), NEW]]) }));
    assert.ok(prepared.ok && (prepared.params as { masterKey?: MasterKey }).masterKey === NEW);
    assert.deepEqual(codes(restoring(story, NEW, [])), ["access.restore-not-approved"]);
    assert.deepEqual(codes(restoring(story, NEW, ["luis"], OTHER)), ["access.restore-changed"]);
    assert.ok(restoring(story, NEW, ["luis"]).ok);
    const person = story.scope.people.get(user("nuno"));
    assert.deepEqual([person?.masterKey, person?.suspended], [NEW, undefined]);
  });

  it("of somebody whose phone is lost too leaves them out until both are settled", () => {
    const story = aCase().with("PT", "authority", "nuno").open();
    shows(story, user("nuno"), NEW);
    assert.ok(lost(story, "PT-1").ok);
    assert.ok(restoring(story, NEW, ["luis"]).ok);
    assert.equal(keptOut(story.scope.people.get(user("nuno"))), "cut-off");
    assert.ok(back(story, "PT-1", ["luis"]).ok);
    assert.equal(keptOut(story.scope.people.get(user("nuno"))), undefined);
  });
});
