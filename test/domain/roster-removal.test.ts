import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Instant } from "../../src/domain/ids.ts";
import { COORDINATION } from "../../src/domain/ids.ts";
import type { QuestionEvent } from "../../src/domain/question.ts";
import { ask } from "../../src/domain/question.ts";
import { confirmRemoval, leftAt, memberOf, nextCallSign, removalNeeds, removeMember } from "../../src/domain/roster.ts";
import { line, list, message } from "../../src/domain/say.ts";
import { calledInCase, members } from "../../src/domain/state.ts";
import { finishTask } from "../../src/domain/task.ts";
import { desiredRooms, rosterOf } from "../../src/domain/workspace.ts";
import type { Story } from "./builders.ts";
import { aCase, aTask, boards, codes, country, sign, user } from "./builders.ts";

/** Removes somebody; `approved` gave their consent. */
function removing(story: Story, member: string, approved: readonly string[] = [], by = "ES-1"): ReturnType<typeof removeMember> {
  const approvals = approved.map((each) => ({ by: user(each), at: story.world.now }));
  return story.as(by, (scope, ctx) => removeMember(scope, { member: sign(member) }, ctx), { approvals });
}

describe("removing a person", () => {
  it("takes them out of every room of the case, and off its rosters", () => {
    const story = aCase().with("PT", "authority", "nuno").open();
    assert.ok(rosterOf(story.scope, COORDINATION).includes(user("nuno")));
    assert.ok(removing(story, "PT-1").ok);
    for (const room of desiredRooms(story.scope)) assert.equal(room.people.includes(user("nuno")), false, room.slot);
    assert.equal(memberOf(story.scope, user("nuno")), undefined);
    assert.equal(leftAt(story.scope, user("nuno")), story.world.now);
  });

  it("never gives their call sign to anybody else, and still knows who it was", () => {
    const story = aCase().with("PT", "authority", "nuno").open();
    assert.ok(removing(story, "PT-1").ok);
    assert.equal(nextCallSign(story.scope, country("PT")), "PT-2");
    assert.equal(calledInCase(story.scope, user("nuno")), "PT-1");
    assert.equal(members(story.scope).length, 2);
  });

  it("of one who does not administer the case takes one administrator of any state", () => {
    const story = aCase().with("ES", "member", "eva").open();
    assert.deepEqual(removalNeeds(story.scope, { member: sign("ES-2") }, story.world.context(user("luis"), story.id)), []);
    assert.ok(removing(story, "ES-2", [], "CO-1").ok);
  });

  it("of an administrator takes one of another state than the author's too, and not the one who is to go", () => {
    const story = aCase().with("PT", "administrator", "nuno").open();
    const needs = removalNeeds(story.scope, { member: sign("PT-1") }, story.world.context(user("ana"), story.id));
    assert.deepEqual(needs, [{ anyOf: [user("luis")], count: 1 }]);
    assert.deepEqual(codes(removing(story, "PT-1")), ["roster.removal-not-approved"]);
    assert.deepEqual(codes(removing(story, "PT-1", ["nuno", "ana"])), ["roster.removal-not-approved"]);
    assert.ok(removing(story, "PT-1", ["luis"]).ok);
    assert.deepEqual(story.world.events.findLast((event) => event.type === "member.removed")?.approvedBy, [user("luis")]);
  });

  it("is refused where it would leave the administrators of one state only", () => {
    const story = aCase().with("ES", "administrator", "eva").open();
    assert.deepEqual(codes(removing(story, "CO-1", ["eva"])), ["roster.two-states-stay"]);
  });

  it("is refused to whoever does not administer the case, of oneself, and of nobody who is there", () => {
    const story = aCase().with("PT", "authority", "nuno").with("PT", "member", "rita").open();
    assert.deepEqual(codes(removing(story, "PT-2", [], "PT-1")), ["roster.administrators-only"]);
    assert.deepEqual(codes(removing(story, "ES-1")), ["roster.not-yourself"]);
    assert.ok(removing(story, "PT-2").ok);
    assert.deepEqual(codes(removing(story, "PT-2")), ["roster.not-in", "roster.see-people"]);
  });

  it("is told to the person alone, to the room, and to who did it; the board is drawn anew", () => {
    const story = aCase().with("PT", "authority", "nuno").open();
    removing(story, "PT-1");
    const said = story.world.noted.flatMap(({ effect }) => (effect.effect === "say" ? [{ to: effect.to, code: effect.message.lines[0]?.code, wakes: effect.wakes }] : []));
    assert.deepEqual(said.slice(-3), [
      { to: { to: "people", users: [user("nuno")] }, code: "roster.you-were-removed", wakes: false },
      { to: { to: "room", slot: COORDINATION }, code: "roster.removed", wakes: false },
      { to: { to: "people", users: [user("ana")] }, code: "roster.removed", wakes: false },
    ]);
    assert.ok(boards(story.world).includes(COORDINATION));
  });

  it("says which of their tasks that are not done nobody does any more, who did it, and who agreed", () => {
    const story = aCase().with("PT", "administrator", "nuno").open();
    const [open, , done] = [aTask().to("PT-1").in(story), aTask().to("CO-1").in(story), aTask().to("PT-1").in(story)];
    assert.ok(story.as("PT-1", (scope, ctx) => finishTask(scope, done.id, undefined, ctx)).ok);
    story.world.listen();
    assert.ok(removing(story, "PT-1", ["luis"]).ok);
    const lines = story.world.said().find((say) => say.to.to === "room")?.message.lines;
    assert.deepEqual(lines, [
      line("roster.removed-by-two", { callSign: sign("PT-1"), by: "ES-1", approvedBy: list(["CO-1"]) }),
      line("roster.removed-means", { callSign: sign("PT-1") }),
      line("roster.tasks-left", { callSign: sign("PT-1"), tasks: list([open.id]) }),
    ]);
  });

  it("withdraws what only they were asked, and nothing that somebody else can answer or that is over", () => {
    const story = aCase().with("PT", "authority", "nuno").open();
    const asking = (...asked: readonly string[]): QuestionEvent => ask({
      about: `x ${asked.join(" ")}`, asked: asked.map(user), to: { to: "people", users: asked.map(user) }, lane: "live", stub: line("request.expired", {}), details: message(),
      options: [{ label: line("request.confirm", {}) }], digest: "", expires: (story.world.now + 60_000) as Instant,
    }, story.world.context(user("ana"), story.id));
    const [theirs, shared, over] = [asking("nuno"), asking("nuno", "luis"), asking("nuno")];
    story.world.apply([theirs, shared, over, { type: "question.withdrawn", v: 1, id: over.id, at: story.world.now }], story.id);
    const decision = removing(story, "PT-1");
    assert.deepEqual(decision.ok && decision.events.slice(1), [{ type: "question.withdrawn", v: 1, id: theirs.id, at: story.world.now }]);
  });

  it("says before it is confirmed whom it is about and what stays on their devices", () => {
    const story = aCase().with("PT", "authority", "nuno").open();
    assert.deepEqual(confirmRemoval(story.scope, { member: sign("PT-1") }).lines.map((each) => each.code), ["roster.confirm-removal", "roster.removal-means"]);
  });
});
