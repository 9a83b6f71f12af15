/** What the operator is told when the homeserver no longer knows the bot's token or device. */
import { OperatorError } from "../operator-error.ts";

/** The homeserver no longer has the bot's device: a login with its id would be another device under the same name. */
export function deviceGone(): OperatorError {
  return new OperatorError("login.device-gone", "The homeserver has removed the bot's device, and its keys with it: it cannot go on where it was.",
    "Find out who removed it. Then run: relevo recover --help (the recovery key makes a new device that people's clients trust; journal and state stay).");
}

/** What to do about a token that is no longer good, for whichever command met it. */
export function tokenRefused(fault: { readonly soft?: boolean; readonly status?: number; readonly errcode?: string }): OperatorError {
  const said = fault.soft === true ? "has ended the bot's session; its device is still there" : "does not accept the bot's access token any more";
  return new OperatorError("homeserver.token", `The homeserver ${said}${fault.errcode === undefined ? "" : ` (${fault.errcode})`}.`,
    "Nothing accepted is lost. Run: relevo login --config FILE --password-file FILE (the same device goes on), then start the bot again.");
}
