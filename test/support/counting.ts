/** Counts what people have read from the bot: by person, by what it says, and by the effect id inside the encryption. */
import type { Seen } from "./seen.ts";

/** Key under which the bot puts the identity of a message inside the encryption; what was sent twice carries the same. */
export const EFFECT = "eu.relevo.effect";

/** One person, as far as counting needs them. */
export interface Reader {
  readonly name: string;
  readonly seen: readonly Seen[];
  rooms(): readonly { readonly id: string; readonly name: string; readonly membership: string }[];
}

/** Which messages are meant: what they say, and where if it matters. */
export interface What {
  readonly body: RegExp;
  /** End of the room's name. */
  readonly room?: string;
  /** Default: messages and questions alike. Edits of a board are never counted. */
  readonly as?: "message" | "poll";
}

/** What a person can read of the bot's, each event once. */
export function readFrom(bot: string, { seen }: Pick<Reader, "seen">): readonly Seen[] {
  const events = new Map<string, Seen>();
  for (const each of seen) if (each.sender === bot && each.unreadable === undefined && !events.has(each.event)) events.set(each.event, each);
  return [...events.values()];
}

/** Throws unless each of these people has read it exactly so many times, each time under an effect id of its own. */
export function countExactly(bot: string, people: readonly Reader[], what: What, times = 1): void {
  for (const person of people) {
    const found = readFrom(bot, person).filter((seen) => isMeant(seen, what));
    const effects = new Set(found.map(effectOf));
    if (found.length !== times || effects.size !== times) {
      throw new Error(`${person.name} has read ${what.body.source} ${found.length} times under ${effects.size} effect ids, and not ${times}:\n${found.map(shown).join("\n")}`);
    }
  }
}

/** Throws if anybody could not read something of the bot's, got something in clear or without an effect id, or got one effect under two events. */
export function assertEachOnce(bot: string, people: readonly Reader[]): void {
  const events = new Map<string, string>();
  for (const person of people) {
    const readable = new Set(readFrom(bot, person).map((seen) => seen.event));
    for (const seen of person.seen.filter((each) => each.sender === bot)) {
      if (!readable.has(seen.event)) throw new Error(`${person.name} cannot read ${seen.event} (${seen.unreadable ?? "no reason"})`);
      if (!seen.encrypted) throw new Error(`${person.name} got ${seen.event} in clear`);
    }
    for (const seen of readFrom(bot, person)) {
      const effect = effectOf(seen);
      if (effect === undefined) throw new Error(`${person.name} read ${seen.event}, which carries no effect id:\n${shown(seen)}`);
      const before = events.get(effect);
      if (before !== undefined && before !== seen.event) throw new Error(`${person.name} read effect ${effect} as ${before} and as ${seen.event}:\n${shown(seen)}`);
      events.set(effect, seen.event);
    }
  }
}

/** How many messages of the bot's a person has by now, by effect id. */
export function effectsRead(bot: string, person: Reader): ReadonlySet<string> {
  return new Set(readFrom(bot, person).flatMap((seen) => effectOf(seen) ?? []));
}

/** Throws if somebody is in, or invited to, two rooms of the same name; direct chats with the bot carry its name, so they count as well. */
export function assertOneRoomOfEachName(people: readonly Reader[]): void {
  for (const person of people) {
    const names = person.rooms().filter(({ membership }) => membership === "join" || membership === "invite").map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw new Error(`${person.name} has two rooms called "${twice}"; all: ${names.toSorted().join(", ")}`);
  }
}

/** Throws unless somebody is in, or invited to, exactly these rooms, by name. */
export function assertRooms(person: Reader, expected: readonly string[]): void {
  const names = person.rooms().filter(({ membership }) => membership === "join" || membership === "invite").map(({ name }) => name).toSorted();
  if (JSON.stringify(names) !== JSON.stringify(expected.toSorted())) {
    throw new Error(`${person.name} has the rooms ${names.join(", ")} and not ${expected.toSorted().join(", ")}`);
  }
}

function isMeant(seen: Seen, { body, room, as }: What): boolean {
  if (seen.replaces !== undefined || seen.type.endsWith("poll.end")) return false;
  if (room !== undefined && !seen.roomName.endsWith(room)) return false;
  if (as !== undefined && (as === "poll") !== (seen.poll !== undefined)) return false;
  return body.test(seen.body);
}

function effectOf({ content }: Seen): string | undefined {
  const effect = content[EFFECT];
  return typeof effect === "string" ? effect : undefined;
}

function shown(seen: Seen): string {
  return `  [${seen.roomName}] ${seen.event} ${effectOf(seen) ?? "no effect id"} ${seen.body.split("\n").join(" / ").slice(0, 120)}`;
}
