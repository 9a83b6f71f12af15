/**
 * A binding command on its way: its author confirms it, then those whose consent it needs. Kept are only the parameters and their digest; when the
 * last consent is there the command is decided anew on the state of that moment.
 */
import type { Context } from "./decision.ts";
import type { Effect } from "./effect.ts";
import { reply, tellPeople } from "./effect.ts";
import type { Entity } from "./entity.ts";
import type { Instant, RequestId, UserId } from "./ids.ts";
import type { QuestionEvent, Prepared } from "./question.ts";
import { ask, withdraw } from "./question.ts";
import type { Line, Message } from "./say.ts";
import { line, list, message, typed } from "./say.ts";
import type { Scope } from "./state.ts";

declare module "./say.ts" {
  interface Sayings {
    "request.stub-own": { codename: string; code: string };
    "request.stub-other": { codename: string; code: string };
    "request.digest": { digest: string };
    "request.type-instead": { code: string };
    "request.confirm": Record<never, never>;
    "request.not-correct": Record<never, never>;
    "request.approve": Record<never, never>;
    "request.refuse": Record<never, never>;
    "request.asked-others": { who: Fact };
    "request.confirmed-by": { who: string };
    "request.refused-by": { who: string };
    "request.expired": Record<never, never>;
    "request.dropped": Record<never, never>;
  }
}
type Fact = import("./say.ts").Fact;

/** Somebody whose consent is needed: any `count` of `anyOf`, for one reason. */
export interface Need {
  readonly anyOf: readonly UserId[];
  readonly count: number;
}

export interface Request {
  readonly id: RequestId;
  readonly author: UserId;
  readonly does: Prepared;
  readonly digest: string;
  /** What is agreed to, in full, the same for everybody who is asked. */
  readonly details: Message;
  /** How each person is called where this is said; in a case the call sign, before it the Matrix id. */
  readonly called: Readonly<Record<string, string>>;
  readonly codename: string;
  readonly needs: readonly Need[];
  readonly given: readonly { readonly by: UserId; readonly at: Instant }[];
  readonly expires: Instant;
  readonly state: "asking" | "granted" | "refused" | "expired";
}

export type RequestEvent =
  | { readonly type: "request.made"; readonly v: 1; readonly id: RequestId; readonly author: UserId; readonly does: Prepared; readonly digest: string; readonly details: Message; readonly called: Readonly<Record<string, string>>; readonly codename: string; readonly needs: readonly Need[]; readonly expires: Instant; readonly at: Instant }
  | { readonly type: "request.consented"; readonly v: 1; readonly id: RequestId; readonly by: UserId; readonly at: Instant }
  | { readonly type: "request.granted"; readonly v: 1; readonly id: RequestId; readonly at: Instant }
  | { readonly type: "request.refused"; readonly v: 1; readonly id: RequestId; readonly by: UserId; readonly at: Instant }
  | { readonly type: "request.expired"; readonly v: 1; readonly id: RequestId; readonly at: Instant };
