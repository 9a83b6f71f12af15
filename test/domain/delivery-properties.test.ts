/**
 * Whatever people type and however time goes by, the promises about a delivery hold. The checks stand on the events alone, and know nothing of how the
 * rules come to them.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { aboutAlert } from "../../src/domain/alert-asking.ts";
import type { Decision } from "../../src/domain/decision.ts";
import { deliveryBoard, deliveryEntity } from "../../src/domain/delivery.ts";
import type { Delivery, DeliveryEvent } from "../../src/domain/delivery.ts";
import { sameSeal } from "../../src/domain/delivery-seal.ts";
import type { Instant, Zone } from "../../src/domain/ids.ts";
import { HOUR, MINUTE, WINDOWS, codes } from "./builders.ts";
import { OneAlert, aDelivery, openQuestions } from "./builders-delivery.ts";
import type { OneDelivery } from "./builders-delivery.ts";

/** Not made of digits, so that no moment can look like one. */
const SEALS = ["KX77Q1", "KX7Q71", "Q1KX77"] as const;
const PEOPLE = ["BR-1", "BR-2", "BR-3", "CV-1", "CV-2", "CV-3", "BE-1", "BE-2", "PT-1", "ES-1", "SN-1", "BR-4", "ES-2"] as const;
const CIRCLE = new Set<string>(["BR-1", "BR-2", "BR-3", "CV-1", "CV-2", "CV-3", "BE-1", "BE-2"]);
const COUNTRIES = ["BR", "CV", "BE"] as const;
const SPANS = [0, 1_000, 19_999, 20_000, MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR] as const;

interface Act {
  readonly who: typeof PEOPLE[number];
  readonly what: "ask" | "grant" | "grant-short" | "go" | "give" | "take" | "misread" | "illegible" | "contact" | "none" | "stop" | "acknowledge" | "decline" | "wait" | "down";
  readonly seal: typeof SEALS[number];
  readonly country: typeof COUNTRIES[number];
  readonly span: number;
}
const acts = (of: readonly Act["what"][], maxLength: number): fc.Arbitrary<Act[]> => fc.array(
  fc.record({
    who: fc.constantFrom(...PEOPLE), what: fc.constantFrom(...of), seal: fc.constantFrom(...SEALS), country: fc.constantFrom(...COUNTRIES),
    span: fc.constantFrom(...SPANS),
  }),
  { minLength: Math.floor(maxLength / 2), maxLength },
);
const EVERYTHING: readonly Act["what"][] = [
  "ask", "grant", "grant", "grant-short", "go", "go", "give", "give", "take", "take", "misread", "illegible", "contact", "none", "stop", "acknowledge", "decline", "wait", "wait", "down",
];
const WITHOUT_STOP = EVERYTHING.filter((what) => what !== "stop");

function perform(delivery: OneDelivery, { who, what, seal, country, span }: Act): Decision | undefined {
  const { world, story } = delivery;
  const alerts = [...story.scope.state.alert.values()];
  const alert = alerts[span % Math.max(1, alerts.length)];
  switch (what) {
    case "ask": return delivery.ask(who, country);
    case "grant": return delivery.grant(who);
    case "grant-short": return delivery.grant(who, { paper: "short", until: { at: (world.now + span + MINUTE) as Instant, zone: "Europe/Madrid" as Zone } });
    case "go": return delivery.go(who);
    case "give": return delivery.give(who, seal);
    case "take": return delivery.take(who, { seal });
    case "misread": case "illegible": return delivery.take(who, { instead: what });
    case "contact": return delivery.contact(who, { what: "well" });
    case "none": return delivery.contact(who, { what: "none" });
    case "stop": return delivery.stop(who);
    case "acknowledge": return alert && new OneAlert(story, alert.id).acknowledge(who);
    case "decline": return alert && new OneAlert(story, alert.id).decline(who);
    case "wait": world.pass(span); return undefined;
    case "down": world.downtime(span); return undefined;
  }
}

function eventsOf(delivery: OneDelivery): readonly DeliveryEvent[] {
  return delivery.world.events.filter((event): event is DeliveryEvent => event.type.startsWith("delivery."));
}

/** Nothing moves without a valid grant of every country at that instant, and the standing word of two people of two countries, one the territory's. */
function checkGone(before: readonly DeliveryEvent[], gone: Extract<DeliveryEvent, { type: "delivery.gone" }>): void {
  for (const country of COUNTRIES) {
    const grant = before.findLast((event) => event.type === "delivery.granted" && event.grant.country === country);
    assert.ok(grant?.type === "delivery.granted", `${country} has not granted`);
    assert.ok(grant.grant.from <= gone.at && (grant.grant.until === undefined || gone.at < grant.grant.until), `the grant of ${country} does not count`);
  }
  const changed = before.findLastIndex((event) => event.type === "delivery.granted" || event.type === "delivery.grant-ended");
  const said = new Map(before.slice(changed + 1).flatMap((event) => (event.type === "delivery.go-said" && event.lapses > gone.at ? [[event.by.user, event.by.country] as const] : [])));
  const countries = new Set<string>(said.values());
  assert.ok(said.size >= 2 && countries.size >= 2 && countries.has("BR"), "the go was not complete");
}

/** The watch moves on one offer and one reading with equal seals, by two people of the right countries, when neither can be corrected any more. */
function checkTaken(before: readonly DeliveryEvent[], taken: Extract<DeliveryEvent, { type: "delivery.watch-taken" }>): void {
  const offered = before.findLast((event) => event.type === "delivery.offered");
  const read = before.findLast((event) => event.type === "delivery.seal-read");
  assert.ok(offered?.type === "delivery.offered" && read?.type === "delivery.seal-read");
  assert.ok(sameSeal(offered.seal, read.seal), "the readings differ");
  assert.ok(offered.by.user !== read.by.user);
  assert.equal(offered.by.country, COUNTRIES[taken.leg - 1]);
  assert.equal(read.by.country, COUNTRIES[taken.leg]);
  assert.ok(taken.at >= read.final && taken.at >= offered.final);
  const since = before.findLastIndex((event) => event.type === "delivery.watch-taken" || event.type === "delivery.gone");
  assert.ok(before.indexOf(offered) > since && before.indexOf(read) > since, "an old reading was used");
  assert.ok(!before.slice(before.indexOf(read)).some((event) => event.type === "delivery.reading-withdrawn"), "a reading was used that had been taken back");
}

function checkHistory(delivery: OneDelivery): void {
  const events = eventsOf(delivery);
  events.forEach((event, index) => {
    const before = events.slice(0, index);
    if (event.type === "delivery.gone") checkGone(before, event);
    if (event.type === "delivery.watch-taken") checkTaken(before, event);
    if (before.some((earlier) => earlier.type === "delivery.stopped")) {
      assert.ok(event.type === "delivery.stop-repeated" || event.type === "delivery.contacted", `${event.type} after a stop`);
    }
  });
  const rebuilt = events.reduce<Delivery | undefined>((entity, event) => deliveryEntity.evolve(entity, event), undefined);
  assert.deepEqual(rebuilt, delivery.now);
}

/** Once everything that was due has been woken: silence has ended in a question or an alert, and nothing is asked by nobody. */
function checkMoment(delivery: OneDelivery): void {
  const { world, story, now } = delivery;
  const { contact } = now.movement ?? {};
  if (now.state === "moving" && contact !== undefined && world.now >= contact.at + WINDOWS.contactEvery) {
    const raised = delivery.alerts().some((alert) => (alert.cause === "no-contact" || alert.cause === "contact-denied") && alert.raised >= contact.at);
    assert.ok(raised || contact.asked !== undefined, "silence was not asked about");
    assert.ok(raised || world.now < (contact.asked?.at ?? 0) + WINDOWS.contactAnswer, "a question about silence went by in silence");
  }
  if (now.state === "stopped") {
    assert.ok([...story.scope.state.question.values()].every((question) => question.state !== "open" || !question.about.startsWith("delivery:")), "something is asked after a stop");
  }
  for (const alert of story.scope.state.alert.values()) {
    const questions = openQuestions(story, aboutAlert(alert.id));
    if (alert.acknowledged.length > 0) assert.deepEqual(questions, []);
    else {
      const all = alert.to.every((person) => alert.declined.includes(person.user));
      assert.ok(all || questions.some((question) => question.expires > world.now), `${alert.id} asks nobody`);
      assert.ok((world.nextWake() ?? 0) > world.now);
    }
  }
}

/** No number of a seal in anything that is shown, but for the buttons among which a taker chooses, and those always hide it. */
function checkSecrecy(delivery: OneDelivery): void {
  const { world, story, id } = delivery;
  const questions = [...story.scope.state.question.values()];
  const shown = JSON.stringify([world.said(), questions.map(({ stub, details }) => [stub, details]), deliveryBoard(story.scope, id)]);
  for (const seal of SEALS) assert.ok(!shown.includes(seal), "the number of a seal was shown");
  for (const question of questions.filter((each) => each.about === `delivery:${id}:take` && each.options.length > 2)) {
    assert.equal(question.options.length, 4);
    assert.equal(question.asked.length, 1);
  }
}

const RUNS = { numRuns: 150 } as const;

describe("any sequence of commands and ticks", () => {
  for (const stage of ["drafted", "moving"] as const) {
    it(`from ${stage} on breaks no promise about grants, go, watch, silence, alerts, seals and stop`, () => {
      fc.assert(fc.property(acts(EVERYTHING, 40), (sequence) => {
        const delivery = aDelivery({ seal: "KX77Q1" })[stage]();
        for (const act of sequence) {
          const before = delivery.now;
          const decision = perform(delivery, act);
          if (decision !== undefined && !decision.ok) assert.deepEqual(delivery.now, before);
          if (act.what === "stop" && CIRCLE.has(act.who)) assert.ok(decision?.ok === true, "a stop did not count");
          if (decision !== undefined && !CIRCLE.has(act.who) && act.what !== "acknowledge" && act.what !== "decline") {
            assert.equal(codes(decision)[0], "delivery.unknown");
          }
          delivery.world.tick();
          checkMoment(delivery);
        }
        checkHistory(delivery);
        checkSecrecy(delivery);
      }), RUNS);
    });
  }
  it("leaves nobody unasked between two rounds of an alert after the bot was down", () => {
    const delivery = aDelivery({ seal: "KX77Q1" }).moving();
    assert.ok(delivery.contact("BR-1", { what: "none" }).ok);
    // Found by chance: the rounds no longer fell where the questions ended.
    for (const minutes of [5, 30, 5]) {
      delivery.world.downtime(minutes * MINUTE);
      delivery.world.tick();
      checkMoment(delivery);
    }
  });
  it("without a stop leaves a way on: everybody on the route can still stop it", () => {
    fc.assert(fc.property(acts(WITHOUT_STOP, 25), fc.constantFrom(...CIRCLE), (sequence, who) => {
      const delivery = aDelivery().ready();
      for (const act of sequence) perform(delivery, act);
      assert.ok(delivery.stop(who).ok);
      assert.equal(delivery.now.state, "stopped");
    }), RUNS);
  });
  it("of the people at a hand-over reaches the last leg when both sides read well, however often they err before", () => {
    fc.assert(fc.property(acts(["give", "take", "misread", "illegible", "wait"], 20), (sequence) => {
      const delivery = aDelivery({ seal: "KX77Q1" }).moving();
      for (const act of sequence) perform(delivery, act);
      for (let tries = 0; tries < 2 && delivery.now.movement?.leg !== 2; tries += 1) {
        delivery.world.pass(3 * WINDOWS.bindingAnswer + WINDOWS.sealCorrection);
        const [giver, taker] = delivery.now.movement?.leg === 0 ? ["BR-2", "CV-2"] : ["CV-2", "BE-2"];
        assert.ok(delivery.give(giver ?? "", "KX77Q1").ok);
        assert.ok(delivery.take(taker ?? "", { seal: "kx77q1" }).ok);
        delivery.world.pass(WINDOWS.sealCorrection);
      }
      assert.equal(delivery.now.movement?.leg, 2);
      checkHistory(delivery);
    }), { numRuns: 60 });
  });
});
