/** One life of the bot's process: the ports it was given, the faults they have, and the instant at which it is killed. */
import type { EventId, Instant, MasterKey, RoomId, UserId } from "../../src/domain/ids.ts";
import type { Batch, Clock, Committed, Crypto, Decrypted, Encrypted, Gateway, GatewayFault, Journal, Mxc, Proof, Recipient, RoomSpec, StateEvent, Sync, TimelineEvent, Undecryptable } from "../../src/ports.ts";
import { masterKeyOf } from "../support/model.ts";
import type { Dice } from "./chance.ts";
import type { SimClock } from "./clock.ts";
import type { MemoryJournal } from "./memory-journal.ts";
import type { Content, ModelServer, Sealed } from "./model-server.ts";

/** Calls of the ports that can fail, be slow, or be the last of a life. */
export const CALLS = ["sync", "send", "setState", "createRoom", "member", "messages", "commit", "receive", "decrypt", "encrypt", "proof", "masterKey"] as const;
export type CallName = (typeof CALLS)[number];
/** `dies`: the process is killed there. `slow`: the answer takes that long, in milliseconds. */
export type How = "unreachable" | "rate-limited" | "refused" | "server-error" | "token" | "throws" | "dies" | { readonly slow: number };

/** A fault that waits for its call. */
export interface Fault {
  readonly call: CallName;
  /** The how many-th call of that name from now. */
  nth: number;
  /** `before`: nothing has happened. `after`: the server has done it, and the answer is lost. */
  readonly when: "before" | "after";
  readonly how: How;
}

/** What lies outside the process and lasts longer than it. */
export interface Outside {
  readonly server: ModelServer;
  readonly clock: SimClock;
  /** Sessions in the crypto store. */
  readonly known: Set<string>;
  /** Whose identity or devices are worth nothing just now; all others are proven. */
  readonly distrusted: Map<UserId, Proof>;
  /** Other identities than the one they began with that the server shows for some. */
  readonly shown: Map<UserId, MasterKey>;
  /** People whose keys changed since the engine was last asked. */
  readonly reported: Set<UserId>;
  /** Rooms whose messages of before the server would not give out, and up to where. */
  readonly withheld: Map<RoomId, number>;
  /** How calls that wait for nothing overtake one another. */
  readonly dice: Dice;
  /** Looked at before anything is encrypted or said in clear. */
  encrypting(room: RoomId, recipients: readonly Recipient[], effect: string): void;
  /** Looked at when a message of the bot has come to its room. */
  arrived(effect: string, readers: readonly UserId[]): void;
  inClear(what: string, content: unknown): void;
}

/** A fault that the run has made: what the app reports of it is no bug of the app. */
export class InjectedFault extends Error {
  override readonly name = "InjectedFault";
}

/** What a sync carries for the engine: the keys that have come. */
interface Keys {
  readonly to_device: { readonly events: readonly string[] };
}
/** Its own for each call: whatever waits for one that all share would never be forgotten, nor the app to which it belongs. */
function never(): Promise<never> {
  return new Promise<never>(() => undefined);
}
const STATUS = { "rate-limited": 429, "refused": 403, "server-error": 502, "token": 401, "unreachable": undefined } as const;
/** A server answers a long poll with nothing after its time. */
interface Poll {
  wake(): void;
}

/** The ports of one life. After {@link end} no call ever returns. */
export class Life {
  readonly faults: Fault[] = [];
  isOver = false;
  /** Something has gone wrong in this life that the run has made. */
  faulty = false;
  readonly #out: Outside;
  readonly #polls = new Set<Poll>();
  #committing: Promise<unknown> = Promise.resolve();
  #files = 0;
  #isClosing = false;

  constructor(out: Outside) {
    this.#out = out;
  }
  /** The process is gone, in the middle of whatever it was doing. */
  end(): void {
    this.isOver = true;
    this.#out.clock.forget();
    for (const poll of this.#polls) this.#out.server.waiting.delete(poll.wake);
    this.#polls.clear();
  }
  /** The process ends in order: calls that still wait for the server are given up. */
  close(): void {
    this.#isClosing = true;
    for (const poll of [...this.#polls]) poll.wake();
  }
  /** Nothing has happened for as long as a long poll waits. */
  lull(): void {
    for (const poll of [...this.#polls]) poll.wake();
  }
  async #call<T>(call: CallName, effect: () => T): Promise<T> {
    if (this.isOver) return never();
    for (let turns = this.#out.dice.below(3); turns > 0; turns -= 1) await Promise.resolve();
    const fault = this.#due(call);
    if (fault?.when === "before") await this.#suffer(fault);
    if (this.isOver) return never();
    const result = effect();
    if (fault?.when === "after") await this.#suffer(fault);
    return this.isOver ? never() : result;
  }
  /** A database takes one transaction after the other, in the order in which they are asked for. */
  #inOrder<T>(commit: () => Promise<T>): Promise<T> {
    const own = this.#committing.then(commit);
    this.#committing = own.catch(() => undefined);
    return own;
  }
  /** What has been read cannot fail; a dead process does not even learn it. */
  async #read<T>(of: () => Promise<T>): Promise<T> {
    if (this.isOver) return never();
    const found = await of();
    return this.isOver ? never() : found;
  }
  #due(call: CallName): Fault | undefined {
    for (const [index, fault] of this.faults.entries()) {
      if (fault.call !== call) continue;
      fault.nth -= 1;
      if (fault.nth > 0) continue;
      this.faults.splice(index, 1);
      this.faulty = true;
      return fault;
    }
    return undefined;
  }
  async #suffer({ how, call }: Fault): Promise<void> {
    if (typeof how === "object") {
      const { clock } = this.#out;
      await new Promise<void>((resolve) => void clock.wakeAt((clock.now() + how.slow) as Instant, resolve));
      return;
    }
    if (how === "dies") {
      this.end();
      return never();
    }
    if (how === "throws" || call === "commit" || call === "receive" || call === "decrypt") throw new InjectedFault(`the ${call} failed`);
    const status = STATUS[how];
    throw Object.assign(new InjectedFault(`the homeserver: ${how}`), {
      kind: how === "server-error" ? "unreachable" : how, ...(status === undefined ? {} : { status }), ...(how === "rate-limited" ? { wait: 3_000 } : {}),
    }) as GatewayFault;
  }

  clock(): Clock {
    const { clock } = this.#out;
    return { now: () => clock.now(), wakeAt: (at, then) => clock.wakeAt(at, () => { if (!this.isOver) then(); }) };
  }
  journal(memory: MemoryJournal): Journal {
    const isOver = (): boolean => this.isOver;
    return {
      commit: (batch: Batch): Promise<Committed> => this.#inOrder(() => this.#call("commit", () => memory.write(batch))),
      async *read(chain, afterSeq) {
        for (const row of memory.rowsAfter(chain, afterSeq)) {
          if (isOver()) await never();
          yield row;
        }
      },
      chains: () => this.#read(() => memory.chains()),
      snapshot: (chain) => this.#read(() => memory.snapshot(chain)),
      saveSnapshot: (chain, seq, version, state) => this.#read(() => memory.saveSnapshot(chain, seq, version, state)),
      inbox: () => this.#read(() => memory.inbox()),
      outbox: () => this.#read(() => memory.outbox()),
      outboxSentAs: (event) => this.#read(() => memory.outboxSentAs(event)),
      outboxRow: (id) => this.#read(() => memory.outboxRow(id)),
      value: (key) => this.#read(() => memory.value(key)),
      values: (prefix) => this.#read(() => memory.values(prefix)),
      ratchet: (room, session, index) => this.#read(() => memory.ratchet(room, session, index)),
      hasEvent: (event) => this.#read(() => memory.hasEvent(event)),
      checkpoint: (chain, at) => this.#inOrder(() => this.#read(() => memory.checkpoint(chain, at))),
      verify: (chain) => this.#read(() => memory.verify(chain)),
      close: () => memory.close(),
    };
  }
  gateway(): Gateway {
    const { server } = this.#out;
    const user = server.bot;
    const member = (room: RoomId, who: UserId, membership: string): Promise<void> =>
      this.#call("member", () => { if (server.membership(room, who) !== membership) server.add(room, user, "m.room.member", { membership }, who); });
    const said = <T>(what: string, content: unknown, then: () => T): T => {
      this.#out.inClear(what, content);
      return then();
    };
    return {
      user, device: "BOT",
      sync: (since, timeout) => this.#sync(since, timeout),
      send: (room, type, transaction, text): Promise<EventId> => this.#call("send", () => server.once(transaction, () => {
        const content = JSON.parse(text) as Content;
        if (type !== "m.room.encrypted") this.#out.inClear(type, text);
        const event = server.add(room, user, type, content, undefined, transaction);
        if (type === "m.room.encrypted") {
          const { effect, readers } = server.said(room, content, event);
          this.#out.arrived(effect, readers);
        }
        return event;
      })),
      setState: (room, type, stateKey, content) => this.#call("setState", () => said(type, content, () => server.add(room, user, type, content as Content, stateKey))),
      createRoom: (spec: RoomSpec) => this.#call("createRoom", () => said("a room", spec, () => server.createRoom(user, spec))),
      invite: (room, who) => member(room, who, "invite"),
      remove: (room, who) => member(room, who, "leave"),
      join: (room) => member(room, user, "join"),
      leave: (room) => member(room, user, "leave"),
      redact: (room, event, transaction) => this.#call("setState", () => server.once(transaction, () => server.add(room, user, "m.room.redaction", { redacts: event }))),
      roomState: (room): Promise<readonly StateEvent[]> => this.#call("messages", () => [...(server.state.rooms.get(room)?.values() ?? [])]),
      joinedRooms: () => this.#call("messages", () => server.roomsOf(user, "join").flatMap((room) => {
        const create = server.state.rooms.get(room)?.get("m.room.create\n");
        return create === undefined ? [] : [{ room, create }];
      })),
      reserve: () => this.#call("send", () => `mxc://model/${(this.#files += 1)}` as Mxc),
      upload: () => this.#call("send", () => undefined),
      download: () => Promise.reject(new Error("nobody sends files here")),
      messages: async (room, from, limit): Promise<{ readonly events: readonly TimelineEvent[]; readonly end?: string }> => {
        try {
          return await this.#call("messages", () => server.messages(room, from, limit));
        } catch (fault) {
          if ((fault as Partial<GatewayFault>).kind === "refused") this.#out.withheld.set(room, server.state.line.length);
          throw fault;
        }
      },
    };
  }
  async #sync(since: string | undefined, timeout: number): Promise<Sync> {
    const { server } = this.#out;
    if (timeout > 0 && since === server.token() && !this.#isClosing) {
      await new Promise<void>((resolve) => {
        const poll: Poll = {
          wake: () => {
            this.#polls.delete(poll);
            server.waiting.delete(poll.wake);
            // What comes in one go is mostly told in one answer; now and then each event in its own, in the midst of whatever is under way.
            if (this.#out.dice.oneIn(3)) resolve();
            else this.#out.clock.atOnce(resolve);
          },
        };
        this.#polls.add(poll);
        server.waiting.add(poll.wake);
      });
    }
    if (this.#isClosing) throw Object.assign(new InjectedFault("closed"), { kind: "unreachable" }) as GatewayFault;
    return this.#call("sync", () => server.sync(since));
  }
  crypto(): Crypto {
    const { server, distrusted, shown, known, reported } = this.#out;
    const keyOf = (user: UserId): MasterKey => shown.get(user) ?? masterKeyOf(user);
    const proofOf = (user: UserId, pinned: MasterKey): Proof => distrusted.get(user) ?? (pinned === keyOf(user) ? "proven" : "identity-changed");
    return {
      receive: (keys) => this.#call("receive", () => {
        for (const session of (keys as Keys).to_device.events) known.add(session);
        return 0;
      }),
      pump: async () => undefined,
      decrypt: (room, wire) => this.#call("decrypt", () => this.#opened(room, wire)),
      encrypt: (room, recipients, type, content): Promise<Encrypted> => {
        // Who may know is looked at when it is asked for: what changes while it takes its time is the bot's to see.
        if (!this.isOver) this.#out.encrypting(room, recipients.filter(({ keptOut }) => keptOut !== true), String(content["eu.relevo.effect"]));
        return this.#call("encrypt", () => {
          const withheld = recipients.flatMap(({ user, pinned, keptOut }) => {
            const why = keptOut === true ? "kept-out" as const : proofOf(user, pinned);
            return why === "proven" ? [] : [{ user, why }];
          });
          const without = new Set(withheld.map(({ user }) => user));
          const sealed: Sealed = { sender: server.bot, type, content, readers: recipients.map(({ user }) => user).filter((user) => !without.has(user)) };
          const ciphertext = server.sealOwn(sealed);
          return { ciphertext: JSON.stringify({ algorithm: "m.megolm.v1.aes-sha2", device_id: "BOT", session_id: `bot ${room}`, place: server.state.counter, ciphertext }), withheld };
        });
      },
      proof: (user, _device, pinned) => this.#call("proof", () => proofOf(user, pinned)),
      generation: () => 0,
      noted: () => undefined,
      masterKey: (user) => this.#call("masterKey", () => keyOf(user)),
      identity: (user, pinned) => this.#call("proof", () => {
        const proof = proofOf(user, pinned);
        return proof === "device-unproven" ? "proven" : proof;
      }),
      devices: (user) => this.#call("proof", () => (distrusted.get(user) === "device-unproven" ? { signed: 0, unsigned: 1 } : { signed: 1, unsigned: 0 })),
      changed: () => {
        const users = [...reported];
        reported.clear();
        return users;
      },
      vouch: (user, masterKey) => this.#call("masterKey", () => masterKey === keyOf(user)),
      unvouch: (user, masterKey) => this.#call("masterKey", () => masterKey === keyOf(user)),
      rotate: (room) => this.#call("encrypt", () => void room),
      verifications: { listen() {}, hear: async () => undefined, answer: async () => false, cancel: async () => undefined },
      healthy: async () => true,
      close: async () => undefined,
    };
  }
  #opened(room: RoomId, wire: Content): Decrypted | Undecryptable {
    const content = wire["content"] as Content;
    const text = typeof content["ciphertext"] === "string" ? content["ciphertext"] : "";
    // Its own best hash: what differs in a byte is another.
    const hash = text;
    const session = String(content["session_id"]);
    if (session.includes(" never ")) return { ok: false, why: "withheld", hash };
    if (content["device_id"] !== "BOT" && !(this.#out.known.has(session) && session.includes(` ${room} `))) return { ok: false, why: "no-key", hash };
    const opened = this.#out.server.opened(text);
    if (opened === undefined) return { ok: false, why: "malformed", hash };
    const { sender, type, content: inside } = opened;
    const index = Number(content["place"]);
    if (content["device_id"] === "THIEF") return { ok: false, why: "unproven", hash, claims: { type, content: inside, session, index } };
    return { ok: true, type, content: inside, sender, device: String(content["device_id"]), session, index, hash };
  }
}
