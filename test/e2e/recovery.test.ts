/** A disk that is lost in the middle of a delivery, and one that is put back from an older copy: the bot goes on as a new device that people need not doubt. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { calendarOf } from "../../demo/story.ts";
import { SECRETS, WORDS } from "../../demo/words.ts";
import { assertEachOnce, countExactly } from "../support/counting.ts";
import { newRaw } from "../support/raw.ts";
import type { Human } from "../support/human.ts";
import { BUTTONS, READS, Theatre, chapters } from "./kill-story.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/relevo.js", import.meta.url));
const COORDINATION = "· coordination";
const DELIVERY = "· 1";
const words = WORDS.en;
const calendar = calendarOf(Date.now());

describe("a bot whose disk is lost in the middle of a delivery", () => {
  let stage: Theatre<"ana" | "luis" | "dulce" | "tiago">;
  let backup: string;
  let recoveryKey: string;
  let firstDevice: string;
  let pinned: string | undefined;
  const step = chapters();

  before(async () => {
    stage = await Theatre.open(["ana", "luis", "dulce", "tiago"], { sealCorrection: "2s" }, { settings: { unreadableTold: "2s" } });
    await stage.people.ana.room("relevo");
    const { dir } = stage.bot;
    backup = path.join(dir, "..", "apart.backup");
    recoveryKey = path.join(dir, "secrets", "recovery-key");
    firstDevice = stage.bot.account.device_id;
  });
  after(() => stage?.close());

  const data = (): string => path.join(stage.bot.dir, "data");
  /** A command of the operator's, with what it prints. */
  async function operator(...args: readonly string[]): Promise<string> {
    const [command, ...rest] = args;
    const failed = (error: { readonly stdout?: string; readonly stderr?: string }): never => { throw new Error(`${String(command)}: ${error.stdout ?? ""}${error.stderr ?? ""}`); };
    return (await promisify(execFile)(process.execPath, [PROGRAM, String(command), "--config", stage.bot.config, ...rest]).catch(failed)).stdout;
  }
  function password(): string {
    const file = path.join(stage.bot.dir, "password");
    writeFileSync(file, stage.bot.account.password, { mode: 0o600 });
    return file;
  }
  async function confirms(who: "ana" | "luis" | "dulce" | "tiago", question: RegExp, act: () => Promise<unknown>): Promise<void> {
    const from = stage.mark(who);
    await act();
    await (await stage.asked(who, question, /^(?:Confirm|Approve)$/, from))();
  }
  /** What this person's client thinks of the bot: the same identity, nothing to be approved, and its device signed with it. */
  async function trusts(human: Human, device: string): Promise<void> {
    const crypto = human.client.getCrypto()!;
    const status = await crypto.getUserVerificationStatus(stage.bot.userId);
    assert.deepEqual([status.needsUserApproval, status.known], [false, true], `${human.name} is warned of nothing`);
    const deviceStatus = await crypto.getDeviceVerificationStatus(stage.bot.userId, device);
    assert.equal(deviceStatus?.signedByOwner, true, `${human.name} sees a signed device`);
  }
  /** What stands over the last message of the bot's that they read there. */
  async function unmarked(human: Human, ending: string): Promise<void> {
    const last = human.seen.findLast((seen) => seen.sender === stage.bot.userId && seen.roomName.endsWith(ending) && seen.unreadable === undefined)!;
    const event = human.client.getRoom(last.room)!.findEventById(last.event)!;
    const info = await human.client.getCrypto()!.getEncryptionInfoForEvent(event);
    assert.equal(info?.shieldReason, null, `${human.name} sees a mark on what the bot says`);
  }
  async function asBot(): Promise<Awaited<ReturnType<typeof newRaw>>> {
    const token = readFileSync(path.join(stage.bot.dir, "secrets", "access-token"), "utf8").trim();
    return newRaw(stage.synapse, { ...stage.bot.account, access_token: token });
  }
  const deviceNow = (): string => readFileSync(path.join(data(), "device"), "utf8").trim();

  step("keeps its secrets and its room keys on the homeserver, sealed, since its first start", async () => {
    const raw = await asBot();
    for (const type of ["m.secret_storage.default_key", "m.cross_signing.master", "m.megolm_backup.v1", "m.key_backup"]) {
      assert.equal((await raw.request("GET", `/v3/user/${encodeURIComponent(stage.bot.userId)}/account_data/${type}`)).status, 200, type);
    }
    assert.equal((await raw.request("GET", "/v3/room_keys/version")).status, 200);
    pinned = await masterKeyOf(stage.people.luis, stage.bot.userId);
  });

  step("has a delivery that is granted when it is backed up", async () => {
    const { ana, luis, dulce, tiago } = stage.people;
    const ids = { ana: ana.userId, luis: luis.userId, dulce: dulce.userId, tiago: tiago.userId, awa: "" };
    await confirms("ana", READS.confirm, () => stage.types("ana", `jit open agreement "X 2026/1" states ES,PT,CV until ${calendar.until} admins ${ana.userId} ES ${luis.userId} PT`));
    await (await stage.asked("luis", READS.consent, BUTTONS.approve))();
    await stage.reads("ana", READS.opened);
    for (const who of ["dulce", "tiago"] as const) {
      const from = stage.mark("luis");
      await confirms("ana", READS.confirm, () => stage.types("ana", words.add[who](ids)));
      await (await stage.asked("luis", READS.consent, BUTTONS.approve, from))();
      await stage.reads(who, READS.welcome);
    }
    await stage.types("dulce", words.draft(calendar));
    await stage.reads("dulce", READS.drafted);
    for (const who of ["luis", "dulce", "tiago"] as const) await stage.people[who].room(DELIVERY);
    for (const who of ["luis", "dulce"] as const) await confirms(who, READS.confirm, () => stage.types(who, words.granted));
    await stage.reads("tiago", READS.granted, { room: DELIVERY });
    await stage.fence();
    assert.match(await operator("backup", backup, "--check"), /every chain whole/);
  });

  step("goes on after that: the delivery moves, its watch is offered, and the disk is gone before it is taken", async () => {
    for (const who of ["tiago", "dulce"] as const) {
      const from = stage.mark(who);
      await stage.people[who].say(await stage.people[who].room(DELIVERY), words.go);
      await (await stage.asked(who, READS.confirm, BUTTONS.confirm, from))();
    }
    await stage.reads("luis", READS.gone, { room: DELIVERY });
    await stage.people.luis.say(await stage.people.luis.room(COORDINATION), "!task add Said in the gap");
    await stage.reads("ana", /Said in the gap/, { room: COORDINATION });
    const from = stage.mark("dulce");
    await stage.types("dulce", words.give);
    await (await stage.asked("dulce", READS.confirm, BUTTONS.confirm, from))();
    await stage.reads("tiago", READS.takeStub, { as: "poll" });
    await stage.fence();
    await stage.bot.kill();
    renameSync(recoveryKey, `${recoveryKey}.safe`);
    rmSync(data(), { recursive: true });
    rmSync(path.join(stage.bot.dir, "secrets", "access-token"));
    await stage.people.luis.say(await stage.people.luis.room(COORDINATION), "!task add Said to a dead bot");
  });

  step("is recovered from the backup with the recovery key, and with nothing less", async () => {
    await assert.rejects(operator("recover", "--backup", backup, "--password-file", password()), /recover\.no-recovery-key/);
    assert.equal(existsSync(data()), false);
    renameSync(`${recoveryKey}.safe`, recoveryKey);
    const told = await operator("recover", "--backup", backup, "--password-file", password());
    assert.match(told, /every chain whole/);
    assert.match(told, new RegExp(`${firstDevice} was removed`));
    await stage.bot.start();
    assert.notEqual(deviceNow(), firstDevice);
  });

  step("tells the case from when it is and what the rooms show to be missing, read with the keys of the backup", async () => {
    await stage.allReadOnce(["ana", "luis", "dulce", "tiago"], { body: /^I was restored, [^]*My checkpoint in this room, [^]* shows what is missing: /, room: COORDINATION });
    await stage.allReadOnce(["luis", "dulce", "tiago"], { body: /^I was restored, [^]*CD-1 stands for me as it stood then/, room: DELIVERY });
    await stage.reads("ana", /^I was restored, [^]*The case has been told/);
  });

  step("is the same bot for everybody: nobody is warned, and its new device is signed", async () => {
    await stage.fence();
    for (const human of stage.all) {
      await trusts(human, deviceNow());
      assert.equal(await masterKeyOf(human, stage.bot.userId), pinned);
      await unmarked(human, "relevo");
    }
    await unmarked(stage.people.luis, COORDINATION);
  });

  step("asks again for what was in the gap, whether it can be read or not", async () => {
    await stage.reads("luis", /^I had to go on as a new device\. /);
    await stage.reads("luis", /cannot read/i, { room: COORDINATION });
    const from = stage.mark("dulce");
    await stage.types("dulce", "task list");
    await stage.reads("dulce", /no open task/i, { from });
    await stage.people.luis.say(await stage.people.luis.room(COORDINATION), "!task add Said again");
    await stage.allReadOnce(["ana", "luis", "dulce", "tiago"], { body: /^T-1 Said again/, room: COORDINATION });
  });

  step("takes the hand-over anew, from the go on", async () => {
    for (const who of ["tiago", "dulce"] as const) {
      const from = stage.mark(who);
      await stage.people[who].say(await stage.people[who].room(DELIVERY), words.go);
      await (await stage.asked(who, READS.confirm, BUTTONS.confirm, from))();
    }
    const [dulce, tiago] = [stage.mark("dulce"), stage.mark("tiago")];
    await stage.reads("luis", READS.gone, { room: DELIVERY });
    await stage.types("dulce", words.give);
    await (await stage.asked("dulce", READS.confirm, BUTTONS.confirm, dulce))();
    await (await stage.asked("tiago", READS.takeStub, new RegExp(`^${SECRETS.seal}$`), tiago))();
    await stage.reads("luis", READS.watchTaken, { room: DELIVERY });
    await stage.types("ana", "audit verify");
    await stage.reads("ana", /chain unbroken|Lost, not changed/);
  });

  step("says nothing more after an older copy of its whole disk was put back", async () => {
    const copy = path.join(stage.bot.dir, "snapshot");
    await stage.bot.stop();
    cpSync(data(), copy, { recursive: true });
    await stage.bot.start();
    await stage.people.luis.say(await stage.people.luis.room(COORDINATION), "!task add After the snapshot");
    await stage.allReadOnce(["ana", "luis"], { body: /^T-2 After the snapshot/, room: COORDINATION });
    await stage.fence();
    await stage.bot.kill();
    rmSync(data(), { recursive: true });
    renameSync(copy, data());
    const counts = stage.counts();
    const device = deviceNow();
    for (let times = 0; times < 2; times += 1) {
      await assert.rejects(stage.bot.start());
      assert.equal((await stage.bot.ended()).code, 78, "starting it again helps nothing");
      assert.match(stage.bot.output, /\(crypto-store\.older\)\n.*\nTo do: .*relevo recover/);
    }
    assert.match(await operator("recover", "--old-journal", "--password-file", password()), new RegExp(`The journal goes on from [^]*${device} was removed`));
    for (const human of stage.all) assert.equal(stage.counts()[human.name], counts[human.name], `${human.name} reads nothing of a bot that must not speak`);
    await stage.bot.start();
    await stage.fence();
    assert.notEqual(deviceNow(), device);
    for (const human of stage.all) await trusts(human, deviceNow());
    assert.equal(stage.people.luis.seen.filter((seen) => seen.sender === stage.bot.userId && seen.roomName.endsWith(COORDINATION) && /^I was restored, /.test(seen.body)).length, 2);
  });

  step("goes on under another passphrase, changed while it runs, and deals with what was said in between", async () => {
    const next = path.join(stage.bot.dir, "next");
    writeFileSync(next, "another passphrase, as long as the first\n", { mode: 0o600 });
    await operator("passphrase", "--new-passphrase-file", next);
    await stage.people.luis.say(await stage.people.luis.room(COORDINATION), "!task add Under the old one");
    await stage.reads("ana", /^T-\d+ Under the old one/, { room: COORDINATION });
    await stage.bot.kill();
    await stage.people.luis.say(await stage.people.luis.room(COORDINATION), "!task add Under neither");
    await stage.bot.start();
    for (const title of ["Under the old one", "Under neither"]) await stage.allReadOnce(["ana", "luis"], { body: new RegExp(`^T-\\d+ ${title}`), room: COORDINATION });
    assert.equal(readFileSync(path.join(stage.bot.dir, "secrets", "passphrase"), "utf8"), readFileSync(next, "utf8"));
  });

  step("has told nobody anything twice", () => {
    assertEachOnce(stage.bot.userId, stage.all);
    countExactly(stage.bot.userId, [stage.people.luis], { body: /^T-2 After the snapshot/, room: COORDINATION });
    return Promise.resolve();
  });
});

async function masterKeyOf(human: Human, user: string): Promise<string | undefined> {
  const info = await human.client.downloadKeysForUsers([user]);
  return Object.values(info.master_keys?.[user]?.keys ?? {})[0];
}
