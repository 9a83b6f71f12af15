/**
 * Devices that their owner has not signed get no key, and most clients show nothing of why. Their owner is told once: alone, where another device of
 * theirs can read it; else in their room, so that a colleague passes it on.
 */
import type { Effect } from "../domain/effect.ts";
import { tellPeople, tellRoom } from "../domain/effect.ts";
import type { UserId } from "../domain/ids.ts";
import { INSTALLATION } from "../domain/ids.ts";
import { roomsOf } from "../domain/roster.ts";
import { line, message } from "../domain/say.ts";
import type { Clock, Crypto, Journal } from "../ports.ts";
import type { Note, Turns } from "./turn.ts";
import type { World } from "./world.ts";
import type { Writer } from "./writer.ts";

declare module "../domain/say.ts" {
  interface Sayings {
    "access.device-unsigned": { unsigned: number };
    "access.device-unsigned-cure": Record<never, never>;
    "access.no-device-signed": { callSign: string };
    "access.no-device-signed-cure": { callSign: string };
  }
}

/** What telling needs. */
export interface UnsignedDevicesParts {
  readonly crypto: Pick<Crypto, "devices">;
  readonly journal: Pick<Journal, "value" | "commit">;
  readonly clock: Clock;
  readonly world: World;
  readonly writer: Writer;
  readonly turns: Turns;
}

/** Tells people of devices of theirs that cannot read. */
export class UnsignedDevices {
  readonly #parts: UnsignedDevicesParts;

  constructor(parts: UnsignedDevicesParts) {
    this.#parts = parts;
  }
  /** Looks at somebody's devices; said once for as long as it stays so. Throws a gateway fault if the server cannot be asked. */
  async look(user: UserId): Promise<void> {
    const { crypto, journal, clock, writer, turns } = this.#parts;
    const devices = await crypto.devices(user);
    if (devices === undefined) return;
    const value = `unsigned:${user}`;
    const state = devices.signed === 0 ? "none" : devices.unsigned > 0 ? "some" : undefined;
    const before = await journal.value(value);
    if (state === before) return;
    if (state === undefined) return void (await journal.commit({ values: { [value]: null } }));
    await writer.do("live", async () => {
      await turns.commit({ now: clock.now(), trust: "none", parts: [], values: { [value]: state }, notes: state === "none" ? this.#toRooms(user) : [alone(user, devices.unsigned)] });
    });
  }
  #toRooms(user: UserId): Note[] {
    const { world } = this.#parts;
    return world.casesOf(user).map((chain) => {
      const member = world.member(chain, user);
      const [slot] = member === undefined ? [] : roomsOf(member.role);
      const callSign = member?.callSign ?? "";
      const effects: Effect[] = slot === undefined ? [] : [tellRoom(slot, message(line("access.no-device-signed", { callSign }), line("access.no-device-signed-cure", { callSign })))];
      return { chain, what: "no-device-signed", facts: {}, effects };
    });
  }
}

function alone(user: UserId, unsigned: number): Note {
  return {
    chain: INSTALLATION, what: "device-unsigned", facts: {},
    effects: [tellPeople([user], message(line("access.device-unsigned", { unsigned }), line("access.device-unsigned-cure", {})))],
  };
}
