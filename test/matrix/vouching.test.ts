/** The bot's signature under a person's identity, news of changed keys, and keys that are changed at will. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { MasterKey, RoomId } from "../../src/domain/ids.ts";
import { isFault } from "../../src/matrix/fault.ts";
import { Participant } from "./participant.ts";
import { ToyHomeserver } from "./toy-homeserver.ts";

const text = (body: string): Record<string, unknown> => ({ msgtype: "m.text", body });

describe("an identity that the bot vouches for", () => {
  const homeserver = new ToyHomeserver();
  let url = "";
  let bot: Participant;
  let ana: Participant;
  let people = 0;
  const newPerson = (): Promise<Participant> => Participant.join({ homeserver, url, user: `@person${++people}:toy`, device: `PHONE${people}` });
  /** Somebody with the person's password makes a new identity. */
  const thiefOf = (person: Participant, device: string): Promise<Participant> => {
    homeserver.accounts.get(person.user)!.signing = undefined as never;
    return Participant.join({ homeserver, url, user: person.user, device });
  };
  const room = (name: string): RoomId => `!${name}:toy` as RoomId;

  before(async () => {
    url = await homeserver.start();
    bot = await Participant.join({ homeserver, url, user: "@bot:toy", device: "RELEVO" });
    ana = await Participant.join({ homeserver, url, user: "@ana:toy", device: "ANA1" });
    await bot.sync();
  });
  after(() => homeserver.stop());

  it("is signed only if it is exactly the one named, and as often as one likes", async () => {
    const bea = await newPerson();
    const pin = await bea.masterKey();
    const uploads = (): number => homeserver.requests.filter(({ path, user }) => path === "/keys/signatures/upload" && user === bot.user).length;
    const before_ = uploads();
    assert.equal(await bot.crypto.vouch(bea.user, await ana.masterKey()), false);
    assert.equal(await bot.crypto.vouch("@nobody:toy" as never, pin), false);
    assert.equal(uploads() - before_, 0);
    assert.equal(await bot.crypto.vouch(bea.user, pin), true);
    assert.equal(await bot.crypto.vouch(bea.user, pin), true);
    assert.equal(uploads() - before_, 1);
    assert.equal(await bot.crypto.identity(bea.user, pin), "proven");
  });

  it("is not vouched for when the signature could not be brought to the server, and is the next time", async () => {
    const bea = await newPerson();
    const pin = await bea.masterKey();
    homeserver.intercept = ({ path }) => (path === "/keys/signatures/upload" ? { status: 400, body: { errcode: "M_UNKNOWN" } } : undefined);
    await assert.rejects(bot.crypto.vouch(bea.user, pin), isFault);
    homeserver.intercept = () => undefined;
    assert.equal(await bot.crypto.vouch(bea.user, pin), true);
  });

  it("once replaced is refused by the engine itself, even for a pin that follows it, until people have taken the signature back", async () => {
    const bea = await newPerson();
    const pin = await bea.masterKey();
    assert.equal(await bot.crypto.vouch(bea.user, pin), true);
    await bot.sync();
    bot.crypto.changed();
    const thief = await thiefOf(bea, "THIEF-1");
    await bot.sync();
    assert.deepEqual(bot.crypto.changed(), [bea.user]);
    assert.deepEqual(bot.crypto.changed(), []);
    const theirs = await thief.masterKey();
    assert.equal(await bot.crypto.identity(bea.user, pin), "identity-changed");
    assert.equal(await bot.crypto.identity(bea.user, theirs), "identity-changed");
    assert.equal(await bot.crypto.proof(bea.user, "THIEF-1", theirs), "identity-changed");
    const { withheld } = await bot.crypto.encrypt(room("swapped"), [{ user: bea.user, pinned: theirs }], "m.room.message", text("x"));
    assert.deepEqual(withheld, [{ user: bea.user, why: "identity-changed" }]);
    const command = await thief.says(room("swapped"), [await bot.asRecipient()], text("go CD-1"));
    await bot.sync();
    const read = await bot.crypto.decrypt(room("swapped"), command);
    assert.deepEqual([read.ok, !read.ok && read.why], [false, "unproven"]);

    assert.equal(await bot.crypto.unvouch(bea.user, pin), false, "the old one is gone");
    assert.equal(await bot.crypto.unvouch(bea.user, theirs), true);
    assert.equal(await bot.crypto.identity(bea.user, theirs), "proven");
    assert.equal(await bot.crypto.vouch(bea.user, theirs), true);
    const again = await bot.crypto.encrypt(room("swapped"), [{ user: bea.user, pinned: theirs }], "m.room.message", text("welcome back"));
    await thief.sync();
    assert.equal((await thief.crypto.decrypt(room("swapped"), bot.wire(again.ciphertext))).ok, true);
  });

  it("whose server does not answer is unknown, not proven and not changed", async () => {
    const bea = await newPerson();
    const pin = await bea.masterKey();
    await bot.crypto.vouch(bea.user, pin);
    homeserver.intercept = ({ path, user }) => (path === "/keys/query" && user === bot.user ? { status: 200, body: { device_keys: {}, failures: { "elsewhere": {} } } } : undefined);
    homeserver.inject(bot.user, bot.device, { type: "m.dummy", sender: bea.user, content: {} });
    await bot.crypto.receive({ device_lists: { changed: [bea.user] } });
    assert.equal(await bot.crypto.identity(bea.user, pin), "unknown");
    assert.equal(await bot.crypto.vouch(bea.user, pin), false);
    homeserver.intercept = () => undefined;
    await bot.sync();
    await bot.crypto.masterKey(bea.user);
    assert.equal(await bot.crypto.identity(bea.user, pin), "proven");
  });

  it("remembers at most 10,000 people reported changed", async () => {
    bot.crypto.changed();
    for (let part = 0; part < 3; part++) await bot.crypto.receive({ device_lists: { changed: Array.from({ length: 5_000 }, (_, at) => `@p${part * 5_000 + at}:elsewhere`) } });
    assert.equal(bot.crypto.changed().length, 10_000);
  });

  it("reads no message that was encrypted after the key was changed with the key from before", async () => {
    const to = [await ana.asRecipient()];
    const sessionOf = (event: Record<string, unknown>): unknown => (event["content"] as Record<string, unknown>)["session_id"];
    const first = await bot.says(room("rotated"), to, text("1"));
    const second = await bot.says(room("rotated"), to, text("2"));
    await bot.crypto.rotate(room("rotated"));
    await bot.crypto.rotate(room("never-used"));
    const third = await bot.says(room("rotated"), to, text("3"));
    assert.equal(sessionOf(first), sessionOf(second));
    assert.notEqual(sessionOf(second), sessionOf(third));
    await ana.sync();
    for (const event of [first, second, third]) assert.equal((await ana.crypto.decrypt(room("rotated"), event)).ok, true);
  });

  it("changes the key while people write without losing a message", async () => {
    const to = [await ana.asRecipient()];
    const writing = Array.from({ length: 30 }, async (_, at) => {
      if (at % 5 === 0) await bot.crypto.rotate(room("busy"));
      return bot.says(room("busy"), to, text(String(at)));
    });
    const events = await Promise.all(writing);
    await ana.sync();
    const places = new Set<string>();
    for (const event of events) {
      const read = await ana.crypto.decrypt(room("busy"), event);
      assert.ok(read.ok);
      places.add(`${read.session} ${read.index}`);
    }
    assert.equal(places.size, 30);
  });

  it("is asked about with the right pin: another's proves nothing", async () => {
    assert.equal(await bot.crypto.identity(ana.user, "A".repeat(43) as MasterKey), "not-pinned");
  });
});
