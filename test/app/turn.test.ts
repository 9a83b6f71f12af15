/** One turn by itself: what becomes durable together, what is said of it, and who looks again because of it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { directReader } from "../../src/app/render.ts";
import type { Turn } from "../../src/app/turn.ts";
import { Turns } from "../../src/app/turn.ts";
import { World } from "../../src/app/world.ts";
import type { Effect, Lane } from "../../src/domain/effect.ts";
import { reply, tellPeople, tellRoom, wake } from "../../src/domain/effect.ts";
import type { DomainEvent } from "../../src/domain/events.ts";
import type { ChainId, EventId, Instant, RoomId, TaskId } from "../../src/domain/ids.ts";
import { COORDINATION, INSTALLATION, LIAISON } from "../../src/domain/ids.ts";
import { line, message } from "../../src/domain/say.ts";
import type { Batch } from "../../src/ports.ts";
import type { Story } from "../domain/builders.ts";
import { START, aCase, sign, user } from "../domain/builders.ts";

const [ANA, LUIS, DINA] = [user("ana"), user("luis"), user("dina")];
const said = (text: string): ReturnType<typeof message> => message(line("text", { text }));
/** Bodies of the messages of a batch, with their numbers within their row. */
const bodies = ({ outbox = [] }: Batch): readonly string[] => outbox.map((row) => {
  const body = JSON.parse(row.body) as { kind: string; at: { slot: string }; content?: { body?: string } };
  return `${body.at.slot} ${body.content?.body ?? body.kind}`;
});

class Bench {
  readonly story: Story = aCase().with("CV", "member", "dina").open();
  readonly world = new World();
  readonly batches: Batch[] = [];
  readonly looked: string[] = [];
  fails = false;
  boardWaits = false;
  /** Called while a batch is being made durable. */
  during: (batch: Batch) => void = () => undefined;
  readonly turns: Turns;

  constructor() {
    for (const chain of [INSTALLATION, this.story.id] as const) this.world.adopt(chain, this.story.world.chain(chain));
    const look = (what: string): void => void this.looked.push(what);
    const parts = {
      world: this.world, prefix: "!", random: () => "board-id",
      journal: { commit: async (batch: Batch) => {
        this.during(batch);
        if (this.fails) throw new Error("the disk is full");
        this.batches.push(batch);
        return { rows: (batch.rows ?? []).map((row, index) => ({ ...row, seq: 40 + index })), outbox: (batch.outbox ?? []).map((row) => ("of" in row ? `${row.of.row}.${row.of.n}` : row.id)), received: [] };
      } },
      scheduler: () => ({ look: (_chain: ChainId, kind: string, key: string, scope: { state: Record<string, ReadonlyMap<string, unknown>> }) => look(`wakes of ${kind} ${key} ${scope.state[kind]?.has(key) === true ? "as it is now" : "as it was"}`) }),
      outbox: () => ({ boardWaits: () => this.boardWaits, add: (rows: readonly { id: string }[]) => look(`sends ${rows.map(({ id }) => id).join(" ")}`), reconsider: (chain: ChainId) => look(`reconsiders ${this.#named(chain)}`) }),
      reconciler: () => ({ look: ({ slot }: { slot: string }) => look(`room ${slot}`), lookAtCase: (chain: ChainId) => look(`rooms of ${this.#named(chain)}`) }),
      access: () => ({ committed: (changes: readonly { kind: string }[]) => look(`access ${changes.map(({ kind }) => kind).join(" ")}`) }),
      confirming: () => ({ look: () => look("confirming") }),
    };
    this.turns = new Turns(parts as unknown as ConstructorParameters<typeof Turns>[0]);
  }
  #named(chain: ChainId): string {
    return chain === INSTALLATION ? "installation" : "case";
  }
  async commit(turn: Partial<Turn>): Promise<Batch> {
    await this.turns.commit({ now: START, parts: [], trust: "none", ...turn });
    const batch = this.batches.at(-1);
    assert.ok(batch);
    return batch;
  }
  /** Ana's direct chat. */
  get home(): NonNullable<Turn["home"]> {
    const person = this.world.people.get(ANA);
    assert.ok(person);
    return { at: this.world.direct(ANA), reader: directReader(person, START) };
  }
  added(id: string): DomainEvent {
    return { type: "task.added", v: 1, task: id as TaskId, title: "x", owner: sign("ES-1"), by: sign("ES-1"), remindBefore: [], at: START };
  }
  note(...effects: readonly Effect[]): NonNullable<Turn["notes"]>[number] {
    return { chain: this.story.id, what: "noted", facts: {}, effects };
  }
}

describe("a turn", () => {
  it("puts on record who did it, with which message, and how surely they are known; nothing of that where nobody did it", async () => {
    const bench = new Bench();
    const parts = [{ chain: bench.story.id, events: [bench.added("T-1")] }];
    const { rows: [mine] = [] } = await bench.commit({ parts, actor: ANA, cause: "$1" as EventId, trust: "signed-device" as Turn["trust"] });
    assert.deepEqual([mine?.actor, mine?.cause, mine?.trust, mine?.at], [ANA, "$1", "signed-device", START]);
    const { rows: [own] = [] } = await bench.commit({ parts: [{ chain: bench.story.id, events: [bench.added("T-2")] }] });
    assert.ok(own !== undefined && !("actor" in own) && !("cause" in own));
  });
  it("makes durable together what was decided, the message it came from, and what it is remembered by", async () => {
    const bench = new Bench();
    const ratchet = { room: "!r" as RoomId, session: "s", index: 1, event: "$1" as EventId, hash: "h" };
    const again = { id: "said-before", chain: bench.story.id, lane: "live" as Lane, created: START, body: JSON.stringify({ kind: "event", at: { chain: bench.story.id, slot: LIAISON }, content: { body: "again" } }) };
    const batch = await bench.commit({ inboxEnd: { event: "$1" as EventId, end: "done" }, ratchet, values: { a: "1" }, again: [again] });
    assert.deepEqual(batch, { rows: [], outbox: [again], inboxEnds: [{ event: "$1", end: "done" }], ratchets: [ratchet], values: { a: "1" } });
    assert.deepEqual(Object.keys(await bench.commit({})), ["rows", "outbox"]);
  });
  it("changes nothing if it does not become durable", async () => {
    const bench = new Bench();
    bench.fails = true;
    await assert.rejects(bench.commit({ parts: [{ chain: bench.story.id, events: [bench.added("T-1")] }] }), /disk/);
    assert.equal(bench.world.chain(bench.story.id).view.task.size, 0);
    assert.deepEqual(bench.looked, []);
  });
  it("remembers the last row of each chain, and has what changed looked at when it is so", async () => {
    const bench = new Bench();
    await bench.commit({ parts: [{ chain: bench.story.id, events: [bench.added("T-1"), bench.added("T-2")] }] });
    assert.equal(bench.turns.seqs.get(bench.story.id), 41);
    assert.deepEqual(bench.looked, ["wakes of task T-1 as it is now", "wakes of task T-2 as it is now", "sends board-id", "access task task"]);
  });
  it("has the rooms of a case looked at when its people change, and the identities when a person does", async () => {
    const bench = new Bench();
    await bench.commit({ parts: [{ chain: bench.story.id, events: [{ type: "member.cut-off", v: 1, callSign: sign("CV-1"), at: START, since: START }] }] });
    assert.deepEqual(bench.looked.filter((each) => !each.startsWith("sends")), ["wakes of member CV-1 as it is now", "access member", "rooms of case", "reconsiders case"]);
    bench.looked.length = 0;
    await bench.commit({ parts: [{ chain: bench.story.id, events: [{ type: "person.cut-off", v: 1, user: DINA, at: START }] }] });
    assert.deepEqual(bench.looked.filter((each) => !each.startsWith("sends")), [`wakes of person ${DINA} as it is now`, "access person", "confirming", `room direct:${DINA}`, "reconsiders installation"]);
  });
  it("has the identities looked at also when only one of several things is a person's", async () => {
    const bench = new Bench();
    await bench.commit({ parts: [{ chain: bench.story.id, events: [bench.added("T-1"), { type: "person.cut-off", v: 1, user: DINA, at: START }] }] });
    assert.ok(bench.looked.includes("confirming"));
    assert.deepEqual(bench.looked.filter((each) => /^room|^recon/.test(each)), [`room direct:${DINA}`, "reconsiders installation"]);
  });
  it("numbers what follows from one row, each for itself", async () => {
    const bench = new Bench();
    const batch = await bench.commit({ notes: [bench.note(tellPeople([ANA, LUIS], said("to both")), tellRoom(LIAISON, said("to all"))), bench.note(tellRoom(LIAISON, said("more")))] });
    assert.deepEqual((batch.outbox ?? []).map((row) => ("of" in row ? `${row.of.row}.${row.of.n}` : row.id)), ["0.0", "0.1", "0.2", "1.0"]);
    assert.deepEqual((await bench.commit({ notes: [{ chain: bench.story.id, what: "noted", facts: { n: 1 } }] })).rows?.map(({ event }) => event), [{ type: "system.noted", v: 1, what: "noted", facts: { n: 1 } }]);
  });
  it("has a board brought up to date once, and not at all if that is waiting to be done", async () => {
    const bench = new Bench();
    const boards = (batch: Batch): number => bodies(batch).filter((each) => each === `${COORDINATION} board`).length;
    assert.equal(boards(await bench.commit({ parts: [{ chain: bench.story.id, events: [bench.added("T-1"), bench.added("T-2")] }] })), 1);
    bench.boardWaits = true;
    assert.equal(boards(await bench.commit({ parts: [{ chain: bench.story.id, events: [bench.added("T-3")] }] })), 0);
  });
  it("keeps a board that waits from being shown before what it is to show is durable, and not for longer", async () => {
    const bench = new Bench();
    const at = { chain: bench.story.id, slot: COORDINATION };
    const relied: boolean[] = [];
    bench.during = () => relied.push(bench.turns.reliesOn(at, false), bench.turns.reliesOn(at, true));
    const adds = (task: "T-1" | "T-2" | "T-3"): Promise<Batch> => bench.commit({ parts: [{ chain: bench.story.id, events: [bench.added(task)] }] });
    await adds("T-1");
    assert.deepEqual(relied.splice(0), [false, false], "it brings its own");
    bench.boardWaits = true;
    await adds("T-2");
    assert.deepEqual([...relied.splice(0), bench.turns.reliesOn(at, false)], [true, false, false]);
    bench.fails = true;
    await assert.rejects(adds("T-3"));
    assert.deepEqual([...relied.splice(0), bench.turns.reliesOn(at, false)], [true, false, false], "nothing waits for what failed");
  });
  it("leaves out of a digested turn what people are told in passing, and nothing else", async () => {
    const bench = new Bench();
    const notes = [bench.note(tellPeople([ANA], said("in passing"), "routine"), tellPeople([ANA], said("now")), tellRoom(LIAISON, said("to the room"), "routine"), { effect: "board", slot: COORDINATION })];
    assert.deepEqual(bodies(await bench.commit({ notes, digested: true })), [`direct:${ANA} now`, `${LIAISON} to the room`, `${COORDINATION} board`]);
    assert.equal(bodies(await bench.commit({ notes, digested: false })).length, 4);
  });

  describe("that came late", () => {
    const mark = { line: line("text", { text: "(late)" }), stubs: false };
    it("says so with its answer, or with what it says to a room", async () => {
      for (const effect of [reply(said("answer")), tellRoom(LIAISON, said("answer"))]) {
        const bench = new Bench();
        const batch = await bench.commit({ notes: [bench.note(effect)], mark, home: bench.home });
        assert.deepEqual(bodies(batch).map((each) => each.split(" ").slice(1).join(" ")), ["answer\n(late)"]);
        assert.equal(batch.rows?.length, 1);
      }
    });
    it("says so by itself to whoever acted if nothing that they read does", async () => {
      for (const effect of [tellPeople([LUIS], said("to another")), wake({ to: "room", slot: LIAISON }, [LUIS], said("wake up"), "live")]) {
        const bench = new Bench();
        const batch = await bench.commit({ notes: [bench.note(effect)], mark, home: bench.home });
        assert.equal(bodies(batch).at(-1), `direct:${ANA} (late)`);
        assert.deepEqual(batch.rows?.map(({ event, chain }) => [event.type === "system.noted" ? event.what : "", chain]), [["noted", bench.story.id], ["late", INSTALLATION]]);
      }
    });
    it("is marked once if only one of several things bears it, and puts the mark on record where it was decided", async () => {
      const bench = new Bench();
      const batch = await bench.commit({ notes: [bench.note(tellPeople([LUIS], said("to another")), reply(said("answer")))], mark, home: bench.home });
      assert.equal(batch.rows?.length, 1);
      const other = await bench.commit({ parts: [{ chain: bench.story.id, events: [] }], mark, home: bench.home });
      assert.deepEqual(other.rows?.map(({ chain, event }) => [chain, event]), [[bench.story.id, { type: "system.noted", v: 1, what: "late", facts: {} }]]);
    });
    it("says nothing where nobody acted", async () => {
      const bench = new Bench();
      const batch = await bench.commit({ notes: [bench.note()], mark });
      assert.deepEqual([bodies(batch), batch.rows?.length], [[], 1]);
    });
  });

  describe("that does not reach somebody who is kept out", () => {
    async function cutOff(): Promise<Bench> {
      const bench = new Bench();
      await bench.commit({ parts: [{ chain: bench.story.id, events: [{ type: "person.cut-off", v: 1, user: DINA, at: START as Instant }] }] });
      return bench;
    }
    it("puts that on record and tells whoever acted whom it did not reach, by call sign", async () => {
      const bench = await cutOff();
      const batch = await bench.commit({ parts: [{ chain: bench.story.id, events: [] }], notes: [bench.note(tellPeople([LUIS, DINA], said("to both")))], actor: ANA, home: bench.home });
      assert.deepEqual(batch.rows?.at(-1)?.event, { type: "system.noted", v: 1, what: "kept-out-untold", facts: { people: 1 } });
      assert.equal(batch.rows?.at(-1)?.chain, bench.story.id);
      assert.match(bodies(batch).at(-1) ?? "", new RegExp(`^direct:${ANA} .*CV-1`));
      assert.equal(bodies(batch).some((each) => each.startsWith(`direct:${DINA}`)), false);
    });
    it("tells nobody where nobody acted, or where only they themselves are not reached", async () => {
      const bench = await cutOff();
      const notes = [bench.note(tellPeople([DINA], said("to her")))];
      const alone = await bench.commit({ notes });
      assert.deepEqual(bodies(alone), []);
      assert.deepEqual(alone.rows?.at(-1)?.event, { type: "system.noted", v: 1, what: "kept-out-untold", facts: { people: 1 } });
      assert.equal(alone.rows?.at(-1)?.chain, INSTALLATION);
      assert.deepEqual(bodies(await bench.commit({ notes, actor: DINA, home: bench.home })), []);
    });
    it("says nothing of it where all were reached", async () => {
      const bench = await cutOff();
      assert.equal((await bench.commit({ notes: [bench.note(tellPeople([LUIS], said("to him")))], actor: ANA, home: bench.home })).rows?.length, 1);
    });
  });
});
