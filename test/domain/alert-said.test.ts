/** Who is told what of an alert, message by message: nobody too much, nobody too little. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deliverySlot } from "../../src/domain/ids.ts";
import type { Story } from "./builders.ts";
import { WINDOWS } from "./builders.ts";
import { aDelivery, anAlert, done, peopleOfARoute } from "./builders-delivery.ts";

/** Messages since the story was last listened to: to whom (by call sign), what, and whether it rings. */
function told(story: Story): readonly string[] {
  const nameOf = (user: string): string => [...story.scope.state.member.values()].find((member) => member.user === user)?.callSign ?? user;
  return story.world.said().map((say) => {
    const to = say.to.to === "people" ? say.to.users.map(nameOf).toSorted().join("+") : say.to.to;
    return `${say.wakes ? "rings " : ""}${to}: ${say.message.lines.map((each) => each.code).join(", ")} (${say.lane})`;
  });
}
function facts(story: Story, code: string): unknown {
  return story.world.said().flatMap((say) => say.message.lines).find((each) => each.code === code)?.facts;
}

describe("what is said of an alert", () => {
  it("when it is raised by hand: a stub to whom it is for, an answer to its author, and no text to the watchers", () => {
    const { story } = anAlert("P2");
    assert.deepEqual(told(story).filter((each) => each.includes("alert.")), [
      "rings SN-1: alert.stub (live)", "origin: alert.raised (live)", "CO-1+CV-1+ES-1: alert.raised (live)",
    ]);
  });
  it("when it is raised by a stop: its reason to the watchers too, and to nobody who is asked anyway", () => {
    const delivery = aDelivery().moving();
    delivery.story.world.listen();
    done(delivery.stop("BE-2"));
    const [alert] = delivery.alerts();
    assert.ok(alert);
    const watching = alert.watchers.filter((user) => !alert.to.some((person) => person.user === user));
    const toWatchers = delivery.story.world.said().filter((say) => say.message.lines[0]?.code === "alert.raised");
    assert.deepEqual(toWatchers.flatMap((say) => (say.to.to === "people" ? [...say.to.users] : [])).toSorted(), watching.toSorted());
    for (const say of toWatchers) assert.ok(say.message.lines.length > 1);
    assert.ok(delivery.story.world.noted.some(({ event, effect }) => event.type === "alert.raised" && effect.effect === "board" && effect.slot === deliverySlot(alert.delivery ?? delivery.id)));
  });
  it("and no board is touched by one that is about no delivery", () => {
    const { story } = anAlert();
    assert.ok(!story.world.noted.some(({ event, effect }) => event.type === "alert.raised" && effect.effect === "board"));
  });
  it("when it is asked again: a stub to who has not answered, and to the others that it was", () => {
    const { story } = anAlert("P2");
    story.world.listen().pass(WINDOWS.alerts.P2.repeat);
    assert.deepEqual(told(story).filter((each) => /alert\.(?:stub|asked-again)/.test(each)), ["rings SN-1: alert.stub (live)", "CO-1+CV-1+CV-2+ES-1: alert.asked-again (routine)"]);
    assert.deepEqual(facts(story, "alert.asked-again"), { number: "A-1", round: 2, who: { fact: "list", items: ["SN-1"] } });
  });
  it("when nobody answered in time: since when, who, and that the asking goes on", () => {
    const { story } = anAlert("P2");
    story.world.listen().pass(WINDOWS.alerts.P2.answer);
    const overdue = told(story).filter((each) => each.includes("nobody-yet"));
    assert.deepEqual(overdue, ["CO-1+CV-1+CV-2+ES-1: alert.nobody-yet, alert.not-yet, alert.goes-on (live)"]);
    const { after, ...rest } = facts(story, "alert.nobody-yet") as { after: unknown };
    assert.deepEqual(after, { fact: "span", ms: WINDOWS.alerts.P2.answer });
    assert.deepEqual(rest, { number: "A-1", priority: "P2", rounds: 1 });
    assert.deepEqual(facts(story, "alert.not-yet"), { who: { fact: "list", items: ["SN-1"] } });
  });
  it("when it is acknowledged: an answer, and to all others who was the first", () => {
    const alert = anAlert("P1");
    alert.story.world.listen();
    done(alert.acknowledge("SN-1"));
    assert.deepEqual(told(alert.story).filter((each) => each.includes("acknowledged")), ["origin: alert.you-acknowledged (live)", "CO-1+CV-1+CV-2+ES-1: alert.acknowledged (P1)"]);
    const { number, by } = facts(alert.story, "alert.acknowledged") as { number: string; by: string };
    assert.deepEqual([number, by], ["A-1", "SN-1"]);
    alert.story.world.listen();
    done(alert.acknowledge("CO-1"));
    assert.deepEqual(told(alert.story).filter((each) => each.includes("acknowledged")), ["origin: alert.you-acknowledged (live)", "CV-1+CV-2+ES-1: alert.acknowledged-too (P1)"]);
  });
  it("when it is declined: an answer, and to who watches it, by whom and whether by all", () => {
    const alert = anAlert("P2");
    alert.story.world.listen();
    done(alert.decline("SN-1"));
    assert.deepEqual(told(alert.story).filter((each) => each.includes("declined")), ["origin: alert.you-declined (live)", "CO-1+CV-1+CV-2+ES-1: alert.declined, alert.all-declined (live)"]);
    assert.deepEqual([facts(alert.story, "alert.you-declined"), facts(alert.story, "alert.declined")], [{ number: "A-1" }, { number: "A-1", by: "SN-1" }]);
    const two = anAlert("P1", "SN-1", "two are asked", peopleOfARoute());
    two.story.world.listen();
    done(two.decline("SN-1"));
    assert.deepEqual(told(two.story).filter((each) => each.includes("all-declined")), []);
  });
});
