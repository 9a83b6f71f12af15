/** Where the process begins, by bin/relevo.js or directly: `node src/cli/main.ts run --config FILE`. */
import { log } from "../app/system.ts";
import { commandLine } from "./command-line.ts";
import type { Terminal } from "./command-line.ts";
import { report } from "./report.ts";

const terminal: Terminal = {
  input: process.stdin,
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  ...(process.stdin.isTTY && process.stdout.isTTY ? { asker: async () => (await import("./init-ask.ts")).terminalAsker(process.stdin, process.stdout) } : {}),
};

// A reader that has gone away (`relevo … | head`) is no reason to end a bot.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);
// Rejections that nobody waits for come here, too: a state nobody thought of is left at once, and the start that follows reads what is durable.
process.on("uncaughtException", (thrown) => process.exit(report(thrown, terminal.err, log)));

// Standard error is for JSON lines: a warning of Node becomes one, by its code. A deprecated call in a library is nothing that an operator can mend.
process.removeAllListeners("warning");
process.on("warning", (warning) => {
  if (warning.name === "DeprecationWarning") return;
  const code = "code" in warning && typeof warning.code === "string" ? warning.code : warning.name;
  log.warn("node.warning", { why: code.toLowerCase() as Lowercase<string> });
});

const code = await commandLine(process.argv.slice(2), terminal);
// Not by exitCode alone: a socket that is still open must not keep a stopped bot alive.
process.stdout.write("", () => process.exit(code));
