import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { UserId } from "../../src/domain/ids.ts";
import { MARK, creationBody } from "../../src/matrix/room-creation.ts";
import type { RoomSpec } from "../../src/ports.ts";

const BOT = "@bot:es.example" as UserId;
const ANA = "@ana:es.example" as UserId;
const encryption = { type: "m.room.encryption", stateKey: "", content: { algorithm: "m.megolm.v1.aes-sha2" } };
const spec = (more: Partial<RoomSpec> = {}): RoomSpec => ({ version: "12", space: false, name: "Albatross · 3", mark: "m1", invite: [ANA], direct: false, state: [encryption], power: { users: { [ANA]: 100 }, events_default: 0 }, ...more });
const usersOf = (body: Record<string, unknown>): unknown => (body["power_level_content_override"] as { users: unknown }).users;

describe("the making of a room", () => {
  it("carries mark, people, encryption and levels in one call", () => {
    assert.deepEqual(creationBody(spec(), BOT), {
      room_version: "12",
      preset: "private_chat",
      visibility: "private",
      is_direct: false,
      invite: [ANA],
      name: "Albatross · 3",
      creation_content: { [MARK]: "m1" },
      power_level_content_override: { users: { [ANA]: 100 }, events_default: 0 },
      initial_state: [{ type: "m.room.encryption", state_key: "", content: encryption.content }],
    });
  });

  it("names its maker among the levels up to version 11 and never from 12 on", () => {
    const named = { users: { [ANA]: 100, [BOT]: 90 } };
    assert.deepEqual(usersOf(creationBody(spec({ version: "12", power: named }), BOT)), { [ANA]: 100 });
    assert.deepEqual(usersOf(creationBody(spec({ version: "13", power: named }), BOT)), { [ANA]: 100 });
    assert.deepEqual(usersOf(creationBody(spec({ version: "11", power: named }), BOT)), { [ANA]: 100, [BOT]: 90 });
    assert.deepEqual(usersOf(creationBody(spec({ version: "11" }), BOT)), { [ANA]: 100, [BOT]: 100 });
    assert.deepEqual(usersOf(creationBody(spec({ version: "10", power: {} }), BOT)), { [BOT]: 100 });
  });

  it("makes no room to talk in without encryption", () => {
    assert.throws(() => creationBody(spec({ state: [] }), BOT), /without encryption/);
    assert.deepEqual(creationBody(spec({ state: [], space: true }), BOT)["creation_content"], { [MARK]: "m1", type: "m.space" });
  });

  it("does not ask for more invitations than a server takes at once", () => {
    assert.throws(() => creationBody(spec({ invite: Array.from({ length: 11 }, () => ANA) }), BOT), /at most 10/);
  });
});
