import { z } from "zod";
import { command } from "../src/chat/command.ts";
import { choice, deliveryRef, instantPast, text } from "../src/chat/params.ts";
import { MAX_NOTE, recordContact } from "../src/domain/delivery-contact.ts";

/** What all contacts have in common: harmless, and never counted when they arrive late. */
const contact = {
  scope: "case",
  weight: "harmless",
  rooms: ["delivery", "direct"],
  when: ["open", "expired"],
  needs: ["administrator", "authority", "member"],
  audience: "room",
  neverLate: true,
} as const;
const details = { note: text({ max: MAX_NOTE }).optional(), of: instantPast().optional() };

/** `1`: contact with the leg, one's own or relayed; the time is that of the contact, if it was not now. */
export const cdContact = command({
  ...contact,
  name: "cd contact",
  short: "1",
  params: z.object({
    delivery: deliveryRef(),
    what: choice({
      well: { en: ["1", "well"], es: ["1", "bien"] },
      halted: { en: ["2", "halted"], es: ["2", "quieta"] },
      moving: { en: ["3", "moving"], es: ["3", "en marcha"] },
      unseen: { en: ["9", "no sight"], es: ["9", "sin vista"] },
      // Whoever writes that contact is lost has none: never a contact with the note "lost".
      none: { en: ["none", "no contact", "lost", "lost contact", "contact lost"], es: ["ninguno", "sin contacto", "perdido", "perdida", "contacto perdido", "perdido contacto"] },
    }).optional(),
    ...details,
  }),
  examples: ["cd contact CD-3", "cd contact CD-3 well radio ok"],
  decide: (scope, params, ctx) => recordContact(scope, params, ctx),
});

/** `2`: contact, and the goods stand still. */
export const cdHalted = command({
  ...contact,
  name: "cd halted",
  short: "2",
  params: z.object({ delivery: deliveryRef(), ...details }),
  examples: ["cd halted CD-3"],
  decide: (scope, params, ctx) => recordContact(scope, { ...params, what: "halted" }, ctx),
});

/** `3`: contact, and the goods move. */
export const cdMoving = command({
  ...contact,
  name: "cd moving",
  short: "3",
  params: z.object({ delivery: deliveryRef(), ...details }),
  examples: ["cd moving CD-3"],
  decide: (scope, params, ctx) => recordContact(scope, { ...params, what: "moving" }, ctx),
});

/** `9`: contact with the people of the leg, who do not see the goods. */
export const cdNoSight = command({
  ...contact,
  name: "cd no-sight",
  short: "9",
  params: z.object({ delivery: deliveryRef(), ...details }),
  examples: ["cd no-sight CD-3"],
  decide: (scope, params, ctx) => recordContact(scope, { ...params, what: "unseen" }, ctx),
});
