import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { startBot, type Bot } from "../support/bot.ts";
import { newHuman, type Human } from "../support/human.ts";
import { newRaw, type Raw } from "../support/raw.ts";
import type { Seen } from "../support/seen.ts";
import { startSynapse, type Synapse } from "../support/synapse.ts";

const HELP = /^What you can do here/;

describe("what a homeserver or a thief can do", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "relevo-hostile-"));
  let synapse: Synapse;
  let ana: Human;
  let luis: Human;
  let bot: Bot;
  let server: Raw;
  let room: string;

  before(async () => {
    synapse = await startSynapse({ dir: path.join(dir, "synapse"), fast: true });
    ana = await newHuman(synapse, "ana");
    luis = await newHuman(synapse, "luis");
    // Whoever holds the server can send in anybody's name: like her own session, without her keys.
    server = await newRaw(synapse, ana.account);
    bot = await startBot({
      dir: path.join(dir, "bot"), synapse,
      owners: await Promise.all([ana, luis].map(async (human) => ({ user: human.userId, masterKey: await human.masterKey() }))),
    });
    room = await ana.direct(bot.userId);
    await luis.direct(bot.userId);
    await answered(luis);
  });
  after(async () => {
    ana?.stop();
    luis?.stop();
    await bot?.stop();
    await synapse?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const isHelp = (seen: Seen) => seen.sender === bot.userId && HELP.test(seen.body);
  const helps = (human: Human) => human.seen.filter(isHelp).length;
  /** Asks for help and waits for the answer: everything that reached the bot before has been dealt with then. */
  async function answered(human: Human): Promise<void> {
    const mark = human.seen.length;
    await human.say(await human.direct(bot.userId), "help");
    await human.waitFor(isHelp, 20_000, "an answer to help", mark);
  }

  it("a command forged in clear does nothing and gets no answer", async () => {
    const mark = helps(ana);
    await server.sayInClear(room, "help");
    await answered(ana);
    assert.equal(helps(ana), mark + 1);
  });

  it("a command sent again under another event id is not carried out again", async () => {
    const mark = helps(ana);
    const wire = await ana.encrypt(room, "m.room.message", { msgtype: "m.text", body: "help" });
    await server.send(room, "m.room.encrypted", wire);
    await ana.waitFor(isHelp, 20_000, "an answer to the first", ana.seen.findLastIndex(isHelp) + 1);
    await server.send(room, "m.room.encrypted", wire);
    await answered(ana);
    assert.equal(helps(ana), mark + 2);
  });

  it("a relation put outside the encryption does not turn a command into an edit", async () => {
    const mark = ana.seen.length;
    const earlier = await ana.say(room, "help");
    await ana.waitFor(isHelp, 20_000, "an answer to the earlier message", mark);
    const next = ana.seen.length;
    const wire = await ana.encrypt(room, "m.room.message", { msgtype: "m.text", body: "help" });
    await server.send(room, "m.room.encrypted", { ...wire, "m.relates_to": { rel_type: "m.replace", event_id: earlier } });
    await ana.waitFor(isHelp, 20_000, "an answer to a command that a server called an edit", next);
  });

  it("a relation taken away from outside does not turn an edit into a command", async () => {
    const mark = helps(ana);
    const earlier = await ana.say(room, "hello, bot");
    const wire = await ana.encrypt(room, "m.room.message", {
      msgtype: "m.text", body: "* help", "m.new_content": { msgtype: "m.text", body: "help" }, "m.relates_to": { rel_type: "m.replace", event_id: earlier },
    });
    const { "m.relates_to": _taken, ...bare } = wire;
    await server.send(room, "m.room.encrypted", bare);
    await answered(ana);
    assert.equal(helps(ana), mark + 1);
  });

  it("a stranger's invitation is declined", async () => {
    const stranger = await newRaw(synapse, "stranger");
    const invited = await stranger.createRoom({ preset: "private_chat", is_direct: true, invite: [bot.userId] });
    const membership = async () => (await stranger.request("GET", `/v3/rooms/${encodeURIComponent(invited)}/state/m.room.member/${encodeURIComponent(bot.userId)}`)).body["membership"];
    await answered(ana);
    for (let tries = 0; tries < 50 && await membership() === "invite"; tries += 1) await answered(ana);
    assert.equal(await membership(), "leave");
  });

  it("rubbish to the bot's device and to the room does not stop it", async () => {
    const device = { [bot.userId]: { "*": { algorithm: "m.olm.v1.curve25519-aes-sha2", ciphertext: [null, 7, { body: {} }], sender_key: 5 } } };
    for (const type of ["m.room.encrypted", "m.room_key", "m.key.verification.start", "m.secret.request", "m.dummy", "x"]) await server.toDevice(type, device);
    await server.send(room, "m.room.encrypted", { algorithm: "m.megolm.v1.aes-sha2", ciphertext: "AwgA!!!!", session_id: "", sender_key: [], device_id: {} });
    await server.send(room, "m.room.encrypted", {});
    await server.send(room, "org.example.unknown", { deep: [[[[[[{}]]]]]] });
    await answered(ana);
  });

  it("a command of 40 kB is refused and the next one is answered", async () => {
    await ana.say(room, `help ${"x".repeat(40_000)}`);
    await answered(ana);
  });

  it("a command from a device that its owner has not signed is not carried out, and the owner is told", async () => {
    const mark = ana.seen.length;
    const phone = await newHuman(synapse, "ana's new phone", { account: ana.account, crossSign: false });
    await phone.say(room, "help");
    await ana.waitFor(({ body }) => body.includes("a device that you have not signed"), 20_000, "a warning about the unsigned device", mark);
    assert.equal(ana.seen.slice(mark).filter(isHelp).length, 0);
    phone.stop();
  });

  it("whoever resets an owner's identity with the stolen password commands nothing and reads nothing", async () => {
    const thief = await newHuman(synapse, "thief", { account: luis.account });
    const chat = await luis.direct(bot.userId);
    const before = helps(luis);
    await thief.say(chat, "help");
    // Ana's answer shows that the bot has dealt with what came before.
    await answered(ana);
    await answered(ana);
    assert.equal(thief.seen.filter((seen) => seen.sender === bot.userId && seen.unreadable === undefined).length, 0);
    assert.equal(helps(luis), before);
    thief.stop();
  });
});
