/**
 * The state of rooms as the homeserver has resolved it. A room's history branches whenever two events are made at the same moment, and what a sync shows of
 * the state is then that of a branch: it can step back, and stay behind for good (Synapse; MSC4222 is the cure, where a server has it). So what a sync
 * without it has changed is looked up once the room has come to rest, and what it says beside its timeline is not believed before.
 */
import { isDeepStrictEqual } from "node:util";
import type { Instant, RoomId } from "../domain/ids.ts";
import type { ObservedRoom } from "../domain/workspace.ts";
import type { Serial } from "../matrix/serial.ts";
import type { Clock, Gateway, Journal } from "../ports.ts";
import { faultOf } from "./gateway-fault.ts";
import type { Health } from "./health.ts";
import type { Rooms } from "./rooms.ts";
import { roomFrom } from "./rooms.ts";
import type { Log } from "./system.ts";

/** A room whose state changes is looked up when it has been quiet for so long. Milliseconds. */
const QUIET = 1_000;
/** Waits after attempts that failed one after the other. Milliseconds. */
const AGAIN = [2_000, 5_000, 15_000, 60_000] as const;

/** What it needs. */
export interface ResolvedStateParts {
  readonly gateway: Pick<Gateway, "roomState">;
  readonly journal: Pick<Journal, "commit">;
  readonly clock: Clock;
  readonly rooms: Rooms;
  readonly health: Health;
  readonly log: Log;
  /** Between what is computed from the rooms and their being put back nothing else may change them. */
  readonly serial: Serial;
  /** The server has resolved it to something else than the syncs had shown. */
  changed(before: ObservedRoom, now: ObservedRoom): void;
}

/** Looks up, one after the other, the rooms whose state may be another than the one that syncs have shown. */
export class ResolvedState {
  readonly #parts: ResolvedStateParts;
  readonly #due = new Map<RoomId, Instant>();
  #failures = 0;
  #isBusy = false;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(parts: ResolvedStateParts) {
    this.#parts = parts;
  }
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }
  /** What an earlier run did not come to. */
  load(): void {
    this.saw([...this.#parts.rooms.all()], 0);
  }
  /** Rooms as a sync has changed them; `wait` milliseconds of quiet are waited for. */
  saw(rooms: readonly ObservedRoom[], wait: number = QUIET): void {
    const now = this.#parts.clock.now();
    for (const { room, unresolved } of rooms) {
      if (unresolved === undefined) this.#due.delete(room);
      else this.#due.set(room, (now + (unresolved === "branch" ? 0 : wait)) as Instant);
    }
    this.#run();
  }
  #run(): void {
    if (this.#stopped || this.#isBusy) return;
    this.#cancel?.();
    this.#cancel = undefined;
    const [next] = [...this.#due].toSorted(([, a], [, b]) => a - b);
    if (next === undefined) return;
    const [room, at] = next;
    const { clock, log } = this.#parts;
    if (at > clock.now()) {
      this.#cancel = clock.wakeAt(at, () => this.#run());
      return;
    }
    this.#isBusy = true;
    void this.#look(room)
      .catch((fault: unknown) => {
        const gateway = faultOf(fault);
        // It is not in that room any more, and a sync will say so.
        if (gateway?.kind === "refused") return void this.#due.delete(room);
        if (gateway === undefined) log.bug("rooms.not-resolved", fault);
        const wait = Math.max(gateway?.wait ?? 0, AGAIN[this.#failures] ?? AGAIN.at(-1) ?? 0);
        this.#failures += 1;
        this.#due.set(room, (clock.now() + wait) as Instant);
      })
      .finally(() => {
        this.#isBusy = false;
        this.#run();
      });
  }
  async #look(room: RoomId): Promise<void> {
    const { gateway, journal, rooms, health, serial } = this.#parts;
    const asked = rooms.get(room);
    if (asked === undefined) return void this.#due.delete(room);
    const state = await gateway.roomState(room);
    this.#failures = 0;
    const changed = await serial.run(async () => {
      const before = rooms.get(room);
      // A sync has shown more meanwhile: what was answered may be older than that.
      if (this.#stopped || before !== asked) return undefined;
      this.#due.delete(room);
      const now = roomFrom(before, state);
      if (now === undefined) {
        health.count("malformed");
        return undefined;
      }
      await journal.commit({ values: { [`room:${room}`]: JSON.stringify(now) } });
      rooms.put([now], []);
      const { unresolved: _once, ...shown } = before;
      return isDeepStrictEqual(inOrder(shown), inOrder(now)) ? undefined : { before, now };
    });
    if (changed === undefined) return;
    health.count("rooms_resolved");
    this.#parts.changed(changed.before, changed.now);
  }
}

/** What hangs in a space has no order. */
function inOrder(room: ObservedRoom): ObservedRoom {
  return { ...room, children: room.children.toSorted() };
}
