/** Whoever gets no key is told so, and the bot understands when it is told. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { MasterKey, RoomId } from "../../src/domain/ids.ts";
import { Participant } from "./participant.ts";
import { ToyHomeserver } from "./toy-homeserver.ts";
import type { Json } from "./toy-homeserver.ts";

const text = (body: string): Record<string, unknown> => ({ msgtype: "m.text", body });

describe("a key that is withheld", () => {
  const homeserver = new ToyHomeserver();
  let url = "";
  let bot: Participant;
  let ana: Participant;
  let rooms = 0;
  const newRoom = (): RoomId => `!withheld${++rooms}:toy` as RoomId;
  const join = (user: string, device: string, more: object = {}): Promise<Participant> => Participant.join({ homeserver, url, user, device, ...more });
  /** Codes and devices of what the bot has told about this room's keys. */
  const told = (room: RoomId): readonly string[] =>
    homeserver.requests.filter(({ path, user }) => user === bot.user && path.startsWith("/sendToDevice/m.room_key.withheld/")).flatMap(({ body }) =>
      Object.entries(body["messages"] as Record<string, Record<string, Json>>).flatMap(([user, devices]) =>
        Object.entries(devices).filter(([, content]) => content["room_id"] === room).map(([device, content]) => `${user} ${device} ${String(content["code"])}`)));

  before(async () => {
    url = await homeserver.start();
    bot = await join("@bot:toy", "RELEVO");
    ana = await join("@ana:toy", "ANA1");
    await bot.sync();
  });
  after(() => homeserver.stop());

  it("from an unsigned device of somebody who has it on another is told to that device as unverified, once a session", async () => {
    const room = newRoom();
    const unsigned = await join(ana.user, "ANA-UNSIGNED", { signed: false });
    await bot.sync();
    const to = [await ana.asRecipient()];
    const event = await bot.says(room, to, text("1"));
    await bot.says(room, to, text("2"));
    await bot.sync();
    assert.deepEqual(told(room), [`${ana.user} ANA-UNSIGNED m.unverified`]);
    await unsigned.sync();
    const read = await unsigned.crypto.decrypt(room, event);
    assert.deepEqual([read.ok, !read.ok && read.why, !read.ok && read.code], [false, "withheld", "m.unverified"]);
  });

  it("from somebody without any signed device is told to all of theirs", async () => {
    const room = newRoom();
    const eve = await join("@eve:toy", "EVE1", { signed: false });
    await bot.sync();
    const event = await bot.says(room, [{ user: eve.user, pinned: await ana.masterKey() }, await ana.asRecipient()], text("x"));
    await bot.says(room, [{ user: eve.user, pinned: await ana.masterKey() }, await ana.asRecipient()], text("y"));
    await bot.sync();
    assert.deepEqual(told(room).filter((each) => each.startsWith("@eve")), ["@eve:toy EVE1 m.unverified"]);
    await eve.sync();
    const read = await eve.crypto.decrypt(room, event);
    assert.deepEqual([read.ok, !read.ok && read.why, !read.ok && read.code], [false, "withheld", "m.unverified"]);
  });

  it("from an identity that is not the pinned one is told as unauthorised", async () => {
    const room = newRoom();
    const bea = await join("@bea:toy", "BEA1");
    await bot.sync();
    const event = await bot.says(room, [{ user: bea.user, pinned: "A".repeat(43) as MasterKey }, await ana.asRecipient()], text("x"));
    await bot.sync();
    await bea.sync();
    const read = await bea.crypto.decrypt(room, event);
    assert.deepEqual([read.ok, !read.ok && read.why, !read.ok && read.code], [false, "withheld", "m.unauthorised"]);
  });

  it("is sent without it although the word about it could not be", async () => {
    const room = newRoom();
    const bea = await join("@bea2:toy", "BEA1");
    await bot.sync();
    homeserver.intercept = ({ path }) => (path.startsWith("/sendToDevice/m.room_key.withheld/") ? { status: 403, body: { errcode: "M_FORBIDDEN" } } : undefined);
    const event = await bot.says(room, [{ user: bea.user, pinned: "A".repeat(43) as MasterKey }, await ana.asRecipient()], text("for ana"));
    await bot.sync();
    homeserver.intercept = () => undefined;
    await ana.sync();
    assert.equal((await ana.crypto.decrypt(room, event)).ok, true);
    assert.ok(bot.logged.some(({ code }) => code === "crypto.withheld-untold"));
  });

  it("by the sender is read as such with its code; an invented code says nothing", async () => {
    for (const [at, code] of ["m.unverified", "m.blacklisted", "m.unauthorised", "<b>not a code</b>"].entries()) {
      const room = newRoom();
      const session = `session${at}`;
      const sender_key = await ana.machine.run(async (engine) => engine.identityKeys.curve25519.toBase64());
      homeserver.inject(bot.user, bot.device, { type: "m.room_key.withheld", sender: ana.user, content: { algorithm: "m.megolm.v1.aes-sha2", room_id: room, session_id: session, sender_key, code, reason: "x" } });
      await bot.sync();
      const elsewhere = await ana.says(newRoom(), [await bot.asRecipient()], text("x"));
      const content = { ...(elsewhere["content"] as Json), session_id: session };
      const read = await bot.crypto.decrypt(room, { ...elsewhere, content });
      assert.deepEqual(read.ok ? [] : [read.why, read.code], code.startsWith("m.") ? ["withheld", code] : ["no-key", undefined]);
    }
  });
});
