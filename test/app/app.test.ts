import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { Command } from "../../src/chat/command.ts";
import type { Registry } from "../../src/chat/registry.ts";
import { INSTALLATION } from "../../src/domain/ids.ts";
import { ANA, BOT, LUIS } from "../domain/builders-core.ts";
import { EVA, World, anOpenCase, draftDelivery, openCase } from "./harness.ts";

/** The same commands, with a bug in the one of this name. */
function broken(name: string): (registry: Registry) => Registry {
  const bug = (): never => { throw new TypeError("a bug"); };
  return (registry) => {
    const change = (command: Command | undefined): Command | undefined => (command?.name === name ? { ...command, decide: bug } : command);
    return {
      ...registry, commands: registry.commands.map((each) => change(each) ?? each), named: (name) => change(registry.named(name)),
      typed: (folded) => change(registry.typed(folded)), short: (folded) => change(registry.short(folded)),
    };
  };
}

describe("the app", () => {
  let world: World | undefined;
  afterEach(async () => {
    await world?.end();
    world = undefined;
  });

  it("opens a case, invites its people, and answers what they type", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    await world.say(ANA, opened.coordination, "!task add Get the waybill tomorrow 18:00");
    assert.deepEqual(world.bugs, []);
    assert.equal(world.reads(LUIS, opened.coordination).filter((shown) => shown.body.startsWith("T-1 Get the waybill")).length, 1);
  });
  it("tells the author of a command that fails, and goes on with the next", async () => {
    const opened = await anOpenCase({ registry: broken("task add") });
    world = opened.world;
    await world.say(ANA, opened.coordination, "!task add Get the waybill tomorrow 18:00");
    await world.say(ANA, opened.ana, "task list");
    const said = world.reads(ANA).map((shown) => shown.body);
    assert.equal(said.filter((body) => body.startsWith("I could not carry that out")).length, 1);
    assert.match(said.at(-1) ?? "", /No (open )?task/i);
    assert.ok((await world.notes()).includes("command-failed"));
  });
  it("never runs a failed command later, also not after an upgrade that mends it", async () => {
    const opened = await anOpenCase({ registry: broken("task add") });
    world = opened.world;
    await world.say(ANA, opened.coordination, "!task add Get the waybill tomorrow 18:00");
    await world.stop();
    await world.start();
    await world.clock.pass(10_000);
    assert.equal(world.reads(LUIS).filter((shown) => shown.body.includes("waybill")).length, 0);
    assert.equal((await world.journal.inbox()).length, 0);
  });
  it("changes nothing when the disk refuses the commit, and tells the author", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    world.change({ commit: (batch) => { if ((batch.rows ?? []).some((row) => row.event.type === "task.added")) throw new Error("disk full"); } });
    await world.say(ANA, opened.coordination, "!task add Get the waybill tomorrow 18:00");
    world.change({});
    await world.say(ANA, opened.ana, "task list");
    assert.match(world.reads(ANA).at(-1)?.body ?? "", /No (open )?task/i);
    await world.say(ANA, opened.coordination, "!task add Again tomorrow 18:00");
    assert.equal(world.reads(LUIS).filter((shown) => shown.body.startsWith("T-1 Again")).length, 1);
  });
  it("is the same after a restart as before it", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    await world.say(ANA, opened.coordination, "!task add Get the waybill tomorrow 18:00");
    await world.clock.pass(5_000);
    const before = world.server.length;
    await world.stop();
    await world.start();
    await world.clock.pass(5_000);
    assert.equal(world.server.length, before, "a restart sent something again");
    await world.say(ANA, opened.ana, "task list");
    assert.match(world.reads(ANA).at(-1)?.body ?? "", /T-1/);
  });
  it("declines the invitation of somebody it does not know, and says nothing to them", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const strangers = await world.direct(EVA);
    await world.say(EVA, strangers, "task list");
    assert.equal((world.server.membership(strangers, BOT) as { membership: string }).membership, "leave");
    assert.equal(world.reads(EVA).length, 0);
    assert.ok((await world.notes()).includes("invitation-declined"));
  });
  it("takes the same ciphertext only once, whatever event it comes in", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    await world.say(ANA, opened.coordination, "!task add Once tomorrow 18:00");
    const sent = world.server.after(0).findLast((each) => each.event.sender === ANA && each.event.type === "m.room.encrypted");
    assert.ok(sent);
    world.server.add(opened.coordination, ANA, "m.room.encrypted", sent.event.wire["content"] as Record<string, unknown>);
    await world.clock.pass(5_000);
    await world.say(ANA, opened.ana, "task list");
    assert.match(world.reads(ANA).at(-1)?.body ?? "", /T-1/);
    assert.doesNotMatch(world.reads(ANA).at(-1)?.body ?? "", /T-2/);
    assert.ok((await world.notes()).includes("replay-dropped"));
  });
  it("takes a message although somebody sent a copy of it as their own before, and however often it comes at once", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const sealed = JSON.parse(world.server.seal(ANA, "PHONE", "m.room.message", { msgtype: "m.text", body: "!task add Once tomorrow 18:00" }, [])) as Record<string, unknown>;
    world.server.add(opened.coordination, LUIS, "m.room.encrypted", sealed);
    await world.clock.pass(2_000);
    for (const sender of [LUIS, ANA, LUIS, ANA, ANA]) world.server.add(opened.coordination, sender, "m.room.encrypted", sealed);
    await world.clock.pass(2_000);
    assert.deepEqual(world.reads(LUIS, opened.coordination).filter(({ body }) => body.startsWith("T-")).map(({ body }) => body.slice(0, 8)), ["T-1 Once"]);
    assert.deepEqual(await world.journal.inbox(), []);
    assert.deepEqual(world.bugs, []);
    const notes = await world.notes();
    assert.ok(notes.includes("sender-swapped") && notes.includes("replay-dropped"));
  });
  it("counts one of two taps that come at once, and says of the other that it was answered", async () => {
    world = new World();
    await world.start();
    const ana = await world.direct(ANA);
    await world.say(ANA, ana, `jit open agreement "ES-CO 1/26" states ES,CO until 2027-11-20 admins ${ANA} ES ${LUIS} CO`);
    const poll = world.reads(ANA).findLast((shown) => shown.type.endsWith("poll.start"));
    assert.ok(poll !== undefined);
    const { answers } = poll.content["org.matrix.msc3381.poll.start"] as { answers: { id: string }[] };
    const tap = { "m.relates_to": { rel_type: "m.reference", event_id: poll?.event }, "org.matrix.msc3381.poll.response": { answers: [answers[0]?.id] } };
    // The disk is slow while the first is decided: the others are heard meanwhile.
    const slow = Promise.withResolvers<void>();
    const commit = world.journal.commit.bind(world.journal);
    world.journal.commit = async (batch) => {
      if (batch.rows?.some(({ event }) => event.type === "question.answered") === true) await slow.promise;
      return commit(batch);
    };
    for (const _ of [1, 2, 3]) world.server.add(ana, ANA, "m.room.encrypted", JSON.parse(world.server.seal(ANA, "PHONE", "org.matrix.msc3381.poll.response", tap, [])) as Record<string, unknown>);
    await world.clock.pass(1_000);
    slow.resolve();
    await world.clock.pass(3_000);
    await world.join(LUIS);
    await world.clock.pass(3_000);
    assert.equal(world.reads(LUIS).filter((shown) => shown.type.endsWith("poll.start")).length, 1);
    const rows = (await Array.fromAsync(world.journal.read(INSTALLATION, 0))).map(({ event }) => event.type);
    assert.equal(rows.filter((type) => type === "question.answered").length, 1);
    assert.equal(rows.filter((type) => type === "question.vote-ignored").length, 2);
  });
  it("does not carry out what an unproven device says, and alarms the route when it says stop", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const delivery = await draftDelivery(opened);
    world.crypto.distrusted.set(`${LUIS} STOLEN`, "device-unproven");
    const before = world.reads(ANA).length;
    await world.say(LUIS, delivery, "stop", "STOLEN");
    const said = world.reads(ANA).slice(before).map((shown) => shown.body);
    assert.equal(said.filter((body) => body.includes("STOP, not proven whose")).length, 1);
    await world.say(ANA, delivery, "cd show");
    await world.clock.pass(3_000);
    assert.match(world.reads(ANA, delivery).at(-1)?.body ?? "", /AUTHORISING/);
  });
  it("alarms the route when a device that nobody has signed says stop, and tells its owner of anything else", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const delivery = await draftDelivery(opened);
    world.crypto.unsigned.add(`${LUIS} NEW`);
    await world.say(LUIS, delivery, "granted paper 1/26", "NEW");
    assert.equal(world.reads(LUIS).filter((shown) => shown.body.startsWith("A command in your name came from a device")).length, 1);
    const before = world.reads(ANA).length;
    await world.say(LUIS, delivery, "STOP now", "NEW");
    assert.equal(world.reads(ANA).slice(before).filter((shown) => shown.body.includes("STOP, not proven whose")).length, 1);
    await world.say(ANA, delivery, "cd show");
    await world.clock.pass(3_000);
    assert.match(world.reads(ANA, delivery).at(-1)?.body ?? "", /AUTHORISING/);
  });
  it("takes a bare stop of somebody in two cases for the only delivery that is live, and asks which case for anything else", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    await draftDelivery(opened);
    await openCase(world, opened.ana, "ES-CO 2/26");
    const direct = world.reads(LUIS).find((shown) => shown.type.endsWith("poll.start"))?.room;
    assert.ok(direct);
    await world.say(LUIS, direct, "task list");
    assert.match(world.reads(LUIS, direct).at(-1)?.body ?? "", /^Which case\?/);
    await world.say(LUIS, direct, "stop they saw us");
    assert.equal(world.reads(ANA, world.room("· 1")).filter((shown) => shown.body.startsWith("CD-1 STOPPED")).length, 1);
  });
  it("sends a stop raw to the whole circle when deciding it fails", async () => {
    const opened = await anOpenCase({ registry: broken("cd stop") });
    world = opened.world;
    const delivery = await draftDelivery(opened);
    await world.say(LUIS, delivery, "STOP we are burnt");
    assert.equal(world.reads(ANA).filter((shown) => shown.body === "STOP by CO-1").length, 1);
  });
  it("does not count a contact that was held back while the bot was away, and counts a stop", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const delivery = await draftDelivery(opened);
    await world.stop();
    await world.say(LUIS, delivery, "1");
    await world.say(LUIS, delivery, "STOP");
    await world.clock.pass(120_000);
    await world.start();
    await world.clock.pass(3_000);
    const said = world.reads(ANA, delivery).map((shown) => shown.body);
    assert.equal(said.filter((body) => body.startsWith("Arrived late")).length, 1);
    assert.equal(said.filter((body) => body.startsWith("CD-1 STOPPED")).length, 1);
  });
  it("makes no second room when the homeserver makes the first one after the connection was cut", async () => {
    const late: (() => void)[] = [];
    world = new World();
    await world.start({
      gateway: (gateway) => {
        const make = gateway.createRoom.bind(gateway);
        gateway.createRoom = (spec) => {
          late.push(() => void make(spec));
          return Promise.reject(Object.assign(new Error("cut"), { kind: "unreachable" }));
        };
      },
    });
    await world.clock.pass(5_000);
    await world.stop();
    await world.start();
    await world.clock.pass(5_000);
    assert.equal(late.length, 1, "it was asked for again while it may have been under way");
    for (const make of late) make();
    await world.clock.pass(60_000);
    const rooms = world.server.after(0).filter((each) => each.event.type === "m.room.create");
    assert.equal(rooms.length, 1);
    assert.equal(await world.journal.value("making:installation/direct:@ana:es.example"), undefined);
  });
  it("makes the room anew when the first one never came", async () => {
    world = new World();
    let asked = 0;
    await world.start({
      gateway: (gateway) => {
        const make = gateway.createRoom.bind(gateway);
        gateway.createRoom = (spec) => ((asked += 1) === 1 ? Promise.reject(Object.assign(new Error("cut"), { kind: "unreachable" })) : make(spec));
      },
    });
    await world.clock.pass(120_000);
    assert.equal(asked, 2);
    assert.equal(world.server.after(0).filter((each) => each.event.type === "m.room.create").length, 1);
  });
  it("leaves of a message that is not for it only the event id and a hash", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const talk = await world.say(LUIS, opened.coordination, "the container of Praia is grey");
    assert.equal((await world.journal.inbox()).length, 0);
    assert.equal(await world.journal.hasEvent(talk), true);
  });
});
