import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { RoomId, UserId } from "../../src/domain/ids.ts";
import { ANA, BOT, LUIS } from "../domain/builders-core.ts";
import { settled } from "../support/model.ts";
import type { Opened, World } from "./harness.ts";
import { anOpenCase, draftDelivery } from "./harness.ts";

const EVE = "@eve:x.example" as UserId;
/** Marks that turn text around or show nothing. */
const HIDDEN = /[\u202a-\u202e\u2066-\u2069\u200b-\u200f\u00ad\ufeff]/u;

describe("what nobody is to notice", () => {
  let opened: Opened;
  let world: World;
  beforeEach(async () => {
    opened = await anOpenCase();
    world = opened.world;
    await world.clock.pass(600_000);
  });
  afterEach(async () => {
    await world.end();
  });
  /** What people can read that they could not read before, boards apart. */
  async function readsAfter(what: () => Promise<unknown>): Promise<readonly string[]> {
    const before = new Set(world.server.shown().map(({ event }) => event));
    await what();
    return [ANA, LUIS].flatMap((user) => world.reads(user)).filter(({ event }) => !before.has(event)).map(({ body }) => body);
  }
  async function gained(what: () => Promise<unknown>): Promise<readonly string[]> {
    const before = await world.notes();
    await what();
    const now = await world.notes();
    // Chain by chain, so the new ones do not stand at the end; what was read and who came in is no attack.
    for (const note of before) now.splice(now.indexOf(note), 1);
    return now.filter((note) => note !== "joined" && note !== "read");
  }
  /** Events of one type in clear, all at once. */
  async function floods(room: RoomId, sender: UserId, type: string, count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) world.server.add(room, sender, type, { "m.relates_to": { rel_type: "m.annotation", event_id: "$e1", key: `${n}` } });
    await settled();
  }

  it("a storm of reactions moves nothing, is counted, and is on record once; a stop in the midst of it counts", async () => {
    const delivery = await draftDelivery(opened);
    const before = world.app.health.counts().unread;
    const notes = await gained(async () => {
      assert.deepEqual(await readsAfter(() => floods(delivery, LUIS, "m.reaction", 2_000)), []);
      await floods(delivery, LUIS, "m.reaction", 500);
      await world.say(LUIS, delivery, "STOP");
      await floods(delivery, LUIS, "eu.example.unknown", 500);
    });
    await world.clock.pass(3_000);
    assert.equal(world.app.health.counts().unread - before, 3_000);
    assert.deepEqual(notes.filter((what) => what === "storm"), ["storm"]);
    assert.equal(world.reads(ANA, delivery).filter(({ body }) => body.startsWith("CD-1 STOPPED")).length, 1);
    assert.deepEqual(world.bugs, []);
  });
  it("a few reactions are no storm", async () => {
    assert.deepEqual(await gained(() => floods(opened.coordination, LUIS, "m.reaction", 20)), []);
  });
  it("invitations without end are declined, counted, on record once, and never more than a thousand are kept", async () => {
    const leaving = world.gateway.leave.bind(world.gateway);
    const begins = Promise.withResolvers<void>();
    world.gateway.leave = async (room) => {
      await begins.promise;
      return leaving(room);
    };
    const notes = await gained(async () => {
      for (let n = 0; n < 1_500; n += 1) world.server.createRoom(EVE, { mark: "", power: {}, invite: [BOT], state: [] });
      await settled();
      assert.ok((await world.journal.values("invitation:")).size <= 1_000);
      // Nobody else waits for that.
      await world.say(LUIS, opened.coordination, "!task add Get the waybill tomorrow 18:00");
      assert.equal(world.reads(ANA).filter(({ body }) => body.startsWith("T-1 Get the waybill")).length, 1);
      begins.resolve();
      for (let n = 0; n < 70; n += 1) await world.say(LUIS, opened.coordination, "we talk");
    });
    assert.deepEqual(notes, ["invitation-declined"]);
    assert.ok(world.app.health.counts().invitations_declined >= 1_000);
    assert.equal((await world.journal.values("invitation:")).size, 0);
  });
  it("a message that claims another sender does nothing, is counted as foreign, and is on record", async () => {
    const foreign = world.app.health.counts().foreign;
    const notes = await gained(async () => {
      assert.deepEqual(await readsAfter(async () => {
        const sealed = JSON.parse(world.server.seal(EVE, "PHONE", "m.room.message", { msgtype: "m.text", body: "!task add Move the container" }, [])) as Record<string, unknown>;
        world.server.add(opened.coordination, LUIS, "m.room.encrypted", sealed);
        await settled();
      }), []);
    });
    assert.deepEqual(notes, ["sender-swapped"]);
    assert.equal(world.app.health.counts().foreign, foreign + 1);
  });
  it("a stranger's command in a room of the case does nothing, and is on record once however often it comes", async () => {
    const notes = await gained(async () => {
      assert.deepEqual(await readsAfter(async () => {
        for (let n = 0; n < 30; n += 1) await world.say(EVE, opened.coordination, "!task add Move the container");
      }), []);
    });
    assert.deepEqual(notes, ["stranger-command"]);
  });
  it("an invented or damaged message does nothing, is counted, and is on record once", async () => {
    const { malformed } = world.app.health.counts();
    const notes = await gained(async () => {
      for (let n = 0; n < 20; n += 1) world.server.add(opened.coordination, LUIS, "m.room.encrypted", { algorithm: "m.megolm.v1.aes-sha2", ciphertext: "AAAA", session_id: "x" });
      await settled();
    });
    assert.deepEqual(notes, ["malformed"]);
    assert.equal(world.app.health.counts().malformed, malformed + 20);
  });
  it("messages to the bot's device that are of no use, as replayed ones, are counted and on record once", async () => {
    world.crypto.receive = async () => 3;
    const notes = await gained(async () => {
      for (let n = 0; n < 5; n += 1) await world.say(LUIS, opened.coordination, "we talk");
    });
    assert.deepEqual(notes, ["to-device-useless"]);
    assert.ok(world.app.health.counts().to_device_useless >= 15);
  });
  it("votes without end for something that was never asked are nothing", async () => {
    assert.deepEqual(await readsAfter(async () => {
      for (let n = 0; n < 60; n += 1) {
        await world.send(LUIS, opened.coordination, "org.matrix.msc3381.poll.response", {
          "m.relates_to": { rel_type: "m.reference", event_id: `$never-${n}` }, "org.matrix.msc3381.poll.response": { answers: ["yes", { "__proto__": { counts: true } }] },
        });
      }
    }), []);
  });
  it("a name, a title or a place with marks that turn text around is repeated without them", async () => {
    await world.say(ANA, opened.ana, `jit add ${EVE} "\u202eevE\u202c \u2066of Vigo\u2069\u200b" member ES`);
    await world.say(LUIS, opened.coordination, "!task add \u202ethgindim ta\u202c open\u00ad it tomorrow 18:00");
    await world.clock.pass(2_000);
    const said = [ANA, LUIS].flatMap((user) => world.reads(user));
    assert.ok(said.some(({ body }) => body.includes("evE of Vigo")));
    for (const { content } of said) assert.doesNotMatch(JSON.stringify(content), HIDDEN);
  });
  it("an answer's code in letters of another script is another code; invisible marks and width change nothing", async () => {
    await world.say(ANA, opened.ana, `jit add ${EVE} "Eve" member ES`);
    const code = /yes (\w{4})/.exec(world.reads(ANA).findLast(({ body }) => /yes \w{4}/.test(body))?.body ?? "")?.[1] ?? "";
    assert.equal(code.length, 4);
    const asked = () => world.reads(LUIS).filter(({ body }) => / · your consent to /.test(body)).length;
    const before = asked();
    const lookAlike = code.replace(/[A-Z0-9]/, (sign) => ({ A: "\u0410", B: "\u0412", C: "\u0421", E: "\u0415", H: "\u041d", K: "\u041a", M: "\u041c", P: "\u0420", T: "\u0422", X: "\u0425", 3: "\u0417" })[sign] ?? "\u0416");
    await world.say(ANA, opened.ana, `yes ${lookAlike}`);
    assert.equal(asked(), before);
    const wide = [...code].map((sign) => String.fromCodePoint((sign.codePointAt(0) ?? 0) + 0xfee0)).join("");
    await world.say(ANA, opened.ana, `\u202dyes\u200b ${wide}\u202c`);
    assert.equal(asked(), before + 1);
  });
});
