/** Branded identifiers: a string that has passed the edge cannot be mistaken for another kind of string inside. */
declare const brand: unique symbol;
/** A type that only a checked value can have. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Matrix user id, `@localpart:server` (Matrix specification, appendices 4.3). */
export type UserId = Brand<string, "UserId">;
/** Matrix room id; opaque, never parsed (room version 12 has no server name in it). */
export type RoomId = Brand<string, "RoomId">;
/** Matrix event id. */
export type EventId = Brand<string, "EventId">;
/** Public part of a person's cross-signing master key, unpadded base64 (43 characters). */
export type MasterKey = Brand<string, "MasterKey">;
/** How a person is called in one case: country and number, `CV-4`. */
export type CallSign = Brand<string, "CallSign">;
/** ISO 3166-1 alpha-2 country code, upper case. */
export type Country = Brand<string, "Country">;
/** IANA time zone name, `America/Bogota`. */
export type Zone = Brand<string, "Zone">;
/** Milliseconds since 1970-01-01T00:00Z; the only form in which the domain holds a moment. */
export type Instant = Brand<number, "Instant">;
/** Random, opaque id of a case; also the name of its chain in the journal. */
export type CaseId = Brand<string, "CaseId">;
/** `T-12`: counted per case, can be said on the phone. */
export type TaskId = Brand<string, "TaskId">;
/** `CD-3`. */
export type DeliveryId = Brand<string, "DeliveryId">;
/** `A-7`. */
export type AlertId = Brand<string, "AlertId">;
/** Random id of a question put to one or more people. */
export type QuestionId = Brand<string, "QuestionId">;
/** Random id of a request that needs the consent of others. */
export type RequestId = Brand<string, "RequestId">;

/** The part of a user id after the first colon: their homeserver. */
export function serverOf(user: UserId): string {
  return user.slice(user.indexOf(":") + 1);
}

/** A chain of the journal: one for the installation, one for each case. */
export type ChainId = CaseId | Installation;
/** The type of the name of the installation's chain. */
export type Installation = Brand<string, "Installation">;
/** Name of the installation's chain: people, codenames, heads of the cases. */
export const INSTALLATION = "installation" as Installation;

/** A room of a case ("coordination", "liaison", "CD-3", "space"), or a person's direct chat ("direct:@ana:es.example"). */
export type Slot = Brand<string, "Slot">;
/** Slot of a case's space. */
export const SPACE = "space" as Slot;
/** Slot of the room of administrators, authorities and members. */
export const COORDINATION = "coordination" as Slot;
/** Slot of the room of administrators and liaisons. */
export const LIAISON = "liaison" as Slot;
/** Slot of a delivery's own room. */
export function deliverySlot(id: DeliveryId): Slot {
  return id as string as Slot;
}
const DIRECT = "direct:";
/** Slot of a person's direct chat with the bot; lives in the installation's chain. */
export function directSlot(user: UserId): Slot {
  return `${DIRECT}${user}` as Slot;
}
/** The person whose direct chat a slot of the installation is. */
export function directUser(slot: Slot): UserId {
  return slot.slice(DIRECT.length) as UserId;
}
