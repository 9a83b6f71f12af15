/** Rooms that people change and upgrade, on a real homeserver. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { MEGOLM } from "../../src/domain/workspace.ts";
import type { Raw } from "../support/raw.ts";
import { PATIENCE, openOperation, type Operation } from "./attacks-stage.ts";

type Content = Readonly<Record<string, unknown>>;
const at = encodeURIComponent;

describe("a room that people change", () => {
  let op: Operation;
  let luis: Raw;
  let ana: Raw;
  let room: string;
  let tasks = 0;

  before(async () => {
    op = await openOperation({ members: [{ name: "tiago", role: "member", country: "PT" }], strangers: ["eve"] });
    [luis, ana] = await Promise.all([op.raw("luis"), op.raw("ana")]);
    room = await op.coordination("tiago");
  });
  after(() => op?.close());

  const stateOf = async (of: string, type: string, key = ""): Promise<Content> => (await luis.request("GET", `/v3/rooms/${at(of)}/state/${type}/${at(key)}`)).body;
  /** Tiago adds a task in the room and reads the answer there, encrypted. */
  async function works(where: string): Promise<void> {
    tasks += 1;
    const from = op.person("tiago").seen.length;
    await op.person("tiago").say(where, `!task add Watch quay ${tasks}`);
    await op.reads("tiago", new RegExp(`^T-${tasks} `), { from, room: where });
  }
  /** Waits until the bot has taken a room over: everybody is in it and it is as it must be. */
  async function isTakenOver(made: string): Promise<void> {
    await op.until(async () => (await stateOf(made, "m.room.history_visibility"))["history_visibility"] === "joined" && (await stateOf(made, "m.room.join_rules"))["join_rule"] === "invite", "the room is put right");
    assert.equal((await stateOf(made, "m.room.encryption"))["algorithm"], MEGOLM);
    for (const name of ["ana", "tiago"]) await op.until(() => op.person(name).rooms().some(({ id, membership }) => id === made && membership === "join"), `${name} is brought over`);
    await op.until(async () => /open until/.test(await op.person("tiago").board(made) ?? ""), "there is a board that a member can read");
    await works(made);
    room = made;
  }
  async function upgrade(by: Raw, version: string, more: Content = {}): Promise<string> {
    const { status, body } = await by.request("POST", `/v3/rooms/${at(room)}/upgrade`, { new_version: version, ...more });
    assert.equal(status, 200, JSON.stringify(body));
    return String(body["replacement_room"]);
  }
  const invite = async (by: Raw, to: string, ...users: readonly string[]): Promise<void> => {
    for (const user of users) assert.equal((await by.request("POST", `/v3/rooms/${at(to)}/invite`, { user_id: user })).status, 200);
  };

  it("is told nothing while its state names another encryption, and goes on when the right one is set again", async () => {
    const from = { ana: op.person("ana").seen.length, tiago: op.person("tiago").seen.length };
    await luis.setState(room, "m.room.encryption", "", { algorithm: "m.none" });
    await op.reads("ana", /Somebody has changed the encryption of .* coordination/, { from: from.ana });
    await op.reads("tiago", /WRITE NOTHING in .* coordination/, { from: from.tiago });
    await op.until(async () => (await stateOf(room, "m.room.encryption"))["algorithm"] === MEGOLM, "the bot sets it again");
    await op.reads("tiago", /All is well here again/, { from: from.tiago, room });
    await works(room);
  });

  it("gets a message of the bot's back that an administrator removed, and the board too", async () => {
    const from = { ana: op.person("ana").seen.length, tiago: op.person("tiago").seen.length };
    const answer = await op.asks("tiago", room, "!task list", /open task/);
    await op.person("luis").redact(room, answer.event);
    const again = await op.person("tiago").waitFor((seen) => seen.sender === op.bot.userId && seen.body === answer.body && seen.event !== answer.event, PATIENCE, "the same again", from.tiago);
    assert.equal(again.encrypted, true);
    await op.reads("ana", /has removed a message of mine from .* coordination/, { from: from.ana });
    const board = (await stateOf(room, "m.room.pinned_events"))["pinned"] as readonly string[];
    await op.person("luis").redact(room, board.at(-1) ?? "");
    await op.until(async () => ((await stateOf(room, "m.room.pinned_events"))["pinned"] as readonly string[]).at(-1) !== board.at(-1), "another board is pinned");
    await op.until(async () => /open until/.test(await op.person("tiago").board(room) ?? ""), "it can be read");
  });

  it("warns of somebody who does not belong there, takes them out, and says when all is well again", async () => {
    const from = { ana: op.person("ana").seen.length, tiago: op.person("tiago").seen.length };
    await invite(luis, room, op.person("eve").userId);
    await op.reads("tiago", /DO NOT WRITE HERE NOW/, { from: from.tiago, room });
    await op.reads("ana", /does not belong there: @eve:localhost/, { from: from.ana });
    await op.reads("tiago", /All is well here again/, { from: from.tiago, room });
    assert.equal((await stateOf(room, "m.room.member", op.person("eve").userId))["membership"], "leave");
    assert.deepEqual(op.person("eve").seen.filter((seen) => seen.sender === op.bot.userId && seen.unreadable === undefined), []);
  });

  it("is followed from version 12 to 11 once the bot has the power that it needs there, and in the old one nothing counts but a stop", async () => {
    const old = room;
    const made = await upgrade(luis, "11");
    await invite(luis, made, op.bot.userId);
    // In version 12 the bot is above all levels and not listed, so the copy gives it none.
    const power = await stateOf(made, "m.room.power_levels");
    await luis.setState(made, "m.room.power_levels", "", { ...power, users: { ...power["users"] as Content, [op.bot.userId]: 100 } });
    await isTakenOver(made);
    await op.asks("ana", old, "!task list", /Not done: .* goes on in another room/);
  });

  it("is followed from version 11 to 12 without anybody's help but an invitation", async () => {
    const made = await upgrade(ana, "12");
    await invite(ana, made, op.bot.userId);
    await isTakenOver(made);
    const { users } = await stateOf(made, "m.room.power_levels");
    assert.deepEqual(Object.keys(users as Content).toSorted(), [op.person("luis").userId, op.bot.userId].toSorted(), "its creator outranks everybody and is not listed");
  });
});
