import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../../bin/relevo.js", import.meta.url));
const ROOT = dirname(dirname(BIN));

/** A Node of the system that is not this one, as a shell without npm's paths would find it; undefined on a machine that has none. */
function systemNode(): string | undefined {
  const places = (process.env["PATH"] ?? "").split(delimiter).filter((place) => !place.includes("node_modules"));
  const found = [...places, "/usr/local/bin", "/usr/bin"].map((place) => join(place, "node")).find((file) => existsSync(file));
  if (found === undefined) return undefined;
  const version = spawnSync(found, ["--version"], { encoding: "utf8" }).stdout.trim();
  return version === process.version ? undefined : found;
}

const old = systemNode();
const skip = old === undefined ? "this machine has no other Node than the project's own" : false;

describe("bin/relevo.js", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "relevo-bin-"));
  });
  after(() => rm(folder, { recursive: true }));
  const call = (file: string, args: readonly string[], node = old ?? process.execPath): { status: number | null; out: string; err: string } => {
    const { status, stdout, stderr } = spawnSync(node, [file, ...args], { encoding: "utf8", cwd: folder, timeout: 30_000 });
    return { status, out: stdout, err: stderr };
  };

  it("runs on the project's own Node when an older one calls it by path", { skip }, () => {
    assert.notEqual(spawnSync(old!, ["--version"], { encoding: "utf8" }).stdout.trim(), process.version);
    assert.equal(call(BIN, ["--version"]).out, `relevo 0.1.0, Node ${process.versions.node}\n`);
  });
  it("does so through a symbolic link, as npx and systemd call it", { skip }, async () => {
    const link = join(folder, "relevo");
    await symlink(BIN, link);
    assert.match(call(link, ["--version"]).out, new RegExp(`Node ${process.versions.node.replaceAll(".", "\\.")}`));
    const byShebang = spawnSync(link, ["--version"], { encoding: "utf8", env: { ...process.env, PATH: dirname(old!) } });
    assert.match(byShebang.stdout, new RegExp(`Node ${process.versions.node.replaceAll(".", "\\.")}`));
  });
  it("loads the program into its own process when it already runs on that Node", () => {
    assert.match(call(BIN, ["--version"], process.execPath).out, /^relevo 0\.1\.0, Node 26/);
  });
  it("passes on the exit code", () => {
    assert.equal(call(BIN, ["--version"]).status, 0);
    assert.equal(call(BIN, ["rnu"]).status, 1);
    assert.equal(call(BIN, ["run", "--config", "none.yaml"]).status, 78);
  });
  it("keeps what it has compiled where the service manager says, and starts without it where it may not write", async () => {
    for (const node of [process.execPath, ...(old === undefined ? [] : [old])]) {
      const cache = await mkdtemp(join(folder, "cache-"));
      const { status } = spawnSync(node, [BIN, "--version"], { env: { ...process.env, CACHE_DIRECTORY: `${cache}:/elsewhere`, NODE_COMPILE_CACHE: undefined }, timeout: 30_000 });
      assert.equal(status, 0);
      assert.ok((await readdir(cache)).length > 0);
      const barred = spawnSync(node, [BIN, "--version"], { encoding: "utf8", env: { ...process.env, CACHE_DIRECTORY: join(BIN, "no-folder"), NODE_COMPILE_CACHE: undefined }, timeout: 30_000 });
      assert.deepEqual([barred.status, barred.stderr], [0, ""]);
    }
  });
  it("says in one line what to run when the project's Node is missing", async () => {
    const bare = join(folder, "bare");
    await mkdir(join(bare, "bin"), { recursive: true });
    await copyFile(BIN, join(bare, "bin", "relevo.js"));
    await writeFile(join(bare, "package.json"), '{"type":"module"}');
    const { status, err } = call(join(bare, "bin", "relevo.js"), ["--version"]);
    assert.equal(status, 1);
    assert.equal(err, `relevo: its own Node is missing. Run in ${bare}: npm ci\n`);
  });

  describe("with a program that reports what reaches it", { skip: process.platform === "win32" ? "no signals there" : skip }, () => {
    let bin = "";
    before(async () => {
      const root = join(folder, "probe");
      await mkdir(join(root, "bin"), { recursive: true });
      await mkdir(join(root, "src", "cli"), { recursive: true });
      bin = join(root, "bin", "relevo.js");
      await copyFile(BIN, bin);
      await writeFile(join(root, "package.json"), '{"type":"module"}');
      await symlink(join(ROOT, "node_modules"), join(root, "node_modules"));
      await writeFile(join(root, "src", "cli", "main.ts"), `
        const told = (what: string): void => { process.stdout.write(what + "\\n"); };
        process.on("SIGTERM", () => { told("SIGTERM"); process.exit(7); });
        process.on("disconnect", () => { told("alone"); process.exit(8); });
        // If nothing reaches it, it ends by itself, so that a failure leaves no process behind.
        setTimeout(() => { told("nothing came"); process.exit(9); }, 10_000);
        told("pid " + process.pid);
      `);
    });
    /** Runs it, does something once its program runs, and gives all that came out and how it ended. */
    async function watched(then: (wrapper: number, program: number) => void): Promise<{ out: string; code: number | null; signal: string | null }> {
      const child = spawn(old!, [bin], { stdio: ["ignore", "pipe", "inherit"], timeout: 20_000, killSignal: "SIGKILL" });
      let out = "";
      return new Promise((done) => {
        child.stdout.setEncoding("utf8").on("data", (text: string) => {
          const before = out;
          out += text;
          const program = /pid (\d+)\n/.exec(out);
          if (program !== null && !before.includes("pid")) then(child.pid!, Number(program[1]));
        });
        // "close" waits for the program's own end of the pipe, too.
        child.on("close", (code, signal) => done({ out: out.replace(/pid \d+\n/, ""), code, signal }));
      });
    }
    it("passes on SIGTERM and the exit code that follows", async () => {
      assert.deepEqual(await watched((wrapper) => process.kill(wrapper, "SIGTERM")), { out: "SIGTERM\n", code: 7, signal: null });
    });
    it("ends by the signal that ended the program", async () => {
      assert.deepEqual(await watched((_wrapper, program) => process.kill(program, "SIGKILL")), { out: "", code: null, signal: "SIGKILL" });
    });
    it("lets the program know that it was killed itself, so that no second bot is left running", async () => {
      const { out, signal } = await watched((wrapper) => process.kill(wrapper, "SIGKILL"));
      assert.deepEqual([out, signal], ["alone\n", "SIGKILL"]);
    });
  });

  it("is readable for Node 14: no syntax or module that is newer", async () => {
    const text = await readFile(BIN, "utf8");
    assert.doesNotMatch(text, /\?\?=|\|\|=|&&=|"node:|\.at\(|await |\d_\d|static \{/);
  });
});
