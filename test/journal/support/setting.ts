/** A journal in a folder of its own, with a clock that stands still and an application that knows a few events. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChainId, EventId, Instant, RoomId, UserId } from "../../../src/domain/ids.ts";
import type { NewInbox, NewOutbox, NewRow, Row } from "../../../src/ports.ts";
import type { OpenJournal, SqliteJournal } from "../../../src/journal/journal.ts";
import { openJournal } from "../../../src/journal/journal.ts";
import type { Keys } from "../../../src/journal/keys.ts";
import { openKeys } from "../../../src/journal/keys.ts";

export const PASSPHRASE = "correct horse battery staple";
export const random = { bytes: (length: number): Uint8Array => randomBytes(length) };
/** The cheapest scrypt the format allows: what is tested is not its cost. */
export const CHEAP = 10;
export const CASE = "k3v5hq2xw7ydcn4rjt6mbs7fpa" as ChainId;
export const OTHER_CASE = "zz2xw7ydcn4rjt6mbs7fpak3v5" as ChainId;
export const ANA = "@ana:es.example" as UserId;
export const NOON = 1_795_521_600_000 as Instant;

export function keysIn(folder: string, passphrase = PASSPHRASE): Keys {
  return openKeys({ folder, passphrase, random, cost: CHEAP });
}

export type Setting = Partial<Pick<OpenJournal, "known" | "evolveVersion" | "clock">>;

export function options(folder: string, setting: Setting = {}): OpenJournal {
  return { folder, keys: keysIn(folder), clock: { now: () => NOON }, random, known: (type, v) => type === "task.test" && v === 1, evolveVersion: "e1", ...setting };
}

/** A new data folder, removed when the test is over. */
export function newFolder(t: { after(done: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), "relevo-journal-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A journal that is closed when the test is over. */
export function aJournal(t: { after(done: () => unknown): void }, folder = newFolder(t), setting: Setting = {}): SqliteJournal {
  const journal = openJournal(options(folder, setting));
  t.after(() => journal.close());
  return journal;
}

/** A row of a case; its event is a made-up one, since the journal looks at no event's meaning. */
export function aRow(facts: Readonly<Record<string, unknown>> = {}, chain: ChainId = CASE, rest: Partial<NewRow> = {}): NewRow {
  return { chain, at: NOON, actor: ANA, cause: "$cause" as EventId, trust: "pinned-signed", ...rest, event: { type: "task.test", v: 1, ...facts } as unknown as NewRow["event"] };
}

export function anInbox(event = "$one", wire = JSON.stringify({ content: { ciphertext: "abc" } })): NewInbox {
  return { event: event as EventId, room: "!room" as RoomId, sender: ANA, received: NOON, late: false, wire };
}

export function anOutbox(id: string, chain: ChainId = CASE, body = "{}"): NewOutbox {
  return { id, chain, lane: "live", created: NOON, body };
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of items) found.push(each);
  return found;
}

export async function rowsOf(journal: SqliteJournal, chain: ChainId = CASE): Promise<Row[]> {
  return await all(journal.read(chain, 0));
}
