/** What reading is given in tests: a moment, a case with three people, a place. */
import { fileURLToPath } from "node:url";
import type { Here, Said } from "../../src/chat/read.ts";
import { read } from "../../src/chat/read.ts";
import type { Command, Place } from "../../src/chat/command.ts";
import type { KnownCase, World } from "../../src/chat/reading.ts";
import { loadRegistry, type Registry } from "../../src/chat/registry.ts";
import { written, type Reader } from "../../src/chat/write.ts";
import type { AlertId, CallSign, CaseId, DeliveryId, Instant, UserId, Zone } from "../../src/domain/ids.ts";
import type { Language } from "../../src/domain/person.ts";
import type { Line } from "../../src/domain/say.ts";
import { place as placed } from "../../src/domain/time.ts";

export const COMMANDS = fileURLToPath(new URL("../../commands/", import.meta.url));
export const MADRID = "Europe/Madrid" as Zone;
/** Monday 23 November 2026, 10:00 in Madrid. */
export const MONDAY = ((): Instant => {
  const at = placed({ year: 2026, month: 11, day: 23, hour: 10, minute: 0 }, MADRID);
  if (at.is !== "instant") throw new Error("not a moment");
  return at.at;
})();
export const BOT = "@relevo:bot.example" as UserId;

export const albatross: KnownCase = {
  id: "case-1" as CaseId,
  codename: "Albatross",
  members: [
    { callSign: "ES-1" as CallSign, user: "@ana:es.example" as UserId },
    { callSign: "CO-1" as CallSign, user: "@luis:co.example" as UserId },
    { callSign: "PT-1" as CallSign, user: "@luis:pt.example" as UserId },
    { callSign: "CV-4" as CallSign, user: "@nuno:cv.example" as UserId },
  ],
  hasTask: (id) => ["T-7", "T-12"].includes(id),
  hasDelivery: (id) => ["CD-3", "CD-4"].includes(id), deliveries: () => ["CD-3", "CD-4"] as DeliveryId[],
  hasAlert: (id) => id === ("A-7" as AlertId),
};

export interface Saying {
  readonly language?: Language;
  readonly delivery?: string;
  readonly noCase?: boolean;
  readonly html?: string;
  readonly content?: Readonly<Record<string, unknown>>;
  readonly refusal?: (command: Command) => readonly Line[] | undefined;
}

export function aWorld(place: Place, of: Saying = {}): World {
  const delivery = of.delivery ?? (place === "delivery" ? "CD-3" : undefined);
  return {
    now: MONDAY, language: of.language ?? "en", zone: MADRID,
    ...(of.noCase === true ? {} : { case: albatross }), ...(delivery === undefined ? {} : { delivery: delivery as DeliveryId }),
  };
}

let loaded: Promise<Registry> | undefined;
/** The product's own commands, read once. */
export function registry(): Promise<Registry> {
  return (loaded ??= loadRegistry(COMMANDS));
}

/** What the bot makes of a text typed at a place. */
export function said(commands: Registry, text: string, place: Place = "direct", of: Saying = {}): Said {
  const here: Here = { registry: commands, place, prefix: "!", bot: BOT, world: aWorld(place, of), ...(of.refusal === undefined ? {} : { refusal: of.refusal }) };
  return read({
    msgtype: "m.text", body: text, ...(of.html === undefined ? {} : { format: "org.matrix.custom.html", formatted_body: of.html }), ...of.content,
  }, here);
}

export function aReader(of: Partial<Reader> = {}): Reader {
  return { language: "en", zone: MADRID, prefix: "", now: MONDAY, ...of };
}
export function textOf(lines: readonly Line[], of: Partial<Reader> = {}): string {
  return written({ lines }, aReader(of)).body;
}
/** The parameters of a command that was understood; fails otherwise with what was said instead. */
export function paramsOf(of: Said): Readonly<Record<string, unknown>> {
  if (of.kind === "command") return of.params;
  throw new Error(`${of.kind}: ${"lines" in of ? textOf(of.lines) : JSON.stringify(of)}`);
}
/** What a refusal says. */
export function refusalOf(of: Said, reader: Partial<Reader> = {}): string {
  if (of.kind === "refused" || of.kind === "unknown") return textOf(of.lines, reader);
  throw new Error(`not refused but ${of.kind}: ${JSON.stringify("params" in of ? of.params : of)}`);
}
