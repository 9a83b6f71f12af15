import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { before, describe, it } from "node:test";
import { read } from "../../src/chat/read.ts";
import type { Registry } from "../../src/chat/registry.ts";
import { loadRegistry } from "../../src/chat/registry.ts";
import { written } from "../../src/chat/write.ts";
import type { Decision, Context } from "../../src/domain/decision.ts";
import { COORDINATION, INSTALLATION } from "../../src/domain/ids.ts";
import { boardOf } from "../../src/domain/board.ts";
import type { Language } from "../../src/domain/person.ts";
import { LANGUAGES } from "../../src/domain/person.ts";
import type { Message } from "../../src/domain/say.ts";
import type { Story } from "../domain/builders.ts";
import { DAY, HOUR, MADRID, aCase, aTask, keyOf, user } from "../domain/builders.ts";

let registry: Registry;
before(async () => {
  registry = await loadRegistry(fileURLToPath(new URL("../../commands", import.meta.url)));
});

/** A case in which Ana is also the owner of the installation, and Nuno and Olga could be added. */
function team(): Story {
  const story = aCase().with("CV", "authority").open();
  story.world.owners.add(user("ana"));
  for (const name of ["nuno", "olga"]) story.world.identities.set(user(name), keyOf(user(name)));
  return story;
}

/** What a line typed in a direct chat is read as. */
function reading(story: Story, text: string, language: Language): { readonly command: string; readonly params: Readonly<Record<string, unknown>> } {
  const { state } = story.scope;
  const said = read({ msgtype: "m.text", body: text }, {
    registry, place: "direct", prefix: "!", bot: user("relevo"),
    world: {
      now: story.world.now, language, zone: MADRID,
      case: {
        id: story.id, codename: "Albatross", members: [...state.member.values()],
        hasTask: (id) => state.task.has(id), hasDelivery: () => false, deliveries: () => [], hasAlert: () => false,
      },
    },
  });
  assert.equal(said.kind, "command", `${text}: ${JSON.stringify(said).slice(0, 200)}`);
  assert.ok(said.kind === "command");
  return { command: said.command.name, params: said.params };
}

/** Types a line and, where it binds, has everybody agree to it. */
function type(story: Story, by: string, text: string, language: Language = "en"): { readonly decision: Decision; readonly confirmed?: Message } {
  const { command: name, params: typed } = reading(story, text, language);
  const command = registry.named(name);
  assert.ok(command?.decide !== undefined);
  const { decide } = command;
  const chain = command.scope === "case" ? story.id : INSTALLATION;
  const scope = story.world.scope(chain);
  const ctx = story.world.context(user(by), story.id);
  const prepared = command.prepare?.(scope, typed as never, ctx) ?? { ok: true as const, params: typed as never };
  if (!prepared.ok) return { decision: prepared };
  const confirmed = command.confirms?.(scope, prepared.params, ctx);
  const kept = command.params.parse(JSON.parse(JSON.stringify(prepared.params)));
  const needs = command.alsoNeeds?.(scope, kept as never, ctx) ?? [];
  const approvals: Context["approvals"] = needs.flatMap((need) => need.anyOf).map((each) => ({ by: each, at: story.world.now }));
  const decision = story.world.decide(chain, user(by), (_scope, context) => decide(scope, kept as never, context), {
    ...(ctx.author.member === undefined ? {} : { author: ctx.author }), approvals,
  });
  return { decision, ...(confirmed === undefined ? {} : { confirmed }) };
}

const inWords = (message: Message, language: Language): string => written(message, { language, zone: MADRID, prefix: "" }).body;

describe("what people type about cases, themselves and tasks", () => {
  const same: readonly (readonly [string, string, string])[] = [
    ["task add Call the port @luis 2026-11-27 18:00 Bogotá", "tarea añadir Call the port @luis 2026-11-27 18:00 Bogotá", "tarea anadir Call the port @luis 2026-11-27 18:00 Bogota"],
    ["task done T-1 copy received", "tarea hecha 1 copy received", "TAREA HECHA t1 copy received"],
    ["task accept 1", "tarea aceptar T-1", "tarea aceptada 1"],
    ["me lang es", "mi idioma español", "mi idioma espanol"],
    ["me zone America/Bogota", "mi zona Bogotá", "mi zona bogota"],
    ['jit add @nuno:nuno.example "Nuno P." member PT', 'eci añadir @nuno:nuno.example "Nuno P." miembro Portugal', "eci anadir @nuno:nuno.example “Nuno P.” miembro PT"],
    [
      'jit open agreement "2026/114" states ES,CO until 2027-11-20 admins @ana:ana.example ES @luis:luis.example CO',
      'eci abrir acuerdo "2026/114" estados España, Colombia hasta 2027-11-20 administradores @ana:ana.example ES @luis:luis.example CO',
      "ece abrir acuerdo «2026/114» estados ES,CO hasta 2027-11-20 administradores ES @ana:ana.example CO @luis:luis.example",
    ],
    ["jit show", "eci ver", "eci mostrar"],
    ["task list", "tareas", "tarea lista"],
  ];
  for (const [english, ...spanish] of same) {
    it(`is the same in Spanish, with and without accents: ${english}`, () => {
      const story = team();
      aTask().in(story);
      for (const line of spanish) assert.deepEqual(reading(story, line, "es"), reading(story, english, "en"), line);
    });
  }
});

describe("what people read about cases and tasks", () => {
  it("opens a case from one line, with what was confirmed kept as plain data in between", () => {
    const story = team();
    const { decision, confirmed } = type(story, "ana", 'jit open agreement "2026/114" states ES,CO until 2027-11-20 admins @ana:ana.example ES @olga:olga.example CO');
    assert.ok(decision.ok && decision.chain !== undefined && confirmed !== undefined);
    assert.match(inWords(confirmed, "en"), /Agreement 2026\/114 · Spain and Colombia\n.*Sat 20 Nov 2027 23:59 Madrid/);
    assert.match(inWords(confirmed, "es"), /sáb 20 nov 2027 23:59 Madrid/);
    assert.equal(story.world.scope(decision.chain).state.member.size, 2);
  });

  it("echoes a date with weekday, date, time and place, and the reader's own time", () => {
    const story = team();
    assert.ok(type(story, "ana", "task add Get the air waybill @luis 2026-11-27 18:00 Bogotá").decision.ok);
    const echo = story.world.said().find((say) => say.to.to === "origin");
    assert.ok(echo !== undefined);
    assert.match(inWords(echo.message, "en"), /^T-1 Get the air waybill\nCO-1 · due Fri 27 Nov.* 18:00 Bogotá = Sat 28 Nov 00:00 Madrid\nReminders 24 h and 2 h before\.$/);
    assert.match(inWords(echo.message, "es"), /vence vie 27 nov.* 18:00 Bogotá = sáb 28 nov 00:00 Madrid\nAvisos 24 h y 2 h antes\.$/);
  });

  it("is complete in every language for a whole story, and never shows a hole", () => {
    const story = team();
    const lines: readonly (readonly [string, string])[] = [
      ["ana", 'jit add @nuno:nuno.example "Nuno P." member PT'], ["ana", 'jit add @olga:olga.example "Olga" liaison SN'],
      ["ana", "task add Get the air waybill @luis 2026-11-27 18:00 Bogotá"], ["ana", "task add Call the port"], ["luis", "task accept 1"],
      ["luis", "task accept 1"], ["nuno", "task done 1"], ["luis", "me lang es"], ["luis", "me zone Bogota"],
    ];
    const heard: Message[] = [];
    for (const [by, text] of lines) {
      const { decision, confirmed } = type(story, by, text);
      if (confirmed !== undefined) heard.push(confirmed);
      if (!decision.ok) heard.push({ lines: decision.lines });
    }
    story.world.pass(400 * DAY);
    type(story, "luis", "task done 1");
    const late = type(story, "luis", "task add Too late");
    if (!late.decision.ok) heard.push({ lines: late.decision.lines });
    heard.push(...story.world.said().map((say) => say.message));
    const board = boardOf(story.scope, COORDINATION);
    assert.ok(board !== undefined);
    heard.push(board);
    assert.ok(heard.length > 20, `${heard.length} messages`);
    for (const language of LANGUAGES) {
      for (const message of heard) {
        const text = inWords(message, language);
        assert.ok(text.length > 0 && text.length < 1500);
        assert.ok(!/\{|\}|undefined|\[object/.test(text), text);
      }
    }
  });

  it("is bare where it wakes a phone: one short line", () => {
    const story = team();
    aTask().due(25 * HOUR).titled("x".repeat(200)).in(story);
    story.world.pass(2 * DAY);
    const stubs = story.world.said().filter((say) => say.wakes);
    assert.equal(stubs.length, 3);
    for (const stub of stubs) {
      for (const language of LANGUAGES) assert.match(inWords(stub.message, language), /^Albatross T-1 · .{10,80}$/);
    }
  });
});
