import * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import { createHash } from "node:crypto";
import type { CryptoSync } from "./crypto-sync.ts";
import { POISONOUS } from "./crypto-store/poison.ts";
import type { PoisonList } from "./crypto-store/poison.ts";
import { engineUsers } from "./machine.ts";
import type { Machine } from "./machine.ts";
import type { Outgoing } from "./outgoing.ts";
import { isPanic } from "./panic.ts";

/** What became of the to-device events of one sync that were of no use. */
export interface Received {
  /** The engine would not take them. */
  readonly refused: number;
  readonly undecryptable: number;
  /** Left out, because the engine panicked at them each time. */
  readonly poisonous: number;
  /** How often the engine had to be opened again. */
  readonly panics: number;
}

const NOTHING: Received = { refused: 0, undecryptable: 0, poisonous: 0, panics: 0 };

/** Hands a sync to the engine: whole, or, if the engine does not survive that, event by event without those it does not survive. */
export class Receiving {
  readonly #machine: Machine;
  readonly #poison: PoisonList;
  readonly #outgoing: Pick<Outgoing, "stir">;
  /** What the homeserver holds of the device's one-time keys, as this engine was last told. */
  #told: { readonly engine: olm.OlmMachine; readonly held: string } | undefined;

  constructor(machine: Machine, poison: PoisonList, outgoing: Pick<Outgoing, "stir">) {
    this.#machine = machine;
    this.#poison = poison;
    this.#outgoing = outgoing;
  }

  async take(sync: CryptoSync): Promise<Received> {
    const held = JSON.stringify([[...sync.oneTimeKeys], sync.unusedFallbackKeys === undefined ? null : [...sync.unusedFallbackKeys]]);
    const isNothing = sync.events.length + sync.changed.length + sync.left.length === 0;
    // Most syncs are of rooms alone: the engine would look at all its own keys, and write them, for nothing.
    if (isNothing && this.#told?.held === held && (await this.#machine.run(async (engine) => engine === this.#told?.engine))) return NOTHING;
    this.#outgoing.stir();
    this.#told = undefined;
    const received = await this.#take(sync);
    await this.#machine.run(async (engine) => {
      this.#told = { engine, held };
    });
    this.#outgoing.stir();
    return received;
  }

  async #take(sync: CryptoSync): Promise<Received> {
    const events = sync.events.map((json) => ({ json, hash: createHash("sha256").update(json).digest("hex") }));
    const tried = events.length === 0 ? [] : await this.#machine.run(async () => events.map(({ hash }) => this.#poison.attempts(hash)));
    const good = events.filter((_event, at) => (tried[at] ?? 0) < POISONOUS);
    let total: Received = { ...NOTHING, poisonous: events.length - good.length };
    if (!tried.some((attempts) => attempts > 0 && attempts < POISONOUS)) {
      try {
        const whole = `[${good.map(({ json }) => json).join()}]`;
        const outcome = await this.#machine.run((engine) => engine.receiveSyncChanges(whole, lists(sync), counts(sync), fallback(sync), crossSigned()));
        return sum(total, counted(outcome));
      } catch (error) {
        // One event that the engine cannot take must not cost the others.
        if (isPanic(error)) total = sum(total, { ...NOTHING, panics: 1 });
      }
    }
    await this.#takeLists(sync);
    for (const event of good) total = sum(total, await this.#takeOne(event));
    return total;
  }

  async #takeLists(sync: CryptoSync): Promise<void> {
    try {
      await this.#machine.run((engine) => engine.receiveSyncChanges("[]", lists(sync), counts(sync), fallback(sync), crossSigned()));
    } catch {
      // Whose keys have changed is not known then, so everybody's are asked for.
      await this.#machine.run((engine) => engine.markAllTrackedUsersAsDirty());
    }
  }

  async #takeOne({ json, hash }: { readonly json: string; readonly hash: string }): Promise<Received> {
    try {
      const outcome = await this.#machine.run(async (engine) => {
        this.#poison.note(hash, this.#poison.attempts(hash) + 1);
        const events = await engine.receiveSyncChangesMsc4186(`[${json}]`, new olm.DeviceLists(), new Map(), undefined, crossSigned());
        this.#poison.forget(hash);
        return events;
      });
      return counted(outcome);
    } catch (error) {
      const panicked = isPanic(error);
      await this.#machine.run(async () => (panicked ? this.#poison.note(hash, POISONOUS) : this.#poison.forget(hash)));
      return panicked ? { ...NOTHING, poisonous: 1, panics: 1 } : { ...NOTHING, refused: 1 };
    }
  }
}

/** Signed by their owner, or not at all: MSC4153. */
export function crossSigned(): olm.DecryptionSettings {
  return new olm.DecryptionSettings(olm.TrustRequirement.CrossSigned);
}

// The engine takes what it is given, so each call needs its own.
function lists(sync: CryptoSync): olm.DeviceLists {
  return new olm.DeviceLists(engineUsers(sync.changed), engineUsers(sync.left));
}
function counts(sync: CryptoSync): Map<string, number> {
  return new Map(sync.oneTimeKeys);
}
function fallback(sync: CryptoSync): Set<string> | undefined {
  return sync.unusedFallbackKeys === undefined ? undefined : new Set(sync.unusedFallbackKeys);
}

function counted(events: readonly { readonly type: olm.ProcessedToDeviceEventType }[]): Received {
  const of = (type: olm.ProcessedToDeviceEventType): number => events.filter((event) => event.type === type).length;
  return { ...NOTHING, refused: of(olm.ProcessedToDeviceEventType.Invalid), undecryptable: of(olm.ProcessedToDeviceEventType.UnableToDecrypt) };
}

function sum(one: Received, other: Received): Received {
  return {
    refused: one.refused + other.refused,
    undecryptable: one.undecryptable + other.undecryptable,
    poisonous: one.poisonous + other.poisonous,
    panics: one.panics + other.panics,
  };
}
