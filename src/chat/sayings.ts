/** What reading and help say by themselves. `what` is a parameter's name in the reader's language, `line` what to type. */
export {};

declare module "../domain/say.ts" {
  interface Sayings {
    "chat.missing": { what: string };
    "chat.type": { line: Typed };
    "chat.for-example": { line: Typed };
    "chat.not-understood": { what: string; text: string };
    "chat.extra": { text: string };
    "chat.too-long": { what: string; max: number; length: number };
    "chat.message-too-long": Record<never, never>;
    "chat.open-quote": Record<never, never>;
    "chat.keyword-twice": { word: string };
    "chat.unknown-task": { id: string };
    "chat.unknown-delivery": { id: string };
    "chat.unknown-alert": { id: string };
    "chat.unknown-person": { text: string };
    "chat.ambiguous-person": { text: string; who: string };
    "chat.no-person": { text: string };
    "chat.whole-user": { text: string };
    "chat.person-twice": { text: string };
    "chat.user-without-country": { text: string };
    "chat.unknown-country": { text: string };
    "chat.country-twice": { text: string };
    "chat.unknown-zone": { text: string };
    "chat.zone-needed": { text: string; zones: string };
    "chat.place-elsewhere": { text: string };
    "chat.route-short": { points: number };
    "chat.bad-seal": { text: string };
    "chat.quotes-needed": Record<never, never>;
    "chat.too-many-readings": { text: string };
    "chat.in-past": { when: When };
    "chat.in-future": { when: When };
    "chat.time-needed": { text: string };
    "chat.no-such-day": { text: string };
    "chat.no-such-time": { text: string };
    "chat.weekday-differs": { text: string; day: string };
    "chat.time-skipped": { text: string; place: string };
    "chat.time-twice": { text: string; place: string };
    "chat.working-days": { text: string };
    "chat.date-in-text": { text: string };
    "chat.which-meaning": { what: string };
    "chat.meaning-when": { when: When };
    "chat.meaning-day": { day: string };
    "chat.meaning-text": { text: string };
    "chat.which-case": { cases: string };
    "chat.no-case": Record<never, never>;
    "chat.unknown-command": { text: string };
    "chat.did-you-mean": { lines: string };
    "chat.see-help": { line: Typed };
    "chat.edited": Record<never, never>;
    "chat.answer-needs-code": { line: Typed };
    "chat.not-here": { places: string };
    "chat.not-your-role": { roles: string };
    "chat.not-in-this-state": { states: string };
    "chat.cut": Record<never, never>;
    "help.title": Record<never, never>;
    "help.command": { line: Typed; summary: string };
    "help.more": { line: Typed };
    "help.nothing": Record<never, never>;
    "help.who": { who: string };
    "help.where": { places: string };
    "help.also": { words: string };
    "help.short": { words: string };
    "help.weight": { weight: string };
    "help.keywords": { words: string };
  }
}
