import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RoomId, UserId } from "../../src/domain/ids.ts";
import { COORDINATION } from "../../src/domain/ids.ts";
import { strangersIn, unfitness } from "../../src/domain/room-fitness.ts";
import { isRuledByAnother, succession } from "../../src/domain/room-succession.ts";
import type { DesiredRoom, ObservedRoom } from "../../src/domain/workspace.ts";
import { MEGOLM, mayKeep, powerLevels, protectiveSteps } from "../../src/domain/workspace.ts";
import { ANA, BOT, LUIS, NUNO } from "./builders-core.ts";

const OLD = "!old" as RoomId;
const NEW = "!new" as RoomId;
const desired: DesiredRoom = { slot: COORDINATION, kind: "room", people: [ANA, LUIS, NUNO], administrators: [ANA, LUIS], history: "joined" };
function room(changes: Partial<ObservedRoom> = {}): ObservedRoom {
  return {
    room: OLD, creator: BOT, version: "12", encryption: MEGOLM, joinRule: "invite", history: "joined", guestAccess: "forbidden",
    power: powerLevels(desired, BOT, { version: "12", creator: BOT }), members: { [BOT]: "join", [ANA]: "join" }, children: [], pinned: [], ...changes,
  };
}
const closed = (by: UserId = LUIS, successor: RoomId | undefined = NEW): ObservedRoom => room({ closed: { by, ...(successor === undefined ? {} : { successor }) } });
function successor(changes: Partial<ObservedRoom> = {}): ObservedRoom {
  return room({ room: NEW, creator: LUIS, predecessor: OLD, power: powerLevels(desired, BOT, { version: "12", creator: LUIS }), ...changes });
}

describe("a closed room", () => {
  it("goes on in the one that an administrator made for it", () => {
    assert.deepEqual(succession(desired, closed(), successor(), BOT), { then: "adopt", room: NEW });
    const old = successor({ version: "11", power: powerLevels(desired, BOT, { version: "11", creator: LUIS }) });
    assert.deepEqual(succession(desired, closed(), old, BOT), { then: "adopt", room: NEW });
  });
  it("goes on in the one that the bot made, whoever of the administrators points to it", () => {
    assert.deepEqual(succession(desired, closed(ANA), successor({ creator: BOT }), BOT), { then: "adopt", room: NEW });
  });
  it("does not go on where somebody without that right closed it, made the other one, or rules there for ever", () => {
    for (const [old, other] of [
      [closed(NUNO), successor()], [closed(), successor({ creator: NUNO })], [closed(), successor({ alsoCreators: ["@mallory:elsewhere.example"] })],
    ] as const) assert.deepEqual(succession(desired, old, other, BOT), { then: "replace", why: "not-theirs-to-make" });
  });
  it("does not go on in a room that does not say that it goes on from it", () => {
    const { predecessor: _none, ...without } = successor();
    for (const other of [without, successor({ predecessor: "!other" })]) assert.deepEqual(succession(desired, closed(), other, BOT), { then: "replace", why: "not-its-successor" });
  });
  it("goes on nowhere else if nothing is said of where", () => {
    assert.deepEqual(succession(desired, closed(LUIS, "" as RoomId), undefined, BOT).then, "wait");
    assert.deepEqual(succession(desired, room({ closed: { by: LUIS } }), undefined, BOT), { then: "replace", why: "no-successor" });
  });
  it("waits while the bot is not in the other one, or may not change it", () => {
    assert.deepEqual(succession(desired, closed(), undefined, BOT), { then: "wait", for: "invitation" });
    const power = { ...powerLevels(desired, BOT, { version: "12", creator: LUIS }), users: { [ANA]: 100 } };
    assert.deepEqual(succession(desired, closed(), successor({ power }), BOT), { then: "wait", for: "power" });
  });
});

describe("power to keep a room right", () => {
  it("is as much as anything in it needs, or that of a creator of version 12", () => {
    assert.equal(mayKeep(room({ power: {} }), BOT), true, "its creator");
    assert.equal(mayKeep(successor(), BOT), true);
    const { power } = successor();
    assert.equal(mayKeep(successor({ power: { ...power, events: { "m.room.tombstone": 150 } } }), BOT), false);
    assert.equal(mayKeep(successor({ power: { ...power, users: { [BOT]: 50 } } }), BOT), false);
    assert.equal(mayKeep(room({ version: "11", power: {} }), BOT), false);
  });
  it("is not asked of who outranks everybody for ever: such a person is not listed, or the server would refuse the whole", () => {
    assert.deepEqual(Object.keys(powerLevels(desired, BOT, { version: "12", creator: LUIS })["users"] as object), [BOT, ANA]);
    assert.deepEqual(Object.keys(powerLevels(desired, BOT, { version: "12", creator: LUIS, alsoCreators: [BOT] })["users"] as object), [ANA]);
    assert.deepEqual(Object.keys(powerLevels(desired, BOT, { version: "11", creator: LUIS })["users"] as object), [BOT, ANA, LUIS]);
  });
  it("of somebody who does not belong there any more cannot be taken away in version 12: then the room is none of ours", () => {
    const left: DesiredRoom = { ...desired, people: [ANA, NUNO], administrators: [ANA] };
    assert.equal(isRuledByAnother(left, successor(), BOT), true);
    assert.equal(isRuledByAnother(desired, successor(), BOT), false);
    assert.equal(isRuledByAnother(left, successor({ version: "11" }), BOT), false);
  });
});

describe("a room that is not fit for what is routine", () => {
  it("is one in which somebody is who does not belong there; an invitation alone is not enough", () => {
    const with_ = (is: "join" | "invite" | "leave"): ObservedRoom => room({ members: { [BOT]: "join", [ANA]: "join", "@mallory:elsewhere.example": is } });
    assert.equal(unfitness(desired, with_("join"), BOT), "stranger");
    assert.deepEqual(strangersIn(desired, with_("join"), BOT), ["@mallory:elsewhere.example"]);
    for (const is of ["invite", "leave"] as const) assert.equal(unfitness(desired, with_(is), BOT), undefined);
  });
  it("is one whose state names another encryption, which is set again before anything else", () => {
    const seen = room({ downgraded: true });
    assert.equal(unfitness(desired, seen, BOT), "downgraded");
    assert.deepEqual(protectiveSteps(desired, seen, BOT)[0], { step: "state", type: "m.room.encryption", stateKey: "", content: { algorithm: MEGOLM } });
  });
});
