/**
 * Loaded into the bot's process before it starts (`node --import`): wraps its ports so that the process ends by SIGKILL at one named point, once
 * the test has armed it by writing the point's name into a file. The product has no switch for it.
 */
import { subscribe } from "node:diagnostics_channel";
import { existsSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { Rooms } from "../../src/app/rooms.ts";
import { SqliteJournal } from "../../src/journal/journal.ts";
import { OlmCrypto } from "../../src/matrix/crypto.ts";
import { MatrixGateway } from "../../src/matrix/gateway.ts";
import type { UserId } from "../../src/domain/ids.ts";
import type { Batch } from "../../src/ports.ts";

/**
 * The points at which a test may kill the bot, in the order in which a message passes them; `drop` instead loses one message on purpose: the bot
 * takes it for sent.
 * - after-to-device: keys are in the crypto store, events not yet in the inbox. - after-inbox: nothing is decided yet. - after-join: a
 *   sync that shows somebody new in the coordination room is on record. - after-journal: decided.
 * - during-key-share: a room's key is on its way, nothing is encrypted with it. - during-put, in-room-creation: the request has left, no answer.
 * - after-put, after-room-creation: the answer has come and is not on record. - after-sent: it is on record.
 */
export const POINTS = [
  "after-to-device", "after-inbox", "after-join", "after-journal", "during-key-share", "between-encryption-and-put", "during-put", "after-put", "after-sent",
  "in-room-creation", "after-room-creation", "drop",
] as const;
/** One of the points. */
export type Point = (typeof POINTS)[number];

/** Environment variable with the path of the arming file. */
export const ARM = "RELEVO_TEST_ARM";

/** Arms a point: the bot is killed there when it passes it for the `nth` time from now. */
export function arm(file: string, point: Point, nth = 1): void {
  // Written aside and moved: the bot never reads half a line.
  writeFileSync(`${file}.new`, `${point} ${nth}`);
  renameSync(`${file}.new`, file);
}

/** Whether the point that was armed has not been reached. */
export function isArmed(file: string): boolean {
  return existsSync(file);
}

const file = process.env[ARM];
if (file !== undefined) wrap(file);

function wrap(armed: string): void {
  const reached = (point: Point): boolean => {
    if (!existsSync(armed)) return false;
    const [name, left] = readFileSync(armed, "utf8").split(" ");
    if (name !== point) return false;
    if (Number(left) > 1) {
      arm(armed, point, Number(left) - 1);
      return false;
    }
    unlinkSync(armed);
    return true;
  };
  const killAt = (point: Point): void => {
    if (reached(point)) process.kill(process.pid, "SIGKILL");
  };

  const { receive } = OlmCrypto.prototype;
  OlmCrypto.prototype.receive = async function (crypto) {
    const useless = await receive.call(this, crypto);
    killAt("after-to-device");
    return useless;
  };
  const { commit } = SqliteJournal.prototype;
  SqliteJournal.prototype.commit = async function (batch: Batch) {
    const committed = await commit.call(this, batch);
    if ((batch.inbox ?? []).length > 0) killAt("after-inbox");
    if ((batch.rows ?? []).some((row) => row.event.type !== "system.noted")) killAt("after-journal");
    const changes = batch.outboxChanges ?? [];
    if (changes.some((change) => change.to === "encrypted")) killAt("between-encryption-and-put");
    if (changes.some((change) => change.to === "sent")) killAt("after-sent");
    return committed;
  };
  const { put } = Rooms.prototype;
  Rooms.prototype.put = function (rooms, left) {
    const came = rooms.some((room) => {
      const before = this.get(room.room);
      // In the room with a board; a person accepts several invitations at once.
      return before?.name?.endsWith("· coordination") === true && Object.entries(room.members).some(([user, is]) => is === "join" && before.members[user as UserId] !== "join");
    });
    put.call(this, rooms, left);
    if (came) killAt("after-join");
  };
  const { send, createRoom } = MatrixGateway.prototype;
  MatrixGateway.prototype.send = async function (room, type, transaction, content) {
    if (reached("drop")) return "$never-sent" as Awaited<ReturnType<typeof send>>;
    const event = await send.call(this, room, type, transaction, content);
    killAt("after-put");
    return event;
  };
  MatrixGateway.prototype.createRoom = async function (spec) {
    const room = await createRoom.call(this, spec);
    killAt("after-room-creation");
    return room;
  };
  // Published by Node's fetch when the whole request is with the operating system: it arrives, and its answer finds nobody.
  subscribe("undici:request:bodySent", (message) => {
    const { request } = message as { readonly request: { readonly method: string; readonly path: string } };
    if (request.method === "PUT" && request.path.includes("/send/m.room.encrypted/")) killAt("during-put");
    if (request.method === "PUT" && request.path.includes("/sendToDevice/m.room.encrypted/")) killAt("during-key-share");
    if (request.method === "POST" && request.path.endsWith("/createRoom")) killAt("in-room-creation");
  });
}
