import { describe, it } from "node:test";
import { equal, match, ok, rejects, throws } from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { allowed } from "../../src/chat/allowed.ts";
import type { Command } from "../../src/chat/command.ts";
import { commandDocs, helpAbout, helpHere } from "../../src/chat/help.ts";
import { distance, nearest } from "../../src/chat/nearest.ts";
import { day, keyword, taskRef } from "../../src/chat/params.ts";
import { CommandMistake, loadRegistry, makeRegistry } from "../../src/chat/registry.ts";
import { message } from "../../src/domain/say.ts";
import { registry, textOf } from "./world.ts";

/** A sound command under a name that the locales know; some of it replaced. */
function aCommand(of: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return {
    name: "task accept", params: z.object({ task: taskRef() }), scope: "case", weight: "harmless", rooms: ["direct"], when: ["open"], needs: ["member"], audience: "room",
    examples: ["task accept T-1"], decide: () => ({ ok: true, events: [] }), ...of,
  };
}
const member = { roles: ["member"], owner: false, place: "direct", caseState: "open" } as const;

describe("the registry", () => {
  it("holds every command that the files of the folder export", async () => {
    const { commands, named, typed, short } = await registry();
    ok(commands.length > 10);
    equal(named("task add")?.name, "task add");
    equal(named("nothing"), undefined);
    equal(typed("tarea hecha")?.name, "task done");
    equal(short("alto")?.name, "cd stop");
    equal(typed("alto"), undefined, "short forms are no full names");
  });

  it("refuses a command that breaks the rules for commands, by name", () => {
    const wrong: readonly (readonly [Readonly<Record<string, unknown>>, RegExp])[] = [
      [{ name: "Task Accept" }, /lower-case/], [{ rooms: [] }, /where nor who/], [{ needs: [] }, /where nor who/], [{ examples: [] }, /example/], [{ decide: undefined }, /decision/],
      [{ weight: "read" }, /decision/], [{ weight: "read", decide: undefined, answer: undefined }, /decision/], [{ answer: () => message() }, /decision/],
      [{ weight: "binding" }, /confirmed/], [{ alsoNeeds: () => [] }, /need others/], [{ when: [] }, /states/], [{ name: "no such" }, /has no words/],
      [{ params: z.object({ other: taskRef() }) }, /does not name its parameter other/], [{ params: z.object({ task: keyword("nonsense", day()) }) }, /keyword "nonsense"/],
      [{ params: z.object({ task: keyword("until", day()), other: keyword("to", day()) }) }, /"hasta" announces both/], [{ params: z.object({ task: z.string() }) }, /not made by chat\/params/],
    ];
    for (const [replaced, expected] of wrong) throws(() => makeRegistry([aCommand(replaced)]), expected);
    ok(makeRegistry([aCommand()]).named("task accept") !== undefined);
  });

  it("refuses two commands of one name or one word", () => {
    throws(() => makeRegistry([aCommand(), aCommand()]), CommandMistake);
    throws(() => makeRegistry([aCommand({ short: "ok" }), aCommand({ name: "task list", params: z.object({}), short: "ok" })]), /"ok" also means "task accept"/);
  });

  it("reads a folder, and leaves out what is no command", async () => {
    const folder = await mkdtemp(join(tmpdir(), "relevo-commands-"));
    try {
      await writeFile(join(folder, "notes.ts"), "export const words = ['task'];\nexport const name = 'task add';\nexport default null;\n");
      await writeFile(join(folder, "readme.md"), "nothing");
      equal((await loadRegistry(folder)).commands.length, 0);
      await rejects(loadRegistry(join(folder, "missing")));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("who may", () => {
  const command = { needs: ["administrator"], rooms: ["direct"], when: ["open"], scope: "case" } as const;
  it("is decided by role first, then room, then state", () => {
    equal(JSON.stringify(allowed(command, { roles: [], owner: false, place: "workspace", caseState: "expired" })), '{"ok":false,"rule":"role"}');
    equal(JSON.stringify(allowed(command, { roles: ["administrator"], owner: false, place: "workspace", caseState: "expired" })), '{"ok":false,"rule":"place"}');
    equal(JSON.stringify(allowed(command, { roles: ["administrator"], owner: false, place: "direct", caseState: "expired" })), '{"ok":false,"rule":"state"}');
    equal(allowed(command, { roles: ["administrator"], owner: false, place: "direct", caseState: "open" }).ok, true);
  });

  it("never lets an owner into a case that they are not in", () => {
    equal(allowed({ ...command, needs: ["anyone"] }, { roles: [], owner: true, place: "direct", caseState: "open" }).ok, false);
    equal(allowed({ ...command, needs: ["anyone"], scope: "person" }, { roles: [], owner: true, place: "direct" }).ok, true);
    equal(allowed({ ...command, needs: ["anyone"], scope: "person" }, { roles: [], owner: false, place: "direct" }).ok, false);
    equal(allowed({ ...command, needs: ["owner"] }, { roles: ["administrator"], owner: false, place: "direct", caseState: "open" }).ok, false);
  });
});

describe("did you mean", () => {
  it("counts a swap of two neighbours as one letter", () => {
    equal(distance("taks done", "task done"), 1);
    equal(distance("hlep", "help"), 1);
    equal(distance("", "abc"), 3);
    equal(distance("delivery go", "delivery no"), 1);
    equal(distance("same", "same"), 0);
  });

  it("offers what differs in at most a third of its letters, and never what needs two people", async () => {
    const commands = await registry();
    const names = (typed: string): readonly string[] => nearest(commands, typed.split(" "), 3).map((command) => command.name);
    equal(names("taks list")[0], "task list");
    equal(names("tarae hecha")[0], "task done");
    equal(names("completely different").length, 0);
    const [two] = commands.commands.filter((command) => command.alsoNeeds !== undefined);
    ok(two !== undefined && !names(two.name).includes(two.name));
  });
});

describe("help", () => {
  it("lists only what this person may do here", async () => {
    const { commands } = await registry();
    const body = textOf(helpHere(commands, member, "en").lines);
    match(body, /^What you can do here:\n/);
    match(body, /task accept · add · done · list/);
    ok(!body.includes("audit"), "a member does not verify the journal");
    ok(!textOf(helpHere(commands, { ...member, place: "workspace" }, "en").lines).includes("cd new"), "what belongs to a direct chat is not offered in a room");
    equal(textOf(helpHere(commands, { roles: [], owner: false, place: "direct" }, "es").lines, { language: "es" }), "Aquí no puedes hacer nada.");
  });

  it("explains one command in the reader's language, by any of its words", async () => {
    const { commands } = await registry();
    for (const asked of ["task add", "tarea nueva", "TAREA AÑADIR"]) {
      const body = textOf(helpAbout(commands, asked, member, "es").lines, { language: "es" });
      match(body, /^tarea nueva <qué hay que hacer> \[<quién>\] \[<para cuándo>\]\n/);
      match(body, /Quién: /);
      match(body, /Por ejemplo/);
    }
  });

  it("lists a topic, and suggests for what it does not know", async () => {
    const { commands } = await registry();
    match(textOf(helpAbout(commands, "task", member, "en").lines), /task list {2}the open tasks/);
    match(textOf(helpAbout(commands, "taks add", member, "en").lines), /I do not know “taks add”\.\nDid you mean {2}help task add/);
  });
});

describe("the documentation of commands", () => {
  it("is made from the command objects: each with its words, who may, and an example", async () => {
    const { commands } = await registry();
    const docs = commandDocs(commands);
    for (const command of commands) {
      ok(docs.includes(`\n## ${command.name}\n`), command.name);
      for (const example of command.examples) ok(docs.includes(example), example);
      ok(new RegExp(`\\| \`${command.name}\` \\|`).test(docs), `${command.name} stands in the table`);
    }
    match(docs, /\| `jit open` \| yes \| {2}\| {2}\|/);
    equal(commandDocs([...commands].reverse() as readonly Command[]), docs, "the order of the files does not matter");
  });
});
