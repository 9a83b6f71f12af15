/** Spanish: a person's own settings. */
export const sayings = {
  // Said in the language that was chosen, whatever the reader had before.
  "person.language-set": "{language, select, en {From now on I write to you in English.} es {A partir de ahora te escribo en español.} other {{language}}}",
  "person.zone-set": "Tu zona es {zone}. Allí son ahora: {now}.",
  "person.language-already": "Ya te escribo en {language, select, en {inglés} es {español} other {{language}}}.",
  "person.zone-already": "Tu zona ya es {zone}.",
  "person.other-language": "Para otro idioma, escribe  {line}",
  "person.other-zone": "Para otra zona, escribe  {line}",
  "person.no-identity": "Aún no es posible: {person} no tiene una identidad con firma cruzada. Antes tiene que activar la copia segura o la firma cruzada en su aplicación; después, repítelo.",
  "person.identity-changed": "No se ha hecho: la identidad que el servidor muestra de {person} no es la que se fijó o se acordó. Pregúntale por otro canal si ha creado una nueva.",
  "person.fingerprint-differs": "No se ha hecho: la huella que escribiste de {person} es {typed}; la identidad que muestra el servidor es {shown}. Si no es un error al escribir, alguien ha puesto otra identidad en su lugar: no sigas, pregúntale por otro canal.",
  "person.confirmed": "Tu identidad está confirmada: {how, select, agreement {su huella es la del acuerdo} compared {los emojis eran iguales} other {se comparó contigo en persona}}.",
  "person.confirmed-means": "Si alguien pone otra en su lugar, no acepto nada de ella ni le envío nada.",
} as const;

export const words = {
  "me lang": { typed: ["mi idioma", "yo idioma"], summary: "el idioma en que te escribo", params: { language: "idioma" } },
  "me zone": { typed: ["mi zona", "yo zona"], summary: "la zona de tus fechas y horas", params: { zone: "ciudad o zona" } },
} as const;
