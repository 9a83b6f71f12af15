import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { outOfDate } from "../../docs/generate.ts";
import { parseConfig } from "../../src/cli/config.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

async function markdown(): Promise<readonly string[]> {
  const docs = await readdir(join(ROOT, "docs"), { recursive: true });
  return ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", ...docs.filter((name) => name.endsWith(".md")).map((name) => join("docs", name))];
}

describe("documentation", () => {
  it("that is generated says what the code says", async () => {
    assert.deepEqual(await outOfDate(), [], "run npm run docs");
  });
  it("ships a sample configuration that is accepted", async () => {
    assert.ok(parseConfig(await readFile(join(ROOT, "config", "default.yaml"), "utf8"), (path) => path).ok);
  });
  it("has no link to a file that is not there", async () => {
    const broken: string[] = [];
    for (const file of await markdown()) {
      const text = await readFile(join(ROOT, file), "utf8");
      for (const [, target = ""] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (!existsSync(join(ROOT, dirname(file), target))) broken.push(`${file}: ${target}`);
      }
    }
    assert.deepEqual(broken, []);
  });
  it("gives a reason for each dependency, at the version that is installed", async () => {
    const about = await readFile(join(ROOT, "docs", "decisions", "2026-11-24-dependencies.md"), "utf8");
    const { dependencies, devDependencies } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as Record<string, Record<string, string>>;
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      const row = about.split("\n").find((line) => line.startsWith("|") && line.includes(`\`${name}\``));
      assert.ok(row?.includes(version), `${name} ${version}`);
    }
  });
});
