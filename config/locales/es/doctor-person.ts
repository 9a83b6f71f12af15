/** Spanish: how one person can be reached. */
export const sayings = {
  "doctor-person.title": "{callSign} en {codename}:",
  "doctor-person.unknown": "No hay nadie llamado {callSign} en los casos que administras.",
  "doctor-person.identity": "{standing, select, proven {Identidad: la que se fijó.} identity_changed {IDENTIDAD CAMBIADA: lo que muestra el servidor no es lo que se fijó. No se envía nada a sus dispositivos.} not_pinned {Identidad: no es la que se fijó.} other {Identidad: desconocida; el servidor no la mostró.}}",
  "doctor-person.identity-cure": "Pregúntale en persona o por teléfono si creó una identidad nueva. Hasta aclararlo no lee nada y sus órdenes no cuentan.",
  "doctor-person.confirmed": "Si esa identidad es suya: {state}.",
  "doctor-person.unconfirmed-cure": "Compárala con esa persona: empieza una verificación conmigo desde su aplicación mientras habláis por teléfono, o escribe  {line}",
  "doctor-person.devices": "Dispositivos: {signed, number} firmados, todos pueden leer.",
  "doctor-person.devices-none": "NINGÚN DISPOSITIVO SUYO PUEDE LEER: ninguno está firmado por su identidad{unsigned, plural, =0 {} one { (uno sin firmar)} many { (# sin firmar)} other { (# sin firmar)}}.",
  "doctor-person.devices-none-cure": "Que abra la aplicación en el teléfono, verifique el dispositivo con el otro o con su clave de recuperación, y escriba aquí cualquier cosa.",
  "doctor-person.devices-unsigned": "Dispositivos: {signed, number} firmados pueden leer, {unsigned, number} sin firmar no.",
  "doctor-person.devices-unsigned-cure": "Que verifique ese dispositivo con uno firmado, o cierre su sesión. Un dispositivo que no conoce no es suyo: entonces hay que dar el teléfono por perdido.",
  "doctor-person.devices-unknown": "Dispositivos: no se pudo preguntar al servidor.",
  "doctor-person.devices-unknown-cure": "Vuelve a preguntar en un minuto; su propio servidor puede estar caído.",
  "doctor-person.rooms": "Salas: está en todas las suyas.",
  "doctor-person.rooms-invited": "Invitado y aún fuera: {rooms}. Lo que se dice allí no le llega.",
  "doctor-person.rooms-invited-cure": "Que acepte la invitación en su aplicación.",
  "doctor-person.rooms-out": "Ni dentro ni invitado: {rooms}.",
  "doctor-person.rooms-out-cure": "Lo invito otra vez en unos minutos, como mucho tres veces por hora. Si se va a propósito, habla con la persona.",
  "doctor-person.direct-none": "No tiene un chat directo conmigo que funcione: las preguntas y alertas para esa persona esperan.",
  "doctor-person.direct-none-cure": "Que acepte mi invitación, o abra un chat cifrado conmigo y escriba algo.",
  "doctor-person.heard": "Última vez que habló: {at}.",
  "doctor-person.heard-not": "No ha hablado desde que arranqué, {since}. El silencio solo no significa nada.",
  "doctor-person.wake": "Prueba de aviso {at}: el teléfono sonó; contestó a los {seconds, plural, one {# segundo} many {# segundos} other {# segundos}}.",
  "doctor-person.wake-missed": "Prueba de aviso {at}: NO OÍDA.",
  "doctor-person.wake-waiting": "Prueba de aviso: en curso.",
  "doctor-person.wake-never": "Prueba de aviso: nunca hecha. No se sabe si una alerta le despierta.",
  "doctor-person.wake-cure": "Que escriba en su chat directo conmigo:  {line}",
} as const;

export const words = {
  "doctor": { typed: ["doctor", "diagnóstico"], summary: "cada comprobación con su remedio; o de una persona", params: { person: "persona" } },
} as const;
