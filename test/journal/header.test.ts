import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { ChainId } from "../../src/domain/ids.ts";
import { rowLine, RowReader } from "../../src/journal/exported-row.ts";
import type { Header } from "../../src/journal/header.ts";
import { headerText, isHeader, readHeader } from "../../src/journal/header.ts";

/** Nothing in it need be escaped. */
const SIMPLE: Header = { format: 1, chain: "albatross-4d2" as ChainId, seq: 7, prev: "0".repeat(64), at: 1_767_225_600_000, type: "task.added", v: 1, trust: "confirmed", actor: "a".repeat(32), cause: "$event:es.example" };
const hex = (length: number): fc.Arbitrary<string> => fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length });
const name = fc.oneof(fc.string({ minLength: 1, maxLength: 60 }), fc.string({ unit: "binary", minLength: 1, maxLength: 60 }), fc.constant("$event:es.example")).filter((text) => text.isWellFormed());
const header: fc.Arbitrary<Header> = fc.record({
  format: fc.constant(1 as const), chain: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/) as fc.Arbitrary<string> as fc.Arbitrary<ChainId>, seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), prev: hex(64),
  at: fc.maxSafeInteger(), type: name, v: fc.nat(), trust: fc.constantFrom("none", "pinned-signed", "confirmed"), actor: fc.option(hex(32), { nil: undefined }), cause: fc.option(name, { nil: undefined }),
});
/** What docs/journal-format.md says, word for word: canonical JSON of a header. */
function byTheBook(bytes: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return isHeader(value) && headerText(value) === bytes.toString() ? value : undefined;
  } catch {
    return undefined;
  }
}
/** Without what is undefined. */
const written = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null)) as unknown;
/** A text with one character changed, put in, or taken out. */
const changed = (text: string): fc.Arbitrary<string> => fc.tuple(fc.nat(text.length - 1), fc.constantFrom(0, 1), fc.constantFrom("", "0", "9", "-", '"', "\\", " ", ",", "a", "F", "\n", "é", "\u0000"))
  .map(([at, out, letter]) => text.slice(0, at) + letter + text.slice(at + out));

describe("the header of a row", () => {
  it("is read as what was written, whatever it holds", () => {
    fc.assert(fc.property(header, (each) => { assert.deepEqual(written(readHeader(Buffer.from(headerText(each)))), written(each)); }));
  });

  it("is read by its places just as it is as JSON, also with a character too many, too few or another", () => {
    fc.assert(fc.property(header.chain((each) => changed(headerText(each))), (text) => {
      const bytes = Buffer.from(text);
      assert.equal(readHeader(bytes) === undefined, byTheBook(bytes) === undefined, text);
      assert.deepEqual(written(readHeader(bytes)), byTheBook(bytes) ?? null);
    }), { numRuns: 2_000 });
  });

  it("has one way of writing a number, and none of writing one that is not exact", () => {
    const text = headerText(SIMPLE);
    for (const number of ["01", "-0", "1.0", "1e3", "+1", "", "-", "00", "9007199254740993", "99999999999999999999", '"1"', " 1"]) {
      for (const field of ["at", "seq", "v"]) assert.equal(readHeader(Buffer.from(text.replace(new RegExp(`"${field}":\\d+`), `"${field}":${number}`))), undefined, `${field} ${number}`);
    }
    for (const number of ["0", "-1", "-62135596800000", "9007199254740991"]) assert.equal(readHeader(Buffer.from(text.replace(/"at":\d+/, `"at":${number}`)))?.at, Number(number));
    for (const number of ["0", "-1"]) assert.equal(readHeader(Buffer.from(text.replace(/"seq":\d+/, `"seq":${number}`))), undefined);
  });
});

describe("the line of a row", () => {
  const row = fc.record({ header, commitment: fc.uint8Array({ minLength: 32, maxLength: 32 }), body: fc.uint8Array({ minLength: 0, maxLength: 80 }), hash: fc.uint8Array({ minLength: 32, maxLength: 32 }) })
    .map((each) => ({ header: Buffer.from(headerText(each.header)), commitment: Buffer.from(each.commitment), body: Buffer.from(each.body), hash: Buffer.from(each.hash) }));
  const reader = new RowReader(65_536);
  const read = (line: string): unknown => {
    const bytes = Buffer.from(`before ${line} behind`);
    const found = reader.row(bytes, 7, bytes.length - 7);
    return found === undefined ? undefined : { header: found.header.toString(), commitment: found.commitment.toString("hex"), body: found.body.toString("hex"), hash: found.hash, isRead: found.read !== undefined };
  };

  it("is read as the row that was written", () => {
    fc.assert(fc.property(row, (each) => {
      assert.deepEqual(read(rowLine(each)), { header: each.header.toString(), commitment: each.commitment.toString("hex"), body: each.body.toString("hex"), hash: each.hash.toString("hex"), isRead: true });
    }));
  });

  it("is no row if it is not the very line that its values are written as", () => {
    fc.assert(fc.property(row.chain((each) => changed(rowLine(each))), (line) => {
      const found = read(line) as { header: string; commitment: string; body: string; hash: string } | undefined;
      if (found !== undefined) assert.equal(rowLine({ header: Buffer.from(found.header), commitment: Buffer.from(found.commitment, "hex"), body: Buffer.from(found.body, "hex"), hash: Buffer.from(found.hash, "hex") }), line.toWellFormed());
    }), { numRuns: 2_000 });
    const bytes = rowLine({ header: Buffer.from(headerText(SIMPLE)), commitment: Buffer.alloc(32), body: Buffer.from([1]), hash: Buffer.alloc(32) });
    // The bits that one byte leaves over in base64 are nought, and nothing may stand in them.
    for (const body of ["AR==", "AQ=", "AQ", "A Q==", "AQ==\\n", "_Q=="]) assert.equal(read(bytes.replace('"AQ=="', `"${body}"`)), undefined, body);
  });
});
