/** Spanish: checking the journal. */
export const sayings = {
  "audit.verified": "{entries, plural, one {# anotación} many {# de anotaciones} other {# anotaciones}} desde {since}; la cadena está íntegra.",
  "audit.checkpoint": "El último punto de control, {at}, coincide.",
  "audit.no-checkpoint": "No he encontrado ningún punto de control con que comparar: no queda demostrado que nadie haya reescrito la cadena entera.",
  "audit.not-covered": "Aún sin cubrir por un punto de control: {entries, plural, one {la última anotación} many {las últimas # de anotaciones} other {las últimas # anotaciones}}.",
  "audit.shows": "Demuestra que nada se ha cambiado ni quitado desde que se escribió; no que lo escrito fuera cierto.",
  "audit.broken": "El registro de este caso NO está íntegro: la anotación {seq, number} {what, select, hash {fue modificada} link {no sigue a la anterior} missing {falta} commitment {tiene un contenido distinto del registrado} checkpoint {no es la que se firmó} other {no se puede leer}}.",
  "audit.broken-means": "No te fíes de nada a partir de ahí. Avisa ahora a quienes administran el caso y a quien opera el sistema, conserva los puntos de control publicados en la sala de coordinación y haz que otra persona compruebe el archivo exportado.",
  "audit.lost": "Perdido, no modificado: {count, plural, one {la anotación {from, number}} many {las anotaciones {from, number} a {to, number}} other {las anotaciones {from, number} a {to, number}}} como eran al firmarlas un punto de control, {signed}. El registro se restauró de una copia anterior, {restored}.",
  "audit.lost-means": "Lo que decían está solo en las salas y en la memoria de la gente: quien dio entonces una orden, que la dé otra vez.",
  "audit.empty": "En el registro de este caso aún no hay nada.",
} as const;

export const words = {
  "audit verify": { typed: ["auditoría verificar"], summary: "comprueba que nada del registro se cambió ni se quitó", params: {} },
} as const;
