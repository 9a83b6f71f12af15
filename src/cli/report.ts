/** Tells errors to the person at the terminal: an operator error in two lines, a bug by its code; never a stack trace, never a foreign error's text. */
import { CommanderError } from "commander";
import type { Log } from "../app/system.ts";
import { OperatorError } from "../operator-error.ts";

/** What the process ends with. `config` is EX_CONFIG of sysexits.h: starting again will not help (systemd: RestartPreventExitStatus=78). */
export const EXIT = { fine: 0, failed: 1, config: 78 } as const;

/** Writes what happened by `err`, a line a call, and gives the exit code. */
export function report(thrown: unknown, err: (line: string) => void, log: Log): number {
  // Commander has printed its text already.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.fine : EXIT.failed;
  if (thrown instanceof OperatorError) {
    const [what, ...details] = thrown.message.split("\n");
    err(`relevo: ${what} (${thrown.code})`);
    for (const detail of details) err(detail);
    err(`To do: ${thrown.cure}`);
    return /^(?:config|secret|init)\./.test(thrown.code) ? EXIT.config : EXIT.failed;
  }
  const bug = log.bug("cli.fault", thrown);
  err(`relevo: stopped by a fault of its own, ${bug}. The line with this code in the log (standard error) says where.`);
  err("To do: start it again; nothing accepted is lost. Report the line with the code: it holds no secret and nothing of a case.");
  return EXIT.failed;
}

/** Commander repeats what was typed; a value after "=", or one argument too many, may be a secret. */
export function withoutValues(text: string): string {
  return text.replaceAll(/'(--?[A-Za-z][A-Za-z0-9-]*)=[^']*'/g, "'$1'").replace(/(Expected \d+ arguments? but got \d+): .*$/m, "$1.");
}
