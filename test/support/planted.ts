/** Looks for words that must stand nowhere in clear: in every file of a server or a bot, in every form that software turns text into. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

/** A planted word that was found. */
export interface Found {
  readonly secret: string;
  readonly file: string;
  readonly form: string;
}

/** A file of a test is never this large; a larger one would be skipped in silence otherwise. Bytes. */
const LARGEST = 512 * 1024 * 1024;

/** Every regular file under the folders given, write-ahead logs and journals included. */
export function filesUnder(...folders: readonly string[]): string[] {
  return folders.flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name)));
}

/** What was found where; empty is what one hopes for. Throws on a file that is too large to be read whole. */
export function findPlanted(files: readonly string[], secrets: readonly string[]): Found[] {
  const wanted = secrets.map((secret) => ({ secret, forms: formsOf(secret) }));
  return files.flatMap((file) => {
    if (statSync(file).size > LARGEST) throw new Error(`${file} is too large to be searched`);
    const bytes = readFileSync(file);
    return wanted.flatMap(({ secret, forms }) => [...forms]
      .filter(([, needle]) => bytes.includes(needle))
      .map(([form]) => ({ secret, file, form })));
  });
}

/** The bytes that betray a text, by the name of the form. Short texts would be found everywhere by chance, so they are refused. */
export function formsOf(secret: string): ReadonlyMap<string, Uint8Array> {
  const clear = Buffer.from(secret, "utf8");
  if (clear.length < 6) throw new Error(`"${secret}" is too short to be looked for: plant at least 6 bytes`);
  const wide = Buffer.from(secret, "utf16le");
  const forms = new Map<string, Uint8Array>([
    ["clear", clear],
    ["lower case", Buffer.from(secret.toLowerCase())],
    ["upper case", Buffer.from(secret.toUpperCase())],
    ["UTF-16LE", wide],
    ["UTF-16BE", Buffer.from(wide).swap16()],
    ["percent-encoded", Buffer.from(encodeURIComponent(secret))],
    ["form-encoded", Buffer.from(new URLSearchParams({ q: secret }).toString().slice(2))],
    ["JSON escapes", Buffer.from(secret.replace(/[^\x20-\x7e]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`))],
    ["hex", Buffer.from(clear.toString("hex"))],
    ["upper-case hex", Buffer.from(clear.toString("hex").toUpperCase())],
  ]);
  for (const [name, bytes] of [["base64", clear], ["base64 of UTF-16LE", wide]] as const) {
    for (const shift of [0, 1, 2]) {
      const text = insideBase64(bytes, shift);
      forms.set(`${name}, shifted by ${shift}`, Buffer.from(text));
      forms.set(`${name} for addresses, shifted by ${shift}`, Buffer.from(text.replaceAll("+", "-").replaceAll("/", "_")));
    }
  }
  return forms;
}

/** The part of the base64 of "<shift bytes>secret<anything>" that depends on the secret alone. */
function insideBase64(bytes: Uint8Array, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64").replace(/=+$/, "");
  // A character carries 6 bits: the first ones mix in what stands before, the last one what comes after.
  const before = Math.ceil((shift * 8) / 6);
  const bits = (shift + bytes.length) * 8;
  return text.slice(before, Math.floor(bits / 6));
}
