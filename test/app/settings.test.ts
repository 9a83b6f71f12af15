import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { looksSecret, readCallUrl, readHomeserver, readListen, readMasterKey, readPath, readPrefix, readSpan, readUserId, readZone, writeSpan } from "../../src/app/setting-values.ts";
import { parseConfig } from "../../src/cli/config.ts";
import { allSettings, configText } from "../../src/cli/config-text.ts";

describe("single settings", () => {
  it("a span is read back as it was written, to the second", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 900_000 }), (seconds) => readSpan(writeSpan(seconds * 1_000)) === seconds * 1_000));
    assert.deepEqual([86_400_000, 7_200_000, 604_800_000, 90_000, 1_800_000].map(writeSpan), ["24h", "2h", "7d", "90s", "30min"]);
  });
  it("a span without a known unit, below zero, broken or endless is none", () => {
    for (const wrong of [60, "60", "30m", "1.5h", "-5min", "h", "5 hours", "9999999s", "", null, ["5min"], "5min 3s"]) assert.equal(readSpan(wrong), undefined, String(wrong));
  });
  it("a fingerprint is the same in groups, with spaces or padding, and nothing that is not 32 bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      const key = Buffer.from(bytes).toString("base64").replace("=", "");
      const grouped = (key.match(/.{1,4}/g) ?? []).join(" ");
      return readMasterKey(key) === key && readMasterKey(grouped) === key && readMasterKey(`${key}=`) === key && readMasterKey(key.slice(1)) === undefined;
    }));
    for (const wrong of ["", "A".repeat(42), "A".repeat(44), `${"A".repeat(42)}!`, `${"A".repeat(42)}B`, 5, null, "-".repeat(43)]) assert.equal(readMasterKey(wrong), undefined);
  });
  it("a Matrix user id has a localpart and a server, and at most 255 characters", () => {
    for (const right of ["@ana:es.example", "@a=b/c:es.example:8448", "@x:[::1]:80", "@Old.Name:x"]) assert.equal(readUserId(right), right);
    for (const wrong of ["ana", "@ana", "@:x", "@ana:", "@a b:x", "@ana:es example", `@${"a".repeat(260)}:x`, "@ána:x", "@a\n:x", 1]) assert.equal(readUserId(wrong), undefined, String(wrong));
  });
  it("a zone is one of the IANA database, not an offset", () => {
    assert.equal(readZone("america/bogota"), "America/Bogota");
    assert.equal(readZone("UTC"), "UTC");
    for (const wrong of ["+01:00", "Madrid", "Europe/", "", 1, "Europe/Madrid\n"]) assert.equal(readZone(wrong), undefined, String(wrong));
  });
  it("a homeserver is an address over https, or on the loopback", () => {
    assert.equal(readHomeserver("https://Matrix.Example.org/"), "https://matrix.example.org");
    assert.equal(readHomeserver("http://[::1]:8008"), "http://[::1]:8008");
    for (const wrong of ["http://matrix.example.org", "https://x/y", "https://u:p@x", "https://x?a", "https://x#a", "ftp://x", "file:///etc", "x", "http://127.0.0.1.evil.example"]) {
      assert.equal(readHomeserver(wrong), undefined, wrong);
    }
  });
  it("a prefix is not a sign that names, words or client commands begin with", () => {
    for (const wrong of ["", "/", "@", "#", "a", "1", " ", "!!!!", "¡"]) assert.equal(readPrefix(wrong), undefined, wrong);
    assert.equal(readPrefix("!!"), "!!");
  });
  it("an address to listen on is an IP address of this machine with a port, or off", () => {
    assert.deepEqual(["off", false, "127.0.0.1:9477", "[::1]:1"].map(readListen), ["off", "off", { host: "127.0.0.1", port: 9_477 }, { host: "::1", port: 1 }]);
    for (const wrong of ["on", "", "localhost:9477", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "300.0.0.1:1", "[::g]:1", ":9477", 9_477, null]) assert.equal(readListen(wrong), undefined, String(wrong));
  });
  it("an address that watches the bot is called over https, or on the loopback", () => {
    assert.equal(readCallUrl("https://watch.example.org/ping/1?a=b"), "https://watch.example.org/ping/1?a=b");
    assert.equal(readCallUrl("http://127.0.0.1:8080/ping"), "http://127.0.0.1:8080/ping");
    for (const wrong of ["http://watch.example.org", "http://127.0.0.1.evil.example/", "https://u:p@watch.example.org", "ftp://x", "watch", "", 5, `https://x/${"a".repeat(500)}`]) assert.equal(readCallUrl(wrong), undefined, String(wrong));
  });
  it("figures are opened to other machines on purpose only", () => {
    const config = (more: string): ReturnType<typeof parseConfig> => parseConfig(`homeserver: https://x\nuser: "@relevo:x"\nowners:\n  - user: "@ana:x"\n    masterKey: cmVwbGFjZSB0aGlzIGJ5IHRoZSBmaW5nZXJwcmludCE\n${more}`, (path) => path);
    const closed = config("metrics: 10.0.0.5:9477\n");
    assert.match(closed.ok ? "" : closed.mistakes.map((mistake) => `${mistake.line} ${mistake.what}`).join(), /^6 metrics: .*loopback.*metricsBeyondLoopback/);
    assert.ok(config("metrics: 10.0.0.5:9477\nmetricsBeyondLoopback: true\n").ok && config("metrics: 127.0.0.1:9477\n").ok);
  });
  it("a path is never a token or a recovery key that was put in its place", () => {
    for (const secret of ["syt_cmVs_abc_1", "mct_abcdef", "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d"]) {
      assert.ok(looksSecret(secret), secret);
      assert.equal(readPath(secret), undefined);
    }
    assert.equal(readPath("secrets/syt"), "secrets/syt");
    assert.equal(readPath("a\0b"), undefined);
  });
});

describe("the configuration as it is written", () => {
  it("explains every key", () => {
    const silent: string[] = [];
    const look = (settings: ReturnType<typeof allSettings>): void => settings.forEach((setting) => {
      if (setting.inside === "leaf" && setting.explained === undefined) silent.push(setting.path);
      look(setting.children);
    });
    look(allSettings());
    assert.deepEqual(silent, []);
  });
  it("is read back with the same values, whatever they are", () => {
    const span = fc.integer({ min: 1, max: 120 }).map((seconds) => `${seconds}s`);
    const path = fc.stringMatching(/^[^\p{Cc}\ud800-\udfff]{1,40}$/u).filter((text) => readPath(text) !== undefined);
    const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("base64").replace("=", ""));
    const name = fc.stringMatching(/^@[a-z0-9._=/+-]{1,10}:[a-z0-9.-]{1,10}$/);
    fc.assert(fc.property(span, path, key, name, fc.constantFrom("!", "~", "!!", "%", "&"), fc.constantFrom("en", "es"), (late, data, masterKey, user, prefix, language) => {
      fc.pre(user !== "@relevo:x");
      const text = configText({
        values: { "homeserver": "https://x", "user": "@relevo:x", lateAfter: late, data, prefix, language, "windows.sealCorrection": late, "secrets.passwordFile": "secrets/pw" },
        lists: { owners: [{ user, masterKey }] },
      });
      const read = parseConfig(text, (each) => each);
      assert.ok(read.ok, JSON.stringify(read));
      const { settings } = read;
      assert.deepEqual([settings.lateAfter, settings.windows.sealCorrection, settings.data, settings.prefix, settings.language, settings.owners[0], settings.secrets.passwordFile],
        [readSpan(late), readSpan(late), data, prefix, language, { user, masterKey, language, zone: "UTC" }, "secrets/pw"]);
    }));
  });
});
