import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { visible } from "../../src/chat/clean.ts";
import { LONGEST_FILE, MOST_PARTS, noticeParts } from "../../src/chat/parts.ts";
import { MAX_CONTENT_BYTES, noticeContent } from "../../src/chat/write.ts";
import { line, message, typed } from "../../src/domain/say.ts";
import { aReader } from "./world.ts";

const bytes = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length;
const textOf = (content: Readonly<Record<string, unknown>>): string => String(content["body"]);
const ofTexts = (texts: readonly string[]) => message(...texts.map((text) => line("text", { text })));

describe("a long answer", () => {
  it("that fits is one message, as ever", () => {
    const short = message(line("chat.missing", { what: "task" }), line("chat.type", { line: typed("task done T-12") }));
    assert.deepEqual(noticeParts(short, aReader()), { as: "messages", contents: [noticeContent(short, aReader())] });
  });

  it("comes in numbered parts, in order, each cut where a line ends", () => {
    const tasks = Array.from({ length: 500 }, (_, index) => `T-${index + 1} Ring the port of Praia about the papers of the grey container`);
    const long = noticeParts(ofTexts(tasks), aReader());
    assert.ok(long.as === "messages");
    const { contents } = long;
    assert.ok(contents.length >= 2 && contents.length <= MOST_PARTS, String(contents.length));
    assert.deepEqual(contents.map((content) => textOf(content).split("\n").at(-1)), contents.map((_, index) => `(${index + 1}/${contents.length})`));
    assert.deepEqual(contents.flatMap((content) => textOf(content).split("\n").slice(0, -1)), tasks);
  });

  it("loses no word, whatever was written, and each part fits an encrypted event", () => {
    const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
    const paragraph = fc.array(word, { maxLength: 40 }).map((words) => words.join(" "));
    fc.assert(fc.property(fc.array(paragraph, { minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 40 }), (texts, times) => {
      const all = texts.map((text) => Array.from({ length: times }, () => text).join(" "));
      const long = noticeParts(ofTexts(all), aReader());
      if (long.as === "file") {
        assert.ok(bytes(long.content) <= MAX_CONTENT_BYTES);
        return;
      }
      const read = long.contents.map((content) => textOf(content).replace(/\n\(\d+\/\d+\)$/, "")).join("\n");
      assert.equal(read.replace(/\s/g, ""), all.map(visible).join("\n").replace(/\s/g, ""));
      for (const content of long.contents) assert.ok(bytes(content) <= MAX_CONTENT_BYTES, String(bytes(content)));
    }), { numRuns: 60, seed: 5 });
  });

  it("cuts a line that is a message of its own at a word, and a word that is one between two characters", () => {
    const words = noticeParts(ofTexts(["lorem ".repeat(5_000).trim()]), aReader());
    assert.ok(words.as === "messages");
    for (const content of words.contents) assert.match(textOf(content), /^lorem( lorem)*\n\(\d\/\d\)$/);
    const birds = noticeParts(ofTexts(["🐦".repeat(8_000)]), aReader());
    assert.ok(birds.as === "messages" && birds.contents.length > 1);
    for (const content of birds.contents) assert.match(textOf(content), /^(?:🐦)+\n\(\d\/\d\)$/u);
  });

  it("beyond a few parts is a file, said in the message to which it is attached", () => {
    const tasks = Array.from({ length: 3_000 }, (_, index) => `T-${index + 1} Ring the port of Praia`);
    const long = noticeParts(ofTexts(tasks), aReader());
    assert.ok(long.as === "file");
    assert.equal(long.text, `${tasks.join("\n")}\n`);
    assert.match(textOf(long.content), /^T-1 [^]*\nT-3 [^]*\nToo long for messages: all 3,000 lines are in the attached file/);
    const endless = noticeParts(ofTexts(Array.from({ length: 2_000 }, () => "🐦 é x".repeat(300))), aReader());
    assert.ok(endless.as === "file" && new TextEncoder().encode(endless.text).length <= LONGEST_FILE && endless.text.isWellFormed());
    assert.match(endless.text, /cut here/);
  });
});
