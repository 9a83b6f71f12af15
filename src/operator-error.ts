/**
 * Something that only the person who runs the machine can put right: a file, a setting, a disk, a token. Its message says what is wrong, `cure` what
 * to do about it and in which file or setting. Never holds a secret or the content of a case; never shown with a stack trace.
 */
export class OperatorError extends Error {
  override readonly name = "OperatorError";
  /** Stable and short, for logs, exit codes and tests: `secret.mode`, `journal.in-use`. */
  readonly code: string;
  /** What to do, as an instruction: names the file, the setting or the command. */
  readonly cure: string;

  constructor(code: string, message: string, cure: string) {
    super(message);
    this.code = code;
    this.cure = cure;
  }
}
