/** Bot and half of the people on one homeserver, the others on a second: the line between them is cut, and the second one stops for a while. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe } from "node:test";
import { calendarOf } from "../../demo/story.ts";
import { assertEachOnce, assertOneRoomOfEachName, countExactly } from "../support/counting.ts";
import { startFederation, type Federation } from "../support/federation.ts";
import { BUTTONS, READS, Theatre, chapters } from "./kill-story.ts";

const COORDINATION = "· coordination";
const DELIVERY = "· 1";
const STOPPED = /^CD-1 STOPPED .* by ES-\d+\./;
/** What the second homeserver needs at most to be heard of again, in milliseconds. */
const AGAIN = 40_000;
const { until, start, end } = calendarOf(Date.now());

describe("people on two homeservers", () => {
  const step = chapters();
  let dir: string;
  let federation: Federation;
  /** Ana and Dulce are where the bot is; Luis and Awa are on the other one. */
  let stage: Theatre<"ana" | "dulce" | "luis" | "awa">;

  before(async () => {
    dir = mkdtempSync(path.join(tmpdir(), "relevo-two-"));
    federation = await startFederation({ dir });
    const { here, there } = federation;
    stage = await Theatre.open(["ana", "dulce", "luis", "awa"], { alerts: { P1: { answer: "5s", repeat: "5s", times: 6 } } }, {
      bot: here.synapse, people: { luis: there.synapse, awa: there.synapse }, settings: { lateAfter: "4s" },
    });
  });
  after(async () => {
    await stage?.close();
    await federation?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  step("open a case together and come into its rooms", async () => {
    const { ana, luis } = stage.people;
    await stage.types("ana", `jit open agreement "X 2026/7" states ES,PT until ${until} admins ${ana.userId} ES ${luis.userId} PT`);
    await (await stage.asked("ana", READS.confirm, BUTTONS.confirm))();
    await (await stage.asked("luis", READS.consent, BUTTONS.approve))();
    await stage.allReadOnce(["ana", "luis"], { body: READS.welcome });
    await Promise.all([ana.room(COORDINATION), luis.room(COORDINATION)]);
    for (const [who, line] of [["dulce", '"Dulce Brito" member ES'], ["awa", '"Awa Ndiaye" liaison SN']] as const) {
      const [confirm, consent] = [stage.mark("ana"), stage.mark("luis")];
      await stage.types("ana", `jit add ${stage.people[who].userId} ${line}`);
      await (await stage.asked("ana", READS.confirm, BUTTONS.confirm, confirm))();
      await (await stage.asked("luis", READS.consent, BUTTONS.approve, consent))();
      await stage.allReadOnce([who], { body: READS.welcome });
    }
    await stage.people.dulce.room(COORDINATION);
    await stage.people.awa.room("· liaison");
    await stage.types("luis", `cd new route Sines PT > Vigo ES mode clean seal 0774471 from ${start} 04:00 Lisbon to ${end} 20:00 Madrid`);
    await Promise.all([ana.room(DELIVERY), luis.room(DELIVERY)]);
    await stage.fence();
  });

  step("each get one answer to what they typed while the line between the homeservers was cut", async () => {
    const { ana, luis } = stage.people;
    const [anaRoom, luisRoom] = [await ana.room(COORDINATION), await luis.room(COORDINATION)];
    federation.cut();
    await luis.say(luisRoom, "!task add Typed while the line was cut");
    await ana.say(anaRoom, "!task add Typed on the bot's own side");
    await stage.allReadOnce(["ana", "dulce"], { body: /^T-1 Typed on the bot's own side/, room: COORDINATION, as: "message" });
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    federation.mend();
    await luis.waitFor(({ body }) => /^T-2 Typed while the line was cut/.test(body), AGAIN, "the answer to what was typed while the line was cut");
    for (const body of [/^T-1 Typed on the bot's own side/, /^T-2 Typed while the line was cut/]) await stage.allReadOnce(["ana", "dulce", "luis"], { body, room: COORDINATION, as: "message" });
  });

  step("see that what was typed then came late, by the clock of the server it was typed on", async () => {
    const seen = await stage.reads("luis", /^T-2 Typed while the line was cut/, { room: COORDINATION });
    assert.match(seen.body, /by the server’s clock, arrived /);
  });

  step("are not said to have been told while their homeserver is away, and read everything once when it is back", async () => {
    const { here, there } = federation;
    const { ana, luis, awa } = stage.people;
    await there.synapse.stop();
    await ana.say(await ana.room(COORDINATION), "!task add Said while the other was away");
    await ana.say(await ana.room(DELIVERY), "stop they saw us");
    await stage.reads("ana", STOPPED, { room: DELIVERY });
    await stage.types("ana", `alert raise P1 ${awa.userId} the vessel has changed its port of call`);
    await stage.reads("ana", READS.alertRaised);
    const told = await stage.reads("ana", new RegExp(`nobody has acknowledged[^]*\\nSN-1: nothing heard since .*, nor from anybody of ${there.name} since `));
    assert.doesNotMatch(told.body, new RegExp(`anybody of ${here.name}`));
    const asks = stage.mark("ana");
    await stage.types("ana", "status");
    await stage.reads("ana", new RegExp(`other homeservers: ${there.name} last heard `), { from: asks });
    await there.start();
    await luis.waitFor(({ body, roomName }) => STOPPED.test(body) && roomName.endsWith(DELIVERY), AGAIN, "the stop");
    await awa.waitFor(({ body, poll }) => poll !== undefined && READS.alertStub.test(body), AGAIN, "the alert");
    await (await stage.asked("awa", READS.alertStub, BUTTONS.acknowledge))();
    await stage.reads("ana", READS.acknowledged);
    await stage.fence();
    countExactly(stage.bot.userId, [ana, luis], { body: STOPPED, room: DELIVERY, as: "message" });
    await stage.allReadOnce(["ana", "dulce", "luis"], { body: /^T-3 Said while the other was away/, room: COORDINATION, as: "message" });
    countExactly(stage.bot.userId, [stage.people.ana], { body: READS.acknowledged });
    assertEachOnce(stage.bot.userId, stage.all);
    assertOneRoomOfEachName(stage.all);
  });
});
