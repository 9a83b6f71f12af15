/** The settings under which the app runs on a model homeserver; Ana is the owner. A new setting needs its line here and nowhere else. */
import type { AppParts } from "../../src/app/app.ts";
import type { Zone } from "../../src/domain/ids.ts";
import { ANA, WINDOWS } from "../domain/builders-core.ts";
import { masterKeyOf } from "../support/model.ts";

export const MODEL_SETTINGS: AppParts["settings"] = {
  prefix: "!", lateAfter: 60_000, unreadableTold: 120_000, unreadableKept: 7 * 86_400_000, commandsPerMinute: 30, openPerPerson: 200, windows: WINDOWS,
  trust: { read: "signed", harmless: "signed", binding: "signed", stop: "signed" },
  owners: [{ user: ANA, masterKey: masterKeyOf(ANA), language: "en", zone: "Europe/Madrid" as Zone }],
};
