/** The line against a real Synapse, with people whose client is matrix-js-sdk in the mode that trusts signed devices only. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { MasterKey, RoomId, UserId } from "../../src/domain/ids.ts";
import { isFault } from "../../src/matrix/fault.ts";
import { openLine } from "../../src/matrix/line.ts";
import type { Line } from "../../src/matrix/line.ts";
import { login } from "../../src/matrix/login.ts";
import { MARK } from "../../src/matrix/room-creation.ts";
import type { Decrypted, Recipient, RoomSpec, SyncedRoom, TimelineEvent, Undecryptable } from "../../src/ports.ts";
import type { Human } from "../support/human.ts";
import { newHuman } from "../support/human.ts";
import { newRaw } from "../support/raw.ts";
import type { Account, Synapse } from "../support/synapse.ts";
import { startSynapse } from "../support/synapse.ts";

const encryption = { type: "m.room.encryption", stateKey: "", content: { algorithm: "m.megolm.v1.aes-sha2" } };
const text = (body: string): Record<string, unknown> => ({ msgtype: "m.text", body });

/** An open line with what a loop around it keeps: where sync goes on, and what has come. */
class Bot {
  readonly line: Line;
  readonly events: { readonly room: RoomId; readonly event: TimelineEvent }[] = [];
  #since: string | undefined;
  #sent = 0;

  constructor(line: Line) {
    this.line = line;
  }

  async sync(timeout = 0): Promise<readonly SyncedRoom[]> {
    const { next, crypto, joined } = await this.line.gateway.sync(this.#since, timeout);
    await this.line.crypto.receive(crypto);
    for (const { room, timeline } of joined) for (const event of timeline) this.events.push({ room, event });
    this.#since = next;
    await this.line.crypto.pump();
    return joined;
  }

  /** The first event in the room that satisfies `want`, as it was decrypted. */
  async read(room: RoomId, want: (event: TimelineEvent) => boolean): Promise<{ readonly event: TimelineEvent; readonly read: Decrypted | Undecryptable }> {
    for (let turn = 0; turn < 40; turn++) {
      const found = this.events.find((each) => each.room === room && want(each.event));
      if (found !== undefined) return { event: found.event, read: await this.line.crypto.decrypt(room, found.event.wire) };
      await this.sync(500);
    }
    throw new Error("the event did not come");
  }

  async say(room: RoomId, recipients: readonly Recipient[], body: string): Promise<readonly { readonly user: UserId; readonly why: string }[]> {
    const { ciphertext, withheld } = await this.line.crypto.encrypt(room, recipients, "m.room.message", text(body));
    await this.line.gateway.send(room, "m.room.encrypted", `say-${this.line.gateway.device}-${++this.#sent}`, ciphertext);
    return withheld;
  }
}

describe("the line to a real homeserver", () => {
  const folder = mkdtempSync(join(tmpdir(), "relevo-synapse-"));
  const storeKey = new Uint8Array(randomBytes(32));
  const recoveryKeyFile = join(folder, "recovery-key");
  const logged: string[] = [];
  let synapse: Synapse;
  let account: Account;
  let bot: Bot;
  let ana: Human;
  let bea: Human;
  let room: RoomId;
  let pins: ReadonlyMap<string, MasterKey>;

  const open = async (more: { readonly token?: string; readonly device?: string; readonly store?: string; readonly recoveryKeyFile?: string } = {}): Promise<Bot> =>
    new Bot(
      await openLine({
        homeserver: synapse.url,
        user: account.user_id,
        token: more.token ?? account.access_token,
        device: more.device ?? account.device_id,
        storeFile: join(folder, more.store ?? "crypto.db"),
        storeKey,
        recoveryKeyFile: more.recoveryKeyFile ?? recoveryKeyFile,
        random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
        log: (code, facts) => void logged.push(`${code} ${JSON.stringify(facts)}`),
        fatal: (error) => {
          throw error;
        },
      }),
    );
  const recipient = (human: Human): Recipient => ({ user: human.userId as UserId, pinned: pins.get(human.name) as MasterKey });
  const spec = (more: Partial<RoomSpec> = {}): RoomSpec => ({
    version: "12", space: false, name: "Albatross · 1", mark: "mark-1", invite: [], direct: false, state: [encryption], power: { users_default: 0, events_default: 0 }, ...more,
  });

  before(async () => {
    synapse = await startSynapse({ dir: join(folder, "synapse"), fast: true });
    account = await synapse.register("relevo", "bot-password");
    bot = await open();
    ana = await newHuman(synapse, "ana", { joins: true });
    bea = await newHuman(synapse, "bea", { joins: true });
    pins = new Map([[ana.name, (await ana.masterKey()) as MasterKey], [bea.name, (await bea.masterKey()) as MasterKey]]);
    room = await bot.line.gateway.createRoom(spec({ invite: [ana.userId as UserId, bea.userId as UserId] }));
    for (const human of [ana, bea]) await human.room("Albatross · 1");
    await bot.sync();
  });
  after(async () => {
    for (const human of [ana, bea]) human?.stop();
    await bot?.line.close();
    await synapse?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("starts with a signed device and a recovery key that only its owner can read", async () => {
    assert.equal(await bot.line.crypto.healthy(), true);
    assert.equal(statSync(recoveryKeyFile).mode & 0o777, 0o600);
    assert.match(readFileSync(recoveryKeyFile, "utf8"), /^(\w{4} ){11}\w{4}\n$/);
    const seen = await ana.client.getCrypto()?.getDeviceVerificationStatus(account.user_id, account.device_id);
    assert.equal(seen?.signedByOwner, true);
  });

  it("shows the master key that a person's own client has", async () => {
    assert.equal(await bot.line.crypto.masterKey(ana.userId as UserId), await ana.masterKey());
  });

  it("is read by people and reads them, knowing device and identity", async () => {
    const from = ana.seen.length;
    assert.deepEqual(await bot.say(room, [recipient(ana), recipient(bea)], "hola"), []);
    await ana.waitFor(({ body }) => body === "hola", 15_000, "hola", from);
    await bea.waitFor(({ body }) => body === "hola", 15_000, "hola");
    const id = await ana.say(room, "recibido");
    const { read } = await bot.read(room, ({ event }) => event === id);
    assert.ok(read.ok);
    assert.deepEqual([read.type, read.content["body"], read.sender, read.device], ["m.room.message", "recibido", ana.userId, ana.deviceId]);
    assert.equal(await bot.line.crypto.proof(read.sender, read.device, recipient(ana).pinned), "proven");
  });

  it("starts again from its store as the same device and identity, and reads on", async () => {
    const before_ = await bot.line.crypto.masterKey(account.user_id as UserId);
    const id = await ana.say(room, "while the bot is away");
    await bot.line.close();
    const published = logged.filter((line) => line.startsWith("identity.")).length;
    bot = await open();
    assert.equal(await bot.line.crypto.masterKey(account.user_id as UserId), before_);
    assert.equal(logged.filter((line) => line.startsWith("identity.")).length, published, "nothing is published anew");
    const { read } = await bot.read(room, ({ event }) => event === id);
    assert.ok(read.ok && read.content["body"] === "while the bot is away");
  });

  it("takes a relation added by the server for nothing, and notices the replay by its place in the ratchet", async () => {
    const id = await ana.say(room, "yes");
    const first = await bot.read(room, ({ event }) => event === id);
    const server = await newRaw(synapse, ana.account);
    const content = first.event.wire["content"] as Record<string, unknown>;
    const forged = await server.send(room, "m.room.encrypted", { ...content, "m.relates_to": { rel_type: "m.reference", event_id: first.event.event } });
    const second = await bot.read(room, ({ event }) => event === forged);
    assert.ok(first.read.ok && second.read.ok);
    assert.equal((second.event.wire["content"] as Record<string, unknown>)["m.relates_to"] === undefined, false, "the server did add it");
    assert.deepEqual(second.read.content, text("yes"));
    assert.deepEqual([second.read.session, second.read.index, second.read.hash], [first.read.session, first.read.index, first.read.hash]);
  });

  it("refuses a device that its owner has not signed, both ways", async () => {
    const eve = await newHuman(synapse, "eve", { joins: true, crossSign: false });
    try {
      const strange = await bot.line.gateway.createRoom(spec({ name: "Albatross · eve", invite: [eve.userId as UserId] }));
      await eve.room("Albatross · eve");
      assert.deepEqual(await bot.say(strange, [{ user: eve.userId as UserId, pinned: recipient(ana).pinned }], "not for eve"), [{ user: eve.userId, why: "unknown" }]);
      const id = await eve.say(strange, "let me in");
      const { read } = await bot.read(strange, ({ event }) => event === id);
      assert.deepEqual([read.ok, !read.ok && read.why], [false, "unproven"]);
    } finally {
      eve.stop();
    }
  });

  it("refuses a reset identity both ways, rotates the key away from it, and goes on with the others", async () => {
    const carl = await newHuman(synapse, "carl", { joins: true });
    try {
      const pinned = (await carl.masterKey()) as MasterKey;
      const both: Recipient[] = [{ user: carl.userId as UserId, pinned }, recipient(ana)];
      const shared = await bot.line.gateway.createRoom(spec({ name: "Albatross · carl", invite: [carl.userId as UserId, ana.userId as UserId] }));
      for (const human of [carl, ana]) await human.room("Albatross · carl");
      assert.deepEqual(await bot.say(shared, both, "before"), []);
      await carl.waitFor(({ body }) => body === "before", 15_000, "before");
      assert.equal(await bot.line.crypto.proof(carl.userId as UserId, carl.deviceId, pinned), "proven");
      await carl.resetIdentity();
      for (let turn = 0; turn < 20 && (await bot.line.crypto.proof(carl.userId as UserId, carl.deviceId, pinned)) === "proven"; turn++) await bot.sync(300);
      assert.equal(await bot.line.crypto.proof(carl.userId as UserId, carl.deviceId, pinned), "identity-changed");
      assert.deepEqual(await bot.say(shared, both, "after"), [{ user: carl.userId, why: "identity-changed" }]);
      await ana.waitFor(({ body }) => body === "after", 15_000, "after");
      assert.equal(carl.seen.some(({ body }) => body === "after"), false);
    } finally {
      carl.stop();
    }
  });

  it("comes back on a new device with the recovery key, and people see the same bot", async () => {
    const tokenFile = join(folder, "token-new");
    const token = await login({ homeserver: synapse.url, user: account.user_id as UserId, device: "RELEVO2", password: account.password, tokenFile, log: () => undefined });
    assert.equal(statSync(tokenFile).mode & 0o777, 0o600);
    await assert.rejects(open({ token, device: "RELEVO2", store: "no-key.db", recoveryKeyFile: join(folder, "none") }), { code: "identity.recovery-key-needed" });
    const fresh = await open({ token, device: "RELEVO2", store: "no-key.db" });
    try {
      assert.equal(await fresh.line.crypto.masterKey(account.user_id as UserId), await bot.line.crypto.masterKey(account.user_id as UserId));
      await fresh.sync();
      const from = ana.seen.length;
      await fresh.say(room, [recipient(ana)], "from the new machine");
      await ana.waitFor(({ body }) => body === "from the new machine", 15_000, "the new device's message", from);
      const seen = await ana.client.getCrypto()?.getDeviceVerificationStatus(account.user_id, "RELEVO2");
      assert.equal(seen?.signedByOwner, true);
    } finally {
      await fresh.line.close();
    }
  });

  it("does not start on a lost store, or with a token that is not good, and says what to do", async () => {
    await assert.rejects(open({ store: "lost.db" }), { code: "identity.store-lost" });
    await assert.rejects(open({ token: "nonsense", store: "x.db" }), { code: "homeserver.token" });
    await assert.rejects(open({ device: "OTHER", store: "x.db" }), { code: "login.other-device" });
    await assert.rejects(login({ homeserver: synapse.url, user: account.user_id as UserId, device: "D", password: "wrong", tokenFile: join(folder, "t"), log: () => undefined }), { code: "login.refused" });
  });

  it("makes rooms of version 11 and 12, finds them by their mark, and changes who is in them", async () => {
    const { gateway } = bot.line;
    for (const version of ["11", "12"]) {
      const made = await gateway.createRoom(spec({ version, name: `v${version}`, mark: `mark-${version}`, power: { users: { [ana.userId]: 50 }, events_default: 0 } }));
      const found = (await gateway.joinedRooms()).find((each) => each.room === made);
      assert.deepEqual([found?.create.content[MARK], found?.create.sender], [`mark-${version}`, account.user_id]);
      await gateway.invite(made, ana.userId as UserId);
      await ana.room(`v${version}`);
      await gateway.setState(made, "m.room.topic", "", { topic: "x" });
      const state = await gateway.roomState(made);
      const of = (type: string, stateKey: string): Readonly<Record<string, unknown>> | undefined => state.find((event) => event.type === type && event.stateKey === stateKey)?.content;
      assert.deepEqual([of("m.room.encryption", "")?.["algorithm"], of("m.room.topic", "")?.["topic"], of("m.room.member", ana.userId)?.["membership"]], ["m.megolm.v1.aes-sha2", "x", "join"]);
      await gateway.remove(made, ana.userId as UserId);
      const after_ = await gateway.roomState(made);
      assert.equal(after_.find(({ type, stateKey }) => type === "m.room.member" && stateKey === ana.userId)?.content["membership"], "leave");
      await gateway.leave(made);
      await assert.rejects(gateway.roomState("!none:localhost" as RoomId), (error) => isFault(error) && error.kind === "refused" && error.status === 403);
    }
  });

  it("is told how the server has resolved the state, where the server says so", async () => {
    const topicOf = (rooms: readonly SyncedRoom[]) => {
      const shown = rooms.find((each) => each.room === room);
      return [shown?.resolved, shown?.state.find(({ type }) => type === "m.room.topic")?.content["topic"]];
    };
    await bot.sync();
    await bot.line.gateway.setState(room, "m.room.topic", "", { topic: "as the timeline shows it" });
    assert.deepEqual(topicOf(await bot.sync()), [undefined, undefined]);
    await synapse.showResolved(account.user_id);
    await bot.line.gateway.setState(room, "m.room.topic", "", { topic: "as it is resolved" });
    assert.deepEqual(topicOf(await bot.sync()), [true, "as it is resolved"]);
    await synapse.showResolved(account.user_id, false);
  });

  it("sends the same transaction once, in a room only encrypted", async () => {
    const { gateway, crypto } = bot.line;
    const { ciphertext } = await crypto.encrypt(room, [recipient(ana)], "m.room.message", text("once"));
    const [first, again] = [await gateway.send(room, "m.room.encrypted", "same", ciphertext), await gateway.send(room, "m.room.encrypted", "same", ciphertext)];
    assert.equal(first, again);
    await assert.rejects(gateway.send(room, "m.room.message", "clear", JSON.stringify(text("clear"))), /only encrypted/);
    const redacted = await gateway.redact(room, first, "redact-1");
    assert.equal(await gateway.redact(room, first, "redact-1"), redacted);
  });

  it("reads a gap backwards to its beginning", async () => {
    const raw = await newRaw(synapse, account);
    const long = await bot.line.gateway.createRoom(spec({ name: "long" }));
    const sent: string[] = [];
    for (let n = 0; n < 120; n++) sent.push(await raw.send(long, "m.room.encrypted", { algorithm: "m.megolm.v1.aes-sha2", ciphertext: "x", session_id: "s", n }));
    const { joined } = await bot.line.gateway.sync(undefined, 0);
    const synced = joined.find((each) => each.room === long);
    assert.ok(synced?.limited === true && synced.timeline.length === 100 && synced.prevBatch !== undefined);
    const before_: string[] = [];
    for (let from: string | undefined = synced.prevBatch; from !== undefined; ) {
      const page: Awaited<ReturnType<typeof bot.line.gateway.messages>> = await bot.line.gateway.messages(long, from, 15);
      before_.push(...page.events.filter(({ type }) => type === "m.room.encrypted").map(({ event }) => event));
      from = page.end;
    }
    assert.deepEqual([...before_.toReversed(), ...synced.timeline.map(({ event }) => event)], sent);
  });

  it("sees the world as it is in a first sync, however soon after another one", async () => {
    await bot.line.gateway.sync(undefined, 0);
    const raw = await newRaw(synapse, account);
    const last = await raw.send(room, "m.room.encrypted", { algorithm: "m.megolm.v1.aes-sha2", ciphertext: "x", session_id: "s" });
    const { joined } = await bot.line.gateway.sync(undefined, 0);
    assert.equal(joined.find((each) => each.room === room)?.timeline.at(-1)?.event, last);
  });

  it("logs codes and counts only", () => {
    assert.ok(logged.length > 0);
    assert.doesNotMatch(logged.join("\n"), /[@!$]\w+|ana|bea|relevo:|hola|Albatross/);
  });
});
