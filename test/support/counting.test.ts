import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assertEachOnce, assertOneRoomOfEachName, assertRooms, countExactly, EFFECT, type Reader } from "./counting.ts";
import type { Seen } from "./seen.ts";

const BOT = "@relevo:test";

function aMessage(event: string, effect: string | undefined, changes: Partial<Seen> = {}): Seen {
  return {
    event, room: "!r", roomName: "Albatross · coordination", sender: BOT, type: "m.room.message", body: "T-1 Call the port", at: 0, encrypted: true, mentions: [],
    content: effect === undefined ? {} : { [EFFECT]: effect }, ...changes,
  };
}
function someone(seen: readonly Seen[], rooms: readonly string[] = []): Reader {
  return { name: "ana", seen, rooms: () => rooms.map((name, index) => ({ id: `!${index}`, name, membership: "join" })) };
}
const TASK = { body: /^T-1 / };

describe("counting what was read", () => {
  it("is content with a message that was read once", () => {
    const ana = someone([aMessage("$1", "e1")]);
    countExactly(BOT, [ana], TASK);
    assertEachOnce(BOT, [ana, someone([aMessage("$1", "e1")])]);
  });
  it("takes an event that could be read only later for one", () => {
    const ana = someone([aMessage("$1", undefined, { unreadable: "no key", body: "" }), aMessage("$1", "e1")]);
    countExactly(BOT, [ana], TASK);
    assertEachOnce(BOT, [ana]);
  });
  it("finds a message that nobody got", () => {
    assert.throws(() => countExactly(BOT, [someone([])], TASK), /read \^T-1 {2}0 times|0 times/);
  });
  it("finds a message that came twice, under one effect id or under two", () => {
    assert.throws(() => countExactly(BOT, [someone([aMessage("$1", "e1"), aMessage("$2", "e1")])], TASK), /2 times under 1 effect ids/);
    assert.throws(() => countExactly(BOT, [someone([aMessage("$1", "e1"), aMessage("$2", "e2")])], TASK), /2 times under 2 effect ids/);
  });
  it("finds one effect under two events, also with two people", () => {
    assert.throws(() => assertEachOnce(BOT, [someone([aMessage("$1", "e1")]), someone([aMessage("$2", "e1")])]), /as \$1 and as \$2/);
  });
  it("finds what cannot be read, is in clear, or carries no effect id", () => {
    assert.throws(() => assertEachOnce(BOT, [someone([aMessage("$1", undefined, { unreadable: "no key" })])]), /cannot read/);
    assert.throws(() => assertEachOnce(BOT, [someone([aMessage("$1", "e1", { encrypted: false })])]), /in clear/);
    assert.throws(() => assertEachOnce(BOT, [someone([aMessage("$1", undefined)])]), /no effect id/);
  });
  it("does not count edits, ends of polls, other rooms and other people's words", () => {
    const ana = someone([
      aMessage("$1", "e1", { replaces: "$0" }), aMessage("$2", "e2", { type: "org.matrix.msc3381.poll.end" }), aMessage("$3", "e3", { sender: "@luis:test" }),
      aMessage("$4", "e4", { roomName: "Albatross · liaison" }),
    ]);
    countExactly(BOT, [ana], { ...TASK, room: "· coordination" }, 0);
  });
  it("finds a room that was made twice, and one that is missing", () => {
    assertOneRoomOfEachName([someone([], ["Albatross", "Albatross · 1"])]);
    assert.throws(() => assertOneRoomOfEachName([someone([], ["Albatross", "Albatross"])]), /two rooms called "Albatross"/);
    assertRooms(someone([], ["b", "a"]), ["a", "b"]);
    assert.throws(() => assertRooms(someone([], ["a"]), ["a", "b"]), /has the rooms a and not a, b/);
  });
});
