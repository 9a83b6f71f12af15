/** Invitations to the bot: durable, answered beside the sync, and only those of people it knows accepted. */
import type { RoomId, UserId } from "../domain/ids.ts";
import type { Clock, Gateway, Journal, Sync } from "../ports.ts";
import type { Health } from "./health.ts";
import { faultOf } from "./outbox.ts";
import type { Silence } from "./silence.ts";
import type { Log } from "./system.ts";
import type { World } from "./world.ts";

/** Most invitations kept, and how many are answered after one sync. */
const MOST_INVITATIONS = 1_000;
const INVITATIONS_AT_ONCE = 20;
/** An invitation that does not say who sent it is a stranger's. */
const NOBODY = "";
const PREFIX = "invitation:";

/** What answering invitations needs. */
export interface InvitationsParts {
  readonly journal: Journal;
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly world: World;
  readonly silence: Silence;
  readonly log: Log;
  readonly health: Health;
}
/** A room that the bot is invited to, and by whom. */
export interface Invitation {
  readonly room: RoomId;
  readonly by: string;
}

/** Answers invitations. */
export class Invitations {
  readonly #parts: InvitationsParts;
  readonly #waiting = new Map<RoomId, string>();
  #busy = false;
  #stopped = false;

  constructor(parts: InvitationsParts) {
    this.#parts = parts;
  }
  async load(): Promise<void> {
    for (const [key, by] of await this.#parts.journal.values(PREFIX)) this.#waiting.set(key.slice(PREFIX.length) as RoomId, by);
  }
  stop(): void {
    this.#stopped = true;
  }
  /** The small values that make these durable, with the sync that brought them. */
  values(invited: readonly Invitation[]): Readonly<Record<string, string>> {
    return Object.fromEntries(invited.map(({ room, by }) => [`${PREFIX}${room}`, by]));
  }
  /** They are durable now. */
  add(invited: readonly Invitation[]): void {
    for (const { room, by } of invited) this.#waiting.set(room, by);
  }
  /** Rooms that the bot is invited to, with who says so; more than can be kept are not answered. */
  fresh(sync: Sync): readonly Invitation[] {
    const { gateway, log } = this.#parts;
    const all = sync.invited.map(({ room, state }) => ({ room, by: state.find((event) => event.type === "m.room.member" && event.stateKey === gateway.user)?.sender ?? NOBODY }));
    const kept = all.slice(0, Math.max(0, MOST_INVITATIONS - this.#waiting.size));
    if (kept.length < all.length) log.warn("sync.invitations-left-out", { count: all.length - kept.length });
    return kept;
  }
  /**
   * Somebody in a roster, or an owner, may open a direct chat with the bot; nobody else may bring it anywhere. Beside the sync, because an invitation
   * from a slow or dead server takes minutes to decline, and anybody can send many. What fails is tried again after the next sync.
   */
  async answer(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      const known = (by: string): boolean => this.#parts.world.people.has(by as UserId);
      const waiting = [...this.#waiting].toSorted(([, a], [, b]) => Number(known(b)) - Number(known(a)));
      for (const [room, by] of waiting.slice(0, INVITATIONS_AT_ONCE)) {
        if (this.#stopped) return;
        // One that fails goes to the end: it must not hold up the others either.
        this.#waiting.delete(room);
        if (await this.#answered(room, known(by))) await this.#parts.journal.commit({ values: { [`${PREFIX}${room}`]: null } });
        else this.#waiting.set(room, by);
      }
    } finally {
      this.#busy = false;
    }
  }
  /** Whether the invitation is settled; false if the server could not be asked now. */
  async #answered(room: RoomId, isKnown: boolean): Promise<boolean> {
    const { gateway, clock, log } = this.#parts;
    try {
      await (isKnown ? gateway.join(room) : gateway.leave(room));
    } catch (fault) {
      const found = faultOf(fault);
      if (found === undefined) throw fault;
      log.warn("sync.invitation-failed", { why: found.kind });
      return found.kind === "refused";
    }
    if (!isKnown) this.#parts.health.count("invitations_declined");
    if (!isKnown && this.#parts.silence.mayNote("invitation", clock.now())) await this.#parts.silence.note("invitation-declined", {});
    return true;
  }
}
