/** Makes a bot ready to go on as another device: the crypto store of the old one is never used again, because its ratchets may have been used since. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CRYPTO_STORE } from "../matrix/crypto-store/open.ts";
import { DEVICE_FILE, readDeviceFile } from "../matrix/device-file.ts";
import { isFault } from "../matrix/fault.ts";
import { checkToken, login, writeTokenFile } from "../matrix/login.ts";
import { Rest } from "../matrix/rest.ts";
import { OperatorError } from "../operator-error.ts";
import type { Random } from "../ports.ts";
import type { Credential } from "./log-in.ts";
import type { Settings } from "./settings.ts";
import { lineLog } from "./start.ts";

/** Letters of a device id, as homeservers make them themselves. */
const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
const LENGTH = 10;

/** What became of it. */
export interface NewDevice {
  readonly device: string;
  /** The device before, if it is known. */
  readonly before: string | undefined;
  /** Whether the homeserver has removed that one. */
  readonly removed: boolean;
}

/**
 * Logs in as a new device and writes its token where the configuration says; the crypto store goes first, so that a crash in the middle leaves nothing
 * that could be used by mistake. It may be done again. `before` is the device that the journal knows of. Throws an `OperatorError`.
 */
export async function newDevice(settings: Pick<Settings, "homeserver" | "user" | "data" | "secrets">, credential: Credential, known: string | undefined, random: Pick<Random, "pick">): Promise<NewDevice> {
  const { homeserver, user, data, secrets } = settings;
  const deviceFile = join(data, DEVICE_FILE);
  const before = readDeviceFile(deviceFile) ?? known;
  if ("accessToken" in credential) {
    const session = await checkToken(new Rest({ homeserver, token: credential.accessToken, log: lineLog }), { user });
    if (session.device === before) {
      throw new OperatorError("recover.same-device", `The access token belongs to the device ${session.device}, which the bot has been: its keys must not be used again.`,
        "Log the account in anew without naming a device, and give the token of that login; or give --password-file FILE.");
    }
    forget(data);
    writeTokenFile(secrets.accessTokenFile, credential.accessToken);
    return { device: session.device, before, removed: false };
  }
  const device = Array.from({ length: LENGTH }, () => random.pick(LETTERS)).join("");
  forget(data);
  const token = await login({ homeserver, user, device, password: credential.password, tokenFile: secrets.accessTokenFile, log: lineLog });
  const removed = before !== undefined && (await remove(new Rest({ homeserver, token, log: lineLog }), user, before, credential.password));
  return { device, before, removed };
}

/** Store and name of the old device; a token without them starts a new one. */
function forget(data: string): void {
  for (const name of [CRYPTO_STORE, `${CRYPTO_STORE}-wal`, `${CRYPTO_STORE}-shm`, DEVICE_FILE]) {
    const file = join(data, name);
    if (existsSync(file)) rmSync(file);
  }
}

/** Nobody should encrypt for the old device any more, and whoever has its disk should not be able to use its token. */
async function remove(rest: Rest, user: string, device: string, password: string): Promise<boolean> {
  const call = (auth: object): Promise<unknown> => rest.call({ method: "POST", path: "/_matrix/client/v3/delete_devices", body: { devices: [device], ...auth }, repeat: "idempotent" });
  try {
    await call({});
    return true;
  } catch (error) {
    const session = isFault(error) ? error.challenge()?.session : undefined;
    if (session === undefined) return false;
    return call({ auth: { type: "m.login.password", identifier: { type: "m.id.user", user }, password, session } }).then(() => true, () => false);
  }
}
