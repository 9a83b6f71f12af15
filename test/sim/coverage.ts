/** Which commands were given to things in which state, and what was never tried. */
import type { Registry } from "../../src/chat/registry.ts";
import { slotsOf } from "../../src/chat/fit.ts";
import type { CaseState } from "../../src/domain/case.ts";
import type { Command } from "../../src/chat/command.ts";
import { stateOf } from "../../src/domain/delivery-board.ts";
import type { Scope } from "../../src/domain/state.ts";
import type { Task } from "../../src/domain/task.ts";

type DeliveryStates = ReturnType<typeof stateOf> | "offered" | "read";
type Thing = "task" | "delivery" | "alert" | "case" | "none";
const all = <S extends string>(states: Readonly<Record<S, true>>): readonly S[] => Object.keys(states) as S[];
/** Every state that a thing can be in; a new one is missed by the type checker. */
const STATES: Readonly<Record<Thing, readonly string[]>> = {
  task: all<Task["state"]>({ open: true, accepted: true, done: true }),
  delivery: all<DeliveryStates>({ authorising: true, ready: true, moving: true, offered: true, read: true, stopped: true }),
  alert: ["open", "overdue", "declined", "acknowledged"],
  case: [...all<CaseState>({ open: true, expired: true, closed: true }), "none"],
  none: ["any"],
};

/** What a command is about. */
export function thingOf(command: Command): Thing {
  const kinds = slotsOf(command).map((slot) => slot.reading.kind);
  const found = (["task", "delivery", "alert"] as const).find((kind) => kinds.includes(kind));
  return found ?? (command.scope === "case" ? "case" : "none");
}
/** The state that the thing is in, or `undefined` if there is no such thing. */
export function stateOfThing(command: Command, about: string | undefined, scope: Scope | undefined): string | undefined {
  const thing = thingOf(command);
  switch (thing) {
    case "none": return "any";
    case "case": return scope?.state.case.get("case")?.state ?? "none";
    case "task": return scope?.state.task.get(about ?? "")?.state;
    case "delivery": {
      const delivery = scope?.state.delivery.get(about ?? "");
      const offer = delivery?.state === "moving" ? delivery.movement?.offer : undefined;
      return delivery && (offer === undefined ? stateOf(delivery) : offer.taken === undefined ? "offered" : "read");
    }
    case "alert": {
      const alert = scope?.state.alert.get(about ?? "");
      return alert && (alert.acknowledged.length > 0 ? "acknowledged" : alert.declined.length > 0 ? "declined" : alert.overdue ? "overdue" : "open");
    }
  }
}

/** How often one pair was tried, and how often it was carried out. */
export interface Pair {
  readonly pair: string;
  readonly tried: number;
  readonly done: number;
}

/** Counts pairs of state and command. */
export class Coverage {
  readonly #reached = new Map<string, Pair>();

  count(command: string, state: string, isDone: boolean): void {
    this.add([{ pair: `${command}\n${state}`, tried: 1, done: isDone ? 1 : 0 }]);
  }
  add(pairs: readonly Pair[]): void {
    for (const { pair, tried, done } of pairs) {
      const found = this.#reached.get(pair);
      this.#reached.set(pair, { pair, tried: (found?.tried ?? 0) + tried, done: (found?.done ?? 0) + done });
    }
  }
  pairs(): readonly Pair[] {
    return [...this.#reached.values()];
  }
  /** The table, worst last: how often each command was tried in each state, and how often it was carried out. */
  table(registry: Registry): { readonly lines: readonly string[]; readonly reached: number; readonly all: number } {
    const lines: string[] = [];
    let reached = 0;
    let pairs = 0;
    for (const command of registry.commands) {
      const cells = STATES[thingOf(command)].map((state) => {
        const found = this.#reached.get(`${command.name}\n${state}`);
        pairs += 1;
        if (found !== undefined) reached += 1;
        return found === undefined ? `${state} NEVER` : `${state} ${found.tried}/${found.done}`;
      });
      lines.push(`${command.name.padEnd(14)} ${cells.join(" · ")}`);
    }
    return { lines, reached, all: pairs };
  }
}
