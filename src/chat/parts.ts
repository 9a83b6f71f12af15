/** Answers that are too long for one message: in numbered parts, cut where a line or a word ends, or, beyond a few parts, as the text of a file. */
import { line, type Message } from "../domain/say.ts";
import { type Reader, sayMarked, unmarked } from "./catalogue.ts";
import { bytesOf, type Content, costOf, LONGEST_TEXT, noticeOf, surelyFit } from "./write.ts";

/** More than this many messages in a row bury what else is said in a room. */
export const MOST_PARTS = 5;
/** Bytes of a file's text; a longer answer is cut with a note, which no answer of a command comes near. */
export const LONGEST_FILE = 1024 * 1024;
/** Left free in each part for its number. */
const ROOM_FOR_NUMBER = 256;
/** Lines of an answer that stand in the message to which its file is attached. */
const SHOWN_OF_FILE = 3;

/** What a long answer becomes. */
export type Long =
  | { readonly as: "messages"; readonly contents: readonly Content[] }
  /** `text` is the whole answer; `content` says what is in the file, and gets the file itself when it has been uploaded. */
  | { readonly as: "file"; readonly content: Content; readonly text: string };

/** A silent message, in as many parts as it needs; one that fits is as {@link noticeContent} makes it. */
export function noticeParts(of: Message, reader: Reader): Long {
  const whole = of.lines.map((each) => sayMarked(each, reader));
  if (surelyFit(whole)) return { as: "messages", contents: [noticeOf(whole)] };
  const lines = whole.flatMap(pieces);
  const parts = packed(lines);
  if (parts.length === 1) return { as: "messages", contents: [noticeOf(lines)] };
  if (parts.length > MOST_PARTS) return attached(of, reader);
  const numbered = parts.map((part, index) => noticeOf([...part, sayMarked(line("chat.part", { part: index + 1, parts: parts.length }), reader)]));
  return { as: "messages", contents: numbered };
}

function attached(of: Message, reader: Reader): Long {
  const lines = of.lines.map((each) => unmarked(sayMarked(each, reader)));
  const note = sayMarked(line("chat.attached", { lines: lines.length }), reader);
  const shown = of.lines.slice(0, SHOWN_OF_FILE).flatMap((each) => pieces(sayMarked(each, reader)).slice(0, 1));
  return { as: "file", content: noticeOf([...(packed(shown)[0] ?? []), note]), text: bounded(lines.join("\n"), unmarked(sayMarked(line("chat.cut", {}), reader))) };
}

function bounded(text: string, note: string): string {
  if (bytesOf(text) <= LONGEST_FILE) return `${text}\n`;
  // A character has at most four bytes of UTF-8 for its two units, three for one: nothing is cut in the middle of one.
  return `${[...text.slice(0, Math.floor(LONGEST_FILE / 3) - note.length)].slice(0, -1).join("")}\n${note}\n`;
}

/** Lines put together as long as they fit. */
function packed(lines: readonly string[]): readonly (readonly string[])[] {
  const parts: string[][] = [[]];
  let cost = 0;
  for (const each of lines) {
    const more = costOf(each);
    if (cost + more > LONGEST_TEXT - ROOM_FOR_NUMBER && (parts.at(-1)?.length ?? 0) > 0) {
      parts.push([]);
      cost = 0;
    }
    parts.at(-1)?.push(each);
    cost += more;
  }
  return parts;
}

/** A line that fits as it is; a longer one in pieces that do, cut at a line break, a blank, or, if there is none, between two characters. */
function pieces(marked: string): readonly string[] {
  if (costOf(marked) <= LONGEST_TEXT - ROOM_FOR_NUMBER) return [marked];
  const found: string[] = [];
  for (let rest = [...unmarked(marked)]; rest.length > 0;) {
    const most = longestThatFits(rest);
    const end = most === rest.length ? most : 1 + Math.max(rest.lastIndexOf("\n", most - 1), rest.lastIndexOf(" ", most - 1));
    // A word that is longer than half a part is no word.
    const at = end > most / 2 ? end : most;
    found.push(rest.slice(0, at).join("").trimEnd());
    rest = rest.slice(at);
  }
  return found;
}

function longestThatFits(characters: readonly string[]): number {
  let [low, high] = [1, characters.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (costOf(characters.slice(0, middle).join("")) <= LONGEST_TEXT - ROOM_FOR_NUMBER) low = middle;
    else high = middle - 1;
  }
  return low;
}
