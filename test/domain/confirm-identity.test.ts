import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { showCase } from "../../src/domain/case-show.ts";
import { confirmConfirm, confirmInPerson, confirmers, howToBeConfirmed, prepareConfirm, whyNotKnown } from "../../src/domain/confirm-identity.ts";
import type { MasterKey, UserId } from "../../src/domain/ids.ts";
import type { ConfirmedHow } from "../../src/domain/person.ts";
import { fingerprint, isFingerprintOf, personEntity } from "../../src/domain/person.ts";
import type { NewMember } from "../../src/domain/roster.ts";
import { addMember, confirmMember, prepareMember } from "../../src/domain/roster.ts";
import type { Story } from "./builders.ts";
import { aCase, codes, country, keyOf, sign, user } from "./builders.ts";

/** A case with PT-1 in it; Ana (ES-1) is confirmed. */
function aCaseOfAna(): Story {
  const story = aCase().with("PT", "member").open();
  confirmed(story, user("ana"), "config");
  return story;
}
function confirmed(story: Story, who: UserId, how: ConfirmedHow, by?: UserId): void {
  story.world.apply([{ type: "person.confirmed", v: 1, user: who, masterKey: keyOf(who), how, at: story.world.now, ...(by === undefined ? {} : { by }) }], story.id);
  story.world.listen();
}
const confirm = (story: Story, by: string, of: string, more: { fingerprint?: string; masterKey?: MasterKey } = {}): ReturnType<typeof confirmInPerson> =>
  story.as(by, (scope, ctx) => confirmInPerson(scope, { person: sign(of), ...more }, ctx));
const stateOf = (story: Story, who: UserId) => story.scope.people.get(who)?.confirmed;

describe("confirming an identity in person", () => {
  it("is on record with whom, by whom, how and when, and is told to the person and to the room", () => {
    const story = aCaseOfAna();
    assert.ok(confirm(story, "ES-1", "PT-1").ok);
    assert.deepEqual(stateOf(story, user("pt1")), { how: "in-person", by: user("ana"), at: story.world.now });
    assert.deepEqual(story.world.events.slice(-2).map((event) => event.type), ["person.confirmed", "member.confirmed"]);
    assert.deepEqual(story.world.toldTo(user("pt1")).map((line) => line.code), ["person.confirmed", "person.confirmed-means"]);
    assert.deepEqual(story.world.said().filter((say) => say.to.to === "room").flatMap((say) => say.message.lines.map((line) => line.facts)), [{ callSign: "PT-1", how: "in-person", by: "ES-1" }]);
  });

  it("needs an administrator whose own identity is confirmed", () => {
    const story = aCaseOfAna();
    assert.deepEqual(codes(confirm(story, "CO-1", "PT-1")), ["identity.you-first", "identity.how"]);
    assert.deepEqual(codes(confirm(story, "PT-1", "CO-1")), ["roster.administrators-only"]);
    assert.ok(confirm(story, "ES-1", "CO-1").ok);
    assert.ok(confirm(story, "CO-1", "PT-1").ok, "who has been confirmed can confirm others");
  });

  it("is never of oneself, and once is enough", () => {
    const story = aCaseOfAna();
    assert.deepEqual(codes(confirm(story, "ES-1", "ES-1")), ["identity.yourself"]);
    confirm(story, "ES-1", "PT-1");
    assert.deepEqual(codes(confirm(story, "ES-1", "PT-1")), ["identity.already"]);
  });

  it("shows the fingerprint that is compared, and refuses another that was read out", () => {
    const story = aCaseOfAna();
    const key = keyOf(user("pt1"));
    const prepared = prepareConfirm(story.scope, { person: sign("PT-1") }, story.world.context(user("ana"), story.id));
    assert.ok(prepared.ok);
    assert.ok(JSON.stringify(confirmConfirm(story.scope, prepared.params)).includes(fingerprint(key)));
    assert.deepEqual(codes(confirm(story, "ES-1", "PT-1", { fingerprint: "AAAABBBBCCCCDDDD" })), ["person.fingerprint-differs"]);
    assert.equal(stateOf(story, user("pt1")), undefined);
    assert.ok(confirm(story, "ES-1", "PT-1", { fingerprint: key.slice(0, 16) }).ok);
  });

  it("refuses an identity that is not the pinned one any more, or not the one that was put to the administrator", () => {
    const story = aCaseOfAna();
    assert.deepEqual(codes(confirm(story, "ES-1", "PT-1", { masterKey: keyOf(user("other")) })), ["person.identity-changed"]);
    story.world.identities.set(user("pt1"), keyOf(user("thief")));
    assert.deepEqual(codes(confirm(story, "ES-1", "PT-1")), ["person.identity-changed"]);
    story.world.identities.delete(user("pt1"));
    assert.deepEqual(codes(confirm(story, "ES-1", "PT-1")), ["person.no-identity"]);
  });

  it("falls with the identity: another one that is pinned is not confirmed", () => {
    const story = aCaseOfAna();
    confirm(story, "ES-1", "PT-1");
    const person = story.scope.people.get(user("pt1"));
    const anew = personEntity.evolve(person, { type: "person.pinned", v: 1, user: user("pt1"), masterKey: keyOf(user("new")), language: "en", zone: person!.zone });
    assert.equal(anew.confirmed, undefined);
    assert.throws(() => personEntity.evolve(anew, { type: "person.confirmed", v: 1, user: user("pt1"), masterKey: keyOf(user("pt1")), how: "in-person", at: story.world.now }), /another identity/);
  });
});

describe("a fingerprint typed from the agreement", () => {
  const nuno: NewMember = { user: user("nuno"), name: "Nuno P.", role: "member", country: country("PT"), masterKey: keyOf(user("nuno")), fingerprint: keyOf(user("nuno")).slice(0, 16) };
  const adding = (story: Story, by: string, approved: string, person: NewMember = nuno): ReturnType<typeof addMember> => {
    story.world.identities.set(user("nuno"), keyOf(user("nuno")));
    return story.as(by, (scope, ctx) => addMember(scope, person, ctx), { approvals: [{ by: user(approved), at: story.world.now }] });
  };

  it("confirms somebody who is added, and the text that two agree to says so", () => {
    const story = aCaseOfAna();
    assert.ok(adding(story, "ES-1", "luis").ok);
    assert.deepEqual(stateOf(story, user("nuno")), { how: "agreement", by: user("ana"), at: story.world.now });
    assert.deepEqual(confirmMember(story.scope, nuno).lines.map((line) => line.code), ["roster.confirm", "roster.confirm-identity", "roster.confirm-agreed"]);
    const said = story.world.said().flatMap((say) => say.message.lines.map((line) => line.code));
    assert.ok(said.includes("roster.identity-confirmed") && !said.includes("roster.identity-unconfirmed"));
  });

  it("counts by whichever of the two is confirmed, and not at all if neither is", () => {
    const approver = aCaseOfAna();
    assert.ok(adding(approver, "CO-1", "ana").ok);
    assert.equal(stateOf(approver, user("nuno"))?.by, user("ana"));
    const neither = aCase().with("PT", "member").open();
    assert.ok(adding(neither, "ES-1", "luis").ok);
    assert.equal(stateOf(neither, user("nuno")), undefined);
    assert.ok(neither.world.said().some((say) => say.message.lines.some((line) => line.code === "roster.identity-unconfirmed")));
  });

  it("that is not that of the identity shown is refused before anybody is asked, and again when it is decided", () => {
    const story = aCaseOfAna();
    story.world.identities.set(user("nuno"), keyOf(user("nuno")));
    const wrong = { ...nuno, fingerprint: "AAAABBBBCCCCDDDD" };
    const prepared = prepareMember(story.scope, wrong, story.world.context(user("ana"), story.id));
    assert.equal(prepared.ok ? "" : prepared.lines[0]?.code, "person.fingerprint-differs");
    assert.deepEqual(codes(adding(story, "ES-1", "luis", wrong)), ["person.fingerprint-differs"]);
  });

  it("is the first 16 characters or all 43, capitals and small letters apart", () => {
    const key = "kR3x8mQaZt2Lp0VdAbCdEfGhIjKlMnOpQrStUvWxYz+" as MasterKey;
    assert.deepEqual(["kR3x8mQaZt2Lp0Vd", key, "kR3x8mQaZt2Lp0V", "KR3x8mQaZt2Lp0Vd", `${key.slice(0, 42)}/`].map((typed) => isFingerprintOf(typed, key)), [true, true, false, false, false]);
  });
});

describe("what must be known of whoever commands", () => {
  it("is more than a signed device only where the operator wants it, and who is below is told whom to call", () => {
    const story = aCaseOfAna();
    const nuno = story.scope.people.get(user("pt1"))!;
    assert.equal(whyNotKnown(nuno, "signed", story.scope), undefined);
    const lines = whyNotKnown(nuno, "confirmed", story.scope) ?? [];
    assert.deepEqual(lines.map((line) => line.code), ["identity.needed", "identity.how"]);
    assert.match(JSON.stringify(lines), /"ES-1".*jit confirm PT-1/);
    confirm(story, "ES-1", "PT-1");
    assert.equal(whyNotKnown(story.scope.people.get(user("pt1"))!, "confirmed", story.scope), undefined);
  });

  it("can be shown to the confirmed administrators of the case, never to oneself", () => {
    const story = aCaseOfAna();
    assert.deepEqual(confirmers(story.scope, user("pt1")).map((member) => member.callSign), ["ES-1"]);
    assert.deepEqual(confirmers(story.scope, user("ana")), []);
    assert.equal(howToBeConfirmed(user("ana"), story.scope).code, "identity.how-alone");
    assert.equal(howToBeConfirmed(user("nobody"), undefined).code, "identity.how-alone");
  });

  it("stands beside each person of the case, with whoever confirmed it only if they are in it, too", () => {
    const story = aCaseOfAna();
    confirm(story, "ES-1", "PT-1");
    confirmed(story, user("luis"), "compared", user("stranger"));
    const text = JSON.stringify(showCase(story.scope, story.world.context(user("ana"), story.id)));
    assert.match(text, /"how":"config"/);
    assert.match(text, /"code":"identity.state-by","facts":\{"how":"in-person","by":"ES-1"\}/);
    assert.match(text, /"code":"identity.state","facts":\{"how":"compared"\}/);
    assert.ok(!text.includes("stranger"));
  });
});
