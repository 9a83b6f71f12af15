/** A case: the isolated space of one joint investigation team, bound to a signed agreement. */
import type { CaseId, Country, Instant, UserId, Zone } from "./ids.ts";
import type { Language } from "./person.ts";

/** `expired`: the agreement's period is over: nothing new may be shared, stops still count (design: an expired JIT blocks sharing). */
export type CaseState = "open" | "expired";

export interface Case {
  readonly id: CaseId;
  /** From the bot's own neutral list; the only word of the case that servers see. */
  readonly codename: string;
  readonly agreement: string;
  readonly states: readonly Country[];
  readonly from: Instant;
  readonly until: Instant;
  /** Zone in which the agreement's period and whatever is said to whole rooms is told. */
  readonly zone: Zone;
  /** Working language: of what is said to a whole room. */
  readonly language: Language;
  /** What the administrators confirmed, word for word the same for all. */
  readonly digest: string;
  readonly state: CaseState;
  /** Highest number given so far to tasks, deliveries and alerts, and to each country's people. */
  readonly counters: Readonly<Record<string, number>>;
}

export type CaseEvent =
  | {
      readonly type: "case.opened"; readonly v: 1; readonly case: CaseId; readonly codename: string; readonly agreement: string;
      readonly states: readonly Country[]; readonly from: Instant; readonly until: Instant; readonly zone: Zone; readonly language: Language;
      readonly digest: string; readonly at: Instant; readonly by: UserId; readonly confirmedBy: readonly UserId[];
    }
  | { readonly type: "case.expired"; readonly v: 1; readonly at: Instant };
