/** One turn of the writer: what was decided, evolved, put in words, and made durable in one transaction; the state is swapped only after it. */
import { calledNow } from "../domain/access.ts";
import type { Draft } from "../domain/chain.ts";
import { Draft as NewDraft } from "../domain/chain.ts";
import type { Effect } from "../domain/effect.ts";
import { reply } from "../domain/effect.ts";
import { entityOf } from "../domain/entities.ts";
import type { DomainEvent } from "../domain/events.ts";
import type { ChainId, EventId, Instant, UserId } from "../domain/ids.ts";
import { INSTALLATION } from "../domain/ids.ts";
import type { Person } from "../domain/person.ts";
import { line, message } from "../domain/say.ts";
import type { Kind, Scope } from "../domain/state.ts";
import { calledInCase } from "../domain/state.ts";
import type { Batch, Committed, InboxEnd, Journal, NewOutbox, NewRow, Ratchet, Trust } from "../ports.ts";
import type { Access } from "./access.ts";
import type { Confirming } from "./confirming.ts";
import type { OutboxSender } from "./outbox.ts";
import { boardValue } from "./outbox.ts";
import type { Reconciler } from "./reconciler.ts";
import type { Home, Mark, Rendered } from "./render.ts";
import { render } from "./render.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Placed, World } from "./world.ts";

/** Events of one chain; those of people go to the installation's chain wherever they were decided. */
export interface Part {
  readonly chain: ChainId;
  readonly events: readonly DomainEvent[];
}
/** Something that is on record without changing an entity: a read, a refusal, a silence; with what is said because of it. */
export interface Note {
  readonly chain: ChainId;
  readonly what: string;
  readonly facts: Readonly<Record<string, string | number | boolean>>;
  readonly effects?: readonly Effect[];
}
/** Everything that one command, answer, tick or refusal comes to. */
export interface Turn {
  readonly now: Instant;
  readonly parts: readonly Part[];
  readonly notes?: readonly Note[];
  readonly actor?: UserId;
  readonly cause?: EventId;
  readonly trust: Trust;
  readonly home?: Home;
  readonly inboxEnd?: { readonly event: EventId; readonly end: InboxEnd };
  readonly ratchet?: Ratchet;
  /** Said at the end of every message that follows; with `stubs`, of those that wake a phone too. */
  readonly mark?: Mark;
  /** What is told to people in passing is told otherwise: of a downtime's reminders one digest. */
  readonly digested?: boolean;
  /** Messages that are said again as they were: their content was fixed when it was decided. */
  readonly again?: readonly NewOutbox[];
  /** Small durable values of the same transaction. */
  readonly values?: NonNullable<Batch["values"]>;
}

/** What committing a turn needs; the last three are made after it. */
export interface TurnParts {
  readonly journal: Journal;
  readonly world: World;
  readonly prefix: string;
  random(): string;
  scheduler(): Scheduler;
  outbox(): OutboxSender;
  reconciler(): Reconciler;
  access(): Access;
  confirming(): Pick<Confirming, "look">;
}

/** Changes of these may change which rooms there should be, or who should be in them. */
const ROOM_KINDS: ReadonlySet<Kind> = new Set<Kind>(["case", "member", "delivery", "room", "person"]);
/** Changes of these are brought to the crypto engine. */
const IDENTITY_KINDS: ReadonlySet<Kind> = new Set<Kind>(["person", "comparison"]);

/** Commits turns and swaps the state. */
export class Turns {
  readonly #parts: TurnParts;
  /** Boards that wait already and are to show what the turn changes that is being made durable. */
  readonly #relied = new Set<string>();
  /** Last row of each chain that the state in memory holds; snapshots are taken there. */
  readonly seqs = new Map<ChainId, number>();

  constructor(parts: TurnParts) {
    this.#parts = parts;
  }

  /** Whether the turn that is being made durable leaves it to this board, which waits already, to show what it changes: until then it would show what is over. */
  reliesOn(at: Placed, isCard: boolean): boolean {
    return this.#relied.has(boardValue(at, isCard));
  }
  async commit(turn: Turn): Promise<void> {
    const { world } = this.#parts;
    const drafts = new Map<ChainId, Draft>();
    const draft = (chain: ChainId): Draft => {
      const found = drafts.get(chain) ?? new NewDraft(world.chain(chain).view);
      drafts.set(chain, found);
      return found;
    };
    const placed = turn.parts.flatMap(({ chain, events }) =>
      events.map((event) => ({ event, chain: entityOf(event).home === "installation" ? INSTALLATION : chain })));
    for (const { chain, event } of placed) draft(chain).apply(event);
    const people = draft(INSTALLATION).view.person as ReadonlyMap<string, Person> as ReadonlyMap<UserId, Person>;
    const scope = (chain: ChainId): Scope => ({ chain, state: drafts.get(chain)?.view ?? world.chain(chain).view, people });

    const rows: NewRow[] = [];
    const outbox: NonNullable<Batch["outbox"]>[number][] = [];
    let isMarked = false;
    const boards = new Set<string>();
    const boardWaits = (at: Placed, isCard: boolean): boolean => {
      const isThere = this.#parts.outbox().boardWaits(at, isCard);
      if (isThere) this.#relied.add(boardValue(at, isCard));
      const waits = boards.has(boardValue(at, isCard)) || isThere;
      boards.add(boardValue(at, isCard));
      return waits;
    };
    const leftOut = new Map<UserId, ChainId>();
    const add = (chain: ChainId, event: NewRow["event"], effects: readonly Effect[]): void => {
      const row = rows.length;
      rows.push({
        chain, event, at: turn.now, trust: turn.trust,
        ...(turn.actor === undefined ? {} : { actor: turn.actor }), ...(turn.cause === undefined ? {} : { cause: turn.cause }),
      });
      let n = 0;
      isMarked ||= effects.some(bearsMark);
      for (const effect of effects) {
        if (turn.digested === true && effect.effect === "say" && effect.to.to === "people" && effect.lane === "routine") continue;
        const rendered = render(effect, {
          chain, scope: scope(chain), now: turn.now, prefix: this.#parts.prefix, boardWaits, random: this.#parts.random,
          leftOut: (user) => void leftOut.set(user, chain),
          ...(turn.home === undefined ? {} : { home: turn.home }), ...(turn.mark === undefined ? {} : { mark: turn.mark }),
        });
        for (const each of rendered) outbox.push(identified(each, row, n++));
      }
    };
    for (const { chain, event } of placed) add(chain, event, entityOf(event).effects(event, scope(chain)));
    for (const note of turn.notes ?? []) add(note.chain, { type: "system.noted", v: 1, what: note.what, facts: note.facts }, note.effects ?? []);

    if (leftOut.size > 0) add(turn.parts[0]?.chain ?? INSTALLATION, { type: "system.noted", v: 1, what: "kept-out-untold", facts: { people: leftOut.size } }, untold(leftOut, turn, scope));
    // The mark alone, which stands at the end of every message.
    if (turn.mark !== undefined && turn.home !== undefined && !isMarked) {
      add(turn.parts[0]?.chain ?? INSTALLATION, { type: "system.noted", v: 1, what: "late", facts: {} }, [reply(message())]);
    }

    outbox.push(...(turn.again ?? []));
    const committed = await this.#durable({
      rows, outbox, ...(turn.values === undefined ? {} : { values: turn.values }),
      ...(turn.inboxEnd === undefined ? {} : { inboxEnds: [turn.inboxEnd] }),
      ...(turn.ratchet === undefined ? {} : { ratchets: [turn.ratchet] }),
    });
    const changed = [...drafts].map(([chain, each]) => ({ chain, changes: each.changes() })).filter(({ changes }) => changes.length > 0);
    for (const { chain, changes } of changed) world.put(chain, changes);
    for (const { chain, seq } of committed.rows) this.seqs.set(chain, seq);
    for (const { chain, changes } of changed) {
      const now = world.scope(chain);
      for (const change of changes) this.#parts.scheduler().look(chain, change.kind, change.key, now);
    }
    this.#relied.clear();
    this.#parts.outbox().add(outbox.map((each, index): NewOutbox => {
      const { of: _of, ...row } = each as typeof each & { of?: unknown };
      return { ...row, id: committed.outbox[index] as string };
    }));
    for (const { changes } of changed) this.#parts.access().committed(changes);
    if (changed.some(({ changes }) => changes.some((change) => IDENTITY_KINDS.has(change.kind)))) this.#parts.confirming().look();
    for (const { chain, changes } of changed) {
      if (!changes.some((change) => ROOM_KINDS.has(change.kind))) continue;
      if (chain === INSTALLATION) {
        for (const change of changes) if (change.kind === "person") this.#parts.reconciler().look(world.direct(change.key as UserId));
      } else this.#parts.reconciler().lookAtCase(chain);
      this.#parts.outbox().reconsider(chain);
    }
  }
  async #durable(batch: Batch): Promise<Committed> {
    try {
      return await this.#parts.journal.commit(batch);
    } catch (fault) {
      this.#relied.clear();
      throw fault;
    }
  }
}

/** Whoever acted is told whom it did not reach: nobody may believe that something was sent which was not. */
function untold(leftOut: ReadonlyMap<UserId, ChainId>, turn: Turn, scope: (chain: ChainId) => Scope): readonly Effect[] {
  if (turn.home === undefined) return [];
  const who = [...leftOut].filter(([user]) => user !== turn.actor).map(([user, chain]) => ({ user, callSign: calledInCase(scope(chain), user) }));
  return who.length === 0 ? [] : [reply(message(line("access.not-told", { who: calledNow(scope(INSTALLATION), who) })))];
}

/** Whether its reader is the one who acted, or those with whom they spoke, so that a mark on it reaches them. */
function bearsMark(effect: Effect): boolean {
  return effect.effect === "ask" || (effect.effect === "say" && !effect.wakes && effect.to.to !== "people");
}

function identified(each: Rendered, row: number, n: number): NonNullable<Batch["outbox"]>[number] {
  const { id, ...rest } = each;
  return id === undefined ? { ...rest, of: { row, n } } : { ...rest, id };
}
