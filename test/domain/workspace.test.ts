import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { RoomId, UserId } from "../../src/domain/ids.ts";
import { COORDINATION } from "../../src/domain/ids.ts";
import { line } from "../../src/domain/say.ts";
import type { DesiredRoom, Membership, ObservedRoom, Step } from "../../src/domain/workspace.ts";
import { MEGOLM, missingSteps, powerLevels } from "../../src/domain/workspace.ts";
import { ANA, BOT, LUIS, NUNO } from "./builders-core.ts";

const V12 = { version: "12", creator: BOT };
const NAME = "Albatross · coordination";
const desired: DesiredRoom = { slot: COORDINATION, kind: "room", name: line("room.coordination", { codename: "Albatross" }), people: [ANA, LUIS], administrators: [ANA, LUIS], history: "joined" };
function observed(changes: Partial<ObservedRoom> = {}): ObservedRoom {
  return {
    room: "!r" as RoomId, creator: BOT, version: "12", encryption: MEGOLM, name: NAME, joinRule: "invite", history: "joined", guestAccess: "forbidden",
    power: powerLevels(desired, BOT, V12), members: { [BOT]: "join", [ANA]: "join", [LUIS]: "invite" }, children: [], pinned: [], ...changes,
  };
}
const step = (room: ObservedRoom): Step | undefined => missingSteps(desired, NAME, room, BOT, [])[0];
/** What the server would show after a step. */
function echoed(room: ObservedRoom, done: Step): ObservedRoom {
  if (done.step === "invite") return { ...room, members: { ...room.members, [done.user]: "invite" } };
  if (done.step === "remove") return { ...room, members: { ...room.members, [done.user]: "leave" } };
  switch (done.type) {
    case "m.room.encryption": return { ...room, encryption: MEGOLM };
    case "m.room.join_rules": return { ...room, joinRule: "invite" };
    case "m.room.history_visibility": return { ...room, history: "joined" };
    case "m.room.guest_access": return { ...room, guestAccess: "forbidden" };
    case "m.room.power_levels": return { ...room, power: done.content };
    case "m.room.name": return { ...room, name: NAME };
    default: return room;
  }
}

describe("a workspace room", () => {
  it("needs nothing when it is as it should be", () => {
    assert.equal(step(observed()), undefined);
  });
  it("is encrypted before anything else is done to it", () => {
    const { encryption: _gone, ...bare } = observed({ name: "something", joinRule: "public", members: { [BOT]: "join", [NUNO]: "join" } });
    assert.deepEqual(step(bare), { step: "state", type: "m.room.encryption", stateKey: "", content: { algorithm: MEGOLM } });
  });
  it("loses whoever does not belong there before it gains anybody", () => {
    assert.deepEqual(step(observed({ members: { [BOT]: "join", [NUNO]: "join" } })), { step: "remove", user: NUNO });
    assert.deepEqual(step(observed({ members: { [BOT]: "join", [ANA]: "join", [LUIS]: "join", [NUNO]: "invite" } })), { step: "remove", user: NUNO });
  });
  it("knows every repair it needs, so that one that somebody undoes does not keep the others from being made", () => {
    const room = observed({ joinRule: "public", members: { [BOT]: "join", [NUNO]: "join", [ANA]: "leave", [LUIS]: "join" } });
    assert.deepEqual(missingSteps(desired, NAME, room, BOT, []).map((each) => (each.step === "state" ? each.type : `${each.step} ${each.user}`)), [`remove ${NUNO}`, "m.room.join_rules", `invite ${ANA}`]);
  });
  it("invites again whoever has left by hand, and not who is banned", () => {
    assert.deepEqual(step(observed({ members: { [BOT]: "join", [ANA]: "leave", [LUIS]: "join" } })), { step: "invite", user: ANA });
    assert.equal(step(observed({ members: { [BOT]: "join", [ANA]: "ban", [LUIS]: "join" } })), undefined);
  });
  it("gets its rules back when somebody changes them", () => {
    for (const change of [{ joinRule: "public" }, { history: "shared" }, { guestAccess: "can_join" }, { name: "Operation Snow" }]) {
      assert.equal(step(observed(change))?.step, "state");
    }
  });
  it("takes power from whoever was given it besides the administrators", () => {
    const power = powerLevels(desired, BOT, V12);
    const given = { ...power, users: { ...(power["users"] as object), [NUNO]: 100 } };
    assert.deepEqual(step(observed({ power: given })), { step: "state", type: "m.room.power_levels", stateKey: "", content: power });
  });
  it("lists the bot among its powers only in versions whose creators do not outrank them", () => {
    assert.equal(BOT in (powerLevels(desired, BOT, V12)["users"] as object), false);
    assert.equal((powerLevels(desired, BOT, { version: "11", creator: BOT })["users"] as Record<string, number>)[BOT], 100);
  });
  it("lets administrators of the states move on without the bot", () => {
    const power = powerLevels(desired, BOT, V12);
    assert.deepEqual(power["users"], { [ANA]: 100, [LUIS]: 100 });
    assert.equal((power["events"] as Record<string, number>)["m.room.tombstone"], 100);
  });
  it("comes to rest from any state in which it may be found", () => {
    const membership = fc.constantFrom<Membership>("join", "invite", "leave", "knock");
    const people = fc.dictionary(fc.constantFrom<string>(ANA, LUIS, NUNO, "@x:y"), membership);
    fc.assert(fc.property(people, fc.boolean(), fc.constantFrom("invite", "public"), fc.constantFrom("joined", "shared"), (members, encrypted, joinRule, history) => {
      let room = observed({ members: { ...members, [BOT]: "join" } as Record<UserId, Membership>, joinRule, history, power: {} });
      if (!encrypted) {
        const { encryption: _gone, ...bare } = room;
        room = bare;
      }
      for (let steps = 0; ; steps += 1) {
        const next = step(room);
        if (next === undefined) break;
        assert.ok(steps < 20, `still ${JSON.stringify(next)}`);
        room = echoed(room, next);
      }
      assert.deepEqual(Object.entries(room.members).filter(([, is]) => is !== "leave").map(([user]) => user).toSorted(), [ANA, BOT, LUIS].toSorted());
      assert.equal(room.encryption, MEGOLM);
    }));
  });
});
