/** Messages and keys made up so that the crypto engine panics (vodozemac takes 44 characters without padding for a key, and they are 33 bytes). */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it, mock } from "node:test";
import type { RoomId, UserId } from "../../src/domain/ids.ts";
import { OlmMachine } from "@matrix-org/matrix-sdk-crypto-wasm";
import { soundKeyAnswer } from "../../src/matrix/key-shapes.ts";
import { openLine } from "../../src/matrix/line.ts";
import type { Line } from "../../src/matrix/line.ts";
import type { OperatorError } from "../../src/operator-error.ts";
import { curvePair, olmMessage, unpadded } from "./olm-by-hand.ts";
import { Participant, random } from "./participant.ts";
import { ToyHomeserver } from "./toy-homeserver.ts";
import type { Json } from "./toy-homeserver.ts";

const BOT = "@bot:toy";
const ROOM = "!room:toy" as RoomId;
const TOO_LONG = "A".repeat(44);

describe("the bot, met with what its engine does not survive", () => {
  let homeserver: ToyHomeserver;
  let folder = "";
  let url = "";
  let line: Line;
  let ana: Participant;
  let since: string | undefined;
  let logged: string[] = [];
  let fatal: OperatorError[] = [];

  const open = async (): Promise<void> => {
    line = await openLine({
      homeserver: url, user: BOT, token: homeserver.token(BOT, "RELEVO"), device: "RELEVO", random,
      storeFile: join(folder, "crypto.db"), storeKey: new Uint8Array(32).fill(1), recoveryKeyFile: join(folder, "key"),
      log: (code, facts) => void logged.push(`${code} ${JSON.stringify(facts)}`),
      fatal: (error) => void fatal.push(error),
    });
  };
  const sync = async (): Promise<void> => {
    const answer = await line.gateway.sync(since, 0);
    await line.crypto.receive(answer.crypto);
    since = answer.next;
    await line.crypto.pump();
  };
  /** A stranger's Olm message with this inside; to be told apart by `n`. */
  const strange = (n: number, keys: Json): void => {
    const device = homeserver.accounts.get(BOT)!.devices.get("RELEVO")!;
    const own = device.keys!["keys"] as Record<string, string>;
    const [name, oneTime] = Object.entries(device.oneTime)[0]!;
    delete device.oneTime[name];
    const stranger = curvePair();
    const inside = { type: "m.dummy", content: { n }, sender: "@eve:toy", recipient: BOT, recipient_keys: { ed25519: own["ed25519:RELEVO"] }, keys };
    const body = olmMessage(JSON.stringify(inside), stranger, own["curve25519:RELEVO"]!, oneTime["key"] as string);
    const content = { algorithm: "m.olm.v1.curve25519-aes-sha2", sender_key: unpadded(stranger.public), ciphertext: { [own["curve25519:RELEVO"]!]: { type: 0, body } } };
    homeserver.inject(BOT, "RELEVO", { type: "m.room.encrypted", sender: "@eve:toy", content });
  };
  const poison = (n: number): void => strange(n, { ed25519: TOO_LONG });
  const anaSays = async (body: string): Promise<Record<string, unknown>> => {
    const pinned = await ana.crypto.masterKey(BOT as UserId);
    assert.ok(pinned !== undefined);
    return ana.says(ROOM, [{ user: BOT as UserId, pinned }], { body });
  };

  before(() => {
    mock.method(console, "error", () => undefined); // where the engine prints its panics
  });
  after(() => mock.restoreAll());
  beforeEach(async () => {
    homeserver = new ToyHomeserver();
    url = await homeserver.start();
    folder = mkdtempSync(join(tmpdir(), "relevo-poison-"));
    [since, logged, fatal] = [undefined, [], []];
    await open();
    ana = await Participant.join({ homeserver, url, user: "@ana:toy", device: "ANA" });
    await sync();
    await ana.sync();
  });
  afterEach(async () => {
    await line.close();
    await homeserver.stop();
    rmSync(folder, { recursive: true });
  });

  it("reads a message made by hand, so that what follows is about its inside only", async () => {
    strange(0, { ed25519: "A".repeat(43) });
    await sync();
    assert.ok(logged.some((entry) => entry.includes('"undecryptable":1')), "the engine opened it, and does not believe its keys");
  });

  it("leaves the message out, takes the others that came with it, and goes on in the same process", async () => {
    const key = await line.crypto.masterKey(BOT as UserId);
    poison(1);
    const event = await anaSays("after the poison");
    await sync();
    const read = await line.crypto.decrypt(ROOM, event);
    assert.ok(read.ok && read.content["body"] === "after the poison");
    assert.ok(logged.includes('crypto.engine-panicked {"panics":1}'));
    assert.deepEqual([fatal.length, await line.crypto.healthy(), await line.crypto.masterKey(BOT as UserId)], [0, true, key]);
    const { ciphertext } = await line.crypto.encrypt(ROOM, [await ana.asRecipient()], "m.room.message", { body: "still here" });
    await ana.sync();
    const heard = await ana.crypto.decrypt(ROOM, { type: "m.room.encrypted", event_id: "$1", sender: BOT, content: JSON.parse(ciphertext) as unknown });
    assert.equal(heard.ok, true);
  });

  it("does not try it again after a restart that came before the sync was done with", async () => {
    poison(1);
    const before_ = since;
    await sync();
    const panics = (console.error as unknown as { mock: { callCount(): number } }).mock.callCount();
    await line.close();
    since = before_;
    await open();
    const event = await anaSays("second life");
    await sync();
    assert.equal((console.error as unknown as { mock: { callCount(): number } }).mock.callCount(), panics, "no further panic");
    assert.equal((await line.crypto.decrypt(ROOM, event)).ok, true);
  });

  it("never hands a message to the engine again that it panicked at each time, also after a restart", async (t) => {
    const handed: string[] = [];
    for (const name of ["receiveSyncChanges", "receiveSyncChangesMsc4186"] as const) {
      const whole = OlmMachine.prototype[name];
      t.mock.method(OlmMachine.prototype, name, function (this: OlmMachine, ...given: Parameters<typeof whole>) {
        if (!given[0].includes("deadly")) return whole.apply(this, given);
        handed.push(name);
        throw new WebAssembly.RuntimeError("unreachable");
      });
    }
    homeserver.inject(BOT, "RELEVO", { type: "m.deadly", sender: "@eve:toy", content: { deadly: true } });
    const event = await anaSays("beside it");
    const before_ = since;
    await sync();
    assert.equal((await line.crypto.decrypt(ROOM, event)).ok, true);
    assert.deepEqual(handed, ["receiveSyncChanges", "receiveSyncChangesMsc4186"]);
    assert.ok(logged.some((entry) => entry.includes('"poisonous":1')));
    await line.close();
    since = before_;
    await open();
    await sync();
    assert.equal(handed.length, 2);
    assert.equal(fatal.length, 0);
  });

  it("ends the process when there are too many, and each start gets further", async () => {
    for (let n = 0; n < 6; n++) poison(n);
    const event = await anaSays("after six of them");
    let starts = 1;
    for (; starts < 10; starts++) {
      await sync().catch(() => undefined);
      if (fatal.length === 0) break;
      assert.equal(fatal[0]?.code, "crypto.panic");
      fatal = [];
      await line.close();
      since = undefined;
      await open();
    }
    assert.ok(starts > 1 && starts < 10, `${starts} starts`);
    assert.equal((await line.crypto.decrypt(ROOM, event)).ok, true);
  });

  it("does not see a published key of another length, and sees the person's other devices", async () => {
    const pinned = await ana.masterKey();
    const odd = structuredClone(homeserver.accounts.get("@ana:toy")!.devices.get("ANA")!.keys!) as { keys: Json; device_id: string };
    odd.device_id = "ODD";
    odd.keys = { "ed25519:ODD": TOO_LONG, "curve25519:ODD": TOO_LONG };
    homeserver.token("@ana:toy", "ODD");
    homeserver.accounts.get("@ana:toy")!.devices.get("ODD")!.keys = odd as unknown as Json;
    homeserver.removeDevice("@ana:toy", "none"); // reported as a change
    await sync();
    assert.equal(await line.crypto.proof("@ana:toy" as UserId, "ANA", pinned), "proven");
    assert.equal(await line.crypto.proof("@ana:toy" as UserId, "ODD", pinned), "device-unproven");
    assert.equal(fatal.length, 0);
  });
});

describe("keys that a homeserver passes on", () => {
  it("are left out by device or by use, if one of theirs is no key", () => {
    const good = { keys: { "ed25519:A": "A".repeat(43), "curve25519:A": `${"A".repeat(43)}=`, "other:A": "x" } };
    const bad = (key: unknown): object => ({ keys: { "ed25519:A": key } });
    const answer = { device_keys: { "@a:b": { A: good, B: bad(TOO_LONG), C: bad(7), D: bad("A".repeat(42)) }, "@c:d": 7 }, master_keys: { "@a:b": bad(TOO_LONG), "@c:d": good }, failures: {} };
    assert.deepEqual(soundKeyAnswer(answer), { device_keys: { "@a:b": { A: good }, "@c:d": 7 }, master_keys: { "@c:d": good }, failures: {} });
    for (const odd of [null, 7, [], {}, { device_keys: 7 }]) assert.deepEqual(soundKeyAnswer(odd), odd);
  });
});

describe("an uncaught error that is no panic", () => {
  const run = (program: string): { readonly status: number | null; readonly stderr: string; readonly stdout: string } => {
    const url = JSON.stringify(new URL("../../src/matrix/panic.ts", import.meta.url).href);
    return spawnSync(process.execPath, ["--input-type=module", "-e", `import { watchForPanic } from ${url}; watchForPanic(() => console.log("panic")); ${program}`], { encoding: "utf8" });
  };

  it("ends the process as if nobody watched", () => {
    const { status, stderr, stdout } = run('setImmediate(() => { throw new Error("a bug"); }); setTimeout(() => undefined, 60_000);');
    assert.notEqual(status, 0);
    assert.match(stderr, /a bug/);
    assert.equal(stdout, "");
  });

  it("goes to whoever listens for such errors", () => {
    const { status } = run('process.on("uncaughtException", () => process.exit(70)); setImmediate(() => { throw new Error("a bug"); }); setTimeout(() => undefined, 60_000);');
    assert.equal(status, 70);
  });

  it("is told apart from a panic", () => {
    const { status, stdout } = run('setImmediate(() => { throw new WebAssembly.RuntimeError("unreachable"); }); setTimeout(() => process.exit(0), 20);');
    assert.deepEqual([status, stdout], [0, "panic\n"]);
  });
});
