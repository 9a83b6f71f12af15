/** `relevo init`: writes a commented configuration and the secret files, or nothing. Secrets come from files, standard input or a hidden question only. */
import { chmod, mkdir, open, readdir, rm, rmdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Readable } from "node:stream";
import type { Random } from "../ports.ts";
import { isLoopback, readHomeserver, readLanguage, readListen, readMasterKey, readPath, readPrefix, readUserId, readZone } from "../app/setting-values.ts";
import { OperatorError } from "../operator-error.ts";
import { configText } from "./config-text.ts";
import { loadConfig } from "./config.ts";
import type { SecretKind } from "./secret-file.ts";
import { ACCESS_TOKEN, PASSPHRASE, PASSWORD, readSecretFile, readSecretInput, readSecrets } from "./secret-file.ts";
import { systemdUnit } from "./systemd-unit.ts";

/** What stood on the command line; `-` for a secret means standard input. */
export interface InitOptions {
  readonly config: string;
  readonly homeserver: string;
  readonly user: string;
  /** `@ana:es.example=FINGERPRINT`, one for each owner. */
  readonly owner: readonly string[];
  readonly accessTokenFile: string;
  readonly passwordFile?: string;
  readonly passphraseFile?: string;
  readonly data: string;
  readonly language: string;
  readonly zone: string;
  readonly prefix: string;
  /** Where figures can be asked for. */
  readonly metrics?: string;
  /** Folder to write a systemd unit to. */
  readonly systemd?: string;
  /** False: the homeserver is not asked whether all this fits. */
  readonly check?: boolean;
  /** The bot is started when all is written. */
  readonly start?: boolean;
}

/** What writing needs besides the options. */
export interface InitParts {
  readonly random: Random;
  /** Where a secret given as `-` is read from. */
  readonly input: Readable;
  /** The account of this machine that runs the bot, the program and its Node; for the systemd unit. */
  readonly account: string;
  readonly program: string;
  readonly node: string;
  /** Looks whether the homeserver, the account and the token fit; gives the lines to show, or throws, and nothing is written. */
  check?(given: { readonly homeserver: string; readonly user: string; readonly token: string }): Promise<readonly string[]>;
}

/** Name of the folder, beside the configuration, that the secrets are written into. */
const SECRETS = "secrets";
/** Name of the systemd unit. */
const UNIT_FILE = "relevo.service";

/**
 * Writes all files or none; returns the lines to show. Throws an {@link OperatorError} `init.invalid`, `init.exists`, `init.folder`, what
 * {@link readSecretFile} throws, or what `check` throws.
 */
export async function init(options: InitOptions, { input, random, account, program, node, check }: InitParts): Promise<readonly string[]> {
  const given = checked(options);
  const config = resolve(options.config);
  const folder = join(dirname(config), SECRETS);
  const secrets = await readGiven(options, input, random);
  const files = [
    ...secrets.map(({ file, text }) => ({ path: join(folder, file), text: `${text}\n` })),
    { path: config, text: given },
    ...(options.systemd === undefined ? [] : [{ path: join(resolve(options.systemd), UNIT_FILE), text: unitText(options, config, { account, program, node }) }]),
  ];
  await refuseToOverwrite([...files.map(({ path }) => path), join(folder, "recovery-key")]);
  const token = secrets.find(({ file }) => file === "access-token")?.text ?? "";
  const looked = options.check === false ? [] : await check?.({ homeserver: options.homeserver, user: options.user, token }) ?? [];
  await writeAll(folder, files, resolve(dirname(config), options.data));
  // The proof that `run` will take what was written.
  await readSecrets(await loadConfig(config));
  return [
    ...looked,
    `Written: ${options.config} and the folder ${join(dirname(options.config), SECRETS)}, readable by you alone.`,
    options.passphraseFile === undefined ? "The passphrase was made anew. Without it nothing the bot stores can be read: keep a copy of its file apart from this machine."
      : "Keep a copy of the passphrase apart from this machine: without it nothing the bot stores can be read.",
    `At its first start the bot writes ${join(SECRETS, "recovery-key")}: copy it to where it is safe and take it away from this machine; relevo doctor asks for it until then.`,
    ...(options.systemd === undefined ? [] : [
      `Written: ${join(options.systemd, UNIT_FILE)}. As root${options.start === true ? ", when the bot that starts now has been stopped" : ""}: cp ${join(options.systemd, UNIT_FILE)} /etc/systemd/system/ && systemctl daemon-reload && systemctl enable --now relevo`,
    ]),
    options.start === true ? `The bot starts now; Ctrl-C stops it. To start it again: relevo run --config ${options.config}` : `Next: relevo run --config ${options.config}`,
    `When it says ready, an owner opens an encrypted chat with ${options.user} and types: help`,
  ];
}

/** The text of the configuration, if every option fits; else all that do not. */
function checked(options: InitOptions): string {
  const wrong: string[] = [];
  const need = <T>(value: T | undefined, what: string): T | undefined => {
    if (value === undefined) wrong.push(what);
    return value;
  };
  const homeserver = need(readHomeserver(options.homeserver), "--homeserver: expected an address such as https://matrix.example.org without path");
  const user = need(readUserId(options.user), "--user: expected a Matrix user id such as @relevo:example.org");
  const owners = options.owner.map((each) => need(readOwner(each), "--owner: expected USER=FINGERPRINT, with the 43 characters that the person's own client shows"));
  need(options.owner.length > 0 ? true : undefined, "--owner: expected at least one: nobody else may open a case");
  const data = need(readPath(options.data), "--data: expected the path of a folder");
  const language = need(readLanguage(options.language), "--language: expected en or es");
  const zone = need(readZone(options.zone), "--zone: expected an IANA time zone such as Europe/Madrid");
  const prefix = need(readPrefix(options.prefix), "--prefix: expected one to three of ! . , ; ~ + % & $ ^ =");
  need(options.metrics === undefined || isForHere(options.metrics) ? true : undefined, "--metrics: expected off or an address of the loopback such as 127.0.0.1:9477");
  if (wrong.length > 0) throw new OperatorError("init.invalid", ["These options do not fit; nothing was written:", ...new Set(wrong)].join("\n"), "Give these options anew; relevo init --help shows them all.");
  return configText({
    values: {
      homeserver, user, data, language, zone, prefix, ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
      ...(options.passwordFile === undefined ? {} : { "secrets.passwordFile": `${SECRETS}/password` }),
    },
    lists: { owners: owners.filter((owner) => owner !== undefined) },
  });
}

function isForHere(text: string): boolean {
  const listen = readListen(text);
  return listen === "off" || (listen !== undefined && isLoopback(listen.host));
}

/** The unit for what is about to be written. */
function unitText({ data }: InitOptions, config: string, { account, program, node }: Pick<InitParts, "account" | "program" | "node">): string {
  return systemdUnit({ node, program, config, data: resolve(dirname(config), data), secrets: join(dirname(config), SECRETS), user: account });
}

function readOwner(text: string): Record<string, string> | undefined {
  // A localpart may hold "=", a server name may not: the first "=" after the colon divides.
  const at = text.indexOf("=", text.indexOf(":"));
  const user = at < 0 ? undefined : readUserId(text.slice(0, at).trim());
  const masterKey = at < 0 ? undefined : readMasterKey(text.slice(at + 1));
  return user === undefined || masterKey === undefined ? undefined : { user, masterKey: (masterKey.match(/.{1,4}/g) ?? []).join(" ") };
}

interface NamedSecret {
  readonly file: string;
  readonly text: string;
}

async function readGiven(options: InitOptions, input: Readable, random: Random): Promise<NamedSecret[]> {
  const asked: readonly (readonly [string, string | undefined, SecretKind])[] = [
    ["access-token", options.accessTokenFile, ACCESS_TOKEN],
    ["password", options.passwordFile, PASSWORD],
    ["passphrase", options.passphraseFile, PASSPHRASE],
  ];
  if (asked.filter(([, from]) => from === "-").length > 1) {
    throw new OperatorError("init.invalid", "Two secrets are to come from standard input.", "Give only one of them as -, the other as a file.");
  }
  const secrets: NamedSecret[] = [];
  for (const [file, from, kind] of asked) {
    if (from !== undefined) secrets.push({ file, text: from === "-" ? await readSecretInput(input, kind) : await readSecretFile(from, kind) });
  }
  return options.passphraseFile === undefined ? [...secrets, { file: "passphrase", text: newPassphrase(random) }] : secrets;
}

/** 256 random bits in groups of four that can be copied to paper. */
function newPassphrase(random: Random): string {
  return (`${random.id()}${random.id()}`.match(/.{1,4}/g) ?? []).join("-");
}

async function refuseToOverwrite(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const there = await stat(path).then(() => true, (error: unknown) => !(error instanceof Error && "code" in error && error.code === "ENOENT"));
    if (there) throw new OperatorError("init.exists", `${path} is there already; nothing was written.`, "Choose another place with --config FILE, or move that file away.");
  }
}

/** The data folder is made here, too: under the systemd unit nothing outside it may be written, not even the folder itself. */
async function writeAll(folder: string, files: readonly { readonly path: string; readonly text: string }[], data: string): Promise<void> {
  const written: string[] = [];
  const made: string[] = [];
  try {
    for (const each of [folder, data]) {
      if (await makeFolder(each)) made.push(each);
    }
    await ownFolder(folder);
    for (const { path, text } of files) {
      // "wx" fails if somebody made the file in the meantime; the mode is there before the first byte is.
      const handle = await open(path, "wx", 0o600).catch((error: unknown) => {
        throw cannotWrite(path, error);
      });
      written.push(path);
      try {
        await chmod(path, 0o600);
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
    }
  } catch (error) {
    await Promise.all(written.map((path) => rm(path, { force: true })));
    for (const each of made) if ((await readdir(each)).length === 0) await rmdir(each);
    throw error;
  }
}

/** Whether it had to be made. */
async function makeFolder(folder: string): Promise<boolean> {
  const made = await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw cannotWrite(folder, error);
  });
  return made !== undefined;
}

async function ownFolder(folder: string): Promise<void> {
  const { mode } = await stat(folder);
  if (process.platform !== "win32" && (mode & 0o077) !== 0) {
    throw new OperatorError("init.folder", `The folder ${folder} is open to other users of this machine; nothing was written.`, `Run: chmod 700 ${folder}`);
  }
}

function cannotWrite(path: string, error: unknown): OperatorError {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" && /^E[A-Z]+$/.test(error.code) ? error.code : "unknown";
  return new OperatorError("init.folder", `${basename(path)} cannot be written in ${dirname(path)} (${code}); nothing was written.`,
    "Check that the folder is there and that you may write into it.");
}
