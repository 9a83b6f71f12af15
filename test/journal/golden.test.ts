import assert from "node:assert/strict";
import { chmodSync, cpSync, createReadStream, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ENTITIES, known } from "../../src/domain/entities.ts";
import type { Instant } from "../../src/domain/ids.ts";
import { checkpointsIn } from "../../src/journal/checkpoint.ts";
import { openJournal } from "../../src/journal/journal.ts";
import { openKeys } from "../../src/journal/keys.ts";
import { verifyExport } from "../../src/journal/verify-file.ts";
import { filesUnder } from "../support/planted.ts";
import { STORY } from "./golden/events.ts";
import { GOLDEN_PASSPHRASE, makeGolden, readAll } from "./golden/make.ts";
import type { Expected } from "./golden/make.ts";
import { newFolder, random } from "./support/setting.ts";

const GOLDEN = join(import.meta.dirname, "golden");
const releases = readdirSync(GOLDEN, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);

describe("the golden journal of every release", () => {
  it("is there", () => assert.ok(releases.length > 0));

  for (const release of releases) {
    const folder = join(GOLDEN, release);
    const checkpoints = () => checkpointsIn(readFileSync(join(folder, "checkpoints.txt"), "utf8")).checkpoints;

    it(`${release} is read to the same rows and the same state as then`, async (t) => {
      const copy = join(newFolder(t), "golden");
      cpSync(folder, copy, { recursive: true });
      // A checkout gives files the mode of its user; the journal takes private ones only.
      chmodSync(copy, 0o700);
      chmodSync(join(copy, "chain-keys"), 0o700);
      for (const file of filesUnder(copy)) chmodSync(file, 0o600);
      const keys = openKeys({ folder: copy, passphrase: GOLDEN_PASSPHRASE, random });
      const journal = openJournal({ folder: copy, keys, clock: { now: () => 0 as Instant }, random, known, evolveVersion: "golden" });
      t.after(() => journal.close());
      const read: unknown = JSON.parse(JSON.stringify(await readAll(journal)));
      assert.deepEqual(read, JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")));
      for (const chain of journal.allChains()) assert.equal((await journal.verify(chain, checkpoints())).ok, true);
    });

    it(`${release} is verified offline as an export`, async () => {
      const result = await verifyExport({ file: createReadStream(join(folder, "export.jsonl")), checkpoints: checkpoints() });
      assert.deepEqual([result.faults, checkpoints().length], [[], 3]);
      assert.deepEqual([...result.chains.values()].map(({ notCovered }) => notCovered), [0, 0]);
    });
  }
});

describe("the story of the golden journals", () => {
  it("has every event that this build can write", () => {
    const told = new Set(STORY.map(({ event }) => `${event.type} ${event.v}`));
    const all = Object.values(ENTITIES).flatMap(({ events }) => Object.entries(events).flatMap(([type, versions]) => (versions as readonly number[]).map((v) => `${type} ${v}`)));
    assert.deepEqual(all.filter((event) => !told.has(event)), []);
  });

  it("is read back as it was written", async (t) => {
    const folder = join(newFolder(t), "new");
    await makeGolden(folder);
    const { rows } = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as Expected;
    const read = Object.values(rows).flat().filter(({ event }) => !(event.type === "system.noted" && event.what === "checkpoint"));
    const written = STORY.map((row) => ({ ...row, seq: 0 }));
    const order = (row: { at: number }, other: { at: number }): number => row.at - other.at;
    assert.deepEqual(read.map((row) => ({ ...row, seq: 0 })).toSorted(order), written.toSorted(order));
  });
});
