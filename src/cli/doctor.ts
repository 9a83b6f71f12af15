/** `relevo doctor`: every check that can be made from outside the bot, whether it runs, cannot start, or has died; each fault with its cure. */
import { examination } from "../app/doctor-outside.ts";
import { errorCheck, installationChecks, triedLimit } from "../app/doctor-installation.ts";
import { machineChecks } from "../app/doctor-machine.ts";
import { checkText, writtenChecks } from "../app/doctor-text.ts";
import type { Secrets, Settings } from "../app/settings.ts";
import type { Check, CheckName } from "../domain/doctor.ts";
import { fine } from "../domain/doctor.ts";
import type { Zone } from "../domain/ids.ts";
import { line } from "../domain/say.ts";
import { OperatorError } from "../operator-error.ts";
import type { Clock, Random } from "../ports.ts";
import { loadConfig } from "./config.ts";
import { ACCESS_TOKEN, PASSPHRASE, readSecretFile, readSecrets } from "./secret-file.ts";

/** What stood on the command line. */
export interface DoctorOptions {
  readonly config: string;
  readonly json?: boolean;
  /** Reads the whole journal and tries the rate limit; both only while the bot does not run. */
  readonly deep?: boolean;
}

/** Makes all checks that can be made; gives the lines to show and whether nothing is wrong. Throws nothing that a check can tell. */
export async function doctor(options: DoctorOptions, clock: Clock, random: Random): Promise<{ readonly ok: boolean; readonly lines: readonly string[] }> {
  const found = await checks(options, clock, random);
  const written = writtenChecks(found.checks, { language: found.settings?.language ?? "en", zone: found.settings?.zone ?? ("UTC" as Zone), now: clock.now() });
  const wrong = written.filter(({ verdict }) => verdict === "wrong").length;
  if (options.json === true) return { ok: wrong === 0, lines: [JSON.stringify({ ok: wrong === 0, checks: written }, null, 1)] };
  return { ok: wrong === 0, lines: checkText(written) };
}

async function checks({ config, deep = false }: DoctorOptions, clock: Clock, random: Random): Promise<{ readonly checks: readonly Check[]; readonly settings?: Settings }> {
  const settings = await told("config", loadConfig(config));
  if ("check" in settings) return { checks: [settings] };
  const secrets = await told("config", readSecrets(settings));
  const token = "check" in secrets ? await readOr(settings.secrets.accessTokenFile, ACCESS_TOKEN) : secrets.accessToken;
  const passphrase = "check" in secrets ? await readOr(settings.secrets.passphraseFile, PASSPHRASE) : secrets.passphrase;
  const outside = token === undefined ? machineChecks(settings, process.versions.node) : await examination(settings, { accessToken: token }, clock)("server-and-machine");
  const inside = await installationChecks({ data: settings.data, zone: settings.zone, deep, clock, random, ...(passphrase === undefined ? {} : { passphrase }) });
  // A running bot has seen for itself; beside it nothing may be tried on its account.
  const tried = deep && token !== undefined && !inside.some(({ check }) => check === "rate-limit") ? [await triedLimit(settings, token, clock)] : [];
  return { settings, checks: ["check" in secrets ? secrets : fine("config", line("doctor.config", {})), ...outside, ...inside, ...tried] };
}

/** What only a person can mend is a check like any other. */
async function told<T extends Settings | Secrets>(check: CheckName, made: Promise<T>): Promise<T | Check> {
  return made.catch((error: unknown) => {
    if (error instanceof OperatorError) return errorCheck(check, error);
    throw error;
  });
}

/** One secret cannot be read: the others are of use all the same. */
async function readOr(file: string, kind: typeof ACCESS_TOKEN): Promise<string | undefined> {
  return readSecretFile(file, kind).catch((error: unknown) => {
    if (error instanceof OperatorError) return undefined;
    throw error;
  });
}
