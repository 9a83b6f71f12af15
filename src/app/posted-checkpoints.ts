/** The checkpoints that stand in a case's coordination room: read back from there, because what a key holder rewrote would agree with itself. */
import type { Checkpoint } from "../domain/audit.ts";
import type { ChainId } from "../domain/ids.ts";
import { COORDINATION } from "../domain/ids.ts";
import { checkpointsIn } from "../journal/checkpoint.ts";
import type { Crypto, Gateway } from "../ports.ts";
import type { World } from "./world.ts";

/** Events looked through, newest first. A checkpoint is posted at least daily. */
const LOOK_BACK = 1_000;
const PAGE = 100;
const MOST = 10;

/** The newest checkpoints of a chain that the bot has posted and can still read there, at most ten; empty if there is none. */
export async function postedCheckpoints(chain: ChainId, parts: { readonly world: World; readonly gateway: Gateway; readonly crypto: Crypto }): Promise<readonly Checkpoint[]> {
  const { world, gateway, crypto } = parts;
  const room = world.room({ chain, slot: COORDINATION });
  if (room === undefined) return [];
  const found: Checkpoint[] = [];
  let from = "";
  for (let looked = 0; looked < LOOK_BACK && found.length < MOST;) {
    const { events, end } = await gateway.messages(room, from, PAGE);
    for (const event of events) {
      if (event.sender !== gateway.user || event.type !== "m.room.encrypted") continue;
      const read = await crypto.decrypt(room, event.wire);
      // A checkpoint is signed: what an older device of the bot said, and nobody can prove, is as good.
      const body = !read.ok ? read.claims?.content["body"] : read.sender === gateway.user ? read.content["body"] : undefined;
      if (typeof body === "string") found.push(...checkpointsIn(body).checkpoints.filter((checkpoint) => checkpoint.chain === chain));
    }
    looked += events.length;
    if (end === undefined || events.length === 0) break;
    from = end;
  }
  return found;
}
