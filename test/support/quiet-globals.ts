/** To be imported before matrix-js-sdk: takes away what it would do to a process that is not a browser tab. */

// Its logging library looks at `localStorage`, and Node warns on the terminal each time somebody does.
Object.defineProperty(globalThis, "localStorage", { value: undefined, configurable: true, writable: true });

// It never clears the timer of a request's time-out, so that a process would live on for minutes after its last request was answered.
const REQUEST_TIMEOUT = 60_000;
/** The same of the requests by which it finds out whether a homeserver that was away is there again. */
const KEEP_ALIVE_TIMEOUT = 15_000;
const plain = globalThis.setTimeout;
globalThis.setTimeout = Object.assign((...given: Parameters<typeof plain>) => {
  const timer = plain(...given);
  if ((given[1] ?? 0) >= REQUEST_TIMEOUT || given[1] === KEEP_ALIVE_TIMEOUT) timer.unref();
  return timer;
}, plain);
