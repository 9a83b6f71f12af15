import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MAX_OPEN_BY_HAND, acknowledge } from "../../src/domain/alert.ts";
import { aboutAlert } from "../../src/domain/alert-asking.ts";
import type { AlertId, Instant } from "../../src/domain/ids.ts";
import { DAY, HOUR, MADRID, START, WINDOWS, aCase, codes } from "./builders.ts";
import { DeliveryBuilder, OneAlert, aDelivery, anAlert, done, openQuestions, peopleOfARoute, points, raise } from "./builders-delivery.ts";

const P1 = WINDOWS.alerts.P1;
const P2 = WINDOWS.alerts.P2;

describe("an alert raised by hand", () => {
  it("asks the person named, in three events: a stub that wakes, silent details, and a question with two answers", () => {
    const { story, id } = anAlert();
    const [stub] = story.world.said().filter((say) => say.wakes);
    assert.deepEqual(stub?.to, { to: "people", users: [story.userOf("SN-1")] });
    assert.deepEqual(stub?.message.lines, [
      { code: "alert.stub", facts: { codename: "Albatross", number: "A-1", priority: "P2", by: { fact: "when", at: START + P2.answer, zone: MADRID } } },
    ]);
    const [question, ...more] = openQuestions(story, aboutAlert(id));
    assert.deepEqual(more, []);
    assert.deepEqual(question?.asked, [story.userOf("SN-1")]);
    assert.deepEqual(question?.stub, stub?.message.lines[0]);
    assert.deepEqual(question?.details.lines.map((each) => each.code), ["alert.from", "text"]);
    assert.deepEqual(question?.options.map((option) => option.does?.command), ["alert ack", "alert decline"]);
  });
  it("says in its stub nothing of what it is about", () => {
    const { story } = anAlert("P2", "SN-1", "the vessel has changed its port of call");
    for (const say of story.world.said().filter((each) => each.wakes)) assert.ok(!JSON.stringify(say).includes("vessel"));
  });
  it("shows its text to the person named and to nobody else", () => {
    const { story } = anAlert();
    for (const callSign of ["ES-1", "CO-1", "CV-1"]) assert.ok(!JSON.stringify(story.world.toldTo(story.userOf(callSign))).includes("vessel"));
    assert.ok(story.world.toldTo(story.userOf("ES-1")).some((each) => each.code === "alert.raised"));
  });
  it("as P1 also asks every administrator, because it may not hang on one person", () => {
    const alert = anAlert("P1");
    assert.deepEqual(alert.now.to.map((person) => person.callSign).toSorted(), ["CO-1", "CV-1", "ES-1", "SN-1"]);
  });
  it("is counted per case", () => {
    const story = peopleOfARoute();
    assert.deepEqual([anAlert("P2", "SN-1", "one", story), anAlert("P3", "SN-2", "two", story)].map((alert) => alert.id), ["A-1", "A-2"]);
  });
  it("is refused to oneself, to an auditor, to somebody who is not in the case", () => {
    const story = peopleOfARoute();
    assert.equal(codes(raise(story, "CV-2", "P2", "CV-2"))[0], "alert.not-yourself");
    assert.equal(codes(raise(story, "CV-2", "P2", "ES-2"))[0], "alert.not-reachable");
    assert.equal(codes(raise(story, "CV-2", "P2", "FR-1"))[0], "alert.unknown-person");
  });
  it("is refused when the agreement is over", () => {
    const story = peopleOfARoute(START + DAY);
    story.world.now = (START + DAY) as Instant;
    assert.equal(codes(raise(story, "CV-2", "P2", "SN-1"))[0], "case.over");
  });
  it("is refused when so many are open that nobody reads them, and possible again when one is acknowledged", () => {
    const story = peopleOfARoute();
    const first = anAlert("P4", "SN-1", "one", story);
    for (let count = 1; count < MAX_OPEN_BY_HAND; count += 1) done(raise(story, "CV-2", "P4", "SN-1"));
    assert.equal(codes(raise(story, "CV-2", "P1", "SN-2"))[0], "alert.too-many");
    done(first.acknowledge("SN-1"));
    done(raise(story, "CV-2", "P1", "SN-2"));
  });
});

describe("an alert about a delivery", () => {
  it("asks the liaisons and the administrators of the route at once, each alone, one question each", () => {
    const delivery = aDelivery().moving();
    done(delivery.stop("BE-2"));
    const [alert] = delivery.alerts();
    assert.deepEqual(alert?.to.map((person) => person.callSign).toSorted(), ["BR-4", "CV-1", "SN-1", "SN-2"]);
    const asked = openQuestions(delivery.story, aboutAlert(alert.id));
    assert.deepEqual(asked.map((question) => question.asked.length), [1, 1, 1, 1]);
    const woken = delivery.world.said().filter((say) => say.wakes && say.lane === "P1");
    assert.deepEqual(woken.flatMap((say) => say.mentions ?? []).length, 4);
  });
  it("asks the whole circle where neither liaisons nor administrators of the route are there", () => {
    const story = aCase().states("ES", "CO", "BR", "CV").with("BR", "authority").with("BR", "member").with("CV", "authority").with("CV", "member").open();
    const delivery = new DeliveryBuilder(story, { route: points("BR", "CV") }).drafted();
    for (const callSign of ["BR-1", "CV-1"]) done(delivery.grant(callSign));
    for (const callSign of ["BR-1", "CV-1"]) done(delivery.go(callSign));
    done(delivery.stop("CV-2"));
    assert.deepEqual(delivery.alerts()[0]?.to.map((person) => person.callSign).toSorted(), ["BR-1", "BR-2", "CV-1", "CV-2"]);
  });
});

describe("acknowledging", () => {
  it("by one stops the asking: the others' questions are withdrawn and they are told who took it", () => {
    const alert = anAlert("P1");
    const { story } = alert;
    story.world.listen();
    done(alert.acknowledge("CO-1"));
    assert.deepEqual(openQuestions(story, aboutAlert(alert.id)), []);
    for (const callSign of ["SN-1", "ES-1", "CV-1", "CV-2"]) {
      const told = story.world.toldTo(story.userOf(callSign));
      assert.deepEqual(told.map((each) => each.code), ["alert.acknowledged"], callSign);
      assert.ok(JSON.stringify(told).includes("CO-1"));
    }
    const before = story.world.events.length;
    story.world.pass(30 * DAY);
    assert.ok(story.world.events.slice(before).every((event) => !event.type.startsWith("alert.")));
  });
  it("by a second person is kept too: it proves who knew and when", () => {
    const alert = anAlert("P1");
    done(alert.acknowledge("CO-1"));
    alert.story.world.pass(HOUR);
    done(alert.acknowledge("SN-1"));
    assert.deepEqual(alert.now.acknowledged.map((each) => [each.callSign, each.at]), [["CO-1", START], ["SN-1", START + HOUR]]);
  });
  it("twice by the same person is refused with the time of the first", () => {
    const alert = anAlert();
    done(alert.acknowledge("SN-1"));
    assert.equal(codes(alert.acknowledge("SN-1"))[0], "alert.acknowledged-by-you");
  });
  it("is possible after having declined", () => {
    const alert = anAlert();
    done(alert.decline("SN-1"));
    done(alert.acknowledge("SN-1"));
    assert.equal(alert.now.acknowledged.length, 1);
  });
  it("is only for those who were asked; all others get one answer, whether the alert is there or not", () => {
    const alert = anAlert();
    for (const callSign of ["CV-2", "PT-1", "SN-2", "ES-1"]) {
      const refusals = [alert.id, "A-99" as AlertId].map((id) => alert.story.as(callSign, (scope, ctx) => acknowledge(scope, id, ctx)));
      assert.deepEqual(codes(refusals[0] ?? { ok: true, events: [] }), ["alert.unknown", "alert.none-yours"]);
      assert.deepEqual(refusals[0], refusals[1]);
    }
    assert.equal(alert.now.acknowledged.length, 0);
  });
  it("counts when the agreement is over: an alert goes on until somebody takes it", () => {
    const alert = anAlert("P2", "SN-1", "text", peopleOfARoute(START + DAY));
    alert.story.world.pass(2 * DAY);
    done(alert.acknowledge("SN-1"));
  });
});

describe("declining", () => {
  it("by one leaves the others asked", () => {
    const alert = anAlert("P1");
    done(alert.decline("SN-1"));
    assert.equal(openQuestions(alert.story, aboutAlert(alert.id)).length, 3);
    alert.story.world.listen().pass(P1.repeat);
    assert.deepEqual(alert.story.world.toldTo(alert.story.userOf("SN-1")), []);
    assert.ok(alert.story.world.toldTo(alert.story.userOf("CO-1")).some((each) => each.code === "alert.stub"));
  });
  it("by all tells the administrators and goes on asking, them too", () => {
    const alert = anAlert("P2");
    done(alert.decline("SN-1"));
    assert.ok(alert.story.world.toldTo(alert.story.userOf("ES-1")).some((each) => each.code === "alert.all-declined"));
    alert.story.world.listen().pass(P2.repeat);
    for (const callSign of ["SN-1", "ES-1", "CO-1", "CV-1"]) {
      assert.ok(alert.story.world.toldTo(alert.story.userOf(callSign)).some((each) => each.code === "alert.stub"), callSign);
    }
    done(alert.acknowledge("ES-1"));
  });
  it("is refused when it is acknowledged, and a second time", () => {
    const alert = anAlert("P1");
    done(alert.decline("SN-1"));
    assert.equal(codes(alert.decline("SN-1"))[0], "alert.declined-by-you");
    done(alert.acknowledge("CO-1"));
    assert.equal(codes(alert.decline("ES-1"))[0], "alert.taken-already");
  });
});

describe("asking again", () => {
  it("comes as often as configured, wakes those who have not answered, and the administrators see who has not", () => {
    const alert = anAlert("P2");
    for (let round = 2; round <= 1 + P2.times; round += 1) {
      alert.story.world.listen().pass(P2.repeat);
      assert.equal(alert.now.rounds, round);
      assert.ok(alert.story.world.said().some((say) => say.wakes && say.mentions?.includes(alert.story.userOf("SN-1"))));
      assert.ok(alert.story.world.toldTo(alert.story.userOf("ES-1")).some((each) => each.code === "alert.asked-again"));
    }
  });
  it("of a P1 goes on for ever at the same rate", () => {
    const alert = anAlert("P1");
    alert.story.world.pass(100 * P1.repeat);
    assert.equal(alert.now.rounds, 101);
  });
  it("of the others goes on more slowly and does not end", () => {
    const alert = anAlert("P2");
    alert.story.world.pass(P2.times * P2.repeat);
    assert.equal(alert.now.rounds, 1 + P2.times);
    alert.story.world.pass(P2.times * P2.repeat - 1);
    assert.equal(alert.now.rounds, 1 + P2.times);
    alert.story.world.pass(1);
    assert.equal(alert.now.rounds, 2 + P2.times);
    alert.story.world.pass(100 * P2.times * P2.repeat);
    assert.equal(alert.now.rounds, 102 + P2.times);
  });
  it("always leaves an open question to everybody who is asked", () => {
    const alert = anAlert("P1");
    for (let round = 0; round < 12; round += 1) {
      alert.story.world.pass(P1.repeat);
      const asked = openQuestions(alert.story, aboutAlert(alert.id)).filter((question) => question.expires > alert.story.world.now).flatMap((question) => question.asked);
      assert.deepEqual(asked.toSorted(), alert.now.to.map((person) => person.user).toSorted());
    }
  });
  it("tells the administrators and the author once that nobody answered in time, and who has not", () => {
    const alert = anAlert("P2");
    alert.story.world.pass(10 * P2.repeat);
    for (const callSign of ["ES-1", "CV-2"]) {
      const late = alert.story.world.toldTo(alert.story.userOf(callSign)).filter((each) => each.code === "alert.nobody-yet");
      assert.equal(late.length, 1, callSign);
    }
  });
  it("says so at the moment by which an answer was expected, also before it is time to ask again", () => {
    const story = peopleOfARoute();
    story.world.windows = { ...WINDOWS, alerts: { ...WINDOWS.alerts, P2: { answer: HOUR / 2, repeat: HOUR, times: 3 } } };
    const alert = anAlert("P2", "SN-1", "text", story);
    story.world.pass(HOUR / 2 - 1);
    assert.equal(alert.now.overdue, false);
    story.world.pass(1);
    assert.equal(alert.now.overdue, true);
    assert.equal(alert.now.rounds, 1);
  });
  it("says of whom nothing was heard since it was raised, and whether their homeserver may be away; of who spoke or declined nothing", () => {
    const alert = anAlert("P1");
    const { story } = alert;
    const raised = story.world.now;
    const before = (raised - HOUR) as Instant;
    alert.decline("CO-1");
    story.world.lastHeard = (user) => {
      if (user === story.userOf("ES-1")) return { since: (raised + 1_000) as Instant };
      return user === story.userOf("SN-1") ? { since: before, server: { name: "sn.example", since: (before + 1) as Instant } } : { since: before, server: { name: "cv.example", since: (raised + 1) as Instant } };
    };
    story.world.pass(P1.answer);
    const told = story.world.toldTo(story.userOf("ES-1")).filter((each) => each.code.startsWith("alert.unheard"));
    const at = (moment: number) => ({ fact: "when", at: moment, zone: MADRID });
    assert.deepEqual(told, [
      { code: "alert.unheard", facts: { who: "CV-1", at: at(before) } },
      { code: "alert.unheard-server", facts: { who: "SN-1", at: at(before), server: "sn.example", then: at(before + 1) } },
    ]);
  });
  it("after a downtime comes once, not once for each time missed", () => {
    const alert = anAlert("P1");
    alert.story.world.listen().downtime(20 * P1.repeat);
    assert.equal(alert.now.rounds, 2);
    assert.equal(alert.story.world.said().filter((say) => say.wakes && say.mentions?.includes(alert.story.userOf("SN-1"))).length, 1);
  });
  it("supersedes an older stub to the same person that was not sent yet", () => {
    const alert = anAlert("P1");
    alert.story.world.pass(P1.repeat);
    const stubs = alert.story.world.said().filter((say) => say.wakes && say.mentions?.includes(alert.story.userOf("SN-1")));
    assert.equal(stubs.length, 2);
    assert.equal(new Set(stubs.map((say) => say.supersedes)).size, 1);
    assert.notEqual(stubs[0]?.supersedes, undefined);
  });
});

describe("an alert as a whole", () => {
  it("survives being written to a snapshot and read back", () => {
    const { story, id } = anAlert("P1");
    const saved: unknown = JSON.parse(JSON.stringify(story.world.chain(story.id).save()));
    assert.deepEqual(new Map((saved as { alert: [string, unknown][] }).alert).get(id), new OneAlert(story, id).now);
  });
});
