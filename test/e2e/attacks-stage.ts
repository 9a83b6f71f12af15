/** What every attack needs: a homeserver, a bot as its own process, a case that is open, its people, and the bot's journal as proof of what it did. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { systemRandom } from "../../src/app/system.ts";
import type { Instant } from "../../src/domain/ids.ts";
import { POLL_RESPONSE } from "../../src/chat/poll.ts";
import { openJournal } from "../../src/journal/journal.ts";
import { openKeys, type Keys } from "../../src/journal/keys.ts";
import type { Row } from "../../src/ports.ts";
import { startBot, type Bot, type BotOptions } from "../support/bot.ts";
import { newHuman, type Human } from "../support/human.ts";
import { newRaw, type Raw } from "../support/raw.ts";
import type { Seen } from "../support/seen.ts";
import { startSynapse, type Synapse } from "../support/synapse.ts";

/** How long a person waits for an answer, in milliseconds. */
export const PATIENCE = 60_000;

/** Somebody who is added to the case: as typed in `jit add`, with the administrator who adds them. */
export interface Joining {
  readonly name: string;
  readonly role: "member" | "authority" | "liaison" | "auditor";
  readonly country: string;
}

export interface Options extends Pick<BotOptions, "windows" | "nodeArgs" | "env" | "settings"> {
  readonly members: readonly Joining[];
  /** Owners besides Ana who are in no case. */
  readonly owners?: readonly string[];
  /** People whom the bot does not know (yet). */
  readonly strangers?: readonly string[];
  /** Where the bot finds its homeserver, if not there where people do: a line that goes wrong. */
  readonly line?: (synapse: Synapse) => Promise<string>;
}

/** A case of Spain and Portugal with its administrators Ana (also the owner) and Luís, and those who were added. */
export class Operation {
  readonly dir: string;
  readonly synapse: Synapse;
  readonly bot: Bot;
  readonly people: ReadonlyMap<string, Human>;
  /** By name: where the bot has welcomed them. */
  readonly #directs = new Map<string, string>();
  readonly #endings: (() => Promise<unknown>)[] = [];
  #fences = 0;
  #keys: Keys | undefined;

  constructor(parts: { readonly dir: string; readonly synapse: Synapse; readonly bot: Bot; readonly people: ReadonlyMap<string, Human> }) {
    this.dir = parts.dir;
    this.synapse = parts.synapse;
    this.bot = parts.bot;
    this.people = parts.people;
  }

  person(name: string): Human {
    const found = this.people.get(name);
    if (found === undefined) throw new Error(`nobody is called ${name}`);
    return found;
  }
  /** The same account without its phone: it sends what no client would, or what the server could put in its name. */
  raw(name: string): Promise<Raw> {
    return newRaw(this.synapse, this.person(name).account);
  }
  /** The direct chat of a person with the bot. */
  direct(name: string): string {
    const room = this.#directs.get(name);
    if (room === undefined) throw new Error(`${name} has no direct chat with the bot yet`);
    return room;
  }
  /** Id of the coordination room, when this person is in it: everybody here accepts invitations as they come. */
  async coordination(name: string): Promise<string> {
    const find = () => this.person(name).rooms().find((room) => room.name.endsWith("· coordination") && room.membership === "join");
    await this.until(() => find() !== undefined, `${name} comes into the coordination room`);
    return find()?.id ?? "";
  }
  /** Waits until this person reads it from the bot, encrypted. */
  async reads(name: string, what: RegExp, { from = 0, room, limit = PATIENCE }: { readonly from?: number; readonly room?: string; readonly limit?: number } = {}): Promise<Seen> {
    return this.person(name).waitFor((seen) => seen.sender === this.bot.userId && seen.encrypted && seen.unreadable === undefined
      && what.test(seen.body) && (room === undefined || seen.room === room), limit, `waits for ${what.source}`, from);
  }
  /** Types a line and reads the answer. */
  async asks(name: string, room: string, text: string, answer: RegExp): Promise<Seen> {
    const from = this.person(name).seen.length;
    await this.person(name).say(room, text);
    return this.reads(name, answer, { from });
  }
  /** Reads a question put to somebody and taps one of its buttons. */
  async taps(name: string, question: RegExp, answer: RegExp, from = 0): Promise<Seen> {
    const poll = await this.question(name, question, from);
    await this.person(name).tap(poll, answer);
    return poll;
  }
  /** Types a line and reads the question that it leads to. */
  async isAsked(name: string, room: string, text: string, question: RegExp): Promise<Seen> {
    const from = this.person(name).seen.length;
    await this.person(name).say(room, text);
    return this.question(name, question, from);
  }
  /** A question with buttons, read from a mark on. */
  async question(name: string, question: RegExp, from = 0): Promise<Seen> {
    return this.person(name).waitFor((seen) => seen.sender === this.bot.userId && seen.poll !== undefined && question.test(seen.body), PATIENCE, `waits for the question ${question.source}`, from);
  }

  /**
   * Resolves when the bot has dealt with everything that was sent to a room before: somebody types a word there that it does not know, and
   * reads that it does not know it. The one writer takes what comes in order, and a room's events reach it in order.
   */
  async fence(name: string, room: string): Promise<void> {
    const word = `fence-${++this.#fences}`;
    await this.asks(name, room, room === this.#directs.get(name) ? word : `!${word}`, new RegExp(`“${word}”`));
  }
  /**
   * Does something and resolves, when the bot has dealt with it, with what the journal has gained. Nobody may read anything from the bot because of
   * it. Boards and closed polls are no answers: they follow, a second later, what was decided before.
   */
  async inSilence(name: string, room: string, attack: () => Promise<unknown>): Promise<readonly string[]> {
    const rows = await this.journal();
    const marks = new Map([...this.people.values()].map((human) => [human, human.seen.length]));
    await attack();
    await this.fence(name, room);
    const read = [...marks].flatMap(([human, from]) => human.seen.slice(from)
      .filter((seen) => seen.sender === this.bot.userId && seen.unreadable === undefined && seen.replaces === undefined && !seen.type.endsWith("poll.end") && !/“fence-\d+”|^\S+ · open until /.test(seen.body))
      .map((seen) => `${human.name} reads ${seen.body}`));
    assert.deepEqual(read, []);
    return this.since(rows);
  }
  /** Asks again and again until it holds; for what only the server can say. */
  async until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const end = Date.now() + PATIENCE;
    while (!await holds()) {
      if (Date.now() > end) throw new Error(`${what}: not within ${PATIENCE / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  /** Lines of the open tasks, as this person is told them. */
  async tasks(name: string): Promise<readonly string[]> {
    const answer = await this.asks(name, this.direct(name), "task list", /: \d+ open task|no open task/);
    return answer.body.split("\n").filter((line) => /\bT-\d+ /.test(line));
  }
  /** Rows of the journal as they are now, chain by chain, without what a {@link fence} and somebody's coming in leave. The bot goes on running. */
  async journal(): Promise<readonly Row[]> {
    const copy = mkdtempSync(path.join(tmpdir(), "relevo-journal-"));
    try {
      cpSync(path.join(this.bot.dir, "data"), copy, { recursive: true });
      const passphrase = readFileSync(path.join(this.bot.dir, "secrets", "passphrase"), "utf8").trim();
      const random = systemRandom();
      this.#keys ??= openKeys({ folder: copy, passphrase, random });
      const journal = openJournal({ folder: copy, keys: this.#keys, clock: { now: () => 0 as Instant }, random, known: () => true, evolveVersion: "attacks" });
      const rows: Row[] = [];
      for (const chain of await journal.chains()) for await (const row of journal.read(chain, 0)) rows.push(row);
      await journal.close();
      return rows.filter(({ event }) => !(event.type === "system.noted" && ["unknown-command", "joined"].includes(event.what)));
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  }
  /** What the journal has gained since it was read: the type of each row, of a note its code. `which` leaves out rows that are not looked for. */
  async since(before: readonly Row[], which: (row: Row) => boolean = () => true): Promise<readonly string[]> {
    const known = new Set(before.map((row) => `${row.chain} ${row.seq}`));
    return (await this.journal()).filter((row) => !known.has(`${row.chain} ${row.seq}`) && which(row)).map(told);
  }

  /** Two administrators of two countries confirm; resolves when both are in the coordination room. */
  async open(): Promise<void> {
    const [ana, luis] = [this.person("ana"), this.person("luis")];
    const direct = await ana.direct(this.bot.userId);
    await ana.say(direct, `jit open agreement "ES-PT 2026/114" states ES,PT until ${nextYear()}-11-20 admins ${ana.userId} ES ${luis.userId} PT`);
    await this.taps("ana", / · confirm /, /^Confirm$/);
    await this.taps("luis", / · your consent to /, /^Approve$/);
    await this.reads("ana", / is open: rooms /);
    await Promise.all([this.coordination("ana"), this.coordination("luis")]);
    await Promise.all(["ana", "luis"].map((name) => this.#welcomed(name)));
  }
  /** Ana adds somebody and Luís approves; resolves when they have been welcomed. */
  async add({ name, role, country }: Joining): Promise<void> {
    const from = { ana: this.person("ana").seen.length, luis: this.person("luis").seen.length };
    await this.person("ana").say(this.direct("ana"), `jit add ${this.person(name).userId} "${name}" ${role} ${country}`);
    await this.taps("ana", / · confirm /, /^Confirm$/, from.ana);
    await this.taps("luis", / · your consent to /, /^Approve$/, from.luis);
    await this.#welcomed(name);
  }
  async #welcomed(name: string): Promise<void> {
    this.#directs.set(name, (await this.reads(name, /^You are [A-Z]{2}-\d+ in /)).room);
  }

  /** What a test has started besides, and has to end with everything else. */
  ends(how: () => Promise<unknown>): void {
    this.#endings.push(how);
  }
  async close(): Promise<void> {
    for (const human of this.people.values()) human.stop();
    await this.bot.stop();
    await this.synapse.stop();
    for (const end of this.#endings) await end();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** The content of a vote for one answer of a poll. */
export function vote(poll: Seen, answer: RegExp): Readonly<Record<string, unknown>> {
  const option = poll.poll?.answers.find((each) => answer.test(each.text));
  if (option === undefined) throw new Error(`"${poll.body}" has no answer ${answer.source}`);
  return { "m.relates_to": { rel_type: "m.reference", event_id: poll.event }, [POLL_RESPONSE]: { answers: [option.id] } };
}

/** The type of a row; of a note, what it notes; of an ignored vote also why. */
export function told({ event }: Row): string {
  if (event.type === "system.noted") return event.what;
  return event.type === "question.vote-ignored" ? `${event.type} ${event.why}` : event.type;
}

/** Starts everything and opens the case; whatever was started is ended again if a later part fails. */
export async function openOperation({ members, owners = [], strangers = [], line, ...bot }: Options): Promise<Operation> {
  const dir = mkdtempSync(path.join(tmpdir(), "relevo-attacks-"));
  const synapse = await startSynapse({ dir: path.join(dir, "synapse"), fast: true });
  const people = new Map<string, Human>();
  let operation: Operation | undefined;
  try {
    for (const name of ["ana", "luis", ...owners, ...strangers, ...members.map((member) => member.name)]) people.set(name, await newHuman(synapse, name, { joins: true }));
    const named = await Promise.all(["ana", ...owners].map(async (name) => {
      const human = people.get(name);
      if (human === undefined) throw new Error(`nobody is called ${name}`);
      return { user: human.userId, masterKey: await human.masterKey() };
    }));
    const url = await line?.(synapse) ?? synapse.url;
    operation = new Operation({ dir, synapse, people, bot: await startBot({ dir: path.join(dir, "bot"), synapse: { ...synapse, url }, owners: named, zone: "Europe/Madrid", ...bot }) });
    await operation.open();
    for (const member of members) await operation.add(member);
    return operation;
  } catch (error) {
    if (operation === undefined) {
      for (const human of people.values()) human.stop();
      await synapse.stop();
      rmSync(dir, { recursive: true, force: true });
    } else await operation.close();
    throw error;
  }
}

/**
 * Stands between a person's client and the server for the next encrypted event it sends, as the server itself does: `change` gets the content
 * in the form in which it leaves the device and gives what is put in its place. Resolves with what left the device.
 */
export function betweenClientAndServer(human: Human, change: (content: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
  const { http } = human.client;
  const plain = http.authedRequest.bind(http);
  return new Promise((resolve) => {
    http.authedRequest = (async (method: never, where: string, query: never, body: never, options: never): Promise<unknown> => {
      if (!where.includes("/send/m.room.encrypted/")) return plain(method, where, query, body, options);
      http.authedRequest = plain;
      resolve(body);
      return plain(method, where, query, change(body) as never, options);
    }) as unknown as typeof http.authedRequest;
  });
}

function nextYear(): number {
  return new Date().getUTCFullYear() + 1;
}
