/**
 * A homeserver and a crypto engine in memory, behind the same ports as the real ones: for tests of what the app does when something fails at a
 * chosen moment. It claims nothing about Matrix; that is what the tests on a real homeserver are for.
 */
import { createHash } from "node:crypto";
import type { EventId, Instant, MasterKey, RoomId, UserId } from "../../src/domain/ids.ts";
import { HandClock } from "./clock.ts";
import { MARK } from "../../src/matrix/room-creation.ts";
import type {
  Comparison, ComparisonEnd, Crypto, Decrypted, Encrypted, Gateway, Mxc, Proof, Recipient, RoomSpec, StateEvent, Sync, TimelineEvent, Undecryptable, VerificationEvent, VerificationListener, Verifications,
} from "../../src/ports.ts";

type Content = Readonly<Record<string, unknown>>;
interface ModelEvent {
  readonly room: RoomId;
  readonly position: number;
  readonly event: TimelineEvent;
}
/** One event as a person could read it. */
export interface Shown {
  readonly event: EventId;
  readonly room: RoomId;
  readonly sender: UserId;
  readonly type: string;
  readonly content: Content;
  readonly body: string;
  readonly readers: readonly UserId[];
}

/** The server: rooms, who is in them, and one line of events that all see in the same order. */
export class ModelServer {
  readonly #events: ModelEvent[] = [];
  readonly #transactions = new Map<string, EventId>();
  readonly #waiting = new Set<() => void>();
  #rooms = 0;
  #sessions = 0;
  /** Events that stand in the timeline and lost against another of the same time, so that the state does not have them. */
  readonly lost = new Set<EventId>();
  /** State of a branch that the next sync of a room shows beside its timeline. */
  readonly branches = new Map<RoomId, readonly StateEvent[]>();
  /** The server's own clock, which it writes on every event. */
  time: () => number = () => 0;

  add(room: RoomId, sender: UserId, type: string, content: Content, stateKey?: string): EventId {
    const position = this.#events.length;
    const event = `$e${position}` as EventId;
    const wire = { event_id: event, sender, type, content, origin_server_ts: this.time(), ...(stateKey === undefined ? {} : { state_key: stateKey }) };
    this.#events.push({ room, position, event: { event, sender, type, wire, ...(stateKey === undefined ? {} : { stateKey }) } });
    for (const wake of [...this.#waiting]) wake();
    return event;
  }
  createRoom(sender: UserId, spec: Pick<RoomSpec, "mark" | "state" | "invite" | "power" | "replaces"> & { readonly name?: string; readonly version?: string }): RoomId {
    const room = `!r${(this.#rooms += 1)}` as RoomId;
    const predecessor = spec.replaces === undefined ? {} : { predecessor: { room_id: spec.replaces } };
    this.add(room, sender, "m.room.create", { room_version: spec.version ?? "12", [MARK]: spec.mark, ...predecessor }, "");
    this.add(room, sender, "m.room.member", { membership: "join" }, sender);
    this.add(room, sender, "m.room.power_levels", spec.power, "");
    for (const state of spec.state) this.add(room, sender, state.type, state.content, state.stateKey);
    if (spec.name !== undefined) this.add(room, sender, "m.room.name", { name: spec.name }, "");
    for (const user of spec.invite) this.add(room, sender, "m.room.member", { membership: "invite" }, user);
    return room;
  }
  /** As a homeserver does after a day, and for another device. */
  forgetTransactions(): void {
    this.#transactions.clear();
  }
  once(transaction: string, make: () => EventId): EventId {
    const event = this.#transactions.get(transaction) ?? make();
    this.#transactions.set(transaction, event);
    return event;
  }
  membership(room: RoomId, user: UserId): unknown {
    return this.#events.findLast((each) => each.room === room && each.event.type === "m.room.member" && each.event.stateKey === user)?.event.wire["content"];
  }
  after(position: number): readonly ModelEvent[] {
    return this.#events.slice(position);
  }
  get length(): number {
    return this.#events.length;
  }
  changed(): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
    });
  }
  wakeAll(): void {
    for (const wake of [...this.#waiting]) wake();
  }
  seal(sender: UserId, device: string, type: string, content: Content, readers: readonly UserId[]): string {
    const session = `s${(this.#sessions += 1)}`;
    return JSON.stringify({ algorithm: "m.megolm.v1.aes-sha2", session_id: session, device_id: device, ciphertext: Buffer.from(JSON.stringify({ sender, type, content, readers })).toString("base64") });
  }
  /** Everything encrypted that stands in the rooms, opened. */
  shown(): Shown[] {
    return this.#events.flatMap(({ room, event }) => {
      const content = event.wire["content"] as Content;
      if (event.type !== "m.room.encrypted" || typeof content["ciphertext"] !== "string") return [];
      const open = JSON.parse(Buffer.from(content["ciphertext"], "base64").toString()) as { type: string; content: Content; readers: UserId[] };
      const body = [open.content["body"], open.content["org.matrix.msc1767.text"], ""].find((each) => typeof each === "string") ?? "";
      return [{ event: event.event, room, sender: event.sender, type: open.type, content: open.content, body, readers: open.readers }];
    });
  }
}

export class ModelGateway implements Gateway {
  readonly user: UserId;
  readonly device = "BOT";
  /** A sync shows at most so many events of a room; what it leaves out has to be asked for. */
  timelineLimit = Number.POSITIVE_INFINITY;
  readonly #server: ModelServer;
  #closed = false;

  constructor(server: ModelServer, user: UserId) {
    this.#server = server;
    this.user = user;
  }
  async sync(since: string | undefined, timeout: number): Promise<Sync> {
    const from = since === undefined ? 0 : Number(since);
    while (timeout > 0 && this.#server.length === from && !this.#closed) await this.#server.changed();
    if (this.#closed) throw Object.assign(new Error("closed"), { kind: "unreachable" });
    const events = this.#server.after(from);
    const mine = [...new Set(events.map((each) => each.room))].filter((room) => this.#is(room, "join"));
    const invited = [...new Set(events.map((each) => each.room))].filter((room) => this.#is(room, "invite"));
    return {
      next: String(from + events.length), crypto: undefined, malformed: 0,
      left: since === undefined ? [] : [...new Set(events.map((each) => each.room))].filter((room) => this.#is(room, "leave") || this.#is(room, "ban")),
      joined: mine.map((room) => {
        const own = events.filter((each) => each.room === room);
        // A room just joined comes with all its state.
        const isNew = own.some((each) => each.event.stateKey === this.user && (each.event.wire["content"] as Content)["membership"] === "join");
        const before = isNew ? this.#server.after(0).slice(0, from).filter((each) => each.room === room && each.event.stateKey !== undefined) : [];
        const shown = own.slice(-this.timelineLimit);
        const limited = shown.length < own.length;
        const branch = this.#server.branches.get(room) ?? [];
        this.#server.branches.delete(room);
        const hidden = own.slice(0, own.length - shown.length).filter((each) => each.event.stateKey !== undefined);
        return {
          room, state: [...[...before, ...hidden].map((each) => stateOf(each.event)), ...branch], timeline: shown.map((each) => each.event), limited,
          ...(limited ? { prevBatch: String(shown[0]?.position ?? 0) } : {}),
        };
      }),
      invited: invited.map((room) => ({ room, state: events.filter((each) => each.room === room && each.event.stateKey === this.user).map((each) => stateOf(each.event)) })),
    };
  }
  #is(room: RoomId, membership: string): boolean {
    return (this.#server.membership(room, this.user) as Content | undefined)?.["membership"] === membership;
  }
  async send(room: RoomId, type: string, transaction: string, content: string): Promise<EventId> {
    return this.#server.once(transaction, () => this.#server.add(room, this.user, type, JSON.parse(content) as Content));
  }
  async setState(room: RoomId, type: string, stateKey: string, content: unknown): Promise<EventId> {
    return this.#server.add(room, this.user, type, content as Content, stateKey);
  }
  async createRoom(spec: RoomSpec): Promise<RoomId> {
    return this.#server.createRoom(this.user, spec);
  }
  async invite(room: RoomId, user: UserId): Promise<void> {
    this.#server.add(room, this.user, "m.room.member", { membership: "invite" }, user);
  }
  async remove(room: RoomId, user: UserId): Promise<void> {
    this.#server.add(room, this.user, "m.room.member", { membership: "leave" }, user);
  }
  async join(room: RoomId): Promise<void> {
    this.#server.add(room, this.user, "m.room.member", { membership: "join" }, this.user);
  }
  async leave(room: RoomId): Promise<void> {
    this.#server.add(room, this.user, "m.room.member", { membership: "leave" }, this.user);
  }
  async redact(room: RoomId, event: EventId, transaction: string): Promise<EventId> {
    return this.#server.once(transaction, () => this.#server.add(room, this.user, "m.room.redaction", { redacts: event }));
  }
  async roomState(room: RoomId): Promise<readonly StateEvent[]> {
    return this.#server.after(0).filter((each) => each.room === room && each.event.stateKey !== undefined && !this.#server.lost.has(each.event.event)).map((each) => stateOf(each.event));
  }
  async joinedRooms(): Promise<readonly { readonly room: RoomId; readonly create: StateEvent }[]> {
    return this.#server.after(0).filter((each) => each.event.type === "m.room.create" && this.#is(each.room, "join")).map((each) => ({ room: each.room, create: stateOf(each.event) }));
  }
  async messages(room: RoomId, from: string, limit: number): Promise<{ readonly events: readonly TimelineEvent[]; readonly end?: string }> {
    const end = from === "" ? this.#server.length : Number(from);
    const before = this.#server.after(0).filter((each) => each.room === room && each.position < end).toReversed();
    const page = before.slice(0, limit);
    return { events: page.map((each) => each.event), ...(page.length < before.length ? { end: String(page.at(-1)?.position ?? 0) } : {}) };
  }
  /** Files by their address; reserved ones are empty. */
  readonly files = new Map<string, Uint8Array | undefined>();
  async reserve(): Promise<Mxc> {
    const address = `mxc://model/${this.files.size + 1}` as Mxc;
    this.files.set(address, undefined);
    return address;
  }
  async upload(to: Mxc, bytes: Uint8Array): Promise<void> {
    if (!this.files.has(to)) throw Object.assign(new Error("homeserver: refused, status 404"), { kind: "refused", status: 404 });
    this.files.set(to, this.files.get(to) ?? bytes);
  }
  async download(from: Mxc): Promise<Uint8Array> {
    const file = this.files.get(from);
    if (file === undefined) throw Object.assign(new Error("homeserver: refused, status 404"), { kind: "refused", status: 404 });
    return file;
  }
  close(): void {
    this.#closed = true;
    this.#server.wakeAll();
  }
}

export class ModelCrypto implements Crypto {
  /** Devices that are not what they claim: `@user device` → why. */
  readonly distrusted = new Map<string, Proof>();
  /** Devices that nobody has signed: what they send does not open as theirs. */
  readonly unsigned = new Set<string>();
  /** Devices whose keys have not come: `@user device`, with what is known of the reason. */
  readonly keyless = new Map<string, "no-key" | "withheld">();
  readonly #server: ModelServer;
  readonly #user: UserId;
  constructor(server: ModelServer, user: UserId) {
    this.#server = server;
    this.#user = user;
  }
  async receive(_given?: unknown): Promise<number> {
    return 0;
  }
  async pump(): Promise<void> {}
  async decrypt(_room: RoomId, wire: Content): Promise<Decrypted | Undecryptable> {
    const content = wire["content"] as Content;
    const sealed = typeof content["ciphertext"] === "string" ? content["ciphertext"] : "";
    const hash = createHash("sha256").update(sealed).digest("hex");
    try {
      const open = JSON.parse(Buffer.from(sealed, "base64").toString()) as { sender: UserId; type: string; content: Content };
      const keyless = this.keyless.get(`${open.sender} ${String(content["device_id"])}`);
      if (keyless !== undefined) return { ok: false, why: keyless, hash };
      if (this.unsigned.has(`${open.sender} ${String(content["device_id"])}`)) {
        return { ok: false, why: "unproven", hash, claims: { type: open.type, content: open.content, session: String(content["session_id"]), index: 0 } };
      }
      return { ok: true, type: open.type, content: open.content, sender: open.sender, device: String(content["device_id"]), session: String(content["session_id"]), index: 0, hash };
    } catch {
      return { ok: false, why: "malformed", hash };
    }
  }
  async encrypt(_room: RoomId, recipients: readonly Recipient[], type: string, content: Content): Promise<Encrypted> {
    this.ciphertexts += 1;
    const withheld: Encrypted["withheld"][number][] = [];
    for (const { user, pinned, keptOut } of recipients) {
      const why = keptOut === true ? "kept-out" : await this.identity(user, pinned);
      if (why !== "proven") withheld.push({ user, why });
    }
    const readers = recipients.map((each) => each.user).filter((user) => !withheld.some((each) => each.user === user));
    return { ciphertext: this.#server.seal(this.#user, "BOT", type, content, readers), withheld };
  }
  async proof(user: UserId, device: string, pinned: MasterKey): Promise<Proof> {
    return this.distrusted.get(`${user} ${device}`) ?? this.identity(user, pinned);
  }
  async masterKey(user: UserId): Promise<MasterKey | undefined> {
    return this.#masterKey(user);
  }
  /** What the engine knows by itself: a test that changes how the question is answered does not change this. */
  #masterKey(user: UserId): MasterKey {
    return this.shown.get(user) ?? masterKeyOf(user);
  }
  /** Another identity that the server shows for somebody than the one they began with. */
  readonly shown = new Map<UserId, MasterKey>();
  /** Whose identity is not known, or not what it should be whatever is shown. */
  readonly identities = new Map<UserId, Proof>();
  /** People to be reported by {@link changed}. */
  readonly reported = new Set<UserId>();
  readonly vouched = new Map<UserId, MasterKey>();
  readonly rotated: RoomId[] = [];
  readonly verifications = new ModelVerifications();
  async identity(user: UserId, pinned: MasterKey): Promise<Proof> {
    return this.identities.get(user) ?? (pinned === this.#masterKey(user) ? "proven" : "identity-changed");
  }
  async devices(user: UserId): Promise<{ readonly signed: number; readonly unsigned: number } | undefined> {
    const unsigned = [...this.unsigned].filter((each) => each.startsWith(`${user} `)).length;
    return { signed: 1, unsigned };
  }
  changed(): readonly UserId[] {
    const users = [...this.reported];
    this.reported.clear();
    return users;
  }
  async vouch(user: UserId, masterKey: MasterKey): Promise<boolean> {
    if ((await this.masterKey(user)) !== masterKey) return false;
    this.vouched.set(user, masterKey);
    return true;
  }
  async unvouch(user: UserId, masterKey: MasterKey): Promise<boolean> {
    this.vouched.delete(user);
    return (await this.masterKey(user)) === masterKey;
  }
  /** How many messages have been encrypted, and of which count the app said that the journal has it on record. */
  ciphertexts = 0;
  readonly onRecord: number[] = [];
  generation(): number {
    return this.ciphertexts;
  }
  noted(generation: number): void {
    this.onRecord.push(generation);
  }
  async rotate(room: RoomId): Promise<void> {
    this.rotated.push(room);
  }
  async healthy(): Promise<boolean> {
    return true;
  }
  async close(): Promise<void> {}
}

/** Verifications that a test starts and ends by hand. */
export class ModelVerifications implements Verifications {
  readonly heard: { readonly room: RoomId; readonly event: VerificationEvent }[] = [];
  readonly answers: { readonly id: string; readonly matches: boolean }[] = [];
  readonly #shown = new Map<string, Comparison>();
  #listener: VerificationListener | undefined;
  listen(listener: VerificationListener): void {
    this.#listener = listener;
  }
  async hear(room: RoomId, event: VerificationEvent): Promise<void> {
    this.heard.push({ room, event });
  }
  async answer(id: string, matches: boolean): Promise<boolean> {
    const comparison = this.#shown.get(id);
    if (comparison === undefined) return false;
    this.answers.push({ id, matches });
    this.end(id, matches ? "verified" : "mismatch");
    return true;
  }
  async cancel(id: string): Promise<void> {
    this.end(id, "cancelled");
  }
  /** Comparisons that have not ended. */
  get open(): number {
    return this.#shown.size;
  }
  /** As when somebody's client has come to the emoji; false if nobody wants to verify them. */
  show(comparison: Comparison): boolean {
    if (this.#listener?.pinned(comparison.user) === undefined) return false;
    this.#shown.set(comparison.id, comparison);
    this.#listener.shown(comparison);
    return true;
  }
  end(id: string, end: ComparisonEnd): void {
    const comparison = this.#shown.get(id);
    if (comparison === undefined) return;
    this.#shown.delete(id);
    this.#listener?.ended(comparison, end);
  }
}

const masterKeys = new Map<UserId, MasterKey>();
export function masterKeyOf(user: UserId): MasterKey {
  const known = masterKeys.get(user) ?? (Buffer.from(user.padEnd(32, "=")).toString("base64").slice(0, 43) as MasterKey);
  masterKeys.set(user, known);
  return known;
}

/** Time that runs by itself, but only for what waits a moment: the app's own small waits come true at once, longer ones when a test says so. */
export class SoonClock extends HandClock {
  override wakeAt(at: Instant, then: () => void): () => void {
    const cancel = super.wakeAt(at, then);
    if (at <= this.now()) setImmediate(() => this.fireDue());
    return cancel;
  }
  /** Moves on step by step, so that whoever is woken may wait anew. */
  async pass(ms: number): Promise<void> {
    const end = (this.now() + ms) as Instant;
    for (let next = this.next(end); next !== undefined; next = this.next(end)) {
      this.moveTo(Math.max(next, this.now()) as Instant);
      await settled();
    }
    this.moveTo(end);
    await settled();
  }
}

/** Resolves when everything that follows from what has happened, without time passing, is over. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function stateOf(event: TimelineEvent): StateEvent {
  return { type: event.type, stateKey: event.stateKey ?? "", sender: event.sender, content: event.wire["content"] as Content };
}
