import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { COMMANDS } from "../../src/app/start.ts";
import type { Command } from "../../src/chat/command.ts";
import { loadRegistry } from "../../src/chat/registry.ts";
import type { RoomId, UserId } from "../../src/domain/ids.ts";
import type { Row } from "../../src/ports.ts";
import { ANA, LUIS } from "../domain/builders-core.ts";
import type { ModelGateway } from "../support/model.ts";
import { settled } from "../support/model.ts";
import type { Opened, World } from "./harness.ts";
import { anOpenCase, draftDelivery } from "./harness.ts";

/** A homeserver that shows at most ten events of a room at once. */
function tenAtOnce(gateway: ModelGateway): void {
  gateway.timelineLimit = 10;
}
/** Puts a message into a room without waiting for what follows. */
function drop(world: World, user: UserId, room: RoomId, body: string): void {
  world.server.add(room, user, "m.room.encrypted", JSON.parse(world.server.seal(user, "PHONE", "m.room.message", { msgtype: "m.text", body }, [])) as Record<string, unknown>);
}
function chatter(world: World, room: RoomId, count: number): void {
  for (let n = 0; n < count; n += 1) drop(world, LUIS, room, `we talk, ${n}`);
}
/** Bodies that somebody could read and that begin so. */
function heard(world: World, user: UserId, beginning: string | RegExp): string[] {
  return world.reads(user).map((shown) => shown.body).filter((body) => (typeof beginning === "string" ? body.startsWith(beginning) : beginning.test(body)));
}
async function rows(world: World): Promise<Row[]> {
  const found: Row[] = [];
  for (const chain of await world.journal.chains()) for await (const row of world.journal.read(chain, 0)) found.push(row);
  return found;
}
/** The bot is away for two minutes, in which this happens. */
async function away(world: World, meanwhile: () => void | Promise<void>, gateway: (gateway: ModelGateway) => void = tenAtOnce): Promise<void> {
  await world.stop();
  await meanwhile();
  await world.clock.pass(120_000);
  await world.start({ gateway });
}

describe("what the homeserver left out of a sync", () => {
  let world: World;
  let opened: Opened;
  const open = async (): Promise<void> => {
    opened = await anOpenCase();
    world = opened.world;
    world.server.time = () => world.clock.now();
  };
  afterEach(async () => {
    await world.end();
  });

  it("is read back over many pages and carried out in its order, once, with the time it was sent", async () => {
    await open();
    await away(world, () => {
      drop(world, ANA, opened.coordination, "!task add Get the waybill tomorrow 18:00");
      chatter(world, opened.coordination, 130);
      drop(world, ANA, opened.coordination, "!task add Call the port tomorrow 18:00");
      chatter(world, opened.coordination, 130);
      drop(world, ANA, opened.coordination, "!task done T-1");
      chatter(world, opened.coordination, 5);
    });
    await world.clock.pass(10_000);
    assert.deepEqual(world.bugs, []);
    assert.equal(heard(world, LUIS, "T-1 Get the waybill").length, 1);
    assert.equal(heard(world, LUIS, "T-2 Call the port").length, 1);
    const [done, ...more] = heard(world, LUIS, /^\S+ T-1 done/);
    assert.equal(more.length, 0);
    assert.match(done ?? "", /Sent Tue 24 Nov 13:\d\d Madrid by the server’s clock, arrived Tue 24 Nov 13:\d\d Madrid/);
    assert.equal((await world.journal.inbox()).length, 0);
    assert.equal((await world.journal.values("gap:")).size, 0);
  });
  it("is read back while the bot runs, and what is said now does not wait for it", async () => {
    await open();
    tenAtOnce(world.gateway);
    const messages = world.gateway.messages.bind(world.gateway);
    const answer = Promise.withResolvers<void>();
    world.gateway.messages = async (room, from, limit) => {
      await answer.promise;
      return messages(room, from, limit);
    };
    drop(world, ANA, opened.coordination, "!task add Get the waybill tomorrow 18:00");
    chatter(world, opened.coordination, 20);
    await settled();
    await world.say(ANA, opened.ana, "task list");
    assert.match(world.reads(ANA, opened.ana).at(-1)?.body ?? "", /no open task/, "the gap held up another room");
    answer.resolve();
    await world.clock.pass(5_000);
    assert.equal(heard(world, LUIS, "T-1 Get the waybill").length, 1);
  });
  it("counts a stop inside it at once, before the rest has been read", async () => {
    await open();
    const delivery = await draftDelivery(opened);
    const never = Promise.withResolvers<never>();
    await away(world, () => {
      chatter(world, delivery, 150);
      drop(world, LUIS, delivery, "STOP they saw us");
      chatter(world, delivery, 30);
    }, (gateway) => {
      tenAtOnce(gateway);
      const messages = gateway.messages.bind(gateway);
      let page = 0;
      gateway.messages = (room, from, limit) => (room !== delivery || (page += 1) === 1 ? messages(room, from, limit) : never.promise);
    });
    await world.clock.pass(3_000);
    assert.equal(world.reads(ANA, delivery).filter((shown) => shown.body.startsWith("CD-1 STOPPED")).length, 1);
  });
  it("is dealt with once although a page holds it twice, and although a sync brings it meanwhile", async () => {
    await open();
    tenAtOnce(world.gateway);
    const { gateway } = world;
    const messages = gateway.messages.bind(gateway);
    const sync = gateway.sync.bind(gateway);
    const brought = Promise.withResolvers<void>();
    gateway.messages = async (room, from, limit) => {
      const page = await messages(room, from, limit);
      // The same events once more in the room's timeline, while the page is on its way.
      gateway.sync = async (since, timeout) => {
        const answer = await sync(since, timeout);
        return { ...answer, joined: [{ room, state: [], timeline: page.events.toReversed().filter((each) => each.stateKey === undefined), limited: false }] };
      };
      world.server.add(room, LUIS, "m.room.topic", { topic: "" }, "");
      brought.resolve();
      return { ...page, events: page.events.flatMap((event) => [event, event]) };
    };
    drop(world, ANA, opened.coordination, "!task add Get the waybill tomorrow 18:00");
    chatter(world, opened.coordination, 20);
    await brought.promise;
    gateway.messages = messages;
    await world.clock.pass(5_000);
    gateway.sync = sync;
    await world.clock.pass(5_000);
    assert.deepEqual(world.bugs, []);
    assert.equal(heard(world, LUIS, "T-1 Get the waybill").length, 1);
    assert.equal((await world.journal.inbox()).length, 0);
  });
  it("loses nothing of what came with it although it ends while that is being opened", async () => {
    await open();
    const decrypt = world.crypto.decrypt.bind(world.crypto);
    let waits = true;
    await away(world, () => {
      chatter(world, opened.coordination, 15);
      // The first of the ten that the sync shows.
      drop(world, ANA, opened.coordination, "!task add Get the waybill tomorrow 18:00");
      chatter(world, opened.coordination, 9);
      const first = world.server.length - 10;
      world.crypto.decrypt = async (room, wire) => {
        while (waits && wire["event_id"] === `$e${first}` && (await world.journal.values("gap:")).size > 0) await settled();
        if (wire["event_id"] === `$e${first}`) {
          waits = false;
          await settled();
        }
        return decrypt(room, wire);
      };
    });
    await world.clock.pass(10_000);
    assert.equal(waits, false);
    assert.deepEqual(world.bugs, []);
    assert.equal(heard(world, LUIS, "T-1 Get the waybill").length, 1);
    assert.deepEqual(await world.journal.inbox(), []);
  });
  it("is dealt with before what came after it, also if that is opened only when the gap has been read to its end", async () => {
    await open();
    const [decrypt, proof] = [world.crypto.decrypt.bind(world.crypto), world.crypto.proof.bind(world.crypto)];
    let isProven = false;
    await away(world, () => {
      drop(world, ANA, opened.coordination, "!task add The first tomorrow 18:00");
      chatter(world, opened.coordination, 15);
      drop(world, ANA, opened.coordination, "!task add The second tomorrow 18:00");
      chatter(world, opened.coordination, 9);
      const second = world.server.length - 10;
      world.crypto.decrypt = async (room, wire) => {
        while (wire["event_id"] === `$e${second}` && (await world.journal.values("gap:")).size > 0) await settled();
        return decrypt(room, wire);
      };
      world.crypto.proof = async (...of) => {
        const isFirst = !isProven;
        isProven = true;
        for (let rounds = 0; isFirst && rounds < 20; rounds += 1) await settled();
        return proof(...of);
      };
    });
    for (let rounds = 0; rounds < 60 && (await world.journal.inbox()).length > 0; rounds += 1) await settled();
    await world.clock.pass(10_000);
    assert.equal(isProven, true);
    assert.equal(heard(world, LUIS, "T-1 The first").length, 1);
    assert.equal(heard(world, LUIS, "T-2 The second").length, 1);
    assert.deepEqual(await world.journal.inbox(), []);
  });
  it("loses nothing and does nothing twice, wherever the bot dies while it reads", async () => {
    for (let dies = 1; dies <= 4; dies += 1) {
      await open();
      let pages = 0;
      const dying = (gateway: ModelGateway): void => {
        tenAtOnce(gateway);
        const messages = gateway.messages.bind(gateway);
        gateway.messages = async (room, from, limit) => {
          if ((pages += 1) >= dies) return new Promise<never>(() => undefined);
          return messages(room, from, limit);
        };
      };
      await away(world, () => {
        drop(world, ANA, opened.coordination, "!task add First tomorrow 18:00");
        chatter(world, opened.coordination, 120);
        drop(world, ANA, opened.coordination, "!task add Second tomorrow 18:00");
        chatter(world, opened.coordination, 120);
        drop(world, ANA, opened.coordination, "!task done T-1");
      }, dying);
      await away(world, () => undefined);
      await world.clock.pass(10_000);
      assert.deepEqual([heard(world, LUIS, "T-1 First").length, heard(world, LUIS, "T-2 Second").length, heard(world, LUIS, /T-1 done/).length], [1, 1, 1], `dead before page ${dies}`);
      if (dies < 4) await world.end();
    }
  });
  it("makes what people say to one another durable in few transactions, and looks at it again after a crash", async () => {
    await open();
    await world.stop();
    chatter(world, opened.coordination, 300);
    await world.clock.pass(120_000);
    let ends = 0;
    // It dies when the first of them have become durable: the journal refuses everything after that.
    await world.start({ gateway: tenAtOnce, commit: (batch) => {
      if (ends > 0) throw new Error("no more");
      ends += batch.inboxEnds?.length ?? 0;
    } });
    await world.clock.pass(5_000);
    assert.ok(ends > 20, `${ends} ended at once`);
    await world.stop().catch(() => undefined);
    const commits: number[] = [];
    await world.start({ gateway: tenAtOnce, commit: (batch) => {
      if ((batch.inboxEnds?.length ?? 0) > 0) commits.push(batch.inboxEnds?.length ?? 0);
    } });
    await world.clock.pass(5_000);
    assert.deepEqual(await world.journal.inbox(), []);
    assert.ok(commits.length <= 5, `${commits.length} transactions for ${commits.reduce((sum, each) => sum + each, 0)} messages`);
  });

  it("ends at the last event seen, also when that was not a message", async () => {
    await open();
    chatter(world, opened.coordination, 300);
    await settled();
    world.server.add(opened.coordination, ANA, "m.room.topic", { topic: "" }, "");
    await world.clock.pass(20_000);
    let pages = 0;
    await away(world, () => chatter(world, opened.coordination, 15), (gateway) => {
      tenAtOnce(gateway);
      const messages = gateway.messages.bind(gateway);
      gateway.messages = (room, from, limit) => {
        pages += 1;
        return messages(room, from, limit);
      };
    });
    await world.clock.pass(5_000);
    assert.equal(pages, 1);
  });
  it("is read back where a delivery is under way first, then in the case's own rooms, then in direct chats", async () => {
    await open();
    const delivery = await draftDelivery(opened);
    const asked: RoomId[] = [];
    await away(world, () => {
      for (const room of [opened.ana, opened.coordination, delivery]) chatter(world, room, 25);
    }, (gateway) => {
      tenAtOnce(gateway);
      const messages = gateway.messages.bind(gateway);
      gateway.messages = (room, from, limit) => {
        asked.push(room);
        return messages(room, from, limit);
      };
    });
    await world.clock.pass(5_000);
    assert.deepEqual([...new Set(asked)], [delivery, opened.coordination, opened.ana]);
  });
  it("that cannot be read back is on record, and the administrators are told to ask in the room", async () => {
    await open();
    await away(world, () => chatter(world, opened.coordination, 30), (gateway) => {
      tenAtOnce(gateway);
      gateway.messages = async () => { throw Object.assign(new Error("homeserver: refused, status 403"), { kind: "refused", status: 403 }); };
    });
    await world.clock.pass(5_000);
    assert.ok((await world.notes()).includes("gap-unreadable"));
    for (const administrator of [ANA, LUIS]) assert.equal(heard(world, administrator, /^Not everything that was said in .* coordination could be read back/).length, 1);
  });
  it("is seen as far as it changed who is in a room", async () => {
    await open();
    await away(world, () => {
      world.server.add(opened.coordination, ANA, "m.room.member", { membership: "leave" }, LUIS);
      chatter(world, opened.coordination, 30);
    });
    await world.clock.pass(10_000);
    assert.equal((world.server.membership(opened.coordination, LUIS) as { membership: string }).membership, "invite", "the reconciler did not see that he was put out");
  });
  /** An alert is decided, and the bot is stopped before anything of it could be sent. */
  async function stopsBeforeTheAlertLeaves(): Promise<void> {
    const encrypt = world.crypto.encrypt.bind(world.crypto);
    world.crypto.encrypt = async () => { throw Object.assign(new Error("cut"), { kind: "unreachable" }); };
    await world.say(ANA, opened.ana, `alert raise P1 ${LUIS} the lorry is burning`);
    await world.stop();
    world.crypto.encrypt = encrypt;
  }
  it("keeps no alert waiting that was decided before the start", async () => {
    await open();
    await stopsBeforeTheAlertLeaves();
    const decrypt = world.crypto.decrypt.bind(world.crypto);
    const slow = Promise.withResolvers<void>();
    world.crypto.decrypt = async (room, wire) => {
      await slow.promise;
      return decrypt(room, wire);
    };
    chatter(world, opened.coordination, 50);
    await world.clock.pass(120_000);
    const synced = Promise.withResolvers<void>();
    const started = world.start({ gateway: (gateway) => {
      tenAtOnce(gateway);
      const sync = gateway.sync.bind(gateway);
      gateway.sync = (since, timeout) => sync(since, timeout).finally(synced.resolve);
    } });
    await synced.promise;
    for (let ms = 0; ms < 1_000; ms += 100) await world.clock.pass(100);
    const told = heard(world, LUIS, /A-1 · P1/).length;
    slow.resolve();
    await started;
    assert.ok(told > 0, "it waited for what was said meanwhile");
  });
  it("is not asked for while what wakes people is on its way, for two seconds at most", async () => {
    await open();
    await stopsBeforeTheAlertLeaves();
    chatter(world, opened.coordination, 150);
    await world.clock.pass(120_000);
    const [arrives, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let pages = 0;
    const started = world.start({ gateway: (gateway) => {
      tenAtOnce(gateway);
      const { send, messages } = { send: gateway.send.bind(gateway), messages: gateway.messages.bind(gateway) };
      gateway.send = async (...args) => {
        begun.resolve();
        await arrives.promise;
        return send(...args);
      };
      gateway.messages = (...args) => {
        pages += 1;
        return messages(...args);
      };
    } });
    await begun.promise;
    for (let ms = 0; ms < 1_500; ms += 100) await world.clock.pass(100);
    assert.equal(pages, 0, "a page was asked for while the alert was being sent");
    for (let ms = 0; ms < 1_000; ms += 100) await world.clock.pass(100);
    assert.equal(pages, 1, "the gap waits for ever for a message that does not arrive");
    arrives.resolve();
    await started;
    await world.clock.pass(5_000);
    assert.ok(pages > 1);
    assert.ok(heard(world, LUIS, /A-1 · P1/).length > 0);
  });
  it("holds up what time does in its case for a minute, and then that is marked", async () => {
    await open();
    await world.say(ANA, opened.ana, `alert raise P1 ${LUIS} the lorry is burning`);
    assert.deepEqual(world.bugs, []);
    const before = heard(world, LUIS, /A-1/).length;
    await world.clock.pass(5 * 60_000);
    tenAtOnce(world.gateway);
    world.gateway.messages = () => new Promise<never>(() => undefined);
    chatter(world, opened.coordination, 30);
    await settled();
    await world.clock.pass(30_000);
    assert.equal(heard(world, LUIS, /A-1/).length, before);
    await world.clock.pass(6 * 60_000);
    const later = heard(world, LUIS, /A-1/).slice(before);
    assert.ok(later.length > 0, "the alert went silent");
    assert.match(later.at(-1) ?? "", /Not everything that was said here meanwhile has been read yet/);
  });
  it("brings every command late: harmless ones run and say so, contact does not count, what binds is asked again, a stop counts", async () => {
    await open();
    const delivery = await draftDelivery(opened);
    const { commands } = await loadRegistry(COMMANDS);
    await world.say(ANA, opened.ana, "task add Get the waybill tomorrow 18:00");
    await world.say(LUIS, delivery, `alert raise P2 ${ANA} the port calls`);
    const sent = new Map<string, Command>();
    // Stops apart: they are decided first, and after one nothing else could be carried out.
    for (const weights of [["read", "harmless", "binding"], ["stop"]]) {
      await away(world, () => {
        for (const command of commands.filter((each) => weights.includes(each.weight))) {
          const example = command.examples[0] ?? command.name;
          const line = example.replace("CD-3", "CD-1").replace("A-7", "A-1").replace("T-12", "T-1").replace("@dakar", LUIS).replace("@luis ", `${LUIS} `).replace(" BE", " CO");
          drop(world, ANA, command.rooms.includes("delivery") ? delivery : opened.ana, line);
          sent.set(`$e${world.server.length - 1}`, command);
        }
        chatter(world, opened.ana, 20);
        chatter(world, delivery, 20);
      });
      await world.clock.pass(30_000);
    }
    assert.deepEqual(world.bugs, []);
    const all = await rows(world);
    const ran = new Map<Command["weight"], number>();
    for (const [event, command] of sent) {
      const events = all.filter((row) => row.cause === event).map((row) => row.event);
      assert.ok(events.length > 0, `${command.name} left no trace`);
      const types = events.map((each) => (each.type === "system.noted" ? each.what : each.type));
      const refused = types.includes("refused") || types.includes("not-understood");
      if (command.neverLate === true) assert.deepEqual(events.map((each) => each.type === "system.noted" && each.facts["code"]), ["app.late-not-counted"], command.name);
      else if (command.weight === "binding") assert.deepEqual(types.filter((type) => type !== "question.asked" && type !== "refused" && type !== "late"), [], command.name);
      if (!refused) ran.set(command.weight, (ran.get(command.weight) ?? 0) + 1);
    }
    // Luis has been cut off by one of them, so what it says is looked for with Ana.
    assert.equal(world.reads(ANA, delivery).filter((shown) => shown.body.startsWith("CD-1 STOPPED")).length, 1);
    const marked = heard(world, ANA, /arrived|llegado/).length;
    const done = (ran.get("read") ?? 0) + (ran.get("harmless") ?? 0);
    assert.ok(done >= 6 && (ran.get("binding") ?? 0) >= 1 && (ran.get("stop") ?? 0) >= 1, `too few ran to show anything: ${JSON.stringify([...ran])}`);
    assert.ok(marked >= done, `${done} ran late and ${marked} said so`);
  });
});
