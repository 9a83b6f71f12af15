import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { RoomId, UserId } from "../../src/domain/ids.ts";
import { megolmHeader } from "../../src/matrix/ciphertext.ts";
import type { FromChild, Start } from "./kill-child.ts";
import { Participant } from "./participant.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { ToyHomeserver } from "./toy-homeserver.ts";

const ROUNDS = 16;
const EARLY = 5;
const LONGEST_LIFE = 60_000;
const SEED = 7;
const ROOM = "!room:toy" as RoomId;
const CHILD = fileURLToPath(new URL("./kill-child.ts", import.meta.url));

/** When a life ends: so long after it has said so many things to its parent. */
interface End {
  readonly messages: number;
  readonly milliseconds: number;
}
/** What must hold over all lives of the bot. */
interface Record_ {
  masterKey: string | undefined;
  since: string | undefined;
  readonly places: Set<string>;
  readonly acknowledged: Record<string, unknown>[];
  readonly faults: string[];
  sent: number;
  unread: number;
  openings: number;
}

describe("the bot, killed at any moment", () => {
  it("opens again with the same identity, has lost nothing it acknowledged, and uses no key twice", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "relevo-kill-"));
    const homeserver = new ToyHomeserver();
    const url = await homeserver.start();
    const peer = await Participant.join({ homeserver, url, user: "@peer:toy", device: "PEER" });
    const record: Record_ = { masterKey: undefined, since: undefined, places: new Set(), acknowledged: [], faults: [], sent: 0, unread: 0, openings: 0 };
    const key = randomBytes(32).toString("hex");
    const random = seededRandom(SEED);
    const started = performance.now();
    for (let round = 0; round < ROUNDS; round++) {
      const start: Start = {
        homeserver: url, user: "@bot:toy", token: homeserver.token("@bot:toy", "RELEVO"), device: "RELEVO", folder, key,
        since: record.since, room: ROOM, peer: await peer.asRecipient(), acknowledged: record.acknowledged.slice(-40),
      };
      // The first lives end before or while store and identity are made, the later ones at work, however slow the machine is.
      const end: End = round < EARLY ? { messages: 0, milliseconds: 200 + 150 * round + random(150) } : { messages: 3 + random(40), milliseconds: random(15) };
      await oneLife(start, end, peer, record);
    }
    await homeserver.stop();
    rmSync(folder, { recursive: true });
    t.diagnostic(`${ROUNDS} kills, opened ${record.openings} times, ${record.sent} messages sent, ${record.acknowledged.length} read and acknowledged, ${record.unread} waited for their key, ${Math.round(performance.now() - started)} ms`);
    assert.deepEqual(record.faults, []);
    assert.deepEqual(homeserver.complaints, []);
    assert.ok(record.openings >= ROUNDS - EARLY && record.acknowledged.length > 20, "the kills left it time to work");
    assert.equal(record.unread, 0);
  });
});

/** Starts the bot, answers it, and kills it when its time has come, wherever it is. */
function oneLife(start: Start, end: End, peer: Participant, record: Record_): Promise<void> {
  return new Promise((resolve) => {
    const child = fork(CHILD, { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    const kill = (): void => void child.kill("SIGKILL");
    let timer = setTimeout(kill, end.messages === 0 ? end.milliseconds : LONGEST_LIFE);
    let heard = 0;
    const answer = (value: unknown): void => {
      if (child.connected) child.send({ value }, () => undefined);
    };
    child.on("message", (message: FromChild) => {
      if (++heard === end.messages) {
        clearTimeout(timer);
        timer = setTimeout(kill, end.milliseconds);
      }
      hear(message, peer, record).then(answer, (error: unknown) => {
        record.faults.push(String(error));
        answer(undefined);
      });
    });
    child.on("exit", (code) => {
      clearTimeout(timer);
      if (code !== null) record.faults.push(`ended by itself with ${code}`);
      resolve();
    });
    answer(start);
  });
}

async function hear(message: FromChild, peer: Participant, record: Record_): Promise<unknown> {
  switch (message.kind) {
    case "open":
      record.openings++;
      record.masterKey ??= message.masterKey;
      if (message.masterKey === undefined || message.masterKey !== record.masterKey) record.faults.push("another identity");
      return undefined;
    case "lost":
      if (message.count > 0) record.faults.push(`${message.count} acknowledged messages do not open any more`);
      return undefined;
    case "sent":
      return sent(message.ciphertext, message.readable, peer, record);
    case "speak": {
      await peer.sync();
      return peer.says(ROOM, [{ user: "@bot:toy" as UserId, pinned: record.masterKey as Start["peer"]["pinned"] }], { msgtype: "m.text", body: "and you?" });
    }
    case "synced":
      record.since = message.since;
      return undefined;
    case "read":
      record.acknowledged.push(message.event as Record<string, unknown>);
      return undefined;
    case "unread":
      record.unread++;
      record.faults.push(`a message did not open: ${message.why}`);
      return undefined;
    case "failed":
      record.faults.push(message.error);
      return undefined;
  }
}

async function sent(ciphertext: string, readable: boolean, peer: Participant, record: Record_): Promise<undefined> {
  record.sent++;
  const header = megolmHeader(JSON.parse(ciphertext) as Record<string, unknown>);
  const place = `${header?.session} ${header?.index}`;
  if (header === undefined || record.places.has(place)) record.faults.push(`a ratchet index was used twice: ${header?.index}`);
  record.places.add(place);
  if (!readable) return undefined;
  await peer.sync();
  const wire = { type: "m.room.encrypted", event_id: `$bot-${record.sent}`, sender: "@bot:toy", content: JSON.parse(ciphertext) as unknown };
  const read = await peer.crypto.decrypt(ROOM, wire);
  if (!read.ok) record.faults.push(`the peer cannot read: ${read.why}`);
  return undefined;
}
