/** Comparing emoji with the bot, device to device: who may, how many at once, and what the end of it means. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import type { MasterKey, UserId } from "../../src/domain/ids.ts";
import type { OutgoingRequest } from "../../src/matrix/outgoing.ts";
import type { Comparison, ComparisonEnd } from "../../src/ports.ts";
import { Participant } from "./participant.ts";
import { ToyHomeserver } from "./toy-homeserver.ts";

/** A person at their phone, one step after the other. */
class Comparer {
  readonly person: Participant;
  readonly #bot: Participant;
  #request: olm.VerificationRequest | undefined;
  #sas: olm.Sas | undefined;

  constructor(person: Participant, bot: Participant) {
    this.person = person;
    this.#bot = bot;
  }
  async asks(): Promise<void> {
    const { machine, crypto } = this.person;
    await crypto.masterKey(this.#bot.user);
    const [request, message] = await machine.run(async (engine) => {
      const device = await engine.getDevice(new olm.UserId(this.#bot.user), new olm.DeviceId(this.#bot.device));
      return device!.requestVerification([olm.VerificationMethod.SasV1]) as [olm.VerificationRequest, olm.ToDeviceRequest];
    });
    this.#request = request;
    await this.#send(message);
  }
  /** Whether the bot was ready for it. */
  async starts(): Promise<boolean> {
    await this.person.sync();
    const started = await this.person.machine.run(async () => (this.#request?.isReady() === true ? this.#request.startSas() : undefined));
    if (started === undefined) return false;
    this.#sas = started[0];
    await this.#send(started[1] as OutgoingRequest);
    return true;
  }
  /** Until both could show emoji. */
  async comparesUntilShown(): Promise<void> {
    for (let turn = 0; turn < 6; turn++) {
      await this.#bot.sync();
      await this.person.sync();
    }
  }
  emoji(): readonly string[] {
    return this.#sas?.emoji()?.map(({ symbol }) => symbol) ?? [];
  }
  decimals(): readonly number[] {
    return [...(this.#sas?.decimals() ?? [])];
  }
  async confirms(): Promise<void> {
    for (const request of await this.person.machine.run(async () => this.#sas!.confirm())) await this.#send(request as OutgoingRequest);
  }
  async refuses(): Promise<void> {
    await this.#send(this.#sas!.cancelWithCode("m.mismatched_sas") as OutgoingRequest);
  }
  get over(): string {
    return this.#sas?.cancelInfo()?.cancelCode() ?? this.#request?.cancelInfo?.cancelCode() ?? (this.#sas?.isDone() === true ? "done" : "open");
  }
  async #send(request: OutgoingRequest): Promise<void> {
    const kind = request.type === olm.RequestType.SignatureUpload ? "/keys/signatures/upload" : undefined;
    if (kind !== undefined) return void (await this.person.rest.call({ method: "POST", path: `/_matrix/client/v3${kind}`, body: request.body, repeat: "once" }));
    const { event_type: type, txn_id: transaction, body } = request as olm.ToDeviceRequest;
    await this.person.rest.call({ method: "PUT", path: `/_matrix/client/v3/sendToDevice/${type}/${transaction}`, body, repeat: "once" });
  }
}

describe("comparing emoji with the bot", () => {
  const homeserver = new ToyHomeserver();
  const pins = new Map<UserId, MasterKey>();
  const shown: Comparison[] = [];
  const ended: { readonly user: UserId; readonly end: ComparisonEnd }[] = [];
  let url = "";
  let bot: Participant;
  let people = 0;

  const newPerson = async (pinned: boolean): Promise<Comparer> => {
    const person = await Participant.join({ homeserver, url, user: `@person${++people}:toy`, device: `PHONE${people}` });
    if (pinned) pins.set(person.user, await person.masterKey());
    // Known to the bot's engine, as somebody who has written to it is.
    await bot.crypto.masterKey(person.user);
    return new Comparer(person, bot);
  };
  const compare = async (who: Comparer): Promise<Comparison> => {
    await who.asks();
    await bot.sync();
    assert.equal(await who.starts(), true);
    await who.comparesUntilShown();
    const comparison = shown.findLast(({ user }) => user === who.person.user);
    assert.ok(comparison, "the bot shows what it sees");
    return comparison;
  };

  before(async () => {
    url = await homeserver.start();
    bot = await Participant.join({ homeserver, url, user: "@bot:toy", device: "RELEVO" });
    bot.crypto.verifications.listen({
      pinned: (user) => pins.get(user),
      shown: (comparison) => void shown.push(comparison),
      ended: ({ user }, end) => void ended.push({ user, end }),
    });
    await bot.sync();
  });
  after(() => homeserver.stop());

  it("shows on both sides the same, and when both agree the bot vouches for that identity", async () => {
    const ana = await newPerson(true);
    const pin = pins.get(ana.person.user)!;
    const comparison = await compare(ana);
    assert.equal(comparison.emoji.length, 7);
    assert.deepEqual(comparison.emoji.map(({ symbol }) => symbol), ana.emoji());
    assert.ok(comparison.emoji.every(({ description }) => description.length > 0));
    assert.deepEqual(comparison.decimals, ana.decimals());
    assert.equal(comparison.device, ana.person.device);
    await ana.confirms();
    await bot.sync();
    assert.deepEqual(ended.filter(({ user }) => user === ana.person.user), [], "nothing is decided before the bot's side has answered");
    assert.equal(await bot.crypto.verifications.answer(comparison.id, true), true);
    await ana.comparesUntilShown();
    assert.deepEqual(ended.at(-1), { user: ana.person.user, end: "verified" });
    assert.equal(ana.over, "done");
    const uploads = homeserver.requests.filter(({ path, user }) => path === "/keys/signatures/upload" && user === bot.user).length;
    assert.equal(await bot.crypto.vouch(ana.person.user, pin), true);
    assert.equal(homeserver.requests.filter(({ path, user }) => path === "/keys/signatures/upload" && user === bot.user).length, uploads, "it was signed already");
    assert.equal(await bot.crypto.verifications.answer(comparison.id, true), false, "an answer counts once");
  });

  it("comes to the same end when the bot's side answers first", async () => {
    const ana = await newPerson(true);
    const comparison = await compare(ana);
    assert.equal(await bot.crypto.verifications.answer(comparison.id, true), true);
    await bot.sync();
    await ana.person.sync();
    await ana.confirms();
    await ana.comparesUntilShown();
    assert.deepEqual(ended.at(-1), { user: ana.person.user, end: "verified" });
  });

  it("vouches for nobody when the answer is that they differ", async () => {
    const ana = await newPerson(true);
    const comparison = await compare(ana);
    await ana.confirms();
    await bot.sync();
    assert.equal(await bot.crypto.verifications.answer(comparison.id, false), true);
    await ana.comparesUntilShown();
    assert.deepEqual(ended.at(-1), { user: ana.person.user, end: "mismatch" });
    assert.equal(ana.over, "m.mismatched_sas");
    assert.equal(await vouchedFor(ana), false);
  });

  it("vouches for nobody when the person says that they differ, whatever is answered then", async () => {
    const ana = await newPerson(true);
    const comparison = await compare(ana);
    await ana.refuses();
    await bot.sync();
    assert.deepEqual(ended.at(-1), { user: ana.person.user, end: "mismatch" });
    assert.equal(await bot.crypto.verifications.answer(comparison.id, true), false);
    assert.equal(await vouchedFor(ana), false);
  });

  it("that nobody can answer is ended as cancelled, not as differing, and vouches for nobody", async () => {
    const ana = await newPerson(true);
    const comparison = await compare(ana);
    await bot.crypto.verifications.cancel(comparison.id);
    await ana.comparesUntilShown();
    assert.deepEqual(ended.at(-1), { user: ana.person.user, end: "cancelled" });
    assert.equal(ana.over, "m.user");
    assert.equal(await bot.crypto.verifications.answer(comparison.id, true), false);
    await bot.crypto.verifications.cancel(comparison.id);
    assert.equal(await vouchedFor(ana), false);
  });

  it("is refused to strangers and shows nothing of them", async () => {
    const eve = await newPerson(false);
    await eve.asks();
    await bot.sync();
    assert.equal(await eve.starts(), false);
    assert.equal(eve.over, "m.user");
    assert.equal(shown.some(({ user }) => user === eve.person.user), false);
  });

  it("is refused to somebody whose identity is not the pinned one any more", async () => {
    const bea = await newPerson(true);
    homeserver.accounts.get(bea.person.user)!.signing = undefined as never;
    const thief = new Comparer(await Participant.join({ homeserver, url, user: bea.person.user, device: "THIEF" }), bot);
    await bot.sync();
    await thief.asks();
    await bot.sync();
    assert.equal(await thief.starts(), false);
    assert.equal(shown.some(({ user }) => user === bea.person.user), false);
  });

  it("confirms nothing when the pin was taken back while people compared", async () => {
    const ana = await newPerson(true);
    const comparison = await compare(ana);
    await ana.confirms();
    await bot.sync();
    pins.delete(ana.person.user);
    await bot.crypto.verifications.answer(comparison.id, true);
    assert.deepEqual(ended.at(-1), { user: ana.person.user, end: "mismatch" });
    assert.equal(await vouchedFor(ana), false);
  });

  it("is one at a time for one person, who may begin again once a second request has ended both, and ten at once for all", async () => {
    const ana = await newPerson(true);
    const first = await compare(ana);
    await ana.asks();
    await bot.sync();
    assert.equal(await ana.starts(), false);
    assert.deepEqual(ended.at(-1), { user: ana.person.user, end: "cancelled" });
    const second = await compare(ana);
    assert.notEqual(first.id, second.id);
    assert.equal(await bot.crypto.verifications.answer(first.id, true), false);
    const others = await Promise.all(Array.from({ length: 11 }, () => newPerson(true)));
    let ready = 0;
    for (const each of others) {
      await each.asks();
      await bot.sync();
      if (await each.starts()) ready++;
    }
    assert.equal(ready, 9);
  });

  it("takes any event as one of a room's verification without throwing", async () => {
    const ana = await newPerson(true);
    const room = "!chat:toy" as never;
    const kinds = ["m.room.message", "m.key.verification.start", "m.key.verification.mac", "m.key.verification.cancel", "m.key.verification.ready", "m.key.verification.nonsense"];
    const contents: Record<string, unknown>[] = [{}, { msgtype: "m.key.verification.request" }, { "m.relates_to": 5 }, { method: "m.sas.v1", from_device: 7 }, { transaction_id: "x".repeat(10_000), keys: null }];
    for (const type of kinds) {
      for (const content of contents) await bot.crypto.verifications.hear(room, { event: "$e" as never, sender: ana.person.user, type, content, claimedTime: 0 });
    }
    await bot.sync();
  });

  /** Whether the bot's signature is under the identity already: then vouching uploads nothing. */
  async function vouchedFor(who: Comparer): Promise<boolean> {
    return bot.machine.run(async (engine) => (await engine.getIdentity(new olm.UserId(who.person.user)))?.isVerified() === true);
  }
});
