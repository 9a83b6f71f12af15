import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { commandLine } from "../../src/cli/command-line.ts";
import { report } from "../../src/cli/report.ts";
import { jsonLog } from "../../src/app/system.ts";
import { OperatorError } from "../../src/operator-error.ts";

async function typed(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await commandLine(args, { input: Readable.from([]), out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

describe("command line", () => {
  it("says what it can do", async () => {
    const { code, out } = await typed("--help");
    assert.equal(code, 0);
    for (const command of ["init", "run", "audit"]) assert.match(out, new RegExp(`\\b${command}\\b`));
    assert.match((await typed("init", "--help")).out, /--access-token-file/);
  });
  it("offers the command or option that was meant, and runs nothing", async () => {
    assert.match((await typed("rnu")).err, /Did you mean run\?/);
    assert.match((await typed("run", "--confgi", "x")).err, /Did you mean --config\?/);
    assert.equal((await typed("rnu")).code, 1);
  });
  it("refuses a secret with the reason, wherever it stands, and does not repeat it", async () => {
    for (const args of [
      ["init", "--access-token=hunter22"], ["run", "--token", "hunter22"], ["init", "--password", "hunter22"], ["init", "--passphrase=hunter22"],
      ["init", "--access-token-file", "syt_cmVsZXZv_hunter22_1a2b3c"], ["run", "syt_cmVsZXZv_hunter22_1a2b3c"], ["run", "--config=mct_hunter22hunter22"],
    ]) {
      const { code, out, err } = await typed(...args);
      assert.equal(code, 78);
      assert.match(err, /every user of this machine can read it/);
      assert.ok(!`${out}${err}`.includes("hunter22"), err);
    }
  });
  it("does not repeat the value of an option it does not know, nor an argument too many", async () => {
    for (const args of [["run", "--pasword=hunter22"], ["run", "--config", "x", "hunter22"]]) {
      const { code, err } = await typed(...args);
      assert.equal(code, 1);
      assert.ok(!err.includes("hunter22"), err);
    }
  });
  it("tells an operator error: what is wrong, what became of the bot, what to do", async () => {
    const { code, err } = await typed("run", "--config", "/nowhere/relevo.yaml");
    assert.equal(code, 78);
    assert.deepEqual(err.split("\n"), [
      "relevo: There is no /nowhere/relevo.yaml. (config.missing)",
      "The bot did not start. Nothing was sent and nothing accepted is lost; what people write waits at the homeserver. Tell them to phone.",
      "To do: Name the file with --config FILE, or write one with relevo init.",
    ]);
  });
});

describe("errors at the end of the process", () => {
  function reported(thrown: unknown): { code: number; err: string[]; log: string[] } {
    const err: string[] = [];
    const log: string[] = [];
    const code = report(thrown, (line) => err.push(line), jsonLog((line) => log.push(line), () => 0));
    return { code, err, log };
  }
  it("end with 78 only where starting again cannot help", () => {
    assert.equal(reported(new OperatorError("secret.mode", "what", "cure")).code, 78);
    for (const code of ["crypto-store.older", "journal.older", "journal.unknown-event"]) assert.equal(reported(new OperatorError(code, "what", "cure")).code, 78);
    assert.equal(reported(new OperatorError("journal.disk-full", "what", "cure")).code, 1);
  });
  it("tell what the homeserver said while starting, by its kind and codes only", () => {
    const fault = (kind: string, errcode?: string): Error => Object.assign(new Error("@ana:es.example said no"), { name: "GatewayFault", kind, status: 401, errcode });
    for (const [kind, code, words] of [["token", 78, /relevo login/], ["unreachable", 1, /cannot be reached/], ["rate-limited", 1, /rate limit/], ["refused", 1, /refused/]] as const) {
      const { code: ended, err, log } = reported(fault(kind, "M_UNKNOWN_TOKEN"));
      assert.equal(ended, code);
      assert.equal(err.length, 2);
      assert.match(err.join("\n"), words);
      assert.match(err.join("\n"), /status 401, M_UNKNOWN_TOKEN/);
      assert.doesNotMatch(`${err.join("\n")}${log.join("\n")}`, /@ana/);
    }
    assert.doesNotMatch(reported(fault("token", "M_@ana:es.example")).err.join("\n"), /@ana/);
  });
  it("tell a cure once, whichever layer made the error", () => {
    const other = Object.assign(new Error("The store is locked. Stop the other."), { name: "OperatorError", code: "crypto-store.locked", cure: "Stop the other." });
    assert.deepEqual(reported(other), { code: 1, err: ["relevo: The store is locked. (crypto-store.locked)", "To do: Stop the other."], log: [] });
  });
  it("show a bug as a code that stands in the log, without its text or a stack trace", () => {
    const { code, err, log } = reported(new TypeError("cannot read seal 0774471 of @ana:es.example"));
    assert.equal(code, 1);
    const shown = err.join("\n");
    const bug = /B-[0-9a-f]{6}/.exec(shown)?.[0];
    assert.ok(bug !== undefined && log.join("\n").includes(bug));
    assert.doesNotMatch(`${shown}\n${log.join("\n")}`, /0774471|@ana|cannot read/);
    assert.doesNotMatch(shown, /\n\s+at /);
    assert.match(log.join("\n"), /test\/cli\/command-line\.test\.ts:\d+:\d+/);
  });
  it("survive what is no error at all", () => {
    for (const thrown of [undefined, null, "text", { stack: 1 }]) assert.equal(reported(thrown).code, 1);
  });
});
