/** The bot, wired from its ports: state from the journal, one writer, the sync loop, the outbox, the reconciler, the scheduler. */
import { createHmac } from "node:crypto";
import type { Registry } from "../chat/registry.ts";
import { sayIn, sayMarked } from "../chat/catalogue.ts";
import { editContent, fitting, noticeContent, noticeOf, written } from "../chat/write.ts";
import { boardOf, liveLine } from "../domain/board.ts";
import { Chain } from "../domain/chain.ts";
import { cardOf } from "../domain/delivery-card.ts";
import type { Effect } from "../domain/effect.ts";
import type { ChainId, Instant, RoomId, UserId, Zone } from "../domain/ids.ts";
import { COORDINATION, INSTALLATION, SPACE } from "../domain/ids.ts";
import type { PersonEvent } from "../domain/person.ts";
import { confirming } from "../domain/person.ts";
import { leftAt } from "../domain/roster.ts";
import type { Line } from "../domain/say.ts";
import { line, message, span, typed, when } from "../domain/say.ts";
import type { Kind } from "../domain/state.ts";
import type { StatusFacts } from "../domain/status.ts";
import { rosterOf } from "../domain/workspace.ts";
import { checkpointText } from "../journal/checkpoint.ts";
import { isSystem } from "../journal/row.ts";
import { tokenRefused } from "../matrix/session-end.ts";
import type { OperatorError } from "../operator-error.ts";
import type { Clock, Crypto, Gateway, Journal, Random } from "../ports.ts";
import { Access } from "./access.ts";
import { Alarms } from "./alarms.ts";
import type { Examine } from "./doctor.ts";
import { Doctor } from "./doctor.ts";
import type { InsideFacts } from "./doctor-inside.ts";
import { Confirming } from "./confirming.ts";
import { DigestAway } from "./digest-away.ts";
import { Fitness } from "./fitness.ts";
import { Flow } from "./flow.ts";
import { Health } from "./health.ts";
import { identityLost } from "./identity-lost.ts";
import { Intake } from "./intake.ts";
import { pause } from "./pause.ts";
import { LiveBoards } from "./live-boards.ts";
import { OutboxSender, faultOf, key } from "./outbox.ts";
import type { Replaced } from "./reconciler.ts";
import { Reconciler, usableDirect } from "./reconciler.ts";
import { Recovery } from "./recovery.ts";
import { Redactions } from "./redactions.ts";
import { directReader, roomReader } from "./render.ts";
import { closedLine, placeName, replacedEffects } from "./room-news.ts";
import type { UndoneRoom } from "./rooms-undone.ts";
import { undoneRooms } from "./rooms-undone.ts";
import { Rooms, present } from "./rooms.ts";
import { SafeMode } from "./safe-mode.ts";
import type { Wake } from "./scheduler.ts";
import { Scheduler } from "./scheduler.ts";
import type { Settings } from "./settings.ts";
import { casesAdministered, statusFor } from "./status.ts";
import { SteadyClock } from "./steady-clock.ts";
import type { Log } from "./system.ts";
import { Turns } from "./turn.ts";
import { UnsignedDevices } from "./unsigned-devices.ts";
import type { Vitals } from "./vitals.ts";
import { vitalsOf } from "./vitals.ts";
import type { Placed } from "./world.ts";
import { World } from "./world.ts";
import { Writer } from "./writer.ts";

/** Raised by hand whenever an `evolve` changes what it makes of old events: older snapshots are then replayed instead. */
export const EVOLVE_VERSION = "2";
/** Rows after which a chain's snapshot is taken again. */
const SNAPSHOT_EVERY = 500;
const LONG_POLL = 30_000;
/** Longest that the homeserver can make the bot wait before it asks for news again, in milliseconds. */
const LONGEST_SYNC_WAIT = 60_000;
/** A tick that failed is tried again after this; the operator has been told. */
const TICK_AGAIN = 60_000;
/** A tick waits for rooms that are still being read; whether they have been is looked at this often, in milliseconds. */
const LOOK_AGAIN = 500;
/** Ticks wait for the first sync at most so long: a server that is down must not silence the clocks. */
const HOLD_TICKS = 60_000;

/** What the app is given: the ports, the commands, and what of the settings it needs. */
export interface AppParts {
  readonly gateway: Gateway;
  readonly crypto: Crypto;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly registry: Registry;
  /** Looks at the homeserver and the machine, for `doctor`; without it only the inside is looked at. */
  readonly examine?: Examine;
  /** Key of the marks in the rooms' create events. */
  readonly markKey: Uint8Array;
  readonly settings: Pick<Settings, "prefix" | "lateAfter" | "unreadableTold" | "unreadableKept" | "commandsPerMinute" | "openPerPerson" | "windows" | "owners" | "trust">;
}

/** The bot. Made of ports alone, so that a test or a simulation can give it others. */
export class App {
  readonly #parts: AppParts;
  readonly #clock: SteadyClock;
  readonly #world = new World();
  readonly #rooms = new Rooms();
  readonly #writer: Writer;
  readonly #turns: Turns;
  readonly #flow: Flow;
  readonly #intake: Intake;
  readonly #scheduler: Scheduler;
  readonly #outbox: OutboxSender;
  readonly #reconciler: Reconciler;
  readonly #fitness: Fitness;
  readonly #redactions: Redactions;
  readonly #live: LiveBoards;
  readonly #alarms: Alarms;
  readonly #access: Access;
  readonly #recovery: Recovery;
  readonly #digest: DigestAway;
  readonly #doctor: Doctor;
  readonly #confirming: Confirming;
  readonly #snapshots = new Map<ChainId, number>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #stopped = false;
  /** What falls due until then does so after time that nobody noticed, and says so. */
  #jumpedUntil = 0 as Instant;
  #looping: Promise<void> | undefined;
  #safe: SafeMode | undefined;
  #pumping: Promise<void> | undefined;

  /** What this process has counted; for metrics, `status` and `doctor`. */
  readonly health = new Health();
  /** Resolves when the first sync has been dealt with. */
  readonly ready = this.#ready.promise;
  /** Rejects when the bot cannot go on; resolves after {@link stop}. */
  readonly ended = this.#ended.promise;

  constructor(given: AppParts) {
    this.#clock = new SteadyClock(given.clock, (ms) => this.#timeMissed(ms));
    const parts: AppParts = { ...given, clock: this.#clock };
    this.#parts = parts;
    const { clock, random, journal, gateway, crypto, log, registry } = parts;
    const { prefix, windows, owners } = parts.settings;
    const world = this.#world;
    const rooms = this.#rooms;
    const isOwner = (user: UserId): boolean => owners.some((owner) => owner.user === user);
    const fatal = (fault: unknown): void => this.#ended.reject(curable(fault));
    this.#ended.promise.catch(() => undefined);
    this.#ready.promise.catch(() => undefined);
    this.#writer = new Writer(clock);
    this.#scheduler = new Scheduler(clock, windows, (wake) => void this.#tick(wake));
    this.#turns = new Turns({
      journal, world, prefix, random: () => random.id(),
      scheduler: () => this.#scheduler, outbox: () => this.#outbox, reconciler: () => this.#reconciler, access: () => this.#access, confirming: () => this.#confirming,
    });
    this.#alarms = new Alarms({
      writer: this.#writer, turns: this.#turns, world, clock, health: this.health, log, owners: owners.map((owner) => owner.user),
    });
    this.#access = new Access({
      crypto, clock, world, writer: this.#writer, turns: this.#turns, alarms: this.#alarms, log,
      unsigned: new UnsignedDevices({ crypto, journal, clock, world, writer: this.#writer, turns: this.#turns }),
    });
    this.#doctor = new Doctor({
      world, rooms, journal, clock, health: this.health, isOwner, vitals: () => this.vitals(), undone: (chains) => this.#undone(chains),
      lastRow: (chain) => this.#turns.seqs.get(chain) ?? 0,
      identity: (user, pinned) => crypto.identity(user, pinned), devices: (user) => crypto.devices(user),
      ...(parts.examine === undefined ? {} : { examine: parts.examine }),
    });
    this.#confirming = new Confirming({
      crypto, world, writer: this.#writer, turns: this.#turns, clock, log, owners: owners.map((owner) => owner.user), ctx: () => this.#flow.questionContext(),
    });
    this.#flow = new Flow({
      world, turns: this.#turns, clock, chance: random, registry, windows, isOwner, health: this.health, openPerPerson: parts.settings.openPerPerson, trust: parts.settings.trust,
      lastHeard: (user) => this.health.lastHeardBy(user, gateway.user),
      mayWitness: (user, of) => this.#confirming.witnesses(of)?.asked.includes(user) === true,
    });
    this.#digest = new DigestAway({
      journal, clock, world, writer: this.#writer, turns: this.#turns, windows, log,
      isReading: () => this.#world.cases.some((chain) => (this.#intake.waitsUntil(chain, undefined) ?? 0) > clock.now()),
    });
    this.#recovery = new Recovery({ ...parts, world, writer: this.#writer, turns: this.#turns, owners: owners.map((owner) => owner.user) });
    this.#outbox = new OutboxSender({
      journal, crypto, gateway, clock, world, rooms, log, fatal, health: this.health,
      board: (at, isCard) => (isCard ? this.#card(at) : this.#board(at)), edit: editContent, checkpoint: (chain) => this.#checkpoint(chain),
      needsRoom: (at) => this.#reconciler.look(at), unfit: (at) => this.#fitness.of(at), isPreparing: (at) => this.#reconciler.isPreparing(at), isReliedOn: (at, isCard) => this.#turns.reliesOn(at, isCard),
      heading: (at, user) => this.#heading(at, user), maySent: (created) => this.#recovery.maySent(created), random, doubtful: (user) => this.#access.doubtful(user), undeliverable: (of, at, gaveUp) => this.#undeliverable(of, at, gaveUp),
    });
    this.#reconciler = new Reconciler({
      gateway, clock, world, rooms, log, fatal, health: this.health,
      mark: (at, replaces) => createHmac("sha256", parts.markKey).update(`${at.chain}\n${at.slot}\n${replaces ?? ""}`).digest("base64url"),
      intended: async (at) => {
        const since = await journal.value(`making:${key(at)}`);
        return since === undefined ? undefined : (Number(since) as Instant);
      },
      intend: async (at, since) => void (await journal.commit({ values: { [`making:${key(at)}`]: since === null ? null : String(since) } })),
      name: (of, chain) => sayIn(of, roomReader(world.scope(chain), COORDINATION, prefix, clock.now())),
      bind: (at, room, replaced) => this.#bind(at, room, replaced),
      closed: (at, by, needs) => this.#alarms.give(at.chain, {
        what: "room-closed", about: `${at.slot}/${needs}`, facts: { slot: at.slot, needs }, lines: [closedLine(world.scope(at.chain), at, by, needs)],
      }),
      alarm: (at, repair, step) => this.#alarm(at, repair, step),
      pinned: async (at, room) => {
        const places = [await this.#outbox.boardPlace(at, true), await this.#outbox.boardPlace(at, false)];
        return places.flatMap((place) => (place?.room === room ? [place.event] : []));
      },
    });
    this.#fitness = new Fitness({
      journal, gateway, clock, world, rooms, writer: this.#writer, turns: this.#turns, alarms: this.#alarms, health: this.health, log,
      fitAgain: (at) => this.#outbox.nudge(at),
    });
    this.#live = new LiveBoards({ journal, clock, random, world, outbox: this.#outbox, health: this.health, log });
    this.#redactions = new Redactions({ outbox: this.#outbox, journal, gateway, clock, world, writer: this.#writer, turns: this.#turns, alarms: this.#alarms, health: this.health, log });
    this.#intake = new Intake({
      redactions: this.#redactions,
      journal, crypto, gateway, clock, world, rooms, registry, log, health: this.health, alarms: this.#alarms, prefix, isOwner, settings: parts.settings,
      turns: this.#turns, writer: this.#writer, flow: this.#flow, inquiries: { status: (user) => this.status(user), doctor: (user) => this.#doctor.tell(user), doctorOf: (user, callSign) => this.#doctor.tellPerson(user, callSign) },
      roomsSeen: (seen) => this.#roomsSeen(seen), joined: (room, user) => this.#joined(room, user), departed: (room, user) => this.#departed(room, user),
      identityDoubtful: (user) => this.#access.doubtful(user), adopt: (room, user) => this.#adopt(room, user), isSayingUrgent: () => this.#outbox.isSayingUrgent(),
    });
  }

  /** Reads the state, sends what was not sent, and begins to sync; resolves when it is under way. */
  async start(): Promise<void> {
    const { journal, clock } = this.#parts;
    this.health.mark("started", clock.now());
    for (const chain of await journal.chains()) await this.#load(chain);
    this.#clock.notBefore(Number((await journal.value("sync:at")) ?? 0) as Instant);
    this.#rooms.load(await journal.values("room:"));
    await this.#fitness.load();
    await this.#redactions.load();
    await this.#recovery.load();
    await this.#pinOwners();
    await this.#outbox.load();
    await this.#confirming.start();
    await this.#intake.load();
    await this.#digest.start(this.#intake.syncedAt);
    const kinds = Object.keys(this.#world.chain(INSTALLATION).view) as Kind[];
    for (const chain of [INSTALLATION, ...this.#world.cases]) {
      const scope = this.#world.scope(chain);
      for (const kind of kinds) for (const name of scope.state[kind].keys()) this.#scheduler.look(chain, kind, name, scope);
    }
    await this.#access.begin();
    await this.#intake.backlog();
    const cancel = clock.wakeAt((clock.now() + HOLD_TICKS) as Instant, () => this.#scheduler.release());
    this.#live.start();
    this.#looping = this.#loop().finally(cancel);
  }
  /**
   * The journal is unfit from now on: nothing more is decided, sent or written; those in charge are told, and `status` and `doctor` are answered from memory
   * until the process is stopped.
   */
  unfit(why: OperatorError): void {
    if (this.#safe !== undefined || this.#stopped) return;
    const { gateway, crypto, log, registry, settings } = this.#parts;
    const world = this.#world;
    for (const part of [this.#scheduler, this.#reconciler, this.#outbox, this.#intake, this.#digest, this.#access]) part.stop();
    const owners = settings.owners.map(({ user }) => user);
    this.#safe = new SafeMode({
      gateway, crypto, clock: this.#clock, log, health: this.health, registry, prefix: settings.prefix, rooms: this.#rooms, why,
      person(user) {
        const person = world.people.get(user);
        return person?.suspended === undefined ? person : undefined;
      },
      direct: (user) => world.room(world.direct(user)), facts: (user) => this.status(user),
      charge: [...new Set([...owners, ...[...world.people.keys()].filter((user) => casesAdministered(world, user).length > 0)])],
      fatal: (fault) => this.#ended.reject(curable(fault)),
    });
    void this.#safe.tell();
  }
  /** What is under way becomes durable, then `close` ends the calls that still wait for the server. */
  async stop(close: () => Promise<void>): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#scheduler.stop();
    this.#reconciler.stop();
    this.#fitness.stop();
    this.#redactions.stop();
    this.#confirming.stop();
    this.#live.stop();
    this.#outbox.stop();
    this.#intake.stop();
    this.#digest.stop();
    this.#access.stop();
    this.#safe?.stop();
    await this.#writer.idle();
    if (this.#safe === undefined) for (const chain of this.#turns.seqs.keys()) await this.#snapshot(chain);
    await close();
    await this.#looping;
    await this.#pumping;
    this.#ended.resolve();
  }

  /** How the bot is now; cheap enough to be asked every few seconds. */
  vitals(): Vitals {
    return vitalsOf({
      now: this.#clock.now(), health: this.health, stopped: this.#stopped, safe: this.#safe !== undefined, inbox: this.#intake.waiting(), outbox: this.#outbox.waiting(),
      roomsUndone: this.#undone().length, timers: this.#scheduler.size,
    });
  }
  /** What `relevo doctor` is told of a running bot: figures without a name. */
  inside(): InsideFacts {
    return this.#doctor.inside();
  }
  /** How the bot is, as one person may know it. */
  status(user: UserId): StatusFacts {
    return statusFor(user, {
      world: this.#world, vitals: this.vitals(), undone: (chains) => this.#undone(chains), bot: this.#parts.gateway.user, lastHeardOf: (server) => this.health.lastHeardOf(server),
    });
  }
  /** Rooms of these cases (of all, if none is named) that are not as they should be. */
  #undone(chains?: readonly ChainId[]): readonly UndoneRoom[] {
    const { gateway, settings } = this.#parts;
    const name = (of: Line, chain: ChainId): string => sayIn(of, roomReader(this.#world.scope(chain), COORDINATION, settings.prefix, this.#clock.now()));
    return undoneRooms({ world: this.#world, rooms: this.#rooms, bot: gateway.user, name }, chains);
  }

  async #load(id: ChainId): Promise<void> {
    const { journal } = this.#parts;
    const saved = await journal.snapshot(id);
    const chain = saved === undefined ? new Chain() : Chain.load(saved.state);
    let seq = saved?.seq ?? 0;
    // The last row of the snapshot, too: when it was written stands nowhere else, and time must not go back behind it.
    for await (const row of journal.read(id, Math.max(0, seq - 1))) {
      this.#clock.notBefore(row.at);
      if (row.seq <= seq) continue;
      if (!isSystem(row.event)) chain.apply(row.event);
      if (row.event.type === "system.restored") this.#recovery.goesOn(id, row.seq);
      seq = row.seq;
    }
    this.#world.adopt(id, chain);
    this.#snapshots.set(id, saved?.seq ?? 0);
    this.#turns.seqs.set(id, seq);
  }
  async #snapshot(chain: ChainId): Promise<void> {
    const seq = this.#turns.seqs.get(chain) ?? 0;
    if (seq === 0 || seq === this.#snapshots.get(chain)) return;
    this.#snapshots.set(chain, seq);
    await this.#parts.journal.saveSnapshot(chain, seq, EVOLVE_VERSION, this.#world.chain(chain).save());
  }
  /**
   * Owners stand in the configuration with their master key, which is thereby confirmed; a changed one there is the operator's word and is pinned anew.
   * One that has not changed since is no word against those who have restored an owner with another identity.
   */
  async #pinOwners(): Promise<void> {
    const { journal, clock } = this.#parts;
    const now = clock.now();
    const values: Record<string, string> = {};
    const configured = await journal.values("owner-pin:");
    const events: PersonEvent[] = this.#parts.settings.owners.flatMap((owner): PersonEvent[] => {
      const before = this.#world.people.get(owner.user);
      const { user, masterKey } = owner;
      const value = `owner-pin:${user}`;
      if (configured.get(value) === masterKey && before !== undefined && before.masterKey !== masterKey) return [];
      if (configured.get(value) !== masterKey) values[value] = masterKey;
      const pins: PersonEvent[] = before?.masterKey === masterKey ? [] : [{ type: "person.pinned", v: 1, user, masterKey, language: before?.language ?? owner.language, zone: before?.zone ?? owner.zone }];
      return [...pins, ...confirming(user, masterKey, "config", this.#world.scope(INSTALLATION), { now })];
    });
    if (events.length > 0) await this.#turns.commit({ now, parts: [{ chain: INSTALLATION, events }], trust: "none", values });
    else if (Object.keys(values).length > 0) await journal.commit({ values });
  }

  async #loop(): Promise<void> {
    const { clock, log } = this.#parts;
    let failures = 0;
    let resumed = false;
    while (!this.#stopped) {
      if (this.#safe !== undefined) return this.#safe.run(this.#intake.since);
      this.health.mark("tried", clock.now());
      try {
        await this.#intake.once(LONG_POLL);
        this.health.count("syncs");
        this.health.mark("synced", clock.now());
        failures = 0;
        if (!(await this.#parts.crypto.healthy())) return this.#ended.reject(identityLost());
        this.#pump();
        this.#access.synced();
        if (!resumed) await this.#resume();
        if (!resumed) this.#digest.soon();
        resumed = true;
        this.#scheduler.release();
        this.#checkClock();
        this.#ready.resolve();
        if (this.#due()) for (const chain of this.#turns.seqs.keys()) await this.#writer.do("late", () => this.#snapshot(chain));
      } catch (fault) {
        const gateway = faultOf(fault);
        if (gateway?.kind === "token") return this.#ended.reject(curable(fault));
        if (this.#stopped) return;
        if (this.#safe !== undefined) continue;
        failures += 1;
        this.health.count("syncs_failed");
        if (gateway?.kind === "rate-limited") this.health.count("rate_limited");
        if (gateway === undefined) log.bug("sync.failed", fault);
        else log.warn("sync.failed", { why: gateway.network?.toLowerCase().replaceAll("_", "-") as Lowercase<string> | undefined ?? gateway.kind, attempt: failures });
        // Nobody is heard meanwhile: whoever asks for hours is asked again.
        const wait = Math.max(Math.min(gateway?.wait ?? 0, LONGEST_SYNC_WAIT), Math.min(30_000, 250 * 2 ** Math.min(failures, 7)));
        this.health.mark("waits", (clock.now() + wait) as Instant);
        await pause(clock, wait);
      }
    }
  }
  /**
   * What an earlier run had not finished waits for no event: once the rooms have been seen, unsent messages, half-made rooms and boards that somebody
   * who has come in cannot read are taken up. What was said during a downtime is decided before any clock.
   */
  async #resume(): Promise<void> {
    await this.#writer.idle();
    await this.#recovery.tell();
    this.#confirming.resume();
    this.#reconciler.lookAtAll();
    this.#fitness.lookAtAll();
    this.#redactions.run();
    for (const chain of this.#world.cases) {
      const scope = this.#world.scope(chain);
      for (const { slot, room } of scope.state.room.values()) {
        const place = await this.#outbox.boardPlace({ chain, slot }, false);
        const seen = this.#rooms.get(room);
        if (place === undefined || seen === undefined) continue;
        const roster = rosterOf(scope, slot);
        const newcomer = present(seen, this.#parts.gateway.user).joined.find((user) => roster.includes(user) && !place.readers.includes(user));
        if (newcomer !== undefined) this.#joined(room, newcomer);
      }
    }
    this.#outbox.nudge();
  }
  /** Rows since the last snapshot have become many. */
  #due(): boolean {
    return [...this.#turns.seqs].some(([chain, seq]) => seq - (this.#snapshots.get(chain) ?? 0) >= SNAPSHOT_EVERY);
  }
  /** Keys, queries and claims go out beside the sync, never inside it. */
  #pump(): void {
    this.#pumping ??= this.#parts.crypto.pump()
      .catch((fault: unknown) => {
        // An engine that was closed under it is the end that was asked for.
        if (!this.#stopped) this.#parts.log.bug("crypto.pump-failed", fault);
      })
      .finally(() => { this.#pumping = undefined; });
  }
  /** A task that fell due while the bot was away stands in the digest; one that is still to be done in time is reminded of as ever. */
  #isDigested(wake: Wake): boolean {
    const due = this.#world.chain(wake.chain).view.task.get(wake.key)?.due;
    return wake.kind === "task" && due !== undefined && this.#digest.covers(wake.at) && this.#digest.covers(due.at);
  }
  /** The machine slept, or its clock was set forward: what comes now may be old, and ticks wait until it has been read. */
  #timeMissed(ms: number): void {
    const { clock, log } = this.#parts;
    log.warn("clock.jumped", { ms });
    this.#jumpedUntil = (clock.now() + HOLD_TICKS) as Instant;
    this.#intake.missedTime();
    this.#scheduler.hold();
    this.#digest.slept((clock.now() - ms) as Instant);
    clock.wakeAt(this.#jumpedUntil, () => this.#scheduler.release());
    this.#alarms.give(INSTALLATION, { what: "clock-jumped", about: "clock", facts: { ms }, lines: [line("clock.jumped", { by: span(ms) })] });
  }
  /** The wall clock says what cannot be: owners are told once an hour for as long as it does. */
  #checkClock(): void {
    const now = this.#clock.now();
    const { trouble } = this.#clock;
    if (trouble === undefined) return;
    const { zone } = this.#parts.settings.owners[0] ?? { zone: "UTC" as Zone };
    const facts = { wall: when(trouble.wall, zone), now: when(now, zone) };
    const said = trouble.what === "behind" ? line("clock.behind", facts) : line("clock.far-ahead", facts);
    this.#alarms.give(INSTALLATION, { what: `clock-${trouble.what}`, about: "clock", lines: [said], wakes: true });
  }
  async #tick(wake: Wake): Promise<void> {
    const now = this.#parts.clock.now();
    const again = (now + TICK_AGAIN) as Instant;
    const until = this.#intake.waitsUntil(wake.chain, wake.kind === "delivery" ? wake.key : undefined);
    if (until !== undefined && until > now) return this.#scheduler.retry(wake, Math.min(until, now + LOOK_AGAIN) as Instant);
    const mark = until !== undefined ? line("late.unread", {}) : now < this.#jumpedUntil ? line("clock.after-jump", {}) : undefined;
    try {
      const moved = await this.#writer.do(wake.kind === "alert" || wake.kind === "delivery" ? "P1" : "live", () => this.#flow.tick(wake, mark, this.#isDigested(wake)));
      if (moved) this.health.count("ticks");
      if (!moved) {
        this.#parts.log.error("tick.nothing-decided");
        this.#scheduler.retry(wake, again);
      } else this.#scheduler.look(wake.chain, wake.kind, wake.key, this.#world.scope(wake.chain));
    } catch (fault) {
      this.#parts.log.bug("tick.failed", fault);
      this.#scheduler.retry(wake, again);
    }
  }

  async #bind(at: Placed, room: RoomId, replaced?: Replaced): Promise<void> {
    const now = this.#parts.clock.now();
    await this.#writer.do("live", () => this.#turns.commit({
      now, trust: "none", parts: [{ chain: at.chain, events: [{ type: "room.bound", v: 1, slot: at.slot, room, at: now }] }],
      ...(replaced === undefined ? {} : { notes: [{
        chain: at.chain, what: "room-replaced", facts: { slot: at.slot, why: replaced.why },
        // People may be in it already, and cannot read the board of the other.
        effects: [...replacedEffects(this.#world.scope(at.chain), at, replaced), ...this.#boardEffects(at)],
      }] }),
    }));
    this.#fitness.look(at);
    this.#outbox.nudge(at);
  }
  #boardEffects(at: Placed): readonly Effect[] {
    // A space has none: a message for it would wait for an encryption that never comes.
    return boardOf(this.#world.scope(at.chain), at.slot) === undefined ? [] : [{ effect: "board", slot: at.slot, ...(this.#world.scope(at.chain).state.delivery.has(at.slot) ? { card: true } : {}) }];
  }
  /** A room in which only this person and the bot are, encrypted, and not bound to anything else: it is where they want to talk. */
  async #adopt(room: RoomId, user: UserId): Promise<boolean> {
    const seen = this.#rooms.get(room);
    if (seen === undefined || this.#world.placed(room) !== undefined || !usableDirect(seen, user, this.#parts.gateway.user)) return false;
    await this.#bind(this.#world.direct(user), room);
    return true;
  }
  #roomsSeen(seen: readonly { readonly room: RoomId; readonly isState: boolean }[]): void {
    // What was decided before the start leaves now, before what was said meanwhile is looked at.
    if (this.health.when("synced") === undefined) this.#outbox.nudge();
    for (const { room, isState } of seen) {
      const placed = this.#world.placed(room);
      if (placed !== undefined) {
        // Words alone change nothing about how the room should be, and are no echo of a step.
        if (isState) this.#reconciler.seen(placed);
        if (isState) this.#fitness.look(placed);
        this.#outbox.nudge(placed);
        continue;
      }
      const former = this.#world.formerly(room);
      if (former !== undefined) {
        this.#reconciler.look(former);
        continue;
      }
      this.#successorSeen(room);
      void this.#offered(room);
    }
  }
  /** It may be the one in which a closed room is to go on. */
  #successorSeen(room: RoomId): void {
    const predecessor = this.#rooms.get(room)?.predecessor;
    const at = predecessor === undefined ? undefined : this.#world.placed(predecessor as RoomId);
    if (at !== undefined) this.#reconciler.seen(at);
  }
  /** A direct chat that a person opened serves as theirs while they have no other that works. */
  async #offered(room: RoomId): Promise<void> {
    const observed = this.#rooms.get(room);
    const { gateway, log } = this.#parts;
    if (observed === undefined) return;
    const user = Object.keys(observed.members).find((each) => each !== gateway.user && observed.members[each] === "join") as UserId | undefined;
    if (user === undefined || !this.#world.people.has(user)) return;
    const current = this.#world.room(this.#world.direct(user));
    const works = current === undefined ? undefined : this.#rooms.get(current);
    if (works !== undefined && usableDirect(works, user, gateway.user)) return;
    await this.#adopt(room, user).catch((fault: unknown) => void log.bug("rooms.adopt-failed", fault));
  }
  /** Who comes later cannot read what was posted before: a board they can read is posted and pinned. */
  #joined(room: RoomId, user: UserId): void {
    const at = this.#world.placed(room);
    if (at === undefined || at.chain === INSTALLATION || !rosterOf(this.#world.scope(at.chain), at.slot).includes(user)) return;
    const effects = this.#boardEffects(at);
    if (effects.length === 0) return;
    void this.#writer.do("live", () => this.#turns.commit({
      now: this.#parts.clock.now(), parts: [], trust: "none", notes: [{ chain: at.chain, what: "joined", facts: { slot: at.slot }, effects }],
    })).catch((fault: unknown) => void this.#parts.log.bug("rooms.joined-failed", fault));
  }
  /** Whoever has left may keep the key they have, and no other: what is said from now on is none of theirs, also if they are invited again. */
  #departed(room: RoomId, user: UserId): void {
    const at = this.#world.placed(room);
    if (at === undefined || at.chain === INSTALLATION || at.slot === SPACE || (this.#world.member(at.chain, user) === undefined && leftAt(this.#world.scope(at.chain), user) === undefined)) return;
    void this.#writer.do("live", () => this.#turns.commit({
      now: this.#parts.clock.now(), parts: [], trust: "none", notes: [{ chain: at.chain, what: "departed", facts: { slot: at.slot }, effects: [{ effect: "rotate", slots: [at.slot] }] }],
    })).catch((fault: unknown) => void this.#parts.log.bug("rooms.departed-failed", fault));
  }
  #undeliverable(of: ChainId, at: Placed, gaveUp: boolean): void {
    const room = placeName(this.#world.scope(at.chain), at);
    this.#alarms.give(of, { what: gaveUp ? "message-given-up" : "message-set-aside", about: key(at), lines: [line(gaveUp ? "app.given-up" : "app.set-aside", { room })] });
  }
  #alarm(at: Placed, repair: string, step: string): void {
    if (at.chain === INSTALLATION) return;
    const room = placeName(this.#world.scope(at.chain), at);
    const lines = step === "power" ? [line("room.powerless", { room })] : [line("app.repair-failed", { room, step }), line("room.repair-cure", {})];
    this.#alarms.give(at.chain, { what: "repair-undone", about: `${at.slot}/${repair}`, facts: { slot: at.slot, step }, lines });
  }
  #heading(at: Placed, user: UserId): { readonly body: string; readonly html: string } {
    const person = this.#world.people.get(user);
    const reader = person === undefined ? roomReader(this.#world.scope(at.chain), at.slot, "", this.#parts.clock.now()) : directReader(person, this.#parts.clock.now());
    return written(message(line("room.for", { room: placeName(this.#world.scope(at.chain), at) })), reader);
  }

  #board(at: Placed): ShownBoard | undefined {
    const scope = this.#world.scope(at.chain);
    const board = boardOf(scope, at.slot);
    if (board === undefined) return undefined;
    const all = line("chat.cut-board", { line: typed(at.slot === COORDINATION ? "task list" : "cd show") });
    const now = this.#parts.clock.now();
    const reader = roomReader(scope, at.slot, this.#parts.settings.prefix, now);
    const lines = fitting(board, reader, all);
    // Whether it shows something else now does not depend on the time that it shows.
    return { content: noticeOf([...lines, sayMarked(liveLine(scope, at.slot, now), reader)]), shown: String(noticeOf(lines)["body"]) };
  }
  #card(at: Placed): ShownBoard | undefined {
    const scope = this.#world.scope(at.chain);
    const card = cardOf(scope, at.slot);
    if (card === undefined) return undefined;
    const content = noticeContent(card, roomReader(scope, at.slot, this.#parts.settings.prefix, this.#parts.clock.now()));
    return { content, shown: String(content["body"]) };
  }
  async #checkpoint(chain: ChainId): Promise<Readonly<Record<string, unknown>>> {
    const checkpoint = await this.#parts.journal.checkpoint(chain, this.#parts.clock.now());
    const text = checkpointText(checkpoint);
    return noticeContent(message(line("app.checkpoint", {}), line("text", { text })), roomReader(this.#world.scope(chain), COORDINATION, this.#parts.settings.prefix, this.#parts.clock.now()));
  }
}

/** A board or a card as it goes out, and what it shows apart from the time. */
interface ShownBoard {
  readonly content: Readonly<Record<string, unknown>>;
  readonly shown: string;
}

/** What ended the bot, with its cure where an operator has one. */
function curable(fault: unknown): unknown {
  const gateway = faultOf(fault);
  return gateway?.kind === "token" ? tokenRefused(gateway) : fault;
}
