/** `npm run demo`: plays one operation with real clients on a real homeserver, and shows what each person reads. Ends with 0 only if all was read. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { findPython } from "../test/support/python.ts";
import { CAST } from "./cast.ts";
import { STORY, calendarOf, playStory } from "./story.ts";
import { Terminal } from "./terminal.ts";
import { openTheatre, type Theatre } from "./theatre.ts";
import type { DemoLanguage } from "./words.ts";

const USAGE = `npm run demo [-- OPTIONS]
  --lang en|es  language that people and bot speak (default en)
  --keep        leave everything running at the end, with address and accounts, until Ctrl-C
  --verbose     show all of the bot's own log when something fails, not only its end
  --help        this text`;

/** How much of the bot's log is shown when something fails. */
const LOG_LINES = 15;

process.exitCode = await main();
// Clients of the people keep timers of their own.
process.exit();

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === "string") {
    console.error(options);
    return options === USAGE ? 0 : 2;
  }
  const python = await findPython();
  if (!python.ok) {
    console.error(python.reason);
    return 1;
  }
  const terminal = new Terminal({
    colour: process.stdout.isTTY && process.env["NO_COLOR"] === undefined,
    columns: process.stdout.columns ?? 120,
    write: (text) => process.stdout.write(text),
  });
  const dir = mkdtempSync(path.join(tmpdir(), "relevo-demo-"));
  let theatre: Theatre | undefined;
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => closed ??= (async () => {
    await theatre?.close();
    rmSync(dir, { recursive: true, force: true });
  })();
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
    process.on(signal, () => {
      console.log(`\n${signal}: ending clients, bot and homeserver`);
      void close().finally(() => process.exit(code));
    });
  }

  try {
    terminal.line(`Relevo: one operation, ${CAST.length} people, ${new Set(CAST.map(({ country }) => country)).size} countries, ${STORY.length} chapters.`);
    terminal.line("▸ typed or tapped   ◂ silent message   ! may ring   ? question with buttons   ✎ board edited");
    theatre = await openTheatre({ dir, language: options.language, narrator: terminal, progress: (text) => terminal.progress(text) });
    const { stage, synapse } = theatre;
    try {
      await playStory(stage, options.language, calendarOf(Date.now()));
    } catch (error) {
      stage.show();
      terminal.line(`\n✖ ${error instanceof Error ? error.message : String(error)}`);
      const output = stage.bot.output.trimEnd().split("\n");
      terminal.line(`\nThe bot's own log${options.verbose ? "" : ", its end"}:\n${(options.verbose ? output : output.slice(-LOG_LINES)).join("\n")}`);
      terminal.summary(stage);
      return 1;
    }
    const whole = terminal.summary(stage);
    terminal.line();
    terminal.line(whole ? "Every expected message was read, each once, and nothing came in clear." : "✖ Not everything was read as expected.");
    if (options.keep) await keepOpen(terminal, synapse.url, theatre);
    return whole ? 0 : 1;
  } catch (error) {
    console.error(`\n✖ ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    await close();
  }
}

async function keepOpen(terminal: Terminal, url: string, { stage }: Theatre): Promise<void> {
  terminal.line();
  terminal.line(`Homeserver ${url} · bot ${stage.bot.userId}. Sign in with Element and verify with the recovery key: the bot hears only signed devices.`);
  for (const { account, userId, recoveryKey } of Object.values(stage.people)) {
    terminal.line(`  ${userId}  password ${account.password}`);
    terminal.line(`      recovery key ${await recoveryKey()}`);
  }
  terminal.line("Ctrl-C ends everything and removes its files.");
  await new Promise<never>(() => {});
}

function readOptions(): { readonly language: DemoLanguage; readonly keep: boolean; readonly verbose: boolean } | string {
  try {
    const { values } = parseArgs({
      options: {
        lang: { type: "string", default: "en" }, keep: { type: "boolean", default: false },
        verbose: { type: "boolean", default: false }, help: { type: "boolean", default: false },
      },
    });
    if (values.help) return USAGE;
    if (values.lang !== "en" && values.lang !== "es") return `--lang: expected en or es\n${USAGE}`;
    return { language: values.lang, keep: values.keep, verbose: values.verbose };
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}\n${USAGE}`;
  }
}
