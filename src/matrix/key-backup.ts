/**
 * The room keys, sealed, on the homeserver (client-server API, "Server-side key backups"): whoever recovers the account with its recovery key can read
 * what was said before. Only to read: what opens with a key from there is proven by nobody.
 */
import * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import { z } from "zod";
import type { RoomId } from "../domain/ids.ts";
import type { Random } from "../ports.ts";
import { OperatorError } from "../operator-error.ts";
import { AccountSecrets } from "./account-secrets.ts";
import { isFault } from "./fault.ts";
import type { Machine } from "./machine.ts";
import type { Outgoing, OutgoingRequest } from "./outgoing.ts";
import { readRecoveryKeyFile } from "./recovery-key.ts";
import { path } from "./rest.ts";
import type { Log, Rest } from "./rest.ts";
import { Serial } from "./serial.ts";
import { isObject } from "./shapes.ts";

const ALGORITHM = "m.megolm_backup.v1.curve25519-aes-sha2";
/** Account data by which the account's other clients see that it has a backup (specification 1.19, MSC4287). */
const ANNOUNCED = "m.key_backup";
/** Requests of a hundred keys each that one call makes; the rest waits for the next. */
const MOST_REQUESTS = 5;
/** After a failure so many calls pass before it is tried again. */
const PATIENCE = 20;
const MOST_SESSIONS_REMEMBERED = 10_000;

const versionShape = z.object({ version: z.string().min(1).max(255), algorithm: z.string(), auth_data: z.object({ public_key: z.string() }), count: z.int().nonnegative().optional() });
const madeShape = z.object({ version: z.string().min(1).max(255) });
const text = z.string().max(100_000);
const keyShape = z.object({ session_data: z.object({ ephemeral: text, mac: text, ciphertext: text }) });

/** What the backup is made of. */
export interface KeyBackupParts {
  readonly machine: Machine;
  readonly outgoing: Outgoing;
  readonly rest: Rest;
  readonly random: Pick<Random, "bytes">;
  readonly log: Log;
  /** Needed once for an account: the backup's own key is kept in secret storage under it. */
  readonly recoveryKeyFile: string;
}

/** The backup of this account. */
export class KeyBackup {
  readonly #parts: KeyBackupParts;
  readonly #serial = new Serial();
  readonly #asked = new Set<string>();
  readonly #imported = new Set<string>();
  #version: string | undefined;
  /** Whether the homeserver has keys that this store has not: only then one is looked for there. Found out when the first one is missing. */
  #holdsMore: boolean | undefined;
  #patience = 0;
  #due = true;

  constructor(parts: KeyBackupParts) {
    this.#parts = parts;
  }

  /** Finds or makes the backup; a failure is logged, and tried again later: no message waits for it. */
  open(): Promise<void> {
    return this.#serial.run(() => this.#open());
  }

  /** New room keys may have come: they go up with the next {@link flush}. */
  grew(): void {
    this.#due = true;
  }

  /** Brings the keys that are not in the backup there. Never throws a fault. */
  flush(): Promise<void> {
    return this.#serial.run(async () => {
      if (this.#version === undefined && --this.#patience < 0) await this.#open();
      if (this.#version === undefined || !this.#due) return;
      this.#due = false;
      try {
        for (let made = 0; made < MOST_REQUESTS; made++) {
          const request = await this.#parts.machine.run((engine) => engine.backupRoomKeys());
          if (request === undefined) return;
          await this.#parts.outgoing.send(request as OutgoingRequest);
        }
        this.#due = true;
      } catch (error) {
        this.#failed("key-backup.not-written", error);
        this.#due = true;
        // Another version has taken its place, or it was deleted: looked at anew.
        if (isFault(error) && (error.status === 403 || error.status === 404)) this.#version = undefined;
      }
    });
  }

  /** Takes the key of a session from the backup, once; whether it is here now. Throws a fault. */
  restore(room: RoomId, session: string): Promise<boolean> {
    return this.#serial.run(async () => {
      const version = this.#version;
      const name = `${room} ${session}`;
      if (version === undefined || this.#asked.has(name) || this.#asked.size >= MOST_SESSIONS_REMEMBERED || !(await this.#hasMore())) return false;
      this.#asked.add(name);
      const answer = await this.#parts.rest.call({ method: "GET", path: path`/_matrix/client/v3/room_keys/keys/${room}/${session}`, query: { version }, repeat: "idempotent" }).catch((error: unknown) => {
        if (isFault(error) && error.status === 404) return undefined;
        this.#asked.delete(name);
        throw error;
      });
      const read = keyShape.safeParse(answer);
      if (!read.success || !(await this.#takeIn(room, session, read.data.session_data, version))) return false;
      this.#imported.add(name);
      return true;
    });
  }

  /** Whether this process took the key of a session from the backup. */
  imported(room: RoomId, session: string): boolean {
    return this.#imported.has(`${room} ${session}`);
  }

  /** Counting looks at every key, and a start with the keys of years need not wait for that. Throws a fault. */
  async #hasMore(): Promise<boolean> {
    if (this.#holdsMore !== undefined) return this.#holdsMore;
    const info = await this.#published();
    const { backedUp } = await this.#parts.machine.run((engine) => engine.roomKeyCounts());
    this.#holdsMore = info?.version === this.#version && (info?.count ?? 0) > backedUp;
    return this.#holdsMore;
  }

  #takeIn(room: RoomId, session: string, sealed: z.infer<typeof keyShape>["session_data"], version: string): Promise<boolean> {
    return this.#parts.machine.run(async (engine) => {
      const key = (await engine.getBackupKeys()).decryptionKey;
      if (key === undefined) return false;
      let opened: unknown;
      try {
        opened = JSON.parse(key.decryptV1(sealed.ephemeral, sealed.mac, sealed.ciphertext));
      } catch {
        return false;
      }
      if (!isObject(opened)) return false;
      const result = await engine.importBackedUpRoomKeys(new Map([[new olm.RoomId(room), new Map([[session, opened]])]]), () => undefined, version).catch(() => undefined);
      return (result?.importedCount ?? 0) > 0;
    });
  }

  async #open(): Promise<void> {
    this.#patience = PATIENCE;
    try {
      const info = await this.#published();
      const known = await this.#key();
      if (known === undefined) return this.#parts.log("key-backup.no-key", {});
      const { key, isNew } = known;
      const publicKey = key.megolmV1PublicKey.publicKeyBase64;
      const isOurs = info?.algorithm === ALGORITHM && info.auth_data.public_key === publicKey;
      // Somebody else's is left alone, and nothing is sealed for whoever made it.
      if (info !== undefined && !isOurs) this.#parts.log("key-backup.not-ours", {});
      const version = isOurs ? info.version : await this.#make(publicKey);
      await this.#parts.machine.run(async (engine) => {
        const before = (await engine.getBackupKeys()).backupVersion;
        if (before !== version) {
          // A version that is new to this store has none of its keys. Without one before there is nothing to forget, and forgetting looks at every key.
          if (before !== undefined) await engine.disableBackup();
          await engine.saveBackupDecryptionKey(olm.BackupDecryptionKey.fromBase64(key.toBase64()), version);
        }
        await engine.enableBackupV1(publicKey, version);
      });
      this.#holdsMore = isOurs ? undefined : false;
      this.#version = version;
      if (isNew || !isOurs) this.#parts.log("key-backup.made", {});
    } catch (error) {
      this.#failed("key-backup.failed", error);
    }
  }

  /** The backup's own key: from the store, or from secret storage; made, and put there, if there is none. Undefined without a recovery key to do that with. */
  async #key(): Promise<{ readonly key: olm.BackupDecryptionKey; readonly isNew: boolean } | undefined> {
    const { machine, rest, random, recoveryKeyFile } = this.#parts;
    const stored = await machine.run(async (engine) => (await engine.getBackupKeys()).decryptionKey);
    if (stored !== undefined) return { key: stored, isNew: false };
    const recoveryKey = readRecoveryKeyFile(recoveryKeyFile);
    if (recoveryKey === undefined) return undefined;
    const secrets = new AccountSecrets(rest, machine.user, random);
    const kept = await secrets.readBackupKey(recoveryKey);
    if (kept !== undefined) return { key: olm.BackupDecryptionKey.fromBase64(kept), isNew: false };
    const key = olm.BackupDecryptionKey.createRandomKey();
    // First where it can be found again, then used.
    return (await secrets.writeBackupKey(recoveryKey, key.toBase64())) ? { key, isNew: true } : undefined;
  }

  async #published(): Promise<z.infer<typeof versionShape> | undefined> {
    const answer = await this.#parts.rest.call({ method: "GET", path: "/_matrix/client/v3/room_keys/version", repeat: "idempotent" }).catch((error: unknown) => {
      if (isFault(error) && error.status === 404) return undefined;
      throw error;
    });
    const read = versionShape.safeParse(answer);
    return read.success ? read.data : undefined;
  }

  async #make(publicKey: string): Promise<string> {
    const { machine, rest } = this.#parts;
    const auth = { public_key: publicKey };
    const signatures = JSON.parse((await machine.run((engine) => engine.sign(JSON.stringify(auth)))).asJSON()) as object;
    const answer = await rest.call({ method: "POST", path: "/_matrix/client/v3/room_keys/version", body: { algorithm: ALGORITHM, auth_data: { ...auth, signatures } }, repeat: "once" });
    await rest.call({ method: "PUT", path: path`/_matrix/client/v3/user/${machine.user}/account_data/${ANNOUNCED}`, body: { enabled: true }, repeat: "idempotent" });
    return madeShape.parse(answer).version;
  }

  #failed(code: string, error: unknown): void {
    if (isFault(error)) return this.#parts.log(code, { kind: error.kind, status: error.status ?? 0, errcode: error.errcode ?? "" });
    // A mistyped key file, an answer of another shape: no reason not to hear a stop.
    if (error instanceof OperatorError || error instanceof z.ZodError) return this.#parts.log(code, { kind: "unusable" });
    throw error;
  }
}
