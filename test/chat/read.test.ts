import { before, describe, it } from "node:test";
import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import fc from "fast-check";
import type { Registry } from "../../src/chat/registry.ts";
import { line } from "../../src/domain/say.ts";
import { BOT, MONDAY, paramsOf, refusalOf, registry, said } from "./world.ts";

let commands: Registry;
before(async () => { commands = await registry(); });

const friday18 = { at: Date.parse("2026-11-27T23:00:00Z"), zone: "America/Bogota" };
const waybill = { title: "Get the air waybill from the carrier", owner: "CO-1", due: friday18 };

describe("a command as it is typed", () => {
  it("needs the prefix in a workspace room, and nothing in a direct chat", () => {
    equal(said(commands, "task list", "workspace").kind, "talk");
    equal(said(commands, "!task list", "workspace").kind, "command");
    equal(said(commands, "! task list", "workspace").kind, "command");
    equal(said(commands, "task list", "direct").kind, "command");
    equal(said(commands, "!task list", "direct").kind, "command");
  });

  it("may begin with a mention of the bot instead of the prefix", () => {
    const html = `<a href="https://matrix.to/#/${BOT}">Relevo</a>: task list`;
    equal(said(commands, "Relevo: task list", "workspace", { html }).kind, "command");
    equal(said(commands, `${BOT}: task list`, "workspace").kind, "command");
    equal(said(commands, "@somebody:else.example: task list", "workspace").kind, "talk");
  });

  it("has a title up to where a person or a date can start", () => {
    deepEqual(paramsOf(said(commands, "!task add Get the air waybill from the carrier @co-1 friday 18:00 Bogotá", "workspace")), waybill);
    deepEqual(paramsOf(said(commands, 'task add "Get the air waybill from the carrier" CO-1 friday 18:00 Bogotá')), waybill);
    deepEqual(paramsOf(said(commands, "task add Ask @ana about the boat @nuno friday 18:00 Bogotá")), {
      title: "Ask @ana about the boat", owner: "CV-4", due: friday18,
    });
    deepEqual(paramsOf(said(commands, "task add Call the port")), { title: "Call the port" });
  });

  it("is understood in the words of every language, whatever the person's own, with and without accents", () => {
    deepEqual(paramsOf(said(commands, "tarea hecha 12 copia recibida", "direct", { language: "en" })), { task: "T-12", note: "copia recibida" });
    equal(said(commands, "TAREA ANADIR Llamar").kind, "command");
    equal(said(commands, "tarea añadir Llamar").kind, "command");
  });

  it("takes curly quotes of all kinds, long dashes, and spaces that do not break", () => {
    for (const [open, close] of [["“", "”"], ["„", "“"], ["«", "»"], ["‹", "›"], ["‘", "’"], ["'", "'"], ['"', '"']]) {
      deepEqual(paramsOf(said(commands, `task add ${open}Ask @ana on friday${close}`)), { title: "Ask @ana on friday" }, `quoted ${open ?? ""}`);
    }
    deepEqual(paramsOf(said(commands, "task\u00A0done\u202FT\u201312 copy\u2014received")), { task: "T-12", note: "copy-received" });
  });

  it("leaves out what cannot be seen", () => {
    deepEqual(paramsOf(said(commands, "task done T\u200B-1\u20602")), { task: "T-12" });
    deepEqual(paramsOf(said(commands, "\u202Etask\u202C done \u200FT-12\u200E ok\u{E0041}")), { task: "T-12", note: "ok" });
  });

  it("takes pills and matrix.to links as people", () => {
    const html = 'task add Ask Luis about <a href="https://matrix.to/#/@luis:co.example">Luis</a> friday 18:00 Bogotá';
    deepEqual(paramsOf(said(commands, "task add Ask Luis about Luis friday 18:00 Bogotá", "direct", { html })), { title: "Ask Luis about", owner: "CO-1", due: friday18 });
    for (const link of ["https://matrix.to/#/@luis:co.example", "https://matrix.to/#/%40luis%3Aco.example?via=co.example", "matrix:u/luis:co.example", "[Luis](https://matrix.to/#/@luis:co.example)", "@luis:co.example"]) {
      deepEqual(paramsOf(said(commands, `task add Call ${link}`)), { title: "Call", owner: "CO-1" }, link);
    }
  });

  it("takes a pill within quotation marks as text", () => {
    const link = '<a href="https://matrix.to/#/@luis:co.example">Luis</a>';
    const html = `task add "Ask ${link} about it" <a href="https://matrix.to/#/@nuno:cv.example">Nuno</a> friday 18:00 Bogotá`;
    deepEqual(paramsOf(said(commands, "x", "direct", { html })), { title: "Ask @luis:co.example about it", owner: "CV-4", due: friday18 });
  });

  it("leaves out the fallback of a reply", () => {
    const body = "> <@ana:es.example> !task list\n> more\n\n!task done T-12";
    deepEqual(paramsOf(said(commands, body, "workspace")), { task: "T-12" });
    const html = '<mx-reply><blockquote><a href="https://matrix.to/#/@ana:es.example">Ana</a> hello</blockquote></mx-reply>!task add Call <a href="https://matrix.to/#/@nuno:cv.example">Nuno</a>';
    deepEqual(paramsOf(said(commands, "> <@ana:es.example> hello\n\n!task add Call Nuno", "workspace", { html })), { title: "Call", owner: "CV-4" });
  });

  it("cannot smuggle a person in by a control character", () => {
    const html = 'task add A&#1;B <a href="https://matrix.to/#/@nuno:cv.example">x</a>';
    deepEqual(paramsOf(said(commands, "task add A B x", "direct", { html })), { title: "A B", owner: "CV-4" });
    const raw = 'task add A \u0001 <a href="https://matrix.to/#/@nuno:cv.example">x</a>';
    deepEqual(paramsOf(said(commands, "task add A x", "direct", { html: raw })), { title: "A", owner: "CV-4" });
    deepEqual(paramsOf(said(commands, "task add A\u0001B")), { title: "AB" });
  });

  it("is only m.text: notices, pictures and emotes are talk", () => {
    for (const msgtype of ["m.notice", "m.emote", "m.image", undefined]) equal(said(commands, "task list", "direct", { content: { msgtype } }).kind, "talk");
    equal(said(commands, "task list", "direct", { content: { body: 7 } }).kind, "talk");
  });

  it("does not run again when it is edited, and edited talk stays talk", () => {
    const edit = (body: string): Readonly<Record<string, unknown>> => ({ "m.new_content": { msgtype: "m.text", body }, "m.relates_to": { rel_type: "m.replace", event_id: "$1" } });
    equal(said(commands, "* !task list", "workspace", { content: edit("!task list") }).kind, "edited");
    equal(said(commands, "* hello", "workspace", { content: edit("hello") }).kind, "talk");
    equal(said(commands, "* !task list", "workspace", { content: { "m.relates_to": { rel_type: "m.replace", event_id: "$1" } } }).kind, "edited");
  });
});

describe("a command that is not understood", () => {
  it("has the missing part named, with the line to type", () => {
    equal(refusalOf(said(commands, "task done")), "Missing: task.\nType  task done <task> [<note>]\nFor example  task done T-12");
    match(refusalOf(said(commands, "!task done", "workspace", { language: "es" }), { language: "es", prefix: "!" }), /^Falta: tarea\.\nEscribe {2}!tarea hecha <tarea> \[<nota>\]/);
  });

  it("says which part is wrong, and of what kind it should be", () => {
    match(refusalOf(said(commands, "task done banana")), /I do not understand “banana” as task/);
    match(refusalOf(said(commands, "task done T-99")), /There is no task T-99 here/);
    match(refusalOf(said(commands, "me zone Atlantis")), /do not know the place or time zone “Atlantis”/);
  });

  it("names what is one too many", () => {
    match(refusalOf(said(commands, "task list now")), /all but “now”/);
    match(refusalOf(said(commands, "task accept T-12 now")), /all but “now”/);
  });

  it("never loses in a title what was meant as a person or a date", () => {
    match(refusalOf(said(commands, "task add Get the waybill @luos friday")), /Nobody here is called “@luos”/);
    match(refusalOf(said(commands, "task add Call the port 31 june")), /“31 june”: there is no such day/);
    match(refusalOf(said(commands, "task add Call the port friday 25:00")), /no such time of day/);
    match(refusalOf(said(commands, "task add Call on friday the port of Vigo")), /could not read the date in “on friday”/);
    match(refusalOf(said(commands, "task add Call the port 2 nov")), /is past/);
    deepEqual(paramsOf(said(commands, 'task add "Call on friday the port of Vigo"')), { title: "Call on friday the port of Vigo" });
  });

  it("names both people when a name is ambiguous", () => {
    match(refusalOf(said(commands, "task add Call the port @luis")), /“@luis” may be CO-1 \(@luis:co\.example\), PT-1 \(@luis:pt\.example\)/);
  });

  it("is asked about when a date has two readings, each complete", () => {
    const asked = said(commands, "!task add Call the port by 03/04", "workspace");
    equal(asked.kind, "ambiguous");
    if (asked.kind !== "ambiguous") return;
    equal(asked.command.name, "task add");
    deepEqual(asked.readings.map((reading) => reading.params["title"]), ["Call the port", "Call the port"]);
    deepEqual(asked.readings.map((reading) => reading.label.code), ["chat.meaning-when", "chat.meaning-when"]);
  });

  it("gets a suggestion that is never carried out", () => {
    const unknown = said(commands, "!taks list", "workspace");
    equal(unknown.kind, "unknown");
    match(refusalOf(unknown), /I do not know “taks list”\.\nDid you mean {2}task list \?/);
    doesNotMatch(refusalOf(said(commands, "jit ad")), /jit add/, "nothing is offered that needs two people");
    doesNotMatch(refusalOf(said(commands, "xyzzy plugh")), /Did you mean/);
  });

  it("says when a quotation mark is not closed, and when the text is too long", () => {
    match(refusalOf(said(commands, 'task add "Call the port')), /quotation mark is opened/);
    match(refusalOf(said(commands, `task add ${"x".repeat(20_000)}`)), /too long for a command/);
    match(refusalOf(said(commands, `task add ${"x ".repeat(600)}`)), /too long for a command/);
    match(refusalOf(said(commands, `task add ${"x".repeat(300)}`)), /Too long: what is to be done has 300 characters/);
  });

  it("repeats nothing of what was typed to somebody who may not give it", () => {
    const refusal = (): readonly ReturnType<typeof line>[] => [line("help.nothing", {})];
    const refused = refusalOf(said(commands, "task done T-99 secret words", "direct", { refusal }));
    equal(refused, "There is nothing that you can do here.");
    doesNotMatch(refusalOf(said(commands, "taks list", "direct", { refusal })), /task list/);
  });
});

describe("a delivery's room", () => {
  it("leaves talk alone", () => {
    for (const talk of ["hello", "the boat is here, stop", "we go at nine?", "no, not yet", "yes", "tasks are piling up", "", "   ", "!"]) {
      equal(said(commands, talk, "delivery").kind, "talk", talk);
    }
  });

  it("takes a digit or a word, with the delivery of the room", () => {
    deepEqual(paramsOf(said(commands, "1", "delivery")), { delivery: "CD-3" });
    deepEqual(paramsOf(said(commands, "1 radio ok", "delivery")), { delivery: "CD-3", note: "radio ok" });
    deepEqual(paramsOf(said(commands, "1 todo bien hoy, mañana más", "delivery")), { delivery: "CD-3", note: "todo bien hoy, mañana más" });
    deepEqual(paramsOf(said(commands, "1 radio ok 09:12", "delivery")), { delivery: "CD-3", note: "radio ok", of: { at: MONDAY - 48 * 60_000, zone: "Europe/Madrid" } });
    deepEqual(paramsOf(said(commands, "1 09:12", "delivery")), { delivery: "CD-3", of: { at: MONDAY - 48 * 60_000, zone: "Europe/Madrid" } });
    match(refusalOf(said(commands, "1 19:12", "delivery")), /is still to come/);
    match(refusalOf(said(commands, "1 radio 09:12 ok", "delivery")), /could not read the date in “09:12”/, "an earlier contact is never taken for one of now");
    match(refusalOf(said(commands, "1 19:12 by radio", "delivery")), /is still to come/, "a time that cannot be is not a note");
    deepEqual(paramsOf(said(commands, "go", "delivery")), { delivery: "CD-3" });
  });

  it("never takes for a contact what says that there is none", () => {
    for (const lost of ["contact lost", "contacto perdido", "contact me later"]) equal(said(commands, lost, "delivery").kind, "talk", lost);
    for (const lost of ["cd contact lost", "1 lost contact", "ev contacto perdido"]) equal(paramsOf(said(commands, lost, "delivery"))["what"], "none", lost);
  });

  it("stops at once on the word, whatever follows it and however it is written", () => {
    for (const stop of ["stop", "STOP", "Stop!", "STOP.", "ＳＴＯＰ", "st\u200Bop", "alto", "¡ALTO!", "!stop", "**stop**", "stop…"]) {
      const of = said(commands, stop, "delivery");
      equal(of.kind === "command" && of.command.name, "cd stop", stop);
    }
    equal(said(commands, "!stop", "workspace", { delivery: "CD-3" }).kind, "command");
    equal(said(commands, "stop", "workspace", { delivery: "CD-3" }).kind, "talk");
    match(refusalOf(said(commands, "stop", "direct")), /^Missing: delivery/, "which one, when there are several");
    deepEqual(paramsOf(said(commands, "STOP estamos queimados", "delivery")), { delivery: "CD-3", reason: "estamos queimados" });
    deepEqual(paramsOf(said(commands, 'stop "they saw us', "delivery")), { delivery: "CD-3", reason: "they saw us" });
    deepEqual(paramsOf(said(commands, "stop CD-4 wrong lorry", "delivery")), { delivery: "CD-4", reason: "wrong lorry" });
    deepEqual(paramsOf(said(commands, "stop CD-999 wrong number", "delivery")), { delivery: "CD-3", reason: "CD-999 wrong number" });
    for (const length of [1_000, 10_000, 20_000, 60_000]) {
      const of = paramsOf(said(commands, `stop ${"x".repeat(length)}`, "delivery"));
      equal(of["delivery"], "CD-3");
    }
    equal(paramsOf(said(commands, `stop ${"x ".repeat(2_000)}`, "delivery"))["delivery"], "CD-3");
  });

  it("never reads a bare number as another delivery", () => {
    deepEqual(paramsOf(said(commands, "take 4", "direct", { delivery: "CD-3" })), { delivery: "CD-3", seal: "4" });
    deepEqual(paramsOf(said(commands, "cd show 4", "direct")), { delivery: "CD-4" });
  });

  it("has no digits as commands where no delivery is at hand", () => {
    equal(said(commands, "1", "direct").kind, "unknown");
    equal(said(commands, "!1", "workspace").kind, "unknown");
  });
});

describe("an answer typed by hand", () => {
  it("is a word and the code under the question, in any language", () => {
    deepEqual(said(commands, "yes 7F3Q"), { kind: "answer", word: "yes", code: "7F3Q" });
    deepEqual(said(commands, "Sí 7f3q.", "delivery"), { kind: "answer", word: "yes", code: "7F3Q" });
    deepEqual(said(commands, "no 7F3Q", "direct"), { kind: "answer", word: "no", code: "7F3Q" });
    deepEqual(said(commands, "!yes 7F3Q", "workspace"), { kind: "answer", word: "yes", code: "7F3Q" });
  });

  it("names the missing code", () => {
    match(refusalOf(said(commands, "yes")), /code under the question is missing.*yes 7F3Q/);
    match(refusalOf(said(commands, "yes 7F3O")), /cannot read “7F3O” as the code/, "O is not in the alphabet of codes");
    match(refusalOf(said(commands, "no", "direct", { language: "es" }), { language: "es" }), /Falta el código.*no 7F3Q/);
  });
});

describe("reading", () => {
  it("never throws, whatever comes", () => {
    const words = ["task", "add", "done", "T-12", "@ana", "friday", "18:00", '"', "“", "stop", "cd", "new", "route", ">", "Santos", "BR", "seal", "from", "to", "until", "yes", "7F3Q", "!", "\u202E", "a", "jit", "open", "states", "ES,CO"];
    const text = fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 8, unit: "binary" })), { maxLength: 25 }).map((parts) => parts.join(" "));
    fc.assert(fc.property(text, fc.constantFrom("workspace", "direct", "delivery"), (body, place) => {
      said(commands, body, place);
      said(commands, body, place, { html: body });
    }), { numRuns: 800, seed: 5 });
  });

  it("never throws on content of any shape", () => {
    fc.assert(fc.property(fc.dictionary(fc.constantFrom("body", "msgtype", "format", "formatted_body", "m.relates_to", "m.new_content", "m.mentions"), fc.anything()), (content) => {
      said(commands, "task list", "direct", { content });
    }), { numRuns: 500, seed: 6 });
  });

  it("takes a bounded time for the worst text", () => {
    const started = process.hrtime.bigint();
    said(commands, `task add ${"friday 18:00 ".repeat(250)}`);
    said(commands, `cd new route ${"Santos BR > ".repeat(150)} mode clean seal 1 from 5 dec 04:00 to 6 dec 04:00`);
    said(commands, `jit open agreement ${"a ".repeat(400)}`);
    equal(Number((process.hrtime.bigint() - started) / 1_000_000n) < 3_000, true);
    equal(MONDAY > 0, true);
  });
});
