/** Worlds, cases and tasks for the tests of the domain: time is given, chance is counted, and everything goes through the rules themselves. */
import { Chain, Draft } from "../../src/domain/chain.ts";
import type { AnyEntity } from "../../src/domain/entities.ts";
import { ENTITIES, entityOf } from "../../src/domain/entities.ts";
import type { Author, Chance, Context, Decision, TickContext } from "../../src/domain/decision.ts";
import type { Effect, Say } from "../../src/domain/effect.ts";
import type { DomainEvent } from "../../src/domain/events.ts";
import type {
  CallSign, CaseId, ChainId, Country, Instant, MasterKey, TaskId, UserId, Zone,
} from "../../src/domain/ids.ts";
import { INSTALLATION, directSlot } from "../../src/domain/ids.ts";
import type { Language } from "../../src/domain/person.ts";
import type { Role } from "../../src/domain/roster.ts";
import type { Code, Line } from "../../src/domain/say.ts";
import type { Entities, Kind, Scope } from "../../src/domain/state.ts";
import type { Task } from "../../src/domain/task.ts";
import { addTask } from "../../src/domain/task.ts";
import type { Windows } from "../../src/domain/windows.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Monday 23 November 2026, 10:00 in Madrid. */
export const START = Date.UTC(2026, 10, 23, 9, 0) as Instant;
export const MADRID = "Europe/Madrid" as Zone;
export const BOGOTA = "America/Bogota" as Zone;

/** The windows of a real installation. */
export const WINDOWS: Windows = {
  taskReminders: [24 * HOUR, 2 * HOUR],
  taskOverdueEvery: 24 * HOUR,
  taskOverdueTimes: 3,
  bindingAnswer: 10 * MINUTE,
  requestOpen: 24 * HOUR,
  sealCorrection: 20_000,
  contactEvery: 30 * MINUTE,
  contactAnswer: 10 * MINUTE,
  alerts: {
    P1: { answer: 10 * MINUTE, repeat: 10 * MINUTE, times: 3 },
    P2: { answer: HOUR, repeat: HOUR, times: 3 },
    P3: { answer: 8 * HOUR, repeat: 8 * HOUR, times: 2 },
    P4: { answer: 7 * DAY, repeat: 7 * DAY, times: 1 },
  },
  checkpointEvery: 24 * HOUR, wakeTestWait: 30_000, wakeTestAnswer: 5 * MINUTE,
};

export function user(name: string): UserId {
  return `@${name}:${name}.example` as UserId;
}
export function country(code: string): Country {
  return code as Country;
}
export function sign(callSign: string): CallSign {
  return callSign as CallSign;
}
export function task(id: string): TaskId {
  return id as TaskId;
}
/** The master key that the server shows for somebody: 43 characters, different for each. */
export function keyOf(of: UserId): MasterKey {
  return `${of.replace(/[^a-z]/g, "")}${"A".repeat(43)}`.slice(0, 43) as MasterKey;
}

/** Chance that can be repeated: every value is new, nothing is random. */
export function countedChance(): Chance {
  let count = 0;
  const next = (): number => (count += 1);
  return {
    id: () => next().toString(32).padStart(26, "a"),
    code: () => next().toString(30).toUpperCase().padStart(4, "2"),
    pick(items) {
      const picked = items[next() % items.length];
      if (picked === undefined) throw new Error("nothing to pick from");
      return picked;
    },
    shuffle: (items) => items.toReversed(),
  };
}

/** A short text that is equal for equal values; not a hash. */
function plainDigest(value: unknown): string {
  return JSON.stringify(value);
}

export interface Noted {
  readonly event: DomainEvent;
  readonly effect: Effect;
}

/** An installation with its cases, driven by rules and time as the app would, in memory. */
export class World {
  now: Instant = START;
  windows: Windows = WINDOWS;
  readonly chance: Chance = countedChance();
  /** All events that were decided, in order. */
  readonly events: DomainEvent[] = [];
  readonly noted: Noted[] = [];
  /** What the server shows; change it to play a false server. */
  readonly identities = new Map<UserId, MasterKey>();
  readonly owners = new Set<UserId>();
  readonly #chains = new Map<ChainId, Chain>([[INSTALLATION, new Chain()]]);

  chain(id: ChainId): Chain {
    const chain = this.#chains.get(id) ?? new Chain();
    this.#chains.set(id, chain);
    return chain;
  }
  scope(id: ChainId = INSTALLATION): Scope {
    return { chain: id, state: this.chain(id).view, people: this.chain(INSTALLATION).view.person as Scope["people"] };
  }
  /** What the app knows of when people were last heard; nobody listens unless a test says so. */
  lastHeard: TickContext["lastHeard"];
  tickContext(): TickContext {
    return { now: this.now, chance: this.chance, windows: this.windows, digest: plainDigest, ...(this.lastHeard === undefined ? {} : { lastHeard: this.lastHeard }) };
  }
  context(by: UserId, chain: ChainId = INSTALLATION, more: Partial<Context> = {}): Context {
    const scope = this.scope(chain);
    const member = [...scope.state.member.values()].find((each) => each.user === by);
    const person = scope.people.get(by) ?? { user: by, masterKey: keyOf(by), language: "en" as Language, zone: MADRID };
    const author: Author = { user: by, person, owner: this.owners.has(by), ...(member === undefined ? {} : { member }) };
    const origin = { room: "direct" as const, slot: directSlot(by) };
    return { ...this.tickContext(), author, origin, identities: this.identities, ...more };
  }
  /** Takes events into the state and notes what follows from them. */
  apply(events: readonly DomainEvent[], chain: ChainId): void {
    const drafts = new Map<ChainId, Draft>();
    const homes = events.map((event) => (entityOf(event).home === "installation" ? INSTALLATION : chain));
    events.forEach((event, index) => {
      const home = homes[index] ?? chain;
      const draft = drafts.get(home) ?? new Draft(this.chain(home).view);
      drafts.set(home, draft);
      draft.apply(event);
    });
    for (const [home, draft] of drafts) this.chain(home).put(draft.changes());
    events.forEach((event, index) => {
      const effects = entityOf(event).effects(event, this.scope(homes[index] ?? chain));
      this.noted.push(...effects.map((effect) => ({ event, effect })));
    });
    this.events.push(...events);
  }
  /** Runs a rule for somebody; what it decides is taken in, a refusal changes nothing. */
  decide(chain: ChainId, by: UserId, rule: (scope: Scope, ctx: Context) => Decision, more: Partial<Context> = {}): Decision {
    const decision = rule(this.scope(chain), this.context(by, chain, more));
    if (decision.ok) this.apply(decision.events, decision.chain ?? chain);
    return decision;
  }
  /** Wakes everything that is due now, each as often as it asks for; gives how many times something was woken. */
  tick(): number {
    let woken = 0;
    for (let due = this.#due(); due !== undefined; due = this.#due()) {
      woken += 1;
      if (woken > 10_000) throw new Error(`${due.kind} ${due.key} asks to be woken again and again`);
      const entity = ENTITIES[due.kind];
      const scope = this.scope(due.chain);
      const of = scope.state[due.kind].get(due.key);
      if (of === undefined || entity.tick === undefined) throw new Error(`${due.kind} wants to be woken and cannot tick`);
      const decision = entity.tick(of, this.tickContext(), scope);
      if (!decision.ok) throw new Error(`${due.kind} refused a tick`);
      this.apply(decision.events, decision.chain ?? due.chain);
    }
    return woken;
  }
  /** Time goes by and everything is woken when it is due. */
  pass(ms: number): void {
    const end = (this.now + ms) as Instant;
    this.tick();
    for (let next = this.#nextWake(); next !== undefined && next <= end; next = this.#nextWake()) {
      this.now = Math.max(this.now, next) as Instant;
      this.tick();
    }
    this.now = end;
  }
  /** The bot was down: time went by and nothing was woken until the end. */
  downtime(ms: number): void {
    this.now = (this.now + ms) as Instant;
    this.tick();
  }
  /** The first moment at which anything wants to be woken. */
  nextWake(): Instant | undefined {
    return this.#nextWake();
  }
  /** Forgets what was noted so far, so that a test sees only what follows. */
  listen(): this {
    this.noted.length = 0;
    return this;
  }
  said(): readonly Say[] {
    return this.noted.flatMap(({ effect }) => (effect.effect === "say" ? [effect] : []));
  }
  /** What one person was told in their direct chat, line by line. */
  toldTo(who: UserId): readonly Line[] {
    return this.said().filter((say) => say.to.to === "people" && say.to.users.includes(who)).flatMap((say) => say.message.lines);
  }

  *#wakes(): Iterable<{ chain: ChainId; kind: Kind; key: string; at: Instant }> {
    for (const [chain, { view }] of this.#chains) {
      const scope = this.scope(chain);
      for (const [kind, entity] of Object.entries(ENTITIES) as [Kind, AnyEntity][]) {
        for (const [key, of] of view[kind] as ReadonlyMap<string, Entities[Kind]>) {
          const at = entity.nextWake?.(of, this.windows, scope);
          if (at !== undefined) yield { chain, kind, key, at };
        }
      }
    }
  }
  #due(): { chain: ChainId; kind: Kind; key: string } | undefined {
    for (const wake of this.#wakes()) if (wake.at <= this.now) return wake;
    return undefined;
  }
  #nextWake(): Instant | undefined {
    let first: Instant | undefined;
    for (const { at } of this.#wakes()) if (first === undefined || at < first) first = at;
    return first;
  }
}

/** One case in a world, with the people of it by call sign. */
export class Story {
  readonly world: World;
  readonly id: CaseId;

  constructor(world: World, id: CaseId) {
    this.world = world;
    this.id = id;
  }
  get scope(): Scope {
    return this.world.scope(this.id);
  }
  userOf(callSign: string): UserId {
    const member = this.scope.state.member.get(callSign);
    if (member === undefined) throw new Error(`nobody is ${callSign} in this story`);
    return member.user;
  }
  /** Runs a rule for a member of the case. */
  as(callSign: string, rule: (scope: Scope, ctx: Context) => Decision, more: Partial<Context> = {}): Decision {
    return this.world.decide(this.id, this.userOf(callSign), rule, more);
  }
  task(id: string): Task {
    const found = this.scope.state.task.get(id);
    if (found === undefined) throw new Error(`no ${id} in this story`);
    return found;
  }
}

/**
 * A case that is open since {@link START}, with ES-1 (Ana) and CO-1 (Luis) as administrators.
 * ```ts
 * const story = aCase().states("ES", "CO", "CV").with("CV", "member").open();
 * ```
 */
export function aCase(): CaseBuilder {
  return new CaseBuilder();
}

export class CaseBuilder {
  #states = ["ES", "CO", "CV", "PT"];
  #until = Date.UTC(2027, 10, 20, 22, 59) as Instant;
  readonly #people: { country: string; role: Role; name?: string }[] = [
    { country: "ES", role: "administrator", name: "ana" },
    { country: "CO", role: "administrator", name: "luis" },
  ];

  states(...codes: readonly string[]): this {
    this.#states = [...codes];
    return this;
  }
  until(at: number): this {
    this.#until = at as Instant;
    return this;
  }
  /** Adds somebody; call signs are counted by country in the order given. */
  with(of: string, role: Role, name?: string): this {
    this.#people.push({ country: of, role, ...(name === undefined ? {} : { name }) });
    return this;
  }
  open(world: World = new World()): Story {
    const id = world.chance.id() as CaseId;
    const counts = new Map<string, number>();
    const members = this.#people.map((person) => {
      const number = (counts.get(person.country) ?? 0) + 1;
      counts.set(person.country, number);
      const who = user(person.name ?? `${person.country.toLowerCase()}${number}`);
      world.identities.set(who, keyOf(who));
      return { ...person, user: who, callSign: sign(`${person.country}-${number}`) };
    });
    const administrators = members.filter((member) => member.role === "administrator").map((member) => member.user);
    const events: DomainEvent[] = [
      ...members
        .filter((member) => !world.scope().people.has(member.user))
        .map((member): DomainEvent => ({ type: "person.pinned", v: 1, user: member.user, masterKey: keyOf(member.user), language: "en", zone: MADRID })),
      {
        type: "case.opened", v: 1, case: id, codename: "Albatross", agreement: "ES-CO-CV 2026/114", states: this.#states.map(country),
        from: world.now, until: this.#until, zone: MADRID, language: "en", digest: "7F3Q-19KD", at: world.now, by: user("ana"),
        confirmedBy: administrators,
      },
      ...members.map((member): DomainEvent => ({
        type: "member.added", v: 1, callSign: member.callSign, user: member.user, name: member.name ?? member.callSign,
        country: country(member.country), role: member.role, at: world.now, by: user("ana"),
        approvedBy: member.role === "administrator" ? administrators : [user("luis")],
      })),
    ];
    world.apply(events, id);
    world.listen();
    return new Story(world, id);
  }
}

/**
 * A task given by ES-1.
 * ```ts
 * aTask().to("CO-1").due(26 * HOUR).in(story)
 * ```
 */
export function aTask(): TaskBuilder {
  return new TaskBuilder();
}

export class TaskBuilder {
  #owner: CallSign | undefined;
  #due: number | undefined;
  #title = "Get the air waybill from the carrier";

  to(callSign: string): this {
    this.#owner = sign(callSign);
    return this;
  }
  /** So many milliseconds from now, said in Bogotá. */
  due(ms: number): this {
    this.#due = ms;
    return this;
  }
  titled(title: string): this {
    this.#title = title;
    return this;
  }
  in(story: Story, by = "ES-1"): Task {
    const due = this.#due === undefined ? undefined : { at: (story.world.now + this.#due) as Instant, zone: BOGOTA };
    const decision = story.as(by, (scope, ctx) => addTask(scope, { title: this.#title, owner: this.#owner, due }, ctx));
    const added = decision.ok ? decision.events[0] : undefined;
    if (added?.type !== "task.added") throw new Error(`the task was not added: ${codes(decision).join(", ")}`);
    story.world.listen();
    return story.task(added.task);
  }
}

/** Codes of a refusal's lines; empty for what was decided. */
export function codes(decision: Decision): readonly Code[] {
  return decision.ok ? [] : decision.lines.map((each) => each.code);
}

/** The boards that became dirty. */
export function boards(world: World): readonly string[] {
  return world.noted.flatMap(({ effect }) => (effect.effect === "board" ? [effect.slot] : []));
}
