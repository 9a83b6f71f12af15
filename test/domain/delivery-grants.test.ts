import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Instant, Zone } from "../../src/domain/ids.ts";
import { deliveryBoard } from "../../src/domain/delivery.ts";
import { countriesLacking, grantToConfirm, isValid } from "../../src/domain/delivery-grants.ts";
import { aCase, codes, country, DAY, HOUR, MINUTE } from "./builders.ts";
import { DeliveryBuilder, SEAL, aDelivery, done, points } from "./builders-delivery.ts";

const PRAIA = "Atlantic/Cape_Verde" as Zone;

describe("asking a country to grant", () => {
  it("wakes each of its authorities and administrators in their direct chat and tells them the plan without the seal", () => {
    const delivery = aDelivery().drafted();
    done(delivery.ask("BR-2", "CV"));
    const told = delivery.world.toldTo(delivery.story.userOf("CV-1"));
    assert.deepEqual(told.map((each) => each.code), ["delivery.grant-stub", "delivery.grant-asked-you", "delivery.route", "delivery.period", "delivery.grant-how"]);
    assert.deepEqual(delivery.world.toldTo(delivery.story.userOf("CV-2")), []);
    const [stub] = delivery.world.said();
    assert.ok(stub?.wakes);
    assert.deepEqual(stub.message.lines[0]?.facts, { codename: "Albatross", delivery: delivery.id });
  });
  it("may be repeated as long as the country has not granted", () => {
    const delivery = aDelivery().drafted();
    done(delivery.ask("BR-2", "CV"));
    done(delivery.ask("BR-1", "CV"));
  });
  it("is only for people of the requesting country", () => {
    assert.equal(codes(aDelivery().drafted().ask("CV-2", "BE"))[0], "delivery.requesting-asks");
  });
  it("is refused for a country that is not on the route", () => {
    assert.equal(codes(aDelivery().drafted().ask("BR-2", "PT"))[0], "delivery.country-not-on-route");
  });
  it("is refused for a country whose grant counts, and possible again when it has run out", () => {
    const delivery = aDelivery().drafted();
    done(delivery.grant("CV-1", { paper: "despacho 123/26", until: { at: (delivery.world.now + HOUR) as Instant, zone: PRAIA } }));
    assert.equal(codes(delivery.ask("BR-2", "CV"))[0], "delivery.granted-already");
    delivery.world.now = (delivery.world.now + HOUR) as Instant;
    done(delivery.ask("BR-2", "CV"));
  });
  it("is refused where nobody of the country could answer, and says whom to add", () => {
    const story = aCase().states("ES", "CO", "BR", "PT").with("BR", "authority").with("BR", "member").with("PT", "member").open();
    const delivery = new DeliveryBuilder(story, { route: points("BR", "PT") }).drafted();
    assert.deepEqual(codes(delivery.ask("BR-2", "PT")), ["delivery.nobody-to-grant"]);
  });
});

describe("a grant", () => {
  it("keeps on which paper, by whom, and until when", () => {
    const delivery = aDelivery().drafted();
    const until = (delivery.world.now + 20 * DAY) as Instant;
    done(delivery.grant("BE-1", { paper: "BE-2026/7", until: { at: until, zone: PRAIA } }));
    const grant = delivery.now.grants["BE"];
    assert.equal(grant?.paper, "BE-2026/7");
    assert.equal(grant?.by.callSign, "BE-1");
    assert.equal(grant?.until, until);
    assert.equal(grant?.from, delivery.world.now);
    assert.equal(grant?.oral, undefined);
    assert.equal(grant?.plan, delivery.now.digest);
  });
  it("given by word of mouth counts from that moment", () => {
    const delivery = aDelivery().drafted();
    const oral = delivery.world.now;
    delivery.world.now = (oral + HOUR) as Instant;
    done(delivery.grant("CV-1", { oral: { at: oral, zone: PRAIA } }));
    assert.equal(delivery.now.grants["CV"]?.from, oral);
    assert.equal(delivery.now.grants["CV"]?.recorded, delivery.world.now);
  });
  it("is for the author's own country only, whatever was asked", () => {
    const delivery = aDelivery().drafted();
    done(delivery.grant("CV-1"));
    assert.deepEqual(Object.keys(delivery.now.grants), ["CV"]);
  });
  it("is recorded by an authority or an administrator, not by a member", () => {
    assert.equal(codes(aDelivery().drafted().grant("CV-2"))[0], "delivery.not-yours-to-grant");
  });
  it("of a country that is not on the route does not exist", () => {
    assert.equal(codes(aDelivery().drafted().grant("ES-1"))[0], "delivery.unknown");
  });
  it("needs a paper or the moment at which it was given", () => {
    assert.deepEqual(codes(aDelivery().drafted().grant("CV-1", {})), ["delivery.grant-of-what", "delivery.grant-examples"]);
  });
  it("cannot have been given in the future, before the agreement, or be over already", () => {
    const delivery = aDelivery().drafted();
    const moment = (ms: number): { at: Instant; zone: Zone } => ({ at: (delivery.world.now + ms) as Instant, zone: PRAIA });
    assert.equal(codes(delivery.grant("CV-1", { oral: moment(1) }))[0], "delivery.grant-oral-in-future");
    assert.equal(codes(delivery.grant("CV-1", { oral: moment(-1) }))[0], "delivery.grant-oral-before-jit");
    assert.equal(codes(delivery.grant("CV-1", { paper: "x", until: moment(0) }))[0], "delivery.grant-ends-in-past");
    assert.deepEqual(delivery.now.grants, {});
  });
  it("that ends before the delivery does is recorded with a warning", () => {
    const delivery = aDelivery().drafted();
    done(delivery.grant("CV-1", { paper: "x", until: { at: (delivery.world.now + DAY) as Instant, zone: PRAIA } }));
    assert.ok(delivery.world.said().some((say) => say.message.lines.some((each) => each.code === "delivery.grant-before-end")));
  });
  it("that runs out before it moves is on record at once, and the board says so", () => {
    const delivery = aDelivery().ready();
    done(delivery.grant("CV-1", { paper: "x", until: { at: (delivery.world.now + HOUR) as Instant, zone: PRAIA } }));
    delivery.world.pass(HOUR);
    assert.equal(delivery.now.grants["CV"]?.over, true);
    assert.ok(deliveryBoard(delivery.story.scope, delivery.id).lines.some((each) => each.code === "delivery.board-over"));
    assert.deepEqual(delivery.alerts(), []);
  });
  it("that runs out while the goods move raises a P1 and does not stop them by itself", () => {
    const delivery = aDelivery().ready();
    done(delivery.grant("BE-1", { paper: "x", until: { at: (delivery.world.now + 5 * MINUTE) as Instant, zone: PRAIA } }));
    done(delivery.go("BR-2"));
    done(delivery.go("CV-2"));
    delivery.world.pass(5 * MINUTE);
    assert.deepEqual(delivery.alerts().map((alert) => [alert.cause, alert.priority]), [["grant-ended", "P1"]]);
    assert.equal(delivery.now.state, "moving");
  });
  it("may be renewed while the goods move, and then its old end passes in silence", () => {
    const delivery = aDelivery().ready();
    done(delivery.grant("BE-1", { paper: "x", until: { at: (delivery.world.now + 5 * MINUTE) as Instant, zone: PRAIA } }));
    done(delivery.go("BR-2"));
    done(delivery.go("CV-2"));
    done(delivery.grant("BE-1", { paper: "y" }));
    delivery.world.pass(5 * MINUTE);
    assert.deepEqual(delivery.alerts(), []);
    assert.equal(delivery.now.state, "moving");
  });
  it("counts for the plan it was given for, and from its first instant to before its last", () => {
    const delivery = aDelivery().ready();
    const { now } = delivery.world;
    assert.deepEqual(countriesLacking(delivery.now, now), []);
    assert.deepEqual(countriesLacking({ ...delivery.now, digest: "another" }, now), ["BR", "CV", "BE"]);
    const grant = { country: country("BE"), by: delivery.now.by, plan: delivery.now.digest, recorded: now, over: false, from: 10 as Instant, until: 20 as Instant };
    assert.deepEqual([9, 10, 19, 20].map((at) => isValid(grant, delivery.now, at as Instant)), [false, true, true, false]);
    assert.equal(isValid({ ...grant, over: true }, delivery.now, 10 as Instant), false);
  });
  it("is confirmed with the digest of the plan and what was typed", () => {
    const delivery = aDelivery().drafted();
    const asked = grantToConfirm(delivery.story.scope, { delivery: delivery.id, paper: "despacho 123/26" }, delivery.world.context(delivery.story.userOf("CV-1"), delivery.story.id));
    assert.deepEqual(asked.lines.map((each) => each.code), ["delivery.confirm-grant", "delivery.grant-paper", "delivery.grant-open-ended"]);
    assert.ok(JSON.stringify(asked).includes(JSON.stringify(delivery.now.digest)));
  });
  it("is asked, recorded and shown without the number of the seal", () => {
    const delivery = aDelivery().drafted();
    done(delivery.ask("BR-2", "CV"));
    done(delivery.grant("CV-1"));
    assert.ok(!JSON.stringify([delivery.world.said(), deliveryBoard(delivery.story.scope, delivery.id)]).includes(SEAL));
  });
});
