/** The steps of a run, each drawn by its own dice, so that one can be left out and the others stay what they were. */
import type { Instant, MasterKey, RoomId, UserId } from "../../src/domain/ids.ts";
import { INSTALLATION } from "../../src/domain/ids.ts";
import { BOT } from "../domain/builders-core.ts";
import type { Dice } from "./chance.ts";
import { dice as diceOf } from "./chance.ts";
import type { Fault, How } from "./life.ts";
import { CALLS } from "./life.ts";
import { PEOPLE, STRANGER, short } from "./people.ts";
import type { Scene } from "./scene.ts";
import { anybody, chatter, code, command, forged, replay, tap, thief } from "./talk.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Does something; tells it, or nothing if there was nothing to do. */
type Doing = (scene: Scene, dice: Dice) => string | undefined | Promise<string | undefined>;
/** What can happen in a step, and how often beside the others. `fault`: nobody of the case does it. */
interface Kind {
  readonly weight: number;
  readonly fault: boolean;
  readonly does: Doing;
}

const KINDS: readonly Kind[] = [
  { weight: 300, fault: false, does: (scene, dice) => command(scene, dice) },
  { weight: 170, fault: false, does: (scene, dice) => tap(scene, dice) },
  { weight: 25, fault: false, does: (scene, dice) => code(scene, dice) },
  { weight: 40, fault: false, does: (scene, dice) => chatter(scene, dice) },
  { weight: 60, fault: false, does: (scene, dice) => comeIn(scene, dice) },
  { weight: 150, fault: false, does: (scene, dice) => time(scene, 1 + dice.below(3 * SECOND)) },
  { weight: 60, fault: false, does: (scene, dice) => time(scene, 10 * SECOND + dice.below(5 * MINUTE)) },
  { weight: 6, fault: false, does: (scene, dice) => time(scene, 10 * MINUTE + dice.below(HOUR)) },
  { weight: 1, fault: false, does: (scene, dice) => time(scene, HOUR + dice.below((dice.oneIn(6) ? 40 : 4) * HOUR)) },
  { weight: 70, fault: true, does: (scene, dice) => fault(scene, dice) },
  { weight: 12, fault: true, does: (scene) => crash(scene) },
  { weight: 6, fault: true, does: (scene) => orderly(scene) },
  { weight: 15, fault: true, does: (scene) => keys(scene) },
  { weight: 15, fault: true, does: (scene) => release(scene) },
  { weight: 15, fault: true, does: (scene, dice) => replay(scene, dice) },
  { weight: 10, fault: true, does: (scene, dice) => thief(scene, dice) },
  { weight: 12, fault: true, does: (scene, dice) => forged(scene, dice) },
  { weight: 8, fault: true, does: (scene, dice) => doubt(scene, dice) },
  { weight: 4, fault: true, does: (scene, dice) => falseIdentity(scene, dice) },
  { weight: 15, fault: true, does: (scene, dice) => gap(scene, dice) },
  { weight: 12, fault: true, does: (scene, dice) => muddle(scene, dice) },
  { weight: 10, fault: true, does: (scene, dice) => membership(scene, dice) },
  { weight: 6, fault: true, does: (scene, dice) => forgedState(scene, dice) },
  { weight: 4, fault: true, does: (scene, dice) => invited(scene, dice) },
  { weight: 4, fault: true, does: (scene, dice) => clockSet(scene, dice) },
];
const ALL = KINDS.reduce((sum, kind) => sum + kind.weight, 0);

/** One step of this number. Gives its line of the story. */
export async function step(scene: Scene, number: number, withFaults: boolean): Promise<string | undefined> {
  const dice = diceOf(scene.seed, number);
  const kind = drawn(dice.below(ALL));
  if (kind.fault && !withFaults) return undefined;
  const told = await kind.does(scene, dice);
  if (told === undefined) return undefined;
  await scene.settle();
  if (scene.life !== undefined || dice.oneIn(3)) return told;
  // A process that has died is started again, soon or a little later.
  if (dice.oneIn(4)) await scene.pass(dice.below(20 * MINUTE));
  await scene.start();
  return `${told}; the bot is started again`;
}
function drawn(number: number): Kind {
  let left = number;
  for (const kind of KINDS) {
    left -= kind.weight;
    if (left < 0) return kind;
  }
  throw new RangeError("a draw beyond all kinds of step");
}

async function time(scene: Scene, ms: number): Promise<string> {
  await scene.pass(ms);
  return `${ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`} pass`;
}
function comeIn(scene: Scene, dice: Dice): string | undefined {
  const by = anybody(dice);
  const rooms = scene.join(by);
  return rooms === 0 ? undefined : `${short(by)} comes into ${rooms} rooms`;
}

const HOWS: readonly How[] = ["unreachable", "unreachable", "rate-limited", "server-error", "refused", "dies", "dies", "dies"];
function fault(scene: Scene, dice: Dice): string | undefined {
  const { life } = scene;
  const call = dice.of(CALLS);
  if (life === undefined || call === undefined) return undefined;
  const local = call === "commit" || call === "receive" || call === "decrypt" || call === "encrypt";
  const how: How = dice.oneIn(3) ? { slow: 1 + dice.below(dice.oneIn(4) ? 40 * SECOND : 2 * SECOND) }
    : call === "decrypt" || call === "encrypt" ? "dies" : local ? dice.of(["throws", "dies"] as const) ?? "dies" : dice.oneIn(60) ? "token" : dice.of(HOWS) ?? "dies";
  // A journal that refuses twice running is a broken disk, and ends the process.
  if (how === "throws" && life.faults.some((each) => each.how === "throws")) return undefined;
  const when = how === "refused" || how === "rate-limited" || how === "token" || (call === "commit" && how === "throws") ? "before" : dice.of(["before", "after"] as const) ?? "before";
  const found: Fault = { call, nth: 1 + dice.below(8), when, how };
  life.faults.push(found);
  return `from now the ${found.nth}. ${call} ${typeof how === "object" ? `takes ${how.slow} ms` : how === "dies" ? `is the bot's last (${when})` : `fails: ${how} (${when} it has been done)`}`;
}
function crash(scene: Scene): string {
  scene.kill();
  return "the bot is killed";
}
async function orderly(scene: Scene): Promise<string> {
  await scene.stop();
  await scene.start();
  return "the bot is stopped in order and started again";
}
function keys(scene: Scene): string | undefined {
  const count = scene.server.state.keysHeld.length;
  scene.server.releaseKeys();
  return count === 0 ? undefined : `${count} late keys come`;
}
function release(scene: Scene): string | undefined {
  const count = scene.server.state.held.length;
  scene.server.releaseHeld();
  return count === 0 ? undefined : `the server lets through ${count} messages that it held back`;
}
function doubt(scene: Scene, dice: Dice): string | undefined {
  const [doubted] = scene.distrusted.keys();
  if (doubted !== undefined) {
    scene.distrusted.delete(doubted);
    scene.reported.add(doubted);
    return `${short(doubted)}'s identity is as it was`;
  }
  const who = dice.of(PEOPLE);
  if (who === undefined) return undefined;
  scene.distrusted.set(who, dice.of(["identity-changed", "device-unproven", "unknown"] as const) ?? "unknown");
  scene.reported.add(who);
  scene.everDoubted.add(who);
  return `${short(who)} cannot be proven any more`;
}
/** The server shows another identity for somebody: their own new one, a thief's, or, the next time, the old one again. */
function falseIdentity(scene: Scene, dice: Dice): string | undefined {
  const who = dice.of(PEOPLE);
  if (who === undefined) return undefined;
  const isBack = scene.shown.has(who) && dice.oneIn(2);
  if (isBack) scene.shown.delete(who);
  else scene.shown.set(who, `${dice.below(1_000)}`.padStart(43, "N") as MasterKey);
  scene.reported.add(who);
  scene.everDoubted.add(who);
  return `the server shows ${isBack ? "the old" : "another"} identity for ${short(who)}`;
}
function someRoom(scene: Scene, dice: Dice): RoomId | undefined {
  return dice.of(scene.server.roomsOf(BOT, "join"));
}
function gap(scene: Scene, dice: Dice): string | undefined {
  const room = someRoom(scene, dice);
  if (room === undefined) return undefined;
  scene.server.cut.set(room, 1 + dice.below(2));
  return `the server will leave a gap in ${room}`;
}
function muddle(scene: Scene, dice: Dice): string | undefined {
  const room = someRoom(scene, dice);
  if (room === undefined) return undefined;
  scene.server.muddled.set(room, 1 + dice.below(4));
  return `the server will repeat and turn round what it tells of ${room}`;
}
/** Somebody is put in or out of a room by the server or by somebody with power there. */
function membership(scene: Scene, dice: Dice): string | undefined {
  const room = someRoom(scene, dice);
  if (room === undefined) return undefined;
  const isIn = dice.oneIn(2);
  const who: UserId = isIn ? STRANGER : anybody(dice);
  if (scene.server.membership(room, who) === (isIn ? "join" : "leave") || (!isIn && scene.server.membership(room, who) === undefined)) return undefined;
  scene.server.add(room, who, "m.room.member", { membership: isIn ? "join" : "leave" }, who);
  return `${short(who)} is ${isIn ? "suddenly in" : "put out of"} ${room}`;
}
function forgedState(scene: Scene, dice: Dice): string | undefined {
  const room = someRoom(scene, dice);
  if (room === undefined) return undefined;
  const [type, content] = dice.of([
    ["m.room.name", { name: "x" }], ["m.room.power_levels", { users: { [STRANGER]: 100 } }], ["m.room.join_rules", { join_rule: "public" }],
    ["m.room.history_visibility", { history_visibility: "world_readable" }], ["m.room.pinned_events", { pinned: ["$x"] }],
  ] as const) ?? ["m.room.name", {}];
  scene.server.add(room, STRANGER, type, content, "");
  return `${type} of ${room} is changed by a stranger`;
}
function invited(scene: Scene, dice: Dice): string {
  const by = anybody(dice);
  scene.server.createRoom(by, { mark: "", power: {}, invite: [BOT], state: [] });
  return `${short(by)} invites the bot to a room that is not encrypted`;
}
function clockSet(scene: Scene, dice: Dice): string {
  const by = (dice.oneIn(2) ? -1 : 1) * (1 + dice.below(2 * HOUR));
  scene.clock.set((scene.clock.now() + by) as Instant);
  if (by < 0) scene.setBack += -by;
  return `the clock is set ${by < 0 ? "back" : "forward"} by ${Math.abs(Math.round(by / MINUTE))} min`;
}

/** All faults end: what was held back comes, everybody can be proven again and comes in, the server is truthful. */
export function calm(scene: Scene): void {
  const { server } = scene;
  scene.distrusted.clear();
  scene.life?.faults.splice(0);
  server.cut.clear();
  server.muddled.clear();
  server.releaseKeys();
  server.releaseHeld();
  for (const room of server.roomsOf(BOT, "join")) if (scene.truth.placed(room)?.chain === INSTALLATION && server.membership(room, STRANGER) === "join") server.add(room, STRANGER, "m.room.member", { membership: "leave" }, STRANGER);
  for (const user of PEOPLE) scene.join(user);
}
