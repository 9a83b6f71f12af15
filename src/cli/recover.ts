/** `relevo recover`: the bot goes on as a new device, on this machine or on another; with `--backup`, from a backup. */
import type { Readable } from "node:stream";
import type { Credential } from "../app/log-in.ts";
import { newDevice } from "../app/new-device.ts";
import type { Settings } from "../app/settings.ts";
import { isoUtc } from "../domain/time.ts";
import type { Instant } from "../domain/ids.ts";
import { DEVICE_VALUE, openJournal } from "../journal/journal.ts";
import { OperatorError } from "../operator-error.ts";
import type { Clock, Random } from "../ports.ts";
import { keysOfJournal } from "./held-journal.ts";
import { restore } from "./restore.ts";
import { ACCESS_TOKEN, PASSWORD, readSecretFile, readSecretInput, RECOVERY_KEY } from "./secret-file.ts";
import type { SecretKind } from "./secret-file.ts";

/** What stands on the command line besides the configuration. */
export interface RecoverOptions {
  readonly backup?: string;
  /** The journal in the data folder is an older copy, and nothing newer is left. */
  readonly oldJournal?: boolean;
  readonly passwordFile?: string;
  readonly accessTokenFile?: string;
}

/** What recovering needs of the world. */
export interface RecoverHost {
  readonly input: Readable;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Restores the backup, if one is given, and makes a new device; gives the lines to show. All that can be refused is refused before anything is changed,
 * but for the login itself: after that failed the same command is run again, without `--backup` if the lines say that it was restored.
 *
 * Throws an {@link OperatorError}: `recover.no-credential`, `recover.no-recovery-key`, and what restoring and logging in throw.
 */
export async function recover(settings: Settings, options: RecoverOptions, host: RecoverHost): Promise<readonly string[]> {
  const { clock, random } = host;
  const credential = await credentialOf(settings, options, host.input);
  await readSecretFile(settings.secrets.recoveryKeyFile, RECOVERY_KEY).catch((error: unknown) => {
    if (!(error instanceof OperatorError) || error.code !== "secret.missing") throw error;
    throw new OperatorError("recover.no-recovery-key", `The recovery key is not in ${settings.secrets.recoveryKeyFile}: without it people's clients would warn of a stranger.`,
      `Fetch it from where it is kept, write it into ${settings.secrets.recoveryKeyFile} (chmod 600), and take it away again when the bot has started. If it is lost, see docs/recovery.md.`);
  });
  const told = options.backup === undefined ? [] : await restore(settings, options.backup, clock, random);
  const known = await prepare(settings, options.oldJournal === true && options.backup === undefined, clock, random);
  const { device, before, removed } = await newDevice(settings, credential, known.device, random).catch((error: unknown) => {
    if (told.length === 0 || !(error instanceof OperatorError)) throw error;
    throw new OperatorError(error.code, error.message, `The journal is restored. ${error.cure} Then run the same command without --backup.`);
  });
  return [
    ...told,
    ...(known.goesOnFrom === undefined ? [] : [`The journal goes on from ${isoUtc(known.goesOnFrom)}; the bot tells every case so at its next start.`]),
    `The bot is the new device ${device}; its token is in ${settings.secrets.accessTokenFile}.`,
    before === undefined || before === device ? "Look at the account's list of devices with another client, and remove the one that was lost."
      : removed ? `Its old device ${before} was removed from the account.`
      : `Its old device ${before} is still there: remove it with another client, so that whoever has its disk cannot use its token.`,
    "Now start the bot: relevo run --config FILE. It signs the device with the recovery key; then take that key away from this machine.",
  ];
}

/** Opens the journal, which proves that no bot runs on it; gives the device that it knows of. */
async function prepare(settings: Settings, isOld: boolean, clock: Clock, random: Random): Promise<{ readonly device: string | undefined; readonly goesOnFrom?: Instant }> {
  const keys = await keysOfJournal(settings, random);
  const journal = openJournal({ folder: settings.data, keys, clock, random, known: () => true, evolveVersion: "recover" });
  try {
    const device = await journal.value(DEVICE_VALUE);
    if (!isOld) return { device };
    const synced = Number((await journal.value("sync:at")) ?? 0) as Instant;
    journal.goOnFromCopy(random.id(), synced, clock.now());
    return { device, goesOnFrom: synced };
  } finally {
    await journal.close();
  }
}

async function credentialOf(settings: Settings, options: RecoverOptions, input: Readable): Promise<Credential> {
  const read = (file: string, kind: SecretKind): Promise<string> => (file === "-" ? readSecretInput(input, kind) : readSecretFile(file, kind));
  if (options.accessTokenFile !== undefined) return { accessToken: await read(options.accessTokenFile, ACCESS_TOKEN) };
  const passwordFile = options.passwordFile ?? settings.secrets.passwordFile;
  if (passwordFile !== undefined) return { password: await read(passwordFile, PASSWORD) };
  throw new OperatorError("recover.no-credential", "There is nothing to log in with.",
    "Give --password-file FILE, or, where accounts are managed elsewhere, --access-token-file FILE with a token of a new login.");
}
