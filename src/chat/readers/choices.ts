/** Reading one of a few words. */
import { LANGUAGES, type Language } from "../../domain/person.ts";
import type { Role } from "../../domain/roster.ts";
import { fold } from "../clean.ts";
import { languageWords, roleWords } from "../words.ts";
import type { Candidate, Reading } from "../reading.ts";

type Words = Readonly<Record<string, Readonly<Record<Language, readonly string[]>>>>;

/** One of `words` in any language; a word of several parts is read whole, the longest first. */
export function choiceReading<K extends string>(words: Words): Reading<K> {
  const known = new Map<string, K>();
  for (const [key, byLanguage] of Object.entries(words)) {
    known.set(fold(key), key as K);
    for (const language of LANGUAGES) for (const word of byLanguage[language]) known.set(fold(word), key as K);
  }
  const longest = Math.max(...[...known.keys()].map((word) => word.split(" ").length));
  return {
    kind: "choice", sample: Object.keys(words)[0] ?? "", words,
    read(tokens, from): readonly Candidate<K>[] {
      for (let length = Math.min(longest, tokens.length - from); length >= 1; length -= 1) {
        const part = tokens.slice(from, from + length);
        if (part.some((token) => token.quoted)) continue;
        const value = known.get(fold(part.map((token) => token.text).join(" ")).replace(/[,;.]+$/, ""));
        if (value !== undefined) return [{ next: from + length, meanings: [{ value }] }];
      }
      return [];
    },
  };
}

/** A role in a case. */
export const roleReading: Reading<Role> = { ...choiceReading<Role>(roleWords), kind: "role" };
/** A language shipped. */
export const languageReading: Reading<Language> = { ...choiceReading<Language>(languageWords), kind: "language" };
