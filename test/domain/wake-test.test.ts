import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Decision } from "../../src/domain/decision.ts";
import type { DomainEvent } from "../../src/domain/events.ts";
import type { Instant } from "../../src/domain/ids.ts";
import type { WakeTest, WakeTestEvent } from "../../src/domain/wake-test.ts";
import { wakeTest, wakeTestEntity } from "../../src/domain/wake-test.ts";
import { ANA, LUIS, MINUTE, NOW, WINDOWS, after, by, tickAt } from "./builders-core.ts";

const asked: WakeTestEvent = { type: "wake-test.asked", v: 1, user: ANA, at: NOW, ringAt: (NOW + 30_000) as Instant };
const RANG = (NOW + 30_000) as Instant;
const rung: WakeTestEvent = { type: "wake-test.rung", v: 1, user: ANA, at: RANG, until: (RANG + 5 * MINUTE) as Instant };
const at = (ms: number): Instant => (NOW + ms) as Instant;

function eventsOf(decision: Decision): readonly DomainEvent[] {
  assert.ok(decision.ok, decision.ok ? "" : decision.lines[0]?.code ?? "");
  return decision.events;
}
const refusedWith = (decision: Decision): string | undefined => (decision.ok ? undefined : decision.lines[0]?.code);
const test = (events: readonly WakeTestEvent[]): WakeTest => after(events).state.wakeTest.get(ANA)!;
const ticked = (events: readonly WakeTestEvent[], now: Instant): readonly DomainEvent[] => eventsOf(wakeTestEntity.tick!(test(events), tickAt(now), after(events)));

describe("a wake test", () => {
  it("rings after the time to lock the phone, once, and asks whether it was heard", () => {
    assert.deepEqual(eventsOf(wakeTest(after([]), undefined, by(ANA))), [asked]);
    assert.equal(wakeTestEntity.nextWake!(test([asked]), WINDOWS, after([asked])), RANG);
    const [ring, question] = ticked([asked], RANG);
    assert.deepEqual(ring, rung);
    assert.ok(question?.type === "question.asked");
    assert.deepEqual([question.asked, question.expires, question.options.map((option) => option.does?.params)], [[ANA], rung.until, [{ answer: "heard" }, { answer: "silent" }]]);
    assert.deepEqual(wakeTestEntity.effects(rung, after([asked, rung])).map((effect) => effect.effect === "say" && [effect.wakes, effect.mentions, effect.to]), [[true, [ANA], { to: "people", users: [ANA] }]]);
  });
  it("is on record as heard with the time it took, and as not heard when it was silent or nobody answered", () => {
    const heard = eventsOf(wakeTest(after([asked, rung]), "heard", by(ANA, at(42_000))));
    assert.deepEqual(heard, [{ type: "wake-test.heard", v: 1, user: ANA, at: at(42_000), after: 12_000 }]);
    assert.deepEqual(test([asked, rung, ...(heard as WakeTestEvent[])]).last, { rung: RANG, heard: true, after: 12_000 });
    const silent = eventsOf(wakeTest(after([asked, rung]), "silent", by(ANA, at(40_000))));
    assert.equal(test([asked, rung, ...(silent as WakeTestEvent[])]).last?.heard, false);
    const missed = ticked([asked, rung], rung.until);
    assert.deepEqual(missed, [{ type: "wake-test.missed", v: 1, user: ANA, at: rung.until, after: 5 * MINUTE, why: "no-answer" }]);
    assert.deepEqual(wakeTestEntity.effects(missed[0] as WakeTestEvent, after([])).map((effect) => effect.effect === "say" && effect.message.lines.length), [6]);
  });
  it("takes no answer before it has rung, after it is over, or from somebody else", () => {
    assert.equal(refusedWith(wakeTest(after([asked]), "heard", by(ANA))), "wake-test.over");
    assert.equal(refusedWith(wakeTest(after([asked, rung]), "heard", by(ANA, rung.until))), "wake-test.over");
    assert.equal(refusedWith(wakeTest(after([asked, rung]), "heard", by(LUIS, at(40_000)))), "wake-test.over");
  });
  it("is not begun a second time while one is under way, and can be repeated when it is over", () => {
    assert.equal(refusedWith(wakeTest(after([asked]), undefined, by(ANA, at(10_000)))), "wake-test.running");
    assert.equal(refusedWith(wakeTest(after([asked, rung]), undefined, by(ANA, at(40_000)))), "wake-test.running");
    const heard: WakeTestEvent = { type: "wake-test.heard", v: 1, user: ANA, at: at(42_000), after: 12_000 };
    const again = eventsOf(wakeTest(after([asked, rung, heard]), undefined, by(ANA, at(60_000))));
    assert.equal(test([asked, rung, heard, ...(again as WakeTestEvent[])]).last?.heard, true, "what the last one showed stays until the next has shown something");
    assert.equal(wakeTestEntity.nextWake!(test([asked, rung, heard]), WINDOWS, after([])), undefined);
  });
  it("is given up, and shows nothing of the phone, when the bot was away at its time", () => {
    const [event] = ticked([asked], at(30_000 + 5 * MINUTE));
    assert.equal(event?.type, "wake-test.cancelled");
    assert.equal(test([asked, event as WakeTestEvent]).last, undefined);
  });
});
