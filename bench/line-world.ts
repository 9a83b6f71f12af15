/**
 * A homeserver with a case of four people, whose bot was killed with a P1 decided and not sent; then ten thousand messages are typed. Made once and kept
 * in a folder, because the typing takes long; each measurement goes on from a copy.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { startBot } from "../test/support/bot.ts";
import { newHuman, type Human } from "../test/support/human.ts";
import { startLeashed } from "../test/support/leash.ts";
import type { Account, Synapse } from "../test/support/synapse.ts";
import { startSynapse } from "../test/support/synapse.ts";

/** One message in so many is a command; the others are people talking to one another. */
export const COMMAND_EVERY = 100;
const COORDINATION = "· coordination";
const PATIENCE = 120_000;

/** What is kept of it. */
export interface World {
  readonly bot: Account;
  readonly people: readonly Account[];
  readonly room: string;
  readonly direct: string;
  readonly messages: number;
}

/** Makes it in this folder, or takes what is there. */
export async function lineWorld(dir: string, messages: number, progress: (text: string) => void): Promise<World> {
  const kept = path.join(dir, "world.json");
  if (existsSync(kept)) return JSON.parse(readFileSync(kept, "utf8")) as World;
  mkdirSync(dir, { recursive: true });
  const synapse = await startSynapse({ dir: path.join(dir, "synapse"), fast: true });
  const people: Human[] = [];
  try {
    progress("opening a case with four people");
    for (const name of ["ana", "luis", "eva", "nuno"]) people.push(await newHuman(synapse, name, { joins: true }));
    const [ana, luis] = people as [Human, Human];
    const bot = await startBot({ dir: path.join(dir, "bot"), synapse, zone: "Europe/Madrid", owners: [{ user: ana.userId, masterKey: await ana.masterKey() }], settings: { openPerPerson: 10_000 } });
    const direct = await ana.direct(bot.userId);
    const until = new Date(Date.now() + 300 * 86_400_000).toISOString().slice(0, 10);
    await confirmed(ana, luis, direct, `jit open agreement "X 2026/9" states ES,PT until ${until} admins ${ana.userId} ES ${luis.userId} PT`);
    const room = await ana.room(COORDINATION, PATIENCE);
    for (const [index, person] of people.slice(2).entries()) {
      await confirmed(ana, luis, direct, `jit add ${person.userId} "Person ${index}" member PT`);
      await person.room(COORDINATION, PATIENCE);
    }
    await bot.stop();
    progress("killing the bot when it has decided a P1 and sent nothing");
    await decidesAndDies(bot.config, async () => void (await ana.say(direct, "alert raise P1 to PT-1 the vessel has changed its port of call")));
    progress(`typing ${messages} messages`);
    await type(synapse, people, room, messages, path.join(dir, "wires.jsonl"), progress);
    const world: World = { bot: bot.account, people: people.map(({ account }) => account), room, direct, messages };
    await synapse.stop();
    writeFileSync(kept, JSON.stringify(world), { mode: 0o600 });
    return world;
  } finally {
    for (const person of people) person.stop();
    await synapse.stop();
  }
}

/** A copy of it, with its homeserver running; what happens in it does not concern the next one. */
export async function copyOf(dir: string, copy: string): Promise<Synapse> {
  cpSync(dir, copy, { recursive: true, preserveTimestamps: true });
  return startSynapse({ dir: path.join(copy, "synapse"), fast: true });
}

async function confirmed(ana: Human, luis: Human, direct: string, text: string): Promise<void> {
  const marks = { ana: ana.seen.length, luis: luis.seen.length };
  await ana.say(direct, text);
  await ana.vote({ question: /./, from: marks.ana }, /^Confirm/);
  await luis.vote({ question: /./, from: marks.luis }, /^Approve/);
}

async function decidesAndDies(config: string, act: () => Promise<void>): Promise<void> {
  const program = fileURLToPath(new URL("./catch-up-child.ts", import.meta.url));
  const bot = await startLeashed(process.execPath, [program, config, "decide"], { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  const said = (word: string): Promise<void> => new Promise((resolve, reject) => {
    const look = (): void => { if (out.includes(word)) resolve(); };
    bot.child.stdout?.on("data", (chunk: Buffer) => { out += chunk.toString(); look(); });
    void bot.ended.then(() => reject(new Error(`the bot ended before it said "${word}": ${out}`)));
    look();
  });
  await said("ready");
  await act();
  await said("decided");
  await bot.kill();
}

/** Everybody types in turn; what goes over the wire is kept beside. */
async function type(synapse: Synapse, people: readonly Human[], room: string, messages: number, file: string, progress: (text: string) => void): Promise<void> {
  const typed: { readonly human: Human; readonly content: Record<string, unknown> }[] = [];
  for (let number = 0; number < messages; number += 1) {
    const human = people[number % people.length] as Human;
    const body = number % COMMAND_EVERY === COMMAND_EVERY / 2 ? `!task add Ring the port ${number}` : `The carrier has called again about number ${number}; I go there now and ring you from the quay.`;
    typed.push({ human, content: await human.encrypt(room, "m.room.message", { msgtype: "m.text", body }) });
  }
  // Encrypted before the first is sent, so that nobody's phone reads along: it would take longer than all else.
  for (const person of people) person.stop();
  const wires: string[] = [];
  let next = 0;
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (let number = next++; number < messages; number = next++) {
      const { human, content } = typed[number] as (typeof typed)[number];
      const answer = await fetch(`${synapse.url}/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.encrypted/n${number}`, {
        method: "PUT", headers: { authorization: `Bearer ${human.account.access_token}`, "content-type": "application/json" }, body: JSON.stringify(content),
      });
      if (!answer.ok) throw new Error(`message ${number} was not taken: ${answer.status}`);
      const { event_id: event } = await answer.json() as { readonly event_id: string };
      wires.push(JSON.stringify({ type: "m.room.encrypted", room_id: room, event_id: event, sender: human.userId, origin_server_ts: 1_700_000_000_000, content }));
      if (number % 1_000 === 0) progress(`  ${number}`);
    }
  }));
  writeFileSync(file, `${wires.join("\n")}\n`);
}
