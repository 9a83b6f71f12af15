import { z } from "zod";
import type { Random } from "../ports.ts";
import { isFault } from "./fault.ts";
import { path } from "./rest.ts";
import type { Rest } from "./rest.ts";
import { IV_BYTES, keyFits, keyInfo, seal, sealedShape, unseal } from "./secret-storage.ts";

/** The private halves of the account's identity, as unpadded base64 seeds. */
export interface CrossSigningSecrets {
  readonly master: string;
  readonly selfSigning: string;
  readonly userSigning: string;
}

const MASTER = "m.cross_signing.master";
const SELF_SIGNING = "m.cross_signing.self_signing";
const USER_SIGNING = "m.cross_signing.user_signing";
const BACKUP = "m.megolm_backup.v1";
const DEFAULT_KEY = "m.secret_storage.default_key";

const defaultKey = z.object({ key: z.string().min(1).max(200) });
const secretEvent = z.object({ encrypted: z.record(z.string(), z.unknown()) });

/** Secret storage (4S) of the bot's account on the homeserver. */
export class AccountSecrets {
  readonly #rest: Rest;
  readonly #user: string;
  readonly #random: Pick<Random, "bytes">;

  constructor(rest: Rest, user: string, random: Pick<Random, "bytes">) {
    this.#rest = rest;
    this.#user = user;
    this.#random = random;
  }

  /** Whether there is one; one that was written half is none, because the default key is named last. */
  async exists(): Promise<boolean> {
    return (await this.#defaultKey()) !== undefined;
  }

  async write(key: Uint8Array, secrets: CrossSigningSecrets): Promise<void> {
    const id = Buffer.from(this.#random.bytes(12)).toString("hex");
    await this.#put(`m.secret_storage.key.${id}`, keyInfo(key, this.#random.bytes(IV_BYTES)));
    for (const [name, secret] of [[MASTER, secrets.master], [SELF_SIGNING, secrets.selfSigning], [USER_SIGNING, secrets.userSigning]] as const) {
      await this.#put(name, { encrypted: { [id]: seal(key, name, secret, this.#random.bytes(IV_BYTES)) } });
    }
    await this.#put(DEFAULT_KEY, { key: id });
  }

  /** `wrong-key`: it is there, but this key does not open it. */
  async read(key: Uint8Array): Promise<CrossSigningSecrets | "none" | "wrong-key"> {
    const id = await this.#defaultKey();
    if (id === undefined) return "none";
    if (!keyFits(key, await this.#get(`m.secret_storage.key.${id}`))) return "wrong-key";
    const open = (name: string): Promise<string | undefined> => this.#open(key, id, name);
    const [master, selfSigning, userSigning] = [await open(MASTER), await open(SELF_SIGNING), await open(USER_SIGNING)];
    if (master === undefined || selfSigning === undefined || userSigning === undefined) return "none";
    return { master, selfSigning, userSigning };
  }

  /** The key of the backup of the room keys, base64; undefined if there is none, or this is not the key to it. */
  async readBackupKey(key: Uint8Array): Promise<string | undefined> {
    const id = await this.#fitting(key);
    return id === undefined ? undefined : this.#open(key, id, BACKUP);
  }

  /** Adds it to the other secrets; false if there are none, or this is not the key to them. */
  async writeBackupKey(key: Uint8Array, secret: string): Promise<boolean> {
    const id = await this.#fitting(key);
    if (id === undefined) return false;
    await this.#put(BACKUP, { encrypted: { [id]: seal(key, BACKUP, secret, this.#random.bytes(IV_BYTES)) } });
    return true;
  }

  async #fitting(key: Uint8Array): Promise<string | undefined> {
    const id = await this.#defaultKey();
    return id !== undefined && keyFits(key, await this.#get(`m.secret_storage.key.${id}`)) ? id : undefined;
  }

  async #open(key: Uint8Array, id: string, name: string): Promise<string | undefined> {
    const event = secretEvent.safeParse(await this.#get(name));
    const sealed = sealedShape.safeParse(event.success ? event.data.encrypted[id] : undefined);
    return sealed.success ? unseal(key, name, sealed.data) : undefined;
  }

  async #defaultKey(): Promise<string | undefined> {
    const read = defaultKey.safeParse(await this.#get(DEFAULT_KEY));
    return read.success ? read.data.key : undefined;
  }

  async #get(type: string): Promise<unknown> {
    try {
      return await this.#rest.call({ method: "GET", path: this.#path(type), repeat: "idempotent" });
    } catch (error) {
      if (isFault(error) && error.status === 404) return undefined;
      throw error;
    }
  }

  async #put(type: string, content: object): Promise<void> {
    await this.#rest.call({ method: "PUT", path: this.#path(type), body: content, repeat: "idempotent" });
  }

  #path(type: string): string {
    return path`/_matrix/client/v3/user/${this.#user}/account_data/${type}`;
  }
}
