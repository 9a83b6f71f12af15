import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import Database from "better-sqlite3-multiple-ciphers";
import { filesUnder, findPlanted } from "../support/planted.ts";
import type { Raw } from "../support/raw.ts";
import type { Seen } from "../support/seen.ts";
import { PATIENCE, betweenClientAndServer, openOperation, type Operation } from "./attacks-stage.ts";

const RESPONSE = "org.matrix.msc3381.poll.response";
/** Typed in clear by the attacker: the control that must be found on the server. */
const IN_CLEAR = "Forged before the quay of Pontevedra";
/** Typed by people on their devices: it must be found nowhere. */
const SECRETS = ["Photograph the grey container", "Call the pilot of Leixões", "Dulce Évora Brandão"] as const;

describe("on a server that is not trusted", () => {
  let op: Operation;
  let room: string;
  let tiago: Raw;
  /** Ciphertexts as they left the devices. */
  let command: Readonly<Record<string, unknown>>;
  let vote: Readonly<Record<string, unknown>>;

  before(async () => {
    op = await openOperation({ members: [{ name: "tiago", role: "member", country: "PT" }], strangers: ["dulce"] });
    room = await op.coordination("tiago");
    tiago = await op.raw("tiago");
  });
  after(() => op?.close());

  function response(answer: string | undefined, poll: string): Readonly<Record<string, unknown>> {
    return { "m.relates_to": { rel_type: "m.reference", event_id: poll }, [RESPONSE]: { answers: [answer] } };
  }
  function answerOf(poll: Seen, text: RegExp): string | undefined {
    return poll.poll?.answers.find((each) => text.test(each.text))?.id;
  }

  it("a command in clear in an encrypted room does nothing, gets no answer and leaves one note", async () => {
    const tasks = await op.tasks("tiago");
    assert.deepEqual(await op.inSilence("tiago", room, () => tiago.sayInClear(room, `!task add ${IN_CLEAR}`)), ["clear-ignored"]);
    assert.deepEqual(await op.inSilence("tiago", room, async () => {
      await tiago.sayInClear(room, "!task list");
      await tiago.sayInClear(room, "!cd stop CD-1");
    }), [], "the journal cannot be filled from outside");
    assert.deepEqual(await op.tasks("tiago"), tasks);
  });

  it("a vote in clear answers no question", async () => {
    const ana = await op.raw("ana");
    const direct = op.direct("ana");
    await op.person("ana").say(direct, `jit add ${op.person("dulce").userId} "${SECRETS[2]}" member ES`);
    const poll = await op.question("ana", / · confirm /, 0);
    const asked = op.person("ana").seen.length;
    const latest = op.person("ana").seen.findLast((seen) => seen.poll !== undefined && / · confirm /.test(seen.body)) ?? poll;
    assert.equal(asked > 0, true);
    assert.deepEqual(await op.inSilence("ana", direct, () => ana.send(direct, RESPONSE, response(answerOf(latest, /^Confirm$/), latest.event))), ["clear-ignored"]);
  });
});
