import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DomainEvent } from "../../src/domain/events.ts";
import type { Request } from "../../src/domain/request.ts";
import { confirmOwn, consent, dissent, dropped, granted, requestConsents, requestEntity, satisfied, stillNeeded } from "../../src/domain/request.ts";
import type { Instant, QuestionId } from "../../src/domain/ids.ts";
import { line, message } from "../../src/domain/say.ts";
import { ANA, BOT, LUIS, NOW, NUNO, after, by } from "./builders-core.ts";

const proposal = { does: { command: "jit add", params: { user: NUNO }, confirmed: true }, details: message(line("text", { text: "Nuno, PT" })), codename: "Albatross" };

function made(needs: Parameters<typeof requestConsents>[1]): { events: DomainEvent[]; request: Request; scope: ReturnType<typeof after> } {
  const events = requestConsents(proposal, needs, { [LUIS]: "CO-1", [NUNO]: "PT-1" }, by(ANA));
  const scope = after(events);
  const [request] = [...scope.state.request.values()];
  assert.ok(request);
  return { events, request, scope };
}

describe("a request that needs others", () => {
  it("asks its author first, with the digest of exactly what was typed", () => {
    const [own] = confirmOwn(proposal, after([]), by(ANA));
    assert.ok(own?.type === "question.asked");
    assert.deepEqual([own.asked, own.options[0]?.does, own.options[1]?.does], [[ANA], proposal.does, undefined]);
    const [other] = confirmOwn({ ...proposal, does: { ...proposal.does, params: { user: LUIS, more: "than before" } } }, after([]), by(ANA));
    assert.ok(other?.type === "question.asked" && other.digest !== own.digest);
  });
  it("leaves one question open when its author gives the same command again", () => {
    const scope = after([]);
    for (let times = 0; times < 3; times += 1) for (const event of confirmOwn(proposal, scope, by(ANA, (NOW + times) as Instant))) scope.held.apply({ ...event, ...(event.type === "question.asked" ? { id: `q${times}` as QuestionId } : {}) });
    assert.deepEqual([...scope.state.question.values()].map((question) => question.state), ["withdrawn", "withdrawn", "open"]);
  });
  it("asks everybody who is needed, each alone, and not its author", () => {
    const { events } = made([{ anyOf: [ANA], count: 1 }, { anyOf: [LUIS, NUNO], count: 1 }]);
    const asked = events.flatMap((event) => (event.type === "question.asked" ? [event.asked] : []));
    assert.deepEqual(asked, [[LUIS], [NUNO]]);
  });
  it("is satisfied when every need has its consents, and the author's own confirmation is one", () => {
    const { request } = made([{ anyOf: [ANA], count: 1 }, { anyOf: [LUIS, NUNO], count: 1 }]);
    assert.equal(satisfied(request), false);
    assert.deepEqual(stillNeeded(request.needs, [ANA]), [LUIS, NUNO]);
    const next = requestEntity.evolve(request, { type: "request.consented", v: 1, id: request.id, by: NUNO, at: NOW });
    assert.equal(satisfied(next), true);
  });
  it("is not satisfied by one person where two are needed", () => {
    const { request } = made([{ anyOf: [LUIS, NUNO], count: 2 }]);
    const one = requestEntity.evolve(request, { type: "request.consented", v: 1, id: request.id, by: LUIS, at: NOW });
    assert.equal(satisfied(one), false);
  });
  it("refuses the consent of somebody it did not ask, and a second one of the same person", () => {
    const { request } = made([{ anyOf: [LUIS, NUNO], count: 2 }]);
    assert.equal(consent(request, BOT, NOW).ok, false);
    const one = requestEntity.evolve(request, { type: "request.consented", v: 1, id: request.id, by: LUIS, at: NOW });
    assert.equal(consent(one, LUIS, NOW).ok, false);
    assert.equal(consent(one, NUNO, NOW).ok, true);
  });
  it("is over for everybody when one refuses", () => {
    const { request, scope } = made([{ anyOf: [LUIS], count: 1 }, { anyOf: [NUNO], count: 1 }]);
    const refused = dissent(request, LUIS, scope, NOW);
    assert.ok(refused.ok);
    for (const event of refused.events) scope.held.apply(event);
    assert.equal(scope.state.request.get(request.id)?.state, "refused");
    assert.deepEqual([...scope.state.question.values()].map((question) => question.state), ["withdrawn", "withdrawn"]);
    assert.equal(consent(scope.state.request.get(request.id), NUNO, NOW).ok, false);
  });
  it("leaves no question open when it is granted or has become impossible", () => {
    for (const end of [granted, dropped]) {
      const { request, scope } = made([{ anyOf: [LUIS, NUNO], count: 1 }]);
      for (const event of end(request, scope, NOW)) scope.held.apply(event);
      assert.ok([...scope.state.question.values()].every((question) => question.state !== "open"));
      assert.equal(consent(scope.state.request.get(request.id), LUIS, NOW).ok, false);
    }
  });
  it("ends by itself when not everybody has answered in time", () => {
    const { request } = made([{ anyOf: [LUIS], count: 1 }]);
    assert.equal(requestEntity.nextWake?.(request, by(ANA).windows, after([])), request.expires);
    const ended = requestEntity.tick?.(request, by(ANA), after([]));
    assert.deepEqual(ended?.ok && ended.events.map((event) => event.type), ["request.expired"]);
  });
});
