/** From what a proven person said to the writer: who speaks, from where, about which case, and what they want. */
import { fold } from "../chat/clean.ts";
import type { Asked, Command, Inquiries } from "../chat/command.ts";
import { stopsDelivery } from "../chat/command.ts";
import { pollAnswer } from "../chat/poll.ts";
import type { Said } from "../chat/read.ts";
import { read } from "../chat/read.ts";
import type { Registry } from "../chat/registry.ts";
import type { KeptOut } from "../domain/access.ts";
import type { Author, Context, Origin } from "../domain/decision.ts";
import { circle } from "../domain/delivery.ts";
import type { ChainId, EventId, Instant, UserId } from "../domain/ids.ts";
import { INSTALLATION, SPACE } from "../domain/ids.ts";
import { optionOf } from "../domain/question.ts";
import { CONSENT } from "../domain/request.ts";
import { line } from "../domain/say.ts";
import { JournalConflict } from "../journal/errors.ts";
import type { Clock, Crypto, Decrypted, Gateway, Inbox, Journal, Proof, Ratchet } from "../ports.ts";
import { questionAmong } from "./ambiguous.ts";
import type { Acting } from "./deciding.ts";
import type { Flow } from "./flow.ts";
import { faultOf } from "./gateway-fault.ts";
import type { Health } from "./health.ts";
import { identitiesOf, usersIn } from "./identities.ts";
import { postedCheckpoints } from "./posted-checkpoints.ts";
import { Quota } from "./quota.ts";
import { caseOf, caseToStop, readingWorld } from "./reading-world.ts";
import type { Home } from "./render.ts";
import { pause } from "./pause.ts";
import { directReader } from "./render.ts";
import { placeName } from "./room-news.ts";
import type { Settings } from "./settings.ts";
import type { Silence } from "./silence.ts";
import type { Log } from "./system.ts";
import type { Placed, World } from "./world.ts";
import type { Urgency, Writer } from "./writer.ts";

/** Waits before a homeserver that did not answer is asked again who somebody is. Milliseconds. */
const ASK_AGAIN = [1_000, 5_000, 20_000] as const;

/** What hearing needs. */
export interface HearingParts {
  readonly journal: Journal;
  readonly crypto: Crypto;
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly world: World;
  readonly writer: Writer;
  readonly flow: Flow;
  readonly registry: Registry;
  readonly silence: Silence;
  readonly health: Health;
  readonly settings: Pick<Settings, "commandsPerMinute">;
  readonly log: Log;
  readonly prefix: string;
  /** What `status` and `doctor` ask of the bot itself. */
  readonly inquiries: Inquiries;
}

/** Why what somebody says does not count: what is not proven of them, that they are kept out for now, or that they are in the case no more. */
export type Unproven = Proof | KeptOut | "removed";

/** Reads what was said and hands it to the writer; the sync goes on meanwhile. */
export class Hearing {
  readonly #parts: HearingParts;
  readonly #quota: Quota;
  #stopped = false;

  constructor(parts: HearingParts) {
    this.#parts = parts;
    this.#quota = new Quota(parts.clock, parts.settings.commandsPerMinute);
  }
  /** What fails from now on is not put on record: it is looked at again at the next start. */
  stop(): void {
    this.#stopped = true;
  }

  /** Who speaks, from where, about which case. */
  acting(row: Inbox, opened: Pick<Decrypted, "content">, placed: Placed, who: Omit<Author, "member">, ratchet: Ratchet): Acting {
    const { world, clock, prefix } = this.#parts;
    const isDirect = placed.chain === INSTALLATION;
    const delivery = isDirect ? undefined : world.scope(placed.chain).state.delivery.get(placed.slot);
    const place = isDirect ? "direct" : delivery === undefined ? "workspace" : "delivery";
    const text = typeof opened.content["body"] === "string" ? opened.content["body"] : "";
    const chain = isDirect ? caseOf(world, who.user, text).chain ?? (this.#isStop(text) ? caseToStop(world, who.user) : undefined) : placed.chain;
    const member = chain === undefined ? undefined : world.member(chain, who.user);
    const origin: Origin = { room: place, slot: placed.slot, ...(delivery === undefined ? {} : { delivery: delivery.id }) };
    const former = world.formerly(row.room) !== undefined;
    // A space is not encrypted: nothing can be answered there, whatever an odd client said in it. Nor is anything said any more in a former room.
    const home: Home = former || (!isDirect && placed.slot === SPACE) ? { at: world.direct(who.user), reader: directReader(who.person, clock.now()) } : {
      at: placed, reader: { ...directReader(who.person, clock.now()), prefix: place === "workspace" ? prefix : "" },
      ...(place === "workspace" ? { thread: threadOf(opened.content) ?? row.event } : {}),
    };
    return {
      author: member === undefined ? who : { ...who, member }, ...(chain === undefined ? {} : { chain }), origin, home, late: row.late, cause: row.event, ratchet,
      ...(former ? { former } : {}),
      ...(row.late ? claimedTime(row, clock.now()) : {}),
    };
  }
  /** Whether it is, read as it would be, a stop: typed, or the answer to a question. */
  isStop(opened: Decrypted, acting: Acting): boolean {
    const { world, registry } = this.#parts;
    const vote = pollAnswer(opened.type, opened.content);
    if (vote !== undefined) {
      const found = world.questionOfOption(vote);
      const does = found && optionOf(found.question, { option: vote })?.does;
      return does !== undefined && registry.named(does.command)?.weight === "stop";
    }
    if (opened.type !== "m.room.message") return false;
    const said = this.#read(opened, acting);
    return said.kind === "command" && said.command.weight === "stop";
  }
  #isStop(text: string): boolean {
    const [first = ""] = text.trim().split(/\s+/u);
    return this.#parts.registry.short(fold(first).replace(/[.,:;!]+$/u, ""))?.weight === "stop";
  }
  /** A message or a vote of somebody proven. */
  async hear(row: Inbox, opened: Decrypted, acting: Acting): Promise<void> {
    const { world } = this.#parts;
    const { ratchet } = acting;
    const vote = pollAnswer(opened.type, opened.content);
    if (vote !== undefined) {
      const found = world.questionOfOption(vote);
      const option = found && optionOf(found.question, { option: vote });
      if (found === undefined || option === undefined) return this.#parts.silence.keep(row, "not-ours", undefined, ratchet);
      // An answer is never too much; tapping on and on at what has been settled is.
      if (found.question.state !== "open" && !this.#quota.take(acting.author.user, undefined, row.late).isAllowed) return this.#tooFast(row, acting, false);
      return this.#answer(found, option, acting);
    }
    if (opened.type !== "m.room.message") return this.#parts.silence.keep(row, "not-ours", undefined, ratchet);
    const said = this.#read(opened, acting);
    if (said.kind === "talk") return this.#parts.silence.keep(row, "not-ours", undefined, ratchet);
    if (said.kind === "answer") return this.#answered(said, acting);
    if (acting.former === true) return this.#saidInFormer(said, row, acting);
    const { isAllowed, first, missed } = this.#quota.take(acting.author.user, said.kind === "command" ? said.command : undefined, row.late);
    return isAllowed ? this.#hearSaid(said, row, missed === 0 ? acting : { ...acting, missed }) : this.#tooFast(row, acting, first);
  }
  /** A room that another has taken the place of: a stop counts, and its author is answered alone; of all else they are told where to say it. */
  async #saidInFormer(said: Exclude<Said, { readonly kind: "talk" | "answer" }>, row: Inbox, acting: Acting): Promise<void> {
    const { world, flow } = this.#parts;
    if (said.kind === "command" && said.command.weight === "stop") {
      const { delivery } = acting.origin;
      return this.#hearSaid(said, row, { ...acting, origin: { room: "direct", slot: acting.home.at.slot, ...(delivery === undefined ? {} : { delivery }) } });
    }
    const { isAllowed, first } = this.#quota.take(acting.author.user, undefined, row.late);
    const placed = world.formerly(row.room);
    if (!isAllowed || placed === undefined) return this.#tooFast(row, acting, first);
    return this.#job("live", acting, undefined, () => flow.refuse(acting, "former-room", [line("room.former", { room: placeName(world.scope(placed.chain), placed) })]));
  }
  /** Told once when it begins; each is counted, and on record once in a while. */
  async #tooFast(row: Inbox, acting: Acting, first: boolean): Promise<void> {
    const { health, silence, flow, settings } = this.#parts;
    health.count("over_quota");
    if (!first) return silence.keep(row, "refused", "over-quota", acting.ratchet);
    return this.#job("live", acting, undefined, () => flow.refuse(acting, "over-quota", [line("quota.too-fast", { most: settings.commandsPerMinute })]));
  }
  #answered(said: Extract<Said, { readonly kind: "answer" }>, acting: Acting): Promise<void> {
    const { world, flow } = this.#parts;
    const found = world.questionOfCode(said.code, acting.author.user);
    const option = found && optionOf(found.question, { word: said.word });
    if (found === undefined) return this.#job("live", acting, undefined, () => flow.refuse(acting, "unknown-code", [line("question.unknown-code", { code: said.code })]));
    if (option === undefined) return this.#job("live", acting, undefined, () => flow.refuse(acting, "needs-tap", [line("question.needs-tap", {})]));
    return this.#answer(found, option, acting);
  }
  async #hearSaid(said: Exclude<Said, { readonly kind: "talk" | "answer" }>, row: Inbox, acting: Acting): Promise<void> {
    const { world, flow } = this.#parts;
    const soon: Urgency = row.late ? "late" : "live";
    switch (said.kind) {
      case "edited": return this.#job(soon, acting, undefined, () => flow.refuse(acting, "edited", [line("app.edited", {})]));
      case "unknown": return this.#job(soon, acting, undefined, () => flow.refuse(acting, "unknown-command", said.lines));
      case "refused": return this.#job(soon, acting, undefined, () => flow.refuse(acting, "not-understood", said.lines));
      case "ambiguous": return this.#job(soon, acting, said.command, () => flow.ask(acting, acting.chain ?? INSTALLATION, questionAmong(said, acting, world, flow.questionContext())));
      case "command": {
        const { command, params } = said;
        if (command.decide === undefined) {
          // Beside the queue and beside the sync: a long chain to be verified holds up nobody.
          void flow.read(command, params, acting, this.#asked()).catch((fault: unknown) => this.#failed(fault, acting, command));
          return;
        }
        const urgency: Urgency = command.weight === "stop" ? "stop" : soon;
        // Only what binds can pin an identity; nothing else waits for the homeserver.
        const named = this.#namedIn(command, params, acting.chain);
        return this.#knowing(named, urgency, acting, command, (identities) => flow.command(command, params, acting, identities));
      }
    }
  }
  async #answer(found: NonNullable<ReturnType<World["questionOfOption"]>>, option: NonNullable<ReturnType<typeof optionOf>>, acting: Acting): Promise<void> {
    const { world, flow, registry } = this.#parts;
    const does = option.does;
    const params = does?.command === CONSENT ? world.scope(found.chain).state.request.get(String(does.params["request"]))?.does.params : does?.params;
    const command = does === undefined ? undefined : registry.named(does.command);
    const asked = does?.command === CONSENT ? registry.named(world.scope(found.chain).state.request.get(String(does.params["request"]))?.does.command ?? "") : command;
    const named = asked === undefined ? usersIn(params) : this.#namedIn(asked, params, found.chain);
    return this.#knowing(named, command?.weight === "stop" ? "stop" : "live", acting, command, (identities) => flow.answer(found, option, acting, identities));
  }
  #namedIn(command: Command, params: Readonly<Record<string, unknown>> | undefined, chain: ChainId | undefined): readonly UserId[] {
    if (command.weight !== "binding") return [];
    const byCallSign = chain === undefined || params === undefined ? [] : command.identities?.(this.#parts.world.scope(chain), params as never) ?? [];
    return [...new Set([...usersIn(params), ...byCallSign])];
  }
  /** Asks who these people are, then hands the job to the writer. Beside the sync: the server of one of them may take long, and a stop must not wait for it. */
  async #knowing(users: readonly UserId[], urgency: Urgency, acting: Acting, command: Command | undefined, job: (identities: Context["identities"]) => Promise<void>): Promise<void> {
    if (users.length === 0) return this.#job(urgency, acting, command, () => job(undefined));
    void this.#identities(users)
      .then((identities) => this.#parts.writer.do(urgency, () => (identities === undefined ? this.#parts.flow.refuse(acting, "homeserver-silent", [line("app.homeserver-silent", {})]) : job(identities))))
      .catch((fault: unknown) => this.#failed(fault, acting, command));
  }
  /** Undefined if the homeserver could not be asked, again and again. Once the bot is stopped it throws what came last: the message is heard anew at the next start. */
  async #identities(users: readonly UserId[]): Promise<Context["identities"]> {
    const { crypto, clock } = this.#parts;
    for (const wait of [...ASK_AGAIN, undefined]) {
      try {
        return await identitiesOf(users, crypto);
      } catch (fault) {
        if (faultOf(fault) === undefined) throw fault;
        if (wait === undefined) return undefined;
        await pause(clock, wait);
        if (this.#stopped) throw fault;
      }
    }
    return undefined;
  }
  /** Hands it to the writer; the sync goes on meanwhile. */
  #job(urgency: Urgency, acting: Acting, command: Command | undefined, job: () => Promise<void>): Promise<void> {
    void this.#parts.writer.do(urgency, job).catch((fault: unknown) => this.#failed(fault, acting, command));
    return Promise.resolve();
  }
  async #failed(fault: unknown, acting: Acting, command: Command | undefined): Promise<void> {
    if (this.#stopped) return;
    if (fault instanceof JournalConflict && fault.kind === "ratchet") {
      // The same ciphertext came in two events at once, and the other one was decided first.
      await this.#parts.silence.keep({ event: acting.cause, room: acting.ratchet.room }, "replayed", "replay-dropped", undefined);
      return;
    }
    this.#parts.log.bug("command.failed", fault);
    const people = this.#circles(acting);
    await this.#parts.writer.do("stop", () => this.#parts.flow.failed(acting, command, people)).catch((again: unknown) => void this.#parts.log.bug("command.failed-twice", again));
  }
  /** Everybody whom a stop given here may concern: of the room's delivery, or of every delivery that is not over. */
  #circles(acting: Acting): readonly UserId[] {
    if (acting.chain === undefined) return [];
    const scope = this.#parts.world.scope(acting.chain);
    const concerned = [...scope.state.delivery.values()].filter((delivery) => acting.origin.delivery === undefined ? delivery.state !== "stopped" : delivery.id === acting.origin.delivery);
    return [...new Set(concerned.flatMap((delivery) => circle(scope, delivery).map((member) => member.user)))];
  }
  #asked(): Asked {
    const verify = async (chain: ChainId): ReturnType<Journal["verify"]> => this.#parts.journal.verify(chain, await postedCheckpoints(chain, this.#parts));
    return { ...this.#parts.inquiries, verify, commands: this.#parts.registry.commands };
  }
  /** Whether it would be read as meant for the bot: a command, an answer, or what looks like one. */
  isMeant(opened: Pick<Decrypted, "type" | "content">, acting: Acting): boolean {
    return pollAnswer(opened.type, opened.content) !== undefined || (opened.type === "m.room.message" && this.#read(opened, acting).kind !== "talk");
  }
  /** It moves nothing and gets no answer; but if it says stop, everybody on the route is asked who can confirm it. */
  async notProven(row: Inbox, opened: Decrypted, acting: Acting, proof: Unproven): Promise<void> {
    if (!(await this.saysStop(row, opened, acting, proof))) await this.#parts.silence.keep(row, "refused", `sender-${proof}`, acting.ratchet);
  }
  /** Whether it was a stop of which those concerned have been told now; once in a while, because anybody with a stolen account could say it. */
  async saysStop(row: Inbox, opened: Pick<Decrypted, "type" | "content">, acting: Acting, proof: Unproven): Promise<boolean> {
    const { silence, clock, writer, flow } = this.#parts;
    const said = opened.type === "m.room.message" ? this.#read(opened, acting) : undefined;
    const { chain } = acting;
    const command = said?.kind === "command" || said?.kind === "refused" ? said.command : undefined;
    if (chain === undefined || !stopsDelivery(command) || !silence.mayNote(`unproven-stop/${row.room}`, clock.now())) return false;
    await writer.do("stop", () => flow.unprovenStop({ ...acting, chain }, proof, this.#circles(acting)));
    return true;
  }
  #read(opened: Pick<Decrypted, "content">, acting: Acting): Said {
    const { registry, prefix, gateway, world, clock, flow } = this.#parts;
    const text = typeof opened.content["body"] === "string" ? opened.content["body"] : "";
    const rest = acting.origin.room === "direct" ? caseOf(world, acting.author.user, text).rest : undefined;
    const content = rest === undefined ? opened.content : { ...opened.content, body: rest, formatted_body: undefined };
    return read(content, {
      registry, place: acting.origin.room, prefix, bot: gateway.user,
      world: readingWorld(world, acting, clock.now()), refusal: (command) => flow.refusal(command, acting),
    });
  }
}

/** When the server says that it was sent: a claim, only ever shown as one; what would lie in the future is none. */
function claimedTime(row: Inbox, now: Instant): { readonly sent?: Instant } {
  const { origin_server_ts: sent } = JSON.parse(row.wire) as { readonly origin_server_ts?: unknown };
  return typeof sent === "number" && Number.isSafeInteger(sent) && sent > 0 && sent <= now ? { sent: sent as Instant } : {};
}

/** The thread a message stands in; its relation is the one from inside the ciphertext. */
function threadOf(content: Readonly<Record<string, unknown>>): EventId | undefined {
  const relation = content["m.relates_to"];
  if (typeof relation !== "object" || relation === null) return undefined;
  const { rel_type: type, event_id: event } = relation as Record<string, unknown>;
  return type === "m.thread" && typeof event === "string" ? (event as EventId) : undefined;
}
