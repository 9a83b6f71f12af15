import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { Command } from "../../src/chat/command.ts";
import type { Registry } from "../../src/chat/registry.ts";
import type { Instant, UserId } from "../../src/domain/ids.ts";
import { line, message } from "../../src/domain/say.ts";
import { CRYPTO_AGE_VALUE } from "../../src/journal/journal.ts";
import { decryptFile } from "../../src/matrix/media.ts";
import { ANA, LUIS } from "../domain/builders-core.ts";
import type { Opened, World } from "./harness.ts";
import { EVA, anOpenCase, draftDelivery } from "./harness.ts";

const HOUR = 3_600_000;

/** What the gateway throws when the homeserver will not have it. */
function refused(status: number, errcode: string): Error {
  return Object.assign(new Error("homeserver: refused"), { kind: "refused", status, errcode });
}

describe("what is to be sent", () => {
  let world: World | undefined;
  afterEach(async () => {
    await world?.end();
    world = undefined;
  });
  async function opened(): Promise<Opened & { readonly world: World }> {
    const all = await anOpenCase();
    world = all.world;
    return all;
  }
  const bodies = (of: World, user = LUIS): readonly string[] => of.reads(user).map((shown) => shown.body);
  /** The homeserver refuses whatever says this. */
  function refuses(of: World, text: string, fault: Error): void {
    const send = of.gateway.send.bind(of.gateway);
    of.gateway.send = async (room, type, transaction, content) => {
      const sealed = JSON.parse(Buffer.from(String((JSON.parse(content) as { ciphertext: unknown }).ciphertext), "base64").toString()) as { content: { body?: string } };
      if (sealed.content.body?.startsWith(text) === true) throw fault;
      return send(room, type, transaction, content);
    };
  }

  it("leaves on record how far the crypto store had come, with every ciphertext, so that an older copy of either is recognised", async () => {
    const { world, coordination } = await opened();
    const noted = async (): Promise<unknown> => JSON.parse((await world.journal.value(CRYPTO_AGE_VALUE)) ?? "null");
    assert.deepEqual(await noted(), { device: "BOT", generation: world.crypto.ciphertexts });
    const before = world.crypto.ciphertexts;
    await world.say(ANA, coordination, "!task add One more");
    assert.ok(world.crypto.ciphertexts > before);
    assert.deepEqual(await noted(), { device: "BOT", generation: world.crypto.ciphertexts });
    assert.equal(world.crypto.onRecord.at(-1), world.crypto.ciphertexts);
  });

  it("and can be read by nobody yet is tried ever more seldom, and leaves soon after it can be", async () => {
    const { world, coordination } = await opened();
    let tries = 0;
    let isWithheld = true;
    const encrypt = world.crypto.encrypt.bind(world.crypto);
    world.crypto.encrypt = async (room, recipients, type, content) => {
      if (room !== coordination || !isWithheld) return encrypt(room, recipients, type, content);
      tries += 1;
      return { ciphertext: "{}", withheld: recipients.map(({ user }) => ({ user, why: "device-unproven" as const })) };
    };
    await world.say(ANA, coordination, "!task add call the port");
    await world.clock.pass(HOUR);
    assert.ok(tries > 60 && tries < 200, `${tries} tries in an hour`);
    assert.ok(!bodies(world).some((body) => body.startsWith("T-1")));
    isWithheld = false;
    await world.clock.pass(30_000);
    assert.ok(bodies(world).some((body) => body.startsWith("T-1")));
  });
  it("to somebody of another homeserver waits until they have come into their direct chat: what was said there before would ring for nobody", async () => {
    const { world, ana } = await opened();
    await world.say(ANA, ana, `jit add ${EVA} "Eva" member CO`);
    await world.tap(ANA, /^Confirm/);
    await world.clock.pass(3_000);
    await world.tap(LUIS, /^Approve/);
    await world.clock.pass(HOUR);
    assert.equal(bodies(world, EVA).filter((body) => body.startsWith("You are CO-2")).length, 0);
    await world.join(EVA);
    assert.equal(bodies(world, EVA).filter((body) => body.startsWith("You are CO-2")).length, 1);
  });
  it("to somebody of the bot's own homeserver need not wait for that", async () => {
    const { world, ana } = await opened();
    const neighbour = "@eva:bot.example" as UserId;
    await world.say(ANA, ana, `jit add ${neighbour} "Eva" member CO`);
    await world.tap(ANA, /^Confirm/);
    await world.clock.pass(3_000);
    await world.tap(LUIS, /^Approve/);
    await world.clock.pass(3_000);
    assert.equal(bodies(world, neighbour).filter((body) => body.startsWith("You are CO-2")).length, 1);
  });
  for (const fault of [refused(413, "M_TOO_LARGE"), refused(400, "M_BAD_JSON"), refused(403, "M_FORBIDDEN")]) {
    it(`and is refused for good (${String((fault as Error & { errcode?: string }).errcode)}) holds up nobody, is told once an hour, and is given up on record`, async () => {
      const { world, coordination } = await opened();
      refuses(world, "T-1 Never", fault);
      await world.say(ANA, coordination, "!task add Never");
      for (let day = 0; day < 4; day += 1) {
        await world.say(ANA, coordination, `!task add Next ${day}`);
        await world.clock.pass(30_000);
        assert.equal(bodies(world).filter((body) => body.includes(`Next ${day}`) && body.startsWith("T-")).length, 1, `the ${day}th after it`);
        await world.clock.pass(8 * HOUR);
      }
      assert.deepEqual((await world.notes()).filter((what) => what.startsWith("message-")), ["message-set-aside", "message-undeliverable", "message-given-up"]);
      for (const user of [ANA, LUIS]) {
        assert.equal(bodies(world, user).filter((body) => /^A message of mine for \S+ · coordination is refused/.test(body)).length, 1);
        assert.equal(bodies(world, user).filter((body) => /^A message of mine for \S+ · coordination was refused for good/.test(body)).length, 1);
      }
      assert.equal(world.app.health.counts().undeliverable, 1);
      assert.deepEqual(await world.journal.outbox(), []);
    });
  }
  it("stays when a room takes nothing, however long, and goes out when the room does", async () => {
    const { world, coordination } = await opened();
    refuses(world, "", refused(403, "M_FORBIDDEN"));
    await world.say(ANA, coordination, "!task add Once tomorrow 18:00");
    await world.clock.pass(24 * HOUR);
    world.gateway.send = Object.getPrototypeOf(world.gateway).send.bind(world.gateway) as typeof world.gateway.send;
    await world.say(LUIS, coordination, "hello");
    await world.clock.pass(5_000);
    assert.equal(bodies(world).filter((body) => body.startsWith("T-1 Once")).length, 1);
    assert.equal((await world.notes()).includes("message-undeliverable"), false);
  });
  it("leaves a place in the order of how urgent it is, and then of when it was decided", async () => {
    const { world: of, ana } = await opened();
    const send = of.gateway.send.bind(of.gateway);
    let isDown = true;
    of.gateway.send = async (...with_) => {
      if (isDown) throw Object.assign(new Error("no route"), { kind: "unreachable" });
      return send(...with_);
    };
    const before = bodies(of).length;
    await of.say(ANA, ana, `task add "Get the waybill" ${LUIS} tomorrow 18:00`);
    await of.clock.pass(1_000);
    await of.say(ANA, ana, `task add "Call the port" ${LUIS} tomorrow 18:00`);
    await of.clock.pass(1_000);
    await of.say(ANA, ana, `alert raise P1 ${LUIS} the lorry is burning`);
    await of.clock.pass(1_000);
    assert.equal(bodies(of).length, before);
    isDown = false;
    await of.clock.pass(60_000);
    const told = bodies(of).slice(before).flatMap((body) => /A-1|Get the waybill|Call the port/.exec(body)?.[0] ?? []);
    assert.deepEqual(told.filter((each, index) => told.indexOf(each) === index), ["A-1", "Get the waybill", "Call the port"]);
  });
  it("is not asked of the homeserver if it cannot fit an event", async () => {
    const { world, coordination } = await opened();
    const encrypt = world.crypto.encrypt.bind(world.crypto);
    world.crypto.encrypt = async (room, to, type, content) => {
      const made = await encrypt(room, to, type, content);
      return String(content["body"]).startsWith("T-1 Never") ? { ...made, ciphertext: JSON.stringify({ ciphertext: "x".repeat(62_000) }) } : made;
    };
    let longest = 0;
    const send = world.gateway.send.bind(world.gateway);
    world.gateway.send = async (room, type, transaction, content) => {
      longest = Math.max(longest, content.length);
      return send(room, type, transaction, content);
    };
    await world.say(ANA, coordination, "!task add Never tomorrow 18:00");
    await world.say(ANA, coordination, "!task add Next tomorrow 18:00");
    await world.clock.pass(30_000);
    assert.equal(bodies(world).filter((body) => body.startsWith("T-2 Next")).length, 1);
    assert.ok(longest < 61_440);
  });
  it("and is a stop waits half a minute at most, whatever the homeserver asks for", async () => {
    const all = await opened();
    const delivery = await draftDelivery(all);
    const send = all.world.gateway.send.bind(all.world.gateway);
    let left = 2;
    all.world.gateway.send = async (...call) => {
      if (left-- > 0) throw Object.assign(new Error("homeserver: rate-limited"), { kind: "rate-limited", status: 429, wait: HOUR });
      return send(...call);
    };
    await all.world.say(LUIS, delivery, "STOP");
    await all.world.clock.pass(65_000);
    assert.equal(bodies(all.world, ANA).filter((body) => body.startsWith("CD-1 STOPPED")).length, 2, "in the room and to her alone");
  });

  it("and wakes people goes before all else, which waits for it two seconds at most", async () => {
    const { world, ana, coordination } = await opened();
    const begun: string[] = [];
    const arrives = Promise.withResolvers<void>();
    const encrypt = world.crypto.encrypt.bind(world.crypto);
    world.crypto.encrypt = async (room, recipients, type, content) => {
      const body = String(content["body"]);
      begun.push(body);
      if (body.includes("the lorry is burning") && recipients.some(({ user }) => user === LUIS)) await arrives.promise;
      return encrypt(room, recipients, type, content);
    };
    const hasBegun = (what: RegExp): boolean => begun.some((body) => what.test(body));
    await world.say(ANA, ana, `alert raise P1 ${LUIS} the lorry is burning`);
    const raised = begun.length;
    assert.ok(hasBegun(/the lorry is burning/));
    await world.say(ANA, coordination, "!task add Get the waybill");
    await world.clock.pass(1_000);
    assert.equal(begun.slice(raised).length, 0, "something else was begun beside it");
    await world.clock.pass(1_500);
    assert.ok(hasBegun(/Get the waybill/), "all else waits for ever for one that does not arrive");
    await world.say(ANA, coordination, "!task add Call the port");
    arrives.resolve();
    await world.clock.pass(100);
    assert.ok(hasBegun(/Call the port/), "it goes on waiting for what has arrived");
  });
  it("and is long comes in numbered parts, in their order, although one of them had to be repeated", async () => {
    const opened = await anOpenCase({ registry: listing(400) });
    world = opened.world;
    const send = world.gateway.send.bind(world.gateway);
    let calls = 0;
    world.gateway.send = async (...call) => {
      const event = await send(...call);
      if ((calls += 1) === 2) throw Object.assign(new Error("homeserver: unreachable"), { kind: "unreachable" });
      return event;
    };
    await world.say(LUIS, opened.coordination, "!task list");
    await world.clock.pass(60_000);
    const parts = bodies(world).filter((body) => /\(\d+\/\d+\)$/.test(body));
    assert.ok(parts.length > 1);
    assert.deepEqual(parts.map((body) => body.split("\n").at(-1)), parts.map((_, index) => `(${index + 1}/${parts.length})`));
    assert.deepEqual(parts.flatMap((body) => body.split("\n").slice(0, -1)), lines(400));
  });
  it("and is very long comes as one encrypted file, once, although the bot dies between its upload and its message", async () => {
    const opened = await anOpenCase({ registry: listing(3_000) });
    world = opened.world;
    world.change({ commit: (batch) => { if ((batch.outboxChanges ?? []).some((each) => each.to === "encrypted")) throw new Error("the process dies here"); } });
    await world.say(LUIS, opened.coordination, "!task list");
    const { files } = world.gateway;
    assert.equal(files.size, 1);
    await world.stop();
    await world.start({ gateway: (gateway) => { for (const [url, bytes] of files) gateway.files.set(url, bytes); } });
    await world.clock.pass(60_000);
    const sent = world.reads(LUIS).filter((shown) => shown.content["msgtype"] === "m.file");
    const [bytes = new Uint8Array(), ...others] = [...world.gateway.files.values()];
    assert.deepEqual([sent.length, others.length], [1, 0]);
    assert.equal(new TextDecoder().decode(decryptFile(sent[0]?.content["file"], bytes)), `${lines(3_000).join("\n")}\n`);
    assert.doesNotMatch(Buffer.from(bytes).toString("latin1"), /Praia/);
    assert.deepEqual(await world.journal.values("media:"), new Map());
  });
});

const lines = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `T-${index + 1} Ring the port of Praia about the papers of the grey container`);
/** The same commands; `task list` has very much to say. */
function listing(count: number): (registry: Registry) => Registry {
  const long = message(...lines(count).map((text) => line("text", { text })));
  return (registry) => {
    const change = (command: Command | undefined): Command | undefined => (command?.name === "task list" ? { ...command, answer: () => long } : command);
    return {
      ...registry, commands: registry.commands.map((each) => change(each) ?? each), named: (name) => change(registry.named(name)),
      typed: (folded) => change(registry.typed(folded)), short: (folded) => change(registry.short(folded)),
    };
  };
}

describe("a message that may have been sent by an earlier life", () => {
  let world: World | undefined;
  afterEach(async () => {
    await world?.end();
    world = undefined;
  });

  for (const [when, device] of [["a day ago, so that the homeserver has forgotten its transaction id", "BOT"], ["by another device", "ANOTHER"]] as const) {
    for (const arrived of [true, false]) {
      it(`${when}, is ${arrived ? "found and not sent again" : "sent, because it never arrived"}`, async () => {
        const opened = await anOpenCase();
        world = opened.world;
        const send = world.gateway.send.bind(world.gateway);
        world.gateway.send = async (...call) => {
          if (arrived) await send(...call);
          throw Object.assign(new Error("homeserver: unreachable"), { kind: "unreachable" });
        };
        await world.say(ANA, opened.coordination, "!task add Once");
        await world.clock.pass(2_000);
        await world.stop();
        world.server.forgetTransactions();
        world.clock.moveTo((world.clock.now() + (device === "BOT" ? 26 * HOUR : 0)) as Instant);
        await world.start({ gateway: (gateway) => { Object.assign(gateway, { device }); } });
        await world.clock.pass(60_000);
        assert.equal(world.reads(LUIS, opened.coordination).filter((shown) => shown.body.startsWith("T-1 Once")).length, 1);
      });
    }
  }
});
