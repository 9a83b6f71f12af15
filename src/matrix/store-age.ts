/**
 * An older copy of the crypto store that was put back (a disk image, a snapshot of a virtual machine) would encrypt with places of its ratchets
 * that have been used: a leak. It is recognised by three witnesses, before anything is said: the journal, the homeserver, the bot's own events.
 */
import { z } from "zod";
import type { TimelineEvent } from "../ports.ts";
import { OperatorError } from "../operator-error.ts";
import { megolmHeader } from "./ciphertext.ts";
import type { Lineage } from "./crypto-store/lineage.ts";
import type { Fatal } from "./fatal.ts";
import { Fault, isFault } from "./fault.ts";
import type { Witness } from "./gateway.ts";
import { path } from "./rest.ts";
import type { Log, Rest } from "./rest.ts";
import { isObject } from "./shapes.ts";

/** So many commits more, and the homeserver is told again. */
const TELL_EVERY = 500;
/** Longest that a message waits for the first sync, in milliseconds; then it is tried again later. */
const LONGEST_WAIT = 30_000;

const markShape = z.object({ generation: z.int().nonnegative() });

/** What the journal noted last of a device's store; of another device it says nothing. */
export interface NotedAge {
  readonly device: string;
  readonly generation: number;
}

/** What {@link StoreAge} needs. */
export interface StoreAgeParts {
  readonly user: string;
  readonly device: string;
  readonly lineage: Lineage;
  readonly rest: Rest;
  readonly log: Log;
  readonly fatal: Fatal;
}

/** Watches that the store is the newest there has been of this device. */
export class StoreAge implements Witness {
  readonly #parts: StoreAgeParts;
  readonly #seen = Promise.withResolvers<void>();
  #told = 0;
  #isOlder = false;

  constructor(parts: StoreAgeParts) {
    this.#parts = parts;
    // What has never encrypted anything has nothing to use twice.
    if (!parts.lineage.wasUsed) this.#seen.resolve();
  }

  /**
   * Compares with what the journal and the homeserver remember of this device. Before the engine is opened, which writes. Throws an
   * {@link OperatorError} if the store is older, and then at every start, or if it is the journal that is older. An empty store has used nothing: whether
   * it may be this device's is a question of the identity.
   */
  async begin(noted: NotedAge | "unread" | undefined): Promise<void> {
    const { rest, lineage, device } = this.#parts;
    const now = lineage.generation();
    const inJournal = noted !== "unread" && noted?.device === device ? noted.generation : 0;
    if (lineage.condemned() || (now > 0 && now < inJournal)) throw this.#condemned();
    if (noted !== "unread" && inJournal < lineage.noted()) throw olderJournal();
    const answer = await rest.call({ method: "GET", path: this.#path(), repeat: "idempotent" }).catch((error: unknown) => {
      if (isFault(error) && error.status === 404) return undefined;
      throw error;
    });
    const mark = markShape.safeParse(answer);
    if (now > 0 && mark.success && now < mark.data.generation) throw this.#condemned();
    lineage.begin();
  }

  /** Lets the homeserver remember how far the store has come: once the device is known to be this store's, before anything is said. */
  async tell(): Promise<void> {
    const generation = this.#parts.lineage.generation();
    await this.#parts.rest.call({ method: "PUT", path: this.#path(), body: { generation }, repeat: "idempotent" });
    this.#told = generation;
  }

  /** Own events that this store cannot have sent show that there is, or was, a newer copy of it. Ends the process. */
  saw(events: readonly TimelineEvent[]): void {
    const { user, lineage, fatal } = this.#parts;
    if (!lineage.complete || this.#isOlder) return;
    if (events.every(({ sender, type, wire }) => sender !== user || type !== "m.room.encrypted" || this.#isOurs(wire["content"]))) return;
    this.#isOlder = true;
    fatal(this.#condemned());
  }

  synced(): void {
    this.#seen.resolve();
  }

  /** Resolves when the bot's own last words have been seen; throws, and then for ever, if the store is older than they. */
  async sure(): Promise<void> {
    const waited = Promise.withResolvers<never>();
    const timer = setTimeout(() => waited.reject(new Fault("unreachable", { network: "not_synced" })), LONGEST_WAIT);
    try {
      await Promise.race([this.#seen.promise, waited.promise]);
    } finally {
      clearTimeout(timer);
    }
    if (this.#isOlder) throw older();
  }

  /** Called now and then: the homeserver remembers how far the store has come. Never throws a fault. */
  async tellNowAndThen(): Promise<void> {
    if (this.#isOlder || this.#parts.lineage.generation() - this.#told < TELL_EVERY) return;
    await this.tell().catch((error: unknown) => {
      if (!isFault(error)) throw error;
      this.#parts.log("crypto.age-untold", { kind: error.kind });
    });
  }

  #condemned(): OperatorError {
    this.#parts.lineage.condemn();
    return older();
  }

  /** True also of what another device of the bot sent, or an event that names none. */
  #isOurs(content: unknown): boolean {
    const header = isObject(content) ? megolmHeader(content) : undefined;
    if (!isObject(content) || header === undefined || content["device_id"] !== this.#parts.device) return true;
    const next = this.#parts.lineage.next(header.session);
    return next !== undefined && header.index < next;
  }

  #path(): string {
    return path`/_matrix/client/v3/user/${this.#parts.user}/account_data/${`relevo.crypto-store.${this.#parts.device}`}`;
  }
}

function olderJournal(): OperatorError {
  return new OperatorError(
    "journal.older",
    "The journal is older than what this device has already sent: an older copy of the file was put back, or it was made anew.",
    "Stop the bot and put the newest journal back. If none is newer, run: relevo recover --config FILE --password-file FILE --old-journal (docs/recovery.md).",
  );
}

function older(): OperatorError {
  return new OperatorError(
    "crypto-store.older",
    "The crypto store is older than what this device has already sent: a copy of a disk or of a virtual machine was put back.",
    "Do not start this device again: it would encrypt twice with the same keys. Make a new device with the recovery key: relevo recover --config FILE --password-file FILE, and --old-journal if the journal was put back with it (docs/recovery.md).",
  );
}
