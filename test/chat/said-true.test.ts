/** What is said must be so: a room by a name that it has, a language in that language. */
import { describe, it } from "node:test";
import { equal, match } from "node:assert/strict";
import { sayIn } from "../../src/chat/catalogue.ts";
import { line, list, nested } from "../../src/domain/say.ts";
import { aReader } from "./world.ts";

describe("what is said", () => {
  it("calls a room by the name that it has, whatever the reader's language", () => {
    const room = list([nested(line("room.coordination", { codename: "Albatross" }), "en")]);
    equal(sayIn(line("roster.rooms", { rooms: room }), aReader({ language: "es" })), "Tus salas: Albatross · coordination. Acepta las invitaciones.");
  });

  it("confirms a new language in that language", () => {
    for (const before of ["en", "es"] as const) {
      match(sayIn(line("person.language-set", { language: "es" }), aReader({ language: before })), /te escribo en español/);
      match(sayIn(line("person.language-set", { language: "en" }), aReader({ language: before })), /write to you in English/);
    }
  });
});
