/** More is said while the bot is away than a homeserver shows at once: it is read back, and everything in it is dealt with as what came late. */
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { calendarOf } from "../../demo/story.ts";
import { assertEachOnce, countExactly } from "../support/counting.ts";
import type { Human } from "../support/human.ts";
import { newRaw } from "../support/raw.ts";
import { BUTTONS, READS, Theatre, chapters } from "./kill-story.ts";

const COORDINATION = "· coordination";
const DELIVERY = "· 1";
/** A sync shows a hundred events of a room at most. */
const MORE_THAN_SHOWN = 105;
/** A P1 that was decided leaves within so many milliseconds of the first sync, whatever there is to read. */
const P1_LEAVES = 2_000;
const { until, start, end } = calendarOf(Date.now());

describe("what a homeserver left out", () => {
  const step = chapters();
  let stage: Theatre<"ana" | "luis" | "tiago">;
  let delivery: string;
  let coordination: string;
  const said = async (who: "ana" | "luis" | "tiago", ...lines: readonly string[]): Promise<void> => {
    for (const text of lines) await stage.people[who].say(delivery, text);
  };
  /** Much that is not for the bot: reactions, which every client sends in clear, and some talk. */
  const chatter = async (room: string, who: "ana" | "tiago", count = MORE_THAN_SHOWN): Promise<void> => {
    const raw = await newRaw(stage.synapse, stage.people[who].account);
    const of = await stage.people[who].say(room, "we talk");
    await Promise.all(Array.from({ length: count }, (_, n) => raw.send(room, "m.reaction", { "m.relates_to": { rel_type: "m.annotation", event_id: of, key: `${n}` } })));
  };

  before(async () => {
    stage = await Theatre.open(["ana", "luis", "tiago"], { alerts: { P1: { answer: "10min", repeat: "10min" } } }, { settings: { lateAfter: "3s", unreadableTold: "3s" } });
    const { ana, luis, tiago } = stage.people;
    await stage.types("ana", `jit open agreement "X 2026/3" states ES,PT until ${until} admins ${ana.userId} ES ${luis.userId} PT`);
    await (await stage.asked("ana", READS.confirm, BUTTONS.confirm))();
    await (await stage.asked("luis", READS.consent, BUTTONS.approve))();
    await Promise.all([ana.room(COORDINATION), luis.room(COORDINATION)]);
    const [confirmed, consented] = [stage.mark("ana"), stage.mark("luis")];
    await stage.types("ana", `jit add ${tiago.userId} "Tiago" member PT`);
    await (await stage.asked("ana", READS.confirm, BUTTONS.confirm, confirmed))();
    await (await stage.asked("luis", READS.consent, BUTTONS.approve, consented))();
    coordination = await tiago.room(COORDINATION);
    await stage.types("luis", `cd new route Sines PT > Vigo ES mode clean seal 0774471 from ${start} 04:00 Lisbon to ${end} 20:00 Madrid`);
    [delivery] = await Promise.all([tiago.room(DELIVERY), luis.room(DELIVERY), ana.room(DELIVERY)]);
    await stage.fence();
  });
  after(async () => {
    await stage?.close();
  });

  step("is read back in its order while an alert that was decided leaves at once", async () => {
    const { ana, luis } = stage.people;
    await stage.diesAt("after-journal", () => stage.types("ana", `alert raise P1 ${luis.userId} the lorry is burning`));
    await ana.say(coordination, "!task add First of the gap");
    await chatter(coordination, "tiago");
    await ana.say(coordination, "!task add Second of the gap");
    await said("tiago", "1");
    await chatter(delivery, "tiago");
    await said("luis", "cd granted CD-1 paper despacho 1");
    await said("tiago", "stop they saw us");
    await chatter(delivery, "tiago", 10);
    // The bot's own room, changed by somebody with the same power while it was away.
    const raw = await newRaw(stage.synapse, ana.account);
    const levels = await raw.request("GET", `/v3/rooms/${encodeURIComponent(coordination)}/state/m.room.power_levels/`);
    await raw.setState(coordination, "m.room.power_levels", "", { ...levels.body, events_default: 50 });
    await raw.request("POST", `/v3/rooms/${encodeURIComponent(coordination)}/kick`, { user_id: stage.people.tiago.userId });
    await chatter(coordination, "ana");
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await stage.bot.start();
    const ready = Date.now();
    const alert = await stage.reads("luis", READS.alertStub);
    await stage.reads("ana", /^CD-1 STOPPED .* by PT-\d+\./, { room: DELIVERY });
    assert.ok(alert.at - ready < P1_LEAVES, `the alert was read ${alert.at - ready} ms after the first sync`);
    await stage.allReadOnce(["ana", "luis"], { body: /^T-1 First of the gap[^]*by the server’s clock/, room: COORDINATION, as: "message" });
    await stage.allReadOnce(["ana", "luis"], { body: /^T-2 Second of the gap[^]*by the server’s clock/, room: COORDINATION, as: "message" });
    await stage.reads("tiago", /^Arrived late, at /);
    const { seen } = luis;
    assert.ok(seen.indexOf(alert) < seen.findIndex(({ body }) => /^T-[12] (First|Second) of the gap/.test(body)), "the alert waited for what was read back");
    countExactly(stage.bot.userId, [ana, luis], { body: /^CD-1 STOPPED .* by PT-\d+\./, room: DELIVERY, as: "message" });
    countExactly(stage.bot.userId, stage.all, { body: READS.contact, room: DELIVERY }, 0);
    // What binds was asked about, and not carried out: the stop had been read first.
    countExactly(stage.bot.userId, [ana, luis], { body: READS.granted, room: DELIVERY }, 0);
  });

  step("is seen as far as it changed the room", async () => {
    const { ana } = stage.people;
    const raw = await newRaw(stage.synapse, ana.account);
    const state = (type: string, key: string): Promise<Readonly<Record<string, unknown>>> =>
      raw.request("GET", `/v3/rooms/${encodeURIComponent(coordination)}/state/${type}/${encodeURIComponent(key)}`).then((answer) => answer.body);
    await within(20_000, "the power levels are put right and Tiago is back", async () =>
      (await state("m.room.power_levels", ""))["events_default"] === 0 && (await state("m.room.member", stage.people.tiago.userId))["membership"] === "join");
  });

  step("does not hold up anybody where a key is missing, and its sender is told and heard when it comes", async () => {
    const { tiago } = stage.people;
    await stage.types("luis", "task list");
    const release = await withoutKeys(tiago, coordination);
    for (const text of ["!task add Without a key", "!task list"]) await tiago.say(coordination, text);
    await stage.reads("tiago", /^PT-\d+: I cannot read 2 messages of yours \(since /, { room: COORDINATION });
    const from = stage.mark("luis");
    await stage.types("luis", "task list");
    await stage.reads("luis", /open task/, { from });
    await release();
    await stage.allReadOnce(["ana", "luis"], { body: /^T-3 Without a key/, room: COORDINATION, as: "message" });
  });

  step("has told nobody anything twice, nor what they could not read", async () => {
    await stage.fence();
    assertEachOnce(stage.bot.userId, [stage.people.ana, stage.people.luis]);
  });
});

/** From now on the keys of this person's messages in a room do not leave their phone; what it returns lets them go. */
async function withoutKeys(human: Human, room: string): Promise<() => Promise<void>> {
  const { http } = human.client;
  await human.client.getCrypto()!.forceDiscardSession(room);
  const plain = http.authedRequest.bind(http);
  const held: (() => Promise<unknown>)[] = [];
  http.authedRequest = (async (method: never, where: string, query: never, body: never, options: never): Promise<unknown> => {
    if (!where.includes("/sendToDevice/m.room.encrypted/")) return plain(method, where, query, body, options);
    held.push(() => plain(method, where, query, body, options));
    return "{}";
  }) as unknown as typeof http.authedRequest;
  return async () => {
    http.authedRequest = plain;
    assert.ok(held.length > 0, "no key was held back");
    for (const send of held) await send();
  };
}

/** Asks again and again until it holds. */
async function within(limit: number, what: string, holds: () => Promise<boolean>): Promise<void> {
  const last = Date.now() + limit;
  while (!(await holds())) {
    if (Date.now() > last) throw new Error(`${what}: not within ${limit / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
