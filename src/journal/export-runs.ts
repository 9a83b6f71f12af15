/** Runs of rows in a piece of an export: what can be checked of them without knowing what stands before. */
import type { ChainId } from "../domain/ids.ts";
import type { RowReader } from "./exported-row.ts";
import { RESTORED, rowHashHex } from "./row.ts";

/** Rows of one chain that follow one another, each whole: written in the one way, its own hash right, and with the hash of the one before it. */
export interface Run {
  readonly chain: ChainId;
  /** Number of the first row, the hash that it follows (hex), and its time in milliseconds since 1970, UTC. */
  readonly first: number;
  readonly prev: string;
  readonly at: number;
  /** Number and hash of the last row. */
  last: number;
  hash: string;
  /** Where its lines stand in the piece, bytes. */
  readonly from: number;
  end: number;
}

/** The runs of a piece that consists of whole lines; undefined if anything in it must be looked at line by line. */
export function runsOf(piece: Buffer, reader: RowReader): readonly Run[] | undefined {
  const runs: Run[] = [];
  let run: Run | undefined;
  for (let from = 0; from < piece.length; ) {
    const end = piece.indexOf(10, from);
    const row = end < 0 ? undefined : reader.row(piece, from, end);
    if (row?.read === undefined || row.read.type === RESTORED || rowHashHex(row.header, row.commitment, row.body) !== row.hash) return undefined;
    const { chain, seq, prev, at } = row.read;
    if (run !== undefined && run.chain === chain && run.last + 1 === seq && run.hash === prev) {
      [run.last, run.hash, run.end] = [seq, row.hash, end + 1];
    } else {
      run = { chain, first: seq, prev, at, last: seq, hash: row.hash, from, end: end + 1 };
      runs.push(run);
    }
    from = end + 1;
  }
  return runs;
}
