/**
 * A journal of a million rows in ten cases, as years of use would leave it: of a hundred rows eight are of tasks, four of alerts, sixty-two of a
 * delivery's contacts, the others are what the journal notes of reads and refusals. Each case keeps a thousand rows that its snapshot does not have.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { EVOLVE_VERSION } from "../src/app/app.ts";
import { Chain } from "../src/domain/chain.ts";
import { known } from "../src/domain/entities.ts";
import type { DomainEvent } from "../src/domain/events.ts";
import type { AlertId, CallSign, CaseId, Country, DeliveryId, EventId, Instant, TaskId, UserId, Zone } from "../src/domain/ids.ts";
import { INSTALLATION } from "../src/domain/ids.ts";
import { line, message } from "../src/domain/say.ts";
import { exportLines } from "../src/journal/export.ts";
import { openJournal } from "../src/journal/journal.ts";
import type { SqliteJournal } from "../src/journal/journal.ts";
import { openKeys } from "../src/journal/keys.ts";
import type { NewRow, SystemEvent } from "../src/ports.ts";
import { masterKeyOf } from "../test/support/model.ts";

/** Opens whatever lies in the folder of the benchmark. */
export const BENCH_PASSPHRASE = "a passphrase for the benchmark";
const CASES = 10;
/** Rows of each commit. */
const AT_ONCE = 1_000;
/** Rows after the snapshots, over all cases. */
export const NOT_IN_SNAPSHOT = 10_000;

const START = Date.UTC(2026, 0, 1);
/** A moment at which nothing in it is due: the journal is as long as it is, and not as old. */
export const AFTERWARDS = START + 2 * 86_400_000;
const [ana, luis, nuno] = ["@ana:es.example", "@luis:co.example", "@nuno:pt.example"] as [UserId, UserId, UserId];
const ES1 = { user: ana, callSign: "ES-1" as CallSign, country: "ES" as Country };
const CO1 = { user: luis, callSign: "CO-1" as CallSign, country: "CO" as Country };
const PT1 = { user: nuno, callSign: "PT-1" as CallSign, country: "PT" as Country };
const PEOPLE = [ES1, CO1, PT1] as const;
const madrid = "Europe/Madrid" as Zone;

/** Opens the journal of a folder as the app does. */
export function openLargeJournal(folder: string, evolveVersion = EVOLVE_VERSION): SqliteJournal {
  const random = { bytes: (length: number): Uint8Array => randomBytes(length) };
  const keys = openKeys({ folder, passphrase: BENCH_PASSPHRASE, random });
  return openJournal({ folder, keys, clock: { now: () => Date.now() as Instant }, random, known, evolveVersion });
}

/** Writes it; the folder must be new. With `exportTo`, also the file that `relevo audit export` makes of it. */
export async function makeLargeJournal(folder: string, rows: number, exportTo: string | undefined): Promise<void> {
  const journal = openLargeJournal(folder);
  await journal.commit({ rows: PEOPLE.map(({ user }, index) => row(INSTALLATION as unknown as CaseId, index, { type: "person.pinned", v: 1, user, masterKey: masterKeyOf(user), language: "en", zone: madrid })) });
  const each = Math.floor((rows - PEOPLE.length) / CASES);
  const kept = Math.floor(Math.min(NOT_IN_SNAPSHOT, rows / 10) / CASES);
  for (let number = 0; number < CASES; number += 1) {
    const chain = `benchmark-case-${number}` as CaseId;
    const state = new Chain();
    const story = happenings(number, each);
    let seq = 0;
    let part: NewRow[] = [];
    const flush = async (): Promise<void> => {
      await journal.commit({ rows: part });
      part = [];
    };
    for (const event of story) {
      part.push(row(chain, seq, event));
      seq += 1;
      if (event.type !== "system.noted" && event.type !== "system.restored") state.apply(event);
      if (part.length === AT_ONCE) await flush();
      if (seq === each - kept) {
        await flush();
        await journal.saveSnapshot(chain, seq, EVOLVE_VERSION, state.save());
      }
    }
    await flush();
  }
  if (exportTo !== undefined) await writeExport(journal, exportTo);
  await journal.close();
}

async function writeExport(journal: SqliteJournal, file: string): Promise<void> {
  await rm(file, { force: true });
  const out = createWriteStream(file, { mode: 0o600, highWaterMark: 1024 * 1024 });
  for await (const text of exportLines(journal)) if (!out.write(text)) await once(out, "drain");
  out.end();
  await once(out, "finish");
}

/** Without its snapshots, every row has to be replayed. */
export async function dropSnapshots(folder: string): Promise<void> {
  const journal = openLargeJournal(folder, "another evolve");
  for (const chain of await journal.chains()) await journal.snapshot(chain);
  await journal.close();
}

function row(chain: CaseId, index: number, event: DomainEvent | SystemEvent): NewRow {
  const at = (START + index * 1_000) as Instant;
  const person = PEOPLE[index % PEOPLE.length] ?? ES1;
  const byTime = event.type === "delivery.contact-asked" || event.type === "alert.asked-again";
  return byTime ? { chain, at, trust: "none", event } : { chain, at, trust: "pinned-signed", actor: person.user, cause: `$${String(index).padStart(43, "0")}` as EventId, event };
}

/** So many events of one case. */
function* happenings(number: number, count: number): Generator<DomainEvent | SystemEvent> {
  const opening = beginning(number);
  yield* opening;
  const delivery = "CD-1" as DeliveryId;
  for (let index = opening.length, turn = 0; index < count; index += 1) {
    const at = (START + index * 1_000) as Instant;
    const place = index % 100;
    if (place === 0) turn += 1;
    const task = `T-${turn}` as TaskId;
    const alert = `A-${turn}` as AlertId;
    if (place === 1) yield { type: "task.added", v: 1, task, title: "Get the air waybill from the carrier", owner: CO1.callSign, by: ES1.callSign, due: { at: (at + 86_400_000) as Instant, zone: "America/Bogota" as Zone }, remindBefore: [86_400_000, 7_200_000], at };
    else if (place === 2 && turn > 0) yield { type: "task.accepted", v: 1, task, by: CO1.callSign, at };
    else if (place >= 3 && place < 8 && turn > 0) yield { type: "task.reminded", v: 1, task, kind: "before", at, next: (at + 3_600_000) as Instant };
    else if (place === 8 && turn > 0) yield { type: "task.finished", v: 1, task, by: CO1.callSign, note: "copia recibida", at };
    else if (place === 9 && turn > 0) yield { type: "alert.raised", v: 1, id: alert, at, priority: "P2", cause: "by-hand", to: [CO1, PT1], watchers: [ana], details: message(line("text", { text: "the vessel has changed its port of call" })), answerBy: (at + 3_600_000) as Instant };
    else if (place >= 10 && place < 12 && turn > 0) yield { type: "alert.asked-again", v: 1, id: alert, at, round: place - 8, people: [CO1, PT1] };
    else if (place === 12 && turn > 0) yield { type: "alert.acknowledged", v: 1, id: alert, at, by: PT1, first: true };
    else if (place < 75) yield { type: "delivery.contacted", v: 1, id: delivery, at, by: CO1, inRoom: true, what: "well", of: at, next: (at + 1_800_000) as Instant };
    else yield { type: "system.noted", v: 1, what: place % 2 === 0 ? "read" : "not-understood", facts: place % 2 === 0 ? { command: "task list" } : {} };
  }
}

function beginning(number: number): readonly (DomainEvent | SystemEvent)[] {
  const at = START as Instant;
  const id = "CD-1" as DeliveryId;
  const far = (START + 40_000_000_000) as Instant;
  const legs = [{ number: 1, place: "Bogotá", country: CO1.country, zone: "America/Bogota" as Zone }, { number: 2, place: "Lisboa", country: PT1.country, zone: "Europe/Lisbon" as Zone }];
  return [
    { type: "case.opened", v: 1, case: `benchmark-case-${number}` as CaseId, codename: `Albatross ${number}`, agreement: `ES-CO-PT 2026/${number}`, states: [ES1.country, CO1.country, PT1.country], from: at, until: far, zone: madrid, language: "en", digest: "7F3Q-19KD", at, by: ana, confirmedBy: [ana, luis] },
    { type: "member.added", v: 1, ...ES1, name: "Ana", role: "administrator", at, by: ana, approvedBy: [ana] },
    { type: "member.added", v: 1, ...CO1, name: "Luis", role: "administrator", at, by: ana, approvedBy: [luis] },
    { type: "member.added", v: 1, ...PT1, name: "Nuno", role: "authority", at, by: ana, approvedBy: [luis] },
    { type: "delivery.drafted", v: 1, id, at, by: ES1, digest: "PLAN", plan: { legs, mode: "clean", seal: "0774471" as never, salt: "c".repeat(26), from: { at, zone: madrid }, to: { at: far, zone: madrid }, requesting: ES1.country } },
    { type: "delivery.granted", v: 1, id, at, by: PT1, inRoom: false, voids: [], grant: { country: PT1.country, plan: "PLAN", paper: "despacho 123/26", oral: at, from: at, until: far, recorded: at } },
    { type: "delivery.granted", v: 1, id, at, by: CO1, inRoom: false, voids: [], grant: { country: CO1.country, plan: "PLAN", from: at, recorded: at } },
    { type: "delivery.gone", v: 1, id, at, by: [PT1, CO1], country: CO1.country, nextContact: far },
  ];
}
