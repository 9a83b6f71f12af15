/**
 * Loaded into the bot's process before it starts (`node --import`): wraps its ports so that the process ends by SIGKILL at one named point, once
 * the test has armed it by writing the point's name into a file. The product has no switch for it.
 */
import { existsSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { SqliteJournal } from "../../src/journal/journal.ts";
import { OlmCrypto } from "../../src/matrix/crypto.ts";
import { MatrixGateway } from "../../src/matrix/gateway.ts";
import type { Batch } from "../../src/ports.ts";

/** The points at which a test may kill the bot; `drop` instead loses one message on purpose. */
export const POINTS = ["after-to-device", "after-inbox", "after-journal", "between-encryption-and-put", "during-put", "after-put", "in-room-creation", "after-room-creation", "drop"] as const;
export type Point = (typeof POINTS)[number];

/** Environment variable with the path of the arming file. */
export const ARM = "RELEVO_TEST_ARM";

export function arm(file: string, point: Point): void {
  writeFileSync(file, point);
}

const file = process.env[ARM];
if (file !== undefined) wrap(file);

function wrap(armed: string): void {
  const reached = (point: Point): boolean => {
    if (!existsSync(armed) || readFileSync(armed, "utf8") !== point) return false;
    unlinkSync(armed);
    return true;
  };
  const killAt = (point: Point): void => {
    if (reached(point)) process.kill(process.pid, "SIGKILL");
  };

  const { receive } = OlmCrypto.prototype;
  OlmCrypto.prototype.receive = async function (crypto) {
    await receive.call(this, crypto);
    killAt("after-to-device");
  };
  const { commit } = SqliteJournal.prototype;
  SqliteJournal.prototype.commit = async function (batch: Batch) {
    const committed = await commit.call(this, batch);
    if ((batch.inbox ?? []).length > 0) killAt("after-inbox");
    if ((batch.rows ?? []).some((row) => row.event.type !== "system.noted")) killAt("after-journal");
    if ((batch.outboxChanges ?? []).some((change) => change.to === "encrypted")) killAt("between-encryption-and-put");
    return committed;
  };
  const { send, createRoom } = MatrixGateway.prototype;
  MatrixGateway.prototype.send = async function (room, type, transaction, content) {
    if (reached("drop")) return "$never-sent" as Awaited<ReturnType<typeof send>>;
    const sending = send.call(this, room, type, transaction, content);
    if (reached("during-put")) setTimeout(() => process.kill(process.pid, "SIGKILL"), 3);
    const event = await sending;
    killAt("after-put");
    return event;
  };
  MatrixGateway.prototype.createRoom = async function (spec) {
    const making = createRoom.call(this, spec);
    // Long enough for the request to have left, too short for the answer to have come.
    if (reached("in-room-creation")) setTimeout(() => process.kill(process.pid, "SIGKILL"), 10);
    const room = await making;
    killAt("after-room-creation");
    return room;
  };
}
