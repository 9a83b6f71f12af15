/** One operation from beginning to end, as chapters that are played on a stage; the demo shows them, the end-to-end test asserts them. */
import { SECRETS, WORDS, type Calendar, type DemoLanguage, type Ids, type Words } from "./words.ts";
import type { Name } from "./cast.ts";
import type { Stage } from "./stage.ts";

/** Seconds where an installation has hours; everything else is as installed. Written as in the configuration file. */
export const WINDOWS = {
  // A due time is told to the minute, so "in 1 minute" is 60 to 120 s away: with these a reminder comes within 13 s.
  taskReminders: ["109s", "96s", "83s", "70s", "57s"],
  sealCorrection: "2s",
  contactEvery: "9s",
  contactAnswer: "3s",
  alerts: { P1: { answer: "20s", repeat: "20s" } },
} as const;

export interface Chapter {
  readonly title: string;
  readonly play: (stage: Stage, words: Words, calendar: Calendar) => Promise<void>;
}

/** Zone of the owner and of the case. */
export const ZONE = "Europe/Madrid";

/** Days of next year, so that the plan is always ahead. `now` is a moment in milliseconds. */
export function calendarOf(now: number): Calendar {
  const year = new Date(now).getUTCFullYear() + 1;
  return { until: `${year}-11-20`, start: `${year}-03-05`, end: `${year}-03-12` };
}

/** The chapters in their order. */
export const STORY: readonly Chapter[] = [
  { title: "An owner asks for help", play: help },
  { title: "A JIT is opened: two administrators of two countries confirm", play: opening },
  { title: "Three people are added, each with the consent of another country", play: adding },
  { title: "A task with a deadline", play: taskGiven },
  { title: "A controlled delivery: drafted, asked, granted", play: granting },
  { title: "The task's reminder comes; it is done", play: taskDone },
  { title: "Go: two countries, one of them where the goods are", play: going },
  { title: "The watch is given; the bot is killed in the middle and started again; the watch is taken", play: handingOver },
  { title: "Silence: no contact, a P1 to the liaison and a second person at once", play: silence },
  { title: "One person stops it", play: stopping },
  { title: "The journal is verified", play: verifying },
];

/** Plays all chapters, one after the other; rejects at the first message that does not come. */
export async function playStory(stage: Stage, language: DemoLanguage, calendar: Calendar): Promise<void> {
  for (const [index, { title, play }] of STORY.entries()) {
    stage.chapter(index + 1, STORY.length, title);
    await play(stage, WORDS[language], calendar);
    stage.show();
  }
}

async function help(stage: Stage, words: Words): Promise<void> {
  await stage.opensDirect("ana");
  await stage.types("ana", "direct", words.help);
  await stage.reads("ana", words.reads.help, { where: "direct", as: "silent" });
}

async function opening(stage: Stage, words: Words, calendar: Calendar): Promise<void> {
  await stage.types("ana", "direct", words.open(idsOf(stage), calendar));
  await stage.reads("ana", words.reads.newCase, { as: "silent" });
  await stage.taps("ana", words.reads.confirm, words.buttons.confirm);
  await stage.reads("ana", words.reads.askedOthers);
  await stage.reads("luis", words.reads.newCase, { as: "silent" });
  await stage.taps("luis", words.reads.consent, words.buttons.approve);
  await stage.reads("ana", words.reads.opened);
  await both(["ana", "luis"], (who) => stage.reads(who, words.reads.welcome, { where: "direct" }));
  await both(["ana", "luis"], (who) => stage.room(who, { room: words.coordination }));
  await both(["ana", "luis"], (who) => stage.room(who, { room: words.liaison }));
}

async function adding(stage: Stage, words: Words): Promise<void> {
  for (const [who, by, approver] of [["dulce", "ana", "luis"], ["tiago", "luis", "ana"], ["awa", "luis", "ana"]] as const) {
    await stage.types(by, "direct", words.add[who](idsOf(stage)));
    await stage.reads(by, words.reads.addOne, { as: "silent" });
    await stage.taps(by, words.reads.confirm, words.buttons.confirm);
    await stage.reads(approver, words.reads.addOne, { as: "silent" });
    await stage.taps(approver, words.reads.consent, words.buttons.approve);
    await stage.reads(who, words.reads.welcome, { where: "direct" });
    stage.show();
  }
  await both(["dulce", "tiago"], (who) => stage.room(who, { room: words.coordination }));
  await stage.room("awa", { room: words.liaison });
}

async function taskGiven(stage: Stage, words: Words): Promise<void> {
  const room = { room: words.coordination };
  await stage.types("luis", room, words.taskAdd);
  await both(["ana", "luis", "dulce", "tiago"], (who) => stage.reads(who, words.reads.taskAdded, { where: room }));
  await stage.reads("tiago", words.reads.taskGiven, { where: "direct" });
}

async function taskDone(stage: Stage, words: Words): Promise<void> {
  await stage.reads("tiago", words.reads.taskReminder, { where: "direct", as: "wakes" });
  stage.show();
  await stage.types("tiago", "direct", words.taskDone);
  await stage.reads("tiago", words.reads.taskFinished, { where: "direct" });
}

async function granting(stage: Stage, words: Words, calendar: Calendar): Promise<void> {
  await stage.types("dulce", "direct", words.draft(calendar));
  await stage.reads("dulce", words.reads.drafted, { where: "direct" });
  await both(["dulce", "luis", "tiago"], (who) => stage.room(who, DELIVERY));
  await stage.types("dulce", "direct", words.ask("PT"));
  await stage.reads("luis", words.reads.grantAsked, { where: "direct", as: "wakes" });
  stage.show();
  await stage.types("tiago", DELIVERY, words.go);
  await stage.reads("tiago", words.reads.refusedGo);
  for (const who of ["luis", "dulce"] as const) {
    await stage.types(who, "direct", words.granted);
    await stage.reads(who, words.reads.grantConfirm, { where: "direct", as: "silent" });
    await stage.taps(who, words.reads.confirm, words.buttons.confirm);
    await both(["dulce", "luis", "tiago"], (reader) => stage.reads(reader, words.reads.granted, { where: DELIVERY }));
    stage.show();
  }
}

async function going(stage: Stage, words: Words): Promise<void> {
  await stage.types("tiago", DELIVERY, words.go);
  await stage.reads("tiago", words.reads.goConfirm, { where: "direct", as: "silent" });
  await stage.taps("tiago", words.reads.confirm, words.buttons.confirm);
  await stage.reads("dulce", words.reads.notGone, { where: DELIVERY });
  stage.show();
  await stage.types("dulce", DELIVERY, words.go);
  await stage.reads("dulce", words.reads.goConfirm, { where: "direct", as: "silent" });
  await stage.taps("dulce", words.reads.confirm, words.buttons.confirm);
  await both(["dulce", "luis", "tiago"], (who) => stage.reads(who, words.reads.gone, { where: DELIVERY }));
}

async function handingOver(stage: Stage, words: Words): Promise<void> {
  await stage.types("dulce", "direct", words.give);
  await stage.reads("dulce", words.reads.giveConfirm, { where: "direct", as: "silent" });
  await stage.taps("dulce", words.reads.confirm, words.buttons.confirm);
  // Killed while it has the offer in hand: whatever it had accepted must be there afterwards, once.
  await stage.bot.kill();
  stage.happens("kill");
  await stage.bot.start();
  stage.happens("start");
  await stage.reads("luis", words.reads.offered, { where: DELIVERY });
  const seal = new RegExp(`^${SECRETS.seal}$`);
  await stage.reads("tiago", words.reads.takeDetails, { where: "direct", as: "silent" });
  await stage.taps("tiago", words.reads.takeStub, seal, { where: "direct" });
  await both(["dulce", "luis", "tiago"], (who) => stage.reads(who, words.reads.watchTaken, { where: DELIVERY }));
  await stage.types("dulce", DELIVERY, words.contact);
  await stage.reads("dulce", words.reads.contact, { where: DELIVERY });
}

async function silence(stage: Stage, words: Words): Promise<void> {
  await both(["dulce", "luis", "tiago"], (who) => stage.reads(who, words.reads.contactWho, { where: DELIVERY, limit: 30_000 }));
  await stage.reads("tiago", words.reads.contactStub, { where: DELIVERY, as: "poll" });
  stage.show();
  await both(["awa", "luis"], (who) => stage.reads(who, words.reads.alertStub, { where: "direct", as: "wakes", limit: 30_000 }));
  await both(["awa", "luis"], (who) => stage.reads(who, words.reads.alertDetails, { where: "direct", as: "silent" }));
  await stage.reads("luis", words.reads.alertStub, { where: "direct", as: "poll" });
  stage.show();
  await stage.taps("awa", words.reads.alertStub, words.buttons.acknowledge, { where: "direct" });
  await stage.reads("awa", words.reads.youAcknowledged, { where: "direct" });
  await stage.reads("luis", words.reads.acknowledged, { where: "direct" });
}

async function stopping(stage: Stage, words: Words): Promise<void> {
  await stage.types("tiago", DELIVERY, words.stop);
  await both(["dulce", "luis", "tiago"], (who) => stage.reads(who, words.reads.stopStub, { as: "wakes" }));
  await both(["dulce", "luis", "tiago"], (who) => stage.reads(who, words.reads.stopped, { where: DELIVERY }));
}

async function verifying(stage: Stage, words: Words): Promise<void> {
  await stage.types("ana", "direct", words.verify);
  await stage.reads("ana", words.reads.verified, { where: "direct" });
  for (const who of ["luis", "dulce", "tiago"] as const) {
    for (const what of [words.reads.gone, words.reads.offered, words.reads.watchTaken, words.reads.stopped]) stage.once(who, what, DELIVERY);
  }
}

const DELIVERY = { room: "· 1" } as const;

function idsOf({ people }: Stage): Ids {
  return { ana: people.ana.userId, luis: people.luis.userId, dulce: people.dulce.userId, tiago: people.tiago.userId, awa: people.awa.userId };
}

/** The same for several people at once: nobody waits for another. */
async function both<T>(names: readonly Name[], each: (who: Name) => Promise<T>): Promise<T[]> {
  return Promise.all(names.map(each));
}
