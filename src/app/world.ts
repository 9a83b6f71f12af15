/** The state in memory: all chains, and the look-ups that the wire needs (which room is what, which answer belongs to which question). */
import type { Change } from "../domain/chain.ts";
import { Chain } from "../domain/chain.ts";
import type { CaseId, ChainId, QuestionId, RoomId, Slot, UserId } from "../domain/ids.ts";
import { INSTALLATION, directSlot } from "../domain/ids.ts";
import type { Person } from "../domain/person.ts";
import type { Question } from "../domain/question.ts";
import type { Room } from "../domain/room.ts";
import type { Member } from "../domain/roster.ts";
import { memberOf } from "../domain/roster.ts";
import type { Scope } from "../domain/state.ts";

/** Where a room stands: in a case, or a person's direct chat (in the installation's chain). */
export interface Placed {
  readonly chain: ChainId;
  readonly slot: Slot;
}

/** All chains in memory. */
export class World {
  readonly #chains = new Map<ChainId, Chain>([[INSTALLATION, new Chain()]]);
  readonly #rooms = new Map<RoomId, Placed>();
  readonly #options = new Map<string, { readonly chain: ChainId; readonly question: QuestionId }>();
  readonly #codes = new Map<string, { readonly chain: ChainId; readonly question: QuestionId }[]>();

  chain(id: ChainId): Chain {
    const found = this.#chains.get(id) ?? new Chain();
    this.#chains.set(id, found);
    return found;
  }
  /** Adopts a chain read from a snapshot; replayed rows are put on top. */
  adopt(id: ChainId, chain: Chain): void {
    this.#chains.set(id, chain);
    for (const room of chain.view.room.values()) for (const each of [room.room, ...(room.before ?? [])]) this.#rooms.set(each, { chain: id, slot: room.slot });
    for (const question of chain.view.question.values()) this.#index(id, question);
  }
  put(id: ChainId, changes: readonly Change[]): void {
    this.chain(id).put(changes);
    for (const { kind, entity } of changes) {
      if (kind === "room") this.#rooms.set((entity as Room).room, { chain: id, slot: (entity as Room).slot });
      if (kind === "question") this.#index(id, entity as Question);
    }
  }
  get cases(): CaseId[] {
    return [...this.#chains.keys()].filter((id): id is CaseId => id !== INSTALLATION);
  }
  get people(): ReadonlyMap<UserId, Person> {
    return this.chain(INSTALLATION).view.person as ReadonlyMap<string, Person> as ReadonlyMap<UserId, Person>;
  }
  scope(chain: ChainId): Scope {
    return { chain, state: this.chain(chain).view, people: this.people };
  }
  /** Where a room stands, if it is still the one bound to its slot. */
  placed(room: RoomId): Placed | undefined {
    const placed = this.#rooms.get(room);
    return placed !== undefined && this.room(placed) === room ? placed : undefined;
  }
  /** Where a room of a case stood that another has taken the place of. */
  formerly(room: RoomId): Placed | undefined {
    const placed = this.#rooms.get(room);
    return placed !== undefined && placed.chain !== INSTALLATION && this.room(placed) !== room ? placed : undefined;
  }
  room(placed: Placed): RoomId | undefined {
    return this.chain(placed.chain).view.room.get(placed.slot)?.room;
  }
  direct(user: UserId): Placed {
    return { chain: INSTALLATION, slot: directSlot(user) };
  }
  member(chain: ChainId, user: UserId): Member | undefined {
    return memberOf({ state: this.chain(chain).view }, user);
  }
  casesOf(user: UserId): CaseId[] {
    return this.cases.filter((id) => this.member(id, user) !== undefined);
  }
  questionOfOption(option: string): { readonly chain: ChainId; readonly question: Question } | undefined {
    return this.#question(this.#options.get(option));
  }
  /** The question with this code that was put to this person; an open one before those that are over. */
  questionOfCode(code: string, user: UserId): { readonly chain: ChainId; readonly question: Question } | undefined {
    const found = (this.#codes.get(code) ?? []).map((each) => this.#question(each)).filter((each) => each?.question.asked.includes(user) === true);
    return found.find((each) => each?.question.state === "open") ?? found.at(-1);
  }
  #question(at: { readonly chain: ChainId; readonly question: QuestionId } | undefined): { readonly chain: ChainId; readonly question: Question } | undefined {
    if (at === undefined) return undefined;
    const question = this.chain(at.chain).view.question.get(at.question);
    return question && { chain: at.chain, question };
  }
  #index(chain: ChainId, question: Question): void {
    const at = { chain, question: question.id };
    const first = question.options[0];
    if (first === undefined || this.#options.has(first.id)) return;
    for (const option of question.options) this.#options.set(option.id, at);
    this.#codes.set(question.code, [...(this.#codes.get(question.code) ?? []), at]);
  }
}
