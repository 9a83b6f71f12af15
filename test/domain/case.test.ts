import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { caseEntity, isOpen } from "../../src/domain/case.ts";
import { showCase } from "../../src/domain/case-show.ts";
import type { Instant } from "../../src/domain/ids.ts";
import type { Context } from "../../src/domain/decision.ts";
import { COORDINATION, LIAISON, directSlot } from "../../src/domain/ids.ts";
import { theCase } from "../../src/domain/state.ts";
import type { World } from "./builders.ts";
import { DAY, HOUR, START, WINDOWS, aCase, boards, user } from "./builders.ts";
import { draft, peopleOfARoute } from "./builders-delivery.ts";

describe("the end of the agreement", () => {
  it("closes the case by itself at its moment, not before", () => {
    const { world, scope } = aCase().until(START + 5 * HOUR).open();
    world.pass(5 * HOUR - 1);
    assert.equal(theCase(scope).state, "open");
    world.pass(1);
    assert.equal(theCase(scope).state, "expired");
  });

  it("counts from its moment on, also before it has been recorded", () => {
    const { scope } = aCase().until(START + HOUR).open();
    assert.ok(isOpen(scope, (START + HOUR - 1) as Instant));
    assert.ok(!isOpen(scope, (START + HOUR) as Instant));
  });

  it("is told to the administrators and the room once, without waking anybody", () => {
    const { world } = aCase().with("PT", "member").until(START + HOUR).open();
    world.pass(10 * DAY);
    const told = world.said().filter((say) => say.message.lines[0]?.code === "case.expired");
    assert.deepEqual(told.map((say) => say.to), [
      { to: "people", users: [user("ana"), user("luis")] }, { to: "room", slot: COORDINATION },
    ]);
    assert.ok(told.every((say) => !say.wakes));
    assert.deepEqual(boards(world), [COORDINATION]);
  });

  it("is never undone by anything", () => {
    const { world, scope } = aCase().until(START + HOUR).open();
    world.pass(DAY);
    const expired = theCase(scope);
    world.pass(30 * DAY);
    assert.equal(theCase(scope).state, "expired");
    assert.throws(() => caseEntity.evolve(expired, world.events.find((event) => event.type === "case.opened")!));
  });

  it("cannot come before the case was opened", () => {
    assert.throws(() => caseEntity.evolve(undefined, { type: "case.expired", v: 1, at: START }));
  });
});

describe("checkpoints of a case", () => {
  const posted = (world: World): number =>
    world.noted.filter(({ effect }) => effect.effect === "checkpoint").length;

  it("are posted every time the window has gone by, before and after the agreement's end", () => {
    const { world } = aCase().until(START + 2 * DAY).open();
    world.pass(WINDOWS.checkpointEvery - 1);
    assert.equal(posted(world), 0);
    world.pass(1);
    assert.equal(posted(world), 1);
    world.pass(4 * WINDOWS.checkpointEvery);
    assert.equal(posted(world), 5);
  });

  it("missed while the bot was down come as one", () => {
    const { world, scope } = aCase().open();
    world.downtime(10 * WINDOWS.checkpointEvery);
    assert.equal(posted(world), 1);
    assert.equal(theCase(scope).checkpointed, world.now);
  });

  it("and the end of the agreement missed in the same downtime are both on record", () => {
    const { world } = aCase().until(START + HOUR).open();
    world.downtime(10 * DAY);
    assert.deepEqual(world.events.slice(-2).map((event) => event.type), ["case.expired", "case.checkpoint-due"]);
  });
});

describe("showing a case", () => {
  it("gives agreement, states, period, people by call sign and the rooms of the person who asks", () => {
    const { world, id, scope } = aCase().with("PT", "member").with("SN", "liaison").open();
    const { lines } = showCase(scope, world.context(user("ana"), id));
    assert.deepEqual(lines.map((each) => each.code), [
      "case.show", "case.show-states", "case.show-period", "case.show-people", "case.show-people", "case.show-people", "case.show-people",
      "case.show-rooms",
    ]);
    const text = JSON.stringify(lines);
    for (const expected of ["ES-CO-CV 2026/114", "ES-1", "CO-1", "PT-1", "SN-1", "room.coordination", "room.liaison"]) {
      assert.ok(text.includes(expected), expected);
    }
    assert.ok(!text.includes("luis"), "names are not shown");
  });

  it("does not name a room in which the person who asks has no place", () => {
    const { world, id, scope } = aCase().with("PT", "member").open();
    const text = JSON.stringify(showCase(scope, world.context(user("pt1"), id)));
    assert.ok(text.includes("room.coordination"));
    assert.ok(!text.includes("room.liaison"));
  });

  it("says nothing in a room where others read it too, and names no delivery's room outside a direct chat", () => {
    const story = peopleOfARoute();
    draft(story);
    const by = story.userOf("CV-1");
    const shown = (origin: Context["origin"]): string => JSON.stringify(showCase(story.scope, story.world.context(by, story.id, { origin })));
    assert.match(shown({ room: "direct", slot: directSlot(by) }), /room\.delivery/);
    assert.doesNotMatch(shown({ room: "workspace", slot: COORDINATION }), /room\.delivery/);
    assert.match(shown({ room: "workspace", slot: COORDINATION }), /case\.show-people/);
    assert.doesNotMatch(shown({ room: "workspace", slot: LIAISON }), /case\.show/);
    assert.match(shown({ room: "workspace", slot: LIAISON }), /case\.ask-directly/);
  });

  it("says that the agreement is over as soon as it is", () => {
    const { world, id, scope } = aCase().until(START + HOUR).open();
    world.now = (START + HOUR) as Instant;
    assert.match(JSON.stringify(showCase(scope, world.context(user("ana"), id)).lines[0]), /"expired"/);
  });
});
