import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { written } from "../../src/chat/write.ts";
import { liveLine } from "../../src/domain/board.ts";
import { cardOf } from "../../src/domain/delivery-card.ts";
import { COORDINATION, deliverySlot } from "../../src/domain/ids.ts";
import { message } from "../../src/domain/say.ts";
import { MADRID, WINDOWS } from "./builders.ts";
import type { OneDelivery } from "./builders-delivery.ts";
import { aDelivery, done } from "./builders-delivery.ts";

const reader = { language: "en", zone: MADRID, prefix: "" } as const;
const card = (delivery: OneDelivery): string => {
  const found = cardOf(delivery.story.scope, deliverySlot(delivery.id));
  return found === undefined ? "" : written(found, reader).body;
};
const live = (delivery: OneDelivery): string => written(message(liveLine(delivery.story.scope, deliverySlot(delivery.id), delivery.world.now)), reader).body;
function moving(): OneDelivery {
  const delivery = aDelivery().drafted();
  for (const callSign of ["BR-1", "CV-1", "BE-1"]) done(delivery.grant(callSign));
  done(delivery.go("CV-2"));
  done(delivery.go("BR-2"));
  return delivery;
}

describe("the card that says whom to call when the bot is silent", () => {
  it("names those with whom it begins, the next leg and the administrators of the route, by call sign and country", () => {
    const text = card(aDelivery().drafted());
    assert.match(text, /It begins with Brazil: BR-1, BR-2 and BR-3/);
    assert.match(text, /Next leg, Cabo Verde: CV-1/);
    assert.match(text, /Administrators: CV-1 \(Cabo Verde\)/);
    assert.match(text, /I know no telephone numbers/);
  });
  it("names the country that has the watch once it moves, and the next after a hand-over", () => {
    const delivery = moving();
    assert.match(card(delivery), /Watch now, Brazil: BR-1/);
    done(delivery.give("BR-2"));
    done(delivery.take("CV-2"));
    delivery.world.pass(WINDOWS.sealCorrection);
    assert.match(card(delivery), /Watch now, Cabo Verde: CV-1[^]*Next leg, Belgium: BE-1/);
  });
  it("names nobody who is not in the circle, and stands in a delivery's room alone", () => {
    const text = card(moving());
    for (const callSign of ["BR-4", "ES-1", "CO-1", "PT-1", "SN-1"]) assert.ok(!text.includes(callSign), callSign);
    assert.equal(cardOf(moving().story.scope, COORDINATION), undefined);
  });
  it("shows no name, no seal and no place", () => {
    const text = card(moving());
    for (const word of ["0774471", "Santos", "Praia"]) assert.ok(!text.includes(word), word);
  });
});

describe("the time on a board", () => {
  it("says of what moves also by when it comes again, so that silence can be seen", () => {
    assert.match(live(moving()), /^live .*\d\d:\d\d .* · again by .*, or I am silent/);
  });
  it("promises nothing of what does not move", () => {
    assert.match(live(aDelivery().drafted()), /^live [^·]*$/);
    const stopped = moving();
    done(stopped.stop("BE-2"));
    assert.match(live(stopped), /^live [^·]*$/);
  });
});
