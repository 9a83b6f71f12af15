/** Making what people type comparable, and what the bot repeats harmless. */

/** Characters that show nothing or change the order of others: format characters (bidirectional marks, zero-width, soft hyphen, tags), variation
 * selectors, fillers, controls. */
const INVISIBLE = /[\p{Cf}\u034F\u115F\u1160\u17B4\u17B5\u180B-\u180F\u2800\u3164\uFFA0\uFE00-\uFE0F\u{E0100}-\u{E01EF}]|(?![\n\t])\p{Cc}/gu;
/** Most of what is said: printable ASCII, line breaks and tabs. */
const NOTHING_HIDDEN = /^[\n\t -~]*$/;
/** More than three marks on one letter are there to cover other lines. */
const STACKED_MARKS = /(\p{M}{3})\p{M}+/gu;

/** The text without anything invisible, well formed, NFC; line breaks stay. For every echo of what somebody wrote. */
export function visible(text: string): string {
  if (NOTHING_HIDDEN.test(text)) return text;
  return text.toWellFormed().replace(/\r\n?|[\u2028\u2029\u0085]/g, "\n").replace(INVISIBLE, "").normalize("NFC").replace(STACKED_MARKS, "$1");
}

/** {@link visible}, with plain quotes, dashes and spaces: what the tokens are made of. */
export function plain(text: string): string {
  return visible(text)
    .replace(/[\p{Zs}\t]/gu, " ")
    .replace(/\u2039([^\u2039\u203A\n]*)\u203A/g, '"$1"')
    .replace(/[\u201C-\u201F\u00AB\u00BB\u2033\u2036\u300C\u300D\u300E\u300F\u301D-\u301F\uFF02]/g, '"')
    .replace(/[\u2018-\u201B\u2032\u2035\u00B4\u0060\uFF07]/g, "'")
    .replace(/[\u2010-\u2015\u2212\u2E3A\u2E3B\uFE58\uFE63\uFF0D]/g, "-");
}

/** Lower case without accents, compatibility forms resolved: two words that fold to the same are the same word. */
export function fold(text: string): string {
  if (NOTHING_HIDDEN.test(text)) return text.toLowerCase();
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** Seals, codes and numbers: NFKC, upper case. */
export function upper(text: string): string {
  return text.normalize("NFKC").toUpperCase();
}

/** At most `max` characters, cut at a whole character and marked. */
export function shorten(text: string, max: number): string {
  const characters = [...text];
  return characters.length <= max ? text : `${characters.slice(0, max - 1).join("")}…`;
}
