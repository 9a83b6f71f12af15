import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, describe, it } from "node:test";
import { ACCESS_TOKEN, PASSPHRASE, RECOVERY_KEY, readSecretFile, readSecretInput } from "../../src/cli/secret-file.ts";
import { OperatorError } from "../../src/operator-error.ts";

const TOKEN = "syt_cmVsZXZv_planted_1a2b3c";

describe("secret file", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "relevo-secret-"));
  });
  after(() => rm(folder, { recursive: true }));

  async function holding(text: string | Uint8Array, mode = 0o600): Promise<string> {
    const file = join(folder, "token");
    await rm(file, { force: true });
    await writeFile(file, text);
    await chmod(file, mode);
    return file;
  }
  const refused = (code: string, words = /./) => (error: unknown): boolean => {
    assert.ok(error instanceof OperatorError, String(error));
    assert.equal(error.code, code);
    const told = `${error.message}\n${error.cure}`;
    assert.match(told, words);
    assert.ok(!told.includes(TOKEN.slice(0, 12)), "the error shows the secret");
    return true;
  };

  it("is read without the line break at its end", async () => {
    assert.equal(await readSecretFile(await holding(`${TOKEN}\n`), ACCESS_TOKEN), TOKEN);
    assert.equal(await readSecretFile(await holding(`${TOKEN}\r\n`, 0o400), ACCESS_TOKEN), TOKEN);
  });
  for (const mode of [0o644, 0o640, 0o604, 0o660, 0o666, 0o610]) {
    it(`is refused with mode ${mode.toString(8)}, and the chmod line is told`, async () => {
      const file = await holding(TOKEN, mode);
      await assert.rejects(readSecretFile(file, ACCESS_TOKEN), refused("secret.mode", new RegExp(`chmod 600 ${file}`)));
    });
  }
  it("is refused if it is a link, a folder or a pipe, without waiting for the pipe's other end", async () => {
    const link = join(folder, "link");
    await symlink(await holding(TOKEN), link);
    await assert.rejects(readSecretFile(link, ACCESS_TOKEN), refused("secret.not-a-file"));
    await assert.rejects(readSecretFile(folder, ACCESS_TOKEN), refused("secret.not-a-file"));
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", ["-m", "600", pipe]);
    await assert.rejects(readSecretFile(pipe, ACCESS_TOKEN), refused("secret.not-a-file"));
  });
  it("is refused if it is missing, empty, blank, too long, too short, several lines or no text", async () => {
    await assert.rejects(readSecretFile(join(folder, "none"), ACCESS_TOKEN), refused("secret.missing", /chmod 600/));
    await assert.rejects(readSecretFile(await holding(""), ACCESS_TOKEN), refused("secret.empty"));
    await assert.rejects(readSecretFile(await holding(" \n"), ACCESS_TOKEN), refused("secret.empty"));
    await assert.rejects(readSecretFile(await holding(TOKEN.repeat(500)), ACCESS_TOKEN), refused("secret.too-long", /4096/));
    await assert.rejects(readSecretFile(await holding("é".repeat(3_000)), RECOVERY_KEY), refused("secret.too-long", /128/));
    await assert.rejects(readSecretFile(await holding("short"), PASSPHRASE), refused("secret.too-short", /20 characters/));
    await assert.rejects(readSecretFile(await holding(`${TOKEN}\nmore\n`), ACCESS_TOKEN), refused("secret.not-one-line"));
    await assert.rejects(readSecretFile(await holding(` ${TOKEN}`), ACCESS_TOKEN), refused("secret.not-one-line"));
    await assert.rejects(readSecretFile(await holding(Buffer.from([0xff, 0xfe, 0x41, 0x42])), ACCESS_TOKEN), refused("secret.not-one-line"));
  });
  it("may come from standard input under the same rules", async () => {
    assert.equal(await readSecretInput(Readable.from([Buffer.from(TOKEN.slice(0, 5)), Buffer.from(`${TOKEN.slice(5)}\n`)]), ACCESS_TOKEN), TOKEN);
    await assert.rejects(readSecretInput(Readable.from([]), ACCESS_TOKEN), refused("secret.empty", /standard input/));
    function* endless(): Generator<Buffer> {
      for (;;) yield Buffer.alloc(1_000, "x");
    }
    await assert.rejects(readSecretInput(Readable.from(endless()), ACCESS_TOKEN), refused("secret.too-long"));
  });
});
