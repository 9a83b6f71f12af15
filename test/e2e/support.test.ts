import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { newHuman, type Human } from "../support/human.ts";
import { filesUnder, findPlanted } from "../support/planted.ts";
import { newRaw } from "../support/raw.ts";
import { startSynapse, type Synapse } from "../support/synapse.ts";

describe("the people and the homeserver of these tests", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "relevo-support-"));
  let synapse: Synapse;
  let ana: Human;
  let luis: Human;
  let room: string;

  before(async () => {
    synapse = await startSynapse({ dir });
    [ana, luis] = await Promise.all([newHuman(synapse, "ana"), newHuman(synapse, "luis", { joins: true })]);
    room = await ana.direct(luis.userId);
  });
  after(async () => {
    ana?.stop();
    luis?.stop();
    await synapse?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it("read what one writes to the other, and the server cannot", async () => {
    await ana.say(room, "the grey container of Praia");
    const read = await luis.waitFor(({ body }) => body === "the grey container of Praia", 10_000, "a message");
    assert.equal(read.encrypted, true);
    assert.equal(read.sender, ana.userId);
    assert.deepEqual(findPlanted(filesUnder(dir), ["grey container of Praia"]), []);
  });

  it("would notice a word sent in clear", async () => {
    const control = await newRaw(synapse, "control");
    const open = await control.createRoom({ preset: "private_chat" });
    await control.sayInClear(open, "the control word Pontevedra");
    // Every file of the server is searched, whatever it is called, so the database or its log must show it.
    assert.notDeepEqual(findPlanted(filesUnder(dir), ["control word Pontevedra"]).filter(({ file }) => file.startsWith(synapse.databaseFile)), []);
  });

  it("see the latest edit of a pinned message as the board", async () => {
    const first = await ana.say(room, "board: 3 open");
    await ana.client.sendStateEvent(room, "m.room.pinned_events" as never, { pinned: [first] } as never, "");
    await ana.edit(room, first, "board: 2 open");
    await luis.waitFor(({ body, replaces }) => body === "board: 2 open" && replaces === first, 10_000, "the edit");
    assert.equal(await luis.board(room), "board: 2 open");
  });

  it("answer a poll with one tap", async () => {
    await ana.send(room, "org.matrix.msc3381.poll.start", {
      "org.matrix.msc1767.text": "Go?",
      "org.matrix.msc3381.poll.start": {
        kind: "org.matrix.msc3381.poll.disclosed", max_selections: 1,
        question: { "org.matrix.msc1767.text": "Go?" },
        answers: [{ id: "a1", "org.matrix.msc1767.text": "Yes" }, { id: "b2", "org.matrix.msc1767.text": "No" }],
      },
    });
    assert.equal(await luis.vote({ question: "Go?" }, /^no/i), "No");
  });

  it("do not read what comes from a device that its owner has not signed", async () => {
    const eve = await newHuman(synapse, "eve", { crossSign: false });
    const chat = await eve.direct(luis.userId);
    await eve.say(chat, "believe me");
    const entry = await luis.waitFor(({ sender }) => sender === eve.userId, 10_000, "something from eve");
    assert.notEqual(entry.unreadable, undefined);
    assert.equal(entry.body, "");
    eve.stop();
  });

  it("fail with what was read instead when an expected message does not come", async () => {
    await assert.rejects(luis.waitFor(({ body }) => body === "never sent", 300, "a message that nobody sends"), /never|not read within[\s\S]*grey container/);
  });

  it("send no more than a fresh server allows at once", async () => {
    await assert.rejects(async () => {
      for (let count = 0; count < 20; count += 1) await luis.say(room, `line ${count}`);
    }, /rate limit/);
    assert.equal(luis.sentCount, 9);
  });
});
