/** Spanish: what is told after the bot has been restored from a backup. */
export const sayings = {
  "restored.title": "Me han restaurado, {restored}: sigo desde lo que sabía el {copied}. Lo que se me dijo después ya no lo sé.",
  "restored.again": "Quien después de esa hora haya dado una orden, una respuesta o una autorización, que la dé otra vez. Si no puedo leer un mensaje de entonces, se lo digo a quien lo envió.",
  "restored.missing": "Mi punto de control en esta sala, {signed}, muestra lo que falta: {count, plural, one {la anotación {from, number}} many {las anotaciones {from, number} a {to, number}} other {las anotaciones {from, number} a {to, number}}} del registro, por lo menos.",
  "restored.missing-unknown": "Cuánto falta no lo puedo decir: comparad con lo que está en las salas.",
  "restored.numbers": "Un número dado después de esa hora (T-…, CD-…, A-…) puede darse otra vez a otra cosa: guíate por el texto, no por el número.",
  "restored.rooms": "A quien se añadió después de esa hora hay que añadirlo otra vez. En una sala que hice después de esa hora no oigo nada, tampoco un alto: dilo en tu chat directo conmigo.",
  "restored.delivery": "{delivery} está para mí como estaba entonces. Decidme ahora: ¿dónde estáis, quién tiene la vigilancia, sigue el precinto como estaba? Si hay que parar, escribe alto.",
  "restored.question": "{codename}: para mí esta pregunta sigue abierta: «{stub}». Si ya la contestaste, contesta otra vez: tu respuesta puede estar entre lo perdido.",
  "restored.owner": "{cases, plural, one {El caso está avisado} many {Los # casos están avisados} other {Los # casos están avisados}}. En docs/recovery.md está lo que hay que hacer ahora: quita de esta máquina la clave de recuperación y haz una copia nueva.",
} as const;
export const words = {} as const;
