/** The questions of `relevo init`: each answer is checked as it is given, against its form and against the homeserver. */
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { Check } from "../domain/doctor.ts";
import type { Given } from "../app/homeserver-look.ts";
import { checkText, writtenChecks } from "../app/doctor-text.ts";
import { isLoopback, looksSecret, readHomeserver, readLanguage, readListen, readMasterKey, readPath, readUserId, readZone } from "../app/setting-values.ts";
import type { Instant, Zone } from "../domain/ids.ts";
import { OperatorError } from "../operator-error.ts";
import type { InitOptions } from "./init.ts";
import { ACCESS_TOKEN, readSecretFile } from "./secret-file.ts";

/** Somebody who can be asked. */
export interface Asker {
  /** The answer without blanks round it; empty for "as proposed". `hidden`: it is not shown while it is typed. */
  ask(question: string, hidden?: boolean): Promise<string>;
  say(line: string): void;
  /** Rejects when the person breaks off (Ctrl-C, Ctrl-D), also while something is looked at. */
  readonly brokenOff: Promise<never>;
  close(): void;
}
/** What asking needs besides somebody to ask. */
export interface AskParts {
  look(given: Given): Promise<readonly Check[]>;
  tryLimit(given: Required<Given>): Promise<Check>;
  now(): Instant;
}
/** All options, the access token where it was typed, and what is to be done at the end. */
export interface Answered {
  readonly options: InitOptions;
  readonly token?: string;
  readonly start: boolean;
}

/** Wrong answers to one question before it is given up: somebody who is not there must not be asked for ever. */
const MOST_TRIES = 5;

/** Asks for whatever stands not on the command line. Throws an {@link OperatorError} `init.given-up`. */
export async function askMissing(given: Partial<InitOptions>, asker: Asker, parts: AskParts): Promise<Answered> {
  const homeserver = given.homeserver ?? await askHomeserver(asker, parts);
  const user = given.user ?? await until(asker, "The bot's own account (@relevo:example.org): ", (text) => readUserId(text), "expected a Matrix user id such as @relevo:example.org");
  const { accessTokenFile, token } = given.accessTokenFile === undefined ? await askToken({ homeserver, user }, asker, parts) : { accessTokenFile: given.accessTokenFile, token: undefined };
  if (token !== undefined && await isYes(asker, "Try whether the homeserver holds the bot back? An empty room is made and left again. [Y/n] ", true)) {
    show([await parts.tryLimit({ homeserver, user, token })], asker, parts);
  }
  const owner = given.owner ?? await askOwners(asker);
  const language = given.language ?? await proposed(asker, "Language of whoever has not chosen one, en or es", "en", (text) => readLanguage(text), "expected en or es");
  const zone = given.zone ?? await proposed(asker, "Time zone of whoever has not chosen one", "UTC", (text) => readZone(text), "expected an IANA time zone such as Europe/Madrid");
  const config = given.config ?? await proposed(asker, "Configuration to write", "relevo.yaml", (text) => readPath(text), "expected the path of a file");
  const data = given.data ?? await proposed(asker, "Folder of the journal, seen from the configuration", "data", (text) => readPath(text), "expected the path of a folder");
  const metrics = given.metrics ?? await proposed(asker, "Where figures and /ready can be asked for, off for nowhere", "127.0.0.1:9477", (text) => {
    const listen = readListen(text);
    return listen === undefined || (listen !== "off" && !isLoopback(listen.host)) ? undefined : text;
  }, "expected off or an address of the loopback such as 127.0.0.1:9477");
  const systemd = given.systemd ?? await proposed(asker, "Folder to write a systemd unit to, - for none", process.platform === "linux" ? "." : "-", (text) => readPath(text), "expected the path of a folder, or -");
  const start = given.start ?? await isYes(asker, "Start the bot when all is written? [Y/n] ", true);
  const { systemd: _none, ...rest } = given;
  return {
    start, ...(token === undefined ? {} : { token }),
    options: { ...rest, prefix: given.prefix ?? "!", homeserver, user, accessTokenFile, owner, language, zone, config, data, metrics, ...(systemd === "-" ? {} : { systemd }) },
  };
}

async function askHomeserver(asker: Asker, parts: AskParts): Promise<string> {
  return until(asker, "Address of the homeserver (https://matrix.example.org): ", async (text) => {
    const homeserver = readHomeserver(text);
    if (homeserver === undefined) return undefined;
    return show(await parts.look({ homeserver }), asker, parts) ? homeserver : "again" as const;
  }, "expected an address such as https://matrix.example.org without path");
}

/** A file that holds it, or the token itself, which is not shown. */
async function askToken(given: { readonly homeserver: string; readonly user: string }, asker: Asker, parts: AskParts): Promise<{ readonly accessTokenFile: string; readonly token: string }> {
  return until(asker, "The bot's access token: a file of mode 600 that holds it, or the token itself (not shown): ", async (text) => {
    const typed = looksSecret(text);
    const token = typed ? text : await readSecretFile(text, ACCESS_TOKEN).catch((error: unknown) => {
      if (!(error instanceof OperatorError)) throw error;
      asker.say(`${error.message} ${error.cure}`);
      return undefined;
    });
    if (token === undefined) return "again" as const;
    if (!show(await parts.look({ ...given, token }), asker, parts)) return "again" as const;
    return { accessTokenFile: typed ? "-" : text, token };
  }, "expected the path of a file, or an access token", true);
}

async function askOwners(asker: Asker): Promise<readonly string[]> {
  const owners: string[] = [];
  for (;;) {
    const user = await until(asker, owners.length === 0 ? "Who may open cases (@ana:es.example): " : "Another owner (Enter: no more): ",
      (text) => (text === "" && owners.length > 0 ? "none" as const : readUserId(text)), "expected a Matrix user id such as @ana:es.example");
    if (user === "none") return owners;
    const key = await until(asker, `Fingerprint of ${user}, as their own client shows it; compare it in person: `, (text) => readMasterKey(text), "expected 43 characters; groups and spaces do not matter");
    owners.push(`${user}=${key}`);
  }
}

/** Shows what was found; whether nothing of it is wrong. */
function show(checks: readonly Check[], asker: Asker, parts: AskParts): boolean {
  for (const text of checkText(writtenChecks(checks, { language: "en", zone: "UTC" as Zone, now: parts.now() }))) asker.say(`  ${text}`);
  return checks.every(({ verdict }) => verdict !== "wrong");
}

async function proposed<T extends string>(asker: Asker, what: string, byDefault: string, read: (text: string) => T | undefined, expected: string): Promise<T> {
  return until(asker, `${what} [${byDefault}]: `, (text) => read(text === "" ? byDefault : text), expected);
}

async function isYes(asker: Asker, question: string, byDefault: boolean): Promise<boolean> {
  const answer = await until(asker, question, (text) => (text === "" ? (byDefault ? "yes" : "no") : /^y(?:es)?$/i.test(text) ? "yes" : /^no?$/i.test(text) ? "no" : undefined), "expected yes or no");
  return answer === "yes";
}

/** Asks until the answer can be read; `again`: it was read, and what is wrong has been shown. */
async function until<T>(asker: Asker, question: string, read: (text: string) => T | "again" | undefined | Promise<T | "again" | undefined>, expected: string, hidden = false): Promise<T> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const found = await read((await asker.ask(question, hidden)).trim());
    if (found === undefined) asker.say(`  ${expected}`);
    else if (found !== "again") return found;
  }
  throw new OperatorError("init.given-up", "No answer fitted; nothing was written.", "Start again, or give the options instead: relevo init --help shows them all.");
}

/**
 * Asks at a terminal. Only what is typed in answer to an open question is shown: what is typed ahead may be a secret, and is taken for the answers that
 * follow. Nothing is kept.
 */
export function terminalAsker(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Asker {
  let muted = true;
  const shown = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      if (!muted) output.write(chunk);
      done();
    },
  });
  // So that a long question is wrapped where the terminal wraps it.
  Object.defineProperty(shown, "columns", { get: () => ("columns" in output ? output.columns : undefined) });
  const lines = createInterface({ input, output: shown, terminal: true, historySize: 0 });
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => undefined);
  const early: string[] = [];
  let answer: ((text: string) => void) | undefined;
  lines.on("line", (text) => {
    if (answer === undefined) early.push(text);
    else answer(text);
  });
  lines.once("close", () => ended.reject(new OperatorError("init.given-up", "The questions were broken off; nothing was written.", "Start again, or give the options instead: relevo init --help shows them all.")));
  return {
    brokenOff: ended.promise,
    async ask(question, hidden = false) {
      const typed = early.shift();
      if (typed !== undefined) {
        output.write(`${question}(typed ahead)\n`);
        return typed;
      }
      const answered = Promise.withResolvers<string>();
      answer = answered.resolve;
      muted = hidden;
      if (hidden) output.write(question);
      lines.setPrompt(hidden ? "" : question);
      lines.prompt(true);
      try {
        return await Promise.race([answered.promise, ended.promise]);
      } finally {
        answer = undefined;
        muted = true;
        if (hidden) output.write("\n");
      }
    },
    say: (line) => void output.write(`${line}\n`),
    close: () => lines.close(),
  };
}
