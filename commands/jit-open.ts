import { z } from "zod";
import { CODENAMES } from "../config/codenames.ts";
import { command } from "../src/chat/command.ts";
import { fixed } from "../src/chat/fixed.ts";
import { countries, day, keyword, text, userCountries } from "../src/chat/params.ts";
import { AGREEMENT_MAX, administratorsConsent, agreedAdministrators, confirmCase, openCase, prepareCase } from "../src/domain/case-open.ts";
import type { OpeningTerms } from "../src/domain/case-open.ts";
import type { MasterKey, UserId, Zone } from "../src/domain/ids.ts";
import { LANGUAGES } from "../src/domain/person.ts";

const short = (value: unknown): boolean => typeof value === "string" && value.length <= 255;

const terms: z.ZodType<OpeningTerms> = z.object({
  codename: z.string().max(40),
  language: z.enum(LANGUAGES),
  zone: z.custom<Zone>(short),
  identities: z.array(z.object({ user: z.custom<UserId>(short), masterKey: z.custom<MasterKey>(short) })).max(20),
});

/** Opens a case bound to a signed agreement, when every administrator named has confirmed the same text. */
export const jitOpen = command({
  name: "jit open",
  params: z.object({
    agreement: keyword("agreement", text({ max: AGREEMENT_MAX })),
    states: keyword("states", countries()),
    from: keyword("from", day()).optional(),
    until: keyword("until", day()),
    admins: keyword("admins", userCountries()),
    terms: fixed(terms).optional(),
  }),
  scope: "installation",
  weight: "binding",
  rooms: ["direct"],
  when: [],
  needs: ["owner"],
  audience: "author",
  examples: ['jit open agreement "ES-CO-CV 2026/114" states ES,CO,CV,PT until 2027-11-20 admins @ana:es.example ES @luis:co.example CO', 'jit open agreement "ES-CO-CV 2026/114" states ES,CO until 2027-11-20 admins @ana:es.example ES kR3x 8mQa Zt2L p0Vd @luis:co.example CO H7cN wS1e Bf6Y u9Kj'],
  prepare: (scope, params, ctx) => prepareCase(scope, params, CODENAMES, ctx),
  confirms: (_scope, params) => confirmCase(params),
  codename: (params) => params.terms?.codename,
  introduces: (scope, params, ctx) => agreedAdministrators(scope, params, ctx),
  alsoNeeds: (_scope, params) => administratorsConsent(params),
  decide: (scope, params, ctx) => openCase(scope, params, ctx),
});
