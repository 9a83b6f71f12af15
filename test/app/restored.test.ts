import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import type { Instant } from "../../src/domain/ids.ts";
import { systemRandom } from "../../src/app/system.ts";
import { filesIn, unpack } from "../../src/journal/backup-files.ts";
import { backupBytes, openBackup } from "../../src/journal/backup.ts";
import { openJournal } from "../../src/journal/journal.ts";
import { readRootFile } from "../../src/journal/root-file.ts";
import { ANA, BOT, LUIS } from "../domain/builders-core.ts";
import type { Opened, World } from "./harness.ts";
import { anOpenCase, draftDelivery } from "./harness.ts";

const random = systemRandom();

/** The bot that comes after the lost one: what the old device said is proven by nobody, and its keys are not here. */
async function startAnew(world: World): Promise<void> {
  world.server.forgetTransactions();
  for (const old of [`${BOT} BOT`, `${LUIS} PHONE`]) world.crypto.unsigned.add(old);
  await world.start({ gateway: (gateway) => void Object.assign(gateway, { device: "NEW" }) });
}

/** What `relevo backup` makes while the bot runs. */
async function backupOf(world: World): Promise<Buffer> {
  const { folder, keys } = world.data;
  const root = readRootFile(folder);
  assert.ok(root !== undefined);
  const letGo = world.journal.hold();
  const bytes = Buffer.concat(await Array.fromAsync(backupBytes({ at: world.clock.now(), version: "test", root, keys, random, files: filesIn(folder) })));
  letGo();
  return bytes;
}

/** The disk is gone with everything on it; what `relevo restore` makes of the backup is put in its place. */
async function restoreInto(world: World, backup: Buffer): Promise<void> {
  const { folder, keys } = world.data;
  const beside = `${folder}-restored`;
  const opened = await openBackup("backup", (async function* pieces() { yield backup; })());
  await unpack(beside, opened, keys);
  const journal = openJournal({ folder: beside, keys, clock: world.clock, random, known: () => true, evolveVersion: "restore" });
  journal.goOnFromCopy(random.id(), opened.header.at as Instant, world.clock.now());
  await journal.close();
  for (const name of ["journal.db", "journal.db-wal", "root.json", "chain-keys"]) rmSync(join(folder, name), { recursive: true, force: true });
  cpSync(beside, folder, { recursive: true });
  rmSync(beside, { recursive: true });
}

describe("a bot restored from a backup", () => {
  let world: World | undefined;
  afterEach(async () => {
    await world?.end();
    world = undefined;
  });

  async function lost(opened: Opened): Promise<void> {
    const { coordination } = opened;
    const of = opened.world;
    const backup = await backupOf(of);
    await of.clock.pass(600_000);
    await of.say(LUIS, coordination, "!task add Ask the carrier by friday 18:00 Madrid");
    await of.clock.pass(25 * 3_600_000);
    await of.stop();
    await restoreInto(of, backup);
    await startAnew(of);
    await of.clock.pass(5_000);
  }

  it("tells every case from when it is and what is missing, and asks on where it stood; once", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const room = await draftDelivery(opened);
    await world.say(ANA, room, "go");
    const before = world.reads(LUIS, opened.coordination).length;
    await lost(opened);
    const told = world.reads(LUIS, opened.coordination).slice(before).filter(({ body }) => body.startsWith("I was restored"));
    assert.equal(told.length, 1);
    assert.match(told[0]?.body ?? "", /I go on from what I knew on Tue 24 Nov .*\n.*give it again.*\nMy checkpoint in this room, .* shows what is missing: entr(y|ies) \d+.*\n.*go by the text.*\n.*a stop neither/s);
    assert.ok(world.reads(LUIS, room).some(({ body }) => /CD-1 stands for me as it stood then/.test(body)));
    const direct = world.reads(LUIS).filter((shown) => shown.room !== room && shown.room !== opened.coordination);
    assert.ok(direct.some(({ body }) => /CD-1 stands for me/.test(body)), "whoever cannot read that room is told alone");
    assert.ok(world.reads(ANA).some(({ body }) => /docs\/recovery\.md/.test(body)));
    assert.deepEqual((await world.notes()).filter((what) => what === "restored-told").length, 2);
    await world.stop();
    await world.start();
    await world.clock.pass(5_000);
    assert.equal(world.reads(LUIS, opened.coordination).filter(({ body }) => body.startsWith("I was restored")).length, 1);
  });

  it("does not know what came after the backup, hears it when it is said again, and finds rows lost and not changed", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    await lost(opened);
    await world.say(LUIS, opened.coordination, "!task list", "NEW");
    assert.doesNotMatch(world.reads(LUIS, opened.coordination).at(-1)?.body ?? "", /carrier/);
    await world.say(LUIS, opened.coordination, "!task add Ask the carrier by friday 18:00 Madrid", "NEW");
    assert.match(world.reads(LUIS, opened.coordination).at(-1)?.body ?? "", /T-1 Ask the carrier/);
    await world.say(ANA, opened.ana, "audit verify");
    const said = world.reads(ANA, opened.ana).at(-1)?.body ?? "";
    assert.match(said, /chain unbroken/);
    assert.match(said, /Lost, not changed: entr/);
    assert.doesNotMatch(said, /NOT whole/);
    assert.deepEqual(world.bugs, []);
  });

  it("sends nothing a second time that the lost bot had sent after the backup was made", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    // Decided and not yet sent when the backup is made: the server does not answer.
    const { gateway } = world;
    const send = gateway.send.bind(gateway);
    let waits = true;
    gateway.send = async (...args) => {
      if (waits) throw Object.assign(new Error("down"), { kind: "unreachable" });
      return send(...args);
    };
    await world.say(LUIS, opened.coordination, "!task add Ask the carrier by friday 18:00 Madrid");
    const backup = await backupOf(world);
    waits = false;
    await world.clock.pass(60_000);
    const answers = (): number => (world as World).reads(LUIS, opened.coordination).filter(({ body }) => /T-1 Ask the carrier/.test(body) && !/open/.test(body)).length;
    const once = answers();
    assert.ok(once > 0);
    await world.stop();
    await restoreInto(world, backup);
    await startAnew(world);
    await world.clock.pass(60_000);
    assert.equal(answers(), once);
  });
});
