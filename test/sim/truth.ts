/** What must be true whatever happens, looked at with each commit and each encryption: the journal folded beside the app, from its rows alone. */
import { isKeptOut } from "../../src/domain/access.ts";
import { Chain } from "../../src/domain/chain.ts";
import type { DomainEvent } from "../../src/domain/events.ts";
import type { ChainId, EventId, Instant, RoomId, Slot, UserId } from "../../src/domain/ids.ts";
import { INSTALLATION, directUser } from "../../src/domain/ids.ts";
import type { Person } from "../../src/domain/person.ts";
import type { Scope } from "../../src/domain/state.ts";
import { MEGOLM, rosterOf } from "../../src/domain/workspace.ts";
import type { Batch, Committed, InboxEnd, NewOutbox, Recipient, Row } from "../../src/ports.ts";
import { guard } from "./guards.ts";
import type { Durable } from "./memory-journal.ts";
import type { ModelServer } from "./model-server.ts";

/** A message that has been decided. */
export interface Effect {
  readonly row: NewOutbox;
  readonly kind: string;
  readonly dropped?: string;
}
/** Events that may change who is entitled to read. */
const ENTITLING = /^(?:person|member|delivery|case)\./;
interface Placed {
  readonly chain: ChainId;
  readonly slot: Slot;
}

/** What the journal says. Whatever breaks a promise is reported, once and with its reason. */
export class Truth {
  readonly effects = new Map<string, Effect>();
  /** What has come of people's messages: the types of the events. */
  readonly cameOf = new Map<EventId, string[]>();
  readonly ends = new Map<EventId, InboxEnd>();
  readonly #chains = new Map<ChainId, Chain>([[INSTALLATION, new Chain()]]);
  readonly #texts = new WeakMap<object, string>();
  readonly #latest = new Map<ChainId, Instant>();
  readonly #rooms = new Map<RoomId, Placed>();
  /** Rooms that another has taken the place of, and in which commit. */
  readonly #replaced = new Map<RoomId, number>();
  /** Who might read in each room before the last commit, if that may have changed it. */
  #before: ReadonlyMap<RoomId, readonly UserId[]> = new Map();
  /** Messages that were encrypted, in the instant in which it was decided, for somebody who may not know: they must not go out like that. */
  readonly #mustNotGo = new Map<string, readonly UserId[]>();
  /** What stands on record besides what happened. */
  readonly noted = new Set<string>();
  /** People who were cut off or suspended at some time: their stop moves nothing, and rings. */
  readonly everKeptOut = new Set<UserId>();
  /** Commit in which a message had its effect, and the message that used a place of a ratchet. */
  readonly #counted = new Map<EventId, number>();
  readonly #places = new Map<string, EventId>();
  readonly #report: (what: string) => void;
  #commits = 0;

  constructor(report: (what: string) => void) {
    this.#report = report;
  }
  /** Takes up what stands in a journal already. */
  load({ rows, inbox, outbox, ratchets }: Durable): void {
    for (const chain of rows.values()) for (const row of chain) this.#row(row.read);
    for (const { row } of outbox.values()) this.effects.set(row.id, { row, kind: kindOf(row.body) });
    for (const [event, { end }] of inbox) if (end !== undefined) this.ends.set(event, end);
    for (const { room, session, index, event } of ratchets.values()) this.#places.set(`${room}\n${session}\n${index}`, event);
  }
  /** Another that goes on from here and reports to somebody else. */
  copied(report: (what: string) => void): Truth {
    const copy = new Truth(report);
    for (const [id, chain] of this.#chains) copy.#chains.set(id, Chain.load(chain.save()));
    for (const [own, other] of [[copy.effects, this.effects], [copy.cameOf, this.cameOf], [copy.ends, this.ends], [copy.#latest, this.#latest], [copy.#rooms, this.#rooms],
      [copy.#replaced, this.#replaced], [copy.#places, this.#places]] as readonly (readonly [Map<unknown, unknown>, Map<unknown, unknown>])[]) for (const [key, value] of other) own.set(key, value);
    for (const user of this.everKeptOut) copy.everKeptOut.add(user);
    return copy;
  }
  get chains(): readonly ChainId[] {
    return [...this.#chains.keys()];
  }
  get cases(): readonly ChainId[] {
    return this.chains.filter((chain) => chain !== INSTALLATION);
  }
  get people(): ReadonlyMap<UserId, Person> {
    return this.#chain(INSTALLATION).view.person as ReadonlyMap<string, Person> as ReadonlyMap<UserId, Person>;
  }
  scope(chain: ChainId): Scope {
    return { chain, state: this.#chain(chain).view, people: this.people };
  }
  /** Where a room of the bot's stands, if it still is the one of its slot. */
  placed(room: RoomId): Placed | undefined {
    const found = this.#rooms.get(room);
    return found !== undefined && this.#chain(found.chain).view.room.get(found.slot)?.room === room ? found : undefined;
  }
  /** Compares what the app holds of a chain with what its rows come to. */
  held(chain: ChainId, state: unknown): void {
    const view = this.#chain(chain).view as Readonly<Record<string, ReadonlyMap<string, object>>>;
    const held = Object.entries(state as Readonly<Record<string, readonly (readonly [string, object])[]>>);
    const same = held.length === Object.keys(view).length && held.every(([kind, pairs]) => pairs.length === view[kind]?.size && pairs.every(([key, entity]) => {
      const own = view[kind]?.get(key);
      return own !== undefined && (own === entity || this.#textOf(own) === JSON.stringify(entity));
    }));
    if (!same) this.#report("what the bot held in memory is not what its journal says");
  }

  #textOf(own: object): string {
    const text = this.#texts.get(own) ?? JSON.stringify(own);
    this.#texts.set(own, text);
    return text;
  }

  /** A commit has become durable. */
  committed(batch: Batch, { rows, outbox }: Committed): void {
    this.#commits += 1;
    this.#before = new Map(rows.some(({ event }) => ENTITLING.test(event.type)) ? [...this.#rooms.keys()].flatMap((room) => {
      const place = this.placed(room);
      return place === undefined ? [] : [[room, this.entitled(place)] as const];
    }) : []);
    for (const { room, session, index, event } of batch.ratchets ?? []) this.#places.set(`${room}\n${session}\n${index}`, event);
    for (const row of rows) this.#decided(row);
    for (const { event, end } of batch.inboxEnds ?? []) {
      if (end === "done" && rows.length === 0) this.#report(`the message ${event} was done and nothing is on record of it`);
      this.ends.set(event, end);
    }
    for (const [index, id] of outbox.entries()) {
      const row = batch.outbox?.[index];
      if (row === undefined) continue;
      if (this.effects.has(id)) this.#report(`the effect ${id} was decided twice`);
      this.effects.set(id, { row: { ...row, id }, kind: kindOf(row.body) });
    }
    for (const change of batch.outboxChanges ?? []) if (change.to === "dropped") this.#dropped(change.id, change.why);
  }
  #decided(row: Row): void {
    const { event, cause, at } = row;
    if (event.type !== "system.noted" && event.type !== "system.restored") {
      for (const broken of guard(event, this.scope(row.chain), at)) this.#report(broken);
      if (cause !== undefined) this.#caused(event, cause);
    }
    this.#row(row);
  }
  #caused(event: DomainEvent, cause: EventId): void {
    const before = this.#counted.get(cause);
    if (before !== undefined && before !== this.#commits) this.#report(`the message ${cause} counted twice: ${event.type} came later`);
    const end = this.ends.get(cause);
    if (end !== undefined) this.#report(`${event.type} came of the message ${cause}, which was over (${end})`);
    this.#counted.set(cause, this.#commits);
    this.cameOf.set(cause, [...(this.cameOf.get(cause) ?? []), event.type]);
  }
  #dropped(id: string, why: string): void {
    const effect = this.effects.get(id);
    if (effect === undefined) return;
    this.effects.set(id, { ...effect, dropped: why });
    const { row, kind } = effect;
    if (why === "expired" && row.expires === undefined) this.#report(`a ${kind} was dropped as expired that never expires`);
    if (why !== "superseded" || kind === "board" || kind === "close") return;
    const newer = row.supersedes !== undefined && [...this.effects.values()].some((each) => each.row.supersedes === row.supersedes && each.row.id !== id && each.row.created > row.created);
    if (newer) return;
    const { asks } = JSON.parse(row.body) as { readonly asks?: { readonly chain: ChainId; readonly question: string } };
    const question = asks && this.scope(asks.chain).state.question.get(asks.question);
    if (question === undefined || question.state === "open") this.#report(`a ${kind} was dropped as superseded, and nothing had taken its place`);
  }
  #row(row: Row): void {
    const latest = this.#latest.get(row.chain) ?? 0;
    if (row.at < latest) this.#report(`time went back in the journal: ${row.event.type}`);
    this.#latest.set(row.chain, row.at);
    if (row.event.type === "system.noted") this.noted.add(row.event.what);
    if (row.event.type === "system.noted" || row.event.type === "system.restored") return;
    if (row.event.type === "room.bound") {
      const before = this.#chain(row.chain).view.room.get(row.event.slot)?.room;
      if (before !== undefined) this.#replaced.set(before, this.#commits);
    }
    if (row.event.type === "room.bound") this.#rooms.set(row.event.room, { chain: row.chain, slot: row.event.slot });
    this.#chain(row.chain).apply(row.event);
    if (/cut-off|suspended/.test(row.event.type)) for (const user of this.people.keys()) if (isKeptOut(this.people, user)) this.everKeptOut.add(user);
  }

  /** Somebody is about to be given the key of a message: exactly those who may know it. */
  encrypting(server: ModelServer, room: RoomId, recipients: readonly Recipient[], effect: string): void {
    if (server.stateOf(room, "m.room.encryption")?.["algorithm"] !== MEGOLM) this.#report(`something was said in ${room}, which is not encrypted`);
    const place = this.placed(room);
    // Replaced in the commit that has just become durable: the bot itself learns of it a moment later.
    if (place === undefined && this.#replaced.get(room) === this.#commits) return;
    if (place === undefined) {
      this.#report(`something was said in ${room}, which is no room of the bot's`);
      return;
    }
    const entitled = this.entitled(place);
    // Kept out in the commit that has just become durable: the bot learns of it while the keys are on their way, and must begin anew.
    const [late, others] = [new Set<UserId>(), new Set<UserId>()];
    for (const { user } of recipients) if (!entitled.includes(user)) (this.#before.get(room)?.includes(user) === true ? late : others).add(user);
    for (const user of others) this.#report(`${user} was given the key of ${place.slot}, and may not know`);
    this.#mustNotGo.set(effect, [...late]);
    for (const user of entitled) if (!recipients.some((each) => each.user === user)) this.#report(`${user} may know what is said in ${place.slot}, and was not given the key`);
  }
  /** A message of the bot is in its room now, and these can read it. */
  arrived(effect: string, readers: readonly UserId[]): void {
    for (const user of this.#mustNotGo.get(effect) ?? []) if (readers.includes(user)) this.#report(`${user} can read a message that was not sent yet when it was decided that they may not know`);
  }
  /** Who may read what is said there. */
  entitled(place: Placed): readonly UserId[] {
    const users = place.chain === INSTALLATION ? [directUser(place.slot)] : rosterOf(this.scope(place.chain), place.slot);
    return users.filter((user) => this.people.has(user) && !isKeptOut(this.people, user));
  }
  #chain(id: ChainId): Chain {
    const found = this.#chains.get(id) ?? new Chain();
    this.#chains.set(id, found);
    return found;
  }
}

/** A body begins with its kind. */
function kindOf(body: string): string {
  return /^\{"kind":"([a-z]+)"/.exec(body)?.[1] ?? "message";
}
