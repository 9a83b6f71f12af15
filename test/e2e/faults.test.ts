import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assertEachOnce, countExactly } from "../support/counting.ts";
import type { Broken, Fault, FaultLine } from "../support/fault-proxy.ts";
import { anything, keysAndDevices, openFaultLine, sends, syncs } from "../support/fault-proxy.ts";
import {
  busy, cutAfterwards, cutBefore, cutInAnswer, cutInRequest, doubledEvents, dripping, failing, gap, halfJson, huge, late, longerThanSaid, notGzip, pageInstead, reversedEvents,
  softLogout, staleAnswer, twice, wrongClock, wrongType,
} from "../support/faults.ts";
import { filesUnder, findPlanted } from "../support/planted.ts";
import { newRaw } from "../support/raw.ts";
import { startSynapse } from "../support/synapse.ts";
import { openOperation, type Operation } from "./attacks-stage.ts";

/** Stands in every command that is typed here. */
const SECRET = "Pontevedra quay";
const NEW_PASSWORD = "another password, 27 letters";
const PROGRAM = fileURLToPath(new URL("../../bin/relevo.js", import.meta.url));

describe("between a person's command and its answer", () => {
  let op: Operation;
  let line: FaultLine;
  let room: string;
  const titles: string[] = [];

  before(async () => {
    op = await openOperation({ members: [], strangers: ["tiago"], line: async ({ url }) => (line = await openFaultLine(url)).url });
    room = await op.coordination("luis");
  });
  after(async () => {
    await op?.close();
    await line?.close();
  });

  /** Somebody types a command while this goes wrong; the person reads its answer. How often everybody has read it is counted at the end. */
  async function survives(...broken: readonly Broken[]): Promise<void> {
    await op.reads("luis", said(await typed()), { room });
    for (const each of broken) await each.played;
  }
  async function typed(): Promise<string> {
    const title = `${SECRET} ${titles.length + 1}`;
    titles.push(title);
    await op.person("luis").say(room, `!task add ${title}`);
    return title;
  }
  function said(title: string): RegExp {
    return new RegExp(`^T-\\d+ ${title}$`, "m");
  }
  const both = (fault: Fault): Promise<void> => survives(line.next(syncs, fault), line.next(sends, fault));

  for (const fault of [
    busy({ body: 300, header: "1" }), busy({ header: "1" }), busy({ body: "soon", header: "never" }), failing(502, "page"), failing(503, "nothing"),
    cutBefore, cutAfterwards, cutInAnswer, halfJson, pageInstead, wrongType, notGzip, longerThanSaid, dripping(5, 40), late(300), twice,
  ]) {
    it(`comes ${fault.name}, for the command and for the answer`, () => both(fault));
  }
  it(`comes ${cutInRequest.name}`, () => survives(line.next(sends, cutInRequest)));
  for (const fault of [gap, doubledEvents, reversedEvents, staleAnswer]) it(`comes ${fault.name}`, () => survives(line.next(syncs, fault)));
  it("comes a sync that has no end, and one that unpacks to a thousand times its size", () => survives(line.next(syncs, huge(80_000_000)), line.next(syncs, huge(80_000_000, true))));

  it("every tenth request fails, each in another way", async () => {
    let asked = 0;
    const stop = line.sometimes(anything, () => (asked += 1) % 10 === 0, [cutBefore, cutAfterwards, failing(502, "page"), halfJson, busy({ body: 50 })]);
    for (let times = 0; times < 5; times += 1) await survives();
    stop();
  });
  for (const hours of [5, -30]) {
    it(`the server's clock is ${hours} h wrong`, async () => {
      const stop = line.always(anything, wrongClock(hours * 3_600_000));
      await survives();
      stop();
    });
  }
  it("somebody comes in while whatever has to do with keys fails", async () => {
    const broken = [line.next(keysAndDevices, failing(502), 2), line.next(keysAndDevices, cutAfterwards), line.next(keysAndDevices, halfJson)];
    await op.add({ name: "tiago", role: "member", country: "PT" });
    for (const each of broken) await each.played;
  });
  it("the homeserver is killed and started again", async () => {
    const title = await typed();
    await op.synapse.kill();
    const again = await startSynapse({ dir: path.join(op.dir, "synapse"), fast: true });
    try {
      for (const name of ["ana", "luis"]) await op.reads(name, said(title), { room });
    } finally {
      op.ends(() => again.stop());
    }
  });

  it("the bot's session ends, and it goes on under a new token on the same device", async () => {
    const token = readFileSync(path.join(op.bot.dir, "secrets", "access-token"), "utf8");
    const stop = line.always(({ headers }) => headers.authorization === `Bearer ${token.trim()}`, softLogout);
    const title = await typed();
    assert.equal((await op.bot.ended()).code, 78);
    assert.match(op.bot.output, /its device is still there .*\n.*\nTo do: Nothing accepted is lost\. Run: relevo login /);
    assert.match(await logsIn(op.bot.account.password), new RegExp(`still the device ${op.bot.account.device_id},`));
    assert.notEqual(readFileSync(path.join(op.bot.dir, "secrets", "access-token"), "utf8"), token);
    await op.bot.start();
    for (const name of ["ana", "luis"]) await op.reads(name, said(title), { room });
    stop();
    await survives();
  });
  it("the account gets another password", async () => {
    const raw = await newRaw(op.synapse, op.bot.account);
    const auth = { type: "m.login.password", identifier: { type: "m.id.user", user: op.bot.userId }, password: op.bot.account.password };
    assert.equal((await raw.request("POST", "/v3/account/password", { new_password: NEW_PASSWORD, logout_devices: false, auth })).status, 200);
    await survives();
    await assert.rejects(logsIn("not the password at all"), /login\.refused/);
    await logsIn(NEW_PASSWORD);
    await op.bot.stop();
    const title = await typed();
    await op.bot.start();
    for (const name of ["ana", "luis"]) await op.reads(name, said(title), { room });
  });

  it("nothing was lost, nothing doubled, and nothing of it stands anywhere in clear", async () => {
    const people = ["ana", "luis"].map((name) => op.person(name));
    for (const title of titles) {
      for (const name of ["ana", "luis"]) await op.reads(name, said(title), { room });
      countExactly(op.bot.userId, people, { body: said(title), room: "· coordination", as: "message" });
    }
    assertEachOnce(op.bot.userId, people);
    const control = await newRaw(op.synapse, `control-${randomBytes(3).toString("hex")}`);
    await control.sayInClear(await control.createRoom({ preset: "private_chat" }), "the control word Marim");
    const files = filesUnder(op.dir);
    assert.deepEqual(findPlanted(files, [SECRET]), []);
    assert.notDeepEqual(findPlanted(files, ["control word Marim"]), []);
    assert.doesNotMatch(op.bot.output, /"bug":/);
  });

  it("when the homeserver has removed the bot's device, no login pretends that it is still there", async () => {
    const file = path.join(op.bot.dir, "secrets", "access-token");
    const token = readFileSync(file, "utf8");
    const raw = await newRaw(op.synapse, { ...op.bot.account, access_token: token.trim() });
    assert.equal((await raw.request("POST", "/v3/logout", {})).status, 200);
    assert.equal((await op.bot.ended()).code, 78);
    await assert.rejects(logsIn(NEW_PASSWORD), /login\.device-gone[^]*relevo recover/);
    assert.equal(readFileSync(file, "utf8"), token);
    const devices = op.person("ana").client.getCrypto()?.getUserDeviceInfo([op.bot.userId], true);
    assert.deepEqual([...(await devices)?.get(op.bot.userId)?.keys() ?? []], [], "no empty device stands in the bot's name");
  });

  /** `relevo login`; what it prints. */
  async function logsIn(password: string): Promise<string> {
    const file = path.join(op.bot.dir, "password");
    writeFileSync(file, password, { mode: 0o600 });
    const failed = (error: { readonly stderr?: string }): never => { throw new Error(error.stderr ?? "no output"); };
    return (await promisify(execFile)(process.execPath, [PROGRAM, "login", "--config", op.bot.config, "--password-file", file]).catch(failed)).stdout;
  }
});
