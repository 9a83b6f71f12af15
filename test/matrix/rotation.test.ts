/** When a room goes on with a new key, on the real engine: whoever is no longer given it reads nothing that is said afterwards. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { RoomId } from "../../src/domain/ids.ts";
import type { Recipient } from "../../src/ports.ts";
import { Participant } from "./participant.ts";
import { ToyHomeserver } from "./toy-homeserver.ts";

const DAY = 86_400_000;
const text = (body: string): Record<string, unknown> => ({ msgtype: "m.text", body });

describe("the key of a room", () => {
  const homeserver = new ToyHomeserver();
  const folder = mkdtempSync(join(tmpdir(), "relevo-rotation-"));
  let url = "";
  let bot: Participant;
  let ana: Participant;
  let rooms = 0;
  let people = 0;
  const newRoom = (): RoomId => `!rotation${++rooms}:toy` as RoomId;
  const newPerson = async (): Promise<{ readonly phone: Participant; readonly tablet: Participant; readonly recipient: Recipient }> => {
    const user = `@person${++people}:toy`;
    const recoveryKeyFile = join(folder, `key${people}`);
    const phone = await Participant.join({ homeserver, url, user, device: `PHONE${people}`, recoveryKeyFile });
    const tablet = await Participant.join({ homeserver, url, user, device: `TABLET${people}`, recoveryKeyFile });
    await bot.sync();
    return { phone, tablet, recipient: await phone.asRecipient() };
  };
  const sessionOf = (event: Record<string, unknown>): string => (event["content"] as { readonly session_id: string }).session_id;
  const reads = async (who: Participant, room: RoomId, event: Record<string, unknown>): Promise<boolean> => {
    await who.sync();
    return (await who.crypto.decrypt(room, event)).ok;
  };

  before(async () => {
    url = await homeserver.start();
    bot = await Participant.join({ homeserver, url, user: "@bot:toy", device: "RELEVO" });
    ana = await Participant.join({ homeserver, url, user: "@ana:toy", device: "ANA1" });
    await bot.sync();
  });
  after(async () => {
    await homeserver.stop();
    rmSync(folder, { recursive: true });
  });

  it("stays the same while nothing changes, and is another one when somebody is not to have it any more", async () => {
    const room = newRoom();
    const { phone, recipient } = await newPerson();
    const both = [await ana.asRecipient(), recipient];
    const [first, second] = [await bot.says(room, both, text("1")), await bot.says(room, both, text("2"))];
    assert.equal(sessionOf(second), sessionOf(first));
    const third = await bot.says(room, both.slice(0, 1), text("she has been removed, or has left"));
    assert.notEqual(sessionOf(third), sessionOf(first));
    assert.deepEqual([await reads(ana, room, third), await reads(phone, room, second), await reads(phone, room, third)], [true, true, false]);
  });

  it("is another one when somebody is kept out, whose devices are told so by a code", async () => {
    const room = newRoom();
    const { phone, tablet, recipient } = await newPerson();
    const first = await bot.says(room, [await ana.asRecipient(), recipient], text("1"));
    const { ciphertext, withheld } = await bot.crypto.encrypt(room, [await ana.asRecipient(), { ...recipient, keptOut: true }], "m.room.message", text("2"));
    const second = bot.wire(ciphertext);
    assert.deepEqual(withheld, [{ user: recipient.user, why: "kept-out" }]);
    assert.notEqual(sessionOf(second), sessionOf(first));
    await bot.sync();
    await Promise.all([phone.sync(), tablet.sync()]);
    const read = await Promise.all([phone, tablet].map((device) => device.crypto.decrypt(room, second)));
    assert.deepEqual(read.map((each) => !each.ok && [each.why, each.code]), [["withheld", "m.unauthorised"], ["withheld", "m.unauthorised"]]);
    const third = await bot.says(room, [await ana.asRecipient(), recipient], text("back, from here on"));
    assert.deepEqual([await reads(phone, room, third), await reads(tablet, room, third), await reads(ana, room, third)], [true, true, true]);
  });

  it("is another one when somebody has lost a device, which reads no further", async () => {
    const room = newRoom();
    const { phone, tablet, recipient } = await newPerson();
    const first = await bot.says(room, [recipient], text("1"));
    await tablet.sync();
    homeserver.removeDevice(recipient.user, tablet.device);
    await bot.sync();
    const second = await bot.says(room, [recipient], text("2"));
    assert.notEqual(sessionOf(second), sessionOf(first));
    assert.deepEqual([await reads(phone, room, second), (await tablet.crypto.decrypt(room, second)).ok], [true, false]);
  });

  it("is another one when the bot says so, in that room alone", async () => {
    const [room, other] = [newRoom(), newRoom()];
    const recipients = [await ana.asRecipient()];
    const [first, elsewhere] = [await bot.says(room, recipients, text("1")), await bot.says(other, recipients, text("1"))];
    await bot.crypto.rotate(room);
    const [second, elsewhereToo] = [await bot.says(room, recipients, text("2")), await bot.says(other, recipients, text("2"))];
    assert.notEqual(sessionOf(second), sessionOf(first));
    assert.equal(sessionOf(elsewhereToo), sessionOf(elsewhere));
    assert.equal(await reads(ana, room, second), true);
  });

  it("is another one after a hundred messages, and after a week", async (t) => {
    const room = newRoom();
    const recipients = [await ana.asRecipient()];
    const used = new Set<string>();
    for (let n = 0; n < 101; n += 1) used.add(sessionOf(await bot.says(room, recipients, text(String(n)))));
    assert.equal(used.size, 2);
    const last = [...used].at(-1);
    t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 6 * DAY });
    assert.equal(sessionOf(await bot.says(room, recipients, text("within the week"))), last);
    t.mock.timers.setTime(Date.now() + 2 * DAY);
    assert.notEqual(sessionOf(await bot.says(room, recipients, text("after it"))), last);
  });
});
