/** What a start costs with the room keys of years: the bot as its operator starts it, on a real homeserver, before and after so many keys were put into its store. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { startBot } from "../test/support/bot.ts";
import { newHuman } from "../test/support/human.ts";
import { startSynapse } from "../test/support/synapse.ts";
import { inOwnProcess } from "./own-process.ts";
import { cpuMs, memoryMb } from "./process-figures.ts";

const KEYS = 50_000;
/** Starts of each; the best counts, because nothing makes a start faster than it is. */
const STARTS = 3;

interface Start {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly memory: number;
}

/** `start_50000_room_keys_*`, with the same start before the keys beside it. */
export async function roomKeyRows(progress: (text: string) => void, keys = KEYS): Promise<Record<string, number>> {
  const dir = mkdtempSync(path.join(tmpdir(), "relevo-bench-keys-"));
  const synapse = await startSynapse({ dir: path.join(dir, "synapse"), fast: true });
  try {
    const ana = await newHuman(synapse, "ana");
    const bot = await startBot({ dir: path.join(dir, "bot"), synapse, owners: [{ user: ana.userId, masterKey: await ana.masterKey() }] });
    const room = await ana.direct(bot.userId);
    ana.stop();
    await bot.stop();
    const start = async (): Promise<Start> => {
      const from = performance.now();
      await bot.start();
      const figures = { seconds: (performance.now() - from) / 1000, cpuSeconds: cpuMs(bot.pid) / 1000, memory: memoryMb(bot.pid).peak };
      await bot.stop();
      return figures;
    };
    const starts = async (): Promise<Start> => {
      const all: Start[] = [];
      while (all.length < STARTS) all.push(await start());
      const best = (figure: keyof Start): number => Math.min(...all.map((each) => each[figure]));
      return { seconds: best("seconds"), cpuSeconds: best("cpuSeconds"), memory: Math.max(...all.map(({ memory }) => memory)) };
    };
    progress("starting with no room key but its own");
    const bare = await starts();
    progress(`putting ${keys} room keys into the store`);
    const { imported } = await inOwnProcess<{ readonly imported: number }>("./room-keys-child.ts", [bot.config, bot.userId, bot.account.device_id, room, String(keys)]);
    if (imported !== keys) throw new Error(`${imported} keys were taken, and not ${keys}`);
    progress("starting with them");
    const full = await starts();
    return {
      start_50000_room_keys_s: full.seconds, start_50000_room_keys_mb: full.memory, start_50000_room_keys_cpu_s: full.cpuSeconds,
      start_no_room_keys_s: bare.seconds, start_no_room_keys_mb: bare.memory, start_no_room_keys_cpu_s: bare.cpuSeconds,
    };
  } finally {
    await synapse.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
