/** The call by which somebody outside knows that the bot is alive: when the calls stop, they raise the alarm. */
import type { Instant } from "../domain/ids.ts";
import type { Clock } from "../ports.ts";

/** An answer that takes longer is none, in milliseconds. */
const LONGEST_CALL = 10_000;

/**
 * Whether the address answered with a success. GET without a body, a cookie or anything of the bot's; what is answered is not read, and a
 * redirection is not followed: the address may hold a secret that is nobody else's. Never throws.
 */
export async function deadManCall(url: string, clock: Clock, ended: AbortSignal): Promise<boolean> {
  const late = new AbortController();
  const cancel = clock.wakeAt((clock.now() + LONGEST_CALL) as Instant, () => late.abort());
  try {
    const answer = await fetch(url, { method: "GET", redirect: "error", credentials: "omit", signal: AbortSignal.any([late.signal, ended]) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    // Why it failed would name the address; that it failed is counted.
    return false;
  } finally {
    cancel();
  }
}
