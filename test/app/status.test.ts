import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { sayIn } from "../../src/chat/catalogue.ts";
import type { Instant, Zone } from "../../src/domain/ids.ts";
import type { Message } from "../../src/domain/say.ts";
import { line } from "../../src/domain/say.ts";
import type { StatusFacts } from "../../src/domain/status.ts";
import { tellSafeMode, tellStatus } from "../../src/domain/status.ts";
import { ANA, LUIS, NOW, NUNO } from "../domain/builders-core.ts";
import { settled } from "../support/model.ts";
import type { World } from "./harness.ts";
import { anOpenCase, draftDelivery } from "./harness.ts";

const MADRID = "Europe/Madrid" as Zone;
const FACTS: StatusFacts = { now: NOW, started: (NOW - 7_200_000) as Instant, synced: (NOW - 3_000) as Instant, notReady: [], inboxWaiting: 0, undecryptable: 0, unsent: 0, urgent: 0, setAside: 0, undoneElsewhere: 0, cases: [] };
const told = (of: Message, language: "en" | "es" = "en"): string[] => of.lines.map((each) => sayIn(each, { language, zone: MADRID, prefix: "", now: NOW }));

describe("status", () => {
  let world: World | undefined;
  afterEach(async () => {
    await world?.end();
    world = undefined;
  });

  it("tells an administrator on one screen since when it runs, what waits and what is live, and goes on record as read", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    await draftDelivery(opened);
    await world.clock.pass(10_000);
    await world.say(LUIS, opened.coordination, "!status");
    const said = world.reads(LUIS).at(-1)?.body ?? "";
    assert.match(said, /^All is well\.\nRunning since Tue 24 Nov .*\. Last answer from the homeserver Tue 24 Nov .*\nWaiting: 0 to be sent, 0 to be dealt with\.\n\w+: nothing on the move, 1 being prepared\. Last checkpoint Tue 24 Nov .*\n\w+, other homeservers: co\.example last heard Tue 24 Nov .* and es\.example last heard Tue 24 Nov .*\n.*doctor$/);
    assert.ok(said.split("\n").length <= 8);
    assert.ok((await world.notes()).includes("read"));
    assert.notEqual(world.reads(LUIS).at(-1)?.room, opened.coordination, "it is told to who asks alone");
  });
  it("says of another homeserver that nothing was heard of it since the start, rather than that it is well", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    await world.stop();
    await world.start();
    await world.say(ANA, opened.ana, "status");
    assert.match(world.reads(ANA).at(-1)?.body ?? "", /\w+, other homeservers: co\.example nothing heard since Tue 24 Nov .* and es\.example last heard Tue 24 Nov /);
  });
  it("names a room that is not as it should be to its administrators", async () => {
    const opened = await anOpenCase({ gateway: (gateway) => {
      const set = gateway.setState.bind(gateway);
      gateway.setState = async (room, type, key, content) => {
        if (type === "m.room.join_rules") throw Object.assign(new Error("no"), { kind: "refused", status: 403 });
        return set(room, type, key, content);
      };
    } });
    world = opened.world;
    world.server.add(opened.coordination, ANA, "m.room.join_rules", { join_rule: "public" }, "");
    await settled();
    await world.say(ANA, opened.ana, "status");
    assert.match(world.reads(ANA).at(-1)?.body ?? "", /^One thing is not well:\nNot as they should be: \w+ · coordination\./);
  });
  it("is refused to whoever is neither owner nor administrator, in words that tell them nothing", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    await world.say(ANA, opened.ana, `jit add ${NUNO} "Nuno P." member ES`);
    await world.tap(ANA, /^Confirm/);
    await world.tap(LUIS, /^Approve/);
    await world.clock.pass(5_000);
    await world.join(NUNO);
    const direct = await world.direct(NUNO);
    await world.say(NUNO, direct, "status");
    assert.match(world.reads(NUNO).at(-1)?.body ?? "", /^Not done: your role/);
  });

  for (const { what, of, says } of [
    { what: "the homeserver has been silent", of: { notReady: ["not-synced"], synced: (NOW - 600_000) as Instant }, says: /No answer from the homeserver since Tue 24 Nov .*: what people say is not heard\./ },
    { what: "nothing goes out", of: { notReady: ["not-sending"], unsent: 1 }, says: /Nothing I say goes out/ },
    { what: "an urgent message has not gone out", of: { unsent: 2, urgent: 1, urgentSince: (NOW - 30_000) as Instant, unsentSince: (NOW - 30_000) as Instant }, says: /1 urgent message has not gone out for 30 s/ },
    { what: "messages have waited for long", of: { unsent: 3, unsentSince: (NOW - 300_000) as Instant }, says: /3 messages have not gone out, the oldest for 5 min/ },
    { what: "a message fails again and again", of: { setAside: 1, unsent: 1 }, says: /1 message fails again and again/ },
    { what: "messages cannot be read", of: { undecryptable: 2, inboxWaiting: 2 }, says: /2 messages cannot be read yet/ },
    { what: "another case has a room that is not right", of: { undoneElsewhere: 1 }, says: /1 room of another case is not as it should be/ },
  ] satisfies { what: string; of: Partial<StatusFacts>; says: RegExp }[]) {
    it(`says first that ${what}`, () => {
      const lines = told(tellStatus({ ...FACTS, ...of }, MADRID));
      assert.equal(lines[0], "One thing is not well:");
      assert.match(lines[1] ?? "", says);
      assert.notEqual(told(tellStatus({ ...FACTS, ...of }, MADRID), "es")[1], lines[1]);
    });
  }
  it("says of what has just been decided only that it waits", () => {
    assert.equal(told(tellStatus({ ...FACTS, unsent: 2, unsentSince: (NOW - 2_000) as Instant, urgent: 1, urgentSince: (NOW - 100) as Instant }, MADRID))[0], "All is well.");
  });
  it("in safe mode says why, that nothing counts, and what the operator runs, before all else", () => {
    const lines = told(tellSafeMode({ why: "journal_disk_full", since: NOW, told: 2 }, { ...FACTS, notReady: ["safe-mode"], cases: [{ codename: "Albatross", moving: 1, waiting: 0, checkpoint: NOW, undone: [line("text", { text: "x" })], servers: [], language: "en" }] }, MADRID));
    assert.match(lines[0] ?? "", /^SAFE MODE since Tue 24 Nov .*the disk is full/);
    assert.match(lines[1] ?? "", /not even a stop.*2 people in charge have been told.*relevo doctor/);
    assert.match(lines.join("\n"), /Albatross: 1 delivery on the move/);
  });
});
