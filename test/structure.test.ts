import assert from "node:assert/strict";
import { existsSync, globSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { blankOut, lineOf, readSource, undocumented, type Source } from "./support/source.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const sources: readonly Source[] = globSync("{bin,commands,config,src,demo,bench,docs,test}/**/*.{ts,js}", { cwd: ROOT })
  .map((file) => readSource(ROOT, file.split(path.sep).join("/")));

/** The whole table of who may import whom (ARCHITECTURE.md, the layout); a layer may always import itself. */
const MAY: Readonly<Record<string, { readonly own: readonly string[]; readonly packages: RegExp }>> = {
  error: { own: [], packages: /^$/ },
  domain: { own: [], packages: /^$/ },
  ports: { own: ["domain"], packages: /^$/ },
  chat: { own: ["domain", "config"], packages: /^(zod|intl-messageformat)$/ },
  papers: { own: ["domain", "config"], packages: /^$/ },
  commands: { own: ["domain", "chat", "config"], packages: /^zod$/ },
  config: { own: ["domain", "chat"], packages: /^zod$/ },
  journal: { own: ["ports", "domain", "error"], packages: /^(node:.*|better-sqlite3-multiple-ciphers|canonicalize|lowdb|zod)$/ },
  matrix: { own: ["ports", "domain", "error"], packages: /^(node:.*|better-sqlite3-multiple-ciphers|canonicalize|matrix-bot-sdk\/lib\/(http|request|logging\/LogService)\.js|@matrix-org\/matrix-sdk-crypto-wasm|zod)$/ },
  app: { own: ["domain", "ports", "chat", "papers", "commands", "config", "journal", "matrix", "error"], packages: /^(node:.*|zod|canonicalize|lowdb)$/ },
  cli: { own: ["app", "config", "journal", "domain", "ports", "error"], packages: /^(node:.*|commander|yaml|zod)$/ },
  bin: { own: ["cli"], packages: /^(fs|module|os|path|url|child_process)$/ },
  // The story is told from outside, as a person with a phone and an operator see it.
  demo: { own: ["support"], packages: /^node:.*$/ },
  bench: { own: ["support", "app", "chat", "cli", "matrix", "journal", "ports", "domain", "error"], packages: /./ },
  docs: { own: ["app", "cli", "chat", "commands", "config", "domain", "error"], packages: /^(node:.*|zod|yaml)$/ },
  support: { own: ["app", "journal", "matrix", "ports", "domain", "chat", "commands", "config", "error"], packages: /./ },
};

/** Imports that a whole layer may not have but one file must, with the reason. */
const EXCEPT: readonly { readonly file: RegExp; readonly imports: RegExp; readonly because: string }[] = [
  { file: /^src\/chat\/registry\.ts$/, imports: /^(node:(fs|path|url).*|computed|\.\.\/\.\.\/commands\/.*)$/, because: "it reads commands/*.ts at start, so that a new command needs no line here" },
  { file: /^src\/domain\/time\.ts$/, imports: /^(date-fns|@date-fns\/tz)$/, because: "working days, in the one file that knows of dates" },
  { file: /^bin\/relevo\.js$/, imports: /^computed$/, because: "it starts the program only after it knows which Node runs it" },
];

function layerOf(file: string): string {
  if (file === "src/ports.ts") return "ports";
  if (file === "src/operator-error.ts") return "error";
  if (file.startsWith("test/support/")) return "support";
  const [top = "", second = ""] = file.split("/");
  return top === "src" ? second : top;
}

describe("who may import whom", () => {
  it("every file belongs to a layer of the table", () => {
    const strangers = sources.map(({ file }) => file).filter((file) => layerOf(file) !== "test" && MAY[layerOf(file)] === undefined);
    assert.deepEqual(strangers, []);
  });
  for (const [layer, { own, packages }] of Object.entries(MAY)) {
    it(`${layer} imports only ${[...own, "itself"].join(", ")}`, () => {
      const wrong = sources.filter(({ file }) => layerOf(file) === layer).flatMap(({ file, imports }) => imports
        .filter((each) => {
          const name = each.from ?? "computed";
          if (EXCEPT.some((except) => except.file.test(file) && except.imports.test(name))) return false;
          if (each.from === undefined) return true;
          if (each.file === undefined) return !packages.test(each.from);
          const target = layerOf(each.file);
          return target !== layer && !own.includes(target);
        })
        .map((each) => `${file}:${each.line} imports ${each.from ?? "something computed"}`));
      assert.deepEqual(wrong, []);
    });
  }
  it("every import of ours names a file that exists, with its ending", () => {
    const wrong = sources.flatMap(({ file, imports }) => imports
      .filter((each) => each.file !== undefined && !existsSync(path.join(ROOT, each.file)))
      .map((each) => `${file}:${each.line} imports ${each.from}`));
    assert.deepEqual(wrong, []);
  });
  it("the product imports no test, demo or benchmark, and nothing that is only for development", () => {
    const wrong = sources.filter(({ file }) => /^(src|commands|config|bin)\//.test(file)).flatMap(({ file, imports }) => imports
      .filter((each) => (each.file !== undefined && /^(test|demo|bench)\//.test(each.file)) || /^(fast-check|fake-indexeddb|matrix-js-sdk|node:test)/.test(each.from ?? ""))
      .map((each) => `${file}:${each.line} imports ${each.from}`));
    assert.deepEqual(wrong, []);
  });
});

/** What reads the machine's clock, chance or timers. */
const WORLD: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  { name: "the clock", pattern: /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bTemporal\.Now\b|\bperformance\b|\bhrtime\b/g },
  { name: "chance", pattern: /\bMath\.random\b|\brandom(?:Bytes|UUID|Int|Fill|FillSync)\b|\bgetRandomValues\b/g },
  { name: "a timer", pattern: /\bset(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b|\bAbortSignal\.timeout\b|\bnextTick\b/g },
];

/** Where else than in src/app/system.ts, and why. Never in the domain, in chat or in a command. */
const WORLDLY: readonly { readonly file: string; readonly name: string; readonly because: string }[] = [
  { file: "src/matrix/transport.ts", name: "a timer", because: "a request to the network needs a time-out of its own" },
  { file: "src/matrix/rest.ts", name: "a timer", because: "a repeated request waits as long as the homeserver asks" },
  { file: "src/matrix/machine.ts", name: "a timer", because: "a call into the crypto machine that never settles must end the process" },
  { file: "src/matrix/store-age.ts", name: "a timer", because: "a message waits for the first sync, but not for ever" },
  { file: "src/matrix/crypto-store/factory.ts", name: "a timer", because: "IndexedDB answers in a later task" },
  { file: "src/matrix/crypto-store/transaction.ts", name: "a timer", because: "IndexedDB answers in a later task" },
];

describe("the world outside", () => {
  it("is read in src/app/system.ts alone, and where the list says why", () => {
    const wrong = sources.filter(({ file }) => /^(src|commands|config)\//.test(file) && file !== "src/app/system.ts").flatMap(({ file, text, code }) =>
      WORLD.filter(({ name }) => !WORLDLY.some((each) => each.file === file && each.name === name)).flatMap(({ name, pattern }) =>
        [...code.matchAll(pattern)].map((match) => `${file}:${lineOf(text, match.index)} reads ${name}: ${match[0]}`)));
    assert.deepEqual(wrong, []);
  });
  it("has no exception for the domain, chat or commands, and none that nobody needs", () => {
    const wrong = WORLDLY.filter(({ file, name }) => {
      const pattern = WORLD.find((each) => each.name === name)?.pattern;
      const source = sources.find((each) => each.file === file);
      return /^(src\/(domain|chat)|commands)\//.test(file) || pattern === undefined || source === undefined || source.code.search(pattern) === -1;
    });
    assert.deepEqual(wrong, []);
  });
  it("is not spoken to from the domain: no process, console, fetch, Buffer", () => {
    const wrong = sources.filter(({ file }) => file.startsWith("src/domain/")).flatMap(({ file, text, code }) =>
      [...code.matchAll(/(?<![.\w])(?:process|console|fetch|Buffer|globalThis|require)\b(?!\s*[?]?:)/g)].map((match) => `${file}:${lineOf(text, match.index)} ${match[0]}`));
    assert.deepEqual(wrong, []);
  });
  it("tells dates to the domain in src/domain/time.ts alone", () => {
    const wrong = sources.filter(({ file }) => file.startsWith("src/domain/") && file !== "src/domain/time.ts").flatMap(({ file, text, code }) =>
      [...code.matchAll(/\b(?:Temporal\.|new Date\b|Intl\.DateTimeFormat\b|Date\.(?:parse|UTC)\b)/g)].map((match) => `${file}:${lineOf(text, match.index)} ${match[0]}`));
    assert.deepEqual(wrong, []);
  });
});

describe("who is in a case", () => {
  it("is asked of members() and memberCalled(): the state also keeps those who were removed, for their call signs", () => {
    const wrong = sources.filter(({ file }) => /^(src|commands)\//.test(file) && !/^src\/domain\/(state|roster|chain)\.ts$/.test(file)).flatMap(({ file, text, code }) =>
      [...code.matchAll(/\b(?:state|view)\.member\b(?!\s*\.size)/g)].map((match) => `${file}:${lineOf(text, match.index)}`));
    assert.deepEqual(wrong, []);
  });
});

describe("names and words", () => {
  it("no folder, and no file of the product, is named after nothing in particular", () => {
    const vague = /^(utils?|helpers?|misc|managers?|stuff|lib|shared|tools?)$/;
    const wrong = sources.filter(({ file }) => {
      const parts = file.split("/");
      const name = parts.at(-1)?.replace(/\.\w+$/, "") ?? "";
      return parts.slice(0, -1).some((part) => vague.test(part) || part === "common") || (!file.startsWith("test/") && vague.test(name));
    }).map(({ file }) => file);
    assert.deepEqual(wrong, []);
  });
  it("every exported symbol of the product has a doc comment", () => {
    const missing = sources.filter(({ file }) => file.startsWith("src/")).flatMap(undocumented);
    assert.deepEqual(missing.map(({ file, line, what }) => `${file}:${line} ${what}`), []);
  });
  it("no rule of the compiler or linter is switched off without a reason beside it", () => {
    const wrong = sources.filter(({ file }) => !file.startsWith("test/")).flatMap(({ file, text }) =>
      [...text.matchAll(/(?:@ts-(?:ignore|nocheck|expect-error)|(?:eslint|oxlint)-disable\S*)(.*)/g)]
        .filter((match) => !/--\s*\S{3}|:\s*\S{3}/.test(match[1] ?? ""))
        .map((match) => `${file}:${lineOf(text, match.index)} ${match[0]}`));
    assert.deepEqual(wrong, []);
  });
});

describe("the reading of our own source", () => {
  it("sees static, type-only, dynamic and inline imports, and no import in a comment or a text", () => {
    const text = [
      'import a from "./a.ts";', 'import type { B } from "../b.ts";', 'export * from "./c.ts";', "const d = await import('./d.ts');",
      'type E = import("./e.ts").E;', "const f = await import(name);", '// import g from "./g.ts";', 'const h = "import h from \\"./h.ts\\"";',
      'import {\n  i,\n} from "./i.ts";', 'import "./j.ts";',
    ].join("\n");
    const found = [...blankOut(text).matchAll(/\b(?:import\s*(?:\(\s*)?|from\s*)["'`]|\bimport\s*\(\s*(?!["'`\s])/g)];
    assert.equal(found.length, 8);
  });
  it("does not take a word in a comment, text, template or pattern for code", () => {
    const code = blankOut('a(); // Date.now()\nb("Date.now()", `Date.now() ${c.Date} Date.now()`, /Date.now/); /* Date.now */ d = x / Date2 / y;');
    assert.equal(code.includes("Date.now"), false);
    assert.equal(code.includes("c.Date"), true);
    assert.equal(code.includes("Date2"), true);
  });
});
