import { renameSync, rmSync, writeFileSync } from "node:fs";
import { z } from "zod";
import type { UserId } from "../domain/ids.ts";
import { isFault } from "./fault.ts";
import { OperatorError } from "../operator-error.ts";
import { Rest } from "./rest.ts";
import { deviceGone, tokenRefused } from "./session-end.ts";
import type { Log } from "./rest.ts";
import { userId } from "./shapes.ts";

/** Whose token it is. */
export interface Session {
  readonly user: UserId;
  readonly device: string;
}

const whoAmI = z.object({ user_id: userId, device_id: z.string().min(1).max(255).optional() });
const published = z.object({ device_keys: z.record(z.string(), z.record(z.string(), z.looseObject({}))) });
const loggedIn = z.object({ access_token: z.string().min(1).max(10_000), user_id: userId, device_id: z.string().min(1).max(255) });

/** What a login needs. */
export interface LoginOptions {
  readonly homeserver: string;
  readonly user: UserId;
  /** Stays the same, so that a new token is not a new device. */
  readonly device: string;
  readonly password: string;
  readonly tokenFile: string;
  readonly log: Log;
  /** True: the device must be there already, with its keys. */
  readonly again?: boolean;
}

/**
 * Logs in and writes the token, 0600; the file is replaced as a whole or stays as it was. Throws an {@link OperatorError} if the homeserver refuses,
 * or if the device was to go on and is gone: whoever logs in with its id gets an empty one, whose keys nobody has.
 */
export async function login(options: LoginOptions): Promise<string> {
  const { homeserver, user, device, log } = options;
  const rest = new Rest({ homeserver, token: "", log });
  const body = {
    type: "m.login.password",
    identifier: { type: "m.id.user", user },
    password: options.password,
    device_id: device,
    initial_device_display_name: "Relevo",
  };
  const answer = await rest.call({ method: "POST", path: "/_matrix/client/v3/login", body, repeat: "once" }).catch((error: unknown) => {
    if (isFault(error) && error.kind === "refused") {
      throw new OperatorError("login.refused", `The homeserver refused the password login (${error.errcode ?? error.status ?? ""}).`, "Check user and password; where accounts are managed elsewhere, give an access token of the bot's device instead: relevo login --access-token-file FILE");
    }
    throw error;
  });
  const read = loggedIn.safeParse(answer);
  if (!read.success || read.data.user_id !== user || read.data.device_id !== device) {
    throw new OperatorError("login.other-account", "The homeserver logged in another account or device than asked for.", "Check the user id in the configuration.");
  }
  const token = read.data.access_token;
  if (options.again === true) await assertKeysAreThere(new Rest({ homeserver, token, log }), user, device, "log out again");
  writeTokenFile(options.tokenFile, token);
  return token;
}

/** Throws an {@link OperatorError} unless the homeserver shows the keys of this device: one that was deleted comes back without them. */
export async function assertKeysAreThere(rest: Rest, user: UserId, device: string, otherwise: "log out again" | "leave"): Promise<void> {
  const answer = await rest.call({ method: "POST", path: "/_matrix/client/v3/keys/query", body: { device_keys: { [user]: [device] } }, repeat: "idempotent" });
  const read = published.safeParse(answer);
  if (read.success && read.data.device_keys[user]?.[device] !== undefined) return;
  // The empty device that this login has made would stand in people's lists beside the one they know.
  if (otherwise === "log out again") await rest.call({ method: "POST", path: "/_matrix/client/v3/logout", body: {}, repeat: "once" }).catch(() => undefined);
  throw deviceGone();
}

/** Replaces the token in its file: written whole beside it first, so that a crash leaves the old one or the new one. */
export function writeTokenFile(file: string, token: string): void {
  const fresh = `${file}.new`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, `${token}\n`, { mode: 0o600, flag: "wx", flush: true });
  renameSync(fresh, file);
}

/** Whose token it is. Throws an {@link OperatorError} unless it is that of `expected`. */
export async function checkToken(rest: Rest, expected: { readonly user: string; readonly device?: string }): Promise<Session> {
  const answer = await rest.call({ method: "GET", path: "/_matrix/client/v3/account/whoami", repeat: "idempotent" }).catch((error: unknown) => {
    if (isFault(error) && error.kind === "token") throw tokenRefused(error);
    throw error;
  });
  const read = whoAmI.safeParse(answer);
  if (!read.success || read.data.user_id !== expected.user) throw new OperatorError("login.other-account", "The access token belongs to another account.", "Check user id and token file in the configuration.");
  const { user_id: user, device_id: device } = read.data;
  if (device === undefined) throw new OperatorError("login.no-device", "The access token belongs to no device, so there can be no encryption.", "Use a token that comes from a login, or one issued with a device.");
  if (expected.device !== undefined && device !== expected.device) throw new OperatorError("login.other-device", "The access token belongs to another device than configured.", "Check device id and token file in the configuration.");
  return { user, device };
}
