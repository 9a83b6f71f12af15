import { z } from "zod";
import type { EventId, RoomId, UserId } from "../domain/ids.ts";
import type { Gateway, Mxc, Random, RoomSpec, StateEvent, Sync, TimelineEvent } from "../ports.ts";
import { Fault } from "./fault.ts";
import { download, reserve, upload } from "./media.ts";
import { path } from "./rest.ts";
import type { Rest } from "./rest.ts";
import { creationBody } from "./room-creation.ts";
import { Sieve, eventId, readStateEvent, readSync, readTimelineEvent, roomId } from "./shapes.ts";

/** More events than this in one room make its timeline `limited`; the gap is then read by {@link Gateway.messages}. */
export const TIMELINE_LIMIT = 100;
/** How much longer than the server's own waiting time a sync may take, in milliseconds. */
const SYNC_MARGIN = 30_000;
const FIRST_SYNC_TIMEOUT = 180_000;

const NOTHING = { types: [] };
const SYNC_FILTER = JSON.stringify({
  presence: NOTHING,
  account_data: NOTHING,
  room: {
    timeline: { limit: TIMELINE_LIMIT },
    state: { lazy_load_members: false },
    ephemeral: NOTHING,
    account_data: NOTHING,
  },
});
const CREATE_FILTER = JSON.stringify({
  presence: NOTHING,
  account_data: NOTHING,
  room: { timeline: { limit: 1, types: ["m.room.create"] }, state: { types: ["m.room.create"] }, ephemeral: NOTHING, account_data: NOTHING },
});

/** The state as the server has resolved it, where it can say so (MSC4222; Matrix 1.16): others show that of a branch, and pay no heed to this. */
const RESOLVED = { use_state_after: true, "org.matrix.msc4222.use_state_after": true };

const sent = z.object({ event_id: eventId });
const made = z.object({ room_id: roomId });
const page = z.object({ chunk: z.unknown().optional(), end: z.string().min(1).max(4096).optional() });

/** Sees what the homeserver shows before anybody else does. */
export interface Witness {
  saw(events: readonly TimelineEvent[]): void;
  /** A sync has been seen whole. */
  synced(): void;
}

/** The homeserver as the rest of Relevo sees it. */
export class MatrixGateway implements Gateway {
  readonly user: UserId;
  readonly device: string;
  readonly #rest: Rest;
  readonly #random: Pick<Random, "bytes">;
  readonly #witness: Witness | undefined;

  constructor(rest: Rest, user: UserId, device: string, random: Pick<Random, "bytes">, witness?: Witness) {
    this.#witness = witness;
    this.#rest = rest;
    this.user = user;
    this.device = device;
    this.#random = random;
  }

  async sync(since: string | undefined, timeout: number): Promise<Sync> {
    const first = since === undefined;
    const answer = await this.#rest.call({
      method: "GET",
      path: "/_matrix/client/v3/sync",
      query: { filter: SYNC_FILTER, ...RESOLVED, timeout: first ? this.#unlikeAnyOther() : timeout, ...(first ? {} : { since }) },
      timeout: first ? FIRST_SYNC_TIMEOUT : timeout + SYNC_MARGIN,
      // The caller's loop repeats it, and knows when to stop.
      repeat: "once",
    });
    const sync = readSync(answer) ?? unusable();
    for (const { timeline } of sync.joined) this.#witness?.saw(timeline);
    this.#witness?.synced();
    return sync;
  }

  /** Refuses, as a bug, any type but `m.room.encrypted`: nothing that is said leaves in clear. */
  async send(room: RoomId, type: string, transaction: string, content: string): Promise<EventId> {
    if (type !== "m.room.encrypted") throw new Error("only encrypted events are sent to rooms");
    return this.#event("PUT", path`/_matrix/client/v3/rooms/${room}/send/${type}/${transaction}`, content);
  }

  async setState(room: RoomId, type: string, stateKey: string, content: unknown): Promise<EventId> {
    return this.#event("PUT", path`/_matrix/client/v3/rooms/${room}/state/${type}/${stateKey}`, JSON.stringify(content));
  }

  /** Never repeated by itself: whoever called looks for the mark of the room first. */
  async createRoom(spec: RoomSpec): Promise<RoomId> {
    const body = creationBody(spec, this.user);
    const answer = await this.#rest.call({ method: "POST", path: "/_matrix/client/v3/createRoom", body, timeout: 120_000, repeat: "once" });
    const read = made.safeParse(answer);
    return read.success ? read.data.room_id : unusable();
  }

  /** Not repeated: an invitation refused for haste has already used up some of what the invited person may receive (Synapse, `rc_invites`). */
  async invite(room: RoomId, user: UserId): Promise<void> {
    await this.#rest.call({ method: "POST", path: path`/_matrix/client/v3/rooms/${room}/invite`, body: { user_id: user }, repeat: "once" });
  }

  async remove(room: RoomId, user: UserId): Promise<void> {
    await this.#membership(path`/_matrix/client/v3/rooms/${room}/kick`, { user_id: user });
  }

  async join(room: RoomId): Promise<void> {
    await this.#membership(path`/_matrix/client/v3/rooms/${room}/join`, {});
  }

  async leave(room: RoomId): Promise<void> {
    await this.#membership(path`/_matrix/client/v3/rooms/${room}/leave`, {});
  }

  async redact(room: RoomId, event: EventId, transaction: string): Promise<EventId> {
    return this.#event("PUT", path`/_matrix/client/v3/rooms/${room}/redact/${event}/${transaction}`, "{}");
  }

  async roomState(room: RoomId): Promise<readonly StateEvent[]> {
    const answer = await this.#rest.call({ method: "GET", path: path`/_matrix/client/v3/rooms/${room}/state`, repeat: "idempotent" });
    if (!Array.isArray(answer)) return unusable();
    return new Sieve().list(answer, readStateEvent);
  }

  async joinedRooms(): Promise<readonly { readonly room: RoomId; readonly create: StateEvent }[]> {
    const answer = await this.#rest.call({
      method: "GET",
      path: "/_matrix/client/v3/sync",
      query: { filter: CREATE_FILTER, timeout: this.#unlikeAnyOther() },
      timeout: FIRST_SYNC_TIMEOUT,
      repeat: "idempotent",
    });
    const { joined } = readSync(answer) ?? unusable();
    return joined.flatMap(({ room, state, timeline }) => {
      // The create event of a new room stands in its timeline, not in its state.
      const events = [...state, ...timeline.flatMap(({ wire }) => readStateEvent(wire) ?? [])];
      const create = events.find(({ type, stateKey }) => type === "m.room.create" && stateKey === "");
      return create === undefined ? [] : [{ room, create }];
    });
  }

  async messages(room: RoomId, from: string, limit: number): Promise<{ readonly events: readonly TimelineEvent[]; readonly end?: string }> {
    const answer = await this.#rest.call({
      method: "GET",
      path: path`/_matrix/client/v3/rooms/${room}/messages`,
      query: { dir: "b", limit, ...(from === "" ? {} : { from }) },
      repeat: "idempotent",
    });
    const read = page.safeParse(answer);
    if (!read.success) return unusable();
    const events = new Sieve().list(read.data.chunk, readTimelineEvent);
    this.#witness?.saw(events);
    return { events, ...(read.data.end === undefined ? {} : { end: read.data.end }) };
  }

  async reserve(): Promise<Mxc> {
    return reserve(this.#rest);
  }

  async upload(to: Mxc, bytes: Uint8Array): Promise<void> {
    await upload(this.#rest, to, bytes);
  }

  async download(from: Mxc, most: number): Promise<Uint8Array> {
    return download(this.#rest, from, most);
  }

  async #event(method: "PUT", where: string, body: string): Promise<EventId> {
    const read = sent.safeParse(await this.#rest.call({ method, path: where, body, repeat: "idempotent" }));
    return read.success ? read.data.event_id : unusable();
  }

  async #membership(where: string, body: object): Promise<void> {
    // Repeating one of these asks for the same membership again; the worst answer is "already so".
    await this.#rest.call({ method: "POST", path: where, body, repeat: "idempotent" });
  }

  /**
   * Synapse answers equal first syncs from a cache for two minutes, so a bot that starts without its token would see an old world. Any
   * parameter makes it another request; the waiting time of a first sync has no other meaning.
   */
  #unlikeAnyOther(): number {
    const [a = 0, b = 0, c = 0] = this.#random.bytes(3);
    return 1 + a + 256 * b + 65_536 * c;
  }
}

/** The answer was a success but not what the specification says. */
function unusable(): never {
  throw new Fault("unreachable", { network: "unusable_answer" });
}
