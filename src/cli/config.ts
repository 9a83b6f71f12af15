/** Reads the configuration: YAML with exact places, then the schema; all mistakes at once, each with line, column and what was expected. */
import { readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
import type { Document, YAMLError } from "yaml";
import { readSettings } from "../app/settings.ts";
import type { Mistake, Settings } from "../app/settings.ts";
import { looksSecret } from "../app/setting-values.ts";
import { OperatorError } from "../operator-error.ts";

/** No sensible file comes near; the bound keeps a wrong file (a disk image, a log) from being parsed. */
const LARGEST_BYTES = 65_536;
/** Brackets can be nested deep enough to exhaust the stack of a parser; a real file needs 4 levels. */
const DEEPEST_FLOW = 16;

const CURE = "Correct each line named above; docs/config.md explains every key.";

/** A mistake at its place in the file; lines and columns count from 1. */
export interface Placed {
  readonly line: number;
  readonly column: number;
  readonly what: string;
}

/**
 * The settings in a file, paths resolved against its folder.
 *
 * Throws an {@link OperatorError} `config.missing`, `config.unreadable`, `config.too-large`, `config.writable-by-others` or `config.invalid`; the last
 * lists all mistakes as `FILE:LINE:COLUMN: key: what was expected`. No value of the file is ever repeated: one of them may be a misplaced secret.
 */
export async function loadConfig(file: string): Promise<Settings> {
  const text = await readConfigFile(file);
  const read = parseConfig(text, (path) => resolve(dirname(resolve(file)), path));
  if (read.ok) return read.settings;
  const lines = read.mistakes.map(({ line, column, what }) => `${file}:${line}:${column}: ${what}`);
  throw new OperatorError("config.invalid", [`${file} is not accepted:`, ...lines].join("\n"), CURE);
}

/** Settings from YAML text, or all its mistakes in the order of the text. */
export function parseConfig(text: string, absolute: (path: string) => string):
  { readonly ok: true; readonly settings: Settings } | { readonly ok: false; readonly mistakes: readonly Placed[] } {
  const lines = new LineCounter();
  const broken = nestedTooDeep(text);
  if (broken !== undefined) return { ok: false, mistakes: [broken] };
  const document = parsed(text, lines);
  if (document === undefined) return { ok: false, mistakes: [{ line: 1, column: 1, what: "expected at most a few levels: this file is nested too deep" }] };
  const place = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const syntax = [...document.errors, ...document.warnings].map((error) => ({ ...place(error.pos[0]), what: whatIsBroken(error) }));
  const aliases = aliasOffsets(document).map((offset) => ({ ...place(offset), what: "expected the value itself: anchors and aliases (& and *) are not read" }));
  if (syntax.length + aliases.length > 0) return { ok: false, mistakes: inOrder([...syntax, ...aliases]) };
  const read = readSettings(document.toJS(), absolute);
  if (read.ok) return read;
  return { ok: false, mistakes: inOrder(read.mistakes.map((mistake) => ({ ...place(offsetOf(document, mistake)), what: whatIsWrong(mistake) }))) };
}

/** The parsed text, or undefined if it is nested so deep that the parser gave up. */
function parsed(text: string, lineCounter: LineCounter): Document.Parsed | undefined {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true, strict: true, stringKeys: true });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

async function readConfigFile(file: string): Promise<string> {
  const found = await stat(file).catch((error: unknown) => {
    throw notReadable(file, error);
  });
  if (!found.isFile()) throw new OperatorError("config.unreadable", `${file} is not a file.`, "Name the configuration file with --config FILE.");
  if (found.size > LARGEST_BYTES) {
    throw new OperatorError("config.too-large", `${file} has more than ${LARGEST_BYTES} bytes.`, "Name the configuration file with --config FILE.");
  }
  // Whoever can write it can make themselves an owner. Windows has no such bits.
  if (process.platform !== "win32" && (found.mode & 0o022) !== 0) {
    throw new OperatorError("config.writable-by-others", `${file} can be changed by other users of this machine.`, `Run: chmod go-w ${file}`);
  }
  const bytes = await readFile(file).catch((error: unknown) => {
    throw notReadable(file, error);
  });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new OperatorError("config.unreadable", `${file} is not UTF-8 text.`, "Save it as UTF-8, or write a new one with relevo init.");
  }
}

function notReadable(file: string, error: unknown): OperatorError {
  const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
  return missing
    ? new OperatorError("config.missing", `There is no ${file}.`, "Name the file with --config FILE, or write one with relevo init.")
    : new OperatorError("config.unreadable", `${file} cannot be read.`, "Give the user that runs the bot the right to read it.");
}

function inOrder(mistakes: readonly Placed[]): readonly Placed[] {
  return mistakes.toSorted((one, other) => one.line - other.line || one.column - other.column);
}

function nestedTooDeep(text: string): Placed | undefined {
  let depth = 0;
  for (const [index, line] of text.split("\n").entries()) {
    // A bracket in a comment opens nothing.
    for (const [column, sign] of [...line.replace(/(?:^|\s)#.*$/, "")].entries()) {
      if (sign === "[" || sign === "{") depth += 1;
      if (sign === "]" || sign === "}") depth = Math.max(0, depth - 1);
      if (depth > DEEPEST_FLOW) return { line: index + 1, column: column + 1, what: `expected at most ${DEEPEST_FLOW} brackets inside one another` };
    }
    if (/^ {200}/.test(line) || /^(?:- ?){20}/.test(line.trimStart())) {
      return { line: index + 1, column: 1, what: "expected at most a few levels: this line is nested too deep" };
    }
  }
  return undefined;
}

function aliasOffsets(document: Document.Parsed): number[] {
  const offsets: number[] = [];
  visit(document, {
    Node(_key, node) {
      const anchored = isAlias(node) || ("anchor" in node && node.anchor !== undefined);
      if (anchored) offsets.push(node.range?.[0] ?? 0);
    },
  });
  return offsets;
}

/** In own words, by code: the parser's texts may quote the line, which may hold a secret. */
function whatIsBroken(error: YAMLError): string {
  switch (error.code) {
    case "DUPLICATE_KEY": return "expected each key once: this one stands above already";
    case "TAB_AS_INDENT": return "expected spaces before a key, not a tab";
    case "BAD_INDENT": return "expected the same number of spaces as the keys beside it, or a closing bracket or quote before this line";
    case "BAD_SCALAR_START": case "UNEXPECTED_TOKEN": return 'expected quotes round a value that begins with a sign such as @ or %, as in "@ana:es.example"';
    case "MISSING_CHAR": return "expected a closing quote, bracket or colon before this place";
    case "TAG_RESOLVE_FAILED": return 'expected quotes round a value that begins with !, as in "!"';
    case "MULTIPLE_DOCS": return "expected one document: take the line --- out";
    case "MULTILINE_IMPLICIT_KEY": case "IMPOSSIBLE": return "expected a key, a colon and a value on one line";
    case "NON_STRING_KEY": return "expected a key that is plain text";
    default: return `expected valid YAML (${error.code.toLowerCase().replaceAll("_", " ")})`;
  }
}

function whatIsWrong({ path, unknownKey, expected }: Mistake): string {
  if (unknownKey === undefined) return path.length === 0 ? expected : `${path.join(".")}: ${expected}`;
  if (isSecretName(unknownKey)) {
    return "a secret does not belong in this file, which is copied, shown and backed up: put it into a file of mode 0600 and name that file under secrets "
      + "(accessTokenFile, passwordFile, passphraseFile, recoveryKeyFile)";
  }
  // What is not shaped like a key may be anything, a pasted secret too.
  const name = /^[A-Za-z][A-Za-z0-9-]{0,30}$/.test(unknownKey) && !looksSecret(unknownKey) ? [...path, unknownKey].join(".") : [...path, "this key"].join(".");
  return `${name}: unknown key: ${expected}`;
}

function isSecretName(key: string): boolean {
  return /^(?:access_?token|token|password|passwd|passphrase|recovery_?key|secret|key|pickle_?key)$/i.test(key.replaceAll("-", "_"));
}

/** Where a mistake stands: at the unknown key, at the wrong value, or, for what is missing, at the key that should hold it. */
function offsetOf(document: Document.Parsed, { path, unknownKey }: Mistake): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  const steps = unknownKey === undefined ? path : [...path, unknownKey];
  for (const [index, step] of steps.entries()) {
    const last = index === steps.length - 1;
    if (isMap(node)) {
      const pair = node.items.find((each) => isScalar(each.key) && each.key.value === step);
      if (pair === undefined) return offset;
      const key = startOf(pair.key);
      const value = startOf(pair.value);
      // A value left empty is reported at its key: that is where the reader has to type.
      const empty = !isNode(pair.value) || (isScalar(pair.value) && pair.value.value === null);
      offset = (last && unknownKey !== undefined) || empty || isMap(pair.value) ? key ?? offset : value ?? key ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof step === "number") {
      node = node.items[step];
      offset = startOf(node) ?? offset;
    } else return offset;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
