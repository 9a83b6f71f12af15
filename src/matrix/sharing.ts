/** A room's key for exactly those people whose identity is the pinned one, decided in the turn of the engine in which it is given. */
import * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import type { RoomId, UserId } from "../domain/ids.ts";
import type { Recipient } from "../ports.ts";
import { engineUsers } from "./machine.ts";
import type { Standings } from "./standing.ts";
import { devicesOf } from "./withholding.ts";
import type { LeftOut } from "./withholding.ts";

/** A key is used for so many messages and so many microseconds at most; 100 and a week are the specification's advice (`m.room.encryption`). */
const MOST_MESSAGES = 100n;
const LONGEST_USE = 7n * 24n * 3_600n * 1_000_000n;

/** Those in question, by user: each once. */
export type Pins = ReadonlyMap<UserId, Recipient>;

/** What is to be sent before the message. */
export interface Shared {
  /** Missing if the key has been given out. Of people who may not have it nothing is claimed. */
  readonly claim?: olm.KeysClaimRequest;
  readonly requests: readonly olm.ToDeviceRequest[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Who may have the key, and the key to exactly them, in one turn of the engine: an identity that changes between the two would get it.
 * The engine rotates the session by itself when somebody who has had it is no longer among them, or has lost a device. `claims`: if there is no way yet
 * to a device of theirs, only that is found out.
 */
export async function share(
  engine: olm.OlmMachine,
  standings: Standings,
  room: RoomId,
  pins: Pins,
  silent: ReadonlySet<string>,
  claims: boolean,
): Promise<Shared> {
  const { entitled, refused } = await sorted(standings, pins);
  const claim = claims ? ((await engine.getMissingSessions(engineUsers(entitled))) ?? undefined) : undefined;
  if (claim !== undefined) return { claim, requests: [], leftOut: [] };
  const settings = new olm.EncryptionSettings();
  settings.sharingStrategy = olm.CollectStrategy.identityBasedStrategy();
  // Keeps other members' clients from passing the key on to people invited later (MSC4268).
  settings.historyVisibility = olm.HistoryVisibility.Joined;
  settings.rotationPeriodMessages = MOST_MESSAGES;
  settings.rotationPeriod = LONGEST_USE;
  const requests = await engine.shareRoomKey(new olm.RoomId(room), engineUsers(entitled), settings);
  const leftOut: LeftOut[] = [];
  // Whose server is silent may have the key once it answers: they are told nothing.
  for (const each of refused) leftOut.push({ ...each, devices: silent.has(each.user) ? [] : await devicesOf(engine, each.user) });
  return { requests, leftOut };
}

async function sorted(standings: Standings, pins: Pins): Promise<{ readonly entitled: readonly UserId[]; readonly refused: readonly Omit<LeftOut, "devices">[] }> {
  const entitled: UserId[] = [];
  const refused: Omit<LeftOut, "devices">[] = [];
  for (const [user, { pinned, keptOut }] of pins) {
    const why = keptOut === true ? "kept-out" : await standings.recipient(user, pinned);
    if (why === "proven") entitled.push(user);
    else refused.push({ user, why });
  }
  return { entitled, refused };
}
