/**
 * Writes what is documented from the code itself: `npm run docs` writes, `npm run docs -- --check` only compares and ends with 1 if a file is not
 * what it would write (a test calls it so).
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { commandDocs } from "../src/chat/help.ts";
import { loadRegistry } from "../src/chat/registry.ts";
import { configReference, sampleConfig } from "../src/cli/config-text.ts";
import { operatorErrors } from "./operator-errors.ts";
import { doctorReference, errorsReference, logReference, metricsReference, withUnit } from "./reference.ts";

const ROOT = new URL("../", import.meta.url);

/** A file that is generated: its path from the root of the repository, and what it has to hold. */
export interface Generated {
  readonly path: string;
  readonly text: string;
}

/** All generated files. */
export async function generated(): Promise<readonly Generated[]> {
  const { commands } = await loadRegistry(fileURLToPath(new URL("commands/", ROOT)));
  return [
    { path: "config/default.yaml", text: sampleConfig() },
    { path: "docs/config.md", text: configReference() },
    { path: "docs/commands.md", text: commandDocs(commands) },
    { path: "docs/metrics.md", text: metricsReference() },
    { path: "docs/log.md", text: logReference() },
    { path: "docs/doctor.md", text: doctorReference() },
    { path: "docs/errors.md", text: errorsReference(await operatorErrors()) },
    { path: "docs/operating.md", text: withUnit(await readFile(new URL("docs/operating.md", ROOT), "utf8")) },
  ];
}

/** Paths of the files that are missing or differ from what would be written now. */
export async function outOfDate(): Promise<readonly string[]> {
  const compared = await Promise.all((await generated()).map(async ({ path, text }) => {
    const found = await readFile(new URL(path, ROOT), "utf8").catch(() => undefined);
    return found === text ? [] : [path];
  }));
  return compared.flat();
}

if (import.meta.main) {
  if (process.argv.includes("--check")) {
    const stale = await outOfDate();
    for (const path of stale) console.error(`${path} is not what the code says. Run: npm run docs`);
    process.exitCode = stale.length === 0 ? 0 : 1;
  } else {
    for (const { path, text } of await generated()) await writeFile(new URL(path, ROOT), text);
  }
}
