/** Writes the configuration file with its explanations, from the schema that reads it: the sample, the reference and `relevo init` cannot drift apart. */
import { stringify } from "yaml";
import { z } from "zod";
import { explained, settingsSchema, unwrapped } from "../app/settings.ts";
import type { Explained } from "../app/settings.ts";

/** One key of the file, in its order; `path` is dotted, `owners[].user` inside a list. */
export interface Setting {
  readonly key: string;
  readonly path: string;
  readonly explained?: Explained;
  readonly inside: "leaf" | "map" | "list";
  readonly children: readonly Setting[];
}

/** All keys there are, top level first. */
export function allSettings(): readonly Setting[] {
  return settingsOf(settingsSchema, "");
}

function settingsOf(schema: z.core.$ZodType, before: string): Setting[] {
  const map = unwrapped(schema);
  if (!(map instanceof z.ZodObject)) return [];
  return Object.entries<z.core.$ZodType>(map.shape).map(([key, value]) => {
    const path = `${before}${key}`;
    const found = explained.get(value) ?? explained.get(unwrapped(value));
    const inner = unwrapped(value);
    const common = { key, path, ...(found === undefined ? {} : { explained: found }) };
    if (inner instanceof z.ZodObject) return { ...common, inside: "map", children: settingsOf(inner, `${path}.`) };
    if (inner instanceof z.ZodArray) return { ...common, inside: "list", children: settingsOf(inner.element, `${path}[].`) };
    return { ...common, inside: "leaf", children: [] };
  });
}

/** Values of leaves by dotted path; a list has its entries under its own path. What is not given is written with its default. */
export interface Given {
  readonly values: Readonly<Record<string, unknown>>;
  readonly lists: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
}

const HEAD = [
  "# Configuration of Relevo. Every key with its default is here; a key that is not known, or a value that does not fit, stops the start with its line.",
  "# Spans are written 20s, 30min, 24h, 7d. docs/config.md has the bounds.",
];

/** The text of a configuration file. */
export function configText(given: Given): string {
  const body = allSettings().flatMap((setting) => ["", ...linesOf(setting, given, "")]);
  return `${[...HEAD, ...body].join("\n")}\n`;
}

function linesOf(setting: Setting, given: Given, indent: string): string[] {
  const says = setting.explained?.says;
  const comment = says === undefined ? [] : [`${indent}# ${says}`];
  if (setting.inside === "map") return [...comment, `${indent}${setting.key}:`, ...setting.children.flatMap((child) => linesOf(child, given, `${indent}  `))];
  if (setting.inside === "list") {
    const entries = given.lists[setting.path] ?? [];
    return [...comment, `${indent}${setting.key}:`, ...entries.flatMap((entry) => entryLines(setting.children, entry, `${indent}  `))];
  }
  const value = given.values[setting.path] ?? setting.explained?.byDefault;
  // An optional key has no value to write: it stands there as a comment to be filled in.
  const optional = given.values[setting.path] === undefined && OPTIONAL.has(setting.path);
  return [...comment, optional ? `${indent}# ${setting.key}: …` : `${indent}${setting.key}: ${written(value)}`];
}

/** Keys that are left out unless given. */
const OPTIONAL: ReadonlySet<string> = new Set(["secrets.passwordFile", "deadManUrl"]);

function entryLines(children: readonly Setting[], entry: Readonly<Record<string, unknown>>, indent: string): string[] {
  const lines = children.flatMap(({ key, explained: about }) => {
    const value = entry[key];
    return value === undefined ? [`# ${key}: …   (${about?.says ?? ""} By default ${String(about?.byDefault)}.)`] : [`# ${about?.says ?? ""}`, `${key}: ${written(value)}`];
  });
  return lines.map((line, index) => `${indent}${index === 0 ? "- " : "  "}${line}`);
}

function written(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(written).join(", ")}]` : stringify(value, { lineWidth: 0, defaultStringType: "PLAIN" }).trimEnd();
}

/** The sample in config/default.yaml: every default, and invented names where an installation has its own. */
export function sampleConfig(): string {
  return configText({
    values: { homeserver: "https://matrix.example.org", user: "@relevo:example.org", zone: "Europe/Madrid" },
    // Base 64 of "replace this by the fingerprint!": nobody's key.
    lists: { owners: [{ user: "@ana:es.example", masterKey: "cmVw bGFj ZSB0 aGlz IGJ5 IHRo ZSBm aW5n ZXJw cmlu dCE" }] },
  });
}

/** docs/config.md: one row for each key, with what is expected and the default. */
export function configReference(): string {
  const rows = allSettings().flatMap(rowsOf);
  return [
    "# Configuration",
    "",
    "Generated from the schema by `npm run docs`; do not edit. A sample with every default is [config/default.yaml](../config/default.yaml).",
    "Paths are read from the folder of the file. A mistake is told as `FILE:LINE:COLUMN: key: what was expected`, all mistakes at once.",
    "",
    "| key | what it is | expected | default |",
    "|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

function rowsOf(setting: Setting): string[] {
  const about = setting.explained;
  const cell = (text: string): string => text.replaceAll("|", "\\|");
  const own = about === undefined || setting.inside !== "leaf" ? []
    : [`| \`${setting.path}\` | ${cell(about.says)} | ${cell(about.expects)} | ${about.byDefault === undefined ? "(required)" : cell(`\`${written(about.byDefault)}\``)} |`];
  return [...own, ...setting.children.flatMap(rowsOf)];
}
