/** The journal alone is unfit: the bot stays, says so, answers two questions from memory, and carries out and writes nothing. */
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { isJournalAlone } from "../../src/app/safe-mode.ts";
import type { RoomId } from "../../src/domain/ids.ts";
import { INSTALLATION } from "../../src/domain/ids.ts";
import { OperatorError } from "../../src/operator-error.ts";
import { ANA, LUIS } from "../domain/builders-core.ts";
import { settled } from "../support/model.ts";
import type { World } from "./harness.ts";
import { anOpenCase, draftDelivery } from "./harness.ts";

/** More than the few pages that are left. */
const LONG = `!task add ${"word ".repeat(30)}`;

describe("a bot whose journal cannot be written any more", () => {
  let world: World | undefined;
  let direct: Readonly<Record<string, RoomId>> = {};
  afterEach(async () => {
    await world?.end();
    world = undefined;
  });
  const bodies = (of: World, user: typeof ANA): readonly string[] => of.reads(user).map(({ body }) => body);
  /** Commands until the disk is full. */
  async function filled(): Promise<{ readonly world: World; readonly coordination: Awaited<ReturnType<typeof anOpenCase>>["coordination"] }> {
    const all = await anOpenCase();
    const { world: opened, coordination } = all;
    world = opened;
    await draftDelivery(all);
    direct = { [ANA]: all.ana, [LUIS]: await opened.direct(LUIS) };
    opened.fillDisk();
    for (let times = 0; times < 200 && !opened.app.vitals().notReady.includes("safe-mode"); times += 1) await opened.say(LUIS, coordination, LONG);
    assert.deepEqual(opened.app.vitals().notReady, ["safe-mode"]);
    await settled();
    return { world: opened, coordination };
  }

  it("tells those in charge once that nothing is taken, and says nothing else of its own", async () => {
    const { world, coordination } = await filled();
    for (const user of [ANA, LUIS]) assert.equal(bodies(world, user).filter((body) => /^SAFE MODE since .*the disk is full[^]*not even a stop[^]*not lost/.test(body)).length, 1);
    const rows = (await world.notes()).length;
    const tasks = bodies(world, ANA).filter((body) => /^T-\d+/.test(body)).length;
    for (let day = 0; day < 3; day += 1) await world.clock.pass(86_400_000);
    await world.say(LUIS, coordination, "!task add Something else");
    await world.say(LUIS, coordination, "and what the two say to one another");
    assert.equal((await world.notes()).length, rows);
    assert.equal(bodies(world, ANA).filter((body) => /^T-\d+/.test(body)).length, tasks);
    assert.equal(bodies(world, LUIS).filter((body) => body.startsWith("SAFE MODE")).length, 1);
  });

  it("answers status and doctor to those in charge who are proven, from memory, each alone", async () => {
    const { world, coordination } = await filled();
    for (const asked of ["status", "doctor"]) {
      const before = bodies(world, ANA).length;
      await world.say(ANA, direct[ANA]!, asked);
      const answers = bodies(world, ANA).slice(before);
      assert.equal(answers.length, 1, asked);
      assert.match(answers[0] ?? "", /^SAFE MODE since .*\n.*2 people in charge have been told[^]*\S+: nothing on the move, 1 being prepared/);
      await world.clock.pass(5_000);
    }
    const before = bodies(world, LUIS).length;
    const proof = world.crypto.distrusted;
    proof.set(`${LUIS} STOLEN`, "device-unproven");
    await world.say(LUIS, coordination, "!status", "STOLEN");
    assert.equal(bodies(world, LUIS).length, before, "who is not proven is not answered");
    await world.say(LUIS, coordination, "!status");
    assert.deepEqual(bodies(world, LUIS).slice(before).map((body) => /^SAFE MODE[^]*being prepared/.test(body)), [true]);
  });

  it("says at once, each time, that a stop was not taken", async () => {
    const { world } = await filled();
    for (let times = 1; times <= 2; times += 1) {
      await world.say(LUIS, direct[LUIS]!, "stop we are burnt");
      assert.equal(bodies(world, LUIS).filter((body) => body.startsWith("YOUR STOP IS NOT TAKEN")).length, times);
    }
    assert.equal(bodies(world, ANA).filter((body) => /STOPPED|STOP/.test(body.replace("SAFE MODE", "")) && !body.startsWith("SAFE MODE")).length, 0);
  });

  it("takes up as late, once, what was said meanwhile, when it is started again with room on its disk", async () => {
    const { world, coordination } = await filled();
    await world.say(ANA, coordination, "!task add Said in safe mode");
    await world.say(LUIS, direct[LUIS]!, "stop we are burnt");
    await world.stop();
    await world.clock.pass(3_600_000);
    await world.start();
    await world.clock.pass(60_000);
    assert.equal(bodies(world, ANA).filter((body) => /^T-\d+ Said in safe mode/.test(body)).length, 1);
    assert.ok(bodies(world, LUIS).some((body) => /^CD-1 STOPPED /.test(body)));
    assert.deepEqual(world.app.vitals().notReady, []);
  });
});

describe("what leaves the bot in safe mode", () => {
  const error = (code: string): OperatorError => new OperatorError(code, "what", "cure");
  it("is a journal that is full, broken, damaged, older, gone or without a key; everything else ends the process", () => {
    for (const code of ["journal.disk-full", "journal.disk-broken", "journal.damaged", "journal.wrong-key", "journal.missing", "journal.older", "keys.chain-missing", "keys.chain-damaged"]) assert.equal(isJournalAlone(error(code)), true, code);
    for (const code of ["journal.in-use", "journal.unknown-event", "journal.format", "journal.file-mode", "keys.wrong-passphrase", "keys.missing", "crypto-store.older", "crypto-store.locked", "homeserver.token"]) assert.equal(isJournalAlone(error(code)), false, code);
    assert.equal(isJournalAlone(new Error("journal.damaged")), false);
  });
});

describe("a bot whose journal was changed behind its back", () => {
  let world: World | undefined;
  afterEach(async () => {
    await world?.end();
    world = undefined;
  });

  for (const asked of ["audit verify", "doctor"]) {
    it(`takes nothing more from when ${asked} finds it, and says so to those in charge`, async () => {
      const all = await anOpenCase();
      world = all.world;
      const chain = (await world.journal.chains()).find((each) => each !== INSTALLATION);
      assert.ok(chain);
      await world.say(LUIS, all.coordination, "!task add Ring the port");
      world.changeRow(chain, 3);
      await world.say(LUIS, all.coordination, "!task add Ring the carrier");
      assert.deepEqual(world.app.vitals().notReady, [], "nobody has looked yet");
      await world.say(ANA, all.ana, asked);
      assert.deepEqual(world.app.vitals().notReady, ["safe-mode"]);
      const rows = (await world.journal.values("")).size;
      await world.say(LUIS, all.coordination, "!task add Something else");
      assert.ok(world.reads(ANA).some(({ body }) => /^SAFE MODE since .*its file is damaged/.test(body)));
      assert.ok(!world.reads(LUIS).some(({ body }) => body.includes("Something else")));
      assert.equal((await world.journal.values("")).size, rows);
      assert.deepEqual(world.bugs, []);
    });
  }
});
