/** What a doctor looks at outside the app: the homeserver as it is asked now, and the machine. */
import type { Check } from "../domain/doctor.ts";
import type { Clock } from "../ports.ts";
import { probe } from "../matrix/probe.ts";
import type { Examine } from "./doctor.ts";
import { machineChecks } from "./doctor-machine.ts";
import { serverChecks } from "./doctor-server.ts";
import type { Secrets, Settings } from "./settings.ts";

/** Looks at the homeserver of these settings, and at the machine where it is asked for. */
export function examination(settings: Settings, secrets: Pick<Secrets, "accessToken">, clock: Clock): Examine {
  return async (what): Promise<readonly Check[]> => [
    ...(what === "server-and-machine" ? machineChecks(settings, process.versions.node) : []),
    ...serverChecks(await probe({ homeserver: settings.homeserver, user: settings.user, token: secrets.accessToken, clock })),
  ];
}
