import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Instant } from "../../src/domain/ids.ts";
import type { Question } from "../../src/domain/question.ts";
import { answer, ask, optionOf, questionEntity, whyIgnored, withdraw } from "../../src/domain/question.ts";
import { line, message } from "../../src/domain/say.ts";
import { ANA, LUIS, MINUTE, NOW, after, by } from "./builders-core.ts";

const EXPIRES = (NOW + 10 * MINUTE) as Instant;

function aQuestion(): Question {
  const asked = ask({
    about: "alert:A-7", asked: [ANA], to: { to: "people", users: [ANA] }, lane: "live", stub: line("text", { text: "Albatross" }),
    details: message(line("text", { text: "all of it" })), expires: EXPIRES,
    options: [{ label: line("request.confirm", {}), does: { command: "alert ack", params: { alert: "A-7" }, confirmed: true } }, { label: line("request.not-correct", {}) }],
  }, by(ANA));
  return questionEntity.evolve(undefined, asked);
}
function first(question: Question) {
  const option = question.options[0];
  assert.ok(option);
  return option;
}

describe("a question", () => {
  it("gives every answer an id of its own", () => {
    const ids = aQuestion().options.map((option) => option.id);
    assert.equal(new Set(ids).size, ids.length);
  });
  it("is answered by the person who was asked, in time", () => {
    const { counts, decision } = answer(aQuestion(), ANA, first(aQuestion()), NOW);
    assert.equal(counts, true);
    assert.deepEqual(decision.ok && decision.events.map((event) => event.type), ["question.answered"]);
  });
  it("puts the vote of somebody else on record and does nothing else", () => {
    const { counts, decision } = answer(aQuestion(), LUIS, first(aQuestion()), NOW);
    assert.equal(counts, false);
    assert.deepEqual(decision.ok && decision.events, [{ type: "question.vote-ignored", v: 1, id: aQuestion().id, by: LUIS, why: "not-asked", at: NOW }]);
  });
  it("does not count an answer at the moment it expires, nor after it", () => {
    for (const late of [EXPIRES, (EXPIRES + 1) as Instant]) assert.equal(answer(aQuestion(), ANA, first(aQuestion()), late).counts, false);
    assert.equal(answer(aQuestion(), ANA, first(aQuestion()), (EXPIRES - 1) as Instant).counts, true);
  });
  it("does not count a second answer, whichever it is", () => {
    const question = aQuestion();
    const answered = questionEntity.evolve(question, { type: "question.answered", v: 1, id: question.id, by: ANA, option: first(question).id, at: NOW });
    for (const option of question.options) assert.equal(answer(answered, ANA, option, NOW).counts, false);
    const said = whyIgnored(answered, "used");
    assert.equal(!said.ok && said.lines[0]?.code, "question.answered-already");
  });
  it("does not count an answer after it was withdrawn", () => {
    const question = aQuestion();
    const withdrawn = questionEntity.evolve(question, { type: "question.withdrawn", v: 1, id: question.id, at: NOW });
    assert.equal(answer(withdrawn, ANA, first(question), NOW).counts, false);
  });
  it("takes yes for its first answer and no for its last", () => {
    const question = aQuestion();
    assert.equal(optionOf(question, { word: "yes" }), question.options[0]);
    assert.equal(optionOf(question, { word: "no" }), question.options[1]);
    assert.equal(optionOf(question, { option: "made up" }), undefined);
  });
  it("with more than two answers has no yes and no no", () => {
    const question = { ...aQuestion(), options: [...aQuestion().options, { id: "third", label: line("text", { text: "3" }) }] };
    for (const word of ["yes", "no"] as const) assert.equal(optionOf(question, { word }), undefined);
    assert.equal(optionOf(question, { option: "third" })?.id, "third");
  });
  it("says why an answer did not count", () => {
    const question = aQuestion();
    const [used, withdrawn, expired] = (["used", "withdrawn", "expired"] as const).map((why) => {
      const said = whyIgnored(question, why);
      return said.ok ? undefined : said.lines[0];
    });
    assert.deepEqual([used?.code, withdrawn?.code, expired?.code], ["question.answered-already", "question.withdrawn", "question.expired"]);
    assert.deepEqual(expired?.facts, { minutes: 10 });
    const short = whyIgnored({ ...question, expires: (question.askedAt + 1_000) as Instant }, "expired");
    assert.deepEqual(!short.ok && short.lines[0]?.facts, { minutes: 1 });
  });
  it("that ran out is over at once, and an answer to it is put on record as late", () => {
    const question = aQuestion();
    const expired = questionEntity.evolve(question, { type: "question.expired", v: 1, id: question.id, at: EXPIRES });
    assert.equal(expired.state, "expired");
    const { counts, decision } = answer(expired, ANA, first(question), NOW);
    assert.equal(counts, false);
    assert.deepEqual(decision.ok && decision.events.map((event) => event.type === "question.vote-ignored" && event.why), ["expired"]);
  });
  it("is put where its answer is expected, and closed there when it is over", () => {
    const question = aQuestion();
    const asked = { type: "question.asked", v: 1, ...question } as const;
    const scope = after([asked]);
    assert.deepEqual(questionEntity.effects(asked, scope), [{ effect: "ask", question: question.id, to: { to: "people", users: [ANA] }, lane: "live" }]);
    assert.deepEqual(questionEntity.effects({ type: "question.vote-ignored", v: 1, id: question.id, by: LUIS, why: "not-asked", at: NOW }, scope), []);
    for (const type of ["question.expired", "question.withdrawn"] as const) {
      const over = { type, v: 1, id: question.id, at: NOW } as const;
      assert.deepEqual(questionEntity.effects(over, after([asked, over])), [{ effect: "close", question: question.id }]);
      assert.deepEqual(questionEntity.effects(over, after([asked, { type: "question.answered", v: 1, id: question.id, by: ANA, option: first(question).id, at: NOW }, over])), []);
      assert.deepEqual(questionEntity.effects(over, after([])), []);
    }
  });
  it("keeps who answered what and when, whatever comes after", () => {
    const question = aQuestion();
    const answered = questionEntity.evolve(question, { type: "question.answered", v: 1, id: question.id, by: ANA, option: first(question).id, at: NOW });
    const later = (["question.expired", "question.withdrawn"] as const).reduce((before, type) => questionEntity.evolve(before, { type, v: 1, id: question.id, at: EXPIRES }), answered);
    assert.deepEqual([later.state, later.answer], ["answered", { by: ANA, option: first(question).id, at: NOW }]);
    assert.equal(questionEntity.evolve(answered, { type: "question.vote-ignored", v: 1, id: question.id, by: LUIS, why: "used", at: NOW }), answered);
  });
  it("cannot be answered before it was asked", () => {
    assert.throws(() => questionEntity.evolve(undefined, { type: "question.expired", v: 1, id: aQuestion().id, at: NOW }), /question\.expired before question\.asked/);
  });
  it("is withdrawn with the matter it is about, once, and no other is", () => {
    const question = aQuestion();
    const scope = after([{ type: "question.asked", v: 1, ...question }]);
    assert.equal(withdraw(scope.state.question, "alert:A-8", NOW).length, 0);
    const ended = withdraw(scope.state.question, "alert:A-7", NOW);
    assert.equal(ended.length, 1);
    for (const event of ended) scope.held.apply(event);
    assert.equal(withdraw(scope.state.question, "alert:A-7", NOW).length, 0);
  });
  it("stays answered when its answer settles the matter, and ends once", () => {
    const question = aQuestion();
    const scope = after([{ type: "question.asked", v: 1, ...question }]);
    const answered = { type: "question.answered", v: 1, id: question.id, by: ANA, option: first(question).id, at: NOW } as const;
    const settled = withdraw(scope.state.question, question.about, NOW);
    for (const event of [answered, ...settled]) scope.held.apply(event);
    assert.equal(scope.state.question.get(question.id)?.state, "answered");
    const closings = [answered, ...settled].flatMap((event) => questionEntity.effects(event, scope));
    assert.deepEqual(closings, [{ effect: "close", question: question.id }]);
  });
  it("wants to be woken at its end while it is open, and never after", () => {
    const question = aQuestion();
    const scope = after([]);
    assert.equal(questionEntity.nextWake?.(question, by(ANA).windows, scope), EXPIRES);
    assert.equal(questionEntity.nextWake?.({ ...question, state: "answered" }, by(ANA).windows, scope), undefined);
  });
});
