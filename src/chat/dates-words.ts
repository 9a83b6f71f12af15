/** The vocabulary of dates in English and Spanish, folded (lower case, no accents). A word stands here only with a meaning that is certain. */

/** Monday 1 … Sunday 7. `weak` ones are other words too ("sun", "mar"): alone they are no date. */
export const WEEKDAYS: Readonly<Record<string, { readonly weekday: number; readonly weak?: boolean; readonly spanish?: boolean }>> = {
  monday: { weekday: 1 }, mon: { weekday: 1, weak: true }, lunes: { weekday: 1, spanish: true }, lun: { weekday: 1, weak: true, spanish: true },
  tuesday: { weekday: 2 }, tue: { weekday: 2, weak: true }, tues: { weekday: 2, weak: true }, martes: { weekday: 2, spanish: true }, mar: { weekday: 2, weak: true, spanish: true },
  wednesday: { weekday: 3 }, wed: { weekday: 3, weak: true }, miercoles: { weekday: 3, spanish: true }, mie: { weekday: 3, weak: true, spanish: true },
  thursday: { weekday: 4 }, thu: { weekday: 4, weak: true }, thur: { weekday: 4, weak: true }, thurs: { weekday: 4, weak: true }, jueves: { weekday: 4, spanish: true }, jue: { weekday: 4, weak: true, spanish: true },
  friday: { weekday: 5 }, fri: { weekday: 5, weak: true }, viernes: { weekday: 5, spanish: true }, vie: { weekday: 5, weak: true, spanish: true },
  saturday: { weekday: 6 }, sat: { weekday: 6, weak: true }, sabado: { weekday: 6, spanish: true }, sab: { weekday: 6, weak: true, spanish: true },
  sunday: { weekday: 7 }, sun: { weekday: 7, weak: true }, domingo: { weekday: 7, spanish: true }, dom: { weekday: 7, weak: true, spanish: true },
};

/** January 1 … December 12. */
export const MONTHS: Readonly<Record<string, number>> = {
  january: 1, jan: 1, enero: 1, ene: 1, february: 2, feb: 2, febrero: 2, march: 3, mar: 3, marzo: 3, april: 4, apr: 4, abril: 4, abr: 4,
  may: 5, mayo: 5, june: 6, jun: 6, junio: 6, july: 7, jul: 7, julio: 7, august: 8, aug: 8, agosto: 8, ago: 8,
  september: 9, sep: 9, sept: 9, septiembre: 9, setiembre: 9, set: 9, october: 10, oct: 10, octubre: 10, november: 11, nov: 11, noviembre: 11,
  december: 12, dec: 12, diciembre: 12, dic: 12,
};

/** Whole days from today. */
export const DAY_PHRASES: Readonly<Record<string, number>> = {
  today: 0, hoy: 0, tomorrow: 1, manana: 1, "day after tomorrow": 2, "the day after tomorrow": 2, "pasado manana": 2,
  yesterday: -1, ayer: -1, "day before yesterday": -2, "the day before yesterday": -2, anteayer: -2, "antes de ayer": -2, antier: -2,
};

/** Numbers written as words, as far as hours and small counts need them. */
export const NUMBERS: Readonly<Record<string, number>> = {
  a: 1, an: 1, one: 1, two: 2, three: 3, four: 4, five: 5, six: 6, seven: 7, eight: 8, nine: 9, ten: 10, eleven: 11, twelve: 12,
  un: 1, una: 1, uno: 1, dos: 2, tres: 3, cuatro: 4, cinco: 5, seis: 6, siete: 7, ocho: 8, nueve: 9, diez: 10, once: 11, doce: 12,
  fifteen: 15, quince: 15, twenty: 20, veinte: 20, thirty: 30, treinta: 30, forty: 40, cuarenta: 40, ninety: 90, noventa: 90,
};
/** Days of the month written as words. */
export const ORDINALS: Readonly<Record<string, number>> = {
  first: 1, second: 2, third: 3, fourth: 4, fifth: 5, sixth: 6, seventh: 7, eighth: 8, ninth: 9, tenth: 10, primero: 1, uno: 1, dos: 2, tres: 3,
  cuatro: 4, cinco: 5, seis: 6, siete: 7, ocho: 8, nueve: 9, diez: 10, once: 11, doce: 12, quince: 15, veinte: 20, treinta: 30,
};

/** What lengths of time are counted in. */
export type Unit = "minute" | "hour" | "day" | "week" | "month";
/** Units of time; Spanish ones are marked, because "quince días" is also a fortnight there. */
export const UNITS: Readonly<Record<string, { readonly unit: Unit; readonly spanish?: boolean }>> = {
  min: { unit: "minute" }, mins: { unit: "minute" }, minute: { unit: "minute" }, minutes: { unit: "minute" }, minuto: { unit: "minute" }, minutos: { unit: "minute" },
  h: { unit: "hour" }, hr: { unit: "hour" }, hrs: { unit: "hour" }, hour: { unit: "hour" }, hours: { unit: "hour" }, hora: { unit: "hour" }, horas: { unit: "hour" },
  d: { unit: "day" }, day: { unit: "day" }, days: { unit: "day" }, dia: { unit: "day", spanish: true }, dias: { unit: "day", spanish: true },
  week: { unit: "week" }, weeks: { unit: "week" }, semana: { unit: "week" }, semanas: { unit: "week" },
  month: { unit: "month" }, months: { unit: "month" }, mes: { unit: "month" }, meses: { unit: "month" },
};

/** Part of a day; `early` is the small hours. */
export type Period = "morning" | "afternoon" | "evening" | "early";
/** Parts of the day: they say which of two hours of a twelve-hour clock is meant. */
export const PERIODS: Readonly<Record<string, Period>> = {
  "in the morning": "morning", morning: "morning", "de la manana": "morning", "por la manana": "morning",
  "in the afternoon": "afternoon", afternoon: "afternoon", "de la tarde": "afternoon", "por la tarde": "afternoon",
  "in the evening": "evening", evening: "evening", "at night": "evening", night: "evening", "de la noche": "evening", "por la noche": "evening",
  "de la madrugada": "early", "por la madrugada": "early", "de madrugada": "early",
};
/** A day and a part of it in one. */
export const DAY_PERIODS: Readonly<Record<string, { readonly days: number; readonly period: Period }>> = {
  tonight: { days: 0, period: "evening" }, "esta noche": { days: 0, period: "evening" }, "this evening": { days: 0, period: "evening" },
  "this afternoon": { days: 0, period: "afternoon" }, "esta tarde": { days: 0, period: "afternoon" },
  "this morning": { days: 0, period: "morning" }, "esta manana": { days: 0, period: "morning" },
  "anoche": { days: -1, period: "evening" }, "last night": { days: -1, period: "evening" },
};

/** Little words that add nothing in front of a day or a time. */
export const DAY_LEADS: ReadonlySet<string> = new Set(["by", "on", "due", "due by", "due on", "by the", "on the", "the", "el", "para", "para el", "el dia", "para el dia", "dia"]);
export const TIME_LEADS: ReadonlySet<string> = new Set(["at", "by", "a las", "a la", "a eso de las", "para las", "las", "la"]);
/** These announce a time so surely that a bare number after them is an hour ("at 9", "a las 9"). */
export const HOUR_LEADS: ReadonlySet<string> = new Set(["at", "a las", "a la", "para las", "las", "la"]);

/** Before a weekday: the coming one. */
export const THIS: ReadonlySet<string> = new Set(["this", "this coming", "coming", "este"]);
/** Before a weekday: the next one, which may be this week's or next week's. */
export const NEXT: ReadonlySet<string> = new Set(["next", "proximo", "el proximo", "para el proximo"]);
/** Before a weekday: the one that was. */
export const LAST: ReadonlySet<string> = new Set(["last", "el pasado"]);
/** After a weekday. */
export const NEXT_AFTER: ReadonlySet<string> = new Set(["que viene", "proximo"]);
export const NEXT_WEEK: ReadonlySet<string> = new Set(["next week", "of next week", "de la semana que viene", "de la proxima semana", "la semana que viene", "la proxima semana"]);
export const LAST_AFTER: ReadonlySet<string> = new Set(["pasado"]);

/** 12:00. */
export const NOON: ReadonlySet<string> = new Set(["noon", "midday", "12 noon", "mediodia", "al mediodia", "a mediodia"]);
/** 00:00: at the beginning or at the end of a day. */
export const MIDNIGHT: ReadonlySet<string> = new Set(["midnight", "12 midnight", "medianoche", "a medianoche", "a la medianoche"]);
/** The moment itself. */
export const NOW: ReadonlySet<string> = new Set(["now", "right now", "ahora", "ahora mismo"]);

/** Before a length of time that is still to come, and around one that is over. */
export const AHEAD: ReadonlySet<string> = new Set(["in", "within", "dentro de", "en"]);
export const AGO: ReadonlySet<string> = new Set(["ago", "atras"]);
export const AGO_BEFORE: ReadonlySet<string> = new Set(["hace"]);
export const FROM_NOW: ReadonlySet<string> = new Set(["from now", "from today"]);
/** Lengths of time that are one phrase, in minutes. */
export const SPAN_PHRASES: Readonly<Record<string, number>> = {
  "half an hour": 30, "half hour": 30, "an hour and a half": 90, "one and a half hours": 90, "a quarter of an hour": 15,
  "media hora": 30, "hora y media": 90, "una hora y media": 90, "un cuarto de hora": 15, "tres cuartos de hora": 45,
};
/** Working days are law of each country: never counted by the grammar. */
export const WORKING: ReadonlySet<string> = new Set(["working", "business", "workdays", "habiles", "laborables", "habil", "laborable"]);

/** May stand before the place of a time ("18:00 hora de Madrid") or after it ("Madrid time"). */
export const ZONE_LEADS: ReadonlySet<string> = new Set(["hora de", "hora", "in", "en"]);
export const ZONE_ENDS: ReadonlySet<string> = new Set(["time", "local time", "hora local"]);
