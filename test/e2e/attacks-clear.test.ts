import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import Database from "better-sqlite3-multiple-ciphers";
import { POLL_RESPONSE } from "../../src/chat/poll.ts";
import { filesUnder, findPlanted } from "../support/planted.ts";
import type { Raw } from "../support/raw.ts";
import type { Seen } from "../support/seen.ts";
import { betweenClientAndServer, openOperation, vote, type Operation } from "./attacks-stage.ts";

/** Said in clear by the attacker: the control that must be found on the server. */
const IN_CLEAR = "Forged before the quay of Pontevedra";
/** Said by people on their devices: must be found nowhere. */
const PHOTOGRAPH = "Photograph the grey container";
const PILOT = "Call the pilot of Leixoes";
const DULCE = "Dulce Brito Brandao";

describe("a server that is not trusted", () => {
  let op: Operation;
  let room: string;
  let tiago: Raw;
  /** Two questions about Dulce that Ana may answer: as a member, as an auditor. */
  let member: Seen;
  let auditor: Seen;

  before(async () => {
    op = await openOperation({ members: [{ name: "tiago", role: "member", country: "PT" }], strangers: ["dulce"] });
    room = await op.coordination("tiago");
    tiago = await op.raw("tiago");
  });
  after(() => op?.close());

  it("has no effect with a command in clear, gets no answer, and leaves one note", async () => {
    const tasks = await op.tasks("tiago");
    assert.deepEqual(await op.inSilence("tiago", room, () => tiago.sayInClear(room, `!task add ${IN_CLEAR}`)), ["clear-ignored"]);
    assert.deepEqual(await op.inSilence("tiago", room, async () => {
      await tiago.sayInClear(room, "!task list");
      await tiago.sayInClear(room, "!cd stop CD-1");
    }), [], "the journal cannot be filled from outside");
    assert.deepEqual(await op.tasks("tiago"), tasks);
  });

  it("cannot make a command of what people say in a room that is not encrypted", async () => {
    const open = await tiago.createRoom({ preset: "trusted_private_chat", is_direct: true, invite: [op.bot.userId] });
    await joined(open);
    assert.deepEqual(await op.inSilence("tiago", op.direct("tiago"), () => tiago.sayInClear(open, `task add ${IN_CLEAR}`)), ["clear-ignored"]);
    assert.deepEqual(await op.tasks("tiago"), []);
  });

  describe("between a person and the bot", () => {
    let sent: Readonly<Record<string, unknown>>;

    before(async () => {
      const add = `jit add ${op.person("dulce").userId} "${DULCE}"`;
      member = await op.isAsked("ana", op.direct("ana"), `${add} member ES`, / · confirm /);
      auditor = await op.isAsked("ana", op.direct("ana"), `${add} auditor ES`, / · confirm /);
    });

    it("cannot vote in clear", async () => {
      const ana = await op.raw("ana");
      const direct = op.direct("ana");
      assert.deepEqual(await op.inSilence("ana", direct, () => ana.send(direct, POLL_RESPONSE, vote(member, /^Confirm$/))), ["clear-ignored"]);
    });

    it("cannot turn a vote to another question by a relation outside the encryption", async () => {
      const rows = await op.journal();
      const from = op.person("luis").seen.length;
      const left = betweenClientAndServer(op.person("ana"), (content) => ({ ...content, "m.relates_to": { rel_type: "m.reference", event_id: auditor.event } }));
      await op.person("ana").tap(member, /^Confirm$/);
      sent = await left;
      assert.deepEqual((sent["m.relates_to"] as { event_id: string }).event_id, member.event, "a client puts the relation outside");
      const consent = await op.question("luis", / · your consent to /, from);
      assert.deepEqual(codeOf(consent), codeOf(member), "what she agreed to is what goes on");
      const gained = (await op.journal()).slice(0).filter((row) => row.event.type === "question.answered" && !rows.some((each) => each.chain === row.chain && each.seq === row.seq));
      assert.equal(gained.length, 1);
      assert.deepEqual(gained.map(({ event }) => event.type === "question.answered" && answers(member).includes(event.option)), [true]);
    });

    it("cannot have a vote counted again under a new event id", async () => {
      const ana = await op.raw("ana");
      const direct = op.direct("ana");
      assert.deepEqual(await op.inSilence("ana", direct, () => ana.send(direct, "m.room.encrypted", sent)), ["replay-dropped"]);
    });

    it("cannot turn it to another question by another relation in the replay either", async () => {
      const ana = await op.raw("ana");
      const direct = op.direct("ana");
      const turned = { ...sent, "m.relates_to": { rel_type: "m.reference", event_id: auditor.event } };
      assert.deepEqual(await op.inSilence("ana", direct, () => ana.send(direct, "m.room.encrypted", turned)), [], "one note in five minutes is enough");
    });
  });

  it("cannot make a command look like an edit or a piece of another talk", async () => {
    const earlier = await op.person("luis").say(await op.coordination("luis"), "good morning");
    for (const [number, relation] of [[1, { rel_type: "m.replace", event_id: earlier }], [2, { rel_type: "m.thread", event_id: earlier }]] as const) {
      const left = betweenClientAndServer(op.person("tiago"), (content) => ({ ...content, "m.relates_to": relation }));
      const from = op.person("tiago").seen.length;
      const event = await op.person("tiago").say(room, `!task add ${PHOTOGRAPH} ${number}`);
      await left;
      const answer = await op.reads("tiago", new RegExp(`^T-${number} ${PHOTOGRAPH} ${number}`), { from, room });
      assert.equal(answer.inThread, event, "it is answered as the new command that it is");
    }
  });

  it("cannot make a command of an edit by taking away its relation", async () => {
    const before = await op.tasks("tiago");
    const event = await op.person("tiago").say(room, "this is talk");
    const rows = await op.journal();
    const from = op.person("tiago").seen.length;
    const left = betweenClientAndServer(op.person("tiago"), ({ "m.relates_to": _gone, ...content }) => content);
    await op.person("tiago").edit(room, event, "!task add Another one");
    assert.ok("m.relates_to" in await left);
    await op.reads("tiago", /^An edited message is not carried out again/, { from, room });
    assert.deepEqual(await op.since(rows), ["edited"]);
    assert.deepEqual(await op.tasks("tiago"), before);
  });

  it("cannot have a command carried out twice by sending its ciphertext again", async () => {
    const left = betweenClientAndServer(op.person("tiago"), (content) => content);
    await op.asks("tiago", room, `!task add ${PILOT}`, new RegExp(`^T-3 ${PILOT}`));
    const command = await left;
    assert.deepEqual(await op.inSilence("tiago", room, () => tiago.send(room, "m.room.encrypted", command)), ["replay-dropped"]);
    assert.deepEqual(await op.inSilence("tiago", room, async () => {
      await tiago.send(room, "m.room.encrypted", { ...command, device_id: "OTHER", extra: "x" });
      await tiago.send(op.direct("tiago"), "m.room.encrypted", command);
    }), [], "neither dressed up nor in another room");
    assert.equal((await op.tasks("tiago")).filter((line) => line.includes(PILOT)).length, 1);
  });

  it("shows who joins later the board and nothing of before", async () => {
    const before = op.person("tiago").seen.filter((seen) => seen.room === room && seen.encrypted);
    await op.taps("luis", new RegExp(`your consent to ${codeOf(member)}`), /^Approve$/);
    const dulce = op.person("dulce");
    await op.coordination("dulce");
    await op.reads("dulce", new RegExp(`T-3 ${PILOT}`), { room });
    await op.until(async () => {
      const board = await dulce.board(room);
      return [`T-1 ${PHOTOGRAPH} 1`, `T-2 ${PHOTOGRAPH} 2`, `T-3 ${PILOT}`].every((words) => board?.includes(words));
    }, "a board with all tasks is pinned that Dulce can read");
    const raw = await op.raw("dulce");
    assert.notEqual(before.length, 0);
    for (const { event } of before) {
      assert.equal(dulce.seen.some((seen) => seen.event === event && seen.unreadable === undefined), false);
      assert.notEqual((await raw.request("GET", `/v3/rooms/${encodeURIComponent(room)}/event/${encodeURIComponent(event)}`)).status, 200);
    }
  });

  it("stores no word of what was said, and of the bot nothing that is not encrypted", async () => {
    const everything = [...filesUnder(op.synapse.dir), ...op.bot.files()];
    assert.deepEqual(findPlanted(everything, [PHOTOGRAPH, PILOT, DULCE]), []);
    assert.notDeepEqual(findPlanted(everything, [IN_CLEAR]), [], "the search would have found it");
    const database = new Database(op.synapse.databaseFile, { readonly: true });
    const types = database.prepare("SELECT DISTINCT type FROM events WHERE sender = ? AND state_key IS NULL").pluck().all(op.bot.userId);
    database.close();
    assert.deepEqual(types, ["m.room.encrypted"]);
  });

  async function joined(open: string): Promise<void> {
    await op.until(async () => {
      const { body } = await tiago.request("GET", `/v3/rooms/${encodeURIComponent(open)}/joined_members`);
      return op.bot.userId in (body["joined"] as Readonly<Record<string, unknown>>);
    }, "the bot comes in");
  }
});

/** The digest that stands in the bare line of a question. */
function codeOf(poll: Seen): string | undefined {
  return /(\w{4}-\w{4})\?$/.exec(poll.body)?.[1];
}
function answers(poll: Seen): readonly string[] {
  return (poll.poll?.answers ?? []).map((each) => each.id);
}
