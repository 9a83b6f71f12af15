/** Every fault that `relevo doctor` tells of, made once: the tests look whether it is told, and docs/doctor.md is written from what it says. */
import { insideChecks } from "../src/app/doctor-inside.ts";
import type { InsideFacts } from "../src/app/doctor-inside.ts";
import { errorCheck } from "../src/app/doctor-installation.ts";
import { diskVerdict } from "../src/app/doctor-machine.ts";
import { limitMeasured, serverChecks } from "../src/app/doctor-server.ts";
import type { Vitals } from "../src/app/vitals.ts";
import type { Check, CheckName, Verdict } from "../src/domain/doctor.ts";
import type { Instant, Zone } from "../src/domain/ids.ts";
import { OperatorError } from "../src/operator-error.ts";

/** Tue 24 Nov 2026 13:00 in Madrid. */
export const NOW = Date.UTC(2026, 10, 24, 12) as Instant;
/** Where times are shown. */
export const MADRID = "Europe/Madrid" as Zone;
/** A homeserver without a fault. */
export const SERVER: Parameters<typeof serverChecks>[0] = {
  took: 12, skew: 400, versions: ["v1.10", "v1.11"], features: [], software: "Synapse 1.163.2", roomVersions: ["11", "12"], token: "account", device: "signed", hasSecretStorage: true, hasKeyBackup: true,
};
/** A bot that is well. */
export const VITALS: Vitals = {
  now: NOW, started: (NOW - 3_600_000) as Instant, synced: NOW, notReady: [], isLive: true, inboxWaiting: 0, undecryptable: 0, setAside: 0, roomsUndone: 0, timers: 0,
  unsent: { stop: { count: 0 }, P1: { count: 0 }, live: { count: 0 }, routine: { count: 0 } },
};
/** The same with what else is known of it. */
export const INSIDE: InsideFacts = { vitals: VITALS, powerUndone: 0, waitsMet: 0, chains: { rows: 10, broken: 0 } };
/** The checks of a bot that is well but for these. */
export const inside = (changes: Partial<InsideFacts> & { readonly of?: Partial<Vitals> }): Check[] => {
  const { of = {}, ...rest } = changes;
  return insideChecks({ ...INSIDE, ...rest, vitals: { ...VITALS, ...of } }, MADRID);
};
const long = { count: 2, oldest: (NOW - 120_000) as Instant };

/** One fault. */
export interface DoctorFault {
  readonly check: CheckName;
  readonly verdict: Verdict;
  /** When it is told, as a part of a sentence. */
  readonly what: string;
  readonly of: () => readonly Check[];
  readonly says: RegExp;
}

/** All of them that need no machine of their own. */
export const DOCTOR_FAULTS: readonly DoctorFault[] = [
  { check: "server", verdict: "wrong", what: "the homeserver is down", of: () => serverChecks({ unreachable: "ECONNREFUSED" }), says: /cannot be reached \(ECONNREFUSED\)/ },
  { check: "server", verdict: "wrong", what: "it cannot make rooms of version 12", of: () => serverChecks({ ...SERVER, roomVersions: ["10", "11"] }), says: /lacks: room version 12\./ },
  { check: "server", verdict: "wrong", what: "it has no authenticated media", of: () => serverChecks({ ...SERVER, versions: ["r0.6.1", "v1.9"] }), says: /lacks: authenticated media \(v1\.11\)\./ },
  { check: "clock", verdict: "attention", what: "the clocks differ by a minute", of: () => serverChecks({ ...SERVER, skew: 60_000 }), says: /homeserver's clock is ahead.* by 60 s/ },
  { check: "clock", verdict: "wrong", what: "this machine is an hour ahead", of: () => serverChecks({ ...SERVER, skew: -3_600_000 }), says: /machine's clock is ahead.* by 3,600 s/ },
  { check: "clock", verdict: "attention", what: "the homeserver tells no time", of: () => { const { skew: _skew, ...rest } = SERVER; return serverChecks(rest); }, says: /does not tell its time/ },
  { check: "token", verdict: "wrong", what: "the token is refused", of: () => serverChecks({ ...SERVER, token: "refused" }), says: /does not accept the access token/ },
  { check: "token", verdict: "wrong", what: "the token is another account's", of: () => serverChecks({ ...SERVER, token: "other" }), says: /another account/ },
  { check: "token", verdict: "wrong", what: "the token has no device", of: () => serverChecks({ ...SERVER, token: "no-device" }), says: /no device/ },
  { check: "token", verdict: "attention", what: "the homeserver does not say whose the token is", of: () => serverChecks({ ...SERVER, token: "unknown" }), says: /did not say whose/ },
  { check: "signature", verdict: "wrong", what: "the device is not signed", of: () => serverChecks({ ...SERVER, device: "unsigned" }), says: /not signed by the bot's identity/ },
  { check: "signature", verdict: "wrong", what: "the account has no identity", of: () => serverChecks({ ...SERVER, device: "no-identity" }), says: /has no identity/ },
  { check: "signature", verdict: "attention", what: "the keys are not shown", of: () => serverChecks({ ...SERVER, device: "unknown" }), says: /did not show the bot's keys/ },
  { check: "recovery", verdict: "wrong", what: "nothing lies in secret storage", of: () => serverChecks({ ...SERVER, hasSecretStorage: false }), says: /no secret storage/ },
  { check: "key-backup", verdict: "attention", what: "room keys are not backed up", of: () => serverChecks({ ...SERVER, hasKeyBackup: false }), says: /No backup of room keys/ },
  { check: "rate-limit", verdict: "attention", what: "the homeserver has made the bot wait", of: () => inside({ waitsMet: 3 }), says: /made the bot wait 3 times/ },
  { check: "rate-limit", verdict: "attention", what: "the limit was tried and is on", of: () => [limitMeasured("limited")], says: /after about ten messages/ },
  { check: "rate-limit", verdict: "attention", what: "the limit could not be tried", of: () => [limitMeasured("unknown")], says: /is not known/ },
  { check: "running", verdict: "wrong", what: "it hears nothing", of: () => inside({ of: { notReady: ["not-synced"] } }), says: /hears nothing \(no answer from the homeserver for two minutes\)/ },
  { check: "running", verdict: "wrong", what: "it gets nothing sent", of: () => inside({ of: { notReady: ["not-sending"] } }), says: /gets nothing sent/ },
  { check: "running", verdict: "wrong", what: "it is stuck", of: () => inside({ of: { isLive: false } }), says: /does nothing/ },
  { check: "running", verdict: "wrong", what: "it is in safe mode", of: () => inside({ of: { notReady: ["safe-mode"] } }), says: /SAFE MODE/ },
  { check: "outbox", verdict: "wrong", what: "a stop has not gone out", of: () => inside({ of: { unsent: { ...VITALS.unsent, stop: { count: 1, oldest: (NOW - 20_000) as Instant } } } }), says: /ONE OF THEM URGENT; the longest wait is 20 s/ },
  { check: "outbox", verdict: "attention", what: "messages wait for long", of: () => inside({ of: { unsent: { ...VITALS.unsent, routine: long } } }), says: /2 messages have not gone out, none of them urgent/ },
  { check: "outbox", verdict: "attention", what: "a message fails by itself", of: () => inside({ of: { setAside: 1 } }), says: /fails by itself/ },
  { check: "undecryptable", verdict: "attention", what: "messages cannot be read", of: () => inside({ of: { undecryptable: 2 } }), says: /2 messages cannot be read/ },
  { check: "rooms", verdict: "attention", what: "a room is not right", of: () => inside({ of: { roomsUndone: 2 }, powerUndone: 1 }), says: /One room is not as they should be|One room is/ },
  { check: "power", verdict: "wrong", what: "power levels are not right", of: () => inside({ of: { roomsUndone: 1 }, powerUndone: 1 }), says: /In one room the power levels/ },
  { check: "chain", verdict: "wrong", what: "a chain is broken", of: () => inside({ chains: { rows: 5, broken: 1 } }), says: /BROKEN in one chain/ },
  { check: "disk", verdict: "attention", what: "the disk has 1 GB left", of: () => [diskVerdict(1e9, "/data")], says: /Only 953 MB free where \/data lies/ },
  { check: "disk", verdict: "wrong", what: "the disk is nearly full", of: () => [diskVerdict(1e8, "/data")], says: /Only 95 MB free/ },
  { check: "config", verdict: "wrong", what: "the configuration cannot be read", of: () => [errorCheck("config", new OperatorError("config.missing", "There is no relevo.yaml.", "Write one."))], says: /There is no relevo\.yaml\.\n +→ Write one\./ },
];
