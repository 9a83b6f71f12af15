import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { ANA, LUIS } from "../domain/builders-core.ts";
import type { Opened, World } from "./harness.ts";
import { EVA, anOpenCase, draftDelivery } from "./harness.ts";

const HOUR = 3_600_000;

describe("after a downtime", () => {
  let opened: Opened;
  let world: World;
  beforeEach(async () => {
    opened = await anOpenCase();
    world = opened.world;
  });
  afterEach(async () => {
    await world.end();
  });
  const digests = (): string[] => world.reads(LUIS).map((shown) => shown.body).filter((body) => body.startsWith("I was away from"));

  it("each person is told once what concerns them, the worst first, and not of every task by itself", async () => {
    const delivery = await draftDelivery(opened);
    for (let n = 1; n <= 10; n += 1) await world.say(ANA, opened.coordination, `!task add "Call number ${n}" ${LUIS} tomorrow 10:0${n - 1}`);
    await world.say(ANA, opened.coordination, `!task add "Only Ana's" tomorrow 11:00`);
    await world.say(ANA, opened.ana, `alert raise P1 ${LUIS} the lorry is burning`);
    await world.say(LUIS, world.reads(LUIS).find((shown) => shown.type.endsWith("poll.start"))?.room ?? opened.ana, `jit add ${EVA} "Eva" liaison CO`);
    await world.clock.pass(1_000);
    const before = world.reads(LUIS).length;
    await world.stop();
    await world.say(ANA, delivery, "STOP they saw us");
    await world.clock.pass(40 * HOUR);
    await world.start();
    await world.clock.pass(90_000);
    assert.deepEqual(world.bugs, []);
    const [digest, ...more] = digests();
    assert.equal(more.length, 0);
    const lines = (digest ?? "").split("\n");
    assert.match(lines[0] ?? "", /^I was away from Tue 24 Nov .* to Thu 26 Nov/);
    const kinds = lines.slice(1).map((each) => /STOPPED|P1|ran out|overdue/.exec(each)?.[0] ?? each);
    assert.deepEqual(kinds, ["STOPPED", "P1", "ran out", ...Array.from({ length: 10 }, () => "overdue")]);
    assert.doesNotMatch(digest ?? "", /Only Ana/);
    const since = world.reads(LUIS).slice(before).map((shown) => shown.body);
    assert.deepEqual(since.filter((body) => /^(Overdue:|Due now:)|overdue since/.test(body) && !body.startsWith("I was away")), []);
    await world.stop();
    await world.start();
    await world.clock.pass(10_000);
    assert.equal(digests().length, 1, "told again after a restart");
  });
  it("the digest is given in the end although the bot dies before it could be", async () => {
    await world.say(ANA, opened.coordination, `!task add "Call" ${LUIS} tomorrow 10:00`);
    await world.stop();
    await world.clock.pass(40 * HOUR);
    await world.start();
    await world.stop();
    await world.start();
    await world.clock.pass(10_000);
    assert.equal(digests().length, 1);
  });
  it("nobody is told anything whom nothing concerns, and a short one is none", async () => {
    await world.say(ANA, opened.coordination, `!task add "Call" ${LUIS} tomorrow 10:00`);
    await world.stop();
    await world.clock.pass(HOUR);
    await world.start();
    await world.clock.pass(10_000);
    assert.equal(digests().length, 0);
  });
});
