import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { newHuman, type Human } from "../support/human.ts";
import type { Raw } from "../support/raw.ts";
import { PATIENCE, openOperation, type Operation } from "./attacks-stage.ts";

describe("somebody who is not who they say", () => {
  let op: Operation;
  let room: string;
  let tasks: readonly string[];
  let thief: Human | undefined;

  before(async () => {
    op = await openOperation({ members: [{ name: "tiago", role: "member", country: "PT" }], owners: ["carla"], strangers: ["eve"] });
    room = await op.coordination("tiago");
    await op.asks("tiago", room, "!task add Watch the quay", /^T-1 /);
    tasks = await op.tasks("tiago");
  });
  after(async () => {
    thief?.stop();
    await op?.close();
  });

  it("does nothing from a device that its owner has not signed, and the owner is told in their direct chat", async () => {
    thief = await newHuman(op.synapse, "tiago", { account: op.person("tiago").account, crossSign: false });
    const rows = await op.journal();
    const from = op.person("tiago").seen.length;
    await thief.say(room, "!task add Move the container tonight");
    const told = await op.reads("tiago", /^A command in your name came from a device that you have not signed/, { from });
    assert.equal(told.room, op.direct("tiago"));
    await thief.say(room, "!task done T-1");
    await op.fence("luis", room);
    // He is also told that a device of his gets no key: as soon as it is known, whether it says anything or not.
    await op.reads("tiago", /not signed by you, so what I write cannot be read there/, { from, room: op.direct("tiago") });
    assert.deepEqual((await op.since(rows)).toSorted(), ["device-unsigned", "sender-device-unproven"]);
    assert.deepEqual(await op.tasks("tiago"), tasks);
    await thief.waitFor((seen) => seen.sender === op.bot.userId && seen.room === room && seen.unreadable !== undefined, PATIENCE, "something of the bot's that it cannot read");
    assert.deepEqual(thief.seen.filter((seen) => seen.sender === op.bot.userId && seen.unreadable === undefined), []);
  });

  it("cannot bring the bot into a room of their own", async () => {
    const eve = await op.raw("eve");
    const rows = await op.journal();
    const invite = async (): Promise<string> => {
      const own = await eve.createRoom({ preset: "trusted_private_chat", is_direct: true, invite: [op.bot.userId] });
      await op.until(async () => await membership(eve, own, op.bot.userId) === "leave", "the bot declines");
      return own;
    };
    await Promise.all([invite(), invite()]);
    assert.deepEqual(await op.since(rows), ["invitation-declined"], "one note in five minutes is enough");
  });

  it("cannot command from a room into which a member has brought the bot", async () => {
    const meeting = await op.person("tiago").client.createRoom({
      invite: [op.bot.userId, op.person("eve").userId],
      initial_state: [{ type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } }],
    });
    const tiago = await op.raw("tiago");
    for (const user of [op.bot.userId, op.person("eve").userId]) {
      await op.until(async () => await membership(tiago, meeting.room_id, user) === "join", `${user} comes in`);
    }
    assert.deepEqual(await op.inSilence("tiago", op.direct("tiago"), async () => {
      await op.person("tiago").say(meeting.room_id, "!task list");
      await op.person("tiago").say(meeting.room_id, "task add Move the container tonight");
      await op.person("eve").say(meeting.room_id, "!task list");
    }), []);
    assert.deepEqual(await op.tasks("tiago"), tasks);
  });

  for (const [name, who, rows] of [["eve", "whom nobody has added", ["stranger-command"]], ["carla", "who is an owner and not in this case", ["foreign-command"]]] as const) {
    it(`gets no answer and no key in a room into which they were smuggled: somebody ${who}`, async () => {
      const smuggled = op.person(name);
      await smuggle(name);
      assert.deepEqual(await op.inSilence("tiago", room, async () => {
        await smuggled.say(room, "!task list");
        await smuggled.say(room, "!task add Move the container tonight");
        await smuggled.say(room, "!help");
      }), rows);
      assert.deepEqual(await op.tasks("tiago"), tasks);
      // While they are there only the board is written in the room.
      await op.asks("tiago", room, `!task add Watch the quay of ${name}`, /^(For .*\n)?T-\d+ /);
      tasks = await op.tasks("tiago");
      await smuggled.waitFor((seen) => seen.sender === op.bot.userId && seen.room === room && seen.unreadable !== undefined, PATIENCE, "something of the bot's that it cannot read");
      assert.deepEqual(smuggled.seen.filter((seen) => seen.sender === op.bot.userId && seen.unreadable === undefined), []);
    });
  }

  it("does nothing with a new identity in a member's name: he is suspended, and reads nothing that is said afterwards", async () => {
    const luis = op.person("luis");
    const consent = await consentAsked();
    const rows = await op.journal();
    const marks = { ana: op.person("ana").seen.length, luis: luis.seen.length };
    await luis.resetIdentity();
    // He may be out of the room by then.
    await luis.say(room, "!task done T-1").catch(() => undefined);
    await luis.say(op.direct("luis"), "task add Move the container tonight");
    await luis.tap(consent, /^Approve$/);
    await op.reads("ana", /^PT-1 is suspended since /, { from: marks.ana });
    await op.fence("tiago", room);
    const gained = await op.since(rows);
    assert.ok(gained.includes("member.suspended") && gained.includes("sender-identity-changed"), gained.join(", "));
    assert.deepEqual(gained.filter((each) => /^task\.|^request\.|^question\.answered|^member\.added/.test(each)), []);
    assert.deepEqual(await op.tasks("tiago"), tasks);
    assert.deepEqual(luis.seen.slice(marks.luis).filter((seen) => seen.sender === op.bot.userId && seen.encrypted && seen.unreadable === undefined), []);
  });

  /**
   * An administrator invites somebody who does not belong there, who comes in at once. The bot takes them out, at most three times in an hour; then it
   * reports that somebody undoes its repairs, and they stay.
   */
  async function smuggle(name: string): Promise<void> {
    const [luis, smuggled] = await Promise.all([op.raw("luis"), op.raw(name)]);
    const from = op.person("luis").seen.length;
    const anasMark = op.person("ana").seen.length;
    await op.until(async () => {
      const is = await membership(luis, room, smuggled.userId);
      if (is === "join") return op.person("luis").seen.slice(from).some((seen) => /undoes a repair again and again/.test(seen.body));
      if (is !== "invite") await luis.request("POST", `/v3/rooms/${encodeURIComponent(room)}/invite`, { user_id: smuggled.userId });
      await smuggled.request("POST", `/v3/join/${encodeURIComponent(room)}`, {});
      return false;
    }, `${name} is in and Luís is told`);
    const { body } = await luis.request("GET", `/v3/rooms/${encodeURIComponent(room)}/messages?dir=b&limit=100&filter=${encodeURIComponent(JSON.stringify({ types: ["m.room.member"], senders: [op.bot.userId] }))}`);
    const removals = (body["chunk"] as readonly { readonly state_key: string; readonly content: { readonly membership: string } }[])
      .filter((event) => event.state_key === smuggled.userId && event.content.membership === "leave");
    // An attempt counts also if the person came in again just before it reached the server.
    assert.ok(removals.length >= 1 && removals.length <= 3, `${removals.length} removals`);
    // All administrators are told; the next test begins when it has reached them.
    await op.reads("ana", /undoes a repair again and again/, { from: anasMark });
    await op.until(() => op.person(name).rooms().some(({ id, membership: is }) => id === room && is === "join"), `${name} sees the room`);
  }
  /** A question that Luís is asked: whether somebody may be added. */
  async function consentAsked(): Promise<Awaited<ReturnType<Operation["question"]>>> {
    const from = op.person("luis").seen.length;
    const own = await op.isAsked("ana", op.direct("ana"), `jit add ${op.person("eve").userId} "Eve" member ES`, / · confirm /);
    await op.person("ana").tap(own, /^Confirm$/);
    return op.question("luis", / · your consent to /, from);
  }
  async function membership(raw: Raw, of: string, user: string): Promise<unknown> {
    return (await raw.request("GET", `/v3/rooms/${encodeURIComponent(of)}/state/m.room.member/${encodeURIComponent(user)}`)).body["membership"];
  }
});
