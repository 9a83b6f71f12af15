import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MasterKey } from "../../src/domain/ids.ts";
import { fingerprint, identityOf, personEntity, pinning, setLanguage, setZone } from "../../src/domain/person.ts";
import { BOGOTA, MADRID, World, aCase, codes, keyOf, user } from "./builders.ts";

const other = "Z".repeat(43) as MasterKey;

describe("a person's settings", () => {
  it("change the language of what the bot writes to them, and say so", () => {
    const { world, id } = aCase().open();
    world.decide(id, user("ana"), (_scope, ctx) => setLanguage("es", ctx));
    assert.equal(world.scope().people.get(user("ana"))?.language, "es");
    assert.deepEqual(world.said()[0]?.message.lines[0], { code: "person.language-set", facts: { language: "es" } });
  });

  it("change the zone and show what time it is there", () => {
    const { world, id } = aCase().open();
    world.decide(id, user("ana"), (_scope, ctx) => setZone(BOGOTA, ctx));
    assert.equal(world.scope().people.get(user("ana"))?.zone, BOGOTA);
    assert.deepEqual(world.said()[0]?.message.lines[0]?.facts, { zone: BOGOTA, now: { fact: "when", at: world.now, zone: BOGOTA } });
  });

  it("are refused where nothing would change, with the line that would", () => {
    const { world, id } = aCase().open();
    const same = world.decide(id, user("ana"), (_scope, ctx) => setLanguage("en", ctx));
    assert.deepEqual(codes(same), ["person.language-already", "person.other-language"]);
    assert.match(JSON.stringify(same), /me lang es/);
    assert.deepEqual(codes(world.decide(id, user("ana"), (_scope, ctx) => setZone(MADRID, ctx))), ["person.zone-already", "person.other-zone"]);
  });

  it("of somebody who was never pinned cannot be changed", () => {
    assert.throws(() => personEntity.evolve(undefined, { type: "person.zone-set", v: 1, user: user("x"), zone: MADRID, at: new World().now }));
  });
});

describe("the identity under which somebody is taken in", () => {
  it("is the one the server shows, for somebody new", () => {
    const world = new World();
    world.identities.set(user("nuno"), keyOf(user("nuno")));
    const identity = identityOf(user("nuno"), undefined, world.scope(), world.context(user("ana")));
    assert.deepEqual(identity, { ok: true, masterKey: keyOf(user("nuno")) });
  });

  it("is refused while they have none", () => {
    const world = new World();
    assert.deepEqual(codesOf(identityOf(user("nuno"), undefined, world.scope(), world.context(user("ana")))), ["person.no-identity"]);
  });

  it("is refused when the server shows another than the one pinned", () => {
    const { world } = aCase().open();
    world.identities.set(user("luis"), other);
    assert.deepEqual(codesOf(identityOf(user("luis"), undefined, world.scope(), world.context(user("ana")))), ["person.identity-changed"]);
  });

  it("is refused when the server shows another than the one that was agreed to", () => {
    const world = new World();
    world.identities.set(user("nuno"), other);
    const identity = identityOf(user("nuno"), keyOf(user("nuno")), world.scope(), world.context(user("ana")));
    assert.deepEqual(codesOf(identity), ["person.identity-changed"]);
  });

  it("is pinned once and never again", () => {
    const { world } = aCase().open();
    const first = { language: "en" as const, zone: MADRID };
    assert.deepEqual(pinning(user("luis"), other, first, world.scope()), []);
    assert.equal(pinning(user("nuno"), other, first, world.scope()).length, 1);
  });

  it("is compared by its first sixteen characters in groups of four", () => {
    assert.equal(fingerprint("abcdEFGH1234+/xyRest" as MasterKey), "abcd EFGH 1234 +/xy");
  });
});

function codesOf(identity: ReturnType<typeof identityOf>): readonly string[] {
  return identity.ok ? [] : codes(identity);
}
