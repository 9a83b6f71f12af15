/** The bot of the kill test: opens the line, then encrypts, sends, syncs and decrypts until it is killed. Talks to its parent by messages. */
import { randomBytes } from "node:crypto";
import type { MasterKey, RoomId, UserId } from "../../src/domain/ids.ts";
import { openLine } from "../../src/matrix/line.ts";

export interface Start {
  readonly homeserver: string;
  readonly user: string;
  readonly token: string;
  readonly device: string;
  readonly folder: string;
  readonly key: string;
  readonly since: string | undefined;
  readonly room: RoomId;
  readonly peer: { readonly user: UserId; readonly pinned: MasterKey };
  /** Events that an earlier life said it had read. */
  readonly acknowledged: readonly Record<string, unknown>[];
}
export type FromChild =
  | { readonly kind: "open"; readonly masterKey: string | undefined }
  | { readonly kind: "lost"; readonly count: number }
  | { readonly kind: "sent"; readonly ciphertext: string; readonly readable: boolean }
  | { readonly kind: "synced"; readonly since: string }
  | { readonly kind: "speak" }
  | { readonly kind: "read"; readonly event: unknown }
  | { readonly kind: "unread"; readonly why: string }
  | { readonly kind: "failed"; readonly error: string };

/** Tells the parent and waits for its answer, so that what was told is known even if the next moment is the last. */
function tell(message: FromChild): Promise<unknown> {
  return new Promise((resolve) => {
    process.once("message", (answer: { readonly value: unknown }) => resolve(answer.value));
    process.send?.(message);
  });
}

async function live(start: Start): Promise<void> {
  const { homeserver, user, token, device, folder, room, peer } = start;
  const line = await openLine({
    homeserver, user, token, device,
    storeFile: `${folder}/crypto.db`,
    storeKey: Buffer.from(start.key, "hex"),
    recoveryKeyFile: `${folder}/recovery-key`,
    random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
    log: () => undefined,
    fatal: (error) => {
      throw error;
    },
  });
  await tell({ kind: "open", masterKey: await line.crypto.masterKey(user as UserId) });
  let lost = 0;
  for (const event of start.acknowledged) if (!(await line.crypto.decrypt(room, event)).ok) lost++;
  await tell({ kind: "lost", count: lost });
  // Like the app: what the bot last said itself is seen before anything new is said.
  const first = await line.gateway.sync(start.since, 0);
  await line.crypto.receive(first.crypto);
  await tell({ kind: "synced", since: first.next });
  for (let since: string = first.next, turn = 0; ; turn++) {
    // Every fourth message leaves the peer out, which rotates the session.
    const recipients = turn % 4 === 3 ? [] : [peer];
    const { ciphertext } = await line.crypto.encrypt(room, recipients, "m.room.message", { msgtype: "m.text", body: `turn ${turn}` });
    await tell({ kind: "sent", ciphertext, readable: recipients.length > 0 });
    const event = (await tell({ kind: "speak" })) as Record<string, unknown>;
    const { next, crypto } = await line.gateway.sync(since, 0);
    await line.crypto.receive(crypto);
    since = next;
    await tell({ kind: "synced", since });
    const read = await line.crypto.decrypt(room, event);
    await tell(read.ok ? { kind: "read", event } : { kind: "unread", why: read.why });
    await line.crypto.pump();
  }
}

process.once("message", (message: { readonly value: Start }) => {
  live(message.value).catch((error: unknown) => tell({ kind: "failed", error: error instanceof Error ? error.message : "unknown" }));
});
