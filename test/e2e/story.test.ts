import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { STORY, calendarOf } from "../../demo/story.ts";
import type { Narrator } from "../../demo/stage.ts";
import { openTheatre, type Theatre } from "../../demo/theatre.ts";
import { SECRETS, WORDS } from "../../demo/words.ts";
import { filesUnder, findPlanted } from "../support/planted.ts";
import { newRaw } from "../support/raw.ts";

const silent: Narrator = { chapter() {}, types() {}, taps() {}, reads() {}, happens() {} };

describe("one operation on a real homeserver", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "relevo-story-"));
  let theatre: Theatre;
  let broken = false;

  before(async () => {
    theatre = await openTheatre({ dir, language: "en", narrator: silent, progress: () => {} });
  });
  after(async () => {
    await theatre?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  for (const [index, { title, play }] of STORY.entries()) {
    it(title, async (t) => {
      if (broken) {
        t.skip("an earlier chapter failed");
        return;
      }
      broken = true;
      theatre.stage.chapter(index + 1, STORY.length, title);
      await play(theatre.stage, WORDS.en, calendarOf(Date.now()));
      broken = false;
    });
  }

  it("reached everybody decrypted, each message once, none in clear", (t) => {
    if (broken) return t.skip("the story did not end");
    const { unreadable, doubled, inClear } = theatre.stage.faults();
    assert.deepEqual(theatre.stage.expected.filter(({ read }) => !read), []);
    assert.deepEqual({ unreadable, doubled, inClear }, { unreadable: [], doubled: [], inClear: [] });
  });

  it("asked of nobody to send more than a fresh homeserver takes at once", () => {
    for (const human of Object.values(theatre.stage.people)) assert.ok(human.sentCount <= 9, `${human.name} sent ${human.sentCount}`);
  });

  it("left none of its names, titles and places in clear, in no file of server or bot, while a control word is found", async (t) => {
    if (broken) return t.skip("the story did not end");
    const control = await newRaw(theatre.synapse, "control");
    const open = await control.createRoom({ preset: "private_chat" });
    await control.sayInClear(open, "the control word Pontevedra");
    const words = Object.values(SECRETS);
    const files = filesUnder(dir);
    t.diagnostic(`searched ${files.length} files for ${words.length} words`);
    assert.ok(files.some((file) => file.endsWith("-wal")), "the write-ahead logs are among the files searched");
    assert.deepEqual(findPlanted(files, words), []);
    assert.notDeepEqual(findPlanted(files, ["control word Pontevedra"]), []);
  });

  it("left the people who joined later without what was written before, and with the board", async (t) => {
    if (broken) return t.skip("the story did not end");
    const { people } = theatre.stage;
    const room = await people.tiago.room("· coordination");
    assert.match(await people.tiago.board(room) ?? "", /open until/);
    // Dulce came before Tiago: the checkpoint and boards of before his time reached her and not him.
    const inRoom = (name: "ana" | "tiago") => people[name].seen.filter((seen) => seen.room === room && seen.unreadable === undefined).length;
    assert.ok(inRoom("ana") > inRoom("tiago"));
  });
});
