import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Checkpoint } from "../../src/domain/audit.ts";
import type { ChainId, Instant } from "../../src/domain/ids.ts";
import { checkpointsIn, checkpointText, isGenuine, parseCheckpoint, signCheckpoint } from "../../src/journal/checkpoint.ts";
import { CASE, keysIn, newFolder, NOON } from "./support/setting.ts";

describe("a checkpoint as text", () => {
  const any: fc.Arbitrary<Checkpoint> = fc.record({
    chain: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/).map((chain) => chain as ChainId),
    seq: fc.nat(2 ** 31 - 1),
    at: fc.nat(2 ** 31 - 1).map((at) => (at * 1000) as Instant),
    head: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("hex")),
    signature: fc.uint8Array({ minLength: 64, maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString("base64url")),
  }, { noNullPrototype: true });

  it("comes back as it was", () => {
    fc.assert(fc.property(any, (checkpoint) => assert.deepEqual(parseCheckpoint(checkpointText(checkpoint)), checkpoint)));
  });

  it("survives what a phone does to it: breaks, blanks, quotation signs, capitals, words around it", () => {
    fc.assert(
      fc.property(any, any, (one, other) => {
        const text = checkpointText(one);
        const broken = text.replaceAll(/.{37}/g, "$&\n> ").toUpperCase();
        assert.deepEqual(checkpointsIn(`Checkpoint of today: “${broken}” 06:00\n\u200b${checkpointText(other)}. Thanks`), { checkpoints: [one, other], damaged: 0 });
      }),
    );
  });

  it("is refused when a letter is changed or missing", () => {
    fc.assert(
      fc.property(any, fc.nat(), (checkpoint, pick) => {
        const text = checkpointText(checkpoint);
        const index = 9 + (pick % (text.length - 9));
        const changed = `${text.slice(0, index)}${text[index] === "a" ? "b" : "a"}${text.slice(index + 1)}`;
        const read = checkpointsIn(changed);
        // The last letter may hold bits that mean nothing.
        if (index < text.length - 1) assert.deepEqual(read, { checkpoints: [], damaged: 1 });
        assert.equal(parseCheckpoint(text.slice(0, index) + text.slice(index + 1)), undefined);
      }),
    );
    assert.deepEqual(checkpointsIn("nothing here"), { checkpoints: [], damaged: 0 });
  });

  it("is one line of letters and digits that no phone rewrites", (t) => {
    const checkpoint = signCheckpoint({ chain: CASE, seq: 18_204, head: "ab".repeat(32), at: NOON }, keysIn(newFolder(t)).signing);
    const text = checkpointText(checkpoint);
    assert.match(text, /^[a-z0-9]{200,260}$/);
  });

  it("keeps its signature valid", (t) => {
    const keys = keysIn(newFolder(t));
    const signed = signCheckpoint({ chain: CASE, seq: 1, head: "ab".repeat(32), at: NOON }, keys.signing);
    const read = parseCheckpoint(checkpointText(signed));
    assert.ok(read !== undefined && isGenuine(read, keys.checkpointKey));
  });
});
