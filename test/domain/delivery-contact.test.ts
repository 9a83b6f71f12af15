import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { aboutContact } from "../../src/domain/delivery-contact.ts";
import { recordContact } from "../../src/domain/delivery-contact.ts";
import { deliverySlot } from "../../src/domain/ids.ts";
import type { Instant, Zone } from "../../src/domain/ids.ts";
import { DAY, HOUR, MINUTE, WINDOWS, codes } from "./builders.ts";
import { OneAlert, aDelivery, done } from "./builders-delivery.ts";
import type { OneDelivery } from "./builders-delivery.ts";

const { contactEvery, contactAnswer } = WINDOWS;
const PRAIA = "Atlantic/Cape_Verde" as Zone;

function acknowledgeAll(delivery: OneDelivery): void {
  const events = delivery.openAlerts().map((alert) => ({
    type: "alert.acknowledged", v: 1, id: alert.id, at: delivery.world.now, first: true,
    by: alert.to[0] ?? { user: delivery.story.userOf("SN-1"), callSign: "SN-1" as never },
  } as const));
  delivery.world.apply(events, delivery.story.id);
}

describe("contact", () => {
  it("sets the clock of silence back and says when the next is due", () => {
    const delivery = aDelivery().moving();
    delivery.world.pass(contactEvery - 1);
    done(delivery.contact("BR-2", { what: "well" }));
    delivery.world.pass(contactEvery - 1);
    assert.equal(delivery.questions(aboutContact(delivery.id)).length, 0);
    delivery.world.pass(1);
    assert.equal(delivery.questions(aboutContact(delivery.id)).length, 1);
  });
  it("may be relayed by anybody in the circle", () => {
    const delivery = aDelivery().moving();
    done(delivery.contact("BE-2"));
    assert.equal(delivery.now.movement?.contact.by, "BE-2");
  });
  it("counts from when it was, not from when it is told", () => {
    const delivery = aDelivery().moving();
    const start = delivery.world.now;
    delivery.world.pass(10 * MINUTE);
    done(delivery.contact("CV-2", { of: { at: (start + MINUTE) as Instant, zone: PRAIA }, note: "radio ok" }));
    assert.equal(delivery.now.movement?.contact.at, start + MINUTE);
  });
  it("that is older than a known one moves no clock back and answers no question", () => {
    const delivery = aDelivery().moving();
    const start = delivery.world.now;
    delivery.world.pass(10 * MINUTE);
    done(delivery.contact("BR-2"));
    delivery.world.pass(contactEvery);
    done(delivery.contact("CV-2", { of: { at: (start + MINUTE) as Instant, zone: PRAIA } }));
    assert.equal(delivery.now.movement?.contact.at, start + 10 * MINUTE);
    assert.equal(delivery.questions(aboutContact(delivery.id)).length, 1);
  });
  it("cannot have been in the future or before it moved", () => {
    const delivery = aDelivery().moving();
    const at = (ms: number): { at: Instant; zone: Zone } => ({ at: (delivery.world.now + ms) as Instant, zone: PRAIA });
    assert.equal(codes(delivery.contact("BR-2", { of: at(1) }))[0], "delivery.contact-in-future");
    assert.equal(codes(delivery.contact("BR-2", { of: at(-1) }))[0], "delivery.contact-before-go");
  });
  it("is refused before it moves", () => {
    assert.equal(codes(aDelivery().ready().contact("BR-2"))[0], "delivery.not-moving");
  });
  it("after a stop is kept on record and starts no clock", () => {
    const delivery = aDelivery().stopped();
    done(delivery.contact("BR-2"));
    delivery.world.pass(DAY);
    assert.equal(delivery.questions(aboutContact(delivery.id)).length, 0);
  });
  it("also counts when the agreement is over, because asking goes on", () => {
    const delivery = aDelivery({}, Date.UTC(2026, 11, 23)).moving();
    delivery.world.now = Date.UTC(2026, 11, 23) as Instant;
    done(delivery.contact("BR-2"));
  });
  it("typed in the delivery's room is answered there once, from elsewhere to both", () => {
    const delivery = aDelivery().moving();
    done(delivery.story.as("BR-2", (scope, ctx) => recordContact(scope, { delivery: delivery.id }, ctx), delivery.inRoom()));
    assert.deepEqual(delivery.world.said().map((say) => say.to.to), ["room"]);
    delivery.world.listen();
    done(delivery.contact("BR-2"));
    assert.deepEqual(delivery.world.said().map((say) => say.to.to), ["room", "origin"]);
  });
});

describe("silence", () => {
  it("is asked about in the delivery's room, of the people of the leg, with a stub that wakes them", () => {
    const delivery = aDelivery().moving();
    delivery.world.pass(contactEvery);
    const [question] = delivery.questions(aboutContact(delivery.id));
    assert.deepEqual(question?.asked, ["BR-1", "BR-2", "BR-3"].map((sign) => delivery.story.userOf(sign)));
    assert.deepEqual(question?.to, { to: "room", slot: deliverySlot(delivery.id) });
    const stub = delivery.world.said().find((say) => say.wakes);
    assert.deepEqual(stub?.mentions, question?.asked);
    assert.deepEqual(stub?.message.lines.map((each) => each.code), ["delivery.contact-stub"]);
  });
  it("without an answer ends in a P1 that says no contact and never lost", () => {
    const delivery = aDelivery().moving();
    delivery.world.pass(contactEvery + contactAnswer - 1);
    assert.deepEqual(delivery.alerts(), []);
    delivery.world.pass(1);
    const [alert, ...more] = delivery.alerts();
    assert.deepEqual(more, []);
    assert.equal(alert?.cause, "no-contact");
    assert.equal(alert.priority, "P1");
    assert.deepEqual(alert.to.map((person) => person.callSign).toSorted(), ["BR-4", "CV-1", "SN-1", "SN-2"]);
    assert.deepEqual(alert.details.lines.map((each) => each.code), ["delivery.alert-no-contact"]);
  });
  it("is settled by a contact: the question is withdrawn, and no alert is raised", () => {
    const delivery = aDelivery().moving();
    delivery.world.pass(contactEvery);
    done(delivery.contact("BR-2"));
    assert.equal(delivery.questions(aboutContact(delivery.id)).length, 0);
    delivery.world.pass(contactEvery - 1);
    assert.deepEqual(delivery.alerts(), []);
  });
  it("that was raised stays raised after a contact, until somebody acknowledges it", () => {
    const delivery = aDelivery().moving();
    delivery.world.pass(contactEvery + contactAnswer);
    done(delivery.contact("BR-2"));
    assert.equal(delivery.openAlerts().length, 1);
  });
  it("goes on being asked about, without a second alert while the first is not acknowledged", () => {
    const delivery = aDelivery().moving();
    delivery.world.pass(5 * (contactEvery + contactAnswer));
    assert.equal(delivery.alerts().length, 1);
    assert.equal(delivery.world.events.filter((event) => event.type === "delivery.contact-asked").length, 5);
  });
  it("raises another alert when it lasts after the first was acknowledged", () => {
    const delivery = aDelivery().moving();
    delivery.world.pass(contactEvery + contactAnswer);
    acknowledgeAll(delivery);
    delivery.world.pass(contactEvery + contactAnswer - 1);
    assert.equal(delivery.alerts().length, 1);
    delivery.world.pass(1);
    assert.equal(delivery.alerts().length, 2);
  });
  it("that began after a contact raises its own alert, also while one about an earlier silence is open", () => {
    const delivery = aDelivery().moving();
    delivery.world.pass(contactEvery + contactAnswer);
    done(delivery.contact("BR-2"));
    delivery.world.pass(contactEvery + contactAnswer);
    assert.equal(delivery.openAlerts().length, 2);
  });
  it("raises another alert when its own was acknowledged, whatever is open about an earlier silence", () => {
    const delivery = aDelivery().moving();
    delivery.world.pass(contactEvery + contactAnswer);
    done(delivery.contact("BR-2"));
    delivery.world.pass(contactEvery + contactAnswer);
    const second = delivery.alerts()[1];
    assert.ok(second !== undefined);
    done(new OneAlert(delivery.story, second.id).acknowledge("SN-1"));
    delivery.world.pass(contactEvery + contactAnswer);
    assert.equal(delivery.alerts().length, 3);
    assert.equal(delivery.openAlerts().length, 2);
  });
  it("that somebody of the leg confirms raises the alert at once", () => {
    const delivery = aDelivery().moving();
    delivery.world.pass(contactEvery);
    done(delivery.contact("BR-2", { what: "none" }));
    assert.deepEqual(delivery.alerts().map((alert) => alert.cause), ["contact-denied"]);
    done(delivery.contact("BR-3", { what: "none" }));
    assert.equal(delivery.alerts().length, 1);
  });
  it("is counted anew from the hand-over", () => {
    const delivery = aDelivery().offered();
    done(delivery.take("CV-2"));
    delivery.world.pass(WINDOWS.sealCorrection);
    delivery.world.pass(contactEvery);
    const [question] = delivery.questions(aboutContact(delivery.id));
    assert.deepEqual(question?.asked, ["CV-1", "CV-2", "CV-3"].map((sign) => delivery.story.userOf(sign)));
  });
  it("during a downtime of the bot ends in one question, and then in one alert", () => {
    const delivery = aDelivery().moving();
    delivery.world.downtime(6 * HOUR);
    assert.equal(delivery.questions(aboutContact(delivery.id)).length, 1);
    assert.deepEqual(delivery.alerts(), []);
    delivery.world.pass(contactAnswer);
    assert.equal(delivery.alerts().length, 1);
  });
});
