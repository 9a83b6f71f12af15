import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import type { UserId } from "../domain/ids.ts";
import { isFault } from "./fault.ts";
import { OperatorError } from "../operator-error.ts";
import { Rest } from "./rest.ts";
import type { Log } from "./rest.ts";
import { userId } from "./shapes.ts";

/** Whose token it is. */
export interface Session {
  readonly user: UserId;
  readonly device: string;
}

const whoAmI = z.object({ user_id: userId, device_id: z.string().min(1).max(255).optional() });
const loggedIn = z.object({ access_token: z.string().min(1).max(10_000), user_id: userId, device_id: z.string().min(1).max(255) });

/** The access token in a file. Throws an {@link OperatorError} if there is none. */
export function readTokenFile(file: string): string {
  let token: string;
  try {
    token = readFileSync(file, "utf8").trim();
  } catch {
    throw new OperatorError("login.no-token", `The token file ${file} cannot be read.`, "Write the bot's access token into it, or configure a password file.");
  }
  if (!/^[\x21-\x7e]{1,10000}$/.test(token)) throw new OperatorError("login.bad-token", `The token file ${file} does not hold an access token.`, "It has one line, the token alone.");
  return token;
}

/** Logs in under a device id that stays the same, so that a new token is not a new device. Writes the token, 0600, and returns it. */
export async function login(options: { readonly homeserver: string; readonly user: UserId; readonly device: string; readonly password: string; readonly tokenFile: string; readonly log: Log }): Promise<string> {
  const rest = new Rest({ homeserver: options.homeserver, token: "", log: options.log });
  const body = {
    type: "m.login.password",
    identifier: { type: "m.id.user", user: options.user },
    password: options.password,
    device_id: options.device,
    initial_device_display_name: "Relevo",
  };
  const answer = await rest.call({ method: "POST", path: "/_matrix/client/v3/login", body, repeat: "once" }).catch((error: unknown) => {
    if (isFault(error) && error.kind === "refused") {
      throw new OperatorError("login.refused", `The homeserver refused the password login (${error.errcode ?? error.status ?? ""}).`, "Check user and password; where accounts are managed elsewhere, give an access token instead.");
    }
    throw error;
  });
  const read = loggedIn.safeParse(answer);
  if (!read.success || read.data.user_id !== options.user || read.data.device_id !== options.device) {
    throw new OperatorError("login.other-account", "The homeserver logged in another account or device than asked for.", "Check the user id in the configuration.");
  }
  writeFileSync(options.tokenFile, `${read.data.access_token}\n`, { mode: 0o600, flush: true });
  return read.data.access_token;
}

/** Whose token it is. Throws an {@link OperatorError} unless it is that of `expected`. */
export async function checkToken(rest: Rest, expected: { readonly user: string; readonly device?: string }): Promise<Session> {
  const answer = await rest.call({ method: "GET", path: "/_matrix/client/v3/account/whoami", repeat: "idempotent" }).catch((error: unknown) => {
    if (isFault(error) && error.kind === "token") throw new OperatorError("login.token-refused", "The homeserver does not know the bot's access token.", "Get a new one for the same device, or remove the token file to log in by password.");
    throw error;
  });
  const read = whoAmI.safeParse(answer);
  if (!read.success || read.data.user_id !== expected.user) throw new OperatorError("login.other-account", "The access token belongs to another account.", "Check user id and token file in the configuration.");
  const { user_id: user, device_id: device } = read.data;
  if (device === undefined) throw new OperatorError("login.no-device", "The access token belongs to no device, so there can be no encryption.", "Use a token that comes from a login, or one issued with a device.");
  if (expected.device !== undefined && device !== expected.device) throw new OperatorError("login.other-device", "The access token belongs to another device than configured.", "Check device id and token file in the configuration.");
  return { user, device };
}
