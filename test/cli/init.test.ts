import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, it } from "node:test";
import { systemRandom } from "../../src/app/system.ts";
import { loadConfig } from "../../src/cli/config.ts";
import { init } from "../../src/cli/init.ts";
import type { InitOptions, InitParts } from "../../src/cli/init.ts";
import { readSecrets } from "../../src/cli/secret-file.ts";
import { OperatorError } from "../../src/operator-error.ts";

const TOKEN = "syt_cmVsZXZv_planted_1a2b3c";

describe("relevo init", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "relevo-init-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  function options(more: Partial<InitOptions> = {}): InitOptions {
    return {
      config: join(folder, "relevo.yaml"), homeserver: "https://matrix.example.org", user: "@relevo:example.org",
      owner: ["@ana=1:es.example=cmVwbGFjZSB0aGlzIGJ5IHRoZSBmaW5nZXJwcmludCE"], accessTokenFile: "-",
      data: "data", language: "es", zone: "America/Bogota", prefix: "~", ...more,
    };
  }
  const parts = (): InitParts => ({ input: input(), random: systemRandom(), account: "relevo", program: "/opt/relevo/bin/relevo.js", node: "/opt/relevo/node_modules/.bin/node" });
  const input = (): Readable => Readable.from([Buffer.from(`${TOKEN}\n`)]);
  const mode = async (...path: string[]): Promise<string> => ((await stat(join(folder, ...path))).mode & 0o777).toString(8);
  const refused = (code: string, words: RegExp) => (error: unknown): boolean => {
    assert.ok(error instanceof OperatorError, String(error));
    assert.equal(error.code, code);
    assert.match(`${error.message}\n${error.cure}`, words);
    return true;
  };

  it("writes a configuration that run accepts, with everything that was asked for", async () => {
    await init(options(), parts());
    const settings = await loadConfig(join(folder, "relevo.yaml"));
    assert.equal(settings.homeserver, "https://matrix.example.org");
    assert.equal(settings.prefix, "~");
    assert.deepEqual(settings.owners, [{ user: "@ana=1:es.example", masterKey: "cmVwbGFjZSB0aGlzIGJ5IHRoZSBmaW5nZXJwcmludCE", language: "es", zone: "America/Bogota" }]);
    assert.equal((await readSecrets(settings)).accessToken, TOKEN);
    assert.equal((await readSecrets(settings)).recoveryKey, undefined);
  });
  it("makes a passphrase of 256 random bits, another each time", async () => {
    await init(options(), parts());
    const first = await readFile(join(folder, "secrets", "passphrase"), "utf8");
    assert.match(first, /^[a-z2-7-]{64}\n$/);
    await init(options({ config: join(folder, "b", "relevo.yaml") }), parts());
    assert.notEqual(await readFile(join(folder, "b", "secrets", "passphrase"), "utf8"), first);
  });
  it("writes every file for its owner alone, whatever the umask", async () => {
    const umask = process.umask(0);
    try {
      await init(options(), parts());
    } finally {
      process.umask(umask);
    }
    assert.deepEqual([await mode("relevo.yaml"), await mode("secrets"), await mode("secrets", "access-token"), await mode("secrets", "passphrase")], ["600", "700", "600", "600"]);
  });
  it("puts no secret into the configuration or into what it shows", async () => {
    const shown = await init(options(), parts());
    const passphrase = (await readFile(join(folder, "secrets", "passphrase"), "utf8")).trim();
    const text = `${await readFile(join(folder, "relevo.yaml"), "utf8")}\n${shown.join("\n")}`;
    assert.ok(!text.includes(TOKEN) && !text.includes(passphrase));
  });
  it("takes secrets from files that are closed to others, and names the setting of a password only if there is one", async () => {
    const password = join(folder, "typed-password");
    await writeFile(password, "a password\n", { mode: 0o600 });
    await init(options({ passwordFile: password }), parts());
    assert.equal((await readSecrets(await loadConfig(join(folder, "relevo.yaml")))).password, "a password");
    await chmod(password, 0o644);
    await assert.rejects(init(options({ config: join(folder, "b", "relevo.yaml"), passwordFile: password }), parts()), refused("secret.mode", /chmod 600/));
  });
  for (const there of ["relevo.yaml", "secrets/access-token", "secrets/passphrase", "secrets/recovery-key"]) {
    it(`refuses to overwrite ${there}, and writes nothing`, async () => {
      await mkdir(join(folder, "secrets"), { mode: 0o700 });
      await writeFile(join(folder, there), "precious", { mode: 0o600 });
      await assert.rejects(init(options(), parts()), refused("init.exists", /there already; nothing was written/));
      assert.equal(await readFile(join(folder, there), "utf8"), "precious");
      assert.deepEqual((await readdir(folder, { recursive: true })).filter((name) => name !== "secrets"), [there]);
    });
  }
  it("leaves nothing behind when it cannot write the last file", async () => {
    // The configuration is written last; here its name is taken by the folder that init itself makes.
    await assert.rejects(init(options({ config: join(folder, "secrets") }), parts()), refused("init.folder", /nothing was written/));
    assert.deepEqual(await readdir(folder), []);
  });
  it("refuses a folder for secrets that others can look into", async () => {
    await mkdir(join(folder, "secrets"));
    await chmod(join(folder, "secrets"), 0o755);
    await assert.rejects(init(options(), parts()), refused("init.folder", /chmod 700/));
    assert.deepEqual(await readdir(folder), ["secrets"]);
  });
  it("names all options that do not fit at once, and repeats none of them", async () => {
    const wrong = options({ homeserver: "matrix.example.org", user: "relevo", owner: ["hunter22"], zone: "Bogota", language: "de", prefix: "bot" });
    await assert.rejects(init(wrong, parts()), (error: unknown) => {
      assert.ok(error instanceof OperatorError);
      assert.deepEqual(error.message.split("\n").slice(1).map((line) => line.split(":")[0]), ["--homeserver", "--user", "--owner", "--language", "--zone", "--prefix"]);
      return !error.message.includes("hunter22");
    });
    assert.deepEqual(await readdir(folder), []);
  });
  it("refuses two secrets from one standard input", async () => {
    await assert.rejects(init(options({ passphraseFile: "-" }), parts()), refused("init.invalid", /Two secrets/));
  });
});
