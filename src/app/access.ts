/**
 * Whether people are still who was pinned, and what follows where they are not: looked at whenever the engine reports changed keys, for everybody at the
 * start, and wherever something of theirs did not hold. What a case does not have on record yet of its people is put there.
 */
import type { Change } from "../domain/chain.ts";
import { accessToRecord } from "../domain/access.ts";
import type { Instant, MasterKey, UserId } from "../domain/ids.ts";
import { INSTALLATION } from "../domain/ids.ts";
import { fingerprint } from "../domain/person.ts";
import { line } from "../domain/say.ts";
import { identityShown } from "../domain/suspension.ts";
import type { Clock, Crypto } from "../ports.ts";
import type { Alarms } from "./alarms.ts";
import { faultOf } from "./gateway-fault.ts";
import type { Log } from "./system.ts";
import type { Turns } from "./turn.ts";
import type { UnsignedDevices } from "./unsigned-devices.ts";
import type { World } from "./world.ts";
import type { Writer } from "./writer.ts";

declare module "../domain/say.ts" {
  interface Sayings {
    "access.outside-suspended": { who: string; fingerprint: string };
  }
}

/** What looking at people needs. */
export interface AccessParts {
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly world: World;
  readonly writer: Writer;
  readonly turns: Turns;
  readonly alarms: Alarms;
  readonly unsigned: UnsignedDevices;
  readonly log: Log;
}

/** Suspends those whose identity has changed, and keeps the cases' records of it. */
export class Access {
  readonly #parts: AccessParts;
  readonly #due = new Set<UserId>();
  /** Of whom nothing could be said: looked at again with the next sync. */
  readonly #again = new Set<UserId>();
  #isLooking = false;
  #stopped = false;

  constructor(parts: AccessParts) {
    this.#parts = parts;
  }
  stop(): void {
    this.#stopped = true;
  }
  /** At the start: what changed just before a crash is not told again, and what was decided may not have reached all cases. */
  async begin(): Promise<void> {
    await this.#parts.writer.do("P1", () => this.#record());
    for (const user of this.#parts.world.people.keys()) this.#due.add(user);
  }
  /** After each sync. */
  synced(): void {
    for (const user of [...this.#parts.crypto.changed(), ...this.#again]) if (this.#parts.world.people.has(user)) this.#due.add(user);
    this.#again.clear();
    this.#look();
  }
  /** Something of theirs did not hold. */
  doubtful(user: UserId): void {
    this.#due.add(user);
    this.#look();
  }
  /** After a commit: somebody may have been pinned anew, kept out or let back, or have come into a case. */
  committed(changes: readonly Change[]): void {
    const people = changes.filter(({ kind }) => kind === "person" || kind === "member");
    if (people.length === 0 || this.#stopped) return;
    for (const { kind, key } of people) if (kind === "person") this.#due.add(key as UserId);
    void this.#parts.writer.do("P1", () => this.#record()).catch((fault: unknown) => void this.#parts.log.bug("access.not-recorded", fault));
    this.#look();
  }

  /** One after the other, beside the sync and beside the writer: their servers may take long. */
  #look(): void {
    if (this.#stopped) return;
    if (this.#isLooking) return;
    this.#isLooking = true;
    void this.#lookAtAll().finally(() => {
      this.#isLooking = false;
      if (this.#due.size > 0) this.#look();
    });
  }
  async #lookAtAll(): Promise<void> {
    for (const user of this.#due) {
      this.#due.delete(user);
      if (this.#stopped) return;
      try {
        if (!(await this.#check(user))) this.#again.add(user);
      } catch (fault) {
        this.#again.add(user);
        if (faultOf(fault) === undefined && !this.#stopped) this.#parts.log.bug("access.check-failed", fault);
      }
    }
  }
  /** Whether it is known now who they are. */
  async #check(user: UserId): Promise<boolean> {
    const { crypto, world, writer, unsigned } = this.#parts;
    const pinned = world.people.get(user)?.masterKey;
    if (pinned === undefined) return true;
    const proof = await crypto.identity(user, pinned);
    if (proof === "unknown") return false;
    const shown = proof === "proven" ? pinned : await crypto.masterKey(user);
    if (shown === undefined) return false;
    // People have decided on this one: what the bot signed before must not stand against it.
    if (proof !== "proven" && shown === pinned) await crypto.unvouch(user, pinned);
    await writer.do("P1", () => this.#decide(user, pinned, shown));
    if (shown === pinned && world.casesOf(user).length > 0) await unsigned.look(user);
    return true;
  }
  async #decide(user: UserId, pinned: MasterKey, shown: MasterKey): Promise<void> {
    const { world, clock, turns, alarms } = this.#parts;
    const person = world.people.get(user);
    if (person === undefined) return;
    // Pinned anew since it was looked at: the answer was to another question, and the next is on its way.
    if (person.masterKey !== pinned) return;
    const now = clock.now();
    const events = identityShown(person, shown, now);
    if (events.length === 0) return;
    await turns.commit({ now, trust: "none", parts: [{ chain: INSTALLATION, events }] });
    if (world.casesOf(user).length > 0) return;
    // Of no case: nobody else would hear of it.
    alarms.give(INSTALLATION, { what: "identity-changed", about: user, lines: [line("access.outside-suspended", { who: user, fingerprint: fingerprint(shown) })], wakes: true });
  }
  async #record(): Promise<void> {
    const { world, clock, turns } = this.#parts;
    const now: Instant = clock.now();
    const parts = world.cases.map((chain) => ({ chain, events: accessToRecord(world.scope(chain), now) })).filter(({ events }) => events.length > 0);
    if (parts.length > 0) await turns.commit({ now, trust: "none", parts });
  }
}
