import { describe, it } from "node:test";
import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { pollAnswer, pollEnd, pollStart, POLL_END, POLL_RESPONSE, POLL_START } from "../../src/chat/poll.ts";
import { costOf, editContent, LONGEST_TEXT, MAX_CONTENT_BYTES, noticeContent, surelyFit, textContent, threaded, written } from "../../src/chat/write.ts";
import type { EventId, UserId } from "../../src/domain/ids.ts";
import { line, type Message, message, typed } from "../../src/domain/say.ts";
import { aReader } from "./world.ts";

const text = (of: string): Message => message(line("text", { text: of }));
const bytes = (content: unknown): number => new TextEncoder().encode(JSON.stringify(content)).length;

describe("a message", () => {
  it("is complete as plain text, and has what is to be typed as code in its HTML", () => {
    const { body, html } = written(message(line("chat.missing", { what: "task" }), line("chat.type", { line: typed("task done T-12") })), aReader({ prefix: "!" }));
    equal(body, "Missing: task.\nType  !task done T-12");
    equal(html, "Missing: task.<br>Type  <code>!task done T-12</code>");
  });

  it("never takes what people wrote for markup", () => {
    const { html } = written(text('<img src=x onerror=alert(1)> & "quotes" \u0002code\u0003'), aReader());
    equal(html, "&lt;img src=x onerror=alert(1)&gt; &amp; &quot;quotes&quot; code");
    const { body } = written(message(line("chat.type", { line: typed("task add </code><b>x") })), aReader());
    equal(body, "Type  task add </code><b>x");
  });

  it("never lets what people wrote be a placeholder or another line's code", () => {
    equal(written(text("{text} {n, plural, one {x}} '{'"), aReader()).body, "{text} {n, plural, one {x}} '{'");
  });

  it("is a silent notice, except a stub, which mentions those it wakes", () => {
    equal(noticeContent(text("x"), aReader())["msgtype"], "m.notice");
    deepEqual(noticeContent(text("@room"), aReader())["m.mentions"], {});
    const ana = "@ana:es.example" as UserId;
    const stub = textContent(text("x"), aReader(), [ana, ana]);
    equal(stub["msgtype"], "m.text");
    deepEqual(stub["m.mentions"], { user_ids: [ana] });
  });

  it("stands in a thread of the command, or replaces a board", () => {
    const content = noticeContent(text("x"), aReader());
    deepEqual(threaded(content, "$1" as EventId)["m.relates_to"], { rel_type: "m.thread", event_id: "$1", is_falling_back: true, "m.in_reply_to": { event_id: "$1" } });
    const edit = editContent(threaded(content, "$1" as EventId), "$2" as EventId);
    deepEqual(edit["m.relates_to"], { rel_type: "m.replace", event_id: "$2" });
    deepEqual(edit["m.new_content"], content);
    equal(edit["body"], "* x");
  });

  it("fits an encrypted event, whatever was written, and says that it was cut", () => {
    for (const long of ["x".repeat(200_000), "<&>\"'".repeat(30_000), "🐦".repeat(30_000), "\\\n".repeat(30_000)]) {
      const content = noticeContent(text(long), aReader());
      ok(bytes(content) <= MAX_CONTENT_BYTES, String(bytes(content)));
      ok(bytes(editContent(content, "$1" as EventId)) <= MAX_CONTENT_BYTES);
      match(String(content["body"]), /cut here: too long for one message\.$/);
      doesNotMatch(String(content["body"]), /\uFFFD/);
    }
    const many = noticeContent(message(...Array.from({ length: 2_000 }, () => line("text", { text: "a line of a long list" }))), aReader());
    ok(bytes(many) <= MAX_CONTENT_BYTES);
    match(String(many["body"]), /cut here/);
  });

  it("is not measured only where it surely fits, whatever was written", () => {
    const worst = fc.array(fc.string({ unit: fc.constantFrom('"', "'", "&", "<", "\u0002", "\u0003", "\u0000", "\n", "\ud800", "\u{10ffff}", "a", "\uffff") }));
    fc.assert(fc.property(worst, (lines) => {
      if (surelyFit(lines)) ok(lines.reduce((sum, each) => sum + costOf(each), 0) <= LONGEST_TEXT - 256);
    }));
    ok(surelyFit(["a".repeat(900)]));
    ok(!surelyFit(["a".repeat(1_000)]));
  });

  it("is never cut when it is short enough, and always fits", () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: "binary", maxLength: 300 }), { maxLength: 30 }), (texts) => {
      const content = noticeContent(message(...texts.map((each) => line("text", { text: each }))), aReader());
      ok(bytes(content) <= MAX_CONTENT_BYTES);
      ok(String(content["body"]).isWellFormed());
    }), { numRuns: 200, seed: 3 });
    doesNotMatch(String(noticeContent(text("x".repeat(5_000)), aReader())["body"]), /cut here/);
  });
});

describe("a poll", () => {
  const question = {
    stub: line("text", { text: "Albatross · which one?" }),
    options: [{ id: "a1", label: line("text", { text: "Sat 3 Apr" }) }, { id: "b2", label: line("text", { text: "Thu 4 Mar" }) }],
  };

  it("carries the bare question and one button an answer, by the unstable names only", () => {
    const { type, content } = pollStart(question, aReader());
    equal(type, "org.matrix.msc3381.poll.start");
    deepEqual(content[POLL_START], {
      kind: "org.matrix.msc3381.poll.disclosed", max_selections: 1, question: { "org.matrix.msc1767.text": "Albatross · which one?" },
      answers: [{ id: "a1", "org.matrix.msc1767.text": "Sat 3 Apr" }, { id: "b2", "org.matrix.msc1767.text": "Thu 4 Mar" }],
    });
    equal(content["org.matrix.msc1767.text"], "Albatross · which one?\n1. Sat 3 Apr\n2. Thu 4 Mar");
    ok(!("m.poll" in content) && !("m.poll.start" in content));
  });

  it("keeps within what clients show", () => {
    const { content } = pollStart({ stub: line("text", { text: "x".repeat(900) }), options: question.options }, aReader());
    const start = content[POLL_START] as { question: Record<string, string> };
    equal([...(start.question["org.matrix.msc1767.text"] ?? "")].length, 340);
  });

  it("ends with a text in the reader's language", () => {
    const { type, content } = pollEnd(aReader({ language: "es" }));
    equal(type, POLL_END);
    equal(content["org.matrix.msc1767.text"], "Esta pregunta ha terminado.");
    deepEqual(content[POLL_END], {});
  });

  it("takes one answer of a vote, and nothing else for one", () => {
    equal(pollAnswer(POLL_RESPONSE, { [POLL_RESPONSE]: { answers: ["a1"] } }), "a1");
    for (const answers of [[], ["a1", "b2"], [7], "a1", [""], ["x".repeat(65)], undefined, null]) equal(pollAnswer(POLL_RESPONSE, { [POLL_RESPONSE]: { answers } }), undefined);
    equal(pollAnswer("m.room.message", { [POLL_RESPONSE]: { answers: ["a1"] } }), undefined);
    equal(pollAnswer("m.poll.response", { "m.poll.response": { answers: ["a1"] } }), undefined);
    fc.assert(fc.property(fc.anything(), (shape) => { pollAnswer(POLL_RESPONSE, { [POLL_RESPONSE]: shape }); }), { numRuns: 300, seed: 4 });
  });
});
