import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Rooms, blankRoom, observe } from "../../src/app/rooms.ts";
import type { RoomId } from "../../src/domain/ids.ts";
import type { StateEvent, SyncedRoom } from "../../src/ports.ts";
import { ANA, BOT } from "../domain/builders-core.ts";

const ROOM = "!room" as RoomId;
const state = (type: string, content: Record<string, unknown>, stateKey = ""): StateEvent => ({ type, stateKey, sender: BOT, content });
const synced = (events: StateEvent[]): SyncedRoom => ({ room: ROOM, state: events, timeline: [], limited: false });

describe("a room as the server shows it", () => {
  it("stays encrypted whatever the server says later", () => {
    const encrypted = observe(blankRoom(ROOM), state("m.room.encryption", { algorithm: "m.megolm.v1.aes-sha2" }));
    for (const content of [{}, { algorithm: "none" }, { algorithm: 7 }]) {
      assert.equal(observe(encrypted, state("m.room.encryption", content)).encryption, "m.megolm.v1.aes-sha2");
    }
  });
  it("is remembered to have been told another encryption until the right one is set again", () => {
    const encrypted = observe(blankRoom(ROOM), state("m.room.encryption", { algorithm: "m.megolm.v1.aes-sha2" }));
    for (const content of [{}, { algorithm: "none" }, { algorithm: 7 }]) {
      const changed = observe(encrypted, state("m.room.encryption", content));
      assert.equal(changed.downgraded, true);
      assert.equal(observe(changed, state("m.room.encryption", { algorithm: "m.megolm.v1.aes-sha2" })).downgraded, undefined);
    }
    assert.equal(observe(observe(blankRoom(ROOM), state("m.room.encryption", { algorithm: "x" })), state("m.room.encryption", { algorithm: "m.megolm.v1.aes-sha2" })).encryption, "m.megolm.v1.aes-sha2");
  });
  it("is closed by whoever says so, and goes on only in what is a room", () => {
    assert.deepEqual(observe(blankRoom(ROOM), state("m.room.tombstone", { replacement_room: "!new" })).closed, { by: BOT, successor: "!new" });
    for (const content of [{}, { replacement_room: 7 }, { replacement_room: "new" }]) assert.deepEqual(observe(blankRoom(ROOM), state("m.room.tombstone", content)).closed, { by: BOT });
  });
  it("lets all servers in only if its list says so", () => {
    const barred = (content: Record<string, unknown>): boolean | undefined => observe(blankRoom(ROOM), state("m.room.server_acl", content)).serversBarred;
    for (const content of [{}, { allow: [] }, { allow: ["*"], deny: ["x"] }, { allow: "*" }]) assert.equal(barred(content), true);
    assert.equal(barred({ allow: ["*"], deny: [] }), undefined);
  });
  it("is not encrypted while nobody has said so", () => {
    assert.equal(blankRoom(ROOM).encryption, undefined);
    assert.equal(observe(blankRoom(ROOM), state("m.room.encryption", { algorithm: ["m.megolm.v1.aes-sha2"] })).encryption, undefined);
  });
  it("takes no membership that the specification does not know", () => {
    const room = observe(blankRoom(ROOM), state("m.room.member", { membership: "owner" }, ANA));
    assert.deepEqual(room.members, {});
  });
  it("is not changed by content of any other shape, and never throws", () => {
    const types = fc.constantFrom("m.room.create", "m.room.encryption", "m.room.member", "m.room.power_levels", "m.room.pinned_events", "m.space.child", "m.room.name", "m.room.tombstone", "m.room.server_acl", "x");
    fc.assert(fc.property(types, fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (type, content, key) => {
      const room = observe(blankRoom(ROOM), state(type, content, key));
      assert.ok(room.encryption === undefined || typeof room.encryption === "string");
      assert.ok(Object.values(room.members).every((each) => ["join", "invite", "knock", "leave", "ban"].includes(each)));
    }));
  });
  it("is put in place only after the commit", () => {
    const rooms = new Rooms();
    const { rooms: next, left, values } = rooms.after([synced([state("m.room.name", { name: "Albatross" })])], []);
    assert.equal(rooms.get(ROOM), undefined);
    assert.equal(Object.keys(values).length, 1);
    rooms.put(next, left);
    assert.equal(rooms.get(ROOM)?.name, "Albatross");
  });
  it("comes back from what was stored as it was", () => {
    const rooms = new Rooms();
    const { values } = rooms.after([synced([state("m.room.name", { name: "Albatross" }), state("m.room.member", { membership: "join" }, ANA)])], []);
    const again = new Rooms();
    again.load(new Map(Object.entries(values).flatMap(([key, value]) => (value === null ? [] : [[key, value] as const]))));
    assert.deepEqual(again.get(ROOM)?.members, { [ANA]: "join" });
  });
});
