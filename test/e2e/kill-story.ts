/** A bot that is killed on purpose, and the people who must not notice: what the kill tests share. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { it } from "node:test";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { WORDS } from "../../demo/words.ts";
import { prepareBot, type Bot } from "../support/bot.ts";
import { newHuman, type Human } from "../support/human.ts";
import { ARM, arm, isArmed, type Point } from "../support/kill-at.ts";
import { startSynapse, type Synapse } from "../support/synapse.ts";
import type { Seen } from "../support/seen.ts";
import type { What } from "../support/counting.ts";
import { countExactly, effectsRead } from "../support/counting.ts";

const WRAPPED = fileURLToPath(new URL("../support/kill-at.ts", import.meta.url));
/** How long a person waits for a message, and how long a point takes at most to be reached; milliseconds. */
const PATIENCE = 60_000;
/** How a direct chat with the bot is called on a phone: like the bot. */
export const DIRECT = "relevo";
/** What the bot says, in the words of the demo. */
export const { reads: READS, buttons: BUTTONS } = WORDS.en;

/** What declares the chapters of one story, in their order: when one has failed, those after it cannot be played and are skipped. */
export function chapters(): (name: string, play: (test: TestContext) => Promise<void>) => void {
  let broken = false;
  return (name, play) => {
    it(name, async (test) => {
      if (broken) return test.skip("an earlier chapter failed");
      broken = true;
      await play(test);
      broken = false;
    });
  };
}

/** Where bot and people are, if not all on one homeserver made for the story; and what else of the bot's settings differs. */
export interface Elsewhere<Name extends string> {
  readonly bot?: Synapse;
  readonly people?: Readonly<Partial<Record<Name, Synapse>>>;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** A homeserver, people with phones, and a bot whose process can be ended at a named point. */
export class Theatre<Name extends string> {
  readonly synapse: Synapse;
  readonly bot: Bot;
  readonly people: Readonly<Record<Name, Human>>;
  readonly #dir: string;
  readonly #arming: string;

  private constructor(parts: { readonly synapse: Synapse; readonly bot: Bot; readonly people: Readonly<Record<Name, Human>>; readonly dir: string; readonly arming: string }) {
    this.synapse = parts.synapse;
    this.bot = parts.bot;
    this.people = parts.people;
    this.#dir = parts.dir;
    this.#arming = parts.arming;
  }

  /** The first person is the bot's owner. Limits of the homeserver are lifted: what is tested is not how fast people may type. */
  static async open<Name extends string>(names: readonly Name[], windows: Readonly<Record<string, unknown>> = {}, elsewhere: Elsewhere<Name> = {}): Promise<Theatre<Name>> {
    const dir = mkdtempSync(path.join(tmpdir(), "relevo-kill-"));
    const synapse = elsewhere.bot ?? await startSynapse({ dir: path.join(dir, "synapse"), fast: true });
    const arming = path.join(dir, "armed");
    const humans = await Promise.all(names.map(async (name) => [name, await newHuman(elsewhere.people?.[name] ?? synapse, name, { joins: true })] as const));
    const owner = humans[0]![1];
    const bot = await prepareBot({
      dir: path.join(dir, "bot"), synapse, zone: "Europe/Madrid", windows, settings: elsewhere.settings ?? {}, nodeArgs: ["--import", WRAPPED], env: { [ARM]: arming },
      owners: [{ user: owner.userId, masterKey: await owner.masterKey() }],
    });
    await bot.start();
    return new Theatre({ synapse, bot, people: Object.fromEntries(humans) as Record<Name, Human>, dir, arming });
  }

  async close(): Promise<void> {
    for (const human of Object.values<Human>(this.people)) human.stop();
    if (this.bot.running) await this.bot.stop();
    await this.synapse.stop();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** What somebody does makes the bot reach a point, where it is killed; it stays dead. */
  async diesAt(point: Point, act: () => Promise<unknown>, nth = 1): Promise<void> {
    arm(this.#arming, point, nth);
    await act();
    await this.#death(point);
  }
  /** The same, and it is started again. */
  async killedAt(point: Point, act: () => Promise<unknown>, nth = 1): Promise<void> {
    await this.diesAt(point, act, nth);
    await this.bot.start();
  }
  /** Started, it reaches a point in what it does by itself, and is killed again; it stays dead. */
  async startsAndDiesAt(point: Point, nth = 1): Promise<void> {
    // It may or may not have said that it is ready when it is killed.
    await this.diesAt(point, () => this.bot.start().catch(() => undefined), nth);
  }
  async #death(point: Point): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const never = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`the bot did not come to "${point}"; its output ends:\n${this.bot.output.slice(-2_000)}`)), PATIENCE);
    });
    const how = await Promise.race([this.bot.ended(), never]).finally(() => clearTimeout(timer));
    assert.equal(how.signal, "SIGKILL");
    assert.equal(isArmed(this.#arming), false, `the bot died before "${point}"`);
  }

  /** Loses the next message of the bot, which takes it for sent. */
  drops(): void {
    arm(this.#arming, "drop");
  }
  get hasDropped(): boolean {
    return !isArmed(this.#arming);
  }

  /** Waits until somebody has read it; what was read before counts too. */
  reads(who: Name, body: RegExp, { room, as, from = 0 }: Omit<What, "body"> & { readonly from?: number } = {}): Promise<Seen> {
    const isIt = (seen: Seen): boolean => seen.sender === this.bot.userId && seen.unreadable === undefined && body.test(seen.body)
      && (room === undefined || seen.roomName.endsWith(room)) && (as === undefined || (as === "poll") === (seen.poll !== undefined));
    return this.people[who].waitFor(isIt, PATIENCE, `waits for ${body.source}`, from);
  }
  /** Waits until all of them have read it, and counts it with each of them: once, neither less nor more. */
  async allReadOnce(who: readonly Name[], what: What): Promise<void> {
    await Promise.all(who.map((name) => this.reads(name, what.body, what)));
    countExactly(this.bot.userId, who.map((name) => this.people[name]), what);
  }
  /** Types a line in the direct chat with the bot. */
  async types(who: Name, text: string): Promise<void> {
    await this.people[who].say(await this.people[who].room(DIRECT), text);
  }
  /** Waits for a question that was put after a mark; what it returns taps one of its buttons. */
  async asked(who: Name, question: RegExp, answer: RegExp, from = 0): Promise<() => Promise<string>> {
    const poll = await this.reads(who, question, { as: "poll", from });
    return () => this.people[who].tap(poll, answer);
  }
  /** How much somebody has read by now: a place to wait from. */
  mark(who: Name): number {
    return this.people[who].seen.length;
  }
  /** Everybody asks for help in their direct chat and reads the answer: what the bot had to send there before has been sent then. */
  async fence(): Promise<void> {
    await Promise.all((Object.keys(this.people) as Name[]).map(async (who) => {
      const from = this.mark(who);
      await this.types(who, "help");
      await this.reads(who, READS.help, { from });
    }));
  }
  /** How many different messages of the bot each person has read. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(Object.values<Human>(this.people).map((human) => [human.name, effectsRead(this.bot.userId, human).size]));
  }
  get all(): readonly Human[] {
    return Object.values<Human>(this.people);
  }
}
