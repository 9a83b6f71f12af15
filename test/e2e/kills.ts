/** `npm run kills [-- --count 500 --people 10 --seed S]`: kills the bot at random instants on a real homeserver; the last line says what was lost. */
import { parseArgs } from "node:util";
import { playRandomKills } from "./random-kills.ts";

const { values } = parseArgs({
  options: { count: { type: "string", default: "500" }, people: { type: "string", default: "10" }, seed: { type: "string", default: "1" } },
});
const started = performance.now();
try {
  const done = await playRandomKills({
    kills: Number(values.count), people: Number(values.people), seed: Number(values.seed),
    progress: (text) => console.log(`${((performance.now() - started) / 1000).toFixed(0).padStart(5)} s  ${text}`),
  });
  console.log(`${done.kills} kills (${done.killedInStart} before it was ready), ${done.commands} commands, ${done.read} messages read: 0 lost, 0 doubled, 0 in clear`);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
// Clients of the people keep timers of their own.
process.exit();
