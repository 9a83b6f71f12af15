import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { outOfDate } from "../../docs/generate.ts";
import { OF_LINE } from "../../src/app/log-codes.ts";
import { programOf } from "../../src/cli/command-line.ts";
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
  it("is there wherever the program sends somebody to it", async () => {
    const named: string[] = [];
    for (const folder of ["src", "config", "commands"]) {
      for (const name of await readdir(join(ROOT, folder), { recursive: true })) {
        if (!/\.(?:ts|yaml)$/.test(name)) continue;
        for (const [document] of (await readFile(join(ROOT, folder, name), "utf8")).matchAll(/docs\/[\w/-]+\.md/g)) named.push(document);
      }
    }
    assert.ok(named.includes("docs/recovery.md"));
    assert.deepEqual([...new Set(named)].filter((document) => !existsSync(join(ROOT, document))), []);
  });
  it("of recovery names only commands and options that there are", async () => {
    const text = await readFile(join(ROOT, "docs", "recovery.md"), "utf8");
    const program = programOf({ input: process.stdin, out: () => undefined, err: () => undefined }, () => undefined);
    const lines = [...text.matchAll(/`relevo ([^`]+)`/g)].map(([, line = ""]) => line.split(" "));
    assert.ok(lines.length > 5);
    for (const [name = "", ...rest] of lines) {
      const command = program.commands.find((each) => each.name() === name);
      assert.ok(command !== undefined, name);
      for (const option of rest.filter((word) => word.startsWith("--"))) assert.ok(command.options.some(({ long }) => long === option), `relevo ${name} ${option}`);
    }
  });
  it("explains every code that the part which speaks to the homeserver reports", async () => {
    const named = new Set<string>();
    for (const name of await readdir(join(ROOT, "src", "matrix"), { recursive: true })) {
      if (!name.endsWith(".ts")) continue;
      for (const [, code = ""] of (await readFile(join(ROOT, "src", "matrix", name), "utf8")).matchAll(/\blog\("([a-z-]+\.[a-z.-]+)"/g)) named.add(code);
    }
    assert.ok(named.has("http.again"));
    assert.deepEqual([...named].filter((code) => !Object.hasOwn(OF_LINE, code)), []);
    assert.deepEqual(Object.keys(OF_LINE).filter((code) => !named.has(code)), []);
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
