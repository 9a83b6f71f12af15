/** Reading countries, zones and routes. */
import type { Country, Zone } from "../../domain/ids.ts";
import { line } from "../../domain/say.ts";
import { fold, shorten } from "../clean.ts";
import { countryNamed, placesNamed, zonesNamed, zonesOf } from "../places.ts";
import type { Candidate, Meaning, Reading, Token } from "../reading.ts";
import { zoneNamed } from "../../domain/time.ts";

const LONGEST_NAME = 5;
const ECHO = 60;
const MOST_ZONES_SHOWN = 4;
const trimmed = (text: string): string => text.replace(/^[(,;]+|[),;]+$/g, "");
const words = (tokens: readonly Token[], from: number, to: number): string =>
  trimmed(tokens.slice(from, to).map((token) => token.text).join(" "));

/** The longest name at `from` that `find` knows. */
function longest<T>(tokens: readonly Token[], from: number, find: (name: string) => T | undefined): { readonly value: T; readonly next: number } | undefined {
  for (let next = Math.min(tokens.length, from + LONGEST_NAME); next > from; next -= 1) {
    const value = find(words(tokens, from, next));
    if (value !== undefined) return { value, next };
  }
  return undefined;
}

/** A country by code or name. */
export const countryReading: Reading<Country> = {
  kind: "country", sample: "ES",
  read(tokens, from) {
    const found = longest(tokens, from, countryNamed);
    return found === undefined ? [] : [{ next: found.next, meanings: [{ value: found.value }] }];
  },
};

const MOST = 30;
const JOINERS = new Set(["and", "y", "e", "&", "+"]);

/** One or more countries, with commas, slashes, "and" or only spaces between them. */
export const countriesReading: Reading<readonly Country[]> = {
  kind: "countries", sample: "ES,CO",
  read(tokens, from) {
    // "ES,CO" is one word: names are looked for in its parts, and `next` counts words of the text.
    const parts = tokens.slice(from).flatMap((token, index) => token.text.split(/[,;/]/).filter((text) => text !== "")
      .map((text) => ({ token: { text, quoted: false }, next: from + index + 1 })));
    const names = parts.map((part) => part.token);
    const found: Country[] = [];
    let next = from;
    for (let at = 0; at < parts.length;) {
      const part = parts[at];
      if (part === undefined) break;
      if (found.length > 0 && JOINERS.has(fold(part.token.text))) { at += 1; continue; }
      const name = longest(names, at, countryNamed);
      if (name === undefined) {
        const begun = found.length > 0 && (part.next === next || /^[A-Z]{2}$/.test(part.token.text));
        if (found.length === 0 && parts[at + 1]?.next !== part.next) break;
        if (found.length === 0 || begun) return [{ next: part.next, complaint: line("chat.unknown-country", { text: shorten(part.token.text, ECHO) }) }];
        break;
      }
      if (found.includes(name.value)) return [{ next: part.next, complaint: line("chat.country-twice", { text: name.value }) }];
      found.push(name.value);
      next = parts[name.next - 1]?.next ?? next;
      at = name.next;
      if (found.length > MOST) return [{ next, complaint: line("chat.too-long", { what: "", max: MOST, length: found.length }) }];
    }
    return found.length === 0 ? [] : [{ next, meanings: [{ value: found }] }];
  },
};

/** A zone by IANA name or city. */
export const zoneReading: Reading<Zone> = {
  kind: "zone", sample: "America/Bogota",
  read(tokens, from) {
    const found = longest(tokens, from, (name) => {
      const zones = zonesNamed(name);
      return zones.length > 0 ? zones : undefined;
    });
    if (found !== undefined) return [{ next: found.next, meanings: meaningsOf(found.value) }];
    const rest = words(tokens, from, tokens.length);
    const inCountry = longest(tokens, from, countryNamed);
    if (inCountry !== undefined) {
      const zones = zonesOf(inCountry.value);
      const complaint = line("chat.zone-needed", { text: shorten(rest, ECHO), zones: zones.slice(0, MOST_ZONES_SHOWN).join(", ") });
      return [zones.length === 1 ? { next: inCountry.next, meanings: meaningsOf(zones) } : { next: inCountry.next, complaint }];
    }
    return rest === "" ? [] : [{ next: tokens.length, complaint: line("chat.unknown-zone", { text: shorten(rest, ECHO) }) }];
  },
};

function meaningsOf(zones: readonly Zone[]): readonly Meaning<Zone>[] {
  if (zones.length === 1) return zones.map((value) => ({ value }));
  return zones.map((value) => ({ value, label: line("chat.meaning-text", { text: value }) }));
}

interface Point { readonly place: string; readonly country: Country; readonly zone: Zone }
type PointRead = readonly Point[] | { readonly complaint: ReturnType<typeof line> };

const LONGEST_PLACE = 60;

/** `Santos BR`, `Praia`, `Xpto BR America/Belem`: a place, its country, its zone where the country has several. */
function readPoint(text: string): PointRead {
  const parts = trimmed(text).split(/\s+/).filter((part) => part !== "");
  const lastZone = parts.length > 1 && (parts.at(-1) ?? "").includes("/") ? zoneNamed(parts.at(-1) ?? "") : undefined;
  const named = lastZone === undefined ? parts : parts.slice(0, -1);
  const full = named.join(" ");
  if (full === "" || [...full].length > LONGEST_PLACE) return { complaint: line("chat.place-elsewhere", { text: shorten(text, ECHO) }) };
  // The whole text first, so that "Rio Grande" is not read as a place "Rio" in a country "Grande".
  const whole = placesNamed(full);
  if (whole.length > 0) {
    return whole.flatMap((each) => {
      const zone = lastZone ?? zoneNamed(each.zone);
      return zone === undefined ? [] : [{ place: full, country: each.country as Country, zone }];
    });
  }
  for (let from = 1; from < named.length; from += 1) {
    const country = countryNamed(named.slice(from).join(" ").replace(/^\(|\)$/g, ""));
    if (country === undefined) continue;
    const place = named.slice(0, from).join(" ").replace(/,$/, "");
    const known = placesNamed(place).filter((each) => each.country === country);
    const zones = lastZone !== undefined ? [lastZone]
      : known.length > 0 ? [...new Set(known.map((each) => zoneNamed(each.zone)).filter((zone) => zone !== undefined))]
      : zonesOf(country);
    const [zone, second] = zones;
    if (zone === undefined || (second !== undefined && known.length === 0)) {
      return { complaint: line("chat.zone-needed", { text: shorten(full, ECHO), zones: zones.slice(0, MOST_ZONES_SHOWN).join(", ") }) };
    }
    return zones.map((each) => ({ place, country, zone: each }));
  }
  return { complaint: line("chat.place-elsewhere", { text: shorten(full, ECHO) }) };
}

/** All ways to take one of each, in order; at most `most` + 1, so that too many can be told. */
function combinations(points: readonly (readonly Point[])[], most: number): readonly (readonly Point[])[] {
  let all: readonly (readonly Point[])[] = [[]];
  for (const each of points) all = all.flatMap((before) => each.map((point) => [...before, point])).slice(0, most + 1);
  return all;
}

/** A route: points with `>`, `→`, `->` or commas between them. */
export const routeReading: Reading<readonly Point[]> = {
  kind: "route", sample: "Santos BR > Praia CV > Antwerp BE",
  read(tokens, from) {
    const candidates: Candidate<readonly Point[]>[] = [];
    // Longest first; shorter ones matter only where something else may follow without a keyword.
    for (let next = tokens.length; next > from; next -= 1) {
      const text = tokens.slice(from, next).map((token) => token.text).join(" ");
      const separated = /[>\u2192\u203A\u21D2\u279C]/.test(text) ? text.split(/\s*(?:-*>+|[\u2192\u203A\u21D2\u279C])\s*/) : text.split(/\s*,\s*/);
      const texts = separated.filter((part) => part.trim() !== "");
      if (texts.length < 2 || texts.length > 12) {
        if (next === tokens.length) candidates.push({ next, complaint: line("chat.route-short", { points: texts.length }) });
        continue;
      }
      const points = texts.map(readPoint);
      const wrong = points.find((point) => "complaint" in point);
      if (wrong !== undefined && "complaint" in wrong) { candidates.push({ next, complaint: wrong.complaint }); continue; }
      const all = combinations(points.map((point) => ("complaint" in point ? [] : point)), 4);
      const meanings = all.map((value) => ({
        value, ...(all.length > 1 ? { label: line("chat.meaning-text", { text: value.map((point) => `${point.place} ${point.country}`).join(" > ") }) } : {}),
      }));
      candidates.push({ next, meanings });
    }
    return candidates;
  },
};
