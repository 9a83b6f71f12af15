/** Reads our own source as far as rules about it need: what is imported, what is exported, and the code without comments and texts. */
import { readFileSync } from "node:fs";
import path from "node:path";

/** One import, static or dynamic, of a value or of a type. */
export interface Import {
  /** As written; `undefined` for a dynamic import of something computed. */
  readonly from: string | undefined;
  /** Path from the project root if it is ours. */
  readonly file: string | undefined;
  readonly typeOnly: boolean;
  readonly line: number;
}

export interface Source {
  readonly file: string;
  readonly text: string;
  /** The same length as the text: comments, and what stands inside quotes, are blanks. */
  readonly code: string;
  readonly imports: readonly Import[];
}

/** Reads a file whose path is given from the project root. */
export function readSource(root: string, file: string): Source {
  const text = readFileSync(path.join(root, file), "utf8");
  const code = blankOut(text);
  return { file, text, code, imports: importsOf(file, text, code) };
}

/** Line of an offset, from 1. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

function importsOf(file: string, text: string, code: string): Import[] {
  const found: Import[] = [];
  // `code` keeps the quotes, so a word in a text is not mistaken for an import, and the name is read from `text`.
  for (const match of code.matchAll(/\b(?:import\s*(?:\(\s*)?|from\s*)(["'`])|\bimport\s*\(\s*(?!["'`\s])/g)) {
    const line = lineOf(text, match.index);
    const quote = match[1];
    if (quote === undefined) {
      found.push({ from: undefined, file: undefined, typeOnly: false, line });
      continue;
    }
    const start = match.index + match[0].length;
    const from = text.slice(start, text.indexOf(quote, start));
    const statement = code.slice(code.lastIndexOf("\n", statementStart(code, match.index)) + 1, match.index);
    found.push({ from, file: ownFile(file, from), typeOnly: /^\s*(?:import|export)\s+type\b/.test(statement), line });
  }
  return found;
}

/** Offset of the `import` or `export` that a `from` belongs to. */
function statementStart(code: string, offset: number): number {
  const before = code.slice(0, offset + 6);
  return Math.max(before.lastIndexOf("\nimport"), before.lastIndexOf("\nexport"), 0) + 1;
}

function ownFile(file: string, from: string): string | undefined {
  return from.startsWith(".") ? path.posix.join(path.posix.dirname(file), from) : undefined;
}

/** An exported name that nobody has said a word about. */
export interface Undocumented {
  readonly file: string;
  readonly line: number;
  readonly what: string;
}

/** Exports without a doc comment: their own, or the one of the lines they stand among without a gap. */
export function undocumented({ file, text, code }: Source): Undocumented[] {
  const lines = text.split("\n");
  const missing: Undocumented[] = [];
  let offset = 0;
  let groupIsDocumented = false;
  for (const [index, line] of lines.entries()) {
    const declared = /^export (?:default |declare |abstract |async )*(?:function\*?|const|let|class|interface|type|enum|namespace) +(\w+)/.exec(line);
    const isCode = code.slice(offset, offset + line.length).trim() !== "";
    const before = lines[index - 1]?.trim() ?? "";
    if (declared !== null && isCode) {
      const documented: boolean = before.endsWith("*/") || (groupIsDocumented && before !== "" && !before.startsWith("}"));
      if (!documented) missing.push({ file, line: index + 1, what: declared[1] ?? "" });
      groupIsDocumented = documented;
    } else if (line.trim() === "") {
      groupIsDocumented = false;
    }
    offset += line.length + 1;
  }
  // The second and later signatures of one function share the first one's comment.
  const names = new Set<string>();
  return missing.filter(({ what }) => {
    const again = names.has(what) || new RegExp(`\\*/\\nexport function ${what}\\b`).test(text);
    names.add(what);
    return !again;
  });
}

/** Blanks comments, texts and regular expressions; line breaks and quotes stay where they were. */
export function blankOut(text: string): string {
  const out = [...text].length === text.length ? text.split("") : Array.from({ length: text.length }, (_, index) => text.charAt(index));
  const blank = (from: number, to: number) => {
    for (let at = from; at < to; at += 1) if (out[at] !== "\n") out[at] = " ";
  };
  /** For each open `${`, how many braces are open inside it. */
  const holes: number[] = [];
  let at = 0;
  let last = "";
  const template = (start: number): number => {
    let end = start;
    while (end < text.length && text[end] !== "`" && !text.startsWith("${", end)) end += text[end] === "\\" ? 2 : 1;
    blank(start, Math.min(end, text.length));
    if (text.startsWith("${", end)) {
      holes.push(0);
      return end + 2;
    }
    return end + 1;
  };
  while (at < text.length) {
    const sign = text.charAt(at);
    if (text.startsWith("//", at)) {
      const end = text.indexOf("\n", at);
      const to = end === -1 ? text.length : end;
      blank(at, to);
      at = to;
      continue;
    }
    if (text.startsWith("/*", at)) {
      const end = text.indexOf("*/", at + 2);
      const to = end === -1 ? text.length : end + 2;
      blank(at, to);
      at = to;
      continue;
    }
    if (sign === '"' || sign === "'") {
      let end = at + 1;
      while (end < text.length && text[end] !== sign && text[end] !== "\n") end += text[end] === "\\" ? 2 : 1;
      blank(at + 1, end);
      at = end + 1;
    } else if (sign === "`") {
      at = template(at + 1);
    } else if (sign === "/" && (last === "" || "(,=:[!&|?{};+>".includes(last) || /\b(?:return|case|typeof)$/.test(text.slice(Math.max(0, at - 8), at).trimEnd()))) {
      let end = at + 1;
      for (let inClass = false; end < text.length && (inClass || text[end] !== "/") && text[end] !== "\n"; end += text[end] === "\\" ? 2 : 1) {
        if (text[end] === "[") inClass = true;
        if (text[end] === "]") inClass = false;
      }
      blank(at + 1, end);
      at = end + 1;
    } else {
      const open = holes.at(-1);
      if (open !== undefined && sign === "{") holes[holes.length - 1] = open + 1;
      if (open !== undefined && sign === "}") {
        if (open === 0) {
          holes.pop();
          at = template(at + 1);
          last = "`";
          continue;
        }
        holes[holes.length - 1] = open - 1;
      }
      at += 1;
    }
    if (sign.trim() !== "") last = sign;
  }
  return out.join("");
}
