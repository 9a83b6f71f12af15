/** Comparing emoji with the bot from matrix-js-sdk on a real Synapse: between devices and in a direct chat. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { VerificationPhase, VerificationRequestEvent, VerifierEvent } from "matrix-js-sdk/lib/crypto-api/verification.js";
import type { ShowSasCallbacks, VerificationRequest } from "matrix-js-sdk/lib/crypto-api/verification.js";
import type { EventId, MasterKey, RoomId, UserId } from "../../src/domain/ids.ts";
import { openLine } from "../../src/matrix/line.ts";
import type { Line } from "../../src/matrix/line.ts";
import type { Comparison, ComparisonEnd } from "../../src/ports.ts";
import type { Human } from "../support/human.ts";
import { newHuman } from "../support/human.ts";
import type { Account, Synapse } from "../support/synapse.ts";
import { startSynapse } from "../support/synapse.ts";

const LIMIT = 20_000;

/** What a person sees of one comparison. */
interface Screen {
  readonly request: VerificationRequest;
  sas: ShowSasCallbacks | undefined;
  /** `done`, or why it was not. */
  over: string | undefined;
}

describe("comparing emoji with the bot on a real homeserver", () => {
  const folder = mkdtempSync(join(tmpdir(), "relevo-sas-"));
  const pins = new Map<string, MasterKey>();
  const shown: Comparison[] = [];
  const ended: { readonly id: string; readonly end: ComparisonEnd }[] = [];
  let synapse: Synapse;
  let account: Account;
  let line: Line;
  let since: string | undefined;
  const clear: string[] = [];
  const people: Human[] = [];
  const chats = new Map<string, RoomId>();

  /** One sync of the bot's, which hears what is said in chats as the app would have it. */
  const sync = async (timeout = 200): Promise<void> => {
    const { next, crypto, joined } = await line.gateway.sync(since, timeout);
    await line.crypto.receive(crypto);
    since = next;
    for (const { room, timeline } of joined) {
      for (const { event, sender, type, wire } of timeline) {
        if (type !== "m.room.encrypted") clear.push(`${sender === account.user_id ? "bot" : "person"} ${type}`);
        const opened = type === "m.room.encrypted" && sender !== account.user_id ? await line.crypto.decrypt(room, wire) : undefined;
        const said = opened?.ok === true ? { type: opened.type, content: opened.content } : { type, content: wire["content"] as Record<string, unknown> };
        await line.crypto.verifications.hear(room, { event, sender, ...said, claimedTime: Number(wire["origin_server_ts"]) });
      }
    }
    await line.crypto.pump();
  };
  const syncUntil = async (what: string, want: () => boolean): Promise<void> => {
    for (const limit = performance.now() + LIMIT; !want(); ) {
      assert.ok(performance.now() < limit, `${what} within ${LIMIT} ms; the bot showed ${shown.length}, ended ${JSON.stringify(ended)}`);
      await sync();
    }
  };
  const newPerson = async (name: string, pinned = true): Promise<Human> => {
    const human = await newHuman(synapse, name, { joins: true });
    people.push(human);
    const key = await line.crypto.masterKey(human.userId as UserId);
    assert.equal(key, await human.masterKey());
    if (pinned) pins.set(human.userId, key as MasterKey);
    // A client knows the devices of those with whom it shares an encrypted room.
    const room = await line.gateway.createRoom({
      version: "12", space: false, mark: `chat-${name}`, invite: [human.userId as UserId], direct: true, power: {},
      state: [{ type: "m.room.encryption", stateKey: "", content: { algorithm: "m.megolm.v1.aes-sha2" } }],
    });
    chats.set(human.userId, room);
    await syncUntil(`${name} in the chat`, () => human.rooms().some(({ id, membership }) => id === room && membership === "join"));
    const crypto = human.client.getCrypto()!;
    for (let turn = 0; turn < 50 && (await crypto.getUserDeviceInfo([account.user_id])).get(account.user_id)?.has(account.device_id) !== true; turn++) await sync();
    return human;
  };
  /** A person begins, and starts once the bot is ready. */
  const begin = async (request: VerificationRequest): Promise<Screen> => {
    const screen: Screen = { request, sas: undefined, over: undefined };
    await syncUntil("an answer of the bot", () => request.phase === VerificationPhase.Ready || request.phase === VerificationPhase.Cancelled);
    if (request.phase === VerificationPhase.Cancelled) return screen;
    const verifier = await request.startVerification("m.sas.v1");
    verifier.on(VerifierEvent.ShowSas, (sas) => {
      screen.sas = sas;
    });
    verifier.verify().then(() => { screen.over = "done"; }, (error: unknown) => { screen.over = String(error); });
    return screen;
  };
  const compared = async (human: Human, screen: Screen): Promise<Comparison> => {
    const mine = (): Comparison | undefined => shown.findLast(({ user }) => user === human.userId);
    await syncUntil("emoji on both sides", () => mine() !== undefined && screen.sas !== undefined);
    return mine()!;
  };

  before(async () => {
    synapse = await startSynapse({ dir: join(folder, "synapse"), fast: true });
    account = await synapse.register("relevo", "bot-password");
    line = await openLine({
      homeserver: synapse.url, user: account.user_id, token: account.access_token, device: account.device_id, storeFile: join(folder, "crypto.db"),
      storeKey: new Uint8Array(randomBytes(32)), recoveryKeyFile: join(folder, "recovery-key"), random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
      log: () => undefined,
      fatal: (error) => {
        throw error;
      },
    });
    line.crypto.verifications.listen({
      pinned: (user) => pins.get(user),
      shown: (comparison) => void shown.push(comparison),
      ended: ({ id }, end) => void ended.push({ id, end }),
    });
    await sync(0);
  });
  after(async () => {
    for (const human of people) human.stop();
    await line?.close();
    await synapse?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("between devices: both see the same, both agree, and each has verified the other", async () => {
    const ana = await newPerson("ana");
    const crypto = ana.client.getCrypto()!;
    const screen = await begin(await crypto.requestDeviceVerification(account.user_id, account.device_id));
    const comparison = await compared(ana, screen);
    assert.deepEqual(comparison.emoji.map(({ symbol, description }) => [symbol, description]), screen.sas!.sas.emoji);
    assert.deepEqual(comparison.decimals, screen.sas!.sas.decimal);
    assert.equal(comparison.device, ana.deviceId);
    await screen.sas!.confirm();
    await sync();
    assert.deepEqual(ended, []);
    assert.equal(await line.crypto.verifications.answer(comparison.id, true), true);
    await syncUntil("the end on both sides", () => screen.over !== undefined && ended.length > 0);
    assert.equal(screen.over, "done");
    assert.deepEqual(ended.at(-1), { id: comparison.id, end: "verified" });
  });

  it("in the direct chat: what the bot answers goes out encrypted, and the identity is vouched for", async () => {
    const bea = await newPerson("bea");
    const crypto = bea.client.getCrypto()!;
    clear.length = 0;
    const screen = await begin(await crypto.requestVerificationDM(account.user_id, chats.get(bea.userId)!));
    const comparison = await compared(bea, screen);
    assert.deepEqual(comparison.emoji.map(({ symbol }) => symbol), screen.sas!.sas.emoji!.map(([symbol]) => symbol));
    assert.equal(await line.crypto.verifications.answer(comparison.id, true), true);
    await screen.sas!.confirm();
    await syncUntil("the end on both sides", () => screen.over !== undefined && ended.some(({ id }) => id === comparison.id));
    assert.equal(screen.over, "done");
    assert.deepEqual(ended.at(-1), { id: comparison.id, end: "verified" });
    assert.deepEqual(clear.filter((each) => each.startsWith("bot")), []);
    // From now on the engine refuses another identity of hers by itself.
    const pinned = pins.get(bea.userId)!;
    await bea.resetIdentity();
    const now = (): Promise<string> => line.crypto.identity(bea.userId as UserId, pinned);
    for (let turn = 0; turn < 40 && (await now()) === "proven"; turn++) await sync();
    assert.equal(await now(), "identity-changed");
    assert.equal(await line.crypto.identity(bea.userId as UserId, (await bea.masterKey()) as MasterKey), "identity-changed");
  });

  it("that differ vouch for nobody, whoever says so", async () => {
    for (const [name, who] of [["carl", "bot"], ["dora", "person"]] as const) {
      const human = await newPerson(name);
      const crypto = human.client.getCrypto()!;
        const screen = await begin(await crypto.requestDeviceVerification(account.user_id, account.device_id));
      const comparison = await compared(human, screen);
      if (who === "bot") assert.equal(await line.crypto.verifications.answer(comparison.id, false), true);
      else screen.sas!.mismatch();
      await syncUntil("the end on both sides", () => screen.over !== undefined && ended.some(({ id }) => id === comparison.id));
      assert.notEqual(screen.over, "done");
      assert.deepEqual(ended.at(-1), { id: comparison.id, end: "mismatch" });
    }
  });

  it("is refused to a stranger, who is told so by their client", async () => {
    const eve = await newPerson("eve", false);
    const crypto = eve.client.getCrypto()!;
    const request = await crypto.requestDeviceVerification(account.user_id, account.device_id);
    request.on(VerificationRequestEvent.Change, () => undefined);
    const screen = await begin(request);
    assert.equal(screen.request.phase, VerificationPhase.Cancelled);
    assert.equal(shown.some(({ user }) => user === eve.userId), false);
    const heard = { event: "$none" as EventId, sender: eve.userId as UserId, type: "m.room.message", content: { msgtype: "m.key.verification.request", to: account.user_id }, claimedTime: 0 };
    await line.crypto.verifications.hear("!none:localhost" as RoomId, heard);
    await sync();
    assert.equal(shown.some(({ user }) => user === eve.userId), false);
  });
});
