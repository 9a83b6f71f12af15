import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ciphertextHash, megolmHeader } from "../../src/matrix/ciphertext.ts";

const content = (bytes: readonly number[], more: object = {}): Record<string, unknown> => ({
  algorithm: "m.megolm.v1.aes-sha2",
  session_id: "session",
  ciphertext: Buffer.from([...bytes, 0x12, 0x01, 0xff]).toString("base64"),
  ...more,
});

describe("the header of a Megolm message", () => {
  it("tells the place in the ratchet, however large", () => {
    const places: readonly (readonly [readonly number[], number])[] = [[[0], 0], [[127], 127], [[0x80, 1], 128], [[0xac, 0x02], 300], [[0xff, 0xff, 0xff, 0xff, 0x0f], 0xffff_ffff]];
    for (const [bytes, index] of places) assert.deepEqual(megolmHeader(content([3, 8, ...bytes])), { session: "session", index });
  });

  it("is none for another version, layout, algorithm or a place that no ratchet has", () => {
    const good = [3, 8, 1];
    const none = [content([2, 8, 1]), content([3, 9, 1]), content([3, 8, 1, 8, 2]), content([3, 8, 0xff, 0xff, 0xff, 0xff, 0x1f]), content([3, 8, 0x80, 0x80, 0x80, 0x80, 0x80, 1]), content(good, { algorithm: "m.olm" }), content(good, { session_id: 7 }), content(good, { ciphertext: "" }), content(good, { ciphertext: 7 }), {}];
    for (const each of none) assert.equal(megolmHeader(each), undefined);
  });

  it("has a hash of its ciphertext, also where there is none", () => {
    assert.equal(ciphertextHash({ ciphertext: "x" }), "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
    for (const odd of [undefined, null, 7, {}, { ciphertext: 7 }]) assert.match(ciphertextHash(odd), /^[0-9a-f]{64}$/);
  });
});
