import { describe, it } from "node:test";
import { deepEqual, equal, throws } from "node:assert/strict";
import { z } from "zod";
import { PLACES } from "../../config/places.ts";
import { fit, slotsOf, type Fit } from "../../src/chat/fit.ts";
import {
  alertRef, choice, code, countries, country, day, deliveryRef, due, fingerprint, instantPast, keyword, language, moment, person, quoted, role, route, seal, taskRef, text,
  userCountries, userId, userIds, zone,
} from "../../src/chat/params.ts";
import { countryNamed, placesNamed } from "../../src/chat/places.ts";
import { readingOf } from "../../src/chat/reading.ts";
import { tokensOf } from "../../src/chat/tokens.ts";
import { zoneNamed } from "../../src/domain/time.ts";
import { aWorld, type Saying } from "./world.ts";

/** Reads a text as the parameters of a shape. */
function reads(shape: z.ZodRawShape, typed: string, of: Saying = {}): Fit {
  const cut = tokensOf(typed);
  if (!cut.ok) throw new Error(cut.fault);
  return fit({ params: z.object(shape) }, cut.tokens, aWorld("direct", of));
}
/** The one value of a single parameter. */
function value(type: z.ZodType, typed: string, of: Saying = {}): unknown {
  const result = reads({ it: type }, typed, of);
  if (!result.ok) return typeof result.complaint === "string" ? result.complaint : result.complaint.code;
  equal(z.object({ it: type }).safeParse(result.readings[0]?.params).success, true, "what is read fits the schema");
  return result.readings.length === 1 ? result.readings[0]?.params["it"] : result.readings.map((reading) => reading.params["it"]);
}
function table(type: z.ZodType, rows: readonly (readonly [string, unknown])[], of: Saying = {}): void {
  for (const [typed, expected] of rows) deepEqual(value(type, typed, of), expected, typed);
}

describe("parameters", () => {
  it("read references with and without their letters", () => {
    table(taskRef(), [["T-12", "T-12"], ["t12", "T-12"], ["12", "T-12"], ["T-0012", "T-12"], ["Ｔ－１２", "T-12"], ["T\u201112", "T-12"], ["T-13", "chat.unknown-task"], ["CD-3", "not-understood"], ["T-0", "not-understood"], ["T-1234567", "not-understood"], ["", "missing"], ['"T-12"', "not-understood"]]);
    table(alertRef(), [["A-7", "A-7"], ["a7", "A-7"], ["7", "A-7"], ["A-8", "chat.unknown-alert"]]);
    table(deliveryRef(), [["CD-3", "CD-3"], ["cd3", "CD-3"], ["3", "CD-3"], ["9", "chat.unknown-delivery"], ["", "missing"]]);
    table(deliveryRef(), [["", "CD-3"], ["CD-4", "CD-4"], ["4", "extra"]], { delivery: "CD-3" });
  });

  it("read people of the case by pill, link, name or call sign", () => {
    table(person(), [
      ["@ana", "ES-1"], ["@ANA", "ES-1"], ["@ana:es.example", "ES-1"], ["https://matrix.to/#/@ana:es.example", "ES-1"], ["ES-1", "ES-1"], ["es1", "ES-1"], ["@es-1", "ES-1"],
      ["@ana,", "ES-1"], ["@luis", "chat.ambiguous-person"], ["@luis:pt.example", "PT-1"], ["@nobody", "chat.unknown-person"], ["@nobody:es.example", "chat.unknown-person"],
      ["ES-9", "chat.unknown-person"], ["BR-2", "not-understood"], ["ana", "not-understood"], ["", "missing"],
    ]);
  });

  it("read Matrix users who need not be in the case", () => {
    table(userId(), [["@eva:be.example", "@eva:be.example"], ["@eva:be.example:8448", "@eva:be.example:8448"], ["@eva", "chat.whole-user"], ["eva", "not-understood"], [`@${"x".repeat(300)}:be.example`, "chat.whole-user"]]);
    table(userIds(), [
      ["@a:x.example @b:y.example", ["@a:x.example", "@b:y.example"]], ["@a:x.example,@b:y.example", ["@a:x.example", "@b:y.example"]], ["@a:x.example and @b:y.example", ["@a:x.example", "@b:y.example"]],
      ["@a:x.example @a:x.example", "chat.person-twice"], ["@a:x.example @b", "chat.whole-user"], [Array.from({ length: 21 }, (_, index) => `@u${index}:x.example`).join(" "), "chat.too-long"],
    ]);
    table(userCountries(), [
      ["@ana:es.example ES @luis:co.example CO", [{ user: "@ana:es.example", country: "ES" }, { user: "@luis:co.example", country: "CO" }]],
      ["ES @ana:es.example, CO @luis:co.example", [{ user: "@ana:es.example", country: "ES" }, { user: "@luis:co.example", country: "CO" }]],
      ["@ana:es.example Spain", [{ user: "@ana:es.example", country: "ES" }]], ["@ana:es.example (ES)", [{ user: "@ana:es.example", country: "ES" }]],
      ["@ana:es.example @luis:co.example", "chat.user-without-country"], ["@ana:es.example", "chat.user-without-country"],
      ["@ana:es.example ES kR3x 8mQa Zt2L p0Vd @luis:co.example CO", [{ user: "@ana:es.example", country: "ES", fingerprint: "kR3x8mQaZt2Lp0Vd" }, { user: "@luis:co.example", country: "CO" }]],
      ["ES @ana:es.example kR3x8mQaZt2Lp0Vd CO @luis:co.example", [{ user: "@ana:es.example", country: "ES", fingerprint: "kR3x8mQaZt2Lp0Vd" }, { user: "@luis:co.example", country: "CO" }]],
      ["ES @ana:es.example Cuba @luis:co.example", [{ user: "@ana:es.example", country: "ES" }, { user: "@luis:co.example", country: "CU" }]],
    ]);
    const whole = "kR3x8mQaZt2Lp0VdAbCdEfGhIjKlMnOpQrStUvWxY+/";
    table(fingerprint(), [
      ["kR3x 8mQa Zt2L p0Vd", "kR3x8mQaZt2Lp0Vd"], ["kR3x8mQaZt2Lp0Vd", "kR3x8mQaZt2Lp0Vd"], [whole, whole], [whole.match(/.{1,4}/g)?.join(" ") ?? "", whole], ['"kR3x 8mQa Zt2L p0Vd"', "kR3x8mQaZt2Lp0Vd"],
      ["kR3x 8mQa Zt2L p0V", "chat.bad-fingerprint"], [whole.slice(0, 42), "chat.bad-fingerprint"], ["§§§", "not-understood"], ["", "missing"],
    ]);
  });

  it("read countries by code or by name in any language", () => {
    table(country(), [
      ["ES", "ES"], ["es", "ES"], ["Spain", "ES"], ["España", "ES"], ["espana", "ES"], ["Cabo Verde", "CV"], ["Cape Verde", "CV"], ["Kaapverdië", "CV"], ["UK", "GB"], ["Côte d’Ivoire", "CI"], ["Países Bajos", "NL"], ["NO", "NO"],
      ["EU", "not-understood"], ["ZZ", "not-understood"], ["DD", "not-understood"], ["Atlantis", "not-understood"],
    ]);
    table(countries(), [
      ["ES,CO,CV", ["ES", "CO", "CV"]], ["ES CO", ["ES", "CO"]], ["ES, CO and Cabo Verde", ["ES", "CO", "CV"]], ["España y Colombia", ["ES", "CO"]], ["ES/CO", ["ES", "CO"]],
      ["ES,ES", "chat.country-twice"], ["ES,XX", "chat.unknown-country"], ["ES XX", "chat.unknown-country"], ["XX", "not-understood"],
    ]);
  });

  it("read roles, languages, zones and words of a choice in any language", () => {
    table(role(), [["member", "member"], ["Fiscal", "authority"], ["liaison officer", "liaison"], ["oficial de enlace", "liaison"], ["owner", "not-understood"]]);
    table(language(), [["es", "es"], ["Español", "es"], ["english", "en"], ["inglés", "en"], ["klingon", "not-understood"]]);
    table(zone(), [
      ["America/Bogota", "America/Bogota"], ["bogotá", "America/Bogota"], ["Rio de Janeiro", "America/Sao_Paulo"], ["Lisboa", "Europe/Lisbon"], ["UTC", "UTC"], ["Santiago", ["America/Santiago", "America/Santo_Domingo"]],
      ["EST", "chat.unknown-zone"], ["Etc/GMT+5", "chat.unknown-zone"], ["+02:00", "chat.unknown-zone"], ["Atlantis", "chat.unknown-zone"],
    ]);
    const mode = choice({ clean: { en: ["clean"], es: ["limpia", "limpio"] }, "in-sight": { en: ["in sight"], es: ["a la vista"] } });
    table(mode, [["clean", "clean"], ["LIMPIA", "clean"], ["in sight", "in-sight"], ["a la vista", "in-sight"], ["in-sight", "in-sight"], ["dirty", "not-understood"], ['"clean"', "not-understood"]]);
  });

  it("read moments with their zone, and days without one", () => {
    table(due(), [["friday 18:00 Bogotá", { at: Date.parse("2026-11-27T23:00:00Z"), zone: "America/Bogota" }], ["yesterday", "chat.in-past"], ["31 june", "chat.no-such-day"], ["soon", "not-understood"]]);
    table(moment(), [["5 dec 04:00 Santos", { at: Date.parse("2026-12-05T07:00:00Z"), zone: "America/Sao_Paulo" }], ["5 dec", "chat.time-needed"]]);
    table(instantPast(), [["20 nov 11:40", { at: Date.parse("2026-11-20T10:40:00Z"), zone: "Europe/Madrid" }], ["tomorrow 9am", "chat.in-future"]]);
    table(day(), [["2027-11-20", { year: 2027, month: 11, day: 20 }], ["20 nov 2027", { year: 2027, month: 11, day: 20 }], ["3/4/2027", [{ year: 2027, month: 4, day: 3 }, { year: 2027, month: 3, day: 4 }]], ["2027-02-30", "chat.no-such-day"]]);
  });

  it("read routes with any arrow, and never choose between two places of one name", () => {
    const santos = { place: "Santos", country: "BR", zone: "America/Sao_Paulo" };
    const praia = { place: "Praia", country: "CV", zone: "Atlantic/Cape_Verde" };
    const antwerp = { place: "Antwerp", country: "BE", zone: "Europe/Brussels" };
    for (const typed of ["Santos BR > Praia CV > Antwerp BE", "Santos BR → Praia CV → Antwerp BE", "Santos BR › Praia CV › Antwerp BE", "Santos BR, Praia CV, Antwerp BE", "Santos BR>Praia CV>Antwerp BE", "Santos BR -> Praia CV –> Antwerp BE", "Santos > Praia > Antwerp", "Santos Brazil > Praia (CV) > Antwerp Bélgica"]) {
      deepEqual(value(route(), typed), [santos, praia, antwerp], typed);
    }
    const both = value(route(), "Cartagena > Antwerp");
    deepEqual((both as { place: string; country: string }[][]).map((points) => points[0]?.country), ["ES", "CO"]);
    deepEqual(value(route(), "Cartagena CO > Antwerp"), [{ place: "Cartagena", country: "CO", zone: "America/Bogota" }, antwerp]);
    deepEqual(value(route(), "Pedra Badejo CV > Antwerp"), [{ place: "Pedra Badejo", country: "CV", zone: "Atlantic/Cape_Verde" }, antwerp], "one zone in the country, so an unknown place has it");
    deepEqual(value(route(), "Cabedelo BR America/Recife > Antwerp"), [{ place: "Cabedelo", country: "BR", zone: "America/Recife" }, antwerp]);
    table(route(), [["Cabedelo BR > Antwerp", "chat.zone-needed"], ["Cabedelo > Antwerp", "chat.place-elsewhere"], ["Santos", "chat.route-short"], [Array.from({ length: 13 }, () => "Praia").join(" > "), "chat.route-short"]]);
  });

  it("read seals, codes and quoted text strictly", () => {
    table(seal(), [["0774471", "0774471"], ["ab-12", "AB-12"], ["０７７", "077"], ["\u00AD07", "07"], ["07_1", "chat.bad-seal"], ["Ж1", "chat.bad-seal"], ["7".repeat(33), "chat.too-long"]]);
    table(code(), [["7f3q", "7F3Q"], ["7F3O", "not-understood"], ["7F3QQ", "not-understood"]]);
    table(quoted({ max: 5 }), [['"abc"', "abc"], ["abc", "chat.quotes-needed"], ['"abcdef"', "chat.too-long"]]);
    table(text({ max: 5 }), [["abc", "abc"], ["a b c", "a b c"], ["abcdef", "chat.too-long"], ["", "missing"], ["🐦🐦🐦🐦🐦", "🐦🐦🐦🐦🐦"]]);
  });

  it("find what follows a keyword wherever it stands, in the words of any language", () => {
    const shape = { name: text(), until: keyword("until", day()), from: keyword("from", day()).optional() };
    const expected = { name: "One two", until: { year: 2027, month: 11, day: 20 }, from: { year: 2027, month: 1, day: 1 } };
    for (const typed of ["One two until 2027-11-20 from 2027-01-01", "One two from 2027-01-01 until 2027-11-20", "One two desde 2027-01-01 hasta 2027-11-20", "One two until: 2027-11-20 FROM 2027-01-01"]) {
      const result = reads(shape, typed);
      deepEqual(result.ok && result.readings[0]?.params, expected, typed);
    }
  });

  it("refuse a keyword that is there twice or has no value, and leave its word alone in quotation marks", () => {
    const shape = { name: text(), until: keyword("until", day()).optional() };
    const complaint = (typed: string): unknown => {
      const result = reads(shape, typed);
      return result.ok ? result.readings[0]?.params : typeof result.complaint === "string" ? result.complaint : result.complaint.code;
    };
    equal(complaint("One until 2027-11-20 until 2027-11-21"), "chat.keyword-twice");
    equal(complaint("One until further notice"), "not-understood");
    equal(complaint("One until"), "missing");
    deepEqual(complaint('"One until further notice"'), { name: "One until further notice" });
    deepEqual(complaint('"One until two" until 2027-11-20'), { name: "One until two", until: { year: 2027, month: 11, day: 20 } });
  });

  it("let a small word be text where no value can follow it", () => {
    const shape = { to: keyword("to", person()), what: text() };
    const result = reads(shape, "to @ana a boat goes to the north");
    deepEqual(result.ok && result.readings[0]?.params, { to: "ES-1", what: "a boat goes to the north" });
    const without = reads({ to: keyword("to", person()).optional(), what: text() }, "a boat goes to the north");
    deepEqual(without.ok && without.readings[0]?.params, { what: "a boat goes to the north" });
  });

  it("combine every meaning, at most four, and refuse more", () => {
    const shape = { a: keyword("from", moment()), b: keyword("until", moment()) };
    const four = reads(shape, "from 03/04 18:00 until 05/06 18:00");
    equal(four.ok && four.readings.length, 4);
    const eight = reads(shape, "from 03/04 at 5 until 05/06 at 5");
    equal(!eight.ok && typeof eight.complaint !== "string" && eight.complaint.code, "chat.too-many-readings");
  });

  it("cannot be made of anything but these types", () => {
    throws(() => readingOf(z.string()), /not made by chat\/params/);
    throws(() => slotsOf({ params: z.object({ it: z.number().optional() }) }), /not made by chat\/params/);
  });

  it("can be stored and checked again by their schemas, which accept nothing else", () => {
    const schemas: readonly (readonly [z.ZodType, unknown])[] = [
      [taskRef(), "T-0"], [deliveryRef(), "CD3"], [alertRef(), 7], [person(), "es-1"], [userId(), "ana"], [userIds(), []], [country(), "es"], [countries(), ["xx"]], [role(), "owner"], [language(), "pt"],
      [zone(), ""], [due(), { at: "now", zone: "Europe/Madrid" }], [moment(), { at: 1.5, zone: "Europe/Madrid" }], [day(), { year: 2027, month: 13, day: 1 }], [route(), [{ place: "x", country: "BR", zone: "UTC" }]],
      [seal(), "a b"], [code(), "7f3q"], [text({ max: 3 }), "abcd"], [choice({ a: { en: ["a"], es: ["a"] } }), "b"],
    ];
    for (const [schema, wrong] of schemas) equal(schema.safeParse(wrong).success, false, JSON.stringify(wrong));
  });
});

describe("the places", () => {
  it("have countries and zones that exist", () => {
    for (const each of PLACES) {
      equal(countryNamed(each.country), each.country, each.name);
      equal(zoneNamed(each.zone), each.zone, each.name);
    }
  });

  it("stand once for each country, under every spelling", () => {
    const seen = new Set<string>();
    for (const each of PLACES) {
      const key = `${each.name} ${each.country}`;
      equal(seen.has(key), false, key);
      seen.add(key);
      for (const name of [each.name, each.es, ...(each.also ?? [])]) if (name !== undefined) equal(placesNamed(name).includes(each), true, name);
    }
  });
});
