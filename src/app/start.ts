/** Opens the real ports and starts the bot on them. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadRegistry } from "../chat/registry.ts";
import { known } from "../domain/entities.ts";
import { CRYPTO_AGE_VALUE, openJournal } from "../journal/journal.ts";
import { openKeys } from "../journal/keys.ts";
import { CRYPTO_STORE } from "../matrix/crypto-store/open.ts";
import type { Keys } from "../journal/keys.ts";
import type { OperatorError } from "../operator-error.ts";
import type { Journal } from "../ports.ts";
import { DEVICE_FILE } from "../matrix/device-file.ts";
import { openLine } from "../matrix/line.ts";
import type { Line } from "../matrix/line.ts";
import type { NotedAge } from "../matrix/store-age.ts";
import { serveHold } from "./hold.ts";
import { App, EVOLVE_VERSION } from "./app.ts";
import type { AppParts } from "./app.ts";
import type { Examine } from "./doctor.ts";
import { examination } from "./doctor-outside.ts";
import { OF_LINE } from "./log-codes.ts";
import type { OperationsParts } from "./operations.ts";
import { startOperations } from "./operations.ts";
import { keepReserve, spendReserve, spendReserveIfScarce, watchDisk } from "./reserve.ts";
import type { Running } from "./running.ts";
import { isJournalAlone } from "./safe-mode.ts";
import { startSafe } from "./safe-start.ts";
import type { Secrets, Settings } from "./settings.ts";
import { log, relevoVersion, systemClock, systemMachine, systemRandom } from "./system.ts";
import type { LogFacts } from "./system.ts";

/** Folder of the command objects. */
export const COMMANDS = fileURLToPath(new URL("../../commands/", import.meta.url));

/** The ports of a real installation. */
export interface Ports extends Pick<Line, "gateway" | "crypto"> {
  readonly journal: Journal;
  readonly markKey: Uint8Array;
  /** Resolves with what the journal turned out to be unfit by, while it was used. */
  readonly unfit: Promise<OperatorError>;
  /** Ends calls under way, then closes crypto store and journal. */
  close(): Promise<void>;
}

/**
 * Journal, crypto store and homeserver as the settings name them.
 * Throws an `OperatorError` for what only a person can mend; `fatal` is called when a write of the crypto store fails later.
 */
export async function openPorts(settings: Settings, secrets: Secrets, fatal: (error: unknown) => void): Promise<Ports> {
  const random = systemRandom();
  const keys = openKeys({ folder: settings.data, passphrase: secrets.passphrase, random, derived: await secrets.derived });
  const unfit = Promise.withResolvers<OperatorError>();
  const journal = openJournal({ folder: settings.data, keys, clock: systemClock(), random, known, evolveVersion: EVOLVE_VERSION, fatal: unfit.resolve });
  try {
    const age = await journal.value(CRYPTO_AGE_VALUE);
    const line = await openLineOf(settings, secrets, keys, age === undefined ? undefined : (JSON.parse(age) as NotedAge), fatal);
    const unwatch = watchDisk(settings.data, systemClock(), (why) => journal.giveUp(why));
    const letGo = await serveHold({ folder: settings.data, clock: systemClock(), log, hold: () => journal.hold() });
    return {
      gateway: line.gateway, crypto: line.crypto, journal, unfit: unfit.promise,
      // A room that was made after the copy from which the journal goes on must not be taken for one that is wanted now.
      markKey: keys.derive(journal.epoch === "" ? "room-mark" : `room-mark/${journal.epoch}`),
      async close() {
        unwatch();
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

/** The line of these settings; what the journal noted of the crypto store, or that it cannot be read. */
export function openLineOf(settings: Settings, secrets: Secrets, keys: Keys, notedAge: NotedAge | "unread" | undefined, fatal: (error: unknown) => void): Promise<Line> {
  return openLine({
    homeserver: settings.homeserver, user: settings.user, token: secrets.accessToken, random: systemRandom(), fatal,
    deviceFile: join(settings.data, DEVICE_FILE), storeFile: join(settings.data, CRYPTO_STORE), storeKey: keys.cryptoStore, recoveryKeyFile: settings.secrets.recoveryKeyFile,
    ...(notedAge === undefined ? {} : { notedAge }), ...(secrets.password === undefined ? {} : { password: secrets.password }), log: lineLog,
  });
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
    // What it has begun by itself must not go on beside a safe mode.
    await app.stop(() => Promise.resolve()).catch(() => undefined);
    await operations.stop();
    throw fault;
  });
  void ports.unfit.then((why) => app.unfit(why));
  return {
    ready: app.ready, unfit: ports.unfit,
    ended: Promise.race([app.ended, failed]).then(() => 0),
    async stop() {
      await app.stop(() => ports.close());
      await operations.stop();
    },
  };
}

/**
 * Opens the ports of these settings and starts the bot on them; if the journal alone is unfit, it starts in safe mode. Throws an `OperatorError`, or what the
 * homeserver said.
 */
export async function start(settings: Settings, secrets: Secrets): Promise<Running> {
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  let ports: Ports | undefined;
  spendReserveIfScarce(settings.data);
  try {
    ports = await openPorts(settings, secrets, failed.reject);
    keepReserve(settings.data);
    void ports.unfit.then(() => spendReserve(settings.data));
    return await startOn(ports, settings, failed.promise, examination(settings, secrets, systemClock()));
  } catch (fault) {
    if (!isJournalAlone(fault)) throw fault;
    await ports?.close();
    spendReserve(settings.data);
    const keys = openKeys({ folder: settings.data, passphrase: secrets.passphrase, random: systemRandom() });
    return startSafe({ settings, why: fault, failed, registry: await loadRegistry(COMMANDS), line: await openLineOf(settings, secrets, keys, "unread", failed.reject) });
  }
}

/** What the line reports, through the allow-list of the log. */
export function lineLog(code: string, facts: Readonly<Record<string, string | number | boolean>>): void {
  const { status, attempt, ms } = facts;
  const number = (value: unknown, name: keyof LogFacts): LogFacts => (typeof value === "number" ? { [name]: value } : {});
  const told = { ...number(status, "status"), ...number(attempt, "attempt"), ...number(ms, "ms") };
  if (isOfLine(code)) log[OF_LINE[code][0]](code, told);
  else log.warn("line.reported", { why: code as Lowercase<string>, ...told });
}

function isOfLine(code: string): code is keyof typeof OF_LINE {
  return Object.hasOwn(OF_LINE, code);
}
