/** The state of a chain: one map for each kind of entity. It is replaced entity by entity after a commit, never changed in place. */
import type { Alert } from "./alert.ts";
import type { Case } from "./case.ts";
import type { TakenCodename } from "./codename.ts";
import type { PersonComparison } from "./comparison.ts";
import type { Delivery } from "./delivery.ts";
import type { CallSign, ChainId, UserId } from "./ids.ts";
import type { Person } from "./person.ts";
import type { Question } from "./question.ts";
import type { Request } from "./request.ts";
import type { Room } from "./room.ts";
import type { Member } from "./roster.ts";
import type { Task } from "./task.ts";
import type { WakeTest } from "./wake-test.ts";

/** Key of each: person = Matrix user id, codename = the word, case = "case", member = call sign, room = slot, all others their id. */
export interface Entities {
  readonly person: Person;
  /** Only in the installation's chain. */
  readonly codename: TakenCodename;
  readonly case: Case;
  readonly member: Member;
  readonly room: Room;
  readonly question: Question;
  readonly request: Request;
  readonly task: Task;
  readonly delivery: Delivery;
  readonly alert: Alert;
  /** Only in the installation's chain; key: the person. */
  readonly wakeTest: WakeTest;
  /** Only in the installation's chain. */
  readonly comparison: PersonComparison;
}
/** Name of a kind of entity. */
export type Kind = keyof Entities;
/** The entities of a chain, by kind and key. */
export type ChainState = { readonly [K in Kind]: ReadonlyMap<string, Entities[K]> };

/** What a rule may read: the chain it decides on, and the people of the installation (the only thing that cases share). */
export interface Scope {
  readonly chain: ChainId;
  readonly state: ChainState;
  readonly people: ReadonlyMap<UserId, Person>;
}

/** Those who are in the case now, in the order in which they came. Whoever was removed keeps their call sign in the state, so that it is never given again. */
export function members(scope: Pick<Scope, "state">): readonly Member[] {
  return [...scope.state.member.values()].filter((member) => member.left === undefined);
}

/** Who has this call sign, if they are in the case now. */
export function memberCalled(scope: Pick<Scope, "state">, callSign: CallSign): Member | undefined {
  const found = scope.state.member.get(callSign);
  return found?.left === undefined ? found : undefined;
}

/** How somebody is called in what is said in the case: the call sign, also of somebody who was removed, or the Matrix id of who never was in it (an owner). */
export function calledInCase(scope: Scope, user: UserId): string {
  return members(scope).find((member) => member.user === user)?.callSign ?? [...scope.state.member.values()].findLast((member) => member.user === user)?.callSign ?? user;
}

/** The administrators of the case. */
export function administrators(scope: Scope): readonly Member[] {
  return members(scope).filter((member) => member.role === "administrator");
}

/** The case of a case chain. */
export function theCase(scope: Scope): Case {
  const found = scope.state.case.get("case");
  if (found === undefined) throw new Error("a case rule was run on a chain that holds no case");
  return found;
}
