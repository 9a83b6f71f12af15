import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { UserId, Zone } from "../../src/domain/ids.ts";
import { fingerprint } from "../../src/domain/person.ts";
import type { Comparison, Row } from "../../src/ports.ts";
import { ANA, LUIS, NUNO } from "../domain/builders-core.ts";
import { masterKeyOf, settled } from "../support/model.ts";
import type { Opened } from "./harness.ts";
import { EVA, World, anOpenCase, draftDelivery } from "./harness.ts";
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
    assert.equal(world?.crypto.vouched.get(NUNO), masterKeyOf(NUNO), "the engine itself refuses another from now on");
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

describe("the bot's own signature under an identity", () => {
  it("follows at the next start if a crash came between the journal and it, and again while the homeserver does not answer", async () => {
    const opened = await anOpenCase({}, "ES,CO,PT");
    await withNuno(opened);
    const { crypto } = opened.world;
    const vouch = crypto.vouch.bind(crypto);
    crypto.vouch = () => new Promise(() => undefined);
    await opened.world.say(ANA, opened.ana, "jit confirm PT-1");
    await opened.world.tap(ANA, /^Confirm/);
    await opened.world.stop();
    assert.equal(crypto.vouched.has(NUNO), false);
    let refusals = 2;
    crypto.vouch = async (user, key) => {
      if (user === NUNO && refusals-- > 0) throw Object.assign(new Error("down"), { kind: "unreachable" });
      return vouch(user, key);
    };
    await opened.world.start();
    assert.equal(crypto.vouched.has(NUNO), false);
    await opened.world.clock.pass(150_000);
    assert.equal(crypto.vouched.get(NUNO), masterKeyOf(NUNO));
    assert.deepEqual(opened.world.bugs, []);
  });

  it("stands under those of owners from the start, and under nobody's who is not confirmed", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    assert.deepEqual([...world.crypto.vouched.keys()], [ANA]);
  });
});

/** What Nuno's client and the bot show. */
const comparisonOf = (user: UserId, id = "c1"): Comparison => ({
  id, user, device: "PHONE", decimals: [1_234, 5_678, 9_012],
  emoji: ["Dog", "Key", "Train", "Hat", "Cloud", "Light Bulb", "Pin"].map((description) => ({ symbol: "🐶", description })),
});

describe("comparing emoji with the bot", () => {
  async function comparing(): Promise<World> {
    await withNuno(await anOpenCase({}, "ES,CO,PT"));
    assert.ok(world);
    assert.equal(world.crypto.verifications.show(comparisonOf(NUNO)), true);
    await settled();
    return world;
  }

  it("asks a confirmed administrator and nobody else, and confirms nothing before they have answered", async () => {
    const { crypto } = await comparing();
    assert.equal(said(ANA, /^\w+ PT-1 \(@nuno:pt\.example\) compares with me now[^]*🐶 Light Bulb[^]*1234 5678 9012/), 1);
    assert.equal(said(LUIS, /compares with me/), 0);
    assert.equal(said(NUNO, /^Call ES-1 now/), 1);
    assert.equal(said(NUNO, /Light Bulb/), 0, "who is in between would have him read that out");
    assert.deepEqual(crypto.verifications.answers, []);
    assert.deepEqual(await confirmedIn(NUNO), []);
  });

  it("confirms the person when the administrator says that they are the same, in the administrator's name, and has the identity signed", async () => {
    const { crypto } = await comparing();
    await world?.tap(ANA, /^The same/);
    await settled();
    assert.deepEqual(crypto.verifications.answers, [{ id: "c1", matches: true }]);
    assert.deepEqual((await confirmedIn(NUNO)).map(({ how, by }) => [how, by]), [["compared", ANA]]);
    assert.equal(crypto.vouched.get(NUNO), masterKeyOf(NUNO));
    assert.equal(said(NUNO, /^Your identity is confirmed: the emoji were the same/), 1);
    assert.equal(world?.reads(LUIS).filter((shown) => /^The identity of PT-1 is confirmed: the emoji were read back to ES-1/.test(shown.body)).length, 1);
  });

  it("that differ are told to both as what they are, and confirm nobody", async () => {
    const { crypto } = await comparing();
    await world?.tap(ANA, /^Not the same/);
    await settled();
    assert.deepEqual(crypto.verifications.answers, [{ id: "c1", matches: false }]);
    for (const user of [ANA, NUNO]) assert.equal(said(user, /^NOT THE SAME/), 1);
    assert.deepEqual(await confirmedIn(NUNO), []);
  });

  it("that took too long or that the person's app has ended are told to both, and a tap after it does nothing", async () => {
    const { crypto } = await comparing();
    crypto.verifications.end("c1", "timeout");
    await settled();
    for (const user of [ANA, NUNO]) assert.equal(said(user, /PT-1 took too long\. Nothing is confirmed/), 1);
    await world?.tap(ANA, /^The same/);
    await settled();
    assert.deepEqual(crypto.verifications.answers, []);
    assert.deepEqual(await confirmedIn(NUNO), []);
  });

  it("cut by a restart are told to both; the old question does nothing, and a new comparison counts", async () => {
    await comparing();
    await world?.stop();
    await world?.start();
    for (const user of [ANA, NUNO]) assert.equal(said(user, /ended because I was started anew/), 1);
    await world?.tap(ANA, /^The same/);
    await settled();
    assert.deepEqual(await confirmedIn(NUNO), []);
    world?.crypto.verifications.show(comparisonOf(NUNO, "c2"));
    await settled();
    await world?.tap(ANA, /^The same/);
    await settled();
    assert.deepEqual((await confirmedIn(NUNO)).map(({ by }) => by), [ANA]);
  });

  it("of two people at once are two questions, each for itself", async () => {
    const { crypto } = await comparing();
    crypto.verifications.show(comparisonOf(LUIS, "c2"));
    await settled();
    await world?.tap(ANA, /^The same/);
    await settled();
    assert.deepEqual(crypto.verifications.answers, [{ id: "c2", matches: true }], "the latest one was tapped");
    assert.deepEqual([(await confirmedIn(LUIS)).length, (await confirmedIn(NUNO)).length], [1, 0]);
  });

  it("is witnessed by an owner where no administrator is confirmed yet; of others it is ended, and they are told why", async () => {
    world = new World();
    await world.start({ settings: { owners: [{ user: EVA, masterKey: masterKeyOf(EVA), language: "en", zone: "Europe/Brussels" as Zone }] } });
    const eva = await world.direct(EVA);
    await world.say(EVA, eva, `jit open agreement "X" states ES,CO,PT until 2027-11-20 admins ${ANA} ES ${LUIS} CO`);
    await world.tap(EVA, /^Confirm/);
    for (const user of [ANA, LUIS]) {
      await world.join(user);
      await world.clock.pass(3_000);
      await world.tap(user, /^Approve/);
      await world.clock.pass(3_000);
    }
    const ana = await world.direct(ANA);
    await withNuno({ world, ana, coordination: world.room("coordination") });
    const { verifications } = world.crypto;
    verifications.show(comparisonOf(NUNO));
    await settled();
    assert.equal(said(NUNO, /^I have ended the verification: nobody in your case can say yet/), 1);
    assert.equal(verifications.open, 0);
    verifications.show(comparisonOf(LUIS, "c2"));
    await settled();
    assert.equal(said(LUIS, /^Call @eva:be\.example now/), 1);
    await world.tap(EVA, /^The same/);
    await settled();
    assert.deepEqual((await confirmedIn(LUIS)).map(({ how, by }) => [how, by]), [["compared", EVA]]);
    verifications.show(comparisonOf(NUNO, "c3"));
    await settled();
    await world.tap(LUIS, /^The same/);
    await settled();
    assert.deepEqual((await confirmedIn(NUNO)).map(({ by }) => by), [LUIS]);
  });

  it("is not begun by a stranger", async () => {
    world = new World();
    await world.start();
    assert.equal(world.crypto.verifications.show(comparisonOf("@stranger:x.example" as UserId)), false);
  });

  it("hears what clients write in the person's own chat, in clear or encrypted, and in no other room", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const luis = await world.direct(LUIS);
    await world.say(LUIS, luis, "help");
    const content = { msgtype: "m.key.verification.request", body: "x", to: "@relevo:bot.example", methods: ["m.sas.v1"] };
    world.server.add(luis, LUIS, "m.room.message", content);
    await settled();
    await world.send(LUIS, luis, "m.key.verification.start", { "m.relates_to": { rel_type: "m.reference", event_id: "$x" } });
    world.server.add(opened.coordination, LUIS, "m.room.message", content);
    await world.send(LUIS, opened.coordination, "m.room.message", content);
    await settled();
    assert.deepEqual(world.crypto.verifications.heard.map(({ room, event }) => [room === luis, event.type]), [[true, "m.room.message"], [true, "m.key.verification.start"]]);
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
