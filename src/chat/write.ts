/** From messages to the content of Matrix events. The plain body is complete without the HTML; nothing people wrote is ever markup. */
import type { EventId, UserId } from "../domain/ids.ts";
import { type Line, line, type Message } from "../domain/say.ts";
import { type Reader, sayMarked, TYPED_BEGIN, TYPED_END, unmarked } from "./catalogue.ts";

export type { Reader } from "./catalogue.ts";

/** Content of an event, as it goes into the ciphertext. */
export type Content = Readonly<Record<string, unknown>>;

/**
 * Longest content in bytes of JSON. An event may have 64 KiB; encrypted and in base64 about 48,300 bytes of text fit, and an edit says its text
 * twice for clients that do not know edits.
 */
export const MAX_CONTENT_BYTES = 40 * 1024;
/** Share of it for a text as body and as HTML together, both as JSON, so that they fit also inside an edit. */
export const LONGEST_TEXT = 24 * 1024;

/** Bytes of a text in UTF-8. */
export function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}
/**
 * Whether lines with marks take so little of {@link LONGEST_TEXT} that nothing has to be measured: one unit of a text takes at most 6 bytes of JSON as
 * text, and 7 as HTML; a line a few more.
 */
export function surelyFit(marked: readonly string[]): boolean {
  let most = 0;
  for (const each of marked) most += 13 * each.length + 20;
  return most <= LONGEST_TEXT / 2;
}
/** What a line with marks takes of {@link LONGEST_TEXT}; the break after it included. */
export function costOf(marked: string): number {
  return bytesOf(JSON.stringify(unmarked(marked))) + bytesOf(JSON.stringify(htmlOf(marked))) + "\\n<br>".length;
}

function escaped(text: string): string {
  if (!/[&<>"']/.test(text)) return text;
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

function htmlOf(marked: string): string {
  const html = escaped(marked).replaceAll("\n", "<br>");
  return html.includes(TYPED_BEGIN) ? html.replaceAll(TYPED_BEGIN, "<code>").replaceAll(TYPED_END, "</code>") : html;
}

/** A message as text and as HTML: one line below the other, what is to be typed as code. Longer than the bound, it is cut with a note: `rest` or a general one. */
export function written(of: Message, reader: Reader, rest?: Line): { readonly body: string; readonly html: string } {
  return joined(fitting(of, reader, rest));
}
/** Its lines with marks, as many as fit; then, if they are not all, the note. */
export function fitting(of: Message, reader: Reader, rest: Line = line("chat.cut", {})): readonly string[] {
  const all = of.lines.map((each) => sayMarked(each, reader));
  if (surelyFit(all)) return all;
  let length = 0;
  for (const [index, next] of all.entries()) {
    length += bytesOf(JSON.stringify(next)) + bytesOf(JSON.stringify(htmlOf(next)));
    if (length > LONGEST_TEXT) return cut(all.slice(0, index), next, sayMarked(rest, reader));
  }
  return all;
}

function joined(marked: readonly string[]): { readonly body: string; readonly html: string } {
  return { body: marked.map(unmarked).join("\n"), html: marked.map(htmlOf).join("<br>") };
}

/** What fits of the line that is too long, then the note. The rest is dropped by whole characters. */
function cut(before: readonly string[], line_: string, note: string): readonly string[] {
  const fits = (part: string): boolean => {
    const all = joined([...before, part, note]);
    return bytesOf(JSON.stringify(all.body)) + bytesOf(JSON.stringify(all.html)) <= LONGEST_TEXT + 256;
  };
  const characters = [...unmarked(line_)];
  let [low, high] = [0, characters.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(characters.slice(0, middle).join(""))) low = middle;
    else high = middle - 1;
  }
  return [...before, ...(low > 0 ? [characters.slice(0, low).join("")] : []), note];
}

function contentOf(msgtype: "m.text" | "m.notice", { body, html }: { readonly body: string; readonly html: string }, mentions: readonly UserId[]): Content {
  return {
    msgtype, body, format: "org.matrix.custom.html", formatted_body: html,
    // Always there: without it a client looks for names in the text, and "@room" in somebody's title would wake everybody.
    "m.mentions": mentions.length > 0 ? { user_ids: [...new Set(mentions)] } : {},
  };
}

/** A silent message (`m.notice`): everything but stubs. Cut if it is too long; `rest` says where the rest is. */
export function noticeContent(of: Message, reader: Reader, rest?: Line): Content {
  return contentOf("m.notice", written(of, reader, rest), []);
}
/** The same of lines that are in words already, and fit. */
export function noticeOf(marked: readonly string[]): Content {
  return contentOf("m.notice", joined(marked), []);
}

/** A message that wakes a phone (`m.text` that mentions people): stubs only. */
export function textContent(of: Message, reader: Reader, mentions: readonly UserId[] = []): Content {
  return contentOf("m.text", written(of, reader), mentions);
}

/** The same content in a thread; clients without threads show it as a reply. */
export function threaded(content: Content, root: EventId): Content {
  return { ...content, "m.relates_to": { rel_type: "m.thread", event_id: root, is_falling_back: true, "m.in_reply_to": { event_id: root } } };
}

/** The content as the new text of an earlier message (a board). Clients without edits show it as a message with a star. */
export function editContent(content: Content, of: EventId): Content {
  const { "m.relates_to": _relation, ...fresh } = content;
  return {
    msgtype: fresh["msgtype"], body: `* ${String(fresh["body"])}`, "m.mentions": {},
    "m.new_content": fresh, "m.relates_to": { rel_type: "m.replace", event_id: of },
  };
}

