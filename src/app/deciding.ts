/** What a command, an answer or a consent comes to, before anything is committed: no I/O, and nothing changes by it. */
import type { Allowed } from "../chat/allowed.ts";
import { allowed } from "../chat/allowed.ts";
import type { Command } from "../chat/command.ts";
import type { Registry } from "../chat/registry.ts";
import { Draft } from "../domain/chain.ts";
import { COMPARED, compared } from "../domain/comparison.ts";
import { whyNotKnown } from "../domain/confirm-identity.ts";
import { isKeptOut } from "../domain/access.ts";
import type { Author, Chance, Context, Decision, LastHeard, Origin, TickContext } from "../domain/decision.ts";
import { refuse } from "../domain/decision.ts";
import { reply, tellPeople } from "../domain/effect.ts";
import type { ChainId, EventId, Instant, UserId } from "../domain/ids.ts";
import { INSTALLATION } from "../domain/ids.ts";
import { pinning } from "../domain/person.ts";
import { openOf, opensSomething } from "../domain/quota.ts";
import type { Proposal, Request } from "../domain/request.ts";
import { CONSENT, DISSENT, confirmOwn, consent, dissent, dropped, granted, requestConsents, satisfied, stillNeeded } from "../domain/request.ts";
import type { Fact, Line } from "../domain/say.ts";
import { line, message } from "../domain/say.ts";
import type { Scope } from "../domain/state.ts";
import type { Windows } from "../domain/windows.ts";
import type { Clock, InboxEnd, Ratchet } from "../ports.ts";
import { digest } from "./digest.ts";
import type { Home } from "./render.ts";
import { directReader } from "./render.ts";
import type { Settings } from "./settings.ts";
import type { Note, Part } from "./turn.ts";
import type { World } from "./world.ts";

/** Somebody proven, at a place, with the event by which they act. */
export interface Acting {
  readonly author: Author;
  /** The case that a case command is about; missing in a direct chat of somebody who is in none, or in several and named none. */
  readonly chain?: ChainId;
  readonly origin: Origin;
  readonly home: Home;
  readonly late: boolean;
  /** It was said in a room that another has taken the place of. */
  readonly former?: boolean;
  /** When the server says that it was sent; set if it came late and the server says so. */
  readonly sent?: Instant;
  /** So many of their messages before this one were not read as commands, because they were too many. */
  readonly missed?: number;
  readonly cause: EventId;
  readonly ratchet: Ratchet;
}

/** What deciding needs. */
export interface DecidingParts {
  readonly world: World;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly registry: Registry;
  readonly windows: Windows;
  /** Most tasks, alerts and deliveries of one person in one case that may be open. */
  readonly openPerPerson: number;
  /** The least that must be known of whoever gives a command of each weight. */
  readonly trust: Settings["trust"];
  /** Whether somebody may say, now, that what a person and the bot see is the same. */
  mayWitness(user: UserId, of: UserId): boolean;
  /** Whether somebody is named as an owner in the configuration. */
  isOwner(user: UserId): boolean;
  /** When somebody was last heard. */
  lastHeard(user: UserId): LastHeard;
}

/** Parameters as a command's own schema gave them. */
export type Params = Readonly<Record<string, unknown>>;

/** What a command comes to. */
export interface Outcome {
  readonly parts: readonly Part[];
  readonly notes: readonly Note[];
  readonly end: InboxEnd;
}

/** Decides on the state of this moment. */
export class Deciding {
  readonly #parts: DecidingParts;
  constructor(parts: DecidingParts) {
    this.#parts = parts;
  }

  /** What a command comes to: a decision, a question to its author, or questions to those whose consent it needs. */
  decide(command: Command, params: Params, acting: Acting, confirmed: boolean, identities: Context["identities"]): Outcome {
    const chain = this.chainOf(command, acting) ?? INSTALLATION;
    const scope = this.#parts.world.scope(chain);
    const ctx = this.context(acting, identities);
    if (command.neverLate === true && acting.late) return this.refused(command, [line("app.late-not-counted", { at: this.#nowWhen(acting) })], acting);
    if (command.decide === undefined) throw new Error(`${command.name} decides nothing`);
    if (command.weight !== "binding") return this.#outcome(command, command.decide(scope, params as never, ctx), chain, acting);

    if (!confirmed) {
      const prepared = command.prepare?.(scope, params as never, ctx) ?? { ok: true as const, params };
      if (!prepared.ok) return this.refused(command, prepared.lines, acting);
      const first = this.#asIfAllAgreed(command, prepared.params, scope, ctx);
      if (!first.ok) return this.refused(command, first.lines, acting);
      const proposal = this.#proposal(command, prepared.params, chain, ctx);
      return { parts: [{ chain, events: confirmOwn(proposal, scope, ctx) }], notes: [], end: "done" };
    }
    const needs = command.alsoNeeds?.(scope, params as never, ctx) ?? [];
    if (stillNeeded(needs, [acting.author.user]).length === 0) {
      const approvals = [{ by: acting.author.user, at: ctx.now }];
      return this.#outcome(command, command.decide(scope, params as never, { ...ctx, approvals }), chain, acting);
    }
    const first = this.#asIfAllAgreed(command, params, scope, ctx);
    if (!first.ok) return this.refused(command, first.lines, acting);
    const called = Object.fromEntries(needs.flatMap((need) => need.anyOf).map((user) => [user, this.#parts.world.member(chain, user)?.callSign ?? user]));
    // Whoever is asked must be able to read the question: their identity is pinned with what the author has just confirmed.
    const { language, zone } = acting.author.person;
    const pins = stillNeeded(needs, []).flatMap((user) => {
      const shown = ctx.identities?.get(user);
      return shown === undefined ? [] : pinning(user, shown, { language, zone }, scope);
    });
    const asked = requestConsents(this.#proposal(command, params, chain, ctx), needs, called, ctx);
    const introduced = command.introduces?.(scope, params as never, ctx) ?? [];
    return { parts: [{ chain, events: [...pins, ...introduced, ...asked] }], notes: [], end: "done" };
  }

  /** Whether the command would be possible if everybody agreed: nobody is asked for what cannot be done. */
  #asIfAllAgreed(command: Command, params: Params, scope: Scope, ctx: Context): Decision {
    if (command.decide === undefined) throw new Error(`${command.name} decides nothing`);
    const needs = command.alsoNeeds?.(scope, params as never, ctx) ?? [];
    const approvals = [...new Set([ctx.author.user, ...needs.flatMap((need) => need.anyOf)])].map((by) => ({ by, at: ctx.now }));
    return command.decide(scope, params as never, { ...ctx, approvals });
  }

  /** The command behind a button, run for the person who tapped it. */
  prepared(name: string, raw: Params, found: { readonly chain: ChainId }, acting: Acting, confirmed: boolean, identities: Context["identities"]): Outcome {
    const command = this.#parts.registry.named(name);
    const params = command?.params.safeParse(raw);
    if (command === undefined || params === undefined || !params.success) throw new Error("a question holds a command that this build does not know");
    const chain = command.scope === "case" ? found.chain : acting.chain;
    const { chain: _chain, ...rest } = acting;
    const member = chain === undefined ? undefined : this.#parts.world.member(chain, acting.author.user);
    const { member: _member, ...author } = acting.author;
    const now = { ...rest, ...(chain === undefined ? {} : { chain }), author: member === undefined ? author : { ...author, member } };
    // Asked again: between the question and the tap a role may have been taken away, or the agreement may have ended.
    const refused = this.refusal(command, { ...now, origin: { ...now.origin, room: command.rooms[0] ?? now.origin.room } });
    return refused === undefined ? this.decide(command, params.data, now, confirmed, identities) : this.refused(command, refused, now);
  }

  /** Why the consent of somebody does not count yet: it binds like the command itself. To refuse needs nothing more than to be asked. */
  unknownTo(what: string, chain: ChainId, acting: Acting): Outcome | undefined {
    const lines = what === CONSENT ? whyNotKnown(acting.author.person, this.#parts.trust.binding, this.#caseOfTheirs(acting)) : undefined;
    return lines && { parts: [], end: "refused", notes: [{ chain, what: "refused", facts: { command: what, code: "identity.needed" }, effects: [reply(message(...lines))] }] };
  }

  /** What a witness says of the emoji that somebody has read to them. */
  compared(params: Params, acting: Acting): Outcome {
    const { world, clock } = this.#parts;
    const found = world.scope(INSTALLATION).state.comparison.get(String(params["comparison"]));
    const { user } = acting.author;
    const decision = compared(found, user, params["matches"] === true, found !== undefined && this.#parts.mayWitness(user, found.user), clock.now());
    if (decision.ok) return { parts: [{ chain: INSTALLATION, events: decision.events }], notes: [], end: "done" };
    return { parts: [], end: "refused", notes: [{ chain: INSTALLATION, what: "refused", facts: { command: COMPARED }, effects: [reply(message(...decision.lines))] }] };
  }

  /** What the consent or the refusal of one of those asked comes to; with the last consent the command itself is decided. */
  consentTo(what: string, id: string, chain: ChainId, acting: Acting, identities: Context["identities"]): Outcome {
    const { world, clock } = this.#parts;
    const now = clock.now();
    const scope = world.scope(chain);
    const request = scope.state.request.get(id);
    const decision = what === CONSENT ? consent(request, acting.author.user, now) : dissent(request, acting.author.user, scope, now);
    if (!decision.ok) return { parts: [], end: "refused", notes: [{ chain, what: "refused", facts: { command: what }, effects: [reply(message(...decision.lines))] }] };
    if (what === DISSENT || request === undefined) return { parts: [{ chain, events: decision.events }], notes: [], end: "done" };
    const draft = new Draft(scope.state);
    for (const event of decision.events) draft.apply(event);
    const after = draft.view.request.get(id);
    if (after === undefined || !satisfied(after)) return { parts: [{ chain, events: decision.events }], notes: [], end: "done" };
    const made = this.#granted(after, chain, identities);
    if (!made.ok) {
      return {
        parts: [{ chain, events: [...decision.events, ...dropped(request, scope, now)] }], end: "done",
        notes: [{ chain, what: "refused", facts: { command: request.does.command }, effects: [tellPeople([request.author], message(...made.lines))] }],
      };
    }
    return { parts: [{ chain, events: [...decision.events, ...granted(request, scope, now)] }, { chain: made.chain ?? chain, events: made.events }], notes: [], end: "done" };
  }

  /** All have consented: decided anew in the name of its author, on the state of this moment. */
  #granted(request: Request, chain: ChainId, identities: Context["identities"]): Decision {
    const { world, registry } = this.#parts;
    const command = registry.named(request.does.command);
    const params = command?.params.safeParse(request.does.params);
    const person = world.people.get(request.author);
    if (command?.decide === undefined || params === undefined || !params.success || person === undefined) throw new Error("a request holds a command that this build does not know");
    if (isKeptOut(world.people, request.author)) return refuse("access.author-kept-out", {});
    const member = world.member(chain, request.author);
    const author: Author = { user: request.author, person, owner: this.#parts.isOwner(request.author), ...(member === undefined ? {} : { member }) };
    const { slot } = world.direct(request.author);
    // Between the confirmation and the last consent the author may have lost the role, or the agreement may have ended.
    const place = { room: command.rooms[0] ?? "direct", slot } as const;
    const refused = this.refusal(command, { author, origin: place, ...(chain === INSTALLATION ? {} : { chain }) });
    if (refused !== undefined) return { ok: false, lines: refused };
    const ctx: Context = {
      ...this.tickContext(this.#parts.clock.now()), author, origin: { room: "direct", slot },
      approvals: request.given.filter(({ by }) => !isKeptOut(world.people, by)), agreed: request.digest, ...(identities === undefined ? {} : { identities }),
    };
    return command.decide(world.scope(chain), params.data as never, ctx);
  }

  #proposal(command: Command, params: Params, chain: ChainId, ctx: Context): Proposal {
    if (command.confirms === undefined) throw new Error(`${command.name} binds and does not say what it confirms`);
    const scope = this.#parts.world.scope(chain);
    const codename = scope.state.case.get("case")?.codename ?? command.codename?.(params as never) ?? "Relevo";
    return { does: { command: command.name, params, confirmed: true }, details: command.confirms(scope, params as never, ctx), codename };
  }

  #outcome(command: Command, decision: Decision, chain: ChainId, acting: Acting): Outcome {
    if (!decision.ok) return this.refused(command, decision.lines, acting);
    const { world, openPerPerson } = this.#parts;
    if (opensSomething(decision.events) && openOf(world.scope(chain), acting.author.user) >= openPerPerson) {
      return this.refused(command, [line("quota.too-many-open", { most: openPerPerson })], acting);
    }
    return { parts: [{ chain: decision.chain ?? chain, events: decision.events }], notes: decision.events.length > 0 ? [] : [{ chain, what: "command", facts: { command: command.name } }], end: "done" };
  }

  /** A refusal, on record with its code and told where the command was given. */
  refused(command: Command, lines: readonly Line[], acting: Acting): Outcome {
    const chain = acting.chain ?? INSTALLATION;
    const code = lines[0]?.code ?? "none";
    return { parts: [], end: "refused", notes: [{ chain, what: "refused", facts: { command: command.name, code }, effects: lines.length === 0 ? [] : [reply(message(...lines))] }] };
  }

  /** Why this person may not give this command here and now: nothing of what was typed is repeated. */
  refusal(command: Command, acting: Pick<Acting, "author" | "chain" | "origin">): readonly Line[] | undefined {
    // Since they were proven they may have been cut off; a stop that came before counts.
    if (command.weight !== "stop" && isKeptOut(this.#parts.world.people, acting.author.user)) return [];
    const scope = acting.chain === undefined ? undefined : this.#parts.world.scope(acting.chain);
    if (command.scope === "case" && scope === undefined) {
      const codenames = this.#parts.world.casesOf(acting.author.user).flatMap((id) => this.#parts.world.chain(id).view.case.get("case")?.codename ?? []);
      const [first] = codenames;
      if (first === undefined) return [line("app.no-case", {})];
      return [line("app.which-case", { codenames: { fact: "list", items: codenames }, example: { fact: "typed", line: `${first} ${command.weight === "stop" && command.short !== undefined ? command.short : command.examples[0] ?? command.name}` } })];
    }
    const caseState = scope?.state.case.get("case")?.state;
    // A command of the person, not of a case, is for whoever is in any case.
    const { user, member } = acting.author;
    const members = command.scope === "case" ? [member] : this.#parts.world.casesOf(user).map((id) => this.#parts.world.member(id, user));
    const roles = members.flatMap((each) => each?.role ?? []);
    const verdict: Allowed = allowed(command, {
      roles, owner: acting.author.owner, place: acting.origin.room,
      ...(caseState === undefined ? {} : { caseState }),
    });
    if (verdict.ok) return whyNotKnown(acting.author.person, this.#parts.trust[command.weight], this.#caseOfTheirs(acting));
    switch (verdict.rule) {
      case "role": return [line("app.not-allowed", {})];
      case "place": return [line("app.not-here", { where: { fact: "list", items: command.rooms.map((room) => ({ fact: "nested", line: line(`app.place-${room}`, {}) })) } })];
      case "state": return [line("app.not-now", {})];
    }
  }

  /** The case that is meant, or some case of theirs: who can confirm them is found there. */
  #caseOfTheirs({ author, chain }: Pick<Acting, "author" | "chain">): Scope | undefined {
    const { world } = this.#parts;
    const found = chain ?? world.casesOf(author.user)[0];
    return found === undefined ? undefined : world.scope(found);
  }

  /**
   * What only its author may know is answered in their direct chat, wherever it was typed; so is a command about another delivery than the room's,
   * because those who read there may not even know that there is one.
   */
  answeredTo(command: Command, params: Params, acting: Acting): Acting {
    const { room, delivery } = acting.origin;
    const aboutAnother = room === "delivery" && params["delivery"] !== undefined && params["delivery"] !== delivery;
    return command.audience === "room" && !aboutAnother ? acting : this.alone(acting);
  }
  /** The same person, answered in their direct chat. */
  alone(acting: Acting): Acting {
    if (acting.origin.room === "direct") return acting;
    const at = this.#parts.world.direct(acting.author.user);
    return { ...acting, origin: { room: "direct", slot: at.slot }, home: { at, reader: directReader(acting.author.person, this.#parts.clock.now()) } };
  }

  /** The chain that a command is decided on. */
  chainOf(command: Command, acting: Acting): ChainId | undefined {
    return command.scope === "case" ? acting.chain : INSTALLATION;
  }

  /** What a rule may know besides the state. */
  context(acting: Acting, identities: Context["identities"]): Context {
    return {
      ...this.tickContext(this.#parts.clock.now()), author: acting.author, origin: acting.origin,
      ...(identities === undefined ? {} : { identities }),
    };
  }
  /** The same where nobody acts but time. */
  tickContext(now: Instant): TickContext {
    return { now, chance: this.#parts.chance, windows: this.#parts.windows, digest, lastHeard: (user) => this.#parts.lastHeard(user) };
  }
  #nowWhen(acting: Acting): Fact {
    return { fact: "when", at: this.#parts.clock.now(), zone: acting.author.person.zone };
  }
}
