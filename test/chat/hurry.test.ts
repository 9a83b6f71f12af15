/** What people type on a phone in a hurry, and the lines that they are shown: each must work as it stands there, in their language. */
import { before, describe, it } from "node:test";
import { deepEqual, doesNotMatch, equal, match, notEqual } from "node:assert/strict";
import { typedFor } from "../../src/chat/catalogue.ts";
import type { KnownCase } from "../../src/chat/reading.ts";
import { read, type Said } from "../../src/chat/read.ts";
import type { Registry } from "../../src/chat/registry.ts";
import { placeOf } from "../../src/chat/places.ts";
import type { CallSign, CaseId, UserId, Zone } from "../../src/domain/ids.ts";
import { aReader, BOT, MADRID, MONDAY, paramsOf, refusalOf, registry, said } from "./world.ts";

/** Everybody and everything that an example may name. */
const everything: KnownCase = {
  id: "case-1" as CaseId, codename: "Albatross",
  members: ["ana", "luis", "dakar"].map((name, index) => ({ callSign: `ES-${index + 1}` as CallSign, user: `@${name}:es.example` as UserId })),
  hasTask: () => true, hasDelivery: () => true, deliveries: () => [], hasAlert: () => true,
};

let commands: Registry;
before(async () => { commands = await registry(); });

function typed(text: string, language: "en" | "es"): Said {
  return read({ msgtype: "m.text", body: text }, { registry: commands, place: "direct", prefix: "!", bot: BOT, world: { now: MONDAY, language, zone: MADRID, case: everything } });
}
/** The parameters without those that are free text or the name of a place, which are translated. */
function facts(of: Said): Readonly<Record<string, unknown>> {
  const params = paramsOf(of);
  const { title: _title, text: _text, note: _note, reason: _reason, command: _command, route: _route, ...others } = params;
  return others;
}

describe("lines shown to a Spanish reader", () => {
  it("mean the same as the English ones", () => {
    for (const { examples } of commands.commands) {
      for (const example of examples) {
        const shown = typedFor(example, aReader({ language: "es" }));
        deepEqual(facts(typed(shown, "es")), facts(typed(example, "en")), shown);
      }
    }
  });

  it("hold no English keyword, role or choice", () => {
    equal(typedFor('jit add @x:y.example "member seal" member CV', aReader({ language: "es" })), 'eci añadir @x:y.example "member seal" miembro CV');
    equal(typedFor("cd give CD-3 seal 0774471 intact", aReader({ language: "es" })), "ev dar CD-3 precinto 0774471 intacto");
    equal(typedFor("cd granted CD-1 paper …", aReader({ language: "es" })), "ev autorizada CD-1 documento …");
    for (const { examples } of commands.commands) {
      for (const example of examples) doesNotMatch(typedFor(example, aReader({ language: "es" })), /\b(agreement|states|until|admins|route|mode|seal|from|paper|clean|intact|illegible|member)\b/);
    }
  });

  it("leave what somebody wrote as text as it is", () => {
    equal(typedFor("task done T-1 seal clean", aReader({ language: "es" })), "tarea hecha T-1 seal clean");
  });
});

describe("typed in a hurry", () => {
  it("reads an hour after a Spanish preposition that is also a keyword", () => {
    const line = "ev nueva ruta Cartagena CO > Vigo ES modo limpia precinto 0774471 desde mañana a las 04:00";
    for (const end of ["hasta 12 dic 20:00", "a 12 dic 20:00", "a 12 dic a las 20:00"]) {
      const { from, to } = paramsOf(typed(`${line} ${end}`, "es")) as { from: { at: number }; to: { at: number } };
      equal(new Date(from.at).toISOString(), "2026-11-24T03:00:00.000Z", end);
      equal(new Date(to.at).toISOString(), "2026-12-12T19:00:00.000Z", end);
    }
  });

  it("finds the person of an alert without the word before them, and asks if there are two", () => {
    equal(paramsOf(typed("alert P1 @dakar the vessel has changed", "en"))["to"], "ES-3");
    deepEqual(paramsOf(typed("alerta P2 @dakar el barco", "es")), { priority: "P2", to: "ES-3", text: "el barco" });
    notEqual(typed("alert P1 @dakar or @luis the vessel", "en").kind, "command");
  });

  it("reads who and by when in either order", () => {
    const one = paramsOf(typed("task add Call the port @luis friday 18:00", "en"));
    deepEqual(paramsOf(typed("task add Call the port friday 18:00 @luis", "en")), one);
  });

  it("reads a codename before a number, as messages write it", () => {
    deepEqual(paramsOf(said(commands, "task done Albatross T-12")), { task: "T-12" });
    deepEqual(paramsOf(said(commands, "!tarea hecha albatross 12 copia", "workspace")), { task: "T-12", note: "copia" });
    match(refusalOf(said(commands, "task done Petrel T-12")), /not understand “Petrel T-12”/);
  });

  it("reads the bare number of the delivery that is meant anyhow, and never instead of a contact", () => {
    equal(paramsOf(said(commands, "cd ask 3 BE", "direct", { delivery: "CD-3" }))["delivery"], "CD-3");
    deepEqual(paramsOf(said(commands, "cd contact 3", "delivery")), { delivery: "CD-3", what: "moving" });
    match(refusalOf(said(commands, "cd show 4", "delivery")), /all but “4”/);
  });

  it("does nothing for the first of several tasks", () => {
    for (const line of ["tarea hecha 7 y 12", "task done 7, 12", "task done T-7 T-12", "task done 7 12"]) match(refusalOf(said(commands, line)), /One at a time/, line);
    equal(paramsOf(said(commands, "task done 7 12 copies received"))["note"], "12 copies received");
  });

  it("does nothing of two commands in one message, unless the first is a stop", () => {
    match(refusalOf(said(commands, "!task add Look\n!task add Two", "workspace")), /one command a message. Send “!task add Two”/);
    equal(paramsOf(said(commands, "!stop CD-3 !task list", "workspace"))["delivery"], "CD-3");
    equal(paramsOf(said(commands, "!task add Say !hello to them", "workspace"))["title"], "Say !hello to them");
  });

  it("never guesses whether the day of a before counts", () => {
    for (const line of ["task add call before friday", "tarea nueva llamar antes del viernes"]) match(refusalOf(said(commands, line)), /up to which moment/, line);
    equal(paramsOf(said(commands, "task add call before dinner"))["title"], "call before dinner");
  });

  it("says that the text is missing where only the person or the date was typed", () => {
    for (const line of ["task add @ana", "task add friday 18:00"]) match(refusalOf(said(commands, line)), /^Missing: what is to be done/, line);
  });

  it("names all that is still missing at once", () => {
    const told = refusalOf(typed('jit open agreement "X"', "en"));
    match(told, /Missing: states <ES,CO>/);
    match(told, /jit open agreement "X" states <[^>]*> until <[^>]*> admins </);
  });

  it("lists the words of a choice that was not understood", () => {
    match(refusalOf(typed("me lang francés", "en")), /language: English, Spanish/);
    match(refusalOf(typed("ev dar CD-3 precinto 0774471 bien", "es"), { language: "es" }), /intacto o roto: intacto, roto/);
  });

  it("points to help for the first word of a command", () => {
    match(refusalOf(said(commands, "task")), /help task/);
    match(refusalOf(said(commands, "tarea"), { language: "es" }), /ayuda tarea/);
  });

  it("offers zones for a country that has several, and takes the only one", () => {
    match(refusalOf(said(commands, "me zone Brasil")), /several time zones.*America\//);
    equal(paramsOf(said(commands, "me zone Colombia"))["zone"], "America/Bogota");
  });

  it("calls the time of New York by its name, also where Miami has the same", () => {
    equal(placeOf("America/New_York" as Zone, "en"), "New York");
  });

  it("names the whole line to type to who would stop one of several deliveries", () => {
    for (const line of ["stop", "STOP now they are armed", "stop CD-9"]) match(refusalOf(said(commands, line)), /\nType  cd stop CD-3 or cd stop CD-4$/, line);
    match(refusalOf(said(commands, "!alto", "workspace", { language: "es" }), { language: "es", prefix: "!" }), /^Falta: entrega.\nEscribe  !ev alto CD-3 o !ev alto CD-4$/);
    equal(paramsOf(said(commands, "cd stop CD-4"))["delivery"], "CD-4");
  });

  it("takes an exclamation for talk, in a room and alone with the bot", () => {
    for (const line of ["!!", "!?", "!!!"]) equal(said(commands, line, "workspace").kind, "talk", line);
  });
});
