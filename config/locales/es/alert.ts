/** Español: alertas. */
export const sayings = {
  "alert.not-yourself": "Una alerta va a otra persona. Escribe  {example}",
  "alert.not-reachable": "{who} audita y no ve contenidos: nombra a otra persona.",
  "alert.unknown-person": "En este caso nadie se llama {who}.",
  "alert.too-many": "No se ha lanzado: hay {max, number} alertas abiertas de las que nadie ha acusado recibo. Más no se leerían.",
  "alert.unknown": "Aquí no hay tal alerta para ti.",
  "alert.yours": "Se te preguntan: {alerts}.",
  "alert.none-yours": "Ahora no se te pregunta ninguna.",
  "alert.acknowledged-by-you": "Ya has acusado recibo de {number}, {at}.",
  "alert.declined-by-you": "Ya has dicho que {number} no es para ti. Si lo es, escribe  {ack}",
  "alert.taken-already": "De {number} ya ha acusado recibo {by}, {at}. No se te pide nada.",
  "alert.from": "De {by}:",
  "alert.stub": "{codename} {number} · {priority} · responder antes de {by}",
  "alert.acknowledge": "Acuso recibo",
  "alert.not-for-me": "No es para mí",
  "alert.raised": "{number} · {priority} · se pregunta a {who} · responder antes de {by}",
  "alert.asked-again": "{number}: nadie ha acusado recibo. Preguntado por {round, number}.ª vez: {who}.",
  "alert.nobody-yet": "{number} · {priority}: nadie ha acusado recibo después de {after}, preguntado {rounds, plural, one {# vez} many {# de veces} other {# veces}}.",
  "alert.not-yet": "Todavía no: {who}.",
  "alert.unheard": "{who}: no sé nada desde {at}.",
  "alert.unheard-server": "{who}: no sé nada desde {at}, ni de nadie de {server} desde {then}. Puede que su servidor no responda; entonces esto no le ha llegado. Llámale.",
  "alert.goes-on": "Sigo preguntando.",
  "alert.acknowledged": "{number}: {by} ha acusado recibo, {at}. Ya no se pregunta a nadie.",
  "alert.acknowledged-too": "{number}: {by} también ha acusado recibo, {at}.",
  "alert.you-acknowledged": "{number}: has acusado recibo, {at}.",
  "alert.you-declined": "{number}: anotado que no es para ti.",
  "alert.declined": "{number}: {by} dice que no es para su persona.",
  "alert.all-declined": "{number}: todos han dicho lo mismo. Sigo preguntando, también a quienes administran.",
} as const;

export const words = {
  "alert raise": {
    typed: ["alerta nueva", "alerta", "alertar"], summary: "alerta a alguien; P1 también a quienes administran",
    params: { priority: "P1 a P4", to: "a quién", text: "qué pasa" },
  },
  "alert ack": { typed: ["alerta recibida", "acuso recibo"], summary: "acusa recibo de una alerta, con tu nombre", params: { alert: "alerta" } },
  "alert decline": { typed: ["alerta rechazar", "alerta no"], summary: "di que una alerta no es para ti", params: { alert: "alerta" } },
} as const;
