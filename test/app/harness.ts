/** The whole app on a real journal, with a homeserver and a crypto engine in memory: people write, and what they could read is looked at. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, EVOLVE_VERSION } from "../../src/app/app.ts";
import { COMMANDS } from "../../src/app/start.ts";
import type { Log } from "../../src/app/system.ts";
import { systemRandom } from "../../src/app/system.ts";
import type { Registry } from "../../src/chat/registry.ts";
import { loadRegistry } from "../../src/chat/registry.ts";
import { known } from "../../src/domain/entities.ts";
import type { ChainId, EventId, RoomId, UserId } from "../../src/domain/ids.ts";
import { SqliteJournal } from "../../src/journal/journal.ts";
import type { Connection } from "../../src/journal/database.ts";
import { openDatabase } from "../../src/journal/database.ts";
import type { Keys } from "../../src/journal/keys.ts";
import { JOURNAL_FILE, openKeys } from "../../src/journal/keys.ts";
import type { Batch } from "../../src/ports.ts";
import { ANA, BOT, LUIS, NOW } from "../domain/builders-core.ts";
import type { Shown } from "../support/model.ts";
import { MODEL_SETTINGS } from "./model-settings.ts";
import { ModelCrypto, ModelGateway, ModelServer, SoonClock, settled } from "../support/model.ts";

export const EVA = "@eva:be.example" as UserId;

export interface Setting {
  /** Another clock than one that nobody sets. */
  readonly clock?: SoonClock;
  /** Changes the commands, as a bug in one of them would. */
  readonly registry?: (registry: Registry) => Registry;
  /** Called before each commit; may throw, as a full disk would. */
  readonly commit?: (batch: Batch) => void;
  /** Settings of this installation that differ from the usual ones. */
  readonly settings?: Partial<typeof MODEL_SETTINGS>;
  /** Changes how the homeserver behaves towards the bot. */
  readonly gateway?: (gateway: ModelGateway) => void;
}

export class World {
  readonly server = new ModelServer();
  readonly clock: SoonClock;
  readonly crypto = new ModelCrypto(this.server, BOT);
  readonly bugs: unknown[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), "relevo-app-"));
  readonly #keys: Keys = openKeys({ folder: this.#folder, passphrase: "a passphrase for tests", random: systemRandom(), cost: 10 });
  #setting: Setting = {};
  #app: App | undefined;
  #gateway: ModelGateway | undefined;
  #journal: SqliteJournal | undefined;
  #db: Connection | undefined;

  constructor(clock = new SoonClock(NOW)) {
    this.clock = clock;
  }

  async start(setting: Setting = {}): Promise<void> {
    this.#setting = setting;
    const random = systemRandom();
    const file = join(this.#folder, JOURNAL_FILE);
    this.#db = openDatabase(file, this.#keys.file);
    const journal = new SqliteJournal(this.#db, file, {
      folder: this.#folder, keys: this.#keys, clock: this.clock, random, known, evolveVersion: EVOLVE_VERSION, fatal: (error) => this.#app?.unfit(error),
    });
    const commit = journal.commit.bind(journal);
    journal.commit = async (batch) => {
      this.#setting.commit?.(batch);
      return commit(batch);
    };
    const gateway = new ModelGateway(this.server, BOT);
    setting.gateway?.(gateway);
    const registry = await loadRegistry(COMMANDS);
    const log: Log = { info() {}, warn() {}, error() {}, bug: (_code, thrown) => { this.bugs.push(thrown); return "B-test"; } };
    const app = new App({
      gateway, crypto: this.crypto, journal, clock: this.clock, random, log, registry: setting.registry?.(registry) ?? registry, markKey: this.#keys.derive("room-mark"),
      settings: { ...MODEL_SETTINGS, ...setting.settings },
    });
    [this.#app, this.#gateway, this.#journal] = [app, gateway, journal];
    await app.start();
    await app.ready;
    await settled();
  }
  change(setting: Setting): void {
    this.#setting = setting;
  }
  get app(): App {
    if (this.#app === undefined) throw new Error("not started");
    return this.#app;
  }
  get journal(): SqliteJournal {
    if (this.#journal === undefined) throw new Error("not started");
    return this.#journal;
  }
  /** No room is left on the disk of the journal for more than a few pages. */
  fillDisk(): void {
    const pages = Number(this.#db?.pragma("page_count", { simple: true }));
    this.#db?.pragma(`max_page_count=${pages}`);
  }
  /** Somebody changes what a row says, behind the back of the bot. */
  changeRow(chain: ChainId, seq: number): void {
    this.#db?.prepare("UPDATE entry SET body = zeroblob(length(body)) WHERE chain = ? AND seq = ?").run(chain, seq);
  }
  /** The homeserver as the bot sees it: a test may replace a call, as a fault would. */
  get gateway(): ModelGateway {
    if (this.#gateway === undefined) throw new Error("not started");
    return this.#gateway;
  }
  /** The data folder, and the keys of what lies in it. */
  get data(): { readonly folder: string; readonly keys: Keys } {
    return { folder: this.#folder, keys: this.#keys };
  }
  async stop(): Promise<void> {
    await this.#app?.stop(async () => {
      this.#gateway?.close();
      await this.#journal?.close();
    });
    this.#app = undefined;
  }
  async end(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A direct chat as a person opens it. */
  async direct(user: UserId): Promise<RoomId> {
    const room = this.server.createRoom(user, { mark: "", power: {}, invite: [BOT], state: [{ type: "m.room.encryption", stateKey: "", content: { algorithm: "m.megolm.v1.aes-sha2" } }] });
    await settled();
    return room;
  }
  async say(user: UserId, room: RoomId, body: string, device = "PHONE"): Promise<EventId> {
    return this.send(user, room, "m.room.message", { msgtype: "m.text", body }, device);
  }
  async send(user: UserId, room: RoomId, type: string, content: Readonly<Record<string, unknown>>, device = "PHONE"): Promise<EventId> {
    const event = this.server.add(room, user, "m.room.encrypted", JSON.parse(this.server.seal(user, device, type, content, [])) as Record<string, unknown>);
    await settled();
    return event;
  }
  /** Taps the latest poll put to this person that has such an answer. */
  async tap(user: UserId, answer: RegExp): Promise<EventId> {
    const polls = this.reads(user).filter((shown) => shown.type.endsWith("poll.start"));
    for (const poll of polls.toReversed()) {
      const start = poll.content["org.matrix.msc3381.poll.start"] as { answers: { id: string; "org.matrix.msc1767.text": string }[] };
      const option = start.answers.find((each) => answer.test(each["org.matrix.msc1767.text"]));
      if (option === undefined) continue;
      return this.send(user, poll.room, "org.matrix.msc3381.poll.response", {
        "m.relates_to": { rel_type: "m.reference", event_id: poll.event }, "org.matrix.msc3381.poll.response": { answers: [option.id] },
      });
    }
    throw new Error(`${user} was put no question with the answer ${String(answer)}`);
  }
  /** What this person could read of the bot, oldest first. */
  reads(user: UserId, room?: RoomId): Shown[] {
    return this.server.shown().filter((shown) => shown.sender === BOT && shown.readers.includes(user) && (room === undefined || shown.room === room));
  }
  /** Accepts every invitation to this person. */
  async join(user: UserId): Promise<void> {
    for (const room of new Set(this.server.after(0).map((each) => each.room))) {
      if ((this.server.membership(room, user) as { membership?: string } | undefined)?.membership === "invite") this.server.add(room, user, "m.room.member", { membership: "join" }, user);
    }
    await settled();
  }
  /** The room of a name, as a person who is in it sees it. */
  room(name: string): RoomId {
    const found = this.server.after(0).findLast((each) => each.event.type === "m.room.name" && String((each.event.wire["content"] as { name: string }).name).endsWith(name));
    if (found === undefined) throw new Error(`no room is called "… ${name}"`);
    return found.room;
  }
  /** What is on record besides events of entities. */
  async notes(): Promise<string[]> {
    const found: string[] = [];
    for (const chain of await this.journal.chains()) {
      for await (const row of this.journal.read(chain, 0)) if (row.event.type === "system.noted") found.push(row.event.what);
    }
    return found;
  }
}

/** An open case: its world, Ana's direct chat, the coordination room. */
export interface Opened {
  readonly world: World;
  readonly ana: RoomId;
  readonly coordination: RoomId;
}

/** Ana drafts a delivery from Colombia to Spain; both are in its room, which is returned. */
export async function draftDelivery({ world, ana }: Opened): Promise<RoomId> {
  await world.say(ANA, ana, "cd new route Cartagena CO > Vigo ES mode clean seal 0774471 from tomorrow 04:00 Bogotá to 12 dec 20:00 Madrid");
  await world.clock.pass(3_000);
  await world.join(ANA);
  await world.join(LUIS);
  await world.clock.pass(3_000);
  return world.room("· 1");
}

/** A case of these states that Ana (ES) and Luis (CO) have opened; all are in their rooms. */
export async function anOpenCase(setting: Setting = {}, states = "ES,CO"): Promise<Opened> {
  const world = new World(setting.clock);
  await world.start(setting);
  const ana = await world.direct(ANA);
  await openCase(world, ana, "ES-CO 1/26", states);
  return { world, ana, coordination: world.room("coordination") };
}

/** Ana opens a case of this agreement; she and Luis confirm it and come into its rooms. */
export async function openCase(world: World, ana: RoomId, agreement: string, states = "ES,CO"): Promise<void> {
  await world.say(ANA, ana, `jit open agreement "${agreement}" states ${states} until 2027-11-20 admins ${ANA} ES ${LUIS} CO`);
  await world.tap(ANA, /^Confirm/);
  await world.join(LUIS);
  await world.clock.pass(3_000);
  await world.tap(LUIS, /^Approve/);
  await world.clock.pass(3_000);
  await world.join(ANA);
  await world.join(LUIS);
  await world.clock.pass(5_000);
}
