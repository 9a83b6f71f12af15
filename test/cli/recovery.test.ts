import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import type { TestContext } from "node:test";
import { serveHold } from "../../src/app/hold.ts";
import type { Settings } from "../../src/app/settings.ts";
import { log, systemClock, systemRandom } from "../../src/app/system.ts";
import { exportAudit } from "../../src/cli/audit.ts";
import { backup } from "../../src/cli/backup.ts";
import { parseConfig } from "../../src/cli/config.ts";
import { sampleConfig } from "../../src/cli/config-text.ts";
import { passphrase } from "../../src/cli/passphrase.ts";
import { recover } from "../../src/cli/recover.ts";
import { restore } from "../../src/cli/restore.ts";
import type { SqliteJournal } from "../../src/journal/journal.ts";
import { DEVICE_VALUE, openJournal, RESTORED_VALUE } from "../../src/journal/journal.ts";
import { changePassphrase, openKeys } from "../../src/journal/keys.ts";
import { OperatorError } from "../../src/operator-error.ts";
import { aRow, CASE, newFolder, NOON, PASSPHRASE, rowsOf } from "../journal/support/setting.ts";

const random = systemRandom();
const clock = systemClock();
const host = { clock, random, version: "0.1.0" };
const input = Readable.from([]);

function anInstallation(t: TestContext, homeserver?: string): Settings {
  const folder = newFolder(t);
  const read = parseConfig(sampleConfig(), (path) => join(folder, path));
  assert.ok(read.ok);
  const settings = homeserver === undefined ? read.settings : { ...read.settings, homeserver };
  mkdirSync(dirname(settings.secrets.passphraseFile), { recursive: true });
  secret(settings.secrets.passphraseFile, PASSPHRASE);
  return settings;
}
function secret(file: string, text: string): void {
  writeFileSync(file, `${text}\n`, { mode: 0o600 });
}
function journalOf(settings: Settings, words = PASSPHRASE): SqliteJournal {
  const keys = openKeys({ folder: settings.data, passphrase: words, random, cost: 10 });
  return openJournal({ folder: settings.data, keys, clock, random, known: () => true, evolveVersion: "1" });
}
async function aStoppedBot(t: TestContext, homeserver?: string): Promise<Settings> {
  const settings = anInstallation(t, homeserver);
  const journal = journalOf(settings);
  await journal.commit({ rows: [aRow({ n: 1 })], values: { [DEVICE_VALUE]: "OLDDEVICE", "sync:at": String(NOON) } });
  await journal.close();
  writeFileSync(join(settings.data, "crypto-store.db"), "ratchets", { mode: 0o600 });
  return settings;
}
const refused = (code: string) => (error: unknown): boolean => {
  assert.ok(error instanceof OperatorError, String(error));
  assert.equal(error.code, code);
  assert.ok(error.cure.length > 20);
  return true;
};

describe("relevo backup", () => {
  it("copies a stopped installation and one that runs, checks what it wrote, and never takes the place of a file", async (t) => {
    const settings = await aStoppedBot(t);
    const folder = dirname(settings.data);
    const [stopped, running] = [join(folder, "stopped.backup"), join(folder, "running.backup")];
    const shown = await backup(settings, stopped, true, host);
    assert.match(shown.join("\n"), /1 rows, every chain whole/);
    assert.equal(statSync(stopped).mode & 0o777, 0o600);

    const journal = journalOf(settings);
    const letGo = await serveHold({ folder: settings.data, clock, log, hold: () => journal.hold() });
    await journal.commit({ rows: [aRow({ n: 2 })] });
    assert.match((await backup(settings, running, true, host)).join("\n"), /2 rows, every chain whole/);
    assert.match((await exportAudit(settings, join(folder, "export.jsonl"), clock, random))[0] ?? "", /2 rows/);
    await journal.commit({ rows: [aRow({ n: 3 })] });
    await letGo();
    await journal.close();

    await assert.rejects(backup(settings, stopped, false, host), refused("backup.exists"));
    assert.deepEqual(readdirSync(folder).filter((name) => /check|copy|restoring/.test(name)), []);
    assert.ok(!existsSync(join(settings.data, "control.sock")));
  });

  it("leaves no file when the bot stops in the middle, when it cannot hold its journal, or when it has a bot that does not answer", async (t) => {
    const settings = await aStoppedBot(t);
    const out = join(dirname(settings.data), "out.backup");
    const journal = journalOf(settings);
    const bot: { stop?: () => Promise<void> } = {};
    bot.stop = await serveHold({ folder: settings.data, clock, log, hold: () => {
      // Held, and at once stopped.
      void bot.stop?.();
      return journal.hold();
    } });
    await assert.rejects(backup(settings, out, false, host), (error: unknown) => error instanceof OperatorError && ["backup.interrupted", "backup.not-held", "journal.in-use"].includes(error.code));
    assert.ok(!existsSync(out));
    await assert.rejects(backup(settings, out, false, host), refused("journal.in-use"));
    const refusing = await serveHold({ folder: settings.data, clock, log: { ...log, bug: () => "B-test" }, hold: () => { throw new Error("no"); } });
    await assert.rejects(backup(settings, out, false, host), refused("backup.not-held"));
    await refusing();
    await journal.close();
    assert.ok(!existsSync(out));
    await backup(settings, out, false, host);
  });

  it("refuses a journal that does not hold, where it is asked to check", async (t) => {
    const settings = await aStoppedBot(t);
    const { openDatabase } = await import("../../src/journal/database.ts");
    const db = openDatabase(join(settings.data, "journal.db"), openKeys({ folder: settings.data, passphrase: PASSPHRASE, random }).file);
    db.exec("UPDATE entry SET body = x'00'");
    db.close();
    const out = join(dirname(settings.data), "out.backup");
    await assert.rejects(backup(settings, out, true, host), refused("backup.not-restorable"));
    assert.ok(!existsSync(out));
  });
});

describe("relevo restore", () => {
  it("makes a data folder that says in every chain from when it is, and holds no crypto store", async (t) => {
    const settings = await aStoppedBot(t);
    const out = join(dirname(settings.data), "out.backup");
    await backup(settings, out, false, host);
    const elsewhere = anInstallation(t);
    const shown = await restore(elsewhere, out, clock, random);
    assert.match(shown[0] ?? "", /every chain whole/);
    assert.deepEqual(readdirSync(elsewhere.data).toSorted(), ["chain-keys", "journal.db", "root.json"]);
    assert.equal(statSync(elsewhere.data).mode & 0o777, 0o700);
    const journal = journalOf(elsewhere);
    t.after(() => journal.close());
    assert.deepEqual((await rowsOf(journal)).map(({ event }) => event.type), ["task.test", "system.restored"]);
    const about = JSON.parse((await journal.value(RESTORED_VALUE)) ?? "{}") as { epoch: string };
    assert.equal(about.epoch, journal.epoch);
    assert.equal((await journal.verify(CASE, [])).ok, true);
  });

  it("changes nothing where there is something already, where the passphrase is another, or where the backup is not whole", async (t) => {
    const settings = await aStoppedBot(t);
    const out = join(dirname(settings.data), "out.backup");
    await backup(settings, out, false, host);
    const before = readFileSync(join(settings.data, "journal.db"));
    await assert.rejects(restore(settings, out, clock, random), refused("restore.not-empty"));
    assert.deepEqual(readFileSync(join(settings.data, "journal.db")), before);

    const elsewhere = anInstallation(t);
    secret(elsewhere.secrets.passphraseFile, "not the passphrase at all");
    await assert.rejects(restore(elsewhere, out, clock, random), refused("keys.wrong-passphrase"));
    secret(elsewhere.secrets.passphraseFile, PASSPHRASE);
    const cut = join(dirname(elsewhere.data), "cut");
    writeFileSync(cut, readFileSync(out).subarray(0, -1));
    await assert.rejects(restore(elsewhere, cut, clock, random), refused("backup.damaged"));
    await assert.rejects(restore(elsewhere, join(cut, "nothing"), clock, random), refused("backup.file"));
    assert.deepEqual(readdirSync(dirname(elsewhere.data)).toSorted(), ["cut", "secrets"]);
  });
});

describe("relevo recover", () => {
  /** As much of a homeserver as a login needs; remembers what it was asked. */
  async function aHomeserver(t: TestContext): Promise<{ readonly url: string; readonly asked: string[]; refuse: boolean }> {
    const state = { url: "", asked: [] as string[], refuse: false };
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => void (body += chunk.toString()));
      request.on("end", () => {
        const given = (body === "" ? {} : JSON.parse(body)) as { device_id?: string; devices?: string[]; auth?: unknown };
        const put = (status: number, value: object): void => void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
        if (request.url === "/_matrix/client/v3/login") {
          state.asked.push(`login ${given.device_id === undefined ? "" : "new"}`);
          if (state.refuse) return put(403, { errcode: "M_FORBIDDEN" });
          return put(200, { access_token: "a-new-token-for-tests", user_id: "@relevo:example.org", device_id: given.device_id });
        }
        if (request.url === "/_matrix/client/v3/delete_devices") {
          state.asked.push(`delete ${String(given.devices)} ${given.auth === undefined ? "" : "with password"}`.trim());
          return given.auth === undefined ? put(401, { session: "s", flows: [{ stages: ["m.login.password"] }], params: {} }) : put(200, {});
        }
        return put(404, { errcode: "M_UNRECOGNIZED" });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => new Promise((resolve) => server.close(resolve)));
    state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return state;
  }
  const options = (settings: Settings): { passwordFile: string } => {
    const file = join(dirname(settings.data), "password");
    secret(file, "the password");
    return { passwordFile: file };
  };
  const RECOVERY = "EsTa bcde fghi jklm nopq rstu vwxy zABC DEFG HJKL MNPQ RSTU";

  it("takes the old crypto store away, logs in as another device, and removes the old one from the account", async (t) => {
    const homeserver = await aHomeserver(t);
    const settings = await aStoppedBot(t, homeserver.url);
    secret(settings.secrets.recoveryKeyFile, RECOVERY);
    const shown = await recover({ ...settings, user: "@relevo:example.org" as Settings["user"] }, options(settings), { input, clock, random });
    assert.deepEqual(homeserver.asked, ["login new", "delete OLDDEVICE", "delete OLDDEVICE with password"]);
    assert.ok(!existsSync(join(settings.data, "crypto-store.db")));
    assert.equal(readFileSync(settings.secrets.accessTokenFile, "utf8"), "a-new-token-for-tests\n");
    assert.match(shown.join("\n"), /OLDDEVICE was removed/);
    const journal = journalOf(settings);
    t.after(() => journal.close());
    assert.equal(journal.epoch, "", "the journal is the newest there is, so nobody is told otherwise");
  });

  it("restores a backup on a new machine in the same command, and says what to do when only the login failed", async (t) => {
    const homeserver = await aHomeserver(t);
    const lost = await aStoppedBot(t);
    const out = join(dirname(lost.data), "out.backup");
    await backup(lost, out, false, host);
    const settings = { ...anInstallation(t, homeserver.url), user: "@relevo:example.org" as Settings["user"] };
    await assert.rejects(recover(settings, { ...options(settings), backup: out }, { input, clock, random }), refused("recover.no-recovery-key"));
    assert.ok(!existsSync(settings.data), "nothing was restored before all was there");
    secret(settings.secrets.recoveryKeyFile, RECOVERY);
    homeserver.refuse = true;
    await assert.rejects(recover(settings, { ...options(settings), backup: out }, { input, clock, random }), (error: Error & { cure?: string }) => /without --backup/.test(error.cure ?? ""));
    homeserver.refuse = false;
    await recover(settings, options(settings), { input, clock, random });
    const journal = journalOf(settings);
    t.after(() => journal.close());
    assert.notEqual(journal.epoch, "");
  });

  it("puts it on record when the journal that is left is an old one", async (t) => {
    const homeserver = await aHomeserver(t);
    const settings = { ...(await aStoppedBot(t, homeserver.url)), user: "@relevo:example.org" as Settings["user"] };
    secret(settings.secrets.recoveryKeyFile, RECOVERY);
    await recover(settings, { ...options(settings), oldJournal: true }, { input, clock, random });
    const journal = journalOf(settings);
    t.after(() => journal.close());
    assert.deepEqual((await rowsOf(journal)).at(-1)?.event, { type: "system.restored", v: 1, epoch: journal.epoch, copied: NOON });
  });

  it("refuses while a bot runs on the journal, and without anything to log in with", async (t) => {
    const settings = await aStoppedBot(t);
    await assert.rejects(recover(settings, {}, { input, clock, random }), refused("recover.no-credential"));
    secret(settings.secrets.recoveryKeyFile, RECOVERY);
    const journal = journalOf(settings);
    await assert.rejects(recover(settings, options(settings), { input, clock, random }), refused("journal.in-use"));
    await journal.close();
    assert.ok(existsSync(join(settings.data, "crypto-store.db")));
  });
});

describe("relevo passphrase", () => {
  const NEXT = "another passphrase, as long as the first";
  it("changes it for the next start, and leaves every key as it is", async (t) => {
    const settings = await aStoppedBot(t);
    const file = join(dirname(settings.data), "next");
    secret(file, NEXT);
    const before = openKeys({ folder: settings.data, passphrase: PASSPHRASE, random });
    await passphrase(settings, file, input, random);
    assert.deepEqual(openKeys({ folder: settings.data, passphrase: NEXT, random }).file, before.file);
    assert.throws(() => openKeys({ folder: settings.data, passphrase: PASSPHRASE, random }), { code: "keys.wrong-passphrase" });
    assert.equal(readFileSync(settings.secrets.passphraseFile, "utf8"), `${NEXT}\n`);
    await assert.rejects(passphrase(settings, file, input, random), refused("passphrase.same"));
  });

  it("killed at any step, is finished by running it again", async (t) => {
    const file = join(newFolder(t), "next");
    secret(file, NEXT);
    // What a crash leaves: beside root.json, after root.json, beside the passphrase file.
    const crashes: readonly ((settings: Settings) => void)[] = [
      (settings) => writeFileSync(join(settings.data, "root.json.new"), "half", { mode: 0o600 }),
      (settings) => writeFileSync(join(settings.data, "root.json.new.new"), "half", { mode: 0o600 }),
      (settings) => passphraseSealed(settings, NEXT),
      (settings) => {
        passphraseSealed(settings, NEXT);
        writeFileSync(`${settings.secrets.passphraseFile}.new`, "half", { mode: 0o600 });
      },
    ];
    for (const crash of crashes) {
      const settings = await aStoppedBot(t);
      crash(settings);
      await passphrase(settings, file, input, random);
      const journal = journalOf(settings, NEXT);
      assert.equal((await rowsOf(journal)).length, 1);
      await journal.close();
      assert.equal(readFileSync(settings.secrets.passphraseFile, "utf8"), `${NEXT}\n`);
    }
  });

  it("changes nothing when the one in use is not the right one", async (t) => {
    const settings = await aStoppedBot(t);
    secret(settings.secrets.passphraseFile, "not the passphrase at all");
    const file = join(dirname(settings.data), "next");
    secret(file, NEXT);
    const before = readFileSync(join(settings.data, "root.json"));
    await assert.rejects(passphrase(settings, file, input, random), refused("keys.wrong-passphrase"));
    assert.deepEqual(readFileSync(join(settings.data, "root.json")), before);
  });
});

function passphraseSealed(settings: Settings, next: string): void {
  changePassphrase({ folder: settings.data, random, passphrase: PASSPHRASE, next, cost: 10 });
}
