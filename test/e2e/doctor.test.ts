import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, openSync, closeSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { newHuman } from "../support/human.ts";
import { freePort } from "../support/synapse.ts";
import { openOperation, type Operation } from "./attacks-stage.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/relevo.js", import.meta.url));

interface Checked {
  readonly check: string;
  readonly verdict: "ok" | "attention" | "wrong";
  readonly found: string;
  readonly cure?: string;
}

/** What a command of the operator writes and ends with. */
function relevo(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], { timeout: 110_000, env: { ...process.env, NODE_TEST_CONTEXT: undefined } }, (error, out, err) => {
      resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : -1, out, err });
    });
  });
}

describe("doctor, of a bot on a real homeserver", () => {
  let op: Operation;
  /** A port that nobody listens on. */
  let nobody = 0;
  before(async () => {
    nobody = await freePort();
    op = await openOperation({ members: [{ name: "caio", role: "member", country: "PT" }], settings: { metrics: `127.0.0.1:${await freePort()}` } });
  });
  after(async () => { await op?.close(); });

  async function doctor(config = op.bot.config): Promise<ReadonlyMap<string, Checked>> {
    const { out, err } = await relevo("doctor", "--json", "--config", config);
    assert.equal(err, "");
    const { checks } = JSON.parse(out) as { readonly checks: readonly Checked[] };
    for (const { check, verdict, cure } of checks) assert.equal(cure === undefined, verdict === "ok", check);
    return new Map(checks.map((each) => [each.check, each]));
  }
  const wrong = (checks: ReadonlyMap<string, Checked>): readonly string[] => [...checks.values()].filter(({ verdict }) => verdict === "wrong").map(({ check }) => check);
  /** A copy of the stopped installation that something is done to; whether its bot ends, with what code, and what doctor then says. */
  async function broken(how: (folder: string, config: string) => void): Promise<{ readonly code: number; readonly told: string; readonly checks: ReadonlyMap<string, Checked> }> {
    const folder = path.join(op.dir, "broken");
    rmSync(folder, { recursive: true, force: true });
    cpSync(op.bot.dir, folder, { recursive: true });
    const config = path.join(folder, "relevo.yaml");
    how(folder, config);
    const { code, err } = await relevo("run", "--config", config);
    return { code, told: err.split("\n").filter((text) => !text.startsWith("{")).join("\n"), checks: await doctor(config) };
  }
  function scribble(file: string, at: number): void {
    const open = openSync(file, "r+");
    writeSync(open, Buffer.alloc(64, 7), 0, 64, at);
    closeSync(open);
  }

  it("tells an owner in chat what is not well with its cure, the machine's part included, and an administrator only what is theirs", async () => {
    const owner = await op.asks("ana", op.direct("ana"), "doctor", /need.? a look|in order/);
    assert.match(owner.body, /▲ LOOK: The recovery key still lies in .*\n {3}→ .*shred -u /);
    assert.match(owner.body, /✓ In order: .*disk.*homeserver.*clock.*token.*signed device.*running.*sending.*readable messages.*power levels.*rooms.*journal/);
    const administrator = await op.asks("luis", op.direct("luis"), "doctor", /need.? a look|in order/);
    assert.doesNotMatch(administrator.body, /recovery key|disk|file modes/);
    assert.match(administrator.body, /power levels/);
  });
  it("tells of one person whether their devices can read, are signed, and whether they heard the wake test", async () => {
    const tablet = await newHuman(op.synapse, "caio", { account: op.person("caio").account, crossSign: false });
    op.ends(async () => tablet.stop());
    await op.until(async () => /1 signed can read, 1 not signed cannot/.test((await op.asks("ana", op.direct("ana"), "doctor PT-2", /^PT-2 in /)).body), "the bot hears of the tablet");
    const { body } = await op.asks("ana", op.direct("ana"), "doctor PT-2", /^PT-2 in /);
    assert.match(body, /✓ Identity: the one that was pinned\.[^]*▲ LOOK: Devices: 1 signed can read, 1 not signed cannot\.\n {3}→ They verify that device[^]*✓ Rooms: in all of theirs\.[^]*Wake test: never done.*\n {3}→ .*me test/);
  });
  it("says from the command line how a running bot is, and that only the recovery key is to be seen to", async () => {
    const checks = await doctor();
    assert.deepEqual(wrong(checks), []);
    for (const name of ["config", "node", "disk", "files", "server", "clock", "token", "signature", "recovery", "rooms", "power", "outbox", "undecryptable", "chain", "instance", "watch"]) {
      assert.equal(checks.get(name)?.verdict, "ok", `${name}: ${checks.get(name)?.found}`);
    }
    assert.match(checks.get("running")?.found ?? "", /^Running since/);
    assert.match(checks.get("recovery-key")?.cure ?? "", /shred -u/);
  });
  it("says that it was stopped, and reads journal and crypto store itself", async () => {
    await op.bot.stop();
    const checks = await doctor();
    assert.deepEqual(wrong(checks), []);
    assert.match(checks.get("running")?.found ?? "", /stopped in good order/);
    assert.match(checks.get("chain")?.found ?? "", /unbroken/);
    assert.match(checks.get("crypto-store")?.found ?? "", /whole/);
  });

  const faults: readonly { readonly what: string; readonly how: (folder: string, config: string) => void; readonly code: number; readonly check: string; readonly found: RegExp; readonly cure: RegExp }[] = [
    {
      what: "the access token is refused", code: 78, check: "token", found: /does not accept the access token/, cure: /relevo login/,
      how: (folder) => writeFileSync(path.join(folder, "secrets", "access-token"), "syt_bm9ib2R5_xxxxxxxxxxxxxxxxxxxx_1AbCdE\n"),
    },
    {
      what: "the passphrase is another one", code: 78, check: "chain", found: /passphrase does not open/, cure: /passphrase/,
      how: (folder) => writeFileSync(path.join(folder, "secrets", "passphrase"), "another passphrase, long enough to be one\n"),
    },
    { what: "the crypto store is damaged", code: 78, check: "crypto-store", found: /damaged/, cure: /relevo recover/, how: (folder) => scribble(path.join(folder, "data", "crypto-store.db"), 3 * 4_096) },
    { what: "the crypto store is gone", code: 78, check: "running", found: /ENDED BY ITSELF .*lost, replaced or restored/, cure: /relevo recover/, how: (folder) => rmSync(path.join(folder, "data", "crypto-store.db")) },
    {
      what: "the homeserver cannot be reached", code: 1, check: "server", found: /cannot be reached \(ECONNREFUSED\)/, cure: /tell them to phone/,
      how: (_folder, config) => writeFileSync(config, readFileSync(config, "utf8").replace(/^homeserver: .*$/m, `homeserver: http://127.0.0.1:${nobody}`)),
    },
  ];
  // A damaged journal alone does not end it: that is safe mode (test/app/safe-start.test.ts).
  for (const { what, how, code, check, found, cure } of faults) {
    it(`says why the bot ends when ${what}, and what to do`, async () => {
      const { code: ended, told, checks } = await broken(how);
      assert.equal(ended, code, told);
      assert.match(told, /^relevo: .* \([a-z-]+\.[a-z-]+\)\n[^]*To do: /);
      assert.equal(checks.get(check)?.verdict, "wrong", JSON.stringify([...checks.values()].filter(({ verdict }) => verdict !== "ok"), null, 1));
      assert.match(checks.get(check)?.found ?? "", found);
      assert.match(checks.get(check)?.cure ?? "", cure);
      // What the process said as it ended is said again.
      assert.match(checks.get("running")?.found ?? "", /^The bot ENDED BY ITSELF .* \([a-z-]+\.[a-z-]+\)$/s);
    });
  }
});
