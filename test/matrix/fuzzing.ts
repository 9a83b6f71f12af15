/**
 * Mutated answers of a homeserver through everything that reads them: shapes, the part for the engine, rooms, intake, and what people typed or tapped
 * through the whole app, on the model. The answers that are changed were recorded from a real homeserver (recorded-syncs.json, with the bot, five
 * people and a case); what stands encrypted in them is sealed anew by the model, with a command, a vote or something else inside that is changed, too.
 */
import { readFileSync } from "node:fs";
import { POLL_RESPONSE } from "../../src/chat/poll.ts";
import type { EventId, RoomId, UserId } from "../../src/domain/ids.ts";
import { readCryptoSync } from "../../src/matrix/crypto-sync.ts";
import { Sieve, isTame, readStateEvent, readSync, readTimelineEvent } from "../../src/matrix/shapes.ts";
import type { Sync } from "../../src/ports.ts";
import type { Opened, World } from "../app/harness.ts";
import { anOpenCase, draftDelivery } from "../app/harness.ts";
import { ANA, BOT, LUIS } from "../domain/builders-core.ts";
import { settled } from "../support/model.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { type Draw, mutated, textOf } from "./mutations.ts";

/** One answer may take so long, in milliseconds, before the app counts as hung. */
const HANG = 20_000;
const STRANGER = "@eve:elsewhere.example" as UserId;
const RECORDED = JSON.parse(readFileSync(new URL("recorded-syncs.json", import.meta.url), "utf8")) as Readonly<Record<string, unknown>>[];

/** What people send, as it is inside the encryption. */
const SAID: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ...["help", "!help task add", "task list", "!task list", "!task add Ring the port friday 18:00", "task done T-1 it is done", "!jit show", "status", "1", "2", "rádio 19:12 ok", "stop? no", "yes 7F3Q", "no 7F3Q",
    "give seal 0774471 intact", "take", "granted despacho 123/26 oral 2 dec 11:40", "!cd ask CD-1 ES", "cd show CD-1", "me lang es", "me zone Praia", "!alert P4 the port is closed",
    "Albatross task list", "!taks list", "tarea lista", `!task add "${"x".repeat(190)}" @luis tomorrow 25:61`, "\u202e!pots", "ｓｔａｔｕｓ", "!task add Call the port by 03/04", "audit verify", "doctor",
  ].map((body) => ["m.room.message", { msgtype: "m.text", body, format: "org.matrix.custom.html", formatted_body: `<b>${body}</b>`, "m.mentions": { user_ids: [BOT] } }] as const),
  [POLL_RESPONSE, { "m.relates_to": { rel_type: "m.reference", event_id: "$e10" }, [POLL_RESPONSE]: { answers: ["a1"] } }],
  ["m.room.message", { msgtype: "m.text", body: "* !task list", "m.new_content": { msgtype: "m.text", body: "!task list" }, "m.relates_to": { rel_type: "m.replace", event_id: "$e12" } }],
  ["m.room.message", { msgtype: "m.text", body: "!task list", "m.relates_to": { rel_type: "m.thread", event_id: "$e12", is_falling_back: true, "m.in_reply_to": { event_id: "$e12" } } }],
  ["m.room.message", { msgtype: "m.image", body: "seal.jpg", file: { v: "v2", url: "mxc://localhost/abc", key: { kty: "oct", k: "x", alg: "A256CTR", ext: true, key_ops: ["decrypt"] }, iv: "x", hashes: { sha256: "x" } }, info: { size: 10, w: 1, h: 1 } }],
  ["m.room.message", { msgtype: "m.location", body: "here", geo_uri: "geo:14.9,-23.5;u=10", "org.matrix.msc3488.location": { uri: "geo:14.9,-23.5" } }],
  ["m.reaction", { "m.relates_to": { rel_type: "m.annotation", event_id: "$e12", key: "👍" } }],
  ["m.key.verification.request", { from_device: "PHONE", methods: ["m.sas.v1"], to: BOT, body: "verify" }],
  ["org.matrix.msc3381.poll.start", { "org.matrix.msc3381.poll.start": { question: { "org.matrix.msc1767.text": "?" }, answers: [{ id: "a", "org.matrix.msc1767.text": "yes" }] } }],
];

export interface Fuzzed {
  readonly answers: number;
  /** Answers without a token: they count as no answer. */
  readonly unusable: number;
  /** Events and commands that reached the app. */
  readonly events: number;
  readonly counts: Readonly<Record<string, number>>;
  /** Bytes of heap after a collection, after each third of the answers. */
  readonly heap: readonly number[];
  readonly milliseconds: number;
}
export interface FuzzOptions {
  readonly answers: number;
  readonly seed: number;
  readonly progress?: (done: number) => void;
}

/** Throws at the first answer that makes anything throw, hang or count as a fault of the program; the message names it. */
export async function fuzz({ answers, seed, progress = () => {} }: FuzzOptions): Promise<Fuzzed> {
  const draw = seededRandom(seed);
  const opened = await anOpenCase();
  const { world } = opened;
  const stage = new Stage(opened, await draftDelivery(opened), draw);
  const from = performance.now();
  const heap: number[] = [];
  let unusable = 0;
  let events = 0;
  try {
    await stage.begin();
    for (let number = 1; number <= answers; number += 1) {
      const text = stage.answer(number);
      const sync = readSync(JSON.parse(text));
      if (sync === undefined) unusable += 1;
      else {
        events += sync.joined.reduce((sum, room) => sum + room.timeline.length + room.state.length, 0);
        await stage.take(sync, number);
      }
      if (world.bugs.length > 0) throw new Error(`seed ${seed}, answer ${number}: a fault of the program`, { cause: { bugs: world.bugs, answer: text.slice(0, 20_000) } });
      if (number % 50 === 0) await stage.passes(60_000);
      if (number % Math.max(1, Math.floor(answers / 3)) === 0 && heap.length < 3) heap.push(await heapNow());
      if (number % 1_000 === 0) progress(number);
    }
    await stage.stillAnswers();
    return { answers, unusable, events, counts: world.app.health.counts(), heap, milliseconds: performance.now() - from };
  } finally {
    stage.end();
    await world.end();
  }
}

class Stage {
  readonly #world: World;
  readonly #opened: Opened;
  /** Rooms in which people speak: those there were, and the latest that the bot has made in their place. */
  #rooms: readonly RoomId[];
  readonly #draw: Draw;
  #next: PromiseWithResolvers<Sync> | undefined;
  #ended = false;
  #asked = Promise.withResolvers<void>();
  #sent = 0;
  #position = 0;

  constructor(opened: Opened, delivery: RoomId, draw: Draw) {
    this.#world = opened.world;
    this.#opened = opened;
    this.#rooms = [opened.ana, opened.coordination, delivery, opened.world.room("liaison")];
    this.#draw = draw;
  }
  /** From now on the homeserver says what the test says, and keeps nothing of what it is told. */
  async begin(): Promise<void> {
    const { gateway, crypto, server } = this.#world;
    const decrypt = crypto.decrypt.bind(crypto);
    gateway.sync = () => {
      this.#next = Promise.withResolvers();
      this.#asked.resolve();
      if (this.#ended) this.end();
      return this.#next.promise;
    };
    gateway.send = async () => `$sent${(this.#sent += 1)}` as EventId;
    gateway.setState = async () => `$sent${(this.#sent += 1)}` as EventId;
    gateway.messages = async () => {
      const page: unknown = JSON.parse(textOf(mutated({ chunk: this.#events(), end: "e" }, 2, this.#draw)));
      const chunk: unknown = typeof page === "object" && page !== null && "chunk" in page ? page.chunk : undefined;
      return { events: new Sieve().list(chunk, readTimelineEvent) };
    };
    gateway.roomState = async () => new Sieve().list(JSON.parse(textOf(mutated(this.#events(), 1, this.#draw))) as unknown, readStateEvent);
    crypto.receive = async (given) => readCryptoSync(given).malformed;
    crypto.decrypt = async (room, wire) => {
      const read = await decrypt(room, wire);
      // As the real one: what a ciphertext says of its session is checked before, and what comes out of it after.
      const { session_id: session } = (wire["content"] ?? {}) as { session_id?: unknown };
      const isSound = typeof session === "string" && session.length > 0 && session.length <= 512;
      return read.ok && !(isSound && isTame(read.content) && typeof read.type === "string") ? { ok: false, why: "malformed", hash: read.hash } : read;
    };
    // The question that is under way is answered as ever.
    server.add(this.#opened.ana, ANA, "m.room.topic", {}, "");
    await this.#isAsked();
    this.#position = server.length;
  }
  /** Time passes: what is due falls due, allowances grow back. */
  async passes(ms: number): Promise<void> {
    const { clock, server } = this.#world;
    await clock.pass(ms);
    const made = server.after(0).filter(({ event }) => event.type === "m.room.create" && event.sender === BOT).map(({ room }) => room);
    this.#rooms = [...new Set([...this.#rooms.slice(0, 4), ...made.slice(-4)])];
  }
  end(): void {
    this.#ended = true;
    this.#next?.reject(Object.assign(new Error("closed"), { kind: "unreachable" }));
  }
  /** The text of one answer. */
  answer(number: number): string {
    const template = JSON.stringify(RECORDED[this.#draw(RECORDED.length)]);
    const mapped = JSON.parse(this.#mapped(template, number)) as Record<string, unknown>;
    const spoken = this.#draw(3) === 0 ? mapped : this.#withSaid(mapped, number);
    return textOf(mutated(spoken, this.#draw(4), this.#draw));
  }
  /** Gives the app one answer and waits until it asks for the next. */
  async take(sync: Sync, number: number): Promise<void> {
    this.#asked = Promise.withResolvers();
    const answer = this.#next;
    this.#next = undefined;
    answer?.resolve({ ...sync, next: String(this.#position) });
    await this.#isAsked(number);
    for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  /** After all this the homeserver tells the truth again: somebody opens a chat with the bot, types a command, and is answered. */
  async stillAnswers(): Promise<void> {
    const { clock, gateway, server } = this.#world;
    await clock.pass(3_600_000);
    for (const call of ["sync", "send", "setState", "messages", "roomState"] as const) Reflect.deleteProperty(gateway, call);
    // What was told about rooms meanwhile is not known to the one that tells the truth.
    this.#next?.resolve({ next: String(server.length), joined: [], invited: [], left: [], crypto: undefined, malformed: 0 });
    await settled();
    const room = await this.#world.direct(ANA);
    await clock.pass(5_000);
    await this.#world.say(ANA, room, "help");
    await clock.pass(5_000);
    if (!this.#world.reads(ANA, room).some(({ body }) => /^(?:What you can do here|Lo que puedes hacer aquí)/.test(body))) throw new Error("a command after all this was not answered");
  }
  async #isAsked(number = 0): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`answer ${number}: the app hangs`)), HANG);
    try {
      await Promise.race([this.#asked.promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
  /** Rooms and people of the recording become those of the model, and every event a new one. */
  #mapped(text: string, number: number): string {
    const rooms = [...new Set(text.match(/!{1}[A-Za-z0-9_-]{40,}/g) ?? [])];
    const withRooms = rooms.reduce((all, room, index) => all.replaceAll(room, this.#rooms[(index + this.#draw(this.#rooms.length)) % this.#rooms.length] ?? room), text);
    return withRooms.replaceAll("@ana:localhost", ANA).replaceAll("@luis:localhost", LUIS).replaceAll("@relevo:localhost", BOT).replaceAll(/@(?:eve|tiago|awa):localhost/g, STRANGER)
      .replaceAll(/"(\$[A-Za-z0-9_-]{10})[A-Za-z0-9_-]+"/g, `"$1-${number}"`);
  }
  /** With something that people said in one of its rooms. */
  #withSaid(sync: Record<string, unknown>, number: number): Record<string, unknown> {
    const rooms = (sync["rooms"] ?? {}) as { join?: Record<string, { timeline?: { events?: unknown[] } }> };
    const room = this.#rooms[this.#draw(this.#rooms.length)] ?? "";
    const before = rooms.join?.[room];
    const events = [...before?.timeline?.events ?? [], ...Array.from({ length: 1 + this.#draw(3) }, (_, index) => this.#said(`$said-${number}-${index}`))];
    return { ...sync, rooms: { ...rooms, join: { ...rooms.join, [room]: { ...before, timeline: { ...before?.timeline, events, ...(this.#draw(10) === 0 ? { limited: true, prev_batch: "p" } : {}) } } } } };
  }
  #said(event: string): Readonly<Record<string, unknown>> {
    const [type, content] = SAID[this.#draw(SAID.length)] ?? ["m.room.message", {}];
    const sender = [ANA, LUIS, STRANGER, BOT][this.#draw(8)] ?? LUIS;
    return this.#sealed(sender, this.#draw(12) === 0 ? "toString" : type, textOf(mutated(content, this.#draw(3), this.#draw)), event);
  }
  #sealed(sender: UserId, type: string, content: string, event: string): Readonly<Record<string, unknown>> {
    const inside = `{"sender":${JSON.stringify(sender)},"type":${JSON.stringify(type)},"content":${content},"readers":[]}`;
    return {
      type: "m.room.encrypted", sender, event_id: event, origin_server_ts: this.#draw(10) === 0 ? 1_700_000_000_000 : this.#world.clock.now(),
      content: { algorithm: "m.megolm.v1.aes-sha2", session_id: `s${event}`, device_id: "PHONE", ciphertext: Buffer.from(inside).toString("base64") },
    };
  }
  #events(): readonly unknown[] {
    const sync = RECORDED[this.#draw(RECORDED.length)] as { rooms?: { join?: Record<string, { timeline?: { events?: unknown[] } }> } };
    return [...Object.values(sync.rooms?.join ?? {}).flatMap((room) => room.timeline?.events ?? []), this.#said(`$page-${this.#draw(1_000_000)}`)];
  }
}

async function heapNow(): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}
