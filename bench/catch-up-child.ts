/**
 * The bot on its own ports, watched: `node catch-up-child.ts CONFIG decide` decides and sends nothing; `… run NUMBER` deals with so many messages and tells
 * how long that took, and when each P1 left.
 */
import { startOn, openPorts } from "../src/app/start.ts";
import { loadConfig } from "../src/cli/config.ts";
import { readSecrets } from "../src/cli/secret-file.ts";
import type { EventId } from "../src/domain/ids.ts";
import type { Journal } from "../src/ports.ts";
import { memoryMb } from "./process-figures.ts";

const [config = "", mode = "", number = "0"] = process.argv.slice(2);
const expected = Number(number);
const settings = await loadConfig(config);
const failed = Promise.withResolvers<never>();
failed.promise.catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
const ports = await openPorts(settings, await readSecrets(settings), failed.reject);
const urgent = new Set<string>();
const left: { readonly id: string; readonly at: number; readonly ended: number }[] = [];
let ended = 0;
const caught = Promise.withResolvers<void>();

const { journal, gateway } = ports;
for (const row of await journal.outbox()) if (row.lane === "P1") urgent.add(row.id);
const inherited = new Set(urgent);
const commit = journal.commit.bind(journal);
const watched: Journal["commit"] = async (batch) => {
  const committed = await commit(batch);
  batch.outbox?.forEach((row, index) => { if (row.lane === "P1") urgent.add(committed.outbox[index] ?? ""); });
  if (mode === "decide" && urgent.size > 0) console.log("decided");
  ended += batch.inboxEnds?.length ?? 0;
  if (ended >= expected) caught.resolve();
  return committed;
};
journal.commit = watched;
const send = gateway.send.bind(gateway);
gateway.send = async (...args): Promise<EventId> => {
  if (mode === "decide") return new Promise(() => undefined);
  const event = await send(...args);
  if (urgent.has(args[2])) left.push({ id: args[2], at: Date.now(), ended });
  return event;
};

const from = Date.now();
const spent = process.cpuUsage();
const running = await startOn(ports, settings, failed.promise);
running.ended.catch(failed.reject);
await running.ready;
const ready = Date.now();
console.log("ready");
if (mode === "run") {
  await caught.promise;
  const at = Date.now();
  const cpu = process.cpuUsage(spent);
  console.log(JSON.stringify({
    from, ready, caught: at, cpuSeconds: (cpu.user + cpu.system) / 1e6, memory: memoryMb("self").peak, messages: ended,
    left: left.map((each) => ({ ...each, inherited: inherited.has(each.id) })),
  }));
  process.exit();
}
