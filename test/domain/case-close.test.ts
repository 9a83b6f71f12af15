import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isOpen } from "../../src/domain/case.ts";
import { closeCase, closeNeeds, confirmClose } from "../../src/domain/case-close.ts";
import { showCase } from "../../src/domain/case-show.ts";
import { COORDINATION, LIAISON } from "../../src/domain/ids.ts";
import { theCase } from "../../src/domain/state.ts";
import { addTask } from "../../src/domain/task.ts";
import type { Story } from "./builders.ts";
import { DAY, HOUR, START, aCase, boards, codes, user } from "./builders.ts";
import { aDelivery } from "./builders-delivery.ts";

/** Closes the case; `approved` gave their consent. */
function closing(story: Story, approved: readonly string[] = ["luis"], by = "ES-1"): ReturnType<typeof closeCase> {
  const approvals = approved.map((each) => ({ by: user(each), at: story.world.now }));
  return story.as(by, (scope, ctx) => closeCase(scope, ctx), { approvals });
}

describe("closing a case", () => {
  it("ends it for good before its agreement does: nothing new may be shared", () => {
    const story = aCase().open();
    assert.ok(closing(story).ok);
    assert.equal(theCase(story.scope).state, "closed");
    assert.ok(!isOpen(story.scope, story.world.now));
    assert.deepEqual(codes(story.as("ES-1", (scope, ctx) => addTask(scope, { title: "Call the port" }, ctx))), ["case.closed-over", "case.over-still"]);
    assert.deepEqual(codes(closing(story)), ["case.closed-over", "case.over-still"]);
  });

  it("needs an administrator of another state", () => {
    const story = aCase().with("ES", "administrator", "eva").with("PT", "authority", "nuno").open();
    assert.deepEqual(closeNeeds(story.scope, story.world.context(user("ana"), story.id)), [{ anyOf: [user("luis")], count: 1 }]);
    assert.deepEqual(codes(closing(story, [])), ["case.close-not-approved"]);
    assert.deepEqual(codes(closing(story, ["eva", "nuno"])), ["case.close-not-approved"]);
    assert.deepEqual(codes(closing(story, ["luis"], "PT-1")), ["roster.administrators-only"]);
  });

  it("is refused while goods are under watch, and names only deliveries that its author may know of", () => {
    const { story } = aDelivery().moving();
    const administrators = [...story.scope.state.member.values()].filter((member) => member.role === "administrator");
    assert.ok(administrators.length >= 2);
    for (const { callSign, country } of administrators) {
      const isOnTheWay = ["BR", "CV", "BE"].includes(country);
      assert.deepEqual(codes(closing(story, [], callSign)), isOnTheWay ? ["case.close-moving", "case.close-stop"] : ["case.close-moving-elsewhere"], callSign);
    }
  });

  it("is told in both rooms, and posts a checkpoint; the board says so", () => {
    const story = aCase().with("PT", "auditor", "nuno").open();
    closing(story);
    const said = story.world.said().filter((say) => say.message.lines[0]?.code === "case.closed");
    assert.deepEqual(said.map((say) => say.to), [{ to: "room", slot: COORDINATION }, { to: "room", slot: LIAISON }, { to: "people", users: [user("nuno")] }]);
    assert.ok(boards(story.world).includes(COORDINATION));
    assert.equal(story.world.noted.filter(({ effect }) => effect.effect === "checkpoint").length, 1);
  });

  it("is not undone or said again when the agreement ends", () => {
    const story = aCase().until(START + HOUR).open();
    closing(story);
    story.world.pass(10 * DAY);
    assert.equal(theCase(story.scope).state, "closed");
    assert.equal(story.world.said().some((say) => say.message.lines[0]?.code === "case.expired"), false);
  });

  it("shows as closed", () => {
    const story = aCase().open();
    closing(story);
    const shown = showCase(story.scope, story.world.context(user("ana"), story.id));
    assert.match(JSON.stringify(shown.lines[0]), /"state":"closed"/);
    assert.deepEqual(confirmClose(story.scope).lines.map((each) => each.code), ["case.confirm-close", "case.confirm-close-means"]);
  });
});
