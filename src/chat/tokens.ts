/** From the content of a message to tokens: words, quoted passages, people. */
import type { UserId } from "../domain/ids.ts";
import { plain } from "./clean.ts";
import type { Token } from "./reading.ts";

/** Longest message that is read, in bytes of UTF-8; Matrix allows 64 KiB for a whole event. */
export const MAX_TEXT_BYTES = 16 * 1024;
/** Most words that are read. */
export const MAX_TOKENS = 512;

/** What can be wrong with a text before any command is looked for. */
export type TextFault = "too-long" | "too-many-words" | "open-quote";
export type Tokens = { readonly ok: true; readonly tokens: readonly Token[] } | { readonly ok: false; readonly fault: TextFault };

const LINK = /^<?(?:https?:\/\/matrix\.to\/#\/|matrix:u\/)([^\s?>]+)(?:\?[^\s>]*)?>?$/i;
/** A person's link as Markdown leaves it in a body: `[Luis](https://matrix.to/#/@luis:co.example)`. */
const MARKDOWN_LINK = /\[([^\]\n]{0,255})\]\((https?:\/\/matrix\.to\/#\/[^)\s]+|matrix:u\/[^)\s]+)\)/g;
/** Stands for a person inside a text that is being cut up; {@link plain} lets no control character through, so nobody can type it. */
const PILL = "\u0001";

/** A Matrix user id in its whole form, or undefined. Matrix specification, appendices 4.3; at most 255 bytes. */
export function userIdOf(text: string): UserId | undefined {
  return text.length <= 255 && /^@[^:\s"<>]*:[A-Za-z0-9.\-[\]:]+$/.test(text) ? (text as UserId) : undefined;
}

/** The person a matrix.to link or matrix: URI points to. */
export function linkedUser(link: string): UserId | undefined {
  const found = LINK.exec(link)?.[1];
  if (found === undefined) return undefined;
  try {
    const decoded = decodeURIComponent(found);
    return userIdOf(decoded.startsWith("@") ? decoded : `@${decoded}`);
  } catch {
    return undefined;
  }
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

function decodeEntities(html: string): string {
  return html.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]{2,8});/gi, (whole, name: string) => {
    if (!name.startsWith("#")) return ENTITIES[name.toLowerCase()] ?? whole;
    const point = name[1]?.toLowerCase() === "x" ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
    return point >= 32 && point <= 0x10ffff ? String.fromCodePoint(point) : " ";
  });
}

/** Text and people of an HTML body; undefined if it names nobody (then the plain body says everything). */
function fromHtml(html: string): { readonly text: string; readonly people: UserId[] } | undefined {
  const people: UserId[] = [];
  const text = html
    .replace(/<mx-reply>[\s\S]*?<\/mx-reply>/gi, "")
    .replace(/<a\b[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')[^>]*>[\s\S]*?<\/a>/gi, (whole, double?: string, single?: string) => {
      const user = linkedUser(decodeEntities(double ?? single ?? ""));
      if (user === undefined) return whole;
      people.push(user);
      return ` ${PILL} `;
    })
    .replace(/<(?:br|\/p|\/li|\/div)\b[^>]*>/gi, "\n")
    .replace(/<\/?[a-z][^>]*>/gi, "");
  return people.length === 0 ? undefined : { text: decodeEntities(text), people };
}

/** Without the lines of a reply's fallback (`> <@user> …` and what follows up to the empty line). */
function withoutReply(body: string): string {
  if (!/^> ?<@/.test(body) && !/^> ?\* ?<@/.test(body)) return body;
  const lines = body.split("\n");
  let first = 0;
  while (lines[first]?.startsWith(">") === true) first += 1;
  if (lines[first] === "") first += 1;
  return lines.slice(first).join("\n");
}

/** Cleans and cuts up; each `PILL` takes the next of the people, as a token of its own, or as their name within quotation marks. */
function cut(text: string, people: readonly UserId[]): Tokens {
  const clean = text.split(PILL).map(plain).join(PILL);
  const tokens: Token[] = [];
  let person = 0;
  const named = (part: string): string => part.replaceAll(PILL, () => people[person++] ?? "");
  for (let at = 0; at < clean.length;) {
    if (/\s/.test(clean[at] ?? "")) { at += 1; continue; }
    if (tokens.length >= MAX_TOKENS) return { ok: false, fault: "too-many-words" };
    const rest = clean.slice(at);
    const quoted = /^"([^"]*)"(?=[\s,;.)>]|$)/.exec(rest) ?? /^'([^']*)'(?=[\s,;.)>]|$)/.exec(rest);
    if (quoted !== null) {
      tokens.push({ text: named(quoted[1] ?? "").replace(/\s+/g, " ").trim(), quoted: true });
      at += quoted[0].length;
      continue;
    }
    if (rest.startsWith('"')) return { ok: false, fault: "open-quote" };
    // A pill stands between spaces, so it is always a word of its own.
    const word = /^\S+/.exec(rest)?.[0] ?? "";
    const linked = word === PILL ? people[person++] : linkedUser(word.replace(/[,;.]+$/, "")) ?? userIdOf(word.replace(/[,;.:]+$/, ""));
    tokens.push(linked === undefined ? { text: word, quoted: false } : { text: linked, quoted: false, user: linked });
    at += word.length;
  }
  return { ok: true, tokens };
}

/** Tokens of a message: from its HTML if that names people (pills), else from its plain body. Reply fallbacks are left out. */
export function tokensOf(body: string, html?: string): Tokens {
  if (Buffer.byteLength(body) > MAX_TEXT_BYTES) return { ok: false, fault: "too-long" };
  if (html !== undefined && html.length <= 2 * MAX_TEXT_BYTES && /matrix\.to|matrix:u\//i.test(html)) {
    const read = fromHtml(html.replaceAll(PILL, ""));
    if (read !== undefined) return cut(read.text, read.people);
  }
  const people: UserId[] = [];
  const text = withoutReply(body.replaceAll(PILL, "")).replace(MARKDOWN_LINK, (whole, _name: string, link: string) => {
    const user = linkedUser(link);
    if (user === undefined) return whole;
    people.push(user);
    return ` ${PILL} `;
  });
  return cut(text, people);
}

/** The tokens as somebody would type them again: quoted passages in quotes. */
export function retype(tokens: readonly Token[]): string {
  return tokens.map((token) => (token.quoted ? `"${token.text}"` : token.text)).join(" ");
}
