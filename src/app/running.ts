import type { OperatorError } from "../operator-error.ts";

/** A bot that has been started. */
export interface Running {
  /** Resolves when the first sync has been dealt with; never in safe mode. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
  /** Rejects with what the bot cannot go on after; resolves with the exit code once it has stopped. */
  readonly ended: Promise<number>;
  /** Resolves when the bot has gone into safe mode, with what its journal is unfit by. */
  readonly unfit: Promise<OperatorError>;
}
