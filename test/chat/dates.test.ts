import { describe, it } from "node:test";
import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { readDay, readMoment, type DateContext, type Read, type Said } from "../../src/chat/dates.ts";
import type { Instant, Zone } from "../../src/domain/ids.ts";
import { place, wallTime } from "../../src/domain/time.ts";
import { ENGLISH, PAST, SPANISH, type Row } from "./dates-table.ts";

const MADRID = "Europe/Madrid" as Zone;
function at(year: number, month: number, day: number, hour: number, minute: number, zone: Zone = MADRID): Instant {
  const placed = place({ year, month, day, hour, minute }, zone);
  if (placed.is !== "instant") throw new Error("not a moment");
  return placed.at;
}
const MONDAY = at(2026, 11, 23, 10, 0);
const deadline: DateContext = { now: MONDAY, zone: MADRID, language: "en", tense: "future", endOfDay: true };

const pad = (of: number): string => String(of).padStart(2, "0");
function shown({ at: instant, zone }: Said): string {
  const wall = wallTime(instant, zone);
  return `${wall.year}-${pad(wall.month)}-${pad(wall.day)} ${pad(wall.hour)}:${pad(wall.minute)}${zone === MADRID ? "" : ` ${zone}`}`;
}
function answer(read: Read<Said>): readonly string[] {
  if (read.is === "none") return ["none"];
  if (read.is === "wrong") return [read.complaint.code];
  return read.values.map(shown).sort();
}
const expected = (of: readonly string[]): readonly string[] => of.map((each) => each.replace(/ Europe\/Madrid$/, "")).sort();

function checks(rows: readonly Row[], context: DateContext): void {
  const wrong = rows.flatMap(([phrase, ...of]) => {
    const got = answer(readMoment(phrase, context));
    return JSON.stringify(got) === JSON.stringify(expected(of)) ? [] : [`"${phrase}": ${got.join(" | ")} instead of ${of.join(" | ")}`];
  });
  deepEqual(wrong, []);
}

describe("dates people type", () => {
  it("are understood, asked about or refused in English, never wrong in silence", () => checks(ENGLISH, deadline));
  it("are understood, asked about or refused in Spanish, never wrong in silence", () => checks(SPANISH, { ...deadline, language: "es" }));
  it("mean what has been where only the past makes sense", () => checks(PAST, { ...deadline, tense: "past", endOfDay: false }));
  it("are tried in at least 120 phrases", () => ok(ENGLISH.length + SPANISH.length + PAST.length >= 120));

  it("ask which Friday is meant when it is Friday", () => {
    deepEqual(answer(readMoment("friday", { ...deadline, now: at(2026, 11, 27, 10, 0) })), ["2026-11-27 23:59", "2026-12-04 23:59"]);
    deepEqual(answer(readMoment("friday 09:00", { ...deadline, now: at(2026, 11, 27, 10, 0) })), ["chat.in-past"]);
  });

  it("know that next Friday is only one when it is Saturday, or Friday itself", () => {
    deepEqual(answer(readMoment("next friday", { ...deadline, now: at(2026, 11, 28, 10, 0) })), ["2026-12-04 23:59"]);
    deepEqual(answer(readMoment("next friday", { ...deadline, now: at(2026, 11, 27, 10, 0) })), ["2026-12-04 23:59"]);
  });

  it("take today from the place that is named, not from where the person is", () => {
    // 03:00 in Madrid on the 24th is still the evening of the 23rd in Bogotá.
    const night = { ...deadline, now: at(2026, 11, 24, 3, 0) };
    deepEqual(answer(readMoment("tomorrow 9am Bogotá", night)), ["2026-11-24 09:00 America/Bogota"]);
    deepEqual(answer(readMoment("tomorrow 9am", night)), ["2026-11-25 09:00"]);
  });

  it("need a time of day where a moment is wanted", () => {
    deepEqual(answer(readMoment("5 dec", { ...deadline, tense: "any", endOfDay: false })), ["chat.time-needed"]);
    deepEqual(answer(readMoment("20 nov 11:40", { ...deadline, tense: "any", endOfDay: false })), ["2026-11-20 11:40", "2027-11-20 11:40"]);
  });

  it("count hours ahead up to the next whole minute", () => {
    const read = readMoment("in 2 hours", { ...deadline, now: (MONDAY + 20_000) as Instant });
    deepEqual(answer(read), ["2026-11-23 12:01"]);
  });

  it("give the earlier and the later reading of midnight, and of an hour that may be morning or afternoon", () => {
    deepEqual(answer(readMoment("today at 5", deadline)), ["2026-11-23 17:00"], "05:00 has passed, so only the afternoon is left");
    deepEqual(answer(readMoment("tomorrow at 5", deadline)), ["2026-11-24 05:00", "2026-11-24 17:00"]);
  });

  it("read a day without a time", () => {
    deepEqual(readDay("2027-11-20", deadline), { is: "read", values: [{ year: 2027, month: 11, day: 20 }] });
    deepEqual(readDay("03/04/2027", deadline), { is: "read", values: [{ year: 2027, month: 4, day: 3 }, { year: 2027, month: 3, day: 4 }] });
    equal(readDay("20 nov 18:00", deadline).is, "none");
    equal(readDay("31 june", deadline).is, "wrong");
    equal(readDay("in 10 working days", deadline).is, "wrong");
    // Three days ago or in a year: only the person knows.
    deepEqual(readDay("20 nov", deadline), { is: "read", values: [{ year: 2026, month: 11, day: 20 }, { year: 2027, month: 11, day: 20 }] });
  });

  it("never throw and never take long, whatever is typed", () => {
    const words = ["friday", "18:00", "mañana", "a", "las", "9", "de", "la", "in", "2", "hours", "03/04", "next", "que", "viene", "30", "nov", "Bogotá", "99:99", "midnight", "5th", "y", "media"];
    fc.assert(fc.property(fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 6 })), { maxLength: 14 }), (parts) => {
      const read = readMoment(parts.join(" "), deadline);
      if (read.is === "read") for (const value of read.values) ok(value.at > MONDAY);
    }), { numRuns: 2000, seed: 11 });
  });

  it("do not look at texts longer than a date can be", () => {
    equal(readMoment(`${"friday ".repeat(40)}`, deadline).is, "none");
    equal(readMoment("x".repeat(10_000), deadline).is, "none");
  });
});
