/** A start without the journal: the line to the homeserver is opened all the same, so that the owners hear of it where they are. */
import type { Registry } from "../chat/registry.ts";
import type { UserId } from "../domain/ids.ts";
import type { Line } from "../matrix/line.ts";
import type { OperatorError } from "../operator-error.ts";
import { Health } from "./health.ts";
import { startOperations } from "./operations.ts";
import { Rooms } from "./rooms.ts";
import { SafeMode } from "./safe-mode.ts";
import type { Running } from "./running.ts";
import type { Settings } from "./settings.ts";
import { log, relevoVersion, systemClock, systemMachine } from "./system.ts";
import type { Vitals } from "./vitals.ts";
import { vitalsOf } from "./vitals.ts";

/** What a start without the journal needs. */
export interface SafeStartParts {
  readonly settings: Settings;
  /** Opened without what the journal knows of the crypto store. */
  readonly line: Line;
  readonly registry: Registry;
  /** What the journal is unfit by. */
  readonly why: OperatorError;
  /** How the crypto store ends the process later. */
  readonly failed: PromiseWithResolvers<never>;
}

/** Starts in safe mode: nothing is known but what the configuration says, so the owners alone are told and answered. */
export async function startSafe({ settings, line, registry, why, failed }: SafeStartParts): Promise<Running> {
  const clock = systemClock();
  const health = new Health();
  health.mark("started", clock.now());
  const owners = new Map<UserId, Settings["owners"][number]>(settings.owners.map((owner) => [owner.user, owner]));
  let stopped = false;
  const safe = new SafeMode({
    gateway: line.gateway, crypto: line.crypto, clock, log, health, registry, prefix: settings.prefix, rooms: new Rooms(), why,
    person: (user) => owners.get(user), direct: () => undefined, charge: [...owners.keys()], fatal: failed.reject,
  });
  const vitals = (): Vitals => vitalsOf({ now: clock.now(), health, stopped, safe: true, inbox: { all: 0, undecryptable: 0 }, outbox: [], roomsUndone: 0, timers: 0 });
  const operations = await startOperations({
    settings, clock, log, machine: systemMachine(), version: relevoVersion(), health, vitals, inside: () => ({ vitals: vitals(), powerUndone: 0, waitsMet: 0 }),
  });
  const over = Promise.withResolvers<number>();
  const running = safe.run(undefined);
  return {
    ready: new Promise(() => undefined), unfit: Promise.resolve(why), ended: Promise.race([over.promise, failed.promise]),
    async stop() {
      stopped = true;
      safe.stop();
      await line.close();
      await running;
      await operations.stop();
      over.resolve(0);
    },
  };
}
