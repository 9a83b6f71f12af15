/**
 * Something that only the operator can mend: configuration, token, disk, homeserver. Its message says what is wrong and what to do;
 * it never holds a secret, a room, a person or content of a case.
 */
export class OperatorError extends Error {
  /** Stable, for logs and exit codes: `store.locked`. */
  readonly code: string;
  readonly cure: string;

  constructor(code: string, what: string, cure: string) {
    super(`${what} ${cure}`);
    this.name = "OperatorError";
    this.code = code;
    this.cure = cure;
  }
}

/** Receives an error after which the process must not go on; the product prints it and exits. Nothing that waits for the failed write is ever resolved. */
export type Fatal = (error: OperatorError) => void;
