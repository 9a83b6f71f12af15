import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { decodeRecoveryKey as theirDecode, encodeRecoveryKey as theirEncode } from "matrix-js-sdk/lib/crypto-api/recovery-key.js";
import decryptTheirs from "matrix-js-sdk/lib/utils/decryptAESSecretStorageItem.js";
import encryptTheirs from "matrix-js-sdk/lib/utils/encryptAESSecretStorageItem.js";
import type { MasterKey } from "../../src/domain/ids.ts";
import { fingerprint, fromFingerprint } from "../../src/matrix/identity.ts";
import { decodeRecoveryKey, encodeRecoveryKey, readRecoveryKeyFile, writeRecoveryKeyFile } from "../../src/matrix/recovery-key.ts";
import { keyFits, keyInfo, seal, unseal } from "../../src/matrix/secret-storage.ts";

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const folder = mkdtempSync(join(tmpdir(), "relevo-secrets-"));
after(() => rmSync(folder, { recursive: true }));

describe("secret storage", () => {
  it("gives a secret back to whoever has the key and the name, and to nobody else", () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), bytes(16), fc.string(), fc.string(), (key, other, iv, name, secret) => {
        const sealed = seal(key, name, secret, iv);
        assert.equal(unseal(key, name, sealed), Buffer.from(secret).toString());
        assert.equal(unseal(key, `${name}.`, sealed), undefined);
        if (Buffer.compare(key, other) !== 0) assert.equal(unseal(other, name, sealed), undefined);
      }),
      { seed: 21 },
    );
  });

  it("notices a changed ciphertext", () => {
    const key = new Uint8Array(32).fill(1);
    const sealed = seal(key, "m.x", "secret", new Uint8Array(16));
    assert.equal(unseal(key, "m.x", { ...sealed, ciphertext: `A${sealed.ciphertext.slice(1)}` }), undefined);
    assert.equal(unseal(key, "m.x", { ...sealed, mac: "" }), undefined);
    assert.equal(unseal(key, "m.x", { ...sealed, iv: "" }), undefined);
  });

  it("speaks as matrix-js-sdk does, both ways", async () => {
    const key = new Uint8Array(32).fill(9);
    assert.equal(await decryptTheirs(seal(key, "m.cross_signing.master", "seed", new Uint8Array(16).fill(255)), key, "m.cross_signing.master"), "seed");
    assert.equal(unseal(key, "m.cross_signing.master", await encryptTheirs("seed", key, "m.cross_signing.master")), "seed");
  });

  it("tells a key that fits from one that does not before it is used", () => {
    const key = new Uint8Array(32).fill(3);
    const info = keyInfo(key, new Uint8Array(16).fill(255));
    assert.equal(keyFits(key, info), true);
    assert.equal(keyFits(new Uint8Array(32), info), false);
    for (const nonsense of [undefined, null, {}, { ...info, algorithm: "x" }, { ...info, iv: 7 }, { ...info, iv: "" }, { ...info, mac: "!" }]) assert.equal(keyFits(key, nonsense), false);
  });
});

describe("the recovery key", () => {
  it("is the text that matrix-js-sdk makes of the same key", () => {
    fc.assert(
      fc.property(bytes(32), (key) => {
        assert.equal(encodeRecoveryKey(key), theirEncode(key));
        assert.deepEqual(new Uint8Array(decodeRecoveryKey(encodeRecoveryKey(key)) ?? []), key);
        assert.deepEqual(theirDecode(encodeRecoveryKey(key)), key);
      }),
      { seed: 22 },
    );
  });

  it("is nearly always refused with one letter changed, left out or doubled; the format has one byte of parity", () => {
    const text = encodeRecoveryKey(new Uint8Array(32).fill(5)).replaceAll(" ", "");
    const mistakes = [...text].flatMap((letter, at) =>
      [letter === "2" ? "3" : "2", "", `${letter}${letter}`].map((wrong) => text.slice(0, at) + wrong + text.slice(at + 1)),
    );
    const passed = mistakes.filter((mistake) => decodeRecoveryKey(mistake) !== undefined);
    assert.ok(passed.length <= mistakes.length / 50, `${passed.length} of ${mistakes.length} mistakes pass`);
    for (const nonsense of ["", "0OIl", "x".repeat(10_000)]) assert.equal(decodeRecoveryKey(nonsense), undefined);
  });

  it("is written once, for its owner only, and read back with any spacing", () => {
    const file = join(folder, "key");
    const key = new Uint8Array(32).fill(6);
    writeRecoveryKeyFile(file, key);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.throws(() => writeRecoveryKeyFile(file, key), { code: "recovery-key.unwritable" });
    writeFileSync(file, readFileSync(file, "utf8").replaceAll(" ", "\n \t"));
    assert.deepEqual(new Uint8Array(readRecoveryKeyFile(file) ?? []), key);
  });

  it("missing is nothing, mistyped is an error that names the file and not the key", () => {
    assert.equal(readRecoveryKeyFile(join(folder, "none")), undefined);
    const file = join(folder, "bad");
    writeFileSync(file, "EsTD secret");
    chmodSync(file, 0o600);
    assert.throws(() => readRecoveryKeyFile(file), (error: Error) => error.message.includes(file) && !error.message.includes("EsTD"));
  });
});

describe("a fingerprint", () => {
  it("is the master key in groups that people read to one another", () => {
    const key = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ" as MasterKey;
    assert.equal(fingerprint(key), "abcd efgh ijkl mnop qrst uvwx yzAB CDEF GHIJ KLMN OPQ");
    assert.equal(fromFingerprint(` ${fingerprint(key)}\n`), key);
    assert.equal(fromFingerprint("abcd efgh"), undefined);
    assert.equal(fromFingerprint(`${key}!`), undefined);
  });
});
