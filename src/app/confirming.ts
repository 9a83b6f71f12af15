/**
 * Brings what people say of identities to the crypto engine: the answers of those who compare emoji, and the bot's own signature under every identity that
 * is confirmed. The journal comes first; what a crash leaves undone is done at the next start.
 */
import type { TickContext } from "../domain/decision.ts";
import type { ComparisonEnding, Witnesses } from "../domain/comparison.ts";
import { keptOut } from "../domain/access.ts";
import { endComparison, showComparison } from "../domain/comparison.ts";
import { confirmers } from "../domain/confirm-identity.ts";
import { tellPeople } from "../domain/effect.ts";
import type { Instant, MasterKey, UserId } from "../domain/ids.ts";
import { INSTALLATION } from "../domain/ids.ts";
import { line, message } from "../domain/say.ts";
import { theCase } from "../domain/state.ts";
import type { Clock, Comparison, Crypto } from "../ports.ts";
import type { Log } from "./system.ts";
import { faultOf } from "./outbox.ts";
import type { Part, Turns } from "./turn.ts";
import type { World } from "./world.ts";
import type { Writer } from "./writer.ts";

/** An identity that could not be signed is tried again after this, in milliseconds. */
const SIGN_AGAIN = 60_000;

/** What confirming needs. */
export interface ConfirmingParts {
  readonly crypto: Pick<Crypto, "vouch" | "verifications">;
  readonly world: World;
  readonly writer: Writer;
  readonly turns: Turns;
  readonly clock: Clock;
  readonly log: Log;
  readonly owners: readonly UserId[];
  /** What deciding without an author needs. */
  ctx(): TickContext;
}

/** Between what people say of identities and the engine. */
export class Confirming {
  readonly #parts: ConfirmingParts;
  /** Identities that bear the bot's signature, as far as this process has seen. */
  readonly #signed = new Map<UserId, MasterKey>();
  /** Comparisons whose answer the engine has been given. */
  readonly #answered = new Set<string>();
  #isSigning = false;
  #cancel: (() => void) | undefined;
  #isReady = false;
  #isWanted = false;
  #stopped = false;

  constructor(parts: ConfirmingParts) {
    this.#parts = parts;
  }

  /** Comparisons do not survive a restart: whoever was in the middle of one is told, and new ones are taken from now on. */
  async start(): Promise<void> {
    const { world, crypto } = this.#parts;
    for (const { id, state } of world.scope(INSTALLATION).state.comparison.values()) if (state !== "over") await this.#end(id, "restart");
    crypto.verifications.listen({
      // Whoever holds a lost phone, or an identity that nobody has settled, has nothing to compare.
      pinned: (user) => (keptOut(world.people.get(user)) === undefined ? world.people.get(user)?.masterKey : undefined),
      shown: (comparison) => this.#do(() => this.#show(comparison)),
      ended: ({ id }, end) => this.#do(() => this.#end(id, end)),
    });
  }
  /** The homeserver has been heard: what an earlier run did not get to is signed now. */
  resume(): void {
    this.#isReady = true;
    this.look();
  }
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  /** Who may say of this person, now, that both sides show the same; nobody may be found. */
  witnesses(user: UserId): Witnesses | undefined {
    const { world, owners } = this.#parts;
    // Somebody whose identity is confirmed learns by it that the bot is the bot: nobody else is needed for that.
    if (world.people.get(user)?.confirmed !== undefined) return { asked: [user], called: [] };
    const cases = world.casesOf(user);
    for (const chain of cases) {
      const scope = world.scope(chain);
      const found = confirmers(scope, user);
      const member = world.member(chain, user);
      if (found.length > 0 && member !== undefined) {
        return { asked: found.map((each) => each.user), called: found.map((each) => each.callSign), in: { chain, codename: theCase(scope).codename, callSign: member.callSign } };
      }
    }
    // Where nobody can confirm yet, those begin who named the administrators.
    const administers = cases.some((chain) => world.member(chain, user)?.role === "administrator");
    const asked = cases.length === 0 || administers ? owners.filter((owner) => owner !== user) : [];
    return asked.length === 0 ? undefined : { asked, called: asked };
  }

  /** Does what follows from the state: hands answers to the engine, signs identities. Called after every change; never waits and never throws. */
  look(): void {
    const { world, log } = this.#parts;
    for (const { id, state, answer } of world.scope(INSTALLATION).state.comparison.values()) {
      if (state !== "answered" || answer === undefined || this.#answered.has(id)) continue;
      this.#answered.add(id);
      void this.#answer(id, answer.matches).catch((fault: unknown) => void log.bug("confirming.failed", fault));
    }
    this.#isWanted = this.#isReady;
    if (this.#isReady && !this.#isSigning) void this.#sign();
  }

  async #show(comparison: Comparison): Promise<void> {
    const { world, crypto, turns, ctx } = this.#parts;
    const { id, user } = comparison;
    const witnesses = this.witnesses(user);
    const scope = world.scope(INSTALLATION);
    if (witnesses === undefined) {
      await turns.commit({ now: ctx().now, parts: [], trust: "none", notes: [{ chain: INSTALLATION, what: "comparison-without-witness", facts: {}, effects: [tellPeople([user], message(line("comparison.nobody", {})))] }] });
      await crypto.verifications.cancel(id);
      return;
    }
    const emoji = comparison.emoji.map(({ symbol, description }) => ({ symbol, name: description.toLowerCase().replaceAll(/[^a-z]+/g, "_") }));
    await this.#commit([{ chain: INSTALLATION, events: showComparison({ id, user, emoji, decimals: comparison.decimals }, witnesses, scope, ctx()) }]);
  }
  async #end(id: string, end: ComparisonEnding): Promise<void> {
    const { world, ctx } = this.#parts;
    const { events, confirmed } = endComparison(id, end, world.scope(INSTALLATION), ctx().now);
    this.#answered.delete(id);
    if (events.length > 0) await this.#commit([{ chain: INSTALLATION, events }, ...(confirmed === undefined ? [] : [confirmed])]);
  }
  async #commit(parts: readonly Part[]): Promise<void> {
    const { turns, ctx } = this.#parts;
    await turns.commit({ now: ctx().now, parts, trust: "none" });
  }
  #do(job: () => Promise<void>): void {
    const { writer, log } = this.#parts;
    void writer.do("live", job).catch((fault: unknown) => void log.bug("confirming.failed", fault));
  }

  async #answer(id: string, matches: boolean): Promise<void> {
    const { crypto, log } = this.#parts;
    try {
      // What it comes to is told by the engine; if it was over before the answer came, it may have nobody to tell.
      if (!(await crypto.verifications.answer(id, matches))) this.#do(() => this.#end(id, "timeout"));
    } catch (fault) {
      if (this.#stopped) return;
      if (faultOf(fault) === undefined) throw fault;
      // The engine has the answer and sends it as soon as it can.
      log.warn("confirming.waits", { why: "unreachable" });
    }
  }

  async #sign(): Promise<void> {
    const { clock } = this.#parts;
    let waits = false;
    this.#isSigning = true;
    while (this.#isWanted && !this.#stopped) {
      this.#isWanted = false;
      waits = !(await this.#signAll());
    }
    this.#isSigning = false;
    if (waits && !this.#stopped) this.#cancel = clock.wakeAt((clock.now() + SIGN_AGAIN) as Instant, () => this.look());
  }
  /** Whether nothing is left to be signed. */
  async #signAll(): Promise<boolean> {
    const { world, crypto, log } = this.#parts;
    let isDone = true;
    for (const { user, masterKey, confirmed } of [...world.people.values()]) {
      if (this.#stopped) return true;
      if (confirmed === undefined || this.#signed.get(user) === masterKey) continue;
      try {
        if (await crypto.vouch(user, masterKey)) this.#signed.set(user, masterKey);
        else isDone = false;
      } catch (fault) {
        if (this.#stopped) return true;
        if (faultOf(fault) === undefined) log.bug("confirming.failed", fault);
        isDone = false;
      }
    }
    return isDone;
  }
}
