import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BOARD_TASKS_MAX, boardOf } from "../../src/domain/board.ts";
import type { DeliveryId } from "../../src/domain/ids.ts";
import { COORDINATION, LIAISON, SPACE, deliverySlot, directSlot } from "../../src/domain/ids.ts";
import { DAY, HOUR, START, aCase, aTask, user } from "./builders.ts";
import { draft, peopleOfARoute } from "./builders-delivery.ts";

describe("the board of the coordination room", () => {
  it("shows the case and says that nothing is open", () => {
    const { scope } = aCase().open();
    assert.deepEqual(boardOf(scope, COORDINATION)?.lines.map((each) => each.code), ["board.case", "board.no-tasks"]);
  });

  it("shows open tasks by when they are due, at most fifteen, and how many more there are", () => {
    const story = aCase().open();
    for (let count = 0; count < BOARD_TASKS_MAX + 3; count += 1) aTask().due((40 - count) * DAY).in(story);
    const lines = boardOf(story.scope, COORDINATION)?.lines ?? [];
    assert.deepEqual(lines[1], { code: "board.tasks", facts: { open: BOARD_TASKS_MAX + 3 } });
    assert.equal(lines.filter((each) => each.code === "task.line").length, BOARD_TASKS_MAX);
    assert.match(JSON.stringify(lines[2]), new RegExp(`T-${BOARD_TASKS_MAX + 3}`), "the most urgent was added last");
    assert.deepEqual(lines.at(-1), { code: "task.more", facts: { more: 3 } });
  });

  it("says when the agreement is over", () => {
    const story = aCase().until(START + HOUR).open();
    story.world.pass(DAY);
    assert.match(JSON.stringify(boardOf(story.scope, COORDINATION)), /"expired"/);
  });
});

describe("deliveries on the board of the coordination room", () => {
  it("are shown when everybody in the room is of their circle", () => {
    const story = aCase().states("BR", "CV", "BE", "ES", "CO").with("BR", "member").with("BR", "member").with("CV", "member").open();
    draft(story);
    const administrators = ["ES-1", "CO-1"];
    for (const one of administrators) {
      const member = story.scope.state.member.get(one)!;
      story.world.chain(story.id).put([{ kind: "member", key: one, entity: { ...member, role: "auditor" } }]);
    }
    const codes = boardOf(story.scope, COORDINATION)?.lines.map((each) => each.code);
    assert.deepEqual(codes?.slice(-2), ["board.deliveries", "delivery.line"]);
  });

  it("are not shown, nor counted, while somebody in the room is not of their circle", () => {
    const story = peopleOfARoute();
    assert.ok(draft(story).ok);
    assert.equal(story.scope.state.delivery.size, 1);
    assert.deepEqual(boardOf(story.scope, COORDINATION)?.lines.map((each) => each.code), ["board.case", "board.no-tasks"]);
  });

  it("have a board of their own in their room", () => {
    const story = peopleOfARoute();
    draft(story);
    assert.equal(boardOf(story.scope, deliverySlot("CD-1" as DeliveryId))?.lines[0]?.code, "delivery.board");
  });
});

describe("a board", () => {
  it("is there neither for the space nor for the liaison room nor for a direct chat", () => {
    const { scope } = aCase().open();
    for (const slot of [SPACE, LIAISON, directSlot(user("ana"))]) assert.equal(boardOf(scope, slot), undefined);
  });
});
