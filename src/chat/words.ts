/** The words of all shipped languages that parameters share: everything is understood in every language, whatever the person's own. */
import * as en from "../../config/locales/en/common.ts";
import * as es from "../../config/locales/es/common.ts";
import { LANGUAGES, type Language } from "../domain/person.ts";
import type { Role } from "../domain/roster.ts";
import { fold } from "./clean.ts";

const common = { en, es } satisfies Record<Language, unknown>;
type ByLanguage = Readonly<Record<Language, readonly string[]>>;

const keywords = new Map<string, ReadonlySet<string>>();

/** Words of a keyword in every language, folded; undefined for a keyword that config/locales does not know. */
export function keywordWords(name: string): ReadonlySet<string> | undefined {
  const known = keywords.get(name);
  if (known !== undefined) return known.size === 0 ? undefined : known;
  const found = LANGUAGES.flatMap((language) => {
    const all: Readonly<Record<string, readonly string[]>> = common[language].keywords;
    return (all[name] ?? []).map(fold);
  });
  const words = new Set(found);
  keywords.set(name, words);
  return words.size === 0 ? undefined : words;
}

/** The word that announces a keyword's value, as shown in a language. */
export function keywordShown(name: string, language: Language): string {
  const all: Readonly<Record<string, readonly string[]>> = common[language].keywords;
  return all[name]?.[0] ?? name;
}

/** Roles in words. */
export const roleWords: Readonly<Record<Role, ByLanguage>> = {
  administrator: { en: en.roles.administrator, es: es.roles.administrator },
  authority: { en: en.roles.authority, es: es.roles.authority },
  member: { en: en.roles.member, es: es.roles.member },
  liaison: { en: en.roles.liaison, es: es.roles.liaison },
  auditor: { en: en.roles.auditor, es: es.roles.auditor },
};
/** Languages in words. */
export const languageWords: Readonly<Record<Language, ByLanguage>> = {
  en: { en: en.languages.en, es: es.languages.en },
  es: { en: en.languages.es, es: es.languages.es },
};

/** Parameters whose value is one of a few words; the words of each stand under its name in `choices` of config/locales. */
type Choosing = keyof typeof en.choices;

/** A word that fills one of these parameters of a command, as shown in a language; any other word as it is. */
export function choiceShown(word: string, params: Readonly<Record<string, string>>, language: Language): string {
  if (Object.hasOwn(params, "role") && isRole(word)) return roleShown(word, language);
  for (const of of Object.keys(en.choices) as Choosing[]) {
    const own: Readonly<Record<string, string>> = common[language].choices[of];
    if (Object.hasOwn(params, of) && Object.hasOwn(own, word)) return own[word] ?? word;
  }
  return word;
}
function isRole(word: string): word is Role {
  return Object.hasOwn(roleWords, word);
}

/** What stands after a command's name in an example, as a language has it; undefined if it has none of its own. */
export function exampleShown(after: string, language: Language): string | undefined {
  const own: Readonly<Record<string, string>> = common[language].examples;
  return Object.hasOwn(own, after) ? own[after] : undefined;
}

/** A role, `owner` or `anyone`, as shown in a language. */
export function roleShown(role: Role | "owner" | "anyone", language: Language): string {
  return common[language].roles[role][0];
}
/** A kind of place as shown in a language. */
export function placeShown(place: keyof typeof en.places, language: Language): string {
  return common[language].places[place];
}
/** A state of a case as shown in a language. */
export function stateShown(state: keyof typeof en.states, language: Language): string {
  return common[language].states[state];
}

const YES = new Set(LANGUAGES.flatMap((language) => common[language].answers.yes.map(fold)));
const NO = new Set(LANGUAGES.flatMap((language) => common[language].answers.no.map(fold)));

/** Whether a word answers a question, in any language. */
export function answerWord(word: string): "yes" | "no" | undefined {
  const folded = fold(word);
  return YES.has(folded) ? "yes" : NO.has(folded) ? "no" : undefined;
}
/** The word for yes or no in a language. */
export function answerShown(word: "yes" | "no", language: Language): string {
  return common[language].answers[word][0];
}
