/** Somebody compares emoji with the running bot from a real client; an administrator is the witness; then their identity is swapped. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { VerificationPhase, VerifierEvent } from "matrix-js-sdk/lib/crypto-api/verification.js";
import type { ShowSasCallbacks } from "matrix-js-sdk/lib/crypto-api/verification.js";
import { systemRandom } from "../../src/app/system.ts";
import type { MasterKey, UserId } from "../../src/domain/ids.ts";
import { openKeys } from "../../src/journal/keys.ts";
import { CRYPTO_STORE } from "../../src/matrix/crypto-store/open.ts";
import type { Line } from "../../src/matrix/line.ts";
import { openLine } from "../../src/matrix/line.ts";
import type { Seen } from "../support/seen.ts";
import { openOperation, type Operation } from "./attacks-stage.ts";

/** What a person sees of one verification. */
interface Screen {
  readonly sas: ShowSasCallbacks;
  /** `done`, or why it was not. */
  readonly over: Promise<string>;
}

/** A client may ask for the coloured form of a symbol (U+FE0F); it is the same symbol. */
const plain = (text: string): string => text.replaceAll("\u{FE0F}", "").toLowerCase();

describe("who somebody is, on a real homeserver", () => {
  let op: Operation;
  let line: Line | undefined;

  before(async () => {
    op = await openOperation({ members: [{ name: "tiago", role: "member", country: "PT" }] });
  });
  after(async () => {
    await line?.close();
    await op?.close();
  });
  /** A person taps "Verify" in their chat with the bot, and comes to the emoji. */
  async function verifies(name: string): Promise<Screen> {
    const request = await op.person(name).client.getCrypto()!.requestVerificationDM(op.bot.userId, op.direct(name));
    await op.until(() => request.phase === VerificationPhase.Ready, `the bot is ready to compare with ${name}`);
    const verifier = await request.startVerification("m.sas.v1");
    let sas: ShowSasCallbacks | undefined;
    verifier.on(VerifierEvent.ShowSas, (shown) => { sas = shown; });
    const over = verifier.verify().then(() => "done", (error: unknown) => String(error));
    await op.until(() => sas !== undefined, `${name} sees emoji`);
    return { sas: sas!, over };
  }
  /** The question that Ana is asked about it, with what she is told the bot sees. */
  async function witnessed(from: number): Promise<{ readonly poll: Seen; readonly emoji: readonly string[] }> {
    const told = await op.reads("ana", /compares with me now/, { from });
    const poll = await op.question("ana", / · the same emoji\?/, from);
    return { poll, emoji: told.body.split("\n").slice(1, 8).map(plain) };
  }
  const confirmed = async (): Promise<readonly unknown[]> => (await op.journal()).flatMap(({ event }) => (event.type === "person.confirmed" && event.how !== "config" ? [[event.user, event.how, event.by]] : []));
  const seenBy = ({ sas }: Screen): readonly string[] => (sas.sas.emoji ?? []).map(([symbol, name]) => plain(`${symbol} ${name}`));

  it("is not confirmed when the administrator hears other emoji than the bot sees", async () => {
    const from = op.person("ana").seen.length;
    const screen = await verifies("tiago");
    const { poll } = await witnessed(from);
    await op.person("ana").tap(poll, /^Not the same$/);
    await op.reads("ana", /^NOT THE SAME/, { from });
    assert.notEqual(await screen.over, "done");
    assert.deepEqual(await confirmed(), []);
  });

  it("is confirmed when an administrator has had the emoji read out and says that they are the same", async () => {
    const [from, his] = [op.person("ana").seen.length, op.person("tiago").seen.length];
    const screen = await verifies("tiago");
    const { poll, emoji } = await witnessed(from);
    assert.deepEqual(emoji, seenBy(screen));
    const told = await op.reads("tiago", /^Call ES-1 now/, { from: his });
    for (const [symbol] of screen.sas.sas.emoji ?? []) assert.ok(!told.body.includes(symbol), "the bot does not write him what he is to read out");
    await screen.sas.confirm();
    await op.fence("tiago", op.direct("tiago"));
    assert.deepEqual(await confirmed(), [], "his own word is not enough");
    await op.person("ana").tap(poll, /^The same$/);
    assert.equal(await screen.over, "done");
    await op.reads("tiago", /^Your identity is confirmed: the emoji were the same/, { from: his });
    assert.deepEqual(await confirmed(), [[op.person("tiago").userId, "compared", op.person("ana").userId]]);
    await op.asks("ana", op.direct("ana"), "jit show", /PT-2 member \(confirmed by ES-1 by emoji\)/);
  });

  it("is then refused to another identity in that name by the engine itself, which would believe one of somebody who is not confirmed", async () => {
    const tasks = await op.tasks("ana");
    const swapped = ["tiago", "luis"];
    for (const name of swapped) await op.person(name).resetIdentity();
    // Tiago's own client does not write to somebody whom it had verified with the identity from before.
    await op.person("luis").say(op.direct("luis"), "task add Move the container tonight");
    assert.deepEqual(await op.tasks("ana"), tasks);
    await op.bot.stop();
    const { dir, account } = op.bot;
    const keys = openKeys({ folder: path.join(dir, "data"), passphrase: readFileSync(path.join(dir, "secrets", "passphrase"), "utf8").trim(), random: systemRandom() });
    line = await openLine({
      homeserver: op.synapse.url, user: account.user_id, token: account.access_token, storeFile: path.join(dir, "data", CRYPTO_STORE), storeKey: keys.cryptoStore, notedAge: "unread",
      recoveryKeyFile: path.join(dir, "secrets", "recovery-key"), random: systemRandom(), log: () => undefined, fatal: (error) => { throw error; },
    });
    const { crypto } = line;
    // Asked as if the new identity were the one that people have pinned: what is said then is the engine's own.
    const engineOf = async (name: string): Promise<string> => {
      const { userId } = op.person(name);
      const shown = await op.person(name).masterKey();
      assert.equal(await crypto.masterKey(userId as UserId), shown);
      return crypto.identity(userId as UserId, shown as MasterKey);
    };
    assert.deepEqual(await Promise.all(swapped.map(engineOf)), ["identity-changed", "proven"]);
  });
});
