import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Say } from "../../src/domain/effect.ts";
import { finishTask, taskEntity } from "../../src/domain/task.ts";
import type { Story } from "./builders.ts";
import { DAY, HOUR, START, WINDOWS, aCase, aTask, boards, task, user } from "./builders.ts";
import { COORDINATION } from "../../src/domain/ids.ts";

const stubs = (story: Story): Say[] => story.world.said().filter((say) => say.wakes);
const reminded = (story: Story): [string, number][] =>
  story.world.events.flatMap((event) => (event.type === "task.reminded" ? [[event.kind, event.at - START] as [string, number]] : []));

describe("reminders of a task", () => {
  it("come before, at, and some times after it is due, each once", () => {
    const story = aCase().open();
    aTask().due(3 * DAY).in(story);
    story.world.pass(30 * DAY);
    assert.deepEqual(reminded(story), [
      ["before", 2 * DAY], ["before", 3 * DAY - 2 * HOUR], ["due", 3 * DAY], ["overdue", 4 * DAY], ["overdue", 5 * DAY], ["overdue", 6 * DAY],
    ]);
    assert.equal(taskEntity.nextWake?.(story.task("T-1"), WINDOWS, story.scope), undefined);
  });

  it("missed while the bot was down come as one, the latest, and those still ahead come later", () => {
    const story = aCase().open();
    aTask().due(3 * DAY).in(story);
    story.world.downtime(3 * DAY + HOUR);
    assert.deepEqual(reminded(story), [["due", 3 * DAY + HOUR]]);
    assert.equal(stubs(story).length, 1);
    story.world.pass(2 * DAY);
    assert.deepEqual(reminded(story).slice(1), [["overdue", 4 * DAY], ["overdue", 5 * DAY]]);
  });

  it("missed altogether come as one that says overdue", () => {
    const story = aCase().open();
    aTask().due(3 * DAY).in(story);
    story.world.downtime(60 * DAY);
    assert.deepEqual(reminded(story), [["overdue", 60 * DAY]]);
    story.world.downtime(60 * DAY);
    assert.equal(reminded(story).length, 1);
  });

  it("do not come again when their task is woken once too often", () => {
    const story = aCase().open();
    aTask().due(3 * DAY).in(story);
    story.world.pass(2 * DAY);
    const decision = taskEntity.tick?.(story.task("T-1"), story.world.tickContext(), story.scope);
    assert.deepEqual(decision, { ok: true, events: [] });
  });

  it("do not come for what is done, nor for a task without a date", () => {
    const story = aCase().open();
    aTask().due(2 * DAY).in(story);
    aTask().in(story);
    story.as("ES-1", (scope, ctx) => finishTask(scope, task("T-1"), undefined, ctx));
    story.world.pass(30 * DAY);
    assert.deepEqual(reminded(story), []);
  });

  it("wake the owner alone with a bare line, and tell what it is about in silence", () => {
    const story = aCase().open();
    aTask().to("CO-1").titled("Get the air waybill").due(2 * DAY).in(story);
    story.world.pass(DAY);
    const [stub] = stubs(story);
    assert.equal(stubs(story).length, 1);
    assert.deepEqual([stub?.to, stub?.mentions, stub?.lane], [{ to: "people", users: [user("luis")] }, [user("luis")], "routine"]);
    assert.deepEqual(stub?.message.lines.map((each) => each.code), ["task.reminder-stub"]);
    assert.ok(!JSON.stringify(stub).includes("air waybill"), "a lock screen shows no content");
    const detail = story.world.said().find((say) => !say.wakes);
    assert.deepEqual(detail?.to, { to: "people", users: [user("luis")] });
    assert.match(JSON.stringify(detail?.message), /Get the air waybill.*task done T-1/);
    assert.deepEqual(story.world.toldTo(user("ana")), []);
  });

  it("tell who gave the task, in silence, once it is due and not done", () => {
    const story = aCase().open();
    aTask().to("CO-1").due(2 * DAY).in(story);
    story.world.pass(2 * DAY);
    assert.deepEqual(story.world.toldTo(user("ana")).map((each) => each.code), ["task.still-open"]);
    assert.ok(stubs(story).every((say) => say.to.to === "people" && !say.to.users.includes(user("ana"))));
  });

  it("that have not left yet are replaced by the next, and expire when it comes", () => {
    const story = aCase().open();
    aTask().due(2 * DAY).in(story);
    story.world.pass(2 * DAY);
    const [first, second, third] = stubs(story);
    assert.equal(first?.expires, START + 2 * DAY - 2 * HOUR);
    assert.equal(third?.expires, START + 3 * DAY);
    assert.ok(first?.supersedes !== undefined && first.supersedes === second?.supersedes && second.supersedes === third?.supersedes);
    const other = story.world.said().find((say) => !say.wakes);
    assert.notEqual(other?.supersedes, first.supersedes, "a stub never replaces its own detail");
  });

  it("of two tasks do not replace each other, nor do those of two cases", () => {
    const story = aCase().open();
    const second = aCase().open(story.world);
    aTask().due(2 * DAY).in(story);
    aTask().due(2 * DAY).in(story);
    aTask().due(2 * DAY).in(second);
    story.world.pass(DAY);
    assert.equal(new Set(stubs(story).map((say) => say.supersedes)).size, 3);
  });

  it("the last of which does not expire: nothing would come after it", () => {
    const story = aCase().open();
    aTask().due(2 * DAY).in(story);
    story.world.pass(30 * DAY);
    assert.equal(stubs(story).at(-1)?.expires, undefined);
  });

  it("are replaced by the news that the task is done", () => {
    const story = aCase().open();
    aTask().due(2 * DAY).in(story);
    story.world.pass(DAY);
    const [stub] = stubs(story);
    story.world.listen();
    story.as("ES-1", (scope, ctx) => finishTask(scope, task("T-1"), undefined, ctx));
    assert.equal(story.world.said().find((say) => say.to.to === "origin")?.supersedes, stub?.supersedes);
  });

  it("make the board show it as overdue from the moment it is due", () => {
    const story = aCase().open();
    aTask().due(2 * DAY).in(story);
    story.world.pass(2 * DAY - 1);
    assert.deepEqual(boards(story.world), []);
    assert.equal(story.task("T-1").overdue, false);
    story.world.pass(1);
    assert.deepEqual(boards(story.world), [COORDINATION]);
    assert.equal(story.task("T-1").overdue, true);
  });

  it("go on after the agreement's end: a promise does not end with it", () => {
    const story = aCase().until(START + DAY).open();
    aTask().due(3 * DAY).in(story);
    story.world.pass(4 * DAY);
    assert.deepEqual(reminded(story).map(([kind]) => kind), ["before", "before", "due", "overdue"]);
  });

  it("keep what was promised when the configuration changes meanwhile", () => {
    const story = aCase().open();
    aTask().due(3 * DAY).in(story);
    story.world.windows = { ...WINDOWS, taskReminders: [HOUR] };
    story.world.pass(3 * DAY);
    assert.deepEqual(reminded(story).map(([, at]) => at), [2 * DAY, 3 * DAY - 2 * HOUR, 3 * DAY]);
  });
});
