/** English: a person's own settings. */
export const sayings = {
  // Said in the language that was chosen, whatever the reader had before.
  "person.language-set": "{language, select, en {From now on I write to you in English.} es {A partir de ahora te escribo en español.} other {{language}}}",
  "person.zone-set": "Your zone is {zone}. There it is now {now}.",
  "person.language-already": "I already write to you in {language, select, en {English} es {Spanish} other {{language}}}.",
  "person.zone-already": "Your zone is {zone} already.",
  "person.other-language": "For another language, type  {line}",
  "person.other-zone": "For another zone, type  {line}",
  "person.no-identity": "Not possible yet: {person} has no cross-signed identity. They must set up secure backup or cross-signing in their app first; then repeat this.",
  "person.identity-changed": "Not done: the identity that the server shows for {person} is not the one that was pinned or agreed to. Ask them on another channel whether they made a new one.",
  "person.fingerprint-differs": "Not done: the fingerprint you typed for {person} is {typed}; the identity that the server shows is {shown}. If that is no slip, somebody has put another identity in its place: do not go on, ask them on another channel.",
  "person.confirmed": "Your identity is confirmed: {how, select, agreement {its fingerprint is the one in the agreement} compared {the emoji were the same} other {it was compared with you in person}}.",
  "person.confirmed-means": "If anybody puts another one in its place, I take nothing from it and send it nothing.",
} as const;

export const words = {
  "me lang": { typed: ["me lang", "me language"], summary: "the language I write to you in", params: { language: "language" } },
  "me zone": { typed: ["me zone", "me time zone"], summary: "the zone of your dates and times", params: { zone: "city or zone" } },
} as const;
