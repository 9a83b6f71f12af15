import type * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import type { Machine } from "./machine.ts";
import { engineUsers } from "./machine.ts";
import { askedAbout } from "./outgoing.ts";
import type { Outgoing, OutgoingRequest } from "./outgoing.ts";
import { Standings } from "./standing.ts";

/** Work inside one turn of the engine. `unknown`: people whose keys are reported changed, or were asked for, without an answer. */
export type InformedWork<T> = (engine: olm.OlmMachine, standings: Standings, unknown: ReadonlySet<string>) => Promise<T>;

/** People and answers remembered until there is news; more than any case has. */
const MOST_REMEMBERED = 1_000;

/** What was found out after so much news, by this engine: with any more, or another, it is nothing any more. */
interface Knowledge {
  readonly news: number;
  readonly engine: olm.OlmMachine;
  /** Whose keys are known as the server last reported them. */
  readonly people: Set<string>;
  readonly proven: Set<string>;
}

/** Lets work on people begin only when their keys are known as the server last reported them. */
export class Informed {
  readonly #machine: Machine;
  readonly #outgoing: Outgoing;
  #knowledge: Knowledge | undefined;

  constructor(machine: Machine, outgoing: Outgoing) {
    this.#machine = machine;
    this.#outgoing = outgoing;
  }

  /**
   * Asks the server only for keys that are new or reported changed, and once more for what was reported in between; who is unknown even then
   * is handed to the work as such. Throws a gateway fault if the server cannot be asked. While there is no news, the engine is asked nothing twice.
   */
  async about<T>(users: Iterable<string>, work: InformedWork<T>): Promise<T> {
    const people = [...users];
    const atOnce = await this.#machine.run(async (engine) => {
      const { people: known, proven } = this.#known(engine);
      const { unanswered } = this.#outgoing;
      if (people.some((user) => !known.has(user) || unanswered.has(user))) return undefined;
      return { result: await work(engine, new Standings(engine, unanswered, proven), unanswered) };
    });
    if (atOnce !== undefined) return atOnce.result;
    await this.#machine.run((engine) => engine.updateTrackedUsers(engineUsers(people)));
    for (let last = false; ; last = true) {
      await this.#outgoing.queries();
      const done = await this.#outgoing.undisturbed(() => this.#machine.run(async (engine) => {
        const { people: known, proven } = this.#known(engine);
        const requests = (await engine.outgoingRequests()) as OutgoingRequest[];
        const pending = new Set(requests.flatMap(askedAbout));
        if (!last && people.some((user) => pending.has(user))) return undefined;
        const unknown = pending.union(this.#outgoing.unanswered);
        for (const user of people) if (!unknown.has(user)) known.add(user);
        return { result: await work(engine, new Standings(engine, unknown, proven), unknown) };
      }));
      if (done !== undefined) return done.result;
    }
  }

  /** Taken before the engine is asked, so that what news makes old meanwhile is not kept. */
  #known(engine: olm.OlmMachine): Knowledge {
    const { news } = this.#outgoing;
    const { people, proven } = this.#knowledge ?? {};
    const isOld = this.#knowledge?.news !== news || this.#knowledge.engine !== engine;
    if (isOld || (people?.size ?? 0) + (proven?.size ?? 0) > MOST_REMEMBERED) this.#knowledge = { news, engine, people: new Set(), proven: new Set() };
    return this.#knowledge as Knowledge;
  }
}
