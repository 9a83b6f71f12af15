/** The id of the bot's device in a file, so that it can be logged in again when its token is no longer good. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { OperatorError } from "../operator-error.ts";

/** File in the data folder that names the bot's device. */
export const DEVICE_FILE = "device";

/** The id of the bot's device; undefined if it has not started yet. */
export function readDeviceFile(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const device = readFileSync(file, "utf8").trim();
  return /^[\x21-\x7e]{1,255}$/.test(device) ? device : undefined;
}

/** Writes it. Throws an {@link OperatorError} if the token is of another device than the crypto store: keys are a device's own. */
export function keepDevice(file: string, storeFile: string, device: string): void {
  const before = readDeviceFile(file);
  if (before === device) return;
  if (before !== undefined && existsSync(storeFile)) {
    throw new OperatorError("login.other-device", `The access token belongs to the device ${device}, and the bot is the device ${before}.`,
      "Run: relevo login --config FILE --password-file FILE, which gets a token for the bot's own device.");
  }
  writeFileSync(file, `${device}\n`, { mode: 0o600, flush: true });
}
