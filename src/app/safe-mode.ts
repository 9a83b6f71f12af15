/**
 * When the journal alone is unfit the process stays, says so to those in charge, and answers `status` and `doctor` from memory. Nothing is carried out,
 * nothing is written down: what people say meanwhile stays with the homeserver, and is taken up as late when the journal is fit again.
 */
import { createHash } from "node:crypto";
import { noticeContent } from "../chat/write.ts";
import { read } from "../chat/read.ts";
import type { Registry } from "../chat/registry.ts";
import type { Instant, RoomId, UserId } from "../domain/ids.ts";
import type { Person } from "../domain/person.ts";
import type { Message } from "../domain/say.ts";
import type { StatusFacts } from "../domain/status.ts";
import { tellSafeMode, tellSafeModeBegan, tellStopNotTaken } from "../domain/status.ts";
import type { OperatorError } from "../operator-error.ts";
import type { Clock, Crypto, Decrypted, Gateway, TimelineEvent } from "../ports.ts";
import { tokenRefused } from "../matrix/session-end.ts";
import type { Health } from "./health.ts";
import { faultOf } from "./gateway-fault.ts";
import { identityLost } from "./identity-lost.ts";
import { EFFECT_KEY } from "./outbox.ts";
import { usableDirect } from "./reconciler.ts";
import { directReader } from "./render.ts";
import type { Rooms } from "./rooms.ts";
import type { Log } from "./system.ts";

const LONG_POLL = 30_000;
/** After a failure the homeserver is asked again in so many milliseconds, then in twice as many, up to the longest. */
const FIRST_AGAIN = 250;
const LONGEST_AGAIN = 30_000;
/** So often one person is answered in a minute; a stop always. */
const ANSWERS_A_MINUTE = 10;
const A_MINUTE = 60_000;
/** Messages remembered so that none is answered twice; older ones are forgotten first. */
const MOST_REMEMBERED = 10_000;
const A_DAY = 86_400_000;

/** Codes of errors that say that the journal, and nothing else, cannot be used. */
const JOURNAL_ALONE = /^(?:journal\.(?:disk-full|disk-broken|damaged|wrong-key|missing|older)|keys\.chain-(?:missing|damaged))$/;

/** Whether a fault leaves everything but the journal as it was: then the bot stays, in safe mode. Another process, a passphrase, a version are no such fault. */
export function isJournalAlone(fault: unknown): fault is OperatorError {
  return fault instanceof Error && fault.name === "OperatorError" && "code" in fault && typeof fault.code === "string" && JOURNAL_ALONE.test(fault.code);
}

/** What safe mode needs. */
export interface SafeModeParts {
  readonly gateway: Gateway;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly log: Log;
  readonly health: Health;
  readonly registry: Registry;
  readonly prefix: string;
  /** As they were last seen; kept up to date here, in memory. */
  readonly rooms: Rooms;
  /** What the journal was unfit by. */
  readonly why: OperatorError;
  /** Somebody whose identity is pinned, in the journal or in the configuration. */
  person(user: UserId): Person | undefined;
  /** Owners, and administrators if the cases are known: they are told, and answered. */
  readonly charge: readonly UserId[];
  /** A person's direct chat as far as the bot knows it. */
  direct(user: UserId): RoomId | undefined;
  /** How the bot is, from memory, as this person may know it; missing if the journal could not be read at the start. */
  readonly facts?: (user: UserId) => StatusFacts;
  /** Ends the process: what is needed to say anything is not there any more. */
  fatal(fault: unknown): void;
}

/** Tells those in charge, and answers. */
export class SafeMode {
  readonly since: Instant;
  readonly #parts: SafeModeParts;
  readonly #untold: Set<UserId>;
  /** Who has been told because they gave a command. */
  readonly #warned = new Set<UserId>();
  readonly #answered = new Map<UserId, readonly Instant[]>();
  readonly #heard = new Set<string>();
  #told = 0;
  #stopped = false;
  #wake: () => void = () => undefined;

  constructor(parts: SafeModeParts) {
    this.#parts = parts;
    this.since = parts.clock.now();
    this.#untold = new Set(parts.charge);
  }

  /** Tells whoever in charge has not been told and can be; never rejects. */
  async tell(): Promise<void> {
    const { why } = this.#parts;
    const day = Math.floor(this.since / A_DAY);
    for (const user of [...this.#untold]) {
      const person = this.#parts.person(user);
      if (person === undefined || this.#stopped) continue;
      const message = tellSafeModeBegan({ why: codeWords(why), since: this.since }, person.zone);
      // The same for a day, whatever is started again meanwhile: the homeserver shows it once.
      if (!(await this.#say(person, message, `began/${why.code}/${user}/${day}`))) continue;
      this.#untold.delete(user);
      this.#warned.add(user);
      this.#told += 1;
    }
  }

  /** Listens until it is stopped. `since`: the last sync that was dealt with; without it only what is said from now on is answered. */
  async run(since: string | undefined): Promise<void> {
    const { gateway, crypto, clock, log, health, rooms, fatal } = this.#parts;
    let [token, failures] = [since, 0];
    while (!this.#stopped) {
      health.mark("tried", clock.now());
      try {
        const sync = await gateway.sync(token, token === undefined ? 0 : LONG_POLL);
        await crypto.receive(sync.crypto);
        const { rooms: seen, left } = rooms.after(sync.joined, sync.left);
        rooms.put(seen, left);
        const isFirst = token === undefined;
        token = sync.next;
        failures = 0;
        health.mark("synced", clock.now());
        if (!(await crypto.healthy())) return fatal(identityLost());
        await crypto.pump();
        await this.tell();
        // A first sync shows what was said long ago.
        if (!isFirst) for (const { room, timeline } of sync.joined) for (const event of timeline) await this.#hear(room, event);
      } catch (fault) {
        if (this.#stopped) return;
        const gatewayFault = faultOf(fault);
        if (gatewayFault?.kind === "token") return fatal(tokenRefused(gatewayFault));
        if (gatewayFault === undefined) log.bug("safe-mode.failed", fault);
        failures += 1;
        await this.#pause(Math.min(LONGEST_AGAIN, FIRST_AGAIN * 2 ** Math.min(failures, 7)));
      }
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.wakeAt((this.#parts.clock.now() + ms) as Instant, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  async #hear(room: RoomId, event: TimelineEvent): Promise<void> {
    const { crypto, gateway, charge, clock } = this.#parts;
    const person = this.#parts.person(event.sender);
    if (event.sender === gateway.user || event.type !== "m.room.encrypted" || person === undefined) return;
    const opened = await crypto.decrypt(room, event.wire);
    if (!opened.ok || opened.sender !== event.sender || this.#isKnown(room, opened)) return;
    if ((await crypto.proof(opened.sender, opened.device, person.masterKey)) !== "proven") return;
    const said = this.#read(room, person, opened);
    if (said === undefined) return;
    const { why, facts } = this.#parts;
    const safe = { why: codeWords(why), since: this.since, told: this.#told };
    const id = `answer/${event.event}`;
    if (said === "stop") return void (await this.#say(person, tellStopNotTaken(safe, person.zone), id, room));
    if (said === "asks" && charge.includes(person.user)) {
      const lately = (this.#answered.get(person.user) ?? []).filter((at) => clock.now() - at < A_MINUTE);
      if (lately.length >= ANSWERS_A_MINUTE) return;
      this.#answered.set(person.user, [...lately, clock.now()]);
      return void (await this.#say(person, tellSafeMode(safe, facts?.(person.user), person.zone), id, room));
    }
    // Nobody goes on typing commands to a bot that takes none: told once.
    if (!this.#warned.has(person.user) && (await this.#say(person, tellSafeModeBegan(safe, person.zone), id, room))) this.#warned.add(person.user);
  }

  /** What of all that can be said matters now; undefined if it was not said to the bot. */
  #read(room: RoomId, person: Person, opened: Decrypted): "asks" | "stop" | "else" | undefined {
    const { registry, prefix, gateway, clock } = this.#parts;
    if (opened.type !== "m.room.message") return undefined;
    const said = read(opened.content, {
      registry, prefix, bot: gateway.user, place: this.#isDirect(room, person.user) ? "direct" : "workspace",
      world: { now: clock.now(), language: person.language, zone: person.zone },
    });
    switch (said.kind) {
      case "talk": return undefined;
      case "command": case "refused": {
        if (said.command?.weight === "stop") return "stop";
        return said.command?.name === "status" || said.command?.name === "doctor" ? "asks" : "else";
      }
      default: return "else";
    }
  }

  /** A message is heard once, under whatever event it comes again. */
  #isKnown(room: RoomId, { session, index }: Decrypted): boolean {
    const name = `${room} ${session} ${index}`;
    if (this.#heard.has(name)) return true;
    if (this.#heard.size >= MOST_REMEMBERED) this.#heard.delete(this.#heard.values().next().value ?? "");
    this.#heard.add(name);
    return false;
  }

  /**
   * To one person, in a room where nobody else is. Whether it went out. There is no journal to keep the ciphertext in: a crash between the two may encrypt it
   * anew, and the id, which is the same then, keeps the homeserver from showing both.
   */
  async #say(person: Person, of: Message, id: string, where?: RoomId): Promise<boolean> {
    const { crypto, gateway, clock, log } = this.#parts;
    const room = this.#room(person.user, where);
    if (room === undefined) return false;
    const transaction = createHash("sha256").update(`relevo/safe-mode/${id}`).digest("hex").slice(0, 32);
    try {
      const content = { ...noticeContent(of, directReader(person, clock.now())), [EFFECT_KEY]: transaction };
      const { ciphertext, withheld } = await crypto.encrypt(room, [{ user: person.user, pinned: person.masterKey }], "m.room.message", content);
      if (withheld.length > 0) return false;
      await gateway.send(room, "m.room.encrypted", transaction, ciphertext);
      return true;
    } catch (fault) {
      const why = faultOf(fault)?.kind;
      if (why === undefined) log.bug("safe-mode.unsaid", fault);
      else log.warn("safe-mode.unsaid", { why });
      return false;
    }
  }

  #room(user: UserId, where: RoomId | undefined): RoomId | undefined {
    const known = this.#parts.direct(user);
    for (const room of [where, known]) if (room !== undefined && this.#isDirect(room, user)) return room;
    // Of several the same one at each start: in another room the same transaction would be another message.
    return [...this.#parts.rooms.all()].map(({ room }) => room).filter((room) => this.#isDirect(room, user)).toSorted()[0];
  }

  #isDirect(room: RoomId, user: UserId): boolean {
    const seen = this.#parts.rooms.get(room);
    return seen !== undefined && usableDirect(seen, user, this.#parts.gateway.user);
  }
}

/** The code of the reason as the catalogue has it, which knows no dots. */
function codeWords({ code }: OperatorError): string {
  return code.replaceAll(/[.-]/g, "_");
}
