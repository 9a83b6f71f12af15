import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { OlmMachine } from "@matrix-org/matrix-sdk-crypto-wasm";
import fc from "fast-check";
import type { MasterKey, RoomId, UserId } from "../../src/domain/ids.ts";
import { isFault } from "../../src/matrix/fault.ts";
import { Participant } from "./participant.ts";
import { ToyHomeserver } from "./toy-homeserver.ts";

const text = (body: string): Record<string, unknown> => ({ msgtype: "m.text", body });
let rooms = 0;
const newRoom = (): RoomId => `!room${++rooms}:toy` as RoomId;

describe("encryption with proven people", () => {
  const homeserver = new ToyHomeserver();
  let url = "";
  let bot: Participant;
  let ana: Participant;
  let people = 0;
  const join_ = (user: string, device: string, more: object = {}): Promise<Participant> => Participant.join({ homeserver, url, user, device, ...more });
  const newPerson = (): Promise<Participant> => join_(`@person${++people}:toy`, `PHONE${people}`);

  before(async () => {
    url = await homeserver.start();
    bot = await join_("@bot:toy", "RELEVO");
    ana = await join_("@ana:toy", "ANA1");
    await bot.sync();
    await ana.sync();
  });
  after(() => homeserver.stop());

  it("is readable for its recipient, who sees who wrote it from which device", async () => {
    const room = newRoom();
    const event = await bot.says(room, [await ana.asRecipient()], text("hola"));
    await ana.sync();
    const read = await ana.crypto.decrypt(room, event);
    assert.ok(read.ok);
    assert.deepEqual([read.type, read.content, read.sender, read.device, read.index], ["m.room.message", text("hola"), "@bot:toy", "RELEVO", 0]);
    assert.match(read.hash, /^[0-9a-f]{64}$/);
    assert.equal(await ana.crypto.proof(bot.user, read.device, await bot.masterKey()), "proven");
  });

  it("can be read by the one who sent it", async () => {
    const room = newRoom();
    const event = await bot.says(room, [await ana.asRecipient()], text("mine"));
    const read = await bot.crypto.decrypt(room, event);
    assert.ok(read.ok && read.sender === bot.user && read.device === "RELEVO");
  });

  it("counts up the ratchet, so that a message shown twice is noticed", async () => {
    const room = newRoom();
    const first = await bot.says(room, [await ana.asRecipient()], text("1"));
    const second = await bot.says(room, [await ana.asRecipient()], text("2"));
    await ana.sync();
    const [one, two, again] = [await ana.crypto.decrypt(room, first), await ana.crypto.decrypt(room, second), await ana.crypto.decrypt(room, { ...first, event_id: "$other" })];
    assert.ok(one.ok && two.ok && again.ok);
    assert.deepEqual([one.index, two.index, again.index], [0, 1, 0]);
    assert.deepEqual([again.session, again.hash], [one.session, one.hash]);
  });

  it("ignores a relation that was put outside the ciphertext and keeps the one inside", async () => {
    const room = newRoom();
    const inside = { "m.relates_to": { rel_type: "m.reference", event_id: "$asked" } };
    const plain = await bot.says(room, [await ana.asRecipient()], text("yes"));
    const related = await bot.says(room, [await ana.asRecipient()], { ...text("vote"), ...inside });
    await ana.sync();
    const forged = (event: Record<string, unknown>): Record<string, unknown> => ({
      ...event,
      content: { ...(event["content"] as object), "m.relates_to": { rel_type: "m.reference", event_id: "$forged" } },
    });
    const [forgedPlain, forgedRelated] = [await ana.crypto.decrypt(room, forged(plain)), await ana.crypto.decrypt(room, forged(related))];
    assert.ok(forgedPlain.ok && forgedRelated.ok);
    assert.equal(forgedPlain.content["m.relates_to"], undefined);
    assert.deepEqual(forgedRelated.content["m.relates_to"], inside["m.relates_to"]);
  });

  it("is not read when the server swaps sender or room", async () => {
    const room = newRoom();
    const event = await bot.says(room, [await ana.asRecipient()], text("x"));
    await ana.sync();
    const swapped = await ana.crypto.decrypt(room, { ...event, sender: "@ana:toy" });
    const moved = await ana.crypto.decrypt(newRoom(), event);
    assert.deepEqual([swapped.ok, !swapped.ok && swapped.why], [false, "unproven"]);
    assert.deepEqual([moved.ok, !moved.ok && moved.why], [false, "no-key"]);
  });

  it("waits for a key that has not come yet", async () => {
    const room = newRoom();
    const event = await bot.says(room, [await ana.asRecipient()], text("later"));
    const early = await ana.crypto.decrypt(room, event);
    await ana.sync();
    const late = await ana.crypto.decrypt(room, event);
    assert.deepEqual([early.ok, !early.ok && early.why, late.ok], [false, "no-key", true]);
  });

  it("gives no key to somebody whose device is not signed, and says so", async () => {
    const room = newRoom();
    const eve = await join_("@eve:toy", "EVE1", { signed: false });
    await bot.sync();
    const { ciphertext, withheld } = await bot.crypto.encrypt(room, [{ user: eve.user, pinned: await ana.masterKey() }, await ana.asRecipient()], "m.room.message", text("x"));
    assert.deepEqual(withheld, [{ user: "@eve:toy", why: "unknown" }]);
    await Promise.all([eve.sync(), ana.sync()]);
    const [eves, anas] = [await eve.crypto.decrypt(room, bot.wire(ciphertext)), await ana.crypto.decrypt(room, bot.wire(ciphertext))];
    assert.deepEqual([eves.ok, anas.ok], [false, true]);
  });

  it("refuses what comes from a device that its owner has not signed", async () => {
    const room = newRoom();
    const bea = await newPerson();
    await bot.sync();
    const pin = await bea.masterKey();
    const second = await join_(bea.user, "BEA-UNSIGNED", { signed: false });
    await bot.sync();
    const event = await sendUnsigned(second, room, bot);
    await bot.sync();
    const read = await bot.crypto.decrypt(room, event);
    assert.deepEqual([read.ok, !read.ok && read.why, !read.ok && read.claims?.content], [false, "unproven", text("let me in")]);
    assert.equal(await bot.crypto.proof(bea.user, "BEA-UNSIGNED", pin), "device-unproven");
    assert.equal(await bot.crypto.proof(bea.user, bea.device, pin), "proven");
    const said = await bot.says(room, [{ user: bea.user, pinned: pin }], text("for signed devices only"));
    await Promise.all([bea.sync(), second.sync()]);
    assert.deepEqual([(await bea.crypto.decrypt(room, said)).ok, (await second.crypto.decrypt(room, said)).ok], [true, false]);
  });

  it("refuses a replaced identity both ways, and takes the key from the others' session with it", async () => {
    const room = newRoom();
    const bea = await newPerson();
    await bot.sync();
    const pin = await bea.masterKey();
    const recipients = [{ user: bea.user, pinned: pin }, await ana.asRecipient()];
    const before_ = await bot.says(room, recipients, text("before"));
    homeserver.accounts.get(bea.user)!.signing = undefined as never;
    const thief = await join_(bea.user, "THIEF");
    await bot.sync();
    const { ciphertext, withheld } = await bot.crypto.encrypt(room, recipients, "m.room.message", text("after"));
    assert.deepEqual(withheld, [{ user: bea.user, why: "identity-changed" }]);
    const after_ = bot.wire(ciphertext);
    assert.notEqual(sessionOf(after_), sessionOf(before_), "the session was rotated");
    await Promise.all([thief.sync(), bea.sync(), ana.sync()]);
    assert.equal((await thief.crypto.decrypt(room, after_)).ok, false);
    assert.equal((await bea.crypto.decrypt(room, after_)).ok, false);
    assert.equal((await ana.crypto.decrypt(room, after_)).ok, true);
    assert.equal(await bot.crypto.proof(bea.user, "THIEF", pin), "identity-changed");
    assert.equal(await bot.crypto.proof(bea.user, bea.device, pin), "identity-changed");
  });

  it("lets a person back in when people have pinned the new identity", async () => {
    const room = newRoom();
    const bea = await newPerson();
    await bot.sync();
    const old = await bea.masterKey();
    await bot.crypto.encrypt(room, [{ user: bea.user, pinned: old }], "m.room.message", text("x"));
    homeserver.accounts.get(bea.user)!.signing = undefined as never;
    const newPhone = await join_(bea.user, "NEW-PHONE");
    await bot.sync();
    const pinned = await bot.crypto.masterKey(bea.user);
    assert.ok(pinned !== undefined && pinned !== old);
    assert.equal(await bot.crypto.proof(bea.user, "NEW-PHONE", pinned), "proven");
    const event = await bot.says(room, [{ user: bea.user, pinned }], text("welcome back"));
    await newPhone.sync();
    assert.equal((await newPhone.crypto.decrypt(room, event)).ok, true);
  });

  it("no longer proves a device that its owner has logged out", async () => {
    const bea = await newPerson();
    await bot.sync();
    const pin = await bea.masterKey();
    assert.equal(await bot.crypto.proof(bea.user, bea.device, pin), "proven");
    homeserver.removeDevice(bea.user, bea.device);
    await bot.sync();
    assert.equal(await bot.crypto.proof(bea.user, bea.device, pin), "device-unproven");
    const { withheld } = await bot.crypto.encrypt(newRoom(), [{ user: bea.user, pinned: pin }], "m.room.message", text("x"));
    assert.deepEqual(withheld, [{ user: bea.user, why: "device-unproven" }]);
  });

  it("looks a proven device up again only after news, and whatever is not proven each time", async () => {
    const bea = await newPerson();
    await bot.sync();
    const pin = await bea.masterKey();
    let looks = 0;
    const run = bot.machine.run.bind(bot.machine);
    bot.machine.run = (work) => {
      looks += 1;
      return run(work);
    };
    const looked = async (device: string, is: string): Promise<number> => {
      const before = looks;
      assert.equal(await bot.crypto.proof(bea.user, device, pin), is);
      return looks - before;
    };
    try {
      await looked(bea.device, "proven");
      await looked(bea.device, "proven");
      assert.equal(await looked(bea.device, "proven"), 0);
      assert.ok((await looked("NO-SUCH", "device-unproven")) > 0);
      assert.ok((await looked("NO-SUCH", "device-unproven")) > 0);
      // Looked up while the news is still on its way into the engine: that counts for nothing afterwards.
      const [onItsWay, goesOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const counting = bot.machine.run;
      bot.machine.run = async (work) => {
        if (String(work).includes("receiveSyncChanges")) {
          onItsWay.resolve();
          await goesOn.promise;
        }
        return counting(work);
      };
      const receiving = bot.crypto.receive({ device_lists: { changed: [bea.user] } });
      await onItsWay.promise;
      assert.equal(await bot.crypto.proof(bea.user, bea.device, pin), "proven");
      goesOn.resolve();
      await receiving;
      assert.ok((await looked(bea.device, "proven")) > 0);
    } finally {
      bot.machine.run = run;
    }
  });

  it("looks into the engine after a sync only if there was something in it for the engine", async (t) => {
    const bea = await newPerson();
    await bot.sync();
    const calls = ["receiveSyncChanges", "outgoingRequests", "getIdentity"].map((name) => t.mock.method(OlmMachine.prototype, name as "outgoingRequests").mock);
    const counts = { device_one_time_keys_count: { signed_curve25519: 50 }, device_unused_fallback_key_types: ["signed_curve25519"] };
    const looks = async (sync: unknown): Promise<readonly boolean[]> => {
      for (const call of calls) call.resetCalls();
      await bot.crypto.receive(sync);
      await bot.crypto.healthy();
      await bot.crypto.pump();
      return calls.map((call) => call.callCount() > 0);
    };
    await looks({ ...counts, device_lists: { changed: [bea.user] } });
    await bot.crypto.pump();
    for (let quiet = 0; quiet < 5; quiet++) assert.deepEqual(await looks(counts), [false, false, false]);
    // Others take one-time keys: what is missing is made and brought to the homeserver.
    const uploads = (): number => homeserver.requests.filter(({ path, user }) => path === "/keys/upload" && user === bot.user).length;
    const before = uploads();
    assert.deepEqual(await looks({ ...counts, device_one_time_keys_count: { signed_curve25519: 3 } }), [true, true, false]);
    assert.equal(uploads(), before + 1);
    // What the homeserver was told of one's own keys is news of oneself.
    assert.deepEqual(await looks({ ...counts, device_unused_fallback_key_types: [] }), [true, true, true]);
    await looks(counts);
    await bot.crypto.pump();
    assert.deepEqual(await looks(counts), [false, false, false]);
    for (const news of [{ device_lists: { changed: [bea.user] } }, { device_lists: { left: [bea.user] } }, { to_device: { events: [{ type: "m.dummy", sender: bea.user, content: {} }] } }]) {
      assert.deepEqual(await looks({ ...counts, ...news }), [true, true, true]);
      await bot.crypto.pump();
    }
    // What failed is tried again, although nothing else has happened.
    homeserver.intercept = ({ path }) => (path === "/keys/upload" ? { status: 500, body: {} } : undefined);
    await looks({ ...counts, device_one_time_keys_count: { signed_curve25519: 2 } });
    homeserver.intercept = () => undefined;
    const failed = uploads();
    await bot.crypto.pump();
    assert.equal(uploads(), failed + 1);
  });

  it("asks about people again after news, and after news alone", async (t) => {
    const bea = await newPerson();
    const room = newRoom();
    await bot.sync();
    const recipients = [await bea.asRecipient()];
    await bot.says(room, recipients, text("1"));
    const looked = t.mock.method(OlmMachine.prototype, "getUserDevices").mock;
    for (let n = 0; n < 3; n++) await bot.says(room, recipients, text("again"));
    assert.equal(looked.callCount(), 0);
    homeserver.removeDevice(bea.user, bea.device);
    await bot.sync();
    const { withheld } = await bot.crypto.encrypt(room, recipients, "m.room.message", text("2"));
    assert.deepEqual(withheld, [{ user: bea.user, why: "device-unproven" }]);
  });

  it("knows nobody who is not there, and nobody by another's pin", async () => {
    const someKey = (await bot.masterKey()) as MasterKey;
    assert.equal(await bot.crypto.masterKey("@nobody:toy" as UserId), undefined);
    assert.equal(await bot.crypto.proof("@nobody:toy" as UserId, "X", someKey), "unknown");
    assert.equal(await bot.crypto.proof("not a user id" as UserId, "X", someKey), "unknown");
    assert.equal(await bot.crypto.proof(ana.user, ana.device, someKey), "not-pinned");
  });

  it("asks for somebody's keys only when something is new", async () => {
    const room = newRoom();
    const recipients = [await ana.asRecipient()];
    await bot.crypto.encrypt(room, recipients, "m.room.message", text("1"));
    const queries = (): number => homeserver.requests.filter(({ path, user }) => path === "/keys/query" && user === bot.user).length;
    const made = queries();
    for (let n = 0; n < 5; n++) {
      await bot.crypto.encrypt(room, recipients, "m.room.message", text("again"));
      assert.equal(await bot.crypto.proof(ana.user, ana.device, recipients[0]!.pinned), "proven");
    }
    assert.equal(queries(), made);
  });

  it("is not held up by a person whose server is down, asks about them less and less, and takes them in when it is back", async (t) => {
    const far = "@far:remote" as UserId;
    assert.equal(await bot.crypto.proof(ana.user, ana.device, await ana.masterKey()), "proven");
    const asked = t.mock.method(OlmMachine.prototype, "getIdentity").mock;
    let queries = 0;
    homeserver.intercept = ({ path, body }) => {
      if (path !== "/keys/query" || !Object.hasOwn(body["device_keys"] as object, far)) return undefined;
      queries++;
      return { status: 200, body: { device_keys: {}, failures: { remote: { status: 503 } } } };
    };
    const someKey = await bot.masterKey();
    const recipients = [await ana.asRecipient(), { user: far, pinned: someKey }];
    const room = newRoom();
    for (let n = 0; n < 5; n++) {
      const { withheld } = await bot.crypto.encrypt(room, recipients, "m.room.message", text("x"));
      assert.deepEqual(withheld, [{ user: far, why: "unknown" }]);
      assert.equal(await bot.crypto.proof(far, "X", someKey), "unknown");
    }
    assert.equal(queries, 1);
    // The engine would wait a second inside for each of these.
    const looked = asked.calls.map((call) => String(call.arguments[0]));
    assert.deepEqual([looked.includes(far), looked.includes(ana.user)], [false, true]);
    for (let pumps = 0; pumps < 100; pumps++) await bot.crypto.pump();
    assert.ok(queries > 2 && queries < 10, `${queries} queries`);
    homeserver.intercept = () => undefined;
    const person = await join_(far, "FAR");
    const pinned = await person.masterKey();
    await bot.sync();
    assert.equal(await bot.crypto.proof(far, "FAR", pinned), "proven");
  });

  it("keeps 130 messages sent at once apart, each with its own place in a ratchet", async () => {
    const room = newRoom();
    const recipients = [await ana.asRecipient()];
    const events = await Promise.all(Array.from({ length: 130 }, (_, n) => bot.says(room, recipients, text(String(n)))));
    await ana.sync();
    const places = new Set<string>();
    for (const event of events) {
      const read = await ana.crypto.decrypt(room, event);
      assert.ok(read.ok);
      places.add(`${read.session} ${read.index}`);
    }
    assert.equal(places.size, 130);
  });

  it("sends nothing when a key cannot be handed over, and the same key later", async () => {
    const room = newRoom();
    const recipients = [await ana.asRecipient()];
    homeserver.intercept = ({ path }) => (path.startsWith("/sendToDevice") ? { status: 502, body: {} } : undefined);
    await assert.rejects(bot.crypto.encrypt(room, recipients, "m.room.message", text("x")), (error) => isFault(error) && error.kind === "unreachable");
    homeserver.intercept = () => undefined;
    const event = await bot.says(room, recipients, text("x"));
    await ana.sync();
    assert.equal((await ana.crypto.decrypt(room, event)).ok, true);
  });

  it("proves nobody while changed keys cannot be fetched", async () => {
    const bea = await newPerson();
    await bot.sync();
    const pin = await bea.masterKey();
    assert.equal(await bot.crypto.proof(bea.user, bea.device, pin), "proven");
    homeserver.intercept = ({ path, user }) => (path === "/keys/query" && user === bot.user ? { status: 500, body: {} } : undefined);
    homeserver.removeDevice(bea.user, "none"); // reported as a change of her devices
    await bot.sync();
    await assert.rejects(bot.crypto.proof(bea.user, bea.device, pin), isFault);
    homeserver.intercept = () => undefined;
    assert.equal(await bot.crypto.proof(bea.user, bea.device, pin), "proven");
  });

  it("refuses to encrypt what no server would take", async () => {
    await assert.rejects(bot.crypto.encrypt(newRoom(), [], "m.room.message", text("x".repeat(50_000))), /cannot be sent encrypted/);
  });

  it("stops calling itself healthy when another device replaces the bot's identity", async () => {
    const robot = await join_("@robot:toy", "R1");
    await robot.sync();
    assert.equal(await robot.crypto.healthy(), true);
    homeserver.accounts.get("@robot:toy")!.signing = undefined as never;
    homeserver.accounts.get("@robot:toy")!.data.clear();
    await join_("@robot:toy", "R2");
    await robot.sync();
    await robot.crypto.pump();
    assert.equal(await robot.crypto.healthy(), false);
  });

  describe("against rubbish", () => {
    const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<unknown>;
    const types = fc.constantFrom("m.room.encrypted", "m.room_key", "m.forwarded_room_key", "m.room_key.withheld", "m.key.verification.start", "m.key.verification.request", "m.secret.send", "m.secret.request", "m.room_key_request", "m.dummy", "x");
    const senders = fc.constantFrom("@ana:toy", "@bot:toy", "@nobody:toy", "", "@", "x".repeat(300));

    it("takes any to-device message without throwing, and still reads the good one among them", async () => {
      const toDevice = fc.oneof(json, fc.record({ type: types, sender: senders, content: fc.oneof(json, fc.dictionary(fc.constantFrom("algorithm", "ciphertext", "sender_key", "room_id", "session_id", "transaction_id", "from_device", "hashes", "method", "body"), json)) }));
      await fc.assert(
        fc.asyncProperty(fc.array(toDevice, { maxLength: 5 }), json, json, async (events, lists, counts) => {
          await bot.crypto.receive({ to_device: { events }, device_lists: lists, device_one_time_keys_count: counts, device_unused_fallback_key_types: counts });
        }),
        { numRuns: 300, seed: 4 },
      );
      await bot.crypto.pump();
      const room = newRoom();
      homeserver.inject(bot.user, bot.device, { type: "m.room.encrypted", sender: "@ana:toy", content: { algorithm: "m.olm.v1.curve25519-aes-sha2", ciphertext: { x: { type: 0, body: "AAAA" } }, sender_key: "x" } });
      const event = await ana.says(room, [await bot.asRecipient()], text("still here"));
      homeserver.inject(bot.user, bot.device, { type: 7 });
      await bot.sync();
      assert.equal((await bot.crypto.decrypt(room, event)).ok, true);
    });

    it("takes any room event without throwing", async () => {
      const content = fc.oneof(json, fc.record({ algorithm: fc.constantFrom("m.megolm.v1.aes-sha2", "m.olm.v1.curve25519-aes-sha2", ""), session_id: fc.string(), ciphertext: fc.base64String(), sender_key: fc.string(), device_id: fc.string(), "m.relates_to": json }));
      const wire = fc.record({ type: fc.constantFrom("m.room.encrypted", "m.room.message"), event_id: fc.oneof(fc.constant("$e"), json), sender: fc.oneof(senders, json), origin_server_ts: json, content });
      await fc.assert(
        fc.asyncProperty(wire, async (event) => {
          const read = await bot.crypto.decrypt(newRoom(), event as Record<string, unknown>);
          assert.equal(read.ok, false);
        }),
        { numRuns: 300, seed: 5 },
      );
    });

    it("goes on after a damaged ciphertext", async () => {
      const room = newRoom();
      const event = await bot.says(room, [await ana.asRecipient()], text("x"));
      await ana.sync();
      const content = event["content"] as { ciphertext: string };
      const damaged = { ...event, content: { ...content, ciphertext: `${content.ciphertext.slice(0, 40)}AAAA${content.ciphertext.slice(44)}` } };
      const read = await ana.crypto.decrypt(room, damaged);
      assert.deepEqual([read.ok, !read.ok && read.why], [false, "malformed"]);
      assert.equal((await ana.crypto.decrypt(room, event)).ok, true);
    });

    it("survives answers of the homeserver that are none", async () => {
      const zoe = await newPerson();
      for (const body of [[], {}, { device_keys: 7 }, { device_keys: { "@ana:toy": { X: [] } } }, { one_time_keys: [] }]) {
        homeserver.intercept = ({ path, user }) => (user === zoe.user && path.startsWith("/keys/") ? { status: 200, body } : undefined);
        await zoe.crypto.receive({ device_lists: { changed: ["@ana:toy", "@bot:toy"] }, device_one_time_keys_count: { signed_curve25519: 0 } });
        await zoe.crypto.pump();
        await zoe.crypto.encrypt(newRoom(), [{ user: ana.user, pinned: await ana.masterKey() }], "m.room.message", text("x")).catch((error: unknown) => assert.ok(isFault(error)));
      }
      homeserver.intercept = () => undefined;
      await zoe.sync();
      assert.equal(await zoe.crypto.healthy(), true);
    });
  });
});

describe("the bot's identity", () => {
  const folder = mkdtempSync(join(tmpdir(), "relevo-identity-"));
  const homeserver = new ToyHomeserver();
  let url = "";
  before(async () => {
    url = await homeserver.start();
  });
  after(async () => {
    await homeserver.stop();
    rmSync(folder, { recursive: true });
  });
  const start = (user: string, device: string, recoveryKeyFile: string, more: object = {}): Promise<Participant> => Participant.join({ homeserver, url, user, device, recoveryKeyFile, ...more });

  it("is found again on a new device with the recovery key", async () => {
    const file = join(folder, "one");
    const old = await start("@one:toy", "OLD", file);
    const fresh = await start("@one:toy", "NEW", file);
    assert.equal(await fresh.masterKey(), await old.masterKey());
    assert.equal(await fresh.crypto.healthy(), true);
  });

  it("does not start without the recovery key, and says what to do", async () => {
    await start("@two:toy", "OLD", join(folder, "two"));
    await assert.rejects(start("@two:toy", "NEW", join(folder, "elsewhere")), { code: "identity.recovery-key-needed" });
  });

  it("does not start with the recovery key of another account", async () => {
    await start("@three:toy", "OLD", join(folder, "three"));
    await start("@four:toy", "OLD", join(folder, "four"));
    await assert.rejects(start("@three:toy", "NEW", join(folder, "four")), { code: "identity.wrong-recovery-key" });
  });

  it("does not go on under the name of a device whose store was lost", async () => {
    const file = join(folder, "five");
    await start("@five:toy", "SAME", file);
    await assert.rejects(start("@five:toy", "SAME", file), { code: "identity.store-lost" });
  });

  it("gives the password if the homeserver wants it, and says so if there is none", async () => {
    homeserver.password = "secret-of-six";
    await assert.rejects(start("@six:toy", "A", join(folder, "six")), (error: Error) => "code" in error && error.code === "identity.password-needed" && !error.message.includes("secret-of-six"));
    const six = await start("@seven:toy", "A", join(folder, "seven"), { password: "secret-of-six" });
    homeserver.password = undefined;
    assert.equal(await six.crypto.healthy(), true);
  });

  it("refuses an identity that is not the one in secret storage", async () => {
    const file = join(folder, "eight");
    await start("@eight:toy", "OLD", file);
    const other = await start("@nine:toy", "OLD", join(folder, "nine"));
    const signing = JSON.parse(JSON.stringify(homeserver.accounts.get(other.user)!.signing).replaceAll("@nine:toy", "@eight:toy")) as Record<string, unknown>;
    homeserver.accounts.get("@eight:toy")!.signing = signing;
    await assert.rejects(start("@eight:toy", "NEW", file), { code: "identity.replaced" });
  });

  it("writes the recovery key before the first secret leaves, so that a crash in between costs nothing", async () => {
    const file = join(folder, "ten");
    homeserver.intercept = ({ path, user, method }) => (user === "@ten:toy" && method === "PUT" && path.includes("default_key") ? { status: 400, body: {} } : undefined);
    await assert.rejects(start("@ten:toy", "OLD", file), isFault);
    homeserver.intercept = () => undefined;
    // The private keys died with that process's memory; the account's identity is there without secret storage: only a person can help.
    await assert.rejects(start("@ten:toy", "NEW", file), { code: "identity.no-secret-storage" });
  });
});

function sessionOf(event: Record<string, unknown>): unknown {
  return (event["content"] as Record<string, unknown>)["session_id"];
}

/** What a careless client does: it gives its key to everybody, from a device that is not signed. */
async function sendUnsigned(from: Participant, room: RoomId, to: Participant): Promise<Record<string, unknown>> {
  const olm = await import("@matrix-org/matrix-sdk-crypto-wasm");
  const users = (): InstanceType<typeof olm.UserId>[] => [new olm.UserId(to.user)];
  const put = async (request: { readonly body: string; readonly id?: string | undefined; readonly type: number }, path: string, method: "POST" | "PUT"): Promise<void> => {
    const answer = await from.rest.call({ method, path: `/_matrix/client/v3${path}`, body: request.body, repeat: "once" });
    await from.machine.run((engine) => engine.markRequestAsSent(request.id ?? "", request.type, JSON.stringify(answer)));
  };
  await from.crypto.masterKey(to.user);
  const claim = await from.machine.run((engine) => engine.getMissingSessions(users()));
  if (claim) await put(claim, "/keys/claim", "POST");
  const settings = new olm.EncryptionSettings();
  settings.sharingStrategy = olm.CollectStrategy.allDevices();
  for (const request of await from.machine.run((engine) => engine.shareRoomKey(new olm.RoomId(room), users(), settings))) {
    await put(request, `/sendToDevice/${request.event_type}/${request.txn_id}`, "PUT");
  }
  return from.wire(await from.machine.run((engine) => engine.encryptRoomEvent(new olm.RoomId(room), "m.room.message", JSON.stringify(text("let me in")))));
}
