/** Verifies an export, or only reads and hashes it: `node verify-child.ts verify|hash-lines|hash FILE`. */
import { createHash, hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { otherThreads } from "../src/cli/audit.ts";
import { verifyExport } from "../src/journal/verify-file.ts";
import { memoryMb } from "./process-figures.ts";

/** As `relevo audit verify` reads it. */
const PIECE_BYTES = 1024 * 1024;
const [what = "", file = ""] = process.argv.slice(2);
const from = performance.now();
const spent = process.cpuUsage();
const rows = what === "verify" ? await verified() : what === "hash-lines" ? await linesHashed() : await hashed();
const cpu = process.cpuUsage(spent);
console.log(JSON.stringify({ seconds: (performance.now() - from) / 1000, cpuSeconds: (cpu.user + cpu.system) / 1e6, rows, memory: memoryMb("self").peak }));

async function verified(): Promise<number> {
  const result = await verifyExport({ file: createReadStream(file, { highWaterMark: PIECE_BYTES }), checkpoints: [], threads: otherThreads() });
  if (!result.ok) throw new Error(`the export does not hold: ${JSON.stringify(result.faults[0])}`);
  return result.rows;
}

/** The same bytes read in the same way, each row hashed once. */
async function linesHashed(): Promise<number> {
  let lines = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: PIECE_BYTES })) {
    const bytes = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    let at = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, at)) {
      hash("sha256", bytes.subarray(at, end), "buffer");
      lines += 1;
      at = end + 1;
    }
    rest = bytes.subarray(at);
  }
  return lines - 2;
}

/** The same bytes in one hash: what no verifier of single rows can be as fast as. */
async function hashed(): Promise<number> {
  const whole = createHash("sha256");
  for await (const chunk of createReadStream(file, { highWaterMark: PIECE_BYTES })) whole.update(chunk as Buffer);
  whole.digest();
  return 0;
}
