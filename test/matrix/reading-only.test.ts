/** Keys that did not come straight from their maker open what was written, and prove nobody: on the real engine. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import type { RoomId } from "../../src/domain/ids.ts";
import { Participant } from "./participant.ts";
import { ToyHomeserver } from "./toy-homeserver.ts";

const COMMAND = { msgtype: "m.text", body: "!task done T-1" };

describe("a key that somebody else passed on", () => {
  const homeserver = new ToyHomeserver();
  let url = "";
  let bot: Participant;
  let ana: Participant;
  let rooms = 0;
  const newRoom = (): RoomId => `!passed${++rooms}:toy` as RoomId;

  before(async () => {
    url = await homeserver.start();
    bot = await Participant.join({ homeserver, url, user: "@bot:toy", device: "RELEVO" });
    ana = await Participant.join({ homeserver, url, user: "@ana:toy", device: "ANA1" });
    await bot.crypto.masterKey(ana.user);
    await Promise.all([bot.sync(), ana.sync()]);
  });
  after(() => homeserver.stop());

  /** Ana writes where the bot is not given the key. */
  async function writtenWithoutTheBot(room: RoomId): Promise<Record<string, unknown>> {
    const event = await ana.says(room, [], COMMAND);
    assert.deepEqual(await bot.crypto.decrypt(room, event).then((read) => !read.ok && read.why), "no-key");
    return event;
  }

  it("and was imported from a file opens the message as a claim, never as a command", async () => {
    const room = newRoom();
    const event = await writtenWithoutTheBot(room);
    const keys = await ana.machine.run((engine) => engine.exportRoomKeys((session) => session.roomId.toString() === room));
    await bot.machine.run((engine) => engine.importExportedRoomKeys(keys, () => undefined));
    const read = await bot.crypto.decrypt(room, event);
    assert.ok(!read.ok);
    assert.deepEqual([read.why, read.claims?.content], ["unproven", COMMAND]);
  });

  it("and was forwarded without having been asked for is not even taken", async () => {
    const room = newRoom();
    const event = await writtenWithoutTheBot(room);
    const exported = JSON.parse(await ana.machine.run((engine) => engine.exportRoomKeys((session) => session.roomId.toString() === room))) as readonly Record<string, unknown>[];
    const key = exported[0] as { sender_key: string; session_id: string; session_key: string; sender_claimed_keys: { ed25519: string } };
    const content = {
      algorithm: "m.megolm.v1.aes-sha2", room_id: room, session_id: key.session_id, session_key: key.session_key, sender_key: key.sender_key,
      sender_claimed_ed25519_key: key.sender_claimed_keys.ed25519, forwarding_curve25519_key_chain: [],
    };
    await toBot("m.forwarded_room_key", content);
    assert.deepEqual(await bot.crypto.decrypt(room, event).then((read) => !read.ok && read.why), "no-key");
  });

  it("and came with a bundle of a room's history is not taken; taken by force, it proves nobody", async () => {
    const room = newRoom();
    const [event, bundle] = await ana.machine.run(async (engine) => {
      const settings = new olm.EncryptionSettings();
      settings.historyVisibility = olm.HistoryVisibility.Shared;
      await engine.shareRoomKey(new olm.RoomId(room), [], settings);
      const encrypted = await engine.encryptRoomEvent(new olm.RoomId(room), "m.room.message", JSON.stringify(COMMAND));
      return [ana.wire(encrypted), await engine.buildRoomKeyBundle(new olm.RoomId(room))] as const;
    });
    assert.ok(bundle !== undefined);
    const bytes = bundle.encryptedData;
    const info = bundle.mediaEncryptionInfo;
    await ana.crypto.masterKey(bot.user);
    await ana.crypto.encrypt(newRoom(), [await bot.asRecipient()], "m.room.message", { msgtype: "m.text", body: "a session between the two" });
    const requests = await ana.machine.run((engine) => engine.shareRoomKeyBundleData(new olm.UserId(bot.user), new olm.RoomId(room), "mxc://toy/bundle", info, olm.CollectStrategy.identityBasedStrategy()));
    assert.ok(requests.length > 0);
    for (const request of requests) {
      const { messages } = JSON.parse(request.body) as { readonly messages: Record<string, Record<string, Record<string, unknown>>> };
      for (const [device, content] of Object.entries(messages[bot.user] ?? {})) homeserver.inject(bot.user, device, { type: request.event_type, sender: ana.user, content });
    }
    await bot.sync();
    assert.deepEqual(await bot.crypto.decrypt(room, event).then((read) => !read.ok && read.why), "no-key");
    await bot.machine.run(async (engine) => {
      const received = await engine.getReceivedRoomKeyBundleData(new olm.RoomId(room), new olm.UserId(ana.user));
      assert.ok(received !== undefined, "the engine has heard of the bundle");
      await engine.receiveRoomKeyBundle(received, bytes);
    });
    const read = await bot.crypto.decrypt(room, event);
    assert.deepEqual([read.ok, !read.ok && read.why], [false, "unproven"]);
  });

  /** To the bot's device, encrypted for it by Ana's own signed device. */
  async function toBot(type: string, content: unknown): Promise<void> {
    await ana.crypto.masterKey(bot.user);
    await ana.crypto.encrypt(newRoom(), [await bot.asRecipient()], "m.room.message", { msgtype: "m.text", body: "a session between the two" });
    const encrypted = await ana.machine.run(async (engine) => {
      const device = await engine.getDevice(new olm.UserId(bot.user), new olm.DeviceId(bot.device));
      return device?.encryptToDeviceEvent(type, content);
    });
    assert.ok(encrypted !== undefined);
    homeserver.inject(bot.user, bot.device, { type: "m.room.encrypted", sender: ana.user, content: JSON.parse(encrypted) as Record<string, unknown> });
    await bot.sync();
  }
});
