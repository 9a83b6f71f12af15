/** On a real homeserver: a changed identity suspends its owner until two restore them, a lost phone is cut off by one and let back by two. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fingerprint } from "../../src/domain/person.ts";
import type { MasterKey } from "../../src/domain/ids.ts";
import type { Human } from "../support/human.ts";
import { openOperation, type Operation } from "./attacks-stage.ts";

describe("somebody who is kept out for now", () => {
  let op: Operation;
  let room: string;

  before(async () => {
    op = await openOperation({ members: [{ name: "tiago", role: "member", country: "PT" }, { name: "marta", role: "member", country: "ES" }] });
    room = await op.coordination("tiago");
    await op.coordination("marta");
    await op.asks("ana", room, "!task add Watch the quay", /^T-1 /);
  });
  after(() => op?.close());

  const readable = (human: Human, from: number): readonly string[] => human.seen.slice(from)
    .filter((seen) => seen.sender === op.bot.userId && seen.unreadable === undefined && seen.encrypted).map((seen) => seen.body);
  async function membership(name: string): Promise<unknown> {
    const { userId } = op.person(name);
    return (await (await op.raw("ana")).request("GET", `/v3/rooms/${encodeURIComponent(room)}/state/m.room.member/${encodeURIComponent(userId)}`)).body["membership"];
  }
  /** Sessions with which the bot has encrypted in the room, the latest first. */
  async function sessions(): Promise<readonly string[]> {
    const { body } = await (await op.raw("ana")).request("GET", `/v3/rooms/${encodeURIComponent(room)}/messages?dir=b&limit=30`);
    return (body["chunk"] as readonly { readonly sender: string; readonly type: string; readonly content: { readonly session_id?: string } }[])
      .filter((event) => event.sender === op.bot.userId && event.type === "m.room.encrypted").map((event) => event.content.session_id ?? "");
  }

  it("is suspended when their identity changes: the administrators are rung, and neither room nor bot says anything more to them", async () => {
    const tiago = op.person("tiago");
    const anas = op.person("ana").seen.length;
    const before_ = (await sessions())[0];
    await tiago.resetIdentity();
    await op.reads("ana", / · PT-2: identity changed/, { from: anas });
    const told = await op.reads("ana", /^PT-2 is suspended since .*jit restore PT-2/s, { from: anas, room: op.direct("ana") });
    assert.ok(told.body.includes(fingerprint((await tiago.masterKey()) as MasterKey)), "the new identity is named");
    await op.until(async () => (await membership("tiago")) === "leave", "he is out of the room");
    // What left before the bot could know of it, his old phone reads.
    const tiagos = tiago.seen.length;
    await op.asks("ana", room, "!task add Follow the lorry", /^T-2 /);
    assert.notEqual((await sessions())[0], before_);
    await tiago.say(op.direct("tiago"), "task list");
    await op.fence("luis", room);
    assert.deepEqual(readable(tiago, tiagos), []);
  });

  it("is restored by two who have read the new identity in person, and reads and commands again", async () => {
    const tiago = op.person("tiago");
    const marks = { ana: op.person("ana").seen.length, luis: op.person("luis").seen.length, tiago: tiago.seen.length };
    await op.isAsked("ana", op.direct("ana"), "jit restore PT-2", / · confirm /);
    const details = await op.reads("ana", /restore PT-2/, { from: marks.ana });
    assert.ok(details.body.includes(fingerprint((await tiago.masterKey()) as MasterKey)));
    await op.taps("ana", / · confirm /, /^Confirm$/, marks.ana);
    await op.taps("luis", / · your consent to /, /^Approve$/, marks.luis);
    await op.reads("tiago", /you are back\. Two colleagues have read your identity with you/, { from: marks.tiago, room: op.direct("tiago") });
    await op.until(async () => (await membership("tiago")) === "join", "he comes into the room again");
    await op.reads("tiago", /· open until /, { from: marks.tiago, room });
    await op.asks("tiago", op.direct("tiago"), "task list", /T-2 Follow the lorry/);
  });

  it("is cut off on the word of one colleague when their phone is lost, and everybody is told that what is on it stays there", async () => {
    const marta = op.person("marta");
    const [anas, martas] = [op.person("ana").seen.length, marta.seen.length];
    const before_ = (await sessions())[0];
    await op.asks("tiago", room, "!phone lost ES-2 stolen at the port", /^ES-2 is cut off since .*What is on the phone stays on it/s);
    await op.reads("ana", / · ES-2 is cut off\. Read/, { from: anas });
    await op.until(async () => (await membership("marta")) === "leave", "she is out of the room");
    await op.asks("ana", room, "!task add Move the boat", /^T-3 /);
    assert.notEqual((await sessions())[0], before_);
    await marta.say(op.direct("marta"), "task list");
    await op.fence("luis", room);
    assert.deepEqual(readable(marta, martas), []);
    await op.until(async () => (await op.journal()).some(({ event }) => event.type === "system.noted" && event.what === "sender-cut-off"), "what she says is on record as refused");
  });

  it("comes back with two, and reads again", async () => {
    const marks = { ana: op.person("ana").seen.length, luis: op.person("luis").seen.length, marta: op.person("marta").seen.length };
    await op.person("ana").say(op.direct("ana"), "phone back ES-2");
    await op.taps("ana", / · confirm /, /^Confirm$/, marks.ana);
    await op.taps("luis", / · your consent to /, /^Approve$/, marks.luis);
    await op.reads("marta", /you are back\./, { from: marks.marta, room: op.direct("marta") });
    await op.until(async () => (await membership("marta")) === "join", "she comes into the room again");
    await op.asks("marta", op.direct("marta"), "task list", /T-3 Move the boat/);
  });

  it("goes on with a new key in each room when an administrator says so", async () => {
    const before_ = (await sessions())[0];
    await op.asks("ana", op.direct("ana"), "jit rotate", /the next message of mine in each room is encrypted with a new key/);
    await op.asks("luis", room, "!task add After the new key", /^T-4 /);
    assert.notEqual((await sessions())[0], before_);
    await op.reads("tiago", /^T-4 After the new key/, { room });
  });
});
