/** Starts the app on a large journal, with a homeserver that says nothing, and tells how long it took to have read its state: `node start-child.ts FOLDER`. */
import { createHash } from "node:crypto";
import { App } from "../src/app/app.ts";
import { readSettings } from "../src/app/settings.ts";
import { COMMANDS } from "../src/app/start.ts";
import { log, systemRandom } from "../src/app/system.ts";
import { loadRegistry } from "../src/chat/registry.ts";
import type { Instant, UserId } from "../src/domain/ids.ts";
import { canonical } from "../src/journal/canonical.ts";
import { LIMITS } from "../src/journal/limits.ts";
import type { Clock } from "../src/ports.ts";
import { masterKeyOf, ModelCrypto, ModelGateway, ModelServer } from "../test/support/model.ts";
import { AFTERWARDS, openLargeJournal } from "./large-journal.ts";
import { memoryMb } from "./process-figures.ts";

const [folder = ""] = process.argv.slice(2);
const BOT = "@relevo:bench.example" as UserId;
const owner = "@ana:es.example" as UserId;
const read = readSettings({ homeserver: "http://127.0.0.1:1", user: BOT, data: folder, owners: [{ user: owner, masterKey: masterKeyOf(owner) }], zone: "Europe/Madrid", windows: { checkpointEvery: "7d" } }, (path) => path);
if (!read.ok) throw new Error("the settings of the benchmark are not accepted");

// Time stands still: what a start notes of itself is then the same each time.
const clock: Clock = { now: () => AFTERWARDS as Instant, wakeAt: () => () => undefined };
const registry = await loadRegistry(COMMANDS);
const from = performance.now();
const spent = process.cpuUsage();
const journal = openLargeJournal(folder);
const server = new ModelServer();
const gateway = new ModelGateway(server, BOT);
const app = new App({
  gateway, crypto: new ModelCrypto(server, BOT), journal, clock, random: systemRandom(), log, registry, markKey: new Uint8Array(32), settings: read.settings,
});
const closed = Promise.withResolvers<never>();
// Nor does the homeserver answer: what it would be asked to do belongs to no start.
for (const call of ["sync", "createRoom", "joinedRooms"] as const) gateway[call] = () => closed.promise;
await app.start();
const seconds = (performance.now() - from) / 1000;
const cpu = process.cpuUsage(spent);
const memory = memoryMb("self").peak;
await app.stop(async () => closed.reject(Object.assign(new Error("closed"), { kind: "unreachable" })));
// What the app has in memory is what it leaves as its snapshots.
const hash = createHash("sha256");
let rows = 0;
for (const chain of await journal.chains()) {
  const kept = await journal.snapshot(chain);
  // The order of an entity's properties tells only on which way it came about.
  hash.update(`${chain}\n${kept?.seq ?? 0}\n${canonical(kept?.state ?? null, { bytes: LIMITS.snapshotBytes, nodes: LIMITS.snapshotNodes, depth: LIMITS.depth })}\n`);
  rows += kept?.seq ?? 0;
}
await journal.close();
console.log(JSON.stringify({ seconds, cpuSeconds: (cpu.user + cpu.system) / 1e6, memory, rows, state: hash.digest("hex") }));
process.exit();
