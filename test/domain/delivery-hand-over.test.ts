import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Delivery } from "../../src/domain/delivery.ts";
import { deliveryBoard } from "../../src/domain/delivery.ts";
import { give, giveToConfirm, OFFER_ASKED, takeToConfirm } from "../../src/domain/delivery-hand-over.ts";
import { aboutTake } from "../../src/domain/delivery-take-question.ts";
import type { Instant } from "../../src/domain/ids.ts";
import { WINDOWS, codes } from "./builders.ts";
import { SEAL, aDelivery, done } from "./builders-delivery.ts";
import type { OneDelivery } from "./builders-delivery.ts";

const FINAL = WINDOWS.sealCorrection;
const OTHER = "0774417";

/** Everything that was said, asked or pinned to a board, as text. */
function shown(delivery: OneDelivery): string {
  const asked = [...delivery.story.scope.state.question.values()].map(({ stub, details }) => ({ stub, details }));
  return JSON.stringify([delivery.world.said(), deliveryBoard(delivery.story.scope, delivery.id), asked]);
}
function watch(delivery: OneDelivery): string | undefined {
  const now: Delivery = delivery.now;
  return now.plan.legs[now.movement?.leg ?? -1]?.country;
}

describe("a reading typed by hand", () => {
  it("asks whoever misread to take the reading back, never to record an illegible seal", () => {
    const delivery = aDelivery().offered();
    const asked = (of: "misread" | "illegible"): string | undefined => takeToConfirm(delivery.story.scope, { delivery: delivery.id, instead: of }).lines[0]?.code;
    assert.equal(asked("misread"), "delivery.confirm-misread");
    assert.equal(asked("illegible"), "delivery.confirm-illegible");
  });
  it("is confirmed to its reader by one question and by nothing else", () => {
    const delivery = aDelivery().offered();
    const before = delivery.world.said().length;
    done(delivery.take("CV-2", { seal: SEAL }));
    assert.deepEqual(delivery.world.said().slice(before).flatMap((each) => each.message.lines.map(({ code }) => code)), ["delivery.seal-read"]);
  });
});
describe("an offer of the watch", () => {
  it("leaves the watch with the giver, and asks each of the next country alone which seal they see", () => {
    const delivery = aDelivery().offered();
    assert.equal(watch(delivery), "BR");
    const asked = delivery.questions(aboutTake(delivery.id));
    assert.deepEqual(asked.map((question) => question.asked), ["CV-1", "CV-2", "CV-3"].map((sign) => [delivery.story.userOf(sign)]));
  });
  it("hides the number among two look-alikes, the same ones for everybody, and offers illegible last", () => {
    const delivery = aDelivery().offered();
    const options = delivery.questions(aboutTake(delivery.id)).map((question) => question.options.map((option) => option.does?.params["seal"] ?? option.does?.params["instead"]));
    for (const each of options) {
      assert.equal(each.length, 4);
      assert.ok(each.includes(SEAL));
      assert.equal(each[3], "illegible");
    }
    assert.equal(new Set(options.map((each) => JSON.stringify(each.map(String).toSorted()))).size, 1);
  });
  it("shows the number in no message, board, stub or details", () => {
    assert.ok(!shown(aDelivery().offered()).includes(SEAL));
  });
  it("hides the same number given anew among the same look-alikes, so that two polls do not give it away", () => {
    const delivery = aDelivery().offered();
    const first = delivery.now.movement?.offer?.choices;
    delivery.world.pass(OFFER_ASKED * WINDOWS.bindingAnswer);
    assert.equal(codes(delivery.take("CV-2"))[0], "delivery.nothing-offered");
    const otherwise = { chance: { ...delivery.world.chance, shuffle: <T>(items: readonly T[]): T[] => [...items] } };
    done(delivery.story.as("BR-3", (scope, ctx) => give(scope, { delivery: delivery.id, seal: SEAL, condition: "intact" }, ctx), otherwise));
    assert.deepEqual(delivery.now.movement?.offer?.choices, first);
  });
  it("is only for the country that has the watch", () => {
    for (const callSign of ["CV-2", "BE-2"]) assert.equal(codes(aDelivery().moving().give(callSign))[0], "delivery.not-watch-holder");
  });
  it("is refused while another one stands", () => {
    const delivery = aDelivery().offered();
    assert.equal(codes(delivery.give("BR-3"))[0], "delivery.offered-already");
  });
  it("may be corrected by the giver for a short while, and then not", () => {
    const delivery = aDelivery().offered(OTHER);
    const final = delivery.now.movement?.offer?.given.final;
    delivery.world.now = (delivery.world.now + FINAL - 1) as Instant;
    done(delivery.give("BR-2", SEAL));
    assert.equal(delivery.now.movement?.offer?.given.seal, SEAL);
    assert.equal(delivery.now.movement?.offer?.given.final, final);
    delivery.world.now = (delivery.world.now + 1) as Instant;
    assert.equal(codes(delivery.give("BR-2", OTHER))[0], "delivery.offered-already");
  });
  it("asks the takers again, and lapses when nobody takes it", () => {
    const delivery = aDelivery().offered();
    delivery.world.pass(WINDOWS.bindingAnswer);
    assert.equal(delivery.now.movement?.offer?.asked, 2);
    assert.equal(delivery.questions(aboutTake(delivery.id)).length, 3);
    delivery.world.pass((OFFER_ASKED - 1) * WINDOWS.bindingAnswer);
    assert.equal(delivery.now.movement?.offer, undefined);
    assert.equal(delivery.questions(aboutTake(delivery.id)).length, 0);
    assert.equal(watch(delivery), "BR");
    assert.equal(codes(delivery.take("CV-2"))[0], "delivery.nothing-offered");
  });
  it("is refused on the last leg", () => {
    const delivery = aDelivery().offered();
    done(delivery.take("CV-2"));
    delivery.world.pass(FINAL);
    done(delivery.give("CV-2"));
    done(delivery.take("BE-2"));
    delivery.world.pass(FINAL);
    assert.equal(watch(delivery), "BE");
    assert.equal(codes(delivery.give("BE-2"))[0], "delivery.last-leg");
    assert.equal(codes(delivery.take("CV-2"))[0], "delivery.last-leg");
  });
});

describe("taking the watch", () => {
  it("moves nothing until the reading is final, and then watch and territory with equal readings", () => {
    const delivery = aDelivery().offered();
    done(delivery.take("CV-2"));
    delivery.world.pass(FINAL - 1);
    assert.equal(watch(delivery), "BR");
    delivery.world.pass(1);
    assert.equal(watch(delivery), "CV");
    assert.equal(delivery.now.movement?.territory, "CV");
    assert.equal(delivery.now.movement?.territorySince, delivery.world.now);
    assert.equal(delivery.now.movement?.offer, undefined);
    assert.deepEqual(delivery.alerts(), []);
  });
  it("with an unequal reading is recorded, told to both, raises a P1 and leaves the watch with the giver", () => {
    const delivery = aDelivery().offered();
    done(delivery.take("CV-2", { seal: OTHER }));
    delivery.world.pass(FINAL);
    assert.equal(watch(delivery), "BR");
    assert.equal(delivery.now.movement?.offer, undefined);
    assert.deepEqual(delivery.alerts().map((alert) => [alert.cause, alert.priority]), [["seal-differs", "P1"]]);
    for (const callSign of ["BR-2", "CV-2"]) {
      assert.ok(delivery.world.toldTo(delivery.story.userOf(callSign)).some((each) => each.code === "delivery.seal-differs"));
    }
  });
  it("tells nobody before it is final whether the readings agree", () => {
    const [equal, unequal] = [SEAL, OTHER].map((seal) => {
      const delivery = aDelivery().offered();
      done(delivery.take("CV-2", { seal }));
      return shown(delivery);
    });
    assert.equal(equal, unequal);
  });
  it("shows neither number after they differed", () => {
    const delivery = aDelivery().offered();
    done(delivery.take("CV-2", { seal: OTHER }));
    delivery.world.pass(FINAL);
    assert.ok(!shown(delivery).includes(SEAL));
    assert.ok(!shown(delivery).includes(OTHER));
  });
  it("may be corrected by the same person until it is final; only the last reading counts", () => {
    const delivery = aDelivery().offered();
    done(delivery.take("CV-2", { seal: OTHER }));
    delivery.world.now = (delivery.world.now + FINAL - 1) as Instant;
    done(delivery.take("CV-2", { seal: SEAL }));
    delivery.world.pass(1);
    assert.equal(watch(delivery), "CV");
  });
  it("cannot be corrected at the instant it is final, also before that is on record", () => {
    const delivery = aDelivery().offered();
    done(delivery.take("CV-2", { seal: OTHER }));
    delivery.world.now = (delivery.world.now + FINAL) as Instant;
    assert.equal(codes(delivery.take("CV-2"))[0], "delivery.reading-final");
    assert.equal(codes(delivery.take("CV-2", { instead: "misread" }))[0], "delivery.reading-final");
  });
  it("may be taken back by the reader, and everybody is asked as before", () => {
    const delivery = aDelivery().offered();
    done(delivery.take("CV-2", { seal: OTHER }));
    done(delivery.take("CV-2", { instead: "misread" }));
    delivery.world.pass(FINAL);
    assert.equal(watch(delivery), "BR");
    assert.deepEqual(delivery.alerts(), []);
    assert.equal(delivery.questions(aboutTake(delivery.id)).length, 3);
    done(delivery.take("CV-3"));
    delivery.world.pass(FINAL);
    assert.equal(watch(delivery), "CV");
  });
  it("asks the reader, and only the reader, whether the reading stands", () => {
    const delivery = aDelivery().offered();
    done(delivery.take("CV-2"));
    const asked = delivery.questions(aboutTake(delivery.id));
    assert.deepEqual(asked.map((question) => question.asked), [[delivery.story.userOf("CV-2")]]);
    assert.deepEqual(asked[0]?.options.map((option) => option.does?.params["instead"]), [undefined, "misread"]);
  });
  it("with an illegible seal counts as different", () => {
    const delivery = aDelivery().offered();
    done(delivery.take("CV-2", { instead: "illegible" }));
    delivery.world.pass(FINAL);
    assert.equal(watch(delivery), "BR");
    assert.deepEqual(delivery.alerts().map((alert) => alert.cause), ["seal-differs"]);
  });
  it("compares numbers in compatible form", () => {
    const delivery = aDelivery().offered("ab 0774471");
    done(delivery.take("CV-2", { seal: "AB０774471" }));
    delivery.world.pass(FINAL);
    assert.equal(watch(delivery), "CV");
  });
  it("with a seal that both read and that is not the plan's moves the watch and raises a P1", () => {
    const delivery = aDelivery().offered(OTHER);
    done(delivery.take("CV-2", { seal: OTHER }));
    delivery.world.pass(FINAL);
    assert.equal(watch(delivery), "CV");
    assert.deepEqual(delivery.alerts().map((alert) => alert.cause), ["seal-not-planned"]);
  });
  it("with a seal given as broken moves the watch and raises a P1", () => {
    const delivery = aDelivery().offered(SEAL, "broken");
    done(delivery.take("CV-2"));
    delivery.world.pass(FINAL);
    assert.equal(watch(delivery), "CV");
    assert.deepEqual(delivery.alerts().map((alert) => alert.cause), ["seal-broken"]);
  });
  it("with a giver's number corrected meanwhile counts by the corrected one", () => {
    const delivery = aDelivery().offered(OTHER);
    done(delivery.take("CV-2"));
    done(delivery.give("BR-2", SEAL));
    delivery.world.pass(FINAL);
    assert.equal(watch(delivery), "CV");
    assert.deepEqual(delivery.alerts(), []);
  });

  it("is refused to the giver's country, to the leg after the next, and to a stranger", () => {
    const delivery = aDelivery().offered();
    assert.equal(codes(delivery.take("BR-2"))[0], "delivery.not-next-leg");
    assert.equal(codes(delivery.take("BE-2"))[0], "delivery.not-next-leg");
    assert.equal(codes(delivery.take("PT-1"))[0], "delivery.unknown");
  });
  it("is refused when nothing is offered", () => {
    assert.equal(codes(aDelivery().moving().take("CV-2"))[0], "delivery.nothing-offered");
  });
  it("is refused to a second person while the first one's reading stands", () => {
    const delivery = aDelivery().offered();
    done(delivery.take("CV-2"));
    assert.equal(codes(delivery.take("CV-3"))[0], "delivery.being-read");
  });
  it("without a number says how to read", () => {
    assert.equal(codes(aDelivery().offered().take("CV-2", {}))[0], "delivery.type-reading");
  });
  it("back without a reading is refused", () => {
    assert.equal(codes(aDelivery().offered().take("CV-2", { instead: "misread" }))[0], "delivery.nothing-to-correct");
  });
  it("is over when somebody stops it: a reading that was pending counts no more", () => {
    const delivery = aDelivery().offered();
    done(delivery.take("CV-2"));
    done(delivery.stop("BE-2"));
    delivery.world.pass(FINAL);
    assert.equal(watch(delivery), "BR");
    assert.equal(delivery.questions(aboutTake(delivery.id)).length, 0);
  });
});

describe("what is confirmed at a hand-over", () => {
  it("is to the giver and to the taker their own reading only", () => {
    const { story, id } = aDelivery().offered();
    assert.ok(JSON.stringify(giveToConfirm(story.scope, { delivery: id, seal: OTHER, condition: "intact" })).includes(OTHER));
    const taker = JSON.stringify(takeToConfirm(story.scope, { delivery: id, seal: OTHER }));
    assert.ok(taker.includes(OTHER));
    assert.ok(!taker.includes(SEAL));
    assert.equal(takeToConfirm(story.scope, { delivery: id, instead: "illegible" }).lines[0]?.code, "delivery.confirm-illegible");
  });
});
