/** A controlled delivery: illicit goods that pass several countries under watch; what is known of one, and what can happen to it. */
import type { CallSign, Country, DeliveryId, Instant, UserId, Zone } from "./ids.ts";
import type { Brand } from "./ids.ts";

/** Number of a seal, compared as NFKC `[A-Z0-9-]`; at most 32 characters. */
export type Seal = Brand<string, "Seal">;

/** live: the goods intact. partial: some replaced. clean: all replaced (UN Convention 1988 art. 11(3)). */
export type Mode = "clean" | "partial" | "live";
export const MODES: readonly Mode[] = ["clean", "partial", "live"];

/** A point of the route with the zone in which its times are told. */
export interface Point {
  readonly place: string;
  readonly country: Country;
  readonly zone: Zone;
}
/** One stretch of the route, watched by the people of one country; numbered from 1 in the order of the route. */
export interface Leg extends Point {
  readonly number: number;
}
/** A planned moment with its place, so that no time is ever told without one. */
export interface Planned {
  readonly at: Instant;
  readonly zone: Zone;
}
/** What the countries authorise; any change of it would be another plan with another digest. */
export interface Plan {
  readonly legs: readonly Leg[];
  readonly mode: Mode;
  /** On record when the plan was made; in no message, so that readings at a hand-over stay independent. */
  readonly seal: Seal;
  readonly from: Planned;
  readonly to: Planned;
  readonly requesting: Country;
  /** Random: the digest of the plan is shown to the whole circle, and without this a seal of seven digits could be found from it by trying. */
  readonly salt: string;
}
/** Who did something, as it is said to the others. */
export interface Doer {
  readonly user: UserId;
  readonly callSign: CallSign;
  readonly country: Country;
}

/** That a country authorised the plan on its territory (Schengen Convention art. 73): the bot records who says so and on which paper, never that it is legal. */
export interface Grant {
  readonly country: Country;
  readonly by: Doer;
  /** Digest of the plan that was granted. */
  readonly plan: string;
  /** The paper it stands on, as its author names it. */
  readonly paper?: string;
  /** When it was given by word of mouth. */
  readonly oral?: Instant;
  readonly from: Instant;
  /** Missing: as long as the agreement lasts. */
  readonly until?: Instant;
  readonly recorded: Instant;
  /** Its end has come and is on record. */
  readonly over: boolean;
}
/** A person's word that the goods may move, under this plan and these grants. */
export interface Go {
  readonly by: Doer;
  readonly at: Instant;
  /** Not counted from this instant on. */
  readonly lapses: Instant;
}

/** What somebody read on the seal; `undefined`: illegible, or none of the numbers offered. */
export interface SealReading {
  readonly by: Doer;
  readonly seal?: Seal;
  readonly at: Instant;
  /** Until then the same person may correct it; from then on it counts. */
  readonly final: Instant;
}
/** Whether the seal was whole when it was given. */
export type Condition = "intact" | "broken";

/** A hand-over of the watch on its way; it counts only when both have read the seal independently (Naples II art. 22: never without a watch). */
export interface Offer {
  readonly from: Country;
  readonly to: Country;
  readonly given: SealReading;
  readonly condition: Condition;
  /** The numbers put to the takers, the given one among them; the same each time, so that two polls do not give it away. */
  readonly choices: readonly Seal[];
  /** When the takers are asked again, and how many times they have been. */
  readonly askAgain: Instant;
  readonly asked: number;
  readonly taken?: SealReading;
}

/** The clock of silence on the leg that is being watched. */
export interface Contact {
  readonly at: Instant;
  readonly by?: CallSign;
  /** The room has been asked who has contact; without an answer until `answerBy` the alarm is raised. */
  readonly asked?: { readonly at: Instant; readonly answerBy: Instant };
  /** Last time that "no contact" was raised since then: asking goes on from there. */
  readonly alarmed?: Instant;
}

/** Where the goods are and who follows them. */
export interface Movement {
  /** Index in `plan.legs` of the leg whose country has the watch. */
  readonly leg: number;
  readonly since: Instant;
  /**
   * Country whose law counts where the goods are (EIO Directive art. 28(4)): another fact than the watch. A border passed is reported by nobody
   * yet, so the territory moves with the watch, at the take; it is stored apart so that it can move before.
   */
  readonly territory: Country;
  readonly territorySince: Instant;
  readonly contact: Contact;
  readonly offer?: Offer;
  /** The end of the agreement while the goods move has been raised. */
  readonly uncovered: boolean;
}
/** Stopped is final for now; what follows each territory decides on its own ground. */
export interface Stop {
  readonly by: Doer;
  readonly at: Instant;
  readonly reason?: string;
  /** How often it was said, the first included. */
  readonly times: number;
}

/** One delivery as it stands. */
export interface Delivery {
  readonly id: DeliveryId;
  readonly by: Doer;
  readonly drafted: Instant;
  readonly plan: Plan;
  /** Digest of the plan, which grants and goes refer to. */
  readonly digest: string;
  readonly asked: Readonly<Record<string, { readonly by: CallSign; readonly at: Instant }>>;
  readonly grants: Readonly<Record<string, Grant>>;
  readonly goes: readonly Go[];
  /** `ready` and `authorising` differ only in what the grants are: see readiness in delivery-grants.ts. */
  readonly state: "authorising" | "moving" | "stopped";
  readonly movement?: Movement;
  readonly stop?: Stop;
  /** Look-alikes once offered for a seal, so that the same seal given again is hidden among the same ones. */
  readonly lookAlikes: Readonly<Record<string, readonly Seal[]>>;
}

type Of<Type extends string, Facts> = { readonly type: `delivery.${Type}`; readonly v: 1; readonly id: DeliveryId; readonly at: Instant } & Facts;
/** `inRoom`: it was said in the delivery's own room, where the message to all is the answer too. */
interface Said { readonly by: Doer; readonly inRoom: boolean }

/** What can happen to a delivery, in the field's terms. */
export type DeliveryEvent =
  | Of<"drafted", { readonly by: Doer; readonly plan: Plan; readonly digest: string }>
  | Of<"grant-asked", Said & { readonly country: Country; readonly people: readonly UserId[] }>
  /** `voids`: whose go no longer counts because the grants have changed. */
  | Of<"granted", Said & { readonly grant: Omit<Grant, "by" | "over">; readonly voids: readonly CallSign[] }>
  | Of<"grant-ended", { readonly country: Country; readonly until: Instant; readonly voids: readonly CallSign[] }>
  | Of<"go-said", Said & { readonly lapses: Instant; readonly missing: readonly Country[] }>
  | Of<"go-lapsed", { readonly user: UserId; readonly callSign: CallSign }>
  | Of<"gone", { readonly by: readonly Doer[]; readonly country: Country; readonly nextContact: Instant }>
  | Of<"offered", { readonly by: Doer; readonly from: Country; readonly to: Country; readonly seal: Seal; readonly condition: Condition; readonly choices: readonly Seal[]; readonly final: Instant; readonly askAgain: Instant; readonly corrects: boolean }>
  | Of<"taker-asked", { readonly askAgain: Instant }>
  | Of<"offer-lapsed", { readonly from: Country; readonly to: Country }>
  | Of<"seal-read", { readonly by: Doer; readonly seal?: Seal; readonly final: Instant; readonly corrects: boolean }>
  | Of<"reading-withdrawn", { readonly by: Doer; readonly askAgain: Instant }>
  | Of<"watch-taken", { readonly by: Doer; readonly giver: Doer; readonly from: Country; readonly leg: number; readonly asPlanned: boolean; readonly condition: Condition; readonly nextContact: Instant }>
  | Of<"seal-differs", { readonly given: SealReading; readonly taken: SealReading; readonly watch: Country }>
  | Of<"contacted", Said & { readonly what: ContactWord; readonly of: Instant; readonly note?: string; readonly next?: Instant }>
  | Of<"contact-denied", Said>
  | Of<"contact-asked", { readonly leg: number; readonly last: Instant; readonly answerBy: Instant }>
  | Of<"no-contact", { readonly leg: number; readonly last: Instant }>
  | Of<"cover-ended", { readonly until: Instant }>
  | Of<"stopped", Said & { readonly from: "authorising" | "moving"; readonly reason?: string }>
  | Of<"stop-repeated", Said & { readonly reason?: string }>;

/** well 1 · stopped (the goods stand still) 2 · moving 3 · no sight of the goods 9. */
export type ContactWord = "well" | "halted" | "moving" | "unseen";
