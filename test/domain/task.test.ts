import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Context, Decision } from "../../src/domain/decision.ts";
import type { CallSign, Instant } from "../../src/domain/ids.ts";
import { COORDINATION, LIAISON } from "../../src/domain/ids.ts";
import type { Message } from "../../src/domain/say.ts";
import type { NewTask } from "../../src/domain/task.ts";
import {
  AFTER_END_MAX, NOTE_MAX, OPEN_TASKS_MAX, TITLE_MAX, acceptTask, addTask, finishTask, taskEntity,
} from "../../src/domain/task.ts";
import { LIST_MAX, listTasks, openTasks } from "../../src/domain/task-list.ts";
import { theCase } from "../../src/domain/state.ts";
import type { Story } from "./builders.ts";
import { BOGOTA, DAY, HOUR, START, aCase, aTask, boards, codes, sign, task, user } from "./builders.ts";

const team = (): Story => aCase().with("CO", "member", "marta").with("PT", "liaison").with("CV", "auditor").open();
const adding = (story: Story, planned: NewTask, by = "ES-1"): Decision => story.as(by, (scope, ctx) => addTask(scope, planned, ctx));
const accepting = (story: Story, by: string, id = "T-1"): Decision => story.as(by, (scope, ctx) => acceptTask(scope, task(id), ctx));
const finishing = (story: Story, by: string, note?: string, id = "T-1"): Decision =>
  story.as(by, (scope, ctx) => finishTask(scope, task(id), note, ctx));
const listed = (story: Story, origin?: Context["origin"]): Message =>
  listTasks(story.scope, story.world.context(user("ana"), story.id, origin === undefined ? {} : { origin }));
const dueIn = (ms: number): NonNullable<NewTask["due"]> => ({ at: (START + ms) as Instant, zone: BOGOTA });
const over = (story: Story): void => {
  story.world.now = theCase(story.scope).until;
};

describe("adding a task", () => {
  it("numbers it in the case and gives it to the person named", () => {
    const story = team();
    aTask().in(story);
    const second = aTask().to("CO-2").titled("Call the port").due(2 * DAY).in(story);
    assert.deepEqual([second.id, second.owner, second.author, second.state, second.title], ["T-2", "CO-2", "ES-1", "open", "Call the port"]);
    assert.deepEqual(second.due, { at: START + 2 * DAY, zone: BOGOTA });
  });

  it("gives it to its author where nobody is named", () => {
    assert.equal(aTask().in(team(), "CO-2").owner, "CO-2");
  });

  it("echoes title, owner, date with its zone, and the reminders that will come", () => {
    const story = team();
    adding(story, { title: "Call the port", owner: sign("CO-1"), due: dueIn(2 * DAY) });
    const echo = story.world.said().find((say) => say.to.to === "origin");
    assert.deepEqual(echo?.message.lines, [
      { code: "task.added", facts: { task: "T-1", title: "Call the port" } },
      { code: "task.due", facts: { owner: "CO-1", due: { fact: "when", at: START + 2 * DAY, zone: BOGOTA } } },
      { code: "task.reminders", facts: { before: { fact: "list", items: [{ fact: "span", ms: DAY }, { fact: "span", ms: 2 * HOUR }] } } },
    ]);
  });

  it("promises no reminder whose moment has gone by", () => {
    const story = team();
    assert.deepEqual(aTask().due(DAY).in(story).remindBefore, [2 * HOUR]);
    adding(story, { title: "At once", due: dueIn(HOUR) });
    assert.ok(story.world.said()[0]?.message.lines.some((each) => each.code === "task.reminder-at-due"));
  });

  it("tells the person it is given to in their direct chat, silently, with what to type", () => {
    const story = team();
    adding(story, { title: "Call the port", owner: sign("CO-2") });
    assert.deepEqual(story.world.toldTo(user("marta")).map((each) => each.code), ["task.given", "task.accept-with"]);
    assert.match(JSON.stringify(story.world.toldTo(user("marta"))), /task accept T-1/);
    assert.ok(story.world.said().every((say) => !say.wakes));
    assert.deepEqual(boards(story.world), [COORDINATION]);
  });

  it("tells nobody else where it is the author's own", () => {
    const story = team();
    adding(story, { title: "Call the port" });
    assert.equal(story.world.said().length, 1);
  });

  it("may be due a year after the agreement's end and not later", () => {
    const story = team();
    const end = theCase(story.scope).until + AFTER_END_MAX;
    assert.ok(adding(story, { title: "Hearing", due: { at: end as Instant, zone: BOGOTA } }).ok);
    assert.deepEqual(codes(adding(story, { title: "Hearing", due: { at: (end + 1) as Instant, zone: BOGOTA } })), ["task.due-far", "task.due-line"]);
  });

  const table: readonly [string, NewTask, readonly string[]][] = [
    ["in the past", { title: "x", due: dueIn(-1) }, ["task.due-past", "task.due-line"]],
    ["now", { title: "x", due: dueIn(0) }, ["task.due-past", "task.due-line"]],
    ["without a text", { title: "   " }, ["task.title-length", "task.shorter"]],
    ["with too long a text", { title: "x".repeat(TITLE_MAX + 1) }, ["task.title-length", "task.shorter"]],
    ["for somebody who is not here", { title: "x", owner: sign("BE-1") }, ["task.owner-unknown", "task.owner-line"]],
    ["for an auditor", { title: "x", owner: sign("CV-1") }, ["task.owner-auditor", "task.owner-line"]],
  ];
  for (const [name, planned, expected] of table) {
    it(`is refused ${name}, with what to type instead`, () => {
      const story = team();
      const decision = adding(story, planned);
      assert.deepEqual(codes(decision), expected);
      assert.match(JSON.stringify(decision), /"fact":"typed"/);
      assert.equal(story.scope.state.task.size, 0);
    });
  }

  it("counts a text by characters as people see them", () => {
    assert.ok(adding(team(), { title: "🧊".repeat(TITLE_MAX) }).ok);
  });

  it("is refused when the agreement is over", () => {
    const story = team();
    over(story);
    assert.deepEqual(codes(adding(story, { title: "x" })), ["case.over", "case.over-still"]);
  });

  it("is refused when too many are open, until some are done", () => {
    const story = team();
    for (let count = 0; count < OPEN_TASKS_MAX; count += 1) aTask().in(story);
    assert.deepEqual(codes(adding(story, { title: "x" })), ["task.too-many", "task.finish-some"]);
    finishing(story, "ES-1");
    assert.ok(adding(story, { title: "x" }).ok);
    assert.equal(story.task(`T-${OPEN_TASKS_MAX + 1}`).title, "x");
  });
});

describe("accepting a task", () => {
  it("is said by its owner, and told to who gave it", () => {
    const story = team();
    aTask().to("CO-2").in(story);
    assert.ok(accepting(story, "CO-2").ok);
    assert.equal(story.task("T-1").state, "accepted");
    assert.deepEqual(story.world.toldTo(user("ana")).map((each) => each.code), ["task.accepted"]);
    assert.deepEqual(boards(story.world), [COORDINATION]);
  });

  it("is refused to anybody else, an administrator too", () => {
    const story = team();
    aTask().to("CO-2").in(story);
    for (const other of ["ES-1", "CO-1", "PT-1"]) {
      assert.deepEqual(codes(accepting(story, other)), ["task.not-yours", "task.see-list"], other);
    }
    assert.equal(story.task("T-1").state, "open");
  });

  it("is refused twice, after it is done, for an unknown task, and when the agreement is over", () => {
    const story = team();
    aTask().in(story);
    aTask().in(story);
    accepting(story, "ES-1");
    assert.deepEqual(codes(accepting(story, "ES-1")), ["task.accepted-already", "task.finish-instead"]);
    finishing(story, "ES-1");
    assert.deepEqual(codes(accepting(story, "ES-1")), ["task.done-already", "task.see-list"]);
    assert.deepEqual(codes(accepting(story, "ES-1", "T-9")), ["task.unknown", "task.see-list"]);
    over(story);
    assert.deepEqual(codes(accepting(story, "ES-1", "T-2")), ["case.over", "case.over-still"]);
  });
});

describe("finishing a task", () => {
  it("is said by its owner, accepted before or not", () => {
    for (const accepted of [true, false]) {
      const story = team();
      aTask().to("CO-2").in(story);
      if (accepted) accepting(story, "CO-2");
      assert.ok(finishing(story, "CO-2", "copy received").ok);
      const done = story.task("T-1");
      assert.ok(done.state === "done" && done.doneBy === "CO-2" && done.note === "copy received" && done.done === story.world.now);
    }
  });

  it("is said by an administrator for somebody else, who is told", () => {
    const story = team();
    aTask().to("CO-2").in(story);
    assert.ok(finishing(story, "CO-1").ok);
    assert.deepEqual(story.world.toldTo(user("marta")).map((each) => each.code), ["task.finished"]);
    assert.deepEqual(story.world.toldTo(user("ana")).map((each) => each.code), ["task.finished"]);
  });

  it("is refused to a member whose task it is not", () => {
    const story = team();
    aTask().in(story);
    for (const other of ["CO-2", "PT-1"]) {
      const decision = finishing(story, other);
      assert.deepEqual(codes(decision), ["task.not-yours-to-finish"], other);
      assert.match(JSON.stringify(decision), /ES-1.*CO-1/);
    }
  });

  it("is refused twice and for an unknown task", () => {
    const story = team();
    aTask().in(story);
    finishing(story, "ES-1");
    assert.deepEqual(codes(finishing(story, "CO-1", "again")), ["task.done-already", "task.see-list"]);
    assert.deepEqual(codes(finishing(story, "ES-1", undefined, "T-7")), ["task.unknown", "task.see-list"]);
  });

  it("is refused with too long a note", () => {
    const story = team();
    aTask().in(story);
    assert.deepEqual(codes(finishing(story, "ES-1", "x".repeat(NOTE_MAX + 1))), ["task.note-length", "task.shorter"]);
    assert.ok(finishing(story, "ES-1", "🧊".repeat(NOTE_MAX)).ok, "counted as people see them");
  });

  it("works after the agreement's end, but shares no new text then", () => {
    const story = team();
    aTask().in(story);
    over(story);
    assert.deepEqual(codes(finishing(story, "ES-1", "copy received")), ["task.note-after-end", "task.finish-instead"]);
    assert.ok(finishing(story, "ES-1", "  ").ok);
    assert.equal("note" in story.task("T-1"), false);
  });

  it("says how many are still open and which is next, and repeats no note where it was typed", () => {
    const story = team();
    aTask().in(story);
    aTask().due(2 * DAY).in(story);
    aTask().due(DAY).in(story);
    finishing(story, "ES-1", "copy received");
    const reply = story.world.said().find((say) => say.to.to === "origin");
    assert.deepEqual(reply?.message.lines[1]?.facts, { open: 2, task: "T-3", due: { fact: "when", at: START + DAY, zone: BOGOTA } });
    assert.ok(!JSON.stringify(reply).includes("copy received"));
    finishing(story, "ES-1", undefined, "T-2");
    finishing(story, "ES-1", undefined, "T-3");
    assert.deepEqual(story.world.said().at(-1)?.message.lines[1], { code: "task.remaining", facts: { open: 0 } });
  });

  it("lasts: nothing brings a task that is done back", () => {
    const story = team();
    aTask().due(HOUR).in(story);
    finishing(story, "ES-1");
    const done = story.task("T-1");
    story.world.pass(30 * DAY);
    assert.deepEqual(story.task("T-1"), done);
  });
});

describe("events of a task", () => {
  it("that was never added are a bug, and so is adding it twice", () => {
    const at = START;
    const by = "ES-1" as CallSign;
    assert.throws(() => taskEntity.evolve(undefined, { type: "task.accepted", v: 1, task: task("T-1"), by, at }));
    const story = team();
    aTask().in(story);
    const added = story.world.events.findLast((event) => event.type === "task.added");
    assert.ok(added !== undefined);
    assert.throws(() => taskEntity.evolve(story.task("T-1"), added));
  });
});

describe("the list of tasks", () => {
  it("has the most urgent first, those without a date last, and none that is done", () => {
    const story = team();
    aTask().in(story);
    aTask().due(3 * DAY).in(story);
    aTask().due(DAY).in(story);
    aTask().due(2 * DAY).in(story);
    finishing(story, "ES-1", undefined, "T-4");
    assert.deepEqual(openTasks(story.scope).map((each) => each.id), ["T-3", "T-2", "T-1"]);
  });

  it("says when there is none, and how to add one", () => {
    const { lines } = listed(team());
    assert.deepEqual(lines.map((each) => each.code), ["task.list-empty"]);
  });

  it("is cut to what can be read on a phone, and says how many more there are", () => {
    const story = team();
    for (let count = 0; count < LIST_MAX + 2; count += 1) aTask().titled("x".repeat(TITLE_MAX)).in(story);
    const { lines } = listed(story);
    assert.equal(lines.length, 1 + LIST_MAX + 1);
    assert.deepEqual(lines.at(-1), { code: "task.more", facts: { more: 2 } });
    assert.ok(JSON.stringify(lines[1]).length < 200, "long texts are shortened");
  });

  it("is given in the coordination room and in a direct chat, and nowhere else", () => {
    const story = team();
    aTask().titled("Get the air waybill").in(story);
    assert.equal(listed(story, { room: "workspace", slot: COORDINATION }).lines[0]?.code, "task.list");
    const elsewhere = listed(story, { room: "workspace", slot: LIAISON });
    assert.deepEqual(elsewhere.lines.map((each) => each.code), ["case.ask-directly"]);
  });

  it("marks what is accepted and what is overdue", () => {
    const story = team();
    aTask().due(DAY).in(story);
    aTask().due(2 * DAY).in(story);
    accepting(story, "ES-1", "T-2");
    story.world.pass(DAY);
    const states = listed(story).lines.slice(1).map((each) => (each.code === "task.line" ? each.facts.state : undefined));
    assert.deepEqual(states, ["overdue", "accepted"]);
  });
});
