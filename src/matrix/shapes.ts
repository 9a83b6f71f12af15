/** The edge to the homeserver: every answer is checked here; what has another shape is left out and counted, and never throws. */
import { z } from "zod";
import type { EventId, RoomId, UserId } from "../domain/ids.ts";
import type { StateEvent, Sync, SyncedRoom, TimelineEvent } from "../ports.ts";

/** An event is at most 65,536 bytes (client-server API, "Size limits"); what the server adds under `unsigned` may come on top. */
const LONGEST_EVENT = 256 * 1024;
/** Deeper nesting would break whatever walks it recursively later. */
const DEEPEST_EVENT = 64;
const MOST_VALUES = 20_000;

const identifier = z.string().min(1).max(255);
/** Historical user ids may hold any character but NUL (appendices, "Historical User IDs"). */
export const userId = z.string().max(255).regex(/^@[^:\0]{0,254}:[^\0\s]{1,253}$/u).transform((text) => text as UserId);
export const roomId = z.string().max(255).regex(/^![^\0\s]{1,254}$/u).transform((text) => text as RoomId);
export const eventId = z.string().max(255).regex(/^\$[^\0\s]{1,254}$/u).transform((text) => text as EventId);
const object = z.record(z.string(), z.unknown());

const stateEvent = z
  .object({ type: identifier, state_key: z.string().max(255), sender: userId, content: object })
  .transform((event): StateEvent => ({ type: event.type, stateKey: event.state_key, sender: event.sender, content: event.content }));

const timelineFields = z.object({
  event_id: eventId,
  sender: userId,
  type: identifier,
  state_key: z.string().max(255).optional(),
  content: object,
  unsigned: z.object({ transaction_id: identifier.optional().catch(undefined) }).optional().catch(undefined),
});

const section = z.object({ events: z.unknown().optional() });
const syncAnswer = z.object({
  next_batch: z.string().min(1).max(4096),
  rooms: z.object({ join: z.unknown(), invite: z.unknown(), leave: z.unknown() }).partial().optional().catch(undefined),
  to_device: z.unknown().optional(),
  device_lists: z.unknown().optional(),
  device_one_time_keys_count: z.unknown().optional(),
  device_unused_fallback_key_types: z.unknown().optional(),
});

/** Counts what had to be left out of one answer. */
export class Sieve {
  malformed = 0;

  /** The items of a list that pass `read`; a missing list is empty, another shape counts once. */
  list<T>(value: unknown, read: (item: unknown) => T | undefined): T[] {
    if (value === undefined) return [];
    if (!Array.isArray(value)) {
      this.malformed++;
      return [];
    }
    const good: T[] = [];
    for (const item of value as unknown[]) {
      const result = read(item);
      if (result === undefined) this.malformed++;
      else good.push(result);
    }
    return good;
  }

  /** The entries of an object, with keys that pass `key`; a missing object is empty. */
  entries<Name extends string>(value: unknown, key: z.ZodType<Name>): [Name, unknown][] {
    if (value === undefined) return [];
    if (!isObject(value)) {
      this.malformed++;
      return [];
    }
    const good: [Name, unknown][] = [];
    for (const [name, item] of Object.entries(value)) {
      const read = key.safeParse(name);
      if (read.success) good.push([read.data, item]);
      else this.malformed++;
    }
    return good;
  }

  /** `{ events: [...] }`, the form that most parts of a sync have. */
  events<T>(value: unknown, read: (item: unknown) => T | undefined): T[] {
    if (value === undefined) return [];
    const part = section.safeParse(value);
    if (part.success) return this.list(part.data.events, read);
    this.malformed++;
    return [];
  }
}

/** `undefined` only if the answer as a whole is not one, that is, has no token to go on from. */
export function readSync(answer: unknown): Sync | undefined {
  const whole = syncAnswer.safeParse(answer);
  if (!whole.success) return undefined;
  const { next_batch: next, rooms, ...rest } = whole.data;
  const sieve = new Sieve();
  const joined: SyncedRoom[] = [];
  for (const [room, value] of sieve.entries(rooms?.join, roomId as z.ZodType<RoomId>)) {
    const read = readJoined(room, value, sieve);
    if (read !== undefined) joined.push(read);
  }
  const invited = sieve.entries(rooms?.invite, roomId as z.ZodType<RoomId>).map(([room, value]) => ({
    room,
    state: sieve.events(isObject(value) ? value["invite_state"] : value, readStateEvent),
  }));
  const left = sieve.entries(rooms?.leave, roomId as z.ZodType<RoomId>).map(([room]) => room);
  const crypto = {
    to_device: rest.to_device,
    device_lists: rest.device_lists,
    device_one_time_keys_count: rest.device_one_time_keys_count,
    device_unused_fallback_key_types: rest.device_unused_fallback_key_types,
  };
  return { next, crypto, joined, invited, left, malformed: sieve.malformed };
}

function readJoined(room: RoomId, value: unknown, sieve: Sieve): SyncedRoom | undefined {
  if (!isObject(value)) {
    sieve.malformed++;
    return undefined;
  }
  const resolved = value["state_after"] ?? value["org.matrix.msc4222.state_after"];
  const timeline = isObject(value["timeline"]) ? value["timeline"] : undefined;
  if (timeline === undefined && value["timeline"] !== undefined) sieve.malformed++;
  const prevBatch = timeline?.["prev_batch"];
  return {
    room,
    state: sieve.events(resolved ?? value["state"], readStateEvent),
    ...(resolved === undefined ? {} : { resolved: true }),
    timeline: sieve.list(timeline?.["events"], readTimelineEvent),
    limited: timeline?.["limited"] === true,
    ...(typeof prevBatch === "string" ? { prevBatch } : {}),
  };
}

/** `undefined` for anything that is not a state event. */
export function readStateEvent(value: unknown): StateEvent | undefined {
  if (!isTame(value)) return undefined;
  const read = stateEvent.safeParse(value);
  return read.success ? read.data : undefined;
}

/** `undefined` for anything that is not an event of a timeline; what it returns is the only form in which the wire event goes on. */
export function readTimelineEvent(value: unknown): TimelineEvent | undefined {
  if (!isTame(value)) return undefined;
  const read = timelineFields.safeParse(value);
  if (!read.success) return undefined;
  const { event_id: event, sender, type, state_key: stateKey, unsigned } = read.data;
  const transaction = unsigned?.transaction_id;
  return {
    event,
    sender,
    type,
    ...(stateKey === undefined ? {} : { stateKey }),
    ...(transaction === undefined ? {} : { transaction }),
    wire: value,
  };
}

/** A JSON object, not a list and not null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a JSON object is small and flat enough to be walked and stored, and names no property that would change what an object is. */
export function isTame(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 1 }];
  let values = 0;
  let length = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (++values > MOST_VALUES || next.depth > DEEPEST_EVENT) return false;
    if (typeof next.value === "string") length += next.value.length;
    if (typeof next.value === "object" && next.value !== null) {
      for (const [name, item] of Object.entries(next.value)) {
        if (name === "__proto__") return false;
        length += name.length;
        open.push({ value: item, depth: next.depth + 1 });
      }
    }
    if (length > LONGEST_EVENT) return false;
  }
  return true;
}
