/** Codenames given to cases: kept by the installation for good, so that a word never means two cases, not even after one has been erased. */
import type { Entity } from "./entity.ts";
import type { CaseId, Instant } from "./ids.ts";
import type { Request } from "./request.ts";
import type { Scope } from "./state.ts";

/** A codename that is in use or has been. */
export interface TakenCodename {
  readonly codename: string;
  readonly case: CaseId;
  readonly since: Instant;
}

/** A codename was given to a case; written in the same transaction as the case's first row. */
export type CodenameEvent = {
  readonly type: "codename.taken"; readonly v: 1; readonly codename: string; readonly case: CaseId; readonly at: Instant;
};

/**
 * The words of `list` that no case has had and no open request has been promised, in their order.
 * `scope` is the installation's.
 */
export function freeCodenames(scope: Scope, list: readonly string[]): readonly string[] {
  const open = [...scope.state.request.values()].filter((request) => request.state === "asking");
  const promised = new Set<unknown>(open.map(promisedCodename));
  return list.filter((word) => !scope.state.codename.has(word) && !promised.has(word));
}

/** The codename that a waiting request would take: it stands among the terms that its administrators are confirming (domain/case-open.ts). */
function promisedCodename({ does }: Request): unknown {
  const terms = does.params["terms"];
  return typeof terms === "object" && terms !== null && "codename" in terms ? terms.codename : undefined;
}

/** Codenames in the installation's chain. */
export const codenameEntity: Entity<"codename", CodenameEvent> = {
  kind: "codename",
  events: { "codename.taken": [1] },
  home: "installation",
  key: (event) => event.codename,
  evolve(taken, event) {
    if (taken !== undefined) throw new Error("a codename was given twice");
    return { codename: event.codename, case: event.case, since: event.at };
  },
  effects: () => [],
};
