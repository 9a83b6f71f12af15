import { describe, it } from "node:test";
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { IntlMessageFormat } from "intl-messageformat";
import { readdir } from "node:fs/promises";
import * as en from "../../config/locales/en.ts";
import * as es from "../../config/locales/es.ts";
import type { CommandWords } from "../../config/locales/types.ts";
import { sayIn, sayMarked, sayingText, spanShown, typedFor, whenShown } from "../../src/chat/catalogue.ts";
import { fold, visible } from "../../src/chat/clean.ts";
import type { Country, Instant, Zone } from "../../src/domain/ids.ts";
import { LANGUAGES, type Language } from "../../src/domain/person.ts";
import type { Line } from "../../src/domain/say.ts";
import { country, line, list, nested, span, typed, when } from "../../src/domain/say.ts";
import { aReader } from "./world.ts";

const TEXTS: Readonly<Record<Language, Readonly<Record<string, string>>>> = { en: en.sayings, es: es.sayings };
const WORDS: Readonly<Record<Language, Readonly<Record<string, CommandWords>>>> = { en: en.words, es: es.words };

type Element = ReturnType<IntlMessageFormat["getAst"]>[number];
const parsed = (text: string): readonly Element[] => new IntlMessageFormat(text, "en", undefined, { ignoreTag: true }).getAst();

/** Names of a text's placeholders with how they are used, also inside branches: `task:text`, `state:select`, `open:number`. */
function placeholders(elements: readonly Element[]): readonly string[] {
  const found = elements.flatMap((element): string[] => {
    if (!("value" in element) || LITERAL === Number(element.type)) return [];
    if (!("options" in element)) return [`${element.value}:${"style" in element ? "number" : "text"}`];
    const inner = Object.values(element.options).flatMap((option) => placeholders(option.value));
    return [`${element.value}:${"pluralType" in element ? "number" : "select"}`, ...inner];
  });
  return [...new Set(found)].sort();
}
/** Number that the parser gives to plain text. */
const LITERAL = 0;

function plurals(elements: readonly Element[]): readonly { readonly options: readonly string[]; readonly ordinal: boolean }[] {
  return elements.flatMap((element) => {
    if (!("options" in element)) return [];
    const inner = Object.values(element.options).flatMap((option) => plurals(option.value));
    return "pluralType" in element ? [{ options: Object.keys(element.options), ordinal: element.pluralType === "ordinal" }, ...inner] : inner;
  });
}

describe("the catalogues", () => {
  it("have the same codes in every language", () => {
    deepEqual(Object.keys(TEXTS.es).sort(), Object.keys(TEXTS.en).sort());
    deepEqual(Object.keys(WORDS.es).sort(), Object.keys(WORDS.en).sort());
  });

  it("hold every topic file there is", async () => {
    for (const language of LANGUAGES) {
      for (const file of await readdir(new URL(`../../config/locales/${language}/`, import.meta.url))) {
        const topic = (await import(new URL(`../../config/locales/${language}/${file}`, import.meta.url).href)) as { sayings?: Record<string, string>; words?: Record<string, unknown> };
        for (const [code, text] of Object.entries(topic.sayings ?? {})) equal(TEXTS[language][code], text, `${language}/${file}: ${code}`);
        for (const name of Object.keys(topic.words ?? {})) ok(WORDS[language][name] !== undefined, `${language}/${file}: ${name}`);
      }
    }
  });

  it("can be read as ICU messages, every one", () => {
    for (const language of LANGUAGES) for (const [code, text] of Object.entries(TEXTS[language])) ok(parsed(text).length > 0 || text === "", `${language} ${code}`);
  });

  it("are said as the library says them", () => {
    const facts: Record<string, string | number> = {};
    for (const text of LANGUAGES.flatMap((language) => Object.values(TEXTS[language]))) {
      for (const each of placeholders(parsed(text))) facts[each.split(":")[0] ?? ""] = each.endsWith(":number") ? 2 : "«'{a}'»";
    }
    for (const language of LANGUAGES) {
      for (const [code, text] of Object.entries(TEXTS[language])) {
        const wanted = new IntlMessageFormat(text, language === "en" ? "en-GB" : "es-ES", undefined, { ignoreTag: true }).format(facts);
        equal(sayMarked({ code, facts } as unknown as Line, aReader({ language })), wanted, code);
      }
    }
  });

  it("use the same facts in every language, and as a number only what English has as one", () => {
    for (const [code, text] of Object.entries(TEXTS.en)) {
      const [english, spanish] = [placeholders(parsed(text)), placeholders(parsed(TEXTS.es[code] ?? ""))];
      const names = (of: readonly string[]): readonly string[] => [...new Set(of.map((each) => each.replace(/:.*/, "")))];
      deepEqual(names(spanish), names(english), code);
      for (const each of spanish) ok(!each.endsWith(":number") || english.includes(each), `${code}: ${each} in Spanish only`);
    }
  });

  it("have every plural category that the language has", () => {
    for (const language of LANGUAGES) {
      for (const [code, text] of Object.entries(TEXTS[language])) {
        for (const { options, ordinal } of plurals(parsed(text))) {
          const needed = new Intl.PluralRules(language, { type: ordinal ? "ordinal" : "cardinal" }).resolvedOptions().pluralCategories;
          for (const category of needed) ok(options.includes(category) || category === "other", `${language} ${code} lacks ${category}`);
        }
      }
    }
  });

  it("give no two commands the same words, in any language", () => {
    const owner = new Map<string, string>();
    for (const language of LANGUAGES) {
      for (const [name, words] of Object.entries(WORDS[language])) {
        for (const form of words.typed) {
          equal(owner.get(fold(form)) ?? name, name, `"${form}" in ${language}`);
          owner.set(fold(form), name);
        }
      }
    }
  });

  it("hold no text that is only code or looks unfinished", () => {
    for (const language of LANGUAGES) for (const [code, text] of Object.entries(TEXTS[language])) ok(!/TODO|FIXME|XXX|undefined|\[object/.test(text), `${language} ${code}`);
  });
});

describe("what is said", () => {
  const FRIDAY = Date.parse("2026-11-27T23:00:00Z") as Instant;
  const BOGOTA = "America/Bogota" as Zone;

  it("shows a moment with weekday, date, time and place, and the reader's own time if it differs", () => {
    equal(whenShown(FRIDAY, BOGOTA, aReader()), "Fri 27 Nov 18:00 Bogotá = Sat 28 Nov 00:00 Madrid");
    equal(whenShown(FRIDAY, BOGOTA, aReader({ zone: BOGOTA })), "Fri 27 Nov 18:00 Bogotá");
    equal(whenShown(FRIDAY, BOGOTA, aReader({ language: "es", zone: "Europe/Lisbon" as Zone })), "vie 27 nov 18:00 Bogotá = 23:00 Lisboa");
    equal(whenShown(FRIDAY, "Europe/Madrid" as Zone, aReader({ zone: "Europe/Brussels" as Zone })), "Sat 28 Nov 00:00 Madrid", "the same clock is not said twice");
  });

  it("shows the year unless it is this year", () => {
    equal(whenShown(Date.parse("2027-11-20T22:59:00Z") as Instant, "Europe/Madrid" as Zone, aReader()), "Sat 20 Nov 2027 23:59 Madrid");
    const { now: _now, ...timeless } = aReader();
    equal(whenShown(FRIDAY, BOGOTA, { ...timeless, zone: BOGOTA }), "Fri 27 Nov 2026 18:00 Bogotá");
  });

  it("shows lengths of time in the units people use", () => {
    const shown = [1, 20_000, 30 * 60_000, 2 * 3_600_000, 24 * 3_600_000, 150 * 60_000, 3 * 86_400_000, 7 * 86_400_000].map((ms) => spanShown(ms, "en"));
    deepEqual(shown, ["1 s", "20 s", "30 min", "2 h", "24 h", "2 h 30 min", "3 days", "7 days"]);
    equal(spanShown(7 * 86_400_000, "es"), "7 días");
  });

  it("joins lists and names countries as the language does", () => {
    const facts = { text: list([country("ES" as Country), country("CV" as Country), "CO-1", nested(line("help.nothing", {})), span(60_000)]) as never };
    equal(sayIn(line("text", facts), aReader()), "Spain, Cabo Verde, CO-1, There is nothing that you can do here. and 1 min");
    equal(sayIn(line("text", { text: list([country("ES" as Country), country("BE" as Country)]) as never }), aReader({ language: "es" })), "España y Bélgica");
  });

  it("writes what is to be typed in the reader's words, with the prefix of the place", () => {
    equal(typedFor("task done T-12", aReader({ language: "es", prefix: "!" })), "!tarea hecha T-12");
    equal(typedFor("Albatross task list", aReader({ language: "es" })), "Albatross tarea lista");
    equal(typedFor("help task add", aReader({ language: "es" })), "ayuda tarea nueva");
    equal(typedFor("yes 7F3Q", aReader({ language: "es" })), "sí 7F3Q");
    equal(typedFor("task done T-12", aReader()), "task done T-12");
    equal(sayIn(line("chat.type", { line: typed("cd stop CD-3") }), aReader({ language: "es" })), "Escribe  ev alto CD-3");
  });

  it("strips what cannot be seen from everything that people wrote", () => {
    equal(sayIn(line("text", { text: "a\u202Eb\u200Bc\u0002d\u0003\u{E0041}e" }), aReader()), "abcde");
  });

  it("takes a text in which nothing can be hidden for what it is, and loses nothing of it", () => {
    fc.assert(fc.property(fc.string({ unit: "binary-ascii" }), (text) => {
      // With one letter more that is not ASCII, the whole of it is looked through.
      equal(visible(text), visible(`${text}é`).slice(0, -1));
      equal(fold(text), fold(`${text}é`).slice(0, -1));
    }));
  });

  it("fails loudly when a fact is missing or a code has no text", () => {
    throws(() => sayIn(line("chat.missing", {} as never), aReader()));
    throws(() => sayIn({ code: "no.such" as never, facts: {} as never }, aReader()), /no text for no\.such/);
    equal(sayingText("toString", "en"), undefined);
  });

  it("shows a moment in a line", () => {
    equal(sayIn(line("chat.in-past", { when: when(FRIDAY, BOGOTA) }), aReader({ zone: BOGOTA })), "Fri 27 Nov 18:00 Bogotá is past.");
  });
});
