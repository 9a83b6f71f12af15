/** Looks at a homeserver before there is an installation: for `relevo init`. */
import type { Check, CheckName } from "../domain/doctor.ts";
import type { Clock } from "../ports.ts";
import { measureRateLimit, probe } from "../matrix/probe.ts";
import { limitMeasured, serverChecks } from "./doctor-server.ts";

/** What is known so far. */
export interface Given {
  readonly homeserver: string;
  readonly user?: string;
  readonly token?: string;
}

/** What the bot makes at its first start cannot be there yet. */
const MADE_LATER: ReadonlySet<CheckName> = new Set(["signature", "recovery", "key-backup"]);

/** Whether it can be reached and has what is needed; with a token, whether that is the account's. */
export async function lookAt({ homeserver, user, token }: Given, clock: Clock): Promise<readonly Check[]> {
  const found = await probe({ homeserver, user: user ?? "", clock, ...(user === undefined || token === undefined ? {} : { token }) });
  return serverChecks(found).filter(({ check }) => !MADE_LATER.has(check));
}

/** Whether the account is held back, tried with an empty room that is left again. */
export async function tryLimit({ homeserver, user, token }: Required<Given>, clock: Clock): Promise<Check> {
  return limitMeasured(await measureRateLimit({ homeserver, user, token, clock }));
}
