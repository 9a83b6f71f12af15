/** Readers of single settings: each takes what YAML gave and returns the value, or undefined for whatever it is not. They never throw. */
import { isIP } from "node:net";
import type { MasterKey, UserId, Zone } from "../domain/ids.ts";
import type { Language } from "../domain/person.ts";
import { LANGUAGES } from "../domain/person.ts";
import { zoneNamed } from "../domain/time.ts";

const UNITS = { s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof UNITS;

/** A span as people write it, `20s`, `30min`, `24h`, `7d`, in milliseconds. A bare number is refused: nobody can tell its unit. */
export function readSpan(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  const found = /^(\d{1,6}) ?(s|min|h|d)$/.exec(value.trim());
  if (found === null) return undefined;
  return Number(found[1]) * UNITS[found[2] as Unit];
}

/** Milliseconds as the shortest span that {@link readSpan} reads back as the same; parts of a second are cut off. */
export function writeSpan(milliseconds: number): string {
  const units: readonly Unit[] = ["d", "h", "min", "s"];
  // 24 h and 48 h are said in hours, whole weeks in days: that is how windows are agreed on.
  const unit = units.find((each) => milliseconds % UNITS[each] === 0 && (each !== "d" || milliseconds >= 3 * UNITS.d)) ?? "s";
  return `${Math.floor(milliseconds / UNITS[unit])}${unit}`;
}

/** A Matrix user id (Matrix specification, appendices 4.3: at most 255 bytes, historical localparts included except for spaces and controls). */
export function readUserId(value: unknown): UserId | undefined {
  if (typeof value !== "string" || value.length > 255) return undefined;
  return /^@[!-9;-~]+:(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.test(value) ? (value as UserId) : undefined;
}

/**
 * The fingerprint of a person's master key: 32 bytes as unpadded base64, 43 characters. Clients show it in groups of four, so spaces are left out; one
 * sign of padding is allowed.
 */
export function readMasterKey(value: unknown): MasterKey | undefined {
  if (typeof value !== "string" || value.length > 100) return undefined;
  const key = value.replaceAll(/\s/g, "").replace(/=$/, "");
  if (!/^[A-Za-z0-9+/]{43}$/.test(key)) return undefined;
  const bytes = Buffer.from(key, "base64");
  // The last character carries two spare bits: a form in which they are set is a mistyped one.
  return bytes.toString("base64").replace(/=$/, "") === key ? (key as MasterKey) : undefined;
}

/** One of the languages that Relevo is shipped with. */
export function readLanguage(value: unknown): Language | undefined {
  return LANGUAGES.find((language) => language === value);
}

/** A name of the IANA time zone database; an offset such as `+01:00` is refused because it knows no summer time. */
export function readZone(value: unknown): Zone | undefined {
  return typeof value === "string" ? zoneNamed(value) : undefined;
}

/** The base address of a homeserver. Clear-text http is allowed on the loopback only; user names, passwords, paths and queries are refused. */
export function readHomeserver(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > 300 || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  const loopback = ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  const bare = url.username === "" && url.password === "" && url.search === "" && url.hash === "" && url.pathname === "/";
  return bare && (url.protocol === "https:" || (url.protocol === "http:" && loopback)) ? url.origin : undefined;
}

/** An address of this machine to listen on. */
export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** `off`, or an IP address of this machine with a port: `127.0.0.1:9477`, `[::1]:9477`. A name is refused: what it leads to may change. */
export function readListen(value: unknown): Listen | "off" | undefined {
  if (value === "off" || value === false) return "off";
  const found = typeof value === "string" ? /^(?:\[([0-9A-Fa-f:]{2,39})\]|(\d{1,3}(?:\.\d{1,3}){3})):(\d{1,5})$/.exec(value.trim()) : null;
  const host = found?.[1] ?? found?.[2];
  const port = Number(found?.[3]);
  return host !== undefined && isIP(host) !== 0 && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

/** Whether only this machine can reach what listens there. */
export function isLoopback(host: string): boolean {
  return host === "::1" || host.startsWith("127.");
}

/** An address that is called to show that the bot is alive: https, or http on the loopback; at most 500 characters, no user or password in it. */
export function readCallUrl(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > 500 || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  const loopback = url.hostname === "localhost" || url.hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(url.hostname);
  const isBare = url.username === "" && url.password === "" && url.hash === "";
  return isBare && (url.protocol === "https:" || (url.protocol === "http:" && loopback)) ? url.href : undefined;
}

/** Yes or no. */
export function readSwitch(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

/** One to three signs that no sentence begins with. `/` is taken by clients, `@` and `#` begin names. */
export function readPrefix(value: unknown): string | undefined {
  return typeof value === "string" && /^[!.,;~+%&$^=]{1,3}$/.test(value) ? value : undefined;
}

/** A path of a file or folder, at most 1,024 characters, without control characters. */
export function readPath(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" && value.length <= 1_024 && !/\p{Cc}/u.test(value) && !looksSecret(value) ? value : undefined;
}

/** A whole number within bounds, both included. */
export function readCount(value: unknown, least: number, most: number): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most ? value : undefined;
}

/**
 * Whether a text has the shape of an access token (of Synapse or of the Matrix authentication service) or of a recovery key: it is then neither used as
 * a path nor shown in an error.
 */
export function looksSecret(text: string): boolean {
  return /^(?:syt|syr|mct|mcr|mat|mar|mpt|mps)_/.test(text) || /^E[A-Za-z0-9]{3}(?: ?[A-HJ-NP-Za-km-z1-9]{4}){10,12}$/.test(text);
}
