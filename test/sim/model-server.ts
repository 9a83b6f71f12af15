/**
 * A homeserver as far as the bot can see one: rooms with their state, one line of events, keys that travel beside them. It may hold things back, leave
 * gaps, forge what is in clear and repeat what is not. It claims nothing about Matrix: that is what the tests on a real one are for.
 */
import type { EventId, Instant, RoomId, UserId } from "../../src/domain/ids.ts";
import { MARK } from "../../src/matrix/room-creation.ts";
import type { RoomSpec, StateEvent, Sync, SyncedRoom, TimelineEvent } from "../../src/ports.ts";

export type Content = Readonly<Record<string, unknown>>;
/** What stands inside a ciphertext of the model. */
export interface Sealed {
  readonly sender: UserId;
  readonly type: string;
  readonly content: Content;
  /** Whose devices have the key; only the bot's messages have them. */
  readonly readers?: readonly UserId[];
}
interface Placed {
  readonly room: RoomId;
  readonly event: TimelineEvent;
}
/** A poll as a person has it on their phone. */
export interface Poll {
  readonly event: EventId;
  readonly room: RoomId;
  readonly question: string;
  readonly answers: readonly { readonly id: string; readonly text: string }[];
}
/** A message of the bot's as it went out. */
export interface Said {
  readonly event: EventId;
  readonly room: RoomId;
  readonly effect: string;
  readonly type: string;
  readonly content: Content;
  readonly readers: readonly UserId[];
  readonly body: string;
  /** When, and who was in the room: whoever came later cannot read it. */
  readonly at: Instant;
  readonly present: readonly UserId[];
}
/** A message that a person has sent and the server has not passed on. */
interface Held {
  readonly room: RoomId;
  readonly sender: UserId;
  readonly content: Content;
  readonly passed: (event: EventId) => void;
}
/** All that the server knows; plain data, so that a run can begin from a copy. */
export interface ServerState {
  readonly line: Placed[];
  readonly rooms: Map<RoomId, Map<string, StateEvent>>;
  /** Who is in each room, invited to it, or no longer there: its member events, by person. */
  readonly members: Map<RoomId, Map<UserId, string>>;
  /** What the bot has encrypted, by what stands in its place. */
  readonly sealed: Map<string, Sealed>;
  readonly transactions: Map<string, EventId>;
  /** Sessions whose key has been handed to the bot's device, in the order of handing. */
  readonly keys: string[];
  /** Sessions whose key is on its way. */
  readonly keysHeld: string[];
  readonly polls: Map<UserId, Poll[]>;
  readonly said: Said[];
  /** Messages sent by people that the server has taken and not let through. */
  readonly held: Held[];
  /** How much each person has said in each room: a session lasts for a few messages. */
  readonly spoken: Map<string, number>;
  counter: number;
}

export function noServerState(): ServerState {
  return { line: [], rooms: new Map(), members: new Map(), sealed: new Map(), transactions: new Map(), keys: [], keysHeld: [], polls: new Map(), said: [], held: [], spoken: new Map(), counter: 0 };
}
/** Another server that goes on from here; events themselves never change and are shared. */
export function copiedServer(of: ServerState): ServerState {
  return {
    line: [...of.line], rooms: new Map([...of.rooms].map(([room, state]) => [room, new Map(state)])),
    members: new Map([...of.members].map(([room, members]) => [room, new Map(members)])), sealed: new Map(of.sealed), transactions: new Map(of.transactions), keys: [...of.keys],
    keysHeld: [...of.keysHeld], polls: new Map([...of.polls].map(([user, polls]) => [user, [...polls]])), said: [...of.said], held: [...of.held], spoken: new Map(of.spoken),
    counter: of.counter,
  };
}

const SESSION_LENGTH = 4;

/** The server. Everything it does is at once; delays and faults are those of the line to it. */
export class ModelServer {
  readonly state: ServerState;
  readonly bot: UserId;
  /** Rooms whose next sync is cut to so many events. */
  readonly cut = new Map<RoomId, number>();
  /** Rooms whose next sync tells again so much of what it has told, and all of it backwards. */
  readonly muddled = new Map<RoomId, number>();
  /** Who waits for something new. */
  readonly waiting = new Set<() => void>();
  readonly #now: () => Instant;

  constructor(state: ServerState, bot: UserId, now: () => Instant) {
    this.state = state;
    this.bot = bot;
    this.#now = now;
  }

  add(room: RoomId, sender: UserId, type: string, content: Content, stateKey?: string, transaction?: string): EventId {
    const event = `$e${this.state.line.length}` as EventId;
    const wire = { event_id: event, sender, type, content, origin_server_ts: this.#now(), ...(stateKey === undefined ? {} : { state_key: stateKey }) };
    this.state.line.push({ room, event: { event, sender, type, wire, ...(stateKey === undefined ? {} : { stateKey }), ...(transaction === undefined ? {} : { transaction }) } });
    if (stateKey !== undefined) {
      const known = this.state.rooms.get(room) ?? new Map<string, StateEvent>();
      known.set(`${type}\n${stateKey}`, { type, stateKey, sender, content });
      this.state.rooms.set(room, known);
      if (type === "m.room.member") this.#moved(room, stateKey as UserId, content["membership"]);
    }
    for (const wake of [...this.waiting]) wake();
    return event;
  }
  createRoom(sender: UserId, spec: Pick<RoomSpec, "mark" | "state" | "invite" | "power"> & { readonly name?: string }): RoomId {
    const room = `!r${(this.state.counter += 1)}` as RoomId;
    this.add(room, sender, "m.room.create", { room_version: "12", [MARK]: spec.mark }, "");
    this.add(room, sender, "m.room.member", { membership: "join" }, sender);
    this.add(room, sender, "m.room.power_levels", spec.power, "");
    for (const state of spec.state) this.add(room, sender, state.type, state.content, state.stateKey);
    if (spec.name !== undefined) this.add(room, sender, "m.room.name", { name: spec.name }, "");
    for (const user of spec.invite) this.add(room, sender, "m.room.member", { membership: "invite" }, user);
    return room;
  }
  once(transaction: string, make: () => EventId): EventId {
    const known = this.state.transactions.get(transaction);
    if (known !== undefined) return known;
    const event = make();
    this.state.transactions.set(transaction, event);
    return event;
  }
  stateOf(room: RoomId, type: string, stateKey = ""): Content | undefined {
    return this.state.rooms.get(room)?.get(`${type}\n${stateKey}`)?.content;
  }
  membership(room: RoomId, user: UserId): string | undefined {
    return this.state.members.get(room)?.get(user);
  }
  roomsOf(user: UserId, membership: "join" | "invite"): RoomId[] {
    const found: RoomId[] = [];
    for (const [room, members] of this.state.members) if (members.get(user) === membership) found.push(room);
    return found;
  }
  #moved(room: RoomId, user: UserId, membership: unknown): void {
    const known = this.state.members.get(room) ?? new Map<UserId, string>();
    known.set(user, String(membership));
    this.state.members.set(room, known);
  }

  /** A person's message: sealed under a session whose key comes at once, later or never. */
  seal(sender: UserId, device: string, room: RoomId, type: string, content: Content, key: "at once" | "later" | "never"): Content {
    const place = (this.state.counter += 1);
    const spoken = (this.state.spoken.get(`${sender} ${room}`) ?? 0) + 1;
    this.state.spoken.set(`${sender} ${room}`, spoken);
    const session = key === "at once" ? `${sender} ${room} ${Math.floor(spoken / SESSION_LENGTH)}` : `${sender} ${room} ${key} ${place}`;
    if (key === "at once") this.#handKey(session);
    if (key === "later") this.state.keysHeld.push(session);
    const sealed: Sealed = { sender, type, content };
    return { algorithm: "m.megolm.v1.aes-sha2", device_id: device, session_id: session, place, ciphertext: JSON.stringify(sealed) };
  }
  #handKey(session: string): void {
    if (!this.state.keys.includes(session)) this.state.keys.push(session);
  }
  /** The keys that were on their way arrive. */
  releaseKeys(): void {
    for (const session of this.state.keysHeld.splice(0)) this.#handKey(session);
    for (const wake of [...this.waiting]) wake();
  }
  /** What was held back goes out now, in its order. */
  releaseHeld(): void {
    for (const { room, sender, content, passed } of this.state.held.splice(0)) passed(this.add(room, sender, "m.room.encrypted", content));
  }

  /** What the bot says, encrypted: nobody sees more of it than its name. */
  sealOwn(sealed: Sealed): string {
    const name = `sealed ${(this.state.counter += 1)}`;
    this.state.sealed.set(name, sealed);
    return name;
  }
  /** What stands inside a ciphertext; undefined if it is none. */
  opened(ciphertext: string): Sealed | undefined {
    const own = this.state.sealed.get(ciphertext);
    if (own !== undefined) return own;
    try {
      return JSON.parse(ciphertext) as Sealed;
    } catch {
      return undefined;
    }
  }

  /** The bot's message arrives: those who have its key have it on their phones. */
  said(room: RoomId, content: Content, event: EventId): Said {
    const sealed = this.opened(String(content["ciphertext"]));
    if (sealed === undefined) throw new Error("the bot sent what it had not encrypted");
    const { type, content: inside, readers = [] } = sealed;
    const body = [inside["body"], inside["org.matrix.msc1767.text"]].find((each) => typeof each === "string") ?? "";
    const said: Said = { event, room, effect: String(inside["eu.relevo.effect"]), type, content: inside, readers, body, at: this.#now(), present: this.#members(room) };
    this.state.said.push(said);
    const start = inside["org.matrix.msc3381.poll.start"] as { readonly question: Content; readonly answers: readonly Content[] } | undefined;
    if (start === undefined) return said;
    const poll: Poll = {
      event, room, question: String(start.question["body"] ?? start.question["org.matrix.msc1767.text"]),
      answers: start.answers.map((answer) => ({ id: String(answer["id"]), text: String(answer["org.matrix.msc1767.text"]) })),
    };
    for (const user of readers) {
      const polls = this.state.polls.get(user);
      if (polls === undefined) this.state.polls.set(user, [poll]);
      else polls.push(poll);
    }
    return said;
  }

  #members(room: RoomId): UserId[] {
    const found: UserId[] = [];
    for (const [user, membership] of this.state.members.get(room) ?? []) if (membership === "join") found.push(user);
    return found;
  }
  token(): string {
    return `${this.state.line.length}:${this.state.keys.length}`;
  }
  sync(since: string | undefined): Sync {
    const [from = 0, keys = 0] = (since ?? "0:0").split(":").map(Number);
    const fresh = this.state.line.slice(from);
    const touched = [...new Set(fresh.map((each) => each.room))];
    const joined = touched.filter((room) => this.membership(room, this.bot) === "join");
    return {
      next: this.token(), malformed: 0, crypto: { to_device: { events: this.state.keys.slice(keys) } },
      joined: joined.map((room) => this.#synced(room, fresh, from)),
      left: touched.filter((room) => ["leave", "ban"].includes(String(this.membership(room, this.bot)))),
      invited: touched.filter((room) => this.membership(room, this.bot) === "invite").map((room) => {
        const member = this.state.rooms.get(room)?.get(`m.room.member\n${this.bot}`);
        return { room, state: member === undefined ? [] : [member] };
      }),
    };
  }
  #synced(room: RoomId, fresh: readonly Placed[], from: number): SyncedRoom {
    const own = this.#muddle(room, fresh.filter((each) => each.room === room).map((each) => each.event), from);
    const isNew = own.some((event) => event.stateKey === this.bot && (event.wire["content"] as Content)["membership"] === "join");
    const before = isNew ? [...(this.state.rooms.get(room)?.values() ?? [])] : [];
    const most = this.cut.get(room);
    if (most === undefined || own.length <= most || from === 0) return { room, state: before, timeline: own, limited: false };
    this.cut.delete(room);
    const kept = own.slice(own.length - most);
    const cut = own.slice(0, own.length - most);
    // What was left out is told as state, as the specification has it.
    const left = cut.filter((event) => event.stateKey !== undefined);
    // It can be read back from there: all of it, also where it was turned round before it was cut.
    const gone = new Set(cut.map(({ event }) => event).filter((id) => !kept.some(({ event }) => event === id)));
    return { room, state: [...before, ...left.map((event) => stateFrom(event))], timeline: kept, limited: true, prevBatch: `p${this.state.line.findLastIndex((each) => gone.has(each.event.event)) + 1}` };
  }
  /** State keeps its order: of it a server can only lie, not be confused. */
  #muddle(room: RoomId, own: TimelineEvent[], from: number): TimelineEvent[] {
    const again = this.muddled.get(room);
    if (again === undefined) return own;
    this.muddled.delete(room);
    const before = this.state.line.slice(Math.max(0, from - 200), from).filter((each) => each.room === room && each.event.stateKey === undefined).slice(-again);
    const said = own.filter((event) => event.stateKey === undefined).toReversed();
    return [...before.map((each) => each.event), ...own.filter((event) => event.stateKey !== undefined), ...said, ...said.slice(0, 1)];
  }
  messages(room: RoomId, from: string, limit: number): { readonly events: readonly TimelineEvent[]; readonly end?: string } {
    const upTo = from === "" ? this.state.line.length : Number(from.slice(1));
    const events: TimelineEvent[] = [];
    for (let position = upTo - 1; position >= 0; position -= 1) {
      const each = this.state.line[position];
      if (each?.room !== room) continue;
      if (events.length === limit) return { events, end: `p${position + 1}` };
      events.push(each.event);
    }
    return { events };
  }
}

export function stateFrom(event: TimelineEvent): StateEvent {
  return { type: event.type, stateKey: event.stateKey ?? "", sender: event.sender, content: event.wire["content"] as Content };
}
