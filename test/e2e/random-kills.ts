/** Ten people type while the bot is killed again and again at random instants: each command must be answered once, and read by all. */
import { randomBytes } from "node:crypto";
import { calendarOf } from "../../demo/story.ts";
import { assertEachOnce, assertOneRoomOfEachName, countExactly } from "../support/counting.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { newHuman, type Human } from "../support/human.ts";
import type { Seen } from "../support/seen.ts";
import { BUTTONS, READS, Theatre } from "./kill-story.ts";

const COORDINATION = "· coordination";
/** A life lasts at most so many times as long as the bot took lately to become ready: about half of them end before it is, also on a busy machine. */
const LONGEST_LIFE = 2;
/** Milliseconds. */
const SHORTEST_LIFE = 40;
/** Starts that are remembered. */
const LATELY = 9;
/** While the bot is killed again and again, a person waits; a message is lost if it has not come so long after the last kill. Milliseconds. */
const PATIENCE = 180_000;
/** Longer than any run. */
const ALL_THE_WHILE = 6 * 3_600_000;

export interface RandomKills {
  readonly kills: number;
  /** At least three; the first two are administrators. */
  readonly people: number;
  readonly seed: number;
  readonly progress?: (text: string) => void;
}
export interface Survived {
  readonly kills: number;
  /** Lives that ended before the bot was ready. */
  readonly killedInStart: number;
  readonly commands: number;
  /** Messages of the bot's read by all people together, each once. */
  readonly read: number;
}

/** Plays it on a homeserver of its own; throws on the first message that is lost, doubled, unreadable or in clear. */
export async function playRandomKills({ kills, people, seed, progress = () => {} }: RandomKills): Promise<Survived> {
  const random = seededRandom(seed);
  const stage = await Theatre.open(["ana", "luis"]);
  const others: Human[] = [];
  try {
    const { until } = calendarOf(Date.now());
    const { ana, luis } = stage.people;
    await stage.types("ana", `jit open agreement "X 2026/9" states ES,PT until ${until} admins ${ana.userId} ES ${luis.userId} PT`);
    await (await stage.asked("ana", READS.confirm, BUTTONS.confirm))();
    await (await stage.asked("luis", READS.consent, BUTTONS.approve))();
    await Promise.all([ana.room(COORDINATION), luis.room(COORDINATION)]);
    for (let number = 3; number <= people; number += 1) {
      const other = await newHuman(stage.synapse, `person-${number}`, { joins: true });
      others.push(other);
      const [confirm, consent] = [stage.mark("ana"), stage.mark("luis")];
      await stage.types("ana", `jit add ${other.userId} "Person ${number}" member PT`);
      await (await stage.asked("ana", READS.confirm, BUTTONS.confirm, confirm))();
      await (await stage.asked("luis", READS.consent, BUTTONS.approve, consent))();
      await other.room(COORDINATION);
    }
    const everybody = [...stage.all, ...others];
    progress(`${everybody.length} people are in the room`);

    let over = false;
    let commands = 0;
    const lost = Promise.withResolvers<never>();
    lost.promise.catch(() => undefined);
    const typed: string[] = [];
    /** Lines that have no answer yet. */
    const asked = new Set<string>();
    const typing = everybody.map(async (human, index) => {
      const room = await human.room(COORDINATION);
      while (!over) {
        const title = `Ring the port ${index}-${randomBytes(4).toString("hex")}`;
        const added = await says(human, room, `!task add ${title}`, new RegExp(`^(T-\\d+) ${title}`));
        typed.push(title);
        commands += 1;
        const [, task = ""] = added;
        await says(human, room, `!task done ${task} by ${index}`, new RegExp(`(?:^|\\s)${task} done \\(`));
        commands += 1;
      }
    });
    const killing = killAgainAndAgain();
    await Promise.race([killing, Promise.all(typing)]).finally(() => { over = true; });
    const killedInStart = await killing;
    if (!stage.bot.running) await startsAtLast();
    const deadline = setTimeout(() => lost.reject(new Error(`not answered ${PATIENCE / 1000} s after the last kill: ${[...asked].join("; ")}`)), PATIENCE);
    await Promise.all(typing).finally(() => clearTimeout(deadline));
    await stage.fence();
    // Everybody has read each task's line and its end once, under one effect id each; nothing in clear, nothing unreadable, nothing twice.
    for (const title of typed) await Promise.all(everybody.map((human) => human.waitFor(({ body }) => body.includes(` ${title}`), PATIENCE, title)));
    for (const title of typed) countExactly(stage.bot.userId, everybody, { body: new RegExp(`^T-\\d+ ${title}(?![\\s\\S]*open tasks)`), room: COORDINATION, as: "message" });
    assertEachOnce(stage.bot.userId, everybody);
    assertOneRoomOfEachName(everybody);
    const read = everybody.reduce((sum, human) => sum + new Set(human.seen.filter((seen) => seen.sender === stage.bot.userId).map((seen) => seen.event)).size, 0);
    return { kills, killedInStart, commands, read };

    /** Types a line until it has been sent, and waits for the answer; returns what the pattern caught. */
    async function says(human: Human, room: string, text: string, answer: RegExp): Promise<RegExpExecArray> {
      const from = human.seen.length;
      const isIt = (each: Seen): boolean => each.sender === stage.bot.userId && each.replaces === undefined && answer.test(each.body);
      asked.add(text);
      await human.say(room, text);
      const seen = await Promise.race([human.waitFor(isIt, ALL_THE_WHILE, `the answer to ${text}`, from), lost.promise]);
      asked.delete(text);
      return answer.exec(seen.body) as RegExpExecArray;
    }

    /** On a busy machine it may need more than one attempt; what a service manager would do. */
    async function startsAtLast(attempts = 5): Promise<void> {
      await stage.bot.start().catch((error: unknown) => {
        if (attempts <= 1) throw error;
        return startsAtLast(attempts - 1);
      });
    }

    async function killAgainAndAgain(): Promise<number> {
      let inStart = 0;
      await stage.bot.kill();
      const took = [await timed(() => startsAtLast())];
      for (let kill = 1; kill <= kills; kill += 1) {
        if (stage.bot.running) await stage.bot.kill();
        let ready = false;
        const starting = timed(() => stage.bot.start()).then((ms) => { ready = true; took.push(ms); }, () => undefined);
        const usual = median(took.slice(-LATELY));
        const life = SHORTEST_LIFE + random(Math.max(1, Math.round(LONGEST_LIFE * usual) - SHORTEST_LIFE));
        await new Promise((resolve) => setTimeout(resolve, life));
        if (!ready) inStart += 1;
        // It takes at least so long now: without this, a machine that has become slower would never see it ready again.
        if (!ready && life > usual) took.push(life);
        await stage.bot.kill();
        await starting;
        if (kill % 10 === 0) progress(`${kill} of ${kills} kills, ${inStart} of them before it was ready, ${commands} commands answered`);
      }
      await startsAtLast();
      return inStart;
    }
  } finally {
    for (const other of others) other.stop();
    await stage.close();
  }
}

/** Milliseconds that something took. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}
