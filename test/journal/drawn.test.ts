import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { drawnAhead } from "../../src/journal/drawn.ts";
import { aJournal, aRow, CASE } from "./support/setting.ts";

describe("random bytes drawn ahead", () => {
  it("are those of the source, each given once and left as they are, whether the source gives Buffers or plain arrays", () => {
    for (const plain of [false, true]) {
      const source: Buffer[] = [];
      const drawn = drawnAhead({
        bytes: (length) => {
          const bytes = randomBytes(length);
          source.push(Buffer.from(bytes));
          return plain ? Uint8Array.from(bytes) : bytes;
        },
      });
      const given = Array.from({ length: 300 }, (_, n) => drawn.bytes(1 + (n % 40)));
      const all = Buffer.concat(source);
      let from = 0;
      for (const bytes of given) {
        const at = all.indexOf(bytes, from);
        assert.ok(at >= from && at < from + 40, "bytes were given that did not come next from the source");
        from = at + bytes.length;
      }
      assert.ok(source.length >= 2);
    }
  });

  it("never make a nonce or a commitment appear twice in the journal", async (t) => {
    const journal = aJournal(t);
    for (let n = 0; n < 200; n++) await journal.commit({ rows: [aRow({ same: "content" })] });
    const rows = await Array.fromAsync(journal.storedRows(CASE));
    assert.equal(new Set(rows.map(({ body }) => body.subarray(0, 12).toString("hex"))).size, 200);
    assert.equal(new Set(rows.map(({ commitment }) => commitment.toString("hex"))).size, 200);
  });

  it("are asked of the source itself where many are needed", () => {
    assert.equal(drawnAhead({ bytes: (length) => new Uint8Array(length) }).bytes(10_000).length, 10_000);
  });
});
