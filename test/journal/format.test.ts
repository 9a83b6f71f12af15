/** Reads a journal's export with nothing but docs/journal-format.md and the standard library: what is written there must be enough for another party. */
import assert from "node:assert/strict";
import { createDecipheriv, createHash, createHmac, hkdfSync, scryptSync } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { exportLines } from "../../src/journal/export.ts";
import { aJournal, ANA, aRow, CASE, newFolder, PASSPHRASE } from "./support/setting.ts";

const sha = (...parts: (string | Uint8Array)[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const u32 = (value: number): Buffer => Buffer.from([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
const hkdf = (key: Uint8Array, purpose: string, salt: Uint8Array = Buffer.alloc(0)): Buffer => Buffer.from(hkdfSync("sha256", key, salt, `relevo/${purpose}`, 32));
function opened(key: Uint8Array, sealed: Buffer, additional: Uint8Array): Buffer {
  const decipher = createDecipheriv("chacha20-poly1305", key, sealed.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(additional, { plaintextLength: sealed.length - 28 });
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
}

describe("the format as it is documented", () => {
  it("lets another party check the chain, open a body, and prove one field while the others stay hidden", async (t) => {
    const folder = newFolder(t);
    const journal = aJournal(t, folder);
    await journal.commit({ rows: [aRow({ title: "waybill", due: 7, gone: undefined }), aRow({ nested: { b: [1, "é"], a: null } })] });
    const lines = (await Array.fromAsync(exportLines(journal, [CASE]))).slice(1, -1).map((line) => JSON.parse(line) as Record<string, string>);

    const root = JSON.parse(readFileSync(join(folder, "root.json"), "utf8")) as { cost: number; salt: string; root: string };
    const passphraseKey = scryptSync(PASSPHRASE, Buffer.from(root.salt, "base64url"), 32, { N: 2 ** root.cost, r: 8, p: 1 });
    const rootKey = opened(passphraseKey, Buffer.from(root.root, "base64url"), Buffer.from(JSON.stringify(["relevo-root-1", "scrypt", root.cost, 8])));
    const dataKey = readdirSync(join(folder, "chain-keys")).flatMap((name) => {
      const bytes = readFileSync(join(folder, "chain-keys", name));
      assert.equal(bytes.subarray(0, 19).toString(), "relevo-chain-key-1\n");
      try {
        return [opened(hkdf(rootKey, "key-wrapping/1"), bytes.subarray(19), Buffer.from(JSON.stringify(["relevo-chain-key-1", CASE, name])))];
      } catch {
        return [];
      }
    })[0];
    assert.ok(dataKey);

    let prev = sha("relevo-chain-1 sha-256\0", CASE);
    const bodies = lines.map(({ header = "", commitment = "", body = "", hash = "" }, index) => {
      const clear = JSON.parse(header) as Record<string, unknown>;
      assert.deepEqual([clear["seq"], clear["prev"], clear["chain"]], [index + 1, prev.toString("hex"), CASE]);
      const sealed = Buffer.from(body, "base64");
      prev = sha("relevo-row-1 sha-256\0", u32(Buffer.byteLength(header)), header, Buffer.from(commitment, "hex"), sha(sealed));
      assert.equal(hash, prev.toString("hex"));
      const pseudonym = createHmac("sha256", hkdf(dataKey, "pseudonym/1", hkdf(rootKey, "pseudonym/1"))).update(JSON.stringify([ANA])).digest("hex").slice(0, 32);
      assert.equal(clear["actor"], pseudonym);
      const plain = opened(hkdf(dataKey, "rows/1"), sealed, Buffer.concat([Buffer.from(header), Buffer.from(commitment, "hex")]));
      const count = plain.readUInt16BE(0);
      const json = plain.subarray(2 + 16 * count).toString();
      const fields = Object.entries(JSON.parse(json) as Record<string, unknown>);
      const hashes = fields.map(([name, value], at) => sha("relevo-field-1\0", plain.subarray(2 + 16 * at, 18 + 16 * at), u32(name.length), name, JSON.stringify(value)));
      assert.equal(sha("relevo-commitment-1\0", u32(count), ...hashes).toString("hex"), commitment);
      return json;
    });
    // Small enough that the order of JSON.parse is the canonical one, so JSON.stringify above writes canonical JSON.
    assert.deepEqual(bodies, [`{"$actor":"${ANA}","due":7,"title":"waybill"}`, `{"$actor":"${ANA}","nested":{"a":null,"b":[1,"é"]}}`]);
  });
});
