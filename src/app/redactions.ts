/**
 * Messages of the bot's that somebody else has removed from a room: posted again, and people told. What was seen is durable with the sync that showed it,
 * and gone with the message that takes the place of the removed one, so that a crash neither forgets nor repeats it.
 */
import { createHash } from "node:crypto";
import type { Effect } from "../domain/effect.ts";
import { tellPeople } from "../domain/effect.ts";
import type { EventId, RoomId, UserId } from "../domain/ids.ts";
import { INSTALLATION, directUser } from "../domain/ids.ts";
import { line, message } from "../domain/say.ts";
import type { Clock, Gateway, Journal, NewOutbox, Outbox, TimelineEvent } from "../ports.ts";
import type { Alarms } from "./alarms.ts";
import type { Health } from "./health.ts";
import type { Body, OutboxSender } from "./outbox.ts";
import { boardValue, key } from "./outbox.ts";
import { removedLines } from "./room-news.ts";
import type { Log } from "./system.ts";
import type { Turns } from "./turn.ts";
import type { Placed, World } from "./world.ts";
import type { Writer } from "./writer.ts";

const PREFIX = "removed:";
/** So often one message is posted again. */
const TIMES = 3;
/** Most that are remembered at once; whoever can remove more than that keeps the bot busy with nothing else. */
const MOST = 500;

/** What it needs. */
export interface RedactionParts {
  readonly journal: Journal;
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly world: World;
  readonly writer: Writer;
  readonly turns: Turns;
  readonly alarms: Alarms;
  readonly health: Health;
  readonly log: Log;
  readonly outbox: Pick<OutboxSender, "boardPlace" | "boardRemoved">;
}
interface Removed {
  readonly room: RoomId;
  readonly target: EventId;
  readonly by: UserId;
}

/** Sees that messages are removed, and posts them again. */
export class Redactions {
  readonly #parts: RedactionParts;
  readonly #waiting = new Map<string, Removed>();
  #isBusy = false;
  #stopped = false;

  constructor(parts: RedactionParts) {
    this.#parts = parts;
  }
  async load(): Promise<void> {
    for (const [name, text] of await this.#parts.journal.values(PREFIX)) this.#waiting.set(name, JSON.parse(text) as Removed);
  }
  stop(): void {
    this.#stopped = true;
  }
  /** Of what a room shows, what removes a message of the bot's; to be made durable with the rest of it. */
  async found(room: RoomId, events: readonly TimelineEvent[]): Promise<Readonly<Record<string, string>>> {
    const { gateway, world, journal } = this.#parts;
    const values: Record<string, string> = {};
    const at = world.placed(room);
    if (at === undefined) return values;
    for (const event of events) {
      if (event.type !== "m.room.redaction" || event.sender === gateway.user) continue;
      const target = targetOf(event.wire);
      if (target === undefined || this.#waiting.size + Object.keys(values).length >= MOST) continue;
      const isOurs = (await this.#isBoard(at, target, false)) || (await this.#isBoard(at, target, true)) || (await journal.outboxSentAs(target)) !== undefined;
      if (isOurs) values[`${PREFIX}${event.event}`] = JSON.stringify({ room, target, by: event.sender } satisfies Removed);
    }
    return values;
  }
  /** They are durable now. */
  add(values: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(values)) this.#waiting.set(name, JSON.parse(text) as Removed);
    if (Object.keys(values).length > 0) this.run();
  }
  /** Deals with what waits, beside everything else. */
  run(): void {
    if (this.#isBusy || this.#stopped || this.#waiting.size === 0) return;
    this.#isBusy = true;
    void this.#run()
      .catch((fault: unknown) => void this.#parts.log.bug("redactions.failed", fault))
      .finally(() => { this.#isBusy = false; });
  }
  async #run(): Promise<void> {
    for (let next = [...this.#waiting][0]; next !== undefined && !this.#stopped; next = [...this.#waiting][0]) {
      const [name, removed] = next;
      await this.#parts.writer.do("live", () => this.#again(name, removed));
      this.#waiting.delete(name);
    }
  }
  async #again(name: string, { room, target, by }: Removed): Promise<void> {
    const { world, journal, turns, clock, alarms, health, outbox } = this.#parts;
    const now = clock.now();
    const at = world.placed(room);
    const row = at === undefined ? undefined : await journal.outboxSentAs(target);
    if (at === undefined) return void (await journal.commit({ values: { [name]: null } }));
    health.count("messages_removed");
    // Their own copy is theirs to remove; but the removal is a claim of the server, so they are told.
    const isTheirs = at.chain === INSTALLATION && by === directUser(at.slot);
    const body = row === undefined ? undefined : (JSON.parse(row.body) as Body);
    const isCard = (body?.kind === "board" && body.of === "card") || (await this.#isBoard(at, target, true));
    const isBoard = isCard || body?.kind === "board" || (await this.#isBoard(at, target, false));
    const often = row === undefined ? 0 : timesOf(row);
    const isAgain = !isTheirs && (isBoard || (row !== undefined && often < TIMES));
    const effects: readonly Effect[] = isTheirs ? [{ ...tellPeople([by], message(line("room.message-yours", {}))), supersedes: "message-yours" }] : isAgain && isBoard ? [{ effect: "board", slot: at.slot, ...(isCard ? { card: true } : {}) }] : [];
    const board = isAgain && isBoard ? await outbox.boardPlace(at, isCard) : undefined;
    if (board !== undefined) outbox.boardRemoved(board.event);
    await turns.commit({
      now, parts: [], trust: "none",
      notes: [{ chain: at.chain, what: "message-removed", facts: { slot: at.chain === INSTALLATION ? "direct" : at.slot, again: isAgain }, effects }],
      ...(isAgain && !isBoard && row !== undefined ? { again: [anew(row, target)] } : {}),
      values: { [name]: null, ...(isBoard && isAgain ? { [boardValue(at, isCard)]: null } : {}) },
    });
    if (isTheirs) return;
    const chain = at.chain === INSTALLATION && row !== undefined ? row.chain : at.chain;
    alarms.give(chain, { what: "message-removed-alarm", about: `${key(at)}/${by}/${String(isAgain)}`, facts: { again: isAgain }, lines: removedLines(world.scope(at.chain), at, by, isAgain ? "again" : "too-often") });
  }
  async #isBoard(at: Placed, target: EventId, isCard: boolean): Promise<boolean> {
    const place = await this.#parts.outbox.boardPlace(at, isCard);
    return place !== undefined && (place.event === target || place.latest === target);
  }
}

/** Which event is removed: up to room version 10 it stands beside the content, later in it. */
function targetOf(wire: Readonly<Record<string, unknown>>): EventId | undefined {
  const content = wire["content"];
  const target = (typeof content === "object" && content !== null ? (content as Record<string, unknown>)["redacts"] : undefined) ?? wire["redacts"];
  return typeof target === "string" && target.startsWith("$") ? (target as EventId) : undefined;
}
/** How often it has been posted again already: its id tells. */
function timesOf(row: Outbox): number {
  return Number(/^again(\d)-/.exec(row.id)?.[1] ?? 0);
}
/** The same once more. Its id follows from the event that was removed: decided twice because of a crash, it is the same. */
function anew(row: Outbox, target: EventId): NewOutbox {
  const { chain, lane, created, expires } = row;
  const body = JSON.parse(row.body) as Body;
  return {
    id: `again${timesOf(row) + 1}-${createHash("sha256").update(`relevo/again/1\n${target}`).digest("hex")}`, chain, lane, created, ...(expires === undefined ? {} : { expires }),
    body: body.kind === "poll" ? JSON.stringify({ ...body, of: body.of ?? row.id }) : row.body,
  };
}
