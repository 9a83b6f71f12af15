import * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import type { UserId } from "../domain/ids.ts";
import { OperatorError } from "../operator-error.ts";
import type { Fatal } from "./fatal.ts";
import { EnginePanic, isPanic, watchForPanic } from "./panic.ts";
import { Serial } from "./serial.ts";

const STORE_NAME = "relevo";
/** A call that has not ended after this time never will: a panic inside the engine leaves its promise open for ever. Milliseconds. */
const LONGEST_CALL = 120_000;

/** So many panics are survived in one process: each leaves something of the engine's memory behind. */
const MOST_PANICS = 3;

/** The crypto engine. Every call to it passes {@link Machine.run}, one at a time, so that it can be moved to a worker. */
export class Machine {
  readonly user: UserId;
  readonly device: string;
  readonly #fatal: Fatal;
  readonly #serial = new Serial();
  /** Opens the engine anew on what it has stored; missing where nothing is. */
  readonly #reopen: (() => Promise<olm.OlmMachine>) | undefined;
  #engine: olm.OlmMachine;
  #panics = 0;
  #closed = false;

  private constructor(user: UserId, device: string, engine: olm.OlmMachine, fatal: Fatal, reopen: (() => Promise<olm.OlmMachine>) | undefined) {
    this.user = user;
    this.device = device;
    this.#engine = engine;
    this.#fatal = fatal;
    this.#reopen = reopen;
  }

  /** Opens the engine on the store that is installed in this process, or, for tests of other things, in memory. */
  static async open(user: UserId, device: string, storage: { readonly key: Uint8Array } | "memory", fatal: Fatal): Promise<Machine> {
    await olm.initAsync();
    const open = (): Promise<olm.OlmMachine> => openEngine(user, device, storage);
    return new Machine(user, device, await open(), fatal, storage === "memory" ? undefined : open);
  }

  /**
   * One atomic piece of work: nothing else reaches the engine before it ends. Never await the network inside. Throws an `EnginePanic` if
   * the engine did not survive it; then it has been opened again, and what it had not stored is as if it had not happened. `ended` is called when the work
   * has ended, also so, and before anything else reaches the engine.
   */
  run<T>(work: (engine: olm.OlmMachine) => Promise<T>, ended?: () => void): Promise<T> {
    return this.#serial.run(async () => {
      if (this.#closed) throw new Error("the crypto engine is closed");
      const panicked = Promise.withResolvers<never>();
      const unwatch = watchForPanic(() => panicked.reject(new EnginePanic()));
      const watch = setTimeout(() => this.#fatal(stuck()), LONGEST_CALL);
      watch.unref();
      try {
        return await Promise.race([work(this.#engine), panicked.promise]).finally(ended);
      } catch (error) {
        if (!isPanic(error)) throw error;
        await this.#recover();
        throw new EnginePanic();
      } finally {
        clearTimeout(watch);
        unwatch();
      }
    });
  }

  async #recover(): Promise<void> {
    if (this.#reopen === undefined || ++this.#panics > MOST_PANICS) {
      this.#closed = true;
      return this.#fatal(panickedTooOften());
    }
    // The old one is never touched again: what it holds locked stays locked.
    this.#engine = await this.#reopen();
  }

  /** After the work that waits. */
  async close(): Promise<void> {
    await this.#serial.run(async () => {
      if (this.#closed) return;
      this.#closed = true;
      this.#engine.close();
    });
  }
}

async function openEngine(user: UserId, device: string, storage: { readonly key: Uint8Array } | "memory"): Promise<olm.OlmMachine> {
  try {
    const store =
      storage === "memory"
        ? await olm.StoreHandle.open(undefined, undefined)
        : await olm.StoreHandle.openWithKey(STORE_NAME, Uint8Array.from(storage.key)); // a copy: the engine takes what it is given
    const engine = await olm.OlmMachine.initFromStore(new olm.UserId(user), new olm.DeviceId(device), store);
    // One device: there is nobody to ask for keys, and nobody to whom they are forwarded.
    engine.roomKeyRequestsEnabled = false;
    engine.roomKeyForwardingEnabled = false;
    return engine;
  } catch {
    // What the engine says may hold ids, so it is not repeated.
    throw new OperatorError(
      "crypto-store.not-ours",
      "The crypto store is of another account or device, or it is damaged. Nothing was sent and nothing is lost: the journal is another file.",
      "Check user and access token in the configuration. If they are right, go on as a new device with the recovery key: relevo recover --config FILE --password-file FILE",
    );
  }
}

/** Ids for one call: the engine takes the array and what is in it, so each call needs its own. */
export function engineUsers(users: Iterable<string>): olm.UserId[] {
  const ids: olm.UserId[] = [];
  for (const user of users) {
    const id = engineUser(user);
    if (id !== undefined) ids.push(id);
  }
  return ids;
}

/** `undefined` for what the engine does not take for a user id. */
export function engineUser(user: string): olm.UserId | undefined {
  try {
    return new olm.UserId(user);
  } catch {
    return undefined;
  }
}

function panickedTooOften(): OperatorError {
  return new OperatorError(
    "crypto.panic",
    "The crypto engine failed on messages that somebody made up for that purpose.",
    "Let the service manager start Relevo again: those messages are left out from then on.",
  );
}

function stuck(): OperatorError {
  return new OperatorError("crypto.stuck", "The crypto engine does not answer any more.", "Start Relevo again: nothing accepted is lost. If it happens again, report it with the log.");
}
