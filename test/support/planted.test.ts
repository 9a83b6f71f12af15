import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, it } from "node:test";
import { findPlanted, formsOf } from "./planted.ts";

const dir = mkdtempSync(path.join(tmpdir(), "relevo-planted-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const secret = "Operación Albatros 7";
function found(content: string | Uint8Array): string[] {
  const file = path.join(dir, "file");
  writeFileSync(file, content);
  return findPlanted([file], [secret]).map(({ form }) => form);
}

describe("the search for planted words", () => {
  const written: readonly (readonly [string, string | Uint8Array])[] = [
    ["in clear", `… "${secret}" …`],
    ["in other letters", secret.toUpperCase()],
    ["as UTF-16LE", Buffer.from(`xx${secret}`, "utf16le")],
    ["as UTF-16BE", Buffer.from(`xx${secret}`, "utf16le").swap16()],
    ["percent-encoded", `GET /?q=${encodeURIComponent(secret)}`],
    ["form-encoded", new URLSearchParams({ q: secret }).toString()],
    ["with JSON escapes", `{"body":"Operaci\\u00f3n Albatros 7"}`],
    ["as hex", Buffer.from(secret).toString("hex")],
    ...[0, 1, 2, 3, 4].map((length) => [`in base64 after ${length} bytes`, Buffer.from(`${"x".repeat(length)}${secret}and more`).toString("base64")] as const),
    ...[0, 1, 2].map((length) => [`in base64url at the end after ${length} bytes`, Buffer.from(`${"?".repeat(length)}${secret}`).toString("base64url")] as const),
  ];
  for (const [how, content] of written) {
    it(`finds a word ${how}`, () => {
      assert.notDeepEqual(found(content), []);
    });
  }
  it("finds nothing where nothing is", () => {
    assert.deepEqual(found("Operación Albatros 8, Albatross"), []);
  });
  it("refuses a word so short that chance would find it", () => {
    assert.throws(() => formsOf("CV-4"), /too short/);
  });
});
