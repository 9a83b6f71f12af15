import type { OperatorError } from "../operator-error.ts";

/** Receives an error after which the process must not go on; the product prints it and exits. Nothing that waits for the failed work is ever resolved. */
export type Fatal = (error: OperatorError) => void;
