import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { DomainEvent } from "../../src/domain/events.ts";
import type { Instant } from "../../src/domain/ids.ts";
import type { Task } from "../../src/domain/task.ts";
import { acceptTask, addTask, finishTask, taskEntity } from "../../src/domain/task.ts";
import { theCase } from "../../src/domain/state.ts";
import type { Story } from "./builders.ts";
import { BOGOTA, DAY, HOUR, START, aCase, sign, task } from "./builders.ts";

const PEOPLE = ["ES-1", "CO-1", "CO-2", "PT-1"] as const;
const SECRET = "air waybill";

type Step =
  | { readonly do: "add"; readonly by: string; readonly owner: string | undefined; readonly due: number | undefined }
  | { readonly do: "accept" | "finish"; readonly by: string; readonly number: number }
  | { readonly do: "pass" | "downtime"; readonly hours: number };

const by = fc.constantFrom(...PEOPLE);
const number = fc.integer({ min: 1, max: 6 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("add" as const), by, owner: fc.option(fc.constantFrom(...PEOPLE, "BE-1"), { nil: undefined }),
    due: fc.option(fc.integer({ min: -2, max: 200 }), { nil: undefined }),
  }),
  fc.record({ do: fc.constantFrom("accept" as const, "finish" as const), by, number }),
  fc.record({ do: fc.constantFrom("pass" as const, "downtime" as const), hours: fc.integer({ min: 0, max: 90 }) }),
);

function take(story: Story, one: Step): void {
  switch (one.do) {
    case "add": {
      const due = one.due === undefined ? undefined : { at: (story.world.now + one.due * HOUR) as Instant, zone: BOGOTA };
      const owner = one.owner === undefined ? undefined : sign(one.owner);
      story.as(one.by, (scope, ctx) => addTask(scope, { title: `Get the ${SECRET}`, owner, due }, ctx));
      return;
    }
    case "accept":
      story.as(one.by, (scope, ctx) => acceptTask(scope, task(`T-${one.number}`), ctx));
      return;
    case "finish":
      story.as(one.by, (scope, ctx) => finishTask(scope, task(`T-${one.number}`), undefined, ctx));
      return;
    case "pass":
      story.world.pass(one.hours * HOUR);
      return;
    case "downtime":
      story.world.downtime(one.hours * HOUR);
      return;
  }
}

/** What is true of one task and all that ever happened to it. */
function check(story: Story, of: Task, history: readonly DomainEvent[]): void {
  const administrators = ["ES-1", "CO-1"];
  const finished = history.findIndex((event) => event.type === "task.finished");
  const reminded = history.filter((event) => event.type === "task.reminded");
  for (const event of history) {
    if (event.type === "task.accepted") assert.equal(event.by, of.owner, "accepted by its owner");
    if (event.type === "task.finished") assert.ok(event.by === of.owner || administrators.includes(event.by), "finished by owner or administrator");
    if (event.type === "task.added") assert.ok(event.at < theCase(story.scope).until, "added while the agreement lasts");
  }
  assert.equal(of.state === "done", finished >= 0);
  if (finished >= 0) assert.equal(finished, history.length - 1, "nothing happens to what is done");
  assert.ok(reminded.length <= of.remindBefore.length + 1 + story.world.windows.taskOverdueTimes, "no reminder twice");
  assert.deepEqual(reminded.map((event) => event.at), [...new Set(reminded.map((event) => event.at))].toSorted((a, b) => a - b));
  const wake = taskEntity.nextWake?.(of, story.world.windows, story.scope);
  assert.ok(wake === undefined || wake > story.world.now, "what was due has been done");
  if (of.state !== "done" && of.due !== undefined && of.due.at <= story.world.now) {
    assert.ok(of.overdue && reminded.some((event) => event.kind !== "before"), "nothing runs out in silence");
  }
}

describe("any sequence of tasks being added, accepted, finished, and of time", () => {
  it("keeps every promise about tasks", () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
      const story = aCase().with("CO", "member").with("PT", "liaison").until(START + 20 * DAY).open();
      for (const one of steps) {
        const before = story.world.events.length;
        take(story, one);
        story.world.tick();
        const tasks = [...story.scope.state.task.values()];
        assert.deepEqual(tasks.map((each) => each.id), tasks.map((_, index) => `T-${index + 1}`), "numbers have no gap");
        if (story.world.events.length === before) continue;
        for (const each of tasks) {
          check(story, each, story.world.events.filter((event) => "task" in event && event.task === each.id));
        }
      }
      const stubs = story.world.said().filter((say) => say.wakes);
      assert.ok(!JSON.stringify(stubs).includes(SECRET), "what wakes a phone shows no content");
    }), { numRuns: 200, seed: 20261123 });
  });

  it("gives the same tasks when its events are replayed", () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 30, size: "max" }), (steps) => {
      const story = aCase().with("CO", "member").with("PT", "liaison").open();
      for (const one of steps) take(story, one);
      const replayed = new Map<string, Task>();
      for (const event of story.world.events) {
        if (event.type === "task.added" || event.type === "task.accepted" || event.type === "task.finished" || event.type === "task.reminded") {
          replayed.set(event.task, taskEntity.evolve(replayed.get(event.task), event));
        }
      }
      assert.deepEqual([...replayed], [...story.scope.state.task]);
      assert.deepEqual(JSON.parse(JSON.stringify([...replayed.values()])), [...replayed.values()], "tasks are plain JSON");
    }), { numRuns: 100, seed: 20261123 });
  });
});
