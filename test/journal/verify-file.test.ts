import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TestContext } from "node:test";
import type { Checkpoint } from "../../src/domain/audit.ts";
import { INSTALLATION } from "../../src/domain/ids.ts";
import { exportLines } from "../../src/journal/export.ts";
import { rowHash } from "../../src/journal/row.ts";
import type { FileFault, VerifiedExport } from "../../src/journal/verify-file.ts";
import { verifyExport } from "../../src/journal/verify-file.ts";
import { aJournal, aRow, CASE, keysIn, newFolder, NOON, OTHER_CASE } from "./support/setting.ts";

const SECRET = "Get the air waybill from the carrier";

async function exported(t: TestContext): Promise<{ lines: string[]; checkpoints: Checkpoint[] }> {
  const journal = aJournal(t);
  await journal.commit({ rows: [...Array.from({ length: 5 }, (_, n) => aRow({ n, title: SECRET })), aRow({}, OTHER_CASE), aRow({}, OTHER_CASE)] });
  const checkpoints = [await journal.checkpoint(CASE, NOON), await journal.checkpoint(OTHER_CASE, NOON)];
  return { lines: await Array.fromAsync(exportLines(journal)), checkpoints };
}
async function verified(lines: readonly string[] | Buffer, checkpoints: readonly Checkpoint[] = [], checkpointKey?: string, chunk = 1_000): Promise<VerifiedExport> {
  const bytes = Buffer.isBuffer(lines) ? lines : Buffer.from(lines.join(""));
  async function* file(): AsyncGenerator<Uint8Array> {
    for (let from = 0; from < bytes.length; from += chunk) yield bytes.subarray(from, from + chunk);
  }
  const given = { checkpoints, ...(checkpointKey === undefined ? {} : { checkpointKey }) };
  const found = await verifyExport({ ...given, file: file() });
  // In pieces that are looked at beside one another, the same is found.
  assert.deepEqual(await verifyExport({ ...given, file: file(), threads: 0 }), found);
  return found;
}
const places = (result: VerifiedExport): string[] => result.faults.map(({ chain, seq, what }: FileFault) => `${chain === CASE || chain === undefined ? "" : `${chain} `}${seq ?? "?"} ${what}`);
/** Line 1 is the head, so the case's row 1 is at index 2 after the installation's two. */
const ROW_1 = 3;

describe("an exported journal", () => {
  it("is found whole with the checkpoints from the room, without any content key", async (t) => {
    const { lines, checkpoints } = await exported(t);
    const result = await verified(lines, checkpoints);
    assert.deepEqual([result.ok, result.rows, result.faults], [true, 9, []]);
    assert.deepEqual(result.chains.get(CASE), { rows: 5, first: NOON, ok: true, notCovered: 0, lastCheckpoint: checkpoints[0] });
    assert.equal(result.chains.get(INSTALLATION)?.notCovered, 2);
    assert.deepEqual((await verified(lines, [])).chains.get(CASE)?.notCovered, 5);
  });

  it("is read the same however the file comes in pieces", async (t) => {
    const { lines, checkpoints } = await exported(t);
    const whole = await verified(lines, checkpoints);
    for (const chunk of [1, 7, 1_000_000]) assert.deepEqual(await verified(lines, checkpoints, undefined, chunk), whole);
  });

  it("is found as it is by several threads, whole and with every byte of a row changed", async (t) => {
    const journal = aJournal(t);
    for (const chain of [CASE, OTHER_CASE, CASE]) await journal.commit({ rows: Array.from({ length: 40 }, (_, n) => aRow({ n, title: SECRET }, chain)) });
    const checkpoints = [await journal.checkpoint(OTHER_CASE, NOON)];
    await journal.commit({ rows: Array.from({ length: 40 }, (_, n) => aRow({ n }, OTHER_CASE)) });
    const lines = await Array.fromAsync(exportLines(journal));
    const both = async (bytes: Buffer): Promise<VerifiedExport> => {
      const pieces = async function* (): AsyncGenerator<Uint8Array> { for (let from = 0; from < bytes.length; from += 9_000) yield bytes.subarray(from, from + 9_000); };
      const alone = await verifyExport({ file: pieces(), checkpoints });
      assert.deepEqual(await verifyExport({ file: pieces(), checkpoints, threads: 2 }), alone);
      return alone;
    };
    const whole = Buffer.from(lines.join(""));
    assert.deepEqual([(await both(whole)).ok, (await both(whole)).chains.get(OTHER_CASE)?.notCovered], [true, 40]);
    const from = Buffer.byteLength(lines.slice(0, 50).join(""));
    for (let index = from; index < from + Buffer.byteLength(lines[50] ?? ""); index += 97) {
      const changed = Buffer.from(whole);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      assert.equal((await both(changed)).ok, false, `byte ${index - from}`);
    }
  });

  it("holds no content, no name and no key, and says what lies after the last checkpoint", async (t) => {
    const journal = aJournal(t);
    await journal.commit({ rows: [aRow({ title: SECRET })] });
    const checkpoint = await journal.checkpoint(CASE, NOON);
    await journal.commit({ rows: [aRow(), aRow()] });
    const lines = await Array.fromAsync(exportLines(journal, [CASE]));
    const text = lines.join("");
    for (const secret of [SECRET, Buffer.from(SECRET).toString("base64").slice(0, 40), "ana:es.example"]) assert.ok(!text.includes(secret));
    const result = await verified(lines, [checkpoint]);
    assert.deepEqual([result.ok, result.chains.size, result.chains.get(CASE)?.notCovered], [true, 1, 2]);
  });

  it("betrays every byte changed in any row", async (t) => {
    const { lines, checkpoints } = await exported(t);
    const bytes = Buffer.from(lines.join(""));
    const from = Buffer.byteLength(lines.slice(0, ROW_1 + 1).join(""));
    const end = from + Buffer.byteLength(lines[ROW_1 + 1] ?? "");
    for (let index = from; index < end; index++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(index) ^ (1 << index % 8), index);
      const result = await verified(changed, checkpoints, undefined, 100_000);
      assert.equal(result.ok, false, `byte ${index - from}`);
      assert.ok(result.faults.some(({ seq }) => seq === 2), `byte ${index - from}: ${JSON.stringify(result.faults)}`);
    }
  });

  it("betrays rows that were removed, reordered, doubled, cut off, or taken out with their whole chain", async (t) => {
    const { lines, checkpoints } = await exported(t);
    const at = (seq: number): string => lines[ROW_1 + seq - 1] ?? "";
    const cases: readonly [string, string[], string[]][] = [
      ["removed", lines.filter((line) => line !== at(2)), ["2 missing", "? cut"]],
      ["reordered", lines.map((line) => (line === at(2) ? at(3) : line === at(3) ? at(2) : line)), ["2 missing", "2 link"]],
      ["doubled", lines.flatMap((line) => (line === at(2) ? [line, line] : [line])), ["2 link", "? cut"]],
      ["cut off", lines.slice(0, ROW_1 + 3), ["4 missing", `${OTHER_CASE} 1 missing`, "? cut"]],
      ["chain taken out", [...lines.slice(0, ROW_1 + 5), `{"end":true,"rows":7}\n`], [`${OTHER_CASE} 1 missing`]],
      ["something put in", [...lines.slice(0, ROW_1 + 2), "{}\n", ...lines.slice(ROW_1 + 2)], ["3 unreadable", "? cut"]],
      ["more after the end", [...lines, at(1)], ["? unreadable"]],
      ["end left out", lines.slice(0, -1), ["? cut"]],
    ];
    for (const [what, changed, expected] of cases) assert.deepEqual(places(await verified(changed, checkpoints)), expected, what);
  });

  it("betrays a history written anew with right hashes and another signature", async (t) => {
    const { lines, checkpoints } = await exported(t);
    const rewritten = rewrite(lines);
    assert.deepEqual(places(await verified(rewritten, checkpoints)), ["5 checkpoint"]);
    // Without a checkpoint from outside nobody can tell, and that is what is said.
    const blind = await verified(rewritten, []);
    assert.deepEqual([blind.ok, blind.chains.get(CASE)?.notCovered], [true, 5]);
    const otherKey = keysIn(newFolder(t)).checkpointKey;
    const forgedHead = [lines[0]?.replace(/"checkpointKey":"[^"]+"/, `"checkpointKey":"${otherKey}"`) ?? "", ...lines.slice(1)];
    assert.ok((await verified(forgedHead, checkpoints)).faults.some(({ what }) => what === "checkpoint"));
    assert.deepEqual(places(await verified(forgedHead, [], checkpointKeyOf(lines))), ["? other-key"]);
  });

  it("betrays a row written anew with its own hash right, by the row after it", async (t) => {
    const { lines } = await exported(t);
    const alone = rewrite(lines).map((line, index) => (index === ROW_1 + 1 ? line : lines[index] ?? ""));
    assert.deepEqual(places(await verified(alone)), ["2 link", "3 link"]);
  });

  it("has no second way of writing a header, even with a hash that fits", async (t) => {
    const { lines } = await exported(t);
    const spaced = lines.map((line, index) => {
      if (index !== ROW_1 + 1) return line;
      const row = JSON.parse(line) as { header: string; commitment: string; body: string };
      const header = row.header.replace('"at":', '"at": ');
      return `${JSON.stringify({ ...row, header, hash: rowHash(Buffer.from(header), Buffer.from(row.commitment, "hex"), Buffer.from(row.body, "base64")).toString("hex") })}\n`;
    });
    assert.deepEqual(places(await verified(spaced)).slice(0, 1), ["2 unreadable"]);
    for (const other of [(line: string) => ` ${line}`, (line: string) => line.replace('"body"', '"b\\u006fdy"'), (line: string) => line.replace(/"hash":"[0-9a-f]+"/, (hash) => hash.toUpperCase().replace("HASH", "hash"))]) {
      const rewritten = lines.map((line, index) => (index === ROW_1 + 1 ? other(line) : line));
      assert.deepEqual(places(await verified(rewritten)).slice(0, 1), ["2 unreadable"]);
    }
  });

  it("is read within bounds, whatever is in the file", async () => {
    assert.deepEqual(places(await verified(Buffer.alloc(0))), ["? not-an-export"]);
    assert.deepEqual(places(await verified(Buffer.from("hello\n"))), ["? not-an-export"]);
    assert.deepEqual(places(await verified(Buffer.alloc(3_000_000, "a"), [], undefined, 65_536)), ["? too-large"]);
    assert.deepEqual(places(await verified(Buffer.concat([Buffer.alloc(1_100_000, "a"), Buffer.from("\n")]), [], undefined, 2_000_000)), ["? too-large"]);
  });
});

function checkpointKeyOf(lines: readonly string[]): string {
  return (JSON.parse(lines[0] ?? "") as { checkpointKey: string }).checkpointKey;
}

/** The case's rows with another time, hashed and linked anew as only somebody with all the code could do. */
function rewrite(lines: readonly string[]): string[] {
  let prev: string | undefined;
  return lines.map((line) => {
    const row = JSON.parse(line) as { header?: string; commitment: string; body: string; hash: string };
    if (row.header === undefined) return line;
    const header = JSON.parse(row.header) as Record<string, unknown>;
    if (header["chain"] !== CASE) return line;
    const changed = JSON.stringify({ ...header, at: NOON - 1, ...(prev === undefined ? {} : { prev }) });
    prev = rowHash(Buffer.from(changed), Buffer.from(row.commitment, "hex"), Buffer.from(row.body, "base64")).toString("hex");
    return `${JSON.stringify({ ...row, header: changed, hash: prev })}\n`;
  });
}
