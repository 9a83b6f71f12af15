import type { Crypto, Gateway, Random } from "../ports.ts";
import { OlmCrypto } from "./crypto.ts";
import { installCryptoStore, openCryptoStore, storeKeyFor } from "./crypto-store/open.ts";
import { MatrixGateway } from "./gateway.ts";
import { ensureIdentity } from "./identity.ts";
import { KeyBackup } from "./key-backup.ts";
import { keepDevice } from "./device-file.ts";
import { checkToken } from "./login.ts";
import { Machine } from "./machine.ts";
import type { Fatal } from "./fatal.ts";
import { Outgoing } from "./outgoing.ts";
import { Rest } from "./rest.ts";
import type { Log } from "./rest.ts";
import { StoreAge } from "./store-age.ts";
import type { NotedAge } from "./store-age.ts";
import type { RoomSender } from "./verification.ts";

/** What the line is opened with. */
export interface LineOptions {
  /** Base address, `https://matrix.example.org`. */
  readonly homeserver: string;
  readonly user: string;
  readonly token: string;
  /** If missing, whichever device the token belongs to. */
  readonly device?: string;
  /** Names the bot's device for a later login, when the token that names it is no longer good. Not a secret; written at each start. */
  readonly deviceFile?: string;
  /** The crypto store; made if it does not exist. */
  readonly storeFile: string;
  /**
   * What {@link Crypto.generation} was of which device when the journal last noted it: a store that counts less is an older copy, and is refused; so is a
   * journal that says less than the store remembers of it. `unread`: the journal cannot be read, and the other witnesses have to do.
   */
  readonly notedAge?: NotedAge | "unread";
  /** 32 bytes; everything that the store is encrypted with is derived from it. */
  readonly storeKey: Uint8Array;
  /** Written at the first start; read again only when the identity must be recovered. */
  readonly recoveryKeyFile: string;
  /** Only for homeservers that want it before they take cross-signing keys. */
  readonly password?: string;
  readonly random: Pick<Random, "bytes">;
  readonly log: Log;
  /** Must end the process: a write failed, and nothing that waits for it is ever answered. */
  readonly fatal: Fatal;
}

/** The open line to the homeserver. */
export interface Line {
  readonly gateway: Gateway;
  readonly crypto: Crypto;
  /** Ends calls under way, then closes engine and store. */
  close(): Promise<void>;
}

/**
 * Checks the token, opens store and engine, and makes sure of the bot's identity before anything is said or heard. One line a process:
 * the store is installed in its global names. Throws an `OperatorError` for what only a person can mend, a `GatewayFault` for what may
 * pass by itself.
 */
export async function openLine(options: LineOptions): Promise<Line> {
  const { homeserver, token, log, fatal, random } = options;
  const rest = new Rest({ homeserver, token, log });
  const { user, device } = await checkToken(rest, options);
  if (options.deviceFile !== undefined) keepDevice(options.deviceFile, options.storeFile, device);
  const store = openCryptoStore({ file: options.storeFile, key: storeKeyFor(options.storeKey, "file"), fatal });
  let machine: Machine | undefined;
  try {
    const age = new StoreAge({ user, device, lineage: store.lineage, rest, log, fatal });
    await age.begin(options.notedAge);
    installCryptoStore(store);
    machine = await Machine.open(user, device, { key: storeKeyFor(options.storeKey, "values") }, fatal);
    const outgoing = new Outgoing(machine, rest, log);
    await ensureIdentity({ machine, outgoing, rest, random, log, recoveryKeyFile: options.recoveryKeyFile, ...(options.password === undefined ? {} : { password: options.password }) });
    await age.tell();
    const backup = new KeyBackup({ machine, outgoing, rest, random, log, recoveryKeyFile: options.recoveryKeyFile });
    await backup.open();
    const gateway = new MatrixGateway(rest, user, device, random, age);
    const toRoom: RoomSender = async (room, transaction, ciphertext) => void (await gateway.send(room, "m.room.encrypted", transaction, ciphertext));
    const crypto = new OlmCrypto({ machine, outgoing, rest, poison: store.poison, lineage: store.lineage, age, backup, toRoom, log });
    const close = async (): Promise<void> => {
      rest.close();
      await crypto.close();
      store.close();
    };
    return { gateway, crypto, close };
  } catch (error) {
    rest.close();
    await machine?.close();
    store.close();
    throw error;
  }
}
