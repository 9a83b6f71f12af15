/** Waiting by the clock that everything else goes by. */
import type { Instant } from "../domain/ids.ts";
import type { Clock } from "../ports.ts";

/** Lets so many milliseconds pass; with none, others have their turn. A clock that is stopped never ends it. */
export function pause(clock: Clock, ms = 0): Promise<void> {
  return new Promise((resolve) => void clock.wakeAt((clock.now() + ms) as Instant, resolve));
}
