import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Chain, Draft } from "../../src/domain/chain.ts";
import type { DomainEvent } from "../../src/domain/events.ts";
import type { RoomId, Slot } from "../../src/domain/ids.ts";
import { NOW } from "./builders-core.ts";

const bound = (slot: string, room: string): DomainEvent => ({ type: "room.bound", v: 1, slot: slot as Slot, room: room as RoomId, at: NOW });
const events = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.constantFrom("!1", "!2", "!3")).map(([slot, room]) => bound(slot, room)), { maxLength: 20 });

describe("a decision's draft", () => {
  it("leaves the state as it is until its changes are put into it", () => {
    const chain = new Chain();
    chain.apply(bound("a", "!1"));
    const draft = new Draft(chain.view);
    draft.apply(bound("a", "!2"));
    draft.apply(bound("b", "!3"));
    assert.equal(chain.view.room.get("a")?.room, "!1");
    assert.equal(draft.view.room.get("a")?.room, "!2");
    assert.equal(chain.view.room.size, 1);
    assert.equal(draft.view.room.size, 2);
  });
  it("shows exactly the state that a replay of the same events gives", () => {
    fc.assert(fc.property(events, events, (before, more) => {
      const chain = new Chain();
      for (const event of before) chain.apply(event);
      const draft = new Draft(chain.view);
      for (const event of more) draft.apply(event);
      const replayed = new Chain();
      for (const event of [...before, ...more]) replayed.apply(event);
      const sorted = (map: Iterable<readonly [string, unknown]>): unknown[] => [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
      assert.deepEqual(sorted(draft.view.room), sorted(replayed.view.room));
      assert.equal(draft.view.room.size, replayed.view.room.size);
      chain.put(draft.changes());
      assert.deepEqual(sorted(chain.view.room), sorted(replayed.view.room));
    }));
  });
  it("is the same after being saved and loaded", () => {
    fc.assert(fc.property(events, (all) => {
      const chain = new Chain();
      for (const event of all) chain.apply(event);
      const loaded = Chain.load(JSON.parse(JSON.stringify(chain.save())));
      assert.deepEqual([...loaded.view.room], [...chain.view.room]);
    }));
  });
});
