import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { insideChecks } from "../../src/app/doctor-inside.ts";
import type { InsideFacts } from "../../src/app/doctor-inside.ts";
import { errorCheck, installationChecks } from "../../src/app/doctor-installation.ts";
import { diskVerdict, machineChecks } from "../../src/app/doctor-machine.ts";
import type { MachineSettings } from "../../src/app/doctor-machine.ts";
import { limitMeasured, serverChecks } from "../../src/app/doctor-server.ts";
import { checkText, writtenChecks } from "../../src/app/doctor-text.ts";
import { writeEnded } from "../../src/app/ended.ts";
import { PULSE_FILE, writePulse } from "../../src/app/pulse.ts";
import { systemClock, systemRandom } from "../../src/app/system.ts";
import type { Vitals } from "../../src/app/vitals.ts";
import type { Check, CheckName, Verdict } from "../../src/domain/doctor.ts";
import { CHECKS, fine } from "../../src/domain/doctor.ts";
import type { Instant, UserId, Zone } from "../../src/domain/ids.ts";
import { line } from "../../src/domain/say.ts";
import { openJournal } from "../../src/journal/journal.ts";
import { openKeys } from "../../src/journal/keys.ts";
import { CRYPTO_STORE, openCryptoStore, storeKeyFor } from "../../src/matrix/crypto-store/open.ts";
import { DEVICE_FILE } from "../../src/matrix/device-file.ts";
import type { Probed } from "../../src/matrix/probe.ts";
import { OperatorError } from "../../src/operator-error.ts";
import { ANA, LUIS, NOW } from "../domain/builders-core.ts";
import { settled } from "../support/model.ts";
import type { World } from "./harness.ts";
import { EVA, anOpenCase, draftDelivery } from "./harness.ts";

const MADRID = "Europe/Madrid" as Zone;
const SERVER: Probed = {
  took: 12, skew: 400, versions: ["v1.10", "v1.11"], features: [], software: "Synapse 1.163.2", roomVersions: ["11", "12"], token: "account", device: "signed", hasSecretStorage: true, hasKeyBackup: true,
};
const VITALS: Vitals = {
  now: NOW, started: (NOW - 3_600_000) as Instant, synced: NOW, notReady: [], isLive: true, inboxWaiting: 0, undecryptable: 0, setAside: 0, roomsUndone: 0, timers: 0,
  unsent: { stop: { count: 0 }, P1: { count: 0 }, live: { count: 0 }, routine: { count: 0 } },
};
const INSIDE: InsideFacts = { vitals: VITALS, powerUndone: 0, waitsMet: 0, chains: { rows: 10, broken: 0 } };
const inside = (changes: Partial<InsideFacts> & { readonly of?: Partial<Vitals> }): Check[] => {
  const { of = {}, ...rest } = changes;
  return insideChecks({ ...INSIDE, ...rest, vitals: { ...VITALS, ...of } }, MADRID);
};
const told = (checks: readonly Check[], language: "en" | "es" = "en"): string => checkText(writtenChecks(checks, { language, zone: MADRID, now: NOW })).join("\n");

describe("each check", () => {
  it("is fine while nothing is wrong", () => {
    for (const check of [...serverChecks(SERVER), ...inside({}), limitMeasured("lifted"), diskVerdict(5e9, "/data")]) assert.equal(check.verdict, "ok", told([check]));
  });
  const long = { count: 2, oldest: (NOW - 120_000) as Instant };
  const table: readonly { readonly check: CheckName; readonly verdict: Verdict; readonly what: string; readonly of: () => readonly Check[]; readonly says: RegExp }[] = [
    { check: "server", verdict: "wrong", what: "the homeserver is down", of: () => serverChecks({ unreachable: "ECONNREFUSED" }), says: /cannot be reached \(ECONNREFUSED\)/ },
    { check: "server", verdict: "wrong", what: "it cannot make rooms of version 12", of: () => serverChecks({ ...SERVER, roomVersions: ["10", "11"] }), says: /lacks: room version 12\./ },
    { check: "server", verdict: "wrong", what: "it has no authenticated media", of: () => serverChecks({ ...SERVER, versions: ["r0.6.1", "v1.9"] }), says: /lacks: authenticated media \(v1\.11\)\./ },
    { check: "clock", verdict: "attention", what: "the clocks differ by a minute", of: () => serverChecks({ ...SERVER, skew: 60_000 }), says: /homeserver's clock is ahead.* by 60 s/ },
    { check: "clock", verdict: "wrong", what: "this machine is an hour ahead", of: () => serverChecks({ ...SERVER, skew: -3_600_000 }), says: /machine's clock is ahead.* by 3,600 s/ },
    { check: "clock", verdict: "attention", what: "the homeserver tells no time", of: () => { const { skew: _skew, ...rest } = SERVER; return serverChecks(rest); }, says: /does not tell its time/ },
    { check: "token", verdict: "wrong", what: "the token is refused", of: () => serverChecks({ ...SERVER, token: "refused" }), says: /does not accept the access token/ },
    { check: "token", verdict: "wrong", what: "the token is another account's", of: () => serverChecks({ ...SERVER, token: "other" }), says: /another account/ },
    { check: "token", verdict: "wrong", what: "the token has no device", of: () => serverChecks({ ...SERVER, token: "no-device" }), says: /no device/ },
    { check: "token", verdict: "attention", what: "the homeserver does not say whose the token is", of: () => serverChecks({ ...SERVER, token: "unknown" }), says: /did not say whose/ },
    { check: "signature", verdict: "wrong", what: "the device is not signed", of: () => serverChecks({ ...SERVER, device: "unsigned" }), says: /not signed by the bot's identity/ },
    { check: "signature", verdict: "wrong", what: "the account has no identity", of: () => serverChecks({ ...SERVER, device: "no-identity" }), says: /has no identity/ },
    { check: "signature", verdict: "attention", what: "the keys are not shown", of: () => serverChecks({ ...SERVER, device: "unknown" }), says: /did not show the bot's keys/ },
    { check: "recovery", verdict: "wrong", what: "nothing lies in secret storage", of: () => serverChecks({ ...SERVER, hasSecretStorage: false }), says: /no secret storage/ },
    { check: "key-backup", verdict: "attention", what: "room keys are not backed up", of: () => serverChecks({ ...SERVER, hasKeyBackup: false }), says: /No backup of room keys/ },
    { check: "rate-limit", verdict: "attention", what: "the homeserver has made the bot wait", of: () => inside({ waitsMet: 3 }), says: /made the bot wait 3 times/ },
    { check: "rate-limit", verdict: "attention", what: "the limit was tried and is on", of: () => [limitMeasured("limited")], says: /after about ten messages/ },
    { check: "rate-limit", verdict: "attention", what: "the limit could not be tried", of: () => [limitMeasured("unknown")], says: /is not known/ },
    { check: "running", verdict: "wrong", what: "it hears nothing", of: () => inside({ of: { notReady: ["not-synced"] } }), says: /hears nothing \(no answer from the homeserver for two minutes\)/ },
    { check: "running", verdict: "wrong", what: "it is stuck", of: () => inside({ of: { isLive: false } }), says: /does nothing/ },
    { check: "running", verdict: "wrong", what: "it is in safe mode", of: () => inside({ of: { notReady: ["safe-mode"] } }), says: /SAFE MODE/ },
    { check: "outbox", verdict: "wrong", what: "a stop has not gone out", of: () => inside({ of: { unsent: { ...VITALS.unsent, stop: { count: 1, oldest: (NOW - 20_000) as Instant } } } }), says: /ONE OF THEM URGENT; the longest wait is 20 s/ },
    { check: "outbox", verdict: "attention", what: "messages wait for long", of: () => inside({ of: { unsent: { ...VITALS.unsent, routine: long } } }), says: /2 messages have not gone out, none of them urgent/ },
    { check: "outbox", verdict: "attention", what: "a message fails by itself", of: () => inside({ of: { setAside: 1 } }), says: /fails by itself/ },
    { check: "undecryptable", verdict: "attention", what: "messages cannot be read", of: () => inside({ of: { undecryptable: 2 } }), says: /2 messages cannot be read/ },
    { check: "rooms", verdict: "attention", what: "a room is not right", of: () => inside({ of: { roomsUndone: 2 }, powerUndone: 1 }), says: /One room is not as they should be|One room is/ },
    { check: "power", verdict: "wrong", what: "power levels are not right", of: () => inside({ of: { roomsUndone: 1 }, powerUndone: 1 }), says: /In one room the power levels/ },
    { check: "chain", verdict: "wrong", what: "a chain is broken", of: () => inside({ chains: { rows: 5, broken: 1 } }), says: /BROKEN in one chain/ },
    { check: "disk", verdict: "attention", what: "the disk has 1 GB left", of: () => [diskVerdict(1e9, "/data")], says: /Only 953 MB free where \/data lies/ },
    { check: "disk", verdict: "wrong", what: "the disk is nearly full", of: () => [diskVerdict(1e8, "/data")], says: /Only 95 MB free/ },
    { check: "config", verdict: "wrong", what: "the configuration cannot be read", of: () => [errorCheck("config", new OperatorError("config.missing", "There is no relevo.yaml.", "Write one."))], says: /There is no relevo\.yaml\.\n +→ Write one\./ },
  ];
  for (const { check, verdict, what, of, says } of table) {
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
    const made = new Set<CheckName>([...table.map((row) => row.check), "node", "files", "recovery-key", "watch", "instance", "crypto-store"]);
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
