/** An installation seen from its folder, whether its bot runs, cannot start or has died: for `relevo doctor`. Changes nothing in it. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Check, CheckName } from "../domain/doctor.ts";
import { attention, fine, wrong } from "../domain/doctor.ts";
import { known } from "../domain/entities.ts";
import type { ChainId, Zone } from "../domain/ids.ts";
import { line, when } from "../domain/say.ts";
import { CHAIN_KEYS_FOLDER, JOURNAL_FILE, openKeys } from "../journal/keys.ts";
import { ROOT_FILE } from "../journal/root-file.ts";
import { openJournal } from "../journal/journal.ts";
import type { SqliteJournal } from "../journal/journal.ts";
import { CRYPTO_STORE, checkCryptoStore } from "../matrix/crypto-store/open.ts";
import { DEVICE_FILE } from "../matrix/device-file.ts";
import { measureRateLimit } from "../matrix/probe.ts";
import { OperatorError } from "../operator-error.ts";
import type { Clock, Random } from "../ports.ts";
import { EVOLVE_VERSION } from "./app.ts";
import { chainVerdict, insideChecks } from "./doctor-inside.ts";
import { limitMeasured } from "./doctor-server.ts";
import type { Ended } from "./ended.ts";
import { readEnded } from "./ended.ts";
import { PULSE_EVERY, readPulse } from "./pulse.ts";
import type { Pulse } from "./pulse.ts";
import type { Settings } from "./settings.ts";
import { lastRows, wholeChains } from "./verified-chains.ts";

declare module "../domain/say.ts" {
  interface Sayings {
    "doctor.operator-error": { what: string };
    "doctor.config": Record<never, never>;
    "doctor.running-not": Record<never, never>;
    "doctor.running-stopped": { since: When };
    "doctor.running-died": { since: When };
    "doctor.outbox-stopped": { unsent: number; received: number };
    "doctor.running-not-cure": Record<never, never>;
    "doctor.instance": Record<never, never>;
    "doctor.instance-none": Record<never, never>;
    "doctor.instance-other": Record<never, never>;
    "doctor.instance-other-cure": Record<never, never>;
    "doctor.chain-unread": Record<never, never>;
    "doctor.running-ended": { since: When; what: string; code: string };
    "doctor.running-safe-why": { since: When; what: string; code: string };
    "doctor.crypto-store": Record<never, never>;
    "doctor.crypto-store-gone": Record<never, never>;
    "doctor.crypto-store-gone-cure": Record<never, never>;
  }
}

/** What looking at an installation needs. */
export interface InstallationParts {
  readonly data: string;
  /** Missing where the passphrase could not be read: the journal is then left alone. */
  readonly passphrase?: string;
  readonly zone: Zone;
  /** All rows are read, not the last alone. */
  readonly deep: boolean;
  readonly clock: Clock;
  readonly random: Random;
}

/** An error that names its cure, as a check. */
export function errorCheck(check: CheckName, error: OperatorError): Check {
  return wrong(check, line("doctor.operator-error", { what: error.message }), line("doctor.operator-error", { what: error.cure }));
}

/** Whether the homeserver holds the bot's account back, tried: it makes a room and leaves it, so only while the bot does not run. */
export async function triedLimit({ homeserver, user }: Pick<Settings, "homeserver" | "user">, token: string, clock: Clock): Promise<Check> {
  return limitMeasured(await measureRateLimit({ homeserver, user, token, clock }));
}

/** Whether the bot runs, how it is, and whether the journal holds; a running bot tells it itself, because nobody else can open its journal. */
export async function installationChecks(parts: InstallationParts): Promise<Check[]> {
  const pulse = readPulse(parts.data);
  const now = parts.clock.now();
  if (pulse !== undefined && now - pulse.at < 3 * PULSE_EVERY && runs(pulse.pid)) {
    const inside = insideChecks({ ...pulse.facts, vitals: { ...pulse.facts.vitals, now } }, parts.zone);
    return [...inside.map((check) => (check.check === "running" ? whyInSafeMode(check, pulse, parts) : check)), fine("instance", line("doctor.instance", {}))];
  }
  return [notRunning(pulse, readEnded(parts.data), parts.zone), ...(await journalChecks(parts)), ...storeChecks(parts)];
}

/** The reason for safe mode, if it could be written down: a disk that is full may have been in the way. */
function whyInSafeMode(check: Check, { facts: { vitals } }: Pulse, { data, zone }: InstallationParts): Check {
  const left = vitals.notReady.includes("safe-mode") ? readEnded(data) : undefined;
  if (left === undefined || left.at < (vitals.started ?? 0)) return check;
  return wrong("running", line("doctor.running-safe-why", { since: when(left.at, zone), what: left.what, code: left.code }), line("doctor.operator-error", { what: left.cure }));
}

/** Whether a process of this number is there; on another machine, or after a restart, it may be another's. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there and belongs to the bot's own user, and somebody else is asking.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function notRunning(pulse: Pulse | undefined, ended: Ended | undefined, zone: Zone): Check {
  // A start that failed leaves no pulse of its own.
  if (ended !== undefined && ended.at >= (pulse?.at ?? 0)) {
    return wrong("running", line("doctor.running-ended", { since: when(ended.at, zone), what: ended.what, code: ended.code }), line("doctor.operator-error", { what: ended.cure }));
  }
  if (pulse === undefined) return attention("running", line("doctor.running-not", {}), line("doctor.running-not-cure", {}));
  const since = when(pulse.at, zone);
  if (pulse.facts.vitals.notReady.includes("stopping")) return attention("running", line("doctor.running-stopped", { since }), line("doctor.running-not-cure", {}));
  return wrong("running", line("doctor.running-died", { since }), line("doctor.running-not-cure", {}));
}

async function journalChecks(parts: InstallationParts): Promise<Check[]> {
  const { data, passphrase, clock, random, deep } = parts;
  // Opening would make a new journal: looking must not. Where there are keys of cases and no journal, opening says so and makes none.
  if (!existsSync(join(data, JOURNAL_FILE)) && !hasChainKeys(data)) return [fine("instance", line("doctor.instance-none", {}))];
  if (passphrase === undefined) return [attention("chain", line("doctor.chain-unread", {}), line("doctor.running-not-cure", {}))];
  let journal: SqliteJournal;
  try {
    journal = openJournal({ folder: data, keys: openKeys({ folder: data, passphrase, random }), clock, random, known, evolveVersion: EVOLVE_VERSION });
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return error.code === "journal.in-use" ? [attention("instance", line("doctor.instance-other", {}), line("doctor.instance-other-cure", {}))] : [errorCheck("chain", error)];
  }
  try {
    const [unsent, received] = [(await journal.outbox()).length, (await journal.inbox()).length];
    const last = async (chain: ChainId): Promise<number> => (await journal.snapshot(chain))?.seq ?? 0;
    const chains = deep ? await wholeChains(journal) : await lastRows(journal, last);
    return [
      fine("instance", line("doctor.instance-none", {})), chainVerdict(chains),
      unsent + received === 0 ? fine("outbox", line("doctor.outbox", { count: 0 }))
        : attention("outbox", line("doctor.outbox-stopped", { unsent, received }), line("doctor.running-not-cure", {})),
    ];
  } catch (error) {
    if (error instanceof OperatorError) return [errorCheck("chain", error)];
    throw error;
  } finally {
    await journal.close();
  }
}

function hasChainKeys(data: string): boolean {
  const folder = join(data, CHAIN_KEYS_FOLDER);
  return existsSync(folder) && readdirSync(folder).length > 0;
}

/** What keeps a bot from starting is seen before it is started, too. */
function storeChecks({ data, passphrase, random }: InstallationParts): Check[] {
  const file = join(data, CRYPTO_STORE);
  if (!existsSync(file)) return existsSync(join(data, DEVICE_FILE)) ? [wrong("crypto-store", line("doctor.crypto-store-gone", {}), line("doctor.crypto-store-gone-cure", {}))] : [];
  // Without its keys the check of the journal has told already; without the passphrase that of the configuration.
  if (passphrase === undefined || !existsSync(join(data, ROOT_FILE))) return [];
  try {
    checkCryptoStore(file, openKeys({ folder: data, passphrase, random }).cryptoStore);
    return [fine("crypto-store", line("doctor.crypto-store", {}))];
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return error.code.startsWith("crypto-store.") ? [errorCheck("crypto-store", error)] : [];
  }
}
