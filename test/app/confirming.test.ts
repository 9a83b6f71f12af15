import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { UserId } from "../../src/domain/ids.ts";
import { fingerprint } from "../../src/domain/person.ts";
import type { Row } from "../../src/ports.ts";
import { ANA, LUIS, NUNO } from "../domain/builders-core.ts";
import { masterKeyOf } from "../support/model.ts";
import type { Opened } from "./harness.ts";
import { World, anOpenCase, draftDelivery } from "./harness.ts";
import { MODEL_SETTINGS } from "./model-settings.ts";

let world: World | undefined;
afterEach(async () => {
  await world?.end();
  world = undefined;
});
const bodies = (user: UserId): string[] => world?.reads(user).map((shown) => shown.body) ?? [];
const said = (user: UserId, what: RegExp): number => bodies(user).filter((body) => what.test(body)).length;
async function rows(): Promise<Row[]> {
  const found: Row[] = [];
  for (const chain of (await world?.journal.chains()) ?? []) for await (const row of world!.journal.read(chain, 0)) found.push(row);
  return found;
}
const confirmedIn = async (user: UserId) => (await rows()).flatMap(({ event }) => (event.type === "person.confirmed" && event.user === user ? [event] : []));
/** Ana adds Nuno for Portugal; Luis approves. */
async function withNuno(opened: Opened, more = ""): Promise<void> {
  world = opened.world;
  await world.say(ANA, opened.ana, `jit add ${NUNO} "Nuno P." member PT${more}`);
  await world.tap(ANA, /^Confirm/);
  await world.tap(LUIS, /^Approve/);
  await world.clock.pass(5_000);
  await world.join(NUNO);
  await world.clock.pass(5_000);
}

describe("an identity", () => {
  it("is confirmed by a confirmed administrator, and shown as confirmed from then on", async () => {
    const opened = await anOpenCase({}, "ES,CO,PT");
    await withNuno(opened);
    await world?.say(ANA, opened.ana, "jit show");
    assert.match(bodies(ANA).at(-1) ?? "", /ES-1 administrator \(confirmed by the operator\)[^]*PT-1 member \(not yet confirmed\)/);
    await world?.say(ANA, opened.ana, "jit confirm PT-1");
    assert.equal(said(ANA, new RegExp(`PT-1 is Nuno P\\..*\\n.*${fingerprint(masterKeyOf(NUNO)).replaceAll("+", "\\+")}`)), 1);
    await world?.tap(ANA, /^Confirm/);
    assert.equal(world?.reads(LUIS, opened.coordination).filter((shown) => /^The identity of PT-1 is confirmed: compared in person by ES-1/.test(shown.body)).length, 1);
    assert.equal(said(NUNO, /^Your identity is confirmed: it was compared with you in person/), 1);
    await world?.say(ANA, opened.ana, "jit show");
    assert.match(bodies(ANA).at(-1) ?? "", /PT-1 member \(confirmed by ES-1 in person\)/);
    await world?.say(ANA, opened.ana, "doctor PT-1");
    assert.match(bodies(ANA).at(-1) ?? "", /✓ Whether that identity is theirs: confirmed by ES-1 in person/);
  });

  it("is not confirmed by an administrator who is not confirmed, who is told how to become so", async () => {
    const opened = await anOpenCase({}, "ES,CO,PT");
    await withNuno(opened);
    await world?.say(LUIS, await world.direct(LUIS), "jit confirm PT-1");
    assert.match(bodies(LUIS).at(-1) ?? "", /your own identity is not confirmed yet[^]*Call ES-1\. Then start a verification with me[^]*jit confirm CO-1/);
    assert.deepEqual(await confirmedIn(NUNO), []);
  });

  it("is confirmed by its fingerprint in the agreement, when a case is opened or somebody added", async () => {
    world = new World();
    await world.start();
    const ana = await world.direct(ANA);
    const luisKey = masterKeyOf(LUIS);
    const open = (key: string): Promise<unknown> => world!.say(ANA, ana, `jit open agreement "X" states ES,CO,PT until 2027-11-20 admins ${ANA} ES ${LUIS} CO ${key}`);
    await open("AAAA BBBB CCCC DDDD");
    assert.match(bodies(ANA).at(-1) ?? "", /the fingerprint you typed for @luis:co\.example is AAAA BBBB CCCC DDDD; the identity that the server shows is /);
    assert.equal(said(ANA, /confirm this text/), 0, "nobody is asked");
    await open(fingerprint(luisKey));
    assert.equal(said(ANA, /@luis:co\.example for Colombia, identity .* as in the agreement/), 1);
    await world.tap(ANA, /^Confirm/);
    assert.deepEqual((await confirmedIn(LUIS)).map(({ how, by, masterKey }) => [how, by, masterKey]), [["agreement", ANA, luisKey]]);
    await world.join(LUIS);
    await world.clock.pass(3_000);
    await world.tap(LUIS, /^Approve/);
    await world.clock.pass(3_000);
    await world.join(ANA);
    await world.join(LUIS);
    await world.clock.pass(5_000);
    await withNuno({ world, ana, coordination: world.room("coordination") }, ` ${masterKeyOf(NUNO)}`);
    assert.deepEqual((await confirmedIn(NUNO)).map(({ how, by }) => [how, by]), [["agreement", ANA]]);
  });

  it("that stands in the configuration is confirmed from the start, once", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    await world.stop();
    await world.start();
    assert.deepEqual((await confirmedIn(ANA)).map(({ how, by }) => [how, by]), [["config", undefined]]);
  });
});

describe("what must be known of whoever commands", () => {
  it("stands with every row: a signed device, or a confirmed identity, too", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const luis = await world.direct(LUIS);
    await world.say(ANA, opened.ana, "task add One");
    await world.say(LUIS, luis, "task add Two");
    assert.deepEqual((await rows()).filter(({ event }) => event.type === "task.added").map(({ trust }) => trust), ["confirmed", "pinned-signed"]);
  });

  it("is a confirmed identity for what binds where the operator wants it; a consent waits until it is there", async () => {
    world = new World();
    await world.start({ settings: { trust: { ...MODEL_SETTINGS.trust, binding: "confirmed" } } });
    const ana = await world.direct(ANA);
    await world.say(ANA, ana, `jit open agreement "X" states ES,CO,PT until 2027-11-20 admins ${ANA} ES ${LUIS} CO`);
    await world.tap(ANA, /^Confirm/);
    await world.join(LUIS);
    await world.clock.pass(3_000);
    await world.tap(LUIS, /^Approve/);
    assert.match(bodies(LUIS).at(-1) ?? "", /^Not done: your identity has not been confirmed yet[^]*Start a verification with me/);
    assert.equal((await rows()).filter(({ event }) => event.type === "case.opened").length, 0);
    // The owner gives his fingerprint after all; the question that he was put the first time is still good for the first text.
    await world.say(ANA, ana, `jit open agreement "Y" states ES,CO,PT until 2027-11-20 admins ${ANA} ES ${LUIS} CO ${fingerprint(masterKeyOf(LUIS))}`);
    await world.tap(ANA, /^Confirm/);
    await world.tap(LUIS, /^Approve/);
    await world.clock.pass(3_000);
    assert.equal((await rows()).filter(({ event }) => event.type === "case.opened").length, 1);
  });

  it("is never more than a signed device for a stop, whatever else is asked", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const luis = await world.direct(LUIS);
    await draftDelivery(opened);
    await world.stop();
    await world.start({ settings: { trust: { read: "confirmed", harmless: "confirmed", binding: "confirmed", stop: "signed" } } });
    for (const line of ["task add Two", "task list", "cd granted CD-1 oral"]) {
      await world.say(LUIS, luis, line);
      assert.match(bodies(LUIS).at(-1) ?? "", /^Not done: your identity has not been confirmed yet/, line);
    }
    await world.say(ANA, opened.ana, "task add One");
    assert.deepEqual((await rows()).filter(({ event }) => event.type === "task.added").map(({ trust }) => trust), ["confirmed"]);
    await world.say(LUIS, luis, "cd stop CD-1 we are burnt");
    assert.deepEqual((await rows()).filter(({ event }) => event.type === "delivery.stopped").map(({ trust }) => trust), ["pinned-signed"]);
  });
});
