import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { systemRandom } from "../../src/app/system.ts";
import type { Settings } from "../../src/app/settings.ts";
import { exportAudit, verifyAudit } from "../../src/cli/audit.ts";
import { parseConfig } from "../../src/cli/config.ts";
import { sampleConfig } from "../../src/cli/config-text.ts";
import { INSTALLATION } from "../../src/domain/ids.ts";
import type { Instant } from "../../src/domain/ids.ts";
import { checkpointText } from "../../src/journal/checkpoint.ts";
import { openJournal } from "../../src/journal/journal.ts";
import { openKeys } from "../../src/journal/keys.ts";
import { OperatorError } from "../../src/operator-error.ts";

const PASSPHRASE = "correct horse battery staple";
const clock = { now: () => 1_795_000_000_000 as Instant, wakeAt: () => () => undefined };

describe("relevo audit", () => {
  let folder = "";
  let out = "";
  /** What the bot posted when five of seven rows were there. */
  let posted = "";
  let settings: Settings;
  let shown: readonly string[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "relevo-audit-"));
    out = join(folder, "export.jsonl");
    const read = parseConfig(sampleConfig(), (path) => join(folder, path.replace("secrets/", "")));
    assert.ok(read.ok);
    settings = read.settings;
    await writeFile(settings.secrets.passphraseFile, `${PASSPHRASE}\n`, { mode: 0o600 });
    const random = systemRandom();
    const keys = openKeys({ folder: settings.data, passphrase: PASSPHRASE, random, cost: 10 });
    const journal = openJournal({ folder: settings.data, keys, clock, random, known: () => true, evolveVersion: "1" });
    for (let row = 1; row <= 7; row += 1) {
      await journal.commit({ rows: [{ chain: INSTALLATION, at: clock.now(), trust: "none", event: { type: "system.noted", v: 1, what: "planted-what", facts: { row } } }] });
      if (row === 5) posted = `The bot wrote on Tuesday:\n> ${checkpointText(await journal.checkpoint(INSTALLATION, clock.now())).toUpperCase()}\nthank you`;
    }
    await journal.close();
    shown = await exportAudit(settings, out, clock, random);
  });
  after(() => rm(folder, { recursive: true }));

  const refused = (code: string) => (error: unknown): boolean => error instanceof OperatorError && error.code === code;
  const changed = async (change: (lines: string[]) => void): Promise<string> => {
    const lines = (await readFile(out, "utf8")).split("\n");
    change(lines);
    const file = join(folder, "changed.jsonl");
    await writeFile(file, lines.join("\n"));
    return file;
  };

  it("exports to a file that its owner alone can read, and that shows nothing of the content", async () => {
    assert.equal((await stat(out)).mode & 0o777, 0o600);
    assert.match(shown[0]!, /7 rows/);
    assert.ok(!(await readFile(out, "utf8")).includes("planted-what"));
  });
  it("does not overwrite, and makes no journal where there is none", async () => {
    await assert.rejects(exportAudit(settings, out, clock, systemRandom()), refused("audit.exists"));
    const elsewhere = { ...settings, data: join(folder, "elsewhere") };
    await assert.rejects(exportAudit(elsewhere, join(folder, "b"), clock, systemRandom()), refused("audit.no-journal"));
    await assert.rejects(stat(elsewhere.data), /ENOENT/);
  });
  it("verifies with a checkpoint as it was copied from the room, and lists what lies after it", async () => {
    const { ok, lines } = await verifyAudit(out, { checkpoint: [posted] });
    assert.ok(ok, lines.join("\n"));
    assert.match(lines.join("\n"), /^Whole: 7 rows, one chain;.*\nchain installation: 7 rows, covered up to row 5, checkpoint of 2026-11-18T[\d:.]+Z, 2 not yet covered$/m);
  });
  it("takes checkpoints from a file as well", async () => {
    const file = join(folder, "room.txt");
    await writeFile(file, posted);
    assert.ok((await verifyAudit(out, { checkpoints: file })).ok);
  });
  it("says that without a checkpoint only the file's agreement with itself is shown", async () => {
    const { ok, lines } = await verifyAudit(out, {});
    assert.ok(ok);
    assert.match(lines[0]!, /No checkpoint was given/);
  });
  it("names the row that was changed, taken out, moved or cut", async () => {
    const cases: readonly (readonly [(lines: string[]) => void, RegExp])[] = [
      [(lines) => void (lines[3] = lines[3]!.replace(/"commitment":"(.)/, (_all, first: string) => `"commitment":"${first === "0" ? "1" : "0"}`)), /line 4, chain installation, row 3/],
      [(lines) => void lines.splice(3, 1), /row 3: is missing/],
      [(lines) => void lines.splice(3, 2, lines[4]!, lines[3]!), /row [34]/],
      [(lines) => void lines.splice(4, 4), /row 5: is missing|row 4: is missing/],
    ];
    for (const [change, words] of cases) {
      const { ok, lines } = await verifyAudit(await changed(change), { checkpoint: [posted] });
      assert.equal(ok, false);
      assert.match(lines[0]!, /^NOT WHOLE/);
      assert.match(lines.join("\n"), words);
    }
  });
  it("does not take another installation's key", async () => {
    const { ok, lines } = await verifyAudit(out, { checkpoint: [posted], key: "A".repeat(43) });
    assert.equal(ok, false);
    assert.match(lines.join("\n"), /another installation's key/);
    const own = /Checkpoint key of this installation: (\S+)/.exec(shown.join("\n"))![1]!;
    assert.ok((await verifyAudit(out, { checkpoint: [posted], key: own })).ok);
  });
  it("refuses a checkpoint that is not whole, a text without one, and files that are not there", async () => {
    await assert.rejects(verifyAudit(out, { checkpoint: [posted.slice(0, 80)] }), refused("audit.checkpoint"));
    await assert.rejects(verifyAudit(out, { checkpoint: ["thank you"] }), refused("audit.checkpoint"));
    await assert.rejects(verifyAudit(out, { checkpoints: join(folder, "none") }), refused("audit.file"));
    await assert.rejects(verifyAudit(join(folder, "none"), {}), refused("audit.file"));
    await assert.rejects(verifyAudit(out, { key: "short" }), refused("audit.key"));
  });
  it("finds that a file is no export", async () => {
    const { ok, lines } = await verifyAudit(settings.secrets.passphraseFile, {});
    assert.equal(ok, false);
    assert.match(lines.join("\n"), /not the beginning of an export/);
    assert.ok(!lines.join("\n").includes("horse"));
  });
});
