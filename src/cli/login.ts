/** `relevo login`: a new access token for the device that the bot is, when the old one has run out or is to be changed. */
import type { Readable } from "node:stream";
import { logIn } from "../app/log-in.ts";
import type { Settings } from "../app/settings.ts";
import { OperatorError } from "../operator-error.ts";
import { ACCESS_TOKEN, PASSWORD, readSecretFile, readSecretInput } from "./secret-file.ts";
import type { SecretKind } from "./secret-file.ts";

/** What stands on the command line besides the configuration. */
export interface LoginOptions {
  readonly passwordFile?: string;
  readonly accessTokenFile?: string;
  readonly device?: string;
}

/** Gives the lines to print. Throws an `OperatorError`; then the token in use is untouched. */
export async function login(settings: Settings, options: LoginOptions, input: Readable): Promise<readonly string[]> {
  const passwordFile = options.passwordFile ?? settings.secrets.passwordFile;
  const read = (file: string, kind: SecretKind): Promise<string> => (file === "-" ? readSecretInput(input, kind) : readSecretFile(file, kind));
  if (options.accessTokenFile === undefined && passwordFile === undefined) {
    throw new OperatorError("login.no-credential", "There is nothing to log in with.",
      "Give --password-file FILE, or, where accounts are managed elsewhere, --access-token-file FILE with a token issued for the bot's device.");
  }
  const credential = options.accessTokenFile !== undefined
    ? { accessToken: await read(options.accessTokenFile, ACCESS_TOKEN) }
    : { password: await read(passwordFile ?? "-", PASSWORD) };
  const device = await logIn(settings, credential, options.device);
  return [
    `The bot has a new access token; it is still the device ${device}, and nothing that was accepted is lost.`,
    `Written to ${settings.secrets.accessTokenFile}. A bot that runs goes on with the old one: start it again to use the new.`,
    "Homeservers may go on taking the old token until the device is removed: whoever has seen it can still use it.",
  ];
}
