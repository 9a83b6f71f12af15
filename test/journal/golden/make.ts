/**
 * Makes the golden journal of a release: `node test/journal/golden/make.ts 0.1.0` writes test/journal/golden/0.1.0/. It is made once, when the release
 * is (before that, `--again` replaces it), and never changed later: every later release must read it to the same rows and the same state.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Chain } from "../../../src/domain/chain.ts";
import { known } from "../../../src/domain/entities.ts";
import type { ChainId, Instant } from "../../../src/domain/ids.ts";
import { INSTALLATION } from "../../../src/domain/ids.ts";
import { checkpointText } from "../../../src/journal/checkpoint.ts";
import { exportLines } from "../../../src/journal/export.ts";
import type { SqliteJournal } from "../../../src/journal/journal.ts";
import { openJournal } from "../../../src/journal/journal.ts";
import { openKeys } from "../../../src/journal/keys.ts";
import { isSystem } from "../../../src/journal/row.ts";
import type { Row } from "../../../src/ports.ts";
import { GOLDEN_CASE, STORY } from "./events.ts";

export const GOLDEN_PASSPHRASE = "golden journals hold nothing secret";

/** What a golden journal must be read as: the rows of each chain, and the state that `evolve` makes of them. */
export interface Expected {
  readonly rows: Readonly<Record<string, readonly Row[]>>;
  readonly states: Readonly<Record<string, unknown>>;
}

/** Rows and state of every chain as this build reads them. */
export async function readAll(journal: SqliteJournal): Promise<Expected> {
  const rows: Record<string, Row[]> = {};
  const states: Record<string, unknown> = {};
  for (const chain of await journal.chains()) {
    const found = await Array.fromAsync(journal.read(chain, 0));
    const state = new Chain();
    for (const { event } of found) if (!isSystem(event)) state.apply(event);
    rows[chain] = found;
    states[chain] = JSON.parse(JSON.stringify(state.save()));
  }
  return { rows, states };
}

/** Writes a golden journal into a folder that does not exist yet. */
export async function makeGolden(folder: string): Promise<void> {
  mkdirSync(folder, { mode: 0o700 });
  const random = { bytes: (length: number): Uint8Array => randomBytes(length) };
  const keys = openKeys({ folder, passphrase: GOLDEN_PASSPHRASE, random, cost: 10 });
  const journal = openJournal({ folder, keys, clock: { now: () => 0 as Instant }, random, known, evolveVersion: "golden" });
  const checkpoints: string[] = [];
  const sign = async (chain: ChainId, at: Instant): Promise<void> => void checkpoints.push(checkpointText(await journal.checkpoint(chain, at)));
  for (const [index, row] of STORY.entries()) {
    await journal.commit({ rows: [row] });
    if (index === Math.floor(STORY.length / 2)) await sign(GOLDEN_CASE, row.at);
  }
  for (const chain of [GOLDEN_CASE, INSTALLATION]) await sign(chain, (STORY.at(-1)?.at ?? 0) as Instant);
  writeFileSync(join(folder, "export.jsonl"), (await Array.fromAsync(exportLines(journal))).join(""));
  writeFileSync(join(folder, "checkpoints.txt"), `${checkpoints.join("\n")}\n`);
  writeFileSync(join(folder, "expected.json"), `${JSON.stringify(await readAll(journal), null, 1)}\n`);
  await journal.close();
}

if (import.meta.main) {
  const [release, again] = process.argv.slice(2);
  if (release === undefined || !/^\d+\.\d+\.\d+$/.test(release)) throw new Error("usage: node test/journal/golden/make.ts RELEASE [--again]");
  const folder = join(import.meta.dirname, release);
  if (again === "--again") rmSync(folder, { recursive: true, force: true });
  if (existsSync(folder)) throw new Error(`${folder} exists: the journal of a release is never changed`);
  await makeGolden(folder);
  console.log(`${folder}: ${STORY.length} events`);
}
