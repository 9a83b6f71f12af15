/** Spanish: comparing emoji with the bot. */
export const sayings = {
  "comparison.stub": "{who} · ¿los mismos emojis?",
  "comparison.stub-self": "Relevo · ¿los mismos emojis?",
  "comparison.ask": "{who} ({user}) compara ahora conmigo, para que sepamos quién es. Llama a esa persona, o ponte a su lado, y que lea lo que su aplicación muestra para la verificación. Yo veo:",
  "comparison.ask-self": "Comparas ahora conmigo. Tu identidad ya está confirmada; con esto ves que yo soy quien digo. Yo veo:",
  "comparison.emoji": "{symbol} {name}",
  // Names of the specification's 64 emoji (client-server API, SAS method: emoji).
  "comparison.emoji-name": "{name, select, dog {Perro} cat {Gato} lion {León} horse {Caballo} unicorn {Unicornio} pig {Cerdo} elephant {Elefante} rabbit {Conejo} panda {Panda} rooster {Gallo} penguin {Pingüino} turtle {Tortuga} fish {Pez} octopus {Pulpo} butterfly {Mariposa} flower {Flor} tree {Árbol} cactus {Cactus} mushroom {Seta} globe {Globo} moon {Luna} cloud {Nube} fire {Fuego} banana {Plátano} apple {Manzana} strawberry {Fresa} corn {Maíz} pizza {Pizza} cake {Tarta} heart {Corazón} smiley {Emoticono} robot {Robot} hat {Sombrero} glasses {Gafas} spanner {Llave inglesa} santa {Papá Noel} thumbs_up {Pulgar arriba} umbrella {Paraguas} hourglass {Reloj de arena} clock {Reloj} gift {Regalo} light_bulb {Bombilla} book {Libro} pencil {Lápiz} paperclip {Clip} scissors {Tijeras} lock {Candado} key {Llave} hammer {Martillo} telephone {Teléfono} flag {Bandera} train {Tren} bicycle {Bicicleta} aeroplane {Avión} rocket {Cohete} trophy {Trofeo} ball {Bola} guitar {Guitarra} trumpet {Trompeta} bell {Campana} anchor {Ancla} headphones {Auriculares} folder {Carpeta} pin {Alfiler} other {{name}}}",
  "comparison.their-words": "Con las palabras de su aplicación: {words}",
  "comparison.numbers": "Si la aplicación muestra números: {numbers}",
  "comparison.only-from-screen": "Solo cuenta lo que la propia aplicación muestra para esta verificación, leído por una voz conocida; nunca lo que pone un mensaje, parezca de quien parezca.",
  "comparison.same": "Los mismos",
  "comparison.different": "No son los mismos",
  "comparison.told-person": "Llama ahora a {who}: le he preguntado si tu aplicación muestra lo que yo veo. Lee los siete emojis de la verificación de tu aplicación y después confírmalos también ahí. Hay un minuto, más o menos.",
  "comparison.nobody": "He terminado la verificación: en tu caso aún nadie puede decir si vemos lo mismo, porque quienes lo administran no tienen la identidad confirmada. Pídeles que empiecen por la suya.",
  "comparison.over": "Llega tarde: esa verificación ha terminado. No se ha confirmado nada; puede empezarla otra vez desde su aplicación.",
  "comparison.not-yours": "No cuenta: no estás, o ya no estás, entre quienes pueden decirlo.",
  "comparison.noted": "Anotado. Cuenta cuando {who} lo haya confirmado también en su aplicación.",
  "comparison.verified": "Nos hemos verificado mutuamente.",
  "comparison.mismatch": "NO ES LO MISMO: lo que vemos {who} y yo es distinto, así que puede haber alguien en medio. No se ha confirmado nada.",
  "comparison.mismatch-means": "No lo intentéis otra vez enseguida. Hablad por otro canal y preguntad a quien opera el servidor correspondiente.",
  "comparison.broken-off": "La verificación de {who} {why, select, timeout {tardó demasiado} restart {terminó porque me pusieron en marcha otra vez} other {se interrumpió}}. No se ha confirmado nada.",
  "comparison.again": "Para intentarlo otra vez: empezad una verificación conmigo desde la aplicación, con la otra persona al teléfono desde el principio.",
} as const;

export const words = {} as const;
