/** `relevo init` as it is typed: with flags it asks nothing; at a terminal it asks for whatever is missing. The homeserver is looked at either way. */
import { Readable } from "node:stream";
import { checkText, writtenChecks } from "../app/doctor-text.ts";
import { lookAt, tryLimit } from "../app/homeserver-look.ts";
import type { Check } from "../domain/doctor.ts";
import type { Zone } from "../domain/ids.ts";
import { OperatorError } from "../operator-error.ts";
import type { Clock, Random } from "../ports.ts";
import type { Asker } from "./init-ask.ts";
import { askMissing } from "./init-ask.ts";
import type { InitOptions } from "./init.ts";
import { init } from "./init.ts";

/** What stood on the command line. */
export type GivenOptions = Partial<InitOptions> & { readonly tryLimit?: boolean };
/** What the command needs. */
export interface InitCommandParts {
  readonly input: Readable;
  /** Somebody at a terminal; without one nothing is asked, and every option must be there. */
  readonly asker?: Asker | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly account: string;
  readonly program: string;
  /** The Node that runs it. */
  readonly node: string;
}

/** What stands where nothing was given and nobody is asked. */
const DEFAULTS = { config: "relevo.yaml", data: "data", language: "en", zone: "UTC", prefix: "!" } as const;

/** Options without which nothing can be written: one that is missing is asked for, or refused. */
export const NEEDED = { homeserver: "--homeserver <url>", user: "--user <id>", owner: "--owner <user=fingerprint>", accessTokenFile: "--access-token-file <file>" } as const;

/** Whether something has to be asked. */
export function isIncomplete(given: GivenOptions): boolean {
  return Object.keys(NEEDED).some((name) => given[name as keyof typeof NEEDED] === undefined);
}

/** Writes what was asked for; gives the lines to show, and the configuration with which the bot is to be started at once, if it is. */
export async function initCommand(given: GivenOptions, parts: InitCommandParts): Promise<{ readonly lines: readonly string[]; readonly start?: string }> {
  const { clock, random, account, program, node, asker } = parts;
  const look = (of: Parameters<typeof lookAt>[0]): Promise<readonly Check[]> => lookAt(of, clock);
  const { tryLimit: isTried = false, ...options } = given;
  const answered = asker === undefined ? { options: complete(options), start: given.start === true }
    : await Promise.race([askMissing(options, asker, { look, tryLimit: (of) => tryLimit(of, clock), now: () => clock.now() }), asker.brokenOff]).finally(() => asker.close());
  const token = "token" in answered ? answered.token : undefined;
  const lines = await init({ ...answered.options, start: answered.start }, {
    random, account, program, node, input: token === undefined ? parts.input : Readable.from([Buffer.from(`${token}\n`)]),
    // Whoever was asked has seen it already.
    ...(token === undefined ? { check: async (of) => refuseWrong([...(await look(of)), ...(isTried ? [await tryLimit(of, clock)] : [])], clock) } : {}),
  });
  return { lines, ...(answered.start ? { start: answered.options.config } : {}) };
}

function complete(given: Partial<InitOptions>): InitOptions {
  const { homeserver, user, owner, accessTokenFile } = given;
  if (homeserver === undefined || user === undefined || owner === undefined || accessTokenFile === undefined) throw new Error("asked for before");
  return { ...DEFAULTS, ...given, homeserver, user, owner, accessTokenFile };
}

function refuseWrong(checks: readonly Check[], clock: Clock): readonly string[] {
  const written = writtenChecks(checks, { language: "en", zone: "UTC" as Zone, now: clock.now() });
  const wrong = written.filter(({ verdict }) => verdict === "wrong");
  const [first] = wrong;
  if (first === undefined) return checkText(written);
  throw new OperatorError("init.homeserver", ["The homeserver and these options do not fit; nothing was written:", ...wrong.map(({ check, found }) => `${check}: ${found}`)].join("\n"),
    `${first.cure ?? ""} (--no-check writes without looking.)`);
}
