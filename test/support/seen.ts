/** What one person has read on their own device, in the order in which they could read it. */
import type { MatrixClient, MatrixEvent } from "matrix-js-sdk";
import type { CryptoBackend } from "matrix-js-sdk/lib/common-crypto/CryptoBackend.js";
import { CryptoEvent, DecryptionFailureCode, type CryptoApi } from "matrix-js-sdk/lib/crypto-api/index.js";
import { ClientEvent, MatrixEventEvent } from "matrix-js-sdk";

/** Poll answers: random ids and the text of the buttons. */
export interface PollSeen {
  readonly question: string;
  readonly answers: readonly { readonly id: string; readonly text: string }[];
}

/** One event as its reader has it: decrypted by their own client, or marked as not readable. */
export interface Seen {
  readonly event: string;
  readonly room: string;
  readonly roomName: string;
  readonly sender: string;
  /** Type inside the encryption. */
  readonly type: string;
  readonly msgtype?: string;
  /** Text of a message, of an edit (the new text) or of a poll's question; empty for others. */
  readonly body: string;
  /** Milliseconds since 1970 when this device could read it. */
  readonly at: number;
  readonly encrypted: boolean;
  /** Why it could not be read: then `body` is empty. */
  readonly unreadable?: string;
  readonly poll?: PollSeen;
  /** Event whose text it replaces. */
  readonly replaces?: string;
  readonly inThread?: string;
  /** People it mentions. */
  readonly mentions: readonly string[];
  /** Everything in it, as decrypted. */
  readonly content: Readonly<Record<string, unknown>>;
}

/** When a person who sees something unreadable opens the room again, in milliseconds. */
const LOOKS_AGAIN = [200, 800, 2_500, 8_000];

/** Types that a person reads; state, reactions and votes are not among them. */
const READ = new Set(["m.room.message", "org.matrix.msc3381.poll.start", "org.matrix.msc3381.poll.end", "m.room.encrypted", "m.sticker"]);

/** Follows a client and keeps the list; `Seen` of the same event comes twice if it could not be read at first. */
export class SeenList {
  readonly all: Seen[] = [];
  readonly #client: MatrixClient;
  readonly #waiting = new Set<() => void>();
  readonly #known = new Set<string>();
  /** Events whose sender's device did not look signed, because its owner's keys had not been fetched yet. */
  readonly #unproven = new Set<MatrixEvent>();

  constructor(client: MatrixClient) {
    this.#client = client;
    client.on(ClientEvent.Event, (event) => void this.#take(event));
    client.on(MatrixEventEvent.Decrypted, (event) => this.#add(event));
    // js-sdk does not try such an event again when the keys have come; a person opens the room again, and there it is.
    client.on(CryptoEvent.DevicesUpdated, (users) => void this.#again((event) => users.includes(event.getSender() ?? "")));
    client.on(CryptoEvent.UserTrustStatusChanged, (user) => void this.#again((event) => event.getSender() === user));
  }

  async #again(which: (event: MatrixEvent) => boolean): Promise<void> {
    const crypto = this.#client.getCrypto();
    if (crypto === undefined) return;
    // Not in the public interface of the crypto API, but what its own retries call; `decryptEventIfNeeded` leaves alone what has failed once.
    for (const event of [...this.#unproven].filter(which)) await event.attemptDecryption(crypto as CryptoApi & CryptoBackend, { isRetry: true });
  }

  async #take(event: MatrixEvent): Promise<void> {
    if (event.isEncrypted()) await this.#client.decryptEventIfNeeded(event);
    this.#add(event);
  }

  #add(event: MatrixEvent): void {
    const id = event.getId();
    const room = event.getRoomId();
    const sender = event.getSender();
    // Local echoes have ids that begin with "~"; what a person wrote is not what they read.
    if (id === undefined || room === undefined || sender === undefined || id.startsWith("~") || sender === this.#client.getUserId()) return;
    if (event.isState() || event.isBeingDecrypted() || !READ.has(event.getType())) return;
    const failed = event.isDecryptionFailure();
    const unproven = event.decryptionFailureReason === DecryptionFailureCode.UNSIGNED_SENDER_DEVICE || event.decryptionFailureReason === DecryptionFailureCode.UNKNOWN_SENDER_DEVICE;
    if (!failed) this.#unproven.delete(event);
    else if (unproven && !this.#unproven.has(event)) {
      this.#unproven.add(event);
      // The keys may have come between the attempt and its failure: then nothing more is reported.
      for (const wait of LOOKS_AGAIN) setTimeout(() => void this.#again((each) => each === event), wait).unref();
    }
    const key = failed ? `${id} unreadable` : id;
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.all.push(asSeen(event, { id, room, sender, roomName: this.roomName(room), failed }));
    for (const wake of [...this.#waiting]) wake();
  }

  roomName(room: string): string {
    return this.#client.getRoom(room)?.name ?? room;
  }

  /** The first entry from `from` on for which `want` holds; rejects after `limit` milliseconds with what was read instead. */
  async wait(want: (seen: Seen) => boolean, limit: number, what: string, from = 0): Promise<Seen> {
    const find = () => this.all.slice(from).find((seen) => want(seen));
    const there = find();
    if (there !== undefined) return there;
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = find();
        if (found === undefined) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(found);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        const instead = this.all.slice(from).slice(-12).map((seen) => `  [${seen.roomName}] ${seen.unreadable ?? seen.body.split("\n").join(" / ").slice(0, 160)}`);
        reject(new Error(`${what}: not read within ${Math.round(limit / 1000)} s; read instead:\n${instead.length === 0 ? "  nothing" : instead.join("\n")}`));
      }, limit);
      this.#waiting.add(look);
    });
  }
}

interface Known {
  readonly id: string;
  readonly room: string;
  readonly roomName: string;
  readonly sender: string;
  readonly failed: boolean;
}

function asSeen(event: MatrixEvent, { id, room, roomName, sender, failed }: Known): Seen {
  // The content as it came: js-sdk's getContent() would already show a later edit.
  const content = event.getOriginalContent<Record<string, unknown>>();
  const newContent = record(content["m.new_content"]);
  const relation = record(content["m.relates_to"]);
  const poll = failed ? undefined : pollOf(content);
  const shown = newContent ?? content;
  const msgtype = text(shown["msgtype"]);
  const replaces = relation?.["rel_type"] === "m.replace" ? text(relation["event_id"]) : undefined;
  const inThread = relation?.["rel_type"] === "m.thread" ? text(relation["event_id"]) : undefined;
  const users = record(content["m.mentions"])?.["user_ids"];
  return {
    event: id, room, roomName, sender,
    type: event.getType(),
    body: failed ? "" : poll?.question ?? text(shown["body"]) ?? "",
    at: Date.now(),
    encrypted: event.isEncrypted(),
    mentions: Array.isArray(users) ? users.filter((user) => typeof user === "string") : [],
    content,
    ...(msgtype === undefined ? {} : { msgtype }),
    ...(failed ? { unreadable: event.decryptionFailureReason ?? "unreadable" } : {}),
    ...(poll === undefined ? {} : { poll }),
    ...(replaces === undefined ? {} : { replaces }),
    ...(inThread === undefined ? {} : { inThread }),
  };
}

/** The question and buttons of a poll in its unstable form, the only one that today's clients read. */
export function pollOf(content: Readonly<Record<string, unknown>>): PollSeen | undefined {
  const start = record(content["org.matrix.msc3381.poll.start"]);
  const question = text(record(start?.["question"])?.["org.matrix.msc1767.text"]);
  const answers = start?.["answers"];
  if (question === undefined || !Array.isArray(answers)) return undefined;
  return {
    question,
    answers: answers.flatMap((answer: unknown) => {
      const id = text(record(answer)?.["id"]);
      const label = text(record(answer)?.["org.matrix.msc1767.text"]);
      return id === undefined || label === undefined ? [] : [{ id, text: label }];
    }),
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Readonly<Record<string, unknown>> : undefined;
}
function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
