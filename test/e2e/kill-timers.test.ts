/** What fell due while the bot was dead comes once, after it has been started again. */
import { after, before, describe } from "node:test";
import { calendarOf } from "../../demo/story.ts";
import { assertEachOnce, assertOneRoomOfEachName, countExactly } from "../support/counting.ts";
import { BUTTONS, READS, Theatre, chapters } from "./kill-story.ts";

const COORDINATION = "· coordination";
const DELIVERY = "· 1";
/**
 * Seconds, as in the configuration. What is due "in 1 minute" is due at the full minute after that, so one of these reminders falls due at the second,
 * 14th, 26th, 38th and 50th second of any minute.
 */
const REMINDERS = [106, 94, 82, 70, 58];
const REMINDED_EVERY = 12;
const REMINDED_AT = 2;
const SILENCE = 6;
const ANSWER = 3;
const { until, start, end } = calendarOf(Date.now());

describe("a bot that is dead when something falls due", () => {
  const step = chapters();
  let stage: Theatre<"ana" | "luis" | "dulce">;

  before(async () => {
    stage = await Theatre.open(["ana", "luis", "dulce"], {
      taskReminders: REMINDERS.map((ahead) => `${ahead}s`), contactEvery: `${SILENCE}s`, contactAnswer: `${ANSWER}s`, alerts: { P1: { answer: "10min", repeat: "10min" } },
    });
    const { ana, luis, dulce } = stage.people;
    await stage.types("ana", `jit open agreement "X 2026/2" states ES,PT,CV until ${until} admins ${ana.userId} ES ${luis.userId} PT`);
    await (await stage.asked("ana", READS.confirm, BUTTONS.confirm))();
    await (await stage.asked("luis", READS.consent, BUTTONS.approve))();
    await Promise.all([ana.room(COORDINATION), luis.room(COORDINATION)]);
    const [confirmed, consented] = [stage.mark("ana"), stage.mark("luis")];
    await stage.types("ana", `jit add ${dulce.userId} "Dulce Brito" authority CV`);
    await (await stage.asked("ana", READS.confirm, BUTTONS.confirm, confirmed))();
    await (await stage.asked("luis", READS.consent, BUTTONS.approve, consented))();
    await dulce.room(COORDINATION);
  });
  after(async () => {
    await stage?.close();
  });

  step("reminds of a task once", async () => {
    // Given well before one of them: the bot must be dead when it falls due.
    while (sinceReminder(Date.now()) < 1 || sinceReminder(Date.now()) > 6) await past(Date.now() + 100);
    await stage.types("luis", "task add Call the port @dulce in 1 minute");
    const { at } = await stage.reads("dulce", READS.taskGiven);
    await stage.bot.kill();
    await past(at + (REMINDED_EVERY - sinceReminder(at)) * 1_000);
    await stage.bot.start();
    await stage.allReadOnce(["dulce"], { body: READS.taskReminder });
    await stage.types("dulce", "task done T-1");
    await stage.reads("dulce", READS.taskFinished);
    await stage.bot.kill();
    await stage.bot.start();
    await stage.fence();
    countExactly(stage.bot.userId, [stage.people.dulce], { body: READS.taskReminder });
  });

  step("does not ask who has contact when somebody has told it meanwhile", async () => {
    await stage.types("dulce", `cd new route Praia CV > Sines PT mode clean seal 0774471 from ${start} 04:00 Praia to ${end} 20:00 Lisbon`);
    await Promise.all([stage.people.dulce.room(DELIVERY), stage.people.luis.room(DELIVERY)]);
    for (const line of ["cd granted CD-1 paper despacho 1", "cd go CD-1"]) {
      for (const who of ["luis", "dulce"] as const) {
        const from = stage.mark(who);
        await stage.types(who, line);
        await (await stage.asked(who, READS.confirm, BUTTONS.confirm, from))();
        await stage.reads(who, line.startsWith("cd go") ? / says go, / : READS.granted, { room: DELIVERY });
      }
    }
    const gone = await stage.reads("dulce", READS.gone, { room: DELIVERY });
    await stage.bot.kill();
    // Much has been said by others before it, so that the clock has a chance to overtake it.
    await Promise.all(Array.from({ length: 12 }, (_, index) => stage.types("luis", `task add Backlog ${index}`)));
    await stage.people.dulce.say(await stage.people.dulce.room(DELIVERY), "1");
    await past(gone.at + SILENCE * 1_000);
    await stage.bot.start();
    await stage.allReadOnce(["dulce", "luis"], { body: READS.contact, room: DELIVERY });
    countExactly(stage.bot.userId, [stage.people.dulce, stage.people.luis], { body: READS.contactWho, room: DELIVERY }, 0);
  });

  step("asks once who has contact, and raises the alarm once", async () => {
    const contact = await stage.reads("dulce", READS.contact, { room: DELIVERY });
    await stage.bot.kill();
    await past(contact.at + SILENCE * 1_000);
    await stage.bot.start();
    const asked = await stage.reads("dulce", READS.contactStub, { as: "poll" });
    await stage.bot.kill();
    await past(asked.at + ANSWER * 1_000);
    // Killed once more as soon as the alarm is on record and nobody has been told.
    await stage.startsAndDiesAt("after-journal");
    await stage.bot.start();
    await stage.reads("dulce", READS.noContact, { room: DELIVERY });
    // Ended before the silence is asked about anew, which it is for as long as it lasts.
    await stage.people.dulce.say(await stage.people.dulce.room(DELIVERY), "stop");
    await stage.reads("luis", /^CD-1 STOPPED .* by CV-1\./, { room: DELIVERY });
    await stage.fence();
    for (const body of [READS.contactWho, READS.noContact]) await stage.allReadOnce(["dulce", "luis"], { body, room: DELIVERY });
    for (const as of ["message", "poll"] as const) {
      await stage.allReadOnce(["dulce", "luis"], { body: READS.contactStub, room: DELIVERY, as });
      await stage.allReadOnce(["dulce", "luis"], { body: READS.alertStub, as });
    }
    await stage.allReadOnce(["dulce", "luis"], { body: /^CD-1, leg 1: no contact for / });
  });

  step("has told nobody anything twice, nor what they could not read", async () => {
    await stage.fence();
    assertEachOnce(stage.bot.userId, stage.all);
    assertOneRoomOfEachName(stage.all);
  });
});

/** Seconds since a reminder last fell due. */
function sinceReminder(at: number): number {
  return (at / 1_000 - REMINDED_AT) % REMINDED_EVERY;
}

/** The homeserver's, the people's and the bot's clocks are this machine's: a moment of theirs is waited for, not a length of time. */
async function past(at: number): Promise<void> {
  while (Date.now() <= at) await new Promise((resolve) => setTimeout(resolve, at - Date.now() + 1));
}
