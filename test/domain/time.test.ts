import { describe, it } from "node:test";
import { deepEqual, equal } from "node:assert/strict";
import type { Instant, Zone } from "../../src/domain/ids.ts";
import {
  addDays, addMonths, compareDays, dayOf, endOfDay, formatDay, formatMoment, formatTime, isDay, isoUtc, place, sameClock, startOfDay, wallTime, weekday, zoneNamed,
} from "../../src/domain/time.ts";

const MADRID = "Europe/Madrid" as Zone;
const BOGOTA = "America/Bogota" as Zone;
const utc = (text: string): Instant => Date.parse(text) as Instant;

describe("time", () => {
  it("knows zones by their IANA names in any capitals, and nothing else", () => {
    equal(zoneNamed("america/bogota"), "America/Bogota");
    equal(zoneNamed("UTC"), "UTC");
    for (const name of ["+02:00", "Bogota", "Europe/Atlantis", "", "Europe/Madrid ", "a".repeat(80)]) equal(zoneNamed(name), undefined, name);
  });

  it("puts a wall time into its zone", () => {
    deepEqual(place({ year: 2026, month: 11, day: 27, hour: 18, minute: 0 }, BOGOTA), { is: "instant", at: utc("2026-11-27T23:00:00Z") });
    deepEqual(wallTime(utc("2026-11-27T23:00:00Z"), MADRID), { year: 2026, month: 11, day: 28, hour: 0, minute: 0 });
  });

  it("says that a time is skipped when the clocks go forward", () => {
    deepEqual(place({ year: 2027, month: 3, day: 28, hour: 2, minute: 30 }, MADRID), {
      is: "gap", before: utc("2027-03-28T00:30:00Z"), after: utc("2027-03-28T01:30:00Z"),
    });
  });

  it("says that a time happens twice when the clocks go back", () => {
    deepEqual(place({ year: 2027, month: 10, day: 31, hour: 2, minute: 30 }, MADRID), {
      is: "twice", first: utc("2027-10-31T00:30:00Z"), second: utc("2027-10-31T01:30:00Z"),
    });
  });

  it("has no 31 June and no 29 February outside leap years", () => {
    equal(isDay({ year: 2026, month: 6, day: 31 }), false);
    equal(isDay({ year: 2027, month: 2, day: 29 }), false);
    equal(isDay({ year: 2028, month: 2, day: 29 }), true);
    equal(isDay({ year: 2026, month: 13, day: 1 }), false);
    equal(isDay({ year: 1900, month: 1, day: 1 }), false);
  });

  it("counts days over months and years, and refuses to move the 31st into a month that has none", () => {
    deepEqual(addDays({ year: 2026, month: 12, day: 31 }, 1), { year: 2027, month: 1, day: 1 });
    deepEqual(addMonths({ year: 2026, month: 11, day: 23 }, 2), { year: 2027, month: 1, day: 23 });
    equal(addMonths({ year: 2027, month: 1, day: 31 }, 1), undefined);
    equal(weekday({ year: 2026, month: 11, day: 27 }), 5);
    equal(compareDays({ year: 2026, month: 11, day: 27 }, { year: 2026, month: 12, day: 1 }) < 0, true);
  });

  it("ends a day at 23:59 of its zone, also on the day of a change of clocks", () => {
    equal(endOfDay({ year: 2026, month: 11, day: 27 }, MADRID), utc("2026-11-27T22:59:00Z"));
    equal(endOfDay({ year: 2027, month: 3, day: 28 }, MADRID), utc("2027-03-28T21:59:00Z"));
    equal(startOfDay({ year: 2027, month: 3, day: 28 }, MADRID), utc("2027-03-27T23:00:00Z"));
    deepEqual(dayOf(utc("2026-11-27T23:30:00Z"), MADRID), { year: 2026, month: 11, day: 28 });
  });

  it("writes moments as the two languages do, in the zone asked for", () => {
    const at = utc("2026-11-27T23:00:00Z");
    equal(formatMoment(at, BOGOTA, "en", false), "Fri 27 Nov 18:00");
    equal(formatMoment(at, MADRID, "en", true), "Sat 28 Nov 2026 00:00");
    equal(formatMoment(at, BOGOTA, "es", false), "vie 27 nov 18:00");
    equal(formatTime(at, MADRID, "es"), "00:00");
    equal(formatDay({ year: 2027, month: 4, day: 3 }, "en"), "Sat 3 Apr 2027");
    equal(isoUtc(at), "2026-11-27T23:00:00.000Z");
  });

  it("knows whether two zones show the same clock at a moment", () => {
    equal(sameClock(utc("2026-11-27T23:00:00Z"), MADRID, "Europe/Brussels" as Zone), true);
    equal(sameClock(utc("2026-11-27T23:00:00Z"), MADRID, BOGOTA), false);
  });
});
