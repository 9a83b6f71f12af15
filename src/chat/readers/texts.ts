/** Reading text, quoted text, seals and codes. */
import { line } from "../../domain/say.ts";
import { upper } from "../clean.ts";
import type { Candidate, Reading, Token } from "../reading.ts";

function joined(tokens: readonly Token[], from: number, to: number): string {
  return tokens.slice(from, to).map((token) => token.text).join(" ");
}

/** Text of one word or more, shortest first, so that it ends where the next parameter can start; a quoted passage at its head is all of it. */
export function textReading(max: number): Reading<string> {
  const candidate = (text: string, next: number): Candidate<string> => {
    const length = [...text].length;
    if (length <= max) return { next, meanings: [{ value: text }] };
    return { next, complaint: line("chat.too-long", { what: "", max, length }) };
  };
  return {
    kind: "text", sample: '"…"', max,
    read(tokens, from) {
      const first = tokens[from];
      if (first === undefined) return [];
      const found: Candidate<string>[] = [];
      if (first.quoted && first.text !== "") found.push(candidate(first.text, from + 1));
      for (let next = from + 1; next <= tokens.length; next += 1) {
        if (next === from + 1 && first.quoted) continue;
        found.push(candidate(joined(tokens, from, next), next));
        // Everything longer is too long as well; the whole rest is added so that the complaint can say how long it is.
        if ("complaint" in (found.at(-1) ?? {})) {
          if (next < tokens.length) found.push(candidate(joined(tokens, from, tokens.length), tokens.length));
          break;
        }
      }
      return found;
    },
  };
}

/** Text that must stand in quotation marks. */
export function quotedReading(max: number): Reading<string> {
  return {
    kind: "quoted", sample: '"…"', max,
    read(tokens, from) {
      const token = tokens[from];
      if (token === undefined) return [];
      if (!token.quoted || token.text === "") return [{ next: from + 1, complaint: line("chat.quotes-needed", {}) }];
      const length = [...token.text].length;
      if (length > max) return [{ next: from + 1, complaint: line("chat.too-long", { what: "", max, length }) }];
      return [{ next: from + 1, meanings: [{ value: token.text }] }];
    },
  };
}

/** One word of digits, letters and hyphens; never split or guessed. */
export const sealReading: Reading<string> = {
  kind: "seal", sample: "0774471", max: 32,
  read(tokens, from) {
    const token = tokens[from];
    if (token === undefined) return [];
    const value = upper(token.text).replaceAll(" ", "");
    if (value.length > 32) return [{ next: from + 1, complaint: line("chat.too-long", { what: "", max: 32, length: value.length }) }];
    if (!/^[A-Z0-9-]+$/.test(value)) return [{ next: from + 1, complaint: line("chat.bad-seal", { text: token.text }) }];
    return [{ next: from + 1, meanings: [{ value }] }];
  },
};

/** Alphabet of {@link codeReading}: no 0 O 1 I L U (domain/decision.ts, Chance). */
const CODE = /^[2-9A-HJKMNP-TV-Z]{4}$/;

/** The code under a question in its canonical form, or undefined. */
export function codeOf(text: string): string | undefined {
  const value = upper(text);
  return CODE.test(value) ? value : undefined;
}

/** The code under a question. */
export const codeReading: Reading<string> = {
  kind: "code", sample: "7F3Q",
  read(tokens, from) {
    const value = codeOf(tokens[from]?.text ?? "");
    return value === undefined ? [] : [{ next: from + 1, meanings: [{ value }] }];
  },
};

/** Characters of a fingerprint as it is shown, and of a whole master key. */
const FINGERPRINTS: readonly number[] = [16, 43];
/** The most words it is cut into: 43 characters in groups of four. */
const MOST_GROUPS = 11;

/** A fingerprint that begins here, in groups or in one piece, and where it ends; `undefined` if what stands here has none of its lengths. */
export function fingerprintAt(tokens: readonly Token[], from: number): { readonly value: string; readonly next: number } | undefined {
  let value = "";
  let found: { value: string; next: number } | undefined;
  for (let at = from; at < Math.min(tokens.length, from + MOST_GROUPS); at += 1) {
    const token = tokens[at];
    const group = token?.text.replaceAll(" ", "") ?? "";
    if (token?.user !== undefined || !/^[A-Za-z0-9+/]+$/.test(group)) break;
    value += group;
    if (FINGERPRINTS.includes(value.length)) found = { value, next: at + 1 };
  }
  return found;
}

/** The fingerprint of an identity: its first 16 characters or all 43, in groups or in one piece. Capitals and small letters differ. */
export const fingerprintReading: Reading<string> = {
  kind: "fingerprint", sample: "kR3x 8mQa Zt2L p0Vd",
  read(tokens, from) {
    const found = fingerprintAt(tokens, from);
    if (found !== undefined) return [{ next: found.next, meanings: [{ value: found.value }] }];
    const token = tokens[from];
    const isMeant = token !== undefined && /^[A-Za-z0-9+/]{4,}$/.test(token.text.replaceAll(" ", ""));
    return isMeant ? [{ next: tokens.length, complaint: line("chat.bad-fingerprint", { text: joined(tokens, from, Math.min(tokens.length, from + MOST_GROUPS)).slice(0, 60) }) }] : [];
  },
};
