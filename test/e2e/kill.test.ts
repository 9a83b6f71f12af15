/** Whatever step the bot is killed in: the story ends the same, each message is read once by everybody entitled, no task and no room is doubled. */
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { calendarOf } from "../../demo/story.ts";
import { assertEachOnce, assertOneRoomOfEachName, assertRooms, countExactly } from "../support/counting.ts";
import { newHuman, type Human } from "../support/human.ts";
import type { Point } from "../support/kill-at.ts";
import { BUTTONS, DIRECT, READS, Theatre, chapters } from "./kill-story.ts";

const COORDINATION = "· coordination";
const DELIVERY = "· 1";
const { until, start, end } = calendarOf(Date.now());

describe("a bot that is killed at any step", () => {
  let stage: Theatre<"ana" | "luis" | "dulce" | "awa">;
  let codename: string;
  /** Is not among those whom the stage knows from the beginning. */
  let newcomer: Human | undefined;

  const step = chapters();

  before(async () => {
    stage = await Theatre.open(["ana", "luis", "dulce", "awa"]);
    await stage.people.ana.room(DIRECT);
  });
  after(async () => {
    newcomer?.stop();
    await stage?.close();
  });

  step("makes a direct chat once, killed while the request for it is on its way", async () => {
    const { ana, luis } = stage.people;
    await stage.types("ana", `jit open agreement "X 2026/1" states ES,PT,CV until ${until} admins ${ana.userId} ES ${luis.userId} PT`);
    const confirm = await stage.asked("ana", READS.confirm, BUTTONS.confirm);
    await stage.killedAt("in-room-creation", confirm);
    await stage.allReadOnce(["luis"], { body: READS.newCase });
    await stage.allReadOnce(["luis"], { body: READS.consent, as: "poll" });
    await stage.allReadOnce(["ana"], { body: READS.askedOthers });
    assertRooms(luis, [DIRECT]);
  });

  step("makes the rooms of a case once, killed before an answer is on record and again when it has found the first room", async () => {
    const approve = await stage.asked("luis", READS.consent, BUTTONS.approve);
    await stage.diesAt("after-room-creation", approve);
    await stage.startsAndDiesAt("after-journal");
    await stage.bot.start();
    await stage.allReadOnce(["ana"], { body: READS.opened });
    await stage.allReadOnce(["ana", "luis"], { body: READS.welcome });
    codename = READS.codename.exec((await stage.reads("ana", READS.newCase)).body)![1]!;
    for (const who of ["ana", "luis"] as const) {
      for (const room of [codename, `${codename} · coordination`, `${codename} · liaison`]) await stage.people[who].room(room);
      assertRooms(stage.people[who], [DIRECT, codename, `${codename} · coordination`, `${codename} · liaison`]);
    }
  });

  step("adds a person once, killed at the command, at the tap of its author, and while the keys of a new room are on their way", async () => {
    const { dulce } = stage.people;
    const [ana, luis] = [stage.mark("ana"), stage.mark("luis")];
    await stage.killedAt("after-to-device", () => stage.types("ana", `jit add ${dulce.userId} "Dulce Brito" authority CV`));
    const confirm = await stage.asked("ana", READS.confirm, BUTTONS.confirm, ana);
    await stage.allReadOnce(["ana"], { body: READS.addOne });
    await stage.killedAt("after-journal", confirm);
    const approve = await stage.asked("luis", READS.consent, BUTTONS.approve, luis);
    await stage.allReadOnce(["luis"], { body: READS.addOne });
    await stage.reads("ana", READS.askedOthers, { from: ana });
    await stage.killedAt("during-key-share", approve);
    await stage.allReadOnce(["dulce"], { body: READS.welcome });
    await dulce.room(COORDINATION);
    assertOneRoomOfEachName(stage.all);
  });

  step("adds another, killed between encryption and sending, twice in a row", async () => {
    const { awa } = stage.people;
    const [ana, luis] = [stage.mark("ana"), stage.mark("luis")];
    await stage.types("luis", `jit add ${awa.userId} "Awa Ndiaye" liaison SN`);
    const confirm = await stage.asked("luis", READS.confirm, BUTTONS.confirm, luis);
    await stage.diesAt("between-encryption-and-put", confirm);
    await stage.startsAndDiesAt("between-encryption-and-put");
    await stage.bot.start();
    await stage.reads("luis", READS.askedOthers, { from: luis });
    const approve = await stage.asked("ana", READS.consent, BUTTONS.approve, ana);
    await stage.allReadOnce(["ana"], { body: /add Awa Ndiaye/ });
    await approve();
    await stage.allReadOnce(["awa"], { body: READS.welcome });
    await awa.room("· liaison");
    assertOneRoomOfEachName(stage.all);
  });

  const tasks: readonly Point[] = ["after-to-device", "after-inbox", "after-journal", "between-encryption-and-put", "during-put", "after-put", "after-sent"];
  for (const [index, point] of tasks.entries()) {
    step(`adds a task once and tells it once, killed ${point}`, async () => {
      const id = `T-${index + 1}`;
      const title = `Call the port ${point}`;
      const room = await stage.people.luis.room(COORDINATION);
      await stage.killedAt(point, () => stage.people.luis.say(room, `!task add ${title} @dulce`));
      await stage.allReadOnce(["ana", "luis", "dulce"], { body: new RegExp(`^${id} ${title}`), room: COORDINATION });
      await stage.allReadOnce(["dulce"], { body: new RegExp(` gave you ${id}: ${title}`) });
    });
  }

  step("shows the board to a person who came in just before it was killed", async () => {
    const tiago = await newHuman(stage.synapse, "tiago");
    newcomer = tiago;
    const [ana, luis] = [stage.mark("ana"), stage.mark("luis")];
    await stage.types("luis", `jit add ${tiago.userId} "Tiago Semedo" member PT`);
    await (await stage.asked("luis", READS.confirm, BUTTONS.confirm, luis))();
    await (await stage.asked("ana", READS.consent, BUTTONS.approve, ana))();
    await stage.reads("luis", /Tiago Semedo, member/);
    // The board has been written by then, so that only his coming is a reason to write another.
    const board = stage.mark("luis");
    await stage.types("luis", "task add Board of the day");
    await stage.people.luis.waitFor(({ body, replaces }) => replaces !== undefined && /Board of the day/.test(body), 10_000, "the board", board);
    await stage.killedAt("after-join", () => tiago.room(COORDINATION));
    await tiago.waitFor(({ body, roomName }) => roomName.endsWith(COORDINATION) && /Board of the day/.test(body), 10_000, "the board");
  });

  step("has each task once", async () => {
    const from = stage.mark("dulce");
    await stage.types("dulce", "task list");
    const { body } = await stage.reads("dulce", /open tasks$/m, { from });
    assert.deepEqual([...body.matchAll(/T-\d+ Call the port (\S+)/g)].map(([, point]) => point), tasks);
  });

  step("drafts a delivery once, and makes its room once, killed while the request for it is on its way", async () => {
    await stage.killedAt("in-room-creation", () => stage.types("dulce", `cd new route Praia CV > Sines PT mode clean seal 0774471 from ${start} 04:00 Praia to ${end} 20:00 Lisbon`));
    await stage.allReadOnce(["dulce"], { body: READS.drafted });
    await stage.people.dulce.room(DELIVERY);
    await stage.people.luis.room(DELIVERY);
    assertOneRoomOfEachName(stage.all);
  });

  step("asks once whether a grant is to be recorded, and records it once", async () => {
    const from = stage.mark("dulce");
    await stage.killedAt("during-put", () => stage.types("dulce", "cd granted CD-1 paper despacho 1"));
    const confirm = await stage.asked("dulce", READS.confirm, BUTTONS.confirm, from);
    await stage.allReadOnce(["dulce"], { body: READS.grantConfirm });
    await stage.killedAt("after-inbox", confirm);
    await stage.allReadOnce(["dulce", "luis"], { body: READS.granted, room: DELIVERY });
  });

  step("raises an alert once and acknowledges it once", async () => {
    await stage.killedAt("after-put", () => stage.types("luis", "alert raise P1 to @awa the vessel has changed its port of call"));
    await stage.allReadOnce(["awa", "ana"], { body: READS.alertStub, as: "message" });
    await stage.allReadOnce(["awa", "ana"], { body: READS.alertStub, as: "poll" });
    await stage.allReadOnce(["awa"], { body: /the vessel has changed/ });
    await stage.allReadOnce(["luis"], { body: READS.alertRaised });
    await stage.killedAt("after-journal", await stage.asked("awa", READS.alertStub, BUTTONS.acknowledge));
    await stage.allReadOnce(["awa"], { body: READS.youAcknowledged });
    await stage.allReadOnce(["luis", "ana"], { body: READS.acknowledged });
  });

  step("stops a delivery once and tells it once, killed before and after the decision", async () => {
    const room = await stage.people.luis.room(DELIVERY);
    await stage.diesAt("after-to-device", () => stage.people.luis.say(room, "STOP we are burnt"));
    await stage.startsAndDiesAt("after-journal");
    await stage.startsAndDiesAt("during-put");
    await stage.bot.start();
    await stage.allReadOnce(["dulce", "luis"], { body: /^CD-1 STOPPED .* by PT-1\./, room: DELIVERY });
    await stage.allReadOnce(["dulce", "luis"], { body: READS.stopStub, room: DELIVERY });
  });

  step("answers what was said while it was dead, killed twice while it catches up", async () => {
    await stage.bot.kill();
    const room = await stage.people.luis.room(COORDINATION);
    for (const number of [1, 2, 3]) {
      await stage.people.luis.say(room, `!task add Backlog of Luis ${number}`);
      await stage.types("dulce", `task add Backlog of Dulce ${number}`);
    }
    await stage.startsAndDiesAt("after-journal", 2);
    await stage.startsAndDiesAt("after-put", 2);
    await stage.bot.start();
    for (const number of [1, 2, 3]) {
      await stage.allReadOnce(["ana", "luis", "dulce"], { body: new RegExp(`^T-\\d+ Backlog of Luis ${number}`), room: COORDINATION });
      await stage.allReadOnce(["dulce"], { body: new RegExp(`^T-\\d+ Backlog of Dulce ${number}`) });
    }
  });

  step("says nothing again after a clean stop and a new start", async () => {
    await stage.fence();
    const counts = stage.counts();
    assert.deepEqual(await stage.bot.stop(), { code: 0, signal: null });
    await stage.bot.start();
    await stage.fence();
    for (const [who, count] of Object.entries(counts)) assert.equal(stage.counts()[who], count + 1, `${who} read one answer to "help", and nothing else`);
  });

  step("has told nobody anything twice, nor what they could not read, and has no room twice", async () => {
    assertEachOnce(stage.bot.userId, [...stage.all, ...newcomer === undefined ? [] : [newcomer]]);
    assertOneRoomOfEachName(stage.all);
    assertRooms(stage.people.awa, [DIRECT, codename, `${codename} · liaison`]);
    await stage.types("ana", "audit verify");
    await stage.allReadOnce(["ana"], { body: READS.verified });
  });

  step("is found out when it loses a message", async () => {
    stage.drops();
    await stage.types("luis", "task add Lost on purpose");
    await stage.fence();
    assert.equal(stage.hasDropped, true);
    assert.throws(() => countExactly(stage.bot.userId, [stage.people.luis], { body: /Lost on purpose/ }), /luis has read Lost on purpose 0 times/);
  });
});
