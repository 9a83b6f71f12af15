/** A person with a phone: a real Matrix client with its own signed device, who reads, types, taps and counts what they send. */
import { randomBytes } from "node:crypto";
import type { MatrixClient, Room } from "matrix-js-sdk";
import { EventType, KnownMembership, MatrixEvent, MsgType, Preset, RoomEvent } from "matrix-js-sdk";
import type { CryptoBackend } from "matrix-js-sdk/lib/common-crypto/CryptoBackend.js";
import type { CryptoApi } from "matrix-js-sdk/lib/crypto-api/index.js";
import { bringUp, logIn, newIdentity, startSyncing, storeSecrets, type Login } from "./human-client.ts";
import { SeenList, type Seen } from "./seen.ts";
import type { Account, Synapse } from "./synapse.ts";

/** A fresh Synapse lets a user send 10 events at once, then one in 5 s; one is left for safety. */
const AT_ONCE = 9;
const PATIENCE = 30_000;
/** How often a person taps an invitation that does not open the room. */
const TAPS = 6;

export interface HumanOptions {
  /** Default true: reads from and sends to signed devices only. Without it, a careless client on an unsigned device. */
  readonly crossSign?: boolean;
  /** An account that exists: then this is one more device of it, logged in by its password. */
  readonly account?: Account;
  /** Accepts every invitation as it comes. Default false: see {@link Human.joinInvited}. */
  readonly joins?: boolean;
}

/** Which poll: text that its question contains, or a pattern; left out, the latest one in the room. */
export interface VoteOn {
  readonly room?: string;
  readonly question?: string | RegExp;
  /** Only polls read from this mark on. */
  readonly from?: number;
}

export interface Human {
  readonly name: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly account: Account;
  /** The client itself, for what a test needs and this page does not have. */
  readonly client: MatrixClient;
  /** Everything read so far, oldest first. Its length is a mark to wait from. */
  readonly seen: readonly Seen[];
  /** Events sent that count against the sender's rate limit. */
  readonly sentCount: number;
  /** Public master key of the person's identity as it is now: unpadded base64. */
  masterKey(): Promise<string>;
  /** Accepts all open invitations; returns the names of the rooms. */
  joinInvited(): Promise<readonly string[]>;
  /** The encrypted direct chat with the bot: accepts its invitation, or makes one and waits until it has joined. */
  direct(bot: string): Promise<string>;
  /** Waits for the direct chat that the bot opens with this person, and joins it. */
  directFrom(bot: string, limit?: number): Promise<string>;
  rooms(): readonly { readonly id: string; readonly name: string; readonly membership: string }[];
  /** Id of the joined room whose name ends with `ending`; waits for it, joining it if the person was invited. */
  room(ending: string, limit?: number): Promise<string>;
  say(room: string, text: string): Promise<string>;
  sayTo(ending: string, text: string): Promise<string>;
  /** Sends any event, encrypted if the room is. */
  send(room: string, type: string, content: Readonly<Record<string, unknown>>): Promise<string>;
  /** What {@link send} would put on the wire, without sending it: for what a server may do to it on the way. */
  encrypt(room: string, type: string, content: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>>;
  /** Replaces the text of an earlier message of one's own. */
  edit(room: string, event: string, text: string): Promise<string>;
  redact(room: string, event: string): Promise<void>;
  /** Taps the first answer whose text matches; waits for the poll if it is not there yet. Returns the text tapped. */
  vote(on: VoteOn, answer: RegExp): Promise<string>;
  /** Taps the first answer of this poll whose text matches. Returns the text tapped. */
  tap(poll: Seen, answer: RegExp): Promise<string>;
  /** First event read from `from` on that satisfies `want`; fails after `limit` ms and shows what was read instead. */
  waitFor(want: (seen: Seen) => boolean, limit: number, what: string, from?: number): Promise<Seen>;
  /** The pinned message of a room as this person's client shows it now (latest edit); undefined if none or not readable. */
  board(room: string): Promise<string | undefined>;
  /** Sets up secret storage and returns its recovery key: with it the person can sign another device. */
  recoveryKey(): Promise<string>;
  /** Makes a new identity, as somebody who lost all keys (or a thief with the password) would. */
  resetIdentity(): Promise<void>;
  stop(): void;
}

/** Registers (unless `account` is given) and brings up a person whose first sync is done. */
export async function newHuman(synapse: Synapse, name: string, options: HumanOptions = {}): Promise<Human> {
  const account = options.account ?? await synapse.register(name, `${name}-${randomBytes(8).toString("hex")}`);
  if (options.account === undefined) await synapse.showResolved(account.user_id);
  const login: Login = options.account === undefined
    ? { url: synapse.url, ...account }
    : await logIn(synapse.url, account.user_id, account.password);
  const crossSign = options.crossSign ?? true;
  const { client, crypto } = await bringUp(login, crossSign);
  if (crossSign) await newIdentity(crypto, login.user_id, account.password);
  const seen = new SeenList(client);
  await startSyncing(client);
  const budget = synapse.fast ? Number.POSITIVE_INFINITY : AT_ONCE;
  let sentCount = 0;
  const madeDirect = new Map<string, string>();
  const spend = () => {
    if (sentCount >= budget) throw new Error(`${name} has sent ${sentCount} events: the next would wait for the server's rate limit`);
    sentCount += 1;
  };

  const membershipOf = (room: Room) => room.getMyMembership();
  /** A chat that somebody opened with this person: marked so in the invitation, or else a room of the two without a name. */
  const chatFrom = (other: string) => client.getRooms().filter((room) => membershipOf(room) !== KnownMembership.Leave).find((room) =>
    room.getDMInviter() === other
    || (room.currentState.getStateEvents("m.room.name", "") === null && room.currentState.getStateEvents("m.room.create", "")?.getContent()["type"] === undefined
      && room.getMember(other) !== null && room.getInvitedAndJoinedMemberCount() === 2));
  // An invitation from another homeserver may be here before that one will let anybody in, and a server may let in only so many at once: a person taps again.
  const accepting = async (room: Room, tap = 1): Promise<void> => {
    try {
      await client.joinRoom(room.roomId);
    } catch (error) {
      if (tap === TAPS) throw error;
      await new Promise((resolve) => setTimeout(resolve, 300 * tap));
      await accepting(room, tap + 1);
    }
  };
  const join = async (room: Room) => {
    await accepting(room);
    await until(() => client.getRoom(room.roomId)?.getMyMembership() === KnownMembership.Join, `${name} joins ${room.name}`, 2 * PATIENCE);
  };
  if (options.joins ?? false) {
    const accept = (room: Room) => {
      if (membershipOf(room) !== KnownMembership.Invite) return;
      void accepting(room).catch((error: unknown) => console.error(`${name} could not join a room: ${String(error)}`));
    };
    client.on(RoomEvent.MyMembership, accept);
    client.getRooms().forEach(accept);
  }

  const human: Human = {
    name, account, client,
    userId: login.user_id,
    deviceId: login.device_id,
    seen: seen.all,
    get sentCount() { return sentCount; },

    async masterKey() {
      const key = await crypto.getCrossSigningKeyId();
      if (key === null) throw new Error(`${name} has no cross-signing identity`);
      return key;
    },

    async joinInvited() {
      const invited = client.getRooms().filter((room) => membershipOf(room) === KnownMembership.Invite);
      for (const room of invited) await join(room);
      return invited.map((room) => room.name);
    },

    async direct(bot) {
      const own = madeDirect.get(bot);
      if (own !== undefined) return own;
      const withBot = chatFrom(bot);
      if (withBot !== undefined) {
        if (membershipOf(withBot) !== KnownMembership.Join) await join(withBot);
        madeDirect.set(bot, withBot.roomId);
        return withBot.roomId;
      }
      spend();
      const { room_id: made } = await client.createRoom({
        is_direct: true,
        invite: [bot],
        preset: Preset.TrustedPrivateChat,
        initial_state: [{ type: EventType.RoomEncryption, state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } }],
      });
      await until(() => client.getRoom(made)?.getMember(bot)?.membership === KnownMembership.Join, `${bot} accepts the direct chat of ${name}`);
      madeDirect.set(bot, made);
      return made;
    },

    async directFrom(bot, limit = PATIENCE) {
      await until(() => madeDirect.has(bot) || chatFrom(bot) !== undefined, `${bot} opens a direct chat with ${name}`, limit);
      return human.direct(bot);
    },

    rooms: () => client.getRooms().map((room) => ({ id: room.roomId, name: room.name, membership: room.getMyMembership() })),

    async room(ending, limit = PATIENCE) {
      const find = () => client.getRooms().find((room) => room.name.endsWith(ending));
      await until(() => find() !== undefined, `${name} sees a room "… ${ending}"`, limit);
      const found = find();
      if (found === undefined) throw new Error("unreachable");
      if (membershipOf(found) !== KnownMembership.Join) await join(found);
      return found.roomId;
    },

    say: (room, text) => human.send(room, EventType.RoomMessage, { msgtype: MsgType.Text, body: text }),
    sayTo: async (ending, text) => human.say(await human.room(ending), text),

    async send(room, type, content) {
      await until(() => client.getRoom(room)?.hasEncryptionStateEvent() === true, `${name} knows that the room is encrypted`);
      spend();
      // The SDK's types list the events it knows; a test also sends others.
      const { event_id: id } = await client.sendEvent(room, type as EventType.RoomMessage, content as never);
      return id;
    },

    async encrypt(roomId, type, content) {
      const room = client.getRoom(roomId);
      if (room === null) throw new Error(`${name} is not in the room`);
      const event = new MatrixEvent({ type, content, room_id: roomId, sender: login.user_id, event_id: `~${randomBytes(4).toString("hex")}` });
      // Not in the public interface of the crypto API, but what its own sending calls.
      await (crypto as CryptoApi & CryptoBackend).encryptEvent(event, room);
      return event.getWireContent();
    },

    edit: (room, event, text) => human.send(room, EventType.RoomMessage, {
      msgtype: MsgType.Text, body: `* ${text}`,
      "m.new_content": { msgtype: MsgType.Text, body: text },
      "m.relates_to": { rel_type: "m.replace", event_id: event },
    }),

    async redact(room, event) {
      spend();
      await client.redactEvent(room, event);
    },

    async vote({ room, question, from = 0 }, answer) {
      const isIt = (each: Seen) => each.poll !== undefined
        && (room === undefined || each.room === room)
        && (question === undefined || (typeof question === "string" ? each.body.includes(question) : question.test(each.body)))
        && each.poll.answers.some((each) => answer.test(each.text));
      await seen.wait(isIt, PATIENCE, `${name} waits for a poll ${String(question ?? "")} with ${answer.source}`, from);
      const poll = seen.all.slice(from).findLast(isIt);
      if (poll === undefined) throw new Error("unreachable");
      return human.tap(poll, answer);
    },

    async tap(poll, answer) {
      const option = poll.poll?.answers.find((each) => answer.test(each.text));
      if (option === undefined) throw new Error(`the poll "${poll.body}" has no answer ${answer.source}: ${poll.poll?.answers.map((each) => each.text).join(" · ")}`);
      await human.send(poll.room, "org.matrix.msc3381.poll.response", {
        "m.relates_to": { rel_type: "m.reference", event_id: poll.event },
        "org.matrix.msc3381.poll.response": { answers: [option.id] },
      });
      return option.text;
    },

    waitFor: (want, limit, what, from) => seen.wait(want, limit, `${name}: ${what}`, from),

    async board(roomId) {
      const room = client.getRoom(roomId);
      const pinned: unknown = room?.currentState.getStateEvents("m.room.pinned_events", "")?.getContent()["pinned"];
      const latest: unknown = Array.isArray(pinned) ? pinned.at(-1) : undefined;
      if (room === null || typeof latest !== "string") return undefined;
      const event = room.findEventById(latest);
      if (event === undefined) return undefined;
      await client.decryptEventIfNeeded(event);
      if (event.isDecryptionFailure()) return undefined;
      const body: unknown = event.getContent()["body"];
      return typeof body === "string" ? body : undefined;
    },

    recoveryKey: () => storeSecrets(crypto),
    resetIdentity: () => newIdentity(crypto, login.user_id, account.password),
    stop: () => client.stopClient(),
  };
  return human;

  async function until(holds: () => boolean, what: string, limit = PATIENCE): Promise<void> {
    const end = Date.now() + limit;
    while (!holds()) {
      if (Date.now() > end) throw new Error(`${what}: not within ${Math.round(limit / 1000)} s`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}
