/** Small builders for what every rule needs: a context whose chance counts, and an empty scope. */
import { Chain } from "../../src/domain/chain.ts";
import type { Chance, Context, TickContext } from "../../src/domain/decision.ts";
import type { DomainEvent } from "../../src/domain/events.ts";
import type { CaseId, ChainId, Instant, MasterKey, Slot, UserId, Zone } from "../../src/domain/ids.ts";
import { INSTALLATION } from "../../src/domain/ids.ts";
import type { Person } from "../../src/domain/person.ts";
import type { Scope } from "../../src/domain/state.ts";
import type { Windows } from "../../src/domain/windows.ts";

export const MINUTE = 60_000;
export const NOW = Date.UTC(2026, 10, 24, 12, 0) as Instant;
export const ANA = "@ana:es.example" as UserId;
export const LUIS = "@luis:co.example" as UserId;
export const NUNO = "@nuno:pt.example" as UserId;
export const BOT = "@relevo:bot.example" as UserId;
export const CASE = "case-one" as CaseId;

export const WINDOWS: Windows = {
  taskReminders: [24 * 60 * MINUTE, 2 * 60 * MINUTE], taskOverdueEvery: 24 * 60 * MINUTE, taskOverdueTimes: 3,
  bindingAnswer: 10 * MINUTE, requestOpen: 24 * 60 * MINUTE, sealCorrection: 20_000, contactEvery: 30 * MINUTE, contactAnswer: 10 * MINUTE,
  alerts: {
    P1: { answer: 10 * MINUTE, repeat: 10 * MINUTE, times: 6 }, P2: { answer: 60 * MINUTE, repeat: 60 * MINUTE, times: 4 },
    P3: { answer: 480 * MINUTE, repeat: 480 * MINUTE, times: 3 }, P4: { answer: 10_080 * MINUTE, repeat: 10_080 * MINUTE, times: 2 },
  },
  checkpointEvery: 24 * 60 * MINUTE, wakeTestWait: 30_000, wakeTestAnswer: 5 * MINUTE,
};

/** Ids and codes that count up, so that a test can name them. */
export function countingChance(): Chance {
  let n = 0;
  return {
    id: () => `id${(n += 1)}`, code: () => `C${(n += 1)}`,
    pick(items) {
      const [first] = items;
      if (first === undefined) throw new Error("nothing to pick from");
      return first;
    },
    shuffle: (items) => items.toReversed(),
  };
}
export function aPerson(user: UserId, changes: Partial<Person> = {}): Person {
  return { user, masterKey: `key of ${user}` as MasterKey, language: "en", zone: "Europe/Madrid" as Zone, ...changes };
}
export function tickAt(now: Instant = NOW): TickContext {
  return { now, chance: countingChance(), windows: WINDOWS, digest: (value) => `digest ${JSON.stringify(value).length}` };
}
export function by(user: UserId, now: Instant = NOW): Context {
  return { ...tickAt(now), author: { user, person: aPerson(user), owner: false }, origin: { room: "direct", slot: `direct:${user}` as Slot } };
}
/** A chain after these events, and what a rule may read of it. */
export function after(events: readonly DomainEvent[], chain: ChainId = INSTALLATION, people: readonly UserId[] = [ANA, LUIS, NUNO]): Scope & { readonly held: Chain } {
  const held = new Chain();
  for (const event of events) held.apply(event);
  return { held, chain, state: held.view, people: new Map(people.map((user) => [user, aPerson(user)])) };
}
