/** From a command, a tap or a moment to a turn of the writer; what each comes to is decided in deciding.ts. */
import type { Asked, Command } from "../chat/command.ts";
import { stopsDelivery } from "../chat/command.ts";
import { COMPARED } from "../domain/comparison.ts";
import type { Context, TickContext } from "../domain/decision.ts";
import type { Effect } from "../domain/effect.ts";
import { reply, tellPeople } from "../domain/effect.ts";
import { ENTITIES } from "../domain/entities.ts";
import type { ChainId, EventId, Instant, UserId } from "../domain/ids.ts";
import { INSTALLATION } from "../domain/ids.ts";
import type { Option, Question } from "../domain/question.ts";
import { answer, whyIgnored } from "../domain/question.ts";
import { CONSENT, DISSENT } from "../domain/request.ts";
import type { Line } from "../domain/say.ts";
import { line, message, when } from "../domain/say.ts";
import type { InboxEnd, Trust } from "../ports.ts";
import type { Acting, DecidingParts, Outcome, Params } from "./deciding.ts";
import { Deciding } from "./deciding.ts";
import type { Counter, Health } from "./health.ts";
import type { Wake } from "./scheduler.ts";
import type { Part, Turn, Turns } from "./turn.ts";

/** What the flow needs. */
export interface FlowParts extends DecidingParts {
  readonly turns: Turns;
  readonly health: Health;
}

/** Decides commands, answers and ticks; every method commits exactly one turn. Called by the writer only, but for {@link Flow.read}. */
export class Flow {
  readonly #parts: FlowParts;
  readonly #deciding: Deciding;
  constructor(parts: FlowParts) {
    this.#parts = parts;
    this.#deciding = new Deciding(parts);
  }

  /** Why this person may not give this command here and now; undefined if they may. */
  refusal(command: Command, acting: Pick<Acting, "author" | "chain" | "origin">): readonly Line[] | undefined {
    return this.#deciding.refusal(command, acting);
  }

  /** Runs a command that was typed; reads are answered outside the writer by {@link read}. */
  async command(command: Command, params: Params, acting: Acting, identities: Context["identities"]): Promise<void> {
    const refused = this.#deciding.refusal(command, acting);
    if (refused !== undefined) {
      await this.#commit(acting, this.#deciding.refused(command, refused, acting));
      return;
    }
    const answered = this.#deciding.answeredTo(command, params, acting);
    await this.#commit(answered, this.#deciding.decide(command, params, answered, false, identities));
  }

  /** A tap, or `yes CODE`: the answer's own command runs as if typed, on the state of this moment. */
  async answer(heard: { readonly chain: ChainId; readonly question: Question }, option: Option, typed: Acting, identities: Context["identities"]): Promise<void> {
    const now = this.#parts.clock.now();
    // Another answer may have been decided since this one was heard.
    const found = { chain: heard.chain, question: this.#parts.world.chain(heard.chain).view.question.get(heard.question.id) ?? heard.question };
    // A code can be typed anywhere: what follows is told where the question stands, and never to those who happen to read along.
    const { to } = found.question;
    const acting = to.to === "room" && to.slot === typed.origin.slot ? typed : this.#deciding.alone(typed);
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
    if (does.command === COMPARED) {
      const outcome = this.#deciding.compared(does.params, acting);
      await this.#commit(acting, { ...outcome, parts: [own, ...outcome.parts] });
      return;
    }
    // The question stays open: they may answer it when they have been confirmed.
    const unknown = this.#deciding.unknownTo(does.command, found.chain, acting);
    if (unknown !== undefined) {
      await this.#commit(acting, unknown);
      return;
    }
    const outcome = does.command === CONSENT || does.command === DISSENT
      ? this.#deciding.consentTo(does.command, String(does.params["request"]), found.chain, acting, identities)
      : this.#deciding.prepared(does.command, does.params, found, acting, does.confirmed, identities);
    await this.#commit(acting, { ...outcome, parts: [own, ...outcome.parts] });
  }

  /** Time has come for an entity; `mark` is said with whatever is said because of it, `digested`: reminders are not, a digest tells of them. */
  async tick(wake: Wake, mark?: Line, digested = false): Promise<boolean> {
    const { world, clock, windows } = this.#parts;
    const scope = world.scope(wake.chain);
    const entity = scope.state[wake.kind].get(wake.key);
    const rule = ENTITIES[wake.kind];
    const now = clock.now();
    const at = entity === undefined ? undefined : rule.nextWake?.(entity, windows, scope);
    if (entity === undefined || at === undefined || at > now || rule.tick === undefined) return true;
    const decision = rule.tick(entity, this.#deciding.tickContext(now), scope);
    if (!decision.ok || decision.events.length === 0) return false;
    await this.#parts.turns.commit({
      now, parts: [{ chain: decision.chain ?? wake.chain, events: decision.events }], trust: "none",
      digested,
      ...(mark === undefined ? {} : { mark: { line: mark, stubs: true }, notes: [{ chain: wake.chain, what: "backlog-not-read", facts: { kind: wake.kind } }] }),
    });
    return true;
  }

  /** A read: outside the queue, journalled, answered where it was asked. */
  async read(command: Command, params: Params, typed: Acting, asked: Asked): Promise<void> {
    const refused = this.#deciding.refusal(command, typed);
    if (refused !== undefined) {
      await this.#commit(typed, this.#deciding.refused(command, refused, typed));
      return;
    }
    const acting = this.#deciding.answeredTo(command, params, typed);
    const chain = this.#deciding.chainOf(command, acting) ?? INSTALLATION;
    const said = await command.answer?.(this.#parts.world.scope(chain), params as never, this.#deciding.context(acting, undefined), asked);
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
  async tellUnproven(user: UserId, cause: EventId, imported: boolean): Promise<void> {
    await this.#parts.turns.commit({
      now: this.#parts.clock.now(), parts: [], trust: "none", cause, inboxEnd: { event: cause, end: "refused" },
      notes: [{
        chain: INSTALLATION, what: imported ? "said-before-recovery" : "sender-device-unproven", facts: {},
        effects: [tellPeople([user], message(imported ? line("app.unproven-imported", {}) : line("app.unproven", {})))],
      }],
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
    if (stopsDelivery(command)) {
      effects.push({ effect: "say", to: { to: "people", users: circle }, message: message(line("app.stop-raw", { who })), wakes: true, mentions: circle, lane: "stop" });
    }
    await this.#commit(acting, {
      parts: [], end: "failed",
      notes: [{ chain: acting.chain ?? INSTALLATION, what: "command-failed", facts: { command: command?.name ?? "unknown" }, effects }],
    });
  }

  /** A stop that decrypts but whose author is not proven: it moves nothing and alarms those whom it would concern. */
  async unprovenStop(acting: Acting & { readonly chain: ChainId }, proof: string, circle: readonly UserId[]): Promise<void> {
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
    return this.#deciding.tickContext(this.#parts.clock.now());
  }

  async #commit(acting: Acting, outcome: Outcome, trust: Trust = acting.author.person.confirmed === undefined ? "pinned-signed" : "confirmed"): Promise<void> {
    const turn: Turn = {
      now: this.#parts.clock.now(), parts: outcome.parts, notes: outcome.notes, actor: acting.author.user, cause: acting.cause, trust,
      home: acting.home, inboxEnd: { event: acting.cause, end: outcome.end }, ratchet: acting.ratchet,
      ...marked(acting, outcome.end, this.#parts.clock.now()),
    };
    await this.#parts.turns.commit(turn);
    const counter = COUNTED[outcome.end];
    if (counter !== undefined) this.#parts.health.count(counter);
  }
}

/** What is added to what is said because of it. */
function marked(acting: Acting, end: InboxEnd, now: Instant): Pick<Turn, "mark"> {
  if (acting.missed !== undefined) return { mark: { line: line("quota.not-read", { count: acting.missed }), stubs: false } };
  return acting.late && end === "done" ? { mark: { line: lateLine(acting, now), stubs: false } } : {};
}

/** That it was carried out late, and when it was sent as far as the server says. */
function lateLine({ sent, author }: Acting, now: Instant): Line {
  const { zone } = author.person;
  return sent === undefined ? line("late.arrived", { arrived: when(now, zone) }) : line("late.ran", { sent: when(sent, zone), arrived: when(now, zone) });
}

/** What came of something that a proven person said, by how it ended. */
const COUNTED: Readonly<Partial<Record<InboxEnd, Counter>>> = { "done": "commands_done", "refused": "commands_refused", "failed": "commands_failed" };
