import { OperatorError } from "../operator-error.ts";

/** Somebody with the account's password has replaced the bot's identity, or removed its device: whatever it said now would be said by a stranger. */
export function identityLost(): OperatorError {
  return new OperatorError(
    "identity.lost", "The bot's device is no longer signed by the bot's own identity; it has stopped and sends nothing more.",
    "Find out who changed the account. Then start the bot again with its recovery key file in place; it restores its identity from there.",
  );
}
