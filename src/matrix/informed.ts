import type * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import type { Machine } from "./machine.ts";
import { engineUsers } from "./machine.ts";
import { askedAbout } from "./outgoing.ts";
import type { Outgoing, OutgoingRequest } from "./outgoing.ts";
import { Standings } from "./standing.ts";

/** Work inside one turn of the engine. `unknown`: people whose keys are reported changed, or were asked for, without an answer. */
export type InformedWork<T> = (engine: olm.OlmMachine, standings: Standings, unknown: ReadonlySet<string>) => Promise<T>;

/** Lets work on people begin only when their keys are known as the server last reported them. */
export class Informed {
  readonly #machine: Machine;
  readonly #outgoing: Outgoing;

  constructor(machine: Machine, outgoing: Outgoing) {
    this.#machine = machine;
    this.#outgoing = outgoing;
  }

  /**
   * Asks the server only for keys that are new or reported changed, and once more for what was reported in between; who is unknown even then
   * is handed to the work as such. Throws a gateway fault if the server cannot be asked.
   */
  async about<T>(users: Iterable<string>, work: InformedWork<T>): Promise<T> {
    const people = [...users];
    await this.#machine.run((engine) => engine.updateTrackedUsers(engineUsers(people)));
    for (let last = false; ; last = true) {
      await this.#outgoing.queries();
      const done = await this.#outgoing.undisturbed(() => this.#machine.run(async (engine) => {
        const requests = (await engine.outgoingRequests()) as OutgoingRequest[];
        const pending = new Set(requests.flatMap(askedAbout));
        if (!last && people.some((user) => pending.has(user))) return undefined;
        const unknown = pending.union(this.#outgoing.unanswered);
        return { result: await work(engine, new Standings(engine, unknown), unknown) };
      }));
      if (done !== undefined) return done.result;
    }
  }
}
