import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { loadConfig, parseConfig } from "../../src/cli/config.ts";
import { sampleConfig } from "../../src/cli/config-text.ts";
import { OperatorError } from "../../src/operator-error.ts";

/** The smallest file that is accepted; each mistake changes one thing in it. */
const SMALLEST = `homeserver: https://matrix.example.org
user: "@relevo:example.org"
owners:
  - user: "@ana:es.example"
    masterKey: "cmVw bGFj ZSB0 aGlz IGJ5 IHRo ZSBm aW5n ZXJw cmlu dCE"
`;
const SECOND_OWNER = `  - user: "@luis:co.example"
    masterKey: "c2Vjb25kIG93bmVyJ3MgZmluZ2VycHJpbnQgPDMyPiE"
`;

/** Each: the mistake, the text, and what is told: line, column, words. */
const MISTAKES: readonly (readonly [string, string, readonly (readonly [number, number, string])[]])[] = [
  ["an unknown key", `${SMALLEST}adminz: 1\n`, [[6, 1, "adminz: unknown key: expected one of homeserver, user, prefix"]]],
  ["an unknown key of a window", `${SMALLEST}windows:\n  contactEvry: 30min\n`, [[7, 3, "windows.contactEvry: unknown key: expected one of contactEvery, contactAnswer"]]],
  ["an unknown key of an owner", `${SMALLEST}    email: ana@es.example\n`, [[6, 5, "owners.0.email: unknown key: expected one of user, masterKey, language, zone"]]],
  ["a homeserver without https", SMALLEST.replace("https", "http"), [[1, 13, "homeserver: expected an address such as https://matrix.example.org"]]],
  ["a homeserver with a password in it", SMALLEST.replace("https://", "https://bot:hunter22@"), [[1, 13, "homeserver: expected an address"]]],
  ["a homeserver with a path", SMALLEST.replace(".org\n", ".org/_matrix\n"), [[1, 13, "without path"]]],
  ["a missing homeserver", SMALLEST.replace(/^homeserver.*\n/, ""), [[1, 1, "homeserver: is missing: expected an address"]]],
  ["missing owners", SMALLEST.slice(0, SMALLEST.indexOf("owners")), [[1, 1, "owners: is missing: expected a list of owners"]]],
  ["no owner", SMALLEST.slice(0, SMALLEST.indexOf("owners")) + "owners: []\n", [[3, 9, "owners: expected at least one owner"]]],
  ["an owner without a key", SMALLEST.replace(/ {4}masterKey.*\n/, ""), [[4, 5, "owners.0.masterKey: is missing: expected 43 characters of base64"]]],
  ["a fingerprint that is cut short", SMALLEST.replace(" dCE", ""), [[5, 16, "owners.0.masterKey: expected 43 characters of base64"]]],
  ["a fingerprint with a mistyped last character", SMALLEST.replace("dCE", "dCF"), [[5, 16, "owners.0.masterKey: expected 43 characters"]]],
  ["an owner who is no Matrix user", SMALLEST.replace("@ana:es.example", "ana"), [[4, 11, "owners.0.user: expected a Matrix user id"]]],
  ["the same owner twice", SMALLEST + SMALLEST.slice(SMALLEST.indexOf("  - user")), [[6, 11, "owners.1.user: expected each owner once"]]],
  ["one fingerprint for two owners", SMALLEST + SMALLEST.slice(SMALLEST.indexOf("  - user")).replace("@ana", "@eva"), [[7, 16, "owners.1.masterKey: expected a key of their own"]]],
  ["the bot as its own owner", SMALLEST.replace("@ana:es.example", "@relevo:example.org"), [[4, 11, "owners.0.user: expected a person"]]],
  ["a user id without quotes", SMALLEST.replace('"@relevo:example.org"', "@relevo:example.org"), [[2, 7, "expected quotes round a value that begins with a sign"]]],
  ["a prefix without quotes", `${SMALLEST}prefix: !\n`, [[6, 10, "prefix: expected one to three of !"]]],
  ["a prefix that words begin with", `${SMALLEST}prefix: "bot"\n`, [[6, 9, "prefix: expected one to three of !"]]],
  ["an unknown language", `${SMALLEST}language: de\n`, [[6, 11, "language: expected en or es"]]],
  ["an unknown zone", `${SMALLEST}zone: Europe/Madird\n`, [[6, 7, "zone: expected an IANA time zone"]]],
  ["an offset in place of a zone", `${SMALLEST}zone: "+01:00"\n`, [[6, 7, "zone: expected an IANA time zone"]]],
  ["a span without a unit", `${SMALLEST}lateAfter: 60\n`, [[6, 12, "lateAfter: expected a span between 1s and 1h"]]],
  ["a span with an unknown unit", `${SMALLEST}windows:\n  contactEvery: 30m\n`, [[7, 17, "windows.contactEvery: expected a span between 1s and 24h"]]],
  ["a seal correction longer than two minutes", `${SMALLEST}windows: { sealCorrection: 3min }\n`, [[6, 28, "windows.sealCorrection: expected a span between 1s and 2min"]]],
  ["a window of no length", `${SMALLEST}windows: { bindingAnswer: 0s }\n`, [[6, 27, "windows.bindingAnswer: expected a span between 1s and 24h"]]],
  ["the same reminder twice", `${SMALLEST}windows: { taskReminders: [2h, 120min] }\n`, [[6, 27, "windows.taskReminders: expected one to five different spans"]]],
  ["a count that is not whole", `${SMALLEST}windows: { taskOverdueTimes: 2.5 }\n`, [[6, 30, "windows.taskOverdueTimes: expected a whole number between 0 and 100"]]],
  ["a count beyond its bound", `${SMALLEST}windows: { alerts: { P1: { times: 1000 } } }\n`, [[6, 35, "windows.alerts.P1.times: expected a whole number between 1 and 50"]]],
  ["a priority that does not exist", `${SMALLEST}windows: { alerts: { P5: { times: 1 } } }\n`, [[6, 22, "windows.alerts.P5: unknown key: expected one of P1, P2, P3, P4"]]],
  ["windows left empty", `${SMALLEST}windows:\n`, [[6, 1, "windows: expected keys with values"]]],
  ["a list where keys belong", `${SMALLEST}secrets: [a]\n`, [[6, 10, "secrets: expected keys with values"]]],
  ["two secrets in one file", `${SMALLEST}secrets: { accessTokenFile: a, passphraseFile: a }\n`, [[6, 48, "secrets.passphraseFile: expected a file of its own"]]],
  ["the token itself", `${SMALLEST}secrets: { accessToken: syt_cmVsZXZv_abcdefgh_123456 }\n`, [[6, 12, "a secret does not belong in this file"]]],
  ["the token in place of its file", `${SMALLEST}secrets: { accessTokenFile: syt_cmVsZXZv_abcdefgh_123456 }\n`, [[6, 29, "secrets.accessTokenFile: expected the path of a file"]]],
  ["a password at the top", `${SMALLEST}password: hunter22\n`, [[6, 1, "a secret does not belong in this file"]]],
  ["a key twice", `${SMALLEST}user: "@other:example.org"\n`, [[6, 1, "expected each key once"]]],
  ["a quote that is not closed", `${SMALLEST}zone: "Europe/Madrid\n`, [[7, 1, "expected a closing quote"]]],
  ["a tab before a key", `${SMALLEST}windows:\n\tcontactEvery: 30min\n`, [[7, 1, "expected spaces before a key, not a tab"]]],
  ["a bracket that is not closed", `${SMALLEST}windows: { contactEvery: 30min\n`, [[7, 1, "or a closing bracket or quote before this line"]]],
  ["an alias", `${SMALLEST}language: &l en\nzone: *l\n`, [[6, 14, "expected the value itself"], [7, 7, "expected the value itself"]]],
  ["two documents", `${SMALLEST}---\nlanguage: en\n`, [[6, 1, "expected one document"]]],
  ["a stop that needs more than a signed device", `${SMALLEST}trust:\n  binding: confirmed\n  stop: confirmed\n`, [[8, 9, "trust.stop: expected signed, and nothing else"]]],
  ["an empty file", "", [[1, 1, "expected the keys homeserver, user and owners"]]],
  ["a file that is a list", "- a\n", [[1, 1, "expected the keys homeserver, user and owners"]]],
  ["brackets nested without end", `${SMALLEST}data: ${"[".repeat(5_000)}\n`, [[6, 23, "expected at most 16 brackets"]]],
  ["lists nested without end", `${SMALLEST}data:\n  ${"- ".repeat(5_000)}\n`, [[7, 1, "nested too deep"]]],
];

describe("configuration", () => {
  it("may have any brackets in its comments, and a deep nest hidden behind a quoted # is refused all the same", () => {
    assert.ok(parseConfig(`${SMALLEST}${"# [{ not closed\n".repeat(20)}`, (path) => path).ok);
    assert.ok(!parseConfig(`${SMALLEST}data: [" # ", ${"[".repeat(30_000)}\n`, (path) => path).ok);
    assert.ok(!parseConfig(`${SMALLEST}data: [" # ", ${"[".repeat(15_000)}${"]".repeat(15_000)}]\n`, (path) => path).ok);
  });
  it("is accepted with no more than a homeserver, a user and an owner", () => {
    const read = parseConfig(SMALLEST, (path) => `/etc/relevo/${path}`);
    assert.ok(read.ok);
    const { settings } = read;
    assert.equal(settings.homeserver, "https://matrix.example.org");
    assert.equal(settings.data, "/etc/relevo/data");
    assert.equal(settings.windows.contactEvery, 30 * 60_000);
    assert.equal(settings.windows.sealCorrection, 20_000);
    assert.deepEqual(settings.windows.taskReminders, [86_400_000, 7_200_000]);
    assert.deepEqual(settings.windows.alerts.P1, { answer: 600_000, repeat: 600_000, times: 6 });
    assert.deepEqual(settings.owners, [{ user: "@ana:es.example", masterKey: "cmVwbGFjZSB0aGlzIGJ5IHRoZSBmaW5nZXJwcmludCE", language: "en", zone: "UTC" }]);
    assert.deepEqual(settings.secrets, {
      accessTokenFile: "/etc/relevo/secrets/access-token", passphraseFile: "/etc/relevo/secrets/passphrase", recoveryKeyFile: "/etc/relevo/secrets/recovery-key",
    });
  });

  it("gives an owner the language and zone of the installation unless theirs are named", () => {
    const read = parseConfig(`${SMALLEST}    zone: America/Bogota\n${SECOND_OWNER}language: es\nzone: Europe/Madrid\n`, (path) => path);
    assert.ok(read.ok);
    assert.deepEqual(read.settings.owners.map(({ language, zone }) => [language, zone]), [["es", "America/Bogota"], ["es", "Europe/Madrid"]]);
  });

  it("puts reminders in order, longest first", () => {
    const read = parseConfig(`${SMALLEST}windows: { taskReminders: [20s, 7d, 30min] }\n`, (path) => path);
    assert.ok(read.ok);
    assert.deepEqual(read.settings.windows.taskReminders, [604_800_000, 1_800_000, 20_000]);
  });

  it("allows http on the loopback, where tests run", () => {
    assert.ok(parseConfig(SMALLEST.replace("https://matrix.example.org", "http://127.0.0.1:8008"), (path) => path).ok);
  });

  it("accepts the sample that is shipped", () => {
    assert.ok(parseConfig(sampleConfig(), (path) => path).ok);
  });

  for (const [mistake, text, told] of MISTAKES) {
    it(`names line, column and what was expected: ${mistake}`, () => {
      const read = parseConfig(text, (path) => path);
      assert.ok(!read.ok, "it was accepted");
      assert.deepEqual(read.mistakes.map(({ line, column }) => [line, column]), told.map(([line, column]) => [line, column]), JSON.stringify(read.mistakes));
      for (const [index, [, , words]] of told.entries()) assert.ok(read.mistakes[index]!.what.includes(words), read.mistakes[index]!.what);
    });
  }

  it("names all mistakes at once, in the order of the file", () => {
    const read = parseConfig(`homeserver: ftp://x\nuser: relevo\nadminz: 1\n${SMALLEST.slice(SMALLEST.indexOf("owners"))}lateAfter: soon\n`, (path) => path);
    assert.ok(!read.ok);
    assert.deepEqual(read.mistakes.map(({ line }) => line), [1, 2, 3, 7]);
  });

  it("never repeats a value, because it may be a misplaced secret", () => {
    const secret = "hunter22hunter22";
    const texts = [
      `${SMALLEST}password: ${secret}\n`, `${SMALLEST}data: "${secret}\n`, `${SMALLEST}${secret}_x: 1\n`, `${SMALLEST}zone: ${secret}\n`, `${SMALLEST}prefix: *${secret}\n`,
      `${SMALLEST}prefix: @${secret}\n`, `${SMALLEST}prefix: !${secret} x\n`, secret, `${SMALLEST}? [${secret}]\n: 1\n`, `${SMALLEST}homeserver: ${secret}\n`,
      SMALLEST.replace("https://", `https://x:${secret}@`), `${SMALLEST}%${secret}\n`, `${SMALLEST} ${secret}: [}\n`, `${SMALLEST}windows: { ${secret}_: 1 }\n`,
    ];
    for (const text of texts) {
      const read = parseConfig(text, (path) => path);
      assert.ok(!read.ok, text);
      assert.ok(!JSON.stringify(read.mistakes).includes(secret), JSON.stringify(read.mistakes));
    }
  });
});

describe("configuration file", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "relevo-config-"));
  });
  after(() => rm(folder, { recursive: true }));

  async function written(text: string | Uint8Array, mode = 0o600): Promise<string> {
    const file = join(folder, "relevo.yaml");
    await writeFile(file, text);
    await chmod(file, mode);
    return file;
  }
  const refused = (code: string, words: RegExp) => (error: unknown): boolean => {
    assert.ok(error instanceof OperatorError);
    assert.equal(error.code, code);
    assert.match(`${error.message}\n${error.cure}`, words);
    return true;
  };

  it("is named in each mistake", async () => {
    const file = await written(`${SMALLEST}adminz: 1\n`);
    await assert.rejects(loadConfig(file), refused("config.invalid", /relevo\.yaml:6:1: adminz: unknown key: expected one of/));
  });
  it("has its paths read from its own folder", async () => {
    assert.equal((await loadConfig(await written(SMALLEST))).data, join(folder, "data"));
  });
  it("is refused if others could make themselves an owner in it, and the chmod line is told", async () => {
    for (const mode of [0o620, 0o602]) {
      await assert.rejects(loadConfig(await written(SMALLEST, mode)), refused("config.writable-by-others", /chmod go-w .*relevo\.yaml/));
    }
    assert.ok(await loadConfig(await written(SMALLEST, 0o644)));
  });
  it("is refused if it is not there, a folder, too large, or not text", async () => {
    await assert.rejects(loadConfig(join(folder, "none.yaml")), refused("config.missing", /relevo init/));
    await assert.rejects(loadConfig(folder), refused("config.unreadable", /not a file/));
    await assert.rejects(loadConfig(await written(`${SMALLEST}#${"x".repeat(70_000)}`)), refused("config.too-large", /65536 bytes/));
    await assert.rejects(loadConfig(await written(Buffer.from([0xff, 0xfe, 0x00]))), refused("config.unreadable", /UTF-8/));
  });
});
