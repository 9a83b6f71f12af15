import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { Lags } from "../../src/app/lags.ts";
import type { Instant } from "../../src/domain/ids.ts";
import { ANA, LUIS, NOW } from "../domain/builders-core.ts";
import type { World } from "./harness.ts";
import { anOpenCase, draftDelivery } from "./harness.ts";

const MINUTE = 60_000;

describe("a message of another homeserver", () => {
  let lags: Lags;
  const isLate = (took: number, at: number, clock = 0): boolean => lags.isLate("pt.example", NOW + at - took + clock, (NOW + at) as Instant, MINUTE);

  it("is late when it took longer than is usual, and the next ones are judged for themselves", () => {
    lags = new Lags();
    assert.deepEqual([isLate(200, 0), isLate(30 * MINUTE, 1), isLate(10 * MINUTE, 2), isLate(100, 3), isLate(61_000, 4)], [false, true, true, false, true]);
  });
  it("is not late because the clock of its server is ahead, nor, after a while, because it is behind", () => {
    lags = new Lags();
    assert.deepEqual([isLate(100, 0, 5 * 60 * MINUTE), isLate(100, 1)], [false, false]);
    const behind = Array.from({ length: 15 }, (_, minute) => isLate(100, minute * MINUTE, -30 * 60 * MINUTE));
    assert.deepEqual([behind[0], behind.at(-1)], [true, false]);
    assert.equal(isLate(20 * MINUTE, 16 * MINUTE, -30 * 60 * MINUTE), true, "what is late by that clock is late again");
    assert.equal(isLate(100, 17 * MINUTE), false, "and the clock is right again");
  });
  it("without a time is not late", () => {
    lags = new Lags();
    for (const sent of [undefined, null, "1", 0, -5, Number.NaN]) assert.equal(lags.isLate("pt.example", sent, NOW, MINUTE), false);
  });
});

describe("what somebody said while their homeserver was away", () => {
  let world: World | undefined;
  afterEach(() => world?.end());

  it("is late although the bot was there: a contact does not count, what is harmless runs and says when it was sent, a stop counts", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const { clock, server } = world;
    const delivery = await draftDelivery(opened);
    server.time = () => clock.now() - 20 * MINUTE;
    await world.say(LUIS, opened.coordination, "!task add Get the waybill tomorrow 18:00");
    await world.say(LUIS, delivery, "1");
    await world.say(LUIS, delivery, "STOP");
    await clock.pass(3_000);
    const said = world.reads(ANA).map(({ body }) => body);
    assert.match(said.find((body) => body.startsWith("T-1 Get the waybill")) ?? "", /by the server’s clock, arrived/);
    assert.equal(said.filter((body) => body.startsWith("CD-1 STOPPED")).length > 0, true);
    assert.equal(world.reads(LUIS).some(({ body }) => body.startsWith("Arrived late")), true);
    server.time = () => clock.now();
    await world.say(LUIS, opened.coordination, "!task add Call the port tomorrow 18:00");
    assert.doesNotMatch(world.reads(ANA).map(({ body }) => body).findLast((body) => body.startsWith("T-2 Call the port")) ?? "", /arrived/);
  });
});
