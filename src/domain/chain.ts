/** A chain's state and what a decision would make of it: evolved beside the state, put into it only after the commit. */
import type { DomainEvent } from "./events.ts";
import { entityOf } from "./entities.ts";
import type { ChainState, Entities, Kind } from "./state.ts";

type Maps = { readonly [K in Kind]: Map<string, Entities[K]> };

const KINDS: readonly Kind[] = ["person", "codename", "case", "member", "room", "question", "request", "task", "delivery", "alert", "wakeTest", "comparison"];

/** One entity as it is after an event. */
export interface Change {
  readonly kind: Kind;
  readonly key: string;
  readonly entity: Entities[Kind];
}

/** The state of one chain in memory; `view` is what rules read. */
export class Chain {
  readonly #maps: Maps = maps();
  readonly view: ChainState = this.#maps;

  put(changes: readonly Change[]): void {
    for (const { kind, key, entity } of changes) (this.#maps[kind] as Map<string, Entities[Kind]>).set(key, entity);
  }
  /** Replays one event of the past. */
  apply(event: DomainEvent): void {
    const entity = entityOf(event);
    const key = entity.key(event);
    this.put([{ kind: entity.kind, key, entity: entity.evolve(this.#maps[entity.kind].get(key), event) }]);
  }
  /** Plain JSON for a snapshot. */
  save(): Readonly<Record<string, readonly (readonly [string, unknown])[]>> {
    return Object.fromEntries(KINDS.map((kind) => [kind, [...this.#maps[kind]]]));
  }
  static load(saved: unknown): Chain {
    const chain = new Chain();
    for (const kind of KINDS) {
      const pairs = (saved as Record<string, [string, Entities[Kind]][]>)[kind] ?? [];
      chain.put(pairs.map(([key, entity]) => ({ kind, key, entity })));
    }
    return chain;
  }
}

/** Evolves events over a chain without touching it. */
export class Draft {
  readonly #changed: Maps = maps();
  readonly #base: ChainState;
  readonly view: ChainState;

  constructor(base: ChainState) {
    this.#base = base;
    const over = this.#changed;
    this.view = {
      person: new Overlay(base.person, over.person), codename: new Overlay(base.codename, over.codename), case: new Overlay(base.case, over.case),
      member: new Overlay(base.member, over.member), room: new Overlay(base.room, over.room), question: new Overlay(base.question, over.question),
      request: new Overlay(base.request, over.request), task: new Overlay(base.task, over.task), delivery: new Overlay(base.delivery, over.delivery),
      alert: new Overlay(base.alert, over.alert), wakeTest: new Overlay(base.wakeTest, over.wakeTest), comparison: new Overlay(base.comparison, over.comparison),
    };
  }
  apply(event: DomainEvent): void {
    const entity = entityOf(event);
    const key = entity.key(event);
    const before = this.#changed[entity.kind].get(key) ?? this.#base[entity.kind].get(key);
    (this.#changed[entity.kind] as Map<string, Entities[Kind]>).set(key, entity.evolve(before, event));
  }
  changes(): Change[] {
    return KINDS.flatMap((kind) => [...this.#changed[kind]].map(([key, entity]) => ({ kind, key, entity })));
  }
}

/** A map with changes laid over it: reads see the change, the base stays as it is. */
class Overlay<V> implements ReadonlyMap<string, V> {
  readonly #base: ReadonlyMap<string, V>;
  readonly #over: ReadonlyMap<string, V>;
  constructor(base: ReadonlyMap<string, V>, over: ReadonlyMap<string, V>) {
    this.#base = base;
    this.#over = over;
  }
  get size(): number {
    let size = this.#base.size;
    for (const key of this.#over.keys()) if (!this.#base.has(key)) size += 1;
    return size;
  }
  get(key: string): V | undefined {
    return this.#over.get(key) ?? this.#base.get(key);
  }
  has(key: string): boolean {
    return this.#over.has(key) || this.#base.has(key);
  }
  entries(): MapIterator<[string, V]> {
    return this.#over.size === 0 ? this.#base.entries() : this.#merged();
  }
  *#merged(): MapIterator<[string, V]> {
    for (const [key, value] of this.#base) yield [key, this.#over.get(key) ?? value];
    for (const [key, value] of this.#over) if (!this.#base.has(key)) yield [key, value];
  }
  *keys(): MapIterator<string> {
    for (const [key] of this.entries()) yield key;
  }
  values(): MapIterator<V> {
    return this.#over.size === 0 ? this.#base.values() : this.#mergedValues();
  }
  *#mergedValues(): MapIterator<V> {
    for (const [, value] of this.#merged()) yield value;
  }
  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries();
  }
  forEach(each: (value: V, key: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [key, value] of this.entries()) each(value, key, this);
  }
}

function maps(): Maps {
  return {
    person: new Map(), codename: new Map(), case: new Map(), member: new Map(), room: new Map(), question: new Map(), request: new Map(),
    task: new Map(), delivery: new Map(), alert: new Map(), wakeTest: new Map(), comparison: new Map(),
  };
}
