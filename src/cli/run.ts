/** `relevo run`: starts the bot, says when it is ready, stops it cleanly on a signal. */
import type { Secrets, Settings } from "../app/settings.ts";
import type { Running } from "../app/running.ts";
import type { OperatorError } from "../operator-error.ts";
import type { Clock } from "../ports.ts";
import type { Instant } from "../domain/ids.ts";

/** Starts a bot; src/app/start.ts has the real one. */
export type Start = (settings: Settings, secrets: Secrets) => Promise<Running>;

/** What the process around the bot offers. */
export interface Host {
  readonly clock: Clock;
  /** One line on standard output. */
  say(line: string): void;
  /** What stands in the way of a bot that goes on all the same, with its cure. */
  complain(error: OperatorError): void;
  /** Calls back when the process is asked to end; may call more than once. */
  onStop(stop: () => void): void;
}

/** A stop that takes longer is given up; nothing is lost by it, because what counts is durable before it is done. Milliseconds. */
const LONGEST_STOP = 30_000;
/** How long a start that is under way is waited for when the process has been asked to end. Milliseconds. */
const LONGEST_START = 5_000;

/** Runs until the bot has ended or was asked to; gives the exit code. Throws what the bot threw. */
export async function run(settings: Settings, secrets: Secrets, start: Start, host: Host): Promise<number> {
  const asked = Promise.withResolvers<void>();
  host.onStop(asked.resolve);
  const running = await startOrStop(start(settings, secrets), asked.promise, host.clock);
  if (running === undefined) return 0;
  void running.unfit.then((why) => host.complain(why));
  const ended = running.ready.then(() => {
    host.say("ready");
    return running.ended;
  });
  const stopped = asked.promise.then(() => stop(running, host.clock));
  try {
    return await Promise.race([running.ended, ended, stopped]);
  } catch (error) {
    // What already failed is what the operator has to hear of, not what its clean-up says.
    await stop(running, host.clock).catch(() => undefined);
    throw error;
  }
}

/** What was started, or undefined if the process was asked to end before that and the start did not come to an end soon. */
async function startOrStop(starting: Promise<Running>, asked: Promise<void>, clock: Clock): Promise<Running | undefined> {
  const givenUp = Promise.withResolvers<undefined>();
  let waiting = true;
  let cancel: (() => void) | undefined;
  void asked.then(() => {
    if (waiting) cancel = clock.wakeAt((clock.now() + LONGEST_START) as Instant, () => givenUp.resolve(undefined));
  });
  try {
    return await Promise.race([starting, givenUp.promise]);
  } finally {
    waiting = false;
    cancel?.();
  }
}

async function stop(running: Running, clock: Clock): Promise<number> {
  const late = Promise.withResolvers<number>();
  const cancel = clock.wakeAt((clock.now() + LONGEST_STOP) as Instant, () => late.resolve(1));
  try {
    return await Promise.race([running.stop().then(() => running.ended), late.promise]);
  } finally {
    cancel();
  }
}
