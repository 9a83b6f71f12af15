/** Spanish: the test whether a phone rings. */
export const sayings = {
  "wake-test.asked": "Bloquea el teléfono y déjalo. Lo hago sonar en {wait}.",
  "wake-test.asked-how": "Si lo oyes, toca «Lo he oído». Suena como sonaría una alerta de noche.",
  "wake-test.running": "Ya hay una prueba en curso: quedan {wait}.",
  "wake-test.over": "Esa prueba ha terminado. Para otra, escribe  {line}",
  "wake-test.stub": "Relevo · prueba: ¿suena tu teléfono?",
  "wake-test.question": "Relevo · ¿ha sonado?",
  "wake-test.heard-it": "Lo he oído",
  "wake-test.did-not-ring": "No ha sonado",
  "wake-test.heard": "Tu teléfono sonó y contestaste a los {after}. Queda anotado: una alerta te llega mientras el teléfono siga así.",
  "wake-test.missed": "No oído: sin respuesta en {wait}. Una alerta de noche podría no despertarte. Mira esto, una cosa tras otra:",
  "wake-test.silent": "Llegó y no sonó. Una alerta de noche no te despertaría. Mira esto, una cosa tras otra:",
  "wake-test.hint-chat": "1. En la aplicación, este chat → Notificaciones: «Todos los mensajes» o «Menciones y palabras clave», no «Desactivado»; las notificaciones de la propia aplicación, activadas.",
  "wake-test.hint-android": "2. Android: Ajustes → Aplicaciones → tu aplicación de Matrix → Batería «Sin restricciones»; notificaciones activadas y no silenciosas. Element X: Ajustes → Notificaciones → Solucionar problemas.",
  "wake-test.hint-ios": "3. iPhone: Ajustes → Notificaciones → tu aplicación de Matrix: activadas, con sonido. Modos de concentración y No molestar: deja pasar esta aplicación.",
  "wake-test.hint-desktop": "4. Element en un ordenador o navegador no despierta ningún teléfono: la aplicación tiene que estar en el teléfono, con su dispositivo verificado.",
  "wake-test.again": "Después, otra vez:  {line}",
  "wake-test.cancelled": "Yo no estaba cuando debía hacerlo sonar. No dice nada de tu teléfono. Otra vez:  {line}",
} as const;

export const words = {
  "me test": { typed: ["mi prueba", "yo prueba"], summary: "bloquea el teléfono y lo hago sonar: ¿te despierta?", params: {} },
} as const;
