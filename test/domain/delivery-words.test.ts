import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { IntlMessageFormat } from "intl-messageformat";
import * as alertEn from "../../config/locales/en/alert.ts";
import * as deliveryEn from "../../config/locales/en/delivery.ts";
import * as alertEs from "../../config/locales/es/alert.ts";
import * as deliveryEs from "../../config/locales/es/delivery.ts";
import { written } from "../../src/chat/write.ts";
import { deliveryBoard } from "../../src/domain/delivery.ts";
import type { Language } from "../../src/domain/person.ts";
import { MADRID, WINDOWS } from "./builders.ts";
import { aDelivery, done } from "./builders-delivery.ts";

const TOPICS = [["en", alertEn], ["en", deliveryEn], ["es", alertEs], ["es", deliveryEs]] as const;

describe("the words of deliveries and alerts", () => {
  it("can all be read as texts with facts", () => {
    for (const [language, { sayings }] of TOPICS) {
      for (const text of Object.values(sayings)) assert.doesNotThrow(() => new IntlMessageFormat(text, language), text);
    }
  });
  it("exist for the same sayings and commands in every language", () => {
    for (const [one, other] of [[alertEn, alertEs], [deliveryEn, deliveryEs]] as const) {
      assert.deepEqual(Object.keys(one.sayings), Object.keys(other.sayings));
      assert.deepEqual(Object.keys(one.words), Object.keys(other.words));
    }
  });
  it("explain each command in one line of a phone", () => {
    for (const [, { words }] of TOPICS) for (const word of Object.values(words)) assert.ok(word.summary.length <= 60, word.summary);
  });
  it("call it no contact and never lost", () => {
    for (const [language, { sayings }] of TOPICS) {
      for (const [code, text] of Object.entries(sayings)) {
        if (!code.includes("contact")) continue;
        const said = text.replace("Silence is not loss.", "").replace("Silencio no es pérdida.", "");
        assert.ok(!(language === "en" ? /\blost\b|\bloss\b/i : /perdid|pérdida/i).test(said), text);
      }
    }
  });
  for (const language of ["en", "es"] as const satisfies readonly Language[]) {
    it(`tell a whole delivery in ${language} without a fact missing, and every time with its place`, () => {
      const delivery = aDelivery().drafted();
      done(delivery.ask("BR-2", "CV"));
      for (const callSign of ["BR-1", "CV-1", "BE-1"]) done(delivery.grant(callSign));
      done(delivery.go("CV-2"));
      done(delivery.go("BR-2"));
      for (const what of ["well", "halted", "moving", "unseen"] as const) done(delivery.contact("BR-2", { what, note: "radio" }));
      delivery.world.pass(WINDOWS.contactEvery + WINDOWS.contactAnswer);
      done(delivery.give("BR-2"));
      done(delivery.take("CV-2"));
      delivery.world.pass(WINDOWS.sealCorrection);
      done(delivery.stop("BE-2", "burnt"));
      const reader = { language, zone: MADRID, prefix: "" };
      for (const of of [...delivery.world.said().map((say) => say.message), deliveryBoard(delivery.story.scope, delivery.id)]) {
        const { body } = written(of, reader);
        assert.ok(body.length > 0);
        assert.ok(!/undefined|\[object|\{[a-z]+\}/.test(body), body);
        for (const time of body.matchAll(/\b\d\d:\d\d\b ?(\S*)/gu)) assert.match(time[1] ?? "", /^\p{Lu}/u, body);
      }
    });
  }
});
