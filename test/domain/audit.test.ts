import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { written } from "../../src/chat/write.ts";
import type { Checkpoint, FaultKind, Verified } from "../../src/domain/audit.ts";
import { tellVerified } from "../../src/domain/audit.ts";
import type { ChainId, Instant, Zone } from "../../src/domain/ids.ts";
import type { Language } from "../../src/domain/person.ts";

const CHAIN = "case" as ChainId;
const ZONE = "Europe/Madrid" as Zone;
const SINCE = Date.UTC(2026, 10, 20, 9) as Instant;
const CHECKPOINT: Checkpoint = { chain: CHAIN, seq: 18_204, head: "00", at: Date.UTC(2026, 10, 26, 6) as Instant, signature: "" };
const whole: Verified = { rows: 18_204, first: SINCE, ok: true, notCovered: 0, lastCheckpoint: CHECKPOINT };
const codes = (verified: Verified): string[] => tellVerified(verified, ZONE).lines.map(({ code }) => code);
const text = (verified: Verified, language: Language): string => written(tellVerified(verified, ZONE), { language, zone: ZONE, prefix: "" }).body;

describe("what is said of a journal that was checked", () => {
  it("is how much is whole, up to which checkpoint, and what that does not prove", () => {
    assert.deepEqual(codes(whole), ["audit.verified", "audit.checkpoint", "audit.shows"]);
    assert.match(text(whole, "en"), /18,204 entries since .*20 Nov.*chain unbroken[\s\S]*26 Nov[\s\S]*matches[\s\S]*not that what people wrote was true/);
    assert.match(text(whole, "es"), /18\.204 anotaciones desde .*20 nov[\s\S]*26 nov[\s\S]*coincide[\s\S]*no que lo escrito fuera cierto/);
  });

  it("names what is not yet covered, and claims no more where there is no checkpoint at all", () => {
    assert.deepEqual(codes({ ...whole, notCovered: 3 }), ["audit.verified", "audit.checkpoint", "audit.not-covered", "audit.shows"]);
    const { lastCheckpoint: _none, ...without } = whole;
    assert.deepEqual(codes({ ...without, notCovered: 18_204 }), ["audit.verified", "audit.no-checkpoint", "audit.shows"]);
    assert.deepEqual(codes({ rows: 0, ok: true, notCovered: 0 }), ["audit.empty"]);
  });

  it("says of a fault only where it is and what to do, in every language and for every kind", () => {
    const kinds: readonly FaultKind[] = ["hash", "link", "missing", "commitment", "checkpoint", "unreadable"];
    for (const language of ["en", "es"] as const) {
      const said = kinds.map((what) => text({ ...whole, ok: false, fault: { chain: CHAIN, seq: 7, what } }, language));
      assert.equal(new Set(said).size, kinds.length);
      for (const each of said) assert.match(each, /\b7\b/);
      for (const each of said) assert.doesNotMatch(each, /íntegra|unbroken/);
    }
  });
});
