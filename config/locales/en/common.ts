/** English: what reading, help and writing say, and the words that all commands share. */
export const sayings = {
  "chat.missing": "Missing: {what}.",
  "chat.type": "Type  {line}",
  "chat.for-example": "For example  {line}",
  "chat.not-understood": "I do not understand “{text}” as {what}.",
  "chat.extra": "I understood all but “{text}”. Leave it out, or put text in quotation marks.",
  "chat.too-long": "Too long: {what} has {length, plural, one {# character} other {# characters}}, at most {max, number} are possible.",
  "chat.message-too-long": "This message is too long for a command. Nothing was done.",
  "chat.open-quote": "A quotation mark is opened and not closed. Close it, or leave it out.",
  "chat.keyword-twice": "The word “{word}” is there twice. Put the text that it belongs to in quotation marks.",
  "chat.unknown-task": "There is no task {id} here.",
  "chat.unknown-delivery": "There is no delivery {id} here.",
  "chat.unknown-alert": "There is no alert {id} here.",
  "chat.unknown-person": "Nobody here is called “{text}”.",
  "chat.ambiguous-person": "“{text}” may be {who}. Type the call sign.",
  "chat.no-person": "I could not read “{text}” as the person meant. If it is text, put it in quotation marks.",
  "chat.whole-user": "“{text}” is not a whole Matrix name: it looks like @name:server.",
  "chat.person-twice": "{text} is named twice.",
  "chat.user-without-country": "Which country does {text} act for? Type it after the name, for example ES.",
  "chat.unknown-country": "I do not know the country “{text}”.",
  "chat.country-twice": "{text} is named twice.",
  "chat.unknown-zone": "I do not know the place or time zone “{text}”. Type a large city or an IANA name such as America/Bogota.",
  "chat.zone-needed": "“{text}” may have several time zones. Type one after it: {zones}.",
  "chat.place-elsewhere": "I do not know a place “{text}”. Type its country after it, for example  Santos BR.",
  "chat.route-short": "A route has 2 to 12 points; I read {points, number}. Put  >  between them.",
  "chat.bad-fingerprint": "“{text}” is not a fingerprint: it has 16 characters in four groups, or 43, and small letters are not capitals.",
  "chat.bad-seal": "“{text}” is not a seal number: only letters A to Z, digits and hyphens.",
  "chat.quotes-needed": "Put this in quotation marks.",
  "chat.too-many-readings": "“{text}” can mean too many things. Write the date as 2026-12-05 04:00 and names in full.",
  "chat.in-past": "{when} is past.",
  "chat.in-future": "{when} is still to come.",
  "chat.time-needed": "“{text}” has no time of day. Add it, for example 18:00.",
  "chat.no-such-day": "“{text}”: there is no such day.",
  "chat.no-such-time": "“{text}”: there is no such time of day.",
  "chat.weekday-differs": "“{text}”: that day is {day}.",
  "chat.time-skipped": "“{text}” does not exist in {place}: the clocks are put forward over it.",
  "chat.time-twice": "“{text}” happens twice in {place}: the clocks are put back. Take a time before or after that hour.",
  "chat.working-days": "“{text}”: I do not count working days. Type the day itself.",
  "chat.date-in-text": "I could not read the date in “{text}”. Write it at the end, for example  friday 18:00 ; if it is text, put it in quotation marks.",
  "chat.meaning-when": "{when}",
  "chat.meaning-day": "{day}",
  "chat.meaning-text": "{text}",
  "chat.unknown-command": "I do not know “{text}”.",
  "chat.type-one": "Type  {lines}",
  "chat.one-message-each": "Nothing was done: one command a message. Send “{text}” as a message of its own.",
  "chat.before-when": "“{text}”: up to which moment? Type the last one that counts, for example  thursday 18:00.",
  "chat.one-at-a-time": "One at a time: I cannot do “{text}” at once.",
  "chat.did-you-mean": "Did you mean  {lines} ?",
  "chat.see-help": "All I can do here: type  {line}",
  "chat.answer-needs-code": "The code under the question is missing. It is typed like this, with its own code:  {line}",
  "chat.no-code": "I cannot read “{text}” as the code under a question. It is typed like this, with its own code:  {line}",
  "chat.or": "{first} or {second}",
  "chat.cut": "… cut here: too long for one message.",
  "chat.cut-board": "… more than fits here. All of it: type  {line}",
  "chat.part": "({part}/{parts})",
  "chat.attached": "Too long for messages: all {lines, plural, one {# line} other {# lines}} are in the attached file, encrypted like everything here.",
  "chat.poll-ended": "This question is over.",
  "help.title": "What you can do here:",
  "help.command": "{line}  {summary}",
  "help.more": "More about one:  {line}",
  "help.nothing": "There is nothing that you can do here.",
  "help.who": "Who: {who}",
  "help.where": "Where: {places}",
  "help.also": "Also: {words}",
  "help.short": "In a delivery room: {words}",
  "help.weight": "{weight, select, read {Changes nothing.} harmless {Done at once.} binding {You are asked to confirm it, alone.} stop {Always counts, at once.} other {}}",
  "help.usage": "{line}",
  "help.topic": "{line}{others}",
  "help.choice": "{what}: {words}",
} as const;

export const words = {
  "help": { typed: ["help"], summary: "what you can do here", params: { command: "command" } },
} as const;

/** Words that announce a parameter. */
export const keywords = {
  agreement: ["agreement"],
  states: ["states", "countries"],
  from: ["from"],
  until: ["until"],
  to: ["to"],
  admins: ["admins", "administrators"],
  route: ["route"],
  mode: ["mode"],
  seal: ["seal"],
  paper: ["paper"],
  oral: ["oral", "orally"],
  plan: ["plan"],
  note: ["note"],
  about: ["about"],
  zone: ["zone"],
  language: ["language"],
} as const;

/** What answers a question by hand, with its code. */
export const answers = { yes: ["yes"], no: ["no"] } as const;

export const roles = {
  administrator: ["administrator", "admin", "coordinator"],
  authority: ["authority", "prosecutor", "judge"],
  member: ["member", "investigator"],
  liaison: ["liaison", "liaison officer"],
  auditor: ["auditor"],
  owner: ["owner"],
  anyone: ["anyone"],
} as const;

export const languages = { en: ["English", "inglés"], es: ["Spanish", "español", "castellano"] } as const;

export const places = { workspace: "the rooms of the case", delivery: "a delivery's room", direct: "our direct chat" } as const;
export const states = { open: "open", expired: "expired" } as const;
/** Words of a choice as shown, by the name of its parameter. */
export const choices = {
  mode: { clean: "clean", partial: "partial", live: "live" },
  condition: { intact: "intact", broken: "broken" },
  instead: { illegible: "illegible", misread: "misread" },
  what: { well: "well", none: "no contact" },
} as const;
/** What stands after a command's name in its examples, where it is said otherwise than in English. */
export const examples = {} as const;
/** Marks a parameter that may be left out, and lengths of time. */
export const forms = { and: "and", or: "or", end: "23:59" } as const;
