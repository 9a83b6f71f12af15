import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { DOCTOR_FAULTS, SERVER, VITALS, inside } from "../../docs/doctor-faults.ts";
import { installationChecks } from "../../src/app/doctor-installation.ts";
import { diskVerdict, machineChecks } from "../../src/app/doctor-machine.ts";
import type { MachineSettings } from "../../src/app/doctor-machine.ts";
import { limitMeasured, serverChecks } from "../../src/app/doctor-server.ts";
import { checkText, writtenChecks } from "../../src/app/doctor-text.ts";
import { writeEnded } from "../../src/app/ended.ts";
import { PULSE_FILE, writePulse } from "../../src/app/pulse.ts";
import { systemClock, systemRandom } from "../../src/app/system.ts";
import type { Vitals } from "../../src/app/vitals.ts";
import type { Check, CheckName } from "../../src/domain/doctor.ts";
import { CHECKS, fine } from "../../src/domain/doctor.ts";
import type { Instant, UserId, Zone } from "../../src/domain/ids.ts";
import { line } from "../../src/domain/say.ts";
import { openJournal } from "../../src/journal/journal.ts";
import { openKeys } from "../../src/journal/keys.ts";
import { CRYPTO_STORE, openCryptoStore, storeKeyFor } from "../../src/matrix/crypto-store/open.ts";
import { DEVICE_FILE } from "../../src/matrix/device-file.ts";
import { ANA, LUIS, NOW } from "../domain/builders-core.ts";
import { settled } from "../support/model.ts";
import type { World } from "./harness.ts";
import { EVA, anOpenCase, draftDelivery } from "./harness.ts";

const MADRID = "Europe/Madrid" as Zone;
const told = (checks: readonly Check[], language: "en" | "es" = "en"): string => checkText(writtenChecks(checks, { language, zone: MADRID, now: NOW })).join("\n");

describe("each check", () => {
  it("is fine while nothing is wrong", () => {
    for (const check of [...serverChecks(SERVER), ...inside({}), limitMeasured("lifted"), diskVerdict(5e9, "/data")]) assert.equal(check.verdict, "ok", told([check]));
  });
  for (const { check, verdict, what, of, says } of DOCTOR_FAULTS) {
    it(`${check} is ${verdict} when ${what}, with a cure in both languages`, () => {
      const found = of().filter((each) => each.check === check);
      const [only] = found;
      assert.equal(found.length, 1);
      assert.equal(only?.verdict, verdict);
      assert.match(told(found), says);
      assert.match(told(found).split("\n")[1] ?? "", /→ .{4,}/);
      if (check !== "config") assert.notEqual(told(found), told(found, "es"));
      assert.doesNotMatch(told(found) + told(found, "es"), /[{}]|undefined|''/);
    });
  }
  it("stands here made wrong once, whatever its name", () => {
    const made = new Set<CheckName>([...DOCTOR_FAULTS.map((row) => row.check), "node", "files", "recovery-key", "watch", "instance", "crypto-store"]);
    assert.deepEqual([...made].toSorted(), (Object.keys(CHECKS) as CheckName[]).toSorted());
  });
  it("is told by its name in both languages", () => {
    for (const language of ["en", "es"] as const) {
      const names = Object.keys(CHECKS).map((check) => writtenChecks([fine("node", line("doctor.name", { check: check.replaceAll("-", "_") }))], { language, zone: MADRID, now: NOW })[0]?.found ?? "");
      assert.equal(new Set(names).size, names.length);
      for (const name of names) assert.doesNotMatch(name, /_/, "a check without a name in the catalogue");
    }
  });
});

describe("the machine", () => {
  const folders: string[] = [];
  afterEach(() => { for (const folder of folders.splice(0)) rmSync(folder, { recursive: true }); });
  function installation(): MachineSettings & { readonly folder: string } {
    const folder = mkdtempSync(join(tmpdir(), "relevo-machine-"));
    folders.push(folder);
    const secret = (name: string): string => {
      const file = join(folder, "secrets", name);
      writeFileSync(file, "x", { mode: 0o600 });
      return file;
    };
    mkdirSync(join(folder, "secrets"), { mode: 0o700 });
    mkdirSync(join(folder, "data"), { mode: 0o700 });
    writeFileSync(join(folder, "data", "journal.db"), "x", { mode: 0o600 });
    return { folder, data: join(folder, "data"), secrets: { accessTokenFile: secret("access-token"), passphraseFile: secret("passphrase"), recoveryKeyFile: join(folder, "secrets", "recovery-key") }, metrics: "off", deadManUrl: "https://x/" };
  }
  const only = (checks: readonly Check[], name: CheckName): Check => checks.find((each) => each.check === name)!;

  it("is fine with the project's Node, closed files, the recovery key gone, and somebody who watches", () => {
    for (const name of ["node", "files", "recovery-key", "watch"] as const) assert.equal(only(machineChecks(installation(), "26.10.0"), name).verdict, "ok", name);
  });
  it("is wrong with an older Node", () => {
    assert.match(told([only(machineChecks(installation(), "24.1.0"), "node")]), /This is Node 24\.1\.0; Relevo needs 26/);
  });
  it("is wrong when others can read a secret or the data, and says the line that closes them", { skip: process.platform === "win32" ? "no such modes" : false }, () => {
    const at = installation();
    chmodSync(at.secrets.accessTokenFile, 0o640);
    chmodSync(join(at.data, "journal.db"), 0o604);
    const check = only(machineChecks(at, "26.10.0"), "files");
    assert.equal(check.verdict, "wrong");
    assert.match(told([check]), /2 files or folders/);
    assert.ok(told([check]).includes(`chmod go= ${join(at.data, "journal.db")} ${at.secrets.accessTokenFile}`), told([check]));
  });
  it("asks that the recovery key be taken away, until it has left", () => {
    const at = installation();
    writeFileSync(at.secrets.recoveryKeyFile, "a key", { mode: 0o600 });
    const check = only(machineChecks(at, "26.10.0"), "recovery-key");
    assert.equal(check.verdict, "attention");
    assert.ok(told([check]).includes(`shred -u ${at.secrets.recoveryKeyFile}`));
    rmSync(at.secrets.recoveryKeyFile);
    assert.equal(only(machineChecks(at, "26.10.0"), "recovery-key").verdict, "ok");
  });
  it("asks for somebody who notices when the bot dies", () => {
    const { deadManUrl: _url, ...silent } = installation();
    assert.equal(only(machineChecks(silent, "26.10.0"), "watch").verdict, "attention");
  });
});

describe("an installation from outside", () => {
  const ends: (() => Promise<void> | void)[] = [];
  afterEach(async () => { for (const end of ends.splice(0).toReversed()) await end(); });
  const passphrase = "a passphrase for tests";
  function folder(): string {
    const made = mkdtempSync(join(tmpdir(), "relevo-outside-"));
    ends.push(() => rmSync(made, { recursive: true }));
    return made;
  }
  const looked = async (data: string, deep = false): Promise<Readonly<Partial<Record<CheckName, string>>>> => {
    const checks = await installationChecks({ data, passphrase, zone: MADRID, deep, clock: systemClock(), random: systemRandom() });
    return Object.fromEntries(checks.map((check) => [check.check, `${check.verdict}: ${told([check]).split("\n")[0] ?? ""}`]));
  };
  /** A journal of two rows, closed. */
  async function aJournal(data: string): Promise<void> {
    const journal = journalOf(data);
    await journal.commit({ rows: [1, 2].map(() => ({ chain: "installation" as never, at: NOW, trust: "none" as const, event: { type: "system.noted" as const, v: 1 as const, what: "test", facts: {} } })) });
    await journal.close();
  }
  function journalOf(data: string) {
    return openJournal({ folder: data, keys: openKeys({ folder: data, passphrase, random: systemRandom(), cost: 10 }), clock: systemClock(), random: systemRandom(), known: () => true, evolveVersion: "1" });
  }
  const pulse = (at: number, of: Partial<Vitals> = {}, pid = process.pid) => ({ at: at as Instant, pid, version: "0.1.0", facts: { vitals: { ...VITALS, now: at as Instant, started: at as Instant, synced: at as Instant, ...of }, powerUndone: 0, waitsMet: 0 } });

  it("that was never started does not run, and nothing else is held against it", async () => {
    const found = await looked(folder());
    assert.match(found.running ?? "", /^attention: .*does not run/);
    assert.match(found.instance ?? "", /^ok/);
  });
  it("that runs is told by its pulse, also when it hears nothing", async () => {
    const data = folder();
    writePulse(data, pulse(Date.now()));
    assert.match((await looked(data)).running ?? "", /^ok: .*Running since/);
    writePulse(data, pulse(Date.now(), { notReady: ["not-synced"], undecryptable: 4 }));
    const deaf = await looked(data);
    assert.match(deaf.running ?? "", /^wrong: .*hears nothing/);
    assert.match(deaf.undecryptable ?? "", /^attention: .*4 messages/);
  });
  it("that died is told from one that was stopped", async () => {
    const data = folder();
    writePulse(data, pulse(Date.now() - 600_000));
    assert.match((await looked(data)).running ?? "", /^wrong: .*DEAD/);
    writePulse(data, pulse(Date.now() - 600_000, { notReady: ["stopping"] }));
    assert.match((await looked(data)).running ?? "", /^attention: .*stopped in good order/);
  });
  it("whose pulse is fresh and whose process is gone is dead", async () => {
    const data = folder();
    // No process has this number: it is above the largest that Linux gives.
    writePulse(data, pulse(Date.now(), {}, 2 ** 30));
    assert.match((await looked(data)).running ?? "", /^wrong: .*DEAD/);
  });
  it("has its journal read while it is stopped, the last rows or all", async () => {
    const data = folder();
    await aJournal(data);
    for (const deep of [false, true]) assert.match((await looked(data, deep)).chain ?? "", /^ok: .*unbroken \(2 rows read\)/);
  });
  it("whose journal another process holds is told so, and the journal is left alone", async () => {
    const data = folder();
    await aJournal(data);
    const held = journalOf(data);
    ends.push(() => held.close());
    assert.match((await looked(data)).instance ?? "", /^attention: .*Another process holds the journal/);
  });
  it("whose passphrase is another one says so with its cure", async () => {
    const data = folder();
    await aJournal(data);
    const checks = await installationChecks({ data, passphrase: "another passphrase altogether", zone: MADRID, deep: false, clock: systemClock(), random: systemRandom() });
    const chain = checks.find((check) => check.check === "chain");
    assert.equal(chain?.verdict, "wrong");
    assert.match(told([chain!]), /passphrase/);
  });
  it("whose journal is damaged says that it is broken", async () => {
    const data = folder();
    await aJournal(data);
    writeFileSync(join(data, "journal.db"), Buffer.alloc(8_192, 7));
    const { chain } = await looked(data, true);
    assert.match(chain ?? "", /^wrong/);
  });
  it("that ended by itself says why and what to do, until it has lived again", async () => {
    const data = folder();
    writePulse(data, pulse(NOW - 600_000, { notReady: ["stopping"] }));
    writeEnded(data, { at: (NOW - 500_000) as Instant, code: "journal.disk-full", what: "No room left.", cure: "Free space." });
    const checks = await installationChecks({ data, passphrase, zone: MADRID, deep: false, clock: systemClock(), random: systemRandom() });
    const running = checks.find((check) => check.check === "running")!;
    assert.equal(running.verdict, "wrong");
    assert.match(told([running]), /ENDED BY ITSELF .*: No room left\. \(journal\.disk-full\)\n +→ Free space\./);
    writePulse(data, pulse(NOW - 400_000));
    assert.match((await looked(data)).running ?? "", /DEAD/);
  });
  it("that runs in safe mode says why and what to do, and not what an earlier life has left", async () => {
    const data = folder();
    const since = Date.now() - 60_000;
    writePulse(data, pulse(Date.now(), { notReady: ["safe-mode"], started: since as Instant }));
    assert.match((await looked(data)).running ?? "", /^wrong: .*in SAFE MODE: its journal/);
    writeEnded(data, { at: (since - 1) as Instant, code: "journal.damaged", what: "Damaged.", cure: "Move it." });
    assert.match((await looked(data)).running ?? "", /^wrong: .*in SAFE MODE: its journal/);
    writeEnded(data, { at: (since + 1) as Instant, code: "journal.disk-full", what: "No room left.", cure: "Free space." });
    assert.match((await looked(data)).running ?? "", /^wrong: .*in SAFE MODE since .*: No room left\. \(journal\.disk-full\)/);
  });
  it("without its journal says so, although it was never opened", async () => {
    const data = folder();
    await aJournal(data);
    rmSync(join(data, "journal.db"));
    assert.match((await looked(data)).chain ?? "", /^wrong: .*journal .* is not there/);
    assert.ok(!existsSync(join(data, "journal.db")), "looking made a journal");
  });
  it("has its crypto store read while it is stopped: whole, damaged, of another key, or gone", async () => {
    const data = folder();
    await aJournal(data);
    const [file, key] = [join(data, CRYPTO_STORE), openKeys({ folder: data, passphrase, random: systemRandom() }).cryptoStore];
    openCryptoStore({ file, key: storeKeyFor(key, "file"), fatal: assert.fail }).close();
    assert.match((await looked(data))["crypto-store"] ?? "", /^ok: .*whole/);
    const whole = readFileSync(file);
    const changed = Buffer.from(whole);
    changed.fill(7, 8_192, 8_292);
    writeFileSync(file, changed);
    assert.match((await looked(data))["crypto-store"] ?? "", /^wrong: .*damaged/);
    rmSync(file);
    openCryptoStore({ file, key: new Uint8Array(32).fill(1), fatal: assert.fail }).close();
    assert.match((await looked(data))["crypto-store"] ?? "", /^wrong: .*does not open with this key/);
    rmSync(file);
    assert.equal((await looked(data))["crypto-store"], undefined, "a bot that was never started has none");
    writeFileSync(join(data, DEVICE_FILE), "ABCDEFGHIJ\n");
    assert.match((await looked(data))["crypto-store"] ?? "", /^wrong: .*is gone/);
  });
  it("does not take the pulse of a program that is not Relevo", async () => {
    const data = folder();
    writeFileSync(join(data, PULSE_FILE), "{}");
    assert.match((await looked(data)).running ?? "", /^attention: .*does not run/);
  });
});

describe("doctor in chat", () => {
  let world: World | undefined;
  afterEach(async () => {
    await world?.end();
    world = undefined;
  });
  const last = (user: UserId): string => world?.reads(user).at(-1)?.body ?? "";

  it("names the checks that are in order, and says nothing more", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    await world.say(ANA, opened.ana, "doctor");
    assert.match(last(ANA), /^All 7 checks are in order\.\n✓ In order: running, sending, readable messages, power levels, rooms, rate limit,? and journal\.$/);
    assert.ok((await world.notes()).includes("read"));
  });
  it("names the room whose power levels were changed to an administrator of its case, worst first", async () => {
    const opened = await anOpenCase({ gateway: (gateway) => { gateway.setState = async () => { throw Object.assign(new Error("no"), { kind: "refused", status: 403 }); }; } });
    world = opened.world;
    world.server.add(opened.coordination, ANA, "m.room.power_levels", { users: { [EVA]: 100 } }, "");
    await settled();
    await world.say(LUIS, await world.direct(LUIS), "doctor");
    assert.match(last(LUIS), /^One thing is WRONG.*:\n✖ WRONG: Power levels are not what they should be in \w+ · coordination: .*\n {3}→ Ask in the case/);
  });
  it("tells of a person whether they are who was pinned, where they are, and whether they were ever rung", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    await draftDelivery(opened);
    await world.say(ANA, opened.ana, "doctor CO-1");
    assert.match(last(ANA), /^CO-1 in \w+:\n✓ Identity: the one that was pinned\./);
    assert.match(last(ANA), /✓ Rooms: in all of theirs\./);
    assert.match(last(ANA), /Last heard Tue 24 Nov/);
    assert.match(last(ANA), /▲ LOOK: Wake test: never done\..*\n {3}→ They type in their direct chat with me: {2}me test/);
    world.server.add(opened.coordination, LUIS, "m.room.member", { membership: "leave" }, LUIS);
    world.crypto.identities.set(LUIS, "identity-changed");
    world.crypto.unsigned.add(`${LUIS} TABLET`);
    await world.stop();
    await world.start();
    await world.say(ANA, opened.ana, "doctor CO-1");
    assert.match(last(ANA), /✖ WRONG: IDENTITY CHANGED/);
    assert.match(last(ANA), /▲ LOOK: Devices: 1 signed can read, 1 not signed cannot\./);
    assert.match(last(ANA), /Not heard since I was started/);
  });
  it("tells an administrator nothing of anybody outside their cases", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    await world.say(LUIS, await world.direct(LUIS), "doctor ES-9");
    assert.doesNotMatch(last(LUIS), /Identity|Rooms/);
  });
});
