/** Spanish: what reading, help and writing say, and the words that all commands share. */
export const sayings = {
  "chat.missing": "Falta: {what}.",
  "chat.type": "Escribe  {line}",
  "chat.for-example": "Por ejemplo  {line}",
  "chat.not-understood": "No entiendo «{text}» como {what}.",
  "chat.extra": "Lo he entendido todo menos «{text}». Quítalo, o pon el texto entre comillas.",
  "chat.too-long": "Demasiado largo: {what} tiene {length, plural, one {# carácter} many {# de caracteres} other {# caracteres}}; como máximo {max, number}.",
  "chat.message-too-long": "Este mensaje es demasiado largo para una orden. No se ha hecho nada.",
  "chat.open-quote": "Hay unas comillas abiertas y no cerradas. Ciérralas o quítalas.",
  "chat.keyword-twice": "La palabra «{word}» aparece dos veces. Pon entre comillas el texto al que pertenece.",
  "chat.unknown-task": "Aquí no hay ninguna tarea {id}.",
  "chat.unknown-delivery": "Aquí no hay ninguna entrega {id}.",
  "chat.unknown-alert": "Aquí no hay ninguna alerta {id}.",
  "chat.unknown-person": "Aquí nadie se llama «{text}».",
  "chat.ambiguous-person": "«{text}» puede ser {who}. Escribe el indicativo.",
  "chat.no-person": "No he podido leer «{text}» como la persona indicada. Si es texto, ponlo entre comillas.",
  "chat.whole-user": "«{text}» no es un nombre de Matrix completo: es como @nombre:servidor.",
  "chat.person-twice": "{text} aparece dos veces.",
  "chat.user-without-country": "¿Por qué país actúa {text}? Escríbelo después del nombre, por ejemplo ES.",
  "chat.unknown-country": "No conozco el país «{text}».",
  "chat.country-twice": "{text} aparece dos veces.",
  "chat.unknown-zone": "No conozco el lugar o la zona horaria «{text}». Escribe una ciudad grande o un nombre IANA como America/Bogota.",
  "chat.zone-needed": "«{text}» puede tener varias zonas horarias. Escribe una detrás: {zones}.",
  "chat.place-elsewhere": "No conozco el lugar «{text}». Escribe su país detrás, por ejemplo  Santos BR.",
  "chat.route-short": "Una ruta tiene de 2 a 12 puntos; he leído {points, number}. Pon  >  entre ellos.",
  "chat.bad-fingerprint": "«{text}» no es una huella: tiene 16 caracteres en cuatro grupos, o 43, y las minúsculas no son mayúsculas.",
  "chat.bad-seal": "«{text}» no es un número de precinto: solo letras de la A a la Z, cifras y guiones.",
  "chat.quotes-needed": "Ponlo entre comillas.",
  "chat.too-many-readings": "«{text}» puede significar demasiadas cosas. Escribe la fecha como 2026-12-05 04:00 y los nombres completos.",
  "chat.in-past": "{when} ya ha pasado.",
  "chat.in-future": "{when} aún no ha llegado.",
  "chat.time-needed": "«{text}» no tiene hora. Añádela, por ejemplo 18:00.",
  "chat.no-such-day": "«{text}»: ese día no existe.",
  "chat.no-such-time": "«{text}»: esa hora no existe.",
  "chat.weekday-differs": "«{text}»: ese día es {day}.",
  "chat.time-skipped": "«{text}» no existe en {place}: ahí se adelanta el reloj.",
  "chat.time-twice": "«{text}» ocurre dos veces en {place}: ahí se atrasa el reloj. Elige una hora anterior o posterior.",
  "chat.working-days": "«{text}»: no cuento días hábiles. Escribe el día mismo.",
  "chat.date-in-text": "No he podido leer la fecha en «{text}». Escríbela al final, por ejemplo  viernes 18:00 ; si es texto, ponlo entre comillas.",
  "chat.meaning-when": "{when}",
  "chat.meaning-day": "{day}",
  "chat.meaning-text": "{text}",
  "chat.unknown-command": "No conozco «{text}».",
  "chat.type-one": "Escribe  {lines}",
  "chat.one-message-each": "No se ha hecho nada: una orden por mensaje. Envía «{text}» en un mensaje aparte.",
  "chat.before-when": "«{text}»: ¿hasta qué momento? Escribe el último que vale, por ejemplo  jueves 18:00.",
  "chat.one-at-a-time": "De una en una: no puedo hacer «{text}» a la vez.",
  "chat.did-you-mean": "¿Querías decir  {lines} ?",
  "chat.see-help": "Todo lo que puedo hacer aquí: escribe  {line}",
  "chat.answer-needs-code": "Falta el código que está bajo la pregunta. Se escribe así, con su código:  {line}",
  "chat.no-code": "No puedo leer «{text}» como el código de una pregunta. Se escribe así, con su código:  {line}",
  "chat.or": "{first} o {second}",
  "chat.cut": "… cortado aquí: demasiado largo para un mensaje.",
  "chat.cut-board": "… hay más de lo que cabe aquí. Todo: escribe  {line}",
  "chat.part": "({part}/{parts})",
  "chat.attached": "Demasiado largo para mensajes: {lines, plural, one {la línea entera está} many {las # líneas están} other {las # líneas están}} en el archivo adjunto, cifrado como todo aquí.",
  "chat.poll-ended": "Esta pregunta ha terminado.",
  "help.title": "Lo que puedes hacer aquí:",
  "help.command": "{line}  {summary}",
  "help.more": "Más sobre una:  {line}",
  "help.nothing": "Aquí no puedes hacer nada.",
  "help.who": "Quién: {who}",
  "help.where": "Dónde: {places}",
  "help.also": "También: {words}",
  "help.short": "En la sala de una entrega: {words}",
  "help.weight": "{weight, select, read {No cambia nada.} harmless {Se hace al momento.} binding {Se te pide que lo confirmes, a solas.} stop {Siempre cuenta, al momento.} other {}}",
  "help.usage": "{line}",
  "help.topic": "{line}{others}",
  "help.choice": "{what}: {words}",
} as const;

export const words = {
  "help": { typed: ["ayuda"], summary: "lo que puedes hacer aquí", params: { command: "orden" } },
} as const;

/** Words that announce a parameter. */
export const keywords = {
  agreement: ["acuerdo"],
  states: ["estados", "países"],
  from: ["desde"],
  until: ["hasta"],
  to: ["a", "hasta"],
  admins: ["administradores", "administradoras"],
  route: ["ruta"],
  mode: ["modo", "modalidad"],
  seal: ["precinto", "sello"],
  paper: ["documento"],
  oral: ["oral", "verbal"],
  plan: ["plan"],
  note: ["nota"],
  about: ["sobre"],
  zone: ["zona"],
  language: ["idioma"],
} as const;

/** What answers a question by hand, with its code. */
export const answers = { yes: ["sí"], no: ["no"] } as const;

export const roles = {
  administrator: ["administrador", "administradora", "coordinador", "coordinadora"],
  authority: ["autoridad", "fiscal", "juez", "jueza"],
  member: ["miembro", "investigador", "investigadora"],
  liaison: ["enlace", "oficial de enlace"],
  auditor: ["auditor", "auditora"],
  owner: ["titular"],
  anyone: ["cualquiera"],
} as const;

export const languages = { en: ["inglés"], es: ["español", "castellano"] } as const;

export const places = { workspace: "las salas del caso", delivery: "la sala de una entrega", direct: "nuestro chat directo" } as const;
export const states = { open: "abierto", expired: "caducado" } as const;
/** Words of a choice as shown, by the name of its parameter. */
export const choices = {
  mode: { clean: "limpia", partial: "parcial", live: "viva" },
  condition: { intact: "intacto", broken: "roto" },
  instead: { illegible: "ilegible", misread: "leí mal" },
  what: { well: "bien", none: "sin contacto" },
} as const;
/** What stands after a command's name in its examples, by the English. */
export const examples = {
  "Get the air waybill from the carrier @luis friday 18:00 Bogotá": "Pedir el conocimiento aéreo al transportista @luis viernes 18:00 Bogotá",
  "Call the port friday 18:00": "Llamar al puerto viernes 18:00",
  "Call the port": "Llamar al puerto",
  "T-12 copy received": "T-12 copia recibida",
  "P2 to @dakar the vessel has changed its port of call": "P2 a @dakar el barco ha cambiado de puerto",
  "route Santos BR > Praia CV > Antwerp BE mode clean seal 0774471 from 5 dec 04:00 Santos to 12 dec 20:00 Praia":
    "ruta Santos BR > Praia CV > Amberes BE modo limpia precinto 0774471 desde 5 dic 04:00 Santos a 12 dic 20:00 Praia",
  "route Santos BR > Praia CV mode clean seal 0774471 from 5 dec 04:00 Santos to 12 dec 20:00 Praia":
    "ruta Santos BR > Praia CV modo limpia precinto 0774471 desde 5 dic 04:00 Santos a 12 dic 20:00 Praia",
  "CD-3 paper despacho 123/26 until 16 dec 23:59": "CD-3 documento despacho 123/26 hasta 16 dic 23:59",
  "CD-3 oral yesterday 11:40": "CD-3 oral ayer 11:40",
  "CD-3 well radio ok": "CD-3 bien por radio",
  "CD-3 we are burnt": "CD-3 estamos quemados",
} as const;
export const forms = { and: "y", or: "o", end: "23:59" } as const;
