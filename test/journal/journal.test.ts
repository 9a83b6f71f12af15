import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { EventId, Instant, RoomId } from "../../src/domain/ids.ts";
import { INSTALLATION } from "../../src/domain/ids.ts";
import { ciphertextHash } from "../../src/journal/inbox.ts";
import type { NewRow, Ratchet } from "../../src/ports.ts";
import { aJournal, anInbox, anOutbox, ANA, aRow, CASE, newFolder, NOON, OTHER_CASE, rowsOf } from "./support/setting.ts";

const ratchet: Ratchet = { room: "!room" as RoomId, session: "session", index: 7, event: "$one" as EventId, hash: "aa" };

describe("the rows of the journal", () => {
  it("come back as they were written, in order, after a new start", async (t) => {
    const folder = newFolder(t);
    const first = aJournal(t, folder);
    const { rows } = await first.commit({ rows: [aRow({ title: "waybill", due: 7 }), aRow({ nested: { list: [1, null, "x"] } }, OTHER_CASE), aRow({ title: "second" })] });
    assert.deepEqual(rows.map(({ chain, seq }) => [chain, seq]), [[CASE, 1], [OTHER_CASE, 1], [CASE, 2]]);
    await first.close();
    const second = aJournal(t, folder);
    assert.deepEqual(await rowsOf(second), [rows[0], rows[2]]);
    assert.deepEqual(await rowsOf(second, OTHER_CASE), [rows[1]]);
    assert.deepEqual(await second.chains(), [INSTALLATION, CASE, OTHER_CASE]);
  });

  it("come back as they were written whatever plain data they hold", async (t) => {
    const journal = aJournal(t);
    const plain = fc.jsonValue({ maxDepth: 4 }).filter((value) => JSON.stringify(value).isWellFormed());
    const facts = fc.dictionary(fc.stringMatching(/^[a-z][A-Za-z0-9]{0,20}$/).filter((name) => name !== "v" && name !== "type"), plain, { maxKeys: 12 });
    let seq = 0;
    await fc.assert(
      fc.asyncProperty(facts, fc.boolean(), async (given, byNobody) => {
        const { actor: _actor, cause: _cause, ...bare } = aRow(given);
        const row: NewRow = byNobody ? { ...bare, trust: "none" } : aRow(given);
        await journal.commit({ rows: [row] });
        const [read] = await Array.fromAsync(journal.read(CASE, seq));
        seq += 1;
        // What JSON cannot tell apart (-0) is not asked of the journal either.
        assert.deepEqual(read, JSON.parse(JSON.stringify({ ...row, seq })));
      }),
      { numRuns: 150 },
    );
  });

  it("are refused if they hold what JSON would change in silence, and nothing is written", async (t) => {
    const journal = aJournal(t);
    const refused = [new Map([["a", 1]]), new Date(0), Number.NaN, 1n, () => 1, [1, undefined], "\ud800", deep(40), "x".repeat(300_000)];
    for (const value of refused) await assert.rejects(journal.commit({ rows: [aRow(), aRow({ value })] }), /JSON|surrogate|nested|bytes/);
    await assert.rejects(journal.commit({ rows: [{ ...aRow(), at: 1.5 as Instant }] }), /whole numbers/);
    await assert.rejects(journal.commit({ rows: [{ ...aRow(), cause: "$".repeat(600) as EventId }] }), /longer than 512/);
    await assert.rejects(journal.commit({ rows: [aRow({ $actor: "@forged:es.example" })] }), /only letters and digits/);
    assert.deepEqual(await rowsOf(journal), []);
  });

  it("are refused if no build could read them again", async (t) => {
    const journal = aJournal(t);
    const unheardOf = { ...aRow(), event: { type: "task.unheard-of", v: 1 } as unknown as NewRow["event"] };
    await assert.rejects(journal.commit({ rows: [unheardOf] }), /not in the registry: "task.unheard-of" version 1/);
  });

  it("stop the start with the version named when this build does not know them", async (t) => {
    const folder = newFolder(t);
    const newer = aJournal(t, folder, { known: (type, v) => type === "task.test" && v <= 2 });
    await newer.commit({ rows: [aRow(), { ...aRow(), event: { type: "task.test", v: 2 } as unknown as NewRow["event"] }] });
    await newer.close();
    const older = aJournal(t, folder);
    await assert.rejects(rowsOf(older), { name: "OperatorError", code: "journal.unknown-event", message: /"task.test" version 2 .*row 2/, cure: /newer/ });
  });

  it("can be read from a row on", async (t) => {
    const journal = aJournal(t);
    await journal.commit({ rows: [aRow({ n: 1 }), aRow({ n: 2 }), aRow({ n: 3 })] });
    assert.deepEqual((await Array.fromAsync(journal.read(CASE, 2))).map(({ seq }) => seq), [3]);
    assert.deepEqual(await Array.fromAsync(journal.read(CASE, 3)), []);
    await assert.rejects(Array.fromAsync(journal.read(CASE, 4)), RangeError);
    assert.deepEqual(await Array.fromAsync(journal.read(OTHER_CASE, 0)), []);
  });

  it("are read as they stood when the reading began, page after page", async (t) => {
    const journal = aJournal(t);
    await journal.commit({ rows: Array.from({ length: 450 }, (_, n) => aRow({ n })) });
    const reading = journal.read(CASE, 0);
    await reading.next();
    await journal.commit({ rows: [aRow({ n: 450 })] });
    let last = 1;
    for await (const { seq } of reading) last = seq;
    assert.equal(last, 450);
  });

  it("show nobody's name in clear, and another pseudonym of the same person in each case", async (t) => {
    const journal = aJournal(t);
    await journal.commit({ rows: [aRow(), aRow(), aRow({}, OTHER_CASE)] });
    const headers = [...(await Array.fromAsync(journal.storedRows(CASE))), ...(await Array.fromAsync(journal.storedRows(OTHER_CASE)))].map(({ header }) => header.toString());
    const [first, second, third] = headers.map((header) => (JSON.parse(header) as { actor: string }).actor);
    assert.equal(first, second);
    assert.notEqual(first, third);
    for (const header of headers) assert.ok(!header.includes("ana"));
  });
});

describe("a batch", () => {
  it("is one transaction: a mistake at its end leaves nothing of it", async (t) => {
    const journal = aJournal(t);
    await journal.commit({ rows: [aRow()], inbox: [anInbox()], values: { since: "s1" } });
    await assert.rejects(
      journal.commit({
        rows: [aRow(), aRow({}, OTHER_CASE)], inbox: [anInbox("$two")], inboxEnds: [{ event: "$one" as EventId, end: "done" }],
        ratchets: [ratchet], outbox: [anOutbox("e1")], values: { since: "s2" }, outboxChanges: [{ id: "unknown", to: "dropped", why: "expired" }],
      }),
      { name: "JournalConflict", kind: "outbox" },
    );
    assert.equal((await rowsOf(journal)).length, 1);
    assert.deepEqual(await journal.chains(), [INSTALLATION, CASE]);
    assert.deepEqual((await journal.inbox()).map(({ event }) => event), ["$one"]);
    assert.deepEqual(await journal.outbox(), []);
    assert.equal(await journal.value("since"), "s1");
    assert.equal(await journal.ratchet(ratchet.room, ratchet.session, ratchet.index), undefined);
    assert.deepEqual((await journal.commit({ rows: [aRow(), aRow({}, OTHER_CASE)] })).rows.map(({ seq }) => seq), [2, 1]);
  });

  it("that fails concerns its caller alone when several are given at once", async (t) => {
    const journal = aJournal(t);
    const results = await Promise.allSettled([
      journal.commit({ rows: [aRow({ n: 1 })] }),
      journal.commit({ rows: [aRow({ n: 2 })], inboxEnds: [{ event: "$never" as EventId, end: "done" }] }),
      journal.commit({ rows: [aRow({ n: 3 })] }),
    ]);
    assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
    assert.deepEqual((await rowsOf(journal)).map(({ seq, event }) => [seq, (event as unknown as { n: number }).n]), [[1, 1], [2, 3]]);
  });
});

describe("the inbox", () => {
  it("keeps each event once and gives it back, oldest first, until it is dealt with", async (t) => {
    const folder = newFolder(t);
    const first = aJournal(t, folder);
    await first.commit({ inbox: [anInbox("$b"), anInbox("$a")] });
    const { received } = await first.commit({ inbox: [anInbox("$b", "{}"), { ...anInbox("$c"), late: true }, anInbox("$c")] });
    assert.deepEqual(received, ["$c"], "what was there before is not received again");
    await first.close();
    const journal = aJournal(t, folder);
    const waiting = await journal.inbox();
    assert.deepEqual(waiting.map(({ order: _order, ...event }) => event), [anInbox("$b"), anInbox("$a"), { ...anInbox("$c"), late: true }]);
    await journal.commit({ inboxEnds: [{ event: "$b" as EventId, end: "done" }] });
    assert.deepEqual((await journal.inbox()).map(({ event }) => event), ["$a", "$c"]);
    assert.equal(await journal.hasEvent("$b" as EventId), true);
    assert.equal(await journal.hasEvent("$never" as EventId), false);
  });

  it("does not take up again what was dealt with, and refuses to end it twice", async (t) => {
    const journal = aJournal(t);
    await journal.commit({ inbox: [anInbox()] });
    await journal.commit({ inboxEnds: [{ event: "$one" as EventId, end: "not-ours" }] });
    await journal.commit({ inbox: [anInbox()] });
    assert.deepEqual(await journal.inbox(), []);
    await assert.rejects(journal.commit({ rows: [aRow()], inboxEnds: [{ event: "$one" as EventId, end: "done" }] }), { kind: "inbox" });
    assert.deepEqual(await rowsOf(journal), []);
  });

  it("takes the hash of the ciphertext, and of the whole wire text where there is none", () => {
    const ofAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert.equal(ciphertextHash(JSON.stringify({ content: { ciphertext: "abc" } })).toString("hex"), ofAbc);
    assert.equal(ciphertextHash("abc").toString("hex"), ofAbc);
    assert.notEqual(ciphertextHash(JSON.stringify({ content: { ciphertext: ["abc"] } })).toString("hex"), ofAbc);
  });

  it("can be opened again whatever ids and texts a server makes up", async (t) => {
    const folder = newFolder(t);
    const first = aJournal(t, folder);
    const wires = ["", "no JSON", "null", "[]", '{"content":null}', '{"__proto__":{"content":1}}', JSON.stringify({ content: { ciphertext: "\ud800" } })];
    const odd = ["$\ud800", "$\udfff\u0000", "$'; DROP TABLE inbox; --", "$\u202e", ...wires.map((_, n) => `$wire${n}`)];
    await first.commit({ inbox: odd.map((event, n) => anInbox(event, wires[n % wires.length])), values: { "name\ud800": "value \ud800" }, rows: [aRow()], outbox: [anOutbox("e\ud800")] });
    await first.close();
    const journal = aJournal(t, folder);
    const waiting = await journal.inbox();
    assert.equal(waiting.length, odd.length);
    assert.equal((await journal.outbox()).length, 1);
    assert.equal((await journal.values("name")).size, 1);
    for (const event of odd) assert.equal(await journal.hasEvent(event as EventId), true);
    await journal.commit({ inboxEnds: waiting.map(({ event }) => ({ event, end: "not-ours" })) });
    assert.deepEqual(await journal.inbox(), []);
  });

  it("refuses an event larger than its bound", async (t) => {
    await assert.rejects(aJournal(t).commit({ inbox: [anInbox("$big", "x".repeat(2_097_153))] }), /a wire event has more than 2097152 bytes/);
  });
});

describe("the outbox", () => {
  it("goes from rendered to encrypted to sent and keeps what each step fixed", async (t) => {
    const folder = newFolder(t);
    const journal = aJournal(t, folder);
    await journal.commit({ rows: [aRow()], outbox: [{ ...anOutbox("e1", CASE, "body"), expires: (NOON + 9) as Instant, supersedes: "T-1" }, anOutbox("e2")] });
    await journal.commit({ outboxChanges: [{ id: "e1", to: "encrypted", ciphertext: "cipher", room: "!r" as RoomId, device: "DEV", attempted: NOON }] });
    await journal.close();
    const again = aJournal(t, folder);
    const [one, two] = await again.outbox();
    assert.deepEqual(one, {
      order: 1, id: "e1", chain: CASE, lane: "live", created: NOON, expires: NOON + 9, supersedes: "T-1", body: "body", state: "encrypted",
      ciphertext: "cipher", room: "!r", device: "DEV", attempted: NOON,
    });
    assert.equal(two?.state, "rendered");
    await again.commit({ outboxChanges: [{ id: "e1", to: "sent", event: "$sent" as EventId }, { id: "e2", to: "dropped", why: "not-entitled" }] });
    assert.deepEqual(await again.outbox(), []);
    assert.equal((await again.outboxRow("e1"))?.sent, "$sent");
    assert.equal(await again.outboxRow("e2"), undefined);
  });

  it("derives effect ids from chain, sequence and number, the same way every time", async (t) => {
    const journal = aJournal(t);
    const effect = { chain: CASE, lane: "P1", created: NOON, body: "b" } as const;
    const { outbox } = await journal.commit({ rows: [aRow(), aRow()], outbox: [{ ...effect, of: { row: 0, n: 0 } }, { ...effect, of: { row: 0, n: 1 } }, { ...effect, of: { row: 1, n: 0 } }] });
    assert.equal(new Set(outbox).size, 3);
    for (const id of outbox) assert.match(id, /^[0-9a-f]{32}$/);
    assert.deepEqual((await journal.outbox()).map(({ id }) => id), outbox);
    await assert.rejects(journal.commit({ rows: [aRow()], outbox: [{ ...effect, of: { row: 1, n: 0 } }] }), /names row 1 of a batch with 1/);
  });

  it("refuses the same effect twice, ciphertext over ciphertext, and any step after sent", async (t) => {
    const journal = aJournal(t);
    const encrypted = { id: "e1", to: "encrypted", ciphertext: "c", room: "!r" as RoomId, device: "DEV", attempted: NOON } as const;
    await journal.commit({ rows: [aRow()], outbox: [anOutbox("e1")] });
    await assert.rejects(journal.commit({ outbox: [anOutbox("e1")] }), { kind: "effect" });
    await journal.commit({ outboxChanges: [encrypted] });
    await assert.rejects(journal.commit({ outboxChanges: [{ ...encrypted, ciphertext: "other" }] }), { kind: "outbox" });
    await journal.commit({ outboxChanges: [{ ...encrypted, device: "NEW" }] });
    await assert.rejects(journal.commit({ outboxChanges: [{ ...encrypted, device: "NEW", attempted: (NOON + 60_000) as Instant }] }), { kind: "outbox" });
    // By then it has been looked for and was not found.
    await journal.commit({ outboxChanges: [{ ...encrypted, device: "NEW", attempted: (NOON + 20 * 3_600_000) as Instant, ciphertext: "anew" }] });
    assert.equal((await journal.outboxRow("e1"))?.ciphertext, "anew");
    const sent = { id: "e1", to: "sent", event: "$sent" as EventId } as const;
    await journal.commit({ outboxChanges: [sent] });
    await journal.commit({ outboxChanges: [sent] });
    for (const change of [{ ...sent, event: "$other" as EventId }, encrypted, { id: "e1", to: "dropped", why: "expired" } as const]) {
      await assert.rejects(journal.commit({ outboxChanges: [change] }), { kind: "outbox" });
    }
    await assert.rejects(journal.commit({ outbox: [anOutbox("e9", OTHER_CASE)] }), { kind: "chain" });
  });

  it("forgets what was sent more than a day ago", async (t) => {
    let now = NOON;
    const journal = aJournal(t, newFolder(t), { clock: { now: () => now } });
    await journal.commit({ rows: [aRow()], outbox: [anOutbox("e1")], outboxChanges: [{ id: "e1", to: "sent", event: "$sent" as EventId }] });
    now = (NOON + 23 * 3_600_000) as Instant;
    await journal.commit({});
    assert.equal((await journal.outboxRow("e1"))?.state, "sent");
    now = (NOON + 25 * 3_600_000) as Instant;
    await journal.commit({});
    assert.equal(await journal.outboxRow("e1"), undefined);
  });
});

describe("a Megolm message", () => {
  it("is used once: another event or other bytes at the same place undo the whole batch", async (t) => {
    const journal = aJournal(t);
    await journal.commit({ ratchets: [ratchet] });
    await journal.commit({ ratchets: [ratchet] });
    for (const replay of [{ ...ratchet, event: "$two" as EventId }, { ...ratchet, hash: "bb" }]) {
      await assert.rejects(journal.commit({ rows: [aRow()], ratchets: [replay] }), { name: "JournalConflict", kind: "ratchet" });
    }
    assert.deepEqual(await rowsOf(journal), []);
    assert.deepEqual(await journal.ratchet(ratchet.room, ratchet.session, 7), ratchet);
    assert.equal(await journal.ratchet(ratchet.room, ratchet.session, 8), undefined);
  });
});

describe("small values", () => {
  it("are set, replaced and removed, and found by how their names begin", async (t) => {
    const folder = newFolder(t);
    const first = aJournal(t, folder);
    await first.commit({ values: { "board:A": "1", "board:B": "2", "board%": "x", boarding: "y", since: "s", "board:é": "3" } });
    await first.commit({ values: { "board:A": "9", "board:B": null, never: null } });
    await first.close();
    const journal = aJournal(t, folder);
    assert.deepEqual([...(await journal.values("board:"))], [["board:A", "9"], ["board:é", "3"]]);
    assert.equal(await journal.value("since"), "s");
    assert.equal(await journal.value("board:B"), undefined);
    assert.equal((await journal.values("")).size, 5);
  });
});

describe("an installation's own notes", () => {
  it("need not be in the registry of known events", async (t) => {
    const journal = aJournal(t);
    await journal.commit({ rows: [{ chain: INSTALLATION, at: NOON, trust: "none", actor: ANA, event: { type: "system.noted", v: 1, what: "started", facts: { version: "0.1.0" } } }] });
    assert.equal((await rowsOf(journal, INSTALLATION)).length, 1);
  });
});

function deep(levels: number): unknown {
  return levels === 0 ? 1 : [deep(levels - 1)];
}
