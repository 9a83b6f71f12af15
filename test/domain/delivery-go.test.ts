import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GO_HOLDS } from "../../src/domain/delivery-go.ts";
import type { Instant } from "../../src/domain/ids.ts";
import { DAY, MADRID, MINUTE, START, WINDOWS, codes } from "./builders.ts";
import { aDelivery, done } from "./builders-delivery.ts";

const HOLDS = WINDOWS.bindingAnswer * GO_HOLDS;

describe("go", () => {
  it("is refused while any country on the route has not granted, and names each with the line to type", () => {
    const delivery = aDelivery().drafted();
    done(delivery.grant("BR-1"));
    done(delivery.ask("BR-2", "CV"));
    const refused = delivery.go("BR-2");
    assert.deepEqual(codes(refused), ["delivery.go-lacks-grants", "delivery.asked-no-answer", "delivery.not-asked-yet"]);
    assert.ok(JSON.stringify(refused).includes("cd ask CD-1 BE"));
  });
  it("is refused while one grant has run out, also before that is on record", () => {
    const delivery = aDelivery().ready();
    done(delivery.grant("BE-1", { paper: "x", until: { at: (delivery.world.now + MINUTE) as Instant, zone: MADRID } }));
    delivery.world.now = (delivery.world.now + MINUTE) as Instant;
    assert.deepEqual(codes(delivery.go("BR-2")), ["delivery.go-lacks-grants", "delivery.grant-over"]);
    delivery.world.tick();
    assert.deepEqual(codes(delivery.go("BR-2")), ["delivery.go-lacks-grants", "delivery.grant-over"]);
  });
  it("needs the territory: two other countries are not enough", () => {
    const delivery = aDelivery().ready();
    done(delivery.go("CV-2"));
    done(delivery.go("BE-2"));
    assert.equal(delivery.now.state, "authorising");
    const last = delivery.world.said().at(-1);
    assert.deepEqual(last?.message.lines.map((each) => each.code), ["delivery.go-said", "delivery.go-needs-territory", "delivery.go-holds"]);
  });
  it("needs a second country: two people of the territory are not enough", () => {
    const delivery = aDelivery().ready();
    done(delivery.go("BR-2"));
    done(delivery.go("BR-1"));
    assert.equal(delivery.now.state, "authorising");
  });
  it("of one person twice counts once", () => {
    const delivery = aDelivery().ready();
    done(delivery.go("BR-2"));
    done(delivery.go("BR-2"));
    assert.equal(delivery.now.goes.length, 1);
    assert.equal(delivery.now.state, "authorising");
  });
  for (const [first, second] of [["BR-2", "CV-2"], ["CV-2", "BR-2"], ["BE-1", "BR-3"]] as const) {
    it(`of ${first} and ${second} makes it move, with watch and territory on the first leg and a checkpoint`, () => {
      const delivery = aDelivery().ready();
      done(delivery.go(first));
      done(delivery.go(second));
      assert.equal(delivery.now.state, "moving");
      assert.equal(delivery.now.movement?.leg, 0);
      assert.equal(delivery.now.movement?.territory, "BR");
      assert.ok(delivery.world.noted.some(({ effect }) => effect.effect === "checkpoint"));
    });
  }
  it("lapses when it is not completed in time, and that is said", () => {
    const delivery = aDelivery().ready();
    done(delivery.go("CV-2"));
    delivery.world.pass(HOLDS);
    assert.deepEqual(delivery.now.goes, []);
    assert.ok(delivery.world.said().some((say) => say.message.lines[0]?.code === "delivery.go-lapsed"));
    done(delivery.go("BR-2"));
    assert.equal(delivery.now.state, "authorising");
  });
  it("counts until the instant before it lapses and not at it, whether or not the lapse is on record", () => {
    for (const [ms, state] of [[HOLDS - 1, "moving"], [HOLDS, "authorising"]] as const) {
      const delivery = aDelivery().ready();
      done(delivery.go("CV-2"));
      delivery.world.now = (delivery.world.now + ms) as Instant;
      done(delivery.go("BR-2"));
      assert.equal(delivery.now.state, state);
    }
  });
  it("lapses when a grant changes, and whoever said it is named", () => {
    const delivery = aDelivery().ready();
    done(delivery.go("CV-2"));
    done(delivery.grant("BE-1", { paper: "another" }));
    assert.deepEqual(delivery.now.goes, []);
    assert.ok(delivery.world.said().some((say) => say.message.lines.some((each) => each.code === "delivery.goes-void" && JSON.stringify(each.facts).includes("CV-2"))));
    done(delivery.go("BR-2"));
    assert.equal(delivery.now.state, "authorising");
  });
  it("lapses when a grant runs out", () => {
    const delivery = aDelivery().ready();
    done(delivery.grant("BE-1", { paper: "x", until: { at: (delivery.world.now + MINUTE) as Instant, zone: MADRID } }));
    done(delivery.go("CV-2"));
    delivery.world.pass(MINUTE);
    assert.deepEqual(delivery.now.goes, []);
  });
  it("is refused when it moves already", () => {
    assert.equal(codes(aDelivery().moving().go("BR-3"))[0], "delivery.moving-already");
  });
  it("is refused when the time of the plan is over", () => {
    const delivery = aDelivery({ to: { at: (START + DAY) as Instant, zone: MADRID } }).ready();
    delivery.world.pass(DAY);
    assert.equal(codes(delivery.go("BR-2"))[0], "delivery.go-plan-over");
  });
  it("is refused when the agreement is over", () => {
    const delivery = aDelivery({}, START + 30 * DAY).ready();
    delivery.world.pass(30 * DAY);
    assert.equal(codes(delivery.go("BR-2"))[0], "case.over");
  });
});

describe("the end of the agreement", () => {
  it("raises a P1 once while goods move", () => {
    const delivery = aDelivery({}, START + 30 * DAY).ready();
    delivery.world.now = (START + 30 * DAY - 5 * MINUTE) as Instant;
    // The plan is over by then, so the go was said before.
    const early = aDelivery({}, START + 30 * DAY).moving();
    early.world.now = (START + 30 * DAY) as Instant;
    early.world.tick();
    early.world.pass(DAY);
    assert.equal(early.alerts().filter((alert) => alert.cause === "cover-ended").length, 1);
    assert.deepEqual(delivery.alerts(), []);
  });
});
