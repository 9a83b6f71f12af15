/** What a bot does that was away while ten thousand messages were typed, on a real homeserver with real encryption. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { startLeashed } from "../test/support/leash.ts";
import { copyOf, lineWorld, type World } from "./line-world.ts";
import { inOwnProcess } from "./own-process.ts";

const MESSAGES = 10_000;
/** Where bin/relevo.js keeps compiled code: the bot is watched from inside here, and starts without it otherwise. */
const COMPILED = fileURLToPath(new URL("../.cache/compiled/", import.meta.url));

interface CaughtUp {
  readonly from: number;
  readonly ready: number;
  readonly caught: number;
  readonly cpuSeconds: number;
  readonly memory: number;
  readonly messages: number;
  readonly left: readonly { readonly at: number; readonly ended: number; readonly inherited: boolean }[];
}

/** `catch_up_*` and `p1_during_catch_up_s`. `world` names a folder in which the typed messages are kept for the next time. */
export async function catchUpRows(progress: (text: string) => void, world: string | undefined, messages = MESSAGES): Promise<Record<string, number>> {
  const dir = mkdtempSync(path.join(tmpdir(), "relevo-bench-line-"));
  try {
    const kept = world ?? path.join(dir, "kept");
    const made = await lineWorld(kept, messages, progress);
    return await measured(made, kept, path.join(dir, "copy"), progress);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function measured(world: World, kept: string, dir: string, progress: (text: string) => void): Promise<Record<string, number>> {
  const synapse = await copyOf(kept, dir);
  const config = path.join(dir, "bot", "relevo.yaml");
  const decrypting = () => inOwnProcess<{ seconds: number; cpuSeconds: number }>("./decrypt-child.ts", [config, world.bot.user_id, world.bot.device_id, path.join(dir, "wires.jsonl")]);
  try {
    progress("catching up");
    const bot = await startLeashed(process.execPath, [fileURLToPath(new URL("./catch-up-child.ts", import.meta.url)), config, "run", String(world.messages)], {
      stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
    });
    let out = "";
    bot.child.stdout?.on("data", (chunk: Buffer) => { out += chunk.toString(); });
    const { code } = await bot.ended;
    if (code !== 0) throw new Error(`the bot ended with ${code}: ${out.slice(-500)}`);
    const found = JSON.parse(out.trimEnd().split("\n").at(-1) ?? "") as CaughtUp;
    progress("decrypting the same messages, and nothing else");
    const raw = [await decrypting(), await decrypting()];
    const seconds = (found.caught - found.from) / 1000;
    const rawSeconds = Math.min(...raw.map((each) => each.seconds));
    const rawCpu = Math.min(...raw.map((each) => each.cpuSeconds));
    const decided = found.left.filter(({ inherited }) => inherited).map(({ at }) => (at - found.from) / 1000);
    return {
      catch_up_10000_ratio: rawSeconds / seconds, catch_up_peak_mb: found.memory, p1_during_catch_up_s: Math.max(...decided),
      catch_up_s: seconds, catch_up_cpu_s: found.cpuSeconds, catch_up_per_s: found.messages / seconds,
      decrypt_s: rawSeconds, decrypt_cpu_s: rawCpu, decrypt_per_s: world.messages / rawSeconds, catch_up_cpu_ratio: rawCpu / found.cpuSeconds,
      p1_messages_before_it: Math.max(...found.left.map(({ ended }) => ended)),
    };
  } finally {
    await synapse.stop();
  }
}
