/** What the story is played on: people with phones, a bot that runs as its own process, and a record of what each person was to read and did read. */
import type { Bot } from "../test/support/bot.ts";
import type { Human } from "../test/support/human.ts";
import type { Seen } from "../test/support/seen.ts";
import type { Name } from "./cast.ts";

/** Key under which the bot puts the identity of a message inside the encryption; the same message sent twice carries the same. */
const EFFECT = "eu.relevo.effect";
/** How long a person waits for a message, in milliseconds, unless said otherwise. */
const PATIENCE = 20_000;

/** One message that somebody was expected to read. */
export interface Expected {
  readonly chapter: string;
  readonly who: Name;
  readonly what: string;
  readonly read: boolean;
}

/** Is told what happens, to show it or not. */
export interface Narrator {
  chapter(number: number, of: number, title: string): void;
  types(who: Name, where: string, text: string): void;
  taps(who: Name, where: string, question: string, answer: string): void;
  /** What one person has read since they were last asked, in the order in which it reached them. */
  reads(who: Name, seen: readonly Seen[]): void;
  happens(what: string): void;
}

/** Where a message is to be found: the direct chat with the bot, or a room by the end of its name. */
export type Where = "direct" | { readonly room: string };

export interface Reading {
  readonly where?: Where;
  /** `wakes`: a message that may ring; `silent`: a notice; `poll`: a question with buttons. */
  readonly as?: "wakes" | "silent" | "poll";
  readonly limit?: number;
}

export interface StageParts {
  readonly people: Readonly<Record<Name, Human>>;
  readonly bot: Bot;
  readonly narrator: Narrator;
}

export class Stage {
  readonly people: Readonly<Record<Name, Human>>;
  readonly bot: Bot;
  readonly expected: Expected[] = [];
  readonly #narrator: Narrator;
  readonly #claimed = new Set<Seen>();
  readonly #shown = new Map<Name, number>();
  readonly #direct = new Map<Name, string>();
  #chapter = "";

  constructor({ people, bot, narrator }: StageParts) {
    this.people = people;
    this.bot = bot;
    this.#narrator = narrator;
  }

  chapter(number: number, of: number, title: string): void {
    this.#chapter = title;
    this.#narrator.chapter(number, of, title);
  }

  happens(what: string): void {
    this.#narrator.happens(what);
  }

  /** Somebody types a line, in their direct chat or in a room. */
  async types(who: Name, where: Where, text: string): Promise<string> {
    const room = await this.room(who, where);
    this.#narrator.types(who, this.#placeName(who, room), text);
    return this.people[who].say(room, text);
  }

  /**
   * Somebody reads a message from the bot: the first one that matches and that no other expectation has been satisfied with.
   * Rejects, with what they read instead, when it does not come.
   */
  async reads(who: Name, what: RegExp, { where, as, limit = PATIENCE }: Reading = {}): Promise<Seen> {
    if (where === "direct") await this.room(who, "direct");
    const index = this.expected.push({ chapter: this.#chapter, who, what: what.source, read: false }) - 1;
    const human = this.people[who];
    const isIt = (seen: Seen) => seen.sender === this.bot.userId && seen.unreadable === undefined && seen.encrypted
      && !this.#claimed.has(seen) && what.test(seen.body) && isKind(seen, as)
      && (where === undefined || this.#isAt(who, seen, where));
    const seen = await human.waitFor(isIt, limit, `${this.#chapter}: waits for ${what.source}`);
    this.#claimed.add(seen);
    this.expected[index] = { chapter: this.#chapter, who, what: what.source, read: true };
    return seen;
  }

  /** By now somebody has read a message exactly once in that place: what was accepted before a crash was neither lost nor said again. */
  once(who: Name, what: RegExp, where: Where): void {
    const count = this.people[who].seen.filter((seen) => seen.replaces === undefined && what.test(seen.body) && this.#isAt(who, seen, where)).length;
    this.expected.push({ chapter: this.#chapter, who, what: `${what.source}, exactly once (read ${count} times)`, read: count === 1 });
    if (count !== 1) throw new Error(`${who} has read ${what.source} ${count} times instead of once`);
  }

  /** Somebody reads a question and taps one of its buttons. */
  async taps(who: Name, question: RegExp, answer: RegExp, reading: Reading = {}): Promise<string> {
    const poll = await this.reads(who, question, { ...reading, as: "poll" });
    this.show(who);
    const text = await this.people[who].tap(poll, answer);
    this.#narrator.taps(who, poll.roomName, poll.body, text);
    return text;
  }

  /** Tells the narrator what everybody, or one person, has read since the last time. */
  show(only?: Name): void {
    for (const name of Object.keys(this.people) as Name[]) {
      if (only !== undefined && name !== only) continue;
      const seen = this.people[name].seen;
      const from = this.#shown.get(name) ?? 0;
      this.#shown.set(name, seen.length);
      const fresh = seen.slice(from).filter((each) => each.sender === this.bot.userId && !each.type.endsWith("poll.end"));
      if (fresh.length > 0) this.#narrator.reads(name, fresh);
    }
  }

  /** Id of a person's direct chat with the bot, or of a room by the end of its name; waits for it. */
  async room(who: Name, where: Where): Promise<string> {
    if (where !== "direct") return this.people[who].room(where.room);
    const known = this.#direct.get(who);
    if (known !== undefined) return known;
    const room = await this.people[who].directFrom(this.bot.userId);
    this.#direct.set(who, room);
    return room;
  }

  /** Somebody opens the direct chat themselves, as an owner does who has never spoken to the bot. */
  async opensDirect(who: Name): Promise<void> {
    this.#direct.set(who, await this.people[who].direct(this.bot.userId));
  }

  /** Messages that somebody could not read, and messages that reached somebody twice: both must be none. */
  faults(): { readonly unreadable: readonly Seen[]; readonly doubled: readonly Seen[]; readonly inClear: readonly Seen[] } {
    const fromBot = Object.values(this.people).map((human) => human.seen.filter((seen) => seen.sender === this.bot.userId));
    const later = (seen: Seen, all: readonly Seen[]) => all.some((other) => other.event === seen.event && other.unreadable === undefined);
    return {
      unreadable: fromBot.flatMap((all) => all.filter((seen) => seen.unreadable !== undefined && !later(seen, all))),
      doubled: fromBot.flatMap((all) => {
        const first = new Map<unknown, Seen>();
        return all.filter((seen) => {
          const effect = seen.content[EFFECT];
          if (typeof effect !== "string" || seen.unreadable !== undefined) return false;
          const before = first.get(effect);
          if (before === undefined) first.set(effect, seen);
          return before !== undefined && before.event !== seen.event;
        });
      }),
      inClear: fromBot.flatMap((all) => all.filter((seen) => !seen.encrypted)),
    };
  }

  #isAt(who: Name, seen: Seen, where: Where): boolean {
    if (where !== "direct") return seen.roomName.endsWith(where.room);
    return seen.room === this.#direct.get(who);
  }

  #placeName(who: Name, room: string): string {
    return this.#direct.get(who) === room ? "direct chat" : this.people[who].rooms().find(({ id }) => id === room)?.name ?? room;
  }
}

function isKind(seen: Seen, as: Reading["as"]): boolean {
  switch (as) {
    case undefined: return seen.type === "m.room.message" || seen.poll !== undefined;
    case "poll": return seen.poll !== undefined;
    case "wakes": return seen.msgtype === "m.text";
    case "silent": return seen.msgtype === "m.notice";
  }
}
