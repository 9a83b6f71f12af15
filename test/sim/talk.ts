/** What people do with their phones: commands, taps, typed codes, talk. Each gives its line of the story, or nothing if there was nothing to do. */
import type { Command } from "../../src/chat/command.ts";
import { POLL_RESPONSE } from "../../src/chat/poll.ts";
import { circle } from "../../src/domain/delivery.ts";
import type { ChainId, DeliveryId, RoomId, Slot, UserId } from "../../src/domain/ids.ts";
import { INSTALLATION } from "../../src/domain/ids.ts";
import type { Question } from "../../src/domain/question.ts";
import type { Dice } from "./chance.ts";
import { stateOfThing } from "./coverage.ts";
import { lineFor } from "./lines.ts";
import { OUTSIDERS, PEOPLE, SECRET, short } from "./people.ts";
import type { Poll } from "./model-server.ts";
import type { Scene, Sending } from "./scene.ts";

/** Where somebody stands when they type. */
interface Place {
  readonly room: RoomId;
  readonly kind: "workspace" | "delivery" | "direct";
  readonly slot?: Slot;
  /** The case of the room; in a direct chat the one that they have in mind. */
  readonly chain?: ChainId;
}

const CHATTER = [`no, not yet (${SECRET})`, "stop talking so loud", "ok", "1", "3", "yes", "yes 7F3Q", "no AAAA", "!", "!!!", "help", "!taks list", `task add "${SECRET}`, "\u202estop", "STOP", "stop",
  "cd stop", "stop all of it", `${SECRET} `.repeat(400), "", "@relevo:bot.example: task list", "tarea lista", "jit", "cd go CD-1 CD-2", "¿qué?", "ＳＴＯＰ"];

/** Somebody, mostly one of a case. */
export function anybody(dice: Dice): UserId {
  return (dice.oneIn(25) ? dice.of(OUTSIDERS) : dice.of(PEOPLE)) ?? PEOPLE[0]!;
}
function placeOf(scene: Scene, user: UserId, dice: Dice): Place | undefined {
  const { truth, server } = scene;
  const cases = truth.cases.filter((chain) => memberOf(scene, chain, user) !== undefined);
  if (dice.below(100) < 50) {
    const chain = dice.of(cases);
    return { room: scene.direct(user), kind: "direct", ...(chain === undefined ? {} : { chain }) };
  }
  const room = dice.of(server.roomsOf(user, "join"));
  const placed = room === undefined ? undefined : truth.placed(room);
  if (room === undefined || placed === undefined || placed.chain === INSTALLATION) return undefined;
  return { room, kind: truth.scope(placed.chain).state.delivery.has(placed.slot) ? "delivery" : "workspace", slot: placed.slot, chain: placed.chain };
}
function memberOf(scene: Scene, chain: ChainId, user: UserId) {
  for (const member of scene.truth.scope(chain).state.member.values()) if (member.user === user) return member;
  return undefined;
}
/** How a sentence is passed on: now and then its key comes late or never, or the server sits on it. */
function sendingOf(dice: Dice): Sending {
  switch (dice.below(40)) {
    case 0: return { key: "later" };
    case 1: return { isHeld: true };
    case 2: return dice.oneIn(6) ? { key: "never" } : { isHeld: true, key: "later" };
    default: return {};
  }
}
function told(how: Sending): string {
  return `${how.isHeld === true ? ", which the server holds back" : ""}${how.key === "later" ? ", whose key is late" : how.key === "never" ? ", whose key is withheld" : ""}`;
}
function nameOf(scene: Scene, place: Place): string {
  if (place.kind === "direct") return "alone with the bot";
  const codename = place.chain && scene.truth.scope(place.chain).state.case.get("case")?.codename;
  return `in ${codename ?? "?"} ${place.slot ?? ""}`;
}

/** A command from the registry, mostly one that they may give there. */
export function command(scene: Scene, dice: Dice, by: UserId = anybody(dice)): string | undefined {
  const place = placeOf(scene, by, dice);
  if (place === undefined) return undefined;
  const scope = place.chain === undefined ? undefined : scene.truth.scope(place.chain);
  const role = place.chain === undefined ? undefined : memberOf(scene, place.chain, by)?.role;
  const may = (each: Command): boolean => each.rooms.includes(place.kind) && (role === undefined || each.needs.includes(role) || each.needs.includes("anyone") || each.needs.includes("owner"));
  const { commands } = scene.registry;
  // Stops end deliveries for good: one in three of those drawn is enough.
  const drawn = dice.of(dice.oneIn(5) ? commands : commands.filter(may));
  if (drawn === undefined || (drawn.weight === "stop" && !dice.oneIn(3))) return undefined;
  const typed = lineFor(drawn, scope, by, dice);
  const codename = scope?.state.case.get("case")?.codename;
  const isShort = place.kind === "delivery" && drawn.short !== undefined && dice.oneIn(2);
  const words = isShort ? drawn.short ?? "" : typed.line;
  const isNamed = place.kind === "direct" && codename !== undefined && !dice.oneIn(8);
  const body = `${place.kind === "workspace" && !dice.oneIn(20) ? "!" : ""}${isNamed ? `${codename} ` : ""}${words}`;
  const how = sendingOf(dice);
  const about = isShort && place.slot !== undefined ? (place.slot as string) : typed.about;
  const state = stateOfThing(drawn, about, scope);
  const counts = drawn.weight === "stop" && scope !== undefined && place.chain !== undefined && (isShort || place.kind !== "direct" ? body.startsWith(place.kind === "workspace" ? "!" : "") : isNamed);
  const delivery = about === undefined ? undefined : scope?.state.delivery.get(about);
  const stops = counts && delivery !== undefined && scope !== undefined && circle(scope, delivery).some((member) => member.user === by) ? delivery.id : undefined;
  const { chain } = place;
  scene.say(by, place.room, body, {
    ...how,
    then: (event) => {
      if (state !== undefined) scene.given.set(event, { command: drawn.name, state });
      if (stops !== undefined && chain !== undefined && how.key !== "never") scene.stops.set(event, { by, chain, delivery: stops as DeliveryId });
    },
  });
  return `${short(by)} ${nameOf(scene, place)}: ${body}${told(how)}`;
}

/** Taps a poll: mostly one that waits for them, or the latest, and its first answer; sometimes any that they ever had. */
export function tap(scene: Scene, dice: Dice): string | undefined {
  const waiting = dice.oneIn(2) ? waitingPoll(scene, dice) : undefined;
  const by = waiting?.by ?? anybody(dice);
  const polls = scene.server.state.polls.get(by) ?? [];
  const poll = waiting?.poll ?? (dice.oneIn(4) ? dice.of(polls) : polls.at(-1 - dice.below(Math.min(3, Math.max(1, polls.length)))));
  const answer = poll === undefined ? undefined : dice.oneIn(4) ? dice.of(poll.answers) : chosen(scene, poll.answers);
  if (poll === undefined || answer === undefined) return undefined;
  const how = sendingOf(dice);
  const content = { "m.relates_to": { rel_type: "m.reference", event_id: poll.event }, [POLL_RESPONSE]: { answers: [answer.id] } };
  const found = optionOf(scene, answer.id);
  const about = found === undefined ? undefined : Object.values(found.params).find((value) => typeof value === "string" && /^(?:T|CD|A)-\d+$/.test(value));
  const tapped = found === undefined ? undefined : scene.registry.named(found.command);
  const state = tapped === undefined || found === undefined ? undefined : stateOfThing(tapped, typeof about === "string" ? about : undefined, scene.truth.scope(found.chain));
  scene.send(by, dice.oneIn(30) ? scene.direct(by) : poll.room, POLL_RESPONSE, content, {
    ...how, then: (event) => { if (tapped !== undefined && state !== undefined) scene.given.set(event, { command: tapped.name, state }); },
  });
  return `${short(by)} taps "${answer.text}" (${poll.question.slice(0, 60)})${told(how)}`;
}
/** Somebody who is asked something, and the poll on their phone. */
function waitingPoll(scene: Scene, dice: Dice): { readonly by: UserId; readonly poll: Poll } | undefined {
  const open = scene.truth.chains.flatMap((chain) => [...scene.truth.scope(chain).state.question.values()].filter((question) => question.state === "open"));
  const question = dice.of(open);
  const by = dice.of(question?.asked ?? []);
  const ids = new Set(question?.options.map((option) => option.id as string));
  const poll = by && scene.server.state.polls.get(by)?.findLast(({ answers }) => answers.some(({ id }) => ids.has(id)));
  return by === undefined || poll === undefined ? undefined : { by, poll };
}
/** Of several numbers on a seal the right one, of two answers the first. */
function chosen(scene: Scene, answers: readonly { readonly id: string; readonly text: string }[]) {
  const seals = new Set(scene.truth.cases.flatMap((chain) => [...scene.truth.scope(chain).state.delivery.values()].map((delivery) => delivery.plan.seal as string)));
  return answers.find((each) => seals.has(each.text)) ?? answers[0];
}
function optionOf(scene: Scene, id: string): { readonly chain: ChainId; readonly command: string; readonly params: Readonly<Record<string, unknown>> } | undefined {
  for (const chain of scene.truth.chains) {
    for (const question of scene.truth.scope(chain).state.question.values()) {
      const does = question.options.find((option) => option.id === id)?.does;
      if (does !== undefined) return { chain, command: does.command, params: does.params };
    }
  }
  return undefined;
}

/** `yes CODE` or `no CODE`, of a question put to them or to somebody else. */
export function code(scene: Scene, dice: Dice, by: UserId = anybody(dice)): string | undefined {
  const all = scene.truth.chains.flatMap((chain): Question[] => [...scene.truth.scope(chain).state.question.values()]);
  const own = all.filter((question) => question.asked.includes(by));
  const question = dice.oneIn(6) ? dice.of(all) : own.at(-1 - dice.below(2));
  const place = placeOf(scene, by, dice);
  if (question === undefined || place === undefined) return undefined;
  const body = `${place.kind === "workspace" ? "!" : ""}${dice.oneIn(5) ? "no" : "yes"} ${question.code}`;
  scene.say(by, place.room, body, sendingOf(dice));
  return `${short(by)} ${nameOf(scene, place)}: ${body}`;
}

/** Anything but a command, or the words of one with something wrong. */
export function chatter(scene: Scene, dice: Dice, by: UserId = anybody(dice)): string | undefined {
  const place = placeOf(scene, by, dice);
  if (place === undefined) return undefined;
  const body = dice.of(CHATTER) ?? "";
  switch (dice.below(6)) {
    case 0:
      scene.send(by, place.room, "m.room.message", { msgtype: "m.text", body: `* ${body}`, "m.new_content": { msgtype: "m.text", body }, "m.relates_to": { rel_type: "m.replace", event_id: "$e1" } });
      return `${short(by)} ${nameOf(scene, place)} edits a message: ${body.slice(0, 60)}`;
    case 1:
      scene.send(by, place.room, dice.of(["m.reaction", "m.sticker", POLL_RESPONSE, "m.room.redaction"]) ?? "m.sticker", { body, [POLL_RESPONSE]: { answers: [7] }, ["__proto__"]: { polluted: true } });
      return `${short(by)} ${nameOf(scene, place)} sends something else than a message`;
    default:
      scene.say(by, place.room, body, sendingOf(dice));
      return `${short(by)} ${nameOf(scene, place)}: ${body.slice(0, 60)}`;
  }
}

/** Sends again, byte for byte, what somebody said before: under another event, perhaps in another room or another's name. */
export function replay(scene: Scene, dice: Dice): string | undefined {
  const before = scene.server.state.line.filter(({ event }) => event.type === "m.room.encrypted" && event.sender !== scene.server.bot);
  const found = dice.of(before.slice(-60));
  if (found === undefined) return undefined;
  const by = dice.oneIn(4) ? anybody(dice) : found.event.sender;
  const room = dice.oneIn(4) ? dice.of(scene.server.roomsOf(by, "join")) ?? found.room : found.room;
  scene.server.add(room, by, "m.room.encrypted", found.event.wire["content"] as Readonly<Record<string, unknown>>);
  return `the server repeats what ${short(found.event.sender)} said before, in the name of ${short(by)}`;
}

/** A device that nobody has signed speaks in somebody's name; now and then it says stop. */
export function thief(scene: Scene, dice: Dice): string | undefined {
  const by = dice.of(PEOPLE) ?? PEOPLE[0]!;
  const place = placeOf(scene, by, dice);
  if (place === undefined) return undefined;
  const body = dice.oneIn(2) ? "stop" : dice.of(["cd go CD-1", "task list", "jit show", "alert ack A-1"]) ?? "";
  scene.say(by, place.room, body, { device: "THIEF" });
  return `a strange device in ${short(by)}'s name ${nameOf(scene, place)}: ${body}`;
}
/** Words in clear and ciphertext that never was one. */
export function forged(scene: Scene, dice: Dice): string | undefined {
  const by = anybody(dice);
  const place = placeOf(scene, by, dice);
  if (place === undefined) return undefined;
  const isClear = dice.oneIn(2);
  if (isClear) scene.server.add(place.room, by, "m.room.message", { msgtype: "m.text", body: dice.of(["stop", "cd go CD-1", "1"]) ?? "" });
  else scene.server.add(place.room, by, "m.room.encrypted", { algorithm: "m.megolm.v1.aes-sha2", device_id: "PHONE", session_id: dice.oneIn(3) ? `${by} ${place.room} none` : scene.server.state.keys.findLast((session) => session.startsWith(`${by} ${place.room} `)) ?? "none", place: scene.server.state.line.length, ciphertext: "{\"broken\":" });
  return isClear ? `words in clear in the name of ${short(by)} ${nameOf(scene, place)}` : `a broken message in the name of ${short(by)} ${nameOf(scene, place)}`;
}
