import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readCryptoSync } from "../../src/matrix/crypto-sync.ts";
import { isTame, readStateEvent, readSync, readTimelineEvent } from "../../src/matrix/shapes.ts";

const good = { event_id: "$e", sender: "@ana:es.example", type: "m.room.encrypted", origin_server_ts: 1, content: { algorithm: "m.megolm.v1.aes-sha2" } };
const member = { type: "m.room.member", state_key: "@ana:es.example", sender: "@ana:es.example", content: { membership: "join" } };
const answer = (room: unknown): Record<string, unknown> => ({ next_batch: "s1", rooms: { join: { "!r:es.example": room } } });

describe("an answer to sync", () => {
  it("gives rooms, state, timeline and where to go on", () => {
    const sync = readSync({
      next_batch: "s2",
      rooms: {
        join: { "!r:es.example": { state: { events: [member] }, timeline: { events: [good, { ...good, event_id: "$f", unsigned: { transaction_id: "t1" } }], limited: true, prev_batch: "p1" } } },
        invite: { "!i:es.example": { invite_state: { events: [member] } } },
        leave: { "!l:es.example": {} },
      },
      to_device: { events: [{ type: "m.room.encrypted" }] },
    });
    assert.deepEqual(sync, {
      next: "s2",
      crypto: { to_device: { events: [{ type: "m.room.encrypted" }] }, device_lists: undefined, device_one_time_keys_count: undefined, device_unused_fallback_key_types: undefined },
      joined: [
        {
          room: "!r:es.example",
          state: [{ type: "m.room.member", stateKey: "@ana:es.example", sender: "@ana:es.example", content: { membership: "join" } }],
          timeline: [
            { event: "$e", sender: "@ana:es.example", type: "m.room.encrypted", wire: good },
            { event: "$f", sender: "@ana:es.example", type: "m.room.encrypted", transaction: "t1", wire: { ...good, event_id: "$f", unsigned: { transaction_id: "t1" } } },
          ],
          limited: true,
          prevBatch: "p1",
        },
      ],
      invited: [{ room: "!i:es.example", state: [{ type: "m.room.member", stateKey: "@ana:es.example", sender: "@ana:es.example", content: { membership: "join" } }] }],
      left: ["!l:es.example"],
      malformed: 0,
    });
  });

  it("takes the state after the timeline where a server sends it", () => {
    const sync = readSync(answer({ state: { events: [] }, state_after: { events: [member] } }));
    assert.deepEqual([sync?.joined[0]?.state.length, sync?.joined[0]?.resolved], [1, true]);
  });

  it("leaves malformed events out, counts them, and keeps the good ones beside them", () => {
    const deep = JSON.parse(`${'{"a":'.repeat(100)}1${"}".repeat(100)}`) as unknown;
    const bad: unknown[] = [
      null, 7, "x", [], {}, { ...good, event_id: 7 }, { ...good, event_id: "e" }, { ...good, sender: "ana" }, { ...good, sender: null }, { ...good, type: 1 },
      { ...good, content: null }, { ...good, content: [] }, { ...good, state_key: 7 }, { ...good, content: deep }, { ...good, content: { body: "x".repeat(300_000) } },
      JSON.parse('{"event_id":"$e","sender":"@a:b","type":"m","content":{"__proto__":{"admin":true}}}'), { ...good, event_id: `$${"x".repeat(300)}` },
    ];
    const sync = readSync(answer({ timeline: { events: [good, ...bad, { ...good, event_id: "$last" }] } }));
    assert.deepEqual(sync?.joined[0]?.timeline.map(({ event }) => event), ["$e", "$last"]);
    assert.equal(sync?.malformed, bad.length);
  });

  it("leaves out what stands under something that is no room id", () => {
    const sync = readSync({ next_batch: "s", rooms: { join: { nonsense: {}, "!good:x": { timeline: { events: [good] } } }, leave: { "": {} }, invite: 7 } });
    assert.deepEqual([sync?.joined.map(({ room }) => room), sync?.left, sync?.invited, sync?.malformed], [["!good:x"], [], [], 3]);
  });

  it("has no rooms rather than none of the rest where a section is nonsense", () => {
    const sync = readSync({ next_batch: "s", rooms: [], to_device: "x" });
    assert.deepEqual([sync?.joined, sync?.crypto], [[], { to_device: "x", device_lists: undefined, device_one_time_keys_count: undefined, device_unused_fallback_key_types: undefined }]);
  });

  it("is none without a token to go on from", () => {
    for (const value of [null, [], {}, { next_batch: "" }, { next_batch: 7 }, { next_batch: "x".repeat(10_000) }, "s"]) assert.equal(readSync(value), undefined);
  });

  it("never throws and never lets through an event of another shape, whatever the server makes up", () => {
    const json = fc.jsonValue({ maxDepth: 6 });
    const events = fc.oneof(json, fc.record({ events: fc.oneof(json, fc.array(fc.oneof(json, fc.constant(good), fc.constant(member), mixed(good)))) }));
    const room = fc.oneof(json, fc.record({ state: events, timeline: fc.oneof(events, json), state_after: events }, { requiredKeys: [] }));
    const rooms = fc.oneof(json, fc.dictionary(fc.constantFrom("!r:x", "r", "", "!s", "__proto__"), room));
    const whole = fc.record({ next_batch: fc.constant("s"), rooms: fc.record({ join: rooms, invite: rooms, leave: rooms }, { requiredKeys: [] }), to_device: json, device_lists: json, device_one_time_keys_count: json }, { requiredKeys: ["next_batch"] });
    fc.assert(
      fc.property(whole, (value) => {
        const sync = readSync(value);
        assert.ok(sync !== undefined);
        for (const { timeline, state } of sync.joined) {
          for (const event of timeline) assert.ok(event.event.startsWith("$") && event.sender.startsWith("@") && JSON.stringify(event.wire).length > 0);
          for (const event of state) assert.ok(typeof event.type === "string" && typeof event.stateKey === "string" && event.sender.startsWith("@"));
        }
        readCryptoSync(sync.crypto);
      }),
      { seed: 11, numRuns: 2_000 },
    );
  });
});

describe("what a sync carries for the crypto engine", () => {
  it("is reduced to what the engine takes", () => {
    const read = readCryptoSync({
      to_device: { events: [{ type: "m.dummy", sender: "@a:b", content: {}, extra: 1 }, { type: "m.dummy", content: {} }, 7] },
      device_lists: { changed: ["@a:b", "x", 7], left: "x" },
      device_one_time_keys_count: { signed_curve25519: 50, other: -1, third: 1.5, fourth: "5" },
      device_unused_fallback_key_types: ["signed_curve25519", 7],
    });
    assert.deepEqual(
      { ...read, oneTimeKeys: [...read.oneTimeKeys], unusedFallbackKeys: [...(read.unusedFallbackKeys ?? [])] },
      { events: ['{"type":"m.dummy","sender":"@a:b","content":{}}'], changed: ["@a:b"], left: [], oneTimeKeys: [["signed_curve25519", 50]], unusedFallbackKeys: ["signed_curve25519"], malformed: 9 },
    );
  });
});

describe("single events", () => {
  it("with more values than anybody types are not let in", () => {
    assert.equal(isTame({ list: Array.from({ length: 30_000 }, () => 0) }), false);
    assert.equal(isTame({ list: Array.from({ length: 10_000 }, () => 0) }), true);
  });
  it("are told apart by what they lack", () => {
    assert.equal(readStateEvent(good), undefined);
    assert.equal(readTimelineEvent(member), undefined);
  });
});

/** The good event with one field replaced by anything. */
function mixed(event: Readonly<Record<string, unknown>>): fc.Arbitrary<unknown> {
  return fc.tuple(fc.constantFrom(...Object.keys(event)), fc.jsonValue({ maxDepth: 3 })).map(([name, value]) => ({ ...event, [name]: value }));
}
