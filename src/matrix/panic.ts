/**
 * A panic of the engine: it throws in a turn of its own, so the promise of the call stays open for ever and the process would end. One
 * message made up by a stranger is enough (a key of 33 bytes, vodozemac 0.11.0, `Ed25519PublicKey::from_base64`).
 */

/** The call that it happened in; what the engine held in memory is not to be trusted any more. */
export class EnginePanic extends Error {
  constructor() {
    super("the crypto engine panicked");
    this.name = "EnginePanic";
  }
}

const watchers = new Set<() => void>();

/** Whether an error is what a panic in WebAssembly looks like from outside. */
export function isPanic(error: unknown): boolean {
  return error instanceof EnginePanic || error instanceof WebAssembly.RuntimeError;
}

/** Calls back if the engine panics, until the function returned is called. Every other uncaught error goes where it would have gone. */
export function watchForPanic(then: () => void): () => void {
  if (watchers.size === 0) process.setUncaughtExceptionCaptureCallback(caught);
  watchers.add(then);
  return () => {
    watchers.delete(then);
    if (watchers.size === 0) process.setUncaughtExceptionCaptureCallback(null);
  };
}

function caught(error: unknown): void {
  if (isPanic(error)) {
    for (const watcher of watchers) watcher();
  } else if (process.listenerCount("uncaughtException") > 0) {
    process.emit("uncaughtException", error instanceof Error ? error : new Error(String(error)), "uncaughtException");
  } else {
    process.setUncaughtExceptionCaptureCallback(null);
    throw error;
  }
}
