/** What the homeserver was found to be, judged: each fault with what to do about it. */
import type { Check } from "../domain/doctor.ts";
import { attention, fine, wrong } from "../domain/doctor.ts";
import { line } from "../domain/say.ts";
import type { Probed } from "../matrix/probe.ts";

declare module "../domain/say.ts" {
  interface Sayings {
    "doctor.server": { software: string; took: number };
    "doctor.server-unreachable": { why: string };
    "doctor.server-unreachable-cure": Record<never, never>;
    "doctor.server-old": { missing: string };
    "doctor.server-old-cure": Record<never, never>;
    "doctor.clock": { seconds: number };
    "doctor.clock-off": { seconds: number; ahead: string };
    "doctor.clock-off-cure": Record<never, never>;
    "doctor.clock-unknown": Record<never, never>;
    "doctor.token": Record<never, never>;
    "doctor.token-refused": Record<never, never>;
    "doctor.token-refused-cure": Record<never, never>;
    "doctor.token-other": Record<never, never>;
    "doctor.token-other-cure": Record<never, never>;
    "doctor.token-no-device": Record<never, never>;
    "doctor.token-unknown": Record<never, never>;
    "doctor.ask-again-cure": Record<never, never>;
    "doctor.signature": Record<never, never>;
    "doctor.signature-missing": { shown: string };
    "doctor.signature-missing-cure": Record<never, never>;
    "doctor.signature-unknown": Record<never, never>;
    "doctor.recovery": Record<never, never>;
    "doctor.recovery-none": Record<never, never>;
    "doctor.recovery-none-cure": Record<never, never>;
    "doctor.recovery-unknown": Record<never, never>;
    "doctor.key-backup": Record<never, never>;
    "doctor.key-backup-none": Record<never, never>;
    "doctor.key-backup-none-cure": Record<never, never>;
    "doctor.rate-limit": Record<never, never>;
    "doctor.rate-limit-unseen": Record<never, never>;
    "doctor.rate-limit-unmeasured": Record<never, never>;
    "doctor.rate-limit-unmeasured-cure": Record<never, never>;
    "doctor.rate-limit-on": Record<never, never>;
    "doctor.rate-limit-met": { count: number };
    "doctor.rate-limit-cure": Record<never, never>;
  }
}

/** A clock this far off is told, and one that makes late what is not, in seconds. */
const CLOCK_TOLD = 30;
const CLOCK_WRONG = 300;
/** The room version that Relevo makes rooms of (src/app/reconciler.ts). */
const ROOM_VERSION = "12";
/** First version of the specification with authenticated media, and the flag of a server that has it without. */
const AUTHENTICATED_MEDIA = { major: 1, minor: 11, flag: "org.matrix.msc3916.stable" } as const;

/** All checks of the homeserver and of the bot's account there; only the first if it cannot be reached. */
export function serverChecks(found: Probed): Check[] {
  if (found.unreachable !== undefined) {
    return [wrong("server", line("doctor.server-unreachable", { why: found.unreachable }), line("doctor.server-unreachable-cure", {}))];
  }
  return [serverCheck(found), clockCheck(found), ...(found.token === undefined ? [] : accountChecks(found))];
}

function serverCheck({ software, took = 0, versions = [], features = [], roomVersions }: Probed): Check {
  const missing = [
    ...(versions.some(hasAuthenticatedMedia) || features.includes(AUTHENTICATED_MEDIA.flag) ? [] : ["authenticated media (v1.11)"]),
    ...(roomVersions === undefined || roomVersions.includes(ROOM_VERSION) ? [] : [`room version ${ROOM_VERSION}`]),
  ];
  if (missing.length > 0) return wrong("server", line("doctor.server-old", { missing: missing.join(", ") }), line("doctor.server-old-cure", {}));
  return fine("server", line("doctor.server", { software: software ?? `Matrix ${versions.at(-1) ?? "?"}`, took }));
}

function hasAuthenticatedMedia(version: string): boolean {
  const [, major, minor] = /^v(\d{1,3})\.(\d{1,3})$/.exec(version) ?? [];
  return Number(major) > AUTHENTICATED_MEDIA.major || (Number(major) === AUTHENTICATED_MEDIA.major && Number(minor) >= AUTHENTICATED_MEDIA.minor);
}

function clockCheck({ skew }: Probed): Check {
  if (skew === undefined) return attention("clock", line("doctor.clock-unknown", {}), line("doctor.clock-off-cure", {}));
  const seconds = Math.round(Math.abs(skew) / 1_000);
  const off = line("doctor.clock-off", { seconds, ahead: skew > 0 ? "server" : "machine" });
  if (seconds >= CLOCK_WRONG) return wrong("clock", off, line("doctor.clock-off-cure", {}));
  if (seconds >= CLOCK_TOLD) return attention("clock", off, line("doctor.clock-off-cure", {}));
  return fine("clock", line("doctor.clock", { seconds }));
}

function accountChecks({ token, device, hasSecretStorage, hasKeyBackup }: Probed): Check[] {
  switch (token) {
    case "refused": return [wrong("token", line("doctor.token-refused", {}), line("doctor.token-refused-cure", {}))];
    case "other": return [wrong("token", line("doctor.token-other", {}), line("doctor.token-other-cure", {}))];
    case "no-device": return [wrong("token", line("doctor.token-no-device", {}), line("doctor.token-refused-cure", {}))];
    case "account": return [fine("token", line("doctor.token", {})), signatureCheck(device), storageCheck(hasSecretStorage), backupCheck(hasKeyBackup)];
    default: return [attention("token", line("doctor.token-unknown", {}), line("doctor.ask-again-cure", {}))];
  }
}

function signatureCheck(device: Probed["device"]): Check {
  switch (device) {
    case "signed": return fine("signature", line("doctor.signature", {}));
    case "unsigned": case "no-identity": case "missing":
      return wrong("signature", line("doctor.signature-missing", { shown: device }), line("doctor.signature-missing-cure", {}));
    default: return attention("signature", line("doctor.signature-unknown", {}), line("doctor.ask-again-cure", {}));
  }
}

function storageCheck(has: boolean | undefined): Check {
  if (has === undefined) return attention("recovery", line("doctor.recovery-unknown", {}), line("doctor.ask-again-cure", {}));
  return has ? fine("recovery", line("doctor.recovery", {})) : wrong("recovery", line("doctor.recovery-none", {}), line("doctor.recovery-none-cure", {}));
}

function backupCheck(has: boolean | undefined): Check {
  if (has === true) return fine("key-backup", line("doctor.key-backup", {}));
  return attention("key-backup", line("doctor.key-backup-none", {}), line("doctor.key-backup-none-cure", {}));
}

/** What a running bot has met: waits that the homeserver imposed since it was started. */
export function waitsMet(count: number): Check {
  if (count === 0) return fine("rate-limit", line("doctor.rate-limit-unseen", {}));
  return attention("rate-limit", line("doctor.rate-limit-met", { count }), line("doctor.rate-limit-cure", {}));
}
/** What trying gave. */
export function limitMeasured(result: "lifted" | "limited" | "unknown"): Check {
  switch (result) {
    case "lifted": return fine("rate-limit", line("doctor.rate-limit", {}));
    case "limited": return attention("rate-limit", line("doctor.rate-limit-on", {}), line("doctor.rate-limit-cure", {}));
    case "unknown": return attention("rate-limit", line("doctor.rate-limit-unmeasured", {}), line("doctor.rate-limit-unmeasured-cure", {}));
  }
}
