/**
 * One random data key for each chain, wrapped, in its own small file with a random name: deleting that file erases what the chain says and leaves the
 * chain itself whole. No file name tells which case it belongs to; the journal knows.
 */
import { join } from "node:path";
import { OperatorError } from "../operator-error.ts";
import { FROM_BACKUP } from "./errors.ts";
import type { ChainId, UserId } from "../domain/ids.ts";
import type { Random } from "../ports.ts";
import type { Keys } from "./keys.ts";
import { CHAIN_KEYS_FOLDER } from "./keys.ts";
import { destroy, privateFolder, readPrivate, writePrivate } from "./private-files.ts";
import { bound, KEY_BYTES, mac, NONCE_BYTES, seal, subkey, unseal } from "./seal.ts";

const FILE_BYTES = 256;
/** Kept for one chain; more people than a case ever has. */
const MOST_PSEUDONYMS = 1_000;
const FORMAT = Buffer.from("relevo-chain-key-1\n");

/** Keys of one chain, one for each purpose. */
export interface ChainKey {
  readonly chain: ChainId;
  /** Name of the key's file. */
  readonly file: string;
  readonly rows: Buffer;
  readonly outbox: Buffer;
  readonly snapshot: Buffer;
  readonly inbox: Buffer;
  readonly values: Buffer;
  /** 32 hex digits for a person in this chain. Its key goes with the data key: after an erasure nobody can tell any more who a pseudonym was. */
  pseudonym(user: UserId): string;
}

/** The folder of the chains' keys. */
export class ChainKeys {
  readonly #folder: string;
  readonly #keys: Keys;
  readonly #random: Pick<Random, "bytes">;

  constructor(folder: string, keys: Keys, random: Pick<Random, "bytes">) {
    this.#folder = join(folder, CHAIN_KEYS_FOLDER);
    this.#keys = keys;
    this.#random = random;
    privateFolder(this.#folder);
  }

  /** Makes the key of a new chain; it is on the disk when this returns. */
  create(chain: ChainId): ChainKey {
    const name = `${Buffer.from(this.#random.bytes(16)).toString("hex")}.key`;
    const data = Buffer.from(this.#random.bytes(KEY_BYTES));
    const sealed = seal(this.#keys.wrapping, this.#random.bytes(NONCE_BYTES), data, boundTo(chain, name));
    writePrivate(join(this.#folder, name), Buffer.concat([FORMAT, sealed]));
    return this.#purposes(chain, name, data);
  }

  /** Throws an {@link OperatorError} `keys.chain-missing` or `keys.chain-damaged`: a chain without its key must never pass for an empty one. */
  open(chain: ChainId, name: string): ChainKey {
    const file = join(this.#folder, name);
    const stored = readPrivate(file, FILE_BYTES);
    if (stored === undefined) {
      throw new OperatorError("keys.chain-missing", `The key of the chain ${chain}, ${file}, is not there.`, `If it was only moved, put it back. If it is lost: ${FROM_BACKUP}`);
    }
    const whole = stored.subarray(0, FORMAT.length).equals(FORMAT);
    const data = whole ? unseal(this.#keys.wrapping, stored.subarray(FORMAT.length), boundTo(chain, name)) : undefined;
    if (data?.length !== KEY_BYTES) {
      throw new OperatorError("keys.chain-damaged", `The key of the chain ${chain}, ${file}, is damaged or belongs elsewhere.`, FROM_BACKUP);
    }
    return this.#purposes(chain, name, data);
  }

  /** Deletes a key for good. */
  destroy(name: string): void {
    destroy(join(this.#folder, name));
  }

  #purposes(chain: ChainId, file: string, data: Buffer): ChainKey {
    const key: ChainKey = {
      chain,
      file,
      rows: subkey(data, "rows/1"),
      outbox: subkey(data, "outbox/1"),
      snapshot: subkey(data, "snapshot/1"),
      inbox: subkey(data, "inbox/1"),
      values: subkey(data, "values/1"),
      pseudonym: pseudonyms(subkey(data, "pseudonym/1", this.#keys.pseudonyms)),
    };
    data.fill(0);
    return key;
  }
}

/** The people of a case are few and cause many rows: what was worked out once is kept. */
function pseudonyms(key: Buffer): (user: UserId) => string {
  const known = new Map<UserId, string>();
  return (user) => {
    const found = known.get(user);
    if (found !== undefined) return found;
    const made = mac(key, user).subarray(0, 16).toString("hex");
    if (known.size < MOST_PSEUDONYMS) known.set(user, made);
    return made;
  };
}

function boundTo(chain: ChainId, name: string): Buffer {
  return bound("relevo-chain-key-1", chain, name);
}
