/** From a command, a tap or a moment to a turn of the writer: who may, what is asked first, what is decided, what is told. */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { Allowed } from "../chat/allowed.ts";
import { allowed } from "../chat/allowed.ts";
import type { Asked, Command } from "../chat/command.ts";
import type { Registry } from "../chat/registry.ts";
import { Draft } from "../domain/chain.ts";
import type { Author, Context, Decision, Origin, TickContext } from "../domain/decision.ts";
import type { Effect } from "../domain/effect.ts";
import { reply, tellPeople } from "../domain/effect.ts";
import { ENTITIES } from "../domain/entities.ts";
import type { ChainId, EventId, Instant, MasterKey, UserId } from "../domain/ids.ts";
import { INSTALLATION } from "../domain/ids.ts";
import type { Option, Question } from "../domain/question.ts";
import { answer, whyIgnored } from "../domain/question.ts";
import type { Proposal, Request } from "../domain/request.ts";
import { CONSENT, DISSENT, confirmOwn, consent, dissent, dropped, granted, requestConsents, satisfied, stillNeeded } from "../domain/request.ts";
import type { Line } from "../domain/say.ts";
import { line, message } from "../domain/say.ts";
import { pinning } from "../domain/person.ts";
import type { Scope } from "../domain/state.ts";
import type { Windows } from "../domain/windows.ts";
import type { Chance } from "../domain/decision.ts";
import type { Clock, Crypto, InboxEnd, Journal, Proof, Ratchet, Trust } from "../ports.ts";
import type { Home } from "./render.ts";
import { directReader } from "./render.ts";
import type { Wake } from "./scheduler.ts";
import type { Note, Part, Turn, Turns } from "./turn.ts";
import type { World } from "./world.ts";

declare module "../domain/say.ts" {
  interface Sayings {
    "app.failed": Record<never, never>;
    "app.not-here": { where: Fact };
    "app.not-allowed": Record<never, never>;
    "app.not-now": Record<never, never>;
    "app.no-case": Record<never, never>;
    "app.which-case": { codenames: Fact; example: Fact };
    "app.late-not-counted": { at: Fact };
    "app.edited": Record<never, never>;
    "app.ambiguous": Record<never, never>;
    "app.ambiguous-stub": { codename: string };
    "app.none-of-these": Record<never, never>;
    "app.unproven": Record<never, never>;
    "app.stop-raw": { who: string };
    "app.unproven-stop": { codename: string; delivery: string };
    "app.repair-failed": { room: string; step: string };
    "app.checkpoint": Record<never, never>;
    "app.place-workspace": Record<never, never>;
    "app.place-delivery": Record<never, never>;
    "app.place-direct": Record<never, never>;
  }
}
type Fact = import("../domain/say.ts").Fact;

/** Somebody proven, at a place, with the event by which they act. */
export interface Acting {
  readonly author: Author;
  /** The case that a case command is about; missing in a direct chat of somebody who is in none, or in several and named none. */
  readonly chain?: ChainId;
  readonly origin: Origin;
  readonly home: Home;
  readonly late: boolean;
  readonly cause: EventId;
  readonly ratchet: Ratchet;
}

/** What deciding needs. */
export interface FlowParts {
  readonly world: World;
  readonly turns: Turns;
  readonly journal: Journal;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly registry: Registry;
  readonly windows: Windows;
  /** Whether somebody is named as an owner in the configuration. */
  isOwner(user: UserId): boolean;
}

type Params = Readonly<Record<string, unknown>>;

/** What a command comes to, before it is committed. */
interface Outcome {
  readonly parts: readonly Part[];
  readonly notes: readonly Note[];
  readonly end: InboxEnd;
}

/** Decides commands, answers and ticks; every method commits exactly one turn. Called by the writer only, but for {@link Flow.read}. */
export class Flow {
  readonly #parts: FlowParts;
  constructor(parts: FlowParts) {
    this.#parts = parts;
  }

  /** Runs a command that was typed; reads are answered outside the writer by {@link read}. */
  async command(command: Command, params: Params, acting: Acting, identities: Context["identities"]): Promise<void> {
    const refused = this.refusal(command, acting);
    if (refused !== undefined) {
      await this.#commit(acting, this.#refusal(command, refused, acting));
      return;
    }
    const answered = this.#answeredTo(command, acting);
    await this.#commit(answered, this.#decide(command, params, answered, false, identities));
  }

  /** A tap, or `yes CODE`: the answer's own command runs as if typed, on the state of this moment. */
  async answer(found: { readonly chain: ChainId; readonly question: Question }, option: Option, acting: Acting, identities: Context["identities"]): Promise<void> {
    const now = this.#parts.clock.now();
    const { counts, decision } = answer(found.question, acting.author.user, option, now);
    const own: Part = { chain: found.chain, events: decision.ok ? decision.events : [] };
    if (!counts) {
      const first = own.events[0];
      const why = first?.type === "question.vote-ignored" ? first.why : "not-asked";
      const refusal = why === "not-asked" ? undefined : whyIgnored(found.question, why);
      const effects = refusal !== undefined && !refusal.ok ? [reply(message(...refusal.lines))] : [];
      await this.#commit(acting, { parts: [own], notes: [{ chain: found.chain, what: "vote-ignored", facts: { why }, effects }], end: "refused" });
      return;
    }
    const does = option.does;
    if (does === undefined) {
      await this.#commit(acting, { parts: [own], notes: [], end: "done" });
      return;
    }
    const outcome = does.command === CONSENT || does.command === DISSENT
      ? this.#consent(does.command, String(does.params["request"]), found.chain, acting, identities)
      : this.#prepared(does.command, does.params, found, acting, does.confirmed, identities);
    await this.#commit(acting, { ...outcome, parts: [own, ...outcome.parts] });
  }

  /** Time has come for an entity. */
  async tick(wake: Wake): Promise<boolean> {
    const { world, clock, windows } = this.#parts;
    const scope = world.scope(wake.chain);
    const entity = scope.state[wake.kind].get(wake.key);
    const rule = ENTITIES[wake.kind];
    const now = clock.now();
    const at = entity === undefined ? undefined : rule.nextWake?.(entity, windows, scope);
    if (entity === undefined || at === undefined || at > now || rule.tick === undefined) return true;
    const decision = rule.tick(entity, this.#tickContext(now), scope);
    if (!decision.ok || decision.events.length === 0) return false;
    await this.#parts.turns.commit({ now, parts: [{ chain: decision.chain ?? wake.chain, events: decision.events }], trust: "none" });
    return true;
  }

  /** A read: outside the queue, journalled, answered where it was asked. */
  async read(command: Command, params: Params, typed: Acting, asked: Asked): Promise<void> {
    const refused = this.refusal(command, typed);
    if (refused !== undefined) {
      await this.#commit(typed, this.#refusal(command, refused, typed));
      return;
    }
    const acting = this.#answeredTo(command, typed);
    const chain = this.#chainOf(command, acting) ?? INSTALLATION;
    const said = await command.answer?.(this.#parts.world.scope(chain), params as never, this.#context(acting, undefined), asked);
    await this.#commit(acting, {
      parts: [], end: "done",
      notes: [{ chain, what: "read", facts: { command: command.name }, effects: said === undefined ? [] : [reply(said)] }],
    });
  }

  /** Something that is refused before any command was recognised. */
  async refuse(acting: Acting, what: string, lines: readonly Line[]): Promise<void> {
    await this.#commit(acting, {
      parts: [], end: "refused",
      notes: [{ chain: acting.chain ?? INSTALLATION, what, facts: {}, effects: lines.length === 0 ? [] : [reply(message(...lines))] }],
    });
  }

  /** A command came in somebody's name from a device that is not theirs as far as can be proven. */
  async tellUnproven(user: UserId, cause: EventId): Promise<void> {
    await this.#parts.turns.commit({
      now: this.#parts.clock.now(), parts: [], trust: "none", cause, inboxEnd: { event: cause, end: "refused" },
      notes: [{ chain: INSTALLATION, what: "sender-device-unproven", facts: {}, effects: [tellPeople([user], message(line("app.unproven", {})))] }],
    });
  }

  /** Puts a question of the bot's own (which of several readings was meant). */
  async ask(acting: Acting, chain: ChainId, events: Part["events"]): Promise<void> {
    await this.#commit(acting, { parts: [{ chain, events }], notes: [], end: "done" });
  }

  /** A bug: the command is over, its author is told; a stop goes out raw, because it must count whatever else is broken. */
  async failed(acting: Acting, command: Command | undefined, circle: readonly UserId[]): Promise<void> {
    const who = acting.author.member?.callSign ?? "?";
    const effects: Effect[] = [reply(message(line("app.failed", {})))];
    if (command?.weight === "stop") {
      effects.push({ effect: "say", to: { to: "people", users: circle }, message: message(line("app.stop-raw", { who })), wakes: true, mentions: circle, lane: "stop" });
    }
    await this.#commit(acting, {
      parts: [], end: "failed",
      notes: [{ chain: acting.chain ?? INSTALLATION, what: "command-failed", facts: { command: command?.name ?? "unknown" }, effects }],
    });
  }

  #decide(command: Command, params: Params, acting: Acting, confirmed: boolean, identities: Context["identities"]): Outcome {
    const chain = this.#chainOf(command, acting) ?? INSTALLATION;
    const scope = this.#parts.world.scope(chain);
    const ctx = this.#context(acting, identities);
    if (command.neverLate === true && acting.late) return this.#refusal(command, [line("app.late-not-counted", { at: this.#nowWhen(acting) })], acting);
    if (command.decide === undefined) throw new Error(`${command.name} decides nothing`);
    if (command.weight !== "binding") return this.#outcome(command, command.decide(scope, params as never, ctx), chain, acting);

    if (!confirmed) {
      const prepared = command.prepare?.(scope, params as never, ctx) ?? { ok: true as const, params };
      if (!prepared.ok) return this.#refusal(command, prepared.lines, acting);
      const first = this.#asIfAllAgreed(command, prepared.params, scope, ctx);
      if (!first.ok) return this.#refusal(command, first.lines, acting);
      const proposal = this.#proposal(command, prepared.params, chain, ctx);
      return { parts: [{ chain, events: [confirmOwn(proposal, ctx)] }], notes: [], end: "done" };
    }
    const needs = command.alsoNeeds?.(scope, params as never, ctx) ?? [];
    if (stillNeeded(needs, [acting.author.user]).length === 0) {
      const approvals = [{ by: acting.author.user, at: ctx.now }];
      return this.#outcome(command, command.decide(scope, params as never, { ...ctx, approvals }), chain, acting);
    }
    const first = this.#asIfAllAgreed(command, params, scope, ctx);
    if (!first.ok) return this.#refusal(command, first.lines, acting);
    const called = Object.fromEntries(needs.flatMap((need) => need.anyOf).map((user) => [user, this.#parts.world.member(chain, user)?.callSign ?? user]));
    // Whoever is asked must be able to read the question: their identity is pinned with what the author has just confirmed.
    const { language, zone } = acting.author.person;
    const pins = stillNeeded(needs, []).flatMap((user) => {
      const shown = ctx.identities?.get(user);
      return shown === undefined ? [] : pinning(user, shown, { language, zone }, scope);
    });
    const asked = requestConsents(this.#proposal(command, params, chain, ctx), needs, called, ctx);
    return { parts: [{ chain, events: [...pins, ...asked] }], notes: [], end: "done" };
  }

  /** Whether the command would be possible if everybody agreed: nobody is asked for what cannot be done. */
  #asIfAllAgreed(command: Command, params: Params, scope: Scope, ctx: Context): Decision {
    if (command.decide === undefined) throw new Error(`${command.name} decides nothing`);
    const needs = command.alsoNeeds?.(scope, params as never, ctx) ?? [];
    const approvals = [...new Set([ctx.author.user, ...needs.flatMap((need) => need.anyOf)])].map((by) => ({ by, at: ctx.now }));
    return command.decide(scope, params as never, { ...ctx, approvals });
  }

  /** The command behind a button, run for the person who tapped it. */
  #prepared(name: string, raw: Params, found: { readonly chain: ChainId }, acting: Acting, confirmed: boolean, identities: Context["identities"]): Outcome {
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
    return refused === undefined ? this.#decide(command, params.data, now, confirmed, identities) : this.#refusal(command, refused, now);
  }

  #consent(what: string, id: string, chain: ChainId, acting: Acting, identities: Context["identities"]): Outcome {
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
    const member = world.member(chain, request.author);
    const author: Author = { user: request.author, person, owner: this.#parts.isOwner(request.author), ...(member === undefined ? {} : { member }) };
    const ctx: Context = {
      ...this.#tickContext(this.#parts.clock.now()), author, origin: { room: "direct", slot: world.direct(request.author).slot },
      approvals: request.given, agreed: request.digest, ...(identities === undefined ? {} : { identities }),
    };
    return command.decide(world.scope(chain), params.data as never, ctx);
  }

  /** A stop that decrypts but whose author is not proven: it moves nothing and alarms those whom it would concern. */
  async unprovenStop(acting: Acting & { readonly chain: ChainId }, proof: Proof, circle: readonly UserId[]): Promise<void> {
    const codename = this.#parts.world.chain(acting.chain).view.case.get("case")?.codename ?? "";
    const stub = message(line("app.unproven-stop", { codename, delivery: acting.origin.delivery ?? "" }));
    await this.#commit(acting, {
      parts: [], end: "refused",
      notes: [{
        chain: acting.chain, what: "unproven-stop", facts: { proof },
        effects: circle.length === 0 ? [] : [{ effect: "say", to: { to: "people", users: circle }, message: stub, wakes: true, mentions: circle, lane: "stop" }],
      }],
    }, "none");
  }

  /** What putting a question needs besides the question. */
  questionContext(): TickContext {
    return this.#tickContext(this.#parts.clock.now());
  }

  #proposal(command: Command, params: Params, chain: ChainId, ctx: Context): Proposal {
    if (command.confirms === undefined) throw new Error(`${command.name} binds and does not say what it confirms`);
    const scope = this.#parts.world.scope(chain);
    const codename = scope.state.case.get("case")?.codename ?? command.codename?.(params as never) ?? "Relevo";
    return { does: { command: command.name, params, confirmed: true }, details: command.confirms(scope, params as never, ctx), codename };
  }

  #outcome(command: Command, decision: Decision, chain: ChainId, acting: Acting): Outcome {
    if (!decision.ok) return this.#refusal(command, decision.lines, acting);
    return { parts: [{ chain: decision.chain ?? chain, events: decision.events }], notes: decision.events.length > 0 ? [] : [{ chain, what: "command", facts: { command: command.name } }], end: "done" };
  }

  #refusal(command: Command, lines: readonly Line[], acting: Acting): Outcome {
    const chain = acting.chain ?? INSTALLATION;
    const code = lines[0]?.code ?? "none";
    return { parts: [], end: "refused", notes: [{ chain, what: "refused", facts: { command: command.name, code }, effects: lines.length === 0 ? [] : [reply(message(...lines))] }] };
  }

  /** Why this person may not give this command here and now: nothing of what was typed is repeated. */
  refusal(command: Command, acting: Pick<Acting, "author" | "chain" | "origin">): readonly Line[] | undefined {
    const scope = acting.chain === undefined ? undefined : this.#parts.world.scope(acting.chain);
    if (command.scope === "case" && scope === undefined) {
      const codenames = this.#parts.world.casesOf(acting.author.user).flatMap((id) => this.#parts.world.chain(id).view.case.get("case")?.codename ?? []);
      const [first] = codenames;
      if (first === undefined) return [line("app.no-case", {})];
      return [line("app.which-case", { codenames: { fact: "list", items: codenames }, example: { fact: "typed", line: `${first} ${command.examples[0] ?? command.name}` } })];
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
    if (verdict.ok) return undefined;
    switch (verdict.rule) {
      case "role": return [line("app.not-allowed", {})];
      case "place": return [line("app.not-here", { where: { fact: "list", items: command.rooms.map((room) => ({ fact: "nested", line: line(`app.place-${room}`, {}) })) } })];
      case "state": return [line("app.not-now", {})];
    }
  }

  /** What only its author may know is answered in their direct chat, wherever it was typed. */
  #answeredTo(command: Command, acting: Acting): Acting {
    if (command.audience === "room" || acting.origin.room === "direct") return acting;
    const at = this.#parts.world.direct(acting.author.user);
    return { ...acting, origin: { room: "direct", slot: at.slot }, home: { at, reader: directReader(acting.author.person, this.#parts.clock.now()) } };
  }

  #chainOf(command: Command, acting: Acting): ChainId | undefined {
    return command.scope === "case" ? acting.chain : INSTALLATION;
  }

  #context(acting: Acting, identities: Context["identities"]): Context {
    return {
      ...this.#tickContext(this.#parts.clock.now()), author: acting.author, origin: acting.origin,
      ...(identities === undefined ? {} : { identities }),
    };
  }
  #tickContext(now: Instant): TickContext {
    return { now, chance: this.#parts.chance, windows: this.#parts.windows, digest };
  }
  #nowWhen(acting: Acting): Fact {
    return { fact: "when", at: this.#parts.clock.now(), zone: acting.author.person.zone };
  }

  async #commit(acting: Acting, outcome: Outcome, trust: Trust = "pinned-signed"): Promise<void> {
    const turn: Turn = {
      now: this.#parts.clock.now(), parts: outcome.parts, notes: outcome.notes, actor: acting.author.user, cause: acting.cause, trust,
      home: acting.home, inboxEnd: { event: acting.cause, end: outcome.end }, ratchet: acting.ratchet,
    };
    await this.#parts.turns.commit(turn);
  }
}

const SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** SHA-256 over canonical JSON (RFC 8785), its first 40 bits in Crockford's base 32 as `7F3Q-19KD`: short enough to be compared aloud. */
export function digest(value: unknown): string {
  const bytes = createHash("sha256").update(`relevo/digest/1\n${canonicalize(value) ?? ""}`).digest();
  let bits = bytes.readUIntBE(0, 5);
  let text = "";
  for (let i = 0; i < 8; i += 1) {
    text = SIGNS.charAt(bits % 32) + text;
    bits = Math.floor(bits / 32);
  }
  return `${text.slice(0, 4)}-${text.slice(4)}`;
}

/** Matrix users named anywhere in a command's parameters: their identities are looked up before it is decided. */
export function usersIn(value: unknown, depth = 0): UserId[] {
  if (depth > 8) return [];
  if (typeof value === "string") return /^@[^:\s]{0,255}:\S{1,255}$/.test(value) ? [value as UserId] : [];
  if (typeof value !== "object" || value === null) return [];
  return [...new Set(Object.values(value).flatMap((each) => usersIn(each, depth + 1)))].slice(0, 50);
}
/** Master keys that the server shows for these people, each asked once. */
export async function identitiesOf(users: readonly UserId[], crypto: Crypto): Promise<ReadonlyMap<UserId, MasterKey>> {
  const found = await Promise.all(users.map(async (user) => [user, await crypto.masterKey(user)] as const));
  return new Map(found.flatMap(([user, key]) => (key === undefined ? [] : [[user, key] as const])));
}
