/** What the bot counts about itself: figures for the operator, without a name, an id or a word of a case. */
import type { LastHeard } from "../domain/decision.ts";
import type { Instant, UserId } from "../domain/ids.ts";
import { serverOf } from "../domain/ids.ts";

/** Everything that is counted, and what it means; the text stands beside the figure wherever an operator meets it. */
export const COUNTERS = {
  "syncs": "Answers of the homeserver to /sync that were dealt with.",
  "syncs_failed": "Attempts to sync that failed and were repeated.",
  "malformed": "Pieces of a sync, and messages, left out because their shape was wrong.",
  "unread": "Reactions and other events that are never read, whoever sends them.",
  "to_device_useless": "Messages to the bot's device that could not be used: replayed, damaged, or made up.",
  "clear_ignored": "Messages in clear in encrypted rooms, never read as commands.",
  "replayed": "Ciphertexts that had been used before under another event.",
  "foreign": "Decrypted messages of people who have no place in that room.",
  "unproven": "Messages whose device or identity could not be proven.",
  "kept_out": "Messages of people who are suspended or cut off, none of which was carried out.",
  "undecryptable": "Messages whose key was not there when they came.",
  "undecryptable_told": "Messages given up as unreadable for now, of which their sender was told.",
  "late": "Messages that came late: after downtime, in a gap, or when their key came.",
  "gaps": "Limited timelines that had to be filled from the room's history.",
  "commands_done": "Commands carried out.",
  "commands_refused": "Commands refused with a reason.",
  "commands_failed": "Commands that failed by a fault of the program.",
  "over_quota": "Messages not dealt with because their author sent too many.",
  "sent": "Messages sent.",
  "send_failed": "Attempts to send that failed and are repeated.",
  "undeliverable": "Messages given up because the homeserver refuses them for good.",
  "withheld": "Times a room's key was withheld from somebody in its roster.",
  "room_steps": "Steps taken to bring a room to what it should be.",
  "room_repairs_undone": "Repairs of a room that were undone again and again, and given up for a while.",
  "rooms_resolved": "Rooms whose state the homeserver had resolved to something else than its syncs showed.",
  "rooms_unfit": "Times people were told not to write in a room: a stranger was in it, or its encryption was changed.",
  "moved_to_direct_chats": "Messages for a room that went to its people alone, because the room was not fit for them.",
  "messages_removed": "Messages of the bot that somebody else removed from a room.",
  "alarms": "Times people were told that something is wrong with the bot or its rooms.",
  "ticks": "Moments of time that changed something.",
  "invitations_declined": "Invitations of strangers that were declined.",
  "rate_limited": "Times the homeserver made the bot wait because it asked too much.",
  "dead_man_calls": "Calls to the address that watches whether the bot is alive, answered.",
  "dead_man_failed": "Calls to that address that got no good answer.",
} as const;

/** Name of a figure that only rises while the process runs. */
export type Counter = keyof typeof COUNTERS;

/**
 * Moments of this process: it began to start, last asked the homeserver for news, last dealt with an answer, leaves the homeserver alone until, gets nothing sent
 * although it tries since.
 */
export type Moment = "started" | "tried" | "synced" | "waits" | "unsendable";
/** People of whom it is remembered when they were last heard. */
const MOST_PEOPLE = 10_000;

/** Counts, from the start of the process. Kept in memory: what must last is in the journal. */
export class Health {
  readonly #counts = new Map<Counter, number>();
  readonly #moments = new Map<Moment, Instant>();
  readonly #heard = new Map<UserId, Instant>();
  /** By homeserver. */
  readonly #heardOf = new Map<string, Instant>();

  count(counter: Counter, by = 1): void {
    this.#counts.set(counter, (this.#counts.get(counter) ?? 0) + by);
  }
  /** Every counter, also those that are still zero. */
  counts(): Readonly<Record<Counter, number>> {
    return Object.fromEntries(Object.keys(COUNTERS).map((name) => [name, this.#counts.get(name as Counter) ?? 0])) as Record<Counter, number>;
  }
  mark(moment: Moment, at: Instant): void {
    this.#moments.set(moment, at);
  }
  /** It is so no more. */
  clear(moment: Moment): void {
    this.#moments.delete(moment);
  }
  /** When it was last so; undefined if it has not been yet. */
  when(moment: Moment): Instant | undefined {
    return this.#moments.get(moment);
  }
  /** Somebody whose device and identity were proven has said something. */
  heard(user: UserId, at: Instant): void {
    if (this.#heard.size >= MOST_PEOPLE && !this.#heard.has(user)) this.#heard.clear();
    this.#heard.set(user, at);
    if (this.#heardOf.size >= MOST_PEOPLE && !this.#heardOf.has(serverOf(user))) this.#heardOf.clear();
    this.#heardOf.set(serverOf(user), at);
  }
  /** When somebody was last heard by this process; never part of a figure. */
  lastHeard(user: UserId): Instant | undefined {
    return this.#heard.get(user);
  }
  /** The same of anybody of a homeserver. */
  lastHeardOf(server: string): Instant | undefined {
    return this.#heardOf.get(server);
  }
  /** For rules: of somebody and of their homeserver, if it is not that of the bot; since the start if nothing was. */
  lastHeardBy(user: UserId, bot: UserId): LastHeard {
    const started = this.#moments.get("started") ?? (0 as Instant);
    const name = serverOf(user);
    return { since: this.#heard.get(user) ?? started, ...(name === serverOf(bot) ? {} : { server: { name, since: this.#heardOf.get(name) ?? started } }) };
  }
}
