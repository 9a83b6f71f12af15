/** The simulation's journal does what the real one does: both get the same batches, right ones and wrong ones, and must answer and hold the same. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { systemRandom } from "../../src/app/system.ts";
import type { ChainId, EventId, Instant, RoomId, UserId } from "../../src/domain/ids.ts";
import { INSTALLATION } from "../../src/domain/ids.ts";
import { JournalConflict } from "../../src/journal/errors.ts";
import { openJournal } from "../../src/journal/journal.ts";
import { openKeys } from "../../src/journal/keys.ts";
import type { Batch, Committed, Journal, NewOutbox, Outbox, OutboxChange } from "../../src/ports.ts";
import { NOW } from "../domain/builders-core.ts";
import type { Dice } from "./chance.ts";
import { dice } from "./chance.ts";
import { MemoryJournal, nothingDurable } from "./memory-journal.ts";

const SEEDS = 12;
const BATCHES = 120;
const HOUR = 3_600_000;
const CASE = "case-one" as ChainId;
const ROOMS = ["!a", "!b"] as const;

/** Ids of effects are secret in one and not in the other: here each pair has a number. */
type Pairs = (readonly [string, string])[];

describe("the journal in memory", () => {
  const folder = mkdtempSync(join(tmpdir(), "relevo-both-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (let seed = 1; seed <= SEEDS; seed += 1) {
    it(`answers and holds what the real one does (${seed})`, async () => {
      const own = mkdtempSync(join(folder, "journal-"));
      let now = NOW;
      const made = openKeys({ folder: own, passphrase: "a passphrase for tests", random: systemRandom(), cost: 10 });
      const real = openJournal({ folder: own, keys: made, clock: { now: () => now }, random: systemRandom(), known: () => true, evolveVersion: "1" });
      const model = new MemoryJournal(nothingDurable(), () => now, "1");
      const pairs: Pairs = [];
      const chance = dice(seed, "batches");
      let last = 0;
      for (let number = 0; number < BATCHES; number += 1) {
        now = (now + chance.below(chance.oneIn(20) ? 14 * HOUR : 60_000)) as Instant;
        const drawn = batch(chance, now, pairs.length);
        const [one, other] = [await outcome(real, drawn(pairs, 0)), await outcome(model, drawn(pairs, 1))];
        assert.deepEqual(shown(other), shown(one), `batch ${number}: ${JSON.stringify(drawn(pairs, 0))}`);
        if (!("conflict" in one) && !("conflict" in other)) for (const [index, id] of one.outbox.entries()) pairs.push([id, other.outbox[index] ?? ""]);
        last = lastRow(one) ?? last;
        if (chance.oneIn(10) && last > 0) {
          const evolve = chance.oneIn(9) ? "2" : "1";
          for (const journal of [real, model]) await journal.saveSnapshot(INSTALLATION, last, evolve, { at: number });
        }
        if (number % 10 === 0) assert.deepEqual(await held(model, pairs, 1), await held(real, pairs, 0), `after batch ${number}`);
      }
      await real.close();
    });
  }
});

type Result = Committed | { readonly conflict: string };
async function outcome(journal: Journal, of: Batch): Promise<Result> {
  try {
    return await journal.commit(of);
  } catch (error) {
    return { conflict: error instanceof JournalConflict ? error.kind : error instanceof Error ? error.name : "?" };
  }
}
function shown(result: Result): unknown {
  return "conflict" in result ? result : { rows: result.rows, effects: result.outbox.length };
}
function lastRow(result: Result): number | undefined {
  return "conflict" in result ? undefined : result.rows.findLast((row) => row.chain === INSTALLATION)?.seq;
}

/** A batch that names effects by their number, so that each journal gets its own ids. */
function batch(chance: Dice, now: Instant, effects: number): (pairs: Pairs, of: 0 | 1) => Batch {
  const event = (): EventId => `$${chance.below(40)}` as EventId;
  const chain = (): ChainId => (chance.oneIn(2) ? INSTALLATION : CASE);
  const rows = Array.from({ length: chance.below(3) }, () => ({
    chain: chain(), at: now, trust: "none" as const, event: { type: "system.noted" as const, v: 1 as const, what: "note", facts: { n: chance.below(9) } },
    ...(chance.oneIn(2) ? { actor: "@ana:es.example" as UserId, cause: event() } : {}),
  }));
  const body = JSON.stringify({ kind: "event", n: chance.below(99) });
  const outgoing = Array.from({ length: chance.below(3) }, (): NonNullable<Batch["outbox"]>[number] => {
    const rest: Omit<NewOutbox, "id"> = { chain: rows[0]?.chain ?? INSTALLATION, lane: "live", created: now, body, ...(chance.oneIn(3) ? { supersedes: "it" } : {}), ...(chance.oneIn(3) ? { expires: (now + HOUR) as Instant } : {}) };
    return rows.length > 0 && chance.oneIn(2) ? { ...rest, of: { row: 0, n: chance.below(3) } } : { ...rest, id: `own-${chance.below(30)}` };
  });
  const inbox = Array.from({ length: chance.below(3) }, () => ({
    event: event(), room: "!a" as RoomId, sender: "@ana:es.example" as UserId, received: now, late: chance.oneIn(2), wire: JSON.stringify({ content: { ciphertext: `c${chance.below(9)}` } }),
  }));
  const ends = Array.from({ length: chance.below(3) }, () => ({ event: chance.oneIn(2) ? inbox[0]?.event ?? event() : event(), end: "done" as const }));
  const ratchets = chance.oneIn(3) ? [{ room: ROOMS[chance.below(2)] as RoomId, session: "s", index: chance.below(9), event: event(), hash: `h${chance.below(3)}` }] : [];
  const changes = Array.from({ length: chance.below(2) }, () => ({ effect: chance.below(effects + 1), change: change(chance, now) }));
  const values = chance.oneIn(2) ? { [`room:${chance.below(4)}`]: chance.oneIn(4) ? null : `v${chance.below(9)}`, "sync:token": String(chance.below(99)) } : {};
  return (pairs, of) => ({
    rows, inbox, inboxEnds: ends, ratchets, outbox: outgoing, values,
    outboxChanges: changes.map(({ effect, change: make }) => make(pairs[effect]?.[of] ?? "nobody's")),
  });
}
function change(chance: Dice, now: Instant): (id: string) => OutboxChange {
  const [what, room, device] = [chance.below(5), ROOMS[chance.below(2)] as RoomId, chance.oneIn(4) ? "OTHER" : "BOT"];
  if (what === 0) return (id) => ({ id, to: "dropped", why: "expired" });
  if (what === 1) return (id) => ({ id, to: "sent", event: `$s${room}` as EventId });
  return (id) => ({ id, to: "encrypted", ciphertext: `sealed ${what}`, room, device, attempted: now });
}

/** All that a journal tells, with the numbers of effects in place of their ids. */
async function held(journal: Journal, pairs: Pairs, of: 0 | 1): Promise<unknown> {
  const numbered = (row: Outbox | undefined): unknown => {
    if (row === undefined) return undefined;
    const { order: _order, ...rest } = row;
    return { ...rest, id: pairs.findIndex((pair) => pair[of] === row.id) };
  };
  const chains: unknown[] = [];
  for (const chain of await journal.chains()) {
    const rows: unknown[] = [];
    for await (const row of journal.read(chain, 0)) rows.push(row);
    chains.push({ chain, rows, after: (await Array.fromAsync(journal.read(chain, Math.min(1, rows.length)))).length });
  }
  return {
    chains, snapshot: await journal.snapshot(INSTALLATION),
    inbox: (await journal.inbox()).map(({ order: _order, ...row }) => row), outbox: (await journal.outbox()).map(numbered),
    rows: await Promise.all(pairs.map(async (pair) => numbered(await journal.outboxRow(pair[of])))),
    values: [...(await journal.values("room:"))].toSorted(([one], [other]) => one.localeCompare(other)), token: await journal.value("sync:token"),
    ratchets: await Promise.all([0, 1, 2, 3, 4, 5, 6, 7, 8].map((index) => journal.ratchet("!a" as RoomId, "s", index))),
    events: await Promise.all(Array.from({ length: 40 }, (_, index) => journal.hasEvent(`$${index}` as EventId))),
  };
}
