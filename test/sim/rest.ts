/** What must be true when all faults are over and time has passed: nothing lost, nothing twice, nothing waiting for ever. */
import { roomReader } from "../../src/app/render.ts";
import { noticeContent } from "../../src/chat/write.ts";
import { boardOf } from "../../src/domain/board.ts";
import { ENTITIES } from "../../src/domain/entities.ts";
import { leftAt } from "../../src/domain/roster.ts";
import { members } from "../../src/domain/state.ts";
import type { ChainId, EventId, RoomId, Slot } from "../../src/domain/ids.ts";
import { INSTALLATION } from "../../src/domain/ids.ts";
import type { Inbox, NewOutbox } from "../../src/ports.ts";
import { BOT, WINDOWS } from "../domain/builders-core.ts";
import { OUTSIDERS, PEOPLE } from "./people.ts";
import type { Scene } from "./scene.ts";
import { calm } from "./steps.ts";

/** How long everything has to come to rest in, and how often it is looked whether it has. Milliseconds. */
const LONGEST = 4 * 3_600_000;
const LOOK_EVERY = 20_000;

/** Ends all faults and lets time pass until nothing is under way, or too long; then looks at everything. */
export async function rest(scene: Scene): Promise<void> {
  calm(scene);
  if (scene.life === undefined) await scene.start();
  calm(scene);
  await scene.settle();
  if (scene.setBack > 0) await scene.pass(scene.setBack);
  let waited = 0;
  for (let wait = 1_500; scene.broken === undefined && (waited === 0 || !isQuiet(scene)) && waited < LONGEST; wait = Math.min(wait * 2, 15 * LOOK_EVERY)) {
    await scene.pass(wait);
    waited += wait;
    for (const user of PEOPLE) scene.join(user);
    // Whoever was taken in meanwhile comes in too: what is said to somebody of another homeserver waits until they are there.
    for (const user of OUTSIDERS) if (scene.truth.cases.some((chain) => members(scene.truth.scope(chain)).some((member) => member.user === user))) scene.join(user);
    if (scene.life === undefined) await scene.start();
    await scene.settle();
  }
  if (scene.broken !== undefined) return;
  sent(scene);
  heard(scene);
  alerts(scene);
  boards(scene);
  if (scene.broken !== undefined) return;
  // What the bot holds is compared with its journal when it writes its snapshots.
  await scene.stop();
}

function isQuiet(scene: Scene): boolean {
  const { durable, server, spoken } = scene;
  for (const [event, room] of spoken) if (!durable.inbox.has(event) && server.membership(room, BOT) === "join" && !isWithheld(scene, room, event)) return false;
  for (const { row } of durable.outbox.values()) if (row.state !== "sent" && !waitsForPeople(scene, row)) return false;
  for (const { end, row } of durable.inbox.values()) if (end === undefined && !isUnreadable(row, server.state.keys)) return false;
  return true;
}
/** The server left it out and would not give it out afterwards: it is lost, and that is on record. */
function isWithheld({ withheld, truth }: Scene, room: RoomId, event: EventId): boolean {
  const upTo = withheld.get(room);
  return upTo !== undefined && Number(event.slice("$e".length)) < upTo && truth.noted.has("gap-unreadable");
}
/** It is for a room of a case in which nobody is who may know: all have left, or are kept out. It waits for the first who comes back. */
function waitsForPeople({ truth, server }: Scene, { body }: Pick<NewOutbox, "body">): boolean {
  const { at } = JSON.parse(body) as { readonly at: { readonly chain: ChainId; readonly slot: Slot } };
  const room = truth.scope(at.chain).state.room.get(at.slot)?.room;
  return at.chain !== INSTALLATION && room !== undefined && !truth.entitled(at).some((user) => server.membership(room, user) === "join");
}
/** The key of this message never came to this room. */
function isUnreadable({ wire, room }: Inbox, keys: readonly string[]): boolean {
  const { content } = JSON.parse(wire) as { readonly content?: { readonly session_id?: unknown } };
  return !keys.some((session) => session === content?.session_id && session.includes(` ${room} `));
}

/** Each message that was decided has gone out once, or was rightly dropped. */
function sent(scene: Scene): void {
  const { server, truth, durable } = scene;
  const times = new Map<string, number>();
  for (const { effect } of server.state.said) times.set(effect, (times.get(effect) ?? 0) + 1);
  for (const [effect, count] of times) {
    if (count > 1) scene.report(`a message was sent ${count} times: ${server.state.said.find((each) => each.effect === effect)?.body ?? ""}`);
    if (!truth.effects.has(effect) && !scene.saidBefore.has(effect)) scene.report(`something was sent that nobody had decided: ${effect}`);
  }
  for (const [effect, { kind, dropped }] of truth.effects) {
    if (times.has(effect) || dropped !== undefined || kind === "board") continue;
    const row = durable.outbox.get(effect)?.row;
    if (row !== undefined && waitsForPeople(scene, row)) continue;
    scene.report(`a message was decided and never sent: ${(row ?? truth.effects.get(effect)?.row)?.body.slice(0, 400) ?? effect}`);
  }
}

/** Each message of a person has been dealt with, and each stop has counted. */
function heard(scene: Scene): void {
  const { durable, truth, server } = scene;
  for (const [event, room] of scene.spoken) {
    if (!durable.inbox.has(event) && server.membership(room, BOT) === "join" && !isWithheld(scene, room, event)) scene.report(`the message ${event} in ${room} was never taken in`);
  }
  for (const [event, { end, row }] of durable.inbox) {
    if (end === undefined && !isUnreadable(row, server.state.keys)) scene.report(`the message ${event} of ${row.sender} was never dealt with`);
  }
  for (const [event, { by, chain, delivery }] of scene.stops) {
    const end = truth.ends.get(event);
    // Held back until its author had been removed: those on the route are told that it is not proven, as often as such warnings are given.
    if ((end === "not-ours" || end === "refused") && leftAt(truth.scope(chain), by) !== undefined) continue;
    const has = truth.cameOf.get(event)?.some((type) => type === "delivery.stopped" || type === "delivery.stop-repeated") === true;
    if (!has && end !== "failed" && end !== undefined && !scene.everDoubted.has(by) && !truth.everKeptOut.has(by)) scene.report(`a stop of ${delivery} by ${by} did not count (${end})`);
  }
}

/** An alert is acknowledged or goes on asking. */
function alerts(scene: Scene): void {
  for (const chain of scene.truth.cases) {
    const scope = scene.truth.scope(chain);
    for (const alert of scope.state.alert.values()) {
      const next = ENTITIES.alert.nextWake?.(alert, WINDOWS, scope);
      if (alert.acknowledged.length === 0 && next === undefined) scene.report(`${alert.id} is not acknowledged and asks nobody any more`);
    }
    for (const question of scope.state.question.values()) {
      if (question.state === "open" && question.expires <= scene.clock.now() - 60_000) scene.report(`a question about ${question.about} is open although its time is over`);
    }
  }
}

/** Each board shows the state as it is, and everybody in the room can read it. */
function boards(scene: Scene): void {
  const { truth, server, durable } = scene;
  for (const chain of truth.cases) {
    const scope = truth.scope(chain);
    for (const { slot, room } of scope.state.room.values()) {
      const board = boardOf(scope, slot);
      if (board === undefined || server.membership(room, BOT) !== "join") continue;
      const place = placeOfBoard(durable.values, chain, slot);
      const present = truth.entitled({ chain, slot }).filter((user) => server.membership(room, user) === "join");
      if (present.length === 0) continue;
      const posts = server.state.said.filter((said) => said.room === room && (said.event === place?.event || isEditOf(said.content, place?.event)));
      const last = posts.at(-1);
      const first = posts[0];
      if (place === undefined || last === undefined || first === undefined) {
        scene.report(`there is no board in ${slot}`);
        continue;
      }
      const wanted = noticeContent(board, roomReader(scope, slot, "!", last.at))["body"];
      // Its last line says until when the bot was there.
      if (last.body.replace(/^\* /, "").split("\n").slice(0, -1).join("\n") !== wanted) scene.report(`the board of ${slot} shows what is over: ${JSON.stringify(last.body)} instead of ${JSON.stringify(wanted)}`);
      const blind = present.find((user) => !first.present.includes(user));
      if (blind !== undefined && !scene.everDoubted.has(blind)) scene.report(`${blind} cannot read the board of ${slot}`);
      const pinned = server.stateOf(room, "m.room.pinned_events")?.["pinned"];
      if (!Array.isArray(pinned) || pinned.at(-1) !== place.event) scene.report(`the board of ${slot} is not pinned`);
    }
  }
}
function placeOfBoard(values: ReadonlyMap<string, string>, chain: ChainId, slot: Slot): { readonly event: EventId } | undefined {
  const text = values.get(`board:${chain}/${slot}`);
  return text === undefined ? undefined : (JSON.parse(text) as { readonly event: EventId });
}
function isEditOf(content: Readonly<Record<string, unknown>>, event: EventId | undefined): boolean {
  const relation = content["m.relates_to"] as { readonly rel_type?: unknown; readonly event_id?: unknown } | undefined;
  return relation?.rel_type === "m.replace" && relation.event_id === event;
}
