/** A run under way: the server, the people's phones, what is durable, and the bot's process just now. What goes wrong is kept, with the line of the story. */
import { fileURLToPath } from "node:url";
import { App, EVOLVE_VERSION } from "../../src/app/app.ts";
import type { Log } from "../../src/app/system.ts";
import type { Registry } from "../../src/chat/registry.ts";
import { loadRegistry } from "../../src/chat/registry.ts";
import type { ChainId, DeliveryId, EventId, Instant, MasterKey, RoomId, UserId } from "../../src/domain/ids.ts";
import { INSTALLATION, directSlot } from "../../src/domain/ids.ts";
import { JournalConflict } from "../../src/journal/errors.ts";
import type { Batch, Proof } from "../../src/ports.ts";
import { BOT, NOW } from "../domain/builders-core.ts";
import { MODEL_SETTINGS } from "../app/model-settings.ts";
import type { Dice } from "./chance.ts";
import { dice, seededChance } from "./chance.ts";
import { SimClock } from "./clock.ts";
import type { Outside } from "./life.ts";
import { InjectedFault, Life } from "./life.ts";
import type { Durable } from "./memory-journal.ts";
import { MemoryJournal, copiedJournal, nothingDurable } from "./memory-journal.ts";
import type { Content, ServerState } from "./model-server.ts";
import { ModelServer, copiedServer, noServerState } from "./model-server.ts";
import { SECRET } from "./people.ts";
import { Truth } from "./truth.ts";

const REGISTRY = await loadRegistry(fileURLToPath(new URL("../../commands/", import.meta.url)));
const MARK_KEY = new Uint8Array(32).fill(7);
/** Rounds in which the app does something without time passing; more, and it never comes to rest. */
const MOST_ROUNDS = 3_000;
/** Longest without an answer of the homeserver: a long poll ends then. */
const POLL = 30_000;

/** Changes that a test makes to the app through its ports, as a bug would. */
export interface Planted {
  readonly registry?: (registry: Registry) => Registry;
  /** Changes what is made durable. */
  readonly commit?: (batch: Batch) => readonly Batch[];
  readonly life?: (life: Life, scene: Scene) => Life;
  readonly snapshot?: (state: unknown) => unknown;
  /** Told what the bot logs. */
  readonly logged?: (code: string, facts: unknown) => void;
}
/** All that outlives the process; a run can begin from a copy of it. */
export interface Kept {
  readonly server: ServerState;
  readonly durable: Durable;
  readonly known: ReadonlySet<string>;
  readonly now: Instant;
}
/** Nothing has happened yet. */
export function nothingKept(): Kept {
  return { server: noServerState(), durable: nothingDurable(), known: new Set(), now: NOW };
}

const truths = new WeakMap<Kept, Truth>();
/** What the journal of a beginning says, worked out once for all runs that begin there. */
function truthOf(from: Kept): Truth {
  const known = truths.get(from);
  if (known !== undefined) return known;
  const truth = new Truth(() => undefined);
  truth.load(from.durable);
  truths.set(from, truth);
  return truth;
}

/** How a message is sent. */
export interface Sending {
  readonly device?: string;
  readonly key?: "at once" | "later" | "never";
  readonly isHeld?: boolean;
  readonly then?: (event: EventId) => void;
}
/** A command that somebody gave, and in which state the thing was that it is about. */
export interface Given {
  readonly command: string;
  readonly state: string;
}
/** A stop that must count, once it is heard. */
export interface StopSaid {
  readonly by: UserId;
  readonly chain: ChainId;
  readonly delivery: DeliveryId;
}

/** One run. */
export class Scene {
  readonly seed: number;
  readonly clock: SimClock;
  readonly server: ModelServer;
  readonly truth: Truth;
  readonly durable: Durable;
  readonly distrusted = new Map<UserId, Proof>();
  readonly shown = new Map<UserId, MasterKey>();
  readonly reported = new Set<UserId>();
  readonly registry: Registry;
  readonly given = new Map<EventId, Given>();
  readonly stops = new Map<EventId, StopSaid>();
  /** Everything that people have said where the bot is, so that nothing of it may be lost. */
  readonly spoken = new Map<EventId, RoomId>();
  /** People who were not proven at some time: what they said may rightly not count. */
  readonly everDoubted = new Set<UserId>();
  /** Rooms whose messages of before the server would not give out, and up to where. */
  readonly withheld = new Map<RoomId, number>();
  /** What had been said before the run began: nobody need know any more that it was decided. */
  readonly saidBefore: ReadonlySet<string>;
  readonly #known: Set<string>;
  readonly #dice: Dice;
  readonly #planted: Planted;
  #life: Life | undefined;
  #app: App | undefined;
  #lives = 0;
  #heardFrom: number;
  /** By how much the clock was set back in all, in milliseconds: so long the bot may hold its time. */
  setBack = 0;
  /** What was broken first. */
  broken: string | undefined;

  constructor(seed: number, from: Kept, planted: Planted = {}) {
    this.seed = seed;
    this.clock = new SimClock(from.now);
    this.server = new ModelServer(copiedServer(from.server), BOT, () => this.clock.now());
    this.durable = copiedJournal(from.durable);
    this.saidBefore = new Set(from.server.said.map(({ effect }) => effect));
    this.truth = truthOf(from).copied((what) => this.report(what));
    this.registry = planted.registry?.(REGISTRY) ?? REGISTRY;
    this.#known = new Set(from.known);
    this.#dice = dice(seed, "calls");
    this.#planted = planted;
    this.#heardFrom = from.now;
  }
  report(what: string): void {
    this.broken ??= what;
  }
  get life(): Life | undefined {
    return this.#life?.isOver === false ? this.#life : undefined;
  }
  /** What a later run can begin from. */
  kept(): Kept {
    return { server: copiedServer(this.server.state), durable: copiedJournal(this.durable), known: new Set(this.#known), now: this.clock.now() };
  }

  /** A new process on what is durable. It may not live to see its first sync. */
  async start(): Promise<void> {
    this.#life?.end();
    this.#lives += 1;
    const out: Outside = {
      server: this.server, clock: this.clock, withheld: this.withheld, known: this.#known, distrusted: this.distrusted, shown: this.shown, reported: this.reported, dice: this.#dice,
      encrypting: (room, recipients, effect) => this.truth.encrypting(this.server, room, recipients, effect),
      arrived: (effect, readers) => this.truth.arrived(effect, readers),
      inClear: (what, content) => { if (JSON.stringify(content).includes(SECRET)) this.report(`what belongs to a case went out in clear: ${what}`); },
    };
    const made = new Life(out);
    const life = this.#planted.life?.(made, this) ?? made;
    this.#life = life;
    const memory = new MemoryJournal(this.durable, () => this.clock.now(), EVOLVE_VERSION, {
      seen: (batch, committed) => this.truth.committed(batch, committed),
      snapshot: (chain, state) => {
        this.truth.held(chain, state);
        return this.#planted.snapshot?.(state) ?? state;
      },
      ...(this.#planted.commit === undefined ? {} : { changed: this.#planted.commit }),
    });
    const app = new App({
      gateway: life.gateway(), crypto: life.crypto(), journal: life.journal(memory), clock: life.clock(), random: seededChance(this.seed, this.#lives), log: this.#log(life),
      registry: this.registry, markKey: MARK_KEY,
      settings: MODEL_SETTINGS,
    });
    this.#app = app;
    // An operator starts again what could not go on.
    const over = (): void => { if (this.#life === life) life.end(); };
    app.start().catch(over);
    app.ended.catch(over);
    await this.settle();
  }
  #log(life: Life): Log {
    return {
      info: (code, facts) => this.#planted.logged?.(code, facts),
      warn: (code, facts) => this.#planted.logged?.(code, facts),
      error: (code, facts) => {
        this.#planted.logged?.(code, facts);
        if (code === "tick.nothing-decided") this.report("a moment came at which nothing was decided");
      },
      bug: (code, thrown) => {
        this.#planted.logged?.(code, thrown);
        if (!life.isOver && !(thrown instanceof InjectedFault) && !(thrown instanceof JournalConflict && thrown.kind === "inbox" && life.faulty)) {
          this.report(`the bot reports a fault of its own (${code}): ${thrown instanceof Error ? thrown.stack?.split("\n").slice(0, 4).join(" | ") ?? thrown.message : String(thrown)}`);
        }
        return "B-sim";
      },
    };
  }
  /** Until nothing happens any more without time passing. */
  async settle(): Promise<void> {
    let rounds = 0;
    let woken: number;
    do {
      woken = this.clock.woken;
      // Comes when all that waited for nothing has gone on; nothing in a run waits for anything else.
      await new Promise<void>((resolve) => { process.nextTick(resolve); });
      rounds += 1;
      if (rounds > MOST_ROUNDS) {
        this.report("the bot never comes to rest");
        this.#life?.end();
        return;
      }
      // Whoever was woken in the same go has only begun.
    } while (this.clock.soon > 0 || this.clock.woken > woken);
  }
  /** Lets time pass; whoever waits is woken on the way. */
  async pass(ms: number): Promise<void> {
    const end = (this.clock.now() + ms) as Instant;
    for (let next = this.clock.next(); next !== undefined && next <= end && this.broken === undefined; next = this.clock.next()) await this.#moveTo(next);
    await this.#moveTo(end);
  }
  /** A long poll of the server is answered in time, so that a quiet hour does not look like an hour without a homeserver. */
  async #moveTo(at: Instant): Promise<void> {
    if (at - this.#heardFrom > POLL) {
      this.clock.moveTo(Math.max(this.clock.now(), at - 1_000) as Instant);
      this.#life?.lull();
      await this.settle();
    }
    this.#heardFrom = Math.max(this.#heardFrom, at);
    this.clock.moveTo(at);
    await this.settle();
  }
  kill(): void {
    this.#life?.end();
  }
  /** Ends in order, as an operator would have it; killed if that takes too long. */
  async stop(): Promise<void> {
    const [app, life] = [this.#app, this.life];
    if (app === undefined || life === undefined) return;
    let isDone = false;
    app.stop(async () => life.close()).then(() => { isDone = true; }, (fault: unknown) => { if (!(fault instanceof InjectedFault)) this.report(`stopping failed: ${String(fault)}`); });
    await this.settle();
    for (let waited = 0; waited < 60 && !isDone && !life.isOver; waited += 1) await this.pass(1_000);
    if (!isDone && !life.isOver && !life.faulty) this.report("the bot does not stop");
    life.end();
  }

  /** What somebody's phone sends; `then` is told the event when it stands in the room, which may be later. */
  send(user: UserId, room: RoomId, type: string, content: Content, how: Sending = {}): void {
    const sealed = this.server.seal(user, how.device ?? "PHONE", room, type, content, how.key ?? "at once");
    const passed = (event: EventId): void => {
      if (this.server.membership(room, BOT) === "join") this.spoken.set(event, room);
      how.then?.(event);
    };
    if (how.isHeld === true) this.server.state.held.push({ room, sender: user, content: sealed, passed });
    else passed(this.server.add(room, user, "m.room.encrypted", sealed));
  }
  say(user: UserId, room: RoomId, body: string, how: Sending = {}): void {
    this.send(user, room, "m.room.message", { msgtype: "m.text", body }, how);
  }
  /** A person's direct chat, which they open if there is none. */
  direct(user: UserId): RoomId {
    const bound = [...this.truth.scope(INSTALLATION).state.room.values()].find((room) => room.slot === directSlot(user));
    if (bound !== undefined && this.server.membership(bound.room, user) === "join") return bound.room;
    return this.server.createRoom(user, { mark: "", power: {}, invite: [BOT], state: [{ type: "m.room.encryption", stateKey: "", content: { algorithm: "m.megolm.v1.aes-sha2" } }] });
  }
  /** They come into every room that they have been invited to. */
  join(user: UserId): number {
    const rooms = this.server.roomsOf(user, "invite");
    for (const room of rooms) this.server.add(room, user, "m.room.member", { membership: "join" }, user);
    return rooms.length;
  }
}
