/** Opens the real ports and starts the bot on them. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadRegistry } from "../chat/registry.ts";
import { known } from "../domain/entities.ts";
import { CRYPTO_AGE_VALUE, openJournal } from "../journal/journal.ts";
import { openKeys } from "../journal/keys.ts";
import type { Crypto, Gateway, Journal } from "../ports.ts";
import { CRYPTO_STORE } from "../matrix/crypto-store/open.ts";
import { DEVICE_FILE } from "../matrix/device-file.ts";
import { openLine } from "../matrix/line.ts";
import type { NotedAge } from "../matrix/store-age.ts";
import { serveHold } from "./hold.ts";
import { App, EVOLVE_VERSION } from "./app.ts";
import type { AppParts } from "./app.ts";
import type { Examine } from "./doctor.ts";
import { examination } from "./doctor-outside.ts";
import type { OperationsParts } from "./operations.ts";
import { startOperations } from "./operations.ts";
import type { Secrets, Settings } from "./settings.ts";
import { log, relevoVersion, systemClock, systemMachine, systemRandom } from "./system.ts";
import type { LogFacts } from "./system.ts";

/** Folder of the command objects. */
export const COMMANDS = fileURLToPath(new URL("../../commands/", import.meta.url));

/** A bot that has been started. */
export interface Running {
  /** Resolves when the first sync has been dealt with. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
  /** Rejects with what the bot cannot go on after; resolves with the exit code once it has stopped. */
  readonly ended: Promise<number>;
}

/** The ports of a real installation. */
export interface Ports {
  readonly gateway: Gateway;
  readonly crypto: Crypto;
  readonly journal: Journal;
  readonly markKey: Uint8Array;
  /** Ends calls under way, then closes crypto store and journal. */
  close(): Promise<void>;
}

/**
 * Journal, crypto store and homeserver as the settings name them.
 * Throws an `OperatorError` for what only a person can mend; `fatal` is called when a write of the crypto store fails later.
 */
export async function openPorts(settings: Settings, secrets: Secrets, fatal: (error: unknown) => void): Promise<Ports> {
  const random = systemRandom();
  const keys = openKeys({ folder: settings.data, passphrase: secrets.passphrase, random });
  const journal = openJournal({ folder: settings.data, keys, clock: systemClock(), random, known, evolveVersion: EVOLVE_VERSION, fatal });
  try {
    const age = await journal.value(CRYPTO_AGE_VALUE);
    const line = await openLine({
      homeserver: settings.homeserver, user: settings.user, token: secrets.accessToken, random, fatal, ...(age === undefined ? {} : { notedAge: JSON.parse(age) as NotedAge }),
      deviceFile: join(settings.data, DEVICE_FILE), storeFile: join(settings.data, CRYPTO_STORE), storeKey: keys.cryptoStore, recoveryKeyFile: settings.secrets.recoveryKeyFile,
      ...(secrets.password === undefined ? {} : { password: secrets.password }), log: lineLog,
    });
    const letGo = await serveHold({ folder: settings.data, clock: systemClock(), log, hold: () => journal.hold() });
    return {
      gateway: line.gateway, crypto: line.crypto, journal,
      // A room that was made after the copy from which the journal goes on must not be taken for one that is wanted now.
      markKey: keys.derive(journal.epoch === "" ? "room-mark" : `room-mark/${journal.epoch}`),
      async close() {
        await letGo();
        await line.close();
        await journal.close();
      },
    };
  } catch (error) {
    await journal.close();
    throw error;
  }
}

/** Starts the bot on ports that are open; its stop closes them. */
export async function startOn(ports: Ports, settings: AppParts["settings"] & OperationsParts["settings"], failed: Promise<never>, examine?: Examine): Promise<Running> {
  const registry = await loadRegistry(COMMANDS);
  const app = new App({ ...ports, clock: systemClock(), random: systemRandom(), log, registry, settings, ...(examine === undefined ? {} : { examine }) });
  // Before the start: a long one can be watched, too.
  const operations = await startOperations({
    settings, clock: systemClock(), log, machine: systemMachine(), version: relevoVersion(), health: app.health, vitals: () => app.vitals(), inside: () => app.inside(),
  });
  void app.ready.then(() => operations.look(), () => undefined);
  await app.start().catch(async (fault: unknown) => {
    await operations.stop();
    throw fault;
  });
  return {
    ready: app.ready,
    ended: Promise.race([app.ended, failed]).then(() => 0),
    async stop() {
      await app.stop(() => ports.close());
      await operations.stop();
    },
  };
}

/** Opens the ports of these settings and starts the bot on them. Throws an `OperatorError`, or what the homeserver said. */
export async function start(settings: Settings, secrets: Secrets): Promise<Running> {
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  const ports = await openPorts(settings, secrets, failed.reject);
  return startOn(ports, settings, failed.promise, examination(settings, secrets, systemClock()));
}

/** What the line reports, through the allow-list of the log. */
export function lineLog(code: string, facts: Readonly<Record<string, string | number | boolean>>): void {
  const { status, attempt, ms } = facts;
  const number = (value: unknown, name: keyof LogFacts): LogFacts => (typeof value === "number" ? { [name]: value } : {});
  log.warn("line.reported", { why: code as Lowercase<string>, ...number(status, "status"), ...number(attempt, "attempt"), ...number(ms, "ms") });
}
