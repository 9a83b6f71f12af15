/** Gives a stopped bot a new access token for the device that it is: what was accepted goes on where it was. */
import { join } from "node:path";
import { DEVICE_FILE, readDeviceFile } from "../matrix/device-file.ts";
import { assertKeysAreThere, checkToken, login, writeTokenFile } from "../matrix/login.ts";
import { Rest } from "../matrix/rest.ts";
import { OperatorError } from "../operator-error.ts";
import type { Settings } from "./settings.ts";
import { lineLog } from "./start.ts";

/** By what the account is known: its password, or a token that somebody who manages the accounts has issued for the bot's device. */
export type Credential = { readonly password: string } | { readonly accessToken: string };

/**
 * Gets a token for the bot's device, or takes the one given, and writes it where the configuration says; gives the id of the device. Throws an
 * `OperatorError` if the homeserver refuses, if nobody knows which device the bot is, or if the homeserver has removed it; the old token stays then.
 */
export async function logIn(settings: Pick<Settings, "homeserver" | "user" | "data" | "secrets">, credential: Credential, named?: string): Promise<string> {
  const { homeserver, user, data, secrets } = settings;
  const known = readDeviceFile(join(data, DEVICE_FILE));
  if (known !== undefined && named !== undefined && known !== named) {
    throw new OperatorError("login.other-device", `The bot is the device ${known}, not ${named}.`, "Leave --device out. A device that is gone is replaced by: relevo recover");
  }
  const device = known ?? named;
  if (device === undefined) {
    throw new OperatorError("login.which-device", "It is not known which device the bot is: it has not started here yet.",
      "Name it with --device ID (a person's client lists the bot's device), or write a token into the file that secrets.accessTokenFile names and start the bot.");
  }
  const tokenFile = secrets.accessTokenFile;
  if ("password" in credential) {
    await login({ homeserver, user, device, password: credential.password, tokenFile, log: lineLog, again: true });
    return device;
  }
  const rest = new Rest({ homeserver, token: credential.accessToken, log: lineLog });
  await checkToken(rest, { user, device });
  await assertKeysAreThere(rest, user, device, "leave");
  writeTokenFile(tokenFile, credential.accessToken);
  return device;
}
