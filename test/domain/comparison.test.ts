import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sayIn } from "../../src/chat/catalogue.ts";
import type { Seen, Witnesses } from "../../src/domain/comparison.ts";
import { COMPARED, compared, endComparison, showComparison } from "../../src/domain/comparison.ts";
import type { UserId } from "../../src/domain/ids.ts";
import { INSTALLATION } from "../../src/domain/ids.ts";
import { line } from "../../src/domain/say.ts";
import { aReader } from "../chat/world.ts";
import type { Story } from "./builders.ts";
import { MINUTE, aCase, codes, keyOf, sign, user } from "./builders.ts";

const [ana, nuno] = [user("ana"), user("nuno")];
const EMOJI = [["🐶", "dog"], ["🔑", "key"], ["🚂", "train"], ["🎩", "hat"], ["☁️", "cloud"], ["💡", "light_bulb"], ["📌", "pin"]] as const;
const SEEN: Seen = { id: "c1", user: nuno, emoji: EMOJI.map(([symbol, name]) => ({ symbol, name })), decimals: [1_234, 5_678, 9_012] };

function aStory(): Story {
  const story = aCase().with("PT", "member", "nuno").open();
  story.world.apply([{ type: "person.confirmed", v: 1, user: ana, masterKey: keyOf(ana), how: "config", at: story.world.now }], story.id);
  return story;
}
function shown(asked: readonly UserId[] = [ana]): Story {
  const story = aStory();
  const witnesses: Witnesses = { asked, called: ["ES-1"], in: { chain: story.id, codename: "Albatross", callSign: sign("PT-1") } };
  story.world.listen().apply(showComparison(SEEN, witnesses, story.world.scope(), story.world.tickContext()), INSTALLATION);
  return story;
}
const found = (story: Story) => story.world.scope().state.comparison.get("c1");
const question = (story: Story) => [...story.world.scope().state.question.values()].find((each) => each.about === "comparison:c1");
function says(story: Story, matches: boolean, by = ana, mayWitness = true): ReturnType<typeof compared> {
  const decision = compared(found(story), by, matches, mayWitness, story.world.now);
  if (decision.ok) story.world.apply(decision.events, INSTALLATION);
  return decision;
}
function ends(story: Story, end: Parameters<typeof endComparison>[1]): void {
  const { events, confirmed } = endComparison("c1", end, story.world.scope(), story.world.now);
  story.world.apply(events, INSTALLATION);
  if (confirmed !== undefined) story.world.apply(confirmed.events, story.id);
}

describe("comparing emoji with the bot", () => {
  it("shows them to a witness alone; the person is told whom to call and none of them", () => {
    const story = shown();
    const asked = question(story);
    assert.deepEqual(asked?.asked, [ana]);
    for (const [symbol, name] of EMOJI) assert.ok(JSON.stringify(asked?.details).includes(`"${symbol}"`) && JSON.stringify(asked?.details).includes(`"${name}"`));
    assert.ok(JSON.stringify(asked?.details).includes("1234 5678 9012"));
    assert.deepEqual(asked?.options.map((option) => option.does), [true, false].map((matches) => ({ command: COMPARED, params: { comparison: "c1", matches }, confirmed: true })));
    assert.deepEqual(story.world.toldTo(nuno).map((each) => each.code), ["comparison.told-person", "comparison.only-from-screen"]);
    assert.ok(!JSON.stringify(story.world.toldTo(nuno)).includes("dog"));
  });

  it("gives the witness the words of the person's language, too, if it is another", () => {
    const story = aStory();
    story.world.apply([{ type: "person.language-set", v: 1, user: nuno, language: "es", at: story.world.now }], INSTALLATION);
    story.world.apply(showComparison(SEEN, { asked: [ana], called: ["ES-1"] }, story.world.scope(), story.world.tickContext()), INSTALLATION);
    const theirs = question(story)?.details.lines.find((each) => each.code === "comparison.their-words");
    assert.equal(theirs && sayIn(theirs, aReader()), "In the words of their app: Perro, Llave, Tren, Sombrero, Nube, Bombilla and Alfiler");
    assert.equal(question(shown())?.details.lines.some((each) => each.code === "comparison.their-words"), false);
  });

  it("confirms the person only when the witness has said that they are the same and both apps have confirmed", () => {
    const story = shown();
    assert.ok(says(story, true).ok);
    assert.equal(story.scope.people.get(nuno)?.confirmed, undefined, "nothing is confirmed by the word alone");
    ends(story, "verified");
    assert.deepEqual(story.scope.people.get(nuno)?.confirmed, { how: "compared", by: ana, at: story.world.now });
    assert.deepEqual(story.world.events.slice(-1), [{ type: "member.confirmed", v: 1, callSign: sign("PT-1"), how: "compared", by: ana, at: story.world.now }]);
  });

  it("confirms nobody without a witness, whatever the engine says", () => {
    const story = shown();
    ends(story, "verified");
    assert.equal(story.scope.people.get(nuno)?.confirmed, undefined);
    const differing = shown();
    says(differing, false);
    ends(differing, "verified");
    assert.equal(differing.scope.people.get(nuno)?.confirmed, undefined);
  });

  it("confirms only the identity that was pinned when it began", () => {
    const story = shown();
    says(story, true);
    const { language, zone } = story.scope.people.get(nuno)!;
    story.world.apply([{ type: "person.pinned", v: 1, user: nuno, masterKey: keyOf(user("another")), language, zone }], INSTALLATION);
    ends(story, "verified");
    assert.equal(story.scope.people.get(nuno)?.confirmed, undefined);
  });

  it("takes the word of nobody who was not asked, or is no witness any more, and only once", () => {
    const story = shown();
    assert.deepEqual(codes(says(story, true, user("luis"))), ["comparison.not-yours"]);
    assert.deepEqual(codes(says(story, true, ana, false)), ["comparison.not-yours"]);
    assert.ok(says(story, true).ok);
    assert.deepEqual(codes(says(story, false)), ["comparison.over"]);
    assert.deepEqual(codes(compared(undefined, ana, true, true, story.world.now)), ["comparison.over"]);
  });

  it("that ends in any other way confirms nobody, tells both and withdraws the question", () => {
    for (const [end, code] of [["mismatch", "comparison.mismatch"], ["cancelled", "comparison.broken-off"], ["timeout", "comparison.broken-off"], ["restart", "comparison.broken-off"]] as const) {
      const story = shown();
      says(story, true);
      ends(story, end);
      assert.equal(story.scope.people.get(nuno)?.confirmed, undefined, end);
      for (const who of [ana, nuno]) assert.ok(story.world.toldTo(who).some((each) => each.code === code), `${who} ${end}`);
      assert.notEqual(question(story)?.state, "open");
      ends(story, "verified");
      assert.equal(story.scope.people.get(nuno)?.confirmed, undefined, `${end} is final`);
    }
  });

  it("ends by itself if the engine never says how", () => {
    const story = shown();
    story.world.pass(7 * MINUTE);
    assert.equal(found(story)?.state, "over");
    assert.ok(story.world.toldTo(nuno).some((each) => each.code === "comparison.broken-off"));
  });

  it("of somebody who is confirmed already is theirs alone, and changes nothing on record of them", () => {
    const story = aStory();
    story.world.listen().apply(showComparison({ ...SEEN, user: ana }, { asked: [ana], called: [] }, story.world.scope(), story.world.tickContext()), INSTALLATION);
    assert.deepEqual(story.world.toldTo(ana), [], "the question says it all");
    says(story, true);
    ends(story, "verified");
    assert.equal(story.scope.people.get(ana)?.confirmed?.how, "config");
    assert.ok(story.world.toldTo(ana).some((each) => each.code === "comparison.verified"));
  });
});

describe("the words of the emoji", () => {
  it("are there for all that the specification has, in every language", () => {
    for (const name of ["dog", "thumbs_up", "light_bulb", "pin", "aeroplane", "santa", "smiley", "spanner"]) {
      assert.notEqual(sayIn(line("comparison.emoji-name", { name }), aReader({ language: "es" })), name);
      assert.notEqual(sayIn(line("comparison.emoji-name", { name }), aReader()), name);
    }
    assert.equal(sayIn(line("comparison.emoji-name", { name: "zeppelin" }), aReader({ language: "es" })), "zeppelin", "one that is new stands as it came");
  });
});
