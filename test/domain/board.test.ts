import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BOARD_TASKS_MAX, boardOf } from "../../src/domain/board.ts";
import { COORDINATION, LIAISON, SPACE, directSlot } from "../../src/domain/ids.ts";
import { DAY, HOUR, START, aCase, aTask, user } from "./builders.ts";

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

describe("a board", () => {
  it("is there neither for the space nor for the liaison room nor for a direct chat", () => {
    const { scope } = aCase().open();
    for (const slot of [SPACE, LIAISON, directSlot(user("ana"))]) assert.equal(boardOf(scope, slot), undefined);
  });
});
