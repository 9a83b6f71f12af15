/** Who may give a command, where, and in which state of the case. Pure: the answer says which rule was broken, and nothing of what was typed. */
import type { CaseState } from "../domain/case.ts";
import type { Role } from "../domain/roster.ts";
import type { Command, Place } from "./command.ts";

/** Who asks, and where. */
export interface Asker {
  /** Roles in the case that the command is about; empty for somebody who is in none. */
  readonly roles: readonly Role[];
  /** Named as an owner in the configuration. */
  readonly owner: boolean;
  readonly place: Place;
  /** State of that case; missing if there is none. */
  readonly caseState?: CaseState;
}

/** Whether they may, or the first rule that says no. */
export type Allowed = { readonly ok: true } | { readonly ok: false; readonly rule: "role" | "place" | "state" };

/** Checks role first, so that somebody not entitled learns neither where nor when it would have been possible. */
export function allowed(command: Pick<Command, "needs" | "rooms" | "when" | "scope">, asker: Asker): Allowed {
  const isMember = asker.roles.length > 0;
  const entitled = command.needs.some((need) => {
    if (need === "owner") return asker.owner;
    // A command of a case is for people of that case, also if it is for anyone among them.
    if (need === "anyone") return command.scope === "case" ? isMember : isMember || asker.owner;
    return asker.roles.includes(need);
  });
  if (!entitled) return { ok: false, rule: "role" };
  if (!command.rooms.includes(asker.place)) return { ok: false, rule: "place" };
  // A case that was closed is over like one whose agreement is: the same commands make sense in it.
  const state = asker.caseState === "closed" ? "expired" : asker.caseState;
  if (command.scope === "case" && (state === undefined || !command.when.includes(state))) return { ok: false, rule: "state" };
  return { ok: true };
}
