/** What holds for every command object there is, and for every one that will be added: nothing here names one. */
import { before, describe, it } from "node:test";
import { deepEqual, equal, notEqual, ok } from "node:assert/strict";
import { allowed } from "../../src/chat/allowed.ts";
import { commandWords } from "../../src/chat/catalogue.ts";
import type { Command, Place } from "../../src/chat/command.ts";
import { slotsOf, type Slot } from "../../src/chat/fit.ts";
import { FIXED } from "../../src/chat/fixed.ts";
import { helpForOne, helpHere } from "../../src/chat/help.ts";
import { read, type Said } from "../../src/chat/read.ts";
import type { KnownCase } from "../../src/chat/reading.ts";
import type { Registry } from "../../src/chat/registry.ts";
import type { CaseState } from "../../src/domain/case.ts";
import type { CallSign, CaseId, UserId } from "../../src/domain/ids.ts";
import { LANGUAGES } from "../../src/domain/person.ts";
import { ROLES, type Role } from "../../src/domain/roster.ts";
import { written } from "../../src/chat/write.ts";
import { aReader, BOT, MADRID, MONDAY, registry, textOf } from "../chat/world.ts";

const PLACES: readonly Place[] = ["workspace", "delivery", "direct"];
const STATES: readonly Exclude<CaseState, "closed">[] = ["open", "expired"];
const GARBAGE = "§§§";

/** Everything that the examples and samples name is there; what ends in 999 is not. */
const everything: KnownCase = {
  id: "case-1" as CaseId, codename: "Albatross",
  members: ["ana", "luis", "dakar", "nuno"].map((name, index) => ({ callSign: `ES-${index + 1}` as CallSign, user: `@${name}:es.example` as UserId })),
  hasTask: (id) => !id.endsWith("999"), hasDelivery: (id) => !id.endsWith("999"), deliveries: () => [], hasAlert: (id) => !id.endsWith("999"),
};

let commands: Registry;
before(async () => { commands = await registry(); });

function typed(text: string, place: Place = "direct"): Said {
  return read({ msgtype: "m.text", body: place === "workspace" ? `!${text}` : text }, {
    registry: commands, place, prefix: "!", bot: BOT, world: { now: MONDAY, language: "en", zone: MADRID, case: everything },
  });
}

const typable = (command: Command): readonly Slot[] => slotsOf(command).filter((slot) => slot.reading.kind !== FIXED);
const hasText = (command: Command): boolean => typable(command).some((slot) => slot.reading.kind === "text");
/** The command with a sample of each parameter, some replaced or left out. */
function typedWith(command: Command, replaced: Readonly<Record<string, string | undefined>> = {}): string {
  const parts = typable(command).flatMap((slot) => {
    const sample = slot.name in replaced ? replaced[slot.name] : slot.reading.sample;
    if (sample === undefined) return [];
    return [...(slot.reading.keyword === undefined ? [] : [slot.reading.keyword]), sample];
  });
  return [command.name, ...parts].join(" ");
}
const isCommand = (of: Said, command: Command): boolean => of.kind === "command" && of.command === command;
function each(check: (command: Command) => void): void {
  ok(commands.commands.length >= 10);
  for (const command of commands.commands) check(command);
}
const told = (of: Said): string => ("lines" in of ? textOf(of.lines) : of.kind);
/** Lines on a phone of 360 pixels: about 45 characters. */
const phoneLines = (body: string, width: number): number => body.split("\n").reduce((sum, one) => sum + Math.max(1, Math.ceil([...one].length / width)), 0);

describe("every command", () => {
  it("refuses whoever has none of the roles it is for", () => each((command) => {
    const state = command.when[0] ?? "open";
    for (const place of command.rooms) {
      for (const role of ROLES) {
        const entitled = command.needs.includes(role) || command.needs.includes("anyone");
        const verdict = allowed(command, { roles: [role], owner: false, place, caseState: state });
        deepEqual(verdict, entitled ? { ok: true } : { ok: false, rule: "role" }, `${command.name} by ${role}`);
      }
      deepEqual(allowed(command, { roles: [], owner: false, place, caseState: state }), { ok: false, rule: "role" }, `${command.name} by a stranger`);
    }
  }));

  it("refuses every room that is not its own, and in silence about where, for those not entitled", () => each((command) => {
    const roles: readonly Role[] = ROLES.filter((role) => command.needs.includes(role) || command.needs.includes("anyone"));
    for (const place of PLACES.filter((one) => !command.rooms.includes(one))) {
      const asker = { roles, owner: true, place, caseState: command.when[0] ?? "open" as const };
      deepEqual(allowed(command, asker), { ok: false, rule: "place" }, command.name);
      deepEqual(allowed(command, { ...asker, roles: [], owner: false }), { ok: false, rule: "role" }, command.name);
    }
  }));

  it("refuses a case in a state in which it makes no sense, and a case command refuses to be given without a case", () => each((command) => {
    if (command.scope !== "case") return;
    const asker = { roles: ROLES, owner: true, place: command.rooms[0] ?? "direct" } as const;
    for (const state of STATES) {
      const verdict = allowed(command, { ...asker, caseState: state });
      deepEqual(verdict, command.when.includes(state) ? { ok: true } : { ok: false, rule: "state" }, `${command.name} while ${state}`);
    }
    deepEqual(allowed(command, asker), { ok: false, rule: "state" }, command.name);
  }));

  it("counts in every state of the case if it is a stop", () => each((command) => {
    if (command.weight === "stop") ok(STATES.every((state) => command.when.includes(state)), `${command.name} is a stop and must always count`);
  }));

  it("is understood with a sample of every parameter", () => each((command) => {
    const of = typed(typedWith(command));
    ok(isCommand(of, command), `${typedWith(command)}: ${told(of)}`);
  }));

  it("has examples that are understood wherever it may be typed", () => each((command) => {
    for (const example of command.examples) {
      for (const place of command.rooms) {
        const of = typed(example, place);
        ok(isCommand(of, command), `${example} (${place}): ${told(of)}`);
      }
    }
  }));

  it("names each required parameter that is missing", () => each((command) => {
    for (const slot of typable(command).filter((one) => !one.optional)) {
      const of = typed(typedWith(command, { [slot.name]: undefined }));
      equal(of.kind, "refused", `${command.name} without ${slot.name}`);
    }
    const required = typable(command).find((slot) => !slot.optional);
    if (required === undefined) return;
    const missing = typed(command.name);
    equal(missing.kind === "refused" && missing.lines[0]?.code, "chat.missing", command.name);
    ok(told(missing).includes(commandWords(command.name, "en")?.params[required.name] ?? GARBAGE), `${command.name} names what is missing`);
  }));

  it("refuses what is not of a parameter's type", () => each((command) => {
    for (const slot of typable(command)) {
      if (slot.reading.kind === "text" || (slot.optional && slot.reading.keyword === undefined && hasText(command)) || command.weight === "stop") continue;
      const of = typed(typedWith(command, { [slot.name]: GARBAGE }));
      equal(of.kind, "refused", `${command.name} with ${slot.name} ${GARBAGE}: ${told(of)}`);
    }
  }));

  it("refuses what is too long, with both lengths", () => each((command) => {
    if (command.weight === "stop") return;
    for (const slot of typable(command)) {
      if (slot.reading.max === undefined) continue;
      const of = typed(typedWith(command, { [slot.name]: slot.reading.kind === "seal" ? "7".repeat(slot.reading.max + 1) : `"${"x".repeat(slot.reading.max + 1)}"` }));
      equal(of.kind === "refused" && of.lines[0]?.code, "chat.too-long", `${command.name} with a long ${slot.name}: ${told(of)}`);
    }
  }));

  it("refuses numbers and people that do not exist", () => each((command) => {
    const unknown: Readonly<Record<string, string>> = { task: "T-999", delivery: "CD-999", alert: "A-999", person: "@nobody999" };
    for (const slot of typable(command)) {
      const id = unknown[slot.reading.kind];
      if (id === undefined) continue;
      const of = typed(typedWith(command, { [slot.name]: id }));
      // A stop counts also with a number that does not exist, but only if it knows of which delivery.
      equal(of.kind === "refused" && (of.lines[0]?.code.startsWith("chat.unknown-") ?? false), true, `${command.name} with ${id}: ${told(of)}`);
    }
  }));

  it("refuses one parameter too many", () => each((command) => {
    if (hasText(command)) return;
    const of = typed(`${typedWith(command)} ${GARBAGE}`);
    equal(of.kind, "refused", `${command.name}: ${told(of)}`);
    ok(told(of).includes(GARBAGE), `${command.name} names what is too much: ${told(of)}`);
  }));

  it("exists in every language, in words of its own for whatever is shown", () => each((command) => {
    for (const language of LANGUAGES) {
      const words = commandWords(command.name, language);
      ok(words !== undefined && words.summary !== "" && [...words.summary].length <= 60, `${command.name} in ${language}: summary`);
      for (const form of [...(words?.typed ?? []), ...(words?.short ?? [])]) {
        const of = typed(form, command.rooms.includes("delivery") ? "delivery" : "direct");
        notEqual(of.kind, "unknown", `${form} in ${language}`);
      }
    }
  }));

  it("has a help that fits a phone", () => each((command) => {
    for (const language of LANGUAGES) {
      const body = written(helpForOne(command, language), aReader({ language })).body;
      ok(phoneLines(body, 60) <= 15, `${command.name} in ${language}: ${phoneLines(body, 60)} lines\n${body}`);
      ok(body.split("\n").every((one) => [...one].length <= 240), `${command.name}: a line too long`);
    }
  }));

  it("is listed for those who may give it, in a list that fits a phone", () => {
    for (const language of LANGUAGES) {
      for (const place of PLACES) {
        for (const role of ROLES) {
          const body = written(helpHere(commands.commands, { roles: [role], owner: role === "administrator", place, caseState: "open" }, language), aReader({ language })).body;
          ok(phoneLines(body, 60) <= 15, `${role} ${place} ${language}:\n${body}`);
        }
      }
    }
  });
});
