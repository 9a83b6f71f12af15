import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** A test as documents name it: `folder/file` "beginning or part of its name". */
const SHOWN = /`([a-z0-9]+\/[a-z0-9-]+)` "([^"]+)"/g;

describe("what a document says is shown by a test", () => {
  for (const [file, least] of [["docs/threat-model.md", 60], ["docs/faults.md", 30]] as const) {
    it(`is, in ${file}`, () => {
      const named = [...readFileSync(join(ROOT, file), "utf8").matchAll(SHOWN)].map(([, test = "", name = ""]) => ({ test, name }));
      assert.ok(named.length >= least, `${file} names ${named.length} tests`);
      const missing = named.filter(({ test, name }) => {
        const where = join(ROOT, "test", `${test}.test.ts`);
        return !existsSync(where) || !readFileSync(where, "utf8").includes(name);
      });
      assert.deepEqual(missing, []);
    });
  }
});
