/** Reads from the source every error that only an operator can mend, with its sentence and its cure: what docs/errors.md is made of. */
import { glob, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** One of them; names that are put in at run time stand in capitals. */
export interface FoundError {
  readonly code: string;
  readonly what: string;
  readonly cure: string;
  /** File of the source, from its root. */
  readonly file: string;
}

const SOURCE = fileURLToPath(new URL("../src/", import.meta.url));
const MADE = "new OperatorError(";

/** All of them, by code. Throws where one is written in a way that cannot be read. */
export async function operatorErrors(): Promise<readonly FoundError[]> {
  const found: FoundError[] = [];
  const sources = new Map<string, string>();
  for await (const file of glob("**/*.ts", { cwd: SOURCE })) sources.set(file, await readFile(`${SOURCE}${file}`, "utf8"));
  // A text that several files share is exported by one of them.
  const shared = [...sources.values()].flatMap((source) => [...source.matchAll(/^export (const [A-Z_]+ = "[^\n]+;)$/gm)].map(([, text]) => text)).join("\n");
  for (const [file, own] of sources) {
    const source = `${own}\n${shared}`;
    for (let at = source.indexOf(MADE); at >= 0; at = source.indexOf(MADE, at + 1)) {
      const [code = "", what = "", cure = ""] = argumentsAt(source, at + MADE.length).map((each) => textOf(each, source));
      // One that passes on another's code has its texts from there.
      if (!/^[a-z-]+\.[a-z-]+$/.test(code)) continue;
      if (what === "" || cure === "") throw new Error(`${file}: ${code} has no sentence or no cure that can be read`);
      found.push({ code, what, cure, file });
    }
  }
  return found.toSorted((one, other) => (one.code === other.code ? (one.what < other.what ? -1 : 1) : one.code < other.code ? -1 : 1));
}

/** The texts between the commas of a call, whose first argument begins here. */
function argumentsAt(source: string, from: number): string[] {
  const found: string[] = [];
  let [depth, start, at] = [0, from, from];
  for (; at < source.length; at += 1) {
    const sign = source.charAt(at);
    if (sign === '"' || sign === "`") at = endOfText(source, at);
    else if ("([{".includes(sign)) depth += 1;
    else if (sign === "," && depth === 0) {
      found.push(source.slice(start, at));
      start = at + 1;
    } else if (")]}".includes(sign)) {
      depth -= 1;
      if (depth < 0) break;
    }
  }
  return [...found, source.slice(start, at)].map((each) => each.trim()).filter((each) => each !== "");
}

/** Where the text that begins here ends; a template may hold code that holds texts. */
function endOfText(source: string, from: number): number {
  const quote = source.charAt(from);
  for (let at = from + 1; at < source.length; at += 1) {
    const sign = source.charAt(at);
    if (sign === "\\") at += 1;
    else if (sign === quote) return at;
    else if (quote === "`" && sign === "$" && source.charAt(at + 1) === "{") at = endOfCode(source, at + 2);
  }
  throw new Error("a text without end");
}
function endOfCode(source: string, from: number): number {
  let depth = 0;
  for (let at = from; at < source.length; at += 1) {
    const sign = source.charAt(at);
    if (sign === '"' || sign === "`") at = endOfText(source, at);
    else if (sign === "{") depth += 1;
    else if (sign === "}" && depth-- === 0) return at;
  }
  throw new Error("code without end");
}

/** The rest of a statement, without its semicolon. */
function statementAt(source: string, from: number): string {
  let at = from;
  for (; at < source.length && source.charAt(at) !== ";"; at += 1) if ("\"`".includes(source.charAt(at))) at = endOfText(source, at);
  return source.slice(from, at);
}

/** What an argument says: its texts, in the order in which they stand there; a name is looked up in its file. */
function textOf(code: string, source: string): string {
  const texts: string[] = [];
  for (let at = 0; at < code.length; at += 1) {
    const sign = code.charAt(at);
    if (sign !== '"' && sign !== "`") continue;
    const end = endOfText(code, at);
    const isCompared = /[!=]==\s*$/.test(code.slice(0, at)) || /^\s*[!=]==/.test(code.slice(end + 1));
    const text = code.slice(at + 1, end);
    if (!isCompared && text !== String.raw`\n`) texts.push(sign === '"' ? text.replaceAll(String.raw`\"`, '"') : plain(text, source));
    at = end;
  }
  if (texts.length > 0) return texts.join(code.includes("?") ? " — or: " : " ").replaceAll(/\s+/g, " ");
  const named = /^[A-Za-z_]+$/.test(code) ? new RegExp(`\\b${code} = `).exec(source) : undefined;
  return named === null || named === undefined ? "" : textOf(statementAt(source, named.index + named[0].length), source);
}

/** A template with its places as words in capitals. */
function plain(template: string, source: string): string {
  let text = "";
  for (let at = 0; at < template.length; at += 1) {
    if (template.startsWith("${", at)) {
      const end = endOfCode(template, at + 2);
      text += place(template.slice(at + 2, end), text, source);
      at = end;
    } else if (template.charAt(at) === "\\") text += template.charAt(++at);
    else text += template.charAt(at);
  }
  return text;
}
/** What is put in right after a word, without a blank, is a note in brackets that may be missing. */
function place(code: string, before: string, source: string): string {
  if (/[A-Za-z]$/.test(before) || code.includes("=== undefined ?")) return "";
  if (code === "said") return "…";
  if (/^[A-Z]+_[A-Z_]+$/.test(code)) return textOf(code, source);
  const name = /([A-Za-z]+)\)?$/.exec(code.replaceAll(/\([^)]*\)$/g, ""))?.[1];
  return name === undefined ? "…" : name.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toUpperCase();
}
