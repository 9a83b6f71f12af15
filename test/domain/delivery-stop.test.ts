import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { showDelivery } from "../../src/domain/delivery.ts";
import { aboutContact } from "../../src/domain/delivery-contact.ts";
import { stopDelivery } from "../../src/domain/delivery-stop.ts";
import type { DeliveryId, Instant } from "../../src/domain/ids.ts";
import { COORDINATION, deliverySlot } from "../../src/domain/ids.ts";
import { DAY, WINDOWS, codes } from "./builders.ts";
import { aDelivery, done } from "./builders-delivery.ts";

const STAGES = ["drafted", "ready", "moving", "offered", "stopped"] as const;
const CIRCLE = ["BR-1", "BR-2", "BR-3", "CV-1", "CV-2", "CV-3", "BE-1", "BE-2"];

describe("a stop", () => {
  for (const stage of STAGES) {
    it(`counts when the delivery is ${stage}`, () => {
      const delivery = aDelivery()[stage]();
      done(delivery.stop("BE-2", "we are burnt"));
      assert.equal(delivery.now.state, "stopped");
    });
  }
  for (const callSign of CIRCLE) {
    it(`of ${callSign} alone is enough`, () => {
      const delivery = aDelivery().moving();
      done(delivery.stop(callSign));
      assert.equal(delivery.now.state, "stopped");
    });
  }
  it("counts when the agreement is over", () => {
    const delivery = aDelivery({}, Date.UTC(2026, 11, 23)).moving();
    delivery.world.downtime(31 * DAY);
    done(delivery.stop("CV-3"));
    assert.equal(delivery.now.state, "stopped");
  });
  it("wakes the whole circle in the room and each of the others in their direct chat, before everything else", () => {
    const delivery = aDelivery().moving();
    done(delivery.stop("BE-2", "we are burnt"));
    const stops = delivery.world.said().filter((say) => say.lane === "stop");
    const [room, , direct] = stops;
    assert.ok(room?.wakes);
    assert.equal(room.to.to, "room");
    assert.deepEqual(room.mentions?.toSorted(), CIRCLE.map((sign) => delivery.story.userOf(sign)).toSorted());
    assert.ok(direct?.wakes);
    assert.deepEqual(direct.mentions?.toSorted(), CIRCLE.filter((sign) => sign !== "BE-2").map((sign) => delivery.story.userOf(sign)).toSorted());
    for (const say of stops.filter((each) => each.wakes)) assert.deepEqual(say.message.lines.map((each) => each.code), ["delivery.stop-stub"]);
  });
  it("posts a checkpoint", () => {
    const delivery = aDelivery().moving();
    done(delivery.stop("BE-2"));
    assert.ok(delivery.world.noted.some(({ effect }) => effect.effect === "checkpoint"));
  });
  it("of goods that move raises a P1 to the liaisons and administrators; of others it does not", () => {
    const moving = aDelivery().moving();
    done(moving.stop("BE-2"));
    assert.deepEqual(moving.alerts().map((alert) => [alert.cause, alert.priority]), [["stopped", "P1"]]);
    const ready = aDelivery().ready();
    done(ready.stop("BE-2"));
    assert.deepEqual(ready.alerts(), []);
  });
  it("said again is recorded and told, and changes nothing else", () => {
    const delivery = aDelivery().stopped();
    const first = delivery.now.stop;
    done(delivery.stop("CV-2", "once more"));
    assert.deepEqual(delivery.now.stop, { ...first, times: 2 });
    assert.equal(delivery.alerts().length, 1);
    assert.ok(delivery.world.said().some((say) => say.message.lines[0]?.code === "delivery.stop-again"));
  });
  it("leaves nothing asked, nothing offered and no clock running", () => {
    const delivery = aDelivery().offered();
    delivery.world.pass(5 * 60_000);
    done(delivery.stop("BE-2"));
    const { offer, contact } = delivery.now.movement ?? {};
    assert.equal(offer, undefined);
    assert.equal(contact?.asked, undefined);
    assert.equal([...delivery.story.scope.state.question.values()].filter((question) => question.state === "open" && question.about.startsWith("delivery:")).length, 0);
    const before = delivery.world.events.length;
    delivery.world.pass(DAY);
    assert.ok(delivery.world.events.slice(before).every((event) => !event.type.startsWith("delivery.")));
  });
});

describe("a stop typed in a room of the case", () => {
  const workspace = { origin: { room: "workspace", slot: COORDINATION } } as const;

  it("counts, and says nothing there of a delivery that not everybody in the room may know", () => {
    const delivery = aDelivery().moving();
    for (let times = 1; times <= 2; times += 1) {
      done(delivery.story.as("BE-2", (scope, ctx) => stopDelivery(scope, delivery.id, "burnt", ctx), workspace));
      assert.equal(delivery.now.stop?.times, times);
      assert.ok(delivery.world.toldTo(delivery.story.userOf("BE-2")).length > 0);
    }
    assert.ok(delivery.world.said().every((say) => say.to.to !== "origin" && (say.to.to !== "room" || say.to.slot === deliverySlot(delivery.id))));
  });
  it("that finds no delivery names none there", () => {
    const delivery = aDelivery().moving();
    const refused = delivery.story.as("BE-2", (scope, ctx) => stopDelivery(scope, "CD-9" as DeliveryId, undefined, ctx), workspace);
    assert.deepEqual(codes(refused), ["delivery.unknown"]);
  });
});

describe("a stop while the room is asked for contact", () => {
  it("withdraws the question", () => {
    const delivery = aDelivery().moving();
    delivery.world.pass(WINDOWS.contactEvery);
    assert.equal(delivery.questions(aboutContact(delivery.id)).length, 1);
    done(delivery.stop("BE-2"));
    assert.equal(delivery.questions(aboutContact(delivery.id)).length, 0);
  });
});

describe("somebody outside the circle", () => {
  for (const callSign of ["ES-1", "PT-1", "SN-1", "BR-4", "ES-2"]) {
    it(`as ${callSign} gets the same answer for a delivery that is there and one that is not`, () => {
      const delivery = aDelivery().moving();
      const refusals = [delivery.id, "CD-9" as DeliveryId].map((id) => delivery.story.as(callSign, (scope, ctx) => stopDelivery(scope, id, undefined, ctx)));
      assert.deepEqual(codes(refusals[0] ?? { ok: true, events: [] }), ["delivery.unknown", "delivery.none-yours"]);
      assert.deepEqual(refusals[0], refusals[1]);
      assert.equal(delivery.now.state, "moving");
    });
  }
  it("sees nothing of it", () => {
    const { story, id, world } = aDelivery().moving();
    const shown = showDelivery(story.scope, id, world.context(story.userOf("PT-1"), story.id));
    assert.deepEqual(shown.lines.map((each) => each.code), ["delivery.unknown", "delivery.none-yours"]);
  });
  it("is told nothing of what happens, and is asked nothing, but for the liaisons in an alert", () => {
    const delivery = aDelivery().offered();
    delivery.world.pass(3 * DAY);
    done(delivery.stop("BE-2"));
    for (const callSign of ["ES-1", "CO-1", "PT-1", "ES-2"]) {
      assert.deepEqual(delivery.world.toldTo(delivery.story.userOf(callSign)), []);
    }
    const asked = [...delivery.story.scope.state.question.values()].flatMap((question) => question.asked);
    for (const callSign of ["ES-1", "CO-1", "PT-1", "ES-2"]) assert.ok(!asked.includes(delivery.story.userOf(callSign)));
  });
});

/** What is not possible in which state: everything that is not in this table is tested where it is possible. */
const NOT_ALLOWED: readonly (readonly [typeof STAGES[number], string, string])[] = [
  ["drafted", "go", "delivery.go-lacks-grants"],
  ["drafted", "give", "delivery.not-moving"],
  ["drafted", "take", "delivery.not-moving"],
  ["drafted", "contact", "delivery.not-moving"],
  ["ready", "give", "delivery.not-moving"],
  ["ready", "take", "delivery.not-moving"],
  ["ready", "contact", "delivery.not-moving"],
  ["ready", "ask", "delivery.granted-already"],
  ["moving", "go", "delivery.moving-already"],
  ["moving", "take", "delivery.nothing-offered"],
  ["offered", "go", "delivery.moving-already"],
  ["offered", "give", "delivery.offered-already"],
  ["stopped", "ask", "delivery.stopped-already"],
  ["stopped", "grant", "delivery.stopped-already"],
  ["stopped", "go", "delivery.stopped-already"],
  ["stopped", "give", "delivery.stopped-already"],
  ["stopped", "take", "delivery.stopped-already"],
];

describe("what a delivery does not allow", () => {
  for (const [stage, what, code] of NOT_ALLOWED) {
    it(`${what} when it is ${stage}`, () => {
      const delivery = aDelivery()[stage]();
      const before = delivery.now;
      const tried = {
        go: () => delivery.go("BR-3"), give: () => delivery.give("BR-3"), take: () => delivery.take("CV-2"), contact: () => delivery.contact("BR-2"),
        ask: () => delivery.ask("BR-2", "CV"), grant: () => delivery.grant("CV-1"),
      }[what];
      assert.equal(codes(tried?.() ?? { ok: true, events: [] })[0], code);
      assert.deepEqual(delivery.now, before);
    });
  }
  for (const what of ["ask", "grant", "go", "give", "take"] as const) {
    it(`${what} when the agreement is over`, () => {
      const delivery = aDelivery({}, Date.UTC(2026, 11, 23)).offered();
      delivery.world.now = Date.UTC(2026, 11, 23) as Instant;
      const tried = { ask: () => delivery.ask("BR-2", "CV"), grant: () => delivery.grant("CV-1"), go: () => delivery.go("BR-3"), give: () => delivery.give("BR-2"), take: () => delivery.take("CV-2") }[what];
      assert.equal(codes(tried())[0], "case.over");
    });
  }
});
