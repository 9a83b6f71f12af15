/** One kind of thing that events happen to: how to find it, how an event changes it, what follows, when it wants to be woken. */
import type { Decision, TickContext } from "./decision.ts";
import type { Effect } from "./effect.ts";
import type { Instant } from "./ids.ts";
import type { Entities, Kind, Scope } from "./state.ts";
import type { Windows } from "./windows.ts";

/** The rules of one kind of entity. */
export interface Entity<K extends Kind, E extends { readonly type: string; readonly v: number }> {
  readonly kind: K;
  /** Types of its events with the versions this build can read; anything else stops the start. */
  readonly events: { readonly [T in E["type"]]: readonly number[] };
  /** Always in the installation's chain (people), or in the chain of the decision. */
  readonly home: "installation" | "decision";
  /** The key of the entity that the event is about. */
  key(event: E): string;
  /** Pure: the same entity and event always give the same entity. Throws only on a bug. */
  evolve(entity: Entities[K] | undefined, event: E): Entities[K];
  /** What is said or asked because of the event; `scope` is the state after it. */
  effects(event: E, scope: Scope): readonly Effect[];
  /** The next instant at which time alone changes something for it, or undefined. */
  nextWake?(entity: Entities[K], windows: Windows, scope: Scope): Instant | undefined;
  /** Called at or after that instant. Deciding nothing is allowed only if nextWake has moved or gone. */
  tick?(entity: Entities[K], ctx: TickContext, scope: Scope): Decision;
}
