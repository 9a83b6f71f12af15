/** Places, countries and zones by the names people give them, and the names under which they are shown. */
import { PLACES, type Place } from "../../config/places.ts";
import type { Country, Zone } from "../domain/ids.ts";
import type { Language } from "../domain/person.ts";
import { zoneNamed } from "../domain/time.ts";
import { fold, plain } from "./clean.ts";

/** Languages in which a country's name is understood; shipped ones and those of the authorities Relevo is made for. */
const NAME_LOCALES = ["en", "es", "pt", "fr", "de", "it", "nl"] as const;
/** Codes that `Intl` names but that are no country with authorities of its own: groups, exceptional reservations, pseudo regions. */
const NO_COUNTRY = new Set(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"]);
/** What people write and `Intl` does not give. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  uk: "GB", "great britain": "GB", "gran bretana": "GB", england: "GB", inglaterra: "GB", usa: "US", eeuu: "US", "ee.uu.": "US", "u.s.": "US",
  holland: "NL", holanda: "NL", "cape verde": "CV", "ivory coast": "CI", "czech republic": "CZ", turkey: "TR", "guinea bissau": "GW", "guinea-bissau": "GW",
};

/** One spelling for each name: CLDR writes curly apostrophes and long dashes, people do not. */
const keyOf = (name: string): string => fold(plain(name)).trim();

let codes: Map<string, Country> | undefined;
let countryNames: Map<string, Country> | undefined;

function allCodes(): Map<string, Country> {
  if (codes !== undefined) return codes;
  codes = new Map();
  const names = new Intl.DisplayNames("en", { type: "region", fallback: "none" });
  for (let first = 65; first <= 90; first += 1) {
    for (let second = 65; second <= 90; second += 1) {
      const code = String.fromCharCode(first, second);
      // A code that has been given up (DD, SU) is replaced by its successor when the locale is made canonical.
      const current = new Intl.Locale(`und-${code}`).region === code;
      if (current && !NO_COUNTRY.has(code) && names.of(code) !== undefined) codes.set(code, code as Country);
    }
  }
  return codes;
}

function allCountryNames(): Map<string, Country> {
  if (countryNames !== undefined) return countryNames;
  const found = new Map<string, Country>();
  for (const locale of NAME_LOCALES) {
    const names = new Intl.DisplayNames(locale, { type: "region", fallback: "none" });
    for (const code of allCodes().values()) {
      const name = names.of(code);
      if (name !== undefined && !found.has(keyOf(name))) found.set(keyOf(name), code);
    }
  }
  for (const [name, code] of Object.entries(OTHER_NAMES)) found.set(name, code as Country);
  countryNames = found;
  return found;
}

/** A country by its ISO 3166-1 alpha-2 code (in any case) or its name in one of seven languages. */
export function countryNamed(text: string): Country | undefined {
  const folded = keyOf(text);
  return allCodes().get(folded.toUpperCase()) ?? allCountryNames().get(folded);
}

/** Names by which countries ask to be called in all languages, where `Intl` still translates them. */
const OWN_NAMES: Readonly<Record<string, string>> = { CV: "Cabo Verde" };
const shownNames = new Map<Language, Map<Country, string>>();

/** A country's name in a language: `Cabo Verde`. */
export function countryName(code: Country, language: Language): string {
  let names = shownNames.get(language);
  if (names === undefined) {
    const all = new Intl.DisplayNames(language, { type: "region" });
    shownNames.set(language, names = new Map([...allCodes().values()].map((each) => [each, OWN_NAMES[each] ?? all.of(each) ?? each])));
  }
  return names.get(code) ?? code;
}

let placesByName: Map<string, Place[]> | undefined;

/** Every place of that name, in any spelling known; empty if none is. */
export function placesNamed(text: string): readonly Place[] {
  if (placesByName === undefined) {
    placesByName = new Map();
    for (const each of PLACES) {
      for (const name of new Set([each.name, each.es, ...(each.also ?? [])].filter((one) => one !== undefined).map(keyOf))) {
        placesByName.set(name, [...(placesByName.get(name) ?? []), each]);
      }
    }
  }
  return placesByName.get(keyOf(text)) ?? [];
}

/**
 * The zones that a name may mean: an IANA name, UTC, or the distinct zones of the cities of that name. Abbreviations (`EST`) and `Etc/GMT+5` are
 * not taken: the first know no summer time, the second have the sign turned round.
 */
export function zonesNamed(text: string): readonly Zone[] {
  const cities = placesNamed(text).map((each) => zoneNamed(each.zone)).filter((zone) => zone !== undefined);
  if (cities.length > 0) return [...new Set(cities)];
  if (/^etc\/gmt[+-]/i.test(text)) return [];
  if (!text.includes("/") && !/^(utc|gmt|z)$/i.test(text)) return [];
  const zone = zoneNamed(/^z$/i.test(text) ? "UTC" : text);
  return zone === undefined ? [] : [zone];
}

/** All zones of a country, as the IANA database has them. */
export function zonesOf(country: Country): readonly Zone[] {
  const locale = new Intl.Locale(`und-${country}`) as Intl.Locale & { getTimeZones?(): string[] | undefined };
  return (locale.getTimeZones?.() ?? []).map(zoneNamed).filter((zone) => zone !== undefined);
}

let shownPlaces: Map<string, Place> | undefined;

/** The place under which a zone's times are shown: `Bogotá`, `Lisboa`; the last part of the IANA name where config/places.ts has none. */
export function placeOf(zone: Zone, language: Language): string {
  if (shownPlaces === undefined) {
    shownPlaces = new Map();
    for (const each of PLACES) if (!shownPlaces.has(each.zone)) shownPlaces.set(each.zone, each);
  }
  const shown = shownPlaces.get(zone);
  if (shown === undefined) return zone.split("/").at(-1)?.replaceAll("_", " ") ?? zone;
  return (language === "es" ? shown.es : undefined) ?? shown.name;
}
