/** The command line. Each command is a few lines here and a file beside it; what it needs is loaded only when it runs. */
import { flushCompileCache } from "node:module";
import { userInfo } from "node:os";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { looksSecret } from "../app/setting-values.ts";
import { log, relevoVersion, systemClock, systemRandom } from "../app/system.ts";
import { OperatorError } from "../operator-error.ts";
import type { VerifyOptions } from "./audit.ts";
import type { Asker } from "./init-ask.ts";
import type { GivenOptions } from "./init-command.ts";
import type { LoginOptions } from "./login.ts";
import type { RecoverOptions } from "./recover.ts";
import type { DID } from "./report.ts";
import { EXIT, complain, endOf, report, withoutValues } from "./report.ts";

/** Where a command reads and writes. */
export interface Terminal {
  readonly input: Readable;
  out(line: string): void;
  err(line: string): void;
  /** Somebody who can be asked, if a person sits there. */
  readonly asker?: () => Promise<Asker>;
}

const PROGRAM = fileURLToPath(new URL("../../bin/relevo.js", import.meta.url));

/** Runs one command line (without node and file name) and gives the exit code. Never throws. */
export async function commandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  let code: number = EXIT.fine;
  const life: Life = {};
  try {
    refuseOldNode();
    refuseSecrets(args);
    const program = programOf(terminal, (ended) => {
      code = ended;
    }, life);
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    return report(error, terminal.err, log, life.bot);
  }
}

/** Whether a bot was to run, and how far it came. */
interface Life {
  bot?: keyof typeof DID;
}

/** All commands with their options; `ended` is given the exit code of the one that ran. */
export function programOf(terminal: Terminal, ended: (code: number) => void, life: Life = {}): Command {
  const program = new Command("relevo")
    .description("A Matrix bot with which authorities of several countries run a joint investigation team, end-to-end encrypted.")
    .version(`relevo ${relevoVersion()}, Node ${process.versions.node}`, "-V, --version", "print the versions of Relevo and of its Node")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
      outputError: (text, write) => write(withoutValues(text)),
    })
    .showHelpAfterError("(relevo --help lists the commands and options)");

  program.command("init")
    .description("write a commented configuration and the secret files; overwrites nothing; at a terminal, asks for what is missing")
    .option("--homeserver <url>", "address of the homeserver (required)")
    .option("--user <id>", "the bot's own account, @relevo:example.org (required)")
    .option("--owner <user=fingerprint>", "who may open cases, with the fingerprint of their master key; repeat for each (required)", repeated)
    .option("--access-token-file <file>", "file of mode 0600 that holds the bot's access token; - for standard input (required)")
    .option("--password-file <file>", "the same for its password, where the homeserver asks for it at the first start")
    .option("--passphrase-file <file>", "the same for the passphrase that seals all it stores; made anew if not given")
    .option("--config <file>", "configuration to write (default: relevo.yaml)")
    .option("--data <folder>", "folder of the journal and the crypto store, seen from the configuration (default: data)")
    .option("--language <code>", "en or es (default: en)")
    .option("--zone <name>", "IANA time zone (default: UTC)")
    .option("--prefix <sign>", "what commands begin with in workspace rooms (default: !)")
    .option("--metrics <address>", "where figures and /ready can be asked for, such as 127.0.0.1:9477 (default: off)")
    .option("--systemd <folder>", "write a systemd unit, relevo.service, into this folder")
    .option("--no-check", "do not look at the homeserver")
    .option("--try-limit", "try whether the homeserver holds the bot back: makes an empty room and leaves it")
    .option("--start", "start the bot when all is written")
    .addHelpText("after", '\nExample:\n  relevo init --homeserver https://matrix.example.org --user @relevo:example.org \\\n    --owner "@ana:es.example=cmVw bGFj …" --access-token-file token')
    .action(async (options: GivenOptions, command: Command) => {
      const { NEEDED, initCommand, isIncomplete } = await import("./init-command.ts");
      const asker = isIncomplete(options) ? await terminal.asker?.() : undefined;
      if (asker === undefined) for (const [name, option] of Object.entries(NEEDED)) required(command, option, options[name as keyof typeof NEEDED]);
      const { lines, start } = await initCommand(options, { input: terminal.input, asker, clock: systemClock(), random: systemRandom(), account: userInfo().username, program: PROGRAM, node: process.execPath });
      for (const line of lines) terminal.out(line);
      if (start !== undefined) ended(await runBot(start, terminal, life));
    });

  program.command("run")
    .description("run the bot until SIGTERM or SIGINT; prints one line, ready, when it is syncing")
    .option("--config <file>", "configuration, see docs/config.md (required)")
    .action(async (options: { config?: string }, command: Command) => {
      const config = required(command, "--config <file>", options.config);
      ended(await runBot(config, terminal, life));
    });

  program.command("login")
    .description("get a new access token for the bot's own device, when the old one has run out or is to be changed; loses nothing")
    .option("--config <file>", "configuration of the installation (required)")
    .option("--password-file <file>", "file of mode 0600 that holds the account's password; - for standard input")
    .option("--access-token-file <file>", "the same for a token issued for the bot's device, where accounts are managed elsewhere")
    .option("--device <id>", "the bot's device, only if this installation has never run here")
    .action(async ({ config: given, ...options }: LoginOptions & { config?: string }, command: Command) => {
      const config = required(command, "--config <file>", given);
      const [{ loadConfig }, { login }] = await Promise.all([import("./config.ts"), import("./login.ts")]);
      for (const line of await login(await loadConfig(config), options, terminal.input)) terminal.out(line);
    });

  program.command("doctor")
    .description("check the configuration, the machine, the homeserver and the bot, whether it runs or cannot start; each fault with its cure")
    .option("--config <file>", "configuration of the installation (required)")
    .option("--deep", "read the whole journal and try the rate limit; while the bot is stopped")
    .option("--json", "write one JSON value instead of lines")
    .addHelpText("after", "\nEnds with 0 if nothing is wrong, with 1 if something is. ▲ should be looked at, ✖ has to be mended.")
    .action(async (options: { config?: string; deep?: boolean; json?: boolean }, command: Command) => {
      const config = required(command, "--config <file>", options.config);
      const { doctor } = await import("./doctor.ts");
      const { ok, lines } = await doctor({ ...options, config }, systemClock(), systemRandom());
      for (const line of lines) terminal.out(line);
      ended(ok ? EXIT.fine : EXIT.failed);
    });

  program.command("backup")
    .description("write an encrypted copy of journal and keys to a new file, while the bot runs; never the crypto store")
    .argument("<file>", "file to write; it must not be there yet")
    .option("--config <file>", "configuration of the installation (required)")
    .option("--check", "restore it beside as well and check every row")
    .action(async (file: string, options: { config?: string; check?: boolean }, command: Command) => {
      const config = required(command, "--config <file>", options.config);
      const [{ loadConfig }, { backup }] = await Promise.all([import("./config.ts"), import("./backup.ts")]);
      const host = { clock: systemClock(), random: systemRandom(), version: relevoVersion() };
      for (const line of await backup(await loadConfig(config), file, options.check === true, host)) terminal.out(line);
    });

  program.command("restore")
    .description("make the data folder anew from a backup; relevo recover --backup does this and makes the new device, too")
    .argument("<file>", "what relevo backup has written")
    .option("--config <file>", "configuration; its data folder must be empty or not be there (required)")
    .action(async (file: string, options: { config?: string }, command: Command) => {
      const config = required(command, "--config <file>", options.config);
      const [{ loadConfig }, { restore }] = await Promise.all([import("./config.ts"), import("./restore.ts")]);
      for (const line of await restore(await loadConfig(config), file, systemClock(), systemRandom())) terminal.out(line);
    });

  program.command("recover")
    .description("let the bot go on as a new device, after a machine, a disk or a crypto store was lost; needs the recovery key in its file")
    .option("--config <file>", "configuration of the installation (required)")
    .option("--backup <file>", "what relevo backup has written, if the journal is lost, too")
    .option("--old-journal", "the journal in the data folder is an older copy and nothing newer is left: everybody is told")
    .option("--password-file <file>", "file of mode 0600 that holds the account's password; - for standard input")
    .option("--access-token-file <file>", "the same for a token of a new login, where accounts are managed elsewhere")
    .action(async ({ config: given, ...options }: RecoverOptions & { config?: string }, command: Command) => {
      const config = required(command, "--config <file>", given);
      const [{ loadConfig }, { recover }] = await Promise.all([import("./config.ts"), import("./recover.ts")]);
      const host = { input: terminal.input, clock: systemClock(), random: systemRandom() };
      for (const line of await recover(await loadConfig(config), options, host)) terminal.out(line);
    });

  program.command("passphrase")
    .description("seal the keys under another passphrase; may be done while the bot runs")
    .option("--config <file>", "configuration of the installation (required)")
    .option("--new-passphrase-file <file>", "file of mode 0600 that holds the new passphrase; - for standard input (required)")
    .action(async (options: { config?: string; newPassphraseFile?: string }, command: Command) => {
      const config = required(command, "--config <file>", options.config);
      const next = required(command, "--new-passphrase-file <file>", options.newPassphraseFile);
      const [{ loadConfig }, { passphrase }] = await Promise.all([import("./config.ts"), import("./passphrase.ts")]);
      for (const line of await passphrase(await loadConfig(config), next, terminal.input, systemRandom())) terminal.out(line);
    });

  const audit = program.command("audit").description("write the journal out for whoever verifies it, and verify it offline");
  audit.command("export")
    .description("write clear headers, commitments and sealed bodies to a new file; while the bot runs, too")
    .option("--config <file>", "configuration of the installation (required)")
    .option("--out <file>", "file to write; it must not be there yet (required)")
    .action(async (options: { config?: string; out?: string }, command: Command) => {
      const config = required(command, "--config <file>", options.config);
      const out = required(command, "--out <file>", options.out);
      const [{ loadConfig }, { exportAudit }] = await Promise.all([import("./config.ts"), import("./audit.ts")]);
      for (const line of await exportAudit(await loadConfig(config), out, systemClock(), systemRandom())) terminal.out(line);
    });
  audit.command("verify")
    .description("verify an exported file; needs no key, no network and no installation")
    .argument("<file>", "what relevo audit export has written")
    .option("--checkpoint <text>", "a checkpoint, as the bot posted it in the coordination room; may be repeated", repeated)
    .option("--checkpoints <file>", "a file with such texts, whatever stands round them")
    .option("--key <key>", "the installation's checkpoint key, if you know it from elsewhere")
    .addHelpText("after", "\nEnds with 0 if nothing was found wrong, with 1 if something was. What lies after the last checkpoint given is listed as not yet covered.")
    .action(async (file: string, options: VerifyOptions) => {
      const { verifyAudit } = await import("./audit.ts");
      const { ok, lines } = await verifyAudit(file, options);
      for (const line of lines) terminal.out(line);
      ended(ok ? EXIT.fine : EXIT.failed);
    });

  return program;
}

/** Runs the bot of a configuration until it ends; gives its exit code. */
async function runBot(config: string, terminal: Terminal, life: Life): Promise<number> {
  life.bot = "not-started";
  const [{ loadConfig }, { readSecrets }, { run }] = await Promise.all([import("./config.ts"), import("./secret-file.ts"), import("./run.ts")]);
  const settings = await loadConfig(config);
  const { deriveAhead } = await import("../journal/keys.ts");
  const read = await readSecrets(settings);
  // Beside the loading of all else: together they are most of a start.
  const secrets = { ...read, derived: deriveAhead(settings.data, read.passphrase) };
  const [{ start }, { writeEnded }] = await Promise.all([import("../app/start.ts"), import("../app/ended.ts")]);
  const clock = systemClock();
  const leave = (thrown: unknown): void => {
    const end = endOf(thrown);
    // Then another bot uses the folder: how that one is, it tells itself.
    if (end.code === "journal.in-use") delete life.bot;
    else writeEnded(settings.data, { at: clock.now(), ...end });
  };
  const say = (text: string): void => {
    life.bot = "stopped";
    terminal.out(text);
    // What was compiled for this start need not be compiled for the next, also if this one is killed.
    flushCompileCache();
  };
  const safeMode = (error: OperatorError): void => {
    complain(error, terminal.err, log);
    writeEnded(settings.data, { at: clock.now(), ...endOf(error) });
  };
  process.prependListener("uncaughtException", leave);
  try {
    return await run(settings, secrets, start, { clock, say, complain: safeMode, onStop: onStopSignals });
  } catch (error) {
    leave(error);
    throw error;
  } finally {
    process.off("uncaughtException", leave);
  }
}

function repeated(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Looked at after the options have been read, unlike `requiredOption`: a mistyped `--confgi` is then answered with what was meant. */
function required<T>(command: Command, option: string, value: T | undefined): T {
  return value ?? command.error(`error: required option '${option}' not specified`);
}

/** SIGTERM, SIGINT, SIGHUP, and the end of the process that started this one (bin/relevo.js), even by SIGKILL. */
function onStopSignals(stop: () => void): void {
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, stop);
  if (process.channel !== undefined) process.on("disconnect", stop);
}

const SECRET_OPTIONS = /^--?(?:access-?token|token|password|passphrase|recovery-?key|secret)(?:=|$)/i;

function refuseSecrets(args: readonly string[]): void {
  if (!args.some((argument) => SECRET_OPTIONS.test(argument) || looksSecret(argument.slice(argument.indexOf("=") + 1)))) return;
  throw new OperatorError("secret.on-command-line",
    "A secret stands on the command line: every user of this machine can read it there, and the shell keeps it.",
    "Change that secret, put the new one into a file of mode 0600 and name the file with --access-token-file FILE (or --password-file, --passphrase-file).");
}

/** The encrypted SQLite crashes an older Node without a message, so this is looked at before anything else is loaded. */
function refuseOldNode(): void {
  if (Number(process.versions.node.split(".")[0]) >= 26) return;
  throw new OperatorError("node.too-old", `Relevo needs Node 26, this is ${process.versions.node}.`, "Start it with npx relevo or bin/relevo.js, which bring their own; if that is missing, run npm ci.");
}
