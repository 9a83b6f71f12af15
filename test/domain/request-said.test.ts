/** Requests for the consent of others: who is asked, what counts, and who is told what. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Chain } from "../../src/domain/chain.ts";
import type { Effect } from "../../src/domain/effect.ts";
import type { DomainEvent } from "../../src/domain/events.ts";
import type { Instant, UserId } from "../../src/domain/ids.ts";
import type { Need, Request, RequestEvent } from "../../src/domain/request.ts";
import { CONSENT, DISSENT, confirmOwn, consent, dissent, dropped, granted, requestConsents, requestEntity, satisfied, stillNeeded, typedAnswers } from "../../src/domain/request.ts";
import { line, list, message } from "../../src/domain/say.ts";
import type { Scope } from "../../src/domain/state.ts";
import { ANA, CASE, LUIS, NUNO, NOW, WINDOWS, after, by } from "./builders-core.ts";

const proposal = { does: { command: "jit add", params: { user: "x" }, confirmed: true as const }, details: message(line("text", { text: "Add x" })), codename: "Albatross" };
const called = { [LUIS]: "CO-1", [NUNO]: "PT-1" };
const need = (count: number, ...anyOf: readonly UserId[]): Need => ({ anyOf, count }) as Need;
/** What Ana asked for, and the state after it and what followed. */
function asked(needs: readonly Need[], ...more: readonly RequestEvent[]): { readonly events: readonly DomainEvent[]; readonly request: Request; readonly scope: Scope } {
  const events = requestConsents(proposal, needs, called, by(ANA));
  const scope = after([...events, ...more.map((event): DomainEvent => ({ ...event, id: (events[0] as RequestEvent).id }))], CASE);
  const [request] = scope.state.request.values();
  assert.ok(request);
  return { events, request, scope };
}
const of = (type: "request.consented" | "request.refused", user: UserId): RequestEvent => ({ type, v: 1, id: "" as Request["id"], by: user, at: NOW });
const over = (type: "request.granted" | "request.expired"): RequestEvent => ({ type, v: 1, id: "" as Request["id"], at: NOW });
function said(needs: readonly Need[], ...events: readonly RequestEvent[]): readonly Effect[] {
  const { scope, request, events: [made] } = asked(needs, ...events);
  return requestEntity.effects({ ...(events.at(-1) ?? made), id: request.id } as RequestEvent, scope);
}

describe("one's own confirmation", () => {
  it("is a question with all that it is about and its digest, of which only the first answer does something", () => {
    const [question] = confirmOwn(proposal, after([], CASE), by(ANA));
    assert.equal(question?.type, "question.asked");
    const { asked: who, details, options, about, digest } = question as Extract<typeof question, { type: "question.asked" }>;
    assert.deepEqual(who, [ANA]);
    assert.equal(about, `confirm:${String(digest)}`);
    assert.deepEqual(details.lines, [...proposal.details.lines, line("request.digest", { digest: String(digest) })]);
    assert.deepEqual(options.map((option) => option.does), [{ ...proposal.does, confirmed: true }, undefined]);
    assert.deepEqual(options.map((option) => option.label), [line("request.confirm", {}), line("request.not-correct", {})]);
  });
});

describe("a request for the consent of others", () => {
  it("asks each of them once, with the same digest, and what their answers do; whoever asks has consented if they are among them", () => {
    const { events, request } = asked([need(1, LUIS, NUNO), need(1, NUNO), need(2, ANA, LUIS)]);
    const questions = events.flatMap((event) => (event.type === "question.asked" ? [event] : []));
    assert.deepEqual(questions.map((question) => question.asked), [[LUIS], [NUNO]]);
    for (const { options, details, about, stub } of questions) {
      assert.equal(about, `request:${request.id}`);
      assert.deepEqual(details.lines.at(-1), line("request.digest", { digest: request.digest }));
      assert.deepEqual(stub, line("request.stub-other", { codename: "Albatross", code: request.digest }));
      assert.deepEqual(options.map((option) => option.does), [CONSENT, DISSENT].map((command) => ({ command, params: { request: request.id }, confirmed: true })));
    }
    assert.deepEqual(request.given.map((each) => each.by), [ANA]);
    assert.deepEqual(asked([need(1, LUIS)]).request.given, []);
  });
  it("needs those who can still give what is missing, each once", () => {
    assert.deepEqual(stillNeeded([need(1, LUIS, NUNO), need(1, LUIS)], []), [LUIS, NUNO]);
    assert.deepEqual(stillNeeded([need(1, LUIS, NUNO)], [LUIS]), []);
    assert.deepEqual(stillNeeded([need(2, LUIS, NUNO)], [LUIS]), [NUNO]);
    assert.equal(satisfied({ ...asked([need(2, LUIS, NUNO)]).request, given: [{ by: LUIS, at: NOW }] }), false);
    assert.equal(satisfied({ ...asked([need(2, LUIS, NUNO)]).request, given: [{ by: LUIS, at: NOW }, { by: NUNO, at: NOW }] }), true);
  });
  it("takes the consent of one who is asked, once, and only while it is open", () => {
    const { request } = asked([need(1, LUIS), need(1, NUNO)]);
    const decision = consent(request, LUIS, NOW);
    assert.deepEqual(decision.ok && decision.events, [{ type: "request.consented", v: 1, id: request.id, by: LUIS, at: NOW }]);
    assert.equal(consent(request, ANA, NOW).ok, false);
    assert.equal(consent(asked([need(1, LUIS), need(1, NUNO)], of("request.consented", LUIS)).request, LUIS, NOW).ok, false);
    for (const end of [of("request.refused", NUNO), over("request.granted"), over("request.expired")]) assert.equal(consent(asked([need(1, LUIS)], end).request, LUIS, NOW).ok, false, end.type);
    assert.equal(consent(undefined, LUIS, NOW).ok, false);
  });
  it("is over for everybody with one refusal, and takes none when it is over", () => {
    const { request, scope } = asked([need(1, LUIS), need(1, NUNO)]);
    const decision = dissent(request, LUIS, scope, NOW);
    assert.ok(decision.ok);
    assert.deepEqual(decision.events.map((event) => event.type), ["request.refused", "question.withdrawn", "question.withdrawn"]);
    assert.equal(dissent(undefined, LUIS, scope, NOW).ok, false);
    for (const end of [of("request.refused", NUNO), over("request.granted"), over("request.expired")]) assert.equal(dissent(asked([need(1, LUIS)], end).request, LUIS, scope, NOW).ok, false, end.type);
  });
  it("withdraws its questions when it is granted or dropped, and is then what it came to", () => {
    const { request, scope, events } = asked([need(1, LUIS)]);
    for (const [end, state] of [[granted(request, scope, NOW), "granted"], [dropped(request, scope, NOW), "expired"]] as const) {
      assert.equal(end.filter((event) => event.type === "question.withdrawn").length, 1);
      const chain = new Chain();
      for (const event of [...events, ...end]) chain.apply(event);
      assert.equal(chain.view.request.get(request.id)?.state, state);
    }
    assert.equal(asked([need(1, LUIS)], of("request.refused", LUIS)).request.state, "refused");
  });
  it("ends when its time is over, and wakes for nothing after it", () => {
    const { request } = asked([need(1, LUIS)]);
    assert.equal(requestEntity.nextWake?.(request, WINDOWS, after([], CASE)), NOW + WINDOWS.requestOpen);
    assert.equal(requestEntity.nextWake?.({ ...request, state: "granted" } as Request, WINDOWS, after([], CASE)), undefined);
    const tick = requestEntity.tick?.(request, { ...by(ANA), now: (NOW + 1) as Instant }, after([], CASE));
    assert.deepEqual(tick?.ok === true && tick.events, [{ type: "request.expired", v: 1, id: request.id, at: NOW + 1 }]);
  });
  it("tells its author whose consent is missing, by call sign, and nothing when none is", () => {
    assert.deepEqual(said([need(1, LUIS), need(1, NUNO)]).map((effect) => effect.effect === "say" && [effect.to, effect.message.lines]), [
      [{ to: "origin" }, [line("request.asked-others", { who: list(["CO-1", "PT-1"]) })]],
    ]);
    assert.deepEqual(said([need(1, ANA)]), []);
    assert.deepEqual(said([need(1, LUIS), need(1, NUNO)], of("request.consented", LUIS)).map((effect) => effect.effect === "say" && [effect.to, effect.message.lines]), [
      [{ to: "people", users: [ANA] }, [line("request.still-waiting", { by: "CO-1", who: list(["PT-1"]) })]],
    ]);
    assert.deepEqual(said([need(1, LUIS)], of("request.consented", LUIS)), []);
    assert.deepEqual(said([need(2, ANA, LUIS)], of("request.consented", ANA)), []);
  });
  it("tells its author how it ended, unless it took effect, which says it", () => {
    const lines = (...events: readonly RequestEvent[]): unknown => said([need(1, LUIS)], ...events).map((effect) => effect.effect === "say" && [effect.to, effect.message.lines]);
    const author = { to: "people", users: [ANA] };
    assert.deepEqual(lines(of("request.refused", LUIS)), [[author, [line("request.refused-by", { who: "CO-1" })]]]);
    assert.deepEqual(lines(over("request.expired")), [[author, [line("request.expired", {})]]]);
    assert.deepEqual(lines(over("request.granted")), []);
  });
  it("can be answered by typing", () => {
    assert.deepEqual(typedAnswers("7F3Q"), { yes: { fact: "typed", line: "yes 7F3Q" }, no: { fact: "typed", line: "no 7F3Q" } });
  });
});
