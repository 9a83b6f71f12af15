/** An alert: something that named people have to take note of, by name; it ends acknowledged or goes on asking. */
import type { AlertId, CallSign, DeliveryId, Instant, UserId } from "./ids.ts";
import type { Message } from "./say.ts";

/** P1: lives or the goods are at stake now. P2: within the hour. P3: within the working day. P4: within the week. Windows are configured. */
export type Priority = "P1" | "P2" | "P3" | "P4";
export const PRIORITIES: readonly Priority[] = ["P1", "P2", "P3", "P4"];

/** Why it was raised; of one delivery and cause there is one open alert at a time where more would only be noise. */
export type Cause =
  | "by-hand" | "no-contact" | "contact-denied" | "seal-differs" | "seal-not-planned" | "seal-broken" | "grant-ended" | "cover-ended" | "stopped";

/** A person of the case at the moment of the event, so that what is said later names them as they were called then. */
export interface Named {
  readonly user: UserId;
  readonly callSign: CallSign;
}
/** Somebody has taken note, by name, at a moment of our clock. */
export interface Acknowledgement extends Named {
  readonly at: Instant;
}

/** Somebody who was asked and of whom nothing has been heard since before that: whether it has reached them is not known. */
export interface Unheard {
  readonly callSign: CallSign;
  readonly since: Instant;
  /** Their homeserver, if nothing has been heard of anybody there either. */
  readonly server?: { readonly name: string; readonly since: Instant };
}

/** One alert as it stands. */
export interface Alert {
  readonly id: AlertId;
  readonly priority: Priority;
  readonly cause: Cause;
  readonly delivery?: DeliveryId;
  /** Who raised it; missing when a rule of time did. */
  readonly by?: Named;
  /** Everybody who is or has been asked. */
  readonly to: readonly Named[];
  /** Who sees who has acknowledged and who has not: the administrators answerable for it. */
  readonly watchers: readonly UserId[];
  /** What it is about, in full; only ever shown to those asked, the watchers and its author. */
  readonly details: Message;
  readonly raised: Instant;
  readonly answerBy: Instant;
  /** Times asked so far, the first included, and when last. */
  readonly rounds: number;
  readonly lastAsked: Instant;
  readonly declined: readonly UserId[];
  /** The watchers know that nobody answered in time. */
  readonly overdue: boolean;
  /** In the order they came; with the first the asking stops. */
  readonly acknowledged: readonly Acknowledgement[];
}

type Of<Type extends string, Facts> = { readonly type: `alert.${Type}`; readonly v: 1; readonly id: AlertId; readonly at: Instant } & Facts;

/** What can happen to an alert. */
export type AlertEvent =
  | Of<"raised", {
      readonly priority: Priority; readonly cause: Cause; readonly delivery?: DeliveryId; readonly by?: Named; readonly to: readonly Named[];
      readonly watchers: readonly UserId[]; readonly details: Message; readonly answerBy: Instant;
    }>
  | Of<"asked-again", { readonly round: number; readonly people: readonly Named[] }>
  | Of<"overdue", { readonly unheard?: readonly Unheard[] }>
  | Of<"acknowledged", { readonly by: Named; readonly first: boolean }>
  | Of<"declined", { readonly by: Named; readonly all: boolean }>;
