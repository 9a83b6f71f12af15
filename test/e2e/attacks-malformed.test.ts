import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Raw } from "../support/raw.ts";
import { betweenClientAndServer, openOperation, type Operation } from "./attacks-stage.ts";

type Content = Readonly<Record<string, unknown>>;

/** `{"a":{"a":… }}`, so many levels deep. */
function nested(levels: number): Content {
  let value: Content = {};
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
}
const LONG = "x".repeat(20_000);
/** Well-formed base64 that is no message of anything. */
const RUBBISH = Buffer.from("rubbish ".repeat(40)).toString("base64");

/** Values that no field of a well-made event holds. */
const SHAPES: readonly unknown[] = [null, true, -1, 2 ** 53 - 1, "", "\u0000\u202e", LONG, [], [null], {}, nested(40), ["a", 1, {}]];

/** To-device messages of each type that the machine takes, with contents that are none. */
const TO_DEVICE: readonly (readonly [string, Content])[] = [
  "m.room_key", "m.forwarded_room_key", "m.room_key_request", "m.room_key.withheld", "m.dummy", "m.secret.request", "m.secret.send",
  "m.key.verification.request", "m.key.verification.start", "m.key.verification.cancel", "m.room.encrypted", "eu.example.unknown", "m.room_key_bundle",
].flatMap((type): (readonly [string, Content])[] => [
  [type, {}],
  [type, nested(60)],
  [type, { algorithm: 7, body: LONG, room_id: [], session_id: {}, session_key: null, sender_key: "x", ciphertext: [], transaction_id: 1, action: {}, name: null }],
  [type, { algorithm: "m.olm.v1.curve25519-aes-sha2", sender_key: RUBBISH, ciphertext: { [RUBBISH]: { type: 0, body: RUBBISH } } }],
  [type, { algorithm: "m.megolm.v1.aes-sha2", room_id: "!x:localhost", session_id: RUBBISH, session_key: RUBBISH, sender_claimed_ed25519_key: "x", forwarding_curve25519_key_chain: "x" }],
]);

describe("whatever shape it has", () => {
  let op: Operation;
  let room: string;
  let tiago: Raw;
  let tasks: readonly string[];

  before(async () => {
    op = await openOperation({ members: [{ name: "tiago", role: "member", country: "PT" }] });
    room = await op.coordination("tiago");
    tiago = await op.raw("tiago");
    await op.asks("tiago", room, "!task add Watch the quay", /^T-1 /);
    tasks = await op.tasks("tiago");
  });
  after(() => op?.close());

  /** Nothing came of it but a note that something was malformed, and the bot still hears and answers. */
  async function nothingComesOf(attack: () => Promise<unknown>): Promise<void> {
    const gained = await op.inSilence("tiago", room, attack);
    assert.deepEqual(gained.filter((what) => !["malformed", "clear-ignored", "to-device-useless", "storm"].includes(what)), []);
    assert.ok(gained.length <= 2, "what a member makes up cannot fill the journal");
    assert.deepEqual(await op.tasks("tiago"), tasks);
    assert.equal(op.bot.running, true);
    assert.doesNotMatch(op.bot.output, /"bug":|rubbish/);
  }

  it("a message to the bot's device never stops the sync", async () => {
    await nothingComesOf(async () => {
      for (const [type, content] of TO_DEVICE) {
        const { status } = await tiago.request("PUT", `/v3/sendToDevice/${type}/${Math.random()}`, { messages: { [op.bot.userId]: { [op.bot.account.device_id]: content } } });
        assert.equal(status, 200);
      }
    });
  });

  it("an event that claims to be encrypted never stops the sync", async () => {
    const whole = { algorithm: "m.megolm.v1.aes-sha2", ciphertext: RUBBISH, session_id: RUBBISH, device_id: "X", sender_key: RUBBISH };
    await nothingComesOf(async () => {
      for (const content of [{}, nested(60), whole, { ...whole, ciphertext: LONG }, { ...whole, algorithm: "m.olm.v1.curve25519-aes-sha2" }]) await tiago.send(room, "m.room.encrypted", content);
      for (const field of Object.keys(whole)) {
        for (const value of SHAPES) await tiago.request("PUT", `/v3/rooms/${encodeURIComponent(room)}/send/m.room.encrypted/${Math.random()}`, { ...whole, [field]: value });
      }
    });
  });

  it("an encrypted message of a member that was changed on its way is not read", async () => {
    await nothingComesOf(async () => {
      for (const change of [
        (content: Content): Content => ({ ...content, ciphertext: `${String(content["ciphertext"]).slice(0, -6)}AAAAAA` }),
        (content: Content): Content => ({ ...content, ciphertext: String(content["ciphertext"]).slice(0, 40) }),
        (content: Content): Content => ({ ...content, session_id: RUBBISH }),
      ]) {
        const left = betweenClientAndServer(op.person("tiago"), change);
        await op.person("tiago").say(room, "!task add Move the container tonight");
        await left;
      }
    });
  });

  it("an event in clear never stops the sync", async () => {
    await nothingComesOf(async () => {
      for (const type of ["m.room.message", "org.matrix.msc3381.poll.response", "m.reaction", "m.room.redaction", "eu.example.unknown", "m.call.invite"]) {
        for (const value of SHAPES) await tiago.request("PUT", `/v3/rooms/${encodeURIComponent(room)}/send/${type}/${Math.random()}`, { msgtype: value, body: value, "m.relates_to": value });
      }
    });
  });

  it("what stands inside the encryption is read as it is meant, or not at all", async () => {
    const say = (type: string, content: Content): Promise<unknown> => op.person("tiago").send(room, type, content);
    await nothingComesOf(async () => {
      for (const value of SHAPES.filter((shape) => typeof shape !== "string" || shape !== LONG)) {
        await say("m.room.message", { msgtype: "m.text", body: value });
        await say("m.room.message", { msgtype: value, body: "!task list" });
        await say("org.matrix.msc3381.poll.response", { "org.matrix.msc3381.poll.response": value });
        await say("org.matrix.msc3381.poll.response", { "org.matrix.msc3381.poll.response": { answers: [value] } });
        await say("eu.example.unknown", { value });
      }
      await say("m.room.message", { msgtype: "m.text", body: "talk", formatted_body: nested(50), format: "org.matrix.custom.html" });
    });
  });

  it("state that an administrator's client writes wrongly is not believed, and nothing goes out in clear because of it", async () => {
    const luis = await op.raw("luis");
    await nothingComesOf(async () => {
      for (const value of SHAPES) {
        for (const [type, field] of [["m.room.pinned_events", "pinned"], ["m.room.topic", "topic"], ["m.space.parent", "via"], ["eu.example.unknown", "x"]] as const) {
          await luis.request("PUT", `/v3/rooms/${encodeURIComponent(room)}/state/${type}/`, { [field]: value });
        }
      }
    });
    for (const content of [{}, { algorithm: 7 }, { algorithm: "none" }]) await luis.request("PUT", `/v3/rooms/${encodeURIComponent(room)}/state/m.room.encryption/`, content);
    await op.until(async () => (await luis.request("GET", `/v3/rooms/${encodeURIComponent(room)}/state/m.room.encryption/`)).body["algorithm"] === "m.megolm.v1.aes-sha2", "the bot sets it again");
    const answer = await op.asks("tiago", room, "!me zone Lisbon", /Lisbon/);
    assert.equal(answer.encrypted, true);
  });

  it("the largest event that a server takes is refused as too long, and a larger one never comes", async () => {
    const rows = await op.journal();
    const from = op.person("tiago").seen.length;
    await op.person("tiago").say(room, `!task add ${"y".repeat(45_000)}`);
    await op.reads("tiago", /too long/i, { from, room });
    await assert.rejects(op.person("tiago").say(room, `!task add ${"y".repeat(65_536)}`), /M_TOO_LARGE|413/);
    assert.deepEqual(await op.since(rows), ["not-understood"]);
    assert.deepEqual(await op.tasks("tiago"), tasks);
  });
});
