import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { POLL_RESPONSE } from "../../src/chat/poll.ts";
import type { Seen } from "../support/seen.ts";
import { openOperation, vote, type Operation } from "./attacks-stage.ts";
import { AHEAD } from "./clock-ahead.ts";

/** How long a question that binds may be answered here: long enough for every tap on a busy machine, short enough to be waited for. */
const ANSWER_WITHIN = 30_000;
const TWO_YEARS = 2 * 365 * 86_400_000;

describe("what is said at the wrong time, in the wrong place or by the wrong person", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "relevo-clock-"));
  const ahead = path.join(folder, "ahead");
  let op: Operation;
  let room: string;
  let tasks: readonly string[];
  /** A question that nobody answers in time, and when it was read. */
  let unanswered: Seen;
  let unansweredCode: string;

  before(async () => {
    op = await openOperation({
      members: [{ name: "tiago", role: "member", country: "PT" }], strangers: ["eve"],
      windows: { bindingAnswer: `${ANSWER_WITHIN / 1000}s` },
      nodeArgs: ["--import", fileURLToPath(new URL("clock-ahead.ts", import.meta.url))], env: { [AHEAD]: ahead },
    });
    room = await op.coordination("tiago");
    await op.asks("tiago", room, "!task add Watch the quay", /^T-1 /);
    tasks = await op.tasks("tiago");
    unanswered = await propose("auditor");
    unansweredCode = codeUnder(unanswered);
  });
  after(async () => {
    await op?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  describe("an answer", () => {
    let asked: Seen;
    before(async () => {
      asked = await propose("member");
    });

    it("has no effect when it comes from somebody who was not asked, and is on record", async () => {
      const { "m.relates_to": _elsewhere, ...copied } = vote(asked, /^Confirm$/);
      const ignored = ["question.vote-ignored not-asked", "vote-ignored"];
      for (const where of [op.direct("luis"), room]) {
        assert.deepEqual(await op.inSilence("luis", where, () => op.person("luis").send(where, POLL_RESPONSE, copied)), ignored);
      }
    });
    it("has no effect when it is typed with the code of somebody else's question", async () => {
      await refuses("luis", `yes ${codeUnder(asked)}`, /^I have no open question with the code \w{4} for you/, ["unknown-code"]);
    });
    it("has no effect with a code that nobody was given", async () => {
      await refuses("ana", "yes 9999", /^I have no open question with the code 9999 for you/, ["unknown-code"]);
    });
    it("has no effect without its code", async () => {
      await refuses("ana", "yes", /^The code under the question is missing/, ["not-understood"]);
    });
    it("has no effect with two choices, or one that was never offered", async () => {
      assert.deepEqual(await op.inSilence("ana", op.direct("ana"), async () => {
        const [first, second] = asked.poll?.answers ?? [];
        for (const answers of [[first?.id, second?.id], ["none-of-these"], [], "all", [7], [null], [{ id: first?.id }]]) {
          await op.person("ana").send(op.direct("ana"), POLL_RESPONSE, { ...vote(asked, /^Confirm$/), [POLL_RESPONSE]: { answers } });
        }
      }), []);
    });
    it("counts once: a second tap does nothing more", async () => {
      const from = op.person("luis").seen.length;
      await op.person("ana").tap(asked, /^Confirm$/);
      await op.question("luis", / · your consent to /, from);
      const rows = await op.journal();
      const mark = op.person("ana").seen.length;
      await op.person("ana").tap(asked, /^Confirm$/);
      await op.reads("ana", /^This question has been answered already/, { from: mark });
      const again = op.person("ana").seen.length;
      await op.person("ana").tap(asked, /^Not correct$/);
      await op.reads("ana", /^This question has been answered already/, { from: again });
      // The time of the question that nobody answers may end here.
      const others = (await op.since(rows)).filter((each) => each !== "question.expired");
      assert.deepEqual(others, ["question.vote-ignored used", "vote-ignored", "question.vote-ignored used", "vote-ignored"]);
    });
    it("comes too late when its time is over, tapped or typed", async () => {
      await op.until(async () => (await op.journal()).some(({ event }) => event.type === "question.expired"), "the question expires");
      const rows = await op.journal();
      const mark = op.person("ana").seen.length;
      await op.person("ana").tap(unanswered, /^Confirm$/);
      await op.reads("ana", /^Came too late/, { from: mark });
      await op.asks("ana", op.direct("ana"), `yes ${unansweredCode}`, /^Came too late/);
      assert.deepEqual(await op.since(rows), ["question.vote-ignored expired", "vote-ignored", "question.vote-ignored expired", "vote-ignored"]);
    });
  });

  describe("a command", () => {
    const cases: readonly (readonly [string, { readonly who?: string; readonly says: string; readonly reads: RegExp; readonly rows: readonly string[]; readonly echoes?: boolean }])[] = [
      ["of somebody whose role does not allow it", { says: `jit add @eve:localhost "Eve of Vigo" member ES`, reads: /^Not done: your role in this case does not allow it\.$/, rows: ["not-understood"] }],
      ["of an owner's, from a member", { says: `jit open agreement "ES-PT 9" states ES,PT until 2099-01-01 admins @ana:localhost ES @luis:localhost PT`, reads: /^Not done: your role/, rows: ["not-understood"] }],
      ["for a person nobody knows", { says: "task add Call the port @nobody friday 18:00", reads: /^Nobody here is called “@?nobody”|^I could not read “@nobody”/, rows: ["not-understood"] }],
      ["for a zone nobody knows", { says: "me zone Atlantis", reads: /^I do not know the place or time zone “Atlantis”/, rows: ["not-understood"] }],
      ["with a date that is past", { says: "task add Call the port by 2020-01-01 10:00", reads: /is past\./, rows: ["not-understood"] }],
      ["with a day that does not exist", { says: "task add Call the port by 2027-02-30 10:00", reads: /there is no such day/, rows: ["not-understood"] }],
      ["with a text that is too long", { says: `task add ${"grey container ".repeat(60)}`, reads: /^Too long: /, rows: ["not-understood"] }],
      ["about a task that does not exist", { says: "task done T-99", reads: /^There is no task T-99/, rows: ["not-understood"] }],
      ["without what it needs", { says: "task done", reads: /^Missing: task/, rows: ["not-understood"] }],
      ["that is misspelt: it is offered, never carried out", { says: "taks list", reads: /Did you mean {2}task list/, rows: [] }],
    ];
    for (const [what, { says, reads, rows }] of cases) {
      it(`is refused and changes nothing: one ${what}`, async () => {
        await refuses("tiago", says, reads, rows);
      });
    }
    it("is refused in the wrong room, and nothing of it is repeated", async () => {
      const rows = await op.journal();
      const answer = await op.asks("ana", room, `!jit open agreement "ES-PT 10" states ES,PT until 2099-01-01 admins @ana:localhost ES @luis:localhost PT`, /^Not here/);
      assert.equal(answer.body.includes("ES-PT 10"), false);
      assert.deepEqual(await op.since(rows), ["not-understood"]);
    });
    it("is not carried out again when it is edited, and its author is told", async () => {
      const event = await op.person("tiago").say(room, "!task add Call the pilot");
      await op.reads("tiago", /^T-2 Call the pilot/, { room });
      const rows = await op.journal();
      const from = op.person("tiago").seen.length;
      await op.person("tiago").edit(room, event, "!task add Call the other pilot");
      await op.reads("tiago", /^An edited message is not carried out again/, { from, room });
      assert.deepEqual(await op.since(rows), ["edited"]);
      tasks = await op.tasks("tiago");
      assert.equal(tasks.length, 2);
    });
    it("with a date of two readings is asked about, and only what is chosen is done", async () => {
      const first = await op.isAsked("tiago", room, "!task add Call the port by 03/04", /which one\?$/);
      assert.equal(first.room, op.direct("tiago"));
      assert.deepEqual(await op.tasks("tiago"), tasks, "nothing is done before the choice");
      await op.person("tiago").tap(first, /^None of these$/);
      await op.fence("tiago", op.direct("tiago"));
      assert.deepEqual(await op.tasks("tiago"), tasks);
      const second = await op.isAsked("tiago", room, "!task add Call the port by 03/04", /which one\?$/);
      const chosen = await op.person("tiago").tap(second, /\b3 Apr/);
      await op.reads("tiago", /^T-3 Call the port/);
      assert.match((await op.tasks("tiago")).find((line) => line.includes("T-3")) ?? "", /\b3 Apr/, `chosen was ${chosen}`);
    });
  });

  it("is refused after the agreement has ended, and nothing new is shared", async () => {
    await op.bot.stop();
    writeFileSync(ahead, String(TWO_YEARS));
    await op.bot.start();
    await op.reads("ana", /the agreement ended/);
    const before = await op.tasks("tiago");
    for (const line of ["task add Call the port once more", "task accept T-1", "alert raise P2 to @luis the vessel is late"]) {
      await refuses("tiago", line, /^Not done: the agreement of this case is over/, ["not-understood"]);
    }
    assert.deepEqual(await op.tasks("tiago"), before);
  });

  /** Ana is asked whether Eve is to be added in a role; she has not answered yet. */
  async function propose(role: string): Promise<Seen> {
    return op.isAsked("ana", op.direct("ana"), `jit add ${op.person("eve").userId} "Eve" ${role} ES`, / · confirm /);
  }
  /** The code that stands under a question, in the silent message before its poll. */
  function codeUnder(poll: Seen): string {
    const seen = op.person("ana").seen;
    const details = seen.slice(0, seen.indexOf(poll)).findLast(({ body }) => /or type yes (\w{4})/.test(body));
    return /or type yes (\w{4})/.exec(details?.body ?? "")?.[1] ?? "";
  }
  /** Somebody says a line in their direct chat, is told why not, and it has changed nothing; what time alone does meanwhile has no event as its cause. */
  async function refuses(name: string, says: string, reads: RegExp, gained: readonly string[]): Promise<void> {
    const rows = await op.journal();
    await op.asks(name, op.direct(name), says, reads);
    assert.deepEqual(await op.since(rows, (row) => row.cause !== undefined), gained);
  }
});
